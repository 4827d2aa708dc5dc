"""How far the columns depend on each other: condition number and variance inflation factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
