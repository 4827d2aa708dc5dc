"""Read a file into a `Table`: named columns of numbers or text, whatever the format.

The format is chosen by the file's name and nowhere else (`_reader_for`). What the columns mean,
which one is the target and what a missing value does is decided next door, in ``prepare``.
"""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from .extras import require

# Spellings of a missing value. "None" and "?" are left out: the one is a plausible category, and
# the other is better named in an error than guessed at.
MISSING = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "<NA>")

_BROKEN = (ValueError, OSError, EOFError, KeyError, OverflowError, zlib.error, zipfile.BadZipFile)


@dataclass(frozen=True)
class Table:
    """The columns of one file.

    Attributes
    ----------
    source : str
        The file's name as the user gave it; error messages begin with it.
    n_rows : int
        Number of rows.
    columns : dict of str to ndarray of shape (n_rows,)
        float64 with NaN for missing, or object (str, None for missing).
    unusable : dict of str to str
        Columns that were seen but hold neither numbers nor text, with what they hold. They matter
        only if somebody asks for them.
    matrix : csr_array of shape (n_rows, n_features) or None
        Sparse columns (svmlight), beside `columns`.
    matrix_names : tuple of str
        Names of the columns of `matrix`: the indices as written in the file.
    categories : frozenset of str
        Text columns that the file itself declares to be categories, whatever they look like.
    default_target : str or None
        The column that is the target in formats that have a place for it (``"y"``).
    """

    source: str
    n_rows: int
    columns: dict[str, np.ndarray]
    unusable: dict[str, str] = field(default_factory=dict)
    matrix: sparse.csr_array | None = None
    matrix_names: tuple[str, ...] = ()
    categories: frozenset[str] = frozenset()
    default_target: str | None = None

    @property
    def names(self) -> list[str]:
        """All column names, in the order of the file."""
        return [*self.columns, *self.unusable, *self.matrix_names]

    def take(self, rows: np.ndarray) -> Table:
        """The table of the rows where the boolean mask `rows` is true."""
        if rows.all():
            return self
        return replace(
            self,
            n_rows=int(np.count_nonzero(rows)),
            columns={name: values[rows] for name, values in self.columns.items()},
            matrix=None if self.matrix is None else self.matrix[rows],
        )


def read_table(path: str | Path, *, text_columns: Collection[str] = ()) -> Table:
    """Read CSV, TSV, Parquet, Feather, NPZ or svmlight, told apart by the file's name.

    Parameters
    ----------
    path : str or Path
        ``.csv``, ``.tsv``, ``.svm``, ``.svmlight`` and ``.libsvm`` may be followed by ``.gz``.
    text_columns : collection of str
        Columns that are text even if every value looks like a number (CSV and TSV keep the
        spelling: ``007`` stays ``007``).

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        Naming the file and the reason: not there, unknown format, damaged, or without rows.
    """
    path = Path(path)
    reader = _reader_for(path)
    if not path.exists():
        raise ValueError(f"{path}: there is no such file")
    if not path.is_file():
        raise ValueError(f"{path}: not a file")
    try:
        if path.stat().st_size == 0:
            raise ValueError("the file is empty")
        table = reader(path, frozenset(text_columns))
    except PermissionError as error:
        raise ValueError(f"{path}: permission to read it is missing") from error
    except _BROKEN as error:
        reason = str(error) or type(error).__name__
        raise ValueError(f"{path}: cannot be read: {reason}") from error
    if table.n_rows == 0:
        raise ValueError(f"{path}: the table has no rows")
    return table


def _reader_for(path: Path) -> Callable[[Path, frozenset[str]], Table]:
    name = path.name.lower()
    for endings, reader in _READERS.items():
        if name.endswith(endings):
            return reader
    known = ", ".join(ending for endings in _READERS for ending in endings)
    raise ValueError(f"{path}: unknown format; the file's name must end in one of {known}")


def _read_delimited(path: Path, text_columns: frozenset[str], *, delimiter: str) -> Table:
    pyarrow = require("pyarrow", f"reading {path.name}")
    csv = require("pyarrow.csv", f"reading {path.name}")
    compression = "gzip" if path.suffix.lower() == ".gz" else None
    with pyarrow.input_stream(str(path), compression=compression) as stream:
        content = csv.read_csv(
            stream,
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types={name: pyarrow.string() for name in text_columns},
                null_values=list(MISSING),
                strings_can_be_null=True,
            ),
        )
    names = content.column_names
    if len(names) == 1 and any(mark in names[0] for mark in ";\t,"):
        raise ValueError(
            f"the header {names[0]!r} is one column; values must be separated by {delimiter!r}"
        )
    return _from_arrow(str(path), content)


def _read_parquet(path: Path, text_columns: frozenset[str]) -> Table:
    parquet = require("pyarrow.parquet", f"reading {path.name}")
    # A ParquetFile reads this one file; read_table would also take folder names for columns.
    with parquet.ParquetFile(path) as file:
        return _from_arrow(str(path), file.read())


def _read_feather(path: Path, text_columns: frozenset[str]) -> Table:
    feather = require("pyarrow.feather", f"reading {path.name}")
    return _from_arrow(str(path), feather.read_table(path, memory_map=False))


