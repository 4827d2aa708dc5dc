"""BLAS threads around small dense problems."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastreg.workers import blas_controller

# OpenBLAS uses one thread below SMALL anyway; from LARGE on its threads pay.
SMALL, LARGE = 64, 1500

_lock = threading.Lock()
_inside: set[object] = set()  # a ticket each: Ctrl-C may come between any two instructions
_limiter: Any = None


@contextmanager
def one_blas_thread(size: int) -> Iterator[None]:
    """Run LAPACK calls on matrices of `size` rows with one BLAS thread.

    NumPy and SciPy may each bring a BLAS with a pool of threads that spin for a while after their
    last call; a factorization of a few hundred rows that alternates between the pools takes
    many times longer than on one thread (measured on 300 rows: 10 times). Entered from several
    threads, the first sets the limit and the last one lifts it.
    """
    global _limiter
    if not SMALL <= size < LARGE:
        yield
        return
    ticket = object()
    try:
        with _lock:
            _inside.add(ticket)
            if _limiter is None:
                _limiter = blas_controller().limit(limits=1, user_api="blas")
        yield
    finally:
        with _lock:
            _inside.discard(ticket)
            if not _inside and _limiter is not None:
                _limiter.restore_original_limits()
                _limiter = None
