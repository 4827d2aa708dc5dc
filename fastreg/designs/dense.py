"""Dense designs: any order, float32 or float64, read-only or memory-mapped, block by block.

Cross-products of columns are in `fastreg.designs.products`. For other products a block of rows is
shifted, weighted and converted to double in cache, and BLAS takes over: always NumPy's, as SciPy
has one of its own, and where two pools of threads alternate each spins against the other (measured:
4 times slower).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import ClassVar

import numpy as np

from fastreg.designs.base import Design, Evaluation, group_sums, membership
from fastreg.designs.operator import DenseProducts
from fastreg.designs.products import (
    add_beside,
    add_moments,
    add_products,
    product_threads,
    triangle_bounds,
)
from fastreg.designs.sums import BLOCK_BYTES, RowSums, centre_products, in_eights
from fastreg.kernels.coordinates import DenseCoordinates
from fastreg.kernels.dense import add_squares, dot_columns
from fastreg.kernels.products import is_fast, mirror_lower
from fastreg.moments import Moments
from fastreg.workers import breathe, run_jobs

TILE_BYTES = 1 << 20  # what is shifted, weighted or converted while it stays in cache
MOST_FLOPS = 2e9  # of one product, between two looks at Ctrl-C
SMALL_ENTRIES = 1 << 15  # up to here any way of multiplying X takes no time
FEWEST_ROWS = 128  # fewer at a time are not worth the calls
FEW_VECTORS = 16  # up to here packing X for BLAS costs more than it gains


class DenseDesign(Design):
    """A dense X of shape (n, p); see `Design` for the verbs.

    Parameters
    ----------
    X : ndarray of shape (n, p), float32 or float64
        Borrowed, never written.
    y : ndarray of shape (n, T), float64
    weight : ndarray of shape (n,) or None
    codes : ndarray of shape (n,) or None
        Row group of each row.
    """

    row_products: ClassVar[type] = DenseProducts

    def __init__(
        self,
        X: np.ndarray,
        y: np.ndarray,
        weight: np.ndarray | None,
        codes: np.ndarray | None,
        n_groups: int,
    ) -> None:
        self.X, self.y, self.weight, self.codes = X, y, weight, codes
        self.n_rows, self.n_features = X.shape
        self.n_targets, self.n_groups = y.shape[1], n_groups
        self.order = "C" if X.flags.c_contiguous and self.n_features > 1 else "F"
        # 8 MB a block, but at least p rows up to four times that: BLAS adds a p × p matrix to s_xx
        p = max(1, self.n_features)
        rows = max(BLOCK_BYTES // (8 * p), min(p, 4 * BLOCK_BYTES // (8 * p)))
        rows = min(max(rows, 256), 16384, max(1, int(8 * MOST_FLOPS / p**2)))
        self.block_rows = min(rows, max(1, self.n_rows))
        # a pass needs no p × p update: columns are read in longer pieces
        self.pass_rows = min(self.n_rows, 4096 if self.order == "F" else 512)
        self.shift, self.y_shift = self._sample_means()
        # rows can be multiplied as they are: doubles, and nothing to subtract
        self._as_is = X.dtype == np.float64 and not self.shift.any()
        # large, and held by columns, each of them contiguous
        self._by_columns = (
            self.order == "F" and X.strides[0] == X.itemsize and X.size > SMALL_ENTRIES
        )
        # a few numbers are shifted once and not in every pass
        self._small = None
        if X.size <= SMALL_ENTRIES and weight is None:
            self._small = np.subtract(X, self.shift, dtype=float)
        self._moments: list[Moments] | None = None

    def _sample_means(self, group: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return values near the means of a row group (of all rows for None).

        The weighted means of some 64 rows spread over the group and, with weights, of its 64
        heaviest: a far row of almost no weight must not decide what products are taken about.
        """
        if self.weight is None and (group is None or self.codes is None):
            rows = slice(None, None, max(1, self.n_rows // 64))
            few, y_few = self.X[rows].astype(float, copy=False), self.y[rows]
            mean, y_mean = few.sum(axis=0) / len(few), y_few.sum(axis=0) / len(few)
            if self.X.size > SMALL_ENTRIES:
                squares = np.einsum("ij,ij->j", few, few) / len(few)
                if (2.0 * mean * mean <= squares).all():
                    # every mean is within the spread: shifting would gain one bit at most
                    mean = np.zeros_like(mean)
            return mean, y_mean
        inside = np.ones(self.n_rows, bool) if self.weight is None else self.weight > 0
        if group is not None and self.codes is not None:
            inside &= self.codes == group
        rows = np.flatnonzero(inside)
        if not rows.size:
            return self.shift, self.y_shift
        some = rows[:: max(1, rows.size // 64)]
        weight = np.ones(some.size)
        if self.weight is not None:
            if rows.size > 128:
                heavy = rows[np.argpartition(self.weight[rows], -64)[-64:]]
                some = np.union1d(some, heavy)
            weight = self.weight[some]
        share = weight / weight.sum()
        return share @ self.X[some], share @ self.y[some]

    def _shifted(
        self,
        rows: slice | np.ndarray,
        buffer: np.ndarray,
        shift: np.ndarray | None = None,
        cols: slice = slice(None),
    ) -> np.ndarray:
        """Return rows − shift in double: in the flat `buffer`, or X itself where that is the same.

        Only a design with weights may write to what it gets.
        """
        shift = self.shift if shift is None else shift
        if self._small is not None and shift is self.shift:
            return self._small[rows, cols]
        block, shift = self.X[rows, cols], shift[cols]
        if self.weight is None and block.dtype == np.float64 and not np.any(shift):
            return block
        out = buffer[: block.size].reshape(block.shape, order=self.order)
        return np.subtract(block, shift, out=out)

    def _gathered(self, rows: slice | np.ndarray, cols: np.ndarray) -> np.ndarray:
        """Return some rows of some columns less the shift in double, shape (rows, len(cols))."""
        shift = self.shift[cols]
        if self.order == "F":  # np.take would copy all of X[rows]
            few = self.X[rows].T[cols].astype(float, copy=False).T
        else:
            few = np.take(self.X[rows], cols, axis=1).astype(float, copy=False)
        if shift.any():
            few -= shift
        return few

    def _tiles(
        self, rows: slice | np.ndarray, n_vectors: int, shift: np.ndarray | None = None
    ) -> Iterator[slice]:
        """Yield column slices of a row block, short enough for the cache and for Ctrl-C."""
        height = rows.stop - rows.start if isinstance(rows, slice) else rows.size
        width = min(self.n_features, int(MOST_FLOPS / (2.0 * height * n_vectors + 1.0)) + 1)
        shift = self.shift if shift is None else shift
        if self.weight is not None or not self._as_is or np.any(shift):
            width = min(width, TILE_BYTES // (8 * height) + 1)
        for j in range(0, self.n_features, width):
            yield slice(j, min(j + width, self.n_features))

    def _blocks(
        self, group: int | None = None, step: int | None = None
    ) -> Iterator[slice | np.ndarray]:
        """Yield the rows of a group (all rows for None) in blocks; slices where they adjoin."""
        step = self.block_rows if step is None else step
        first, last, rows = 0, self.n_rows, None
        if group is not None and self.codes is not None:
            rows = np.flatnonzero(self.codes == group)
            first, last = (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, 0)
            if rows.size == last - first:
                rows = None
        for i in range(0, last - first if rows is None else rows.size, step):
            breathe()
            if rows is None:
                yield slice(first + i, min(first + i + step, last))
            else:
                yield rows[i : i + step]

    def moments(self, cross: bool) -> list[Moments]:
        if self._moments is None or (cross and not self._moments[0].has_cross):
            self.count(1.0)
            self._moments = [self._group_moments(g, cross) for g in range(self.n_groups)]
        return self._moments

    def _group_moments(self, group: int, cross: bool) -> Moments:
        """Accumulate Σ√w(x−s) and its products about the shift, then move to the mean."""
        if self._small is not None and self.codes is None and cross:
            return self._small_moments()
        p = self.n_features
        sums = RowSums(np.zeros((p, p) if cross else p), self.n_targets)
        one_group = self.n_groups == 1
        shift, y_shift = (self.shift, self.y_shift) if one_group else self._sample_means(group)
        if cross:
            self._add_cross(group, shift, y_shift, sums)
        else:
            self._add_squares(group, shift, y_shift, sums)
        return sums.moments(shift, y_shift)

    def _small_moments(self) -> Moments:
        """Return the moments of a few numbers without weights, in few calls."""
        n, p, z = self.n_rows, self.n_features, self._small
        u = self.y - self.y_shift
        s_x, s_y = z.sum(axis=0), u.sum(axis=0)
        s_xx, s_yx = np.zeros((p, p)), np.zeros((u.shape[1], p))
        add_moments(z, slice(0, n), np.zeros(p), None, u, 0, s_xx, s_yx)
        mirror_lower(s_xx)
        centre_products(s_xx, n, s_x)
        s_yx -= np.multiply.outer(s_y, s_x) / n
        s_yy = np.maximum(np.einsum("ij,ij->j", u, u) - s_y**2 / n, 0.0)
        return Moments(
            n,
            float(n),
            self.shift,
            s_x / n,
            s_xx,
            self.y_shift,
            s_y / n,
            np.ascontiguousarray(s_yx.T),
            s_yy,
        )

    def _add_cross(self, group: int, shift: np.ndarray, y_shift: np.ndarray, sums: RowSums) -> None:
        """Add all cross-products of the rows of a group, in threads that share out Σ zzᵀ."""
        flops = self.n_rows / self.n_groups * float(self.n_features) ** 2
        bounds = triangle_bounds(self.n_features, product_threads(flops))
        beside = np.zeros((1 + self.n_targets, self.n_features))

        def add(first: int, last: int) -> None:
            whole = last == self.n_features  # this thread looks after the targets too
            for rows in self._blocks(group, self._few_rows(self.block_rows)):
                u, w = self.y[rows] - y_shift, None if self.weight is None else self.weight[rows]
                root = sums.add_target(u, w) if whole else None if w is None else np.sqrt(w)
                others, to = u, beside[:0]
                if whole:
                    others, to = np.empty((len(u), 1 + u.shape[1])), beside
                    others[:, 0], others[:, 1:] = root, u
                add_moments(self.X, rows, shift, root, others, first, sums.s_xx[first:last], to)

        run_jobs([partial(add, *part) for part in pairwise(bounds)], len(bounds) - 1)
        mirror_lower(sums.s_xx)
        sums.s_x += beside[0]
        sums.s_xy += beside[1:].T

    def _few_rows(self, rows: int) -> int:
        """Return no more rows than copies of their targets fit into four blocks' room."""
        return min(rows, max(FEWEST_ROWS, 4 * BLOCK_BYTES // (8 * self.n_targets + 1)))

    def _add_squares(
        self, group: int, shift: np.ndarray, y_shift: np.ndarray, sums: RowSums
    ) -> None:
        """Add what `moments` without `cross` takes from the rows of a group."""
        buffer = self._buffer(self.pass_rows)
        for rows in self._blocks(group, self._few_rows(self.pass_rows)):
            u, w = self.y[rows] - y_shift, None if self.weight is None else self.weight[rows]
            root = sums.add_target(u, w)
            if self._by_columns and isinstance(rows, slice):
                self._add_columns(rows, shift, root, u, sums)
                continue
            for tile in self._tiles(rows, self.n_targets, shift):
                z = self._shifted(rows, buffer, shift, tile)
                if w is not None:
                    z *= root[:, None]
                sums.s_x[tile] += root @ z
                sums.s_xy[tile] += z.T @ u
                sums.s_xx[tile] += np.einsum("ij,ij->j", z, z)

    def _buffer(self, height: int, whole_rows: bool = False) -> np.ndarray:
        """Return room for what `_shifted` makes of a block of rows, or of a tile of them."""
        size = height * self.n_features
        return np.empty(size if whole_rows else min(size, TILE_BYTES // 8 + height))

    def _add_columns(
        self, rows: slice, shift: np.ndarray, root: np.ndarray, u: np.ndarray, sums: RowSums
    ) -> None:
        """Add Σw z, Σw z² and Σw z u of a block of rows, column by column, z read once.

        `root` is √w and `u` the targets times √w.
        """
        w = root * root
        blocks = in_eights(np.column_stack([w, root[:, None] * u]))
        width = TILE_BYTES // (8 * w.size) + 1
        for j in range(0, self.n_features, width):
            tile = slice(j, min(j + width, self.n_features))
            X = self.X[rows, tile]
            out = np.zeros((X.shape[1], blocks.shape[0], 8))
            dot_columns(X, np.arange(X.shape[1]), shift[tile], blocks, out)
            add_squares(X, shift[tile], w, sums.s_xx[tile])
            products = out.reshape(X.shape[1], -1)
            sums.s_x[tile] += products[:, 0]
            sums.s_xy[tile] += products[:, 1 : 1 + u.shape[1]]

    def _row_weights(self, rows: slice, row_weights: np.ndarray) -> np.ndarray:
        """Return ω of a block: row weights times the group factors, shape (rows, m) or (1, m)."""
        factor = row_weights.T[[0]] if self.codes is None else row_weights.T[self.codes[rows]]
        return factor if self.weight is None else factor * self.weight[rows, None]

    def gram(
        self, new: np.ndarray, old: np.ndarray, row_weights: np.ndarray | None = None
    ) -> np.ndarray:
        if row_weights is not None:
            plain = self.weight is None and np.all(row_weights == 1.0)
            return self._products(new, old, [None], None if plain else self.omega(row_weights))[0]
        groups = [None] if self.codes is None else range(self.n_groups)
        return self._products(new, old, groups, self.weight)

    def _products(
        self,
        new: np.ndarray,
        old: np.ndarray,
        groups: Sequence[int | None],
        weight: np.ndarray | None,
    ) -> np.ndarray:
        """Return Σ weight (x_new − shift)(x_old − shift)ᵀ over the rows of each group.

        Where `old` ends with `new`, half of what these have among themselves is enough.
        """
        out = np.zeros((len(groups), new.size, old.size))
        if not out.size:
            return out
        self.count(self.share(new) + self.share(old))
        flops = float(self.n_rows) * new.size * old.size
        bounds = np.linspace(0, old.size, product_threads(flops) + 1, dtype=int)
        step = max(256, int(MOST_FLOPS / (2.0 * new.size * old.size)))
        before = old.size - new.size
        among = before >= 0 and np.array_equal(old[before:], new)
        diagonal = before if among else old.size

        def add(products: np.ndarray, group: int | None, first: int, last: int) -> None:
            for rows in self._blocks(group, step):
                some = None if weight is None else weight[rows]
                to = products[:, first:last]
                right = old[first:last]
                add_products(self.X, rows, new, right, self.shift, some, to, diagonal - first)

        jobs = [
            partial(add, products, group, *part)
            for products, group in zip(out, groups, strict=True)
            for part in pairwise(bounds)
        ]
        run_jobs(jobs, len(bounds) - 1)
        if among:
            for products in out:
                mirror_lower(products[:, before:])
        return out

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
        m = coefs.shape[0]
        small = self._small is not None and self.codes is None and cols is None
        if small and not predictions and (row_weights == 1.0).all():
            r = self.y[:, targets] - self.y_shift[targets]
            r -= self._small @ coefs.T + intercepts
            squares = np.einsum("im,im->m", r, r)[:, None]
            return Evaluation(r.T @ self._small, r.sum(axis=0), squares)
        corr, total = np.zeros((m, self.n_features)), np.zeros(m)
        loss, y_shift = np.zeros((m, self.n_groups)), self.y_shift[targets]
        fitted = np.empty((self.n_rows, m)) if predictions else None
        in_order = m == self.n_targets and (targets == np.arange(m)).all()
        plain = self.weight is None and self.codes is None and (row_weights == 1.0).all()
        step = self.n_rows
        if cols is not None or self._small is None:
            coefs, cols, step = self._live(coefs, cols)
        buffer = self._buffer(step, whole_rows=cols is None)
        for rows in self._blocks(step=step):
            if cols is None:
                z = self._shifted(rows, buffer)
                fit = z @ coefs.T + intercepts
            else:
                fit = self._fit(rows, cols, coefs) + intercepts
            if fitted is not None:
                fitted[rows] = fit + y_shift
            y = self.y[rows] if in_order else self.y[rows][:, targets]
            r = np.subtract(y - y_shift, fit, out=fit)
            if plain:
                loss[:, 0] += np.einsum("im,im->m", r, r)
            else:
                square = r * r if self.weight is None else r * r * self.weight[rows, None]
                member = None if self.codes is None else membership(self.codes[rows], self.n_groups)
                loss += group_sums(member, square)
                r *= self._row_weights(rows, row_weights)
            total += r.sum(axis=0)
            if cols is None and len(r) == self.n_rows:
                np.matmul(r.T, z, out=corr)
            elif cols is None:
                corr += r.T @ z
            else:
                self._add_correlations(rows, r, buffer, corr)
        return Evaluation(corr, total, loss, fitted)

    def _live(
        self, coefs: np.ndarray, cols: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray | None, int]:
        """Return non-zero coefficients, their columns and the number of rows to take at a time.

        Where most columns are live and rows are contiguous that is all columns (None): rows that
        fit into the cache are then shifted once for both products.
        """
        live = np.flatnonzero(np.any(coefs, axis=0))
        step = self._block_height(len(coefs))
        if self._by_columns or step < FEWEST_ROWS or 2 * live.size < self.n_features:
            return coefs[:, live], live if cols is None else cols[live], self.pass_rows
        if cols is not None:
            every = np.zeros((len(coefs), self.n_features))
            every[:, cols] = coefs
            coefs = every
        return coefs, None, min(self.n_rows, step)

    def _block_height(self, m: int) -> int:
        """Return how many whole rows make a block in a pass for m vectors.

        Rows that are multiplied as they are take no room, their residuals do.
        """
        if m > FEW_VECTORS and self._as_is:
            return BLOCK_BYTES // (8 * max(m, self.n_features))
        return min(BLOCK_BYTES, self.X.nbytes // 8) // (8 * max(m, self.n_features) + 8)

    def _fit(self, rows: slice, cols: np.ndarray, coefs: np.ndarray) -> np.ndarray:
        """Return (x − shift)·b of a block of rows, shape (rows, m); gathers columns in pieces."""
        fit = np.zeros((rows.stop - rows.start, len(coefs)))
        width = max(64, BLOCK_BYTES // (16 * len(fit)))
        for j in range(0, cols.size, width):
            fit += self._gathered(rows, cols[j : j + width]) @ coefs[:, j : j + width].T
        return fit

    def _add_correlations(
        self, rows: slice, r: np.ndarray, buffer: np.ndarray, corr: np.ndarray
    ) -> None:
        """Add (x − shift)ᵀr of a block of rows to `corr` (m, p)."""
        m = r.shape[1]
        if m > FEW_VECTORS and is_fast():
            self._multiply_columns(rows, r, corr)
            return
        if not self._by_columns or (m > FEW_VECTORS and self._as_is):
            for tile in self._tiles(rows, m):
                corr[:, tile] += r.T @ self._shifted(rows, buffer, cols=tile)
            return
        blocks, width = in_eights(r), max(64, int(MOST_FLOPS / (2.0 * r.size + 1.0)))
        for j in range(0, self.n_features, width):
            cols = np.arange(j, min(j + width, self.n_features))
            out = np.zeros((cols.size, blocks.shape[0], 8))
            dot_columns(self.X[rows], cols, self.shift, blocks, out)
            corr[:, j : j + width] += out.reshape(cols.size, -1)[:, :m].T

    def _multiply_columns(self, rows: slice, r: np.ndarray, corr: np.ndarray) -> None:
        """Add (x − shift)ᵀr of a block of rows to `corr` (m, p), in threads that share columns."""
        p, flops = self.n_features, float(r.size) * self.n_features
        parts = product_threads(flops)
        width = max(64, -(-p // parts))
        # what the kernel packs of them at a time fits into a block's room
        width = min(width, BLOCK_BYTES // 4096, max(64, int(MOST_FLOPS / (2.0 * r.size + 1.0))))

        def add(j: int) -> None:
            breathe()
            cols = slice(j, min(j + width, p))
            add_beside(self.X[:, cols], rows, self.shift[cols], r, corr[:, cols])

        run_jobs([partial(add, j) for j in range(0, p, width)], parts)

    def residual_coordinates(
        self,
        cols: np.ndarray,
        coef: np.ndarray,
        mean: np.ndarray,
        intercept: float,
        row_weights: np.ndarray,
        target: int,
    ) -> DenseCoordinates:
        columns, keep = self.columns(cols, mean, row_weights)
        omega = self.omega(row_weights)
        r = (self.y[keep, target] - self.y_shift[target]) - intercept
        for col in np.flatnonzero(coef):
            r -= coef[col] * np.subtract(self.X[keep, col], self.shift[col], dtype=float)
        weight = float(omega.sum())
        diag = np.einsum("ij,ij->j", columns, columns) / weight
        return DenseCoordinates(columns, np.sqrt(omega[keep]) * r, diag, weight)

    def columns(
        self, cols: np.ndarray, mean: np.ndarray, row_weights: np.ndarray, dtype: type = float
    ) -> tuple[np.ndarray, np.ndarray]:
        self.count(self.share(cols))
        omega = self.omega(row_weights)
        keep = np.flatnonzero(omega)
        root = np.sqrt(omega[keep].astype(dtype, copy=False))
        out = np.empty((keep.size, cols.size), dtype, order="F")
        width = TILE_BYTES // (8 * max(1, keep.size)) + 1
        for i in range(0, cols.size, width):
            some = as_slice(cols[i : i + width])
            few = self.X.T[some] if keep.size == self.n_rows else self.X.T[some][:, keep]
            part = out.T[i : i + width]
            np.subtract(few, self.shift[some][:, None], out=part, dtype=dtype)
            part -= mean[some][:, None]
            if self.weight is not None:
                part *= root
        return out, keep

    def _row_gram(
        self, cols: np.ndarray, mean: np.ndarray, row_weights: np.ndarray, inverse: np.ndarray
    ) -> np.ndarray:
        n = np.count_nonzero(self.omega(row_weights))
        out = np.zeros((n, n))
        step = max(16, BLOCK_BYTES // (8 * max(1, n)))
        for i in range(0, cols.size, step):
            breathe()
            block, _ = self.columns(cols[i : i + step], mean, row_weights)
            some = block.T, slice(0, len(block.T)), np.zeros(n), np.sqrt(inverse[i : i + step])
            add_moments(*some, np.empty((len(block.T), 0)), 0, out, np.empty((0, n)))
        mirror_lower(out)
        return out

    def project(self, matrix: np.ndarray, mean: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        self.count(1.0)
        buffer = self._buffer(self.pass_rows)
        for rows in self._blocks(step=self.pass_rows):
            out = np.tile(-(mean @ matrix), (rows.stop - rows.start, 1))
            for tile in self._tiles(rows, matrix.shape[1]):
                out += self._shifted(rows, buffer, cols=tile) @ matrix[tile]
            yield rows, out


def as_slice(numbers: np.ndarray) -> slice | np.ndarray:
    """Return the slice that ascending numbers are, or themselves where they leave some out."""
    first, size = int(numbers[0]), numbers.size
    if np.array_equal(numbers, np.arange(first, first + size)):
        return slice(first, first + size)
    return numbers
