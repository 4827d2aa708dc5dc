"""The moments route: the whole problem is held as p × p moments, X is read only to certify."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from fastreg.designs import Design
from fastreg.engine.answer import Answer
from fastreg.engine.certificate import Certificates, certify, is_rounding, is_solved, tolerances
from fastreg.engine.descent import descend
from fastreg.engine.evaluation import Route
from fastreg.engine.grid import approach
from fastreg.engine.problem import Problem
from fastreg.engine.tasks import Settings
from fastreg.kernels.coordinates import GramCoordinates
from fastreg.kernels.factor import Factor

MAX_REFINEMENTS = 6


class GramPath:
    """One task solved in p-space.

    Notes
    -----
    After the kernel every α is certified anew from G and q (the kernel's own correlations were
    updated move by move). Where the task asks for it, or where rounding in the moments could
    matter, the certificate comes from the true residual instead, and what it finds wrong is fed
    back into the correlations (iterative refinement: the squared condition number of the Gram
    matrix then costs no accuracy).

    `multitask` solves its kind of task by the same steps with other arithmetic: the methods
    `_state`, `_descend`, `_certify`, `_is_rounding` and `_from_moments`.
    """

    answer: ClassVar[type[Answer]] = Answer

    def __init__(self, design: Design, problem: Problem, settings: Settings) -> None:
        self.design, self.problem, self.settings = design, problem, settings
        self.gram = problem.gram
        self.factor = Factor(self.gram.shape[0])
        self.free_rows = problem.free_rows(design)
        self.solved: np.ndarray | None = None

    def solve(self, alphas: np.ndarray) -> Route:
        """Solve for each α in turn, each from the solution before; returns an `Answer`."""
        problem = self.problem
        coef = problem.start()
        if np.count_nonzero(coef):
            corr, rr = (part[0] for part in self._from_moments(coef[None, :]))
            before = []
        else:
            corr, rr = problem.corr.copy(), problem.yy
            before = self._before(float(alphas[0]))
        state = self._state(corr, float(rr))
        on_the_way = 0
        for alpha, tol in before:
            rough = replace(self.settings, tol=max(self.settings.tol, tol))
            step = self._descend(state, coef, np.array([alpha]), rough)
            on_the_way += int(step.n_iter[0])
        run = self._descend(state, coef, alphas, self.settings)
        coefs, n_iter = run.coefs, run.n_iter
        n_iter[0] += on_the_way
        verify = self.design.has_rows and problem.task.verify
        corrs, rr = (yield problem, coefs)[:2] if verify else self._from_moments(coefs)
        found = self._certify(alphas, coefs, corrs, rr)
        self.from_moments = np.full(alphas.size, not verify)
        if self.design.has_rows:
            yield from self._refine(alphas, coefs, corrs, rr, found, n_iter)
        return self.answer(
            coefs,
            rr,
            found,
            n_iter,
            self.from_moments,
            n_sweeps=run.n_sweeps,
            n_newton=run.n_newton,
            solved=self.solved,
        )

    def _before(self, alpha: float) -> list[tuple[float, float]]:
        """Return what to pass on the way to a first alpha, where the rank is less than p."""
        problem = self.problem
        if problem.moments.n_rows > problem.cols.size or self.settings.plain:
            return []
        top = problem.alpha_max(self.free_rows)
        return approach(top, top, alpha)

    def _state(self, corr: np.ndarray, rr: float) -> Any:
        """Return what `_descend` keeps up to date: correlations, which it owns, and ‖r‖²/Σw."""
        return GramCoordinates(self.gram, corr, self.problem.diag, rr)

    def _descend(
        self,
        state: Any,
        coef: np.ndarray,
        alphas: np.ndarray,
        settings: Settings,
        max_iter: int | None = None,
    ) -> Any:
        """Solve for each alpha in turn from `coef`, updated in place; return the kernel."""
        return descend(state, self.factor, coef, alphas, self.problem, settings, max_iter=max_iter)

    def _certify(
        self, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray, rr: np.ndarray
    ) -> Certificates:
        return certify(self.problem, alphas, coefs, corrs, rr, lambda cols: self.gram[cols])

    def _is_rounding(self, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray) -> np.ndarray:
        return is_rounding(self.problem, alphas, coefs, corrs)

    def _from_moments(self, coefs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return c = q − G b and ‖r‖² = ‖y‖² − bᵀ(q + c)."""
        problem = self.problem
        corrs = problem.corr - coefs @ self.gram
        rr = problem.yy - np.einsum("kj,kj->k", coefs, problem.corr + corrs)
        return corrs, np.maximum(rr, 0.0)

    def _refine(
        self,
        alphas: np.ndarray,
        coefs: np.ndarray,
        corrs: np.ndarray,
        rr: np.ndarray,
        found: Certificates,
        n_iter: np.ndarray,
    ) -> Route:
        """Bring every α that is not solved to the true residual; updates its arguments."""
        problem, settings = self.problem, self.settings
        doubtful = self.from_moments & (found.floor > 0.1 * tolerances(problem, settings)[0])
        solved = is_solved(problem, settings, found)
        todo = np.flatnonzero(doubtful | ~solved)
        if not todo.size:
            self.solved = solved
            return
        for attempt in range(MAX_REFINEMENTS):
            if attempt or self.from_moments[todo].any():
                yield from self._certify_true(todo, alphas, coefs, corrs, rr, found)
                todo = todo[~is_solved(problem, settings, _pick(found, todo))]
            todo = todo[n_iter[todo] < settings.max_iter]
            if not todo.size:
                return
            for k in todo:
                n_iter[k] += self._correct(k, alphas, coefs, corrs, rr, n_iter[k], attempt)
        yield from self._certify_true(todo, alphas, coefs, corrs, rr, found)
        rounded = todo[self._is_rounding(alphas[todo], coefs[todo], corrs[todo])]
        found.floor[rounded] = np.maximum(found.floor, found.gap)[rounded]

    def _certify_true(
        self,
        todo: np.ndarray,
        alphas: np.ndarray,
        coefs: np.ndarray,
        corrs: np.ndarray,
        rr: np.ndarray,
        found: Certificates,
    ) -> Route:
        corrs[todo], rr[todo] = (yield self.problem, coefs[todo])[:2]
        fresh = self._certify(alphas[todo], coefs[todo], corrs[todo], rr[todo])
        for old, new in zip(found, fresh, strict=True):
            old[todo] = new
        self.from_moments[todo] = False

    def _correct(
        self,
        k: int,
        alphas: np.ndarray,
        coefs: np.ndarray,
        corrs: np.ndarray,
        rr: np.ndarray,
        spent: int,
        attempt: int,
    ) -> int:
        """Descend on α number k from its true correlations; return the iterations it took.

        Each attempt asks for more: the kernel's gap counts unpenalized columns one by one, the
        certificate projects them out together, which is larger where they are correlated.
        """
        settings = replace(self.settings, tol=self.settings.tol * 0.1 ** (attempt + 1))
        coef = coefs[k].copy()
        run = self._descend(
            self._state(corrs[k].copy(), float(rr[k])),
            coef,
            alphas[k : k + 1],
            settings,
            self.settings.max_iter - int(spent),
        )
        coefs[k] = coef
        return int(run.n_iter[0])


def _pick(found: Certificates, rows: np.ndarray) -> Certificates:
    return Certificates(*(part[rows] for part in found))
