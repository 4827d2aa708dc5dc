"""Jobs in threads that end soon after the main thread has been interrupted.

Python gives a signal to the main thread alone, and nothing can end another thread from outside: the
main thread sets a flag, and long work calls `breathe` now and then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from joblib import effective_n_jobs

_here = threading.local()


class Stopped(BaseException):
    """Raised in a worker whose result nobody waits for any more."""


def breathe() -> None:
    """Leave the job, if this thread works for one that has been stopped."""
    stop = getattr(_here, "stop", None)
    if stop is not None and stop.is_set():
        raise Stopped


def is_worker() -> bool:
    """Return whether this thread works for `run_jobs`, next to others."""
    return getattr(_here, "stop", None) is not None


def run_jobs(jobs: Sequence[Callable[[], Any]], n_jobs: int | None) -> list:
    """Return what the jobs return, in their order; in threads where asked.

    If one raises, or Ctrl-C is pressed, the others are stopped and waited for. (joblib's threads
    take 10 ms to come and go; here a batch of jobs often takes less.)
    """
    if len(jobs) < 2 or n_jobs in (None, 1):
        return [job() for job in jobs]
    n_threads = min(effective_n_jobs(n_jobs), len(jobs))
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
