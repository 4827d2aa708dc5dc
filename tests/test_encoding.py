"""Columns become numbers: categories, text, missing and infinite values, choice of columns."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from fastreg.io.encoding import Encoding, InputColumn, learn_encoding
from fastreg.io.experiment import _degenerate, mean_and_sd
from fastreg.io.prepare import feature_means, fill_missing, missing_counts, prepare
from fastreg.io.tables import read_table


def test_categories_become_indicators_without_the_first_level(table_of):
    table = table_of(town=["Ulm", "Bonn", None, "Köln"], x=[1, 2, 3, 4])
    encoding = learn_encoding(table, ["town", "x"], [])
    assert encoding.inputs[0].levels == ("Bonn", "Köln", "Ulm")
    assert encoding.feature_names == ["town=Köln", "town=Ulm", "x"]
    expected = [[0, 1, 1], [0, 0, 2], [np.nan, np.nan, 3], [1, 0, 4]]
    np.testing.assert_array_equal(encoding.matrix(table), expected)
    assert missing_counts(encoding.matrix(table), encoding) == {"town": 1}


def test_declared_categories_look_like_numbers(tmp_path, table_of):
    table = table_of(zone=[3, 1, 3, np.nan])
    assert learn_encoding(table, ["zone"], ["zone"]).inputs[0].levels == ("1", "3")
    frame = pd.DataFrame({"zone": pd.Categorical(["3", "1", "3"]), "y": [1.0, 2, 3]})
    frame.to_parquet(tmp_path / "t.parquet")
    assert prepare(read_table(tmp_path / "t.parquet"), target="y").encoding.feature_names == [
        "zone=3"
    ]


def test_text_that_is_numbers_is_numeric(table_of):
    table = table_of(a=["1", " 2.5 ", "-3e2", None], b=["True", "false", "TRUE", "1"])
    X = learn_encoding(table, ["a", "b"], []).matrix(table)
    np.testing.assert_array_equal(X[:, 0], [1, 2.5, -300, np.nan])
    np.testing.assert_array_equal(X[:, 1], [1, 0, 1, 1])


def test_text_in_a_numeric_column_shows_the_first(table_of):
    table = table_of(a=["1", "2", "oops", "4", "hm"], y=[1, 2, 3, 4, 5])
    with pytest.raises(
        ValueError, match=r"numeric column 'a': 'oops' in data row 3 \(2 of 5 rows\)"
    ):
        prepare(table, target="y")
    assert prepare(table, target="y", categorical=["a"]).X.shape == (5, 4)
    with pytest.raises(ValueError, match="text in the target column 'a': 'oops'"):
        prepare(table, target="a")
    more = dataclasses.replace(table, columns={**table.columns, "b": np.arange(5.0)})
    with pytest.raises(ValueError, match="text in the weights column 'a': 'oops'"):
        prepare(more, target="y", weights="a")
    with pytest.raises(ValueError, match="text in the numeric column 'a': 'oops'"):
        Encoding((InputColumn("a"),)).matrix(table)


def test_labels_are_no_category(table_of):
    table = table_of(name=[f"row {i}" for i in range(30)], y=list(range(30)))
    with pytest.raises(ValueError, match=r"'name' has 30 different values.*--drop name"):
        prepare(table, target="y")


def test_features_with_the_same_name(table_of):
    table = table_of(**{"a": ["x", "z", "x"], "a=z": [1, 2, 3], "y": [1, 2, 3]})
    with pytest.raises(ValueError, match="two features would be named 'a=z'"):
        prepare(table, target="y")


def test_infinite_values_are_named(table_of):
    table = table_of(a=[1, np.inf, -np.inf], y=[1, 2, 3])
    with pytest.raises(ValueError, match=r"infinite values in column 'a' \(2\)"):
        prepare(table, target="y")
    with pytest.raises(ValueError, match="infinite values in the target column 'a'"):
        prepare(table, target="a")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "say which column to predict with --target"),
        ({"target": "Y"}, "there is no column 'Y'; the columns are a, wide, w, y"),
        ({"target": "wid"}, "did you mean 'wide'"),
        ({"target": "y", "drop": ["b"]}, "--drop names 'b'"),
        ({"target": "y", "categorical": ["b"]}, "--categorical names 'b'"),
        ({"target": "y", "drop": ["y"]}, "the target 'y' cannot also be given to --drop"),
        ({"target": "y", "weights": "y"}, "the target 'y' cannot also be given to --weights"),
        ({"target": "y", "weights": "w", "drop": ["w"]}, "weights column 'w' cannot also be"),
        ({"target": "y", "weights": "wide"}, "weights column 'wide' has negative values"),
        ({"target": "y", "weights": "zero"}, "there is no column 'zero'"),
        ({"target": "y", "drop": ["a", "w", "wide"]}, "no column is left to predict 'y' from"),
    ],
)
def test_choice_of_columns(options, reason, table_of):
    table = table_of(a=[1, 2], wide=[-1, 1], w=[1, 2], y=[1, 2])
    with pytest.raises(ValueError, match=reason):
        prepare(table, **options)


def test_missing_values(table_of):
    table = table_of(a=[1, np.nan, 3, 4], b=["u", "v", None, "v"], y=[1, 2, 3, np.nan])
    with pytest.raises(
        ValueError, match=r"'a' \(1\), 'b' \(1\), 'y' \(1\); --missing drop .* mean"
    ):
        prepare(table, target="y")
    dropped = prepare(table, target="y", missing="drop")
    assert (len(dropped.y), dropped.missing_target, dropped.missing_features) == (1, 1, 2)
    assert dropped.encoding.inputs[1].levels == ("u",)
    kept = prepare(table, target="y", missing="mean")
    assert (len(kept.y), kept.missing_target, kept.missing_features) == (3, 1, 0)
    assert kept.missing == {"a": 1, "b": 1}
    with pytest.raises(ValueError, match="every row has a missing value"):
        prepare(table_of(a=[1, np.nan], y=[np.nan, 1]), target="y", missing="drop")
    with pytest.raises(ValueError, match="target column 'y' has no values"):
        prepare(table_of(a=[1, 2], y=[np.nan, np.nan]), target="y", missing="drop")


def test_missing_weight_drops_the_row(table_of):
    table = table_of(a=[1, 2, 3], w=[1, np.nan, 0], y=[1, 2, 3])
    for missing in ("drop", "mean"):
        data = prepare(table, target="y", weights="w", missing=missing)
        np.testing.assert_array_equal(data.sample_weight, [1, 0])
    with pytest.raises(ValueError, match="all weights in column 'w' are zero"):
        prepare(table_of(a=[1, 2], w=[0, 0], y=[1, 2]), target="y", weights="w")


def holes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    X = rng.integers(-2, 3, size=(12, 5)).astype(float)
    X[rng.random(X.shape) < 0.2] = np.nan
    X[0] = 1.0
    return X, rng.integers(0, 3, size=12) + (np.arange(12) == 0)


@given(st.integers(0, 2**32 - 1))
def test_means_and_filling_dense_and_sparse(seed):
    X, w = holes(np.random.default_rng(seed))
    names = list("abcde")
    means = feature_means(X, w, names)
    np.testing.assert_allclose(means, np.nansum(w[:, None] * X, 0) / (w @ ~np.isnan(X)), atol=1e-15)
    np.testing.assert_allclose(feature_means(sparse.csr_array(X), w, names), means, atol=1e-15)
    # A row of weight zero counts as no row.
    np.testing.assert_allclose(feature_means(X[w > 0], w[w > 0], names), means, atol=1e-15)
    before = X.copy()
    filled = fill_missing(X, means)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(filled, np.where(np.isnan(X), means, X))
    np.testing.assert_array_equal(fill_missing(sparse.csr_array(X), means).toarray(), filled)


def test_a_column_without_values_has_no_mean():
    X = np.array([[1, np.nan], [2, np.nan]])
    for form in (X, sparse.csr_array(X)):
        with pytest.raises(ValueError, match="'b' has no value in the training rows"):
            feature_means(form, None, ["a", "b"])


@given(st.integers(0, 2**32 - 1))
def test_spread_and_degenerate_columns_dense_and_sparse(seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, size=(4, 9)) * 1.0
    w = rng.random(4)
    names = [f"c{j}" for j in range(9)]
    constant, duplicated = _degenerate(X, names)
    assert constant == [names[j] for j in range(9) if np.ptp(X[:, j]) == 0]
    for j, name in enumerate(names):
        same = [i for i in range(j) if np.array_equal(X[:, i], X[:, j])]
        expected = [(name, names[same[0]])] if same and name not in constant else []
        assert [pair for pair in duplicated if pair[0] == name] == expected
    assert _degenerate(sparse.csr_array(X), names) == (constant, duplicated)
    _, sd = mean_and_sd(X, w)
    reference = np.sqrt(np.average((X - np.average(X, 0, w)) ** 2, 0, w))
    np.testing.assert_allclose(sd, reference, atol=1e-12)
    np.testing.assert_allclose(mean_and_sd(sparse.csr_array(X), w)[1], reference, atol=1e-7)
