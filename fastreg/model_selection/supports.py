"""The supports of a path: which there are, their rank, least squares on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal

from fastreg.engine import Penalty, Task
from fastreg.engine.panels import scale_both, tridiagonalize
from fastreg.engine.problem import DEPENDENT, scaled_inverse
from fastreg.engine.systems import Cholesky


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
    """Return a task on some columns of its design, without bounds."""
    factor = None if task.penalty.factor is None else task.penalty.factor[cols]
    penalty = Penalty(task.penalty.l1_ratio, factor, standardize=task.penalty.standardize)
    return replace(task, penalty=penalty, start=None)


class LeastSquares:
    """Least squares on the columns that G belongs to.

    Where they are dependent, of least norm in units of their standard deviations.

    Parameters
    ----------
    gram : ndarray of shape (k, k)
    """

    def __init__(self, gram: np.ndarray) -> None:
        self.gram = gram
        self.system = Cholesky(np.asfortranarray(gram), np.zeros(len(gram)), np.zeros(1))

    @cached_property
    def inverse(self) -> np.ndarray:
        """G⁺, where G has no factor."""
        return scaled_inverse(self.gram)

    @property
    def rank(self) -> int:
        """How many columns are independent."""
        return len(self.gram) if self.system.usable[0] else rank(self.gram)

    def solve(self, corr: np.ndarray) -> np.ndarray:
        """Return b with G b = c, for c of shape (k,) or some of them as rows (t, k)."""
        if not self.system.usable[0]:
            return corr @ self.inverse
        rows = np.atleast_2d(corr)
        return self.system.solve(rows, np.zeros(len(rows), dtype=int)).reshape(corr.shape)


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
