"""Choose α (and l1_ratio, and relaxation) on some rows and judge the choice on others.

The inner loop of nested cross-validation: what is chosen and fitted for an outer fold depends on
nothing in the rows it holds out. All splits on one X are tasks of one batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import NamedTuple

import numpy as np

from fastreg.designs import Design
from fastreg.engine import Grid, Penalty, Settings, Solution, Task, most_tasks, solve
from fastreg.engine.grid import alpha_grid
from fastreg.engine.problem import problem_of, train_moments
from fastreg.model_selection.relaxed import relax_solution, relaxed_errors
from fastreg.model_selection.rules import choose, choose_both, mean_and_se
from fastreg.moments import Moments, merge_all
from fastreg.path import ridge_alphas

LEAST_SQUARES = np.zeros(1)
# Times the sum of the variances: least squares of minimum norm to some ten digits, without the
# p × p eigenproblem that a certificate of α = 0 takes.
NEARLY_ZERO = 1e-12


class Spot(NamedTuple):
    """A split: the row groups of a design to train on, and those to hold out."""

    design: Design
    train: tuple[int, ...]
    held_out: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A method: penalties to choose among.

    Attributes
    ----------
    name : str
    l1_ratios : tuple of float
        One penalty each.
    alphas : ndarray of shape (m,) or Grid
        The same for all penalties, or an automatic grid for each. In the units of the estimator.
    gammas : ndarray of shape (Γ,) or None
        Shares of the penalized fit to try, downwards, for the relaxed lasso.
    """

    name: str
    l1_ratios: tuple[float, ...]
    alphas: np.ndarray | Grid
    gammas: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Choice:
    """What was chosen of a candidate on some rows, and how it does.

    Attributes
    ----------
    alpha, alpha_1se : float
        The α chosen, and the one that the one-standard-error rule would take for the same penalty.
        In the units of the estimator.
    l1_ratio, relaxation : float
    train_mse, held_out_mse : float
        Of the fit at `alpha` to the outer training rows; NaN where the outer split holds nothing
        out.
    n_features : int
        Its number of non-zero coefficients; 0 there.
    """

    alpha: float
    alpha_1se: float
    l1_ratio: float
    relaxation: float
    train_mse: float
    held_out_mse: float
    n_features: int


@dataclass(frozen=True, eq=False)
class How:
    """How to fit, the same for all candidates: `constraints` are those of any penalty."""

    settings: Settings
    fit_intercept: bool = True
    standardize: bool = False
    selection_rule: str = "min"
    constraints: Penalty = field(default_factory=lambda: Penalty(1.0))

    def penalty(self, l1_ratio: float) -> Penalty:
        """Return the penalty of that mix."""
        return replace(self.constraints, l1_ratio=l1_ratio, standardize=self.standardize)


@dataclass(frozen=True, eq=False)
class _Family:
    """The tasks of one penalty on every split, and what came out.

    Attributes
    ----------
    l1_ratio : float
    alphas : ndarray of shape (m,)
        In the units of the estimator.
    solutions : list of Solution
        Of every split, the outer one first where it holds rows out.
    relaxed : list of pairs of ndarray of shape (Γ, m)
        Held-out and training errors of every split; empty where not asked for.
    """

    l1_ratio: float
    alphas: np.ndarray
    solutions: list[Solution]
    relaxed: list[tuple[np.ndarray, np.ndarray]]


def tune(
    outer: Spot, inner: Sequence[Spot], candidates: Sequence[Candidate], how: How
) -> tuple[list[Choice], list[Solution]]:
    """Choose of every candidate by the inner splits, and judge it on the outer one.

    An outer split that holds nothing out gives its training rows to take the grids from.

    Returns
    -------
    choices : list of Choice
    solutions : list of Solution
        All that were found, without coefficients: what did not converge is in them.
    """
    wanted: dict[tuple, tuple[Candidate, float]] = {}
    for candidate in candidates:
        for ratio in candidate.l1_ratios:
            key = _key(candidate, ratio)
            if key not in wanted or candidate.gammas is not None:
                wanted[key] = candidate, ratio  # a relaxed lasso serves the plain one too
    families = dict(zip(wanted, _solve(outer, inner, list(wanted.values()), how), strict=True))
    judged = bool(outer.held_out)
    choices = [
        _choose(candidate, [families[_key(candidate, r)] for r in candidate.l1_ratios], how, judged)
        for candidate in candidates
    ]
    return choices, [s.without_coefs() for f in families.values() for s in f.solutions]


def refit(design: Design, choice: Choice, how: How) -> tuple[Solution, float]:
    """Return the certified fit of a choice to all rows of a design.

    Returns
    -------
    solution : Solution
    violation : float
        Of the least-squares part of a relaxed fit, else 0.
    """
    every = Spot(design, tuple(range(design.n_groups)), ())
    task = task_of(every, how.penalty(choice.l1_ratio), np.array([choice.alpha]), how.fit_intercept)
    task = replace(task, verify=True)
    (found,) = solve(design, [task], how.settings)
    return relax_solution(design, task, found, choice.relaxation)


def _key(candidate: Candidate, l1_ratio: float) -> tuple:
    alphas = candidate.alphas
    return l1_ratio, alphas if isinstance(alphas, Grid) else tuple(alphas)


