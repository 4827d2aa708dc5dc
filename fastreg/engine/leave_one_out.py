"""Exact leave-one-out residuals of ridge for many α from one tridiagonal form.

e_i = r_i / (1 − h_i), h_i the leverage of row i; with an intercept it includes w_i/Σw (Golub, Heath
& Wahba 1979, Technometrics 21, for the formula; unpenalized columns are projected out like the
intercept).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from fastreg.designs import Design
from fastreg.engine.cost import holds_moments
from fastreg.engine.dual import ALLOWED_ROUNDING, Dual, RowSpace, is_resolved
from fastreg.engine.evaluation import run_routes
from fastreg.engine.orthogonal import PivotedQR, triangular_root
from fastreg.engine.panels import cholesky, product, scale_both
from fastreg.engine.problem import Problem, train_moments
from fastreg.engine.ridge import RidgePath
from fastreg.engine.systems import Form
from fastreg.engine.tasks import Penalty, Settings, Task

EPS = np.finfo(float).eps
SMALLEST_SLACK = np.sqrt(np.finfo(float).eps)  # 1 − h below this is too little of a digit

BLOCK_BYTES = 1 << 23  # of residuals, or of what they come from, at a time

# rows, targets, residuals (rows, targets, m), 1 − h (rows, m)
Block = tuple[slice, slice, np.ndarray, np.ndarray]


def leave_one_out(
    design: Design, penalty: Penalty, alphas: np.ndarray, fit_intercept: bool
) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Yield (rows, targets, leave-one-out residuals y_i − ŷ_(−i) of shape (rows, targets, m)).

    Block by block; the leverages are the same for every target.

    Parameters
    ----------
    alphas : ndarray of shape (m,)
        Positive, in the units of `Task` (ridge's own divided by Σw); fixed while a row is left
        out in the scaling of ridge's own objective.
    """
    every = np.arange(design.n_targets)
    least = np.full(every.size, alphas.min())
    task = Task(penalty, least, target=every, fit_intercept=fit_intercept)
    cross = _in_p_space(design, task)
    groups = design.moments(cross)
    problem = Problem(train_moments(groups, None), task, design)
    blocks = _from_columns if cross else _from_rows
    for rows, some, residual, slack in blocks(design, problem, alphas):
        useless = ~(slack > SMALLEST_SLACK)
        residual /= np.where(useless, 1.0, slack)[:, None]
        for i in np.flatnonzero(useless.any(axis=1)):
            left = alphas[useless[i]]
            residual[i][:, useless[i]] = _refit_without(
                design, problem, rows.start + i, left, every[some]
            )
        yield rows, some, residual


