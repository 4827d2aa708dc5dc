"""The certificate of a block of coefficient vectors: gap, violation and what rounding can do."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastreg.engine.problem import Problem, scaled_inverse
from fastreg.engine.tasks import Settings
from fastreg.kernels.certificate import certify_block


class Certificates(NamedTuple):
    """Four arrays of shape (m,), see `Solution` for the first two.

    `floor` and `violation_floor` bound what rounding in the correlations can do to them.
    """

    gap: np.ndarray
    violation: np.ndarray
    floor: np.ndarray
    violation_floor: np.ndarray


def certify(
    problem: Problem,
    alphas: np.ndarray,
    coefs: np.ndarray,
    corrs: np.ndarray,
    rr: np.ndarray,
    free_rows: np.ndarray | None = None,
) -> Certificates:
    """Certify m coefficient vectors from their correlations and ‖r‖²/Σw.

    Unpenalized, unbounded columns U have no finite conjugate unless c_U = 0, so they are projected
    out of the residual first: γ = G_UU⁺ c_U, c ← c − G_U γ, ‖r‖² ← ‖r‖² − γᵀc_U, which adds
    γᵀc_U/2 to the gap. The violation is that of the coefficients as they are.

    Parameters
    ----------
    corrs : ndarray of shape (m, p)
    rr : ndarray of shape (m,)
    free_rows : ndarray of shape (|U|, p), optional
        G_U; needed where the problem has free columns.
    """
    cols, gained, projected, rest = problem.cols, 0.0, corrs, rr
    if problem.free.size:
        at = corrs[:, problem.free]
        gamma = at @ scaled_inverse(free_rows[:, problem.free])
        projected, rest = corrs - gamma @ free_rows, rr - np.sum(gamma * at, axis=1)
        gained = 0.5 * np.maximum(np.sum(gamma * at, axis=1), 0.0)
        cols = np.setdiff1d(cols, problem.free)
    gap, violation, floor, violation_floor = _certify(problem, alphas, coefs, projected, rest, cols)
    if problem.free.size:
        _, violation, _, violation_floor = _certify(problem, alphas, coefs, corrs, rr, problem.cols)
    return Certificates(gap + gained, violation, floor, violation_floor)


def _certify(
    problem: Problem,
    alphas: np.ndarray,
    coefs: np.ndarray,
    corrs: np.ndarray,
    rr: np.ndarray,
    cols: np.ndarray,
) -> np.ndarray:
    return certify_block(
        np.ascontiguousarray(coefs),
        np.ascontiguousarray(corrs),
        np.maximum(rr, 0.0),
        np.ascontiguousarray(alphas, dtype=float),
        cols,
        problem.root,
        problem.l1w,
        problem.l2w,
        problem.lower,
        problem.upper,
        problem.yy,
    )


def tolerances(problem: Problem, settings: Settings) -> tuple[float, float]:
    """Return the largest gap and the largest violation that count as solved.

    The second only matters at tight tolerances: with an L2 term the gap is quadratic in the
    violation, so that a gap of 1e-12 alone would leave violations of 1e-6.
    """
    return settings.tol * problem.yy, 1e3 * settings.tol * problem.largest_corr


def is_solved(problem: Problem, settings: Settings, found: Certificates) -> np.ndarray:
    """Return which vectors are within the tolerances or as good as rounding allows."""
    gap, violation = tolerances(problem, settings)
    return (found.gap <= np.maximum(gap, found.floor)) & (
        found.violation <= np.maximum(violation, found.violation_floor)
    )
