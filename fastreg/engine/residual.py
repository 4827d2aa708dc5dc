"""The residual route: descent through the residual on a working set, for p too large for p × p.

Per α: certify from one pass over X, add the worst violators to the working set, descend on it,
and again until the optimality conditions hold on all features.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fastreg.designs import Design
from fastreg.engine.answer import Answer
from fastreg.engine.certificate import Certificates, certify, is_solved
from fastreg.engine.descent import descend
from fastreg.engine.grid import approach
from fastreg.engine.problem import Problem
from fastreg.engine.tasks import Settings
from fastreg.kernels.factor import Factor

MAX_ROUNDS, TIGHTER = 100, 20
# The working set counts as solved at this share of the tolerance or, while it still grows, of the
# gap on all features.
INNER, LOOSE = 0.3, 0.01


class ResidualPath:
    """One task solved on a working set W that grows along the path."""

    def __init__(self, design: Design, problem: Problem, settings: Settings) -> None:
        self.design, self.problem, self.settings = design, problem, settings
        self.free_rows = problem.free_rows(design)

    def solve(self, alphas: np.ndarray) -> Answer:
        """Solve for each α in turn, each from the solution before."""
        problem = self.problem
        p, m = problem.corr.size, alphas.size
        self.coef = problem.start()
        self.work = np.union1d(problem.free, np.flatnonzero(self.coef)).astype(np.intp)
        self.factor = Factor(p)
        self.corr, self.rr = problem.corr.copy(), problem.yy
        warm = bool(np.any(self.coef))
        if warm:
            self._look()
        coefs, rr, n_iter = np.empty((m, p)), np.empty(m), np.zeros(m, dtype=np.intp)
        found = Certificates(*np.empty((4, m)))
        top = problem.alpha_max(self.free_rows)
        last = float(alphas[0]) if warm else top
        for k, alpha in enumerate(alphas):
            for between, tol in approach(top, last, float(alpha)):
                rough = replace(self.settings, tol=max(self.settings.tol, tol))
                n_iter[k] += self._solve_one(between, last, rough)[0]
                last = between
            spent, certificate = self._solve_one(float(alpha), last, self.settings)
            n_iter[k] += spent
            for part, value in zip(found, certificate, strict=True):
                part[k] = value[0]
            coefs[k], rr[k], last = self.coef, self.rr, float(alpha)
        return Answer(coefs, rr, found, n_iter)

    def _look(self) -> None:
        """Refresh the correlations and ‖r‖² from the true residual: one pass over X."""
        corr, rr = self.problem.evaluate(self.design, self.coef[None, :])
        self.corr, self.rr = corr[0], float(rr[0])

    def _solve_one(self, alpha: float, last: float, settings: Settings) -> tuple[int, Certificates]:
        """Solve for one alpha from where the last one ended."""
        problem, n_iter, goal = self.problem, 0, settings
        at = np.array([alpha])
        for attempt in range(MAX_ROUNDS):
            found = self._certify(at)
            if is_solved(problem, goal, found)[0] or n_iter >= settings.max_iter:
                break
            grown = self._grow(alpha, max(2 * alpha - last, 0.0) if attempt == 0 else alpha)
            local = self.coef[self.work]
            q = self.design.residual_coordinates(
                self.work,
                self.coef,
                problem.centre,
                float(problem.intercepts_about_shift(self.coef[None, :])[0]),
                problem.row_weights,
                problem.task.target,
            )
            run = descend(
                q,
                self.factor,
                local,
                at,
                problem,
                self._inner_settings(settings, float(found.gap[0]), grown),
                self.work,
                settings.max_iter - n_iter,
            )
            n_iter += int(run.n_iter[0])
            if not grown and run.n_iter[0] == 0:
                # W is solved by the kernel's measure, which counts unpenalized columns one by one
                if attempt >= TIGHTER or not problem.free.size:
                    break
                settings = replace(settings, tol=0.1 * settings.tol)
            self.coef[self.work] = local
            self._look()
        else:
            found = self._certify(at)
        return n_iter, found

    def _certify(self, alpha: np.ndarray) -> Certificates:
        return certify(
            self.problem,
            alpha,
            self.coef[None, :],
            self.corr[None, :],
            np.array([self.rr]),
            self._rows,
        )

    def _rows(self, cols: np.ndarray) -> np.ndarray:
        if np.array_equal(cols, self.problem.free):
            return self.free_rows
        return self.problem.gram_rows(self.design, cols)

    def _inner_settings(self, settings: Settings, gap: float, grown: bool) -> Settings:
        """Solve the working set no further than its being incomplete deserves."""
        tol = INNER * settings.tol
        if grown and self.problem.yy > 0:
            tol = max(tol, LOOSE * gap / self.problem.yy)
        return replace(settings, tol=tol)

    def _grow(self, alpha: float, threshold: float) -> bool:
        """Add to W the features that the strong rule keeps or that violate, worst first.

        W is only appended to, so that the factor's positions stay valid. The strong rule
        (Tibshirani et al. 2012, JRSS B 74) keeps |c_j| ≥ 2 alpha − alpha_before.
        """
        problem = self.problem
        outside = np.setdiff1d(problem.cols, self.work)
        pull = problem.pull(self.corr)[outside] / np.maximum(problem.l1w[outside], 1e-300)
        order = np.argsort(-pull, kind="stable")[: max(100, 2 * np.count_nonzero(self.coef))]
        worst = outside[order[pull[order] > min(threshold, alpha)]]
        self.work = np.concatenate([self.work, worst])
        return bool(worst.size)
