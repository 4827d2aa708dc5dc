"""From the columns of a table to the design matrix, the same way for fitting and for predicting.

An `Encoding` is the part of a model that says which columns it wants, by name, and what becomes of
each. A numeric column is one feature; a categorical column with levels l0 < l1 < ... is one
indicator for each level but the first, which is the reference. Missing values stay NaN in the
matrix (in all indicators of a categorical column), so that one rule, the mean of the feature, fills
both kinds.
"""

from __future__ import annotations

import difflib
import math
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .tables import Table

Matrix = np.ndarray | sparse.csr_array

_TRUTH = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True)
class InputColumn:
    """One column of the table and the features it becomes.

    Attributes
    ----------
    name : str
        The column's name in the table.
    levels : tuple of str, or None
        None for a numeric column. Else the levels; the first is the reference, without a feature.
    """

    name: str
    levels: tuple[str, ...] | None = None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """``name``, or ``name=level`` for every level but the reference."""
        if self.levels is None:
            return (self.name,)
        return tuple(f"{self.name}={level}" for level in self.levels[1:])


@dataclass(frozen=True)
class Encoding:
    """The columns a model takes, in the order of its coefficients."""

    inputs: tuple[InputColumn, ...]

    @property
    def feature_names(self) -> list[str]:
        """Names of the columns of `matrix`."""
        return [feature for column in self.inputs for feature in column.feature_names]

    @property
    def text_columns(self) -> list[str]:
        """Names of the categorical columns."""
        return [column.name for column in self.inputs if column.levels is not None]

    def matrix(self, table: Table) -> Matrix:
        """Encode a table.

        Parameters
        ----------
        table : Table
            Any order of columns; columns the encoding does not know are ignored.

        Returns
        -------
        ndarray of shape (n_rows, n_features), or csr_array if the table is sparse
            Missing values are NaN.

        Raises
        ------
        ValueError
            Naming the columns that are absent, that hold text where numbers are expected, infinite
            values, or levels that the encoding does not know.
        """
        _refuse_absent(table, [column.name for column in self.inputs])
        X = self._dense(table) if table.matrix is None else self._sparse(table)
        _refuse_infinite(table.source, X, self.feature_names)
        return X

    def unknown_levels(self, table: Table) -> tuple[np.ndarray, dict[str, int]]:
        """Return which rows have levels that the encoding does not know, and how many by column."""
        unknown, counts = np.zeros(table.n_rows, dtype=bool), {}
        for column in self.inputs:
            if column.levels is not None:
                known = {*column.levels, None}
                own = np.array([text not in known for text in _texts(table, column.name)], bool)
                if own.any():
                    counts[column.name] = int(np.count_nonzero(own))
                    unknown |= own
        return unknown, counts

    def _dense(self, table: Table) -> np.ndarray:
        # Fortran order: every column is written once, contiguously.
        X = np.empty((table.n_rows, len(self.feature_names)), order="F")
        j = 0
        for column in self.inputs:
            if column.levels is None:
                X[:, j] = numeric_column(table, column.name)
            else:
                codes = _codes(table, column)
                for code in range(1, len(column.levels)):
                    X[:, j + code - 1] = np.where(codes < 0, np.nan, codes == code)
            j += len(column.feature_names)
        return X

    def _sparse(self, table: Table) -> sparse.csr_array:
        if self.text_columns:
            raise ValueError(
                f"{table.source}: a sparse table cannot hold the categorical column "
                f"{self.text_columns[0]!r}"
            )
        assert table.matrix is not None
        stored = {name: j for j, name in enumerate(table.matrix_names)}
        names = [column.name for column in self.inputs]
        # Columns are picked by a product with a 0/1 matrix: an index that the file never mentions
        # has no entry there, hence becomes a column of zeros.
        to = [j for j, name in enumerate(names) if name in stored]
        pick = sparse.csr_array(
            (np.ones(len(to)), ([stored[names[j]] for j in to], to)),
            shape=(len(stored), len(names)),
        )
        X = table.matrix @ pick
        for j, name in enumerate(names):
            if name in table.columns:
                rows = np.flatnonzero(table.columns[name])
                entries = (table.columns[name][rows], (rows, np.full(len(rows), j)))
                X = X + sparse.csr_array(entries, shape=X.shape)
        X = sparse.csr_array(X)
        if max(X.nnz, *X.shape) < 2**31:
            # Products come with 64-bit indices, which few estimators accept.
            X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
        return X


