"""Ridge: problems without an L1 term or bounds, solved exactly for all α at once.

Primal (p × p moments held): a system of `fastreg.engine.systems`, refined from the residual until
that stops helping. More columns than rows: `fastreg.engine.dual`. Where a factor is of no use,
`fastreg.engine.orthogonal` takes over.
"""

from __future__ import annotations

import numpy as np

from fastreg.designs import Design
from fastreg.engine import orthogonal
from fastreg.engine.answer import Answer
from fastreg.engine.certificate import certify, is_rounding
from fastreg.engine.dual import Dual
from fastreg.engine.evaluation import Route
from fastreg.engine.panels import product
from fastreg.engine.problem import Problem
from fastreg.engine.systems import choose_system
from fastreg.engine.tasks import Settings

NEGLIGIBLE = 1e-9  # a relative correction whose square is below rounding
MAX_CORRECTIONS = 10
EPS = np.finfo(float).eps


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

    def solve(self, alphas: np.ndarray) -> Route:
        """Solve for all α at once; returns an `Answer`."""
        problem, m = self.problem, alphas.size
        coefs, gains = np.zeros((m, problem.corr.size)), np.full(m, np.inf)
        if not (self.cols.size and problem.yy):
            corrs, rr = yield from self._residual(coefs)
        elif problem.moments.has_cross:
            corrs, rr = yield from self._primal(alphas, coefs, gains)
        else:
            self._dual(alphas, coefs, gains)
            corrs, rr = yield from self._residual(coefs)
        self.from_moments = np.full(m, not self.from_rows)
        found = certify(problem, alphas, coefs, corrs, rr, self._rows)
        # At α = 0 nothing has a finite conjugate; P − P* = gᵀG⁻¹g/2 is what one more correction
        # would gain, and never more than ‖r‖²/2.
        zero = alphas == 0
        found.gap[zero] = np.minimum(gains, 0.5 * rr)[zero]
        rounded = is_rounding(problem, alphas, coefs, corrs)
        found.floor[rounded] = np.maximum(found.floor, found.gap)[rounded]
        n_iter = np.ones(m, dtype=np.intp)
        return Answer(coefs, rr, found, n_iter, self.from_moments, self.ill_conditioned)

    def _rows(self, cols: np.ndarray) -> np.ndarray:
        return self.problem.gram_rows(self.design, cols)

    def _residual(self, coefs: np.ndarray) -> Route:
        """Return Xᵀr/Σw and ‖r‖²/Σw, from the rows where the task asks for it."""
        problem = self.problem
        if self.from_rows:
            return (yield coefs)
        corrs = problem.corr - product(coefs, problem.gram)
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

    def _primal(self, alphas: np.ndarray, coefs: np.ndarray, gains: np.ndarray) -> Route:
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
            corrs[todo], rr[todo] = yield from self._residual(coefs[todo])
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
            corrs[failed], rr[failed] = yield from self._residual(coefs[failed])
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
        after = before - product(full, gram)
        coefs[rows] += full
        corrs[rows] = after
        rr[rows] = np.maximum(rr[rows] - np.einsum("kj,kj->k", full, before + after), 0.0)
