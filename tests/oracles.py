"""What the numerical tests judge by: the problem as defined, in plain NumPy, and the data sets.

Shares nothing with fastreg. Everything here follows from one formula,

    P(b0, b) = 1/(2 Σw) Σ_i w_i (y_i − b0 − x_i·b)² + alpha Σ_j v_j ( ρ|b_j| + (1−ρ)/2 b_j² )

with lower ≤ b ≤ upper; v_j = ∞ excludes column j, v_j = 0 leaves it unpenalized. With `standardize`
|b_j| and b_j² are those of the coefficient times the weighted standard deviation of its column.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.datasets import load_svmlight_file

DENSE = (
    "prostate", "hitters", "diabetes_quad", "glmnet_quickstart", "energy_efficiency",
    "communities_crime", "naval_propulsion", "california_housing", "protein_casp", "tecator",
    "gasoline_nir", "riboflavin", "eyedata_trim32", "leukemia_golub", "colon_alon",
    "permeability_qsar",
)  # fmt: skip
# columns that are neither predictors nor the target
_BESIDE = {
    "prostate": ["train"],
    "energy_efficiency": ["cooling_load"],
    "naval_propulsion": ["compressor_decay"],
    "tecator": ["water", "protein"],
}
_SPARSE_COLUMNS = {
    "we8there": 2640,
    "movie_polarity": 18988,
    "a9a": 123,
    "glmnet_sparse_example": 20,
}


def read_table(folder: Path, name: str) -> dict[str, np.ndarray]:
    """Read the columns of a ``csv.gz`` of the data folder, numbers bit for bit.

    Missing values are NaN; a column with text in it stays text.
    """
    with gzip.open(folder / f"{name}.csv.gz", "rt", newline="") as file:
        names, *rows = csv.reader(file)
    return {
        name: _numbers(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }


def _numbers(column: tuple[str, ...]) -> np.ndarray:
    try:
        return np.array([float(field) if field else np.nan for field in column])
    except ValueError:
        return np.array(column)


def load_dense(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return X (float64, C-ordered) and y of a dense data set, complete rows and columns only."""
    if (folder / f"{name}.npz").exists():
        with np.load(folder / f"{name}.npz") as file:
            return np.ascontiguousarray(file["X"]), file["y"].copy()
    if name == "hitters":
        return load_hitters(folder)
    table = read_table(folder, name)
    skipped = list(table)[:5] if name == "communities_crime" else _BESIDE.get(name, [])
    columns = [v for k, v in table.items() if k not in skipped and not np.isnan(v).any()]
    return np.column_stack(columns[:-1]), columns[-1].copy()


