"""Stability selection: which features are selected again and again on halves of the rows."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_scalar

from fastreg.checks import warn_unsolved
from fastreg.designs import make_design
from fastreg.engine import solve
from fastreg.model_selection.error_curves import (
    MAX_ITER,
    TOL,
    alphas_or_grid,
    check_rows,
    generator_of,
    names_of,
    penalty_of,
    settings_of,
)
from fastreg.model_selection.tuning import Spot, grid_of, task_of
from fastreg.reporting import reporting

if TYPE_CHECKING:
    from fastreg.plotting import StabilityPathDisplay

FEWEST_ROWS = 4


@dataclass(frozen=True, eq=False, kw_only=True)
class StabilitySelection:
    """Selection frequencies along the path; see `stability_selection`.

    Attributes
    ----------
    alphas : ndarray of shape (m,)
        Downwards.
    frequencies : ndarray of shape (m, p)
        Share of the subsamples whose fit at this α has the feature.
    n_selected : ndarray of shape (m,)
        Mean number of features selected at this α or a larger one.
    last : int
        Number of the smallest α that counts: the selection looks at ``alphas[:last + 1]``; −1 where
        none does.
    scores : ndarray of shape (p,)
        Largest frequency of each feature over ``alphas[:last + 1]``.
    selected : ndarray of int
        The features whose score reaches `threshold`, by falling score.
    threshold : float
    max_false : float
        Bound on the expected number of features selected falsely.
    n_subsamples : int
    feature_names : list of str
    """

    alphas: np.ndarray
    frequencies: np.ndarray
    n_selected: np.ndarray
    last: int
    scores: np.ndarray
    selected: np.ndarray
    threshold: float
    max_false: float
    n_subsamples: int
    feature_names: list[str]

    def plot(self, ax: Any = None, **options: Any) -> StabilityPathDisplay:
        """Draw selection frequencies against α; see `fastreg.plotting.StabilityPathDisplay`."""
        from fastreg.plotting import StabilityPathDisplay

        return StabilityPathDisplay(self).plot(ax, **options)


def stability_selection(
    X: Any,
    y: Any,
    *,
    l1_ratio: float = 1.0,
    alphas: Any = 50,
    eps: float = 1e-2,
    n_pairs: int = 50,
    threshold: float = 0.75,
    max_false: float = 1.0,
    random_state: Any = 0,
    fit_intercept: bool = True,
    standardize: bool = True,
    tol: float = TOL,
    max_iter: int = MAX_ITER,
    n_jobs: int | None = None,
    progress: bool = False,
) -> StabilitySelection:
    """Count how often each feature is selected on random halves of the rows.

    The rows are cut into two halves, again and again, and a path is fitted to each half. Only the
    part of the path counts on which few enough features q are selected in all (on average over the
    halves) that the expected number of false ones is at most `max_false`:

        E(V) ≤ q² / ((2 threshold − 1) p)

    A feature is selected whose largest frequency on that part reaches the threshold. The bound
    holds where the features without effect are exchangeable and the procedure does better than
    guessing. Where even the largest α lets too many features in, none is selected, with a warning.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n, p)
    y : array-like of shape (n,)
    l1_ratio : float, default=1.0
        Above 0: ridge selects nothing.
    alphas : int or array-like, default=50
        Number of alphas of an automatic grid, that of all rows, or the alphas.
    eps : float, default=1e-2
    n_pairs : int, default=50
        How often the rows are cut into halves.
    threshold : float, default=0.75
        Above 0.5, at most 1.
    max_false : float, default=1.0
        Expected number of false selections that is tolerated.
    random_state : int, NumPy Generator or None, default=0
    standardize : bool, default=True
        Penalize columns as if they had unit variance within each half.
    fit_intercept, tol, max_iter, n_jobs, progress
        As in `LassoCV`.

    Returns
    -------
    StabilitySelection

    Raises
    ------
    ValueError
        Bad input, named; fewer than four rows.

    References
    ----------
    N. Meinshausen, P. Bühlmann (2010), Stability selection, Journal of the Royal Statistical
    Society B 72, 417-473, theorem 1. R. D. Shah, R. J. Samworth (2013), Variable selection with
    error control: another look at stability selection, same journal 75, 55-80 (complementary
    pairs).
    """
    columns = X
    X, y, _ = check_rows(X, y, None)
    names = names_of(columns)
    n, p = X.shape
    if n < FEWEST_ROWS:
        raise ValueError(f"X has {n} rows, two halves need at least {FEWEST_ROWS}")
    _check_options(threshold, max_false, n_pairs)
    penalty = penalty_of("elasticnet", l1_ratio, p, standardize)
    whole = Spot(make_design(X, y, check_input=False), (0,), ())
    grid = grid_of(whole, penalty, alphas_or_grid(alphas, eps), fit_intercept)
    rng = generator_of(random_state)
    frequencies, entered, solutions = np.zeros((grid.size, p)), np.zeros(grid.size), []
    with reporting(progress=progress) as report:
        settings = settings_of(tol, max_iter, n_jobs, report)
        for _ in range(n_pairs):
            halves = np.full(n, 2)  # with an odd number of rows one is left out
            halves[rng.permutation(n)[: 2 * (n // 2)]] = np.repeat([0, 1], n // 2)
            design = make_design(X, y, groups=halves, check_input=False)
            tasks = [task_of(Spot(design, (h,), ()), penalty, grid, fit_intercept) for h in (0, 1)]
            for found in solve(design, tasks, settings):
                member = found.dense_coefs() != 0
                frequencies += member
                entered += np.logical_or.accumulate(member, axis=0).sum(axis=1)
                solutions.append(found.without_coefs())
    warn_unsolved(solutions, settings)
    frequencies /= 2 * n_pairs
    entered /= 2 * n_pairs
    most = np.sqrt((2.0 * threshold - 1.0) * p * max_false)
    last = int(np.count_nonzero(entered <= most)) - 1
    if last < 0:
        _warn_of_too_many(grid[0], entered[0], most, max_false)
    scores = frequencies[: last + 1].max(axis=0, initial=0.0)
    order = np.argsort(-scores, kind="stable")
    return StabilitySelection(
        alphas=grid,
        frequencies=frequencies,
        n_selected=entered,
        last=last,
        scores=scores,
        selected=order[scores[order] >= threshold],
        threshold=float(threshold),
        max_false=float(entered[last] ** 2 / ((2.0 * threshold - 1.0) * p)) if last >= 0 else 0.0,
        n_subsamples=2 * n_pairs,
        feature_names=names,
    )


def _warn_of_too_many(alpha: float, entered: float, most: float, max_false: float) -> None:
    warnings.warn(
        f"no feature is selected: at the largest alpha, {alpha:.3g}, the halves take in "
        f"{entered:.3g} features on average, where max_false={max_false:g} allows {most:.3g}; give "
        "larger alphas, or a larger max_false",
        UserWarning,
        stacklevel=3,
    )


def _check_options(threshold: float, max_false: float, n_pairs: int) -> None:
    check_scalar(n_pairs, "n_pairs", Integral, min_val=1)
    if not isinstance(threshold, Real) or not 0.5 < threshold <= 1:
        raise ValueError(f"threshold == {threshold!r}, must be above 0.5 and at most 1")
    if not isinstance(max_false, Real) or not 0 < max_false < np.inf:
        raise ValueError(f"max_false == {max_false!r}, must be > 0")
