"""The supports of a path: which there are, their rank, least squares on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal, lapack, qr, solve_triangular

from fastreg.blas import one_blas_thread
from fastreg.engine import Penalty, Task
from fastreg.engine.panels import scale_both, tridiagonalize
from fastreg.engine.problem import DEPENDENT, Problem
from fastreg.engine.systems import Cholesky

TINY = np.finfo(float).tiny


def by_support(member: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield each distinct support and the rows that have it.

    Parameters
    ----------
    member : ndarray of shape (m, p), bool

    Yields
    ------
    support : ndarray of int, shape (k,)
    which : ndarray of int
        Row numbers.
    """
    rows: dict[bytes, list[int]] = {}
    for k, row in enumerate(np.packbits(member, axis=1)):
        rows.setdefault(row.tobytes(), []).append(k)
    for which in rows.values():
        yield np.flatnonzero(member[which[0]]), np.array(which)


def restricted(task: Task, cols: np.ndarray) -> Task:
    """Return a task on some columns of its design; of the penalty stays which ones it spares."""
    factor = None if task.penalty.factor is None else task.penalty.factor[cols]
    return replace(task, penalty=Penalty(task.penalty.l1_ratio, factor), start=None)


class LeastSquares:
    """Least squares on the columns that G belongs to.

    Where they are dependent, of least norm in units of their standard deviations.

    Parameters
    ----------
    gram : ndarray of shape (k, k)
    most : int
        The largest rank that G can have.

    Attributes
    ----------
    rank : int
        How many columns are independent.
    """

    def __init__(self, gram: np.ndarray, most: int) -> None:
        self.rank, self.system, size = len(gram), None, np.diagonal(gram)
        if self.rank <= most:
            self.system = Cholesky(np.asfortranarray(gram), np.zeros(len(gram)), np.zeros(1))
            if self.system.usable[0]:
                return
            self.system = None
        self.scale = np.where(size > 0, 1.0 / np.sqrt(np.maximum(size, TINY)), 0.0)
        low, pivot = pivoted_root(scale_both(gram, self.scale))
        self.rank = min(low.shape[1], most)
        self.lead, rest = np.split(pivot, [self.rank])
        # A = L Lᵀ with L = [L₁; L₂], L₁ triangular: the null space is that of Lᵀ, and of few
        # dependent columns a few vectors
        self.low = low[: self.rank, : self.rank]
        null = np.zeros((len(gram), rest.size))
        below = low[self.rank :, : self.rank].T
        null[self.lead] = -solve_triangular(
            self.low, below, lower=True, trans="T", check_finite=False
        )
        null[rest, np.arange(rest.size)] = 1.0
        self.null, _ = qr(null, mode="economic", check_finite=False)

    def solve(self, corr: np.ndarray) -> np.ndarray:
        """Return b with G b = c, shape (k,)."""
        if self.system is not None:
            return self.system.solve(corr[None, :], np.zeros(1, dtype=int))[0]
        # a solution of D G D x = D c on the leading columns, then the shortest one
        inside, x = (self.scale * corr)[self.lead], np.zeros(len(corr))
        for trans in ("N", "T"):
            inside = solve_triangular(self.low, inside, lower=True, trans=trans, check_finite=False)
        x[self.lead] = inside
        return self.scale * (x - self.null @ (self.null.T @ x))


def least_squares(problem: Problem, cols: np.ndarray) -> LeastSquares:
    """Return least squares on some columns of a problem that holds G."""
    return LeastSquares(problem.gram[np.ix_(cols, cols)], largest_rank(problem))


def largest_rank(problem: Problem) -> int:
    """Return the largest rank that X can have: the rows of positive weight, less intercept."""
    return max(problem.moments.n_rows - int(problem.task.fit_intercept), 0)


def pivoted_root(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return lower L (k, rank) with P A Pᵀ = L Lᵀ for a semidefinite A of unit diagonal, and P."""
    with one_blas_thread(len(matrix)):
        low, pivot, size, _ = lapack.dpstrf(matrix, lower=1, tol=DEPENDENT)
    return np.tril(low[:, :size]), pivot - 1


def eigenvalues(matrix: np.ndarray) -> np.ndarray:
    """Return the eigenvalues of a symmetric matrix, ascending."""
    diag, off, _ = tridiagonalize(np.array(matrix, order="F"))
    return eigvalsh_tridiagonal(diag, off[:-1]) if diag.size else diag


def rank(gram: np.ndarray) -> int:
    """Return how many columns are independent, judged with G scaled to a unit diagonal."""
    positive = np.diagonal(gram) > 0
    gram = gram[np.ix_(positive, positive)]
    values = eigenvalues(scale_both(gram, 1.0 / np.sqrt(np.diagonal(gram))))
    return int(np.count_nonzero(values > DEPENDENT * values.max(initial=0.0)))
