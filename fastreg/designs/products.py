"""Cross-products of dense columns: by the package's own kernel, or by BLAS where that is faster.

The kernel packs columns from where they lie, shifts, weights and converts them on the way, and uses
the vector instructions it finds. Where it finds none, blocks of rows are copied and left to BLAS.
"""

from __future__ import annotations

import numpy as np

from fastreg.blas import blas_threads
from fastreg.kernels import products
from fastreg.workers import is_worker

FLOPS_A_THREAD = 2e8  # fewer multiplications are over before a thread has started


def product_threads(flops: float) -> int:
    """Return how many threads share a product of so many multiplications: at most BLAS's number."""
    if flops < 2 * FLOPS_A_THREAD or is_worker() or not products.is_fast():
        return 1
    return min(blas_threads(), int(flops / FLOPS_A_THREAD))


def triangle_bounds(n: int, parts: int) -> list[int]:
    """Return where to cut the rows of a lower triangle into parts of about the same area.

    Multiples of eight but for the last: the kernel packs eight columns together.
    """
    if parts == 1:
        return [0, n]
    cuts = [int(n * np.sqrt(part / parts)) // 8 * 8 for part in range(1, parts)]
    return sorted({0, *cuts, n})


def add_products(
    X: np.ndarray,
    rows: slice | np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    shift: np.ndarray,
    weight: np.ndarray | None,
    out: np.ndarray,
    diagonal: int,
) -> None:
    """Add Σ w (x_left − shift)(x_right − shift)ᵀ over some rows of X to `out`.

    Parameters
    ----------
    left, right : ndarray of int
        Column numbers.
    weight : ndarray or None
        Of the rows chosen.
    out : ndarray of shape (len(left), len(right)), rows contiguous
    diagonal : int
        Row i is needed up to column diagonal + i only.
    """
    if products.is_fast():
        workspace = np.empty(products.workspace_size(left.size, right.size))
        X, picked = _picked(X, rows)
        products.add_products(X, picked, left, right, shift, weight, out, workspace, diagonal)
        return
    z = X[rows][:, left].astype(float) - shift[left]
    if weight is not None:
        z *= weight[:, None]
    out += z.T @ (X[rows][:, right].astype(float) - shift[right])


def add_moments(
    X: np.ndarray,
    rows: slice | np.ndarray,
    shift: np.ndarray,
    root: np.ndarray | None,
    others: np.ndarray,
    first: int,
    lower: np.ndarray,
    beside: np.ndarray,
) -> None:
    """Add to ZᵀZ and UᵀZ, Z = diag(root)(X − shift) for some rows of X and U = `others`.

    Parameters
    ----------
    lower : ndarray of shape (m, p)
        Rows `first` to first + m of ZᵀZ; valid up to the diagonal.
    beside : ndarray of shape (e, p) or (0, p)
        UᵀZ where asked, with the last rows of `lower` only.
    """
    if products.is_fast():
        X, picked = _picked(X, rows)
        workspace = np.empty(products.workspace_size(first + len(lower), len(beside)))
        products.add_moments(X, picked, shift, root, others, first, lower, beside, workspace)
        return
    z = X[rows] - shift
    if root is not None:
        z *= root[:, None]
    lower += z[:, first : first + len(lower)].T @ z
    if len(beside):
        beside += others.T @ z


def add_beside(
    X: np.ndarray, rows: slice, shift: np.ndarray, others: np.ndarray, out: np.ndarray
) -> None:
    """Add Uᵀ(X − shift) over some rows of X to `out` (e, p), U = `others` (rows, e)."""
    workspace = np.empty(products.workspace_size(X.shape[1], len(out)))
    products.add_beside(X[rows], None, shift, others, out, workspace)


def _picked(X: np.ndarray, rows: slice | np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    return (X[rows], None) if isinstance(rows, slice) else (X, rows)
