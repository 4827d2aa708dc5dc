"""How X is held. `make_design` is the one place where kinds of input are told apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse, sparray, spmatrix
from sklearn.utils.validation import _check_sample_weight, check_array, check_consistent_length

from fastreg.designs.base import Design, Evaluation
from fastreg.designs.dense import DenseDesign
from fastreg.designs.held import ColumnDesign, HeldDesign
from fastreg.designs.sparse import SparseDesign
from fastreg.moments import Moments

__all__ = ["ColumnDesign", "Design", "Evaluation", "make_design"]


def make_design(
    X: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    groups: Any = None,
    check_input: bool = True,
) -> Design:
    """Wrap X, y and weights in the design that fits their kind.

    Parameters
    ----------
    X : array-like, sparse matrix, DataFrame, Moments or list of Moments
        Of shape (n, p). A list of Moments is one a row group.
    y : array-like of shape (n,) or (n, T)
        Not needed with Moments.
    sample_weight : array-like of shape (n,), optional
    groups : array-like of shape (n,), int, optional
        Row group of each row, 0 … G−1.
    check_input : bool
        False where X, y and the weights have been validated already.

    Raises
    ------
    ValueError
        NaN or infinity, shapes that do not match, no rows, negative or all-zero weights.
    """
    if isinstance(X, Moments):
        return HeldDesign([X])
    if isinstance(X, list) and X and all(isinstance(part, Moments) for part in X):
        return HeldDesign(X)
    if check_input:
        X, y, sample_weight = check_arrays(X, y, sample_weight)
    y = y.reshape(X.shape[0], -1)
    if y.dtype != np.float64:
        y = y.astype(float)
    codes, n_groups = _check_groups(groups, X.shape[0])
    if issparse(X):
        return SparseDesign(_canonical(X), y, sample_weight, codes, n_groups)
    return DenseDesign(X, y, sample_weight, codes, n_groups)


def check_arrays(X: Any, y: Any, sample_weight: Any) -> tuple[Any, np.ndarray, np.ndarray | None]:
    """Return X as a float array or CSR or CSC matrix, y and the weights as float64.

    Raises
    ------
    ValueError
        What `make_design` raises of them.
    """
    X = check_array(
        X,
        accept_sparse=("csr", "csc"),
        accept_large_sparse=True,
        dtype=(np.float64, np.float32),
        input_name="X",
    )
    if y is None:
        raise ValueError("y is needed unless X is a Moments")
    y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    check_consistent_length(X, y)
    return X, y, check_weights(sample_weight, X)


def check_weights(sample_weight: Any, X: Any) -> np.ndarray | None:
    """Return weights as float64 of shape (n,), or None.

    Raises
    ------
    ValueError
        Wrong shape, NaN or infinity, a negative weight, or all weights zero.
    """
    if sample_weight is None:
        return None
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not np.any(weight):
        raise ValueError("sample_weight is zero for every row: nothing to fit")
    return weight


def _check_groups(groups: Any, n_rows: int) -> tuple[np.ndarray | None, int]:
    if groups is None:
        return None, 1
    codes = np.asarray(groups)
    if codes.shape != (n_rows,) or not np.issubdtype(codes.dtype, np.integer):
        raise ValueError(f"groups must be integers of shape ({n_rows},), got {codes.shape}")
    if codes.min() < 0:
        raise ValueError("groups must be numbered from 0")
    n_groups = int(codes.max()) + 1
    return (codes.astype(np.intp, copy=False), n_groups) if n_groups > 1 else (None, 1)


def _canonical(X: sparray | spmatrix) -> sparray | spmatrix:
    """Return X as float64 CSR or CSC with sorted indices and no duplicates."""
    if X.format not in ("csr", "csc"):
        X = X.tocsc()
    if X.dtype != np.float64:
        X = X.astype(np.float64)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X
