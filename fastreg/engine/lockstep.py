"""The working-set route: many tasks over one X, a pass over X for all of them at a time.

Repeat until every task is done: every task lets the columns that it wants join its working set and
solves its next batch of α on that, one `Design.evaluate` over all tasks and their α tells what all
features say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fastreg.designs import Design
from fastreg.engine.answer import Answer
from fastreg.engine.cost import can_hold_all, takes_all
from fastreg.engine.early import ended
from fastreg.engine.evaluation import MOST_BYTES, evaluate_problems
from fastreg.engine.problem import Problem
from fastreg.engine.tasks import Batch, Settings
from fastreg.engine.working_set import WorkingSetTask
from fastreg.workers import run_jobs


def solve_in_lockstep(
    design: Design,
    problems: Sequence[Problem],
    settings: Settings,
    kind: type[WorkingSetTask] = WorkingSetTask,
) -> tuple[list[Answer], list[Batch]]:
    """Return the answers, in the order of the problems, and how it went.

    As many tasks share a pass as their correlations fit into memory.
    """
    answers: dict[int, Answer] = {}
    batches: list[Batch] = []
    vectors = (kind.longest + 1) * max((problem.n_targets for problem in problems), default=1)
    together = max(1, MOST_BYTES // (8 * vectors * max(1, design.n_features)))
    for numbers in _shares(problems, together, settings.enough is not None):
        tasks = [kind(design, problems[k], settings) for k in numbers]
        found = _solve_together(design, tasks, settings, batches, together)
        answers.update(zip(numbers, found, strict=True))
    return [answers[k] for k in range(len(problems))], batches


def _shares(problems: Sequence[Problem], together: int, by_family: bool) -> Iterator[list[int]]:
    """Yield the numbers of the problems that go along together, never less than a family."""
    units: dict[int, list[int]] = {}
    for k, problem in enumerate(problems):
        units.setdefault(problem.task.family if by_family else k, []).append(k)
    some: list[int] = []
    for unit in units.values():
        if some and len(some) + len(unit) > together:
            yield some
            some = []
        some = some + unit
    if some:
        yield some


def _solve_together(
    design: Design,
    tasks: list[WorkingSetTask],
    settings: Settings,
    batches: list[Batch],
    together: int,
) -> list[Answer]:
    tasks[0].alone = len(tasks) == 1
    _look(design, [task for task in tasks if task.warm])
    plain = settings.plain and can_hold_all(design)
    if tasks[0].can_use_rows and (plain or takes_all(design)):
        for task in tasks:
            task.want_all(len(tasks))
    while running := [task for task in tasks if not task.done]:
        if settings.enough is not None:
            running = _in_step(running)
        before = _counts(design, running)
        blocks = run_jobs([task.attempt for task in running], settings.n_jobs)
        for first in range(0, len(running), together):  # more than once for a large family only
            share = slice(first, first + together)
            problems = [task.problem for task in running[share]]
            found = evaluate_problems(design, problems, blocks[share])
            for task, answer in zip(running[share], found, strict=True):
                task.judge(*answer)
        if settings.enough is not None:
            _end_early(tasks, settings)
        batch = _describe(design, running, before, sum(t.points.size - t.at for t in tasks))
        batches.append(batch)
        if settings.report is not None:
            settings.report(batch)
    return [task.answer() for task in tasks]


def _in_step(running: list[WorkingSetTask]) -> list[WorkingSetTask]:
    """Return the tasks that are not far ahead of their family, which may be about to end."""
    least: dict[int, int] = {}
    for task in running:
        family, known = task.problem.task.family, task.known_errors.size
        least[family] = min(known, least.get(family, known))
    return [
        task
        for task in running
        if task.known_errors.size <= least[task.problem.task.family] + task.shortest
    ]


def _end_early(tasks: list[WorkingSetTask], settings: Settings) -> None:
    problems, known = [task.problem for task in tasks], [task.known_errors for task in tasks]
    for task, over in zip(tasks, ended(problems, known, settings), strict=True):
        if over:
            task.end_here()


def _counts(design: Design, running: list[WorkingSetTask]) -> np.ndarray:
    """Return what has been done so far: α, violations, sweeps, Newton steps, passes over X."""
    counts = [(task.at, task.n_violations, task.n_sweeps, task.n_newton) for task in running]
    return np.append(np.sum(counts, axis=0), design.passes)


def _describe(
    design: Design, running: list[WorkingSetTask], before: np.ndarray, remaining: int
) -> Batch:
    accepted, violations, sweeps, newton_steps, passes = _counts(design, running) - before
    return Batch(
        alpha=max(task.alpha for task in running),
        tried=sum(len(task.trial) for task in running),
        accepted=int(accepted),
        remaining=remaining,
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
    problems = [task.problem for task in warm]
    blocks = [task.problem.blocks(task.coef[None, :]) for task in warm]
    for task, (corr, rr, _) in zip(warm, evaluate_problems(design, problems, blocks), strict=True):
        task.look(corr[0], float(rr[0]))
