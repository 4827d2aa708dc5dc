"""Solve every penalty on every fold: what the cross-validating estimators share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastreg.designs import Design, make_design
from fastreg.engine import Grid, Penalty, Settings, Solution, Task, resolve_alphas, solve
from fastreg.model_selection.row_groups import RowGroups, batches, check_splits


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
    """

    held_out: np.ndarray
    train: np.ndarray
    tss: np.ndarray
    alphas: list[np.ndarray]
    solutions: list[Solution]


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
    target: int = 0,
) -> tuple[FoldErrors, Design]:
    """Solve every penalty on every fold, as one batch of tasks wherever folds share row groups.

    Returns
    -------
    errors : FoldErrors
    design : Design
        Of the last batch: holds all rows, for the refit.
    """
    splits = check_splits(splits, X.shape[0])
    shape = (len(penalties), alphas.n_alphas if isinstance(alphas, Grid) else alphas.size)
    held_out, train = np.empty((*shape, len(splits))), np.empty((*shape, len(splits)))
    tss, grids, solutions = np.empty(len(splits)), [], []
    for groups, numbers in batches(splits, X.shape[0]):
        design = make_design(X, y, sample_weight, groups=groups.codes, check_input=False)
        check_fold_weights(design, groups, numbers)
        probe = [Task(p, alphas, target=target, fit_intercept=fit_intercept) for p in penalties]
        grids = grids or [resolve_alphas(design, probe * len(numbers), task) for task in probe]
        tasks = [
            Task(
                penalty,
                grid,
                groups.train[i],
                groups.held_out[i],
                target=target,
                fit_intercept=fit_intercept,
            )
            for penalty, grid in zip(penalties, grids, strict=True)
            for i in range(len(numbers))
        ]
        found = solve(design, tasks, settings)
        solutions += found
        for i, solution in enumerate(found):
            row, fold = i // len(numbers), numbers[i % len(numbers)]
            held_out[row, :, fold], train[row, :, fold] = solution.held_out_mse, solution.train_mse
            tss[fold] = solution.held_out_tss
    return FoldErrors(held_out, train, tss, grids, solutions), design


def check_fold_weights(design: Design, groups: RowGroups, numbers: Sequence[int]) -> None:
    """Raise ValueError where a training or test set has no weight."""
    if design.weight is None:
        return
    weight = np.bincount(groups.codes, weights=design.weight, minlength=groups.n_groups)
    for i, k in enumerate(numbers):
        for name, members in (("training", groups.train[i]), ("test", groups.held_out[i])):
            if not weight[list(members)].sum() > 0:
                raise ValueError(f"split {k}: sample_weight is zero for its whole {name} set")
