"""Tasks that may end before the end of their grids: asking, and paths on moments piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace

import numpy as np

from fastreg.engine.problem import Problem
from fastreg.engine.tasks import Batch, Settings, Solution

PIECE = 8  # α between two questions


def ended(
    problems: Sequence[Problem], errors: Sequence[np.ndarray], settings: Settings
) -> list[bool]:
    """Return which problems may end, by what all of their family know; see `Settings.enough`."""
    families: dict[int, list[np.ndarray]] = {}
    for problem, known in zip(problems, errors, strict=True):
        families.setdefault(problem.task.family, []).append(known)
    enough = {number: settings.enough(known) for number, known in families.items()}
    return [enough[problem.task.family] for problem in problems]


def solve_in_pieces(
    problems: Sequence[Problem],
    settings: Settings,
    solve: Callable[[list[Problem], Settings], tuple[list[Solution], list[Batch]]],
) -> tuple[list[Solution], list[Batch]]:
    """Solve some α of every problem at a time, each piece from the solution before.

    `solve` solves whole problems.
    """
    batches: list[Batch] = []
    known: list[Solution | None] = [None] * len(problems)
    running = list(range(len(problems)))
    first = 0
    while running:
        some = [_piece(problems[k], first, known[k]) for k in running]
        solutions, more = solve(some, settings)
        batches += more
        for k, found in zip(running, solutions, strict=True):
            known[k] = found if known[k] is None else known[k].followed_by(found)
        first += PIECE
        over = ended(problems, [solution.held_out_mse for solution in known], settings)
        running = [k for k in running if not over[k] and first < problems[k].task.alphas.size]
    return known, batches


def _piece(problem: Problem, first: int, before: Solution | None) -> Problem:
    """Return the problem of the next α, which shares all arrays with the whole one."""
    task, piece = problem.task, copy(problem)
    start = task.start if before is None else before.coef_at(-1)
    piece.task = replace(task, alphas=task.alphas[first : first + PIECE], start=start)
    return piece
