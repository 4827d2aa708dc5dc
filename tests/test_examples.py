"""The examples run, say what they claim, and their models are those that scikit-learn finds."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone

import fastreg

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def run(*arguments):
    """Run Python in a process of its own, any warning an error; return the lines that it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout.splitlines()


def test_each_is_listed():
    text = (EXAMPLES / "README.md").read_text()
    assert {file.name for file in EXAMPLES.glob("*.py")} == {
        word.strip("`").removeprefix("examples/")
        for word in text.split()
        if word.startswith("examples/")
    }


def test_columns():
    shown = runpy.run_path(str(EXAMPLES / "columns.py"))
    model, lasso = shown["model"], shown["lasso"]
    at_this_alpha = {"lassocv__alphas": [lasso.alpha_], "lassocv__selection_rule": "min"}
    oracle = fastreg.to_sklearn(clone(model).set_params(**at_this_alpha, lassocv__tol=1e-10))
    oracle.fit(shown["X_train"], shown["y_train"])
    assert_allclose(model.predict(shown["X_test"]), oracle.predict(shown["X_test"]), rtol=1e-3)
    assert lasso.dual_gap_ < 1e-4
    assert shown["scores"].mean() > 0.9


def test_grid_search():
    shown = runpy.run_path(str(EXAMPLES / "grid_search.py"))
    search, twin = shown["search"], shown["twin"]
    assert type(twin.estimator["model"]).__module__.startswith("sklearn.")
    assert search.best_params_ == twin.best_params_
    assert_allclose(
        search.cv_results_["mean_test_score"], twin.cv_results_["mean_test_score"], atol=5e-3
    )  # as far as the default tolerances go


@pytest.mark.filterwarnings("ignore:Objective did not converge")  # scikit-learn's, not ours
def test_stacked():
    shown = runpy.run_path(str(EXAMPLES / "stacked.py"))
    refitted = clone(shown["exported"]).fit(shown["X_train"], shown["y_train"])
    expected = refitted.predict(shown["X_test"])
    assert_allclose(shown["stack"].predict(shown["X_test"]), expected, rtol=1e-2)
    assert (shown["stack"].final_estimator_.coef_ >= 0).all()


def test_plain_runs_the_same_when_patched():
    *plain, by_scikit_learn = run(EXAMPLES / "plain.py")
    *patched, by_fastreg = run("-m", "fastreg.patch", EXAMPLES / "plain.py")
    assert plain == patched
    assert by_scikit_learn == "estimators of sklearn"
    assert by_fastreg == "estimators of fastreg"


@pytest.mark.parametrize("name", ["columns", "stacked"])
def test_they_run_without_a_warning(name):
    assert len(run(EXAMPLES / f"{name}.py")) > 5
