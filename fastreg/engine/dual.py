"""Ridge in the space of the rows, for more columns than rows: n × n systems instead of p × p.

The systems are those of `fastreg.engine.systems` on XXᵀ or, where that has lost too much, on a
triangular root of it made from the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from fastreg.designs import Design
from fastreg.engine import orthogonal
from fastreg.engine.panels import MOVED, column_slices, product
from fastreg.engine.problem import Problem
from fastreg.engine.systems import Cholesky, Form, Tridiagonal, choose_system
from fastreg.workers import breathe

MAX_CORRECTIONS = 10
EPS = np.finfo(float).eps
TINY = np.finfo(float).tiny
ALLOWED_ROUNDING = 1e-9  # of eigenvalues, relative to the smallest with alpha added
REDUCTION = 8.0  # ε ‖K‖ that its reduction to tridiagonal form may round by
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
        rows = np.atleast_2d(block)
        for _ in range(2):  # once leaves ε of what it takes off, which may be nearly all there is
            rows = rows - product(product(rows, self.basis), self.basis.T)
        return rows.reshape(block.shape)

    def bands(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield the held columns of Z (not projected), a band at a time."""
        problem, n_rows = self.problem, self.columns.shape[0]
        step = max(MIN_BAND, BAND_BYTES // (8 * max(1, n_rows)))
        for i in range(0, self.held.size, step):
            breathe()
            band = slice(i, i + step)
            columns, _ = self.design.columns(self.held[band], problem.centre, problem.row_weights)
            yield band, columns

    def kernel(self) -> tuple[np.ndarray, float, float]:
        """Return K, an eigenvalue that is given to the span of `basis` and the largest K_ii.

        The eigenvalue is about the average of K's own, so that it stretches the scale of neither
        end; the diagonal is that before the span was projected out.
        """
        matrix = self.design.row_gram(
            self.held, self.problem.centre, self.problem.row_weights, self.inverse
        )
        if not matrix.flags.f_contiguous:
            matrix = matrix.T  # the same, and Fortran-ordered
        top, basis = 1.0, self.basis
        largest = float(np.diagonal(matrix).max(initial=0.0))
        if basis.shape[1]:
            some = column_slices(matrix, len(matrix) * (2.0 * basis.shape[1] + MOVED))
            for _ in range(2):
                for band in some:
                    matrix[:, band] -= basis @ (basis.T @ matrix[:, band])
                inside = product(matrix, basis)
                for band in some:
                    matrix[:, band] -= inside @ basis[band].T
            top = float(np.trace(matrix)) / len(matrix) or 1.0
            for band in some:
                matrix[:, band] += top * basis @ basis[band].T
        return matrix, top, largest

    def root(self) -> np.ndarray:
        """Return a triangular R with RᵀR = K from the rows: forming K squares the condition number.

        The span of `basis` is in its null space.
        """
        return orthogonal.triangular_root(
            self.without(block.T) * np.sqrt(self.inverse[band])[:, None]
            for band, block in self.bands()
        )

    def form(self, alpha: float) -> tuple[Form, float]:
        """Return K as `kernel` does, reduced, and exact enough to add `alpha` to it."""
        matrix, top, largest = self.kernel()
        form = Form(matrix)
        if is_resolved(self.problem, self.held, form, largest, alpha):
            return form, top
        return self.form_of_root(self.root())

    def form_of_root(self, root: np.ndarray) -> tuple[Form, float]:
        """Return the same from R."""
        top = 2.0 * float(np.linalg.norm(root)) or 1.0
        n_rows = self.basis.shape[0]
        tall = np.zeros((max(len(root) + self.basis.shape[1], n_rows), n_rows), order="F")
        tall[: len(root)] = root
        tall[len(root) : len(root) + self.basis.shape[1]] = top * self.basis.T
        return Form(tall, squared=True), top * top


def is_resolved(
    problem: Problem, held: np.ndarray, form: Form, largest: float, alpha: float
) -> bool:
    """Whether the rounding of K, or of G in units of V, is negligible beside λ + α.

    An entry rounds by about ε √(K_ii K_jj) with a sign of its own, which makes a matrix of norm
    ε √(max K_ii tr K) (Bandeira & van Handel 2016, Ann. Probab. 44, 2479-2506), K as it was before
    centring took off the means; the reduction to `form` adds some ε ‖K‖.

    Parameters
    ----------
    largest : float
        Entry of the diagonal.
    """
    size = 1.0 / problem.l2w[held]
    trace, reach = problem.root[held] ** 2 @ size, problem.reach[held] ** 2 @ size
    lost = reach / trace if trace > 0 else 1.0
    rounding = EPS * (REDUCTION * form.largest() + lost * np.sqrt(largest * trace))
    return bool(rounding <= ALLOWED_ROUNDING * (form.smallest() + alpha))


class Dual:
    """Ridge in the space of the rows: (K + α) a = u, b = V⁻¹Zᵀa/Σw.

    With the true residual r = u − Z b, b gains V⁻¹Zᵀδ/Σw and a gains δ = (K + α)⁻¹(r − αa) until
    r = αa. Then the gradient Zᵀr/Σw − αVb is no more than the rounding of the sums that b was
    collected in. Computing b afresh from a would put that rounding, times Z, into r each time.
    """

    def __init__(
        self, design: Design, problem: Problem, l2w: np.ndarray, alphas: np.ndarray
    ) -> None:
        """Take α that are different; only those that are asked for need factors."""
        self.design, self.problem, self.alphas = design, problem, alphas
        self.space = RowSpace(design, problem, l2w)
        self.free_fit = orthogonal.PivotedQR(self.space.columns)

    def solve(self, problem: Problem, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the coefficients (m, p) and, at α = 0, what is left to gain (m,).

        Parameters
        ----------
        problem : Problem
            Its targets.
        number : ndarray of shape (m,), int
            Which α each has; all positive or all 0.
        """
        space, m = self.space, number.size
        u = self.design.targets(problem.task.target, problem.y_centre, problem.row_weights)
        u = np.broadcast_to(u, (m, u.shape[-1]))
        coefs, gains = np.zeros((m, problem.root.size)), np.full(m, np.inf)
        fitted = np.zeros(u.shape)
        if space.held.size:
            self._solve_held(u, number, coefs, fitted, gains)
        if space.free.size:
            for k in range(m):
                coefs[k, space.free], _ = self.free_fit.solve(u[k] - fitted[k])
        return coefs, gains

    @cached_property
    def _system(self) -> Cholesky | Tridiagonal:
        """Of K, for positive α: at 0 it depends on the rank, which K does not tell."""
        kernel, _, _ = self.space.kernel()
        return choose_system(kernel, np.ones(len(kernel)), self.alphas[self.alphas > 0])

    @cached_property
    def _root(self) -> np.ndarray:
        return self.space.root()

    @cached_property
    def _root_system(self) -> Tridiagonal:
        """The same from R with RᵀR = K, which has not lost as much."""
        form, _ = self.space.form_of_root(self._root)
        return Tridiagonal(form, 1.0, self.alphas[self.alphas > 0])

    @cached_property
    def _range(self) -> Range:
        return Range(self._root)

    def _solve_held(
        self,
        u: np.ndarray,
        number: np.ndarray,
        coefs: np.ndarray,
        fitted: np.ndarray,
        gains: np.ndarray,
    ) -> None:
        """Fill in the penalized columns, by the cheapest factor that is good enough."""
        todo, alphas = np.arange(number.size), self.alphas[number]
        if alphas[0] == 0:
            coefs[:], fitted[:], good = self._refine(self._range, u, alphas, number)
            gains[:] = self._range.gains(u - fitted) / self.problem.weight
            todo = todo[~good]
        else:
            at = number - np.count_nonzero(self.alphas == 0)  # among the positive ones
            todo = todo[self._system.usable[at]]
            found = self._refine(self._system, u[todo], alphas[todo], at[todo])
            coefs[todo], fitted[todo], good = found
            todo = np.setdiff1d(np.arange(number.size), todo[good])
            if todo.size:
                found = self._refine(self._root_system, u[todo], alphas[todo], at[todo])
                coefs[todo], fitted[todo], good = found
                todo = todo[~good]
        if todo.size:
            self._gather(u, alphas, todo, coefs, fitted, gains)

    def _refine(
        self,
        system: Cholesky | Tridiagonal | Range,
        u: np.ndarray,
        alphas: np.ndarray,
        which: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return coefficients (m, p), Z b (m, n') and whether r = αa but for rounding, (m,)."""
        space, alpha = self.space, alphas[:, None]
        coefs = np.zeros((which.size, self.problem.root.size))
        fitted = np.zeros(u.shape)
        a, left = np.zeros_like(fitted), space.without(u)
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
            left[todo] = space.without(u[todo] - fitted[todo]) - alpha[todo] * a[todo]
            todo = todo[self._excess(u, left, coefs)[todo] > READY]
        return coefs, fitted, self._excess(u, left, coefs) <= ALLOWED_LEFT

    def _gather(
        self,
        u: np.ndarray,
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
        projected, inside = space.without(rows.T).T * scale, space.without(u[which])
        for k, own in zip(which, inside, strict=True):
            coef, gain = orthogonal.shortest(projected, own, alphas[k])
            coefs[k, space.held], gains[k] = scale * coef, gain / weight
            fitted[k] = rows @ (scale * coef)

    def _excess(self, u: np.ndarray, left: np.ndarray, coefs: np.ndarray) -> np.ndarray:
        """Return ‖left‖ relative to the terms that it is the difference of."""
        size = np.sqrt(self.problem.weight) * (np.abs(coefs) @ self.problem.reach)
        return np.linalg.norm(left, axis=1) / (np.linalg.norm(u, axis=1) + size + TINY)

    def _add(self, delta: np.ndarray, coefs: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Add V⁻¹Zᵀδ/Σw to rows `which` of `coefs`; return their Z b, in the same pass."""
        space = self.space
        fitted = np.zeros_like(delta)
        for band, block in space.bands():
            more = delta @ block
            more *= space.inverse[band]
            if which.size == len(coefs) and space.held.size == coefs.shape[1]:
                coefs[:, band] += more
                fitted += coefs[:, band] @ block.T
                continue
            at = which[:, None], space.held[band]
            more += coefs[at]
            coefs[at] = more
            fitted += more @ block.T
        return fitted


class Range:
    """K⁺ from R with RᵀR = K: on the range of K only, as far as R tells it from noise."""

    def __init__(self, root: np.ndarray) -> None:
        # Rᵀ = Q [S₁ S₂]: K = Q S Sᵀ Qᵀ, and S Sᵀ = FᵀF
        fit = orthogonal.PivotedQR(root.T, scaled=False)
        self.basis, self.factor = fit.q, orthogonal.triangular_root([fit.r.T])

    def solve(self, rhs: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Return the solution for each row of `rhs`."""
        inside = orthogonal.back_substitute(self.factor, (rhs @ self.basis).T, transposed=True)
        return orthogonal.back_substitute(self.factor, inside).T @ self.basis.T

    def gains(self, residuals: np.ndarray) -> np.ndarray:
        """Return half the square of what K could still take of each residual, at α = 0."""
        inside = residuals @ self.basis
        return 0.5 * np.einsum("ki,ki->k", inside, inside)
