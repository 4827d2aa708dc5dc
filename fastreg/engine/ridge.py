"""Ridge: problems without an L1 term or bounds, solved exactly for all α at once.

Primal (p × p moments held): Cholesky on the column-scaled G for a few α, one tridiagonal form for
many, refined from the residual until that stops helping. Dual (more columns than rows): the same
systems on XXᵀ. Where a factor is of no use, `fastreg.engine.orthogonal` takes over.
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
ROUNDING = 1e-14  # a relative correction that is nothing but rounding
EPS = np.finfo(float).eps
BAND_BYTES = 1 << 24



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
            coefs[:, self.cols], gains = Dual(self.design, problem).solve(alphas)
            corrs, rr = self._residual(coefs)
        self.from_moments = np.full(m, not self.from_rows)
        found = certify(problem, alphas, coefs, corrs, rr, self._rows)
        # At α = 0 nothing has a finite conjugate; P − P* = gᵀG⁻¹g/2 is what one more correction
        # would gain, and never more than ‖r‖²/2.
        zero = alphas == 0
        found.gap[zero] = np.minimum(gains, 0.5 * rr)[zero]
        n_iter = np.ones(m, dtype=np.intp)
        return Answer(coefs, rr, found, n_iter, self.from_moments, self.ill_conditioned)

    def _rows(self, cols: np.ndarray) -> np.ndarray:
        return self.problem.gram_rows(self.design, cols)

    def _residual(self, coefs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return Xᵀr/Σw and ‖r‖²/Σw, from the rows where the task asks for it."""
        problem = self.problem
        if self.from_rows:
            return problem.evaluate(self.design, coefs)
        corrs = problem.corr - coefs @ problem.gram
        rr = problem.yy - np.einsum("kj,kj->k", coefs, problem.corr + corrs)
        return corrs, np.maximum(rr, 0.0)

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


class Dual:
    """Ridge in the space of the rows: (K/Σw + α) a = u, b = V⁻¹Zᵀa/Σw, K = Z V⁻¹ Zᵀ.

    Z and u are centred and weighted by √w. Unpenalized columns are projected out of both first.
    """

    def __init__(self, design: Design, problem: Problem) -> None:
        self.design, self.problem = design, problem
        ridge = problem.l2w[problem.cols]
        self.free, self.held = np.flatnonzero(ridge == 0), np.flatnonzero(ridge > 0)
        self.inverse = 1.0 / ridge[self.held]

    def solve(self, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the coefficients of `problem.cols` (m, len(cols)) and what is left to gain (m,).

        The gain is only told where K + α had to be inverted by eigenvectors, infinite elsewhere.
        """
        problem, cols = self.problem, self.problem.cols
        u = self.design.targets(problem.task.target, problem.y_centre, problem.row_weights)
        kernel_matrix = self.design.row_gram(
            cols[self.held], problem.centre, problem.row_weights, self.inverse / problem.weight
        )
        out = np.zeros((alphas.size, cols.size))
        beside = u
        if self.free.size:
            columns, _ = self.design.columns(cols[self.free], problem.centre, problem.row_weights)
            basis = orthogonal.column_space(columns)
            half = kernel_matrix - basis @ (basis.T @ kernel_matrix)
            kernel_matrix = half - (half @ basis) @ basis.T
            beside = u - basis @ (basis.T @ u)
        system = DualSystem(np.asfortranarray(kernel_matrix), alphas)
        a = system.solve(np.tile(beside, (alphas.size, 1)))
        last = np.full(alphas.size, np.inf)
        for _ in range(MAX_CORRECTIONS):
            # b = V⁻¹Zᵀa/Σw and Z b in one pass; what is left of u − Z b − αa corrects a
            fitted = self._combine(a, cols, out)
            left = u - fitted
            if self.free.size:
                left -= (left @ basis) @ basis.T
            delta = system.solve(left - alphas[:, None] * a)
            step = np.linalg.norm(delta, axis=1)
            better = (step < 0.5 * last) & (step > ROUNDING * np.linalg.norm(a, axis=1))
            if not better.any():
                break
            a[better] += delta[better]
            last = np.where(better, step, 0.0)
        gains = system.gains(left - alphas[:, None] * a)
        if self.free.size:
            out[:, self.free] = np.linalg.lstsq(columns, (u - fitted).T, rcond=None)[0].T
        return out, gains / problem.weight

    def _combine(self, a: np.ndarray, cols: np.ndarray, out: np.ndarray) -> np.ndarray:
        """Fill the held columns of `out` with b and return Z b, shape (m, n)."""
        fitted = np.zeros_like(a)
        for band, block in self._bands(cols[self.held]):
            coefs = (a @ block) * self.inverse[band] / self.problem.weight
            out[:, self.held[band]] = coefs
            fitted += coefs @ block.T
        return fitted

    def _bands(self, cols: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield Z a band of columns at a time."""
        step = max(16, BAND_BYTES // (8 * max(1, self.design.n_rows)))
        for i in range(0, cols.size, step):
            block, _ = self.design.columns(
                cols[i : i + step], self.problem.centre, self.problem.row_weights
            )
            yield slice(i, i + step), block


class DualSystem:
    """(K + α_k)⁻¹ for a list of α, by eigenvectors and of minimum norm where that is singular."""

    def __init__(self, matrix: np.ndarray, alphas: np.ndarray) -> None:
        self.alphas, n = alphas, matrix.shape[0]
        self.system = choose_system(matrix, np.ones(n), alphas)
        self.singular = np.flatnonzero(~self.system.usable)
        if self.singular.size:
            self.values, self.vectors = np.linalg.eigh(matrix)
            self.cut = self.values.max(initial=0.0) * n * EPS

    def solve(self, rhs: np.ndarray) -> np.ndarray:
        """Return the solution for each row of `rhs`, shape (m, n)."""
        out = self.system.solve(rhs)
        for k in self.singular:
            inverse = 1.0 / np.maximum(self.values + self.alphas[k], self.cut)
            inverse[self.values <= self.cut] = 0.0
            out[k] = self.vectors @ (inverse * (self.vectors.T @ rhs[k]))
        return out

    def gains(self, left: np.ndarray) -> np.ndarray:
        """Return half the square of what is left in the range of K; infinite where not singular."""
        out = np.full(self.alphas.size, np.inf)
        for k in self.singular:
            inside = (self.values > self.cut) * (self.vectors.T @ left[k])
            out[k] = 0.5 * float(inside @ inside)
        return out
