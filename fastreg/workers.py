"""Jobs in threads that end soon after the main thread has been interrupted.

Python gives a signal to the main thread alone, and nothing can end another thread from outside: the
main thread sets a flag, and long work calls `breathe` now and then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from joblib import effective_n_jobs
from threadpoolctl import ThreadpoolController

_here = threading.local()


class Stopped(BaseException):
    """Raised in a worker whose result nobody waits for any more."""


def breathe() -> None:
    """Leave the job, if this thread works for one that has been stopped."""
    stop = getattr(_here, "stop", None)
    if stop is not None and stop.is_set():
        raise Stopped


@cache
def blas_controller() -> ThreadpoolController:
    """Return what knows the loaded BLAS libraries: made once, as it looks at every library."""
    return ThreadpoolController()


def spare_threads() -> int:
    """Return how many threads a large product may use: BLAS's own number, 1 inside a worker."""
    if getattr(_here, "stop", None) is not None:
        return 1
    blas = [lib for lib in blas_controller().lib_controllers if lib.user_api == "blas"]
    return min((lib.num_threads for lib in blas), default=1)


def run_jobs(jobs: Sequence[Callable[[], Any]], n_jobs: int | None) -> list:
    """Return what the jobs return, in their order; in threads where asked.

    If one raises, or Ctrl-C is pressed, the others are stopped and waited for. (joblib's threads
    take 10 ms to come and go; here a batch of jobs often takes less.)
    """
    n_threads = 1 if n_jobs is None else min(effective_n_jobs(n_jobs), len(jobs))
    if n_threads < 2:
        return [job() for job in jobs]
    stop = threading.Event()

    def one(job: Callable[[], Any]) -> Any:
        _here.stop = stop
        try:
            breathe()
            return job()
        except Stopped:
            return None
        except BaseException:
            stop.set()
            raise
        finally:
            _here.stop = None

    with ThreadPoolExecutor(n_threads) as pool:
        try:
            return [future.result() for future in [pool.submit(one, job) for job in jobs]]
        except BaseException:
            stop.set()
            raise
