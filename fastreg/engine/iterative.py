"""Ridge by SciPy's iterative solvers: where no factors fit into memory, or where asked for by name.

LSQR on the centred, weighted rows (Paige & Saunders 1982, LSQR: an algorithm for sparse linear
equations and sparse least squares, ACM Trans. Math. Softw. 8, 43-71), or conjugate gradients on
XᵀX + αV, with more columns than rows on X V⁻¹ Xᵀ + α. An iteration is two passes over X; what comes
out is certified from the true residual like any other answer.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg, lsqr

from fastreg.designs import Design
from fastreg.designs.operator import row_operator
from fastreg.engine.answer import Answer
from fastreg.engine.certificate import certify
from fastreg.engine.evaluation import Route
from fastreg.engine.problem import Problem
from fastreg.engine.tasks import Settings

ENDED_EARLY = (3, 6, 7)  # LSQR's reasons to stop: condition beyond its limit or rounding; max_iter

Found = tuple[np.ndarray, int, bool]  # coefficients, iterations, whether within the tolerance


class IterativePath:
    """Ridge on some rows: a list of α for one target, or a target with each α.

    Without unpenalized columns. `Settings.method` names the solver, `tol` is its relative
    tolerance.
    """

    def __init__(self, design: Design, problem: Problem, settings: Settings) -> None:
        if problem.free.size:
            raise ValueError("an iterative solver of ridge needs every column to be penalized")
        self.design, self.problem, self.settings = design, problem, settings
        self.scale = np.zeros(problem.root.size)
        self.scale[problem.cols] = 1.0 / np.sqrt(problem.l2w[problem.cols])
        self.rows = row_operator(design, problem.centre, problem.row_weights, self.scale)

    def solve(self) -> Route:
        """Solve vector by vector; returns an `Answer`."""
        problem, task = self.problem, self.problem.task
        m = task.alphas.size
        coefs = np.zeros((m, self.scale.size))
        n_iter, solved = np.zeros(m, dtype=np.intp), np.ones(m, dtype=bool)
        run = {"lsqr": self._lsqr, "cg": self._cg}[self.settings.method]
        targets, centres, live = (
            np.broadcast_to(each, m) for each in (task.target, problem.y_centre, problem.yy > 0)
        )
        # a constant target has coefficients 0, and nothing is left of it
        for k in np.flatnonzero(live):
            u = self._target(targets[k], centres[k])
            found, n_iter[k], solved[k] = run(u, task.alphas[k] * problem.weight)
            coefs[k] = self.scale * found
        corrs, rr, held_out = yield problem, coefs
        found = certify(
            problem,
            task.alphas,
            coefs,
            corrs,
            rr,
            lambda cols: problem.gram_rows(self.design, cols),
        )
        ill = np.zeros(m, dtype=bool)
        return Answer(coefs, rr, found, n_iter, False, ill, held_out_loss=held_out, solved=solved)

    def _target(self, target: int, centre: float) -> np.ndarray:
        """Return √ω (y − ȳ) for all rows, shape (n,)."""
        row_weights = self.problem.row_weights
        u = np.zeros(self.design.n_rows)
        u[self.design.omega(row_weights) > 0] = self.design.targets(target, centre, row_weights)
        return u

    def _lsqr(self, u: np.ndarray, alpha: float) -> Found:
        tol, limit = self.settings.tol, self.settings.max_iter
        coef, reason, n_iter, *_ = lsqr(
            self.rows, u, damp=np.sqrt(alpha), atol=tol, btol=tol, iter_lim=limit
        )
        return coef, n_iter, reason not in ENDED_EARLY

    def _cg(self, u: np.ndarray, alpha: float) -> Found:
        rows = self.rows
        n, p = rows.shape
        tall = p <= n
        inner, outer = (rows.rmatvec, rows.matvec) if tall else (rows.matvec, rows.rmatvec)
        size = min(n, p)
        matrix = LinearOperator((size, size), lambda v: inner(outer(v)) + alpha * v, dtype=float)
        last, n_iter, converged = np.zeros(size), 0, False

        def keep(found: np.ndarray) -> None:
            nonlocal last, n_iter
            if not np.isfinite(found).all():
                raise _Exhausted
            last, n_iter = found.copy(), n_iter + 1

        right = rows.rmatvec(u) if tall else u
        tol, limit = self.settings.tol, self.settings.max_iter
        # with a tolerance below rounding the residual becomes 0, and the next step is 0/0
        with suppress(_Exhausted), np.errstate(divide="ignore", invalid="ignore"):
            converged = cg(matrix, right, rtol=tol, maxiter=limit, callback=keep)[1] == 0
        return last if tall else rows.rmatvec(last), n_iter, converged


class _Exhausted(Exception):
    """No digit is left to be won."""
