"""What all curves and comparisons here share: errors by fold, and what they are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import check_cv
from sklearn.utils import column_or_1d

from fastreg.checks import check_alphas, check_data, make_penalty
from fastreg.engine import Grid, Penalty
from fastreg.model_selection.row_groups import check_splits
from fastreg.model_selection.rules import mean_and_se
from fastreg.moments import Moments

PENALTIES = ("ridge", "lasso", "elasticnet")
TOL, MAX_ITER = 1e-6, 10_000  # so that repeated digits of a table mean something


@dataclass(frozen=True, eq=False, kw_only=True)
class ErrorCurves:
    """Errors of m models on K folds.

    Attributes
    ----------
    train_errors, held_out_errors : ndarray of shape (m, K)
        (Weighted) mean squared error of the training and of the held-out rows of each fold.
    """

    train_errors: np.ndarray
    held_out_errors: np.ndarray

    @property
    def train_mean(self) -> np.ndarray:
        """Mean training error over the folds, shape (m,)."""
        return mean_and_se(self.train_errors)[0]

    @property
    def train_se(self) -> np.ndarray:
        """Its standard error sd(ddof=1)/√K, shape (m,); NaN for a single fold."""
        return mean_and_se(self.train_errors)[1]

    @property
    def held_out_mean(self) -> np.ndarray:
        """Mean held-out error over the folds, shape (m,)."""
        return mean_and_se(self.held_out_errors)[0]

    @property
    def held_out_se(self) -> np.ndarray:
        """Its standard error sd(ddof=1)/√K, shape (m,); NaN for a single fold."""
        return mean_and_se(self.held_out_errors)[1]

    @property
    def gap(self) -> np.ndarray:
        """Generalization gap: held-out less training error, shape (m,)."""
        return self.held_out_mean - self.train_mean


def check_rows(X: Any, y: Any, sample_weight: Any) -> tuple[Any, np.ndarray, np.ndarray | None]:
    """Return X, one target (n,) and the weights, validated.

    Raises
    ------
    ValueError
        Bad input, named; Moments, which have no rows to hold out; several targets.
    """
    if isinstance(X, Moments):
        raise ValueError("X must have rows: a Moments has none that could be held out")
    if np.ndim(y) == 2 and np.shape(y)[1] > 1:
        raise ValueError(f"y must be one target, got shape {np.shape(y)}")
    X, y, sample_weight = check_data(BaseEstimator(), X, y, sample_weight, multi_output=False)
    return X, column_or_1d(y), sample_weight


def check_target(y: Any) -> np.ndarray:
    """Return one target (n,) of finite numbers.

    Raises
    ------
    ValueError
        Text, NaN, infinity, or more than one column.
    """
    y = column_or_1d(y)
    try:
        y = y.astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y must hold numbers: {error}") from None
    if not np.isfinite(y).all():
        raise ValueError(f"y contains NaN or infinity, in row {int(np.argmin(np.isfinite(y)))}")
    return y


def make_splits(
    cv: Any, X: Any, y: np.ndarray, groups: Any = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the splits of a number of folds, a splitter or an iterable, checked."""
    n = X.shape[0]
    if isinstance(cv, int | np.integer) and cv > n:
        raise ValueError(f"cv={cv} folds need at least {cv} rows, X has {n}")
    return check_splits(list(check_cv(cv).split(X, y, groups)), n)


def penalty_of(
    penalty: str, l1_ratio: float | None, n_features: int, standardize: bool = False
) -> Penalty:
    """Return the penalty that a name and a mix mean.

    Raises
    ------
    ValueError
        An unknown name, or an `l1_ratio` that the penalty does not have.
    """
    if penalty not in PENALTIES:
        raise ValueError(f"penalty == {penalty!r}, must be one of {', '.join(PENALTIES)}")
    if penalty == "elasticnet":
        ratio = 0.5 if l1_ratio is None else l1_ratio
        if not 0 < ratio <= 1:
            raise ValueError(f"l1_ratio == {l1_ratio}, must be above 0 and at most 1")
    elif l1_ratio is not None:
        raise ValueError(f"l1_ratio is of penalty='elasticnet', not of {penalty!r}")
    else:
        ratio = float(penalty == "lasso")
    return make_penalty(n_features, float(ratio), standardize=standardize)


def alphas_or_grid(alphas: Any, eps: float) -> np.ndarray | Grid:
    """Return given alphas, downwards, or the grid that a number and `eps` mean."""
    if isinstance(alphas, int | np.integer):
        if alphas < 1:
            raise ValueError(f"alphas == {alphas}, must be >= 1")
        if not 0 < eps < 1:
            raise ValueError(f"eps == {eps}, must be between 0 and 1")
        return Grid(int(alphas), float(eps))
    return np.sort(check_alphas(alphas))[::-1].copy()


def names_of(X: Any) -> list[str]:
    """Return the names of the columns, x0, x1, … where they have none."""
    columns = getattr(X, "columns", None)
    p = X.shape[1] if hasattr(X, "shape") else len(X[0])
    return [f"x{j}" for j in range(p)] if columns is None else [str(name) for name in columns]
