"""Least squares, ridge, lasso, relaxed lasso and Elastic-Net on the same outer folds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import KFold
from sklearn.utils import indexable

from fastreg.checks import warn_unsolved
from fastreg.designs import Design, check_weights
from fastreg.engine import Grid, Solution
from fastreg.model_selection.collinearity import Collinearity, collinearity
from fastreg.model_selection.error_curves import (
    MAX_ITER,
    TOL,
    check_rows,
    check_share,
    check_target,
    grid_like,
    make_splits,
    names_of,
    settings_of,
)
from fastreg.model_selection.methods import METHODS, MethodResult, paired_differences
from fastreg.model_selection.nesting import (
    Rows,
    Split,
    check_weights_of,
    inner_splits,
    nested,
    step,
)
from fastreg.model_selection.recommendation import Recommendation, recommend
from fastreg.model_selection.relaxed import GAMMAS
from fastreg.model_selection.tuning import LEAST_SQUARES, Candidate, Choice, How, refit, tune
from fastreg.reporting import reporting

if TYPE_CHECKING:
    from fastreg.plotting import PenaltyComparisonDisplay

L1_RATIOS = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True, eq=False, kw_only=True)
class PenaltyComparison:
    """What `compare_penalties` found.

    Attributes
    ----------
    methods : tuple of MethodResult
        M methods, in the order of "least squares", "ridge", "lasso", "relaxed lasso",
        "Elastic-Net".
    differences : ndarray of shape (M, M)
        Mean over the outer folds of the held-out error of method i less that of method j.
    difference_se : ndarray of shape (M, M)
        Their paired standard errors, corrected for the overlap of the training sets.
    baseline_errors : ndarray of shape (K,)
        Held-out mean squared errors of the training mean, what a useless model gives (of 0 without
        intercept).
    fold_sizes : ndarray of shape (K,), int
        Number of held-out rows of each outer fold, of positive weight.
    fit_intercept : bool
    n_rows, n_features : int
        Rows of positive weight, and columns of the model.
    feature_names : list of str
    collinearity : Collinearity
        Of all rows.
    recommendation : Recommendation
    preprocess : transformer or None
        Fitted on all rows: what the coefficients belong to is its output.
    """

    methods: tuple[MethodResult, ...]
    differences: np.ndarray
    difference_se: np.ndarray
    baseline_errors: np.ndarray
    fold_sizes: np.ndarray
    fit_intercept: bool
    n_rows: int
    n_features: int
    feature_names: list[str]
    collinearity: Collinearity
    recommendation: Recommendation
    preprocess: Any = None

    def __getitem__(self, name: str) -> MethodResult:
        """Return the result of the method of that name."""
        for method in self.methods:
            if method.name == name:
                return method
        raise KeyError(f"no method {name!r} among {', '.join(m.name for m in self.methods)}")

    def plot(self, ax: Any = None, **options: Any) -> PenaltyComparisonDisplay:
        """Draw the errors of all methods; see `fastreg.plotting.PenaltyComparisonDisplay`."""
        from fastreg.plotting import PenaltyComparisonDisplay

        return PenaltyComparisonDisplay(self).plot(ax, **options)


def compare_penalties(
    X: Any,
    y: Any,
    *,
    methods: Sequence[str] = METHODS,
    cv: Any = 5,
    inner_cv: Any = None,
    groups: Any = None,
    sample_weight: Any = None,
    preprocess: Any = None,
    feature_names: Sequence[str] | None = None,
    standardize: bool = True,
    fit_intercept: bool = True,
    n_alphas: int = 50,
    eps: float | None = None,
    l1_ratios: Sequence[float] = L1_RATIOS,
    selection_rule: str = "min",
    select_features: bool | None = None,
    random_state: Any = 0,
    tol: float = TOL,
    max_iter: int = MAX_ITER,
    n_jobs: int | None = None,
    progress: bool = False,
) -> PenaltyComparison:
    """Compare penalties by nested cross-validation, recommend one and say why.

    On every outer fold each method chooses its α (l1_ratio, relaxation) by inner folds within the
    training rows; nothing that is chosen, scaled or fitted for a fold has seen the rows it holds
    out. Where the outer folds partition the rows, the inner folds are the other outer folds: all
    training sets are then merges of K row groups, which one pass over X serves.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n, p)
        Whatever `preprocess` takes, where it is given.
    y : array-like of shape (n,)
    methods : sequence of str
        Of "least squares", "ridge", "lasso", "relaxed lasso", "Elastic-Net".
    cv : int, splitter or iterable, default=5
        Outer folds. A number means shuffled folds, or group folds with `groups`. Ten tell methods
        apart a little better and take four times as long.
    inner_cv : int, splitter or None, default=None
        None: as said above; else 5 folds, in time order where all outer folds are. A number means
        group folds with `groups`.
    groups : array-like of shape (n,), default=None
        The rows of a group stay together, in the inner folds too.
    sample_weight : array-like of shape (n,), default=None
    preprocess : transformer or Pipeline of transformers, default=None
        Cloned and fitted to the training rows of every fold, inner ones included.
    feature_names : sequence of str, default=None
        Of the columns that are fitted; None: those of `preprocess` or of a DataFrame.
    standardize : bool, default=True
        Penalize columns as if they had unit variance, that of the training rows of each fold.
    fit_intercept : bool, default=True
    n_alphas : int, default=50
        Length of every automatic grid.
    eps : float, default=None
        Smallest over largest alpha of the lassos' and the Elastic-Net's; None: 1e-3, or 1e-2 where
        there are more columns than rows.
    l1_ratios : sequence of float
        What the Elastic-Net chooses among. As in `ElasticNet` the absolute part of the penalty
        grows with the unit of the target and the quadratic part does not: they mean what they say
        for a target of variance 1, and are nearer to ridge the larger its numbers are.
    selection_rule : {"min", "1se"}, default="min"
        How α is chosen by the inner folds.
    select_features : bool, default=None
        Whether the model is to choose features, so that among equals a lasso comes first. None:
        where the lasso uses at most half of them.
    random_state : int, RandomState instance or None, default=0
        Of the shuffled folds.
    tol, max_iter, n_jobs, progress
        As in `LassoCV`.

    Returns
    -------
    PenaltyComparison

    Raises
    ------
    ValueError
        Bad input, named; too few rows for the folds; rows that the fitted `preprocess` cannot take.

    References
    ----------
    C. Nadeau, Y. Bengio (2003), Inference for the generalization error, Machine Learning 52,
    239-281, equation 10 (the corrected variance of a difference).
    """
    methods, l1_ratios = _check_methods(methods), np.atleast_1d(l1_ratios).tolist()
    _check_options(l1_ratios, selection_rule, select_features)
    rows, names, fitted = _prepare(X, y, sample_weight, preprocess)
    names = names if feature_names is None else _check_names(feature_names, len(names))
    counts = np.ones(len(rows.y)) if rows.sample_weight is None else rows.sample_weight > 0
    n = int(counts.sum())
    splits = _outer_splits(cv, rows, groups, random_state)
    inner = inner_splits(splits, inner_cv, rows.X, rows.y, groups)
    for some in (splits, *inner):
        check_weights_of(some, rows.sample_weight)
    smallest = (1e-2 if len(names) > n else 1e-3) if eps is None else eps
    grid = grid_like(n_alphas, smallest, "n_alphas")
    candidates = _candidates(methods, grid, l1_ratios)
    with reporting(progress=progress) as report:
        settings = settings_of(tol, max_iter, n_jobs, report)
        how = How(settings, fit_intercept, standardize, selection_rule)
        results, whole = _judge(rows, splits, inner, candidates, how)
    sizes = np.array([[counts[part].sum() for part in split] for split in splits], dtype=int)
    overlap = float(np.mean(sizes[:, 1] / sizes[:, 0]))
    differences, se = paired_differences([r.held_out_errors for r in results], overlap)
    tested = np.unique(np.concatenate([test for _, test in splits]))
    baseline = _baseline(rows, splits, fit_intercept)
    found = collinearity(whole)
    return PenaltyComparison(
        methods=results,
        differences=differences,
        difference_se=se,
        baseline_errors=baseline,
        fold_sizes=sizes[:, 1],
        fit_intercept=fit_intercept,
        n_rows=n,
        n_features=len(names),
        feature_names=names,
        collinearity=found,
        recommendation=recommend(
            results,
            baseline,
            overlap,
            n,
            found,
            names,
            n_held_out=int(counts[tested].sum()),
            useless="the mean of the target" if fit_intercept else "0, the model without columns",
            select_features=select_features,
        ),
        preprocess=fitted,
    )


def _check_names(names: Any, count: int) -> list[str]:
    """Return the names given to so many columns."""
    found = len(names) if isinstance(names, Sized) else None
    if found != count:
        got = repr(names) if found is None else found
        raise ValueError(f"feature_names must be {count} names, got {got}")
    return [str(name) for name in names]


def _check_methods(methods: Any) -> list[str]:
    """Return the names of methods, known ones."""
    listed = isinstance(methods, Iterable) and not isinstance(methods, str)
    methods = list(methods) if listed else methods
    if not listed or not methods or any(name not in METHODS for name in methods):
        raise ValueError(f"methods == {methods!r}, must be a list of some of {', '.join(METHODS)}")
    return methods


def _check_options(l1_ratios: Sequence[float], rule: str, select_features: bool | None) -> None:
    if not l1_ratios:
        raise ValueError("l1_ratios == [], must be a list of numbers between 0 and 1")
    for ratio in l1_ratios:
        check_share(ratio, "l1_ratios")
    if rule not in ("min", "1se"):
        raise ValueError(f"selection_rule == {rule!r}, must be 'min' or '1se'")
    if not (select_features is None or isinstance(select_features, bool | np.bool_)):
        raise ValueError(f"select_features == {select_features!r}, must be True, False or None")


def _prepare(X: Any, y: Any, sample_weight: Any, preprocess: Any) -> tuple[Rows, list[str], Any]:
    """Return the rows, the names of the model's columns, and the preprocessing fitted to all."""
    if preprocess is None:
        rows = Rows(*check_rows(X, y, sample_weight))
        return rows, names_of(X), None
    if isinstance(preprocess, type) or not hasattr(preprocess, "transform"):
        lacks = "is a class" if isinstance(preprocess, type) else "has no transform"
        raise ValueError(
            f"preprocess must be a transformer or a Pipeline of them, got {preprocess!r}, which "
            f"{lacks}"
        )
    X, y = indexable(X, check_target(y))
    if len(y) < 2:
        raise ValueError("X has one row, a minimum of 2 is required")
    weight = check_weights(sample_weight, np.zeros((len(y), 1)))
    rows, fitted = Rows(X, y, weight, preprocess), clone(preprocess)
    found = step("preprocessing all rows failed", lambda: fitted.fit_transform(X, y))
    try:
        names = [str(name) for name in fitted.get_feature_names_out()]
    except (AttributeError, ValueError):
        names = names_of(found)
    return rows, names, fitted


