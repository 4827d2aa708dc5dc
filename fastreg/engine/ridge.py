"""Ridge: problems without an L1 term or bounds, solved exactly for all α at once.

Primal (p × p moments held): Cholesky on the column-scaled G for a few α, one tridiagonal form for
many, refined from the residual until that stops helping. Dual (more columns than rows): the same
systems on XXᵀ, or its singular values from the rows where XXᵀ has lost too much. Where a factor is
of no use, `fastreg.engine.orthogonal` takes over.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fastreg.designs import Design
from fastreg.engine import orthogonal
from fastreg.engine.answer import Answer
from fastreg.engine.certificate import certify
from fastreg.engine.problem import Problem
from fastreg.engine.tasks import Settings
from fastreg.engine.threads import one_blas_thread
from fastreg.kernels import ridge as kernel

FEW_ALPHAS = 8  # up to here a Cholesky factor each is cheaper than the tridiagonal form
SMALLEST_RCOND = 1e-13  # of the scaled matrix: below, corrections from the residual may diverge
NEGLIGIBLE = 1e-9  # a relative correction whose square is below rounding
MAX_CORRECTIONS = 10
EPS = np.finfo(float).eps
TINY = np.finfo(float).tiny
GRADIENT_ROUNDING = 16 * EPS  # of the sums that a gradient is the difference of
ALLOWED_ROUNDING = 1e-10  # of eigenvalues, relative to the smallest with alpha added
READY = 2 * EPS  # what is left of y − Zb − αa, relative to its terms, and nothing but rounding
ALLOWED_LEFT = 50 * EPS  # the same, where the factor in use is not good enough
BAND_BYTES = 1 << 24
MIN_BAND = 16


class RidgePath:
    """One ridge task over its list of α.

    Attributes
    ----------
    ill_conditioned : bool
        After `solve`: whether some α had to go to the orthogonal fallback.
    from_moments : ndarray of shape (m,), bool
        After `solve`: which certificates rest on the moments and not on the true residual.
    """

    def __init__(self, design: Design, problem: Problem, settings: Settings) -> None:
        self.design, self.problem = design, problem
        self.ill_conditioned = False
        self.cols = problem.cols
        self.ridge = problem.l2w[self.cols]
        self.from_rows = design.has_rows and (problem.task.verify or not problem.moments.has_cross)

    def solve(self, alphas: np.ndarray) -> Answer:
        """Solve for all α at once."""
        problem, m = self.problem, alphas.size
        coefs, gains = np.zeros((m, problem.corr.size)), np.full(m, np.inf)
        if not self.cols.size:
            corrs, rr = self._residual(coefs)
        elif problem.moments.has_cross:
            corrs, rr = self._primal(alphas, coefs, gains)
        else:
            self._dual(alphas, coefs, gains)
            corrs, rr = self._residual(coefs)
        self.from_moments = np.full(m, not self.from_rows)
        found = certify(problem, alphas, coefs, corrs, rr, self._rows)
        # At α = 0 nothing has a finite conjugate; P − P* = gᵀG⁻¹g/2 is what one more correction
        # would gain, and never more than ‖r‖²/2.
        zero = alphas == 0
        found.gap[zero] = np.minimum(gains, 0.5 * rr)[zero]
        rounded = self._is_rounding(alphas, coefs, corrs)
        found.floor[rounded] = np.maximum(found.floor, found.gap)[rounded]
        n_iter = np.ones(m, dtype=np.intp)
        return Answer(coefs, rr, found, n_iter, self.from_moments, self.ill_conditioned)

    def _rows(self, cols: np.ndarray) -> np.ndarray:
        return self.problem.gram_rows(self.design, cols)

    def _is_rounding(self, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray) -> np.ndarray:
        """Return where every column's gradient is no more than rounding: so is the gap then.

        g_j adds g_j²/(2 α v_j) to it, or, unpenalized, g_j² over an eigenvalue of G that may be as
        small: no bound in terms of ε and the size of the fit alone covers that.
        """
        problem, cols = self.problem, self.cols
        size = np.sqrt(problem.yy) + np.abs(coefs) @ problem.reach
        gradient = corrs[:, cols] - alphas[:, None] * self.ridge * coefs[:, cols]
        rounding = GRADIENT_ROUNDING * np.outer(size, problem.reach[cols])
        return np.all(np.abs(gradient) <= rounding, axis=1)

    def _residual(self, coefs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return Xᵀr/Σw and ‖r‖²/Σw, from the rows where the task asks for it."""
        problem = self.problem
        if self.from_rows:
            return problem.evaluate(self.design, coefs)
        corrs = problem.corr - coefs @ problem.gram
        rr = problem.yy - np.einsum("kj,kj->k", coefs, problem.corr + corrs)
        return corrs, np.maximum(rr, 0.0)

    def _dual(self, alphas: np.ndarray, coefs: np.ndarray, gains: np.ndarray) -> None:
        """Fill `coefs` and `gains` in the space of the rows.

        At α = 0 the penalty's weights say nothing: of all solutions it is the shortest.
        """
        l2w = self.problem.l2w
        for which, weights in ((alphas > 0, l2w), (alphas == 0, np.ones_like(l2w))):
            if which.any():
                dual = Dual(self.design, self.problem, weights)
                coefs[which], gains[which] = dual.solve(alphas[which])

    def _primal(
        self, alphas: np.ndarray, coefs: np.ndarray, gains: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Fill `coefs` and `gains`; return the final correlations and ‖r‖²/Σw.

        b += (G + αV)⁻¹ g with the gradient g from the true residual costs the squared condition
        number of G no digits (on Longley 10.9 become 13.8). The last correction is so small that
        c − Gδ and ‖r‖² − δᵀ(c + c') lose nothing: no pass over X for them.
        """
        problem, cols = self.problem, self.cols
        whole = cols.size == problem.corr.size
        gram = problem.gram if whole else problem.gram[np.ix_(cols, cols)]
        system = problem.shared_system(lambda: choose_system(gram.T, self.ridge, alphas))
        size = problem.root[cols]
        noise = EPS * (np.sqrt(problem.yy) + abs(problem.moments.y_mean[problem.task.target]))
        coefs[:, cols] = system.solve(np.tile(problem.corr[cols], (alphas.size, 1)))
        last, todo = np.full(alphas.size, np.inf), np.flatnonzero(system.usable)
        failed = ~system.usable
        corrs, rr = np.empty_like(coefs), np.empty(alphas.size)
        for _ in range(MAX_CORRECTIONS):
            if not todo.size:
                break
            corrs[todo], rr[todo] = self._residual(coefs[todo])
            here = coefs[np.ix_(todo, cols)]
            gradient = corrs[np.ix_(todo, cols)] - np.outer(alphas[todo], self.ridge) * here
            delta = system.solve(gradient, todo)
            gains[todo] = 0.5 * np.abs(np.einsum("kj,kj->k", gradient, delta))
            step, length = np.abs(delta) @ size, np.abs(here) @ size
            stalled = ~(step <= 0.5 * last[todo])
            failed[todo[stalled & ~(step <= np.maximum(1e-6 * length, noise))]] = True
            ready = (step <= np.maximum(NEGLIGIBLE * length, noise)) | stalled
            take = ~stalled
            self._apply(todo[take], delta[take], coefs, corrs, rr)
            last[todo] = step
            todo = todo[~ready]
        failed[todo] = True
        for k in np.flatnonzero(failed):
            self.ill_conditioned = True
            coefs[k] = 0.0
            coefs[k, cols], gains[k] = orthogonal.solve(self.design, problem, float(alphas[k]))
        if failed.any():
            corrs[failed], rr[failed] = self._residual(coefs[failed])
        return corrs, rr

    def _apply(
        self,
        rows: np.ndarray,
        delta: np.ndarray,
        coefs: np.ndarray,
        corrs: np.ndarray,
        rr: np.ndarray,
    ) -> None:
        """Add δ to b, and to c and ‖r‖² what follows from it by the Gram matrix."""
        gram = self.problem.gram
        full = np.zeros((rows.size, gram.shape[0]))
        full[:, self.cols] = delta
        before = corrs[rows]
        after = before - full @ gram
        coefs[rows] += full
        corrs[rows] = after
        rr[rows] = np.maximum(rr[rows] - np.einsum("kj,kj->k", full, before + after), 0.0)


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