def _solve(
    outer: Spot, inner: Sequence[Spot], wanted: list[tuple[Candidate, float]], how: How
) -> list[_Family]:
    """Solve every penalty on every split, the outer one first; the grids are of its training rows.

    All penalties on the splits of one design are one batch, so far as memory allows.
    """
    penalties = [how.penalty(ratio) for _, ratio in wanted]
    spots = [outer, *inner] if outer.held_out else list(inner)
    probe = [Task(p, c.alphas) for p, (c, _) in zip(penalties, wanted, strict=True)]
    most = most_tasks(outer.design, probe * len(spots))  # fixes how the moments are held
    grids = [
        grid_of(outer, penalty, candidate.alphas, how.fit_intercept)
        for penalty, (candidate, _) in zip(penalties, wanted, strict=True)
    ]
    solutions: list[list[Solution]] = [[] for _ in wanted]
    relaxed: list[list] = [[] for _ in wanted]
    for _, same in groupby(spots, key=lambda spot: id(spot.design)):
        some_spots = list(same)
        design = some_spots[0].design
        tasks = [
            (i, task_of(spot, penalty, grids[i], how.fit_intercept))
            for spot in some_spots
            for i, penalty in enumerate(penalties)
        ]
        for first in range(0, len(tasks), most):
            some = tasks[first : first + most]
            found = solve(design, [task for _, task in some], how.settings)
            for (i, task), solution in zip(some, found, strict=True):
                gammas = wanted[i][0].gammas
                if gammas is not None:
                    relaxed[i] += relaxed_errors(design, [task], [solution], gammas)
                kept = solution if not solutions[i] else solution.without_coefs()
                solutions[i].append(kept)
    return [
        _Family(penalty.l1_ratio, *rest)
        for penalty, *rest in zip(penalties, grids, solutions, relaxed, strict=True)
    ]


def task_of(spot: Spot, penalty: Penalty, alphas: np.ndarray, fit_intercept: bool) -> Task:
    """Return the task of a split, for alphas in the units of the estimator."""
    values = alphas
    if penalty.l1_ratio == 0:
        groups = [spot.design.moments(False)[g] for g in spot.train]
        values = alphas / sum(part.weight for part in groups)  # ridge goes with a sum of squares
        if sum(part.n_rows for part in groups) <= spot.design.n_features:
            moments = merge_all(groups)
            values = np.maximum(values, NEARLY_ZERO * _total_variance(moments, penalty))
    return Task(
        penalty, values, train=spot.train, held_out=spot.held_out, fit_intercept=fit_intercept
    )


def _total_variance(moments: Moments, penalty: Penalty) -> float:
    """Return the sum of the variances in the units of the penalty; 1 if all are constant."""
    varies = moments.variances > 0
    total = np.count_nonzero(varies) if penalty.standardize else moments.variances.sum()
    return float(total) or 1.0


def grid_of(
    spot: Spot, penalty: Penalty, alphas: np.ndarray | Grid, fit_intercept: bool
) -> np.ndarray:
    """Return the grid of the training rows, in the units of the estimator."""
    if not isinstance(alphas, Grid):
        return alphas
    if penalty.l1_ratio == 0:
        moments = train_moments(spot.design.moments(False), spot.train)
        return ridge_alphas(moments, penalty, alphas.n_alphas)
    task = Task(penalty, alphas, train=spot.train, fit_intercept=fit_intercept)
    problem = problem_of(spot.design, task)
    top = problem.alpha_max(problem.free_rows(spot.design))
    # as in `resolve_alphas`: no penalized column may enter at the largest alpha by rounding
    return alpha_grid(top * (1.0 + 1e-12) if problem.free.size else top, alphas)


def _choose(candidate: Candidate, families: list[_Family], how: How, judged: bool) -> Choice:
    """Choose by the mean error of the inner splits and read the outer one off, which is first."""
    # (Γ or 1, penalties, m, splits)
    held_out, train = (
        np.stack([_errors(family, candidate.gammas, which) for family in families], axis=1)
        for which in (0, 1)
    )
    mean, se = mean_and_se(held_out[..., int(judged) :])
    share = int(np.argmin(np.nanmin(mean, axis=(1, 2))))
    alphas = np.stack([family.alphas for family in families])
    which, at = choose_both(alphas, mean[share], se[share], how.selection_rule)
    family = families[which]
    at_1se = choose(family.alphas, mean[share, which], se[share, which], "1se")
    seen = (share, which, at, 0)
    return Choice(
        alpha=float(family.alphas[at]),
        alpha_1se=float(family.alphas[at_1se]),
        l1_ratio=family.l1_ratio,
        relaxation=1.0 if candidate.gammas is None else float(candidate.gammas[share]),
        train_mse=float(train[seen]) if judged else np.nan,
        held_out_mse=float(held_out[seen]) if judged else np.nan,
        n_features=np.count_nonzero(family.solutions[0].coef_at(at)) if judged else 0,
    )


def _errors(family: _Family, gammas: np.ndarray | None, which: int) -> np.ndarray:
    """Return held-out (0) or training (1) errors, shape (Γ or 1, m, splits)."""
    if gammas is not None:
        return np.stack([pair[which] for pair in family.relaxed], axis=-1)
    name = ("held_out_mse", "train_mse")[which]
    return np.stack([getattr(s, name) for s in family.solutions], axis=-1)[None]
