"""Designs that hold their moments: a `Moments` given as input, and some columns of a design."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from fastreg.designs.base import Design, Evaluation
from fastreg.kernels.coordinates import Coordinates
from fastreg.moments import Moments

CHANGED = 1e-8  # more than rounding
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
        self.n_groups, self.pass_rows = len(groups), 0
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
        self, cols: np.ndarray, mean: np.ndarray, row_weights: np.ndarray, dtype: type = float
    ) -> tuple[np.ndarray, np.ndarray]:
        raise ValueError(_NO_ROWS)

    def _row_gram(
        self, cols: np.ndarray, mean: np.ndarray, row_weights: np.ndarray, inverse: np.ndarray
    ) -> np.ndarray:
        raise ValueError(_NO_ROWS)

    def project(self, matrix: np.ndarray, mean: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        raise ValueError(_NO_ROWS)


class ColumnDesign(HeldDesign):
    """Some columns of a design: their moments are held, X is read for `evaluate` only.

    The other verbs that need rows are refused.

    Parameters
    ----------
    design : Design
        Whose moments are known.
    cols : ndarray of int, shape (k,)
        Read once, if it does not hold their cross-products.
    """

    def __init__(self, design: Design, cols: np.ndarray) -> None:
        super().__init__(column_moments(design, cols))
        self.design, self.cols = design, cols
        self.n_rows, self.has_rows = design.n_rows, design.has_rows
        self.pass_rows = design.pass_rows
        self.shift, self.y_shift = design.shift[cols], design.y_shift
        self.shifts_rows = design.shifts_rows

    def evaluate(
        self,
        coefs: np.ndarray,
        intercepts: np.ndarray,
        row_weights: np.ndarray,
        targets: np.ndarray,
        cols: np.ndarray | None = None,
        predictions: bool = False,
    ) -> Evaluation:
        cols = self.cols if cols is None else self.cols[cols]
        found = self.design.evaluate(coefs, intercepts, row_weights, targets, cols, predictions)
        return found._replace(corr=found.corr[:, self.cols])


def column_moments(design: Design, cols: np.ndarray) -> list[Moments]:
    """Return the moments of some columns, ascending, one a row group, with their cross-products.

    Raises
    ------
    ValueError
        X is not what it was when its moments were taken.
    """
    groups = design.moments(False)
    if groups[0].has_cross and cols.size == design.n_features:
        return groups
    if groups[0].has_cross:
        products = [group.s_xx[np.ix_(cols, cols)] for group in groups]
    else:
        products = design.gram(cols, cols)
        for group, about_shift in zip(groups, products, strict=True):
            at = ((group.shift - design.shift) + group.offset)[cols]
            size = about_shift.diagonal().copy()
            about_shift -= group.weight * np.multiply.outer(at, at)
            check_unchanged(about_shift.diagonal(), group.s_xx[cols], size)
    return [
        Moments(
            group.n_rows,
            group.weight,
            shift=group.shift[cols],
            offset=group.offset[cols],
            s_xx=s_xx,
            y_shift=group.y_shift,
            y_offset=group.y_offset,
            s_xy=group.s_xy[cols],
            s_yy=group.s_yy,
        )
        for group, s_xx in zip(groups, products, strict=True)
    ]


def check_unchanged(found: np.ndarray, before: np.ndarray, size: np.ndarray) -> None:
    """Refuse sums of squares that differ by more than the rounding of terms of some size."""
    if not np.all(np.abs(found - before) <= CHANGED * size):
        raise ValueError("X has changed since it was fitted")
