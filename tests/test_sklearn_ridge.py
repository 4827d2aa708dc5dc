"""Ridge, RidgeCV and ridge_regression beside scikit-learn's: attributes, errors, warnings."""

import warnings
from copy import deepcopy
from itertools import product

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
import sklearn.linear_model as sk
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold, KFold, LeaveOneOut

import fastreg as fr
from fastreg.designs import make_design
from fastreg.engine import fits_factors

from .beside import HELD, assert_same_kind, both, called, fitted, problem

EXACT = ["auto", "svd", "cholesky"]
ITERATIVE = ["lsqr", "sparse_cg", "sag", "saga"]
ALPHAS = (0.1, 1.0, 30.0)
TOLERANCE = {np.float64: (1e-7, 1e-9), np.float32: (3e-4, 3e-5)}

every_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f8", "f4"])
every_kind = pytest.mark.parametrize("held", [*HELD, "coo"])
with_weights = pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
with_intercept = pytest.mark.parametrize("fit_intercept", [True, False], ids=["centred", "origin"])


def hold(X, kind):
    return sparse.coo_array(X) if kind == "coo" else HELD[kind](X)


def assert_same_fit(ours, theirs, rtol=1e-7, atol=1e-9, but=()):
    """Every fitted attribute of theirs is there with its shape, dtype and value."""
    assert_same_kind(ours, theirs)
    for key in fitted(theirs):
        own, wanted = getattr(ours, key), getattr(theirs, key)
        if wanted is None or isinstance(wanted, str) or np.asarray(wanted).dtype.kind in "OU":
            assert np.array_equal(own, wanted), key
        elif key not in but:
            assert_allclose(own, wanted, rtol=rtol, atol=atol, err_msg=key)


@every_kind
@every_dtype
@with_weights
@with_intercept
@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("shape", [(60, 12), (9, 12)], ids=["tall", "wide"])
def test_attributes(shape, targets, fit_intercept, weighted, dtype, held):
    X, y, w = problem(targets, dtype)
    X, y, w = hold(X[: shape[0]], held), y[: shape[0]], w[: shape[0]] if weighted else None
    rtol, atol = TOLERANCE[dtype]
    for solver in [*EXACT, "lsqr", "sparse_cg"]:
        if sparse.issparse(X) and (solver == "svd" or (solver == "cholesky" and fit_intercept)):
            continue
        options = {"solver": solver, "tol": 1e-13, "fit_intercept": fit_intercept}
        ours, theirs = both("Ridge", X, y, w, alpha=1.5, **options)
        assert_same_fit(ours, theirs, rtol, atol, but=["n_iter_"])
        assert ours.predict(X).dtype == theirs.predict(X).dtype
        assert_allclose(ours.score(X, y), theirs.score(X, y), rtol=rtol)


@every_kind
@with_weights
@with_intercept
@pytest.mark.parametrize("targets", [1, 3])
def test_positive(held, weighted, fit_intercept, targets):
    X, y, w = problem(targets)
    options = {"positive": True, "tol": 1e-13, "fit_intercept": fit_intercept}
    for solver in ("auto", "lbfgs"):
        ours, theirs = both(
            "Ridge", hold(X, held), y, w if weighted else None, solver=solver, **options
        )
        assert_same_fit(ours, theirs, rtol=1e-4, atol=1e-5)
        assert np.all(ours.coef_ >= 0)


@pytest.mark.parametrize("solver", ["sag", "saga"])
@pytest.mark.parametrize(
    ("held", "fit_intercept"), [("C", True), ("C", False), ("csr", False)]
)  # sparse X with an intercept is refused by saga and goes to conjugate gradients for sag
def test_stochastic_solvers_reach_the_same(solver, held, fit_intercept):
    X, y, _ = problem()
    options = {"solver": solver, "fit_intercept": fit_intercept, "random_state": 0}
    ours, theirs = both("Ridge", hold(X, held), y, tol=1e-12, max_iter=20_000, alpha=5.0, **options)
    assert_same_fit(ours, theirs, rtol=1e-5, atol=1e-7, but=["n_iter_"])
    assert ours.n_iter_[0] < theirs.n_iter_[0]


