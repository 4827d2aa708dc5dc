"""Run the descent kernel to its end, coming up for air between budgets."""

from __future__ import annotations

import numpy as np

from fastreg.engine.certificate import tolerances
from fastreg.engine.problem import Problem
from fastreg.engine.tasks import Settings
from fastreg.kernels.coordinates import Coordinates
from fastreg.kernels.descent import Descent, Status
from fastreg.kernels.factor import Factor
from fastreg.workers import breathe

DOUBLED = 256  # rows of a factor up to which memory is of no account

_GROW, _DONE = int(Status.GROW), int(Status.DONE)


def descend(
    q: Coordinates,
    factor: Factor,
    coef: np.ndarray,
    alphas: np.ndarray,
    problem: Problem,
    settings: Settings,
    cols: np.ndarray | None = None,
    max_iter: int | None = None,
    before: np.ndarray | None = None,
    passed: tuple[float, float, np.ndarray, np.ndarray] | None = None,
) -> Descent:
    """Solve for each alpha in turn from `coef`, which is updated in place.

    Parameters
    ----------
    cols : ndarray of int, optional
        The columns that `q` holds, in its order, usable or not; None where it holds all.
    before : ndarray, optional
        Alphas to pass on the way to the first, see `grid.approach`.
    passed : tuple, optional
        The alpha of the start, where that is a point of a path, and the alpha, coefficients and
        correlations of the point before: on a Gram matrix the first step goes on from there.

    Returns
    -------
    Descent
        Its `coefs` are (m, q.size).
    """
    if cols is None:
        pick, movable = slice(None), problem.cols
    else:
        pick, movable = cols, np.flatnonzero(problem.usable[cols])
    gap, violation = tolerances(problem, settings)
    coefs = np.empty((alphas.size, q.size))
    run = Descent(
        q,
        factor,
        coef,
        alphas,
        movable,
        problem.l1w[pick],
        problem.l2w[pick],
        problem.lower[pick],
        problem.upper[pick],
        coefs,
        problem.yy,
        gap,
        violation,
        settings.max_iter if max_iter is None else max_iter,
        settings.seed,
        settings.plain,
    )
    if before is not None and before.size:
        run.approach(before)
    elif passed is not None:
        run.follow(*passed)
    while (status := run.run()) != _DONE:
        breathe()
        if status == _GROW:
            more = factor.capacity if factor.capacity <= DOUBLED else factor.capacity // 4
            factor.grow(min(q.size, max(32, factor.capacity + more)))
    return run
