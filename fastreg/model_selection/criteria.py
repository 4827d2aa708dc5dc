"""Degrees of freedom of a path, and the criteria that choose on it without held-out rows.

Pure functions of what the engine solved: `fastreg.path.RegularizationPath` is what a user calls.
"""

from __future__ import annotations

from copy import copy

import numpy as np
from scipy.linalg import blas
from scipy.special import gammaln

from fastreg.blas import one_blas_thread
from fastreg.designs import ColumnDesign, Design
from fastreg.designs.held import check_unchanged
from fastreg.engine.dual import RowSpace
from fastreg.engine.panels import STEP_FLOPS, cholesky, scale_both
from fastreg.engine.problem import DEPENDENT, ROUNDING, Problem, problem_of, scaled_inverse
from fastreg.engine.systems import FEW_ALPHAS, SMALLEST_RCOND
from fastreg.model_selection.supports import (
    LeastSquares,
    by_support,
    eigenvalues,
    largest_rank,
    rank,
    restricted,
)
from fastreg.workers import breathe

CRITERIA = ("aic", "bic", "ebic", "cp")


def degrees_of_freedom(
    design: Design, problem: Problem, alphas: np.ndarray, coefs: np.ndarray
) -> np.ndarray:
    """Return the degrees of freedom of m coefficient vectors, without the intercept.

    With A the non-zero coefficients strictly within their bounds and the unpenalized ones,
    G = XᵀX/Σw (centred with an intercept) and αV the weights of b_j²/2,

        df = |A| where there is no such weight (the Lasso),
        df = tr[ G_AA (G_AA + α V_AA)⁻¹ ] otherwise, the trace of the hat matrix on A.

    An unpenalized column counts 1. Without V the rank of X_A is meant, and the count is taken for
    it: no more than rows less intercept. Where V is zero in part, or α is, dependent columns count
    as many as are independent.

    Parameters
    ----------
    alphas : ndarray of shape (m,)
        In the units of the engine.
    coefs : ndarray of shape (m, p)

    Returns
    -------
    ndarray of shape (m,)

    References
    ----------
    H. Zou, T. Hastie, R. Tibshirani (2007), On the "degrees of freedom" of the lasso, Annals of
    Statistics 35, 2173-2192. R. J. Tibshirani, J. Taylor (2012), Degrees of freedom in lasso
    problems, Annals of Statistics 40, 1198-1232 (Elastic-Net: section 4; dependent columns:
    theorem 2).
    """
    inside = (coefs != 0) & (coefs > problem.lower) & (coefs < problem.upper)
    inside[:, problem.free] = True
    most = largest_rank(problem)
    counts = np.count_nonzero(inside, axis=1).astype(float)
    if not np.any(problem.l2w[problem.cols]):
        return np.minimum(counts, most)
    out = np.zeros(len(coefs))
    # from Moments alone, or where they are small enough, G serves wide supports too
    wide = (counts > most) & design.has_rows
    cols = np.flatnonzero(inside[~wide].any(axis=0))
    gram = problem_of(ColumnDesign(design, cols), restricted(problem.task, cols)).gram
    for support, which in by_support(inside):
        if wide[which[0]]:
            out[which] = _trace_of_rows(design, problem, support, alphas[which])
        elif support.size:
            at = np.searchsorted(cols, support)
            out[which] = _trace(gram[np.ix_(at, at)], problem.l2w[support], alphas[which])
    return out


