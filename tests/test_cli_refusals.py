"""How the command refuses: exit code 2 and one line that says what to change."""

import shlex
import sys

import numpy as np
import pandas as pd
import pytest

from fastreg.io.model_json import load_model


def test_predict_refuses(run, refused, table, diabetes):
    frame = diabetes.assign(sex=np.where(diabetes["sex"] > 1, "f", "m"))
    frame.to_csv("t.csv", index=False)
    assert run("fit", "t.csv", "--target", "y", "--quiet")[0] == 0

    def predicting(changed: pd.DataFrame) -> str:
        changed.to_csv("u.csv", index=False)
        return refused("predict", "model.json", "u.csv")

    assert "there are no columns 'bmi', 's1'" in predicting(frame.drop(columns=["bmi", "s1"]))
    assert "'sex' has levels the model does not know: 'x' (1)" in predicting(
        frame.assign(sex=["x", *frame["sex"][1:]])
    )
    assert "missing values in column 'bmi' (442)" in predicting(frame.assign(bmi=np.nan))
    assert "infinite values in column 'bmi' (442)" in predicting(frame.assign(bmi=np.inf))
    assert "text in the numeric column 'bmi': 'low' in data row 1" in predicting(
        frame.assign(bmi="low")
    )
    assert "t.csv: not a model" in refused("predict", "t.csv", "t.csv")
    assert "would overwrite an input" in refused("predict", "model.json", "t.csv", "--out", "t.csv")
    assert "no.json: there is no such file" in refused("predict", "no.json", "t.csv")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["fit"], "required: TABLE"),
        (["fit", "t.csv"], "say which column to predict with --target"),
        (["fit", "t.csv", "--target", "yy"], "there is no column 'yy'; did you mean 'y'"),
        (["fit", "no.csv", "--target", "y"], "no.csv: there is no such file"),
        (["fit", "t.csv", "--target", "y", "--penalty", "l0"], "invalid choice: 'l0'"),
        (["fit", "t.csv", "--target", "y", "--alphas", "1,-1"], "zero or larger"),
        (["fit", "t.csv", "--target", "y", "--alphas", "1,nan"], "zero or larger"),
        (["fit", "t.csv", "--target", "y", "--alphas", ","], "zero or larger"),
        (["fit", "t.csv", "--target", "y", "--l1-ratio", "0.5"], "is for --penalty elasticnet"),
        (
            ["fit", "t.csv", "--target", "y", "--penalty", "elasticnet", "--l1-ratio", "0.5,1.5"],
            "above 0 and up to 1",
        ),
        (["fit", "t.csv", "--target", "y", "--eps", "2"], "'2' is not one number between 0 and 1"),
        (["fit", "t.csv", "--target", "y", "--eps", "0.1,2"], "--eps: '0.1,2' is not one number"),
        (["fit", "t.csv", "--target", "y", "--alphas", "1", "--n-alphas", "3"], "use one of them"),
        (["fit", "t.csv", "--target", "y", "--penalty", "ridge", "--eps", "0.1"], "--alphas"),
        (["fit", "t.csv", "--target", "y", "--cv", "1"], "'1' is not a whole number, 2 or more"),
        (
            ["fit", "t.csv", "--target", "y", "--cv", "400"],
            "353 training rows are fewer than --cv 400",
        ),
        (["fit", "t.csv", "--target", "y", "--test-size", "1"], "'1' is not a share"),
        (
            ["fit", "t.csv", "--target", "y", "--test-size", "0.2,0.9"],
            "--test-size: '0.2,0.9' is not a share: one number, 0 or more, below 1",
        ),
        (["fit", "t.csv", "--target", "y", "--test-size", "0.9999"], "442 rows cannot be split"),
        (["fit", "t.csv", "--target", "y", "--seed", "-1"], "'-1' is not a whole number"),
        (
            ["fit", "t.csv", "--target", "y", "--seed", "5000000000"],
            "--seed: '5000000000' is not a whole number from 0 to 4294967295",
        ),
        (["fit", "t.csv", "--target", "y", "--out", "t.csv"], "would overwrite an input"),
        (["fit", "t.csv", "--target", "y", "--out", "no/m.json"], "cannot be written"),
        (["fit", "t.csv", "--target", "y", "--drop", "zzz"], "--drop names 'zzz'"),
        (["fit", "t.csv", "--target", "y", "--drop", '"age,sex'], "--drop: '\"age,sex' is no list"),
        (["fit", "t.csv", "--target", "y", "--drop", " , "], "is no list of names with commas"),
        (["fit", "t.csv", "--targ", "y"], "unrecognized arguments: --targ y"),
    ],
)
def test_bad_arguments(arguments, reason, refused, table, tmp_path):
    assert reason in refused(*arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_bad_tables(refused, diabetes, tmp_path):
    def fitting(changed: pd.DataFrame, *more) -> str:
        changed.to_csv("t.csv", index=False)
        return refused("fit", "t.csv", "--target", "y", *more)

    hole = diabetes.copy()
    hole.loc[[3, 5], "bmi"] = np.nan
    hole.loc[3, "y"] = np.nan
    error = fitting(hole)
    assert "missing values in columns 'bmi' (2), 'y' (1)" in error
    assert "--missing drop" in error
    assert "--missing mean" in error
    assert "infinite values in column 'bmi' (442)" in fitting(diabetes.assign(bmi=np.inf))
    assert "'l0w' in data row 1 (1 of 442 rows)" in fitting(
        diabetes.assign(bmi=["l0w", *diabetes["bmi"][1:]])
    )
    names = [f"name {i}" for i in range(442)]
    error = fitting(diabetes.assign(name=names))
    assert "(such as 'name 99'), too many for a category; leave it out with --drop name" in error
    assert "text in the target column 'y'" in fitting(diabetes.assign(y="much"))
    assert "'w' has negative values" in fitting(diabetes.assign(w=-1), "--weights", "w")
    assert "all weights in column 'w' are zero" in fitting(diabetes.assign(w=0), "--weights", "w")
    one = diabetes.assign(w=[1.0] + [0.0] * 441)
    assert "rows are zero; try another --seed or --cv" in fitting(one, "--weights", "w")
    assert "'bmi' are too large to be squared" in fitting(
        diabetes.assign(bmi=diabetes["s1"] * 1e200)
    )
    assert "'y' are too large to be squared" in fitting(diabetes.assign(y=diabetes["y"] * 1e200))
    assert "one row of data" in fitting(diabetes[:1])
    assert "fewer than --cv 5" in fitting(diabetes[:4])
    assert "no column is left" in fitting(diabetes[["y"]])
    dated = diabetes.assign(**{"seen on": pd.date_range("2020-01-01", periods=442)})
    assert "nor a category; leave it out with --drop 'seen on'" in fitting(dated)
    empty = diabetes.assign(bmi=np.nan)
    assert "column 'bmi' has no values; leave it out with --drop bmi" in fitting(empty)
    assert "'bmi' has no value in the training rows" in fitting(empty, "--missing", "mean")
    assert "every row has a missing value" in fitting(empty, "--missing", "drop")
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and nothing else")
    assert "t.parquet: cannot be read" in refused("fit", "t.parquet", "--target", "y")


@pytest.mark.parametrize("command", ["compare", "fit", "path", "learn"])
def test_more_folds_than_rows(command, refused, diabetes, tmp_path):
    diabetes[:6].to_csv("t.csv", index=False)
    error = refused(command, "t.csv", "--target", "y", "--cv", "50")
    assert "rows are fewer than --cv 50 folds" in error
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("name", ["size, m", ' "x", y', "it's, $HOME", "a\nb,c"])
def test_a_name_with_a_comma_is_quoted_as_the_error_says(name, run, refused, diabetes):
    diabetes.rename(columns={"sex": name}).to_csv("t.csv", index=False)
    for option, extra in (("--drop", []), ("--categorical", ["--test-size", "0"])):
        fit = ["fit", "t.csv", "--target", "y", "--quiet", *extra, option]
        error = refused(*fit, name.split(",")[0])
        advice = error.rstrip("\n").partition(f"write {option} ")[2]
        if "\n" in name:  # an error is one line
            advice = f"'\"{name}\"'"
        assert run(*fit, *shlex.split(advice)) == (0, "", "")
    inputs = load_model("model.json").encoding.inputs
    assert [column.levels for column in inputs if column.name == name] == [("1.0", "2.0")]


@pytest.mark.parametrize("package", ["pyarrow", "rich"])
def test_missing_extra_is_named(package, refused, table, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    for module in [name for name in sys.modules if name.startswith(f"{package}.")]:
        monkeypatch.delitem(sys.modules, module)
    for arguments in (["fit", table, "--target", "y"], ["demo"]):
        assert f"needs {package}: pip install 'fastreg[cli]'" in refused(*arguments)
