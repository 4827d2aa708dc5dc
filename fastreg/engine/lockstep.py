"""The working-set route: many tasks over one X, a pass over X for all of them at a time.

Repeat until every task is done: every task lets the columns that it wants join its working set and
solves its next batch of α on that, one `Design.evaluate` over all tasks and their α tells what all
features say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fastreg.designs import Design, Evaluation
from fastreg.engine.answer import Answer
from fastreg.engine.cost import takes_all
from fastreg.engine.problem import Problem
from fastreg.engine.tasks import Batch, Settings
from fastreg.engine.working_set import LONGEST_BATCH, Block, WorkingSetTask
from fastreg.workers import run_jobs

MOST_BYTES = 1 << 29  # of correlations that a pass may return


def solve_in_lockstep(
    design: Design, problems: Sequence[Problem], settings: Settings
) -> tuple[list[Answer], list[Batch]]:
    """Return the answers, in the order of the problems, and how it went.

    As many tasks share a pass as their correlations fit into memory.
    """
    answers: list[Answer] = []
    batches: list[Batch] = []
    together = max(1, MOST_BYTES // (8 * (LONGEST_BATCH + 1) * max(1, design.n_features)))
    for first in range(0, len(problems), together):
        found = _solve_together(design, problems[first : first + together], settings, batches)
        answers += found
    return answers, batches


def _solve_together(
    design: Design, problems: Sequence[Problem], settings: Settings, batches: list[Batch]
) -> list[Answer]:
    tasks = [WorkingSetTask(design, problem, settings) for problem in problems]
    _look(design, [task for task in tasks if task.warm])
    if takes_all(design):
        for task in tasks:
            task.want_all()
    while running := [task for task in tasks if not task.done]:
        before = _counts(design, running)
        blocks = run_jobs([task.attempt for task in running], settings.n_jobs)
        answers = evaluate(design, [task.problem for task in running], blocks)
        for task, answer in zip(running, answers, strict=True):
            task.judge(*answer)
        batch = _describe(design, running, before)
        batches.append(batch)
        if settings.report is not None:
            settings.report(batch)
    return [task.answer() for task in tasks]


def _counts(design: Design, running: list[WorkingSetTask]) -> np.ndarray:
    """Return what has been done so far: α, violations, sweeps, Newton steps, passes over X."""
    counts = [(task.at, task.n_violations, task.n_sweeps, task.n_newton) for task in running]
    return np.append(np.sum(counts, axis=0), design.passes)


def _describe(design: Design, running: list[WorkingSetTask], before: np.ndarray) -> Batch:
    accepted, violations, sweeps, newton_steps, passes = _counts(design, running) - before
    return Batch(
        alpha=max(task.alpha for task in running),
        tried=sum(len(task.trial) for task in running),
        accepted=int(accepted),
        remaining=sum(task.points.size - task.at for task in running),
        working_set=max(task.size for task in running),
        active=max(int(np.count_nonzero(task.coef)) for task in running),
        violations=int(violations),
        sweeps=int(sweeps),
        newton_steps=int(newton_steps),
        passes=float(passes),
    )


def _look(design: Design, warm: list[WorkingSetTask]) -> None:
    """Evaluate what the tasks start from, in one pass."""
    if not warm:
        return
    blocks: list[Block] = []
    for task in warm:
        cols = np.flatnonzero(task.coef)
        intercept = task.problem.intercepts_about_shift(task.coef[None, :])
        blocks.append((cols, task.coef[None, cols], intercept))
    found = evaluate(design, [task.problem for task in warm], blocks)
    for task, (corr, rr, _) in zip(warm, found, strict=True):
        task.look(corr[0], float(rr[0]))


def evaluate(
    design: Design,
    problems: Sequence[Problem],
    blocks: Sequence[Block],
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Evaluate a block of vectors a problem, all in one pass over X.

    Parameters
    ----------
    blocks : sequence of (cols, coefs, intercepts)
        Shapes (k,), (m, k) and (m,), about the shift.

    Yields
    ------
    corr : ndarray of shape (m, p)
        Xᵀr/Σw.
    rr : ndarray of shape (m,)
        ‖r‖²/Σw.
    held_out : ndarray of shape (m,)
        Σw r² over the held-out rows.
    """
    sizes = [len(coefs) for _, coefs, _ in blocks]
    cols, coefs = _side_by_side(blocks, sizes)
    found = design.evaluate(
        coefs,
        np.concatenate([intercepts for _, _, intercepts in blocks]),
        np.repeat([problem.row_weights for problem in problems], sizes, axis=0),
        np.repeat([problem.task.target for problem in problems], sizes),
        cols,
    )
    first = 0
    for problem, size in zip(problems, sizes, strict=True):
        rows = slice(first, first + size)
        part = Evaluation(found.corr[rows], found.residual_sum[rows], found.loss[rows])
        held_out = part.loss[:, list(problem.task.held_out)].sum(axis=1)
        yield *problem.standing(part), held_out
        first += size


def _side_by_side(blocks: Sequence[Block], sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return all columns of the blocks and the coefficients of all of them, (Σm, columns)."""
    if all(cols is blocks[0][0] for cols, _, _ in blocks):
        return blocks[0][0], np.vstack([coefs for _, coefs, _ in blocks])
    union = np.unique(np.concatenate([cols for cols, _, _ in blocks]))
    out, first = np.zeros((sum(sizes), union.size)), 0
    for (cols, coefs, _), size in zip(blocks, sizes, strict=True):
        out[first : first + size, np.searchsorted(union, cols)] = coefs
        first += size
    return union, out
