"""`LassoCV` and `ElasticNetCV`: all folds and all l1_ratios are tasks over one X."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import check_scalar, column_or_1d
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
)

from fastreg.checks import (
    check_alphas,
    check_data,
    check_gram,
    make_penalty,
    random_seed,
    warn_unsolved,
)
from fastreg.designs import Design
from fastreg.engine import Grid, Penalty, Settings, Solution, Task, careful, most_tasks, solve
from fastreg.linear_model._base import (
    OWN_CONSTRAINTS,
    LinearModelBase,
    all_or_nothing,
    set_fitted,
)
from fastreg.linear_model._curves import forget_optional, set_curves, set_paths
from fastreg.linear_model._folds import FoldErrors, solve_folds
from fastreg.linear_model._scoring import route, score_fold
from fastreg.model_selection.relaxed import check_gammas, check_relaxable, relax_solution
from fastreg.model_selection.row_groups import check_splits
from fastreg.moments import Moments
from fastreg.path_functions import enet_path, lasso_path
from fastreg.reporting import reporting


class CoordinateDescentCV(LinearModelBase):
    """What LassoCV, ElasticNetCV and their multi-task forms share."""

    _target: ClassVar[int | None] = 0

    _parameter_constraints: ClassVar[dict] = {
        "eps": [Interval(Real, 0, None, closed="neither")],
        "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "fit_intercept": ["boolean"],
        "precompute": [StrOptions({"auto"}), "array-like", "boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "copy_X": ["boolean"],
        "cv": ["cv_object"],
        "verbose": ["verbose"],
        "n_jobs": [Integral, None],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        "selection": [StrOptions({"cyclic", "random"})],
        "selection_rule": [StrOptions({"min", "1se"})],
        "relax": ["boolean", "array-like"],
        "store_coefs": ["boolean"],
        "early_stop": [Interval(Integral, 1, None, closed="left"), None],
        "alpha_per_target": ["boolean", None],
        "scoring": [str, callable, None],
        "progress": ["boolean"],
        **OWN_CONSTRAINTS,
    }

    @all_or_nothing
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose alpha (and l1_ratio) by cross-validation and fit on all rows.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n, p)
        y : array-like of shape (n,), or (n, T) where the estimator takes several targets
        sample_weight : float or array-like of shape (n,), default=None
            Weights of the fit and of the mean squared error within each fold; folds are averaged
            unweighted.
        **params : dict
            Passed to the splitter, with metadata routing enabled.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Bad input, named; a split with an empty or zero-weight part.
        """
        _raise_for_params(params, self, "fit")
        self._validate_params()
        if isinstance(X, Moments):
            raise ValueError(
                "cross-validation needs the rows of X; with Moments fit Lasso or ElasticNet"
            )
        if isinstance(sample_weight, Real):
            sample_weight = None
        given = getattr(y, "dtype", None)
        X, y, sample_weight = check_data(self, X, y, sample_weight)
        y = self._check_target(y)
        check_gram(getattr(self, "precompute", False), X, sample_weight, self.fit_intercept)
        several = self._target is not None and y.ndim > 1
        gammas = self._gammas(several)
        routed = route(self, sample_weight, params)
        scorer = self._scorer()
        splits = check_splits(self._splitter().split(X, y, **routed.splitter.split), X.shape[0])
        ratios = self._ratios()
        penalties = [self._penalty(float(ratio)) for ratio in ratios]
        for penalty in penalties if gammas is not None else ():
            check_relaxable(penalty)
        settings = Settings(
            tol=self.tol,
            max_iter=self.max_iter,
            seed=random_seed(self.selection, self.random_state),
            n_jobs=self.n_jobs,
        )
        store = getattr(self, "store_coefs", False)
        with reporting(self.verbose, getattr(self, "progress", False)) as report:
            errors, design = solve_folds(
                X,
                y,
                sample_weight,
                splits,
                penalties,
                self._alpha_argument(),
                replace(settings, report=report),
                fit_intercept=self.fit_intercept,
                targets=range(y.shape[1]) if several else (self._target,),
                common=several and not self.alpha_per_target,
                gammas=gammas,
                score=_scoring(scorer, X, y, splits, routed) if scorer is not None else None,
                store=store,
                patience=self._patience(several),
            )
        forget_optional(self)
        if gammas is not None:
            self.relax_values_ = gammas
        single = X.dtype == given == np.float32
        choices = set_curves(self, errors, np.dtype("f4" if single else "f8"), several)
        if store:
            set_paths(self, errors, X.dtype, several)
        found = self._refit(design, errors, penalties, choices, settings)
        set_fitted(self, found, X.dtype, flat=True)
        self._set_chosen(errors, ratios, choices)
        n_iter = [int(solution.n_iter[-1]) for solution in found]
        self.n_iter_ = n_iter if several else n_iter[0]
        warn_unsolved([*errors.solutions.values(), *found], settings)
        return self

    def _refit(
        self,
        design: Design,
        errors: FoldErrors,
        penalties: Sequence[Penalty],
        choices: list[tuple[int, int]],
        settings: Settings,
    ) -> list[Solution]:
        """Return the solution on all rows of every target, with its choice or that of all."""
        n_targets = errors.alphas.shape[-1]
        tasks = [
            Task(
                penalties[best],
                np.array([errors.alphas[best, at, t]]),
                target=t if n_targets > 1 else self._target,
                fit_intercept=self.fit_intercept,
                verify=True,
            )
            for t, (best, at) in zip(range(n_targets), cycle(choices))
        ]
        settings = replace(settings, violation=careful(self.tol))
        found: list[Solution] = []
        few = most_tasks(design, tasks) if n_targets > 1 else 1
        for first in range(0, n_targets, few):
            found += solve(design, tasks[first : first + few], settings)
        if getattr(self, "relax_values_", None) is not None:
            found[0], self.relaxed_violation_ = relax_solution(
                design, tasks[0], found[0], self.relax_
            )
        return found

    def _set_chosen(
        self, errors: FoldErrors, ratios: np.ndarray, choices: list[tuple[int, int]]
    ) -> None:
        """Set alpha_ and l1_ratio_, arrays where each target has its own."""
        alphas = np.array([errors.alphas[best, at, c] for c, (best, at) in enumerate(choices)])
        each = len(choices) > 1
        self.alpha_ = alphas if each else alphas[0]
        if "l1_ratio" in self.get_params():
            chosen = ratios[[best for best, _ in choices]]
            self.l1_ratio_ = chosen if each else chosen[0]

    def _check_target(self, y: np.ndarray) -> np.ndarray:
        if y.ndim > 1 and y.shape[1] > 1:
            if self.alpha_per_target is not None:
                return y
            raise ValueError(f"For multi-task outputs, use MultiTask{type(self).__name__}")
        return column_or_1d(y, warn=True)

    def _patience(self, several: bool) -> int | None:
        patience = getattr(self, "early_stop", None)
        if patience is None:
            return None
        if self.scoring is not None or check_gammas(self.relax) is not None:
            raise ValueError(
                "early_stop follows the mean squared error of the penalized fits: not with scoring "
                "or relax"
            )
        if several and not self.alpha_per_target:
            raise ValueError(
                "early_stop is not available for several targets with alpha_per_target=False: each "
                "would end elsewhere"
            )
        return int(patience)

    def _gammas(self, several: bool) -> np.ndarray | None:
        gammas = check_gammas(getattr(self, "relax", False))
        if several and gammas is not None:
            raise ValueError("relax is not available for several targets (alpha_per_target)")
        return gammas

    def _ratios(self) -> np.ndarray:
        ratios = np.atleast_1d(np.asarray(self.l1_ratio, dtype=float))
        if ratios.ndim != 1 or not ratios.size or not np.all((ratios >= 0) & (ratios <= 1)):
            raise ValueError(
                "l1_ratio must be a number from 0 to 1 or a non-empty list of such numbers, got "
                f"{self.l1_ratio!r}"
            )
        return ratios

    def _penalty(self, l1_ratio: float) -> Penalty:
        if l1_ratio == 0 and isinstance(self.alphas, Integral):
            raise ValueError(
                "Automatic alpha grid generation is not supported for l1_ratio=0. Please supply a "
                "grid by providing your estimator with the appropriate `alphas=` argument."
            )
        return self._make_penalty(l1_ratio)

    def _make_penalty(self, l1_ratio: float) -> Penalty:
        return make_penalty(
            self.n_features_in_,
            l1_ratio,
            positive=self.positive,
            penalty_factor=self.penalty_factor,
            lower=self.lower,
            upper=self.upper,
            standardize=self.standardize,
        )

    def _alpha_argument(self) -> np.ndarray | Grid:
        if isinstance(self.alphas, Integral):
            return Grid(int(self.alphas), float(self.eps))
        for index, alpha in enumerate(self.alphas):
            check_scalar(
                alpha, f"alphas[{index}]", target_type=Real, min_val=0.0, include_boundaries="left"
            )
        return np.sort(check_alphas(self.alphas))[::-1].copy()

    def _scorer(self) -> Callable | None:
        scoring = getattr(self, "scoring", None)
        if scoring is None:
            return None
        if check_gammas(self.relax) is not None:
            raise ValueError("relax is chosen by the mean squared error: not with scoring")
        from sklearn.metrics import check_scoring

        return check_scoring(self, scoring=scoring)

    def _splitter(self) -> Any:
        # imported here, as the scorers above: who imports a Lasso does not wait for them
        from sklearn.model_selection import check_cv

        return check_cv(self.cv)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata: to `fit` itself, the splitter and the scorer."""
        router = (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(
                splitter=self._splitter(),
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        )
        scorer = self._scorer()
        if scorer is not None:
            mapping = MethodMapping().add(caller="fit", callee="score")
            router.add(scorer=scorer, method_mapping=mapping)
        return router

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = getattr(self, "alpha_per_target", None) is not None
        return tags


def _scoring(
    scorer: Callable,
    X: Any,
    y: np.ndarray,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    routed: Any,
) -> Callable[[int, int, Solution], list[float]]:
    """Return what scores every α of a fold and target."""

    def score(k: int, t: int, solution: Solution) -> list[float]:
        target = y if y.ndim == 1 else y[:, t]
        return score_fold(scorer, X, target, splits[k][1], [solution], routed.scorer.score)

    return score


class LassoCV(CoordinateDescentCV):
    """Lasso with alpha chosen by cross-validation.

    One pass over X serves all folds and all alphas wherever p² numbers fit in memory, and one more
    certifies the refit.

    Parameters
    ----------
    eps : float, default=1e-3
        Smallest over largest alpha of the grid.
    alphas : int or array-like, default=100
        Number of alphas of an automatic grid, or the alphas.
    fit_intercept, max_iter, tol, positive, random_state, selection
        As in `Lasso`.
    precompute, copy_X
        Accepted for compatibility.
    verbose : bool or int, default=False
        Print a line for every batch of alphas.
    cv : int, splitter, iterable or None, default=None
        5-fold by default.
    n_jobs : int or None, default=None
        Threads over folds.
    penalty_factor, lower, upper, standardize
        As in `Lasso`. `standardize` uses the training rows of each fold.
    selection_rule : {"min", "1se"}, default="min"
        "1se" takes the largest alpha whose error is within one standard error of the smallest.
    relax : bool or array-like, default=False
        Also mix the penalized coefficients b with least squares on the columns they select,
        relax_ b + (1 − relax_) b_LS, and choose the mixture by cross-validation. True tries 0, 1/4,
        1/2, 3/4, 1; a list its own values, 0 … 1. The moments tell all that; where they are not
        held, the columns that any fold selects are read once. Unpenalized columns are always among
        those selected; dependent ones get coefficients of least norm in units of their standard
        deviations. Not with bounds, nor with l1_ratio=0.
    scoring : str, callable or None, default=None
        What to choose by, of the held-out predictions, where not by the mean squared error. Folds
        are averaged unweighted; the weights go to the scorer unless metadata routing is enabled.
        Not with `relax`.
    progress : bool, default=False
        Show a progress bar (needs rich).
    store_coefs : bool, default=False
        Keep the coefficients of every fold and alpha in `coefs_paths_` and `intercepts_paths_`.
    alpha_per_target : bool or None, default=None
        For y of shape (n, T): True chooses an alpha for each target, False one for all, by the mean
        over targets of the held-out error. The targets share all passes over X, as many of them at
        a time as fit into memory. None refuses several targets, as scikit-learn does. Not with
        `relax`.
    early_stop : int or None, default=None
        End the grid where no fold's held-out error has had a new minimum for so many alphas; those
        at which nothing is selected yet do not count. What is beyond is NaN in the error curves and
        not chosen, and the work is saved; not so for repeated or random splits, whose folds are
        solved one after another. Each l1_ratio and each target ends on its own. An error that falls
        again later is not seen. Not with `scoring`, `relax` or ``alpha_per_target=False``.

    Attributes
    ----------
    alpha_ : float or ndarray of shape (T,)
        One a target with ``alpha_per_target=True`` and T > 1 targets.
    alphas_ : ndarray of shape (n_alphas,) or (n_alphas, T)
        An automatic grid is taken for each target with ``alpha_per_target=True``, else for all from
        the largest alpha that any of them needs.
    mse_path_, train_mse_path_ : ndarray of shape (n_alphas, n_folds) or (n_alphas, n_folds, T)
        Held-out and training mean squared error; NaN where `early_stop` ended the grid.
    cv_mean_, cv_se_ : ndarray of shape (n_alphas,) or (n_alphas, T)
        Unweighted mean over folds of the held-out error, and its standard error sd(ddof=1)/√K. With
        ``alpha_per_target=False`` of its mean over targets.
    coef_, intercept_, dual_gap_, optimality_violation_, n_iter_
        Of the fit on all rows, as in `Lasso`; for several targets too.
    coefs_paths_ : list of CSR array of shape (n_alphas, p)
        Only with `store_coefs`: the coefficients of each fold (the penalized ones with `relax`).
        For several targets each item is a list of T such arrays. Beyond an early stop there are no
        rows.
    intercepts_paths_ : ndarray of shape (n_folds, n_alphas) or (n_folds, n_alphas, T)
        Only with `store_coefs`.
    relax_ : float
        Only with `relax`: the share of the penalized fit with the smallest mean error of all;
        the error curves above are then those of this share, and `selection_rule` applies to them.
        `dual_gap_` and `optimality_violation_` are of the penalized fit that is mixed.
    relax_values_ : ndarray of shape (Γ,)
        Only with `relax`: the shares that were tried, downwards.
    relax_cv_mean_, relax_cv_se_ : ndarray of shape (Γ, n_alphas)
        Only with `relax`: as `cv_mean_` and `cv_se_`, for each of them.
    score_path_ : ndarray of shape (n_alphas, n_folds) or (n_alphas, n_folds, T)
        Only with `scoring`: the scores of the held-out predictions, target by target.
    relaxed_violation_ : float
        Only with `relax`: the largest violation of the normal equations by the least-squares part,
        from the true residual, in units of Xᵀr / Σw; 0 where there is no such part.

    References
    ----------
    N. Meinshausen (2007), Relaxed Lasso, Computational Statistics & Data Analysis 52, 374-393.
    T. Hastie, R. Tibshirani, R. J. Tibshirani (2017), Extended comparisons of best subset
    selection, forward stepwise selection, and the Lasso, arXiv 1707.08692.
    """

    path = staticmethod(lasso_path)
    l1_ratio = 1.0

    def __init__(
        self,
        *,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        precompute: Any = "auto",
        max_iter: int = 1000,
        tol: float = 1e-4,
        copy_X: bool = True,
        cv: Any = None,
        verbose: bool | int = False,
        n_jobs: int | None = None,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        selection_rule: str = "min",
        relax: Any = False,
        scoring: Any = None,
        progress: bool = False,
        store_coefs: bool = False,
        alpha_per_target: bool | None = None,
        early_stop: int | None = None,
    ) -> None:
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.standardize = standardize
        self.selection_rule = selection_rule
        self.relax = relax
        self.scoring = scoring
        self.progress = progress
        self.store_coefs = store_coefs
        self.alpha_per_target = alpha_per_target
        self.early_stop = early_stop


class ElasticNetCV(CoordinateDescentCV):
    """Elastic-Net with alpha and l1_ratio chosen by cross-validation.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        A list is searched; the ratio with the smallest mean error is taken.
    eps, alphas, fit_intercept, precompute, max_iter, tol, cv, copy_X, verbose, n_jobs, positive,
    random_state, selection, penalty_factor, lower, upper, standardize, selection_rule, relax,
    scoring, progress, store_coefs, alpha_per_target, early_stop
        As in `LassoCV`; with ``alpha_per_target=True`` each target has its own l1_ratio too.

    Attributes
    ----------
    l1_ratio_ : float or ndarray of shape (T,)
    alphas_ : ndarray of shape ([n_l1_ratio,] n_alphas[, T])
        Of shape (n_alphas,) where they were given.
    mse_path_, train_mse_path_ : ndarray of shape ([n_l1_ratio,] n_alphas, n_folds[, T])
    cv_mean_, cv_se_ : ndarray of shape ([n_l1_ratio,] n_alphas[, T])
    alpha_, coef_, intercept_, dual_gap_, optimality_violation_, n_iter_
        As in `LassoCV`.
    coefs_paths_ : list of CSR array, or list of such lists
        As in `LassoCV`, only with `store_coefs`; for a list of l1_ratio a list of what it is there.
    intercepts_paths_ : ndarray of shape ([n_l1_ratio,] n_folds, n_alphas[, T])
        Only with `store_coefs`.
    relax_, relax_values_, relaxed_violation_
        As in `LassoCV`, only with `relax`.
    score_path_ : ndarray of shape ([n_l1_ratio,] n_alphas, n_folds[, T])
        As in `LassoCV`, only with `scoring`.
    relax_cv_mean_, relax_cv_se_ : ndarray of shape (Γ, [n_l1_ratio,] n_alphas)
    """

    _parameter_constraints: ClassVar[dict] = {
        **CoordinateDescentCV._parameter_constraints,
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), "array-like"],
    }
    path = staticmethod(enet_path)

    def __init__(
        self,
        *,
        l1_ratio: Any = 0.5,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        precompute: Any = "auto",
        max_iter: int = 1000,
        tol: float = 1e-4,
        cv: Any = None,
        copy_X: bool = True,
        verbose: bool | int = 0,
        n_jobs: int | None = None,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
        selection_rule: str = "min",
        relax: Any = False,
        scoring: Any = None,
        progress: bool = False,
        store_coefs: bool = False,
        alpha_per_target: bool | None = None,
        early_stop: int | None = None,
    ) -> None:
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.standardize = standardize
        self.selection_rule = selection_rule
        self.relax = relax
        self.scoring = scoring
        self.progress = progress
        self.store_coefs = store_coefs
        self.alpha_per_target = alpha_per_target
        self.early_stop = early_stop
