"""Held-out error of a path, from the moments of the held-out rows or from the rows themselves."""

from __future__ import annotations

import numpy as np

from fastreg.designs import Design
from fastreg.engine.problem import Problem
from fastreg.moments import Moments, merge_all

EPS = np.finfo(float).eps
ALLOWED_ROUNDING = 1e-9


def held_out_errors(
    design: Design,
    problem: Problem,
    groups: list[Moments],
    coefs: np.ndarray,
    loss: np.ndarray | None = None,
    curved: np.ndarray | None = None,
) -> tuple[np.ndarray, float | np.ndarray]:
    """Return the weighted mean squared error of each of m coefficient vectors, and the variance.

    With cross-products, Σw(y − ŷ)² = S_yy − 2 bᵀS_xy + bᵀS b + W(ȳ − b0 − x̄·b)²: no pass over X.
    Its rounding error is about ε (S_yy + |b|ᵀ|S||b|); points where that exceeds 1e-9 of the
    result, and all points without cross-products, come from the rows, unless `loss` (m,) holds
    their Σw(y − ŷ)² already. `curved` (m,) may hold bᵀS b.

    Returns
    -------
    mse : ndarray of shape (m,)
    tss : float, or ndarray of shape (m,) where each vector has its target
        Weighted mean of (y − ȳ)² over the held-out rows.
    """
    task = problem.task
    held = merge_all([groups[g] for g in task.held_out])
    t = task.target
    tss = held.s_yy[t] / held.weight
    if loss is not None:
        return loss / held.weight, tss
    if not held.has_cross:
        return _from_rows(design, problem, held.weight, coefs), tss
    s_yy, fitted = held.s_yy[t], _products(coefs, held.s_xy.T[t])
    if curved is None:
        curved = np.einsum("kj,kj->k", coefs @ held.s_xx, coefs)
    miss = _mean_residual(problem, held, coefs)
    sse = s_yy - 2.0 * fitted + curved + held.weight * miss**2
    variation = np.maximum(held.s_xx.diagonal(), 0.0)  # merged, it may round below zero
    magnitude = np.abs(coefs) @ np.sqrt(variation)
    doubtful = 4.0 * EPS * (s_yy + magnitude**2) > ALLOWED_ROUNDING * sse
    mse = np.maximum(sse, 0.0) / held.weight
    if design.has_rows and np.any(doubtful):
        part = problem.take(doubtful)
        mse[doubtful] = _from_rows(design, part, held.weight, coefs[doubtful])
    return mse, tss


def _products(coefs: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the product of each vector with its own row, or with the only one."""
    return coefs @ rows if rows.ndim == 1 else np.einsum("kj,kj->k", coefs, rows)


def _mean_residual(problem: Problem, held: Moments, coefs: np.ndarray) -> np.ndarray:
    """Return ȳ − b0 − x̄·b over the held-out rows, from differences of means."""
    t = problem.task.target
    if not problem.task.fit_intercept:
        return held.y_mean[t] - coefs @ held.mean
    train = problem.moments
    dy = (held.y_shift[t] - train.y_shift[t]) + (held.y_offset[t] - train.y_offset[t])
    dx = (held.shift - train.shift) + (held.offset - train.offset)
    return dy - coefs @ dx


def _from_rows(design: Design, problem: Problem, weight: float, coefs: np.ndarray) -> np.ndarray:
    loss = problem.evaluation(design, coefs).loss
    return loss[:, list(problem.task.held_out)].sum(axis=1) / weight
