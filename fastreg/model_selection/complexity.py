"""The complexity curve: training and held-out error along the whole grid of one penalty.

Training error falls with capacity, held-out error falls and rises again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastreg.checks import warn_unsolved
from fastreg.designs import Design
from fastreg.engine import Grid
from fastreg.engine.problem import problem_of
from fastreg.linear_model._folds import Fold, solve_each_fold
from fastreg.model_selection.criteria import degrees_of_freedom
from fastreg.model_selection.error_curves import (
    MAX_ITER,
    TOL,
    ErrorCurves,
    alphas_or_grid,
    check_rows,
    make_splits,
    penalty_of,
    settings_of,
)
from fastreg.model_selection.rules import choose
from fastreg.path import ridge_grid
from fastreg.reporting import reporting

if TYPE_CHECKING:
    from fastreg.plotting import ComplexityCurveDisplay


@dataclass(frozen=True, eq=False, kw_only=True)
class ComplexityCurve(ErrorCurves):
    """Errors along the α grid; see `complexity_curve`.

    Attributes
    ----------
    penalty : {"ridge", "lasso", "elasticnet"}
    l1_ratio : float
        0 for ridge, 1 for the lasso.
    alphas : ndarray of shape (m,)
        Downwards: capacity grows along the arrays. In the units of the estimator of that name.
    df : ndarray of shape (m,)
        Degrees of freedom without the intercept, the mean over the folds' fits.
    n_nonzero : ndarray of shape (m,)
        Number of non-zero coefficients, the mean over the folds' fits.
    train_errors, held_out_errors : ndarray of shape (m, K)
        Mean squared errors of each fold; `train_mean`, `train_se`, `held_out_mean`, `held_out_se`
        and `gap`, of shape (m,), are taken over the folds.
    """

    penalty: str
    l1_ratio: float
    alphas: np.ndarray
    df: np.ndarray
    n_nonzero: np.ndarray

    @property
    def best(self) -> int:
        """Number of the α with the smallest mean held-out error."""
        return choose(self.alphas, self.held_out_mean, self.held_out_se, "min")

    @property
    def best_1se(self) -> int:
        """Number of the largest α within one standard error of the smallest error."""
        return choose(self.alphas, self.held_out_mean, self.held_out_se, "1se")

    def plot(self, ax: Any = None, **options: Any) -> ComplexityCurveDisplay:
        """Draw both errors against α; see `fastreg.plotting.ComplexityCurveDisplay`."""
        from fastreg.plotting import ComplexityCurveDisplay

        return ComplexityCurveDisplay(self).plot(ax, **options)


def complexity_curve(
    X: Any,
    y: Any,
    *,
    penalty: str = "lasso",
    l1_ratio: float | None = None,
    alphas: Any = 100,
    eps: float = 1e-3,
    cv: Any = None,
    groups: Any = None,
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
) -> ComplexityCurve:
    """Return training and held-out error along the α grid, from one cross-validation.

    The same numbers as `sklearn.model_selection.validation_curve` with
    ``scoring="neg_mean_squared_error"`` on the same splits. All folds are solved as paths over one
    X and no model is fitted twice.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n, p)
    y : array-like of shape (n,)
    penalty : {"ridge", "lasso", "elasticnet"}, default="lasso"
    l1_ratio : float, default=None
        Of the Elastic-Net only, where None means 0.5.
    alphas : int or array-like, default=100
        Number of alphas of an automatic grid, or the alphas: as in `Lasso`, `ElasticNet`, `Ridge`.
    eps : float, default=1e-3
        Smallest over largest alpha of an automatic grid; ridge has a grid of its own.
    cv : int, splitter, iterable or None, default=None
        5 folds by default. A number means group folds with `groups`.
    groups : array-like of shape (n,), default=None
        For the splitter.
    sample_weight, fit_intercept, standardize, tol, max_iter, n_jobs, progress
        As in `LassoCV`.
    positive, penalty_factor, lower, upper
        As in `LassoCV`; ridge has `penalty_factor` only.

    Returns
    -------
    ComplexityCurve

    Raises
    ------
    ValueError
        Bad input, named; a split with an empty part.
    """
    X, y, sample_weight = check_rows(X, y, sample_weight)
    constraints = {"positive": positive, "lower": lower, "upper": upper}
    constraints["penalty_factor"] = penalty_factor
    own = penalty_of(penalty, l1_ratio, X.shape[1], standardize, **constraints)
    grid = alphas_or_grid(alphas, eps)
    ridge, found = own.l1_ratio == 0, grid

    def on_rows(design: Design) -> np.ndarray:
        nonlocal found
        if isinstance(found, Grid):
            found = ridge_grid(design, own, found.n_alphas)
        return found

    splits = make_splits(cv, X, y, groups)
    rows: dict[int, tuple[np.ndarray, ...]] = {}
    solutions = []
    with reporting(progress=progress) as report:
        settings = settings_of(tol, max_iter, n_jobs, report)
        for fold in solve_each_fold(
            X,
            y,
            sample_weight,
            splits,
            [own],
            on_rows if ridge else grid,
            settings,
            fit_intercept=fit_intercept,
            summed=ridge,
        ):
            rows[fold.number] = _figures(fold)
            solutions.append(fold.solutions[0].without_coefs())
            found = found if ridge else fold.tasks[0].alphas
    warn_unsolved(solutions, settings)
    held_out, train, df, n_nonzero = np.stack([rows[k] for k in range(len(splits))], axis=-1)
    return ComplexityCurve(
        penalty=penalty,
        l1_ratio=own.l1_ratio,
        alphas=found,
        df=df.mean(axis=-1),
        n_nonzero=n_nonzero.mean(axis=-1),
        train_errors=train,
        held_out_errors=held_out,
    )


def _figures(fold: Fold) -> tuple[np.ndarray, ...]:
    """Return held-out error, training error, df and number of non-zeros, each of shape (m,)."""
    (task,), (solution,) = fold.tasks, fold.solutions
    coefs = solution.dense_coefs()
    df = degrees_of_freedom(fold.design, problem_of(fold.design, task), task.alphas, coefs)
    return solution.held_out_mse, solution.train_mse, df, np.count_nonzero(coefs, axis=1)
