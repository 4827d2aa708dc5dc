"""Choosing α from a cross-validated error curve."""

from __future__ import annotations

import numpy as np


def mean_and_se(errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the unweighted mean over folds (last axis) and its standard error.

    SE = sd(ddof=1)/√K; NaN for a single fold.
    """
    k = errors.shape[-1]
    if k < 2:
        return errors.mean(axis=-1), np.full(errors.shape[:-1], np.nan)
    return errors.mean(axis=-1), errors.std(axis=-1, ddof=1) / np.sqrt(k)


def choose(alphas: np.ndarray, mean: np.ndarray, se: np.ndarray, rule: str) -> int:
    """Return the index of the chosen α.

    Parameters
    ----------
    alphas, mean, se : ndarray of shape (m,)
    rule : {"min", "1se"}
        "min": the smallest mean error, the first where tied. "1se": the largest α whose mean error
        is within one standard error (at the minimum) of the smallest. NaN is never chosen.
    """
    mean = np.where(np.isnan(mean), np.inf, mean)
    best = int(np.argmin(mean))
    if rule == "min" or not np.isfinite(se[best]):
        return best
    within = np.flatnonzero(mean <= mean[best] + se[best])
    return int(within[np.argmax(alphas[within])])


def choose_both(alphas: np.ndarray, mean: np.ndarray, se: np.ndarray, rule: str) -> tuple[int, int]:
    """Return the number of the penalty with the smallest mean error, and of the α chosen of it.

    Parameters
    ----------
    alphas, mean, se : ndarray of shape (n_penalties, m)
    rule : {"min", "1se"}
        As in `choose`.
    """
    best = int(np.argmin(np.where(np.isnan(mean), np.inf, mean).min(axis=1)))
    return best, choose(alphas[best], mean[best], se[best], rule)
