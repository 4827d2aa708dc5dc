"""P* of every alpha, certified by a duality gap that no solver computed, and kept in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.peers.accuracy import null_objective
from benchmarks.peers.problems import Problem
from benchmarks.peers.session import Failure, Session
from benchmarks.peers.worker import Run

CERTIFIED = 1e-11
CANDIDATES = (
    ("fastreg", 1e-13),
    ("skglm", 1e-11),
    ("scikit-learn", 1e-14),
    ("celer", 1e-13),
    ("skein", 1e-12),
)


@dataclass(frozen=True)
class Optimum:
    """The best objectives known and bounds below them.

    Attributes
    ----------
    primal, dual : ndarray of shape (m,)
    null : float
        P(0), the unit of every suboptimality here.
    """

    primal: np.ndarray
    dual: np.ndarray
    null: float

    @property
    def gap(self) -> float:
        """The largest relative duality gap: how far `primal` can be from P*."""
        return float(((self.primal - self.dual) / self.null).max())

    def worst(self, primal: np.ndarray) -> float:
        """Return the largest (P(b) − P*) / P(0) along a path."""
        return float(((primal - self.primal) / self.null).max())

    def improved(self, run: Run) -> Optimum:
        """Return the better of this and a run at every alpha."""
        return Optimum(
            np.minimum(self.primal, run.primal), np.maximum(self.dual, run.dual), self.null
        )


def find(problem: Problem, path: Path, limit: float, say: Callable[[str], None]) -> Optimum:
    """Return the optimum of a problem saved at `path`, from the file beside it if it is there.

    Otherwise the candidates run one after another, each for at most `limit` seconds, until the best
    primal and the best dual objective are within `CERTIFIED` of each other.
    """
    kept, fingerprint = path.with_suffix(".optimum.npz"), _fingerprint(path)
    if kept.exists():
        with np.load(kept) as held:
            if str(held["fingerprint"]) == fingerprint:
                return Optimum(held["primal"], held["dual"], float(held["null"]))
    nothing, null = np.zeros(problem.alphas.size), null_objective(problem)
    optimum = Optimum(nothing + null, nothing, null)
    for peer, tol in CANDIDATES:
        if optimum.gap <= CERTIFIED:
            break
        try:
            with Session(peer, path) as session:
                optimum = optimum.improved(session.solve(tol, limit))
            say(f"P* with {peer}: gap {optimum.gap:.1e}")
        except Failure as failure:
            say(f"P* with {peer}: {failure}")
    parts = {"primal": optimum.primal, "dual": optimum.dual, "null": optimum.null}
    np.savez(kept, **parts, fingerprint=fingerprint)
    return optimum


def _fingerprint(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
