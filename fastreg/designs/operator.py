"""Centred, weighted rows of a design as a linear operator, which SciPy's iterative solvers take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse.linalg import LinearOperator

from fastreg.workers import breathe

if TYPE_CHECKING:
    from fastreg.designs.base import Design

BLOCK_BYTES = 1 << 20  # of centred rows at a time


def row_operator(
    design: Design, centre: np.ndarray, row_weights: np.ndarray, scale: np.ndarray
) -> LinearOperator:
    """Return √ω (X − shift − centre) diag(scale) of shape (n, p), whose products are passes over X.

    Sparse X is centred by what its products lack, dense X in blocks that stay in cache, so that
    products round to the spread of a column and not to its mean.

    Parameters
    ----------
    centre : ndarray of shape (p,)
        Relative to the design's shift, as `Problem.centre`.
    row_weights : ndarray of shape (G,)
    scale : ndarray of shape (p,)
        0 leaves a column out.
    """
    root = np.sqrt(design.omega(row_weights))
    mean = design.shift + centre
    products = design.row_products(design.X, mean)

    def forth(v: np.ndarray) -> np.ndarray:
        breathe()
        design.count(1.0)
        return root * products.times(scale * v.ravel())

    def back(u: np.ndarray) -> np.ndarray:
        breathe()
        design.count(1.0)
        return scale * products.transposed_times(root * u.ravel())

    shape = design.n_rows, design.n_features
    return LinearOperator(shape, matvec=forth, rmatvec=back, dtype=np.float64)


class SparseProducts:
    """Products with X − 1 meanᵀ, from those with X."""

    def __init__(self, X: Any, mean: np.ndarray) -> None:
        self.X, self.mean = X, mean

    def times(self, v: np.ndarray) -> np.ndarray:
        return self.X @ v - self.mean @ v

    def transposed_times(self, u: np.ndarray) -> np.ndarray:
        return self.X.T @ u - self.mean * u.sum()


class DenseProducts:
    """The same in double, block of rows by block, whatever the dtype of X."""

    def __init__(self, X: np.ndarray, mean: np.ndarray) -> None:
        self.X, self.mean = X, mean
        height = max(1, BLOCK_BYTES // (8 * max(1, X.shape[1])))
        self.blocks = [slice(i, i + height) for i in range(0, X.shape[0], height)]

    def times(self, v: np.ndarray) -> np.ndarray:
        return np.concatenate([(self.X[rows] - self.mean) @ v for rows in self.blocks])

    def transposed_times(self, u: np.ndarray) -> np.ndarray:
        return sum(u[rows] @ (self.X[rows] - self.mean) for rows in self.blocks)
