"""What the engine is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Penalty:
    """α Σ_j v_j ( ρ|b_j| + (1−ρ)/2 b_j² ) with lower ≤ b ≤ upper.

    Attributes
    ----------
    l1_ratio : float
        ρ.
    factor : ndarray of shape (p,) or None
        v ≥ 0; infinite entries exclude a column, zeros leave it unpenalized. None: ones.
    lower, upper : ndarray of shape (p,) or None
        lower ≤ 0 ≤ upper.
    standardize : bool
        Penalize b_j times the column's weighted standard deviation instead of b_j.
    """

    l1_ratio: float = 1.0
    factor: np.ndarray | None = None
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    standardize: bool = False


@dataclass(frozen=True)
class Grid:
    """A grid of `n_alphas` values from α_max of all rows down to `eps` times it, log-spaced."""

    n_alphas: int = 100
    eps: float = 1e-3


@dataclass(frozen=True, eq=False)
class Task:
    """One instance of the problem: a path of α for some training rows and one target.

    Attributes
    ----------
    penalty : Penalty
    alphas : ndarray of shape (m,) or Grid
        Solved in the order given, each from the solution before.
    train, held_out : tuple of int
        Row groups; None trains on all of them.
    target : int
    fit_intercept : bool
    start : ndarray of shape (p,) or None
        Coefficients to start from.
    verify : bool
        Certify every α from the true residual, not only where rounding asks for it.
    """

    penalty: Penalty
    alphas: np.ndarray | Grid
    train: tuple[int, ...] | None = None
    held_out: tuple[int, ...] = ()
    target: int = 0
    fit_intercept: bool = True
    start: np.ndarray | None = None
    verify: bool = False


@dataclass(frozen=True)
class Settings:
    """When to stop.

    Attributes
    ----------
    tol : float
        The duality gap may be at most tol · Σw(y − ȳ)²/Σw.
    max_iter : int
        Sweeps and Newton steps for one α.
    seed : int
        0 for cyclic order, else the seed of a random order.
    n_jobs : int or None
        Threads over tasks.
    """

    tol: float = 1e-4
    max_iter: int = 1000
    seed: int = 0
    n_jobs: int | None = None


@dataclass(eq=False)
class Solution:
    """A solved task.

    Attributes
    ----------
    alphas : ndarray of shape (m,)
    coefs : ndarray of shape (m, p)
    intercepts : ndarray of shape (m,)
    gaps : ndarray of shape (m,)
        Duality gap of each α in the units of the problem (divided by Σw).
    violations : ndarray of shape (m,)
        Largest violation of the optimality conditions, in units of Xᵀr / Σw.
    n_iter : ndarray of shape (m,), int
    converged : ndarray of shape (m,), bool
    scale : float
        Σw(y − ȳ)²/Σw: the gap is judged against tol times this.
    train_mse : ndarray of shape (m,)
        Weighted mean squared error of the training rows.
    ill_conditioned : bool
        Whether a ridge solution had to come from an orthogonal factorization.
    held_out_mse : ndarray of shape (m,) or None
        The same of the held-out rows.
    held_out_tss : float
        Weighted mean of (y − ȳ)² over the held-out rows, ȳ their own mean.
    """

    alphas: np.ndarray
    coefs: np.ndarray
    intercepts: np.ndarray
    gaps: np.ndarray
    violations: np.ndarray
    n_iter: np.ndarray
    converged: np.ndarray
    scale: float
    train_mse: np.ndarray
    ill_conditioned: bool = False
    held_out_mse: np.ndarray | None = None
    held_out_tss: float = field(default=float("nan"))
