"""Least squares by orthogonal factors: the small-problem fallback where a Cholesky factor fails.

The only place that gathers a whole X (centred): it is reached on singular or extremely
ill-conditioned problems only. Without rows the eigenvectors of the Gram matrix have to do.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from fastreg.designs import Design
from fastreg.engine.problem import Problem

EPS = np.finfo(float).eps


def solve(design: Design, problem: Problem, alpha: float) -> tuple[np.ndarray, float]:
    """Return the ridge solution on `problem.cols` and what one more correction would gain.

    Of minimum Euclidean norm where the solution is not unique.
    """
    cols = problem.cols
    penalty = alpha * problem.l2w[cols]
    if not design.has_rows:
        return _from_gram(problem, penalty), np.inf
    columns, _ = design.columns(cols, problem.centre, problem.row_weights)
    u = design.targets(problem.task.target, problem.y_centre, problem.row_weights)
    if alpha > 0:
        columns = np.vstack([columns, np.diag(np.sqrt(penalty * problem.weight))])
        u = np.concatenate([u, np.zeros(cols.size)])
    coef, gain = least_squares(columns, u)
    return coef, gain / problem.weight


def least_squares(columns: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, float]:
    """Minimise ‖u − Z b‖² by pivoted QR of the column-scaled Z, with iterative refinement.

    The residual of the refinement is taken in extended precision where the platform has it
    (Björck, Numerical Methods for Least Squares Problems, section 2.9.3).

    Returns
    -------
    coef : ndarray of shape (p,)
    gain : float
        Half the squared length of the last correction's fit.
    """
    scale = np.sqrt(np.einsum("ij,ij->j", columns, columns))
    scale[scale == 0] = 1.0
    scaled = columns / scale
    q, r, pivot = linalg.qr(scaled, mode="economic", pivoting=True, check_finite=False)
    size = np.abs(np.diagonal(r))
    rank = int(np.count_nonzero(size > max(columns.shape) * EPS * size.max(initial=0.0)))
    q, upper, lead = q[:, :rank], r[:rank, :rank], pivot[:rank]
    wide = scaled[:, lead].astype(np.longdouble)
    coef, residual, gain = np.zeros(columns.shape[1]), np.asarray(u, np.longdouble), np.inf
    total = np.zeros(rank, np.longdouble)
    for _ in range(5):
        step = q.T @ residual.astype(float)
        new_gain = 0.5 * float(step @ step)
        if not new_gain < 0.25 * gain:
            break
        gain = new_gain
        total = total + linalg.solve_triangular(upper, step, check_finite=False)
        residual = u - wide @ total
    coef[lead] = total.astype(float)
    coef /= scale
    if rank < columns.shape[1]:
        coef = _shortest(coef, upper, r[:rank, rank:], pivot, scale)
    return coef, gain


def _shortest(
    coef: np.ndarray, upper: np.ndarray, beside: np.ndarray, pivot: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Take out of `coef` its part in the null space, which R = [upper, beside] spans."""
    null = np.zeros((pivot.size, beside.shape[1]))
    null[pivot[: upper.shape[0]]] = -linalg.solve_triangular(upper, beside, check_finite=False)
    null[pivot[upper.shape[0] :]] = np.eye(beside.shape[1])
    basis, _ = np.linalg.qr(null / scale[:, None])
    return coef - basis @ (basis.T @ coef)


def _from_gram(problem: Problem, penalty: np.ndarray) -> np.ndarray:
    cols = problem.cols
    matrix = problem.gram[np.ix_(cols, cols)] + np.diag(penalty)
    scale = 1.0 / np.sqrt(np.diagonal(matrix))
    values, vectors = np.linalg.eigh(matrix * np.multiply.outer(scale, scale))
    keep = values > cols.size * EPS * values.max(initial=0.0)
    inside = vectors[:, keep]
    coef = scale * (inside @ ((inside.T @ (scale * problem.corr[cols])) / values[keep]))
    if keep.all():
        return coef
    basis, _ = np.linalg.qr(scale[:, None] * vectors[:, ~keep])
    return coef - basis @ (basis.T @ coef)


def column_space(columns: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of the span of the columns, by pivoted QR."""
    q, r, _ = linalg.qr(columns, mode="economic", pivoting=True, check_finite=False)
    size = np.abs(np.diagonal(r))
    return q[:, size > max(columns.shape) * EPS * size.max(initial=0.0)]
