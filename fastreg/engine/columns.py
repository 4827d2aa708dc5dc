"""The Gram matrices of a working set: columns join, and no product is computed twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastreg.designs import Design
from fastreg.engine.problem import Problem


class ColumnGram:
    """G_WW of every distinct set of training rows among some problems over one design.

    Parameters
    ----------
    design : Design
    problems : sequence of Problem

    Attributes
    ----------
    cols : ndarray of int, shape (k,)
        The working set W, in the order of joining.
    position : ndarray of int, shape (p,)
        Where a column stands in `cols`, −1 outside.
    bytes_read : float
        What `add` had the design read, in bytes of X.
    """

    def __init__(self, design: Design, problems: Sequence[Problem]) -> None:
        self.design = design
        self.cols = np.empty(0, dtype=np.intp)
        self.position = np.full(design.n_features, -1, dtype=np.intp)
        self.owners = {problem.rows_key: problem for problem in problems}
        self.grams = {key: np.empty((0, 0)) for key in self.owners}

    def add(self, new: np.ndarray) -> None:
        """Let columns join that are not there yet."""
        old, size = self.cols.size, self.cols.size + new.size
        self.cols = np.concatenate([self.cols, new])
        self.position[new] = np.arange(old, size)
        block = self.design.gram(new, self.cols)
        for key, problem in self.owners.items():
            if size > len(self.grams[key]):
                self.grams[key] = _enlarged(self.grams[key], old, max(64, size + size // 2))
            gram, part = self.grams[key], problem.centred(block, new, self.cols)
            gram[old:size, :size] = part
            gram[:old, old:size] = part[:, :old].T

    def keep(self, stay: np.ndarray) -> None:
        """Let only the columns at positions `stay`, ascending, remain, in their order."""
        self.position[self.cols] = -1
        self.cols = self.cols[stay]
        self.position[self.cols] = np.arange(stay.size)
        for gram in self.grams.values():
            gram[: stay.size, : stay.size] = gram[np.ix_(stay, stay)]

    def gram(self, problem: Problem) -> np.ndarray:
        """Return G_WW for the training rows of a problem, shape (k, k): a view."""
        return self.grams[problem.rows_key][: self.cols.size, : self.cols.size]


def _enlarged(matrix: np.ndarray, size: int, capacity: int) -> np.ndarray:
    out = np.empty((capacity, capacity))
    out[:size, :size] = matrix[:size, :size]
    return out
