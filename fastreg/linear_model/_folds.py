"""Solve every penalty on every fold: what the cross-validating estimators share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fastreg.designs import Design, make_design
from fastreg.engine import Grid, Penalty, Settings, Solution, Task, resolve_alphas, solve
from fastreg.model_selection.relaxed import relaxed_errors
from fastreg.model_selection.row_groups import RowGroups, batches


@dataclass(frozen=True, eq=False)
class FoldErrors:
    """Errors of every penalty, α and fold.

    Attributes
    ----------
    held_out, train : ndarray of shape (n_penalties, n_alphas, K)
        Weighted mean squared errors.
    tss : ndarray of shape (K,)
        Weighted variance of the held-out target.
    alphas : list of ndarray
        The grid of each penalty.
    solutions : list of Solution
    relaxed : ndarray of shape (2, Γ, n_penalties, n_alphas, K) or None
        Held-out and training errors of the relaxed fits.
    """

    held_out: np.ndarray
    train: np.ndarray
    tss: np.ndarray
    alphas: list[np.ndarray]
    solutions: list[Solution]
    relaxed: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Fold:
    """A solved fold.

    Attributes
    ----------
    number : int
        Which split it is.
    solutions : list of Solution
        Target by target, each with every penalty.
    design : Design
        Of the batch it was solved in: holds all rows, for the refit.
    relaxed : list of pairs of ndarray of shape (Γ, m)
        Held-out and training errors of the relaxed fits, solution by solution, if asked for.
    """

    number: int
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
    target: int | None = 0,
    gammas: np.ndarray | None = None,
) -> tuple[FoldErrors, Design]:
    """Solve every penalty on every fold, as one batch of tasks wherever folds share row groups.

    Parameters
    ----------
    splits : sequence of pairs of ndarray
        As `check_splits` returns them.
    gammas : ndarray of shape (Γ,), optional
        How much of the penalized fit is mixed with least squares on its support.

    Returns
    -------
    errors : FoldErrors
    design : Design
        Of the last batch: holds all rows, for the refit.
    """
    shape = (len(penalties), alphas.n_alphas if isinstance(alphas, Grid) else alphas.size)
    held_out, train = np.empty((*shape, len(splits))), np.empty((*shape, len(splits)))
    tss, solutions = np.empty(len(splits)), []
    relaxed = None if gammas is None else np.empty((2, gammas.size, *shape, len(splits)))
    for fold in solve_each_fold(
        X,
        y,
        sample_weight,
        splits,
        penalties,
        alphas,
        settings,
        fit_intercept=fit_intercept,
        targets=(target,),
        gammas=gammas,
    ):
        k = fold.number
        for i, solution in enumerate(fold.solutions):
            held_out[i, :, k], train[i, :, k] = solution.held_out_mse, solution.train_mse
        for i, errors in enumerate(fold.relaxed):
            relaxed[:, :, i, :, k] = errors
        tss[k] = fold.solutions[0].held_out_tss
        solutions += fold.solutions
    grids = [solution.alphas for solution in fold.solutions]
    return FoldErrors(held_out, train, tss, grids, solutions, relaxed), fold.design


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
    summed: bool = False,
    gammas: np.ndarray | None = None,
) -> Iterator[Fold]:
    """Yield the solutions of each fold, solved in batches of the folds that share row groups.

    Parameters
    ----------
    splits : sequence of pairs of ndarray
        As `check_splits` returns them.
    alphas : ndarray of shape (m,), Grid, or function of a design that holds all rows
    summed : bool
        Whether alphas go with the sum of squares, as in `Ridge`, and not with the mean: what the
        engine is given is then divided by the weight of the training set.
    gammas : ndarray of shape (Γ,), optional
        As in `solve_folds`.
    """
    grids: list[np.ndarray] = []
    for groups, numbers in batches(splits, X.shape[0]):
        design = make_design(X, y, sample_weight, groups=groups.codes, check_input=False)
        weights = training_weights(design, groups, numbers)
        if callable(alphas):
            alphas = alphas(design)
        probe = [Task(p, alphas, None, (), t, fit_intercept) for t in targets for p in penalties]
        grids = grids or [resolve_alphas(design, probe * len(numbers), task) for task in probe]
        tasks = [
            replace(
                task,
                alphas=grid / weights[i] if summed else grid,
                train=groups.train[i],
                held_out=groups.held_out[i],
            )
            for i in range(len(numbers))
            for task, grid in zip(probe, grids, strict=True)
        ]
        found = solve(design, tasks, settings)
        relaxed = [] if gammas is None else relaxed_errors(design, tasks, found, gammas)
        for i, k in enumerate(numbers):
            own = slice(i * len(probe), (i + 1) * len(probe))
            yield Fold(k, found[own], design, relaxed[own])


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
