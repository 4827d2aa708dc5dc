"""Newton steps on the rows in use, where sweeps over correlated features get nowhere.

On the rows A with B_j ≠ 0, x_j = ‖B_j‖ and u_j = B_j/x_j, the objective is smooth with the Hessian

    H = M ⊗ I − U S Uᵀ,   M = G_AA + diag(l2 + s),   s_j = l1/x_j,   S = diag(s),

U the |A| T × |A| matrix of the directions u_j. As Uᵀ(M⁻¹ ⊗ I)U = M⁻¹ ∘ (u_i·u_j), the Woodbury
formula needs |A| × |A| matrices only, however many targets there are:

    H⁻¹ = M⁻¹ + M⁻¹ U (S⁻¹ − M⁻¹ ∘ (u_i·u_j))⁻¹ Uᵀ M⁻¹.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack

from fastreg.blas import LARGE, one_blas_thread

MOST_STEPS = 5
LARGEST = LARGE  # rows in use; more would keep Ctrl-C waiting
DAMPING = 1e-10  # of the largest G_jj: features may be collinear
ATTEMPTS = 4
SHORTER = (1.0, 0.5, 0.2, 0.05)
WORTH = 0.1  # the share of the first step's gain below which the next one is left to sweeps


def newton(
    gram: np.ndarray, corr: np.ndarray, coef: np.ndarray, rr: float, l1: float, l2: float
) -> tuple[float, int, bool]:
    """Take some Newton steps from `coef` (p, T); it and its correlations are updated in place.

    A row that a step would turn round becomes zero.

    Parameters
    ----------
    gram, corr : ndarrays of shape (p, p) and (p, T)
    rr : float
        ‖R‖²/Σw.

    Returns
    -------
    rr : float
        After the steps.
    n_steps : int
        At least 1: an attempt counts.
    useful : bool
        Whether the objective fell.
    """
    n_steps, first = 0, 0.0
    while n_steps < MOST_STEPS:
        used = coef.any(axis=1).nonzero()[0]
        if not 0 < used.size <= LARGEST:
            break
        used, step, gain, bent = _lower(gram, corr, coef, used, l1, l2)
        if not gain > 0:
            break
        n_steps += 1
        coef[used] += step
        change = gram[used].T @ step
        rr -= float(np.sum(step * (2.0 * corr[used] - change[used])))
        corr -= change
        first = first or gain
        if not bent and gain < WORTH * first:
            break
    return rr, max(1, n_steps), n_steps > 0


def _lower(
    gram: np.ndarray, corr: np.ndarray, coef: np.ndarray, used: np.ndarray, l1: float, l2: float
) -> tuple[np.ndarray, np.ndarray, float, bool]:
    """Return rows, a step for them, how much it lowers the objective, and whether it was bent.

    Where rows that would turn round spoil the step, the next attempt leaves them where they are.
    """
    for _ in range(ATTEMPTS):
        square, b, c = gram[np.ix_(used, used)], coef[used], corr[used]
        with one_blas_thread(used.size):
            step = newton_step(square, c, b, l1, l2)
        if step is None:
            break
        turned = np.einsum("kt,kt->k", b, b + step) <= 0
        step, gain, bent = _shorten(square, c, b, step, l1, l2)
        if gain > 0:
            return used, step, gain, bent
        if not turned.any() or turned.all():
            break
        used = used[~turned]
    return used, np.zeros((used.size, coef.shape[1])), 0.0, True


def newton_step(
    gram: np.ndarray, corr: np.ndarray, coef: np.ndarray, l1: float, l2: float
) -> np.ndarray | None:
    """Return −H⁻¹ times the gradient, shape (k, T); None where H is numerically not definite."""
    norm = np.linalg.norm(coef, axis=1)
    u, s = coef / norm[:, None], l1 / norm
    inverse = _inverse(gram, l2 + s + DAMPING * gram.diagonal().max())
    if inverse is None:
        return None
    step = inverse @ (corr - l2 * coef - l1 * u)
    if l1 > 0:
        inner = -inverse * (u @ u.T)
        inner[np.diag_indices_from(inner)] += norm / l1
        _, radial, failed = lapack.dposv(inner.T, np.einsum("kt,kt->k", u, step), overwrite_a=True)
        if failed:
            return None
        step += inverse @ (u * radial[:, None])
    return step if np.all(np.isfinite(step)) else None


def _inverse(gram: np.ndarray, ridge: np.ndarray) -> np.ndarray | None:
    """Return (G + diag(ridge))⁻¹, None where that is numerically not definite."""
    matrix = np.array(gram.T, order="F")
    matrix[np.diag_indices_from(matrix)] += ridge
    factor, failed = lapack.dpotrf(matrix, lower=True, overwrite_a=True, clean=True)
    if failed:
        return None
    half, failed = lapack.dpotri(factor, lower=True, overwrite_c=True)
    if failed:
        return None
    out = half + half.T
    out[np.diag_indices_from(out)] *= 0.5
    return out


def _shorten(
    gram: np.ndarray,
    corr: np.ndarray,
    coef: np.ndarray,
    step: np.ndarray,
    l1: float,
    l2: float,
) -> tuple[np.ndarray, float, bool]:
    """Return the first share of the step that lowers the objective, by how much, and if it is bent.

    P(B + D) − P(B) = −⟨D, C⟩ + ⟨D, G D⟩/2 + Σ_j l1 (‖B_j + D_j‖ − ‖B_j‖) + l2/2 (…).
    """
    before = np.linalg.norm(coef, axis=1)
    for share in SHORTER:
        part = share * step
        turned = np.einsum("kt,kt->k", coef, coef + part) <= 0
        part[turned] = -coef[turned]
        after = np.linalg.norm(coef + part, axis=1)
        rise = float(np.sum(part * (0.5 * (gram @ part) - corr)))
        rise += float(np.sum((after - before) * (l1 + 0.5 * l2 * (after + before))))
        if rise < 0:
            return part, -rise, bool(share < 1 or turned.any())
    return step, 0.0, True
