"""Choosing α from a cross-validated error curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

STARTED = 1e-10  # relative change of an error that shows that the model has begun to fit


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


def stalled(curves: Sequence[np.ndarray], patience: int) -> int | None:
    """Return the first place where no curve has had a new minimum for `patience` points, or None.

    Parameters
    ----------
    curves : sequence of ndarray
        Errors of each fold along the grid; they are compared as far as the shortest goes. What is
        still equal to its first value, as nothing is selected yet, counts as a new minimum.
    """
    m = min(len(curve) for curve in curves)
    if not m:
        return None
    errors = np.stack([curve[:m] for curve in curves])
    lowest = np.minimum.accumulate(errors, axis=1)
    new = np.abs(errors - errors[:, :1]) <= STARTED * errors[:, :1]
    new[:, 1:] |= errors[:, 1:] < lowest[:, :-1]
    since = np.arange(m) - np.maximum.accumulate(np.where(new, np.arange(m), 0), axis=1)
    over = (since >= patience).all(axis=0)
    return int(np.argmax(over)) if over.any() else None
