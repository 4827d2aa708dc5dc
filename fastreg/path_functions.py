"""scikit-learn's path functions `lasso_path` and `enet_path`: tuples of arrays, no intercept."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Hidden, Interval, InvalidParameterError, StrOptions

from fastreg.checks import (
    caller_level,
    check_changed,
    check_data,
    check_fortran_order,
    check_gram,
    default_values,
    make_penalty,
    random_seed,
)
from fastreg.designs import make_design
from fastreg.engine import LARGEST_VIOLATION, Settings, careful
from fastreg.moments import Moments
from fastreg.path import check_stopping, grid_of, solve_path
from fastreg.reporting import reporting

CONSTRAINTS: dict[str, list] = {
    "X": ["array-like", "sparse matrix"],
    "y": ["array-like", "sparse matrix"],
    "l1_ratio": [Interval(Real, 0, 1, closed="both")],
    "eps": [Interval(Real, 0, None, closed="neither")],
    "n_alphas": [Interval(Integral, 1, None, closed="left"), Hidden(StrOptions({"deprecated"}))],
    "alphas": [
        Interval(Integral, 1, None, closed="left"),
        "array-like",
        None,
        Hidden(StrOptions({"warn"})),
    ],
    "precompute": [StrOptions({"auto"}), "boolean", "array-like"],
    "Xy": ["array-like", None],
    "copy_X": ["boolean"],
    "coef_init": ["array-like", None],
    "verbose": ["verbose"],
    "return_n_iter": ["boolean"],
    "positive": ["boolean"],
    "check_input": ["boolean"],
}


def enet_path(
    X: Any,
    y: Any,
    *,
    l1_ratio: float = 0.5,
    eps: float = 1e-3,
    n_alphas: Any = "deprecated",
    alphas: Any = "warn",
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: bool | int = False,
    return_n_iter: bool = False,
    positive: bool = False,
    check_input: bool = True,
    tol: float = 1e-4,
    max_iter: int = 1000,
    random_state: Any = None,
    selection: str = "cyclic",
    sample_weight: Any = None,
    **params: Any,
) -> tuple:
    """Compute an Elastic-Net path without an intercept, as scikit-learn's function does.

    See `regularization_path` for a path with intercept, weights and certificates by name.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n, p)
    y : array-like of shape (n,) or (n, T)
        Two-dimensional: the path of the multi-task problem, see `MultiTaskElasticNet`.
    l1_ratio : float, default=0.5
    eps : float, default=1e-3
        Smallest over largest alpha of an automatic grid, below 1.
    n_alphas : int
        Deprecated, see `alphas`.
    alphas : int or array-like, default=100
        Number of alphas of an automatic grid, or the alphas; they are sorted downwards.
    precompute : "auto", bool or array-like of shape (p, p), default="auto"
        A Gram matrix is checked as scikit-learn does. The path is that of X: fastreg takes the
        cross-products itself where that pays.
    Xy, copy_X
        Accepted for compatibility: neither changes the answer, and X is never overwritten.
    coef_init : array-like of shape (p,) or (T, p), default=None
        Coefficients to start from.
    verbose : bool or int, default=False
        Print a line for every batch of alphas.
    return_n_iter : bool, default=False
    positive : bool, default=False
        Only for a single target.
    check_input : bool, default=True
        False skips the validation of X, y and the Gram matrix.
    tol, max_iter, random_state, selection, sample_weight
        As in `ElasticNet`.
    **params : dict
        ``do_screening``, and for dense X ``X_offset`` and ``X_scale``, have no effect.

    Returns
    -------
    alphas : ndarray of shape (m,)
    coefs : ndarray of shape (p, m) or (T, p, m)
    dual_gaps : ndarray of shape (m,)
    n_iters : list of int
        Only with `return_n_iter`.

    Raises
    ------
    ValueError
        Bad input or an unknown parameter, named.
    """
    given = locals()
    _check_rest(params, X)
    check_changed(CONSTRAINTS, given, default_values(enet_path), "enet_path")
    rng = check_random_state(random_state)
    if selection not in ("random", "cyclic"):
        raise ValueError("selection should be either random or cyclic.")
    check_stopping(tol, max_iter)
    alphas = _alphas_argument(n_alphas, alphas)
    if check_input:
        X, y, sample_weight = check_data(BaseEstimator(), X, y, sample_weight)
        check_gram(precompute, X)
    else:
        uses_gram = X.shape[0] > X.shape[1] if isinstance(precompute, str) else precompute
        check_fortran_order(X, uses_gram)
    if y.ndim > 1 and positive:
        raise ValueError("positive=True is not allowed for multi-output (y.ndim != 1)")
    penalty = make_penalty(X.shape[1], l1_ratio, positive=positive)
    design = make_design(X, y, sample_weight, check_input=False)
    start = _start(coef_init, (X.shape[1],) if y.ndim == 1 else (y.shape[1], X.shape[1]))
    target, violation = (0, LARGEST_VIOLATION) if y.ndim == 1 else (None, careful(tol))
    seed = random_seed(selection, rng)
    with reporting(verbose) as report:
        settings = Settings(tol, max_iter, violation, seed, report=report)
        found = solve_path(
            design, penalty, grid_of(alphas, eps), settings, False, start=start, target=target
        )
    coefs = np.moveaxis(found.dense_coefs(), 0, -1).astype(X.dtype, order="C")
    out = (found.alphas, coefs, found.gaps)
    return (*out, [int(i) for i in found.n_iter]) if return_n_iter else out


def lasso_path(
    X: Any,
    y: Any,
    *,
    eps: float = 1e-3,
    n_alphas: Any = "deprecated",
    alphas: Any = "warn",
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: bool | int = False,
    return_n_iter: bool = False,
    positive: bool = False,
    **params: Any,
) -> tuple:
    """Compute a Lasso path without an intercept; see `enet_path`, with ``l1_ratio=1``."""
    try:
        return enet_path(
            X,
            y,
            l1_ratio=1.0,
            eps=eps,
            n_alphas=n_alphas,
            alphas=alphas,
            precompute=precompute,
            Xy=Xy,
            copy_X=copy_X,
            coef_init=coef_init,
            verbose=verbose,
            return_n_iter=return_n_iter,
            positive=positive,
            **params,
        )
    except InvalidParameterError as error:  # checked once, on a small problem that takes as long
        raise InvalidParameterError(str(error).replace("enet_path", "lasso_path")) from None


def _check_rest(params: dict[str, Any], X: Any) -> None:
    """Refuse a `Moments`, and parameters that do not exist or would change the answer."""
    if isinstance(X, Moments):
        raise ValueError("Moments are centred: use regularization_path, which has an intercept")
    unknown = params.keys() - {"X_offset", "X_scale", "do_screening"}
    if unknown:
        raise ValueError("Unexpected parameters in params", sorted(unknown))
    if sparse.issparse(X) and params.get("X_offset") is not None:
        raise ValueError("X_offset is not supported for sparse X: use regularization_path")


def _start(coef_init: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    if coef_init is None:
        return None
    coef = np.asarray(coef_init, dtype=float)
    if coef.shape != shape:
        raise ValueError(f"coef_init must have shape {shape}, got {coef.shape}")
    if not np.isfinite(coef).all():
        raise ValueError("coef_init contains NaN or infinity")
    return coef


def _alphas_argument(n_alphas: Any, alphas: Any) -> Any:
    """Sort out scikit-learn 1.9's deprecations of `n_alphas` and ``alphas=None``."""
    count: Any = 100
    if n_alphas != "deprecated":
        warnings.warn(
            "'n_alphas' was deprecated in 1.9 and will be removed in 1.11. 'alphas' now accepts an "
            "integer value which removes the need to pass 'n_alphas'. The default value of "
            "'alphas' will change from None to 100 in 1.11. Pass an explicit value to 'alphas' and "
            "leave 'n_alphas' to its default value to silence this warning.",
            FutureWarning,
            stacklevel=caller_level(),
        )
        count = n_alphas
    if alphas is None:
        warnings.warn(
            "'alphas=None' is deprecated and will be removed in 1.11, at which point the default "
            "value will be set to 100. Set 'alphas=100' to silence this warning.",
            FutureWarning,
            stacklevel=caller_level(),
        )
    elif not (isinstance(alphas, str) and alphas == "warn"):
        count = alphas
    return count
