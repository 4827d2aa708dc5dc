"""The columns of a working set: as Gram matrices, no product computed twice, or as rows.

Descent on the Gram matrix makes a certificate and a Newton step cheap and never touches X; where
the columns have few entries, or are many times the rows, descent on the residual moves faster.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastreg.designs import Design
from fastreg.engine.cost import prefers_rows
from fastreg.engine.problem import Problem
from fastreg.kernels.coordinates import Coordinates, GramCoordinates


class HeldColumns:
    """Columns for every distinct set of training rows among some problems over one design.

    Parameters
    ----------
    design : Design
    problems : sequence of Problem
    can_use_rows : bool
        False holds Gram matrices whatever they cost.

    Attributes
    ----------
    cols : ndarray of int, shape (k,)
        The working set W, in the order of joining.
    position : ndarray of int, shape (p,)
        Where a column stands in `cols`, −1 outside.
    as_rows : bool
        Whether descent is on the residual; once it is, it stays so.
    """

    def __init__(
        self, design: Design, problems: Sequence[Problem], can_use_rows: bool = True
    ) -> None:
        self.design, self.can_use_rows = design, can_use_rows
        self.cols = np.empty(0, dtype=np.intp)
        self.position = np.full(design.n_features, -1, dtype=np.intp)
        self.owners = {problem.rows_key: problem for problem in problems}
        self.grams = {key: _Square() for key in self.owners}
        self.as_rows = False

    def add(self, wanted: np.ndarray) -> None:
        """Let columns join; those that are there already are passed over."""
        new = wanted[self.position[wanted] < 0]
        if not new.size:
            return
        old, size = self.cols.size, self.cols.size + new.size
        self.cols = np.concatenate([self.cols, new])
        self.position[new] = np.arange(old, size)
        self.as_rows = self.can_use_rows and (self.as_rows or prefers_rows(self.design, self.cols))
        if self.as_rows:
            self.grams.clear()
            return
        block = self.design.gram(new, self.cols)
        for key, problem in self.owners.items():
            self.grams[key].make_room(old, size)
            gram, part = self.grams[key].leading(size), problem.centred(block, new, self.cols)
            gram[old:size] = part
            gram[:old, old:size] = part[:, :old].T

    def keep(self, stay: np.ndarray) -> None:
        """Let only the columns at positions `stay`, ascending, remain, in their order."""
        self.position[self.cols] = -1
        self.cols = self.cols[stay]
        self.position[self.cols] = np.arange(stay.size)
        for gram in self.grams.values():
            few = gram.leading(stay[-1] + 1 if stay.size else 0)[np.ix_(stay, stay)]
            gram.leading(stay.size)[:] = few

    def gram(self, problem: Problem) -> np.ndarray | None:
        """Return G_WW for the training rows of a problem, shape (k, k), a view; None as rows."""
        if self.as_rows:
            return None
        return self.grams[problem.rows_key].leading(self.cols.size)

    def coordinates(
        self, problem: Problem, coef: np.ndarray, corr: np.ndarray, rr: float
    ) -> Coordinates:
        """Return W ready for descent from coefficients (p,), their correlations and ‖r‖²/Σw."""
        gram = self.gram(problem)
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
        """Grow for `size` rows and columns, of which the first `old` are kept.

        Where a view is still alive (a profiler keeps the kernels it has seen) there will be two.
        """
        before = self.capacity
        if size <= before:
            return
        # twice the size where memory is of no account, an eighth beyond
        self.capacity = max(64, 2 * size) if size <= 512 else size + size // 8
        try:
            self.flat.resize(self.capacity**2)
        except ValueError:
            held, self.flat = self.flat, np.empty(self.capacity**2)
            self.flat[: held.size] = held
        for i in range(old - 1, 0, -1):  # rows move towards the end, the last one first
            to = i * self.capacity
            self.flat[to : to + old] = self.flat[i * before : i * before + old]
