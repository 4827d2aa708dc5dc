"""Least squares by orthogonal factors: the small-problem fallback where a Cholesky factor fails.

Whole X (centred) are gathered for `solve` and `shortest` only, which are reached on singular or
extremely ill-conditioned problems. Without rows the Gram matrix itself has to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
from scipy.linalg import blas

from fastreg.designs import Design
from fastreg.engine import panels
from fastreg.engine.problem import Problem

EPS = np.finfo(float).eps
WIDE_ENTRIES = 1 << 20  # that are held in extended precision at a time


def factor(design: Design, problem: Problem, alpha: float) -> OfRows | OfGram:
    """Return what solves ridge on `problem.cols` for any target."""
    return (OfRows if design.has_rows else OfGram)(design, problem, alpha)


class OfRows:
    """Orthogonal factors of the columns of `problem`, with a row √(α v_j) for each."""

    def __init__(self, design: Design, problem: Problem, alpha: float) -> None:
        self.design, cols = design, problem.cols
        columns, _ = design.columns(cols, problem.centre, problem.row_weights)
        self.n_below = cols.size if alpha > 0 else 0
        if alpha > 0:
            root = np.sqrt(alpha * problem.l2w[cols] * problem.weight)
            columns = panels.stack([columns, np.diag(root)])
        self.fit = PivotedQR(columns)

    def solve(self, problem: Problem) -> tuple[np.ndarray, float]:
        """Return the solution for one target and what one more correction would gain.

        Of minimum Euclidean norm where the solution is not unique.
        """
        u = self.design.targets(problem.task.target, problem.y_centre, problem.row_weights)
        coef, gain = self.fit.solve(np.append(u.ravel(), np.zeros(self.n_below)))
        return coef, gain / problem.weight


class OfGram:
    """The same from G alone, with rows and columns scaled to a unit diagonal."""

    def __init__(self, design: Design, problem: Problem, alpha: float) -> None:
        self.cols = cols = problem.cols
        self.matrix = problem.gram[np.ix_(cols, cols)] + np.diag(alpha * problem.l2w[cols])
        self.scale = 1.0 / np.sqrt(np.diagonal(self.matrix))
        self.fit = PivotedQR(self.scale[:, None] * self.matrix)

    def solve(self, problem: Problem) -> tuple[np.ndarray, float]:
        """Return what `OfRows.solve` does."""
        corr, fit = problem.corr.ravel()[self.cols], self.fit
        coef, gain = np.zeros(self.cols.size), np.inf
        for _ in range(5):
            left = corr - self.matrix @ coef
            step = fit.back(fit.inside(self.scale * left))
            new_gain = 0.5 * abs(float(left @ step))
            if not new_gain < 0.25 * gain:
                break
            gain = new_gain
            coef = coef + step
        return fit.shorten(coef), gain


class PivotedQR:
    """Factors Q R of columns, up to their rank.

    Attributes
    ----------
    rank : int
        How many columns are linearly independent.
    r : ndarray of shape (rank, p)
        Upper triangular, of the columns in the order of `pivot` and divided by their `scale`.
    """

    def __init__(self, columns: np.ndarray, scaled: bool = True) -> None:
        """Factor the columns, scaled to unit length unless they have one scale in common."""
        self.columns, self.scale = columns, np.ones(columns.shape[1])
        if scaled:
            size = panels.column_norms(columns)
            self.scale[size > 0] = size[size > 0]
        self.factors = np.empty(columns.shape, order="F")
        for some in panels.column_slices(columns, panels.MOVED * len(columns)):
            np.divide(columns[:, some], self.scale[some], out=self.factors[:, some])
        self.pivot, tau = panels.pivoted_qr(self.factors)
        size = np.abs(np.diagonal(self.factors))
        noise = max(columns.shape) * EPS * size.max(initial=0.0)
        self.rank = int(np.count_nonzero(size > noise))
        self.tau, self.r = tau[: self.rank], panels.upper_triangle(self.factors, self.rank)

    @cached_property
    def q(self) -> np.ndarray:
        """An orthonormal basis of the span of the columns, shape (n, rank)."""
        return panels.make_q(self.factors, self.tau, self.rank, below=0)

    def inside(self, u: np.ndarray) -> np.ndarray:
        """Return Qᵀu, shape (rank,), without making Q."""
        block = np.array(u[:, None], order="F")
        panels.apply_q(self.factors, self.tau, block, True, below=0)
        return block[: self.rank, 0]

    def outside(self, u: np.ndarray) -> np.ndarray:
        """Return u less its projection on the span of the columns."""
        block = np.array(u[:, None], order="F")
        panels.apply_q(self.factors, self.tau, block, True, below=0)
        block[: self.rank] = 0.0
        panels.apply_q(self.factors, self.tau, block, False, below=0)
        return block[:, 0]

    def back(self, rhs: np.ndarray) -> np.ndarray:
        """Return coefficients (p,) or (p, m) of the columns for rhs in terms of Q."""
        out = np.zeros((self.pivot.size, *rhs.shape[1:]))
        out[self.pivot[: self.rank]] = back_substitute(self.r[:, : self.rank], rhs)
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
        coef, residual, gain = np.zeros(self.pivot.size), u, np.inf
        total = np.zeros(self.rank, np.longdouble)
        for _ in range(5):
            step = self.inside(residual)
            new_gain = 0.5 * float(step @ step)
            if not new_gain < 0.25 * gain:
                break
            gain = new_gain
            total = total + back_substitute(self.r[:, : self.rank], step)
            residual = self._left(u, lead, total)
        coef[lead] = total.astype(float)
        coef /= self.scale
        if self.rank < coef.size:
            coef = self.shorten(coef)
            coef = coef + self.shorten(self.back(self.inside(u - self.columns @ coef)))
        return coef, gain

    def _left(self, u: np.ndarray, lead: np.ndarray, total: np.ndarray) -> np.ndarray:
        """Return u less the fit of the leading columns, in extended precision, some rows a time."""
        out = np.empty(u.size)
        step = max(1, WIDE_ENTRIES // max(1, lead.size))
        for i in range(0, u.size, step):
            rows = self.columns[i : i + step, lead] / self.scale[lead]
            out[i : i + step] = u[i : i + step] - rows.astype(np.longdouble) @ total
        return out

    def shorten(self, coef: np.ndarray) -> np.ndarray:
        """Return `coef` less its part in the null space."""
        return self._null.outside(coef) if self.rank < coef.size else coef

    @cached_property
    def _null(self) -> PivotedQR:
        """Factors of a basis of the null space."""
        lead, rest = self.pivot[: self.rank], self.pivot[self.rank :]
        null = np.zeros((self.pivot.size, rest.size))
        null[lead] = -back_substitute(self.r[:, : self.rank], self.r[:, self.rank :])
        null[rest] = np.eye(rest.size)
        return PivotedQR(null / self.scale[:, None])


def back_substitute(upper: np.ndarray, rhs: np.ndarray, transposed: bool = False) -> np.ndarray:
    """Return R⁻¹ rhs, or R⁻ᵀ rhs, for an upper triangular R and rhs of shape (p,) or (p, m)."""
    if not rhs.size:
        return np.zeros(rhs.shape)
    out = np.array(rhs.reshape(len(upper), -1), dtype=float, order="F")
    upper = np.asfortranarray(upper)
    for some in panels.column_slices(out, float(upper.size)):
        out[:, some] = blas.dtrsm(1.0, upper, out[:, some], trans_a=transposed)
    return out.reshape(rhs.shape)


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
            held = [_triangle(held)]
            n_rows = len(held[0])
    return _triangle(held)


def _triangle(blocks: list[np.ndarray]) -> np.ndarray:
    stacked = panels.stack(blocks)
    tau = panels.qr(stacked)
    return panels.upper_triangle(stacked, tau.size)


def shortest(rows: np.ndarray, u: np.ndarray, alpha: float) -> tuple[np.ndarray, float]:
    """Minimise ‖u − Z b‖² + α‖b‖² for a wide Z, with refinement; of minimum norm if not unique.

    b = Q c with Zᵀ = Q R, so that c has no more entries than Z has rows.

    Returns
    -------
    coef : ndarray of shape (p,)
    gain : float
        Half the squared length of the last correction's fit.
    """
    factors, root = np.array(rows.T, order="F"), np.sqrt(alpha)
    tau = panels.qr(factors)
    lower = panels.upper_triangle(factors, tau.size).T
    fit = PivotedQR(panels.stack([lower, root * np.eye(tau.size)]), scaled=False)
    coef, gain = np.zeros((rows.shape[1], 1), order="F"), np.inf
    for _ in range(5):
        inner = np.array(coef, order="F")
        panels.apply_q(factors, tau, inner, True, below=0)
        left = np.concatenate([u - rows @ coef[:, 0], -root * inner[: tau.size, 0]])
        step = fit.inside(left)
        new_gain = 0.5 * float(step @ step)
        if not new_gain < 0.25 * gain:
            break
        gain = new_gain
        inner[:] = 0.0
        inner[: tau.size, 0] = fit.shorten(fit.back(step))
        panels.apply_q(factors, tau, inner, False, below=0)
        coef += inner
    return coef[:, 0], gain
