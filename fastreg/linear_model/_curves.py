"""What a cross-validation shows, error curves and fold paths, and what is chosen from them."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from fastreg.linear_model._folds import FoldErrors
from fastreg.model_selection.rules import choose_both, mean_and_se

RELAXED = ("relax_", "relax_values_", "relax_cv_mean_", "relax_cv_se_", "relaxed_violation_")
OPTIONAL = (*RELAXED, "score_path_", "coefs_paths_", "intercepts_paths_")


def forget_optional(estimator: BaseEstimator) -> None:
    """Remove the attributes that a fit before may have set and this one may not."""
    for name in OPTIONAL:
        estimator.__dict__.pop(name, None)


def set_curves(
    estimator: BaseEstimator, errors: FoldErrors, dtype: np.dtype, several: bool
) -> list[tuple[int, int]]:
    """Set the error curves and return the chosen penalty and α, for each target or for all.

    Parameters
    ----------
    several : bool
        Whether there are several targets: the arrays of every fold then have an axis for them.
    """
    held_out, train = errors.held_out, errors.train
    if errors.relaxed is not None:
        at = _set_relaxed(estimator, errors.relaxed)
        held_out, train = errors.relaxed[:, at, ..., None]
    estimator.mse_path_ = _by_fold(held_out, several).astype(dtype, copy=False)
    estimator.train_mse_path_ = _by_fold(train, several).astype(dtype, copy=False)
    each = several and estimator.alpha_per_target
    mean, se = _over_folds(held_out, each)
    estimator.cv_mean_, estimator.cv_se_ = _shown(mean, each), _shown(se, each)
    estimator.alphas_ = _shown(errors.alphas, each)
    if not isinstance(estimator.alphas, Integral):
        estimator.alphas_ = errors.alphas[0, :, 0].copy()
    if errors.scores is not None:
        estimator.score_path_ = _by_fold(errors.scores, several)
        mean, se = _over_folds(-errors.scores, each)
    return [
        choose_both(errors.alphas[..., c], mean[..., c], se[..., c], estimator.selection_rule)
        for c in range(mean.shape[-1])
    ]


def _set_relaxed(estimator: BaseEstimator, errors: np.ndarray) -> int:
    """Set what the relaxed fits show, errors (2, Γ, R, m, K); return the chosen share's number."""
    mean, se = mean_and_se(errors[0])
    at = int(np.argmin(mean.min(axis=(1, 2))))
    estimator.relax_ = float(estimator.relax_values_[at])
    single = mean.shape[1] == 1
    estimator.relax_cv_mean_, estimator.relax_cv_se_ = (
        (mean[:, 0], se[:, 0]) if single else (mean, se)
    )
    return at


def set_paths(estimator: BaseEstimator, errors: FoldErrors, dtype: np.dtype, several: bool) -> None:
    """Set the coefficients and intercepts of every fold."""
    n_penalties, _, n_folds, n_targets = errors.held_out.shape

    def of_fold(i: int, k: int) -> Any:
        found = [errors.coefs[i, k, t].astype(dtype, copy=False) for t in range(n_targets)]
        return found if several else found[0]

    paths = [[of_fold(i, k) for k in range(n_folds)] for i in range(n_penalties)]
    estimator.coefs_paths_ = paths[0] if n_penalties == 1 else paths
    estimator.intercepts_paths_ = _shown(errors.intercepts.astype(dtype, copy=False), several)


def _by_fold(errors: np.ndarray, several: bool) -> np.ndarray:
    """Return what errors (R, m, K, T) are shown as: of one target, as scikit-learn does."""
    return _shown(errors, True) if several else np.squeeze(errors)


def _over_folds(errors: np.ndarray, each: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard error over folds of (R, m, K, T), of each target or their mean."""
    errors = errors if each else errors.mean(axis=-1, keepdims=True)
    return mean_and_se(np.ascontiguousarray(np.moveaxis(errors, 2, -1)))


def _shown(values: np.ndarray, each: bool) -> np.ndarray:
    """Return (R, …, T) without the first axis if it is of length 1, and without the last."""
    values = values if each else values[..., 0]
    return np.ascontiguousarray(values[0] if len(values) == 1 else values)
