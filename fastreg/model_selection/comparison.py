"""Least squares, ridge, lasso, relaxed lasso and Elastic-Net on the same outer folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastreg.model_selection.collinearity import Collinearity
from fastreg.model_selection.recommendation import Recommendation

METHODS = ("least squares", "ridge", "lasso", "relaxed lasso", "elastic net")


@dataclass(frozen=True, eq=False, kw_only=True)
class MethodResult:
    """One method under nested cross-validation, and its fit on all rows.

    Attributes
    ----------
    name : str
        One of "least squares", "ridge", "lasso", "relaxed lasso", "elastic net".
    train_errors, held_out_errors : ndarray of shape (K,)
        Mean squared errors on each outer fold, of the model chosen and fitted on the rest.
    alphas : ndarray of shape (K,)
        The α chosen on each outer fold, in the units of the estimator of that name; 0 for least
        squares.
    l1_ratios : ndarray of shape (K,)
        The l1_ratio: 0 for ridge and least squares, 1 for the lassos.
    relaxations : ndarray of shape (K,)
        Share of the penalized fit; 1 for all but the relaxed lasso.
    n_features : ndarray of shape (K,), int
        Number of non-zero coefficients on each outer fold.
    alpha, l1_ratio, relaxation : float
        Chosen by cross-validation on all rows.
    coef : ndarray of shape (p,)
    intercept : float
        Of the fit on all rows.
    held_out_mean, held_out_se, train_mean, gap : float
        Mean held-out error over the folds, its standard error sd(ddof=1)/√K, mean training error,
        and held-out less training error.
    """

    name: str
    train_errors: np.ndarray
    held_out_errors: np.ndarray
    alphas: np.ndarray
    l1_ratios: np.ndarray
    relaxations: np.ndarray
    n_features: np.ndarray
    alpha: float
    l1_ratio: float
    relaxation: float
    coef: np.ndarray
    intercept: float

    @property
    def held_out_mean(self) -> float:
        """Mean held-out error over the outer folds."""
        return float(self.held_out_errors.mean())

    @property
    def held_out_se(self) -> float:
        """Standard error of `held_out_mean` over the outer folds; NaN for a single fold."""
        k = self.held_out_errors.size
        return float(self.held_out_errors.std(ddof=1) / np.sqrt(k)) if k > 1 else float("nan")

    @property
    def train_mean(self) -> float:
        """Mean training error over the outer folds."""
        return float(self.train_errors.mean())

    @property
    def gap(self) -> float:
        """Generalization gap: held-out less training error."""
        return self.held_out_mean - self.train_mean

    @property
    def n_selected(self) -> int:
        """Number of non-zero coefficients of the fit on all rows."""
        return int(np.count_nonzero(self.coef))


@dataclass(frozen=True, eq=False, kw_only=True)
class PenaltyComparison:
    """What `compare_penalties` found.

    Attributes
    ----------
    methods : tuple of MethodResult
        M methods, in the order of "least squares", "ridge", "lasso", "relaxed lasso",
        "elastic net".
    differences : ndarray of shape (M, M)
        Mean over the outer folds of the held-out error of method i less that of method j.
    difference_se : ndarray of shape (M, M)
        Their paired standard errors, corrected for the overlap of the training sets.
    baseline_errors : ndarray of shape (K,)
        Held-out mean squared errors of the training mean, what a useless model gives.
    fold_sizes : ndarray of shape (K,), int
        Number of held-out rows of each outer fold.
    n_rows, n_features : int
    feature_names : list of str
    collinearity : Collinearity
        Of all rows.
    recommendation : Recommendation
    """

    methods: tuple[MethodResult, ...]
    differences: np.ndarray
    difference_se: np.ndarray
    baseline_errors: np.ndarray
    fold_sizes: np.ndarray
    n_rows: int
    n_features: int
    feature_names: list[str]
    collinearity: Collinearity
    recommendation: Recommendation

    def __getitem__(self, name: str) -> MethodResult:
        """Return the result of the method of that name."""
        for method in self.methods:
            if method.name == name:
                return method
        raise KeyError(f"no method {name!r} among {', '.join(m.name for m in self.methods)}")
