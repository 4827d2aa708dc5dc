"""The multi-task problem over a working set of features: `WorkingSetTask` with rows for numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fastreg.designs import Design
from fastreg.engine.certificate import Certificates
from fastreg.engine.held_columns import HeldColumns
from fastreg.engine.multitask import JointAnswer, Standing, descend
from fastreg.engine.multitask_certificate import certify, is_rounding
from fastreg.engine.multitask_problem import JointProblem, side_by_side
from fastreg.engine.tasks import Settings
from fastreg.engine.working_set import INNER, WorkingSetTask

MOST_CORRELATIONS = 1 << 25  # entries that a task's share of a pass may return


class JointWorkingSetTask(WorkingSetTask):
    """The state of one task over all targets; each α is T vectors of a pass over X."""

    can_use_rows = False
    first, shortest, longest = 2, 1, 8

    def __init__(self, design: Design, problem: JointProblem, settings: Settings) -> None:
        self.longest = max(1, min(self.longest, MOST_CORRELATIONS // problem.corr.size))
        self.first = min(self.first, self.longest)
        super().__init__(design, problem, settings)
        self.parts = problem.parts
        if problem.task.held_out:
            self.coefs = np.zeros((1, *problem.corr.shape))

    def answer(self) -> JointAnswer:
        """Return what was found, once the task is done."""
        return JointAnswer(**vars(super().answer()))

    def start_blocks(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return coefficients (1, p) and intercepts to start from, target by target."""
        return self.problem.blocks(self.coef[None, :])

    def joined(self, found: list[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
        """Return correlations (m, p, T) and sums of squares over all targets."""
        return side_by_side(found)

    def attempt(self, columns: HeldColumns) -> list[tuple[np.ndarray, np.ndarray]]:
        """Solve the batch on W; return the coefficients (m, |W|) and intercepts by target."""
        problem, work = self.problem, columns.cols
        self.ahead, self.work = self._ahead(), work
        alphas = self.points[self.ahead]
        self.trial = np.zeros((alphas.size, work.size, problem.n_targets))
        self.spent = np.zeros(alphas.size, dtype=np.intp)
        if work.size:
            tol = INNER * self.tighter * float(self.tols[self.ahead].min())
            run = descend(
                columns.gram(problem),
                Standing(self.corr[work], self.here_rr),
                self.coef[work],
                alphas,
                problem,
                replace(self.settings, tol=tol),
                work,
            )
            self.trial, self.spent = run.coefs, run.n_iter
            self.n_sweeps += run.n_sweeps
        blocks = [np.ascontiguousarray(self.trial[:, :, t]) for t in range(problem.n_targets)]
        return [
            (block, part.y_centre - block @ part.centre[work])
            for block, part in zip(blocks, self.parts, strict=True)
        ]

    def _certify(
        self, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray, rr: np.ndarray
    ) -> Certificates:
        return certify(self.problem, alphas, coefs, corrs, rr, self._rows)

    def _is_rounding(self, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray) -> np.ndarray:
        return is_rounding(self.problem, alphas, coefs, corrs)