def _outer_splits(cv: Any, rows: Rows, groups: Any, random_state: Any) -> list[Split]:
    n = len(rows.y)
    if groups is None and isinstance(cv, int | np.integer) and 2 <= cv <= n:
        cv = KFold(int(cv), shuffle=True, random_state=random_state)
    return make_splits(cv, rows.X, rows.y, groups)


def _candidates(methods: Sequence[str], grid: Grid, l1_ratios: Sequence[float]) -> list[Candidate]:
    """Return the methods asked for, in the order of `METHODS`."""
    every = [
        Candidate("least squares", (0.0,), LEAST_SQUARES),
        Candidate("ridge", (0.0,), grid),
        Candidate("lasso", (1.0,), grid),
        Candidate("relaxed lasso", (1.0,), grid, np.array(GAMMAS)),
        Candidate("Elastic-Net", tuple(float(ratio) for ratio in l1_ratios), grid),
    ]
    return [candidate for candidate in every if candidate.name in methods]


def _judge(
    rows: Rows,
    splits: Sequence[Split],
    inner: Sequence[Sequence[Split]],
    candidates: Sequence[Candidate],
    how: How,
) -> tuple[tuple[MethodResult, ...], Design]:
    """Return what every method does, and a design of all rows, on which each is fitted."""
    everything = (np.arange(len(rows.y)), np.arange(0))
    by_fold: list[list[Choice]] = []
    solutions: list[Solution] = []
    whole = None
    names = ["all rows", *(f"fold {k}" for k in range(len(splits)))]
    for outer, own in nested(rows, [everything, *splits], [splits, *inner], names):
        choices, found = tune(outer, own, candidates, how)
        by_fold.append(choices)
        solutions += found
        whole = whole or outer.design
    results = tuple(
        _result(candidate.name, [choices[i] for choices in by_fold], whole, how)
        for i, candidate in enumerate(candidates)
    )
    # that least squares is not unique is among the reasons of a recommendation, not a warning
    warn_unsolved([replace(s, ill_conditioned=False) for s in solutions], how.settings)
    return results, whole


