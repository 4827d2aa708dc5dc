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
from fastreg.engine.working_set import Block, WorkingSetTask
from fastreg.workers import run_jobs

MOST_BYTES = 1 << 29  # of correlations that a pass may return


def solve_in_lockstep(
    design: Design,
    problems: Sequence[Problem],
    settings: Settings,
    kind: type[WorkingSetTask] = WorkingSetTask,
) -> tuple[list[Answer], list[Batch]]:
    """Return the answers, in the order of the problems, and how it went.

    As many tasks share a pass as their correlations fit into memory.
    """
    answers: list[Answer] = []
    batches: list[Batch] = []
    vectors = (kind.longest + 1) * max((problem.n_targets for problem in problems), default=1)
    together = max(1, MOST_BYTES // (8 * vectors * max(1, design.n_features)))
    for first in range(0, len(problems), together):
        tasks = [kind(design, p, settings) for p in problems[first : first + together]]
        answers += _solve_together(design, tasks, settings, batches)
    return answers, batches


def _solve_together(
    design: Design, tasks: list[WorkingSetTask], settings: Settings, batches: list[Batch]
) -> list[Answer]:
    _look(design, [task for task in tasks if task.warm])
    if tasks[0].can_use_rows and takes_all(design):
        for task in tasks:
            task.want_all()
    while running := [task for task in tasks if not task.done]:
        before = _counts(design, running)
        blocks = run_jobs([task.attempt for task in running], settings.n_jobs)
        for task, answer in _evaluate_tasks(design, running, blocks):
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
        active=max(task.problem.active(task.coef).size for task in running),
        violations=int(violations),
        sweeps=int(sweeps),
        newton_steps=int(newton_steps),
        passes=float(passes),
    )


def _look(design: Design, warm: list[WorkingSetTask]) -> None:
    """Evaluate what the tasks start from, in one pass."""
    if not warm:
        return
    blocks = [task.start_blocks() for task in warm]
    for task, (corr, rr, _) in _evaluate_tasks(design, warm, blocks):
        task.look(corr[0], float(rr[0]))


def _evaluate_tasks(
    design: Design, tasks: list[WorkingSetTask], blocks: list[list[Block]]
) -> Iterator[tuple[WorkingSetTask, tuple[np.ndarray, ...]]]:
    """Yield each task with what one pass over X says of its blocks."""
    parts = [part for task in tasks for part in task.parts]
    found = evaluate(design, parts, [block for few in blocks for block in few])
    for task in tasks:
        yield task, task.joined([next(found) for _ in task.parts])


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