@pytest.mark.parametrize("held", ["C", "csr"])
def test_an_alpha_for_each_target(held):
    X, y, w = problem(3)
    for alpha in ([0.1, 2.0, 50.0], np.array([3.0])):
        assert_same_fit(*both("Ridge", hold(X, held), y, w, alpha=alpha, tol=1e-13))


@pytest.mark.parametrize("name", ["Ridge", "RidgeCV"])
@every_dtype
def test_a_target_of_one_column(name, dtype):
    X, y, w = problem(1, dtype)
    assert_same_fit(*both(name, X, y[:, None], w), *TOLERANCE[dtype])


@pytest.mark.parametrize("solver", ["lsqr", "sag", "saga"])
@pytest.mark.parametrize("max_iter", [1, 2, 3])
def test_iterations_are_counted_target_by_target(solver, max_iter):
    X, y, _ = problem(3)
    ours, theirs = both("Ridge", X, y, solver=solver, tol=1e-13, max_iter=max_iter)
    assert_array_equal(ours.n_iter_, theirs.n_iter_)
    assert ours.n_iter_.dtype == theirs.n_iter_.dtype


@pytest.mark.parametrize("max_iter", [1, 2, 3])
@pytest.mark.parametrize("solver", ["lsqr", "sparse_cg"])
@pytest.mark.parametrize("held", ["C", "csr"])
def test_an_iteration_is_an_iteration(held, solver, max_iter):
    """SciPy's own solvers stop after as many steps at the same coefficients."""
    X, y, w = problem()
    options = {"solver": solver, "tol": 1e-13, "max_iter": max_iter}
    ours, theirs = both("Ridge", hold(X, held), y, w, **options)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-9)
    with pytest.warns(ConvergenceWarning):
        fr.Ridge(**options).fit(hold(X, held), y, w)


@pytest.mark.parametrize("solver", ITERATIVE)
def test_a_tolerance_of_nothing_ends_at_rounding(solver):
    X, y, _ = problem()
    exact = fr.Ridge().fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = fr.Ridge(solver=solver, tol=0.0, max_iter=200).fit(X, y)
    assert_allclose(model.coef_, exact.coef_, rtol=1e-9)


@pytest.mark.parametrize("solver", ["auto", "sparse_cg", "lsqr"])
@pytest.mark.parametrize("standardize", [False, True])
def test_sparse_x_too_large_for_factors(monkeypatch, solver, standardize):
    """The iterative route is certified like any other and agrees with the exact one."""
    X, y, w = problem(3)
    exact = fr.Ridge(2.0, standardize=standardize).fit(X, y, w)
    monkeypatch.setattr("fastreg.linear_model._ridge_solvers.fits_factors", lambda design: False)
    options = {"solver": solver, "tol": 1e-12, "standardize": standardize}
    model = fr.Ridge(2.0, **options).fit(sparse.csr_array(X), y, w)
    assert_allclose(model.coef_, exact.coef_, rtol=1e-8)
    assert_allclose(model.intercept_, exact.intercept_, rtol=1e-8)
    assert np.all(model.dual_gap_ <= 1e-12 * y.var())


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_folds_of_sparse_x_too_large_for_factors(monkeypatch, n_jobs):
    X, y, w = problem(3)
    exact = fr.RidgeCV(ALPHAS, cv=4).fit(X, y, w)
    monkeypatch.setattr("fastreg.linear_model._ridge_cv.fits_factors", lambda design: False)
    model = fr.RidgeCV(ALPHAS, cv=4, n_jobs=n_jobs).fit(sparse.csr_array(X), y, w)
    assert model.alpha_ == exact.alpha_
    for key in ("mse_path_", "best_score_", "coef_", "intercept_"):
        assert_allclose(getattr(model, key), getattr(exact, key), rtol=1e-4)


