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


@dataclass(frozen=True, eq=False)
class FoldErrors:
    """Errors of every penalty, α, fold and target.

    Attributes
    ----------
    held_out, train : ndarray of shape (n_penalties, n_alphas, K, T)
        Weighted mean squared errors.
    alphas : ndarray of shape (n_penalties, n_alphas, T)
        The grid of each penalty and target.
    solutions : list of Solution
        Without their coefficients.
    relaxed : ndarray of shape (2, Γ, n_penalties, n_alphas, K) or None
        Held-out and training errors of the relaxed fits, of one target.
    scores : ndarray of shape (n_penalties, n_alphas, K, T) or None
    coefs : dict from (penalty, fold, target) to CSR array of shape (n_alphas, p)
        Where they are to be kept.
    intercepts : ndarray of shape (n_penalties, K, n_alphas, T)
    """

    held_out: np.ndarray
    train: np.ndarray
    alphas: np.ndarray
    solutions: list[Solution]
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
    targets : sequence of int or None
    solutions : list of Solution
        Target by target, each with every penalty.
    design : Design
        Of the batch it was solved in: holds all rows, for the refit.
    relaxed : list of pairs of ndarray of shape (Γ, m)
        Held-out and training errors of the relaxed fits, solution by solution, if asked for.
    """

    number: int
    targets: Sequence[int | None]
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

    Returns
    -------
    errors : FoldErrors
    design : Design
        Of the last batch: holds all rows, for the refit.
    """
    m = alphas.n_alphas if isinstance(alphas, Grid) else alphas.size
    shape = (len(penalties), m, len(splits), len(targets))
    out = FoldErrors(
        held_out=np.empty(shape),
        train=np.empty(shape),
        alphas=np.empty((len(penalties), m, len(targets))),
        solutions=[],
        relaxed=None if gammas is None else np.empty((2, gammas.size, *shape[:3])),
        scores=None if score is None else np.empty(shape),
        coefs={},
        intercepts=np.empty((len(penalties), len(splits), m, len(targets))),
    )
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
    return out, fold.design


def _enter(out: FoldErrors, fold: Fold, score: Callable | None, store: bool) -> None:
    """Enter what is wanted of a fold; the coefficients are gone afterwards unless stored."""
    k, n_penalties = fold.number, len(out.held_out)
    for number, solution in enumerate(fold.solutions):
        t, i = fold.targets[number // n_penalties] or 0, number % n_penalties
        out.alphas[i, :, t] = solution.alphas
        out.held_out[i, :, k, t], out.train[i, :, k, t] = solution.held_out_mse, solution.train_mse
        if score is not None:
            out.scores[i, :, k, t] = score(k, t, solution)
        if store:
            out.coefs[i, k, t] = sparse.csr_array(solution.coefs)
            out.intercepts[i, k, :, t] = solution.intercepts
        out.solutions.append(solution.without_coefs())
    for i, errors in enumerate(fold.relaxed):
        out.relaxed[:, :, i, :, k] = errors


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
    for groups, numbers in batches(splits, X.shape[0]):
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
                yield Fold(k, targets[first : first + few], found[own], design, relaxed[own])


def _on_grids(
    design: Design, probe: list[Task], n_folds: int, n_penalties: int | None
) -> list[Task]:
    """Return tasks with their alphas resolved.

    Parameters
    ----------
    n_penalties : int, optional
        Every so many tasks have a common grid, the one that starts highest; None: each its own.
    """
    grids = resolve_alphas(design, probe * n_folds, probe)
    if n_penalties is not None:
        highest = [np.max(grids[i::n_penalties], axis=0) for i in range(n_penalties)]
        grids = highest * (len(probe) // n_penalties)
    return [replace(task, alphas=grid) for task, grid in zip(probe, grids, strict=True)]


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
