"""All targets at once from p × p moments, by the steps of `gram` with rows for numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fastreg.designs import Design
from fastreg.engine.answer import Answer
from fastreg.engine.certificate import Certificates, tolerances
from fastreg.engine.gram import GramPath
from fastreg.engine.heldout import held_out_errors
from fastreg.engine.multitask_certificate import certify, is_rounding
from fastreg.engine.multitask_newton import newton
from fastreg.engine.multitask_problem import JointProblem, stacks
from fastreg.engine.tasks import Settings, Solution
from fastreg.kernels.multitask import RowDescent, Status
from fastreg.moments import Moments, merge_all
from fastreg.workers import breathe

_DONE, _NEWTON = int(Status.DONE), int(Status.NEWTON)


@dataclass(eq=False)
class JointAnswer(Answer):
    """As `Answer`; `coefs` is of shape (m, p, T), `rr` and `held_out_loss` sum over targets."""

    def solution(self, *known: Any) -> Solution:
        """Return what the caller of the engine gets, see `Solution` for the shapes."""
        out = super().solution(*known)
        keep = slice(-1, None) if out.held_out_mse is not None else slice(None)
        out.coefs = self.coefs[keep].transpose(0, 2, 1).copy()
        out.intercepts = out.intercepts[keep]
        return out

    def _held_out(
        self, design: Design, groups: list[Moments], problem: JointProblem
    ) -> tuple[np.ndarray, float]:
        """Return the means over targets."""
        loss = curved = None
        if self.held_out_loss is not None:
            loss = self.held_out_loss / problem.n_targets
        elif groups[0].has_cross:
            curved = self._curved(merge_all([groups[g] for g in problem.task.held_out]).s_xx)
        each = [
            held_out_errors(
                design,
                part,
                groups,
                self.coefs[:, :, t],
                loss,
                None if curved is None else curved[t],
            )
            for t, part in enumerate(problem.parts)
        ]
        mse, tss = zip(*each, strict=True)
        return np.mean(mse, axis=0), float(np.mean(tss))

    def _curved(self, s_xx: np.ndarray) -> np.ndarray:
        """Return b_tᵀ S b_t for every target and α, shape (T, m)."""
        m, _, n_targets = self.coefs.shape
        out = np.empty((n_targets, m))
        for rows, used, stacked in stacks(self.coefs):
            products = np.einsum("ki,ki->i", s_xx[np.ix_(used, used)] @ stacked, stacked)
            out[:, rows] = products.reshape(-1, n_targets).T
        return out


class JointGramPath(GramPath):
    """One task over all targets solved in p-space, by the steps of `GramPath`."""

    answer: ClassVar[type[Answer]] = JointAnswer

    def _state(self, corr: np.ndarray, rr: float) -> Standing:
        return Standing(np.ascontiguousarray(corr), rr)

    def _descend(
        self,
        state: Standing,
        coef: np.ndarray,
        alphas: np.ndarray,
        settings: Settings,
        max_iter: int | None = None,
    ) -> RowDescent:
        return descend(self.gram, state, coef, alphas, self.problem, settings, None, max_iter)

    def _certify(
        self, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray, rr: np.ndarray
    ) -> Certificates:
        return certify(self.problem, alphas, coefs, corrs, rr, lambda cols: self.gram[cols])

    def _is_rounding(self, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray) -> np.ndarray:
        return is_rounding(self.problem, alphas, coefs, corrs)

    def _from_moments(self, coefs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return C = Q − G B and ‖R‖² = ‖Y‖² − ⟨B, Q + C⟩, from the rows of G that B uses."""
        problem = self.problem
        corrs = np.empty(coefs.shape)
        for rows, used, stacked in stacks(coefs):
            fit = (self.gram[used].T @ stacked).reshape(len(problem.corr), -1, problem.n_targets)
            np.subtract(problem.corr, fit.transpose(1, 0, 2), out=corrs[rows])
        rr = problem.yy - np.einsum("kjt,kjt->k", coefs, problem.corr + corrs)
        return corrs, np.maximum(rr, 0.0)


@dataclass(eq=False)
class Standing:
    """Where a descent stands: the correlations (p, T) of its coefficients and ‖R‖²/Σw."""

    corr: np.ndarray
    rr: float


def descend(
    gram: np.ndarray,
    state: Standing,
    coef: np.ndarray,
    alphas: np.ndarray,
    problem: JointProblem,
    settings: Settings,
    cols: np.ndarray | None = None,
    max_iter: int | None = None,
) -> RowDescent:
    """Solve for each alpha in turn from `coef` (k, T); it and `state` are updated in place.

    Parameters
    ----------
    cols : ndarray of int, shape (k,), optional
        The features that the arrays hold, in their order; None where they hold all.
    """
    gap, violation = tolerances(problem, settings)
    ratio = problem.task.penalty.l1_ratio
    run = RowDescent(
        gram,
        state.corr,
        np.maximum(problem.diag if cols is None else gram.diagonal(), 0.0),
        state.rr,
        coef,
        alphas,
        problem.cols if cols is None else np.flatnonzero(problem.usable[cols]),
        ratio,
        1.0 - ratio,
        np.empty((alphas.size, *coef.shape)),
        problem.yy,
        gap,
        violation,
        settings.max_iter if max_iter is None else max_iter,
        settings.seed,
        settings.plain,
    )
    while (status := run.run()) != _DONE:
        breathe()
        if status == _NEWTON:
            l1, l2 = (float(alphas[run.at]) * share for share in (ratio, 1.0 - ratio))
            run.stepped(*newton(gram, state.corr, coef, run.rr, l1, l2))
    state.rr = run.rr
    return run
