"""``fastreg compare``: what it prints, what its model is, what test rows must not do, refusals."""

import json
import os
import re
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge
from sklearn.model_selection import KFold, train_test_split

from fastreg.io.comparing import Comparing, compare_table
from fastreg.io.tables import Table, read_table
from fastreg.model_selection import compare_penalties
from fastreg.model_selection.methods import METHODS

SPLIT = train_test_split(np.arange(442), test_size=0.2, random_state=0)


def method_rows(out: str) -> dict[str, list[float]]:
    """Return the numbers of the comparison table by method; the one taken has a star."""
    found = {}
    for line in out.splitlines():
        name = re.match(rf"({'|'.join(METHODS)})\*? +(?=[-\d])", line)
        if name:
            found[name[0].strip()] = [float(cell) for cell in line[name.end() :].split()]
    return found


def mixes(y: np.ndarray) -> np.ndarray:
    """Return the l1_ratios of a target of variance 1 in the unit of this one."""
    ratios, sd = np.array([0.1, 0.25, 0.5, 0.75, 0.9]), y.std()
    return ratios * sd / (ratios * sd + 1 - ratios)


@pytest.fixture
def model(tmp_path):
    """Read the model's file."""
    return lambda name="model.json": json.loads((tmp_path / name).read_text())


def test_the_story_fits_one_screen(run, table, model):
    code, out, err = run("compare", table, "--target", "y")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) <= 55
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "The model is in model.json; use it with: fastreg predict model.json TABLE"
    for words in ("442 of 442 used", "353 for training, 89 held out", "10 used, as 10 features"):
        assert words in out
    assert model()["fit"]["recommendation"] in " ".join(out.split())


def test_its_numbers_are_those_of_the_comparison(run, table, diabetes, model):
    code, out, _ = run("compare", table, "--target", "y", "--seed", 0)
    assert code == 0
    train = diabetes.iloc[np.sort(SPLIT[0])]
    X, y = train.drop(columns="y"), train["y"].to_numpy()
    found = compare_penalties(X, y, l1_ratios=mixes(y), standardize=True)
    taken = found.recommendation.method or found.recommendation.tied[0]
    best = found.recommendation.best
    at = [m.name for m in found.methods].index(best)
    rows = method_rows(out)
    assert [name.rstrip("*") for name in rows] == list(METHODS)
    assert [name for name in rows if name.endswith("*")] == [f"{taken}*"]
    for i, (method, numbers) in enumerate(zip(found.methods, rows.values(), strict=True)):
        expected = [method.held_out_mean, method.held_out_se, method.train_mean, method.gap]
        assert numbers[:4] == pytest.approx(expected, abs=0.51)
        assert numbers[4] == pytest.approx(method.alpha, rel=0.05)
        assert numbers[5] == method.n_selected
        away = [] if i == at else [found.differences[i, at], found.difference_se[i, at]]
        assert numbers[6:] == pytest.approx(away, abs=0.51)
    written = model()
    assert written["fit"]["choice"]["method"] == taken
    coef = [feature["coef"] for feature in written["features"]]
    np.testing.assert_allclose(coef, found[taken].coef, rtol=1e-6)
    assert written["errors"]["cross_validated"]["mse"] == pytest.approx(found[taken].held_out_mean)


@pytest.mark.parametrize("method", METHODS)
def test_the_model_is_the_method_fitted_to_the_training_rows(method, run, table, diabetes, model):
    name = method.lower().replace(" ", "-")
    assert run("compare", table, "--target", "y", "--methods", name)[0] == 0
    written = model()
    train, test = (diabetes.iloc[np.sort(part)] for part in SPLIT)
    X, y = train.drop(columns="y"), train["y"]
    scale = X.std(ddof=0)
    choice = written["fit"]["choice"]
    assert choice["method"] == method
    alpha, tight = choice["alpha"], {"tol": 1e-12, "max_iter": 10**6}
    coef = np.array([feature["coef"] for feature in written["features"]])
    reference = {
        "least squares": LinearRegression(),
        "ridge": Ridge(alpha),
        "lasso": Lasso(alpha or 1.0, **tight),
        "relaxed lasso": Lasso(alpha or 1.0, **tight),
        "Elastic-Net": ElasticNet(alpha or 1.0, l1_ratio=choice["l1_ratio"], **tight),
    }[method].fit(X / scale, y)
    expected = reference.coef_
    if method == "relaxed lasso":
        held = np.flatnonzero(expected)
        plain = np.zeros(10)
        plain[held] = LinearRegression().fit((X / scale).iloc[:, held], y).coef_
        expected = choice["relaxation"] * expected + (1 - choice["relaxation"]) * plain
    np.testing.assert_allclose(coef * scale, expected, atol=0.02)
    predicted = test.drop(columns="y").to_numpy() @ coef + written["intercept"]
    mse = np.mean((test["y"] - predicted) ** 2)
    assert written["errors"]["test"]["mse"] == pytest.approx(mse)
    code, out, _ = run("predict", "model.json", table)
    assert code == 0
    by_command = np.array(out.splitlines()[1:], dtype=float)[np.sort(SPLIT[1])]
    np.testing.assert_allclose(by_command, predicted)


