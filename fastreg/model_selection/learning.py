"""The learning curve: training and held-out error against the number of training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastreg.model_selection.error_curves import ErrorCurves


@dataclass(frozen=True, eq=False, kw_only=True)
class LearningCurve(ErrorCurves):
    """Errors by the number of training rows; see `learning_curve`.

    Attributes
    ----------
    penalty : {"ridge", "lasso", "elasticnet"}
    l1_ratio : float
        0 for ridge, 1 for the lasso.
    alpha : float or None
        The fixed α; None where it was chosen anew for every size and fold.
    alphas : ndarray of shape (S, K)
        The α of each fit.
    train_sizes : ndarray of shape (S,), int
        Upwards.
    n_features : ndarray of shape (S, K), int
        Number of non-zero coefficients of each fit.
    train_errors, held_out_errors : ndarray of shape (S, K)
        Mean squared errors; `train_mean`, `train_se`, `held_out_mean`, `held_out_se` and `gap`, of
        shape (S,), are taken over the folds.
    """

    penalty: str
    l1_ratio: float
    alpha: float | None
    alphas: np.ndarray
    train_sizes: np.ndarray
    n_features: np.ndarray
