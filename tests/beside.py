"""What the tests beside scikit-learn share: the data, both fits, and what is compared of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import sklearn.linear_model as sk
from scipy import sparse

import fastreg as fr

SINGLE = ["Lasso", "ElasticNet"]
JOINT = ["MultiTaskLasso", "MultiTaskElasticNet"]
HELD = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "csr": sparse.csr_array,
    "csc": sparse.csc_array,
}
# scikit-learn goes on until the gap is rounding
TIGHT = {"tol": 1e-13, "max_iter": 100_000}


def problem(targets: int = 1, dtype: type = float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return X (60, 12) with correlated columns off the origin, y of so many targets, weights."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((60, 12)) + 0.5
    X[:, 1] += X[:, 0]
    X[rng.random(X.shape) < 0.3] = 0.0
    coef = np.zeros((12, targets))
    coef[:4] = rng.standard_normal((4, targets))
    Y = X @ coef + 0.5 * rng.standard_normal((60, targets)) + 1.0
    w = rng.uniform(0.2, 3.0, 60)
    return X.astype(dtype), (Y[:, 0] if targets == 1 else Y).astype(dtype), w.astype(dtype)


def data_for(name: str, dtype: type = float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return problem(3 if name in JOINT else 1, dtype)


def both(name: str, X: Any, y: Any, sample_weight: Any = None, **options: Any) -> tuple:
    """Return fastreg's and scikit-learn's fit of the same call, whatever they warn of.

    scikit-learn gets a copy: its multi-task classes multiply X by the weights where it stands.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = getattr(sk, name)(**options).fit(deepcopy(X), y, sample_weight)
        return getattr(fr, name)(**options).fit(X, y, sample_weight), theirs


def fitted(model: Any) -> list[str]:
    return [key for key in dir(model) if key.endswith("_") and not key.startswith("_")]


def assert_same_kind(ours: Any, theirs: Any) -> None:
    """Every fitted attribute of theirs: same shape and dtype, a number where it is a number."""
    for key in fitted(theirs):
        own, wanted = getattr(ours, key), getattr(theirs, key)
        if sparse.issparse(wanted):
            assert type(own) is type(wanted), key
            assert (own.shape, own.dtype) == (wanted.shape, wanted.dtype), key
        else:
            assert type(own) is type(wanted), key
            assert np.shape(own) == np.shape(wanted), key
            assert np.asarray(own).dtype == np.asarray(wanted).dtype, key


def assert_same_values(ours: Any, theirs: Any, X: Any, tol: float) -> None:
    for key in ("coef_", "intercept_"):
        np.testing.assert_allclose(getattr(ours, key), getattr(theirs, key), rtol=tol, atol=tol)
    sparse_coef = ours.sparse_coef_.toarray().reshape(ours.coef_.shape)
    np.testing.assert_array_equal(sparse_coef, ours.coef_)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=tol, atol=tol)


def called(function: Callable) -> tuple[str | None, set[tuple[type, str]]]:
    """Return the error, and what was warned of: the category and the first words."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        error = None
        try:
            function()
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
    first = {(warning.category, str(warning.message)[:90]) for warning in caught}
    return error, {one for one in first if one[0] is not RuntimeWarning}
