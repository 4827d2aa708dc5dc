"""The model's file: it survives, it is checked, and it predicts by name."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from fastreg.io.encoding import Encoding, InputColumn
from fastreg.io.model_json import Model, load_model
from fastreg.io.tables import Table

finite = st.floats(allow_nan=False, allow_infinity=False)
names_of_columns = st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=5)


@st.composite
def models(draw: st.DrawFn) -> Model:
    levels = st.none() | st.lists(st.text(max_size=3), unique=True, max_size=4).map(tuple)
    inputs = tuple(InputColumn(name, draw(levels)) for name in draw(names_of_columns))
    encoding = Encoding(inputs)
    n = len(encoding.feature_names)
    numbers = st.lists(finite, min_size=n, max_size=n).map(np.array)
    return Model(
        target=draw(st.text()),
        encoding=encoding,
        coef=draw(numbers),
        intercept=draw(finite),
        fill=draw(st.none() | numbers) if n else None,
        fit=draw(st.dictionaries(st.text(), st.none() | finite | st.text() | st.lists(finite))),
        errors=draw(st.dictionaries(st.text(), finite)),
        fastreg_version="9.9",
    )


@given(models())
def test_model_survives_its_file(tmp_path_factory, model):
    if len(set(model.encoding.feature_names)) < len(model.encoding.feature_names):
        return
    path = tmp_path_factory.mktemp("model") / "model.json"
    model.save(path)
    again = load_model(path)
    for name in ("coef", "fill"):
        np.testing.assert_array_equal(getattr(again, name), getattr(model, name))
    plain = {"coef": np.zeros(0), "fill": None}
    assert repr(dataclasses.replace(again, **plain)) == repr(dataclasses.replace(model, **plain))
    assert again.to_json() == model.to_json()


GOOD = Model(
    target="y",
    encoding=Encoding((InputColumn("a"), InputColumn("town", ("Bonn", "Ulm")))),
    coef=np.array([2.0, -1.0]),
    intercept=0.5,
    fill=np.array([10.0, 0.25]),
    fastreg_version="0.1.0",
)


def test_prediction_by_name(table_of):
    table = table_of(town=["Ulm", "Bonn", None], extra=["?", "!", ""], a=[1, np.nan, 3])
    np.testing.assert_array_equal(GOOD.predict(table), [1.5, 20.5, 6.25])
    with pytest.raises(ValueError, match=r"missing values in columns 'a' \(1\), 'town' \(1\)"):
        dataclasses.replace(GOOD, fill=None).predict(table)
    with pytest.raises(ValueError, match="there is no column 'a'; the columns are town"):
        GOOD.predict(table_of(town=["Ulm"]))
    with pytest.raises(ValueError, match="there are no columns 'a', 'town'"):
        GOOD.predict(table_of(b=[1.0]))
    with pytest.raises(
        ValueError, match=r"'town' has levels the model does not know: 'Berlin' \(2\)"
    ):
        GOOD.predict(table_of(a=[1, 2, 3], town=["Berlin", "Ulm", "Berlin"]))
    with pytest.raises(ValueError, match=r"infinite values in column 'a' \(1\)"):
        GOOD.predict(table_of(a=[np.inf], town=["Ulm"]))


def test_sparse_prediction_takes_absent_indices_for_zero():
    model = Model("y", Encoding((InputColumn("9"), InputColumn("2"))), np.array([5.0, 7.0]), 1.0)
    matrix = sparse.csr_array([[1.0, 2.0], [0.0, 0.0]])
    table = Table("t.svm", 2, {"y": np.zeros(2)}, matrix=matrix, matrix_names=("1", "2"))
    np.testing.assert_array_equal(model.predict(table), [15.0, 1.0])
    named = dataclasses.replace(model, encoding=Encoding((InputColumn("9"), InputColumn("size"))))
    with pytest.raises(ValueError, match="there is no column 'size'"):
        named.predict(table)


@given(st.permutations(range(6)))
def test_order_of_columns_does_not_matter(order):
    rng = np.random.default_rng(1)
    names = [f"c{j}" for j in range(5)]
    model = Model("y", Encoding(tuple(map(InputColumn, names))), rng.standard_normal(5), 0.1)
    columns = {name: rng.standard_normal(7) for name in [*names, "other"]}
    shuffled = {name: columns[name] for name in (list(columns)[i] for i in order)}
    np.testing.assert_array_equal(
        model.predict(Table("t", 7, columns)), model.predict(Table("t", 7, shuffled))
    )


def damaged(change) -> str:
    document = json.loads(GOOD.to_json())
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d.pop("format"), 'lacks the entry "format"'),
        (lambda d: d.update(schema_version=2), "schema_version is 2, this fastreg .* reads 1"),
        (lambda d: d.update(schema_version=True), "schema_version is True"),
        (lambda d: d.pop("intercept"), "lacks the entry 'intercept'"),
        (lambda d: d.update(intercept="1"), "'intercept' must be a finite number, not '1'"),
        (lambda d: d.update(intercept=True), "'intercept' must be a finite number"),
        (lambda d: d.update(intercept=10**400), "'intercept' must be a finite number"),
        (lambda d: d.update(more=1), "unknown entry 'more'"),
        (lambda d: d.update(inputs={}), "'inputs' must be a list"),
        (lambda d: d["inputs"].pop(), "features do not follow from the inputs"),
        (lambda d: d["inputs"].append(3), "an object with the entry 'name' was expected, not 3"),
        (lambda d: d["inputs"].append({"name": "a", "kind": "numeric"}), "'a' appears twice"),
        (lambda d: d["inputs"][0].update(kind="date"), "'a' has the kind 'date'"),
        (lambda d: d["inputs"][1].update(levels="ab"), "levels of the input 'town' must be a list"),
        (lambda d: d["inputs"][1].update(levels=["a", "a"]), "'a' appears twice"),
        (lambda d: d["features"].reverse(), "features do not follow from the inputs"),
        (lambda d: d["features"][0].pop("coef"), "feature 'a' lacks the entry 'coef'"),
        (lambda d: d["features"][1].pop("fill"), "feature 'town=Ulm' lacks the entry 'fill'"),
        (lambda d: d["features"][0].update(coef=None), "'coef' must be a finite number, not None"),
    ],
)
def test_damaged_model(change, reason, tmp_path):
    path = tmp_path / "model.json"
    path.write_text(damaged(change), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"model\.json: not a model that can be used: .*{reason}"):
        load_model(path)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1, 2", GOOD.to_json()[:200], '{"a": 1, "a": 2}', '{"a": NaN}', "[" * 100_000],
)
def test_model_that_is_no_json(text, tmp_path):
    path = tmp_path / "model.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"model\.json: not a model: no valid JSON"):
        load_model(path)


def test_model_that_cannot_be_read_or_written(tmp_path):
    with pytest.raises(ValueError, match="there is no such file"):
        load_model(tmp_path / "no.json")
    with pytest.raises(ValueError, match="cannot be read"):
        load_model(tmp_path)
    (tmp_path / "b.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="not UTF-8"):
        load_model(tmp_path / "b.json")
    with pytest.raises(ValueError, match="cannot be written"):
        GOOD.save(tmp_path / "no" / "model.json")
    GOOD.save(tmp_path / "m.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.json", "m.json"]
