"""Ridge: problems without an L1 term or bounds, solved exactly for all α and targets at once.

Primal (p × p moments held): a system of `fastreg.engine.systems`, refined from the residual until
that stops helping. More columns than rows: `fastreg.engine.dual`. Where a factor is of no use,
`fastreg.engine.orthogonal` takes over.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from fastreg.designs import Design
from fastreg.engine import extended, orthogonal
from fastreg.engine.answer import Answer
from fastreg.engine.certificate import Certificates, certify, is_rounding, is_solved
from fastreg.engine.dual import Dual
from fastreg.engine.evaluation import Route
from fastreg.engine.panels import product
from fastreg.engine.problem import Problem
from fastreg.engine.systems import Cholesky, Tridiagonal, choose_system
from fastreg.engine.tasks import Settings

NEGLIGIBLE = 1e-9  # a relative correction whose square is below rounding
NOTHING = 1e-11  # one that tells of so small a condition number that no digits are lost to it
MAX_CORRECTIONS = 10
BLOCK_BYTES = 1 << 23  # of each array that has a row a vector; some ten are held at a time
EPS = np.finfo(float).eps


class RidgePath:
    """Ridge on some rows: a list of α for one target, or a target with each α.

    Attributes
    ----------
    ill_conditioned : ndarray of shape (m,), bool
        After `solve`: which vectors had to go to the orthogonal fallback.
    from_moments : ndarray of shape (m,), bool
        After `solve`: which certificates rest on the moments and not on the true residual.
    """

    def __init__(self, design: Design, problem: Problem, settings: Settings) -> None:
        self.design, self.problem, self.settings = design, problem, settings
        self.cols = problem.cols
        self.ridge = problem.l2w[self.cols]
        self.from_rows = design.has_rows and (problem.task.verify or not problem.moments.has_cross)
        self.values, self.number = np.unique(problem.task.alphas, return_inverse=True)

    def solve(self) -> Route:
        """Solve all vectors, as many at a time as fit into memory; returns an `Answer`."""
        m, p = self.number.size, self.problem.root.size
        coefs, rr, solved = np.zeros((m, p)), np.zeros(m), np.empty(m, dtype=bool)
        found = Certificates(*np.empty((4, m)))
        self.ill_conditioned = np.zeros(m, dtype=bool)
        self.held_out_loss = np.full(m, np.nan)
        self.from_moments = np.full(m, not self.from_rows)
        step = vectors_at_a_time(self.design, self.problem)
        for first in range(0, m, step):
            some = np.arange(first, min(first + step, m))
            part = self.problem.take(some)
            own = yield from self._solve_some(part, some, coefs, rr)
            solved[some] = is_solved(part, self.settings, own)
            for each, values in zip(found, own, strict=True):
                each[some] = values
        n_iter = np.ones(m, dtype=np.intp)
        return Answer(
            coefs,
            rr,
            found,
            n_iter,
            self.from_moments,
            self.ill_conditioned,
            held_out_loss=None if np.isnan(self.held_out_loss).any() else self.held_out_loss,
            solved=solved,
        )

    def _solve_some(
        self, problem: Problem, some: np.ndarray, coefs: np.ndarray, rr: np.ndarray
    ) -> Route:
        """Fill in vectors `some` of all, which `problem` is that of; return their certificates."""
        alphas, corrs = self.values[self.number[some]], np.zeros((some.size, coefs.shape[1]))
        gains = np.full(some.size, np.inf)
        # a constant target has coefficients 0, and nothing is left of it
        live = np.flatnonzero(np.broadcast_to(problem.yy > 0, some.shape))
        if live.size:
            block = _Block(problem.take(live), self.number[some[live]], coefs.shape[1])
            if self.cols.size and problem.moments.has_cross:
                yield from self._primal(block)
            else:
                if self.cols.size:
                    self._dual(block)
                block.corrs, block.rr, block.held_out = yield block.problem, block.coefs
            at = some[live]
            coefs[at], corrs[live], rr[at], gains[live] = block.results()
            self.ill_conditioned[at] = block.failed
            if block.held_out is not None:
                self.held_out_loss[at] = block.held_out
        found = certify(problem, alphas, coefs[some], corrs, rr[some], self._rows)
        # At α = 0 nothing has a finite conjugate; P − P* = gᵀG⁻¹g/2 is what one more correction
        # would gain, and never more than ‖r‖²/2.
        zero = alphas == 0
        found.gap[zero] = np.minimum(gains, 0.5 * rr[some])[zero]
        doubt = np.flatnonzero(found.gap > found.floor)
        part = problem.take(doubt)
        rounded = doubt[is_rounding(part, alphas[doubt], coefs[some[doubt]], corrs[doubt])]
        found.floor[rounded] = found.gap[rounded]
        return found

    def _rows(self, cols: np.ndarray) -> np.ndarray:
        return self.problem.gram_rows(self.design, cols)

    def _residual(self, problem: Problem, coefs: np.ndarray, sharp: bool = False) -> Route:
        """Return Xᵀr/Σw and ‖r‖²/Σw, from the rows where the task asks for it."""
        if sharp:
            return extended.residual(self.design, problem, coefs)
        if self.from_rows:
            return (yield problem, coefs)[:2]
        corrs = problem.corr - product(coefs, self.problem.gram)
        rr = problem.yy - np.einsum("kj,kj->k", coefs, problem.corr + corrs)
        return corrs, np.maximum(rr, 0.0)

    def _dual(self, block: _Block) -> None:
        """Fill in coefficients and gains in the space of the rows."""
        at_zero = self.values[block.number] == 0
        for zero in (False, True):
            at = np.flatnonzero(at_zero == zero)
            if at.size:
                dual = self._shortest if zero else self._penalized
                part, number = block.problem.take(at), block.number[at]
                block.coefs[at], block.gains[at] = dual.solve(part, number)

    @cached_property
    def _penalized(self) -> Dual:
        return Dual(self.design, self.problem, self.problem.l2w, self.values)

    @cached_property
    def _shortest(self) -> Dual:
        """At α = 0 the penalty's weights say nothing: of all solutions it is the shortest."""
        return Dual(self.design, self.problem, np.ones_like(self.problem.l2w), self.values)

    @cached_property
    def _system(self) -> Cholesky | Tridiagonal:
        whole, gram = self.cols.size == self.problem.root.size, self.problem.gram
        some = gram if whole else gram[np.ix_(self.cols, self.cols)]
        return choose_system(some.T, self.ridge, self.values)

    def _primal(self, block: _Block) -> Route:
        """Fill in the block.

        b += (G + αV)⁻¹ g with the gradient g from the true residual costs the squared condition
        number of G no digits (on Longley 10.9 become 13.8), and with a residual in extended
        precision, where that costs little, hardly any to that of X either. The last correction is
        so small that c − Gδ and ‖r‖² − δᵀ(c + c') lose nothing: no pass over X for them.
        """
        problem, number, cols, system = block.problem, block.number, self.cols, self._system
        coefs, alphas, size = block.coefs, self.values[number], problem.root[cols]
        scale = np.sqrt(problem.yy) + abs(problem.moments.y_mean[problem.task.target])
        noise = np.broadcast_to(EPS * scale, number.shape)
        corr = some_columns(problem.corr, cols)
        right = np.broadcast_to(corr, (number.size, cols.size))
        coefs[:, cols] = system.solve(right, number)
        last, failed = np.full(number.size, np.inf), ~system.usable[number]
        todo = np.flatnonzero(~failed)
        sharpens = self.from_rows and extended.is_affordable(self.design, number.size)
        enough = NOTHING if sharpens else NEGLIGIBLE
        for k in range(MAX_CORRECTIONS):
            if not todo.size:
                break
            asked = self._residual(problem.take(todo), block.coefs[todo], sharpens and k > 0)
            corrs, block.rr[todo] = yield from asked
            block.corrs[todo] = corrs
            here = some_columns(coefs, cols)[todo]
            pull = np.multiply.outer(alphas[todo], self.ridge)
            pull *= here
            gradient = np.subtract(some_columns(corrs, cols), pull, out=pull)
            delta = system.solve(gradient, number[todo])
            block.gains[todo] = 0.5 * np.abs(np.einsum("kj,kj->k", gradient, delta))
            step, length = np.abs(delta) @ size, np.abs(here) @ size
            stalled = ~(step <= 0.5 * last[todo])
            failed[todo[stalled & ~(step <= np.maximum(1e-6 * length, noise[todo]))]] = True
            ready = (step <= np.maximum(enough * length, noise[todo])) | stalled
            take = ~stalled
            self._apply(todo[take], delta if take.all() else delta[take], block)
            last[todo] = step
            todo = todo[~ready]
            enough = NEGLIGIBLE
        failed[todo] = True
        block.failed = failed
        if failed.any():
            yield from self._fall_back(block)

    def _apply(self, rows: np.ndarray, delta: np.ndarray, block: _Block) -> None:
        """Add δ to b, and to c and ‖r‖² what follows from it by the Gram matrix."""
        gram = self.problem.gram
        full = delta
        if self.cols.size < gram.shape[0]:
            full = np.zeros((rows.size, gram.shape[0]))
            full[:, self.cols] = delta
        before, less = block.corrs[rows], product(full, gram)
        block.coefs[rows] += full
        block.corrs[rows] = before - less
        # δᵀ(c + c') with c' = c − Gδ
        change = 2.0 * np.einsum("kj,kj->k", full, before) - np.einsum("kj,kj->k", full, less)
        block.rr[rows] = np.maximum(block.rr[rows] - change, 0.0)

    def _fall_back(self, block: _Block) -> Route:
        """Solve what failed by orthogonal factors, one for each α."""
        failed = np.flatnonzero(block.failed)
        for value in np.unique(block.number[failed]):
            factors = orthogonal.factor(self.design, self.problem, float(self.values[value]))
            for k in failed[block.number[failed] == value]:
                block.coefs[k] = 0.0
                own = block.problem.take(np.array([k]))
                block.coefs[k, self.cols], block.gains[k] = factors.solve(own)
        asked = self._residual(block.problem.take(failed), block.coefs[failed])
        block.corrs[failed], block.rr[failed] = yield from asked


