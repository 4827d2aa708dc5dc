"""Primal and dual objectives along a path in plain NumPy and float64, apart from every solver."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from benchmarks.peers.problems import Problem

TINY = np.finfo(float).tiny


def primal(problem: Problem, coefs: Any) -> np.ndarray:
    """Return P(b) at every alpha for coefs (p, m), the intercept being the best for each."""
    return _losses(residuals(problem, coefs)) + problem.alphas * _l1_norms(coefs)


def residuals(problem: Problem, coefs: Any) -> np.ndarray:
    """Return y − b0 − Xb, shape (n, m)."""
    fitted = problem.X @ coefs
    fitted = fitted.toarray() if sparse.issparse(fitted) else np.asarray(fitted)
    out = problem.y[:, None] - fitted
    return out - out.mean(axis=0) if problem.fit_intercept else out


def dual(problem: Problem, residual: np.ndarray) -> np.ndarray:
    """Return the dual objective at every alpha, at the best feasible multiple of a residual.

    For theta = s r with |Xᵀtheta| ≤ n alpha: D = (yᵀtheta − ‖theta‖²/2) / n.
    """
    n, bound = problem.y.size, problem.alphas * problem.y.size
    largest = np.abs(problem.X.T @ residual).max(axis=0)
    square, along = (residual**2).sum(axis=0), problem.y @ residual
    limit = bound / np.maximum(largest, TINY)
    scale = np.clip(along / np.maximum(square, TINY), -limit, limit)
    return (scale * along - 0.5 * scale**2 * square) / n


def null_objective(problem: Problem) -> float:
    """Return P(0)."""
    return float(problem.y @ problem.y) / (2 * problem.y.size)


def _losses(residual: np.ndarray) -> np.ndarray:
    return (residual**2).sum(axis=0) / (2 * residual.shape[0])


def _l1_norms(coefs: Any) -> np.ndarray:
    return np.asarray(abs(coefs).sum(axis=0)).ravel()
