"""`Ridge`: a thin estimator over `engine.solve`."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import MultiOutputMixin
from sklearn.utils._param_validation import Interval, StrOptions

from fastreg.checks import check_data, make_penalty, warn_unsolved
from fastreg.designs import make_design
from fastreg.engine import Settings, Task, solve
from fastreg.linear_model._base import (
    OWN_CONSTRAINTS,
    LinearModelBase,
    all_or_nothing,
    set_fitted,
)
from fastreg.path import total_weight

SOLVERS = ("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs")


class Ridge(MultiOutputMixin, LinearModelBase):
    """Least squares with an L2 penalty, exact, certified by its duality gap.

    Minimises over the intercept b0 and the coefficients b, in scikit-learn's scaling ::

        Σ_i w_i (y_i − b0 − x_i·b)² + alpha Σ_j v_j b_j²,   lower ≤ b ≤ upper

    Parameters
    ----------
    alpha : float or array-like of shape (T,), default=1.0
        Strength of the penalty, or one for each target. 0 is least squares (of minimum norm where
        that is not unique).
    fit_intercept : bool, default=True
    copy_X, max_iter, solver, random_state
        Accepted for compatibility: X is never overwritten, and whatever the solver's name the
        answer is exact (Cholesky, refined; orthogonal factors where that is not accurate).
    tol : float, default=1e-4
        With bounds: the duality gap may be at most ``min(tol, 1e-10)`` times the mean square of
        the target. Without bounds the solution is exact.
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
    n_iter_ : None
        As in scikit-learn for its exact solvers.
    solver_ : str
        "cholesky", "svd" (orthogonal factors) or "lbfgs" (bounds; descent in fact).
    """

    _parameter_constraints: ClassVar[dict] = {
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
        "fit_intercept": ["boolean"],
        "copy_X": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "tol": [Interval(Real, 0, None, closed="left")],
        "solver": [StrOptions(set(SOLVERS))],
        "positive": ["boolean"],
        "random_state": ["random_state"],
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
        if self.positive and self.solver not in ("auto", "lbfgs"):
            raise ValueError(
                f"solver='{self.solver}' does not support positive fitting. Please set the solver "
                "to 'auto' or 'lbfgs', or set `positive=False`"
            )
        if self.solver == "lbfgs" and not self.positive:
            raise ValueError(
                "'lbfgs' solver can be used only when positive=True. Please use another solver."
            )
        if isinstance(sample_weight, Real) and y is not None:
            sample_weight = np.full(np.shape(y)[0], float(sample_weight))
        X, y, sample_weight = check_data(self, X, y, sample_weight)
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
        alphas = target_alphas(self.alpha, design.n_targets) / total_weight(design)
        bounded = penalty.lower is not None or penalty.upper is not None
        # without bounds the solution is exact, and the tolerance only decides about a warning
        tol = min(self.tol, 1e-10) if bounded else max(self.tol, 1e-6)
        settings = Settings(tol=tol, max_iter=self.max_iter or 10_000)
        tasks = [
            Task(
                penalty, alphas[t : t + 1], target=t, fit_intercept=self.fit_intercept, verify=True
            )
            for t in range(design.n_targets)
        ]
        solutions = solve(design, tasks, settings)
        set_fitted(self, solutions, getattr(X, "dtype", np.dtype(float)), y is None or y.ndim == 1)
        self.n_iter_ = None
        ill = any(s.ill_conditioned for s in solutions)
        self.solver_ = "lbfgs" if bounded else "svd" if ill else "cholesky"
        warn_unsolved(solutions, settings)
        return self


def target_alphas(alpha: Any, n_targets: int) -> np.ndarray:
    """Return one alpha a target.

    Raises
    ------
    ValueError
        A negative alpha, or a number of alphas other than 1 or the number of targets.
    """
    values = np.asarray(alpha, dtype=float).ravel()
    if values.size not in (1, n_targets):
        raise ValueError(
            "Number of targets and number of penalties do not correspond: "
            f"{values.size} != {n_targets}"
        )
    if np.any(values < 0) or not np.all(np.isfinite(values)):
        at = int(np.argmax((values < 0) | ~np.isfinite(values)))
        raise ValueError(f"alpha[{at}] == {values[at]}, must be >= 0.0.")
    return np.broadcast_to(values, (n_targets,)).copy()
