"""Sparse designs: CSR or CSC, converted once where the other order is needed, never densified.

Centring is arithmetic on the results. A column without implicit zeros may have a mean far from
zero, so its shift is a value near the mean; all other columns have shift 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

import numpy as np
from scipy import sparse

from fastreg.designs.base import Design, Evaluation, membership
from fastreg.designs.operator import SparseProducts
from fastreg.designs.products import add_moments
from fastreg.designs.sums import BLOCK_BYTES, RowSums, in_eights
from fastreg.kernels.coordinates import SparseCoordinates
from fastreg.kernels.products import mirror_lower
from fastreg.kernels.sparse import add_columns, add_outer_rows, dot_columns, spread_columns
from fastreg.moments import Moments
from fastreg.workers import breathe

SCATTERED = 2.0  # multiplications of a vector in the time of one scattered one
MOST_PAIRS = 1e8  # of scattered multiplications, between two looks at Ctrl-C
BLAS_RATE = 40.0  # flops of BLAS 3 in the time of one scattered multiplication


class SparseDesign(Design):
    """A sparse X of shape (n, p); see `Design` for the verbs.

    Parameters
    ----------
    X : CSR or CSC matrix or array, float64, canonical
    y : ndarray of shape (n, T), float64
    weight : ndarray of shape (n,) or None
    codes : ndarray of shape (n,) or None
    """

    shifts_rows: ClassVar[bool] = False
    row_products: ClassVar[type] = SparseProducts

    def __init__(
        self,
        X: sparse.sparray | sparse.spmatrix,
        y: np.ndarray,
        weight: np.ndarray | None,
        codes: np.ndarray | None,
        n_groups: int,
    ) -> None:
        self.X, self.y, self.codes = X, y, codes
        self.n_rows, self.n_features = X.shape
        self.n_targets, self.n_groups, self.pass_rows = y.shape[1], n_groups, X.shape[0]
        self.weight = np.ones(self.n_rows) if weight is None else weight
        self.shift = full_column_means(X, self.weight)
        self.y_shift = self.weight @ y / self.weight.sum()
        self._other_order: sparse.sparray | sparse.spmatrix | None = None
        self._moments: list[Moments] | None = None

    def _as(self, kind: str) -> sparse.sparray | sparse.spmatrix:
        """Return X in CSR or CSC order, keeping the one conversion."""
        if self.X.format == kind:
            return self.X
        if self._other_order is None:
            self._other_order = self.X.asformat(kind)
            self._other_order.sort_indices()
        return self._other_order

    @cached_property
    def _csc(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """CSC data, int32 row numbers and int64 pointers: X itself where its types are these."""
        X = self._as("csc")
        return (
            X.data,
            X.indices.astype(np.int32, copy=False),
            X.indptr.astype(np.int64, copy=False),
        )

    def moments(self, cross: bool) -> list[Moments]:
        if self._moments is None or (cross and not self._moments[0].has_cross):
            self.count(1.0)
            self._moments = [self._group_moments(g, cross) for g in range(self.n_groups)]
        return self._moments

    def _group_moments(self, group: int, cross: bool) -> Moments:
        """Accumulate products of the group's explicit entries less their shift, then centre."""
        X, w, u = self._as("csr") if cross else self.X, self.weight, self.y
        if self.codes is not None:
            w = np.where(self.codes == group, w, 0.0)
        if cross and not w.all():
            member = w > 0
            X, w, u = X[member], w[member], u[member]
        total = float(w.sum())
        shift = full_column_means(X, w)
        if np.any(shift):
            X = type(X)((X.data - _by_entry(X, shift), X.indices, X.indptr), shape=X.shape)
        y_shift = w @ u / total if total > 0 else self.y_shift
        u = u - y_shift
        sums = RowSums(self._cross(X, w) if cross else self._squares(X, w), u.shape[1])
        root = sums.add_target(u, w)  # u is times √w from here on
        sums.s_x[:], sums.s_xy[:] = X.T @ w, X.T @ (root[:, None] * u)
        return sums.moments(shift, y_shift)

    def _cross(self, X: sparse.sparray | sparse.spmatrix, w: np.ndarray) -> np.ndarray:
        """Σ w x xᵀ: entry by entry, or by BLAS on dense blocks of rows where those are cheaper."""
        n, p = X.shape
        out = np.zeros((p, p))
        pairs = 0.5 * float(np.sum(np.square(np.diff(X.indptr), dtype=float)))
        densify = pairs * BLAS_RATE > float(n) * p * p
        # a block is what can be done before Ctrl-C is looked at
        if densify:
            step = max(64, BLOCK_BYTES // (8 * max(1, p)))
        else:
            step = max(1, int(n * min(1.0, MOST_PAIRS / max(pairs, 1.0))))
        for i in range(0, n, step):
            j = min(i + step, n)
            if densify:
                block, root = X[i:j].toarray(), np.sqrt(w[i:j])
                some = block, slice(0, j - i), np.zeros(p), root, np.empty((j - i, 0))
                add_moments(*some, 0, out, np.empty((0, p)))
            else:
                add_outer_rows(X.data, X.indices, X.indptr[i : j + 1], w[i:j], out)
        mirror_lower(out)
        return out

    def _squares(self, X: sparse.sparray | sparse.spmatrix, w: np.ndarray) -> np.ndarray:
        squared = type(X)((X.data * X.data, X.indices, X.indptr), shape=X.shape)
        return np.asarray(squared.T @ w).ravel()

    def gram(
        self, new: np.ndarray, old: np.ndarray, row_weights: np.ndarray | None = None
    ) -> np.ndarray:
        if row_weights is not None:
            return self._products(new, old, None, self.omega(row_weights))[0]
        return self._products(new, old, self.codes, self.weight)

    def _products(
        self, new: np.ndarray, old: np.ndarray, codes: np.ndarray | None, weight: np.ndarray
    ) -> np.ndarray:
        """Return Σ weight (x_new − shift)(x_old − shift)ᵀ over the rows of each group."""
        out = np.empty((1 if codes is None else self.n_groups, new.size, old.size))
        if not out.size:
            return out
        self.count(self.share(new) + self.share(old))
        shifted, width = self.shift[old] != 0, max(8, BLOCK_BYTES // (8 * max(1, self.n_rows)))
        if not shifted.any():
            self._multiply(new, old, codes, weight, out)
            return out
        full = np.flatnonzero(shifted)
        for at in [
            np.flatnonzero(~shifted),
            *(full[i : i + width] for i in range(0, full.size, width)),
        ]:
            part = np.empty((*out.shape[:2], at.size))
            self._multiply(new, old[at], codes, weight, part)
            out[:, :, at] = part
        return out

    def _multiply(
        self,
        new: np.ndarray,
        old: np.ndarray,
        codes: np.ndarray | None,
        weight: np.ndarray,
        out: np.ndarray,
    ) -> None:
        """Fill `out` as `_products` returns it, for columns `old` that are all full or all not."""
        entries, cols = self._entries(old)
        block, nothing = np.zeros((self.n_rows, 8)), np.zeros(self.n_rows)
        part = np.empty((old.size, len(out), 8))
        for i in range(0, new.size, 8):
            breathe()
            few, numbers = self._entries(new[i : i + 8])
            spread_columns(*few, weight, numbers, block)
            dot_columns(*entries, codes, cols, block, part)
            spread_columns(*few, nothing, numbers, block)
            out[:, i : i + 8] = part.transpose(1, 2, 0)[:, : numbers.size]

    def _entries(
        self, cols: np.ndarray
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
        """Return CSC arrays that hold columns less their shifts, and the columns' numbers there.

        The shift comes off before anything is multiplied: off the products it would cancel. X
        itself has to do where there is none, a copy of these columns else.
        """
        if not np.any(self.shift[cols]):
            return self._csc, cols
        data, indices, indptr = self._csc
        spans = [slice(indptr[col], indptr[col + 1]) for col in cols]
        shifted = [data[span] - self.shift[col] for span, col in zip(spans, cols, strict=True)]
        starts = np.append(0, np.cumsum([part.size for part in shifted]))
        rows = np.concatenate([indices[span] for span in spans])
        return (np.concatenate(shifted), rows, starts), np.arange(cols.size)

    def evaluate(
        self,
        coefs: np.ndarray,
        intercepts: np.ndarray,
        row_weights: np.ndarray,
        targets: np.ndarray,
        cols: np.ndarray | None = None,
        predictions: bool = False,
    ) -> Evaluation:
        self.count(1.0)
        cols = np.arange(self.n_features) if cols is None else cols
        m, live = coefs.shape[0], np.flatnonzero(np.any(coefs, axis=0))
        intercepts = intercepts - coefs @ self.shift[cols]
        row_weights = np.broadcast_to(row_weights, (m, self.n_groups))
        corr, total = np.empty((m, self.n_features)), np.empty(m)
        loss = np.empty((m, self.n_groups))
        fitted = np.empty((self.n_rows, m)) if predictions else None
        weight, ones = self.weight[:, None], np.ones(self.n_rows)
        shares = weight if self.codes is None else weight * membership(self.codes, self.n_groups)
        plain = (self.weight == 1.0).all() and (row_weights == 1.0).all()
        # eight vectors at a time: what is done to their n residuals stays in cache
        for i in range(0, m, 8):
            few = slice(i, min(i + 8, m))
            fit = np.zeros((self.n_rows, 8))
            add_columns(*self._csc, cols[live], in_eights(coefs[few, live].T)[0], fit)
            r = fit[:, : few.stop - i]
            r += intercepts[few]
            if fitted is not None:
                fitted[:, few] = r + self.y_shift[targets[few]]
            np.subtract(self.y[:, targets[few]] - self.y_shift[targets[few]], r, out=r)
            loss[few] = (r * r).T @ shares
            if not plain:
                own = row_weights[few].T
                r *= weight * (own[[0]] if self.codes is None else own[self.codes])
            total[few] = ones @ r
            corr[few] = self._correlations(fit)[:, : few.stop - i].T
        if np.any(self.shift):
            corr -= np.multiply.outer(total, self.shift)
        return Evaluation(corr, total, loss, fitted)

    def _correlations(self, block: np.ndarray) -> np.ndarray:
        """Return Xᵀ block for eight vectors, shape (p, 8)."""
        every, out = np.arange(self.n_features), np.empty((self.n_features, 1, 8))
        step = max(1, int(self.n_features * min(1.0, MOST_PAIRS / max(1, self.X.nnz))))
        for j in range(0, self.n_features, step):
            breathe()
            some = slice(j, j + step)
            dot_columns(*self._csc, None, every[some], block, out[some])
        return out[:, 0]

    def residual_coordinates(
        self,
        cols: np.ndarray,
        coef: np.ndarray,
        mean: np.ndarray,
        intercept: float,
        row_weights: np.ndarray,
        target: int,
    ) -> SparseCoordinates:
        self.count(self.share(cols))
        X = self._as("csc")
        block = X[:, cols]
        omega = self.omega(row_weights)
        root, weight = np.sqrt(omega), float(omega.sum())
        active = np.flatnonzero(coef)
        r = (self.y[:, target] - self.y_shift[target]) - intercept
        r = r - (X[:, active] @ coef[active] - self.shift[active] @ coef[active])
        data, centre = block.data, self.shift[cols] + mean[cols]
        if np.any(centre):
            # centred columns: the residual sums to 0, and the shift comes off the entries
            data, centre = data - _by_entry(block, self.shift[cols]), mean[cols]
        data = data * root[block.indices]
        square = type(block)((data * data, block.indices, block.indptr), shape=block.shape)
        diag = np.asarray(square.sum(axis=0)).ravel() / weight - centre**2
        return SparseCoordinates(
            data,
            block.indices.astype(np.int32, copy=False),
            block.indptr.astype(np.int64, copy=False),
            centre,
            root,
            root * r,
            np.maximum(diag, 0.0),
            weight,
        )

    def share(self, cols: np.ndarray) -> float:
        indptr = self._csc[2]
        return float((indptr[cols + 1] - indptr[cols]).sum()) / max(1, self.X.nnz)

    def move_cost(self, cols: np.ndarray) -> float:
        return 2.0 * SCATTERED * self.share(cols) * self.X.nnz / max(1, cols.size)

    def pass_cost(self) -> float:
        return SCATTERED * self.X.nnz

    def gram_cost(self, n_columns: int) -> float:
        # eight products of an entry at a time, every column with every other; and p² to fill
        share = n_columns / max(1, self.n_features)
        return float(n_columns) ** 2 + SCATTERED * share * self.X.nnz * n_columns / 8.0

    def columns(
        self, cols: np.ndarray, mean: np.ndarray, row_weights: np.ndarray, dtype: type = float
    ) -> tuple[np.ndarray, np.ndarray]:
        self.count(self.share(cols))
        omega = self.omega(row_weights)
        keep = np.flatnonzero(omega)
        out = np.asfortranarray(self._as("csc")[:, cols].toarray()[keep], dtype)
        out -= self.shift[cols].astype(dtype, copy=False) + mean[cols]
        out *= np.sqrt(omega[keep].astype(dtype, copy=False))[:, None]
        return out, keep

    def _row_gram(
        self, cols: np.ndarray, mean: np.ndarray, row_weights: np.ndarray, inverse: np.ndarray
    ) -> np.ndarray:
        self.count(self.share(cols))
        # (x_i − m) V⁻¹ (x_k − m) = x_i V⁻¹ x_k − x_i V⁻¹ m − x_k V⁻¹ m + m V⁻¹ m
        omega = self.omega(row_weights)
        keep = np.flatnonzero(omega)
        X = self._as("csr")[keep][:, cols]
        m = self.shift[cols] + mean[cols]
        cross = X @ (inverse * m)
        left, right = X.multiply(inverse[None, :]).tocsr(), X.T.tocsr()
        products = np.empty((keep.size, keep.size))
        pairs = float(X.nnz) ** 2 / max(1, cols.size)
        step = max(1, int(keep.size * min(1.0, MOST_PAIRS / max(1.0, pairs))))
        for i in range(0, keep.size, step):
            breathe()
            products[i : i + step] = (left[i : i + step] @ right).toarray()
        products += m @ (inverse * m) - np.add.outer(cross, cross)
        root = np.sqrt(omega[keep])
        return np.asfortranarray(products * np.multiply.outer(root, root))

    def project(self, matrix: np.ndarray, mean: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        self.count(1.0)
        X, centre = self._as("csr"), (self.shift + mean) @ matrix
        step = max(256, BLOCK_BYTES // (8 * max(1, matrix.shape[1])))
        for i in range(0, self.n_rows, step):
            rows = slice(i, min(i + step, self.n_rows))
            yield rows, X[rows] @ matrix - centre


def _by_entry(X: sparse.sparray | sparse.spmatrix, values: np.ndarray) -> np.ndarray:
    """Return for each explicit entry the value of its column."""
    return np.repeat(values, np.diff(X.indptr)) if X.format == "csc" else values[X.indices]


def full_column_means(X: sparse.sparray | sparse.spmatrix, weight: np.ndarray) -> np.ndarray:
    """Return the weighted mean of each column without implicit zeros, 0 for the others.

    Rows of weight 0 do not count.
    """
    heavy = weight > 0
    if not heavy.any():
        return np.zeros(X.shape[1])
    if not heavy.all():
        X, weight = X[heavy], weight[heavy]
    if X.format == "csc":
        counts = np.diff(X.indptr)
    else:
        counts = np.bincount(X.indices, minlength=X.shape[1])
    means = np.asarray(X.T @ weight).ravel() / weight.sum()
    return np.where(counts == X.shape[0], means, 0.0)