def _target_blocks(design: Design, size: int) -> list[slice]:
    """Return slices of the targets, so many that what has `size` numbers a target fits."""
    step = max(1, BLOCK_BYTES // (8 * size))
    return [slice(i, min(i + step, design.n_targets)) for i in range(0, design.n_targets, step)]


def _in_p_space(design: Design, task: Task) -> bool:
    """Whether to work with p × p matrices: not where the columns can interpolate.

    Residuals are then small beside y, and ŷ formed from coefficients knows them to rounding of y.
    """
    n_rows = design.n_rows if design.weight is None else np.count_nonzero(design.weight)
    interpolates = design.n_features + task.fit_intercept >= n_rows
    return not interpolates and holds_moments(design, 1, task.alphas.size, True)


def _refit_without(
    design: Design, problem: Problem, row: int, alphas: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    """Return residuals (targets, m) of a row that (nearly) interpolates itself, by refits."""
    shape = targets.size, alphas.size
    if design.omega(problem.row_weights)[row] == problem.weight:
        return np.full(shape, np.nan)  # no other row has any weight
    rest = design.without(row)
    moments = train_moments(rest.moments(_in_p_space(rest, problem.task)), None)
    same = np.tile(alphas * (problem.weight / moments.weight), targets.size)
    task = replace(problem.task, alphas=same, target=np.repeat(targets, alphas.size))
    again = Problem(moments, task, rest)
    ((answer, _),) = run_routes(rest, [RidgePath(rest, again, Settings()).solve()], None)
    return design.y[row, targets][:, None] - _predictions(rest, again, answer.coefs)[row].reshape(
        shape
    )


def _predictions(design: Design, problem: Problem, coefs: np.ndarray) -> np.ndarray:
    """Return ŷ of all rows, shape (n, m)."""
    return design.evaluate(
        coefs,
        problem.intercepts_about_shift(coefs),
        problem.row_weights[None, :],
        problem.task.target,
        predictions=True,
    ).predictions


def _from_columns(design: Design, problem: Problem, alphas: np.ndarray) -> Iterator[Block]:
    """Yield y − ŷ and 1 − h from G in a basis of its own: one pass over X.

    In the basis B the penalized directions have the covariance T of `Form`, in units of V and with
    the free columns projected out, the free ones covariance 1, and no direction of one kind any
    with one of the other.
    """
    basis, form, n_free = _make_basis(design, problem, alphas.min())
    inside = basis.T @ problem.corr.T
    share = design.omega(problem.row_weights)[:, None] / problem.weight
    start = 1.0 if problem.task.fit_intercept else 0.0
    targets = _target_blocks(design, alphas.size * max(len(basis), design.pass_rows))
    for rows, z in design.project(basis, problem.centre):
        own = start + np.einsum("ij,ij->i", z[:, :n_free], z[:, :n_free])
        slack = 1.0 - share[rows] * (own[:, None] + form.forms(z[:, n_free:].T, alphas))
        for some in targets:
            if len(targets) > 1 or rows.start == 0:
                weights = np.repeat(inside[:, some], alphas.size, axis=1)
                each = np.tile(alphas, some.stop - some.start)
                weights[n_free:] = form.invert(weights[n_free:], each)
            y = design.y[rows, some] - design.y_shift[some] - problem.y_centre[some]
            residual = (z @ weights).reshape(*y.shape, alphas.size)
            np.subtract(y[:, :, None], residual, out=residual)
            yield rows, some, residual, slack


def _make_basis(design: Design, problem: Problem, alpha: float) -> tuple[np.ndarray, Form, int]:
    """Return the basis (p, k), the form of its penalized part and how many, the first, are free.

    G in units of V, p × p and at hand, will do where its rounding is small beside λ + α. Columns
    on different scales drown small λ in it; a root R of G (RᵀR = G) keeps λ to rounding of
    √(λ λ_max) instead, and the scales do not matter for making it. With its columns from large to
    small, the bidiagonal form keeps small λ of graded columns far better still (J. Barlow 2002,
    More accurate bidiagonal reduction for computing the singular value decomposition, SIAM J.
    Matrix Anal. Appl. 23, 761-798).
    """
    free, held = problem.free, np.setdiff1d(problem.cols, problem.free)
    scale = 1.0 / np.sqrt(problem.l2w[held])
    basis = np.zeros((problem.root.size, held.size))
    if not free.size:
        whole = held.size == problem.root.size
        gram = problem.gram if whole else problem.gram[np.ix_(held, held)]
        scaled = scale_both(gram, scale)
        largest = float(np.diagonal(scaled).max(initial=0.0))
        form = Form(scaled)
        if is_resolved(problem, held, form, largest, alpha):
            basis[held] = scale[:, None] * form.q
            return basis, form, 0
    descending = np.argsort(-problem.root[held] * scale, kind="stable")
    held, scale = held[descending], scale[descending]
    root = _root(design, problem)
    fit = PivotedQR(root[:, free])
    inner = product(fit.q.T, root[:, held])
    rest = (root[:, held] - product(fit.q, inner)) * scale
    tall = np.zeros((max(rest.shape), held.size), order="F")
    tall[: len(rest)] = rest
    form = Form(tall, squared=True)
    basis[held] = scale[:, None] * form.q
    basis[free] = -fit.back(product(inner, basis[held]))
    own = np.zeros((problem.root.size, fit.rank))
    own[free] = fit.back(np.eye(fit.rank))
    return np.hstack([own, basis]), form, fit.rank


def _root(design: Design, problem: Problem) -> np.ndarray:
    """Return R (k, p) with RᵀR = G on the columns of the problem.

    From G scaled to a unit diagonal, where rounding is relative to each column's own scale; from
    the rows where the columns are too dependent for that.
    """
    cols = problem.cols
    size = problem.root[cols]
    root = np.zeros((cols.size, problem.root.size))
    low, scale, rcond = cholesky(problem.gram[np.ix_(cols, cols)].T, np.zeros(cols.size))
    lost = float(np.max((problem.reach[cols] / size) ** 2, initial=0.0))
    # the smallest eigenvalue is no less than rcond times the largest sum of a row, at least 1
    if EPS * cols.size * lost <= ALLOWED_ROUNDING * rcond:
        root[:, cols] = np.tril(low).T / scale
        return root
    share = np.sqrt(design.omega(problem.row_weights) / problem.weight)
    chosen = np.eye(problem.root.size)[:, cols]
    rows = triangular_root(
        z * share[rows, None] for rows, z in design.project(chosen, problem.centre)
    )
    root = np.zeros((len(rows), problem.root.size))
    root[:, cols] = rows
    return root


def _from_rows(design: Design, problem: Problem, alphas: np.ndarray) -> Iterator[Block]:
    """Yield the same with more columns than rows.

    r = α (K + α)⁻¹ u and 1 − h is the diagonal of that matrix, K = Z V⁻¹ Zᵀ/Σw, both without what
    the intercept and the free columns span. Their ratio is the same with λ_min + α in place of α,
    and 1 − h is then not small merely because α is.
    """
    omega = design.omega(problem.row_weights)
    keep = np.flatnonzero(omega)
    space = RowSpace(design, problem, problem.l2w)
    form, top = space.form(alphas.min())
    factor = form.smallest() + alphas
    own = np.einsum("ik,ik->i", space.basis, space.basis)
    slack = np.ones((design.n_rows, alphas.size))
    slack[keep] = factor * (form.inverse_diagonal(alphas) - np.divide.outer(own, top + alphas))
    root = np.sqrt(omega[keep])[:, None]
    rest = np.flatnonzero(omega == 0)
    unweighted = _Unweighted(design, problem, alphas, rest) if rest.size else None
    for some in _target_blocks(design, alphas.size * design.n_rows):
        part = problem.take(some)
        u = space.without(design.targets(part.task.target, part.y_centre, part.row_weights))
        out = np.empty((design.n_rows, len(u), alphas.size))
        inside = np.repeat(form.inward(u.T), alphas.size, axis=1)
        residual = form.outward(form.invert(inside, np.tile(alphas, len(u))))
        residual = space.without(residual.T).T / root
        out[keep] = residual.reshape(keep.size, len(u), alphas.size) * factor
        if unweighted is not None:
            out[rest] = unweighted.residuals(part)
        yield slice(0, design.n_rows), some, out, slack


class _Unweighted:
    """Rows without weight take no part in the fit: their residual is the plain one."""

    def __init__(
        self, design: Design, problem: Problem, alphas: np.ndarray, rows: np.ndarray
    ) -> None:
        self.design, self.rows = design, rows
        self.values, self.number = np.unique(alphas, return_inverse=True)
        self.dual = Dual(design, problem, problem.l2w, self.values)

    def residuals(self, part: Problem) -> np.ndarray:
        """Return y − ŷ of these rows for the targets of a problem, shape (rows, targets, m)."""
        targets, m = part.task.target, self.number.size
        pairs = part.take(np.repeat(np.arange(targets.size), m))
        coefs, _ = self.dual.solve(pairs, np.tile(self.number, targets.size))
        fitted = _predictions(self.design, pairs, coefs)[self.rows]
        y = self.design.y[self.rows][:, targets, None]
        return y - fitted.reshape(self.rows.size, targets.size, m)
