"""`Ridge` and `ridge_regression`: thin over the engine; solver names are in `_ridge_solvers`."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import MultiOutputMixin
from sklearn.utils._param_validation import Interval, StrOptions, validate_params
from sklearn.utils.validation import check_consistent_length

from fastreg.checks import check_data, make_penalty
from fastreg.designs import check_arrays, check_weights, make_design
from fastreg.engine import Penalty
from fastreg.linear_model._base import (
    OWN_CONSTRAINTS,
    CheckedEstimator,
    LinearModelBase,
    all_or_nothing,
    set_fitted,
)
from fastreg.linear_model._ridge_solvers import (
    SOLVERS,
    check_estimator_solver,
    check_function_solver,
    run_solver,
    target_alphas,
)

SOLVER_CONSTRAINTS: dict[str, list] = {
    "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
    "max_iter": [Interval(Integral, 1, None, closed="left"), None],
    "tol": [Interval(Real, 0, None, closed="left")],
    "solver": [StrOptions(set(SOLVERS))],
    "positive": ["boolean"],
    "random_state": ["random_state"],
}


class BaseRidge(CheckedEstimator):
    """Parameters of ridge, and its fit to targets that are numbers."""

    _parameter_constraints: ClassVar[dict] = {
        **SOLVER_CONSTRAINTS,
        "fit_intercept": ["boolean"],
        "copy_X": ["boolean"],
        **OWN_CONSTRAINTS,
    }

    def __init__(
        self,
        alpha: Any = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.solver = solver
        self.positive = positive
        self.random_state = random_state
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.standardize = standardize

    def _check_solver(self, X: Any) -> str:
        return check_estimator_solver(
            self.solver,
            X,
            fit_intercept=self.fit_intercept,
            positive=self.positive,
            max_iter=self.max_iter,
            tol=self.tol,
        )

    def _fit_numbers(self, X: Any, y: np.ndarray | None, sample_weight: Any, solver: str) -> None:
        """Fit X and y that `check_data` has passed, by a solver that `_check_solver` returned."""
        penalty = make_penalty(
            self.n_features_in_,
            0.0,
            positive=self.positive,
            penalty_factor=self.penalty_factor,
            lower=self.lower,
            upper=self.upper,
            standardize=self.standardize,
        )
        design = make_design(X, y, sample_weight, check_input=False)
        found = run_solver(
            design,
            target_alphas(self.alpha, design.n_targets),
            penalty,
            solver,
            is_auto=self.solver == "auto",
            fit_intercept=self.fit_intercept,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        dtype = getattr(X, "dtype", np.dtype(float))
        set_fitted(self, found.solutions, dtype, y is None or y.ndim == 1)
        self.n_iter_, self.solver_ = found.n_iter, found.solver

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.solver != "svd" and (
            self.solver != "cholesky" or not self.fit_intercept
        )
        return tags


class Ridge(MultiOutputMixin, LinearModelBase, BaseRidge):
    """Least squares with an L2 penalty, exact, certified by its duality gap.

    Minimises over the intercept b0 and the coefficients b, in scikit-learn's scaling ::

        Σ_i w_i (y_i − b0 − x_i·b)² + alpha Σ_j v_j b_j²,   lower ≤ b ≤ upper

    Parameters
    ----------
    alpha : float or array-like of shape (T,), default=1.0
        Strength of the penalty, or one for each target. 0 is least squares (of minimum norm where
        that is not unique).
    fit_intercept : bool, default=True
    copy_X, random_state
        Accepted for compatibility: X is never overwritten, and nothing is random.
    max_iter : int, default=None
        Of "lsqr", "sparse_cg" (None: SciPy's own limit), "sag" and "saga" (None: 1000); with bounds
        sweeps (None: 10,000).
    tol : float, default=1e-4
        Of "lsqr", "sparse_cg", "sag" and "saga": SciPy's relative tolerance. With bounds the
        duality gap may be at most ``min(tol, 1e-10)`` times the mean square of the target. All else
        is exact whatever `tol` is.
    solver : {"auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs"}
        "auto", "svd" and "cholesky" are exact: Cholesky, refined from the true residual, and
        orthogonal factors where that is not accurate; "auto" goes to "sparse_cg" for sparse X
        whose exact factors would not fit into memory. "lsqr" and "sparse_cg" are SciPy's; "sag" and
        "saga" run LSQR, which takes far fewer passes over X. "lbfgs" goes with ``positive=True``
        and runs coordinate descent. Which of them take sparse X is as in scikit-learn.
    positive : bool, default=False
        Same as ``lower=0``.
    penalty_factor, lower, upper, standardize
        As in `ElasticNet`.

    Attributes
    ----------
    coef_ : ndarray of shape (p,) or (T, p)
    intercept_ : float or ndarray of shape (T,)
    dual_gap_, optimality_violation_ : float or ndarray of shape (T,)
        Of the objective divided by 2 Σw.
    n_iter_ : ndarray of shape (T,) or None
        Iterations of "lsqr", "sag" and "saga" for each target; None for the other solvers, as in
        scikit-learn.
    solver_ : str
        What `solver` stands for, as scikit-learn resolves it: "auto" is "cholesky" for dense X,
        "sparse_cg" for sparse X, "lbfgs" with bounds. "svd" where "cholesky" had to give way to
        orthogonal factors.
    n_features_in_, feature_names_in_
        As in scikit-learn.
    """

    @all_or_nothing
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame of shape (n, p), or Moments
        y : array-like of shape (n,) or (n, T)
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
        solver = self._check_solver(X)
        X, y, sample_weight = check_data(self, X, y, sample_weight)
        self._fit_numbers(X, y, sample_weight, solver)
        return self


@validate_params(
    {
        "X": ["array-like", "sparse matrix"],
        "y": ["array-like"],
        "sample_weight": [Interval(Real, None, None, closed="neither"), "array-like", None],
        **SOLVER_CONSTRAINTS,
        "max_iter": [Interval(Integral, 0, None, closed="left"), None],
        "verbose": ["verbose"],
        "return_n_iter": ["boolean"],
        "return_intercept": ["boolean"],
        "check_input": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def ridge_regression(
    X: Any,
    y: Any,
    alpha: Any,
    *,
    sample_weight: Any = None,
    solver: str = "auto",
    max_iter: int | None = None,
    tol: float = 1e-4,
    verbose: int = 0,
    positive: bool = False,
    random_state: Any = None,
    return_n_iter: bool = False,
    return_intercept: bool = False,
    check_input: bool = True,
) -> np.ndarray | tuple:
    """Solve the ridge equations: the coefficients that `Ridge` finds, without an estimator.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n, p)
    y : array-like of shape (n,) or (n, T)
    alpha : float or array-like of shape (T,)
        Strength of the penalty, or one for each target.
    sample_weight : float or array-like of shape (n,), default=None
    solver, max_iter, tol, positive
        As in `Ridge`.
    verbose, random_state
        Accepted for compatibility.
    return_n_iter : bool, default=False
        Whether to return the iterations, None for solvers that do not report them.
    return_intercept : bool, default=False
        Whether to fit an intercept and return it; with "auto" and "sag" only. Otherwise X and y are
        taken as they are.
    check_input : bool, default=True
        False where X and y are known to be finite float arrays that match.

    Returns
    -------
    coef : ndarray of shape (p,) or (T, p)
    n_iter : ndarray of shape (T,) or None
        With `return_n_iter`.
    intercept : float or ndarray of shape (T,)
        With `return_intercept`.

    Raises
    ------
    ValueError, TypeError
        Bad input, and solvers that do not do what is asked, in scikit-learn's words.
    """
    name = check_function_solver(solver, X, positive=positive, return_intercept=return_intercept)
    if check_input:
        X, y, sample_weight = check_arrays(X, y, sample_weight)
    else:
        check_consistent_length(X, y)
        sample_weight = check_weights(sample_weight, X)
    design = make_design(X, y, sample_weight, check_input=False)
    lower = np.zeros(design.n_features) if positive else None
    found = run_solver(
        design,
        target_alphas(alpha, design.n_targets),
        Penalty(0.0, lower=lower),
        name,
        is_auto=solver == "auto",
        fit_intercept=return_intercept,
        max_iter=max_iter,
        tol=tol,
    )
    coef = np.array([s.coef_at(-1) for s in found.solutions], dtype=X.dtype)
    intercept = np.array([s.intercepts[-1] for s in found.solutions], dtype=X.dtype)
    single = len(found.solutions) == 1
    out = [coef[0] if single else coef]
    if return_n_iter:
        out.append(found.n_iter)
    if return_intercept:
        out.append(intercept[0] if single else intercept)
    return out[0] if len(out) == 1 else tuple(out)
