"""The multi-task problem over a working set of features: `WorkingSetTask` with rows for numbers."""

from __future__ import annotations

import numpy as np

from fastreg.designs import Design
from fastreg.engine.certificate import Certificates
from fastreg.engine.evaluation import Block
from fastreg.engine.multitask import JointAnswer, Standing, descend
from fastreg.engine.multitask_certificate import certify, is_rounding
from fastreg.engine.multitask_problem import JointProblem
from fastreg.engine.tasks import Settings
from fastreg.engine.working_set import WorkingSetTask

MOST_CORRELATIONS = 1 << 25  # entries that a task's share of a pass may return


class JointWorkingSetTask(WorkingSetTask):
    """The state of one task over all targets; each α is T vectors of a pass over X."""

    can_use_rows = False
    first, shortest, longest = 2, 1, 8

    def __init__(self, design: Design, problem: JointProblem, settings: Settings) -> None:
        self.longest = max(1, min(self.longest, MOST_CORRELATIONS // problem.corr.size))
        self.first = min(self.first, self.longest)
        super().__init__(design, problem, settings)
        rows = 1 if problem.task.held_out else problem.task.alphas.size
        self.coefs, self.kept = np.zeros((rows, *problem.corr.shape)), 0

    def answer(self) -> JointAnswer:
        """Return what was found, once the task is done."""
        return JointAnswer(**vars(super().answer()))

    def _coefs(self) -> np.ndarray:
        return self.coefs

    def _keep(self, coefs: np.ndarray) -> None:
        for coef in coefs:
            place = min(self.kept, len(self.coefs) - 1)  # all, or the last one
            self.coefs[place] = 0.0
            self.coefs[place, self.columns.cols] = coef
            self.kept += 1

    def attempt(self) -> list[Block]:
        """Let what is wanted join W and solve the batch on it; return what to evaluate."""
        problem = self.problem
        work, alphas, settings = self._begin()
        self.trial = np.zeros((alphas.size, work.size, problem.n_targets))
        self.spent = np.zeros(alphas.size, dtype=np.intp)
        if work.size:
            run = descend(
                self.columns.gram,
                Standing(self.corr[work], self.here_rr),
                self.coef[work],
                alphas,
                problem,
                settings,
                work,
                self._left(),
            )
            self.trial, self.spent = run.coefs, run.n_iter
            self.n_sweeps += run.n_sweeps
        blocks = [np.ascontiguousarray(self.trial[:, :, t]) for t in range(problem.n_targets)]
        return [
            (work, block, part.y_centre - block @ part.centre[work])
            for block, part in zip(blocks, problem.parts, strict=True)
        ]

    def _certify(
        self, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray, rr: np.ndarray
    ) -> Certificates:
        return certify(self.problem, alphas, coefs, corrs, rr, self._rows)

    def _is_rounding(self, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray) -> np.ndarray:
        return is_rounding(self.problem, alphas, coefs, corrs)
