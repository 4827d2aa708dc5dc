"""The working-set route: many tasks over one X, a pass over X for all of them at a time.

Repeat until every task is done: columns that some task wants join W (`Design.gram` for what is not
known yet), every task solves its next batch of α on W, one `Design.evaluate` over all tasks and
their α tells what all features say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from fastreg.designs import Design, Evaluation
from fastreg.engine.answer import Answer
from fastreg.engine.cost import takes_all
from fastreg.engine.held_columns import HeldColumns
from fastreg.engine.problem import Problem
from fastreg.engine.tasks import Batch, Settings
from fastreg.engine.working_set import WorkingSetTask
from fastreg.workers import run_jobs

SMALL = 256  # below this many columns nobody need leave
CROWDED = 0.6  # the share of W that should be of use


def solve_in_lockstep(
    design: Design,
    problems: Sequence[Problem],
    settings: Settings,
    kind: type[WorkingSetTask] = WorkingSetTask,
) -> tuple[list[Answer], list[Batch]]:
    """Return the answers, in the order of the problems, and how it went."""
    tasks = [kind(design, problem, settings) for problem in problems]
    columns, batches = HeldColumns(design, problems, kind.can_use_rows), []
    _look(design, [task for task in tasks if task.warm])
    if kind.can_use_rows and takes_all(design):
        for task in tasks:
            task.want_all()
    while running := [task for task in tasks if not task.done]:
        before = _counts(design, running)
        columns.add(np.unique(np.concatenate([task.wanted for task in running])))
        blocks = _attempt(running, columns, settings.n_jobs)
        for task, answer in _evaluate(design, running, blocks, columns.cols):
            task.judge(*answer)
        batch = _describe(design, running, columns, before)
        batches.append(batch)
        if settings.report is not None:
            settings.report(batch)
        _age(columns, [task for task in running if not task.done])
    return [task.answer() for task in tasks], batches


def _attempt(
    running: list[WorkingSetTask], columns: HeldColumns, n_jobs: int | None
) -> list[list[tuple[np.ndarray, np.ndarray]]]:
    """Let every task solve its next batch on W, in threads where asked."""
    return run_jobs([partial(task.attempt, columns) for task in running], n_jobs)


def _age(columns: HeldColumns, running: list[WorkingSetTask]) -> None:
    """Let columns leave G that no task has used of late, once they are many."""
    size = columns.cols.size
    if not running or size < SMALL or columns.as_rows or any(t.rejected for t in running):
        return
    useful = np.any([task.useful() for task in running], axis=0)
    if np.count_nonzero(useful) < CROWDED * size:
        stay = np.flatnonzero(useful)
        columns.keep(stay)
        for task in running:
            task.renumber(stay, columns.cols)


def _counts(design: Design, running: list[WorkingSetTask]) -> np.ndarray:
    """Return what has been done so far: α, violations, sweeps, Newton steps, passes over X."""
    counts = [(task.at, task.n_violations, task.n_sweeps, task.n_newton) for task in running]
    return np.append(np.sum(counts, axis=0), design.passes)


def _describe(
    design: Design,
    running: list[WorkingSetTask],
    columns: HeldColumns,
    before: np.ndarray,
) -> Batch:
    accepted, violations, sweeps, newton_steps, passes = _counts(design, running) - before
    return Batch(
        alpha=max(task.alpha for task in running),
        tried=sum(len(task.trial) for task in running),
        accepted=int(accepted),
        remaining=sum(task.points.size - task.at for task in running),
        working_set=columns.cols.size,
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
    for task, (corr, rr, _) in _evaluate(design, warm, blocks, None):
        task.look(corr[0], float(rr[0]))


def _evaluate(
    design: Design,
    tasks: list[WorkingSetTask],
    blocks: list[list[tuple[np.ndarray, np.ndarray]]],
    cols: np.ndarray | None,
) -> Iterator[tuple[WorkingSetTask, tuple[np.ndarray, ...]]]:
    """Yield each task with what one pass over X says of its blocks."""
    parts = [part for task in tasks for part in task.parts]
    found = evaluate(design, parts, [block for few in blocks for block in few], cols)
    for task in tasks:
        yield task, task.joined([next(found) for _ in task.parts])


def evaluate(
    design: Design,
    problems: Sequence[Problem],
    blocks: Sequence[tuple[np.ndarray, np.ndarray]],
    cols: np.ndarray | None,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Evaluate a block of vectors a problem, all in one pass over X.

    Parameters
    ----------
    blocks : sequence of (coefs, intercepts)
        Shapes (m, len(cols)) and (m,), about the shift.

    Yields
    ------
    corr : ndarray of shape (m, p)
        Xᵀr/Σw.
    rr : ndarray of shape (m,)
        ‖r‖²/Σw.
    held_out : ndarray of shape (m,)
        Σw r² over the held-out rows.
    """
    sizes = [len(coefs) for coefs, _ in blocks]
    found = design.evaluate(
        np.vstack([coefs for coefs, _ in blocks]),
        np.concatenate([intercepts for _, intercepts in blocks]),
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
