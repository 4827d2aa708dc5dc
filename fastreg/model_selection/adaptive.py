"""The adaptive Lasso: penalty factors from the coefficients of a first fit."""

from __future__ import annotations

import numpy as np


def adaptive_factors(coef: np.ndarray, exponent: float) -> np.ndarray:
    """Return v_j = 1/|b_j|^exponent, infinite where b_j = 0: such a column is excluded.

    Parameters
    ----------
    coef : ndarray of shape (p,)
    exponent : float
        > 0, else ValueError.

    Returns
    -------
    ndarray of shape (p,)
    """
    if not 0 < exponent < np.inf:
        raise ValueError(f"exponent == {exponent}, must be > 0")
    with np.errstate(divide="ignore", over="ignore"):
        return np.abs(coef, dtype=float) ** -float(exponent)
