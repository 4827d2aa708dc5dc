"""What runs in a process of its own: one package on one problem, a solve for every tolerance sent.

Loading, conversion and just-in-time compilation happen before the first solve; only the solve is
timed. Objectives are computed here, after it, so that coefficients need not be sent.
"""

from __future__ import annotations

import resource
import time
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from benchmarks.peers import accuracy
from benchmarks.peers.adapters import PEERS, Adapter, Solver
from benchmarks.peers.problems import Problem, load


@dataclass(frozen=True)
class Run:
    """One solve of a path.

    Attributes
    ----------
    seconds : float
    primal, dual : ndarray of shape (m,)
        Objectives at every alpha; the dual one at the best multiple of the residual.
    grown : float
        MB by which the peak resident set of the process grew while solving: the memory beyond X
        in the first solve of a process.
    diagnostics : str or None
        A line on how the path was solved, where the package has one.
    """

    seconds: float
    primal: np.ndarray
    dual: np.ndarray
    grown: float
    diagnostics: str | None


def serve(connection: Connection, peer: str, path: Path) -> None:
    """Send None when ready, then a `Run` for every tolerance received; an exception ends it."""
    warnings.simplefilter("ignore")
    try:
        problem, adapter = load(path), PEERS[peer].adapter
        warm_up(adapter, problem)
        solver = adapter(problem.X, problem.y, problem.alphas, problem.fit_intercept)
        connection.send(None)
        while True:
            connection.send(solve(solver, problem, connection.recv()))
    except EOFError:
        return
    except Exception as error:
        connection.send(f"{type(error).__name__}: {error}")


def solve(solver: Solver, problem: Problem, tol: float) -> Run:
    """Solve and time one path, then measure what came out."""
    before, start = peak_memory(), time.perf_counter()
    found = solver.run(tol)
    seconds, grown = time.perf_counter() - start, peak_memory() - before
    coefs = solver.coefs(found)
    if coefs.shape != (problem.X.shape[1], problem.alphas.size):
        raise RuntimeError(f"coefficients of shape {coefs.shape}: the path stopped early")
    diagnostics = getattr(found, "diagnostics", None)
    return Run(
        seconds=seconds,
        primal=accuracy.primal(problem, coefs),
        dual=accuracy.dual(problem, accuracy.residuals(problem, coefs)),
        grown=grown,
        diagnostics=None if diagnostics is None else str(diagnostics),
    )


def warm_up(adapter: Adapter, problem: Problem) -> None:
    """Solve a corner of the problem: X of the same kind, so that what is compiled is used."""
    X = problem.X[:200, :50]
    X = np.asfortranarray(X) if isinstance(X, np.ndarray) else X
    y = np.random.default_rng(0).standard_normal(X.shape[0])
    y -= y.mean()
    largest = np.abs(X.T @ y).max() / y.size
    alphas = largest * np.geomspace(1.0, 0.1, 5)
    adapter(X, y, alphas, problem.fit_intercept).run(1e-4)


def peak_memory() -> float:
    """Return the peak resident set size of this process in MB (Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
