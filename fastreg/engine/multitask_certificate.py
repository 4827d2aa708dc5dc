"""The certificate of coefficients over all targets: `certificate` with rows for numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fastreg.engine.certificate import MOST_PROJECTED, ROUNDED_SUM, Certificates, widen
from fastreg.engine.multitask_problem import JointProblem, row_squares
from fastreg.engine.problem import scaled_inverse
from fastreg.kernels.multitask import certify_rows


def certify(
    problem: JointProblem,
    alphas: np.ndarray,
    coefs: np.ndarray,
    corrs: np.ndarray,
    rr: np.ndarray,
    gram_rows: Callable[[np.ndarray], np.ndarray],
) -> Certificates:
    """Certify m coefficient matrices (m, p, T) from their correlations and ‖R‖²/Σw (m,).

    Where α = 0 the gap is ⟨C, G⁺ C⟩/2, what all features together could still gain.

    Parameters
    ----------
    gram_rows : callable
        Returns rows of G, shape (k, p), for k columns.
    """
    found = Certificates(
        *certify_rows(
            np.ascontiguousarray(coefs),
            np.ascontiguousarray(corrs),
            np.maximum(rr, 0.0),
            np.ascontiguousarray(alphas, dtype=float),
            problem.cols,
            problem.root,
            problem.task.penalty.l1_ratio,
            1.0 - problem.task.penalty.l1_ratio,
            problem.yy,
        )
    )
    if problem.reach is not problem.root:
        widen(problem, np.sqrt(row_squares(coefs)), found)
    if not alphas.all():
        found.gap[alphas == 0] = _unpenalized_gaps(
            problem.cols, corrs[alphas == 0], rr[alphas == 0], gram_rows
        )
    return found


def _unpenalized_gaps(
    cols: np.ndarray,
    corrs: np.ndarray,
    rr: np.ndarray,
    gram_rows: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    if cols.size > MOST_PROJECTED:
        return 0.5 * rr  # P* ≥ 0 is all that is known
    inverse = scaled_inverse(gram_rows(cols)[:, cols])
    few = corrs[:, cols]
    return np.maximum(0.5 * np.einsum("kit,ij,kjt->k", few, inverse, few, optimize=True), 0.0)


def is_rounding(
    problem: JointProblem, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray
) -> np.ndarray:
    """Return where every row's violation is no more than rounding, see the single target's."""
    size = np.sqrt(problem.yy) + np.sqrt(row_squares(coefs)) @ problem.reach
    b, alpha = coefs[:, problem.cols], alphas[:, None, None]
    ratio = problem.task.penalty.l1_ratio
    slope = corrs[:, problem.cols] - alpha * (1.0 - ratio) * b
    l1, norm = alpha * ratio, np.sqrt(row_squares(b))[..., None]
    pull = np.sqrt(row_squares(slope))[..., None]
    # towards B_j where it is not zero, else what the ball of radius l1 lets through
    kept = np.where(norm > 0, l1 / np.where(norm > 0, norm, 1.0) * b, 0.0)
    inside = slope * np.minimum(1.0, l1 / np.where(pull > 0, pull, 1.0))
    left = np.sqrt(row_squares(slope - np.where(norm > 0, kept, inside)))
    return np.all(left <= ROUNDED_SUM * np.outer(size, problem.reach[problem.cols]), axis=1)
