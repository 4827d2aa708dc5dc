"""BLAS's threads: how many there are, and one alone where more would be in the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

# OpenBLAS uses one thread below SMALL anyway; from LARGE on its threads pay.
SMALL, LARGE = 64, 1500

_lock = threading.Lock()
_inside: set[object] = set()  # a ticket each: Ctrl-C may come between any two instructions
_limiter: Any = None
_before = 1  # how many threads BLAS had when the limit was set


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks at every loaded library: milliseconds, so once


def blas_threads() -> int:
    """Return how many threads BLAS uses, or would if there were no `one_blas_thread`."""
    if _limiter is not None:
        return _before
    blas = [lib for lib in _controller().lib_controllers if lib.user_api == "blas"]
    return min((lib.num_threads for lib in blas), default=1)


@contextmanager
def one_blas_thread(size: int) -> Iterator[None]:
    """Run what works on matrices of `size` rows with one BLAS thread.

    NumPy and SciPy may each bring a BLAS with a pool of threads that spin for a while after their
    last call; a factorization of a few hundred rows that alternates between the pools takes
    many times longer than on one thread (measured on 300 rows: 10 times). Entered from several
    threads, the first sets the limit and the last one lifts it.
    """
    global _limiter, _before
    if not SMALL <= size < LARGE:
        yield
        return
    ticket = object()
    try:
        with _lock:
            _inside.add(ticket)
            if _limiter is None:
                _before = blas_threads()
                _limiter = _controller().limit(limits=1, user_api="blas")
        yield
    finally:
        with _lock:
            _inside.discard(ticket)
            if not _inside and _limiter is not None:
                limiter, _limiter = _limiter, None
                try:
                    limiter.restore_original_limits()
                except BaseException:  # Ctrl-C between two libraries: once more for both
                    limiter.restore_original_limits()
                    raise
