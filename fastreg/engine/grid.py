"""The grid of penalty strengths."""

from __future__ import annotations

import numpy as np

from fastreg.engine.tasks import Grid


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
