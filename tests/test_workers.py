"""Jobs in threads, and BLAS's threads next to them."""

from __future__ import annotations

import threading
import time

import pytest
from threadpoolctl import ThreadpoolController

from fastreg.blas import blas_threads, one_blas_thread
from fastreg.workers import breathe, run_jobs


class TestOneBlasThread:
    def test_an_interrupt_while_it_is_lifted(self, monkeypatch) -> None:
        before = blas_threads()
        kind = type(ThreadpoolController().limit(limits=None))
        restore, calls = kind.restore_original_limits, []

        def interrupted(limiter) -> None:
            calls.append(limiter)
            if len(calls) == 1:
                raise KeyboardInterrupt
            restore(limiter)

        monkeypatch.setattr(kind, "restore_original_limits", interrupted)
        with pytest.raises(KeyboardInterrupt), one_blas_thread(100):
            assert blas_threads() == before
        assert len(calls) == 2
        assert blas_threads() == before
        with one_blas_thread(100):
            pass
        assert len(calls) == 3


class TestJobs:
    def test_order(self) -> None:
        for n_jobs in (None, 1, 2):
            assert run_jobs([lambda k=k: k for k in range(20)], n_jobs) == list(range(20))

    def test_one_that_raises_stops_the_others(self) -> None:
        before = threading.active_count()

        def endless() -> None:
            while True:
                breathe()
                time.sleep(0.001)

        def broken() -> None:
            time.sleep(0.05)
            raise ValueError("broken")

        for n_jobs in (2, 3):
            with pytest.raises(ValueError, match="broken"):
                run_jobs([endless, broken, endless], n_jobs)
            end = time.monotonic() + 5.0
            while threading.active_count() > before and time.monotonic() < end:
                time.sleep(0.01)
            assert threading.active_count() <= before

    def test_nobody_is_stopped_outside_of_jobs(self) -> None:
        breathe()
