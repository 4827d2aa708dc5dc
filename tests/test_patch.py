"""Programs switched over to fastreg and back: by a call, in a block, from the command line."""

import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
import sklearn.decomposition._dict_learning
import sklearn.ensemble._stacking
import sklearn.linear_model
from sklearn.datasets import load_diabetes
from sklearn.decomposition import SparseCoder, SparsePCA
from sklearn.ensemble import StackingRegressor

import fastreg
from fastreg import patch_sklearn, unpatch_sklearn
from fastreg.interop import counterparts

PROGRAM = """
import sys
import sklearn.linear_model
from sklearn.linear_model import Lasso, enet_path

for each in Lasso, enet_path, sklearn.linear_model.RidgeCV:
    print(each.__module__.partition(".")[0], end=" ")
print(__name__, sys.argv[1:])
import neighbour
if "--fail" in sys.argv:
    sys.exit(3)
"""


def is_patched():
    """Whether all shared names are fastreg's; half of them would be an error."""
    bound = {
        name: getattr(sklearn.linear_model, name) is ours
        for name, (_, ours) in counterparts().items()
    }
    assert len(set(bound.values())) == 1, bound
    return bound["Lasso"]


@pytest.fixture(autouse=True)
def _nothing_stays_patched():
    assert not is_patched()
    yield
    unpatch_sklearn()
    assert not is_patched()


def test_every_name_that_both_have_is_shared():
    assert {"Lasso", "ElasticNetCV", "Ridge", "RidgeCV", "MultiTaskLassoCV", "lasso_path"} <= set(
        counterparts()
    )
    for name, (theirs, ours) in counterparts().items():
        assert theirs.__module__.startswith("sklearn."), name
        assert ours.__module__.startswith("fastreg."), name


def test_a_block():
    with patch_sklearn():
        from sklearn.linear_model import Lasso

        assert Lasso is fastreg.Lasso
        assert is_patched()
    assert not is_patched()


def test_a_call_and_back():
    patch_sklearn()
    patch_sklearn()
    assert is_patched()
    unpatch_sklearn()
    assert not is_patched()
    unpatch_sklearn()


def test_blocks_can_be_nested_and_used_again():
    outer = patch_sklearn()
    with outer:
        with patch_sklearn():
            assert is_patched()
        assert is_patched()
    assert not is_patched()
    with outer:
        assert is_patched()
    assert not is_patched()


def test_an_exception_ends_the_block():
    with pytest.raises(ZeroDivisionError), patch_sklearn():
        _ = 1 / 0
    assert not is_patched()


def test_blocks_of_threads_overlap():
    entered, leave = threading.Event(), threading.Event()

    def other():
        with patch_sklearn():
            entered.set()
            leave.wait(30)

    thread = threading.Thread(target=other)
    with patch_sklearn():
        thread.start()
        assert entered.wait(30)
    assert is_patched()  # the other thread's block is open
    leave.set()
    thread.join(30)
    assert not is_patched()


def test_modules_of_scikit_learn_that_use_the_names_follow():
    own = sklearn.ensemble._stacking.RidgeCV
    with patch_sklearn():
        assert sklearn.ensemble._stacking.RidgeCV is fastreg.RidgeCV
        assert sklearn.decomposition._dict_learning.Lasso is fastreg.Lasso
        # where they are defined they stay, so that scikit-learn's own objects can be pickled
        assert sklearn.linear_model._ridge.RidgeCV is own
        assert type(pickle.loads(pickle.dumps(own()))) is own
    assert sklearn.ensemble._stacking.RidgeCV is own


def test_one_that_is_imported_in_a_block_does_not_keep_them(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("sklearn.ensemble")]:
        monkeypatch.delitem(sys.modules, name)
    with patch_sklearn():
        import sklearn.ensemble._stacking as fresh

        assert fresh.RidgeCV is fastreg.RidgeCV
    assert fresh.RidgeCV is sklearn.linear_model.RidgeCV


def same_answers(compute, rtol):
    expected = compute()
    with patch_sklearn():
        got = compute()
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=rtol * np.abs(expected).max())


def test_meta_estimators_give_the_same_answers():
    X, y = load_diabetes(return_X_y=True)

    def stacked():
        linear = sklearn.linear_model
        members = [("lasso", linear.Lasso(0.1, tol=1e-12)), ("ridge", linear.Ridge())]
        return StackingRegressor(members).fit(X, y).predict(X)

    same_answers(stacked, 1e-8)


def test_scikit_learns_own_algorithms_give_the_same_answers():
    X, _ = load_diabetes(return_X_y=True)
    atoms = X[:5] / np.linalg.norm(X[:5], axis=1, keepdims=True)

    def coded():
        return SparseCoder(
            atoms, transform_algorithm="lasso_cd", transform_alpha=0.01, transform_max_iter=10_000
        ).fit_transform(X)

    def components():
        # its scores come from ridge_regression
        return SparsePCA(3, alpha=0.1, method="lars", random_state=0).fit(X).transform(X)

    same_answers(coded, 1e-3)  # by the default tolerance of Lasso
    same_answers(components, 1e-8)


@pytest.fixture
def program(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "neighbour.py").write_text("print('neighbour')")
    return tmp_path


def run(folder, *arguments):
    # safe_path keeps the folder of a program off sys.path: with python -m fastreg.patch as without
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONSAFEPATH"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "fastreg.patch", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


EXPECTED = "fastreg fastreg fastreg __main__ {}\nneighbour\n"


def test_a_script_runs_patched(program, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    done = run(elsewhere, str(program / "program.py"), "--alpha", "-m", "x")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == EXPECTED.format("['--alpha', '-m', 'x']")


def test_a_module_runs_patched(program):
    done = run(program, "-m", "program", "--fail")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout == EXPECTED.format("['--fail']")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["absent.py"], 2, "there is no file 'absent.py'"),
        (["-m", "absent"], 1, "No module named absent"),
        ([], 2, "required: program"),
    ],
)
def test_a_program_that_is_not_there(program, arguments, code, message):
    done = run(program, *arguments)
    assert done.returncode == code
    assert message in done.stderr


def test_an_error_in_a_script_shows_where(program):
    (program / "program.py").write_text("def broken():\n    1 / 0\n\nbroken()\n")
    done = run(program, "program.py")
    assert done.returncode == 1
    assert "line 2, in broken" in done.stderr
    assert "ZeroDivisionError" in done.stderr
