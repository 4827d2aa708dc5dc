"""All targets at once, their coefficients coupled row by row: the multi-task problem.

    minimise 1/2 Σ_t ‖y_t − X b_t‖²/Σw + α Σ_j ( ρ ‖B_j‖ + (1−ρ)/2 ‖B_j‖² ),   B = (b_1 … b_T)

Inside, B and its correlations are arrays of shape (p, T), blocks of them (m, p, T). Without an L1
part the targets do not know of each other: `apart` and `together`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from fastreg.designs import Design
from fastreg.engine.answer import Answer
from fastreg.engine.certificate import (
    MOST_PROJECTED,
    ROUNDED_SUM,
    Certificates,
    tolerances,
    widen,
)
from fastreg.engine.gram import GramPath
from fastreg.engine.heldout import held_out_errors
from fastreg.engine.lockstep import evaluate
from fastreg.engine.multitask_newton import newton
from fastreg.engine.problem import Problem, scaled_inverse
from fastreg.engine.tasks import Settings, Solution, Task
from fastreg.engine.working_set import Block
from fastreg.kernels.multitask import RowDescent, Status, certify_rows
from fastreg.moments import Moments, merge_all
from fastreg.workers import breathe

STACKED = 8  # coefficient matrices that are multiplied by G at a time
_DONE, _NEWTON = int(Status.DONE), int(Status.NEWTON)


def apart(task: Task, n_targets: int) -> list[Task]:
    """Return what a task over all targets consists of where nothing couples them."""
    if task.penalty.l1_ratio > 0 and np.any(task.alphas):
        return [task]
    starts = [None] * n_targets if task.start is None else task.start
    return [replace(task, target=t, start=start) for t, start in enumerate(starts)]


def together(parts: Sequence[Solution]) -> Solution:
    """Return one solution from those of `apart`: gaps add up, and so do squares of violations."""
    first = parts[0]
    out = replace(
        first,
        coefs=np.stack([part.coefs for part in parts], axis=1),
        intercepts=np.column_stack([part.intercepts for part in parts]),
        gaps=np.sum([part.gaps for part in parts], axis=0),
        violations=np.sqrt(np.sum([part.violations**2 for part in parts], axis=0)),
        n_iter=np.max([part.n_iter for part in parts], axis=0),
        converged=np.all([part.converged for part in parts], axis=0),
        scale=float(sum(part.scale for part in parts)),
        train_mse=np.mean([part.train_mse for part in parts], axis=0),
        ill_conditioned=any(part.ill_conditioned for part in parts),
    )
    if first.held_out_mse is not None:
        out.held_out_mse = np.mean([part.held_out_mse for part in parts], axis=0)
        out.held_out_tss = float(np.mean([part.held_out_tss for part in parts]))
    return out


class JointProblem:
    """All targets on one set of training rows; what differs by target is in `parts`.

    Parameters
    ----------
    task : Task
        Its target is None.
    parts : sequence of Problem
        The same for one target each.

    Attributes
    ----------
    corr : ndarray of shape (p, T)
    yy : float
        ‖Y‖²/Σw, the sum over all targets.
    l1w, l2w : ndarray of shape (p,)
        Penalty of row j at alpha: alpha l1w_j ‖B_j‖ + alpha l2w_j/2 ‖B_j‖²; all the same.
    moments, diag, root, reach, cols, usable, free, row_weights
        As in `Problem`, the same for every target; `free` is empty.
    """

    def __init__(self, task: Task, parts: Sequence[Problem]) -> None:
        penalty = task.penalty
        if penalty.factor is not None or penalty.standardize:
            raise ValueError("all targets at once: neither penalty factors nor standardizing")
        if penalty.lower is not None or penalty.upper is not None:
            raise ValueError("all targets at once: the coefficients may not have bounds")
        self.task, self.parts, self.n_targets = task, list(parts), len(parts)
        first = self.parts[0]
        self.moments, self.row_weights = first.moments, first.row_weights
        self.diag, self.root, self.reach = first.diag, first.root, first.reach
        self.cols, self.usable, self.free = first.cols, first.usable, first.free
        self.l1w, self.l2w = first.l1w, first.l2w
        self.corr = np.column_stack([part.corr for part in self.parts])
        self.yy = float(sum(part.yy for part in self.parts))

    @property
    def gram(self) -> np.ndarray:
        """G, shape (p, p), C-ordered."""
        return self.parts[0].gram

    @property
    def rows_key(self) -> tuple:
        """As in `Problem`."""
        return self.parts[0].rows_key

    @cached_property
    def largest_corr(self) -> float:
        """The largest ‖Xᵀ_j Y‖/Σw of the features that may be non-zero."""
        return float(self.pull(self.corr)[self.cols].max(initial=0.0))

    def gram_block(self, design: Design, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        """As in `Problem`."""
        return self.parts[0].gram_block(design, new, old)

    def pull(self, corr: np.ndarray) -> np.ndarray:
        """Return how strongly each row is drawn away from zero, shape (p,)."""
        return np.sqrt(row_squares(corr))

    def free_rows(self, design: Design) -> None:
        """Return None: every feature is penalized."""

    def alpha_max(self, free_rows: None = None) -> float:
        """Return the smallest alpha at which every coefficient is zero."""
        return self.largest_corr / self.task.penalty.l1_ratio

    def start(self) -> np.ndarray:
        """Return the coefficients to start from, shape (p, T)."""
        coef = np.zeros(self.corr.shape)
        if self.task.start is not None:
            varies = [part.yy > 0 for part in self.parts]
            coef[self.cols] = self.task.start.T[self.cols] * varies
        return coef

    def active(self, coef: np.ndarray) -> np.ndarray:
        """Return which features coefficients (p, T) use."""
        return coef.any(axis=1).nonzero()[0]

    def intercepts(self, coefs: np.ndarray) -> np.ndarray:
        """Return the intercepts of the original columns for coefficients (m, p, T): (m, T)."""
        each = [part.intercepts(coefs[:, :, t]) for t, part in enumerate(self.parts)]
        return np.column_stack(each)

    def evaluate(self, design: Design, coefs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the true XᵀR/Σw (m, p, T) and ‖R‖²/Σw (m,): one pass over X."""
        found = evaluate(design, self.parts, self.blocks(coefs))
        corr, rr, _ = side_by_side(list(found))
        return corr, rr

    def blocks(self, coefs: np.ndarray) -> list[Block]:
        """Return coefficients (m, k) and their intercepts target by target, to be evaluated."""
        cols = np.flatnonzero(coefs.any(axis=(0, 2)))
        each = [np.ascontiguousarray(coefs[:, :, t]) for t in range(self.n_targets)]
        return [
            (cols, coef[:, cols], part.intercepts_about_shift(coef))
            for coef, part in zip(each, self.parts, strict=True)
        ]


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
        found = certify(self.problem, alphas, coefs, corrs, rr)
        cols = self.problem.cols
        if not alphas.all() and cols.size <= MOST_PROJECTED:
            inverse = scaled_inverse(self.gram[np.ix_(cols, cols)])
            for k in np.flatnonzero(alphas == 0):
                c = corrs[k][cols]
                found.gap[k] = 0.5 * max(float(np.sum((inverse @ c) * c)), 0.0)
        return found

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
    )
    while (status := run.run()) != _DONE:
        breathe()
        if status == _NEWTON:
            l1, l2 = (float(alphas[run.at]) * share for share in (ratio, 1.0 - ratio))
            run.stepped(*newton(gram, state.corr, coef, run.rr, l1, l2))
    state.rr = run.rr
    return run


