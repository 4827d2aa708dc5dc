"""The columns of a working set: as a Gram matrix, no product computed twice, or as rows.

Descent on the Gram matrix makes a certificate and a Newton step cheap and never touches X; where
the columns have few entries, or are many times the rows, descent on the residual moves faster.
"""

from __future__ import annotations

import numpy as np

from fastreg.designs import Design
from fastreg.engine.cost import prefers_rows
from fastreg.engine.problem import Problem
from fastreg.kernels.coordinates import Coordinates, GramCoordinates


class HeldColumns:
    """The columns of the working set of one problem.

    Parameters
    ----------
    design : Design
    problem : Problem
    can_use_rows : bool
        False holds a Gram matrix whatever it costs.

    Attributes
    ----------
    cols : ndarray of int, shape (k,)
        The working set W, in the order of joining.
    position : ndarray of int, shape (p,)
        Where a column stands in `cols`, −1 outside.
    as_rows : bool
        Whether descent is on the residual; once it is, it stays so.
    """

    def __init__(self, design: Design, problem: Problem, can_use_rows: bool = True) -> None:
        self.design, self.problem, self.can_use_rows = design, problem, can_use_rows
        self.cols = np.empty(0, dtype=np.intp)
        self.position = np.full(design.n_features, -1, dtype=np.intp)
        self.square = _Square()
        self.as_rows = False

    def add(self, wanted: np.ndarray, n_alphas: int) -> None:
        """Let columns join for the `n_alphas` to come; those that are there are passed over."""
        new = wanted[self.position[wanted] < 0]
        if not new.size:
            return
        old, size = self.cols.size, self.cols.size + new.size
        self.cols = np.concatenate([self.cols, new])
        self.position[new] = np.arange(old, size)
        self.as_rows = self.can_use_rows and (
            self.as_rows or prefers_rows(self.design, self.cols, new.size, n_alphas)
        )
        if self.as_rows:
            self.square = _Square()
            return
        part = self.problem.gram_block(self.design, new, self.cols)
        self.square.make_room(old, size)
        gram = self.square.leading(size)
        gram[old:] = part
        gram[:old, old:] = part[:, :old].T

    def keep(self, stay: np.ndarray) -> None:
        """Let only the columns at positions `stay`, ascending, remain, in their order."""
        self.position[self.cols] = -1
        self.cols = self.cols[stay]
        self.position[self.cols] = np.arange(stay.size)
        if not self.as_rows:
            few = self.square.leading(stay[-1] + 1 if stay.size else 0)[np.ix_(stay, stay)]
            self.square.leading(stay.size)[:] = few

    @property
    def gram(self) -> np.ndarray | None:
        """G_WW, shape (k, k), a view; None as rows."""
        return None if self.as_rows else self.square.leading(self.cols.size)

    def coordinates(self, coef: np.ndarray, corr: np.ndarray, rr: float) -> Coordinates:
        """Return W ready for descent from coefficients (p,), their correlations and ‖r‖²/Σw."""
        gram, problem = self.gram, self.problem
        if gram is not None:
            diag = np.maximum(gram.diagonal(), 0.0)
            return GramCoordinates(gram, corr[self.cols], diag, rr)
        return self.design.residual_coordinates(
            self.cols,
            coef,
            problem.centre,
            float(problem.intercepts_about_shift(coef[None, :])[0]),
            problem.row_weights,
            problem.task.target,
        )


class _Square:
    """A square matrix that grows where it lies: a second one beside it would be the most memory."""

    def __init__(self) -> None:
        self.flat, self.capacity = np.empty(0), 0

    def leading(self, size: int) -> np.ndarray:
        """Return the leading rows and columns, a view of shape (size, size)."""
        return self.flat.reshape(self.capacity, self.capacity)[:size, :size]

    def make_room(self, old: int, size: int) -> None:
        """Grow for `size` rows and columns, of which the first `old` are kept."""
        before = self.capacity
        if size <= before:
            return
        # twice the size where memory is of no account, an eighth beyond
        self.capacity = max(64, 2 * size) if size <= 512 else size + size // 8
        try:
            self.flat.resize(self.capacity**2)
        except ValueError:  # somebody else, a profiler for one, holds on to it
            self.flat = np.concatenate([self.flat, np.empty(self.capacity**2 - self.flat.size)])
        for i in range(old - 1, 0, -1):  # rows move towards the end, the last one first
            to = i * self.capacity
            self.flat[to : to + old] = self.flat[i * before : i * before + old]
