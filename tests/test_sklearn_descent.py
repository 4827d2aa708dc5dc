"""Lasso, Elastic-Net and their multi-task forms beside scikit-learn, attribute by attribute."""

import warnings
from functools import partial

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model as sk
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

import fastreg as fr

from .beside import (
    HELD,
    JOINT,
    SINGLE,
    TIGHT,
    assert_same_kind,
    assert_same_values,
    both,
    called,
    data_for,
    problem,
)
from .oracles import Instance


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("targets", [1, 2])
@pytest.mark.parametrize("name", SINGLE)
def test_attributes(name, targets, held, dtype, weighted, fit_intercept, positive):
    """float32 data: dtypes as of scikit-learn's fit, values as of its fit to the same in double."""
    X, y, w = problem(targets, dtype)
    X, w = HELD[held](X), w if weighted else None
    options = {"alpha": 0.05, "fit_intercept": fit_intercept, "positive": positive}
    ours, theirs = both(name, X, y, w, **options, **TIGHT)
    assert_same_kind(ours, theirs)
    if dtype is np.float32:
        w = w if w is None else w.astype(float)
        _, theirs = both(name, X.astype(float), y.astype(float), w, **options, **TIGHT)
    assert_same_values(ours, theirs, X, 1e-8 if dtype is np.float64 else 2e-6)
    mean_square = np.average(np.square(y - (y.mean(axis=0) if fit_intercept else 0)), axis=0)
    assert np.all(np.asarray(ours.dual_gap_) <= 1e-12 * mean_square * 3)
    assert ours.score(X, y) == pytest.approx(theirs.score(X, y), abs=1e-5)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("name", JOINT)
def test_attributes_of_joint_targets(name, held, dtype, weighted, fit_intercept):
    X, Y, w = problem(3, dtype)
    X, w = HELD[held](X), w if weighted else None
    options = {"alpha": 0.05, "fit_intercept": fit_intercept}
    ours, theirs = both(name, X, Y, w, **options, **TIGHT)
    assert_same_kind(ours, theirs)
    assert ours.eps_ == pytest.approx(theirs.eps_, rel=1e-5)
    if dtype is np.float32:
        w = w if w is None else w.astype(float)
        _, theirs = both(name, X.astype(float), Y.astype(float), w, **options, **TIGHT)
    assert_same_values(ours, theirs, X, 1e-8 if dtype is np.float64 else 2e-6)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_a_target_of_one_column(name, fit_intercept):
    X, y, _ = problem()
    ours, theirs = both(name, X, y[:, None], alpha=0.05, fit_intercept=fit_intercept, **TIGHT)
    assert_same_kind(ours, theirs)
    assert_same_values(ours, theirs, X, 1e-8)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("precompute", [True, "gram"])
@pytest.mark.parametrize("name", SINGLE)
def test_precompute(name, precompute, order, weighted):
    X, y, w = problem()
    w = w if weighted else None
    X = HELD[order](X - np.average(X, axis=0, weights=w))
    if precompute == "gram":
        scaled = X if w is None else X * np.sqrt(w * (w.size / w.sum()))[:, None]
        precompute = scaled.T @ scaled
    ours, theirs = both(name, X, y, w, alpha=0.05, precompute=precompute, **TIGHT)
    assert_same_kind(ours, theirs)
    assert_same_values(ours, theirs, X, 1e-8)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("alpha", [1.0, 0.1, 1e-2, 1e-3])
@pytest.mark.parametrize("name", SINGLE)
def test_objective_at_the_default_tolerance(name, alpha, weighted):
    """No worse than scikit-learn's plus its gap, which is an upper bound of what it may lack."""
    X, y, w = problem()
    w = w if weighted else None
    ours, theirs = both(name, X, y, w, alpha=alpha)
    judge = Instance(X, y, l1_ratio=1.0 if name == "Lasso" else 0.5, weight=w)
    own, wanted = (judge.objective(alpha, m.coef_, m.intercept_) for m in (ours, theirs))
    assert own <= wanted + theirs.dual_gap_ + 1e-15
    assert ours.dual_gap_ <= 1e-4 * judge.yy


