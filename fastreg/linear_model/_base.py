"""What all estimators share: prediction, fitted attributes, checks of fastreg's own options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted, validate_data

from fastreg.checks import check_changed, default_values
from fastreg.engine import Solution
from fastreg.linear_model._exchange import ExchangeMixin
from fastreg.namespaces import computing_in_numpy, in_kind

OWN_CONSTRAINTS: dict[str, list] = {
    "penalty_factor": ["array-like", None],
    "lower": ["array-like", float, int, None],
    "upper": ["array-like", float, int, None],
    "standardize": ["boolean"],
}


def all_or_nothing(fit: Callable) -> Callable:
    """Make a `fit` that raises, or is interrupted, leave the estimator as it was.

    It computes in NumPy, whatever library the arrays are from.
    """

    @wraps(fit)
    def guarded(self: BaseEstimator, *args: Any, **kwargs: Any) -> Any:
        before = dict(self.__dict__)
        try:
            with computing_in_numpy():
                return fit(self, *args, **kwargs)
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    return guarded


class CheckedEstimator(ExchangeMixin, BaseEstimator):
    """Parameter validation and tags of a linear model, of whatever kind its target is."""

    def _validate_params(self) -> None:
        defaults = default_values(type(self))
        given = {name: getattr(self, name) for name in sorted(defaults)}
        check_changed(self._parameter_constraints, given, defaults, type(self).__name__)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class LinearModelBase(RegressorMixin, CheckedEstimator):
    """A linear model of a numeric target."""

    def predict(self, X: Any) -> np.ndarray:
        """Predict with the linear model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p)

        Returns
        -------
        ndarray of shape (n,) or (n, T)
            With scikit-learn's array API dispatch of the library and device of X.
        """
        check_is_fitted(self)
        with computing_in_numpy():
            rows = validate_data(self, X, accept_sparse=["csr", "csc", "coo"], reset=False)
        fitted = safe_sparse_dot(rows, self.coef_.T, dense_output=True) + self.intercept_
        return in_kind(fitted, X)


def set_fitted(
    estimator: BaseEstimator, solutions: Sequence[Solution], dtype: np.dtype, flat: bool
) -> None:
    """Set coef_, intercept_, dual_gap_ and optimality_violation_ from the last α of each target.

    Parameters
    ----------
    flat : bool
        Whether y was one-dimensional, so that the intercept is a scalar.
    """
    coef = np.array([s.coef_at(-1) for s in solutions], dtype=dtype)
    intercept = np.array([s.intercepts[-1] for s in solutions], dtype=dtype)
    # of the double solution, in scikit-learn's dtypes
    joint = coef.ndim > 2
    gap = np.array([s.gaps[-1] for s in solutions], dtype=float if joint else dtype)
    violation = np.array([s.violations[-1] for s in solutions])
    single = len(solutions) == 1
    estimator.coef_ = coef[0] if single else coef
    if not estimator.fit_intercept:
        estimator.intercept_ = 0.0
    else:
        estimator.intercept_ = intercept[0] if single and flat else intercept
    estimator.dual_gap_ = gap.item() if joint else gap[0] if single else gap
    estimator.optimality_violation_ = violation[0] if single else violation
