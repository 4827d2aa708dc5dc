"""The true residual of a small problem in extended precision, where the platform has it.

Refinement loses no digits to the factor but to its residual: in double precision that is known to
rounding of |X||b|, which the condition number of X then multiplies (Björck, Numerical Methods for
Least Squares Problems, section 2.9.3).
"""

from __future__ import annotations

import numpy as np

from fastreg.designs import Design
from fastreg.engine.problem import Problem

MOST_PRODUCTS = 1 << 19  # some five milliseconds


def is_affordable(design: Design, n_vectors: int) -> bool:
    """Whether X is so small that its products in extended precision are no matter."""
    return max(1, n_vectors) * design.n_rows * design.n_features <= MOST_PRODUCTS


def residual(design: Design, problem: Problem, coefs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Xᵀr/Σw (m, p) and ‖r‖²/Σw (m,) of coefficients (m, p), rounded at the end only.

    With an intercept r is centred itself, so that rounding in the means of X and y is none in it.
    """
    wide, every = np.longdouble, np.arange(design.n_features)
    z, rows = design.columns(every, problem.centre, problem.row_weights, wide)
    u = design.targets(problem.task.target, problem.y_centre, problem.row_weights, wide)
    r = u - coefs.astype(wide) @ z.T
    if problem.task.fit_intercept:
        root = np.sqrt(design.omega(problem.row_weights)[rows].astype(wide))
        r -= np.multiply.outer(r @ root, root) / (root @ root)
    corrs = (r @ z / problem.weight).astype(float)
    return corrs, (np.einsum("ki,ki->k", r, r) / problem.weight).astype(float)
