"""The working-set route: many tasks over one X, a pass over X for all of them at a time.

Repeat until every task is done: the columns that a task wants join the W of its training rows
(`Design.gram` for what is not known yet), every task solves its next batch of α on W, one
`Design.evaluate` over all tasks and their α tells what all features say.
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

Block = tuple[np.ndarray, np.ndarray, np.ndarray]  # columns, coefficients, intercepts

SMALL = 256  # below this many columns nobody need leave
CROWDED = 0.6  # the share of W that should be of use


def solve_in_lockstep(
    design: Design, problems: Sequence[Problem], settings: Settings
) -> tuple[list[Answer], list[Batch]]:
    """Return the answers, in the order of the problems, and how it went."""
    tasks = [WorkingSetTask(design, problem, settings) for problem in problems]
    held = {problem.rows_key: HeldColumns(design, problem) for problem in problems}
    batches: list[Batch] = []
    _look(design, [task for task in tasks if task.warm])
    if takes_all(design):
        for task in tasks:
            task.want_all()
    while running := [task for task in tasks if not task.done]:
        before = _counts(design, running)
        for columns, mine in _by_rows(held, running):
            columns.add(np.unique(np.concatenate([task.wanted for task in mine])))
        blocks = _attempt(running, held, settings.n_jobs)
        answers = evaluate(design, [task.problem for task in running], blocks)
        for task, answer in zip(running, answers, strict=True):
            task.judge(*answer)
        batch = _describe(design, running, before)
        batches.append(batch)
        if settings.report is not None:
            settings.report(batch)
        for columns, mine in _by_rows(held, [task for task in running if not task.done]):
            _age(columns, mine)
    return [task.answer() for task in tasks], batches


def _by_rows(
    held: dict[tuple, HeldColumns], running: list[WorkingSetTask]
) -> Iterator[tuple[HeldColumns, list[WorkingSetTask]]]:
    """Yield the columns held for each set of training rows with the tasks that share them."""
    for key, columns in held.items():
        mine = [task for task in running if task.problem.rows_key == key]
        if mine:
            yield columns, mine


def _attempt(
    running: list[WorkingSetTask], held: dict[tuple, HeldColumns], n_jobs: int | None
) -> list[Block]:
    """Let every task solve its next batch on W, in threads where asked."""
    jobs = [partial(task.attempt, held[task.problem.rows_key]) for task in running]
    return [
        (task.work, *block) for task, block in zip(running, run_jobs(jobs, n_jobs), strict=True)
    ]


def _age(columns: HeldColumns, running: list[WorkingSetTask]) -> None:
    """Let columns leave G that no task has used of late, once they are many."""
    size = columns.cols.size
    if size < SMALL or columns.as_rows or any(t.rejected for t in running):
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


def _describe(design: Design, running: list[WorkingSetTask], before: np.ndarray) -> Batch:
    accepted, violations, sweeps, newton_steps, passes = _counts(design, running) - before
    return Batch(
        alpha=max(task.alpha for task in running),
        tried=sum(len(task.trial) for task in running),
        accepted=int(accepted),
        remaining=sum(task.points.size - task.at for task in running),
        working_set=max(task.work.size for task in running),
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
