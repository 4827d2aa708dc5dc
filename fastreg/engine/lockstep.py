"""The working-set route: many tasks over one X, a pass over X for all of them at a time.

Repeat until every task is done: columns that some task wants join W (`Design.gram` for what is not
known yet), every task solves its next batch of α on W, one `Design.evaluate` over all tasks and
their α tells what all features say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace

import numpy as np

from fastreg.designs import Design
from fastreg.engine.columns import ColumnGram
from fastreg.engine.cost import outgrown
from fastreg.engine.problem import Problem
from fastreg.engine.residual import ResidualPath
from fastreg.engine.tasks import Settings
from fastreg.engine.working_set import WorkingSetTask


def solve_in_lockstep(
    design: Design, problems: Sequence[Problem], settings: Settings
) -> list[WorkingSetTask]:
    """Return the solved tasks, in the order of the problems."""
    tasks = [WorkingSetTask(design, problem, settings) for problem in problems]
    columns = ColumnGram(design, problems)
    _look(design, [task for task in tasks if task.warm])
    while running := [task for task in tasks if not task.done]:
        wanted = np.unique(np.concatenate([task.wanted for task in running]))
        columns.add(wanted[columns.position[wanted] < 0])
        blocks = [task.attempt(columns) for task in running]
        problems = [task.problem for task in running]
        for task, (corr, rr) in zip(
            running, evaluate(design, problems, blocks, columns.cols), strict=True
        ):
            task.judge(corr, rr)
            if not task.done and outgrown(design, columns.cols.size + task.wanted.size):
                _descend_on_rows(task)
    return tasks


def _look(design: Design, warm: list[WorkingSetTask]) -> None:
    """Evaluate what the tasks start from, in one pass."""
    if not warm:
        return
    blocks = [
        (task.coef[None, :], task.problem.intercepts_about_shift(task.coef[None, :]))
        for task in warm
    ]
    found = evaluate(design, [task.problem for task in warm], blocks, None)
    for task, (corr, rr) in zip(warm, found, strict=True):
        task.look(corr[0], float(rr[0]))


def _descend_on_rows(task: WorkingSetTask) -> None:
    """Give the α that are left to the residual route, from where the task stands."""
    rest = task.slots[task.at :]
    rest = rest[rest >= 0]
    problem = copy(task.problem)
    problem.task = replace(problem.task, start=task.coef, alphas=problem.task.alphas[rest])
    route = ResidualPath(task.design, problem, task.settings)
    task.coefs[rest], task.rr[rest], found, n_iter = route.solve(problem.task.alphas)
    task.n_iter[np.flatnonzero(task.slots >= 0)[rest]] += n_iter
    for part, values in zip(task.found, found, strict=True):
        part[rest] = values
    task.at = task.points.size


def evaluate(
    design: Design,
    problems: Sequence[Problem],
    blocks: Sequence[tuple[np.ndarray, np.ndarray]],
    cols: np.ndarray | None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
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
        # With an intercept Σ ω r is 0 but for rounding, which the centring takes out.
        corr = found.corr[rows]
        corr -= np.multiply.outer(found.residual_sum[rows], problem.centre)
        corr /= problem.weight
        yield corr, found.loss[rows] @ problem.row_weights / problem.weight
        first += size
