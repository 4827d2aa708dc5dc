"""The design of a `Moments` given as input: everything but the rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from fastreg.designs.base import Design, Evaluation
from fastreg.kernels.coordinates import Coordinates
from fastreg.moments import Moments

_NO_ROWS = "this needs the rows of X, and only their Moments were given"


class HeldDesign(Design):
    """One `Moments` a row group, without X; see `Design` for the verbs.

    Parameters
    ----------
    groups : list of Moments
        With cross-products.
    """

    has_rows: ClassVar[bool] = False

    def __init__(self, groups: list[Moments]) -> None:
        first = groups[0]
        if not first.has_cross:
            raise ValueError("Moments without cross-products cannot be fitted")
        self._moments = groups
        self.n_rows = sum(group.n_rows for group in groups)
        self.n_features, self.n_targets = first.n_features, first.n_targets
        self.n_groups = len(groups)
        self.shift, self.y_shift = first.shift, first.y_shift

    def moments(self, cross: bool) -> list[Moments]:
        return self._moments

    def gram(
        self, new: np.ndarray, old: np.ndarray, row_weights: np.ndarray | None = None
    ) -> np.ndarray:
        out = np.empty((self.n_groups, new.size, old.size))
        for products, group in zip(out, self._moments, strict=True):
            at = (group.shift - self.shift) + group.offset
            products[...] = group.s_xx[np.ix_(new, old)]
            products += group.weight * np.multiply.outer(at[new], at[old])
        return out if row_weights is None else np.tensordot(row_weights, out, axes=1)

    def evaluate(
        self,
        coefs: np.ndarray,
        intercepts: np.ndarray,
        row_weights: np.ndarray,
        targets: np.ndarray,
        cols: np.ndarray | None = None,
        predictions: bool = False,
    ) -> Evaluation:
        raise ValueError(_NO_ROWS)

    def residual_coordinates(
        self,
        cols: np.ndarray,
        coef: np.ndarray,
        mean: np.ndarray,
        intercept: float,
        row_weights: np.ndarray,
        target: int,
    ) -> Coordinates:
        raise ValueError(_NO_ROWS)

    def columns(
        self, cols: np.ndarray, mean: np.ndarray, row_weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        raise ValueError(_NO_ROWS)

    def _row_gram(
        self, cols: np.ndarray, mean: np.ndarray, row_weights: np.ndarray, inverse: np.ndarray
    ) -> np.ndarray:
        raise ValueError(_NO_ROWS)

    def project(self, matrix: np.ndarray, mean: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        raise ValueError(_NO_ROWS)
