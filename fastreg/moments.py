"""Mergeable sufficient statistics of a linear regression: all that p-space solvers need.

Lowest room of the Python house: arithmetic on arrays, nothing about penalties, tasks or how X is
stored. Designs (`fastreg.designs`) fill a `Moments` block by block; the engine solves from it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np

from fastreg.kernels import products

FORMAT = 1
BAND = 1024  # rows
_ARRAYS = ("shift", "offset", "s_xx", "y_shift", "y_offset", "s_xy", "s_yy")


class Moments:
    """Weight, means and centred cross-products of a set of rows.

    The mean of a column is held as ``shift + offset``, two doubles: the cross-products are
    accumulated about `shift`, a value near the mean, so that a column whose mean is 1e8 times its
    spread loses no digits, and merges compare ``(shift_b - shift_a) + (offset_b - offset_a)``.

    Parameters
    ----------
    n_rows : int
        Number of rows with positive weight.
    weight : float
        Σw.
    shift, offset : ndarray of shape (p,)
        Weighted column mean as a sum of two doubles.
    s_xx : ndarray of shape (p, p) or (p,)
        Σ w (x − x̄)(x − x̄)ᵀ, or only its diagonal (`has_cross` is then False).
    y_shift, y_offset : ndarray of shape (T,)
    s_xy : ndarray of shape (p, T)
        Σ w (x − x̄)(y − ȳ)ᵀ.
    s_yy : ndarray of shape (T,)
        Σ w (y − ȳ)², target by target.

    References
    ----------
    T. F. Chan, G. H. Golub, R. J. LeVeque (1983), Algorithms for computing the sample variance,
    The American Statistician 37(3), equation 2.1b (pairwise merging).
    """

    def __init__(
        self,
        n_rows: int,
        weight: float,
        shift: np.ndarray,
        offset: np.ndarray,
        s_xx: np.ndarray,
        y_shift: np.ndarray,
        y_offset: np.ndarray,
        s_xy: np.ndarray,
        s_yy: np.ndarray,
    ) -> None:
        self.n_rows = int(n_rows)
        self.weight = float(weight)
        self.shift, self.offset, self.s_xx = shift, offset, s_xx
        self.y_shift, self.y_offset, self.s_xy, self.s_yy = y_shift, y_offset, s_xy, s_yy

    @classmethod
    def from_arrays(cls, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Accumulate the moments of X and y in one pass; X is never copied whole.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p)
            Dense (C- or Fortran-ordered, float32 or float64, read-only, memory-mapped) or sparse.
        y : array-like of shape (n,) or (n, T)
        sample_weight : array-like of shape (n,), optional

        Raises
        ------
        ValueError
            NaN or infinity, lengths that do not match, no rows, negative or all-zero weights.
        """
        return cls.from_groups(X, y, None, sample_weight)[0]

    @classmethod
    def from_groups(cls, X: Any, y: Any, groups: Any, sample_weight: Any = None) -> list[Self]:
        """Accumulate one `Moments` for each row group, all in one pass over X.

        Parameters
        ----------
        groups : array-like of shape (n,), int, or None
            Group of each row, 0 … G−1; None puts every row into one group.
        """
        from fastreg.designs import make_design  # designs stand above this room

        return make_design(X, y, sample_weight, groups=groups).moments(cross=True)

    @classmethod
    def empty_like(cls, other: Moments) -> Self:
        """Return the moments of no rows, with the shapes and shifts of `other`."""
        zeros = {name: np.zeros_like(getattr(other, name)) for name in _ARRAYS}
        zeros["shift"], zeros["y_shift"] = other.shift, other.y_shift
        return cls(0, 0.0, **zeros)

    @property
    def n_features(self) -> int:
        """Number of columns of X."""
        return self.shift.shape[0]

    @property
    def n_targets(self) -> int:
        """Number of targets."""
        return self.y_shift.shape[0]

    @property
    def has_cross(self) -> bool:
        """Whether `s_xx` holds all cross-products or only the diagonal."""
        return self.s_xx.ndim == 2

    @property
    def mean(self) -> np.ndarray:
        """Weighted column means, rounded to one double."""
        return self.shift + self.offset

    @property
    def y_mean(self) -> np.ndarray:
        """Weighted target means, rounded to one double."""
        return self.y_shift + self.y_offset

    @property
    def variances(self) -> np.ndarray:
        """Weighted column variances (divided by Σw)."""
        return (self.s_xx.diagonal() if self.has_cross else self.s_xx) / self.weight

    def without_cross(self) -> Self:
        """Return the same with the diagonal of `s_xx` only; the other arrays are shared."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        return type(self)(self.n_rows, self.weight, **arrays | {"s_xx": self.s_xx.diagonal()})

    def copy(self) -> Self:
        """Return a copy that shares no writable array."""
        arrays = {name: getattr(self, name).copy() for name in _ARRAYS}
        return type(self)(self.n_rows, self.weight, **arrays)

    def update(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Add rows; returns self. Same as merging with `from_arrays` of the new rows."""
        return self.merge(type(self).from_arrays(X, y, sample_weight))

    def merge(self, other: Moments) -> Self:
        """Add the rows that `other` summarises; returns self, `other` is unchanged.

        Raises
        ------
        ValueError
            The two have different numbers of columns or targets.
        """
        if not isinstance(other, Moments):
            raise TypeError(f"can only merge Moments with Moments, got {type(other).__name__}")
        if self.s_xx.shape != other.s_xx.shape or self.n_targets != other.n_targets:
            raise ValueError(
                "cannot merge moments of different shapes: "
                f"{self.n_features} columns and {self.n_targets} targets against "
                f"{other.n_features} and {other.n_targets}"
            )
        if other.weight == 0:
            return self
        if self.weight == 0:
            self.__dict__.update(other.copy().__dict__)
            return self
        total = self.weight + other.weight
        # δ = x̄_b − x̄_a;  S += S_b + (W_a W_b / W) δ δᵀ;  x̄ += (W_b / W) δ
        dx = (other.shift - self.shift) + (other.offset - self.offset)
        dy = (other.y_shift - self.y_shift) + (other.y_offset - self.y_offset)
        share, pull = self.weight * (other.weight / total), other.weight / total
        self.s_xx = np.add(self.s_xx, other.s_xx, order="C")
        if self.has_cross:
            add_outer(self.s_xx, share, dx)
        else:
            self.s_xx += share * dx**2
        self.s_xy = self.s_xy + other.s_xy + share * np.outer(dx, dy)
        self.s_yy = self.s_yy + other.s_yy + share * dy**2
        self.offset, self.y_offset = self.offset + pull * dx, self.y_offset + pull * dy
        self.n_rows, self.weight = self.n_rows + other.n_rows, total
        return self

    def __add__(self, other: Moments) -> Moments:
        """Return the moments of both sets of rows together."""
        if not isinstance(other, Moments):
            return NotImplemented
        return self._shallow().merge(other)

    def _shallow(self) -> Moments:
        """Return a second object on the same arrays; `merge` replaces arrays, never writes them."""
        return Moments(self.n_rows, self.weight, **{name: getattr(self, name) for name in _ARRAYS})

    def __repr__(self) -> str:
        return (
            f"Moments({self.n_rows} rows, weight {self.weight:g}, "
            f"{self.n_features} columns, {self.n_targets} target(s))"
        )

    def save(self, path: str | os.PathLike) -> None:
        """Write to an ``.npz`` file of plain arrays (no pickle)."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        with open(path, "wb") as file:
            np.savez(
                file,
                fastreg_moments=np.int64(FORMAT),
                n_rows=np.int64(self.n_rows),
                weight=np.float64(self.weight),
                **arrays,
            )

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            The file is not a file of moments, is of a later format or is damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                found = {name: file[name] for name in file.files}
        except FileNotFoundError:
            raise
        except Exception as error:  # zipfile, zlib and NumPy each raise their own kinds
            raise ValueError(f"{os.fspath(path)}: not a readable file of moments") from error
        missing = {"fastreg_moments", "n_rows", "weight", *_ARRAYS} - found.keys()
        if missing:
            raise ValueError(f"{os.fspath(path)}: not a file of moments, lacks {sorted(missing)}")
        for name, array in found.items():
            vector = name in _ARRAYS
            if array.dtype.kind != "f" and (vector or array.dtype.kind != "i"):
                raise ValueError(f"{os.fspath(path)}: {name} does not hold numbers")
            if array.ndim != (vector if name in ("shift", "y_shift") or not vector else array.ndim):
                raise ValueError(f"{os.fspath(path)}: {name} has shape {array.shape}")
        if found["fastreg_moments"] > FORMAT:
            raise ValueError(
                f"{os.fspath(path)}: moments of format {found['fastreg_moments']}, "
                f"this version of fastreg reads up to {FORMAT}"
            )
        p, t = found["shift"].size, found["y_shift"].size
        shapes = {"offset": (p,), "y_offset": (t,), "s_xy": (p, t), "s_yy": (t,)}
        for name, shape in shapes.items():
            if found[name].shape != shape:
                raise ValueError(f"{os.fspath(path)}: {name} has shape {found[name].shape}")
        if found["s_xx"].shape not in ((p, p), (p,)):
            raise ValueError(f"{os.fspath(path)}: s_xx has shape {found['s_xx'].shape}")
        if not all(np.all(np.isfinite(array)) for array in found.values()) or found["weight"] < 0:
            raise ValueError(f"{os.fspath(path)}: holds a negative weight, NaN or infinity")
        arrays = {name: found[name] for name in _ARRAYS}
        return cls(int(found["n_rows"]), float(found["weight"]), **arrays)


def add_outer(matrix: np.ndarray, scale: float, vector: np.ndarray) -> None:
    """Add ``scale · v vᵀ``, scale ≥ 0, in place; Ctrl-C is seen between bands of rows."""
    if not np.any(vector):
        return
    root = np.sqrt(scale) * vector
    for i in range(0, root.size, BAND):
        products.add_outer(matrix[i : i + BAND], root[i : i + BAND], root)


def merge_all(parts: Iterable[Moments]) -> Moments:
    """Merge pairwise in a fixed order, as a balanced tree."""
    parts = list(parts)
    while len(parts) > 1:
        paired = [a + b for a, b in zip(parts[::2], parts[1::2], strict=False)]
        parts = paired + parts[len(paired) * 2 :]
    return parts[0]


def leave_one_group_out(parts: Sequence[Moments]) -> list[Moments]:
    """Return, for each part, the merge of all others: 3K merges by prefixes and suffixes.

    "Total minus part" would cancel; merging only adds.
    """
    count = len(parts)
    suffix: list[Moments | None] = [None] * (count + 1)
    for k in range(count - 1, 0, -1):
        suffix[k] = parts[k] if suffix[k + 1] is None else parts[k] + suffix[k + 1]
    out: list[Moments] = []
    prefix: Moments | None = None
    for k in range(count):
        after = suffix[k + 1]
        both = [part for part in (prefix, after) if part is not None]
        out.append(both[0] + both[1] if len(both) == 2 else both[0])
        prefix = parts[k] if prefix is None else prefix + parts[k]
    return out