def learn_encoding(table: Table, names: Sequence[str], categorical: Sequence[str]) -> Encoding:
    """Decide what becomes of each column.

    Parameters
    ----------
    table : Table
        The rows that the model is about.
    names : sequence of str
        The columns to use.
    categorical : sequence of str
        Those that are categorical even if they look like numbers.

    Returns
    -------
    Encoding

    Raises
    ------
    ValueError
        If a column mixes numbers with text, has too many levels, or if two features would get the
        same name.
    """
    inputs = []
    for name in names:
        if table.matrix is not None and name not in categorical:
            inputs.append(InputColumn(name))
        elif _is_categorical(table, name, name in categorical):
            inputs.append(InputColumn(name, _levels(table, name)))
        else:
            inputs.append(InputColumn(name))
    encoding = Encoding(tuple(inputs))
    repeated = [name for name, count in Counter(encoding.feature_names).items() if count > 1]
    if repeated:
        raise ValueError(f"{table.source}: two features would be named {repeated[0]!r}")
    return encoding


def numeric_column(table: Table, name: str, role: str = "numeric") -> np.ndarray:
    """A column as float64 with NaN for missing; text in it is an error that shows the first.

    Parameters
    ----------
    table : Table
        Where to look.
    name : str
        A dense or a sparse column.
    role : str
        What the column is for; the error says so.

    Returns
    -------
    ndarray of shape (n_rows,)
        Possibly a read-only view.
    """
    _refuse_absent(table, [name])
    if name in table.matrix_names:
        assert table.matrix is not None
        return table.matrix[:, [table.matrix_names.index(name)]].toarray().ravel()
    values = table.columns.get(name)
    if values is None:  # a sparse file that never mentions this index
        return np.zeros(table.n_rows)
    if values.dtype != object:
        return values
    numbers, is_text = _parse(values)
    if is_text.any():
        raise ValueError(f"{table.source}: {_text_found(name, values, is_text, role)}")
    return numbers


def as_argument(name: str) -> str:
    """Write a column's name as the shell has to see it after --drop or --categorical."""
    if any(mark in name for mark in ',"') or name != name.strip():
        name = '"' + name.replace('"', '""') + '"'
    return shlex.quote(name)


def missing_mask(values: np.ndarray) -> np.ndarray:
    """True where a column of a Table has no value."""
    if values.dtype == object:
        return np.array([value is None for value in values], dtype=bool)
    return np.isnan(values)


def _refuse_absent(table: Table, names: Sequence[str], remedy: str = "") -> None:
    for name in names:
        if name in table.unusable:
            raise ValueError(
                f"{table.source}: column {name!r} holds {table.unusable[name]}, "
                f"which is neither a number nor a category{remedy}"
            )
    absent = [name for name in names if name not in table.columns]
    if table.matrix is not None:
        known = {*table.matrix_names}
        absent = [name for name in absent if name not in known]
        absent = [name for name in absent if not name.isdecimal()]
    if absent:
        few = ", ".join(map(repr, absent[:10])) + (", ..." if len(absent) > 10 else "")
        hint = _similar(absent[0], table.names) if len(absent) == 1 else ""
        words = "is no column" if len(absent) == 1 else "are no columns"
        raise ValueError(f"{table.source}: there {words} {few}{hint}")


