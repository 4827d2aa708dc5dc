"""`Lasso` and `ElasticNet`: thin estimators over `engine.solve`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.base import MultiOutputMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from fastreg.checks import (
    caller_level,
    check_data,
    check_fortran_order,
    check_gram,
    make_penalty,
    random_seed,
    warn_unsolved,
)
from fastreg.designs import Design, make_design
from fastreg.engine import Penalty, Settings, Solution, Task, careful, solve
from fastreg.linear_model._base import (
    OWN_CONSTRAINTS,
    LinearModelBase,
    all_or_nothing,
    set_fitted,
)
from fastreg.path_functions import enet_path

ALPHA_ZERO = (
    "With alpha=0, this algorithm does not converge well. You are advised to use the "
    "LinearRegression estimator"
)


class CoordinateDescent(MultiOutputMixin, LinearModelBase):
    """What `Lasso`, `ElasticNet` and their multi-task forms share."""

    path = staticmethod(enet_path)

    def _solve(
        self,
        design: Design,
        penalty: Penalty,
        targets: Sequence[tuple[int | None, np.ndarray | None]],
    ) -> list[Solution]:
        """Solve for each target from where to start; warn where that did not do."""
        # least squares is asked for at α = 0, so no tolerance but rounding
        tol = self.tol if self.alpha > 0 else 0.0
        settings = Settings(
            tol=tol,
            max_iter=1000 if self.max_iter is None else self.max_iter,
            violation=careful(tol),
            seed=random_seed(self.selection, self.random_state),
        )
        tasks = [
            Task(
                penalty,
                np.array([self.alpha], dtype=float),
                target=target,
                fit_intercept=self.fit_intercept,
                start=start,
                verify=True,
            )
            for target, start in targets
        ]
        solutions = solve(design, tasks, settings)
        warn_unsolved(solutions, settings)
        return solutions

    def _starts(self, n_targets: int) -> list[np.ndarray | None]:
        if not self.warm_start or getattr(self, "coef_", None) is None:
            return [None] * n_targets
        coef = np.atleast_2d(np.asarray(self.coef_, dtype=float))
        if coef.shape != (n_targets, self.n_features_in_):
            return [None] * n_targets
        return list(coef)

    @property
    def sparse_coef_(self) -> sparse.csr_matrix | sparse.csr_array:
        """`coef_` as a CSR matrix, or an array where scikit-learn's `sparse_interface` asks it."""
        check_is_fitted(self)
        array = get_config()["sparse_interface"] == "sparray"
        return (sparse.csr_array if array else sparse.csr_matrix)(np.atleast_2d(self.coef_))