@pytest.mark.parametrize("solver", ["lsqr", "sparse_cg"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_columns_far_from_the_origin(solver, dtype):
    """Products of dense X are centred block by block: they round to the spread."""
    rng = np.random.default_rng(3)
    X = (rng.standard_normal((500, 6)) + 1000.0).astype(dtype)
    y = X.astype(float) @ np.arange(6.0) + rng.standard_normal(500)
    exact = fr.Ridge().fit(X.astype(float), y)
    model = fr.Ridge(solver=solver, tol=1e-13).fit(X.astype(float), y)
    assert_allclose(model.coef_, exact.coef_, rtol=1e-10)
    held = fr.Ridge(solver=solver, tol=1e-13).fit(X, y)
    assert_allclose(held.coef_, exact.coef_, rtol=1e-4, atol=1e-4)


def test_factors_have_room_unless_x_is_sparse_and_large():
    rng = np.random.default_rng(0)
    small = sparse.random_array((300, 200), density=0.01, random_state=rng, format="csr")
    large = sparse.random_array((20_000, 30_000), density=1e-5, random_state=rng, format="csr")
    tall = sparse.random_array((20_000, 30), density=1e-3, random_state=rng, format="csr")
    for A, fits in ((small, True), (large, False), (tall, True), (small.toarray(), True)):
        assert fits_factors(make_design(A, np.zeros(A.shape[0]))) is fits


def test_what_has_no_penalty_is_solved_exactly_whatever_the_name():
    X, y, _ = problem()
    factor = np.r_[0.0, np.ones(11)]
    exact = fr.Ridge(2.0, penalty_factor=factor).fit(X, y)
    assert_array_equal(
        fr.Ridge(2.0, solver="lsqr", penalty_factor=factor).fit(X, y).coef_, exact.coef_
    )


@every_kind
@every_dtype
@with_weights
@with_intercept
@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("scoring", [None, "neg_mean_absolute_error"])
def test_leave_one_out(scoring, targets, fit_intercept, weighted, dtype, held):
    X, y, w = problem(targets, dtype)
    X, w = hold(X, held), w if weighted else None
    options = {"alphas": ALPHAS, "scoring": scoring, "fit_intercept": fit_intercept}
    for each, gcv_mode in product([False, True] if targets > 1 else [False], ["auto", "svd"]):
        options |= {"alpha_per_target": each, "gcv_mode": gcv_mode, "store_cv_results": True}
        assert_same_fit(*both("RidgeCV", X, y, w, **options), *TOLERANCE[dtype])


@pytest.mark.parametrize("held", ["C", "F"])
@every_dtype
@with_weights
@with_intercept
@pytest.mark.parametrize(
    ("scoring", "targets"),
    [*product([None, "neg_mean_absolute_error"], [1, 3]), ("neg_max_error", 1)],
)
def test_folds(scoring, targets, fit_intercept, weighted, dtype, held):
    X, y, w = problem(targets, dtype)
    options = {"alphas": ALPHAS, "scoring": scoring, "fit_intercept": fit_intercept}
    for cv in (3, KFold(4, shuffle=True, random_state=0)):
        fits = both("RidgeCV", hold(X, held), y, w if weighted else None, cv=cv, **options)
        assert_same_fit(*fits, *TOLERANCE[dtype])


@pytest.mark.parametrize(
    ("alphas", "cv"),
    [
        *product([[2.0], np.array([0.1, 5.0]), (0.5, 0.5)], [None, 3]),
        (1.0, None),  # scikit-learn fails on one number with folds, and returns whole ones
        ([1, 10, 100], None),
    ],
)
def test_kinds_of_alphas(alphas, cv):
    X, y, _ = problem()
    assert_same_fit(*both("RidgeCV", X, y, alphas=alphas, cv=cv))


@pytest.mark.parametrize("cv", [KFold(5), LeaveOneOut()])
def test_folds_of_one_row(cv):
    """Their R² is not defined: scikit-learn warns and takes the first alpha."""
    X, y, w = problem()
    X, y, w = X[:6], y[:6], w[:6]
    ours, theirs = both("RidgeCV", X, y, w, cv=cv)
    assert_same_fit(ours, theirs)
    assert np.isnan(theirs.best_score_)
    own, wanted = (called(lambda m=m: m.RidgeCV(cv=cv).fit(X, y))[1] for m in (fr, sk))
    assert own == wanted
    assert len(own) == 2


def test_metadata_goes_where_it_is_asked_for():
    X, y, w = problem()
    groups = np.arange(60) % 7
    with sklearn.config_context(enable_metadata_routing=True):
        ours, theirs = (
            module.RidgeCV(ALPHAS, cv=GroupKFold(3))
            .set_fit_request(sample_weight=True)
            .fit(X, y, sample_weight=w, groups=groups)
            for module in (fr, sk)
        )
        assert_same_fit(ours, theirs)
        for name in ("Ridge", "RidgeCV", "RidgeClassifier", "RidgeClassifierCV"):
            own, wanted = (
                str(getattr(module, name)().get_metadata_routing()) for module in (fr, sk)
            )
            assert own.replace("fastreg.linear_model", "") == wanted.replace(
                "sklearn.linear_model", ""
            )


REGRESSION_OPTIONS = {
    "plain": {},
    "weights": {"sample_weight": np.linspace(0.5, 2.0, 60)},
    "one weight": {"sample_weight": 3.0},
    "iterations": {"return_n_iter": True, "solver": "cholesky"},
    "intercept": {"return_intercept": True, "max_iter": 100_000},
    "both": {"return_intercept": True, "return_n_iter": True, "max_iter": 100_000},
    "svd": {"solver": "svd"},
    "lsqr": {"solver": "lsqr"},
    "sparse_cg": {"solver": "sparse_cg"},
    "unchecked": {"check_input": False},
}


@pytest.mark.parametrize(
    ("held", "name"),
    [pair for pair in product(["C", "csr"], REGRESSION_OPTIONS) if pair != ("csr", "svd")],
)
@pytest.mark.parametrize("targets", [1, 3])
@every_dtype
def test_the_function(held, name, targets, dtype):
    options = REGRESSION_OPTIONS[name]
    X, y, _ = problem(targets, dtype)
    X = hold(X, held)
    alpha = 5.0 if targets == 1 else [1.0, 5.0, 20.0]
    tol = 1e-6 if dtype is np.float32 else 1e-9 if options.get("return_intercept") else 1e-13
    # of scikit-learn, whose sag stops early
    rtol = 5e-2 if dtype is np.float32 and options.get("return_intercept") else 5e-4
    ours, theirs = (
        module.ridge_regression(deepcopy(X), y, alpha, tol=tol, random_state=0, **options)
        for module in (fr, sk)
    )
    assert type(ours) is type(theirs)
    for own, wanted in zip(*map(as_tuple, (ours, theirs)), strict=True):
        assert type(own) is type(wanted)
        assert np.shape(own) == np.shape(wanted)
        if wanted is not None:
            assert own.dtype == wanted.dtype
            if own.dtype.kind == "f":
                assert_allclose(own, wanted, rtol=rtol, atol=rtol / 10)


def as_tuple(found):
    return found if isinstance(found, tuple) else (found,)


def test_the_function_with_positive_coefficients():
    X, y, w = problem(3)
    ours, theirs = (
        module.ridge_regression(X, y, 2.0, positive=True, sample_weight=w, tol=1e-13)
        for module in (fr, sk)
    )
    assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


X, Y, W = problem(3)
LABELS = (Y[:, 0] > 1).astype(int)
SPARSE = sparse.csr_array(X)
BAD_CALLS = {
    "alpha": lambda m: m.Ridge(-1).fit(X, Y),
    "alpha of text": lambda m: m.Ridge("a").fit(X, Y),
    "alphas too few": lambda m: m.Ridge([1.0, 2.0]).fit(X, Y),
    "max_iter": lambda m: m.Ridge(max_iter=0).fit(X, Y),
    "tol": lambda m: m.Ridge(tol=-1).fit(X, Y),
    "positive": lambda m: m.Ridge(positive=2).fit(X, Y),
    "random_state": lambda m: m.Ridge(random_state="q").fit(X, Y),
    "fit_intercept": lambda m: m.Ridge(fit_intercept="q").fit(X, Y),
    "weights in two dimensions": lambda m: m.Ridge().fit(X, Y, W[:, None]),
    "weights too few": lambda m: m.Ridge().fit(X, Y, W[:3]),
    "weights NaN": lambda m: m.Ridge().fit(X, Y, W * np.nan),
    "y too short": lambda m: m.Ridge().fit(X, Y[:3]),
    "X one-dimensional": lambda m: m.Ridge().fit(W, Y),
    "y three-dimensional": lambda m: m.Ridge().fit(X, np.ones((60, 2, 2))),
    "no columns": lambda m: m.Ridge().fit(X[:, :0], Y),
    "y NaN": lambda m: m.Ridge().fit(X, Y * np.nan),
    "y of text": lambda m: m.Ridge().fit(X, np.array(["a"] * 60)),
    "complex": lambda m: m.Ridge().fit(X + 1j, Y),
    "unfitted": lambda m: m.Ridge().predict(X),
    "other columns": lambda m: m.Ridge().fit(X, Y).predict(X[:, :2]),
    "lbfgs": lambda m: m.Ridge(solver="lbfgs").fit(X, Y),
    **{
        f"{solver} positive": lambda m, s=solver: m.Ridge(solver=s, positive=True).fit(X, Y)
        for solver in [*EXACT[1:], *ITERATIVE]
    },
    **{
        f"{solver} sparse": lambda m, s=solver: m.Ridge(solver=s).fit(SPARSE, Y)
        for solver in ["svd", "cholesky", "saga", "lbfgs"]
    },
    "svd sparse origin": lambda m: m.Ridge(solver="svd", fit_intercept=False).fit(SPARSE, Y),
    "one of alphas": lambda m: m.RidgeCV([1, -1]).fit(X, Y),
    "only one of alphas": lambda m: m.RidgeCV([-1.0]).fit(X, Y),
    "alphas zero": lambda m: m.RidgeCV([0.0, 1.0]).fit(X, Y),
    "alphas of text": lambda m: m.RidgeCV([1, 2, "a"]).fit(X, Y),
    "cv": lambda m: m.RidgeCV(cv="a").fit(X, Y),
    "one fold": lambda m: m.RidgeCV(cv=1).fit(X, Y),
    "too many folds": lambda m: m.RidgeCV(cv=100).fit(X, Y),
    "store_cv_results": lambda m: m.RidgeCV(cv=3, store_cv_results=True).fit(X, Y),
    "alpha_per_target": lambda m: m.RidgeCV(cv=3, alpha_per_target=True).fit(X, Y),
    "metadata": lambda m: m.RidgeCV(cv=3).fit(X, Y, groups=LABELS),
    "return_intercept": lambda m: m.ridge_regression(
        X, Y, 1.0, solver="svd", return_intercept=True
    ),
    "positive svd": lambda m: m.ridge_regression(X, Y, 1.0, solver="svd", positive=True),
    "function lbfgs": lambda m: m.ridge_regression(X, Y, 1.0, solver="lbfgs"),
    "function sparse svd": lambda m: m.ridge_regression(SPARSE, Y, 1.0, solver="svd"),
    "function alphas": lambda m: m.ridge_regression(X, Y, [1.0, 2.0]),
    "function alpha": lambda m: m.ridge_regression(X, Y, -1.0),
    "function y": lambda m: m.ridge_regression(X, np.ones((60, 2, 2)), 1.0),
    "function length": lambda m: m.ridge_regression(X, Y[:3], 1.0),
    "function length unchecked": lambda m: m.ridge_regression(X, Y[:3], 1.0, check_input=False),
    "function verbose": lambda m: m.ridge_regression(X, Y, 1.0, verbose=-1),
    "function max_iter": lambda m: m.ridge_regression(X, Y, 1.0, max_iter=-1),
}


@pytest.mark.parametrize("call", BAD_CALLS.values(), ids=BAD_CALLS)
def test_errors(call):
    ours, theirs = called(lambda: call(fr))[0], called(lambda: call(sk))[0]
    assert theirs is not None
    assert ours.split() == theirs.split()


UNKNOWN_NAMES = {
    "solver": lambda m: m.Ridge(solver="x").fit(X, Y),
    "scoring": lambda m: m.RidgeCV(scoring="x").fit(X, Y),
    "gcv_mode": lambda m: m.RidgeCV(gcv_mode="x").fit(X, Y),
    "function": lambda m: m.ridge_regression(X, Y, 1.0, solver="x"),
}


@pytest.mark.parametrize("call", UNKNOWN_NAMES.values(), ids=UNKNOWN_NAMES)
def test_unknown_names(call):
    """The set of names that the message lists has no order."""
    ours, theirs = called(lambda: call(fr))[0], called(lambda: call(sk))[0]
    assert theirs is not None
    assert sorted(ours) == sorted(theirs)


WARNED = {
    "sag sparse": lambda m: m.Ridge(solver="sag", tol=1e-3).fit(SPARSE, Y),
    "gcv_mode sparse": lambda m: m.RidgeCV(gcv_mode="svd").fit(SPARSE, Y),
    "names lost": lambda m: m.Ridge().fit(pd.DataFrame(X).add_prefix("c"), Y).predict(X),
    "unweighted folds": lambda m: m.RidgeCV(cv=3, scoring="neg_max_error").fit(X, Y[:, 0], W),
    "nothing": lambda m: m.RidgeCV(cv=3).fit(X, Y, W),
}


@pytest.mark.parametrize("call", WARNED.values(), ids=WARNED)
def test_warnings(call):
    (ours, own), (theirs, wanted) = called(lambda: call(fr)), called(lambda: call(sk))
    assert ours is theirs is None
    assert own == wanted


UNCONVERGED = {
    "sag": ("The max_iter was reached which means the coef_ did not converge", {"max_iter": 1}),
    "lbfgs": (
        r"The lbfgs solver did not converge. Try increasing max_iter or tol. Currently: max_iter=1",
        {"max_iter": 1, "positive": True},
    ),
}


@pytest.mark.parametrize("solver", UNCONVERGED)
def test_who_does_not_converge_says_so_in_scikit_learns_words(solver):
    message, options = UNCONVERGED[solver]
    for module in (fr, sk):
        with pytest.warns(ConvergenceWarning, match=message):
            module.Ridge(solver=solver, tol=1e-12, **options).fit(X, Y[:, 0])


@pytest.mark.parametrize("module", [fr, sk])
def test_conjugate_gradients_that_end_early_say_after_how_many(module):
    rng = np.random.default_rng(0)
    wide, y = rng.standard_normal((5, 10)), rng.standard_normal(5)
    with pytest.warns(
        ConvergenceWarning, match=r"sparse_cg did not converge after \d+ iterations."
    ):
        module.ridge_regression(wide, y, 1.0, solver="sparse_cg", tol=0.0, verbose=1)


@pytest.mark.parametrize("solver", ["auto", "lsqr", "sparse_cg", "sag"])
@pytest.mark.parametrize("held", ["C", "F", "csr", "csc"])
@pytest.mark.parametrize("copy_X", [True, False])
def test_input_is_read_only(solver, held, copy_X):
    A, w = hold(X, held), W.copy()
    for array in (A.data, A.indices, A.indptr) if sparse.issparse(A) else (A,):
        array.flags.writeable = False
    w.flags.writeable = False
    before = A.copy()
    model = fr.Ridge(solver=solver, copy_X=copy_X, tol=1e-10).fit(A, Y, w)
    assert abs(A - before).max() == 0
    assert_allclose(model.coef_, sk.Ridge().fit(X, Y, W).coef_, rtol=1e-6)


def test_memory_maps_as_workers_get_them(tmp_path):
    path = str(tmp_path / "X")
    joblib.dump(X, path)
    mapped = joblib.load(path, mmap_mode="r")
    for solver in ("auto", "lsqr"):
        assert_array_equal(
            fr.Ridge(solver=solver).fit(mapped, Y).coef_, fr.Ridge(solver=solver).fit(X, Y).coef_
        )


@pytest.mark.parametrize("name", ["Ridge", "RidgeCV"])
@pytest.mark.parametrize("kind", ["list", "int", "frame", "lil", "dok", "csr_matrix"])
def test_other_kinds_of_input(name, kind):
    A = {
        "list": X.tolist(),
        "int": (10 * X).astype(int),
        "frame": pd.DataFrame(X).add_prefix("c"),
        "lil": sparse.lil_array(X),
        "dok": sparse.dok_array(X),
        "csr_matrix": sparse.csr_matrix(X),
    }[kind]
    y = Y.tolist() if kind == "list" else Y
    ours, theirs = both(name, A, y)
    is_approximate = name == "Ridge" and sparse.issparse(A)  # of scikit-learn: conjugate gradients
    assert_same_fit(ours, theirs, *((1e-2, 1e-3) if is_approximate else (1e-6, 1e-8)))


@pytest.mark.parametrize("name", ["Ridge", "RidgeCV"])
def test_clones_have_the_same_parameters(name):
    options = {"Ridge": {"alpha": [1.0, 2.0, 3.0], "solver": "lsqr"}, "RidgeCV": {"alphas": ALPHAS}}
    model = getattr(fr, name)(**options[name])
    assert clone(model).get_params() == model.get_params()
    assert repr(model) == repr(getattr(sk, name)(**options[name]))
