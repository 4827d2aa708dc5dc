"""Ridge in the space of the rows, for more columns than rows: n × n systems instead of p × p.

The systems are those of `fastreg.engine.systems` on XXᵀ, or its singular values from the rows where
XXᵀ has lost too much.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fastreg.designs import Design
from fastreg.engine import orthogonal
from fastreg.engine.problem import Problem
from fastreg.engine.systems import Cholesky, Tridiagonal, choose_system

MAX_CORRECTIONS = 10
EPS = np.finfo(float).eps
TINY = np.finfo(float).tiny
ALLOWED_ROUNDING = 1e-10  # of eigenvalues, relative to the smallest with alpha added
READY = 2 * EPS  # what is left of y − Zb − αa, relative to its terms, and nothing but rounding
ALLOWED_LEFT = 50 * EPS  # the same, where the factor in use is not good enough
BAND_BYTES = 1 << 24
MIN_BAND = 16


class RowSpace:
    """K = Z V⁻¹ Zᵀ/Σw in the space of the rows, without what is fitted unpenalized.

    Z is centred and weighted by √w. The unpenalized columns and, with an intercept, √w are
    projected out of it: centred columns are orthogonal to √w but for rounding only.

    Attributes
    ----------
    free, held : ndarray of int
        The unpenalized columns and the others.
    basis : ndarray of shape (n', k)
        Orthonormal; spans what is projected out.
    """

    def __init__(self, design: Design, problem: Problem, l2w: np.ndarray) -> None:
        self.design, self.problem = design, problem
        self.free = problem.cols[l2w[problem.cols] == 0]
        self.held = problem.cols[l2w[problem.cols] > 0]
        self.inverse = 1.0 / (l2w[self.held] * problem.weight)
        self.columns, _ = design.columns(self.free, problem.centre, problem.row_weights)
        omega = design.omega(problem.row_weights)
        root = np.sqrt(omega[omega > 0])[:, None]
        spans = [root, self.columns] if problem.task.fit_intercept else [self.columns]
        self.basis = orthogonal.PivotedQR(np.hstack(spans)).q

    def without(self, block: np.ndarray) -> np.ndarray:
        """Return rows (m, n') or a vector (n',) less their projection on `basis`."""
        for _ in range(2):  # once leaves ε of what it takes off, which may be nearly all there is
            block = block - (block @ self.basis) @ self.basis.T
        return block

    def bands(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield the held columns of Z (not projected), a band at a time."""
        problem, n_rows = self.problem, self.columns.shape[0]
        step = max(MIN_BAND, BAND_BYTES // (8 * max(1, n_rows)))
        for i in range(0, self.held.size, step):
            band = slice(i, i + step)
            columns, _ = self.design.columns(self.held[band], problem.centre, problem.row_weights)
            yield band, columns

    def kernel(self) -> np.ndarray:
        """Return K with an eigenvalue of its own above all others for the span of `basis`."""
        problem = self.problem
        matrix = self.design.row_gram(self.held, problem.centre, problem.row_weights, self.inverse)
        if self.basis.shape[1]:
            matrix = self.without(self.without(matrix).T)
            top = 2.0 * float(np.abs(matrix).sum(axis=1).max()) or 1.0
            matrix = matrix + top * (self.basis @ self.basis.T)
        return np.asfortranarray(matrix)

    def eigen(self, alpha: float) -> tuple[np.ndarray, np.ndarray]:
        """Return eigenvalues and vectors of K outside `basis`, exact enough to add α to them."""
        values, vectors = np.linalg.eigh(self.kernel())
        inside = slice(0, values.size - self.basis.shape[1])
        values, vectors = values[inside], vectors[:, inside]
        if is_resolved(self.problem, self.held, values.min(initial=np.inf), alpha):
            return np.maximum(values, 0.0), vectors
        return self.singular()

    def singular(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the same from the rows themselves: forming K squares the condition number."""
        root = orthogonal.triangular_root(
            self.without(block.T) * np.sqrt(self.inverse[band])[:, None]
            for band, block in self.bands()
        )
        if self.basis.shape[1]:
            top = 2.0 * np.linalg.norm(root) or 1.0
            root = np.vstack([root, top * self.basis.T])
        vectors, singular, _ = np.linalg.svd(root.T)
        values = np.zeros(vectors.shape[0])
        values[: singular.size] = singular**2
        return values[self.basis.shape[1] :], vectors[:, self.basis.shape[1] :]


def is_resolved(problem: Problem, held: np.ndarray, smallest: float, alpha: float) -> bool:
    """Whether the rounding of K, or of G in units of V, is negligible beside λ + α.

    Its norm is about ε times the trace before anything was projected out.
    """
    rounding = EPS * float(np.sum(problem.reach[held] ** 2 / problem.l2w[held]))
    return rounding <= ALLOWED_ROUNDING * (smallest + alpha)


class Dual:
    """Ridge in the space of the rows: (K + α) a = u, b = V⁻¹Zᵀa/Σw.

    With the true residual r = u − Z b, b gains V⁻¹Zᵀδ/Σw and a gains δ = (K + α)⁻¹(r − αa) until
    r = αa. Then the gradient Zᵀr/Σw − αVb is no more than the rounding of the sums that b was
    collected in. Computing b afresh from a would put that rounding, times Z, into r each time.
    """

    def __init__(self, design: Design, problem: Problem, l2w: np.ndarray) -> None:
        self.problem, self.space = problem, RowSpace(design, problem, l2w)
        self.u = design.targets(problem.task.target, problem.y_centre, problem.row_weights)
        self.free_fit = orthogonal.PivotedQR(self.space.columns)

    def solve(self, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the coefficients (m, p) and, at α = 0, what is left to gain (m,).

        The alphas are all positive or all 0.
        """
        space, m = self.space, alphas.size
        coefs, gains = np.zeros((m, self.problem.corr.size)), np.full(m, np.inf)
        fitted = np.zeros((m, self.u.size))
        if space.held.size:
            self._solve_held(alphas, coefs, fitted, gains)
        if space.free.size:
            for k in range(m):
                coefs[k, space.free], _ = self.free_fit.solve(self.u - fitted[k])
        return coefs, gains

    def _solve_held(
        self, alphas: np.ndarray, coefs: np.ndarray, fitted: np.ndarray, gains: np.ndarray
    ) -> None:
        """Fill in the penalized columns, by the cheapest factor that is good enough."""
        space, todo = self.space, np.arange(alphas.size)
        if alphas[0] > 0:  # at 0 it depends on the rank, which K does not tell
            system = choose_system(space.kernel(), np.ones(self.u.size), alphas)
            todo = np.flatnonzero(system.usable)
            coefs[todo], fitted[todo], good = self._refine(system, alphas, todo)
            todo = np.setdiff1d(np.arange(alphas.size), todo[good])
        if todo.size:
            system = Spectral(*space.singular(), alphas)
            coefs[todo], fitted[todo], good = self._refine(system, alphas, todo)
            gains[todo] = system.gains(self.u - fitted[todo], todo) / self.problem.weight
            todo = todo[~good]
        if todo.size:
            self._gather(alphas, todo, coefs, fitted, gains)

    def _refine(
        self, system: Cholesky | Tridiagonal | Spectral, alphas: np.ndarray, which: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return coefficients (m, p), Z b (m, n') and whether r = αa but for rounding, (m,)."""
        problem, space, alpha = self.problem, self.space, alphas[which, None]
        coefs = np.zeros((which.size, problem.corr.size))
        fitted = np.zeros((which.size, self.u.size))
        a, left = np.zeros_like(fitted), np.tile(space.without(self.u), (which.size, 1))
        last, todo = np.full(which.size, np.inf), np.arange(which.size)
        for _ in range(MAX_CORRECTIONS):
            delta = space.without(system.solve(left[todo], which[todo]))
            # neither the length of δ nor that of what is left tells: K + α stretches one into
            # the other, by factors that differ by its condition number
            energy = np.abs(np.einsum("ki,ki->k", left[todo], delta))
            better = energy < 0.25 * last[todo]
            todo, delta = todo[better], delta[better]
            if not todo.size:
                break
            last[todo] = energy[better]
            a[todo] += delta
            fitted[todo] = self._add(delta, coefs, todo)
            left[todo] = space.without(self.u - fitted[todo]) - alpha[todo] * a[todo]
            todo = todo[self._excess(left, coefs)[todo] > READY]
        return coefs, fitted, self._excess(left, coefs) <= ALLOWED_LEFT

    def _gather(
        self,
        alphas: np.ndarray,
        which: np.ndarray,
        coefs: np.ndarray,
        fitted: np.ndarray,
        gains: np.ndarray,
    ) -> None:
        """Fill rows `which` from all of Z at once: where α hardly counts, a = r/α is too large."""
        space, weight = self.space, self.problem.weight
        rows = np.hstack([block for _, block in space.bands()])
        scale = np.sqrt(space.inverse)
        projected, u = space.without(rows.T).T * scale, space.without(self.u)
        for k in which:
            coef, gain = orthogonal.shortest(projected, u, alphas[k])
            coefs[k, space.held], gains[k] = scale * coef, gain / weight
            fitted[k] = rows @ (scale * coef)

    def _excess(self, left: np.ndarray, coefs: np.ndarray) -> np.ndarray:
        """Return ‖left‖ relative to the terms that it is the difference of."""
        size = np.sqrt(self.problem.weight) * (np.abs(coefs) @ self.problem.reach)
        return np.linalg.norm(left, axis=1) / (np.linalg.norm(self.u) + size + TINY)

    def _add(self, delta: np.ndarray, coefs: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Add V⁻¹Zᵀδ/Σw to rows `which` of `coefs`; return their Z b, in the same pass."""
        space = self.space
        fitted = np.zeros_like(delta)
        for band, block in space.bands():
            at = np.ix_(which, space.held[band])
            coefs[at] += (delta @ block) * space.inverse[band]
            fitted += coefs[at] @ block.T
        return fitted


class Spectral:
    """(K + α_k)⁻¹ from eigenvalues and vectors, on the range of K where α_k does not fill it up."""

    def __init__(self, values: np.ndarray, vectors: np.ndarray, alphas: np.ndarray) -> None:
        self.vectors = vectors
        total = values + alphas[:, None]
        # a singular value is known to n ε of the largest, and the values are their squares
        self.known = total > values.max(initial=0.0) * (len(vectors) * EPS) ** 2
        self.inverse = np.divide(1.0, total, out=np.zeros_like(total), where=self.known)

    def solve(self, rhs: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Return the solution for each row of `rhs`, row i belonging to α number which[i]."""
        return ((rhs @ self.vectors) * self.inverse[which]) @ self.vectors.T

    def gains(self, residuals: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Return half the square of what K could still take of each residual, at α = 0."""
        inside = (residuals @ self.vectors) * self.known[which]
        return 0.5 * np.einsum("ki,ki->k", inside, inside)
