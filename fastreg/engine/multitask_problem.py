"""One task over all targets in p-space, their coefficients coupled row by row: multi-task.

    minimise 1/2 Σ_t ‖y_t − X b_t‖²/Σw + α Σ_j ( ρ ‖B_j‖ + (1−ρ)/2 ‖B_j‖² ),   B = (b_1 … b_T)

Inside, B and its correlations are arrays of shape (p, T), blocks of them (m, p, T). Without an L1
part the targets do not know of each other, and one alone is an ordinary one: `apart`, `together`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from fastreg.designs import Design
from fastreg.engine.evaluation import Block, evaluate_problems
from fastreg.engine.problem import Problem
from fastreg.engine.tasks import Solution, Task

STACKED = 8  # coefficient matrices that are multiplied by G at a time


def apart(task: Task, n_targets: int) -> list[Task]:
    """Return what a task over all targets consists of where nothing couples them."""
    if n_targets > 1 and task.penalty.l1_ratio > 0 and np.any(task.alphas):
        return [task]
    starts = [None] * n_targets if task.start is None else task.start
    return [replace(task, target=t, start=start) for t, start in enumerate(starts)]


def together(parts: Sequence[Solution]) -> Solution:
    """Return one solution from those of `apart`: gaps add up, and so do squares of violations."""
    first = parts[0]
    out = replace(
        first,
        coefs=np.stack([part.dense_coefs() for part in parts], axis=1),
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

    @cached_property
    def largest_corr(self) -> float:
        """The largest ‖Xᵀ_j Y‖/Σw of the features that may be non-zero."""
        return float(self.pull(self.corr)[self.cols].max(initial=0.0))

    def gram_block(self, design: Design, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        """As in `Problem`."""
        return self.parts[0].gram_block(design, new, old)

    def gram_rows(self, design: Design, cols: np.ndarray) -> np.ndarray:
        """As in `Problem`."""
        return self.parts[0].gram_rows(design, cols)

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
        (found,) = evaluate_problems(design, [self], [self.blocks(coefs)])
        return found[:2]

    def joined(self, found: Sequence[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
        """Return correlations (m, p, T), ‖R‖²/Σw and held-out loss from those of each target."""
        corr, rr, held_out = zip(*found, strict=True)
        return np.stack(corr, axis=2), np.sum(rr, axis=0), np.sum(held_out, axis=0)

    def blocks(self, coefs: np.ndarray) -> list[Block]:
        """Return coefficients (m, k) and their intercepts target by target, to be evaluated."""
        cols = np.flatnonzero(coefs.any(axis=(0, 2)))
        each = [np.ascontiguousarray(coefs[:, :, t]) for t in range(self.n_targets)]
        return [
            (cols, coef[:, cols], part.intercepts_about_shift(coef))
            for coef, part in zip(each, self.parts, strict=True)
        ]


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
