"""Exact leave-one-out residuals of ridge for many α from one eigendecomposition.

e_i = r_i / (1 − h_i), h_i the leverage of row i; with an intercept it includes w_i/Σw (Golub, Heath
& Wahba 1979, Technometrics 21, for the formula; unpenalized columns are projected out like the
intercept).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from fastreg.designs import Design
from fastreg.engine import orthogonal
from fastreg.engine.cost import holds_moments
from fastreg.engine.problem import Problem, train_moments
from fastreg.engine.ridge import Dual, RidgePath
from fastreg.engine.tasks import Penalty, Settings, Task

EPS = np.finfo(float).eps
ALLOWED_ROUNDING = 1e-10  # of K, relative to the smallest alpha
SMALLEST_SLACK = np.sqrt(np.finfo(float).eps)  # 1 − h below this is too little of a digit

Block = tuple[slice, np.ndarray, np.ndarray]  # rows, residuals (rows, m), 1 − h (rows, m)


def leave_one_out(
    design: Design, penalty: Penalty, alphas: np.ndarray, target: int, fit_intercept: bool
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (rows, leave-one-out residuals y_i − ŷ_(−i) of shape (rows, m)), block by block.

    Parameters
    ----------
    alphas : ndarray of shape (m,)
        Positive, in the units of `Task` (ridge's own divided by Σw); fixed while a row is left
        out in the scaling of ridge's own objective.
    """
    cross = holds_moments(design, 1, alphas.size, True)
    groups = design.moments(cross)
    task = Task(penalty, alphas, target=target, fit_intercept=fit_intercept)
    problem = Problem(train_moments(groups, None), task, design)
    blocks = _from_columns if cross else _from_rows
    for rows, residual, slack in blocks(design, problem, alphas):
        useless = ~(slack > SMALLEST_SLACK)
        out = residual / np.where(useless, 1.0, slack)
        for i in np.flatnonzero(useless.any(axis=1)):
            out[i, useless[i]] = _refit_without(design, problem, rows.start + i, useless[i])
        yield rows, out


def _refit_without(design: Design, problem: Problem, row: int, which: np.ndarray) -> np.ndarray:
    """Return the residuals of a row that (nearly) interpolates itself, by refits without it."""
    task = problem.task
    if design.omega(problem.row_weights)[row] == problem.weight:
        return np.full(np.count_nonzero(which), np.nan)  # no other row has any weight
    rest = design.without(row)
    groups = rest.moments(holds_moments(rest, 1, task.alphas.size, True))
    moments = train_moments(groups, None)
    alphas = task.alphas[which] * (problem.weight / moments.weight)
    again = Problem(moments, replace(task, alphas=alphas), rest)
    coefs = RidgePath(rest, again, Settings()).solve(alphas).coefs
    found = rest.evaluate(
        coefs,
        again.intercepts_about_shift(coefs),
        again.row_weights[None, :],
        np.full(alphas.size, task.target),
        predictions=True,
    )
    return design.y[row, task.target] - found.predictions[row]


def _from_columns(design: Design, problem: Problem, alphas: np.ndarray) -> Iterator[Block]:
    """Yield y − ŷ and 1 − h from the eigenvectors of G: one pass over X.

    The basis B diagonalises both: zB has covariance λ for the penalized directions (λ of
    V^(−1/2) G' V^(−1/2), G' with the free columns projected out) and 1 for the free ones.
    """
    basis, values, free = _diagonal_basis(problem)
    inverse = np.where(free[:, None], 1.0, 1.0 / (values[:, None] + alphas * ~free[:, None]))
    weights = inverse * (basis.T @ problem.corr)[:, None]
    share = design.omega(problem.row_weights)[:, None] / problem.weight
    start = 1.0 if problem.task.fit_intercept else 0.0
    t = problem.task.target
    y = design.y[:, t] - design.y_shift[t] - problem.y_centre
    for rows, z in design.project(basis, problem.centre):
        slack = 1.0 - share[rows] * (start + (z * z) @ inverse)
        yield rows, y[rows, None] - z @ weights, slack