class _Block:
    """Vectors that are solved together.

    Attributes
    ----------
    problem : Problem
        Of these vectors.
    number : ndarray of shape (m,), int
        Which of the different α each has.
    coefs, corrs : ndarray of shape (m, p)
    rr, gains : ndarray of shape (m,)
    failed : ndarray of shape (m,), bool
        Which the factors were of no use for.
    held_out : ndarray of shape (m,) or None
        Σw r² over the held-out rows, where a pass has told it.
    """

    def __init__(self, problem: Problem, number: np.ndarray, n_features: int) -> None:
        self.problem, self.number, m = problem, number, number.size
        self.coefs, self.corrs = np.zeros((m, n_features)), np.empty((m, n_features))
        self.rr, self.gains = np.empty(m), np.full(m, np.inf)
        self.failed, self.held_out = np.zeros(m, dtype=bool), None

    def results(self) -> tuple[np.ndarray, ...]:
        """Return coefficients, correlations, ‖r‖²/Σw and gains."""
        return self.coefs, self.corrs, self.rr, self.gains


def some_columns(rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """Return `rows` (…, p) of some columns only, themselves where these are all."""
    return rows if cols.size == rows.shape[-1] else rows[..., cols]


def vectors_at_a_time(design: Design, problem: Problem) -> int:
    """Return how many vectors fit into memory together with what is made of them."""
    rows = design.pass_rows if problem.moments.has_cross else design.n_rows
    return max(16, BLOCK_BYTES // (8 * max(1, rows, design.n_features)))
