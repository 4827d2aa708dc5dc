"""Least squares by orthogonal factors: the small-problem fallback where a Cholesky factor fails.

Whole X (centred) are gathered for `solve` and `shortest` only, which are reached on singular or
extremely ill-conditioned problems. Without rows the eigenvectors of the Gram matrix have to do.
"""

from __future__ import annotations

from collections.abc import Iterable

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
        return _from_gram(problem, penalty)
    columns, _ = design.columns(cols, problem.centre, problem.row_weights)
    u = design.targets(problem.task.target, problem.y_centre, problem.row_weights)
    if alpha > 0:
        columns = np.vstack([columns, np.diag(np.sqrt(penalty * problem.weight))])
        u = np.concatenate([u, np.zeros(cols.size)])
    coef, gain = PivotedQR(columns).solve(u)
    return coef, gain / problem.weight


class PivotedQR:
    """Factors Q R of columns scaled to unit length, up to their rank.

    Attributes
    ----------
    q : ndarray of shape (n, rank)
        An orthonormal basis of the span of the columns.
    """

    def __init__(self, columns: np.ndarray) -> None:
        scale = np.sqrt(np.einsum("ij,ij->j", columns, columns))
        scale[scale == 0] = 1.0
        self.scale, self.scaled = scale, columns / scale
        if not columns.size:
            self.q, self.r = np.zeros((columns.shape[0], 0)), np.zeros((0, columns.shape[1]))
            self.pivot = np.arange(columns.shape[1])
            return
        q, r, self.pivot = linalg.qr(
            self.scaled, mode="economic", pivoting=True, check_finite=False
        )
        size = np.abs(np.diagonal(r))
        rank = int(np.count_nonzero(size > max(columns.shape) * EPS * size.max()))
        self.q, self.r = q[:, :rank], r[:rank]

    @property
    def rank(self) -> int:
        """How many columns are linearly independent."""
        return self.q.shape[1]

    def back(self, rhs: np.ndarray) -> np.ndarray:
        """Return coefficients (p,) or (p, m) of the columns for rhs in terms of `q`."""
        lead = self.pivot[: self.rank]
        out = np.zeros((self.pivot.size, *rhs.shape[1:]))
        out[lead] = linalg.solve_triangular(self.r[:, : self.rank], rhs, check_finite=False)
        return (out.T / self.scale).T

    def solve(self, u: np.ndarray) -> tuple[np.ndarray, float]:
        """Minimise ‖u − Z b‖², by iterative refinement; of minimum norm where not unique.

        The residual of the refinement is taken in extended precision where the platform has it
        (Björck, Numerical Methods for Least Squares Problems, section 2.9.3).

        Returns
        -------
        coef : ndarray of shape (p,)
        gain : float
            Half the squared length of the last correction's fit.
        """
        lead = self.pivot[: self.rank]
        upper, wide = self.r[:, : self.rank], self.scaled[:, lead].astype(np.longdouble)
        coef, residual, gain = np.zeros(self.pivot.size), np.asarray(u, np.longdouble), np.inf
        total = np.zeros(self.rank, np.longdouble)
        for _ in range(5):
            step = self.q.T @ residual.astype(float)
            new_gain = 0.5 * float(step @ step)
            if not new_gain < 0.25 * gain:
                break
            gain = new_gain
            total = total + linalg.solve_triangular(upper, step, check_finite=False)
            residual = u - wide @ total
        coef[lead] = total.astype(float)
        coef /= self.scale
        if self.rank < coef.size:
            coef = self._shortest(coef)
            coef += self.back(self.q.T @ (u - self.scaled @ (self.scale * coef)))
        return coef, gain

    def _shortest(self, coef: np.ndarray) -> np.ndarray:
        """Take out of `coef` its part in the null space."""
        lead, rest = self.pivot[: self.rank], self.pivot[self.rank :]
        null = np.zeros((coef.size, rest.size))
        null[lead] = -linalg.solve_triangular(
            self.r[:, : self.rank], self.r[:, self.rank :], check_finite=False
        )
        null[rest] = np.eye(rest.size)
        basis, _ = np.linalg.qr(null / self.scale[:, None])
        return coef - basis @ (basis.T @ coef)


def triangular_root(blocks: Iterable[np.ndarray]) -> np.ndarray:
    """Return R with RᵀR = AᵀA for the blocks of rows of A, which never exist all at once.

    R has the singular values of A to rounding of the largest one, AᵀA their squares to rounding of
    the largest square.
    """
    held, n_rows = [], 0
    for block in blocks:
        held.append(block)
        n_rows += len(block)
        if n_rows > 4 * block.shape[1]:  # less, and R itself would be most of what is factored
            held = [np.linalg.qr(np.vstack(held), mode="r")]
            n_rows = len(held[0])
    return np.linalg.qr(np.vstack(held), mode="r")


def _from_gram(problem: Problem, penalty: np.ndarray) -> tuple[np.ndarray, float]:
    cols = problem.cols
    matrix = problem.gram[np.ix_(cols, cols)] + np.diag(penalty)
    scale = 1.0 / np.sqrt(np.diagonal(matrix))
    values, vectors = np.linalg.eigh(matrix * np.multiply.outer(scale, scale))
    keep = values > cols.size * EPS * values.max(initial=0.0)
    inside, values = scale[:, None] * vectors[:, keep], values[keep]
    coef, gain = np.zeros(cols.size), np.inf
    for _ in range(5):
        left = inside.T @ (problem.corr[cols] - matrix @ coef)
        new_gain = 0.5 * float(left @ (left / values))
        if not new_gain < 0.25 * gain:
            break
        gain = new_gain
        coef = coef + inside @ (left / values)
    if keep.all():
        return coef, gain
    basis, _ = np.linalg.qr(scale[:, None] * vectors[:, ~keep])
    return coef - basis @ (basis.T @ coef), gain


def shortest(rows: np.ndarray, u: np.ndarray, alpha: float) -> tuple[np.ndarray, float]:
    """Minimise ‖u − Z b‖² + α‖b‖² for a wide Z by its singular values, with refinement.

    Of minimum norm where not unique.

    Returns
    -------
    coef : ndarray of shape (p,)
    gain : float
        Half the squared length of the last correction's fit.
    """
    vectors, singular, right = np.linalg.svd(rows, full_matrices=False)
    keep = singular > max(rows.shape) * EPS * singular.max(initial=0.0)
    vectors, singular, right = vectors[:, keep], singular[keep], right[keep]
    coef, gain = np.zeros(rows.shape[1]), np.inf
    for _ in range(5):
        gradient = singular * (vectors.T @ (u - rows @ coef)) - alpha * (right @ coef)
        step = gradient / (singular * singular + alpha)
        new_gain = 0.5 * float(np.sum((singular * step) ** 2))
        if not new_gain < 0.25 * gain:
            break
        gain = new_gain
        coef = coef + step @ right
    return coef, gain