def _trace(gram: np.ndarray, l2w: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Return tr[G (G + αV)⁻¹], shape (m,), for G of shape (k, k) and the diagonal V.

    The columns U without penalty count as their rank and are projected out of the others; with
    H = V^(−1/2) (G − G_U G_UU⁺ G_Uᵀ) V^(−1/2) the others add tr[H (H + α)⁻¹].
    """
    bare, held = np.flatnonzero(l2w == 0), np.flatnonzero(l2w > 0)
    inner = gram[np.ix_(held, held)]
    if bare.size:
        cross = gram[np.ix_(bare, held)]
        inner = inner - cross.T @ scaled_inverse(gram[np.ix_(bare, bare)]) @ cross
    if not held.size:
        return np.full(alphas.size, float(rank(gram)))
    inner = scale_both(inner, 1.0 / np.sqrt(l2w[held]))
    return rank(gram[np.ix_(bare, bare)]) + _shrunk_trace(inner, alphas)


def _shrunk_trace(matrix: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Return tr[H (H + α)⁻¹], shape (m,): a Cholesky factor each for a few α, else eigenvalues."""
    if alphas.size <= FEW_ALPHAS and alphas.all():
        traces = [_factored_trace(matrix, float(alpha)) for alpha in alphas]
        if all(trace is not None for trace in traces):
            return np.array(traces)
    zero = alphas == 0
    out = np.full(alphas.size, float(rank(matrix)) if zero.any() else 0.0)
    out[~zero] = _shrunk_sums(eigenvalues(matrix), alphas[~zero])
    return out


def _shrunk_sums(values: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Return Σ λ/(λ + α), shape (m,), α positive."""
    values = np.maximum(values, 0.0)
    return (values / (values + alphas[:, None])).sum(axis=1)


def _factored_trace(matrix: np.ndarray, alpha: float) -> float | None:
    """Return k − α tr(H + α)⁻¹ from L Lᵀ = D (H + α) D; None where that has no digits.

    The trace is ‖L⁻¹D‖², some columns at a time, which are zero above the diagonal.
    """
    k, total = len(matrix), 0.0
    low, scale, rcond = cholesky(matrix, np.full(k, alpha))
    if rcond < SMALLEST_RCOND:
        return None
    step = max(16, min(k // 8, int(STEP_FLOPS / (k * k + 1.0))))
    with one_blas_thread(k):
        for i in range(0, k, step):
            breathe()
            block = np.zeros((k - i, min(step, k - i)), order="F")
            np.fill_diagonal(block, scale[i:])
            block = blas.dtrsm(1.0, low[i:, i:], block, lower=1, overwrite_b=1)
            total += float(np.vdot(block, block))
    return k - alpha * total


def _trace_of_rows(
    design: Design, problem: Problem, support: np.ndarray, alphas: np.ndarray
) -> np.ndarray:
    """Return the same in the space of the rows: K = Z V⁻¹ Zᵀ/Σw has the eigenvalues of H."""
    part = copy(problem)
    part.cols = support
    space = RowSpace(design, part, problem.l2w)
    n_spanned = space.basis.shape[1]  # by the unpenalized columns, and √w with an intercept
    out = np.full(alphas.size, float(n_spanned - problem.task.fit_intercept))
    if not space.held.size:
        return out
    kernel, own, _ = space.kernel()
    values = eigenvalues(kernel)
    values = np.delete(values, np.argsort(np.abs(values - own))[:n_spanned])
    if not space.free.size:
        total = problem.weight * float(problem.diag[space.held] @ space.inverse)
        check_unchanged(values.sum(), total, total)
    zero = alphas == 0
    out[zero] += np.count_nonzero(values > DEPENDENT * values.max(initial=0.0))
    out[~zero] += _shrunk_sums(values, alphas[~zero])
    return out


def noise_variance(design: Design, problem: Problem) -> float:
    """Return σ² as full least squares estimates it: RSS/(n − rank − 1), without the 1 if no b0.

    n are the rows of positive weight, whose weights count relative to their mean. The residual is
    taken from the rows where there are any.

    Raises
    ------
    ValueError
        No more rows than columns and intercept, or nothing left of the target.
    """
    n_rows, cols = problem.moments.n_rows, problem.cols
    needed = cols.size + int(problem.task.fit_intercept)
    if n_rows <= needed:
        raise ValueError(
            f"least squares on all {cols.size} columns leaves no degrees of freedom in {n_rows} "
            "rows to estimate the noise from: give noise_variance"
        )
    gram = problem_of(ColumnDesign(design, cols), restricted(problem.task, cols)).gram
    fit, coefs = LeastSquares(gram, largest_rank(problem)), np.zeros((1, problem.corr.size))
    coefs[0, cols] = fit.solve(problem.corr[cols])
    mse = problem.yy - float(problem.corr[cols] @ coefs[0, cols])
    if design.has_rows:
        (left,), (true,) = problem.evaluate(design, coefs)
        mse = float(true - left[cols] @ fit.solve(left[cols]))
    if not mse > (ROUNDING**2 if design.has_rows else ROUNDING) * problem.yy:
        raise ValueError("least squares on all columns fits the target exactly: no noise is left")
    return n_rows * mse / (n_rows - fit.rank - int(problem.task.fit_intercept))


def information_criterion(
    criterion: str,
    mse: np.ndarray,
    df: np.ndarray,
    n_rows: int,
    *,
    fit_intercept: bool,
    noise_variance: float | None,
    gamma: float,
    n_selected: np.ndarray,
    n_candidates: int,
) -> np.ndarray:
    """Return a criterion for each of m models; see `RegularizationPath.information_criterion`.

    Parameters
    ----------
    mse : ndarray of shape (m,)
        Weighted mean squared residual of the training rows.
    df : ndarray of shape (m,)
        Without the intercept.
    n_selected, n_candidates : ndarray of shape (m,), int
        Of the columns that are chosen among.
    """
    if criterion not in CRITERIA:
        raise ValueError(f"criterion == {criterion!r}, must be one of {', '.join(CRITERIA)}")
    if noise_variance is not None and not 0 < noise_variance < np.inf:
        raise ValueError(f"noise_variance == {noise_variance}, must be > 0")
    if not 0 <= gamma <= 1:
        raise ValueError(f"gamma == {gamma}, must be between 0 and 1")
    if criterion == "cp":
        if noise_variance is None:
            raise ValueError("Mallows' Cp needs a noise_variance")
        return n_rows * mse / noise_variance - n_rows + 2.0 * (df + fit_intercept)
    out = _deviance(mse, df + fit_intercept, n_rows, noise_variance)
    out = out + (2.0 if criterion == "aic" else np.log(n_rows)) * df
    if criterion == "ebic":
        ways = gammaln(n_candidates + 1) - gammaln(n_selected + 1)
        out = out + 2.0 * gamma * (ways - gammaln(n_candidates - n_selected + 1))
    return out


def _deviance(
    mse: np.ndarray, n_parameters: np.ndarray, n_rows: int, noise_variance: float | None
) -> np.ndarray:
    """Return −2 log likelihood, infinite where no row is left to estimate the variance from."""
    if noise_variance is not None:
        return n_rows * (np.log(2.0 * np.pi * noise_variance) + mse / noise_variance)
    with np.errstate(divide="ignore"):
        found = n_rows * (np.log(2.0 * np.pi * mse) + 1.0)
    return np.where(n_parameters < n_rows, found, np.inf)