def as_table(frame: pd.DataFrame) -> Table:
    """Return a data frame as a table; text is a column of words."""
    columns = {
        name: values.to_numpy(dtype=float if values.dtype.kind in "if" else object)
        for name, values in frame.items()
    }
    return Table("t.csv", len(frame), columns)


def what_was_found(frame: pd.DataFrame, **settings) -> list:
    """Return all of a comparison and its model but what the test rows say of it, to compare."""
    compared = compare_table(as_table(frame), Comparing(**settings), target="y")
    found, fitted = compared.found, compared.model
    arrays = [found.differences, found.difference_se, found.baseline_errors, fitted.coef]
    for method in found.methods:
        arrays += [method.train_errors, method.held_out_errors, method.alphas, method.coef]
        arrays += [np.array([method.alpha, method.l1_ratio, method.relaxation, method.intercept])]
    texts = [found.recommendation, fitted.intercept, fitted.encoding, compared.feature_sd.tolist()]
    fill = [] if fitted.fill is None else fitted.fill.tolist()
    return [*(array.tobytes() for array in arrays), *texts, fill, compared.errors["training"]]


@pytest.fixture
def mixed(diabetes) -> pd.DataFrame:
    """Real numbers with a column of words and some missing values."""
    words = np.array(["b", "c", "d"])[np.arange(442) % 3]
    frame = diabetes.assign(group=words)
    frame.loc[::7, "bmi"] = np.nan
    return frame


def test_test_rows_change_nothing(mixed):
    rng = np.random.default_rng(0)
    changed = mixed.copy()
    test = SPLIT[1]
    numbers = [name for name in mixed if name != "group"]
    changed.loc[test, numbers] = 1e3 * rng.normal(size=(len(test), len(numbers)))
    changed.loc[test, "group"] = np.where(np.arange(len(test)) % 2, "a", "z")  # no training row
    assert what_was_found(changed, missing="mean") == what_was_found(mixed, missing="mean")


def test_training_rows_do(mixed):
    changed = mixed.copy()
    changed.loc[SPLIT[0][0], "y"] += 1.0
    assert what_was_found(changed, missing="mean") != what_was_found(mixed, missing="mean")


@pytest.mark.parametrize("weighted", [False, True])
def test_missing_values_are_filled_within_every_fold(weighted, diabetes):
    """Fold by fold by hand: least squares, whose only preprocessing is the means."""
    rng = np.random.default_rng(1)
    frame = diabetes[["bmi", "bp", "y"]].assign(w=rng.integers(1, 4, 442).astype(float))
    frame["bmi"] += 100.0 * (np.arange(442) < 50)  # so that the folds' means differ
    frame.loc[rng.random(442) < 0.3, "bmi"] = np.nan
    compared = compare_table(
        as_table(frame if weighted else frame.drop(columns="w")),
        Comparing(missing="mean", methods=("least squares",)),
        target="y",
        weights="w" if weighted else None,
    )
    train = frame.iloc[np.sort(SPLIT[0])]
    X, y, w = train[["bmi", "bp"]].to_numpy(), train["y"].to_numpy(), train["w"].to_numpy()
    w = w if weighted else np.ones(len(y))
    errors = []
    for inside, outside in KFold(5, shuffle=True, random_state=0).split(X):
        known = inside[~np.isnan(X[inside, 0])]
        mean = np.average(X[known, 0], weights=w[known])
        Z = np.where(np.isnan(X), [mean, 0.0], X)
        model = LinearRegression().fit(Z[inside], y[inside], sample_weight=w[inside])
        errors.append(np.average((y[outside] - model.predict(Z[outside])) ** 2, weights=w[outside]))
    np.testing.assert_allclose(compared.method.held_out_errors, errors, rtol=1e-6)
    known = ~np.isnan(X[:, 0])
    assert compared.model.fill[0] == pytest.approx(np.average(X[known, 0], weights=w[known]))


def test_means_agree_with_scikit_learn(mixed):
    frame = mixed.drop(columns="group")
    compared = compare_table(as_table(frame), Comparing(missing="mean"), target="y")
    train = frame.iloc[np.sort(SPLIT[0])]
    X, y = train.drop(columns="y").to_numpy(), train["y"].to_numpy()
    found = compare_penalties(X, y, preprocess=SimpleImputer(), l1_ratios=mixes(y))
    for ours, theirs in zip(compared.found.methods, found.methods, strict=True):
        np.testing.assert_allclose(ours.held_out_errors, theirs.held_out_errors, rtol=1e-6)


