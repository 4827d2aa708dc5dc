"""`adaptive_weights`: the first step of an adaptive Lasso, with any estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from fastreg.checks import check_data
from fastreg.designs import make_design
from fastreg.linear_model._ridge_cv import RidgeCV
from fastreg.model_selection.adaptive import adaptive_factors
from fastreg.moments import Moments, merge_all


def adaptive_weights(
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    first: Any = None,
    exponent: float = 1.0,
    standardize: bool = False,
) -> np.ndarray:
    """Return the penalty factors of an adaptive Lasso, 1/|b_j|^exponent of a first fit.

    To be given to any estimator of this package: columns that are strong in the first fit are
    penalized little, those it leaves out are excluded. The factors have seen every row, so the
    errors of a cross-validation with them are somewhat too small.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n, p)
    y : array-like of shape (n,)
    sample_weight : array-like of shape (n,), default=None
        Of the first fit.
    first : estimator, default=None
        What is fitted first (a copy of it), with one coefficient a column in `coef_`: `LassoCV()`
        to leave columns out already, where there are more of them than rows. None is ridge, its
        alpha chosen by leave-one-out.
    exponent : float, default=1.0
        > 0.
    standardize : bool, default=False
        For a second fit with ``standardize=True``: take the coefficients times the weighted
        standard deviations of their columns, and standardize in the default first fit too.

    Returns
    -------
    ndarray of shape (p,)
        Infinite where the coefficient is 0. Not rescaled, so the alphas of the second fit are of
        another size than those of a plain Lasso.

    References
    ----------
    H. Zou (2006), The Adaptive Lasso and Its Oracle Properties, Journal of the American
    Statistical Association 101, 1418-1429.

    Examples
    --------
    >>> import numpy as np
    >>> from fastreg import LassoCV, adaptive_weights
    >>> X = np.random.default_rng(0).standard_normal((100, 6))
    >>> y = 3 * X[:, 0] - 2 * X[:, 3] + np.sin(np.arange(100))
    >>> model = LassoCV(penalty_factor=adaptive_weights(X, y)).fit(X, y)
    >>> [int(j) for j in np.flatnonzero(model.coef_)]
    [0, 3]
    """
    if isinstance(X, Moments):
        raise ValueError("adaptive_weights needs the rows of X, got Moments")
    checked = check_data(BaseEstimator(), X, y, sample_weight, multi_output=False)
    first = RidgeCV(alphas=None, standardize=standardize) if first is None else clone(first)
    options = {} if sample_weight is None else {"sample_weight": checked[2]}
    coef = np.asarray(first.fit(X, y, **options).coef_)
    if coef.shape != (checked[0].shape[1],):
        raise ValueError(
            f"first must have one coefficient for each of the {checked[0].shape[1]} columns, "
            f"got coef_ of shape {coef.shape}"
        )
    if standardize:
        whole = merge_all(make_design(*checked, check_input=False).moments(False))
        coef = coef * np.sqrt(whole.variances)
    return adaptive_factors(coef, exponent)
