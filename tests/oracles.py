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
from types import SimpleNamespace
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
    def options(self) -> dict[str, Any]:
        """What an Elastic-Net is asked, as keywords; the weights are given with the rows."""
        names = ("l1_ratio", "fit_intercept", "penalty_factor", "lower", "upper", "standardize")
        return {name: getattr(self, name) for name in names}

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


@dataclass(frozen=True, eq=False)
class Products:
    """What the verbs of a design should return, in extended precision.

    Errors are returned in units of what rounding in double may do, so that 1 is the most.
    """

    X: Any
    y: np.ndarray
    weight: np.ndarray | None
    codes: np.ndarray | None
    shift: np.ndarray
    y_shift: np.ndarray
    shifts_rows: bool = True

    @cached_property
    def z(self) -> np.ndarray:
        """X less the shift."""
        dense = self.X.toarray() if sparse.issparse(self.X) else np.asarray(self.X)
        return dense.astype(np.longdouble) - self.shift

    @cached_property
    def size(self) -> np.ndarray:
        """What rounding in an entry of X less the shift is relative to."""
        extra = 0.0 if self.shifts_rows else 2.0 * np.abs(self.shift)
        return np.abs(self.z) + extra

    @cached_property
    def w(self) -> np.ndarray:
        """Row weights."""
        return np.ones(len(self.y)) if self.weight is None else self.weight

    @cached_property
    def members(self) -> list[np.ndarray]:
        """Whether a row belongs to a group, group by group."""
        codes = np.zeros(len(self.y), int) if self.codes is None else self.codes
        return [codes == g for g in range(codes.max() + 1)]

    @cached_property
    def _allowed(self) -> float:
        return 4.0 * (sum(self.z.shape) + 4) * np.finfo(float).eps

    def _error(self, found: np.ndarray, exact: np.ndarray, size: np.ndarray) -> float:
        if found.shape != exact.shape:
            return np.inf
        error = np.abs(found - exact) / (self._allowed * size + 1e-300)
        return float(np.max(np.where(np.isnan(error), np.inf, error), initial=0.0))

    def gram_error(self, found: np.ndarray, new: np.ndarray, old: np.ndarray) -> float:
        """Judge `Design.gram`."""
        parts = [self.w * member for member in self.members]
        exact, size = (
            np.stack([(x[:, new] * w[:, None]).T @ x[:, old] for w in parts])
            for x in (self.z, self.size)
        )
        return self._error(found, exact, size)

    def evaluation_error(
        self,
        found: Any,
        coefs: np.ndarray,
        intercepts: np.ndarray,
        row_weights: np.ndarray,
        targets: np.ndarray,
        cols: np.ndarray | None = None,
    ) -> float:
        """Judge `Design.evaluate`."""
        cols = np.arange(self.z.shape[1]) if cols is None else cols
        u = self.y.astype(np.longdouble)[:, targets] - self.y_shift[targets]
        fit = intercepts + self.z[:, cols] @ coefs.T
        r = u - fit
        fit_size = np.abs(intercepts) + self.size[:, cols] @ np.abs(coefs.T)
        r_size = np.abs(u) + fit_size
        factor = np.zeros((len(self.y), row_weights.shape[0]))
        for g, member in enumerate(self.members):
            factor[member] = row_weights[:, g]
        omega = factor * self.w[:, None]
        loss, loss_size = (
            np.stack([(self.w * member) @ product for member in self.members], axis=1)
            for product in (r * r, r_size * r_size)
        )
        errors = [
            self._error(found.corr, (omega * r).T @ self.z, (omega * r_size).T @ self.size),
            self._error(found.residual_sum, (omega * r).sum(axis=0), (omega * r_size).sum(axis=0)),
            self._error(found.loss, loss, loss_size),
        ]
        if found.predictions is not None:
            shift = self.y_shift[targets]
            errors.append(self._error(found.predictions, fit + shift, fit_size + np.abs(shift)))
        return max(errors)

    def centred(self, group: int) -> Any:
        """Return means and centred products of a group, each divided by its weight.

        Means are `base` plus `offset`: an entry of the group, and what is left.
        """
        member = self.members[group]
        w = self.w[member].astype(np.longdouble)
        w = w / w.sum()
        dense = self.X.toarray() if sparse.issparse(self.X) else np.asarray(self.X)
        base, y_base = dense[member][0].astype(np.longdouble), self.y[member][0]
        X, y = dense[member] - base, self.y[member] - y_base.astype(np.longdouble)
        offset, y_offset = w @ X, w @ y
        root = np.sqrt(w)[:, None]
        X, y = root * (X - offset), root * (y - y_offset)
        variances, y_variances = (X**2).sum(axis=0), (y**2).sum(axis=0)
        return SimpleNamespace(
            base=base,
            offset=offset,
            y_mean=y_base + y_offset,
            variances=variances,
            y_variances=y_variances,
            xy=X.T @ y,
            xx=X.T @ X,
            # what rounding is relative to where nothing is shifted
            size=np.sqrt(variances) + np.abs(base + offset),
            y_size=np.sqrt(y_variances) + np.abs(y_base + y_offset),
        )

    def moments_error(self, found: list) -> float:
        """Judge `Design.moments` where the means are within the reach of the columns."""
        errors = [0.0]
        if len(found) != len(self.members):
            return np.inf
        for g, (part, member) in enumerate(zip(found, self.members, strict=True)):
            if part.n_rows != np.count_nonzero(self.w[member]):
                return np.inf
            if part.n_rows == 0:
                continue
            exact = self.centred(g)
            errors.append(abs(part.weight / self.w[member].sum() - 1.0) / self._allowed)
            products = exact.xx if part.has_cross else exact.variances
            xx = np.multiply.outer(exact.size, exact.size) if part.has_cross else exact.size**2
            xy = np.multiply.outer(exact.size, exact.y_size)
            errors += [
                self._error(part.s_xx / part.weight, products, xx),
                self._error(part.s_xy / part.weight, exact.xy, xy),
                self._error(part.s_yy / part.weight, exact.y_variances, exact.y_size**2),
                self._error((part.shift - exact.base) + part.offset, exact.offset, exact.size),
                self._error(part.y_shift + part.y_offset, exact.y_mean, exact.y_size),
            ]
        return max(errors)