def certify(
    problem: JointProblem,
    alphas: np.ndarray,
    coefs: np.ndarray,
    corrs: np.ndarray,
    rr: np.ndarray,
) -> Certificates:
    """Certify m coefficient matrices (m, p, T) from their correlations and ‖R‖²/Σw (m,).

    Where α = 0 the gap is ‖R‖²/2: P* ≥ 0 is all that is known without G.
    """
    found = Certificates(
        *certify_rows(
            np.ascontiguousarray(coefs),
            np.ascontiguousarray(corrs),
            np.maximum(rr, 0.0),
            np.ascontiguousarray(alphas, dtype=float),
            problem.cols,
            problem.root,
            problem.task.penalty.l1_ratio,
            1.0 - problem.task.penalty.l1_ratio,
            problem.yy,
        )
    )
    if problem.reach is not problem.root:
        widen(problem, np.sqrt(row_squares(coefs)), found)
    found.gap[alphas == 0] = 0.5 * rr[alphas == 0]
    return found


def is_rounding(
    problem: JointProblem, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray
) -> np.ndarray:
    """Return where every row's violation is no more than rounding, see the single target's."""
    size = np.sqrt(problem.yy) + np.sqrt(row_squares(coefs)) @ problem.reach
    b, alpha = coefs[:, problem.cols], alphas[:, None, None]
    ratio = problem.task.penalty.l1_ratio
    slope = corrs[:, problem.cols] - alpha * (1.0 - ratio) * b
    l1, norm = alpha * ratio, np.sqrt(row_squares(b))[..., None]
    pull = np.sqrt(row_squares(slope))[..., None]
    # towards B_j where it is not zero, else what the ball of radius l1 lets through
    kept = np.where(norm > 0, l1 / np.where(norm > 0, norm, 1.0) * b, 0.0)
    inside = slope * np.minimum(1.0, l1 / np.where(pull > 0, pull, 1.0))
    left = np.sqrt(row_squares(slope - np.where(norm > 0, kept, inside)))
    return np.all(left <= ROUNDED_SUM * np.outer(size, problem.reach[problem.cols]), axis=1)


def side_by_side(found: Sequence[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    """Return correlations (m, p, T), ‖R‖²/Σw and the held-out loss from those of each target."""
    corr, rr, held_out = zip(*found, strict=True)
    return np.stack(corr, axis=2), np.sum(rr, axis=0), np.sum(held_out, axis=0)


def stacks(coefs: np.ndarray) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yield some matrices of coefs (m, p, T) at a time: which, the rows in use, these (k, b T)."""
    m, _, n_targets = coefs.shape
    for first in range(0, m, STACKED):
        rows = slice(first, min(first + STACKED, m))
        used = coefs[rows].any(axis=(0, 2)).nonzero()[0]
        few = coefs[rows, used].transpose(1, 0, 2)
        yield rows, used, few.reshape(used.size, few.shape[1] * n_targets)


def row_squares(rows: np.ndarray) -> np.ndarray:
    """Return the squared norms along the last axis."""
    return np.einsum("...t,...t->...", rows, rows)