def test_a_shuffled_target_gives_no_skill(diabetes):
    """200 columns and a target of pure chance: no method is recommended, no error beats the mean"""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 200))
    gains = []
    for seed in range(5):
        y = np.random.default_rng(seed).permutation(X[:, :5].sum(axis=1))
        columns = {f"x{j}": X[:, j] for j in range(200)} | {"y": y}
        compared = compare_table(Table("t.csv", 120, columns), Comparing(seed=seed), target="y")
        assert not compared.found.recommendation.predicts
        assert not compared.is_recommended
        gains.append(compared.errors["cross_validated"].r2)
    assert np.mean(gains) < 0.05


def test_the_unit_of_the_target_does_not_matter(diabetes):
    """Errors go with its square, whatever the method; α of the Elastic-Net alone would not."""
    results = [
        compare_table(as_table(diabetes.assign(y=unit * diabetes["y"])), Comparing(), target="y")
        for unit in (1.0, 1e5)
    ]
    for small, large in zip(*(r.found.methods for r in results), strict=True):
        np.testing.assert_allclose(1e10 * small.held_out_errors, large.held_out_errors, rtol=1e-4)


def test_levels_that_only_test_rows_have(run, diabetes, tmp_path):
    words = np.array(["a"] * 442, dtype=object)
    words[::2] = "b"
    words[SPLIT[1][:3]] = "new"
    diabetes.assign(city=words).to_csv(tmp_path / "t.csv", index=False)
    code, out, err = run("compare", "t.csv", "--target", "y", "--report", "r.html")
    assert (code, err) == (0, "")
    text = " ".join(out.split())
    words = "3 of 89 test rows have levels that no training row has, in column 'city' (3)"
    assert f"Warning: {words}" in text
    written = json.loads((tmp_path / "model.json").read_text())
    assert written["errors"]["test"]["n_rows"] == 86
    assert "levels that no training row has" in (tmp_path / "r.html").read_text()


def test_weights_of_zero_count_nowhere(diabetes):
    """Rows of weight zero among the training rows of a fold could be any."""
    w = np.where(np.arange(442) % 5 == 0, 0.0, 1.0)
    frame = diabetes.assign(w=w)
    changed = frame.copy()
    changed.loc[w == 0, "y"] = -1e4
    options = {"target": "y", "weights": "w"}
    one, two = (compare_table(as_table(f), Comparing(), **options) for f in (frame, changed))
    np.testing.assert_allclose(one.model.coef, two.model.coef, rtol=1e-6)
    assert one.errors["test"].mse == pytest.approx(two.errors["test"].mse, rel=1e-6)


@pytest.mark.parametrize("report", [[], ["--report", "r.html"]])
@pytest.mark.parametrize("case", ["one feature", "constant target", "few rows", "two folds"])
def test_small_things_are_handled(case, report, run, diabetes, tmp_path):
    frame, more = {
        "one feature": (diabetes[["bmi", "y"]], []),
        "constant target": (diabetes.assign(y=3.5), []),
        "few rows": (diabetes[["bmi", "bp", "y"]][:8], ["--cv", "3", "--test-size", "0.25"]),
        "two folds": (diabetes[:40], ["--cv", "2", "--test-size", "0"]),
    }[case]
    frame.to_csv(tmp_path / "t.csv", index=False)
    code, out, err = run("compare", "t.csv", "--target", "y", *more, *report)
    assert (code, err) == (0, "")
    assert "nan" not in out
    if case == "constant target":
        assert "the target is constant" in out
        assert "No clear winner" in out
    if report:
        page = (tmp_path / "r.html").read_text()
        assert "nan" not in re.sub("<svg.*?</svg>|<style>.*?</style>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["no.csv", "--target", "y"], "there is no such file"),
        (["t.csv"], "say which column to predict"),
        (["t.csv", "--target", "z"], "did you mean|the columns are"),
        (["t.csv", "--target", "y", "--cv", "400"], "353 training rows are fewer than --cv 400"),
        (["t.csv", "--target", "y", "--test-size", "1"], "'1' is not a share"),
        (["t.csv", "--target", "y", "--methods", "ols"], "'ols' is none of least-squares, ridge"),
        (["t.csv", "--target", "y", "--penalty", "lasso"], "unrecognized arguments"),
        (["t.csv", "--target", "y", "--report", "r.pdf"], "must end in .html"),
        (["t.csv", "--target", "y", "--report", "no/r.html"], "cannot be written"),
        (["t.csv", "--target", "y", "--out", "no/m.json"], "cannot be written"),
        (["t.csv", "--target", "y", "--out", "t.csv"], "would overwrite an input"),
        (["t.csv", "--target", "y", "--out", "m.html", "--report", "m.html"], "the same file"),
        (["three.csv", "--target", "y", "--cv", "2"], "too few"),
        (["three.csv", "--target", "y"], "fewer than --cv 5|cannot be split"),
        (["holes.csv", "--target", "y"], "missing values in column 'bmi'"),
    ],
)
def test_refusals(arguments, reason, refused, table, diabetes, tmp_path):
    diabetes[:3].to_csv("three.csv", index=False)
    diabetes.assign(bmi=diabetes["bmi"].where(diabetes.index > 3)).to_csv("holes.csv", index=False)
    assert re.search(reason, refused("compare", *arguments))
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv"}


