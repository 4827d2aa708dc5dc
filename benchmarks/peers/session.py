"""A package at work on a problem in a process that can be killed."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

from benchmarks.peers.worker import Run, serve

START_LIMIT = 300.0


class Failure(Exception):
    """The package is not there, does not take the problem, or took too long."""


class Session:
    """A worker process, started at the first solve and again after it was killed.

    Parameters
    ----------
    peer : str
    path : Path
        Of the saved problem.
    """

    def __init__(self, peer: str, path: Path) -> None:
        self.peer, self.path = peer, path
        self._process: Any = None
        self._connection: Any = None

    def solve(self, tol: float, limit: float) -> Run:
        """Solve the path within `limit` seconds, start-up apart; raises `Failure`."""
        if self._process is None:
            self._start()
        self._connection.send(tol)
        return self._receive(limit)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._connection.close()
            self._process = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs, self.peer, self.path), daemon=True
        )
        self._process.start()
        theirs.close()
        self._receive(START_LIMIT)

    def _receive(self, limit: float) -> Any:
        try:
            answer = self._connection.recv() if self._connection.poll(limit) else "time is up"
        except EOFError:
            answer = "the process died"
        if isinstance(answer, str):
            self.close()
            raise Failure(answer)
        return answer
