"""The grid of penalty strengths, and the way down to a single one."""

from __future__ import annotations

import numpy as np

from fastreg.engine.tasks import Grid

STRIDE = 0.5  # a larger step down in alpha goes by way of intermediate ones
ROUGH = 1e-3  # their relative gap at α_max


def alpha_grid(alpha_max: float, grid: Grid) -> np.ndarray:
    """Return `grid.n_alphas` values from alpha_max to eps alpha_max, evenly spaced in the log.

    A constant target has alpha_max = 0: like scikit-learn, the grid is then the smallest alpha
    that still counts as positive, over and over.
    """
    resolution = np.finfo(float).resolution
    if alpha_max <= resolution:
        return np.full(grid.n_alphas, resolution)
    if grid.n_alphas == 1:
        return np.array([alpha_max])
    return np.geomspace(alpha_max, alpha_max * grid.eps, num=grid.n_alphas)


def approach(top: float, last: float, alpha: float) -> list[tuple[float, float]]:
    """Return (alpha, tolerance) of the points on the way from `last` down to `alpha`.

    From far above, most features violate at once, and with more columns than rows the support has
    to find its way down from far too many; along the path each is close to the next (on a
    40 × 120 problem 400 iterations in place of 70,000). The gap to reach at each goes down with
    alpha, as the penalty's share of the objective does; `top` is α_max.
    """
    last = min(last, top)  # above α_max there is nothing on the way
    if not 0 < alpha < STRIDE * last:
        return []
    steps = int(np.ceil(np.log(alpha / last) / np.log(STRIDE)))
    return [(float(a), ROUGH * float(a) / top) for a in np.geomspace(last, alpha, steps + 1)[1:-1]]
