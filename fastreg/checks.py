"""Validation that estimators and path functions share: data, penalty options; and the warnings."""

from __future__ import annotations

import inspect
import math
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgWarning
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import validate_parameter_constraints
from sklearn.utils.validation import check_array, validate_data

from fastreg.designs import check_weights
from fastreg.engine import Penalty, Settings, Solution
from fastreg.moments import Moments


@cache
def default_values(function: Callable) -> dict[str, Any]:
    """Return the parameters of a function, or of a class's constructor, with their defaults."""
    return {p.name: p.default for p in inspect.signature(function).parameters.values()}


def check_changed(
    rules: dict[str, list], given: dict[str, Any], defaults: dict[str, Any], caller_name: str
) -> None:
    """Check the parameters that are not at their default, by scikit-learn's rules.

    The defaults need no checking: on a small problem scikit-learn's check of every parameter takes
    as long as the fit.

    Raises
    ------
    InvalidParameterError
        In scikit-learn's words.
    """
    if get_config()["skip_parameter_validation"]:
        return
    changed = {
        name: value
        for name, value in given.items()
        if name in rules and value is not defaults[name]
    }
    if changed:
        validate_parameter_constraints(
            {name: rules[name] for name in changed}, changed, caller_name=caller_name
        )


def check_data(
    estimator: BaseEstimator, X: Any, y: Any, sample_weight: Any, *, multi_output: bool = True
) -> tuple[Any, np.ndarray | None, np.ndarray | None]:
    """Validate X, y and the weights; a `Moments` passes through.

    y is cast to the dtype of X (float32 or float64). Plain, finite float64 arrays, for which
    nothing is to be converted, skip scikit-learn's general validation.

    Raises
    ------
    ValueError
        NaN or infinity (the column is named), wrong or mismatched shapes, no rows.
    TypeError
        A sparse y.
    """
    if isinstance(X, Moments):
        if sample_weight is not None or y is not None:
            raise ValueError("y and sample_weight must be None when X is a Moments: it holds them")
        if X.n_rows < 2:
            raise ValueError(
                f"Found Moments of {X.n_rows} row(s) while a minimum of 2 is required."
            )
        estimator.n_features_in_ = X.n_features
        if hasattr(estimator, "feature_names_in_"):
            del estimator.feature_names_in_
        return X, None, None
    if _is_plain(X, y):
        estimator.n_features_in_ = X.shape[1]
        if hasattr(estimator, "feature_names_in_"):
            del estimator.feature_names_in_
    else:
        if y is None:
            raise ValueError(
                f"This {type(estimator).__name__} estimator requires y to be passed, but the "
                f"target y is None. X is a {type(X).__name__}, not a Moments."
            )
        if sparse.issparse(y):
            raise TypeError(
                "Sparse data was passed for y, but dense data is required. Use '.toarray()' to "
                "convert to a dense numpy array."
            )
        try:
            X, y = validate_data(
                estimator,
                X,
                y,
                accept_sparse=("csr", "csc"),
                accept_large_sparse=True,
                dtype=[np.float64, np.float32],
                multi_output=multi_output,
                ensure_min_samples=2,
                y_numeric=True,
            )
        except (TypeError, ValueError) as error:
            raise _naming_column(X, error) from None
        y = y.astype(X.dtype, copy=False)
    return X, y, check_weights(sample_weight, X)


def _is_plain(X: Any, y: Any) -> bool:
    """Whether X and y are finite float64 arrays of matching shapes."""
    if type(X) is not np.ndarray or type(y) is not np.ndarray:
        return False
    if X.dtype != np.float64 or y.dtype != np.float64 or X.ndim != 2 or y.ndim != 1:
        return False
    if X.shape[0] != y.shape[0] or X.shape[0] < 2 or X.shape[1] < 1:
        return False
    # The sum is finite only if every entry is; one that overflows goes the long way. (As a product
    # BLAS would start its threads, which then spin against those of the first pass over X.)
    return math.isfinite(X.sum() + y.sum())


