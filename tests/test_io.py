"""Files of every format become the same columns; what cannot be read is named."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import dump_svmlight_file

from fastreg.io.prepare import prepare
from fastreg.io.tables import read_table

FRAME = pd.DataFrame(
    {
        "size": [1.5, 2.0, np.nan, 4.25],
        "n": [3, 1, 4, 1],
        "old": [True, False, True, True],
        "town": ["Ulm", "Bonn", None, "Ulm"],
    }
)


def write_text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


WRITERS = {
    "t.csv": lambda path: FRAME.to_csv(path, index=False),
    "t.csv.gz": lambda path: FRAME.to_csv(path, index=False),
    "t.tsv": lambda path: FRAME.to_csv(path, index=False, sep="\t"),
    "t.tsv.gz": lambda path: FRAME.to_csv(path, index=False, sep="\t"),
    "T.CSV": lambda path: FRAME.to_csv(path, index=False),
    "t.parquet": lambda path: FRAME.set_index(pd.Index([9, 8, 7, 6])).to_parquet(path),
    "t.feather": lambda path: FRAME.to_feather(path),
    "polars.parquet": lambda path: pl.from_pandas(FRAME).write_parquet(path),
    "polars.feather": lambda path: pl.from_pandas(FRAME).write_ipc(path, compression="lz4"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_table(name, tmp_path):
    WRITERS[name](tmp_path / name)
    table = read_table(tmp_path / name)
    assert table.names == list(FRAME.columns)
    assert table.n_rows == 4
    np.testing.assert_array_equal(table.columns["size"], FRAME["size"])
    np.testing.assert_array_equal(table.columns["n"], [3.0, 1.0, 4.0, 1.0])
    np.testing.assert_array_equal(table.columns["old"], [1.0, 0.0, 1.0, 1.0])
    assert list(table.columns["town"]) == ["Ulm", "Bonn", None, "Ulm"]


def test_csv_numbers_are_read_exactly(tmp_path):
    exponents = np.arange(-500, 500).clip(-300, 300)
    values = np.random.default_rng(0).standard_normal(1000) * 10.0**exponents
    write_text(tmp_path / "t.csv", "a\n" + "\n".join(map(repr, values.tolist())))
    np.testing.assert_array_equal(read_table(tmp_path / "t.csv").columns["a"], values)


def test_csv_details(tmp_path):
    text = '\ufeffa,"b, c",,d\r\n1,"two\nlines",+3,NA\r\n nan ,"say ""x""",4,n/a\r\n'
    table = read_table(write_text(tmp_path / "t.csv", text))
    assert table.names == ["a", "b, c", "column_3", "d"]
    assert list(table.columns["b, c"]) == ["two\nlines", 'say "x"']
    np.testing.assert_array_equal(table.columns["a"], [1, np.nan])
    np.testing.assert_array_equal(table.columns["column_3"], [3, 4])
    assert np.isnan(table.columns["d"]).all()


def test_text_columns_keep_their_spelling(tmp_path):
    path = write_text(tmp_path / "t.csv", "zip,a\n007,1\n010,2\n")
    assert list(read_table(path, text_columns=["zip"]).columns["zip"]) == ["007", "010"]


def test_npz(tmp_path):
    X = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.savez(tmp_path / "t.npz", X=X, y=[1, 2, 3], feature_names=["a", "b"], extra=np.eye(2))
    table = read_table(tmp_path / "t.npz")
    assert (table.names, table.default_target) == (["a", "b", "y"], "y")
    np.testing.assert_array_equal(table.columns["b"], X[:, 1])
    np.savez(tmp_path / "u.npz", X=X)
    assert read_table(tmp_path / "u.npz").names == ["x1", "x2"]


@pytest.mark.parametrize("zero_based", [True, False])
@pytest.mark.parametrize("ending", [".svm", ".svmlight.gz"])
def test_svmlight_columns_are_named_by_the_index_in_the_file(zero_based, ending, tmp_path):
    X = np.array([[1.0, 0, 2], [0, 0, 0], [0, 3, 0]])
    path = tmp_path / f"t{ending}"
    opened = gzip.open if ending.endswith(".gz") else open
    with opened(path, "wb") as file:
        dump_svmlight_file(X, [1, 2, 3], file, zero_based=zero_based)
    table = read_table(path)
    assert table.matrix_names == (("0", "1", "2") if zero_based else ("1", "2", "3"))
    np.testing.assert_array_equal(table.matrix.toarray(), X)
    np.testing.assert_array_equal(table.columns["y"], [1, 2, 3])


