"""The residual route: descent through the residual on a working set, for p too large for p × p.

Per α: certify from one pass over X, add the worst violators to the working set, descend on it,
and again until the optimality conditions hold on all features.
"""

from __future__ import annotations

import numpy as np

from fastreg.designs import Design
from fastreg.engine.certificate import Certificates, certify, is_solved
from fastreg.engine.descent import descend
from fastreg.engine.problem import Problem
from fastreg.engine.tasks import Settings
from fastreg.kernels.factor import Factor

MAX_ROUNDS = 100
INNER = 0.3  # share of the tolerance at which the working set counts as solved


class ResidualPath:
    """One task solved on a working set W that grows along the path."""

    def __init__(self, design: Design, problem: Problem, settings: Settings) -> None:
        self.design, self.problem, self.settings = design, problem, settings
        self.free_rows = problem.free_rows(design)
        self.inner = Settings(
            tol=INNER * settings.tol, max_iter=settings.max_iter, seed=settings.seed
        )

    def solve(self, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray, Certificates, np.ndarray]:
        """Return coefs (m, p), ‖r‖²/Σw (m,), certificates and n_iter (m,)."""
        problem = self.problem
        p, m = problem.corr.size, alphas.size
        self.coef = problem.start()
        self.work = np.union1d(problem.free, np.flatnonzero(self.coef)).astype(np.intp)
        self.factor = Factor(p)
        self.corr, self.rr = problem.corr.copy(), problem.yy
        if np.any(self.coef):
            self._look()
        coefs, rr, n_iter = np.empty((m, p)), np.empty(m), np.zeros(m, dtype=np.intp)
        found = Certificates(*np.empty((4, m)))
        last = problem.alpha_max(self.free_rows)
        for k, alpha in enumerate(alphas):
            n_iter[k], certificate = self._solve_one(float(alpha), last)
            for part, value in zip(found, certificate, strict=True):
                part[k] = value[0]
            coefs[k], rr[k], last = self.coef, self.rr, float(alpha)
        return coefs, rr, found, n_iter

    def _look(self) -> None:
        """Refresh the correlations and ‖r‖² from the true residual: one pass over X."""
        corr, rr = self.problem.evaluate(self.design, self.coef[None, :])
        self.corr, self.rr = corr[0], float(rr[0])

    def _solve_one(self, alpha: float, last: float) -> tuple[int, Certificates]:
        """Solve for one alpha from where the last one ended."""
        problem, n_iter = self.problem, 0
        at = np.array([alpha])
        for attempt in range(MAX_ROUNDS):
            found = certify(
                problem,
                at,
                self.coef[None, :],
                self.corr[None, :],
                np.array([self.rr]),
                self.free_rows,
            )
            if is_solved(problem, self.settings, found)[0] or n_iter >= self.settings.max_iter:
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
                self.inner,
                self.work,
                self.settings.max_iter - n_iter,
            )
            n_iter += int(run.n_iter[0])
            if not grown and run.n_iter[0] == 0:
                break  # as good as rounding allows on W, and nothing outside violates
            self.coef[self.work] = local
            self._look()
        return n_iter, found

    def _grow(self, alpha: float, threshold: float) -> bool:
        """Add to W the features that the strong rule keeps or that violate, worst first.

        W is only appended to, so that the factor's positions stay valid. The strong rule
        (Tibshirani et al. 2012, JRSS B 74) keeps |c_j| ≥ 2 alpha − alpha_before.
        """
        problem = self.problem
        outside = np.setdiff1d(problem.cols, self.work)
        pull = np.abs(self.corr[outside]) / np.maximum(problem.l1w[outside], 1e-300)
        order = np.argsort(-pull, kind="stable")[: max(100, 2 * np.count_nonzero(self.coef))]
        worst = outside[order[pull[order] > min(threshold, alpha)]]
        self.work = np.concatenate([self.work, worst])
        return bool(worst.size)