# An iteration is a sweep in the order of the columns, so that a fit of few of them can be followed.
@pytest.mark.parametrize("max_iter", [1, 2, 5, 10])
@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}, {"positive": True}], ids=str)
@pytest.mark.parametrize("shape", [(60, 12), (20, 300)])
@pytest.mark.parametrize("held", ["C", "csc"])
@pytest.mark.parametrize("name", SINGLE)
def test_every_iterate(name, held, shape, options, max_iter, route):
    X, y, w = problem()
    if shape[1] > 12:  # by columns, more than there are rows
        X, y, w = np.random.default_rng(3).standard_normal(shape), y[: shape[0]], w[: shape[0]]
    X = HELD[held](X)
    ours, theirs = both(name, X, y, w, alpha=0.03, max_iter=max_iter, tol=0, **options)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-9, atol=1e-12)
    assert ours.n_iter_ == theirs.n_iter_
    if name == "Lasso":
        assert ours.dual_gap_ == pytest.approx(theirs.dual_gap_, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("path", ["lasso_path", "enet_path"])
def test_every_iterate_along_a_path(path, route):
    X, y, _ = problem()
    given = {"alphas": [0.3, 0.1, 0.01], "max_iter": 3, "tol": 0, "return_n_iter": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        ours, theirs = (getattr(module, path)(X, y, **given) for module in (fr, sk))
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-10, atol=1e-13)
    assert ours[3] == theirs[3] == [3, 3, 3]


@pytest.mark.parametrize("max_iter", [1, 2, 5, 10])
@pytest.mark.parametrize("name", JOINT)
def test_every_iterate_of_joint_targets(name, max_iter):
    X, Y, w = problem(3)
    ours, theirs = both(name, X, Y, w, alpha=0.03, max_iter=max_iter, tol=0)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-10, atol=1e-13)
    assert ours.n_iter_ == theirs.n_iter_
    if name == "MultiTaskLasso":
        assert ours.dual_gap_ == pytest.approx(theirs.dual_gap_, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_warm_starts(name, route):
    X, y, _ = data_for(name)
    fresh = partial(getattr(fr, name), alpha=0.03, tol=0, warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        twice = fresh(max_iter=5).fit(X, y).fit(X, y)
        once = fresh(max_iter=10).fit(X, y)
    np.testing.assert_allclose(twice.coef_, once.coef_, rtol=1e-12)
    model = fresh(max_iter=1000).set_params(tol=1e-8).fit(X, y)
    assert model.n_iter_ > 0
    assert model.fit(X, y).n_iter_ == 0
    model.set_params(alpha=0.02).fit(X, y)
    assert model.n_iter_ > 0
    by_hand = fresh(max_iter=1000).set_params(alpha=0.02, tol=1e-8)
    by_hand.coef_ = model.coef_.copy()
    assert by_hand.fit(X, y).n_iter_ == 0


@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_random_order(name):
    """A seed gives the same bits again, a `RandomState` goes on; the solution is the cyclic one."""
    X, y, _ = data_for(name)
    make = partial(getattr(fr, name), alpha=0.03, selection="random")
    first, again = (make(random_state=0, tol=1e-12).fit(X, y) for _ in range(2))
    assert first.coef_.tobytes() == again.coef_.tobytes()
    cyclic, _ = both(name, X, y, alpha=0.03, **TIGHT)
    np.testing.assert_allclose(first.coef_, cyclic.coef_, atol=1e-9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        shared = np.random.RandomState(0)
        some = [make(random_state=shared, max_iter=1).fit(X, y).coef_ for _ in range(4)]
        assert len({coef.tobytes() for coef in some}) > 1


BAD_PARAMETERS = {
    "alpha": [-1, "1", None, [1.0], np.nan],
    "l1_ratio": [-0.1, 2, "a", None],
    "fit_intercept": ["yes", None],
    "precompute": ["auto", "x", 3, None],
    "max_iter": [0, -1, 2.5, "a"],
    "copy_X": ["a"],
    "tol": [-1, "a", None],
    "warm_start": ["a", None],
    "positive": ["a", None],
    "random_state": ["a", -1],
    "selection": ["foo", None],
}


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        (name, parameter, value)
        for name in SINGLE + JOINT
        for parameter in getattr(sk, name)().get_params()
        for value in BAD_PARAMETERS[parameter]
    ],
)
def test_refused_parameters(name, parameter, value):
    X, y, _ = data_for(name)
    found, wanted = (
        called(lambda m=module: getattr(m, name)(**{parameter: value}).fit(X, y))
        for module in (fr, sk)
    )
    assert wanted[0] is not None
    assert found == wanted


BAD_DATA = {
    "one-dimensional X": lambda X, y, w: (X[:, 0], y),
    "three-dimensional X": lambda X, y, w: (X[None], y),
    "no columns": lambda X, y, w: (X[:, :0], y),
    "text in X": lambda X, y, w: (np.full(X.shape, "a"), y),
    "complex X": lambda X, y, w: (X * 1j, y),
    "NaN in y": lambda X, y, w: (X, y * np.nan),
    "infinity in y": lambda X, y, w: (X, y * np.inf),
    "too few y": lambda X, y, w: (X, y[:-1]),
    "text in y": lambda X, y, w: (X, np.full(y.shape, "a")),
    "three-dimensional y": lambda X, y, w: (X, np.zeros((60, 2, 2))),
    "too few weights": lambda X, y, w: (X, y, w[:-1]),
    "two-dimensional weights": lambda X, y, w: (X, y, np.c_[w, w]),
    "NaN in weights": lambda X, y, w: (X, y, w * np.nan),
    "text in weights": lambda X, y, w: (X, y, ["a"] * 60),
}


@pytest.mark.parametrize("what", BAD_DATA)
@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_refused_data(name, what):
    X, y, w = data_for(name)
    given = BAD_DATA[what](X, y, w)
    found, wanted = (called(lambda m=module: getattr(m, name)().fit(*given)) for module in (fr, sk))
    assert wanted[0] is not None
    assert found == wanted


@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_refused_data_with_more_to_say(name):
    """Where fastreg's message goes on, or is right where scikit-learn's is not."""
    X, y, _ = data_for(name)
    hole = X.copy()
    hole[3, 2] = np.nan
    for data in ((hole, y), (sparse.csr_array(hole), y), (X, None)):
        found, wanted = (
            called(lambda m=module: getattr(m, name)().fit(*data))[0]  # noqa: B023
            for module in (fr, sk)
        )
        assert found.startswith(wanted.split("\n")[0])
    found, wanted = (
        called(lambda m=module: getattr(m, name)().fit(X, sparse.csr_array(np.c_[y, y])))[0]
        for module in (fr, sk)
    )
    assert found.split(": ")[0] == wanted.split(": ")[0] == "TypeError"
    assert "but dense data is required" in found


@pytest.mark.parametrize("fitted", [np.float64, np.float32])
@pytest.mark.parametrize(
    "dtype", ["f8", "f4", "f2", np.longdouble, "i1", bool, object, str, "M8[s]"], ids=str
)
@pytest.mark.parametrize("name", ["Lasso", "Ridge"])
def test_predictions_are_of_the_same_dtype_or_refused_alike(name, dtype, fitted):
    X, y, _ = data_for(name)
    outcomes = []
    for module in (sk, fr):
        model = getattr(module, name)(tol=1e-10).fit(X.astype(fitted), y)
        try:
            outcomes.append(model.predict(X.astype(dtype)))
        except Exception as error:
            outcomes.append(error)
    wanted, found = outcomes
    if isinstance(wanted, Exception):
        assert (type(found), str(found)[:40]) == (type(wanted), str(wanted)[:40])
    else:
        assert found.dtype == wanted.dtype
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", SINGLE + JOINT)
@pytest.mark.parametrize("interface", ["spmatrix", "sparray"])
def test_sparse_coef_is_of_the_kind_that_is_set(name, interface):
    X, y, _ = data_for(name)
    with config_context(sparse_interface=interface):
        own, wanted = (getattr(m, name)(alpha=0.3).fit(X, y).sparse_coef_ for m in (fr, sk))
    assert type(own) is type(wanted)
    assert own.shape == wanted.shape


@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_refusals_of_a_fitted_and_an_unfitted_model(name):
    X, y, _ = data_for(name)
    for module in (fr, sk):
        model = getattr(module, name)()
        with pytest.raises(NotFittedError, match="instance is not fitted yet"):
            model.predict(X)
        assert not hasattr(model, "sparse_coef_")
        with pytest.raises(ValueError, match="X has 5 features, but"):
            model.fit(X, y).predict(X[:, :5])


@pytest.mark.parametrize("name", SINGLE + JOINT)
@pytest.mark.parametrize(
    "options", [{"alpha": 0.0}, {"max_iter": 2, "tol": 1e-12, "alpha": 1e-3}], ids=str
)
def test_warnings(name, options):
    X, y, _ = data_for(name)
    found, wanted = (
        called(lambda m=module: getattr(m, name)(**options).fit(X, y)) for module in (fr, sk)
    )
    assert found[0] is wanted[0] is None
    if options["alpha"]:
        assert wanted[1]
        assert found[1] == wanted[1]
    else:  # least squares is reached, so that there is no more to warn of
        assert found[1] == {one for one in wanted[1] if one[0] is not ConvergenceWarning}
        assert bool(found[1]) == (name in SINGLE)


@pytest.mark.parametrize("name", SINGLE)
def test_a_gram_matrix_of_something_else_is_refused(name):
    X, y, w = problem()
    X = X - np.average(X, axis=0, weights=w)
    for module in (fr, sk):
        with pytest.raises(ValueError, match=r"Gram matrix .* did not pass validation when a"):
            getattr(module, name)(precompute=X.T @ X + 1.0).fit(X, y, w)


def test_a_gram_matrix_of_columns_that_get_centred_warns():
    X, y, _ = problem()
    found, wanted = (
        called(lambda m=module: m.Lasso(0.1, precompute=X.T @ X).fit(X, y)) for module in (fr, sk)
    )
    assert found == wanted
    assert any("recomputing Gram matrix" in text for _, text in found[1])


@pytest.mark.parametrize("check_input", [True, False])
@pytest.mark.parametrize("copy_X", [True, False])
@pytest.mark.parametrize("held", ["F", "csc"])
@pytest.mark.parametrize("name", SINGLE)
def test_input_is_read_only(name, held, copy_X, check_input):
    X, y, w = problem()
    X = HELD[held](X)
    before = [np.copy(part) for part in (y, w)], X.copy()
    arrays = [X.data, X.indices, X.indptr] if sparse.issparse(X) else [X]
    for array in (*arrays, y, w):
        array.flags.writeable = False
    model = getattr(fr, name)(0.1, copy_X=copy_X).fit(X, y, w, check_input=check_input)
    np.testing.assert_array_equal(before[0], [y, w])
    assert abs(X - before[1]).sum() == 0
    np.testing.assert_allclose(
        model.coef_, getattr(sk, name)(0.1).fit(before[1], y, w).coef_, atol=0.01
    )


def test_unchecked_input_has_to_be_by_columns():
    X, y, _ = problem()
    by_rows = np.ascontiguousarray(X)
    for module in (fr, sk):
        with pytest.raises(ValueError, match="ndarray is not Fortran contiguous"):
            module.ElasticNet(copy_X=False).fit(by_rows, y, check_input=False)


@pytest.mark.parametrize("held", ["F", "csc"])
@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_workers_hand_over_memory_maps(name, held):
    """With `max_nbytes=1` joblib's processes get X and y as read-only memory maps."""
    X, y, _ = data_for(name)
    X = HELD[held](X)
    model = getattr(fr, name)(0.1)
    here = clone(model).fit(X, y).coef_
    fits = joblib.Parallel(n_jobs=2, max_nbytes=1)(
        joblib.delayed(clone(model).fit)(X, y) for _ in range(2)
    )
    for there in fits:
        assert there.coef_.tobytes() == here.tobytes()


@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_names_of_columns(name):
    X, y, _ = data_for(name)
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(12)])
    ours, theirs = both(name, frame, y)
    np.testing.assert_array_equal(ours.feature_names_in_, theirs.feature_names_in_)
    assert ours.feature_names_in_.dtype == theirs.feature_names_in_.dtype
    assert ours.n_features_in_ == theirs.n_features_in_ == 12
    for module_fit in (ours, theirs):
        with pytest.warns(UserWarning, match="X does not have valid feature names"):
            module_fit.predict(X)
        with pytest.raises(ValueError, match="feature names should match"):
            module_fit.predict(frame.rename(columns={"x0": "other"}))
        assert not hasattr(module_fit.fit(X, y), "feature_names_in_")


@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_what_a_notebook_shows(name):
    model = getattr(fr, name)(0.25)
    assert repr(model) == repr(getattr(sk, name)(0.25))
    assert name in model._repr_html_()


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("kind", ["list", "int", "bool", "float16", "object", "coo", "lil"])
def test_other_kinds_of_input(name, kind):
    X, y, _ = problem()
    X, y = np.round(2 * X), np.round(3 * y)
    convert = {"list": np.ndarray.tolist, "coo": sparse.coo_array, "lil": sparse.lil_array}
    given = convert[kind](X) if kind in convert else X.astype(kind)
    ours, theirs = both(name, given, y.astype(int).tolist(), alpha=0.05, **TIGHT)
    assert_same_kind(ours, theirs)
    assert_same_values(ours, theirs, given, 1e-8)