def write_whole_file(path: Path) -> None:
    X = np.random.default_rng(0).random((50, 20))
    if path.name.endswith(".npz"):
        np.savez(path, X=X, y=np.arange(50.0))
    elif path.name.endswith(".svm.gz"):
        with gzip.open(path, "wb") as file:
            dump_svmlight_file(X, np.arange(50), file)
    else:
        WRITERS[f"t.{path.name.partition('.')[2]}"](path)


FORMATS = ["a.csv", "a.csv.gz", "a.tsv", "a.parquet", "a.feather", "a.npz", "a.svm.gz", "a.svm"]


@pytest.mark.parametrize("name", FORMATS)
def test_empty_file(name, tmp_path):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ValueError, match=rf"{name}: cannot be read: the file is empty"):
        read_table(tmp_path / name)


@pytest.mark.parametrize("name", FORMATS)
def test_garbage(name, tmp_path):
    (tmp_path / name).write_bytes(bytes(range(256)) * 8)
    with pytest.raises(ValueError, match=rf"{name}: cannot be read: "):
        read_table(tmp_path / name)


@pytest.mark.parametrize(
    "name", [name for name in FORMATS if name not in ("a.csv", "a.tsv", "a.svm")]
)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_file(name, share, tmp_path):
    write_whole_file(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=rf"{name}: cannot be read: "):
        read_table(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", "a,b\n", "has no rows"),
        ("a.csv", "a,b\n1,2\n3\n", "Expected 2 columns, got 1"),
        ("a.csv", "a;b\n1;2\n", "is one column; values must be separated by ','"),
        ("a.tsv", "a,b\n1,2\n", "is one column; values must be separated by"),
        ("a.csv", "a,b,a\n1,2,3\n", "more than one column is named 'a'"),
        ("a.npz", "1,2\n3,4\n", "it is no NPZ file"),
        ("a.svm", "1 1:2\nyes 1:2\n", "could not convert"),
        ("a.svm", "1 2:1 1:1\n", "sorted and unique"),
        ("a.xlsx", "whatever", "unknown format.*\\.parquet"),
        ("table", "a,b\n1,2", "unknown format"),
    ],
)
def test_unreadable_text(name, text, reason, tmp_path):
    with pytest.raises(ValueError, match=f"{name}.*{reason}"):
        read_table(write_text(tmp_path / name, text))


def test_unreadable_places(tmp_path):
    with pytest.raises(ValueError, match=r"no\.csv: there is no such file"):
        read_table(tmp_path / "no.csv")
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(ValueError, match=r"d\.csv: not a file"):
        read_table(tmp_path / "d.csv")


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"y": [1.0]}, "an array named X"),
        ({"X": [1.0, 2.0]}, "X must be a 2-D array"),
        ({"X": [["a"]]}, "X must be a 2-D array of numbers"),
        ({"X": np.array([[{}]], dtype=object)}, "Object arrays cannot be loaded"),
        ({"X": [[1.0]], "y": [1.0, 2.0]}, "y must be 1 numbers"),
        ({"X": [[1.0]], "feature_names": ["a", "b"]}, "feature_names must be 1 strings"),
        ({"X": [[1.0]], "y": [1.0], "feature_names": ["y"]}, "more than one column is named 'y'"),
        ({"X": np.empty((0, 2))}, "has no rows"),
    ],
)
def test_unusable_npz(arrays, reason, tmp_path):
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(ValueError, match=rf"t\.npz.*{reason}"):
        read_table(tmp_path / "t.npz")


def test_columns_that_are_neither_number_nor_text_matter_only_when_used(tmp_path):
    frame = pd.DataFrame({"a": [1, 2], "when": pd.to_datetime(["2020-01-01", "2021-01-01"])})
    frame["pair"] = [[1, 2], [3]]
    frame.to_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert set(table.unusable) == {"when", "pair"}
    with pytest.raises(ValueError, match="column 'when' holds dates or times"):
        prepare(table, target="a", drop=["pair"])
    with pytest.raises(ValueError, match="column 'pair' holds values of type list"):
        prepare(table, target="a", drop=["when"])


def test_latin_1_text_is_named(tmp_path):
    (tmp_path / "t.csv").write_bytes("a,b\n1,é\n2,e\n".encode("latin-1"))
    with pytest.raises(ValueError, match="column 'b' holds bytes that are not UTF-8 text"):
        prepare(read_table(tmp_path / "t.csv"), target="a")
