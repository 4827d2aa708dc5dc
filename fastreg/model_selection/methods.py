"""The methods of a comparison: what each did on the outer folds, and how they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

METHODS = ("least squares", "ridge", "lasso", "relaxed lasso", "Elastic-Net")


@dataclass(frozen=True, eq=False, kw_only=True)
class MethodResult:
    """One method under nested cross-validation, and its fit on all rows.

    Attributes
    ----------
    name : str
        One of "least squares", "ridge", "lasso", "relaxed lasso", "Elastic-Net".
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
    alpha_1se : float
        What the one-standard-error rule would choose on all rows, for the same l1_ratio.
    n_features_1se : int
        Number of non-zero coefficients there.
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
    alpha_1se: float
    n_features_1se: int
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


def paired_differences(
    errors: Sequence[np.ndarray], overlap: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean differences of M methods on the same K folds, and their standard errors, (M, M).

    The training sets of the folds overlap, and the variance s²/K of a mean of independent numbers
    is too small: s² (1/K + n_test/n_train) is used. NaN for a single fold.

    Parameters
    ----------
    errors : sequence of ndarray of shape (K,)
    overlap : float
        n_test/n_train.

    References
    ----------
    C. Nadeau, Y. Bengio (2003), Inference for the generalization error, Machine Learning 52,
    239-281, section 3.
    """
    stacked = np.stack(errors)
    each = stacked[:, None] - stacked[None]
    k = each.shape[-1]
    if k < 2:
        return each.mean(axis=-1), np.full(each.shape[:2], np.nan)
    return each.mean(axis=-1), each.std(axis=-1, ddof=1) * np.sqrt(1.0 / k + overlap)
