"""Choose target, weights, columns and rows of a table; fill or refuse missing values.

The order matters for honesty: means that fill missing values come from the training rows alone, so
`prepare` only leaves rows out, and `feature_means` and `fill_missing` are called after the split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .encoding import Encoding, Matrix, as_argument, learn_encoding, numeric_column
from .tables import Table


@dataclass(frozen=True)
class Prepared:
    """What a fit works on.

    Attributes
    ----------
    source : str
        The table's name.
    target, weights : str, str or None
        Names of these columns.
    X : ndarray or csr_array of shape (n_rows, n_features)
        NaN only where ``missing="mean"`` allows it.
    y : ndarray of shape (n_rows,)
        Target.
    sample_weight : ndarray of shape (n_rows,) or None
        Row weights.
    encoding : Encoding
        How `X` came about.
    rows : ndarray of shape (n_read,), bool
        The rows of the table that are in use.
    n_read : int
        Rows of the table.
    missing_target : int
        Rows left out because they have no target or no weight.
    missing_features : int
        Further rows left out because a column has no value.
    missing : dict of str to int
        Missing values of the rows in use, by table column.
    """

    source: str
    target: str
    weights: str | None
    X: Matrix
    y: np.ndarray
    sample_weight: np.ndarray | None
    encoding: Encoding
    rows: np.ndarray
    n_read: int
    missing_target: int
    missing_features: int
    missing: dict[str, int]


def prepare(
    table: Table,
    *,
    target: str | None = None,
    weights: str | None = None,
    drop: Sequence[str] = (),
    categorical: Sequence[str] = (),
    missing: str | None = None,
) -> Prepared:
    """Turn a table into numbers to fit.

    Parameters
    ----------
    table : Table
        What was read.
    target : str or None
        The column to predict; None means the one the format provides.
    weights : str or None
        The column of row weights.
    drop, categorical : sequence of str
        Columns to leave out, and columns to treat as categories.
    missing : {"drop", "mean"} or None
        None refuses missing values. "drop" leaves out the rows that have any. "mean" keeps them
        (as NaN) unless it is target or weight that is missing: these are never made up.

    Returns
    -------
    Prepared

    Raises
    ------
    ValueError
        Naming the column or option at fault.
    """
    target = target or table.default_target
    if target is None:
        raise ValueError(f"{table.source}: say which column to predict with --target COLUMN")
    names = _feature_columns(table, target, weights, drop, categorical)
    y = _present(table, target, "target")
    w = None if weights is None else _present(table, weights, "weights")
    if w is not None and np.any(w < 0):
        raise ValueError(f"{table.source}: the weights column {weights!r} has negative values")
    encoding = learn_encoding(table, names, categorical)
    X = encoding.matrix(table)
    usable = ~np.isnan(y) if w is None else ~(np.isnan(y) | np.isnan(w))
    if missing is None:
        _refuse_missing(table.source, X, encoding, {target: y, weights: w})
    keep = usable & ~_rows_with_missing(X) if missing == "drop" else usable
    if not keep.all():
        _refuse_nothing_left(table, keep)
        # Levels that only rows left out had would become columns of zeros.
        encoding = learn_encoding(table.take(keep), names, categorical)
        X = encoding.matrix(table.take(keep))
    if not encoding.feature_names:
        few = ", ".join(map(repr, names[:10]))
        raise ValueError(
            f"{table.source}: nothing is left to predict {target!r} from: {few} has the same value "
            "in all rows"
        )
    if w is not None and not np.any(w[keep] > 0):
        raise ValueError(f"{table.source}: all weights in column {weights!r} are zero")
    n_target = int(np.count_nonzero(~usable))
    return Prepared(
        source=table.source,
        target=target,
        weights=weights,
        X=X,
        y=np.array(y[keep]),
        sample_weight=None if w is None else np.array(w[keep]),
        encoding=encoding,
        rows=keep,
        n_read=table.n_rows,
        missing_target=n_target,
        missing_features=int(np.count_nonzero(~keep)) - n_target,
        missing=missing_counts(X, encoding),
    )


def missing_counts(X: Matrix, encoding: Encoding) -> dict[str, int]:
    """Number of missing values by table column, for the columns that have any."""
    if sparse.issparse(X):
        counts = np.bincount(X.indices[np.isnan(X.data)], minlength=X.shape[1])
    else:
        counts = np.array([np.count_nonzero(np.isnan(column)) for column in X.T], dtype=np.intp)
    found = {}
    j = 0
    for column in encoding.inputs:
        if column.feature_names and counts[j]:
            found[column.name] = int(counts[j])
        j += len(column.feature_names)
    return found


def describe_counts(counts: dict[str, int]) -> str:
    """Columns and counts in words: ``column 'a' (3), 'b' (1)``."""
    few = [f"{name!r} ({count})" for name, count in list(counts.items())[:30]]
    rest = f" and {len(counts) - 30} more" if len(counts) > 30 else ""
    return f"column{'s' if len(counts) > 1 else ''} {', '.join(few)}{rest}"


def feature_means(X: Matrix, sample_weight: np.ndarray | None, names: list[str]) -> np.ndarray:
    """Weighted mean of the values that are present, for every feature.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n_rows, n_features)
        Training rows, NaN where missing.
    sample_weight : ndarray of shape (n_rows,) or None
        Row weights.
    names : list of str
        Feature names, for the error.

    Returns
    -------
    ndarray of shape (n_features,)

    Raises
    ------
    ValueError
        If a feature has no value (or only values of weight zero).
    """
    w = np.ones(X.shape[0]) if sample_weight is None else sample_weight
    if sparse.issparse(X):
        absent = np.isnan(X.data)
        row = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
        products = w[row] * np.where(absent, 0.0, X.data)
        total = np.bincount(X.indices, products, minlength=X.shape[1])
        lost = np.bincount(X.indices, w[row] * absent, minlength=X.shape[1])
        weight = w.sum() - lost
        weight[np.bincount(X.indices, absent, minlength=X.shape[1]) == X.shape[0]] = 0.0
    else:
        total, weight = np.empty(X.shape[1]), np.empty(X.shape[1])
        for j, column in enumerate(X.T):
            present = ~np.isnan(column)
            total[j] = w[present] @ column[present]
            weight[j] = w[present].sum()
    if not np.all(weight > 0):
        empty = names[int(np.argmin(weight))]
        raise ValueError(
            f"{empty!r} has no value in the training rows, so it has no mean: leave it out with "
            f"--drop"
        )
    return total / weight


def fill_missing(X: Matrix, means: np.ndarray) -> Matrix:
    """A copy of `X` with NaN replaced by the means of the features; `X` itself if there is none."""
    if sparse.issparse(X):
        absent = np.isnan(X.data)
        if not absent.any():
            return X
        data = np.where(absent, means[X.indices], X.data)
        return sparse.csr_array((data, X.indices, X.indptr), shape=X.shape)
    if not any(np.isnan(column).any() for column in X.T):
        return X
    filled = X.copy(order="F")
    for j, column in enumerate(filled.T):
        column[np.isnan(column)] = means[j]
    return filled


def _feature_columns(
    table: Table,
    target: str,
    weights: str | None,
    drop: Sequence[str],
    categorical: Sequence[str],
) -> list[str]:
    numeric_column(table, target, "target")
    for option, names in (("--drop", drop), ("--categorical", categorical)):
        unknown = [name for name in names if name not in table.names]
        if unknown:
            raise ValueError(
                f"{table.source}: {option} names {', '.join(map(repr, unknown))}, "
                f"which the table does not have{_quoting(table, option, unknown[0])}"
            )
    once = {"--weights": [weights], "--drop": drop, "--categorical": categorical}
    for option, names in once.items():
        if target in names:
            raise ValueError(f"the target {target!r} cannot also be given to {option}")
    if weights in drop:
        raise ValueError(f"the weights column {weights!r} cannot also be given to --drop")
    left_out = {target, weights, *drop}
    names = [name for name in table.names if name not in left_out]
    if not names:
        raise ValueError(f"{table.source}: no column is left to predict {target!r} from")
    return names


def _quoting(table: Table, option: str, part: str) -> str:
    """Say how to write the name that a comma has split, if `part` is a part of one."""
    whole = [name for name in table.names if "," in name and part in name]
    if not whole:
        return ""
    return f"; for one name with a comma in it write {option} {as_argument(whole[0])}"


def _present(table: Table, name: str, role: str) -> np.ndarray:
    """The column of the target or the weights: finite where it has a value, and it has one."""
    values = numeric_column(table, name, role)
    where = f"the {role} column {name!r}"
    if np.isinf(values).any():
        n_infinite = np.count_nonzero(np.isinf(values))
        raise ValueError(f"{table.source}: infinite values in {where} ({n_infinite})")
    if np.isnan(values).all():
        raise ValueError(f"{table.source}: {where} has no values")
    return values


def _refuse_missing(
    source: str, X: Matrix, encoding: Encoding, others: dict[str | None, np.ndarray | None]
) -> None:
    """Name the columns with missing values, and what would help with them."""
    counts = missing_counts(X, encoding)
    empty = [name for name, count in counts.items() if count == X.shape[0]]
    if empty:
        raise ValueError(
            f"{source}: column {empty[0]!r} has no values; leave it out with --drop "
            f"{as_argument(empty[0])}"
        )
    remedy = "--missing drop leaves out the rows that have any"
    if counts:
        remedy += ", --missing mean fills in the mean of the column"
    for name, values in others.items():
        if name is not None and values is not None and np.isnan(values).any():
            counts[name] = int(np.count_nonzero(np.isnan(values)))
    if counts:
        raise ValueError(f"{source}: missing values in {describe_counts(counts)}; {remedy}")


def _rows_with_missing(X: Matrix) -> np.ndarray:
    if sparse.issparse(X):
        row = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
        return np.bincount(row, np.isnan(X.data), minlength=X.shape[0]) > 0
    found = np.zeros(X.shape[0], dtype=bool)
    for column in X.T:
        found |= np.isnan(column)
    return found


def _refuse_nothing_left(table: Table, keep: np.ndarray) -> None:
    if not keep.any():
        raise ValueError(f"{table.source}: every row has a missing value; none is left to fit")
