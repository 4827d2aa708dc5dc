"""What a design is: X, y and row weights behind three verbs, whatever holds them.

The engine touches the data only through `Design`; `fastreg.designs.make_design` chooses the kind.
A design knows no penalty and no task. Centring, standardizing and choosing training rows are
arithmetic on what the verbs return.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np

from fastreg.kernels.coordinates import Coordinates
from fastreg.moments import Moments

_counting = threading.Lock()

MOST_REMEMBERED = 1 << 25  # bytes of one matrix
BLAS_GAIN = 8.0  # multiplications of matrices in the time of one of a long vector


class Evaluation(NamedTuple):
    """One pass over X for m coefficient vectors; see `Design.evaluate`.

    Attributes
    ----------
    corr : ndarray of shape (m, p)
        Σ ω (x − shift) r over all rows, ω the row's weight times its row group's `row_weights`.
    residual_sum : ndarray of shape (m,)
        Σ ω r.
    loss : ndarray of shape (m, G)
        Σ w r² row group by row group, held out or not.
    predictions : ndarray of shape (n, m) or None
    """

    corr: np.ndarray
    residual_sum: np.ndarray
    loss: np.ndarray
    predictions: np.ndarray | None = None


class Design(ABC):
    """X, y and row weights by row group.

    Attributes
    ----------
    n_rows, n_features, n_targets, n_groups : int
    shift : ndarray of shape (p,)
        A value near each column's mean; cross-products are taken about it.
    y_shift : ndarray of shape (T,)
    X, y : matrix of shape (n, p), ndarray of shape (n, T)
    weight : ndarray of shape (n,) or None
        Row weights; None stands for ones.
    codes : ndarray of shape (n,) or None
        Row group of each row; None where there is one group.
    has_rows : bool
        Whether there is more than `moments` and `gram` (not for a `Moments` as input).
    pass_rows : int
        Rows whose residuals a pass holds at a time, about.
    passes : float
        Readings of X so far; columns alone count as their share of X.
    shifts_rows : bool
        Whether products are taken of x − shift, so that they round to the spread of a column and
        not to its mean.
    row_products : type
        What `fastreg.designs.operator` multiplies X with.
    """

    has_rows: ClassVar[bool] = True
    shifts_rows: ClassVar[bool] = True
    row_products: ClassVar[type]
    n_rows: int
    n_features: int
    n_targets: int
    n_groups: int
    pass_rows: int
    X: Any
    y: np.ndarray
    weight: np.ndarray | None
    codes: np.ndarray | None
    shift: np.ndarray
    y_shift: np.ndarray
    passes: float = 0.0
    _row_gram_known: tuple = None, np.empty((0, 0))

    @abstractmethod
    def moments(self, cross: bool) -> list[Moments]:
        """Return one `Moments` a row group: a pass over X, remembered.

        With `cross` all p × p cross-products, else only their diagonal.
        """

    @abstractmethod
    def gram(
        self, new: np.ndarray, old: np.ndarray, row_weights: np.ndarray | None = None
    ) -> np.ndarray:
        """Return Σ w (x_new − shift)(x_old − shift)ᵀ, row group by row group or in all.

        Reads the columns `new` and `old` only, where X is held by columns.

        Parameters
        ----------
        new, old : ndarray of int
            Column numbers.
        row_weights : ndarray of shape (G,), optional
            Multiplies the weights; the sum over all groups is returned then.

        Returns
        -------
        ndarray of shape (G, len(new), len(old)), or (len(new), len(old)) with `row_weights`
        """

    @abstractmethod
    def evaluate(
        self,
        coefs: np.ndarray,
        intercepts: np.ndarray,
        row_weights: np.ndarray,
        targets: np.ndarray,
        cols: np.ndarray | None = None,
        predictions: bool = False,
    ) -> Evaluation:
        """Evaluate r = (y − y_shift) − a − (x − shift)·b for m vectors in one pass over X.

        Parameters
        ----------
        coefs : ndarray of shape (m, k)
            Coefficients of the columns `cols` (of all columns where None).
        intercepts : ndarray of shape (m,)
            a, relative to the shifts.
        row_weights : ndarray of shape (m, G) or (1, G)
            Multiplies the weights in `corr` and `residual_sum` (not in `loss`).
        targets : ndarray of shape (m,), int
            Which column of y each vector predicts.
        """

    @abstractmethod
    def residual_coordinates(
        self,
        cols: np.ndarray,
        coef: np.ndarray,
        mean: np.ndarray,
        intercept: float,
        row_weights: np.ndarray,
        target: int,
    ) -> Coordinates:
        """Return columns `cols` and the residual, ready for descent on the residual.

        Parameters
        ----------
        cols : ndarray of int, shape (k,)
        coef : ndarray of shape (p,)
            All coefficients, to compute the residual from.
        mean : ndarray of shape (p,)
            What to subtract from each column (relative to `shift`), e.g. the training mean.
        intercept : float
            As in `evaluate`.
        row_weights : ndarray of shape (G,)
        """

    @abstractmethod
    def columns(
        self, cols: np.ndarray, mean: np.ndarray, row_weights: np.ndarray, dtype: type = float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return √ω (x − shift − mean) of the columns `cols` for the rows with ω > 0, gathered.

        Parameters
        ----------
        cols : ndarray of int, shape (k,)
        mean : ndarray of shape (p,)
        row_weights : ndarray of shape (G,)
        dtype : type, default=float
            In which it is computed.

        Returns
        -------
        columns : ndarray of shape (n', k), Fortran-ordered
        rows : ndarray of int, shape (n',)
        """

    def row_gram(
        self, cols: np.ndarray, mean: np.ndarray, row_weights: np.ndarray, inverse: np.ndarray
    ) -> np.ndarray:
        """Return K = Z diag(inverse) Zᵀ, Z as `columns` would give it: a pass over X.

        The last one is remembered, if it is not large: a fit on all rows follows leave-one-out.

        Parameters
        ----------
        inverse : ndarray of shape (len(cols),)

        Returns
        -------
        ndarray of shape (n', n'), symmetric
        """
        asked = (cols, mean, row_weights, inverse)
        known, last = self._row_gram_known
        if known is None or not all(map(np.array_equal, known, asked)):
            last = self._row_gram(*asked)
            if last.nbytes > MOST_REMEMBERED:
                return last
            self._row_gram_known = asked, last
        return last.copy(order="K")

    @abstractmethod
    def _row_gram(
        self, cols: np.ndarray, mean: np.ndarray, row_weights: np.ndarray, inverse: np.ndarray
    ) -> np.ndarray:
        """Compute what `row_gram` returns."""

    @abstractmethod
    def project(self, matrix: np.ndarray, mean: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (rows, (x − shift − mean) · matrix), block by block: a pass over X.

        Parameters
        ----------
        matrix : ndarray of shape (p, k)
        mean : ndarray of shape (p,)
        """

    def count(self, passes: float) -> None:
        """Count readings of X, also from several threads."""
        with _counting:
            self.passes += passes

    def share(self, cols: np.ndarray) -> float:
        """Return which part of X some columns are."""
        return cols.size / max(1, self.n_features)

    def move_cost(self, cols: np.ndarray) -> float:
        """Return what moving one of the columns costs: multiplications at the speed of a vector."""
        return 2.0 * self.n_rows

    def pass_cost(self) -> float:
        """Return what eight vectors cost in a pass over X, in the same units."""
        return 2.0 * self.n_rows * self.n_features

    def gram_cost(self, n_columns: int) -> float:
        """Return what the cross-products of some columns cost, in the same units."""
        return self.n_rows * float(n_columns) ** 2 / BLAS_GAIN

    def targets(
        self,
        target: int | np.ndarray,
        intercept: float | np.ndarray,
        row_weights: np.ndarray,
        dtype: type = float,
    ) -> np.ndarray:
        """Return √ω (y − y_shift − intercept) for the rows with ω > 0, shape (n',).

        For targets (m,) and as many intercepts the shape is (m, n').
        """
        omega = self.omega(row_weights)
        keep = np.flatnonzero(omega)
        y = self.y[keep].T[target].astype(dtype, copy=False)
        u = y - np.expand_dims(self.y_shift[target], -1)
        u -= np.expand_dims(intercept, -1)
        return u * np.sqrt(omega[keep].astype(dtype, copy=False))

    def without(self, row: int) -> Design:
        """Return the same design with the weight of one row set to 0."""
        weight = np.ones(self.n_rows) if self.weight is None else self.weight.copy()
        weight[row] = 0.0
        return type(self)(self.X, self.y, weight, self.codes, self.n_groups)

    def omega(self, row_weights: np.ndarray) -> np.ndarray:
        """Return each row's weight times the factor of its row group, shape (n,)."""
        weight = np.ones(self.n_rows) if self.weight is None else self.weight
        return weight * (row_weights[0] if self.codes is None else row_weights[self.codes])


def membership(codes: np.ndarray, n_groups: int) -> np.ndarray:
    """Return whether each row belongs to each group, shape (n, G), as 0 and 1."""
    return (codes[:, None] == np.arange(n_groups)).astype(float)


def group_sums(member: np.ndarray | None, values: np.ndarray) -> np.ndarray:
    """Return the sums of the rows of `values` (n, m) by group, shape (m, G).

    Parameters
    ----------
    member : ndarray of shape (n, G), or None where there is one group
        As `membership` returns it.
    """
    return values.sum(axis=0)[:, None] if member is None else values.T @ member
