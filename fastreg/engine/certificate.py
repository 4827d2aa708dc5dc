"""The certificate of a block of coefficient vectors: gap, violation and what rounding can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastreg.engine.problem import Problem, scaled_inverse
from fastreg.engine.tasks import LARGEST_VIOLATION, Settings
from fastreg.kernels.certificate import certify_block

ROUNDED_SUM = 16 * np.finfo(float).eps  # of the sums that a gradient is the difference of
TINY = np.finfo(float).tiny
MOST_PROJECTED = 2000  # more unpenalized columns than this are not projected out


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
    gram_rows: Callable[[np.ndarray], np.ndarray],
) -> Certificates:
    """Certify m coefficient vectors, of one target or each of its own, from Xᵀr/Σw and ‖r‖²/Σw.

    An unpenalized column has no finite conjugate where its correlation pulls without a bound, so
    such columns U are projected out of the residual first: γ = G_UU⁺ c_U, c ← c − G_U γ,
    ‖r‖² ← ‖r‖² − γᵀc_U, which adds γᵀc_U/2 to the gap. The violation is that of the coefficients
    as they are.

    Parameters
    ----------
    corrs : ndarray of shape (m, p)
    rr : ndarray of shape (m,)
    gram_rows : callable
        Returns rows of G, shape (k, p), for k columns.
    """
    found = Certificates(*_certify(problem, alphas, coefs, corrs, rr))
    if problem.reach is not problem.root:
        widen(problem, coefs, found)
    if problem.task.penalty.factor is None and alphas.all():
        return found  # every column is penalized
    loose = problem.cols[~(np.isfinite(problem.lower) & np.isfinite(problem.upper))[problem.cols]]
    bare = loose[(problem.l1w[loose] == 0) & (problem.l2w[loose] == 0)]
    columns = _Columns(gram_rows)
    for k in range(alphas.size):
        unpenalized = loose if alphas[k] == 0 else bare
        if not unpenalized.size:
            continue
        if unpenalized.size > MOST_PROJECTED:
            # P* ≥ 0 is all that is known
            found.gap[k] = 0.5 * rr[k] + _penalty(problem, alphas[k], coefs[k])
            continue
        corr, rest, gained = _project(
            problem, unpenalized, coefs[k], corrs[k], rr[k], found.violation_floor[k], columns
        )
        row = slice(k, k + 1)
        own = problem.take(row)
        gap = _certify(own, alphas[row], coefs[row], corr[None, :], np.array([rest]))[0]
        found.gap[k] = gap[0] + gained
    return found


def widen(problem: Problem, coefs: np.ndarray, found: Certificates) -> None:
    """Enlarge the floors where rows are multiplied unshifted: r and Xᵀr round to the mean."""
    size, y = np.abs(coefs), np.sqrt(problem.yy)
    found.floor[:] *= (y + size @ problem.reach) / (y + size @ problem.root + TINY)
    if (largest := problem.root.max(initial=0.0)) > 0:
        found.violation_floor[:] *= problem.reach.max() / largest


def _penalty(problem: Problem, alpha: float, coef: np.ndarray) -> float:
    return float(alpha * (problem.l1w @ np.abs(coef) + 0.5 * problem.l2w @ coef**2))


class _Columns:
    """G_U and (G_UU)⁺ of columns U: most vectors have them in common with the one before."""

    def __init__(self, gram_rows: Callable[[np.ndarray], np.ndarray]) -> None:
        self.gram_rows, self.last = gram_rows, None

    def __call__(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.last is None or not np.array_equal(self.last, columns):
            rows = self.gram_rows(columns)
            self.last, self.known = columns, (rows, scaled_inverse(rows[:, columns]))
        return self.known


def _project(
    problem: Problem,
    unpenalized: np.ndarray,
    coef: np.ndarray,
    corr: np.ndarray,
    rr: float,
    floor: float,
    known: _Columns,
) -> tuple[np.ndarray, float, float]:
    """Project unpenalized columns out until none pulls in a direction without a bound."""
    at_bound = (coef <= problem.lower) | (coef >= problem.upper)
    inside = ~at_bound[unpenalized]
    drawn = inside | _pulls(problem, corr, 0.0)[unpenalized]
    after, rest, gained = corr, rr, 0.0
    while drawn.any():
        columns = unpenalized[drawn]
        rows, inverse = known(columns)
        gamma = inverse @ corr[columns]
        share = float(gamma @ corr[columns])
        after, rest, gained = corr - gamma @ rows, max(rr - share, 0.0), 0.5 * max(share, 0.0)
        more = _pulls(problem, after, floor)[unpenalized] & ~drawn
        if not more.any():
            break
        drawn |= more
    after = after.copy()
    after[unpenalized[drawn]] = 0.0  # zero but for rounding
    return after, rest, gained


def _pulls(problem: Problem, corr: np.ndarray, floor: float) -> np.ndarray:
    """Whether each correlation pulls in a direction without a bound."""
    return ((corr > floor) & np.isinf(problem.upper)) | ((corr < -floor) & np.isinf(problem.lower))


def _certify(
    problem: Problem,
    alphas: np.ndarray,
    coefs: np.ndarray,
    corrs: np.ndarray,
    rr: np.ndarray,
) -> np.ndarray:
    return certify_block(
        np.ascontiguousarray(coefs),
        np.ascontiguousarray(corrs),
        np.maximum(rr, 0.0),
        np.ascontiguousarray(alphas, dtype=float),
        problem.cols,
        problem.root,
        problem.l1w,
        problem.l2w,
        problem.lower,
        problem.upper,
        np.full(alphas.size, problem.yy, dtype=float),
    )


def tolerances(problem: Problem, settings: Settings) -> tuple[float, float]:
    """Return the largest gap and violation that count as solved; (m,) each for m targets.

    The second by default only matters at tight tolerances: with an L2 term the gap is quadratic in
    the violation, so that a gap of 1e-12 alone would leave violations of 1e-6.
    """
    return settings.tol * problem.yy, settings.violation * settings.tol * problem.largest_corr


def is_rounding(
    problem: Problem, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray
) -> np.ndarray:
    """Return where every column's violation is no more than rounding: so is the gap then.

    No bound in terms of ε and the size of the fit alone covers that. A violation g_j adds
    g_j²/(2 α l2_j) to the gap or, unpenalized, g_j² over an eigenvalue of G that may be as small;
    with l1 alone it scales the dual point by 1 − g_j/(α l1_j), at the cost of all columns.
    """
    cols = problem.cols
    if not alphas.size:
        return np.zeros(0, dtype=bool)
    b, alpha = coefs[:, cols], alphas[:, None]
    slope = corrs[:, cols] - alpha * problem.l2w[cols] * b
    l1 = alpha * problem.l1w[cols]
    left = slope - np.where(b == 0, np.clip(slope, -l1, l1), l1 * np.sign(b))
    left = np.where(b >= problem.upper[cols], np.minimum(left, 0.0), left)
    left = np.where(b <= problem.lower[cols], np.maximum(left, 0.0), left)
    size = np.sqrt(problem.yy) + np.abs(coefs) @ problem.reach
    return np.all(np.abs(left) <= ROUNDED_SUM * np.outer(size, problem.reach[cols]), axis=1)


def is_solved(problem: Problem, settings: Settings, found: Certificates) -> np.ndarray:
    """Return which vectors are within the tolerances or as good as rounding allows."""
    fits = found.violation <= found.violation_floor
    if not fits.all():
        fits |= found.violation <= LARGEST_VIOLATION * settings.tol * problem.largest_corr
    gap = settings.tol * problem.yy
    return (found.gap <= np.maximum(gap, found.floor)) & np.isfinite(found.gap) & fits
