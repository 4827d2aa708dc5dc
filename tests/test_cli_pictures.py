"""The command's pictures, and the numbers it prints beside them."""

import json
import os
import re
import sys
import warnings
import xml.etree.ElementTree as ET
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Lasso, lasso_path
from sklearn.model_selection import KFold

DOCS = Path(__file__).resolve().parents[1] / "docs"
STARTS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


def rows_of_table(out: str, head: str) -> list[list[str]]:
    """Return the cells of the table that begins with this heading."""
    lines = out.splitlines()
    first = next(i for i, line in enumerate(lines) if line.strip().startswith(head)) + 2
    rows = []
    for line in lines[first:]:
        if not line.strip():
            break
        rows.append(line.split())
    return rows


def texts_of(svg: Path) -> list[str]:
    return [
        "".join(element.itertext())
        for element in ET.parse(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


def words_of(svg: Path) -> list[str]:
    return [text for text in texts_of(svg) if re.search("[a-z]{3}", text)]


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
@pytest.mark.parametrize("command", ["path", "learn", "fit"])
def test_pictures_are_written_and_the_same_each_time(command, ending, run, table, tmp_path):
    name = f"p.{ending}"
    option = "--plot" if command == "fit" else "--out"
    written = []
    for _ in range(2):
        code, out, err = run(command, table, "--target", "y", "--n-alphas", 20, option, name)
        assert (code, err) == (0, "")
        assert f" in {name}" in out
        written.append((tmp_path / name).read_bytes())
    assert written[0].startswith(STARTS[ending])
    assert written[0] == written[1]
    if ending == "svg":
        texts = texts_of(tmp_path / name)
        assert "Lasso for y in t.csv" in texts


def test_path_prints_what_it_draws(run, table, diabetes, tmp_path):
    code, out, _ = run("path", table, "--target", "y")
    assert code == 0
    X, y = diabetes.drop(columns="y"), diabetes["y"]
    scale = X.std(ddof=0)
    Z = (X - X.mean()) / scale
    grid = re.search(r"number (\d+) of 100 on a grid from (\S+) down to (\S+)", out)
    alpha = float(re.search(r"α = (\S+),", out)[1])
    alphas = np.geomspace(float(grid[2]), float(grid[3]), 100)
    assert alphas[int(grid[1]) - 1] == pytest.approx(alpha, rel=1e-3)
    _, coefs, _ = lasso_path(Z, y - y.mean(), alphas=alphas, tol=1e-10, max_iter=10**5)
    order = np.argsort(-np.abs(coefs).max(axis=1))
    rows = rows_of_table(out, "Column")
    assert [row[0] for row in rows] == [X.columns[j] for j in order]
    at = Lasso(alpha, tol=1e-10).fit(Z, y).coef_
    for row, j in zip(rows, order, strict=True):
        enters, coef, scaled, largest, end = map(float, row[1:])
        assert enters == pytest.approx(alphas[coefs[j] != 0].max(), rel=1e-3)
        assert coef == pytest.approx(at[j] / scale.iloc[j], abs=0.01)
        assert scaled == pytest.approx(at[j], abs=0.05)
        assert abs(largest) == pytest.approx(np.abs(coefs[j]).max(), rel=1e-2)
        assert end == pytest.approx(coefs[j, -1], rel=1e-2, abs=0.05)
    assert f"{np.count_nonzero(at)} of 10 coefficients are not zero there" in out
    texts = texts_of(tmp_path / "path.svg")
    assert {X.columns[j] for j in order[:8]} <= {*texts}
    assert f"chosen: α = {alpha:.3g}" in texts


def test_path_of_ridge_has_no_entries(run, table):
    code, out, _ = run("path", table, "--target", "y", "--penalty", "ridge")
    assert code == 0
    assert "enters at" not in out
    assert len(rows_of_table(out, "Column")) == 10


def test_learn_prints_what_it_draws(run, table, diabetes, tmp_path):
    code, out, err = run("learn", table, "--target", "y", "--alpha", "0.5", "--seed", 2, "--cv", 2)
    assert (code, err) == (0, "")
    rows = rows_of_table(out, "Training")
    assert [int(row[0]) for row in rows] == np.linspace(22, 221, 6).astype(int).tolist()
    # with all training rows the order in which they are drawn does not matter
    X, y = diabetes.drop(columns="y").to_numpy(), diabetes["y"].to_numpy()
    errors, counts = [], []
    for inside, outside in KFold(2, shuffle=True, random_state=2).split(X):
        Z = X / X[inside].std(axis=0)
        model = Lasso(0.5, tol=1e-10).fit(Z[inside], y[inside])
        errors.append([np.mean((model.predict(Z[k]) - y[k]) ** 2) for k in (inside, outside)])
        counts.append(np.count_nonzero(model.coef_))
    train, held_out = np.mean(errors, axis=0)
    last = [float(cell) for cell in rows[-1][1:]]
    assert last[:2] == pytest.approx([train, held_out], rel=1e-4)
    assert last[2] == pytest.approx(np.std(np.array(errors)[:, 1], ddof=1) / np.sqrt(2), rel=1e-2)
    assert last[3] == pytest.approx(held_out - train, rel=1e-3)
    assert last[4:] == [np.median(counts), 0.5]
    assert "lasso, α = 0.5" in texts_of(tmp_path / "learn.svg")


def test_fit_prints_the_marks_of_its_picture(run, table, tmp_path):
    code, out, _ = run("fit", table, "--target", "y", "--plot", "c.svg")
    assert code == 0
    model = json.loads((tmp_path / "model.json").read_text())
    found = re.search(r"Smallest held-out error (\S+) ± (\S+) at α = (\S+);", out)
    cv = model["errors"]["cross_validated"]
    assert float(found[1]) == pytest.approx(cv["mse"], rel=1e-3)
    assert float(found[2]) == pytest.approx(cv["mse_se"], rel=1e-2)
    assert float(found[3]) == pytest.approx(model["fit"]["choice"]["alpha"], rel=1e-4)
    code, _, _ = run("fit", table, "--target", "y", "--selection-rule", "1se", "--quiet")
    simple = json.loads((tmp_path / "model.json").read_text())["fit"]["choice"]["alpha"]
    text = re.search(r"within one standard error of it α = (\S+) ", out)[1]
    assert float(text) == pytest.approx(simple, rel=1e-4)
    texts = texts_of(tmp_path / "c.svg")
    assert f"1-SE rule: α = {simple:.3g}" in texts


def test_one_feature_weights_and_categories(run, diabetes, tmp_path):
    frame = diabetes[["bmi", "y"]].assign(w=np.arange(442) % 3)
    frame.to_csv(tmp_path / "t.csv", index=False)
    for command in ("path", "learn"):
        code, out, err = run(command, "t.csv", "--target", "y", "--drop", "w")
        assert (code, err) == (0, "")
        assert "1 features" not in out
        assert "1 feature" in out
        code, out, err = run(command, "t.csv", "--target", "y", "--weights", "w")
        assert (code, err) == (0, "")
    diabetes.assign(sex=np.where(diabetes["sex"] > 1, "f", "m")).to_csv("t.csv", index=False)
    code, out, err = run("path", "t.csv", "--target", "y", "--penalty", "elasticnet")
    assert (code, err) == (0, "")
    assert "sex=m" in out


@pytest.mark.parametrize("command", ["path", "learn", "fit"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("p.jpg", "must end in .svg, .png or .pdf"),
        ("p", "must end in .svg, .png or .pdf"),
        ("no/p.svg", "cannot be written"),
    ],
)
def test_pictures_that_cannot_be_written_are_refused(command, name, reason, refused, tmp_path):
    option = "--plot" if command == "fit" else "--out"
    # before the table is looked for
    assert reason in refused(command, "no.csv", "--target", "y", option, name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_refused(refused, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    assert "may not be written to" in refused(
        "path", "no.csv", "--target", "y", "--out", "locked/p.svg"
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["path", "t.csv"], "say which column to predict"),
        (["path", "t.csv", "--target", "y", "--l1-ratio", "0.5"], "is for --penalty elasticnet"),
        (["path", "t.csv", "--target", "y", "--test-size", "0.3"], "unrecognized arguments"),
        (["path", "t.csv", "--target", "y", "--cv", "500"], "fewer than --cv 500"),
        (["learn", "t.csv", "--target", "y", "--missing", "mean"], "invalid choice: 'mean'"),
        (["learn", "t.csv", "--target", "y", "--cv", "500"], "442 rows are fewer than --cv 500"),
        (["learn", "t.csv", "--target", "y", "--alpha", "-1"], "'-1' is not one number"),
        (["learn", "t.csv", "--target", "y", "--alpha", "1,2"], "'1,2' is not one number"),
        (["learn", "t.csv", "--target", "y", "--alpha", "1", "--alphas", "1"], "use one of them"),
        (["learn", "t.csv", "--target", "y", "--alpha", "1", "--eps", "0.1"], "says which"),
        (
            [*("learn", "t.csv", "--target", "y"), "--penalty", "elasticnet", "--l1-ratio", ".1,1"],
            "one --l1-ratio",
        ),
        (["fit", "t.csv", "--target", "y", "--plot", "model.svg", "--out", "model.svg"], "input"),
    ],
)
def test_bad_arguments(arguments, reason, refused, table, tmp_path):
    (tmp_path / "model.svg").touch()
    assert reason in refused(*arguments)
    assert {path.name for path in tmp_path.iterdir()} == {"t.csv", "model.svg"}


def test_few_rows_and_constant_targets_are_refused(refused, diabetes, tmp_path):
    def drawing(changed: pd.DataFrame, command: str, *more) -> str:
        changed.to_csv("t.csv", index=False)
        return refused(command, "t.csv", "--target", "y", *more)

    constant = diabetes.assign(y=3.5)
    for command, more in (("path", []), ("learn", []), ("fit", ["--plot", "c.svg"])):
        assert "target 'y' is constant: there is nothing to draw" in drawing(
            constant, command, *more
        )
    assert "fewer than --cv 5" in drawing(diabetes[:4], "path")
    assert "12 rows are too few for a learning curve" in drawing(diabetes[:12], "learn")
    assert "one row of data" in drawing(diabetes[:1], "learn")
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_few_rows_are_drawn(run, diabetes):
    diabetes[:15].to_csv("t.csv", index=False)
    for command in ("path", "learn"):
        assert run(command, "t.csv", "--target", "y")[0] == 0


def test_missing_matplotlib_is_named(refused, table, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for command, more in (("path", []), ("learn", []), ("fit", ["--plot", "c.svg"])):
        error = refused(command, table, "--target", "y", *more)
        assert "a picture needs matplotlib: pip install 'fastreg[plot]'" in error
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("command", ["path", "learn"])
@pytest.mark.parametrize(
    ("name", "target"), [("prostate", "lpsa"), ("hitters", "Salary"), ("riboflavin", None)]
)
def test_real_data(command, name, target, run, shared_data):
    path = shared_data / (f"{name}.npz" if target is None else f"{name}.csv.gz")
    more = [] if target is None else ["--target", target, "--missing", "drop"]
    wide = ["--eps", "0.01", "--n-alphas", "20"] if target is None else []
    code, out, err = run(command, path, *more, *wide)
    assert (code, err) == (0, "")
    assert "Warning: Objective" not in out


def documentation() -> str:
    return (DOCS / "measuring-generalization.md").read_text(encoding="utf-8")


def test_pictures_of_the_documentation(tmp_path):
    spec = spec_from_file_location("make_pictures", DOCS / "make_pictures.py")
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main(tmp_path)
    made = {path.name for path in tmp_path.iterdir()}
    kept = {path.name: path for path in (DOCS / "pictures").iterdir()}
    assert {*kept} == {*re.findall(r"\(pictures/(\S+)\)", documentation())}
    real = {name for name in kept if name.startswith("compare-")}
    assert made == {*kept} - (set() if script.DATA.is_dir() else real)
    for name in made:
        path = kept[name]
        assert path.stat().st_size < 100_000
        # with another version of matplotlib not the same bytes, but the same words
        assert words_of(path) == words_of(tmp_path / name)


def test_a_path_on_which_nothing_enters(run, table):
    code, out, err = run("path", table, "--target", "y", "--alphas", "1e9,1e8")
    assert (code, err) == (0, "")
    assert "No coefficient is other than zero at any of these α." in out


@pytest.mark.parametrize("ending", STARTS)
def test_letters_that_the_font_lacks_are_no_warning(ending, run, diabetes):
    diabetes.rename(columns={"bmi": "\u6570\u636e"}).to_csv("t.csv", index=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Glyph")
        code, _, err = run("path", "t.csv", "--target", "y", "--out", f"p.{ending}")
    assert (code, err) == (0, "")
