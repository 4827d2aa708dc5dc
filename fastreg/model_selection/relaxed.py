"""The relaxed Lasso: between a penalized fit and least squares on the columns it selects.

Everything comes from the moments of the columns that some α or fold selects: where p × p moments
are not held, `Design.gram` reads these columns once.

    b(γ) = γ b + (1 − γ) b_LS,   b_LS least squares on the support of b and the unpenalized columns

References
----------
N. Meinshausen (2007), Relaxed Lasso, Computational Statistics & Data Analysis 52, 374-393.
T. Hastie, R. Tibshirani, R. J. Tibshirani (2017), Extended comparisons of best subset selection,
forward stepwise selection, and the Lasso, arXiv 1707.08692 (the form of the mixture).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from fastreg.designs import ColumnDesign, Design
from fastreg.engine import Penalty, Solution, Task
from fastreg.engine.heldout import held_out_errors
from fastreg.engine.problem import Problem, train_moments
from fastreg.model_selection.supports import by_support, least_squares, restricted
from fastreg.moments import Moments
from fastreg.workers import breathe

GAMMAS = (1.0, 0.75, 0.5, 0.25, 0.0)
MAX_CORRECTIONS = 5


def check_gammas(relax: Any) -> np.ndarray | None:
    """Return the values of γ to try, downwards, so that a tie goes to the penalized fit.

    Parameters
    ----------
    relax : bool or array-like
        False gives None, True 0, ¼, ½, ¾, 1.

    Raises
    ------
    ValueError
        No list of numbers from 0 to 1.
    """
    if isinstance(relax, bool | np.bool_):
        return np.array(GAMMAS) if relax else None
    try:
        values = np.asarray(relax, dtype=float)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.ndim != 1 or not values.size or not np.all((values >= 0) & (values <= 1)):
        raise ValueError(
            f"relax must be a bool or a non-empty list of numbers from 0 to 1, got {relax!r}"
        )
    return np.unique(values)[::-1]


def check_relaxable(penalty: Penalty) -> None:
    """Refuse bounds and ridge.

    Raises
    ------
    ValueError
        See `relax`.
    """
    if penalty.lower is not None or penalty.upper is not None:
        raise ValueError(
            "relax is not available with bounds (positive, lower, upper): least squares on the "
            "support would not keep them"
        )
    if penalty.l1_ratio == 0:
        raise ValueError("relax is not available for l1_ratio=0: ridge selects no columns")


@dataclass(frozen=True, eq=False)
class Relaxed:
    """The path of a task and its least-squares fits, of the columns `cols` only.

    Attributes
    ----------
    cols : ndarray of int, shape (k,)
    design, problem : ColumnDesign, Problem
        Of these columns.
    penalized, least_squares : ndarray of shape (m, k)
    """

    cols: np.ndarray
    design: ColumnDesign
    problem: Problem
    penalized: np.ndarray
    least_squares: np.ndarray

    def mixed(self, gamma: float) -> np.ndarray:
        """Return γ b + (1 − γ) b_LS, shape (m, k)."""
        return gamma * self.penalized + (1.0 - gamma) * self.least_squares

    def errors(self, gammas: np.ndarray, groups: tuple[int, ...]) -> np.ndarray:
        """Return the weighted mean squared errors of the rows of some groups, shape (Γ, m)."""
        problem = copy(self.problem)
        problem.task = replace(problem.task, held_out=groups)
        block = np.concatenate([self.mixed(gamma) for gamma in gammas])
        found, _ = held_out_errors(self.design, problem, self.design.moments(True), block)
        return found.reshape(len(gammas), -1)


def relax(design: Design, tasks: Sequence[Task], coefs: Sequence[Any]) -> list[Relaxed]:
    """Fit least squares on the support of every α of every task.

    Where the columns of a support are dependent, of least norm in units of their standard
    deviations.

    Parameters
    ----------
    tasks : sequence of Task
    coefs : sequence of ndarray or CSR array of shape (m, p)
        The solutions of each.

    Raises
    ------
    ValueError
        A task with bounds, which least squares would not keep, or a ridge, which selects nothing.
    """
    for task in tasks:
        check_relaxable(task.penalty)
    wanted = np.zeros(design.n_features, dtype=bool)
    blocks = [sparse.csr_array(block) for block in coefs]
    for task, block in zip(tasks, blocks, strict=True):
        wanted[block.indices] = True
        if task.penalty.factor is not None:
            wanted |= task.penalty.factor == 0
    cols = np.flatnonzero(wanted)
    part = ColumnDesign(design, cols)
    trains: dict[tuple[int, ...] | None, Moments] = {}
    out = []
    for task, block in zip(tasks, blocks, strict=True):
        breathe()
        if task.train not in trains:
            trains[task.train] = train_moments(part.moments(True), task.train)
        problem = Problem(trains[task.train], restricted(task, cols), part)
        penalized = block[:, cols].toarray()
        out.append(Relaxed(cols, part, problem, penalized, _on_supports(problem, penalized)))
    return out


def _on_supports(problem: Problem, coefs: np.ndarray) -> np.ndarray:
    """Return the least-squares coefficients on the support of each row, shape (m, k)."""
    member = coefs != 0
    member[:, problem.free] = True
    out = np.zeros(coefs.shape)
    for support, which in by_support(member):
        if support.size:
            breathe()
            fit = least_squares(problem, support)
            out[np.ix_(which, support)] = fit.solve(problem.corr[support])
    return out


def relaxed_errors(
    design: Design, tasks: Sequence[Task], solutions: Sequence[Solution], gammas: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return held-out and training mean squared errors of each task, both of shape (Γ, m).

    What γ = 1 gives is the error that the engine has told.
    """
    out = []
    every = tuple(range(design.n_groups))
    for task, solution, found in zip(
        tasks, solutions, relax(design, tasks, [s.coefs for s in solutions]), strict=True
    ):
        held_out = found.errors(gammas, task.held_out)
        train = found.errors(gammas, every if task.train is None else task.train)
        held_out[gammas == 1], train[gammas == 1] = solution.held_out_mse, solution.train_mse
        out.append((held_out, train))
    return out


def relax_solution(
    design: Design, task: Task, solution: Solution, gamma: float
) -> tuple[Solution, float]:
    """Return the mixture of a task of one α, and how far its least-squares part is from optimal.

    That part is corrected from the true residual until that no longer helps. The second is the
    largest |Σw x_j r|/Σw (centred with an intercept) over its columns; 0 for γ = 1, where there is
    no such part. Gap and violation of the solution stay those of the penalized fit.
    """
    if gamma == 1:
        return solution, 0.0
    (found,) = relax(design, [task], [solution.coefs])
    violation = _correct(found)
    mixed = found.mixed(gamma)
    coefs = np.zeros(solution.coefs.shape)
    coefs[:, found.cols] = mixed
    intercepts = found.problem.intercepts(mixed)
    return replace(solution, coefs=coefs, intercepts=intercepts), violation


def _correct(found: Relaxed) -> float:
    """Bring one least-squares fit to the true residual, in place; return what is left."""
    problem, coefs = found.problem, found.least_squares
    support = np.flatnonzero((found.penalized[0] != 0) | (coefs[0] != 0))
    if not support.size:
        return 0.0
    fit = least_squares(problem, support)
    best, last = np.inf, coefs.copy()
    for _ in range(MAX_CORRECTIONS):
        left = problem.evaluate(found.design, coefs)[0][0, support]
        violation = float(np.abs(left).max())
        if not violation < best:
            coefs[:] = last
            break
        best, last = violation, coefs.copy()
        coefs[0, support] += fit.solve(left)
    return best