@pytest.mark.parametrize(
    ("columns", "more", "reason"),
    [
        ({"d": "only"}, [], "nothing is left to predict 'y' from: 'd' has the same value"),
        ({"a": 1e200}, [], "'a' are too large to be squared; rescale it"),
        ({"a": "none"}, ["--missing", "mean"], "error: 'a' has no value in the training rows"),
        ({"y": 1e100, "a": 0.0}, [], "'y' are too large to be squared; rescale it"),
        ({"a": "sparse"}, ["--missing", "mean"], "'a' has no value in the training rows"),
        ({"a": 0.0, "w": "first"}, ["--weights", "w"], "all weights of .* rows are zero"),
        ({"a": 0.0}, ["--cv", "2", "--test-size", "0.8"], "6 training rows are too few .* --cv 2"),
        ({"a": 0.0}, ["--cv", "3", "--test-size", "0.9"], "3 training rows are too few"),
    ],
)
def test_data_that_cannot_be_compared(columns, more, reason, refused, tmp_path):
    rng = np.random.default_rng(0)
    draw = {
        "only": ["only"] * 30,
        "sparse": np.where(np.arange(30) == 3, 1.0, np.nan),
        "none": np.full(30, np.nan),
        "first": (np.arange(30) < 6) * 1.0,
        0.0: rng.normal(size=30),
        1e100: 1e100 * rng.normal(size=30),
        1e200: 1e200 * rng.normal(size=30),
    }
    columns = {"y": 0.0, **columns}
    frame = pd.DataFrame({name: draw[kind] for name, kind in columns.items()})
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert re.search(reason, refused("compare", "t.csv", "--target", "y", *more))
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("scale", [1e-6, 1e60])
def test_targets_of_any_size(scale, run, diabetes, tmp_path):
    diabetes.assign(y=scale * diabetes["y"]).to_csv(tmp_path / "t.csv", index=False)
    code, out, err = run("compare", "t.csv", "--target", "y")
    assert (code, err) == (0, "")
    assert "explains 54% of the variation" in out


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("option", ["--out", "--report"])
def test_a_folder_that_may_not_be_written_to_is_refused(option, refused, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    error = refused("compare", "no.csv", "--target", "y", option, "locked/r.html")
    assert "may not be written to" in error


def test_without_matplotlib(run, refused, table, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    error = refused("compare", "no.csv", "--target", "y", "--report", "r.html")
    assert "--report needs matplotlib: pip install 'fastreg[cli]'" in error
    code, out, err = run("compare", table, "--target", "y")
    assert (code, err) == (0, "")
    assert "The model is in model.json" in out


def test_without_rich_it_is_quiet_or_refused(run, refused, table, monkeypatch):
    monkeypatch.setitem(sys.modules, "rich", None)
    assert "the report needs rich" in refused("compare", table, "--target", "y")
    assert run("compare", table, "--target", "y", "--quiet") == (0, "", "")


def test_rounding_is_no_warning(shared_data):
    """Fingerprints, many of them constant or equal: variances that are merged round below zero."""
    table = read_table(shared_data / "permeability_qsar.npz")
    compared = compare_table(table, Comparing(methods=("relaxed lasso",)), target="y")
    assert compared.warnings == []


def test_sparse_tables(run, tmp_path):
    from sklearn.datasets import dump_svmlight_file

    rng = np.random.default_rng(0)
    X = rng.poisson(0.3, size=(200, 30)).astype(float)
    y = X[:, :3] @ [3.0, 2.0, 1.0] + rng.normal(size=200)
    dump_svmlight_file(X, y, str(tmp_path / "t.svm"), zero_based=False)
    code, out, err = run("compare", "t.svm", "--report", "r.html")
    assert (code, err) == (0, "")
    assert "Take" in out
    assert run("predict", "model.json", "t.svm")[0] == 0
