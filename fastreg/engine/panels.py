"""Factorizations and products of large matrices in steps of about a tenth of a second.

Ctrl-C is seen between calls into LAPACK, and one that factors a matrix of a few thousand columns
takes many seconds: what is called here does some columns each time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import lapack

from fastreg.blas import one_blas_thread
from fastreg.kernels import orthogonal, ridge
from fastreg.workers import breathe

STEP_FLOPS = 2e9  # of products of matrices in one call
STEP_ENTRIES = 2e8  # that products of a matrix with a vector read in one call, at memory speed
MOVED = 500.0  # flops in the time of moving an entry to memory that is new
PANEL = 32  # columns that are factored before the others are updated
REFLECTORS = 128  # that are applied in one call


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a @ b, some columns of b at a time."""
    slices = column_slices(b, 2.0 * a.size)
    if len(slices) == 1:
        return a @ b
    out = np.empty((a.shape[0], b.shape[1]))
    for some in slices:
        breathe()
        out[:, some] = a @ b[:, some]
    return out


def column_slices(block: np.ndarray, flops: float) -> list[slice]:
    """Return slices of the columns of a block that make a step each, at so many flops a column."""
    width = max(16, int(STEP_FLOPS / (flops + 1.0)))
    return [slice(j, j + width) for j in range(0, block.shape[1], width)]


