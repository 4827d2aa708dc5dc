"""Ridge systems (G + αV) b = q for many α and right-hand sides, of columns or of rows.

A Cholesky factor for each of a few α, one tridiagonal form for many.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal

from fastreg.blas import one_blas_thread
from fastreg.engine import panels
from fastreg.kernels import ridge as kernel

FEW_ALPHAS = 8  # up to here a Cholesky factor each is cheaper than the tridiagonal form
SMALLEST_RCOND = 1e-13  # of the scaled matrix: below, corrections from the residual may diverge
BLOCK = 256  # vectors whose quadratic forms are taken at once


class Cholesky:
    """(G + α_k V)⁻¹ for a few α_k, a factor each, scaled to a unit diagonal."""

    def __init__(self, gram: np.ndarray, ridge: np.ndarray, alphas: np.ndarray) -> None:
        self.factors, rcond = [], []
        for alpha in alphas:
            low, scale, found = panels.cholesky(gram, alpha * ridge)
            self.factors.append((low, scale))
            rcond.append(found)
        self.usable = np.array(rcond) >= SMALLEST_RCOND

    def solve(self, rhs: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Return the solution for each row of `rhs`, row i belonging to α number which[i]."""
        out = np.array(rhs, order="C")
        with one_blas_thread(out.shape[1]):
            if np.all(which == which[:1]) and self.usable[which[:1]].all():
                for few in panels.column_slices(out.T, 2.0 * out.shape[1] ** 2):
                    kernel.cholesky_solve(*self.factors[which[0]], out[few].T)
                return out
            for k in np.unique(which):
                at = np.flatnonzero(which == k)
                for few in panels.column_slices(at[None, :], 2.0 * out.shape[1] ** 2):
                    block = out[at[few]].T
                    if self.usable[k]:
                        kernel.cholesky_solve(*self.factors[k], block)
                    out[at[few]] = block.T
        return out


class Form:
    """A = Q T Qᵀ with a tridiagonal T, or with T = BᵀB, which never is formed.

    Attributes
    ----------
    diag, off : ndarray of shape (p,)
        Of T or, if `squared`, of the upper bidiagonal B; the last of `off` is of no use.
    squared : bool
    """

    def __init__(self, matrix: np.ndarray, squared: bool = False) -> None:
        """Reduce `matrix`, which is overwritten.

        It is A, of shape (p, p), or, if `squared`, R with A = RᵀR, of shape (n, p), n ≥ p.
        """
        self.squared = squared
        if squared:
            self.diag, self.off, self.tau, self.reflectors = panels.bidiagonalize(matrix)
        else:
            self.reflectors = matrix
            self.diag, self.off, self.tau = panels.tridiagonalize(matrix)

    @property
    def q(self) -> np.ndarray:
        """Q, made anew, shape (p, p), Fortran-ordered."""
        return panels.make_q(self.reflectors, self.tau, self.diag.size)

    def largest(self) -> float:
        """Return the largest eigenvalue of T within a factor 3 (Gershgorin)."""
        return float(np.max(self.diag + 2.0 * np.abs(self.off), initial=0.0))

    def smallest(self) -> float:
        """Return the smallest eigenvalue; infinity where there is none."""
        p = self.diag.size
        if p == 0:
            return np.inf
        if not self.squared:
            return float(_eigenvalue(self.diag, self.off[: p - 1], 0))
        # those of a matrix with B and Bᵀ beside the diagonal are ± the singular values of B
        off = np.column_stack([self.diag, self.off]).ravel()[: 2 * p - 1]
        return float(_eigenvalue(np.zeros(2 * p), off, p)) ** 2

    def invert(self, block: np.ndarray, alphas: np.ndarray) -> np.ndarray:
        """Return (T + α_k)⁻¹ block[:, k] side by side; 0 where α_k is infinite."""
        out, work = np.array(block, order="F"), np.empty(2 * len(block))
        kernel.solve_tridiagonal(self.diag, self.off, alphas, out, work, self.squared)
        return out

    def solve(self, block: np.ndarray, alphas: np.ndarray) -> np.ndarray:
        """Return (A + α_k)⁻¹ block[:, k] side by side; 0 where α_k is infinite."""
        return self.outward(self.invert(self.inward(block), alphas))

    def inward(self, block: np.ndarray) -> np.ndarray:
        """Return Qᵀ block."""
        out = np.array(block, order="F")
        panels.apply_q(self.reflectors, self.tau, out, True)
        return out

    def outward(self, block: np.ndarray) -> np.ndarray:
        """Return Q block, which is overwritten."""
        panels.apply_q(self.reflectors, self.tau, block, False)
        return block

    def forms(self, vectors: np.ndarray, alphas: np.ndarray) -> np.ndarray:
        """Return xᵀ(T + α_k)⁻¹x for vectors x (p, n) side by side, shape (n, m)."""
        p, n = vectors.shape
        out, work = np.empty((n, alphas.size)), np.empty(2 * p)
        for i in range(0, n, BLOCK):
            some = np.ascontiguousarray(vectors[:, i : i + BLOCK])
            found = np.empty((alphas.size, some.shape[1]))
            kernel.quadratic_forms(self.diag, self.off, alphas, some, found, work, self.squared)
            out[i : i + BLOCK] = found.T
        return out

    def inverse_diagonal(self, alphas: np.ndarray) -> np.ndarray:
        """Return the diagonals of (A + α_k)⁻¹, shape (p, m)."""
        return self.forms(self.q.T, alphas)


def _eigenvalue(diag: np.ndarray, off: np.ndarray, index: int) -> float:
    if diag.size == 1:
        return diag[0]
    return eigvalsh_tridiagonal(diag, off, select="i", select_range=(index, index))[0]


class Tridiagonal:
    """(G + α_k V)⁻¹ for many α_k from one form of V^(−1/2) G V^(−1/2)."""

    def __init__(self, form: Form, root: np.ndarray | float, alphas: np.ndarray) -> None:
        """Take the form, and V^(−1/2) as its diagonal."""
        self.form, self.root, self.alphas = form, root, alphas
        if form.squared:
            self.usable = alphas > 0
        else:
            self.usable = alphas > SMALLEST_RCOND * form.largest()

    def solve(self, rhs: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Return the solution for each row of `rhs`, row i belonging to α number which[i]."""
        alphas = np.where(self.usable, self.alphas, np.inf)[which]
        return self.form.solve((rhs * self.root).T, alphas).T * self.root


def choose_system(
    gram: np.ndarray, ridge: np.ndarray, alphas: np.ndarray
) -> Cholesky | Tridiagonal:
    """Return the cheaper system: p³/3 flops an α against 4 p³/3 (half of them BLAS 2) once."""
    if alphas.size <= FEW_ALPHAS or not np.all(ridge > 0):
        return Cholesky(gram, ridge, alphas)
    root = 1.0 / np.sqrt(ridge)
    return Tridiagonal(Form(panels.scale_both(gram.T, root)), root, alphas)