def _naming_column(X: Any, error: Exception) -> Exception:
    """Return the error with the column named, where it is about one: NaN, infinity, no numbers."""
    message = str(error)
    no_number = isinstance(error, TypeError) or "could not convert string to float" in message
    if no_number and hasattr(X, "columns"):
        return _naming_no_number(X, error)
    if "Input X contains" not in message:
        return error
    if sparse.issparse(X):
        entries = sparse.coo_array(X)
        bad = np.unique(entries.coords[1][~np.isfinite(entries.data)])
    else:
        bad = np.flatnonzero(
            ~np.isfinite(check_array(X, dtype=float, ensure_all_finite=False)).all(axis=0)
        )
    names = getattr(X, "columns", None)
    shown = [str(j) if names is None else f"{j} ({str(names[j])!r})" for j in bad[:5]]
    more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
    first, *rest = message.split("\n")
    where = f"{first} It is in column {', '.join(shown)}{more}."
    return ValueError("\n".join([where, *rest]))


def _naming_no_number(X: Any, error: Exception) -> Exception:
    kind = TypeError if isinstance(error, TypeError) else ValueError
    for name in X.columns:
        if np.asarray(X[name]).dtype.kind in "mM":
            return kind(f"column {str(name)!r} of X is not numeric: it holds dates or durations")
        try:
            check_array(X[[name]], dtype=float, ensure_all_finite=False)
        except (TypeError, ValueError) as reason:
            return kind(f"column {str(name)!r} of X is not numeric: {reason}")
    return error


def check_gram(
    precompute: Any,
    X: Any,
    sample_weight: np.ndarray | None = None,
    fit_intercept: bool = False,
    check_entry: bool = True,
) -> None:
    """Check a Gram matrix given as `precompute` as far as scikit-learn does: one entry of it.

    It has to be that of the rows of X times the roots of the weights, scaled to mean 1. Sparse X
    has no use for it there, nor does any here: the answer is that of X.

    Raises
    ------
    ValueError
        A shape other than (p, p), or an entry that differs.

    Warns
    -----
    UserWarning
        X gets centred, so that the Gram matrix is not the one that matters.
    """
    if not np.ndim(precompute) or sparse.issparse(X):
        return
    gram, p = np.asarray(precompute), X.shape[1]
    if gram.shape != (p, p):
        raise ValueError(f"precompute must be a Gram matrix of shape ({p}, {p}), got {gram.shape}")
    if fit_intercept and not np.allclose(np.average(X, axis=0, weights=sample_weight), 0.0):
        warnings.warn(
            "Gram matrix was provided but X was centered to fit intercept: recomputing Gram "
            "matrix.",
            UserWarning,
            stacklevel=caller_level(),
        )
        return
    i = p // 2
    j = min(i + 1, p - 1)
    weight = np.ones(len(X)) if sample_weight is None else sample_weight
    expected = X[:, i].astype(float) @ (X[:, j] * (weight * (weight.size / weight.sum())))
    rtol = 1e-4 if np.float32 in (X.dtype, gram.dtype) else 1e-7
    if check_entry and not np.isclose(expected, gram[i, j], rtol=rtol, atol=1e-5):
        raise ValueError(
            "Gram matrix passed in via 'precompute' parameter did not pass validation when a "
            "single element was checked - please check that it was computed properly. For element "
            f"({i},{j}) we computed {expected} but the user-supplied value was {gram[i, j]}."
        )


def check_fortran_order(X: Any, precompute: Any, sample_weight: Any = None) -> None:
    """Refuse dense X in C order without a check of the input, where scikit-learn does.

    Raises
    ------
    ValueError
        Rows are contiguous and neither a Gram matrix nor weights are in play, with which
        scikit-learn would not notice; or the numbers are neither float64 nor float32.
    """
    if sparse.issparse(X):
        return
    if X.dtype not in (np.float64, np.float32):
        raise ValueError(f"with check_input=False X must be float64 or float32, got {X.dtype}")
    by_rows = X.strides[0] > X.strides[1] and not X.flags.f_contiguous
    if by_rows and precompute is False and sample_weight is None:
        raise ValueError("ndarray is not Fortran contiguous: X has to be, with check_input=False")


def check_alphas(alphas: Any) -> np.ndarray:
    """Return alphas as a float array of shape (m,).

    Raises
    ------
    ValueError
        None given, more than one dimension, or one that is negative or not finite.
    """
    values = np.atleast_1d(np.asarray(alphas, dtype=float))
    if values.ndim != 1 or values.size == 0:
        raise ValueError("alphas must be a non-empty one-dimensional array")
    if not np.all(np.isfinite(values)) or np.any(values < 0):
        at = int(np.argmax(~np.isfinite(values) | (values < 0)))
        raise ValueError(f"alphas[{at}] == {values[at]}, must be >= 0.0.")
    return values


