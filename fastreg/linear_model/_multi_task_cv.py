"""`MultiTaskLassoCV` and `MultiTaskElasticNetCV`: folds of all targets at once."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval

from fastreg.checks import make_penalty
from fastreg.engine import Penalty
from fastreg.linear_model._cross_validation import CoordinateDescentCV
from fastreg.linear_model._multi_task import NOT_JOINT, check_is_joint
from fastreg.path_functions import enet_path, lasso_path


class _MultiTaskCV(CoordinateDescentCV):
    """What MultiTaskLassoCV and MultiTaskElasticNetCV share."""

    _parameter_constraints: ClassVar[dict] = {
        name: rule
        for name, rule in CoordinateDescentCV._parameter_constraints.items()
        if name not in NOT_JOINT
    }
    _target: ClassVar[int | None] = None

    def _check_target(self, y: np.ndarray) -> np.ndarray:
        check_is_joint(self, y)
        return y

    def _make_penalty(self, l1_ratio: float) -> Penalty:
        return make_penalty(self.n_features_in_, l1_ratio)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags


class MultiTaskLassoCV(_MultiTaskCV):
    """Multi-task Lasso with alpha chosen by cross-validation.

    One pass over X serves all folds, targets and alphas wherever p² numbers fit in memory, and one
    more certifies the refit.

    Parameters
    ----------
    eps : float, default=1e-3
        Smallest over largest alpha of the grid.
    alphas : int or array-like, default=100
        Number of alphas of an automatic grid, or the alphas.
    fit_intercept, max_iter, tol, copy_X, random_state, selection
        As in `MultiTaskLasso`.
    cv : int, splitter, iterable or None, default=None
        5-fold by default.
    verbose : bool or int, default=False
        Print a line for every batch of alphas.
    n_jobs : int or None, default=None
        Threads over folds.
    selection_rule : {"min", "1se"}, default="min"
        "1se" takes the largest alpha whose error is within one standard error of the smallest.

    Attributes
    ----------
    alpha_ : float
    alphas_ : ndarray of shape (n_alphas,)
    mse_path_, train_mse_path_ : ndarray of shape (n_alphas, n_folds)
        Held-out and training mean squared error, the mean over targets.
    cv_mean_, cv_se_ : ndarray of shape (n_alphas,)
        Unweighted mean over folds of the held-out error, and its standard error sd(ddof=1)/√K.
    coef_, intercept_, dual_gap_, optimality_violation_, n_iter_
        Of the fit on all rows, as in `MultiTaskLasso`.
    """

    path = staticmethod(lasso_path)
    l1_ratio = 1.0

    def __init__(
        self,
        *,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
        copy_X: bool = True,
        cv: Any = None,
        verbose: bool | int = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        selection: str = "cyclic",
        selection_rule: str = "min",
    ) -> None:
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.selection_rule = selection_rule


class MultiTaskElasticNetCV(_MultiTaskCV):
    """Multi-task Elastic-Net with alpha and l1_ratio chosen by cross-validation.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        A list is searched; the ratio with the smallest mean error is taken.
    eps, alphas, fit_intercept, max_iter, tol, cv, copy_X, verbose, n_jobs, random_state, selection,
    selection_rule
        As in `MultiTaskLassoCV`.

    Attributes
    ----------
    l1_ratio_ : float
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratio, n_alphas)
    mse_path_, train_mse_path_ : ndarray of shape ([n_l1_ratio,] n_alphas, n_folds)
    cv_mean_, cv_se_ : ndarray of shape ([n_l1_ratio,] n_alphas)
    alpha_, coef_, intercept_, dual_gap_, optimality_violation_, n_iter_
        As in `MultiTaskLassoCV`.
    """

    _parameter_constraints: ClassVar[dict] = {
        **_MultiTaskCV._parameter_constraints,
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), "array-like"],
    }
    path = staticmethod(enet_path)

    def __init__(
        self,
        *,
        l1_ratio: Any = 0.5,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
        cv: Any = None,
        copy_X: bool = True,
        verbose: bool | int = 0,
        n_jobs: int | None = None,
        random_state: Any = None,
        selection: str = "cyclic",
        selection_rule: str = "min",
    ) -> None:
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.selection = selection
        self.selection_rule = selection_rule