def _from_arrow(source: str, content: Any) -> Table:
    """Turn a pyarrow.Table into a Table."""
    names = [name or f"column_{i}" for i, name in enumerate(content.column_names, start=1)]
    _refuse_repeated(names)
    columns: dict[str, np.ndarray] = {}
    unusable: dict[str, str] = {}
    categories = set()
    is_dictionary = require("pyarrow", "this format").types.is_dictionary
    for name, column in zip(names, content.columns, strict=True):
        if name.startswith("__index_level_") and name.endswith("__"):
            continue  # the row labels of a pandas data frame
        values = _from_arrow_column(column)
        if isinstance(values, str):
            unusable[name] = values
            continue
        columns[name] = values
        if is_dictionary(column.type) and values.dtype == object:
            categories.add(name)
    return Table(source, content.num_rows, columns, unusable, categories=frozenset(categories))


def _from_arrow_column(column: Any) -> np.ndarray | str:
    """One pyarrow.ChunkedArray as float64 or object array, or the name of what it holds."""
    pyarrow = require("pyarrow", "this format")
    compute = require("pyarrow.compute", "this format")
    types = pyarrow.types
    kind = column.type
    if types.is_dictionary(kind):
        kind = kind.value_type
        column = column.cast(kind)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        if types.is_string_view(kind):  # pyarrow 16 reads views, but casts none
            column = pyarrow.array(column.to_numpy(zero_copy_only=False), pyarrow.large_string())
        column = column.cast(pyarrow.large_string())
        absent = compute.is_in(column, value_set=pyarrow.array(MISSING, pyarrow.large_string()))
        column = compute.if_else(absent, pyarrow.scalar(None, pyarrow.large_string()), column)
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=object)
    if (
        types.is_null(kind)
        or types.is_boolean(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_decimal(kind)
    ):
        values = column.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False)
        return np.asarray(values, dtype=np.float64)
    if types.is_temporal(kind):
        return f"dates or times ({kind})"
    if types.is_binary(kind) or types.is_large_binary(kind):
        return "bytes that are not UTF-8 text"
    return f"values of type {kind}"


def _read_npz(path: Path, text_columns: frozenset[str]) -> Table:
    if not zipfile.is_zipfile(path):  # NumPy takes anything else for a pickle
        raise ValueError("it is no NPZ file, or is damaged")
    with np.load(path, allow_pickle=False) as arrays:
        if "X" not in arrays:
            raise ValueError("it must hold an array named X (and y, feature_names)")
        X = arrays["X"]
        y = arrays.get("y")
        names = arrays.get("feature_names")
    if X.ndim != 2 or X.dtype.kind not in "fiub":
        raise ValueError(f"X must be a 2-D array of numbers, not {X.ndim}-D of type {X.dtype}")
    if names is None:
        names = np.array([f"x{j}" for j in range(1, X.shape[1] + 1)])
    if names.shape != (X.shape[1],) or names.dtype.kind != "U":
        raise ValueError(f"feature_names must be {X.shape[1]} strings, one for each column of X")
    # Fortran order makes every column one contiguous view.
    X = np.asarray(X, dtype=np.float64, order="F")
    names = [str(name) for name in names]
    columns = {name: X[:, j] for j, name in enumerate(names)}
    if y is not None:
        if y.shape != X.shape[:1] or y.dtype.kind not in "fiub":
            raise ValueError(f"y must be {X.shape[0]} numbers, one for each row of X")
        names.append("y")
        columns["y"] = y.astype(np.float64)
    _refuse_repeated(names)
    return Table(str(path), X.shape[0], columns, default_target="y")


def _read_svmlight(path: Path, text_columns: frozenset[str]) -> Table:
    from sklearn.datasets import load_svmlight_file

    # With zero_based=True a column keeps the index that is written in the file, so that names agree
    # between a file for training and one for prediction. Files that count from one leave column 0
    # empty.
    matrix, y = load_svmlight_file(str(path), zero_based=True)
    matrix = sparse.csr_array(matrix)
    names = [str(j) for j in range(matrix.shape[1])]
    if matrix.shape[1] > 1 and not np.any(matrix.indices == 0):
        matrix, names = matrix[:, 1:], names[1:]
    return Table(
        str(path),
        matrix.shape[0],
        {"y": y.astype(np.float64)},
        matrix=matrix,
        matrix_names=tuple(names),
        default_target="y",
    )


def _refuse_repeated(names: list[str]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(f"more than one column is named {', '.join(map(repr, repeated))}")


_READERS: dict[tuple[str, ...], Callable[[Path, frozenset[str]], Table]] = {
    (".csv", ".csv.gz"): partial(_read_delimited, delimiter=","),
    (".tsv", ".tsv.gz"): partial(_read_delimited, delimiter="\t"),
    (".parquet",): _read_parquet,
    (".feather",): _read_feather,
    (".npz",): _read_npz,
    (".svm", ".svmlight", ".libsvm", ".svm.gz", ".svmlight.gz", ".libsvm.gz"): _read_svmlight,
}
