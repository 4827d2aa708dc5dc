"""`RidgeCV`, and how alpha is chosen: exact leave-one-out, or any folds from group moments."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, MultiOutputMixin, is_classifier
from sklearn.metrics import check_scoring, get_scorer, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils import check_scalar
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
    _routing_enabled,
)

from fastreg.checks import caller_level, check_alphas, check_data, make_penalty, warn_unsolved
from fastreg.designs import Design, make_design
from fastreg.engine import Penalty, Settings, fits_factors, solve
from fastreg.engine.leave_one_out import leave_one_out
from fastreg.linear_model._base import (
    OWN_CONSTRAINTS,
    CheckedEstimator,
    LinearModelBase,
    all_or_nothing,
    set_fitted,
)
from fastreg.linear_model._folds import solve_each_fold
from fastreg.linear_model._ridge_solvers import penalizes_all, target_tasks
from fastreg.linear_model._scoring import Predictions, route, score_fold
from fastreg.model_selection.row_groups import check_splits
from fastreg.model_selection.rules import choose, mean_and_se
from fastreg.moments import Moments
from fastreg.path import ridge_grid, total_weight

N_AUTOMATIC = 100


class BaseRidgeCV(CheckedEstimator):
    """Choice of ridge's alpha for targets that are numbers; what it is scored by is open."""

    _parameter_constraints: ClassVar[dict] = {
        "alphas": ["array-like", Interval(Real, 0, None, closed="neither"), None],
        "fit_intercept": ["boolean"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "cv": ["cv_object"],
        "store_cv_results": ["boolean"],
        "n_jobs": [Integral, None],
        "selection_rule": [StrOptions({"min", "1se"})],
        "penalty_factor": OWN_CONSTRAINTS["penalty_factor"],
        "standardize": OWN_CONSTRAINTS["standardize"],
    }
    gcv_mode: str | None = None
    alpha_per_target: bool = False

    def _check_options(self, X: Any, params: dict) -> np.ndarray | None:
        """Check parameters before any work; return the alphas given, None for an automatic grid."""
        _raise_for_params(params, self, "fit")
        self._validate_params()
        if isinstance(X, Moments):
            raise ValueError("cross-validation needs the rows of X; with Moments fit Ridge")
        if self.cv is not None and self.store_cv_results:
            raise ValueError("cv!=None and store_cv_results=True are incompatible")
        if self.cv is not None and self.alpha_per_target:
            raise ValueError("cv!=None and alpha_per_target=True are incompatible")
        if self.cv is None and self.gcv_mode == "svd" and issparse(X):
            warnings.warn(
                "The 'svd' mode is not supported for sparse X, we fallback to `gcv_mode='eigen'`. "
                "Passing `gcv_mode='svd'` on sparse X will raise an error in 1.11, use the default "
                "or pass `gcv_mode='eigen'` to suppress this warning.",
                FutureWarning,
                stacklevel=caller_level(),
            )
        return self._given_alphas()

    def _fit_numbers(
        self,
        X: Any,
        y: np.ndarray,
        sample_weight: np.ndarray | None,
        alphas: np.ndarray | None,
        truth: np.ndarray,
        params: dict,
    ) -> None:
        """Choose alpha and fit all rows of X and y, which have been checked.

        Parameters
        ----------
        truth : ndarray of shape (n,) or (n, T)
            What splitters and scorers are given as the target.
        """
        penalty = make_penalty(
            self.n_features_in_,
            0.0,
            penalty_factor=self.penalty_factor,
            standardize=self.standardize,
        )
        routed = route(self, sample_weight, params, None if self.cv is None else self._scorer())
        design = make_design(X, y, sample_weight, check_input=False)
        settings = Settings(tol=1e-6, n_jobs=self.n_jobs)
        if self.cv is not None and penalizes_all(penalty) and not fits_factors(design):
            settings = replace(settings, max_iter=None, method="cg")
        if self.cv is None:
            chosen = self._leave_one_out(design, X, y, penalty, alphas, truth, routed)
        else:
            design, chosen = self._folds(
                X, y, sample_weight, penalty, alphas, settings, truth, routed
            )
        tasks = target_tasks(design, penalty, chosen, self.fit_intercept)
        found = solve(design, tasks, settings)
        set_fitted(self, found, X.dtype, flat=y.ndim == 1)
        several = self.alpha_per_target and chosen.size > 1
        # of the types that scikit-learn has, which print differently
        self.alpha_ = chosen if several else chosen[0] if self.cv is not None else chosen[0].item()
        warn_unsolved(found, settings)

    def _known(self, predictions: np.ndarray) -> BaseEstimator:
        """Return an estimator with known predictions, (n,) or (n, T), for a scorer."""
        return Predictions(predictions)

    def _own_scorer(self) -> Callable:
        """Return the scorer of folds where `scoring` is None."""
        return get_scorer("r2")

    def _splitter(self, y: np.ndarray | None = None) -> Any:
        return check_cv(self.cv, y, classifier=is_classifier(self))

    def _given_alphas(self) -> np.ndarray | None:
        if self.alphas is None:
            return None
        values = np.atleast_1d(np.asarray(self.alphas, dtype=object))
        closed = "neither" if self.cv is None else "left"
        for index, alpha in enumerate(values):
            name = f"alphas[{index}]" if values.size > 1 else "alphas"
            check_scalar(alpha, name, target_type=Real, min_val=0.0, include_boundaries=closed)
        return check_alphas(values)

    def _grid(self, design: Design, penalty: Penalty, alphas: np.ndarray | None) -> np.ndarray:
        self.alphas_ = ridge_grid(design, penalty, N_AUTOMATIC) if alphas is None else alphas
        return self.alphas_

    def _leave_one_out(
        self,
        design: Design,
        X: Any,
        y: np.ndarray,
        penalty: Penalty,
        alphas: np.ndarray | None,
        truth: np.ndarray,
        routed: Any,
    ) -> np.ndarray:
        """Return the chosen alpha of each target."""
        alphas = self._grid(design, penalty, alphas)
        n, n_targets = design.n_rows, design.n_targets
        weight = np.ones(n) if design.weight is None else design.weight
        total = total_weight(design)
        sums = np.zeros((2, n_targets, alphas.size))
        kept = np.empty((n, n_targets, alphas.size)) if self._keeps_results() else None
        blocks = leave_one_out(design, penalty, alphas / total, self.fit_intercept)
        for rows, some, residual in blocks:
            if kept is not None and self.scoring is not None:
                kept[rows, some] = design.y[rows, some, None] - residual
            errors = np.multiply(residual, residual, out=residual)
            errors *= weight[rows, None, None]
            if kept is not None and self.scoring is None:
                kept[rows, some] = errors
            sums[0, some] += errors.sum(axis=0)
            sums[1, some] += np.multiply(errors, errors, out=errors).sum(axis=0)
        mean = sums[0] / n
        se = np.sqrt(np.maximum(sums[1] / n - mean**2, 0.0) / max(n - 1, 1))
        score = -mean
        if self.scoring is not None:
            score = self._score_predictions(X, truth, kept, routed)
        if self.store_cv_results:
            kept = kept.astype(X.dtype, copy=False)
            self.cv_results_ = kept[:, 0] if y.ndim == 1 else kept
        self.cv_mean_, self.cv_se_ = mean.mean(axis=0), se.mean(axis=0)
        if self.alpha_per_target:
            at = [self._choose(alphas, mean[t], se[t], score[t]) for t in range(n_targets)]
            best = np.array([score[t, k] for t, k in enumerate(at)])
            self.best_score_ = best[0] if y.ndim == 1 else best
        else:
            k = self._choose(alphas, self.cv_mean_, self.cv_se_, score.mean(axis=0))
            at = [k] * n_targets
            best = score.mean(axis=0)[k]
            self.best_score_ = best if self.scoring is None else best.item()
        return alphas[at]

    def _keeps_results(self) -> bool:
        return self.store_cv_results or self.scoring is not None

    def _choose(
        self, alphas: np.ndarray, mean: np.ndarray, se: np.ndarray, score: np.ndarray
    ) -> int:
        if self.selection_rule == "1se":
            return choose(alphas, mean, se, "1se")
        return int(np.argmax(np.where(np.isnan(score), -np.inf, score)))

    def _score_predictions(
        self, X: Any, y: np.ndarray, predictions: np.ndarray, routed: Any
    ) -> np.ndarray:
        """Score leave-one-out predictions (n, T, m) with `scoring`: (T, m)."""
        scorer = self._scorer()
        n_targets, m = predictions.shape[1:]
        out = np.empty((n_targets, m))
        for k in range(m):
            if self.alpha_per_target:
                for t in range(n_targets):
                    stub = self._known(predictions[:, t, k])
                    out[t, k] = scorer(stub, X, y[:, t] if y.ndim > 1 else y, **routed.scorer.score)
            else:
                flat = y.ndim == 1 and n_targets == 1
                block = predictions[:, 0, k] if flat else predictions[:, :, k]
                out[:, k] = scorer(self._known(block), X, y, **routed.scorer.score)
        return out

    def _folds(
        self,
        X: Any,
        y: np.ndarray,
        sample_weight: Any,
        penalty: Penalty,
        alphas: np.ndarray | None,
        settings: Settings,
        truth: np.ndarray,
        routed: Any,
    ) -> tuple[Design, np.ndarray]:
        """Return a design of all rows and the chosen alpha, the same for every target."""
        splits = check_splits(
            list(self._splitter(truth).split(X, truth, **routed.splitter.split)), X.shape[0]
        )
        is_known = self.scoring is None and not is_classifier(self)
        is_known &= min(len(test) for _, test in splits) > 1  # R² of one row is for scikit-learn
        shape = (N_AUTOMATIC if alphas is None else alphas.size, len(splits))
        mse, score = np.empty(shape), np.empty(shape)
        for fold in solve_each_fold(
            X,
            y,
            sample_weight,
            splits,
            [penalty],
            lambda design: self._grid(design, penalty, alphas),
            settings,
            fit_intercept=self.fit_intercept,
            targets=range(1 if y.ndim == 1 else y.shape[1]),
            summed=True,
        ):
            k, found = fold.number, fold.solutions
            mse[:, k] = np.mean([s.held_out_mse for s in found], axis=0)
            if is_known:  # R², from the held-out moments
                score[:, k] = np.mean([_r2(s) for s in found], axis=0)
            else:
                score[:, k] = score_fold(
                    self._scorer(),
                    X,
                    truth,
                    splits[k][1],
                    found,
                    routed.scorer.score,
                    self._known,
                )
        self.mse_path_ = mse
        self.cv_mean_, self.cv_se_ = mean_and_se(mse)
        score = _finite_or_warned(score.mean(axis=1))
        at = self._choose(self.alphas_, self.cv_mean_, self.cv_se_, score)
        self.best_score_ = score[at]
        return fold.design, np.full(fold.design.n_targets, self.alphas_[at])

    def _scorer(self) -> Callable:
        if self.scoring is not None:
            return check_scoring(self, scoring=self.scoring)
        scorer = self._own_scorer()
        return scorer.set_score_request(sample_weight=True) if _routing_enabled() else scorer

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata: to `fit`, the scorer and the splitter."""
        scorer = self._scorer()
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(scorer=scorer, method_mapping=MethodMapping().add(caller="fit", callee="score"))
            .add(
                splitter=self._splitter(),
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        )


class RidgeCV(MultiOutputMixin, LinearModelBase, BaseRidgeCV):
    """Ridge with alpha chosen by exact leave-one-out or K-fold cross-validation.

    Parameters
    ----------
    alphas : array-like or None, default=(0.1, 1.0, 10.0)
        In the units of `Ridge`. None: an automatic grid of 100, from almost full to almost no
        shrinkage.
    fit_intercept : bool, default=True
    scoring : str, callable or None, default=None
        None: mean squared error for leave-one-out; with `cv`, R² averaged over the folds, as in
        scikit-learn.
    cv : int, splitter, iterable or None, default=None
        None: leave-one-out, in closed form.
    gcv_mode : {"auto", "svd", "eigen"} or None
        Accepted for compatibility; "svd" with sparse X warns, as in scikit-learn.
    store_cv_results : bool, default=False
        Only with ``cv=None``: keep `cv_results_`.
    alpha_per_target : bool, default=False
        Only with ``cv=None``: choose an alpha for each target.
    penalty_factor, standardize
        As in `Ridge`. Leave-one-out keeps the scales of all rows, folds have those of their
        training rows.
    n_jobs : int or None, default=None
        Threads over folds. (Folds of sparse X whose exact factors would not fit into memory are
        solved by conjugate gradients, to a relative tolerance of 1e-6.)
    selection_rule : {"min", "1se"}, default="min"
        "1se": the largest alpha whose mean squared error is within one standard error of the
        smallest.

    Attributes
    ----------
    alpha_ : float or ndarray of shape (T,)
    alphas_ : ndarray of shape (n_alphas,)
    best_score_ : float or ndarray of shape (T,)
    cv_mean_, cv_se_ : ndarray of shape (n_alphas,)
        Mean squared error over folds (over rows for leave-one-out), averaged over targets, and its
        standard error.
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Only with `cv`.
    cv_results_ : ndarray of shape (n, n_alphas) or (n, T, n_alphas)
        With `store_cv_results`: squared leave-one-out errors times the row's weight, or the
        leave-one-out predictions with `scoring`.
    coef_, intercept_, dual_gap_, optimality_violation_
        Of the fit on all rows, as in `Ridge`.
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseRidgeCV._parameter_constraints,
        "gcv_mode": [StrOptions({"auto", "svd", "eigen"}), None],
        "alpha_per_target": ["boolean"],
    }

    def __init__(
        self,
        alphas: Any = (0.1, 1.0, 10.0),
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        gcv_mode: str | None = None,
        store_cv_results: bool = False,
        alpha_per_target: bool = False,
        penalty_factor: Any = None,
        standardize: bool = False,
        n_jobs: int | None = None,
        selection_rule: str = "min",
    ) -> None:
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.gcv_mode = gcv_mode
        self.store_cv_results = store_cv_results
        self.alpha_per_target = alpha_per_target
        self.penalty_factor = penalty_factor
        self.standardize = standardize
        self.n_jobs = n_jobs
        self.selection_rule = selection_rule

    @all_or_nothing
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose alpha by cross-validation and fit on all rows.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n, p)
        y : array-like of shape (n,) or (n, T)
        sample_weight : float or array-like of shape (n,), default=None
            Weights of the fit, of leave-one-out errors and of each fold's score.
        **params : dict
            Passed to the splitter and the scorer, with metadata routing enabled.

        Returns
        -------
        self
        """
        alphas = self._check_options(X, params)
        X, y, sample_weight = check_data(self, X, y, sample_weight)
        self._fit_numbers(X, y, sample_weight, alphas, y, params)
        return self


def _finite_or_warned(score: np.ndarray) -> np.ndarray:
    if not np.isfinite(score).all():
        message = f"One or more of the test scores are non-finite: {score}"
        warnings.warn(message, stacklevel=caller_level())
    return score


def _r2(solution: Any) -> np.ndarray:
    """R² of the held-out rows as scikit-learn defines it, constant targets included."""
    if solution.held_out_tss == 0:
        return np.where(solution.held_out_mse == 0, 1.0, 0.0)
    return 1.0 - solution.held_out_mse / solution.held_out_tss