class ElasticNet(CoordinateDescent):
    """Linear regression with L1 and L2 penalty, certified by its duality gap.

    Minimises over the intercept b0 and the coefficients b ::

        1/(2 Σw) Σ_i w_i (y_i − b0 − x_i·b)²
        + alpha Σ_j v_j ( l1_ratio |b_j| + (1 − l1_ratio)/2 b_j² ),   lower ≤ b ≤ upper

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, ≥ 0.
    l1_ratio : float, default=0.5
        Share of the L1 penalty, 0 … 1.
    fit_intercept : bool, default=True
    precompute : bool or array-like of shape (p, p), default=False
        A Gram matrix is checked as scikit-learn does. The fit is that of X: fastreg itself decides
        whether to take cross-products.
    max_iter : int, default=1000
        Largest number of sweeps and Newton steps.
    copy_X : bool, default=True
        Accepted for compatibility: X is never overwritten, whatever is set here.
    tol : float, default=1e-4
        The duality gap may be at most ``tol`` times the mean square of the (centred) target.
        0 asks for all that rounding allows.
    warm_start : bool, default=False
        Start from the coefficients of the fit before.
    positive : bool, default=False
        Same as ``lower=0``.
    random_state : int, RandomState instance or None, default=None
        Used with ``selection="random"``.
    selection : {"cyclic", "random"}, default="cyclic"
        Order of the coordinates in a sweep.
    penalty_factor : array-like of shape (p,), default=None
        v: 0 leaves a column unpenalized, infinity excludes it. Not rescaled (glmnet rescales to
        the sum p).
    lower, upper : float or array-like of shape (p,), default=None
        Bounds of the coefficients, lower ≤ 0 ≤ upper.
    standardize : bool, default=False
        Penalize each coefficient times the weighted standard deviation (divided by Σw) of its
        column. Coefficients stay in the units of the columns.

    Attributes
    ----------
    coef_ : ndarray of shape (p,) or (T, p)
    intercept_ : float or ndarray of shape (T,)
    dual_gap_ : float or ndarray of shape (T,)
        Duality gap of the objective above, from the true residual.
    optimality_violation_ : float or ndarray of shape (T,)
        Largest violation of the optimality conditions, in units of Xᵀr / Σw.
    n_iter_ : int or list of int
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (p,)
        Where X had column names.

    Notes
    -----
    `fit` also takes a `fastreg.Moments` in place of X (and no y). The gap then includes a bound
    of what rounding in the moments can do.
    """

    _parameter_constraints: ClassVar[dict] = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "precompute": ["boolean", "array-like"],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "copy_X": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        "selection": [StrOptions({"cyclic", "random"})],
        **OWN_CONSTRAINTS,
    }

    __metadata_request__fit: ClassVar = {"check_input": UNUSED}

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        precompute: Any = False,
        max_iter: int | None = 1000,
        copy_X: bool = True,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.standardize = standardize

    @all_or_nothing
    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, check_input: bool = True
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame of shape (n, p), or Moments
        y : array-like of shape (n,) or (n, T)
            More than one column: independent fits.
        sample_weight : float or array-like of shape (n,), default=None
        check_input : bool, default=True
            False skips the validation of X and y.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Bad input, named; nothing is changed then.
        """
        self._validate_params()
        if self.alpha == 0:
            warnings.warn(ALPHA_ZERO, UserWarning, stacklevel=caller_level())
        if isinstance(sample_weight, Real):
            sample_weight = None
        if check_input:
            X, y, sample_weight = check_data(self, X, y, sample_weight)
        else:
            self.n_features_in_ = X.shape[1]
            check_fortran_order(X, self.precompute, sample_weight)
        check_gram(self.precompute, X, sample_weight, self.fit_intercept, check_input)
        penalty = make_penalty(
            self.n_features_in_,
            self.l1_ratio,
            positive=self.positive,
            penalty_factor=self.penalty_factor,
            lower=self.lower,
            upper=self.upper,
            standardize=self.standardize,
        )
        design = make_design(X, y, sample_weight, check_input=False)
        starts = self._starts(design.n_targets)
        solutions = self._solve(design, penalty, list(enumerate(starts)))
        set_fitted(self, solutions, getattr(X, "dtype", np.dtype(float)), y is None or y.ndim == 1)
        n_iter = [int(s.n_iter[-1]) for s in solutions]
        self.n_iter_ = n_iter[0] if len(n_iter) == 1 else n_iter
        return self


class Lasso(ElasticNet):
    """Linear regression with an L1 penalty, certified by its duality gap.

    Minimises over the intercept b0 and the coefficients b ::

        1/(2 Σw) Σ_i w_i (y_i − b0 − x_i·b)² + alpha Σ_j v_j |b_j|,   lower ≤ b ≤ upper

    Parameters and attributes are those of `ElasticNet` without `l1_ratio`, which is 1.
    """

    _parameter_constraints: ClassVar[dict] = {
        name: rule for name, rule in ElasticNet._parameter_constraints.items() if name != "l1_ratio"
    }

    l1_ratio = 1.0

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        precompute: Any = False,
        copy_X: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.standardize = standardize
