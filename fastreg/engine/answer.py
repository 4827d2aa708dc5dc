"""What every route returns for one task: coefficients and their certificates, α by α."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from fastreg.designs import Design
from fastreg.engine.certificate import Certificates, is_solved
from fastreg.engine.heldout import held_out_errors
from fastreg.engine.problem import Problem
from fastreg.engine.tasks import Settings, Solution
from fastreg.moments import Moments


@dataclass(eq=False)
class Answer:
    """The answer to one task.

    Attributes
    ----------
    coefs : ndarray or CSR array of shape (m, p)
    rr : ndarray of shape (m,)
        ‖r‖²/Σw.
    found : Certificates
    n_iter : ndarray of shape (m,), int
    from_moments : ndarray of shape (m,), bool, or bool
        Which certificates rest on the moments and not on the true residual.
    ill_conditioned : ndarray of shape (m,), bool, or bool
        Which α of a ridge had to come from an orthogonal factorization.
    n_sweeps, n_newton : int
    held_out_loss : ndarray of shape (m,) or None
        Σw r² over the held-out rows, where the passes over X have told it.
    solved : ndarray of shape (m,), bool, or None
        Which α are within the tolerances, where that has been seen already.
    """

    coefs: np.ndarray | sparse.csr_array
    rr: np.ndarray
    found: Certificates
    n_iter: np.ndarray
    from_moments: np.ndarray | bool = False
    ill_conditioned: np.ndarray | bool = False
    n_sweeps: int = 0
    n_newton: int = 0
    held_out_loss: np.ndarray | None = None
    solved: np.ndarray | None = None

    def solution(
        self,
        design: Design,
        groups: list[Moments],
        problem: Problem,
        settings: Settings,
    ) -> Solution:
        """Return what the caller of the engine gets, with the errors of held-out rows."""
        task, found, ill = problem.task, self.found, self.ill_conditioned
        joined = isinstance(task.target, np.ndarray)  # then every vector has a scale of its own
        out = Solution(
            alphas=task.alphas[: self.n_iter.size],
            coefs=self.coefs,
            intercepts=problem.intercepts(self.coefs),
            # what rounding in the moments can do belongs to a gap that rests on them
            gaps=found.gap + np.where(self.from_moments, found.floor, 0.0),
            violations=found.violation,
            n_iter=self.n_iter,
            converged=self.solved
            if self.solved is not None
            else is_solved(problem, settings, found),
            scale=problem.yy,
            train_mse=self.rr / problem.n_targets,
            ill_conditioned=ill if joined or ill is False else bool(np.any(ill)),
        )
        if task.held_out:
            out.held_out_mse, out.held_out_tss = self._held_out(design, groups, problem)
        return out

    def _held_out(
        self, design: Design, groups: list[Moments], problem: Problem
    ) -> tuple[np.ndarray, float]:
        return held_out_errors(design, problem, groups, self.coefs, self.held_out_loss)
