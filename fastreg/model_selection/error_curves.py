"""What all curves and comparisons here share: errors by fold, and what they are asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import GroupKFold, check_cv
from sklearn.utils import check_scalar, column_or_1d
from sklearn.utils.validation import _num_samples

from fastreg.checks import check_alphas, check_data, make_penalty
from fastreg.engine import Grid, Penalty, Settings
from fastreg.model_selection.row_groups import check_splits
from fastreg.model_selection.rules import mean_and_se
from fastreg.model_selection.splitting import check_column
from fastreg.moments import Moments

PENALTIES = ("ridge", "lasso", "elasticnet")
N_FOLDS = 5
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


class LinearModel(BaseEstimator):
    """What messages on X and y call the model, whatever its penalty."""


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
    X, y, sample_weight = check_data(LinearModel(), X, y, sample_weight, multi_output=False)
    return X, column_or_1d(y), sample_weight


def check_target(y: Any, name: str = "y") -> np.ndarray:
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
        raise ValueError(f"{name} must hold numbers: {error}") from None
    if not np.isfinite(y).all():
        raise ValueError(
            f"{name} contains NaN or infinity, in row {int(np.argmin(np.isfinite(y)))}"
        )
    return y


def settings_of(
    tol: float, max_iter: int, n_jobs: int | None, report: Callable | None = None
) -> Settings:
    """Return when to stop, checked.

    Raises
    ------
    ValueError, TypeError
        Names what is out of range, or of another type.
    """
    check_scalar(tol, "tol", Real, min_val=0.0)
    check_scalar(max_iter, "max_iter", Integral, min_val=1)
    if n_jobs is not None:
        check_scalar(n_jobs, "n_jobs", Integral)
    return Settings(tol=tol, max_iter=max_iter, n_jobs=n_jobs, report=report)


def check_share(value: Any, name: str, *, one: bool = False) -> float:
    """Return a number between 0 and 1, or 1 where that is allowed.

    Raises
    ------
    ValueError
        Anything else.
    """
    if not isinstance(value, Real) or not (0 < value < 1 or (one and value == 1)):
        ends = "above 0 and at most 1" if one else "between 0 and 1"
        raise ValueError(f"{name} == {value!r}, must be {ends}")
    return float(value)


def generator_of(random_state: Any) -> np.random.Generator:
    """Return the generator of a seed, of None, or the one given.

    Raises
    ------
    ValueError
        Anything else.
    """
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError):
        raise ValueError(
            f"random_state == {random_state!r}, must be an int >= 0, None or a NumPy generator"
        ) from None


def make_splits(
    cv: Any, X: Any, y: np.ndarray, groups: Any = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the splits of a number of folds, a splitter or an iterable, checked.

    A number, or None for 5, means folds that keep groups together where there are groups.
    """
    n = _num_samples(X)
    if groups is not None:  # a list of splits does not look at them
        groups = check_column(groups, "groups", n)
    if cv is None or isinstance(cv, int | np.integer):
        cv = N_FOLDS if cv is None else int(cv)
        if cv > n:
            raise ValueError(f"cv={cv} folds need at least {cv} rows, X has {n}")
        cv = cv if groups is None else GroupKFold(cv)
    return check_splits(list(check_cv(cv).split(X, y, groups)), n)


def penalty_of(
    penalty: str,
    l1_ratio: float | None,
    n_features: int,
    standardize: bool = False,
    **constraints: Any,
) -> Penalty:
    """Return the penalty that a name, a mix and constraints mean.

    Parameters
    ----------
    **constraints
        `positive`, `penalty_factor`, `lower` and `upper`, as in `Lasso`.

    Raises
    ------
    ValueError
        An unknown name, or what the penalty does not have.
    """
    if penalty not in PENALTIES:
        raise ValueError(f"penalty == {penalty!r}, must be one of {', '.join(PENALTIES)}")
    if penalty == "elasticnet":
        ratio = 0.5 if l1_ratio is None else check_share(l1_ratio, "l1_ratio", one=True)
    elif l1_ratio is not None:
        raise ValueError(f"l1_ratio is of penalty='elasticnet', not of {penalty!r}")
    else:
        ratio = float(penalty == "lasso")
    own = make_penalty(n_features, float(ratio), standardize=standardize, **constraints)
    if ratio == 0 and not (own.lower is None and own.upper is None):
        raise ValueError("positive, lower and upper are not of penalty='ridge'")
    return own


def alphas_or_grid(alphas: Any, eps: Any) -> np.ndarray | Grid:
    """Return given alphas, downwards, or the grid that a number and `eps` mean."""
    if isinstance(alphas, Integral):
        return grid_like(alphas, eps, "alphas")
    if alphas is None:
        raise ValueError("alphas must be their number or a list of them, got None")
    return np.sort(check_alphas(alphas))[::-1].copy()


def grid_like(n_alphas: Any, eps: Any, name: str) -> Grid:
    """Return an automatic grid; `name` is what the user calls the number of its alphas."""
    check_scalar(n_alphas, name, Integral, min_val=1)
    return Grid(int(n_alphas), check_share(eps, "eps"))


def names_of(X: Any) -> list[str]:
    """Return the names of the columns, x0, x1, … where they have none."""
    columns = getattr(X, "columns", None)
    p = X.shape[1] if hasattr(X, "shape") else len(X[0])
    return [f"x{j}" for j in range(p)] if columns is None else [str(name) for name in columns]