def load_hitters(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return Hitters as the labs of ISLR and ISLP use it: 263 rows, dummies in place."""
    table = read_table(folder, "hitters")
    y = table.pop("Salary")
    for name, level in (("League", "N"), ("Division", "W"), ("NewLeague", "N")):
        table[name] = (table[name] == level).astype(float)
    known = ~np.isnan(y)
    return np.column_stack(list(table.values()))[known], y[known]


def load_sparse(folder: Path, name: str) -> tuple[sparse.csr_array, np.ndarray]:
    """Return X (CSR) and y of an svmlight data set."""
    X, y = load_svmlight_file(
        str(folder / f"{name}.svm.gz"), n_features=_SPARSE_COLUMNS[name], zero_based=False
    )
    return sparse.csr_array(X), y


@dataclass(frozen=True, eq=False)
class Instance:
    """One instance of the problem but for alpha.

    Dense data is judged in extended precision (where the platform has it), sparse data in double.
    """

    X: Any
    y: np.ndarray
    l1_ratio: float = 1.0
    weight: np.ndarray | None = None
    fit_intercept: bool = True
    penalty_factor: np.ndarray | None = None
    lower: Any = None
    upper: Any = None
    standardize: bool = False

    @property
    def _real(self) -> type:
        return np.float64 if sparse.issparse(self.X) else np.longdouble

    @cached_property
    def w(self) -> np.ndarray:
        """Row weights divided by their sum."""
        w = np.ones(self.X.shape[0]) if self.weight is None else np.asarray(self.weight)
        w = w.astype(self._real)
        return w / w.sum()

    @cached_property
    def columns(self) -> Any:
        """X in the precision of the judge, centred where dense and with an intercept."""
        if sparse.issparse(self.X):
            return self.X.astype(np.float64)
        X = np.asarray(self.X).astype(np.longdouble)
        return X - self.w @ X if self.fit_intercept else X

    @cached_property
    def mean(self) -> np.ndarray:
        """Weighted column means."""
        return np.asarray(self.X.astype(self._real).T @ self.w)

    @cached_property
    def spread(self) -> np.ndarray:
        """Weighted standard deviations of the columns, divided by Σw."""
        if sparse.issparse(self.X):
            square = self.X.copy()
            square.data = square.data**2
            return np.sqrt(np.maximum(square.T @ self.w - self.mean**2, 0.0))
        centred = np.asarray(self.X).astype(np.longdouble) - self.mean
        return np.sqrt(self.w @ centred**2)

    @cached_property
    def varies(self) -> np.ndarray:
        """Columns whose spread is more than rounding noise."""
        return self.spread > 10 * np.finfo(float).eps * np.abs(self.mean)

    @cached_property
    def usable(self) -> np.ndarray:
        """Columns that may be non-zero: not excluded and, with an intercept, not constant."""
        return (self.varies | (not self.fit_intercept)) & np.isfinite(self.factor)

    @cached_property
    def factor(self) -> np.ndarray:
        """The penalty factors v."""
        p = self.X.shape[1]
        return np.ones(p) if self.penalty_factor is None else np.asarray(self.penalty_factor, float)

    def weights_at(self, alpha: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the L1 and the L2 weight of each coefficient."""
        scale = np.where(self.varies & self.standardize, self.spread, 1.0)
        v = np.where(np.isfinite(self.factor), self.factor, 0.0)
        l1 = alpha * self.l1_ratio * v * scale
        return l1, alpha * (1.0 - self.l1_ratio) * v * scale**2

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Return lower and upper as arrays."""
        p = self.X.shape[1]
        lower = np.broadcast_to(-np.inf if self.lower is None else self.lower, (p,))
        upper = np.broadcast_to(np.inf if self.upper is None else self.upper, (p,))
        return lower, upper

    def residual(self, coef: np.ndarray, intercept: float = 0.0) -> np.ndarray:
        """Return y − b0 − X b."""
        y = np.asarray(self.y).astype(self._real)
        return y - self._real(intercept) - self.X.astype(self._real) @ coef.astype(self._real)

    def correlations(self, residual: np.ndarray) -> np.ndarray:
        """Return Σ w (x − x̄) r / Σw, without centring where there is no intercept."""
        found = self.columns.T @ (self.w * residual)
        if sparse.issparse(self.X) and self.fit_intercept:
            found = found - self.mean * (self.w @ residual)
        return found

    @cached_property
    def largest(self) -> float:
        """Largest |Xᵀy| / Σw, centred as the problem is: what violations are relative to."""
        y = np.asarray(self.y).astype(self._real)
        y = y - self.w @ y if self.fit_intercept else y
        return float(np.max(np.abs(self.correlations(y))))

    @cached_property
    def yy(self) -> float:
        """Σw (y − m)² / Σw: what a duality gap is relative to."""
        y = np.asarray(self.y).astype(self._real)
        y = y - self.w @ y if self.fit_intercept else y
        return float(self.w @ y**2)

    def alpha_max(self) -> float:
        """Return the smallest alpha with only unpenalized columns in the model."""
        free = np.flatnonzero((self.factor == 0) & self.usable)
        y = np.asarray(self.y).astype(self._real)
        residual = y - self.w @ y if self.fit_intercept else y
        if free.size:
            root = np.sqrt(self.w)[:, None]
            dense = self.columns[:, free]
            dense = dense.toarray() - self.mean[free] if sparse.issparse(self.X) else dense
            design, target = (root * dense).astype(float), (root[:, 0] * residual).astype(float)
            residual = residual - dense @ np.linalg.lstsq(design, target, rcond=None)[0]
        c = self.correlations(residual)
        lower, upper = self.bounds()
        c = np.where(c > 0, np.where(upper > 0, c, 0), np.where(lower < 0, -c, 0))
        l1, _ = self.weights_at(1.0)
        held = self.usable & (l1 > 0)
        return float(np.max(c[held] / l1[held]))

    def objective(self, alpha: float, coef: np.ndarray, intercept: float = 0.0) -> Any:
        """Return P, infinite where a bound is broken or an excluded column is used."""
        lower, upper = self.bounds()
        if np.any(coef < lower) or np.any(coef > upper) or np.any(coef[np.isinf(self.factor)]):
            return self._real(np.inf)
        b = np.asarray(coef).astype(self._real)
        l1, l2 = self.weights_at(alpha)
        loss = self.w @ self.residual(coef, intercept) ** 2
        return loss / 2 + np.sum(l1 * np.abs(b)) + np.sum(l2 * b**2) / 2

    def violations(self, alpha: float, coef: np.ndarray, intercept: float = 0.0) -> np.ndarray:
        """Return how far c_j − l2 b_j is from the subdifferential at b_j, column by column.

        Infinite where a bound is broken or a column is used that may not be.
        """
        b = np.asarray(coef).astype(self._real)
        lower, upper = self.bounds()
        l1, l2 = self.weights_at(alpha)
        z = self.correlations(self.residual(coef, intercept)) - l2 * b
        # the subdifferential is the interval [low, high]; a bound opens one end of it
        low = np.where(b > 0, l1, -l1)
        high = np.where(b < 0, -l1, l1)
        low = np.where(b <= lower, -np.inf, low)
        high = np.where(b >= upper, np.inf, high)
        out = np.maximum(np.maximum(low - z, z - high), 0.0).astype(float)
        out[~self.usable] = np.where(b[~self.usable] == 0, 0.0, np.inf)
        out[(b < lower) | (b > upper)] = np.inf
        return out

    def worst(self, alpha: float, coef: np.ndarray, intercept: float = 0.0) -> float:
        """Return the largest violation relative to `largest`, the intercept's condition included.

        The mean residual must vanish: it is taken relative to the standard deviation of y.
        """
        worst = float(np.max(self.violations(alpha, coef, intercept), initial=0.0))
        worst = worst / self.largest if self.largest > 0 else worst
        if self.fit_intercept:
            mean = abs(float(self.w @ self.residual(coef, intercept)))
            worst = max(worst, mean / np.sqrt(self.yy) if self.yy > 0 else mean)
        elif intercept != 0:
            return np.inf
        return worst