def _diagonal_basis(problem: Problem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the basis (p, k), its eigenvalues (k,) and which directions are free (k,)."""
    gram, cols = problem.gram, problem.cols
    free = problem.free
    held = np.setdiff1d(cols, free)
    blocks, values = [], []
    inner = np.zeros((free.size, held.size))
    if free.size:
        own, vectors = np.linalg.eigh(gram[np.ix_(free, free)])
        keep = own > own.max() * free.size * np.finfo(float).eps
        root = vectors[:, keep] / np.sqrt(own[keep])
        inner = root @ (root.T @ gram[np.ix_(free, held)])
        block = np.zeros((gram.shape[0], root.shape[1]))
        block[free] = root
        blocks.append(block)
        values.append(np.ones(root.shape[1]))
    scale = 1.0 / np.sqrt(problem.l2w[held])
    reduced = gram[np.ix_(held, held)] - gram[np.ix_(held, free)] @ inner
    own, vectors = np.linalg.eigh(reduced * np.multiply.outer(scale, scale))
    block = np.zeros((gram.shape[0], held.size))
    block[held] = scale[:, None] * vectors
    block[free] = -inner @ block[held]
    blocks.append(block)
    values.append(np.maximum(own, 0.0))
    is_free = np.arange(sum(v.size for v in values)) < sum(v.size for v in values[:-1])
    return np.hstack(blocks), np.concatenate(values), is_free


def _from_rows(design: Design, problem: Problem, alphas: np.ndarray) -> Iterator[Block]:
    """Yield the same with more columns than rows.

    r = α (K + α)⁻¹ u and 1 − h is the diagonal of that matrix, K = Z V⁻¹ Zᵀ/Σw.
    Intercept and free columns span N; K is projected on its complement and N is given an
    eigenvalue of its own above all others, so that its vectors can be told apart and left out.
    """
    omega = design.omega(problem.row_weights)
    keep = np.flatnonzero(omega)
    root = np.sqrt(omega[keep])
    held = np.setdiff1d(problem.cols, problem.free)
    matrix = design.row_gram(
        held, problem.centre, problem.row_weights, 1.0 / (problem.l2w[held] * problem.weight)
    )
    spans = [root[:, None]] if problem.task.fit_intercept else []
    if problem.free.size:
        spans.append(design.columns(problem.free, problem.centre, problem.row_weights)[0])
    u = design.targets(problem.task.target, problem.y_centre, problem.row_weights)
    drop = 0
    if spans:
        basis = orthogonal.column_space(np.hstack(spans))
        half = matrix - basis @ (basis.T @ matrix)
        matrix = half - (half @ basis) @ basis.T
        top = 2.0 * float(np.abs(matrix).sum(axis=1).max()) or 1.0
        matrix = matrix + top * (basis @ basis.T)
        drop = basis.shape[1]
    values, vectors = np.linalg.eigh(matrix)
    values, vectors = values[: values.size - drop], vectors[:, : values.size - drop]
    if EPS * values.size * values.max(initial=0.0) > ALLOWED_ROUNDING * alphas.min():
        values, vectors = _from_singular_values(design, problem, held, basis if drop else None)
    shrink = alphas / (np.maximum(values, 0.0)[:, None] + alphas)
    residual = vectors @ (shrink * (vectors.T @ u)[:, None])
    slack = (vectors * vectors) @ shrink
    out, rest = np.empty((design.n_rows, alphas.size)), np.ones((design.n_rows, alphas.size))
    out[keep], rest[keep] = residual / root[:, None], slack
    if keep.size < design.n_rows:
        _fill_unweighted(design, problem, alphas, omega == 0, out)
    yield slice(0, design.n_rows), out, rest


def _from_singular_values(
    design: Design, problem: Problem, held: np.ndarray, basis: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues and vectors of K from the rows: K squares the condition number."""
    rows, _ = design.columns(held, problem.centre, problem.row_weights)
    rows /= np.sqrt(problem.l2w[held] * problem.weight)
    drop = 0
    if basis is not None:
        # as above: directions of their own above all others, told apart from other null vectors
        rows -= basis @ (basis.T @ rows)
        rows = np.hstack([rows, (2.0 * np.linalg.norm(rows) or 1.0) * basis])
        drop = basis.shape[1]
    vectors, singular, _ = np.linalg.svd(rows, full_matrices=False)
    return singular[drop:] ** 2, vectors[:, drop:]


def _fill_unweighted(
    design: Design, problem: Problem, alphas: np.ndarray, rows: np.ndarray, out: np.ndarray
) -> None:
    """Rows without weight take no part in the fit: their residual is the plain one."""
    coefs = np.zeros((alphas.size, problem.corr.size))
    coefs[:, problem.cols], _ = Dual(design, problem).solve(alphas)
    found = design.evaluate(
        coefs,
        problem.intercepts_about_shift(coefs),
        problem.row_weights[None, :],
        np.full(alphas.size, problem.task.target),
        predictions=True,
    )
    out[rows] = design.y[rows, problem.task.target, None] - found.predictions[rows]
