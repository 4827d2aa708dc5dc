"""The learning curve: training and held-out error against the number of training rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state, check_scalar

from fastreg.checks import warn_unsolved
from fastreg.engine import Grid, Penalty
from fastreg.linear_model._folds import solve_each_fold
from fastreg.model_selection.error_curves import (
    MAX_ITER,
    N_FOLDS,
    TOL,
    ErrorCurves,
    alphas_or_grid,
    check_rows,
    make_splits,
    penalty_of,
    settings_of,
)
from fastreg.model_selection.nesting import (
    Rows,
    Split,
    check_weights_of,
    inner_splits,
    nested,
)
from fastreg.model_selection.row_groups import batches
from fastreg.model_selection.tuning import Candidate, How, tune
from fastreg.reporting import reporting

if TYPE_CHECKING:
    from fastreg.plotting import LearningCurveDisplay

SHARES = np.linspace(0.1, 1.0, 5)

Figures = tuple[float, float, float, int]  # training and held-out error, α, number of features


@dataclass(frozen=True, eq=False, kw_only=True)
class LearningCurve(ErrorCurves):
    """Errors by the number of training rows; see `learning_curve`.

    Attributes
    ----------
    penalty : {"ridge", "lasso", "elasticnet"}
    l1_ratio : float
        0 for ridge, 1 for the lasso.
    alpha : float or None
        The fixed α; None where it was chosen anew for every size and fold.
    alphas : ndarray of shape (S, K)
        The α of each fit.
    train_sizes : ndarray of shape (S,), int
        Upwards.
    n_features : ndarray of shape (S, K), int
        Number of non-zero coefficients of each fit.
    train_errors, held_out_errors : ndarray of shape (S, K)
        Mean squared errors; `train_mean`, `train_se`, `held_out_mean`, `held_out_se` and `gap`, of
        shape (S,), are taken over the folds.
    """

    penalty: str
    l1_ratio: float
    alpha: float | None
    alphas: np.ndarray
    train_sizes: np.ndarray
    n_features: np.ndarray

    def plot(self, ax: Any = None, **options: Any) -> LearningCurveDisplay:
        """Draw both errors against the rows; see `fastreg.plotting.LearningCurveDisplay`."""
        from fastreg.plotting import LearningCurveDisplay

        return LearningCurveDisplay(self).plot(ax, **options)


def learning_curve(
    X: Any,
    y: Any,
    *,
    penalty: str = "lasso",
    l1_ratio: float | None = None,
    alpha: float | None = None,
    train_sizes: Any = None,
    cv: Any = None,
    groups: Any = None,
    shuffle: bool = False,
    random_state: Any = None,
    alphas: Any = 50,
    eps: float = 1e-3,
    inner_cv: Any = 5,
    sample_weight: Any = None,
    fit_intercept: bool = True,
    standardize: bool = False,
    positive: bool = False,
    penalty_factor: Any = None,
    lower: Any = None,
    upper: Any = None,
    tol: float = TOL,
    max_iter: int = MAX_ITER,
    n_jobs: int | None = None,
    progress: bool = False,
) -> LearningCurve:
    """Return training and held-out error against the number of training rows.

    The same numbers as `sklearn.model_selection.learning_curve` with
    ``scoring="neg_mean_squared_error"`` on the same splits. The training sets of a fold are nested:
    they are merges of row groups, and at a fixed α one pass over X serves all sizes and folds (one
    for each fold with `shuffle`).

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n, p)
    y : array-like of shape (n,)
    penalty : {"ridge", "lasso", "elasticnet"}, default="lasso"
    l1_ratio : float, default=None
        Of the Elastic-Net only, where None means 0.5.
    alpha : float, default=None
        The same α for all fits. None: chosen anew for every size and fold, by cross-validation
        within its training rows.
    train_sizes : array-like of shape (S,), default=None
        Shares (floats) of the training rows of the smallest training set, or numbers of rows. None:
        five sizes from a tenth on, none of fewer than 10 rows where α is chosen anew.
    cv : int, splitter, iterable or None, default=None
        5 folds by default. A number means group folds with `groups`.
    groups : array-like of shape (n,), default=None
        For the splitters, of the inner folds too.
    shuffle : bool, default=False
        Take the first rows of a random order of each training set, and not of that of the rows:
        needed where the rows are sorted.
    random_state : int, RandomState instance or None, default=None
        Of this order.
    alphas, eps
        The grid to choose from, as in `complexity_curve`.
    inner_cv : int or splitter, default=5
        To choose α by. A number means group folds with `groups`.
    sample_weight, fit_intercept, standardize, tol, max_iter, n_jobs, progress
        As in `LassoCV`.
    positive, penalty_factor, lower, upper
        As in `LassoCV`; ridge has `penalty_factor` only.

    Returns
    -------
    LearningCurve

    Raises
    ------
    ValueError
        Bad input, named; sizes with fewer than two rows or more than there are, or too few for the
        inner folds.
    """
    X, y, sample_weight = check_rows(X, y, sample_weight)
    constraints = {"positive": positive, "lower": lower, "upper": upper}
    constraints["penalty_factor"] = penalty_factor
    own = penalty_of(penalty, l1_ratio, X.shape[1], standardize, **constraints)
    if alpha is not None:
        check_scalar(alpha, "alpha", Real, min_val=0.0)
        if not np.isfinite(alpha):
            raise ValueError(f"alpha == {alpha}, must be finite")
    folds = make_splits(cv, X, y, groups)
    if shuffle:
        rng = check_random_state(random_state)
        folds = [(rng.permutation(train), test) for train, test in folds]
    largest = min(train.size for train, _ in folds)
    if train_sizes is None:
        sizes = _default_sizes(largest, 2 if alpha is not None else 2 * N_FOLDS)
    else:
        sizes = _sizes(train_sizes, largest)
    splits = [(train[:size], test) for train, test in folds for size in sizes]
    names = [f"fold {k} at {size} rows" for k in range(len(folds)) for size in sizes]
    rows = Rows(X, y, sample_weight)
    check_weights_of(splits, sample_weight, names)
    with reporting(progress=progress) as report:
        settings = settings_of(tol, max_iter, n_jobs, report)
        how = How(settings, fit_intercept, standardize, constraints=own)
        if alpha is None:
            grid = alphas_or_grid(alphas, eps)
            inner = inner_splits(splits, inner_cv, X, y, groups, names)
            found = _chosen_anew(rows, splits, inner, own.l1_ratio, grid, how)
        else:
            found = _at_fixed(rows, folds, sizes, own, float(alpha), how)
    shape = (len(folds), sizes.size)
    train, held_out, chosen, n_features = (
        np.array(column).reshape(shape).T for column in zip(*found, strict=True)
    )
    return LearningCurve(
        penalty=penalty,
        l1_ratio=own.l1_ratio,
        alpha=None if alpha is None else float(alpha),
        alphas=chosen,
        train_sizes=sizes,
        n_features=n_features,
        train_errors=train,
        held_out_errors=held_out,
    )


def _default_sizes(largest: int, fewest: int) -> np.ndarray:
    """Return up to five numbers of training rows, upwards."""
    sizes = (SHARES * largest).astype(int)
    return np.unique(np.clip(sizes, min(fewest, largest), largest))


def _sizes(train_sizes: Any, largest: int) -> np.ndarray:
    """Return the numbers of training rows, upwards."""
    values = np.unique(np.asarray(train_sizes))
    if values.ndim != 1 or not values.size or values.dtype.kind not in "iuf":
        raise ValueError(f"train_sizes must be a list of shares or numbers, got {train_sizes!r}")
    if values.dtype.kind == "f":
        if not (values[0] > 0 and values[-1] <= 1):
            raise ValueError(f"train_sizes must be shares above 0 and at most 1, got {values}")
        values = np.unique((values * largest).astype(int))
    if not 2 <= values[0] <= values[-1] <= largest:
        raise ValueError(
            f"train_sizes mean {values[0]} to {values[-1]} training rows, which must be from 2 to "
            f"{largest}"
        )
    return values


def _at_fixed(
    rows: Rows,
    folds: Sequence[Split],
    sizes: np.ndarray,
    penalty: Penalty,
    alpha: float,
    how: How,
) -> list[Figures]:
    """Return what every fold and size comes to, fold by fold: in one batch, or one for each fold.

    Training sets in row order cut the rows into few groups; shuffled ones do so within a fold.
    """
    by_fold = [[(train[:size], test) for size in sizes] for train, test in folds]
    every = [split for some in by_fold for split in some]
    if len(batches(every, len(rows.y))) == 1:
        by_fold = [every]
    out: list[Figures] = []
    solutions = []
    for splits in by_fold:
        found: dict[int, Figures] = {}
        for fold in solve_each_fold(
            rows.X,
            rows.y,
            rows.sample_weight,
            splits,
            [penalty],
            np.array([alpha]),
            how.settings,
            fit_intercept=how.fit_intercept,
            summed=penalty.l1_ratio == 0,
        ):
            (solution,) = fold.solutions
            count = int(np.count_nonzero(solution.coef_at(0)))
            found[fold.number] = (
                float(solution.train_mse[0]),
                float(solution.held_out_mse[0]),
                alpha,
                count,
            )
            solutions.append(solution.without_coefs())
        out += [found[k] for k in range(len(splits))]
    warn_unsolved(solutions, how.settings)
    return out


def _chosen_anew(
    rows: Rows,
    splits: Sequence[Split],
    inner: Sequence[Sequence[Split]],
    l1_ratio: float,
    grid: np.ndarray | Grid,
    how: How,
) -> list[Figures]:
    """Return what every split comes to, its α chosen by inner splits."""
    candidate = Candidate("", (l1_ratio,), grid)
    out, solutions = [], []
    for outer, own in nested(rows, splits, inner):
        (choice,), found = tune(outer, own, [candidate], how)
        solutions += found
        out.append((choice.train_mse, choice.held_out_mse, choice.alpha, choice.n_features))
    warn_unsolved(solutions, how.settings)
    return out