def _similar(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if close:
        return f"; did you mean {' or '.join(map(repr, close))}?"
    few = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"; the columns are {few}"


def _refuse_infinite(source: str, X: Matrix, names: list[str]) -> None:
    if sparse.issparse(X):
        counts = np.bincount(X.indices[np.isinf(X.data)], minlength=X.shape[1])
    else:
        counts = np.array([np.count_nonzero(np.isinf(column)) for column in X.T])
    if counts.any():
        found = ", ".join(f"{names[j]!r} ({counts[j]})" for j in np.flatnonzero(counts)[:10])
        raise ValueError(f"{source}: infinite values in column {found}")


def _parse(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers in a text column (NaN elsewhere), and where there is text that is no number."""
    known: dict[str | None, float | None] = {None: np.nan}
    for value in values:
        if value not in known:
            known[value] = _number(value)
    parsed = [known[value] for value in values]
    is_text = np.array([number is None for number in parsed], dtype=bool)
    return np.array([np.nan if number is None else number for number in parsed]), is_text


def _number(text: str) -> float | None:
    text = text.strip().lower()
    if text in _TRUTH:
        return _TRUTH[text]
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _text_found(name: str, values: np.ndarray, is_text: np.ndarray, role: str) -> str:
    first = int(np.argmax(is_text))
    return (
        f"text in the {role} column {name!r}: {values[first]!r} in data row {first + 1} "
        f"({np.count_nonzero(is_text)} of {len(values)} rows)"
    )


def _is_categorical(table: Table, name: str, declared: bool) -> bool:
    _refuse_absent(table, [name], f"; leave it out with --drop {as_argument(name)}")
    if declared or name in table.categories:
        return True
    values = table.columns[name]
    if values.dtype != object:
        return False
    _, is_text = _parse(values)
    n_text = np.count_nonzero(is_text)
    n_present = np.count_nonzero(~missing_mask(values))
    # Text beside at least as many numbers is more likely a slip ("12a", "?") than a category.
    if 0 < n_text <= n_present / 2:
        raise ValueError(
            f"{table.source}: {_text_found(name, values, is_text, 'numeric')}; correct it, or say "
            f"--categorical {as_argument(name)} if these are names of categories"
        )
    return n_text > 0


def _texts(table: Table, name: str) -> np.ndarray:
    """A column as text (None for missing); whole numbers are written without a point."""
    if name in table.matrix_names:
        raise ValueError(f"{table.source}: the sparse column {name!r} cannot be categorical")
    values = table.columns[name]
    if values.dtype == object:
        return values
    return np.array([_written(value) for value in values.tolist()], dtype=object)


def _written(value: float) -> str | None:
    if math.isnan(value):
        return None
    return str(int(value)) if value.is_integer() else repr(value)


def _levels(table: Table, name: str) -> tuple[str, ...]:
    levels = sorted({text for text in _texts(table, name) if text is not None})
    # A few levels are fine in any table; beyond that they must repeat, or the column is a label.
    if len(levels) > 100 or len(levels) > max(10, table.n_rows / 2):
        raise ValueError(
            f"{table.source}: the text column {name!r} has {len(levels)} different values in "
            f"{table.n_rows} rows (such as {levels[-1]!r}), too many for a category; leave it out "
            f"with --drop {as_argument(name)}"
        )
    return tuple(levels)


def _codes(table: Table, column: InputColumn) -> np.ndarray:
    """Position of each row's level among the levels; -1 where it is missing."""
    assert column.levels is not None
    position: dict[str | None, int] = {level: i for i, level in enumerate(column.levels)}
    position[None] = -1
    texts = _texts(table, column.name)
    unknown = Counter(text for text in texts if text not in position)
    if unknown:
        found = ", ".join(f"{level!r} ({count})" for level, count in unknown.most_common(5))
        known = ", ".join(map(repr, column.levels[:12])) + (", ..." * (len(column.levels) > 12))
        raise ValueError(
            f"{table.source}: column {column.name!r} has levels the model does not know: {found}; "
            f"it knows {known}"
        )
    return np.array([position[text] for text in texts], dtype=np.intp)
