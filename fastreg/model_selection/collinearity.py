"""How far the columns depend on each other: condition number and variance inflation factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from fastreg.designs import Design
from fastreg.engine.panels import scale_both
from fastreg.engine.problem import DEPENDENT
from fastreg.moments import merge_all

MOST_COLUMNS = 2000  # an eigendecomposition of some seconds
IN_NULL_SPACE = 1e-6


@dataclass(frozen=True, eq=False, kw_only=True)
class Collinearity:
    """What the correlations R of the columns tell, constant columns left out.

    Attributes
    ----------
    condition_number : float
        Largest over smallest singular value of the standardized X: √(λ_max(R)/λ_min(R)). Infinite
        where the columns are linearly dependent, as with as many columns as rows; NaN where it was
        not computed (very many columns).
    vif : ndarray of shape (p,)
        Variance inflation factors diag(R⁻¹): by how much the others inflate the variance of a
        least-squares coefficient. Infinite and NaN as above; NaN for a constant column.
    """

    condition_number: float
    vif: np.ndarray

    @property
    def largest_vif(self) -> float:
        """Largest variance inflation factor; NaN where there is none."""
        known = self.vif[~np.isnan(self.vif)]
        return float(known.max()) if known.size else float("nan")


def collinearity(design: Design) -> Collinearity:
    """Measure it on all rows of a design, from their moments."""
    p = design.n_features
    if p >= design.n_rows:
        return Collinearity(condition_number=np.inf, vif=np.full(p, np.inf))
    if p > MOST_COLUMNS:
        return Collinearity(condition_number=np.nan, vif=np.full(p, np.nan))
    whole = merge_all(design.moments(True))
    if p >= whole.n_rows:  # of positive weight
        return Collinearity(condition_number=np.inf, vif=np.full(p, np.inf))
    rounding = 10.0 * np.finfo(float).eps * np.abs(whole.mean)
    varies = np.flatnonzero(whole.variances > rounding**2)
    vif = np.full(p, np.nan)
    if not varies.size:
        return Collinearity(condition_number=np.nan, vif=vif)
    scale = 1.0 / np.sqrt(whole.s_xx.diagonal()[varies])
    values, vectors = eigh(scale_both(whole.s_xx[np.ix_(varies, varies)], scale))
    free = values > DEPENDENT * values[-1]
    vif[varies] = (vectors[:, free] ** 2 / values[free]).sum(axis=1)
    if not free.all():
        vif[varies[(vectors[:, ~free] ** 2).sum(axis=1) > IN_NULL_SPACE]] = np.inf
        return Collinearity(condition_number=np.inf, vif=vif)
    return Collinearity(condition_number=float(np.sqrt(values[-1] / values[0])), vif=vif)