def make_penalty(
    n_features: int,
    l1_ratio: float,
    *,
    positive: bool = False,
    penalty_factor: Any = None,
    lower: Any = None,
    upper: Any = None,
    standardize: bool = False,
) -> Penalty:
    """Validate the penalty options and return them as arrays of shape (p,).

    Raises
    ------
    ValueError
        Wrong length, NaN, negative factors, or bounds that do not enclose 0.
    """
    if not 0 <= l1_ratio <= 1:
        raise ValueError(f"l1_ratio == {l1_ratio}, must be between 0 and 1")
    factor = low = high = None
    if penalty_factor is not None:
        factor = _vector("penalty_factor", penalty_factor, n_features)
        if np.any(factor < 0):
            raise ValueError(f"penalty_factor[{np.argmin(factor)}] is negative, must be >= 0")
    if lower is not None or positive:
        low = _vector("lower", -np.inf if lower is None else lower, n_features)
        low = np.maximum(low, 0.0) if positive and not np.any(low > 0) else low
    if upper is not None:
        high = _vector("upper", upper, n_features)
    if low is not None and high is not None and np.any(low > high):
        j = int(np.argmax(low > high))
        raise ValueError(f"lower[{j}] = {low[j]:g} is greater than upper[{j}] = {high[j]:g}")
    if low is not None and np.any(low > 0):
        raise ValueError(f"lower[{np.argmax(low)}] = {low.max():g}, must be <= 0")
    if high is not None and np.any(high < 0):
        raise ValueError(f"upper[{np.argmin(high)}] = {high.min():g}, must be >= 0")
    return Penalty(float(l1_ratio), factor, low, high, bool(standardize))


def _vector(name: str, value: Any, n_features: int) -> np.ndarray:
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers: {error}") from None
    if array.ndim == 0:
        array = np.full(n_features, float(array))
    if array.shape != (n_features,):
        raise ValueError(
            f"{name} must be one number or have one entry for each of the {n_features} features, "
            f"got shape {array.shape}"
        )
    if np.isnan(array).any():
        raise ValueError(f"{name}[{np.argmax(np.isnan(array))}] is NaN")
    return np.ascontiguousarray(array)


def random_seed(selection: str, random_state: Any) -> int:
    """Return 0 for cyclic selection, else a seed for the random order."""
    if selection == "cyclic":
        return 0
    return int(check_random_state(random_state).randint(1, np.iinfo(np.int32).max))


def caller_level() -> int:
    """Return the stacklevel at which `warnings.warn` points at the code that called fastreg."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("fastreg."):
        level, frame = level + 1, frame.f_back
    return level


NOT_CONVERGED = (
    "Objective did not converge. You might want to increase the number of iterations, check the "
    "scale of the features or consider increasing regularisation."
)


def warn_unsolved(
    solutions: Sequence[Solution], settings: Settings, sentence: str = NOT_CONVERGED
) -> None:
    """Warn once where some α did not converge or an orthogonal fallback was needed.

    Parameters
    ----------
    sentence : str
        What scikit-learn says of the same: how the warning begins.
    """
    unsolved = [s for s in solutions if not s.converged.all()]
    bad = [(s, k) for s in unsolved for k in np.flatnonzero(~s.converged)]
    if bad:
        first, k = bad[0]
        worst = max(float(s.gaps[k] / s.scale) if s.scale else 0.0 for s, k in bad)
        total = sum(s.alphas.size for s in solutions)
        warnings.warn(
            f"{sentence} First at alpha={first.alphas[k]:.6g}, {len(bad)} of {total} alphas in "
            f"all; the worst duality gap is {worst:.3e} of the target's mean square, the tolerance "
            f"is {settings.tol:.3e}: increase max_iter (now {settings.max_iter}) or tol.",
            ConvergenceWarning,
            stacklevel=caller_level(),
        )
    if any(s.ill_conditioned for s in solutions):
        warnings.warn(
            "Ill-conditioned or singular matrix: the columns of X are (nearly) linearly dependent. "
            "The solution comes from an orthogonal factorization, of minimum norm where it is not "
            "unique; a larger alpha makes the problem better conditioned.",
            LinAlgWarning,
            stacklevel=caller_level(),
        )
