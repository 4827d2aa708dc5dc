"""What pictures ask an estimator, fastreg's or scikit-learn's: its penalty, grid and path."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from fastreg.path import RegularizationPath, regularization_path, ridge_path

# Estimators that a path or a curve can be made of, and the name of their penalty.
PENALTY_OF = {
    "Lasso": "lasso",
    "LassoCV": "lasso",
    "ElasticNet": "elasticnet",
    "ElasticNetCV": "elasticnet",
    "Ridge": "ridge",
    "RidgeCV": "ridge",
}
_OTHERS = (
    *("MultiTaskLasso", "MultiTaskElasticNet", "MultiTaskLassoCV", "MultiTaskElasticNetCV"),
    *("RidgeClassifier", "RidgeClassifierCV"),
)
_BEYOND = 2.0  # how far the path goes on below the α of an estimator whose α is below the grid


def penalty_name(estimator: Any) -> str:
    """Return "lasso", "elasticnet" or "ridge".

    Raises
    ------
    TypeError
        Any other estimator.
    """
    for base in type(estimator).__mro__:
        if base.__name__ in _OTHERS:
            break
        if base.__name__ in PENALTY_OF:
            return PENALTY_OF[base.__name__]
    raise TypeError(
        f"estimator must be one of {', '.join(PENALTY_OF)}, got {type(estimator).__name__}"
    )


def is_cross_validated(estimator: Any) -> bool:
    """Return whether the estimator chooses its α."""
    return hasattr(estimator, "alphas")


def l1_ratio_of(estimator: Any) -> float:
    """Return the l1_ratio: the one chosen, where it is cross-validated.

    Raises
    ------
    NotFittedError
        Several to choose among, and no choice yet.
    """
    name = penalty_name(estimator)
    if name != "elasticnet":
        return float(name == "lasso")
    if np.ndim(estimator.l1_ratio) == 0:
        return float(estimator.l1_ratio)
    check_is_fitted(estimator, "l1_ratio_")
    return _one(estimator.l1_ratio_, "l1_ratio_")


def chosen_alpha(estimator: Any) -> float:
    """Return the α of a fit.

    Raises
    ------
    NotFittedError
        It is to be chosen, and has not been.
    ValueError
        One for each target.
    """
    penalty_name(estimator)
    if not is_cross_validated(estimator):
        return _one(estimator.alpha, "alpha")
    check_is_fitted(estimator, "alpha_")
    return _one(estimator.alpha_, "alpha_")


def path_of(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> RegularizationPath:
    """Return the path of the estimator's penalty on some data.

    On the grid that a cross-validated one chose from; else on an automatic one that reaches its α.
    """
    name, alpha = penalty_name(estimator), chosen_alpha(estimator)
    alphas = own_grid(estimator) if is_cross_validated(estimator) else None
    shared = {
        "sample_weight": sample_weight,
        "fit_intercept": estimator.fit_intercept,
        "penalty_factor": getattr(estimator, "penalty_factor", None),
        "standardize": getattr(estimator, "standardize", False),
    }
    if np.ndim(y) == 2 and np.shape(y)[1] == 1:
        y = np.ravel(y)
    if np.ndim(y) != 1:
        raise ValueError(f"y must be one target, got shape {np.shape(y)}")
    if name == "ridge":
        if getattr(estimator, "positive", False):
            raise ValueError("the path of a Ridge with positive=True is not known")
        path = ridge_path(X, y, alphas=100 if alphas is None else alphas, **shared)
        if alphas is None and 0 < alpha < path.alphas[-1]:
            path = ridge_path(X, y, alphas=_reaching(path.alphas, alpha), **shared)
        return path
    own = {
        "l1_ratio": l1_ratio_of(estimator),
        "positive": estimator.positive,
        "lower": getattr(estimator, "lower", None),
        "upper": getattr(estimator, "upper", None),
        "tol": estimator.tol,
        "max_iter": estimator.max_iter,
    }
    path = regularization_path(X, y, alphas=100 if alphas is None else alphas, **own, **shared)
    if alphas is None and 0 < alpha < path.alphas[-1]:
        alphas = _reaching(path.alphas, alpha)
        path = regularization_path(X, y, alphas=alphas, **own, **shared)
    return path


def own_grid(estimator: Any) -> np.ndarray:
    """Return the α that a fitted cross-validated estimator chose from, downwards, shape (m,)."""
    grid = np.asarray(getattr(estimator, "alphas_", estimator.alphas), dtype=float)
    if grid.ndim > 1:
        ratios = np.atleast_1d(getattr(estimator, "l1_ratio", 1.0)).tolist()
        if len(grid) != len(ratios):
            raise ValueError("the estimator was fitted to several targets, with a grid for each")
        grid = grid[ratios.index(l1_ratio_of(estimator))]
    return np.sort(np.atleast_1d(grid))[::-1]


def curve_options(estimator: Any) -> dict[str, Any]:
    """Return the arguments that `complexity_curve` and `learning_curve` share with an estimator."""
    name = penalty_name(estimator)
    options: dict[str, Any] = {
        "penalty": name,
        "l1_ratio": l1_ratio_of(estimator) if name == "elasticnet" else None,
        "fit_intercept": estimator.fit_intercept,
        "standardize": getattr(estimator, "standardize", False),
        "positive": getattr(estimator, "positive", False),
    }
    for option in ("penalty_factor", "lower", "upper"):
        options[option] = getattr(estimator, option, None)
    if is_cross_validated(estimator):
        given = getattr(estimator, "alphas", None)
        if given is not None:
            options["alphas"] = int(given) if isinstance(given, Integral) else np.atleast_1d(given)
        if hasattr(estimator, "eps"):
            options["eps"] = estimator.eps
    return options


def _reaching(grid: np.ndarray, alpha: float) -> np.ndarray:
    return np.geomspace(grid[0], alpha / _BEYOND, grid.size)


def _one(value: Any, name: str) -> float:
    if not isinstance(value, Real) and np.size(value) != 1:
        raise ValueError(f"{name} must be one number, got {np.size(value)}: one for each target")
    return float(np.ravel(value)[0])
