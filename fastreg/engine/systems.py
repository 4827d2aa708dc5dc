"""Ridge systems (G + αV) b = q for many α and right-hand sides, of columns or of rows.

A Cholesky factor for each of a few α, one tridiagonal form for many.
"""

from __future__ import annotations

import numpy as np

from fastreg.engine.threads import one_blas_thread
from fastreg.kernels import ridge as kernel

FEW_ALPHAS = 8  # up to here a Cholesky factor each is cheaper than the tridiagonal form
SMALLEST_RCOND = 1e-13  # of the scaled matrix: below, corrections from the residual may diverge


class Cholesky:
    """(G + α_k V)⁻¹ for a few α_k, a factor each, scaled to a unit diagonal."""

    def __init__(self, gram: np.ndarray, ridge: np.ndarray, alphas: np.ndarray) -> None:
        p = ridge.size
        work, iwork = np.empty(3 * p), np.empty(p, np.intc)
        self.factors = [(np.empty((p, p), order="F"), np.empty(p)) for _ in alphas]
        with one_blas_thread(p):
            rcond = [
                kernel.cholesky_factor(gram, alpha * ridge, low, scale, work, iwork)
                for alpha, (low, scale) in zip(alphas, self.factors, strict=True)
            ]
        self.usable = np.array(rcond) >= SMALLEST_RCOND

    def solve(self, rhs: np.ndarray, which: np.ndarray | None = None) -> np.ndarray:
        """Return the solution for each row of `rhs`, row i belonging to α number which[i]."""
        out = np.array(rhs)
        with one_blas_thread(out.shape[1]):
            for i, k in enumerate(range(len(self.factors)) if which is None else which):
                if self.usable[k]:
                    kernel.cholesky_solve(*self.factors[k], out[i : i + 1].T)
        return out


class Tridiagonal:
    """(G + α_k V)⁻¹ for many α_k from one form T = Qᵀ V^(−1/2) G V^(−1/2) Q."""

    def __init__(self, gram: np.ndarray, ridge: np.ndarray, alphas: np.ndarray) -> None:
        p = ridge.size
        self.alphas, self.root = alphas, 1.0 / np.sqrt(ridge)
        self.reflectors = np.asfortranarray(gram * np.multiply.outer(self.root, self.root))
        self.diag, self.off, self.tau = np.empty(p), np.zeros(p), np.zeros(p)
        with one_blas_thread(p):
            kernel.tridiagonalize(self.reflectors, self.diag, self.off, self.tau, np.empty(64 * p))
        largest = np.max(self.diag + 2.0 * np.abs(self.off))  # within a factor 3 (Gershgorin)
        self.usable = alphas > SMALLEST_RCOND * largest

    def solve(self, rhs: np.ndarray, which: np.ndarray | None = None) -> np.ndarray:
        """Return the solution for each row of `rhs`, row i belonging to α number which[i]."""
        alphas = self.alphas if which is None else self.alphas[which]
        usable = self.usable if which is None else self.usable[which]
        block = np.asfortranarray((rhs * self.root).T)
        work, strengths = np.empty(64 * max(block.shape)), np.where(usable, alphas, np.inf)
        with one_blas_thread(block.shape[0]):
            kernel.apply_q(self.reflectors, self.tau, block, work, True)
            kernel.solve_tridiagonal(
                self.diag, self.off, strengths, block, np.empty(2 * len(block))
            )
            kernel.apply_q(self.reflectors, self.tau, block, work, False)
        return block.T * self.root


def choose_system(
    gram: np.ndarray, ridge: np.ndarray, alphas: np.ndarray
) -> Cholesky | Tridiagonal:
    """Return the cheaper system: p³/3 flops an α against 4 p³/3 (half of them BLAS 2) once."""
    many = alphas.size > FEW_ALPHAS and bool(np.all(ridge > 0))
    return (Tridiagonal if many else Cholesky)(gram, ridge, alphas)