def scale_both(matrix: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return D A D for a symmetric A, D = diag(scale); Fortran-ordered."""
    out = np.empty(matrix.shape, order="F")
    for some in column_slices(matrix, MOVED * len(matrix)):
        out[:, some] = matrix[some].T * np.multiply.outer(scale, scale[some])
    return out


def column_norms(matrix: np.ndarray) -> np.ndarray:
    """Return the lengths of the columns."""
    out = np.empty(matrix.shape[1])
    for some in column_slices(matrix, MOVED * len(matrix)):
        out[some] = np.sqrt(np.einsum("ij,ij->j", matrix[:, some], matrix[:, some]))
    return out


def stack(blocks: Sequence[np.ndarray]) -> np.ndarray:
    """Return the blocks one below the other, Fortran-ordered."""
    out, first = np.empty((sum(map(len, blocks)), blocks[0].shape[1]), order="F"), 0
    for block in blocks:
        for some in column_slices(block, MOVED * len(block)):
            breathe()
            out[first : first + len(block), some] = block[:, some]
        first += len(block)
    return out


def upper_triangle(matrix: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the first rows on and above the diagonal, zeros below it; Fortran-ordered."""
    out = np.zeros((n_rows, matrix.shape[1]), order="F")
    for j in range(matrix.shape[1]):
        out[: j + 1, j] = matrix[: min(j + 1, n_rows), j]
    return out


def _width(entries: float) -> int:
    """Return how many columns make a step if factoring each reads so many entries."""
    width = max(4, int(STEP_ENTRIES / (entries + 1.0)))
    return width if width < PANEL else width - width % PANEL


def cholesky(gram: np.ndarray, ridge_diagonal: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Factor D (G + diag(ridge)) D = L Lᵀ, D scaling to a unit diagonal.

    Returns
    -------
    low : ndarray of shape (p, p), Fortran-ordered
    scale : ndarray of shape (p,)
        The diagonal of D.
    rcond : float
        Of the scaled matrix, 0 where it is not positive definite.
    """
    p = len(gram)
    low, scale, rcond = np.empty((p, p), order="F"), np.empty(p), 1.0
    work, iwork = np.empty(3 * p), np.empty(p, np.intc)
    with one_blas_thread(p):
        for some in column_slices(low, 0.5 * p * p):
            breathe()
            rcond = ridge.cholesky_factor(
                gram, ridge_diagonal, low, scale, work, iwork, some.start, min(some.stop, p)
            )
            if rcond == 0:
                break
    return low, scale, rcond


def tridiagonalize(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reduce to T = Qᵀ A Q, in place.

    Parameters
    ----------
    matrix : ndarray of shape (p, p), Fortran-ordered
        Holds the reflectors of Q afterwards.

    Returns
    -------
    diag, off, tau : ndarray of shape (p,)
    """
    p = len(matrix)
    diag, off, tau, work = np.empty(p), np.zeros(p), np.zeros(p), np.empty(PANEL * p)
    first, width = 0, _width(0.5 * p * p)
    with one_blas_thread(p):
        while p:
            breathe()
            first = ridge.tridiagonalize(matrix, diag, off, tau, work, first, width)
            if first == 0:
                break
    return diag, off, tau


def eigh(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues and vectors, side by side; for a few thousand columns at most.

    The vectors of the tridiagonal form are one call: half a second for 2000 columns.

    Parameters
    ----------
    matrix : ndarray of shape (p, p), Fortran-ordered
        Overwritten.

    Raises
    ------
    LinAlgError
        NaN or infinity in the matrix.
    """
    p = len(matrix)
    if p == 0:
        return np.empty(0), np.empty((0, 0))
    diag, off, tau = tridiagonalize(matrix)
    if not np.all(np.isfinite(diag)):
        raise np.linalg.LinAlgError("Eigenvalues did not converge")
    with one_blas_thread(p):
        solve = getattr(lapack, "dstevd", lapack.dstev)  # SciPy has the faster one since 1.16
        values, vectors, info = solve(diag, off[: max(1, p - 1)])
    if info != 0:
        raise np.linalg.LinAlgError("Eigenvalues did not converge")
    apply_q(matrix, tau, vectors, False)
    return values, vectors


def bidiagonalize(
    matrix: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Reduce to the upper bidiagonal B = Uᵀ A P, so that AᵀA = P BᵀB Pᵀ.

    Parameters
    ----------
    matrix : ndarray of shape (n, p), n ≥ p, Fortran-ordered
        Overwritten.

    Returns
    -------
    diag, off, tau : ndarray of shape (p,)
    reflectors : ndarray of shape (p, p), Fortran-ordered
        Of P, as `tridiagonalize` leaves those of Q.
    """
    n, p = matrix.shape
    diag, off, tau, other = np.empty(p), np.zeros(p), np.zeros(p), np.empty(p)
    first, width = 0, min(PANEL, _width(2.0 * matrix.size))
    work = np.empty(width * (n + p) + n)
    with one_blas_thread(p):
        while first < p:
            breathe()
            first = orthogonal.bidiagonalize(matrix, diag, off, other, tau, work, first, width)
    return diag, off, tau, np.asfortranarray(matrix[:p].T)


def qr(matrix: np.ndarray) -> np.ndarray:
    """Factor into Q R, in place; return tau, shape (min(n, p),)."""
    n, p = matrix.shape
    tau, work = np.empty(min(n, p)), np.empty(PANEL)
    with one_blas_thread(p):
        for first in range(0, tau.size, PANEL):
            last = min(first + PANEL, tau.size)
            orthogonal.reflect_columns(matrix, tau, work, first, last)
            _reflect(matrix, tau, matrix[:, last:], True, first, last, 0)
    return tau


def pivoted_qr(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factor its columns, in the order in which they add most, into Q R, in place.

    Returns
    -------
    pivot : ndarray of shape (p,), int
        The order.
    tau : ndarray of shape (min(n, p),)
    """
    p = matrix.shape[1]
    tau, pivot = np.empty(min(matrix.shape)), np.arange(p, dtype=np.intc)
    norms = np.asfortranarray(np.tile(column_norms(matrix)[:, None], 2))
    first, width = 0, min(PANEL, _width(matrix.size))
    work = np.empty(p * (width + 1) + width)
    with one_blas_thread(p):
        while first < tau.size:
            breathe()
            first = orthogonal.pivot_columns(matrix, pivot, tau, norms, work, first, width)
    return pivot, tau


def apply_q(
    reflectors: np.ndarray, tau: np.ndarray, block: np.ndarray, transposed: bool, below: int = 1
) -> None:
    """Put Q block, or Qᵀ block, in place of the block.

    Parameters
    ----------
    block : ndarray of shape (p, k), Fortran-ordered
    below : int
        1 for the reflectors of `tridiagonalize` and `bidiagonalize`, 0 for those of a QR.
    """
    with one_blas_thread(len(block)):
        for first, last in _panels(len(reflectors) - below, tau, transposed):
            _reflect(reflectors, tau, block, transposed, first, last, below)


def make_q(reflectors: np.ndarray, tau: np.ndarray, size: int, below: int = 1) -> np.ndarray:
    """Return the first `size` columns of Q, Fortran-ordered."""
    out = np.zeros((len(reflectors), size), order="F")
    np.fill_diagonal(out, 1.0)
    with one_blas_thread(len(out)):
        for first, last in _panels(len(reflectors) - below, tau, False):
            # the columns before are still zero where these reflectors act
            _reflect(reflectors, tau, out[:, first + below :], False, first, last, below)
    return out


def _panels(most: int, tau: np.ndarray, forward: bool) -> list[tuple[int, int]]:
    total = min(most, tau.size)
    found = [(i, min(i + REFLECTORS, total)) for i in range(0, total, REFLECTORS)]
    return found if forward else found[::-1]


def _reflect(
    reflectors: np.ndarray,
    tau: np.ndarray,
    block: np.ndarray,
    transposed: bool,
    first: int,
    last: int,
    below: int,
) -> None:
    """Apply reflectors first … last − 1, some columns of the block at a time."""
    for some in column_slices(block, 4.0 * len(block) * (last - first)):
        breathe()
        part = block[:, some]
        work = np.empty(PANEL * (PANEL + part.shape[1]))
        ridge.apply_q(reflectors, tau, part, work, transposed, first, last, below)
