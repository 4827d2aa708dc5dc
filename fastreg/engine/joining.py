"""Ridge tasks that differ in their target and α only, joined into one: they share every factor.

Nothing couples their vectors. A joined `Task` has an α and a target for each vector, and its
`Solution` an entry a vector in every array; `Joined.split` gives each task its own again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fastreg.engine.tasks import Penalty, Solution, Task


class Joined:
    """Tasks, those that can be solved together in one.

    Attributes
    ----------
    tasks : list of Task
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._given = tasks
        if len(tasks) == 1:
            self.tasks = list(tasks)
            return
        members: dict[tuple, list[int]] = {}
        for i, task in enumerate(tasks):
            members.setdefault(_key(i, task), []).append(i)
        self._members = list(members.values())
        self.tasks = [_join([tasks[i] for i in some]) for some in self._members]

    def split(self, found: Sequence[Solution]) -> list[Solution]:
        """Return the solution of each task given, from those of `tasks`."""
        if len(self.tasks) == len(self._given):
            return list(found)
        out: dict[int, Solution] = {}
        for some, solution in zip(self._members, found, strict=True):
            sizes = [self._given[i].alphas.size for i in some]
            last = np.cumsum(sizes)
            for i, first, end in zip(some, last - sizes, last, strict=True):
                out[i] = solution if len(some) == 1 else _part(solution, slice(first, end))
        return [out[i] for i in range(len(self._given))]


def is_ridge(penalty: Penalty) -> bool:
    """Whether the penalty has neither an L1 term nor bounds."""
    return penalty.l1_ratio == 0 and penalty.lower is None and penalty.upper is None


def _key(number: int, task: Task) -> tuple:
    """Return what tasks to be joined have in common."""
    if not is_ridge(task.penalty):
        return (number,)
    return id(task.penalty), task.train, task.held_out, task.fit_intercept, task.verify


def _join(some: Sequence[Task]) -> Task:
    if len(some) == 1:
        return some[0]
    target = np.repeat([task.target for task in some], [task.alphas.size for task in some])
    alphas = np.concatenate([task.alphas for task in some])
    return replace(some[0], alphas=alphas, target=target, start=None)


def _part(whole: Solution, rows: slice) -> Solution:
    """Return the solution of the task whose vectors are `rows`."""
    held_out = whole.held_out_mse
    return Solution(
        alphas=whole.alphas[rows],
        coefs=whole.coefs[rows],
        intercepts=whole.intercepts[rows],
        gaps=whole.gaps[rows],
        violations=whole.violations[rows],
        n_iter=whole.n_iter[rows],
        converged=whole.converged[rows],
        scale=float(whole.scale[rows][0]),
        train_mse=whole.train_mse[rows],
        ill_conditioned=bool(whole.ill_conditioned[rows].any()),
        held_out_mse=None if held_out is None else held_out[rows],
        held_out_tss=float("nan") if held_out is None else float(whole.held_out_tss[rows][0]),
        diagnostics=whole.diagnostics,
    )
