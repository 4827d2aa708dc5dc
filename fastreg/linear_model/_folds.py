"""Solve every penalty on every fold: what the cross-validating estimators share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from fastreg.designs import Design, make_design
from fastreg.engine import (
    Grid,
    Penalty,
    Settings,
    Solution,
    Task,
    most_tasks,
    resolve_alphas,
    solve,
)
from fastreg.model_selection.relaxed import relaxed_errors
from fastreg.model_selection.row_groups import RowGroups, batches
from fastreg.model_selection.rules import stalled


@dataclass(frozen=True, eq=False)
class FoldErrors:
    """Errors of every penalty, α, fold and target; NaN where the grid ended early.

    Attributes
    ----------
    held_out, train : ndarray of shape (n_penalties, n_alphas, K, T)
        Weighted mean squared errors.
    alphas : ndarray of shape (n_penalties, n_alphas, T)
        The grid of each penalty and target.
    solutions : dict from (penalty, fold, target) to Solution
        Without their coefficients.
    relaxed : ndarray of shape (2, Γ, n_penalties, n_alphas, K) or None
        Held-out and training errors of the relaxed fits, of one target.
    scores : ndarray of shape (n_penalties, n_alphas, K, T) or None
    coefs : dict from (penalty, fold, target) to CSR array of shape (n_alphas, p)
        Where they are to be kept; fewer rows where the grid ended early.
    intercepts : ndarray of shape (n_penalties, K, n_alphas, T)
    """

    held_out: np.ndarray
    train: np.ndarray
    alphas: np.ndarray
    solutions: dict[tuple[int, int, int], Solution]
    relaxed: np.ndarray | None
    scores: np.ndarray | None
    coefs: dict[tuple[int, int, int], sparse.csr_array]
    intercepts: np.ndarray


@dataclass(frozen=True, eq=False)
class Fold:
    """A fold, solved for some targets.

    Attributes
    ----------
    number : int
        Which split it is.
    tasks : list of Task
        Target by target, each with every penalty, on its whole grid.
    solutions : list of Solution
        Of each of them.
    design : Design
        Of the batch it was solved in: holds all rows, for the refit.
    relaxed : list of pairs of ndarray of shape (Γ, m)
        Held-out and training errors of the relaxed fits, solution by solution, if asked for.
    """

    number: int
    tasks: list[Task]
    solutions: list[Solution]
    design: Design
    relaxed: list[tuple[np.ndarray, np.ndarray]]


def solve_folds(
    X: Any,
    y: np.ndarray,
    sample_weight: np.ndarray | None,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    penalties: Sequence[Penalty],
    alphas: np.ndarray | Grid,
    settings: Settings,
    *,
    fit_intercept: bool,
    targets: Sequence[int | None] = (0,),
    common: bool = False,
    gammas: np.ndarray | None = None,
    score: Callable[[int, int, Solution], Sequence[float]] | None = None,
    store: bool = False,
    patience: int | None = None,
) -> tuple[FoldErrors, Design]:
    """Solve every penalty on every fold, as one batch of tasks wherever folds share row groups.

    Parameters
    ----------
    splits : sequence of pairs of ndarray
        As `check_splits` returns them.
    common : bool
        Whether the automatic grids of all targets are the one that starts highest.
    gammas : ndarray of shape (Γ,), optional
        How much of the penalized fit is mixed with least squares on its support.
    score : callable, optional
        Given fold, target and solution, returns the score of every α.
    store : bool
        Whether to keep the coefficients.
    patience : int, optional
        End a grid where no fold's held-out error has had a new minimum for so many α. The work is
        saved where all folds share row groups; others are solved first and cut then.

    Returns
    -------
    errors : FoldErrors
    design : Design
        Of the last batch: holds all rows, for the refit.
    """
    m = alphas.n_alphas if isinstance(alphas, Grid) else alphas.size
    shape = (len(penalties), m, len(splits), len(targets))
    out = FoldErrors(
        held_out=np.full(shape, np.nan),
        train=np.full(shape, np.nan),
        alphas=np.empty((len(penalties), m, len(targets))),
        solutions={},
        relaxed=None if gammas is None else np.empty((2, gammas.size, *shape[:3])),
        scores=None if score is None else np.empty(shape),
        coefs={},
        intercepts=np.full((len(penalties), len(splits), m, len(targets)), np.nan),
    )
    if patience is not None:
        settings = replace(settings, enough=lambda known: stalled(known, patience) is not None)
    for fold in solve_each_fold(
        X,
        y,
        sample_weight,
        splits,
        penalties,
        alphas,
        settings,
        fit_intercept=fit_intercept,
        targets=targets,
        common=common,
        gammas=gammas,
        bounded=True,
    ):
        _enter(out, fold, score, store)
    if patience is not None:
        _cut(out, patience)
    return out, fold.design


def _enter(out: FoldErrors, fold: Fold, score: Callable | None, store: bool) -> None:
    """Enter what is wanted of a fold; the coefficients are gone afterwards unless stored."""
    k, n_penalties = fold.number, len(out.held_out)
    for number, (task, solution) in enumerate(zip(fold.tasks, fold.solutions, strict=True)):
        t, i, m = task.target or 0, number % n_penalties, solution.alphas.size
        out.alphas[i, :, t] = task.alphas
        out.held_out[i, :m, k, t] = solution.held_out_mse
        out.train[i, :m, k, t] = solution.train_mse
        if score is not None:
            out.scores[i, :, k, t] = score(k, t, solution)
        if store:
            out.coefs[i, k, t] = sparse.csr_array(solution.coefs)
            out.intercepts[i, k, :m, t] = solution.intercepts
        out.solutions[i, k, t] = solution.without_coefs()
    for i, errors in enumerate(fold.relaxed):
        out.relaxed[:, :, i, :, k] = errors


def _cut(out: FoldErrors, patience: int) -> None:
    """Forget what was solved beyond the end of each grid, so that it does not depend on how."""
    n_penalties, _, n_folds, n_targets = out.held_out.shape
    for i, t in np.ndindex(n_penalties, n_targets):
        keys = [(i, k, t) for k in range(n_folds)]
        last = stalled([out.solutions[key].held_out_mse for key in keys], patience)
        if last is None:
            continue
        for errors in (out.held_out, out.train):
            errors[i, last + 1 :, :, t] = np.nan
        out.intercepts[i, :, last + 1 :, t] = np.nan
        for key in keys:
            out.solutions[key] = out.solutions[key].head(last + 1)
            if key in out.coefs:
                out.coefs[key] = out.coefs[key][: last + 1]


def solve_each_fold(
    X: Any,
    y: np.ndarray,
    sample_weight: np.ndarray | None,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    penalties: Sequence[Penalty],
    alphas: np.ndarray | Grid | Callable[[Design], np.ndarray],
    settings: Settings,
    *,
    fit_intercept: bool,
    targets: Sequence[int | None] = (0,),
    common: bool = False,
    summed: bool = False,
    gammas: np.ndarray | None = None,
    bounded: bool = False,
) -> Iterator[Fold]:
    """Yield the solutions of each fold, solved in batches of the folds that share row groups.

    Parameters
    ----------
    splits : sequence of pairs of ndarray
        As `check_splits` returns them.
    alphas : ndarray of shape (m,), Grid, or function of a design that holds all rows
    common : bool
        As in `solve_folds`.
    summed : bool
        Whether alphas go with the sum of squares, as in `Ridge`, and not with the mean: what the
        engine is given is then divided by the weight of the training set.
    gammas : ndarray of shape (Γ,), optional
        As in `solve_folds`.
    bounded : bool
        Whether a fold may come several times, each with as many targets as fit into memory.
    """
    probe: list[Task] = []
    parts = batches(splits, X.shape[0])
    if len(parts) > 1:  # nobody knows all folds in time
        settings = replace(settings, enough=None)
    for groups, numbers in parts:
        design = make_design(X, y, sample_weight, groups=groups.codes, check_input=False)
        weights = training_weights(design, groups, numbers)
        if callable(alphas):
            alphas = alphas(design)
        probe = probe or _on_grids(
            design,
            [Task(p, alphas, None, (), t, fit_intercept) for t in targets for p in penalties],
            len(numbers),
            len(penalties) if common else None,
        )
        few = most_tasks(design, probe * len(numbers)) if bounded else len(targets)
        few = max(1, few // (len(numbers) * len(penalties))) if bounded else few
        for first in range(0, len(targets), few):
            some = probe[first * len(penalties) : (first + few) * len(penalties)]
            tasks = [
                replace(
                    task,
                    alphas=task.alphas / weights[i] if summed else task.alphas,
                    train=groups.train[i],
                    held_out=groups.held_out[i],
                )
                for i in range(len(numbers))
                for task in some
            ]
            found = solve(design, tasks, settings)
            relaxed = [] if gammas is None else relaxed_errors(design, tasks, found, gammas)
            for i, k in enumerate(numbers):
                own = slice(i * len(some), (i + 1) * len(some))
                yield Fold(k, tasks[own], found[own], design, relaxed[own])
            del found  # before the next are solved


def _on_grids(
    design: Design, probe: list[Task], n_folds: int, n_penalties: int | None
) -> list[Task]:
    """Return tasks with their alphas resolved, each a family: its folds end together.

    Parameters
    ----------
    n_penalties : int, optional
        Every so many tasks have a common grid, the one that starts highest; None: each its own.
    """
    grids = resolve_alphas(design, probe * n_folds, probe)
    if n_penalties is not None:
        highest = [np.max(grids[i::n_penalties], axis=0) for i in range(n_penalties)]
        grids = highest * (len(probe) // n_penalties)
    return [
        replace(task, alphas=grid, family=number)
        for number, (task, grid) in enumerate(zip(probe, grids, strict=True))
    ]


def training_weights(design: Design, groups: RowGroups, numbers: Sequence[int]) -> np.ndarray:
    """Return the weight of each training set.

    Raises
    ------
    ValueError
        A training or test set without weight; `numbers` are what its split is called.
    """
    weight = np.bincount(groups.codes, weights=design.weight, minlength=groups.n_groups)
    train = np.array([weight[list(members)].sum() for members in groups.train])
    test = np.array([weight[list(members)].sum() for members in groups.held_out])
    for i, k in enumerate(numbers):
        for name, total in (("training", train[i]), ("test", test[i])):
            if not total > 0:
                raise ValueError(f"split {k}: sample_weight is zero for its whole {name} set")
    return train
