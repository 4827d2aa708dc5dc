"""`MultiTaskLasso` and `MultiTaskElasticNet`: all targets use the same features."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np

from fastreg.checks import check_data, make_penalty
from fastreg.designs import make_design
from fastreg.linear_model._base import OWN_CONSTRAINTS, all_or_nothing, set_fitted
from fastreg.linear_model._coordinate_descent import CoordinateDescent, ElasticNet

NOT_JOINT = {
    "precompute",
    "positive",
    "relax",
    "scoring",
    "progress",
    *OWN_CONSTRAINTS,
}  # of the single-target estimators


class MultiTaskElasticNet(CoordinateDescent):
    """Elastic-Net for several targets that share their features, certified by its duality gap.

    Minimises over the intercepts b0 (T,) and the coefficients B (T, p) ::

        1/(2 Σw) Σ_i w_i ‖y_i − b0 − B x_i‖²
        + alpha Σ_j ( l1_ratio ‖B_·j‖ + (1 − l1_ratio)/2 ‖B_·j‖² )

    with Euclidean norms: a feature is used for every target or for none.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, ≥ 0.
    l1_ratio : float, default=0.5
        Share of the penalty on the norms, 0 … 1.
    fit_intercept : bool, default=True
    copy_X : bool, default=True
        Accepted for compatibility: X is never overwritten, whatever is set here.
    max_iter : int, default=1000
        Largest number of sweeps.
    tol : float, default=1e-4
        The duality gap may be at most ``tol`` times the mean square of the (centred) targets,
        added up. 0 asks for all that rounding allows.
    warm_start : bool, default=False
        Start from the coefficients of the fit before.
    random_state : int, RandomState instance or None, default=None
        Used with ``selection="random"``.
    selection : {"cyclic", "random"}, default="cyclic"
        Order of the features in a sweep.

    Attributes
    ----------
    coef_ : ndarray of shape (T, p)
    intercept_ : ndarray of shape (T,)
    dual_gap_ : float
        Duality gap of the objective above, from the true residual.
    eps_ : float
        The tolerance in the units of scikit-learn's solver: ``tol`` times the sum of squares of the
        targets (weights sum to n).
    optimality_violation_ : float
        Largest violation of the optimality conditions: the norm over targets, in units of
        XᵀR / Σw.
    n_iter_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (p,)
        Where X had column names.

    References
    ----------
    Simon, Friedman, Hastie (2013), A blockwise descent algorithm for group-penalized multiresponse
    and multinomial regression, arXiv 1311.6529.
    """

    _parameter_constraints: ClassVar[dict] = {
        name: rule
        for name, rule in ElasticNet._parameter_constraints.items()
        if name not in NOT_JOINT
    }

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection

    @all_or_nothing
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame of shape (n, p), or Moments
        y : array-like of shape (n, T)
        sample_weight : float or array-like of shape (n,), default=None

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Bad input, named; nothing is changed then.
        """
        self._validate_params()
        if isinstance(sample_weight, Real):
            sample_weight = None
        X, y, sample_weight = check_data(self, X, y, sample_weight)
        if y is not None:
            check_is_joint(self, y)
        penalty = make_penalty(self.n_features_in_, self.l1_ratio)
        design = make_design(X, y, sample_weight, check_input=False)
        starts = self._starts(design.n_targets)
        start = None if starts[0] is None else np.stack(starts)
        solutions = self._solve(design, penalty, [(None, start)])
        set_fitted(self, solutions, getattr(X, "dtype", np.dtype(float)), flat=True)
        self.n_iter_ = int(solutions[0].n_iter[-1])
        self.eps_ = self.tol * solutions[0].scale * design.n_rows
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags


class MultiTaskLasso(MultiTaskElasticNet):
    """Lasso for several targets that share their features, certified by its duality gap.

    Minimises over the intercepts b0 (T,) and the coefficients B (T, p) ::

        1/(2 Σw) Σ_i w_i ‖y_i − b0 − B x_i‖² + alpha Σ_j ‖B_·j‖

    Parameters and attributes are those of `MultiTaskElasticNet` without `l1_ratio`, which is 1.
    """

    _parameter_constraints: ClassVar[dict] = {
        name: rule
        for name, rule in MultiTaskElasticNet._parameter_constraints.items()
        if name != "l1_ratio"
    }

    l1_ratio = 1.0

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection


def check_is_joint(estimator: Any, y: np.ndarray) -> None:
    """Refuse a target of one dimension, as scikit-learn does.

    Raises
    ------
    ValueError
        It names the estimator to use.
    """
    if y.ndim == 1:
        name = type(estimator).__name__.removeprefix("MultiTask")
        raise ValueError(f"For mono-task outputs, use {name}")