def _result(name: str, choices: Sequence[Choice], whole: Design, how: How) -> MethodResult:
    """Return the result of a method from its choice on all rows, which is first, and by fold."""
    final, *folds = choices
    solution, _ = refit(whole, final, how)
    simpler, _ = refit(whole, replace(final, alpha=final.alpha_1se, relaxation=1.0), how)

    def by_fold(attribute: str) -> np.ndarray:
        return np.array([getattr(choice, attribute) for choice in folds])

    return MethodResult(
        name=name,
        train_errors=by_fold("train_mse"),
        held_out_errors=by_fold("held_out_mse"),
        alphas=by_fold("alpha"),
        l1_ratios=by_fold("l1_ratio"),
        relaxations=by_fold("relaxation"),
        n_features=by_fold("n_features"),
        alpha=final.alpha,
        l1_ratio=final.l1_ratio,
        relaxation=final.relaxation,
        alpha_1se=final.alpha_1se,
        n_features_1se=int(np.count_nonzero(simpler.coef_at(-1))),
        coef=solution.coef_at(-1),
        intercept=float(solution.intercepts[-1]),
    )


def _baseline(rows: Rows, splits: Sequence[Split], fit_intercept: bool) -> np.ndarray:
    """Return the held-out errors of the training mean (of 0 without intercept).

    With the target of one row subtracted before: a constant target then has no error, whatever it
    is.
    """
    y = rows.y
    weight = np.ones(y.size) if rows.sample_weight is None else rows.sample_weight
    if fit_intercept:
        y = y - y[np.argmax(weight)]
    means = [np.average(y[a], weights=weight[a]) if fit_intercept else 0.0 for a, _ in splits]
    return np.array(
        [
            np.average((y[test] - mean) ** 2, weights=weight[test])
            for (_, test), mean in zip(splits, means, strict=True)
        ]
    )
