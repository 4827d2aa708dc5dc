"""The engine: `solve(design, tasks)`, the only entrance that estimators use.

It knows tasks and penalties, not how X is held. The routes are `gram` (p × p moments held),
`lockstep` (a working set), `ridge` (exact) and `iterative` (ridge too large for that), for all
targets at once `multitask`; `cost` chooses, `certificate` judges what comes out.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial

import numpy as np

from fastreg.blas import one_blas_thread
from fastreg.designs import Design
from fastreg.engine.answer import Answer
from fastreg.engine.cost import fits_factors, holds_moments
from fastreg.engine.early import solve_in_pieces
from fastreg.engine.evaluation import MOST_BYTES, Route, run_routes, shares
from fastreg.engine.gram import GramPath
from fastreg.engine.grid import alpha_grid
from fastreg.engine.iterative import IterativePath
from fastreg.engine.joining import Joined, is_ridge
from fastreg.engine.lockstep import solve_in_lockstep
from fastreg.engine.multitask import JointGramPath
from fastreg.engine.multitask_problem import JointProblem, apart, together
from fastreg.engine.multitask_working_set import JointWorkingSetTask
from fastreg.engine.problem import Problem, train_moments
from fastreg.engine.ridge import RidgePath, vectors_at_a_time
from fastreg.engine.tasks import (
    LARGEST_VIOLATION,
    Batch,
    Diagnostics,
    Grid,
    Penalty,
    Settings,
    Solution,
    Task,
    careful,
)
from fastreg.engine.working_set import WorkingSetTask
from fastreg.moments import Moments, leave_one_group_out

LARGE_PRODUCT = 1e8  # multiplications
TOGETHER = 256  # tasks on moments that share a pass
# scikit-learn's words
NOT_FINITE = (
    "Coordinate descent iterations resulted in non-finite parameter values. The input data may "
    "contain large values and need to be preprocessed: "
)
SHARING = 4  # blocks of ridge vectors as large as may be at a time

__all__ = [
    "LARGEST_VIOLATION",
    "Batch",
    "Diagnostics",
    "Grid",
    "Penalty",
    "Settings",
    "Solution",
    "Task",
    "careful",
    "fits_factors",
    "most_tasks",
    "resolve_alphas",
    "solve",
]


def solve(design: Design, tasks: Sequence[Task], settings: Settings) -> list[Solution]:
    """Solve a batch of tasks over one X.

    Parameters
    ----------
    design : Design
    tasks : sequence of Task
    settings : Settings

    Returns
    -------
    list of Solution
        In the order of the tasks. Convergence is reported, never warned about, here.
    """
    if any(isinstance(task.alphas, Grid) for task in tasks):
        raise ValueError("resolve_alphas has to be called before solve")
    cross = settings.method == "exact" and _choose(design, tasks)
    with _products_alone(design):
        if all(task.target is not None for task in tasks):
            return _solve(design, tasks, settings, cross)
        parts = [apart(t, design.n_targets) if t.target is None else [t] for t in tasks]
        found = iter(_solve(design, [part for task in parts for part in task], settings, cross))
    return [
        next(found) if few == [task] else together([next(found) for _ in few])
        for task, few in zip(tasks, parts, strict=True)
    ]


def _products_alone(design: Design) -> AbstractContextManager[None]:
    """Let products of X have the processor to themselves, where these are what takes time.

    Their threads are not BLAS's, which go on spinning after every call.
    """
    if design.n_rows * float(design.n_features) ** 2 < LARGE_PRODUCT:
        return nullcontext()
    return one_blas_thread(min(design.n_rows, design.n_features))


def _solve(
    design: Design, tasks: Sequence[Task], settings: Settings, cross: bool
) -> list[Solution]:
    joined = Joined(tasks)
    groups = design.moments(cross)
    own = _groups_of_others(design, groups, tasks)
    trains = _Trains(design, groups, tasks)
    others = trains if own is groups else _Trains(design, own, tasks)
    problems = [
        (trains if is_ridge(task.penalty) else others).problem(task) for task in joined.tasks
    ]
    exact = [problem for problem in problems if is_ridge(problem.task.penalty)]
    hard = [problem for problem in problems if not is_ridge(problem.task.penalty)]
    alone, solve_alone = exact, partial(_one_by_one, design, groups)
    if own[0].has_cross or not hard:
        route = "moments" if hard else "exact" if settings.method == "exact" else "iterative"
        if settings.enough is None:
            alone, hard = problems, []
        solutions, batches = solve_alone(alone, settings)
        solved, more = solve_in_pieces(hard, settings, solve_alone)
        batches += more
    else:
        route = "working set"
        hard.sort(key=lambda problem: problem.task.target is None)
        solutions, _ = solve_alone(alone, settings)
        solved, batches = _in_lockstep(design, own, hard, settings)
    found = dict(zip(map(id, [*alone, *hard]), [*solutions, *solved], strict=True))
    diagnostics = Diagnostics(route, design.passes, tuple(batches))
    for solution in found.values():
        solution.diagnostics = diagnostics
    return joined.split([found[id(problem)] for problem in problems])


def _groups_of_others(
    design: Design, groups: list[Moments], tasks: Sequence[Task]
) -> list[Moments]:
    """Return the moments of the tasks that are no ridge: without those that ridge alone needs.

    More rows than columns make ridge p × p rather than n × n; descent on as large a matrix may be
    slower by far than on a working set, and on sparse columns more so.
    """
    exact, hard = _by_kind(tasks)
    if not (exact and hard and groups[0].has_cross) or _held_for(design, hard):
        return groups
    return [group.without_cross() for group in groups]


def _one_by_one(
    design: Design, groups: list[Moments], problems: list[Problem], settings: Settings
) -> tuple[list[Solution], list[Batch]]:
    """Solve task by task, in threads where asked; a task is a batch."""
    solutions: list[Solution] = []
    batches: list[Batch] = []
    # whatever n_jobs is: who shares a pass decides about its last bits
    for some in shares(problems, partial(_share, design), 1.0 + 1e-9):
        routes = [_route(design, problem, settings) for problem in some]
        # One BLAS thread a task whatever n_jobs is: the same bits, and nothing is oversubscribed.
        with one_blas_thread(design.n_features) if len(problems) > 1 else nullcontext():
            done = run_routes(design, routes, settings.n_jobs)
        for problem, (answer, passes) in zip(some, done, strict=True):
            batches.append(_describe(problem, answer, passes))
            if settings.report is not None:
                settings.report(batches[-1])
        solutions += [
            answer.solution(design, groups, problem, settings)
            for problem, (answer, _) in zip(some, done, strict=True)
        ]
    return solutions, batches


def _in_lockstep(
    design: Design, groups: list[Moments], problems: list[Problem], settings: Settings
) -> tuple[list[Solution], list[Batch]]:
    """Solve on working sets: problems of one target, which come first, and of all at once."""
    joint = [problem for problem in problems if problem.task.target is None]
    single = problems[: len(problems) - len(joint)]
    answers, batches = solve_in_lockstep(design, single, settings)
    more, further = solve_in_lockstep(design, joint, settings, JointWorkingSetTask)
    solutions = [
        answer.solution(design, groups, problem, settings)
        for problem, answer in zip(problems, [*answers, *more], strict=True)
    ]
    return solutions, batches + further


def _share(design: Design, problem: Problem | JointProblem) -> float:
    """Return which part it is of the problems that are held in memory and share passes."""
    own = 1.0 / TOGETHER
    if is_ridge(problem.task.penalty):
        most = vectors_at_a_time(design, problem)
        own = max(own, min(problem.task.alphas.size, most) / (SHARING * most))
    return own


def _route(design: Design, problem: Problem | JointProblem, settings: Settings) -> Route:
    if problem.task.target is None:
        return JointGramPath(design, problem, settings).solve(problem.task.alphas)
    if is_ridge(problem.task.penalty):
        path = RidgePath if settings.method == "exact" else IterativePath
        return path(design, problem, settings).solve()
    return GramPath(design, problem, settings).solve(problem.task.alphas)


def _describe(problem: Problem, answer: Answer, passes: float) -> Batch:
    m = answer.n_iter.size
    return Batch(
        alpha=float(problem.task.alphas[-1]),
        tried=m,
        accepted=m,
        remaining=0,
        working_set=problem.cols.size,
        active=problem.active(answer.coefs[-1]).size,
        violations=0,
        sweeps=answer.n_sweeps,
        newton_steps=answer.n_newton,
        passes=passes,
    )


def resolve_alphas(
    design: Design, tasks: Sequence[Task], wanted: Sequence[Task]
) -> list[np.ndarray]:
    """Return the grids of some tasks, taken from all rows, so that every fold has the same.

    `tasks` is the batch that the design will solve: the pass over X made here serves it.
    """
    if not any(isinstance(task.alphas, Grid) for task in wanted):
        return [task.alphas for task in wanted]
    with _products_alone(design):
        groups = design.moments(_choose(design, tasks))
    whole = [replace(task, train=None, held_out=(), start=None) for task in wanted]
    trains = _Trains(design, groups, whole)
    return [_resolved(design, trains, task) for task in whole]


def _resolved(design: Design, trains: _Trains, task: Task) -> np.ndarray:
    if not isinstance(task.alphas, Grid):
        return task.alphas
    problem = trains.problem(task)
    top = problem.alpha_max(problem.free_rows(design))
    # the projection of free columns rounds: no penalized one may enter at the largest alpha
    return alpha_grid(top * (1.0 + 1e-12) if problem.free.size else top, task.alphas)


def most_tasks(design: Design, tasks: Sequence[Task]) -> int:
    """Return how many of some tasks to solve at a time, so that what they hold fits into memory.

    On moments that is m coefficient vectors a task, on a working set what it asks of a pass.
    """
    held = _choose(design, tasks)
    design.moments(held)  # decided for all of them
    vectors = max(_length(task) if held else 0 for task in tasks)
    vectors = max(vectors, WorkingSetTask.longest + 1) * _width(design, tasks[0])
    return max(1, MOST_BYTES // (8 * vectors * max(1, design.n_features)))


def _choose(design: Design, tasks: Sequence[Task]) -> bool:
    """Return whether ridge tasks, or the others if there are any, are to be solved on moments."""
    exact, hard = _by_kind(tasks)
    return _held_for(design, hard) or _held_for(design, exact, exact=True)


def _by_kind(tasks: Sequence[Task]) -> tuple[list[Task], list[Task]]:
    """Return the ridge tasks and the others."""
    exact = [task for task in tasks if is_ridge(task.penalty)]
    return exact, [task for task in tasks if not is_ridge(task.penalty)]


def _held_for(design: Design, tasks: Sequence[Task], exact: bool = False) -> bool:
    size = sum(_width(design, task) for task in tasks)
    return bool(tasks) and holds_moments(design, size, max(map(_length, tasks)), exact)


def _length(task: Task) -> int:
    return task.alphas.n_alphas if isinstance(task.alphas, Grid) else len(task.alphas)


def _width(design: Design, task: Task) -> int:
    return design.n_targets if task.target is None else 1


class _Trains:
    """Training moments shared by the tasks that train on the same row groups."""

    def __init__(self, design: Design, groups: list[Moments], tasks: Sequence[Task]) -> None:
        self.design, self.groups, self.lock = design, groups, threading.Lock()
        self.merged: dict[tuple[int, ...] | None, Moments] = {}
        self.problems: dict[tuple, Problem] = {}
        if len(groups) < 3:
            return
        wanted = {task.train for task in tasks}
        every = range(len(groups))
        others = [tuple(g for g in every if g != k) for k in every]
        if all(other in wanted for other in others):
            self.merged.update(zip(others, leave_one_group_out(groups), strict=True))

    def problem(self, task: Task) -> Problem | JointProblem:
        """Return the problem of a task; tasks on the same rows share one Gram matrix."""
        if task.target is None:
            each = [replace(task, target=t, start=None) for t in range(self.design.n_targets)]
            return JointProblem(task, [self.problem(part) for part in each])
        with self.lock:
            if task.train not in self.merged:
                self.merged[task.train] = train_moments(self.groups, task.train)
            _check_usable(self.merged[task.train], task.penalty)
            problem = Problem(self.merged[task.train], task, self.design)
            twin = self.problems.setdefault(problem.rows_key, problem)
            problem.known_rows = twin.known_rows
            if problem.moments.has_cross:
                problem.gram = twin.gram
        return problem


def _check_usable(moments: Moments, penalty: Penalty) -> None:
    if not moments.weight > 0:
        raise ValueError("a training set has no row of positive weight")
    squares = moments.s_xx.trace() if moments.has_cross else moments.s_xx.sum()
    if not np.isfinite(squares + moments.s_yy.sum()):
        start = "" if is_ridge(penalty) else NOT_FINITE
        raise ValueError(
            f"{start}the squares of X or y overflow: rescale the columns or the target"
        )
