"""Jobs in threads that end soon after the main thread has been interrupted.

Python gives a signal to the main thread alone, and nothing can end another thread from outside: the
main thread sets a flag, and long work calls `breathe` now and then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from joblib import Parallel, delayed

_here = threading.local()


class Stopped(BaseException):
    """Raised in a worker whose result nobody waits for any more."""


def breathe() -> None:
    """Leave the job, if this thread works for one that has been stopped."""
    stop = getattr(_here, "stop", None)
    if stop is not None and stop.is_set():
        raise Stopped


def run_jobs(jobs: Sequence[Callable[[], Any]], n_jobs: int | None) -> list:
    """Return what the jobs return, in their order; in threads where asked.

    If one raises, or Ctrl-C is pressed, the others are stopped and waited for.
    """
    if len(jobs) < 2 or n_jobs in (None, 1):
        return [job() for job in jobs]
    stop, idle, inside = threading.Event(), threading.Condition(), [0]

    def one(job: Callable[[], Any]) -> Any:
        with idle:
            if stop.is_set():
                return None
            inside[0] += 1
        _here.stop = stop
        try:
            return job()
        except Stopped:
            return None
        finally:
            _here.stop = None
            with idle:
                inside[0] -= 1
                idle.notify_all()

    try:
        return Parallel(n_jobs=n_jobs, require="sharedmem")(delayed(one)(job) for job in jobs)
    except BaseException:
        with idle:
            stop.set()
            idle.wait_for(lambda: inside[0] == 0)
        raise
