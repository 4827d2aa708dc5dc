"""Bad input is refused before any work, by name; odd but usable input is not."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model as reference
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.linalg import LinAlgWarning
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import KFold

from fastreg import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    Moments,
    Ridge,
    RidgeCV,
    enet_path,
    lasso_path,
    regularization_path,
    ridge_path,
)

SINGLE = {"Lasso": Lasso, "ElasticNet": ElasticNet, "Ridge": Ridge}
CVS = {"LassoCV": LassoCV, "ElasticNetCV": ElasticNetCV, "RidgeCV": RidgeCV}
DESCENT = {name: every for name, every in {**SINGLE, **CVS}.items() if "Ridge" not in name}


def each(estimators):
    return pytest.mark.parametrize("estimator", estimators.values(), ids=estimators.keys())


every_estimator = each({**SINGLE, **CVS, "RidgeCV(cv)": lambda **o: RidgeCV(cv=3, **o)})
every_single = each(SINGLE)
every_cv = each({**CVS, "RidgeCV(cv)": lambda **o: RidgeCV(cv=3, **o)})
every_descent = each(DESCENT)
every_kind = pytest.mark.parametrize("kind", ["dense", "float32", "csr", "csc", "frame", "list"])


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 4))
    return X, X @ [1.0, 0.0, -2.0, 0.5] + rng.standard_normal(30)


def held_as(kind, X):
    return {
        "dense": np.array,
        "float32": lambda X: X.astype(np.float32),
        "csr": sparse.csr_array,
        "csc": sparse.csc_matrix,
        "frame": lambda X: pd.DataFrame(X, columns=["age", "bmi", "bp", "s1"][: X.shape[1]]),
        "list": np.ndarray.tolist,
    }[kind](X)


def fitted_attributes(model):
    return [name for name in vars(model) if name.endswith("_") or name not in model.get_params()]


def assert_refused(model, error, match, *arguments, **named):
    """A fit fails with this message and leaves nothing; a refit leaves the old fit as it was."""
    with pytest.raises(error, match=match):
        model.fit(*arguments, **named)
    assert not fitted_attributes(model)
    with pytest.raises(NotFittedError):
        model.predict(np.zeros((1, 4)))


def assert_refit_refused(model, data, error, match, *arguments, **named):
    """A model fitted on good data stays as it was."""
    model.fit(*data)
    before = pickle.dumps({name: vars(model)[name] for name in fitted_attributes(model)})
    with pytest.raises(error, match=match):
        model.fit(*arguments, **named)
    after = pickle.dumps({name: vars(model)[name] for name in fitted_attributes(model)})
    assert before == after


def data_is_refused(estimator, data, match, *arguments, error=ValueError, **named):
    assert_refused(estimator(), error, match, *arguments, **named)
    assert_refit_refused(estimator(), data, error, match, *arguments, **named)


@every_estimator
@every_kind
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_bad_number_in_x_names_the_column(estimator, kind, value, data):
    X, y = data
    X = X.copy()
    X[7, 2] = value
    where = "column 2" + (r" \('bp'\)" if kind == "frame" else "")
    what = "NaN" if np.isnan(value) else "infinity"
    data_is_refused(estimator, data, f"(?s){what}.*{where}", held_as(kind, X), y)


@every_estimator
def test_bad_numbers_in_many_columns_are_counted(estimator, data):
    X = np.full((30, 12), np.nan)
    X[:, 3] = 1.0
    with pytest.raises(ValueError, match="column 0, 1, 2, 4, 5 and 6 more"):
        estimator().fit(X, data[1])


@every_estimator
def test_a_number_too_large_for_float32(estimator, data):
    X, y = data
    X = np.array(X, dtype=np.float32)
    X[0, 1] = np.inf
    data_is_refused(estimator, data, "column 1", X, y)


@every_estimator
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_bad_number_in_y(estimator, value, data):
    X, y = data
    y = y.copy()
    y[3] = value
    data_is_refused(estimator, data, "Input y contains", X, y)


@every_estimator
@every_kind
def test_lengths_that_differ(estimator, kind, data):
    X, y = data
    data_is_refused(estimator, data, r"(?i)inconsistent.*30.*29", held_as(kind, X), y[:-1])


@every_estimator
@pytest.mark.parametrize(
    ("X", "y", "match"),
    [
        (np.empty((0, 4)), np.empty(0), "0 sample"),
        (np.empty((30, 0)), np.zeros(30), "0 feature"),
        (np.ones((1, 4)), np.ones(1), "minimum of 2|1 sample|n_samples=1"),
        (np.ones(30), np.ones(30), "2D array"),
        (np.ones((3, 3, 3)), np.ones(3), "dim"),
        (np.ones((30, 4)), None, "y"),
        (np.ones((30, 4)), np.ones((30, 2, 2)), "dim"),
        (sparse.csr_array((0, 4)), np.empty(0), "0 sample"),
    ],
    ids=["no rows", "no columns", "one row", "flat X", "cube", "no y", "cubic y", "sparse"],
)
def test_shapes_that_are_no_data(estimator, X, y, match, data):
    data_is_refused(estimator, data, match, X, y)


@every_estimator
@pytest.mark.parametrize("kind", ["array", "frame"])
def test_text_in_a_column(estimator, kind, data):
    X, y = data
    if kind == "frame":
        X = pd.DataFrame(X, columns=["a", "b", "c", "d"])
        X["c"] = "red"
    else:
        X = X.astype(object)
        X[:, 2] = "red"
    data_is_refused(estimator, data, "red", X, y)


@every_estimator
def test_text_in_a_column_is_named(estimator, data):
    """The issue asks that the column be named, not only the text."""
    X, y = data
    frame = pd.DataFrame(X, columns=["a", "b", "colour", "d"])
    frame["colour"] = "red"
    with pytest.raises(ValueError, match="colour"):
        estimator().fit(frame, y)


@every_estimator
def test_text_as_target(estimator, data):
    data_is_refused(estimator, data, "red", data[0], np.array(["red"] * 30, dtype=object))


@every_estimator
def test_complex_numbers(estimator, data):
    data_is_refused(estimator, data, "(?i)complex", data[0] + 1j, data[1])


@every_estimator
@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda w: np.zeros(30), "zero"),
        (lambda w: np.where(np.arange(30) == 4, -1.0, w), "(?i)negative"),
        (lambda w: np.where(np.arange(30) == 4, np.nan, w), "NaN"),
        (lambda w: np.where(np.arange(30) == 4, np.inf, w), "infinity"),
        (lambda w: w[:-1], "sample_weight.shape"),
        (lambda w: w[:, None], "1D array"),
    ],
    ids=["all zero", "negative", "nan", "inf", "short", "two-dimensional"],
)
def test_weights(estimator, kind, change, match, data):
    X, y = data
    weight = change(np.linspace(0.5, 2.0, 30))
    data_is_refused(estimator, data, match, held_as(kind, X), y, sample_weight=weight)
    with pytest.raises(ValueError, match=r"(?i)sample.weight"):
        estimator().fit(held_as(kind, X), y, sample_weight=weight)


@every_single
@pytest.mark.parametrize("value", [-1.0, -1e-300, "1", None, np.nan])
def test_alpha(estimator, value, data):
    assert_refused(estimator(alpha=value), (ValueError, TypeError), "alpha", *data)


@every_single
def test_alpha_infinite(estimator, data):
    assert_refused(estimator(alpha=np.inf), ValueError, "alpha", *data)


@pytest.mark.parametrize("make", [ElasticNet, ElasticNetCV])
@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan, "half"])
def test_l1_ratio(make, value, data):
    assert_refused(make(l1_ratio=value), ValueError, "l1_ratio", *data)


@pytest.mark.parametrize("value", [[], [0.5, 1.5], [-0.5], [[0.5]], [0.5, np.nan]])
def test_list_of_l1_ratios(value, data):
    assert_refused(ElasticNetCV(l1_ratio=value), ValueError, "l1_ratio", *data)


@every_cv
@pytest.mark.parametrize("value", [[1.0, -0.1], [1.0, np.nan], [[1.0]], []])
def test_alphas(estimator, value, data):
    assert_refused(estimator(alphas=value), (ValueError, TypeError), "alphas", *data)


@pytest.mark.parametrize("estimator", [LassoCV, ElasticNetCV])
@pytest.mark.parametrize("value", [0, -3, "many", 1.5])
def test_number_of_alphas(estimator, value, data):
    assert_refused(estimator(alphas=value), ValueError, "alphas", *data)


@every_descent
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_iter", 0),
        ("max_iter", 1.5),
        ("tol", -1e-3),
        ("selection", "greedy"),
        ("fit_intercept", "yes"),
        ("positive", "yes"),
        ("standardize", "yes"),
    ],
)
def test_parameters(estimator, name, value, data):
    assert_refused(estimator(**{name: value}), ValueError, f"'{name}' parameter", *data)


@each({"Lasso": Lasso, "Ridge": Ridge, "ElasticNet": ElasticNet, "LassoCV": LassoCV})
@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"lower": 0.5}, r"lower\[0\] = 0.5.*<= 0"),
        ({"upper": -0.5}, r"upper\[0\] = -0.5.*>= 0"),
        ({"lower": [-1, 0, 0.5, 0]}, r"lower\[2\]"),
        ({"upper": [1, -1, 1, 1]}, r"upper\[1\]"),
        ({"lower": [0, 2, 0, 0], "upper": 1}, r"lower\[1\] = 2 is greater than upper\[1\] = 1"),
        ({"lower": [-1, 0]}, "lower.*4 features"),
        ({"upper": np.ones((4, 1))}, "upper.*4 features"),
        ({"upper": [1, np.nan, 1, 1]}, r"upper\[1\] is NaN"),
        ({"lower": np.nan}, r"lower.* is NaN"),
        ({"penalty_factor": [1, 1, -1, 1]}, r"penalty_factor\[2\] is negative"),
        ({"penalty_factor": [1, 1, 1]}, "penalty_factor.*4 features"),
        ({"penalty_factor": [1, np.nan, 1, 1]}, r"penalty_factor\[1\] is NaN"),
        ({"penalty_factor": ["a", "b", "c", "d"]}, "penalty_factor"),
        ({"lower": "low"}, "lower"),
    ],
    ids=str,
)
def test_penalty_options(estimator, options, match, data):
    assert_refused(estimator(**options), ValueError, match, *data)
    fitted = estimator().fit(*data)
    kept = fitted.coef_.copy()
    with pytest.raises(ValueError, match=match):
        fitted.set_params(**options).fit(data[0] + 1.0, 2.0 * data[1])
    assert_array_equal(fitted.coef_, kept)


@every_single
def test_a_failed_refit_on_other_columns_leaves_the_number_of_features(estimator, data):
    """Options are checked after X: n_features_in_ must not be that of the failed fit."""
    X, y = data
    model = estimator().fit(pd.DataFrame(X, columns=list("abcd")), y)
    model.set_params(penalty_factor=[1.0, 1.0])
    with pytest.raises(ValueError, match="penalty_factor"):
        model.fit(X[:, :3], y)
    assert model.n_features_in_ == 4
    assert list(model.feature_names_in_) == list("abcd")
    model.predict(pd.DataFrame(X, columns=list("abcd")))


@every_cv
@pytest.mark.parametrize(
    ("cv", "match"),
    [
        (31, "n_splits=31"),
        (1, "k-fold|n_splits"),
        (KFold(40), "n_splits=40"),
        ([], "no splits"),
        ([(np.arange(10), np.array([], int))], "split 0 has an empty test set"),
        ([(np.array([], int), np.arange(10))], "split 0 has an empty training set"),
        ([(np.arange(10), np.arange(9, 20))], "split 0 has rows in both"),
        ([(np.arange(10), np.array([30]))], "split 0.*out of range"),
        ([(np.array([1, 1, 2]), np.array([5]))], "split 0 lists a row twice"),
    ],
    ids=["folds", "one", "KFold", "none", "no test", "no train", "overlap", "range", "twice"],
)
def test_splits(estimator, cv, match, data):
    model = estimator().set_params(cv=cv) if not isinstance(estimator, type) else estimator(cv=cv)
    assert_refused(model, ValueError, match, *data)


@every_cv
def test_fewer_rows_than_folds(estimator, data):
    X, y = data
    model = estimator().set_params(cv=5)
    assert_refused(model, ValueError, "n_splits=5.*n_samples=3|samples: 3", X[:3], y[:3])


@every_cv
@pytest.mark.parametrize(("rows", "part"), [(slice(10, None), "training"), (slice(10), "test")])
def test_a_split_without_weight(estimator, rows, part, data):
    weight = np.ones(30)
    weight[rows] = 0.0
    model = estimator().set_params(cv=KFold(3))
    match = f"split 0: sample_weight is zero for its whole {part} set"
    assert_refused(model, ValueError, match, *data, sample_weight=weight)


@pytest.mark.parametrize("estimator", [LassoCV, ElasticNetCV])
def test_one_target_is_meant(estimator, data):
    X, y = data
    data_is_refused(estimator, data, "MultiTask", X, np.column_stack([y, y]))


def test_ridge_alphas_and_targets_that_do_not_correspond(data):
    X, y = data
    match = "Number of targets and number of penalties do not correspond"
    assert_refused(Ridge([1.0, 2.0]), ValueError, match, X, np.column_stack([y, y, y]))
    negative = r"alpha\[1\] == -2.0, must be >= 0.0"
    assert_refused(Ridge([1.0, -2.0]), ValueError, negative, X, np.column_stack([y, y]))


def test_ridge_solvers_that_do_not_fit_the_problem(data):
    assert_refused(Ridge(solver="svd", positive=True), ValueError, "positive", *data)
    assert_refused(Ridge(solver="lbfgs"), ValueError, "positive", *data)
    assert_refused(Ridge(solver="newton"), ValueError, "solver", *data)


def test_ridge_alpha_zero_has_no_leave_one_out(data):
    assert_refused(RidgeCV([0.0, 1.0]), ValueError, "alphas", *data)


@pytest.mark.parametrize("estimator", [LassoCV, ElasticNetCV, RidgeCV])
def test_moments_have_no_rows_to_hold_out(estimator, data):
    held = Moments.from_arrays(*data)
    assert_refused(estimator(), ValueError, "needs the rows", held, None)


@every_single
def test_moments_hold_y_and_weights_already(estimator, data):
    held = Moments.from_arrays(*data)
    assert_refused(estimator(), ValueError, "Moments", held, data[1])
    assert_refused(estimator(), ValueError, "Moments", held, None, sample_weight=np.ones(30))


@every_estimator
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_wrong_columns_at_prediction(estimator, data):
    X, y = data
    model = estimator().fit(pd.DataFrame(X, columns=list("abcd")), y)
    with pytest.raises(ValueError, match="3 features"):
        model.predict(X[:, :3])
    with pytest.raises(ValueError, match="feature names"):
        model.predict(pd.DataFrame(X, columns=list("abce")))
    bad = X.copy()
    bad[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        model.predict(bad)


@every_estimator
def test_errors_are_of_scikit_learns_type(estimator, data):
    X, y = data
    name = type(estimator()).__name__
    other = getattr(reference, name)()
    for bad in ((X, y[:5]), (X[:, 0], y), (np.full((30, 4), np.nan), y), (X, None)):
        with pytest.raises(Exception) as theirs:
            clone(other).fit(*bad)
        with pytest.raises(type(theirs.value)):
            estimator().fit(*bad)


PATHS = {
    "lasso_path": lasso_path,
    "enet_path": enet_path,
    "regularization_path": regularization_path,
    "ridge_path": ridge_path,
}
every_path = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())


@every_path
def test_paths_refuse_bad_data(path, data):
    X, y = data
    bad = X.copy()
    bad[3, 1] = np.nan
    with pytest.raises(ValueError, match="column 1"):
        path(bad, y)
    with pytest.raises(ValueError, match="inconsistent"):
        path(X, y[:-1])
    with pytest.raises(ValueError, match=r"(?i)sample.weight"):
        path(X, y, sample_weight=np.zeros(30))


@every_path
@pytest.mark.parametrize("alphas", [[1.0, -1.0], [np.nan], [], [np.inf], [[1.0, 2.0]], 0], ids=str)
def test_paths_refuse_bad_alphas(path, alphas, data):
    with pytest.raises(ValueError, match="alphas"):
        path(*data, alphas=alphas)


@pytest.mark.parametrize("path", [enet_path, regularization_path])
@pytest.mark.parametrize("ratio", [-0.1, 1.5, np.nan])
def test_paths_refuse_bad_l1_ratios(path, ratio, data):
    with pytest.raises(ValueError, match="l1_ratio"):
        path(*data, l1_ratio=ratio)


@pytest.mark.parametrize("path", [enet_path, regularization_path])
def test_paths_refuse_grids_that_do_not_exist(path, data):
    with pytest.raises(ValueError, match="l1_ratio=0"):
        path(*data, l1_ratio=0.0)
    for eps in (0.0, -1.0, 1.5):
        with pytest.raises(ValueError, match="eps"):
            path(*data, eps=eps)


def test_path_refuses_unknown_options(data):
    with pytest.raises(ValueError, match="colour"):
        lasso_path(*data, colour=1)
    with pytest.raises(ValueError, match="selection"):
        enet_path(*data, selection="greedy")


def test_moments_refuse_bad_numbers(data):
    X, y = data
    bad = X.copy()
    bad[0, 2] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        Moments.from_arrays(bad, y)
    with pytest.raises(ValueError, match=r"(?i)negative"):
        Moments.from_arrays(X, y, -np.ones(30))


@pytest.fixture
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@every_estimator
@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("level", [0.0, 3.5, 1e8, 0.1, -123.456, 1e-9 / 3])
def test_constant_target_is_no_error(estimator, kind, level, data, quiet):
    X = held_as(kind, data[0])
    model = estimator().fit(X, np.full(30, level))
    assert_allclose(model.coef_, 0.0, atol=1e-12 * abs(level))
    assert_allclose(model.intercept_, level, rtol=1e-12)


@every_estimator
@pytest.mark.parametrize("kind", ["dense", "float32", "csr", "csc"])
@pytest.mark.parametrize("level", [0.0, 1.0, 1e8 / 3, 0.1])
def test_constant_column_has_coefficient_zero(estimator, kind, level, data, quiet):
    X, y = data
    X = np.column_stack([X[:, :2], np.full(30, level), X[:, 2:]])
    model = estimator().fit(held_as(kind, X), y)
    assert model.coef_[2] == 0.0
    rest = estimator().fit(held_as(kind, np.delete(X, 2, axis=1)), y)
    rtol = 1e-4 if kind == "float32" else 1e-8
    assert_allclose(np.delete(model.coef_, 2), rest.coef_, rtol=rtol, atol=1e-9)


@every_estimator
@pytest.mark.parametrize("options", [{"standardize": True}, {"penalty_factor": [1, 1, 0, 1]}])
def test_constant_column_with_options(estimator, options, data, quiet):
    X, y = data
    X = X.copy()
    X[:, 2] = 7.3
    model = estimator(**options).fit(X, y)
    assert model.coef_[2] == 0.0
    assert np.all(np.isfinite(model.coef_))


@every_cv
def test_column_that_is_constant_in_one_training_set(estimator, data, quiet):
    X, y = data
    X = X.copy()
    X[:, 1] = 0.0
    X[:10, 1] = np.linspace(-1.0, 1.0, 10)
    model = estimator().set_params(cv=KFold(3)).fit(X, y)
    assert np.all(np.isfinite(model.coef_))
    assert np.all(np.isfinite(model.mse_path_))


@every_estimator
@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_all_columns_constant(estimator, kind, data, quiet):
    model = estimator().fit(held_as(kind, np.ones((30, 4))), data[1])
    assert_array_equal(model.coef_, 0.0)
    assert_allclose(model.intercept_, data[1].mean())


@every_estimator
@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_duplicated_columns_fit_like_one(estimator, kind, data, quiet):
    X, y = data
    twice = held_as(kind, np.column_stack([X, X[:, 0]]))
    model = estimator().fit(twice, y)
    assert np.all(np.isfinite(model.coef_))
    if isinstance(model, Ridge | RidgeCV):
        assert_allclose(model.coef_[0], model.coef_[4], rtol=1e-8)
    elif isinstance(model, Lasso):
        single = estimator(tol=1e-12).fit(X, y)
        both = estimator(tol=1e-12).fit(twice, y)
        assert_allclose(both.coef_[0] + both.coef_[4], single.coef_[0], rtol=1e-6, atol=1e-9)


@every_estimator
def test_two_rows_are_enough(estimator, quiet):
    X, y = np.array([[0.0, 1.0], [2.0, 0.5]]), np.array([1.0, 3.0])
    model = estimator()
    if "cv" in model.get_params() and not (isinstance(model, RidgeCV) and model.cv is None):
        model.set_params(cv=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.all(np.isfinite(model.fit(X, y).coef_))


@every_estimator
@pytest.mark.parametrize("dtype", [int, bool, np.float16, np.int8, object])
def test_other_kinds_of_numbers(estimator, dtype, data, quiet):
    X, y = data
    X = (X > 0).astype(dtype)
    found = estimator().fit(X, np.round(y).astype(int))
    same = estimator().fit(X.astype(float), np.round(y))
    assert_allclose(found.coef_, same.coef_, rtol=1e-10)


SENTENCE = "Objective did not converge. You might want to increase the number of iterations"


def hard_problem():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((100, 200)).cumsum(axis=1)
    return X, X @ rng.standard_normal(200) + rng.standard_normal(100)


def convergence_warnings(fit):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit()
    assert all(issubclass(w.category, ConvergenceWarning) for w in caught), [str(w) for w in caught]
    return caught


@pytest.mark.parametrize(
    "model",
    [
        Lasso(1e-3, max_iter=2, tol=1e-10),
        ElasticNet(1e-3, max_iter=2, tol=1e-10),
        ElasticNet(1e-3, max_iter=2, tol=1e-10, selection="random", random_state=0),
        LassoCV(max_iter=2, tol=1e-10, cv=3, alphas=10),
        LassoCV(max_iter=2, tol=1e-10, cv=3, alphas=10, n_jobs=2),
        ElasticNetCV(l1_ratio=[0.2, 0.8], max_iter=2, tol=1e-10, cv=3, alphas=10),
    ],
    ids=repr,
)
@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_one_convergence_warning_a_fit(model, kind):
    X, y = hard_problem()
    (warning,) = convergence_warnings(lambda: model.fit(held_as(kind, X), y))
    text = str(warning.message)
    assert text.startswith(SENTENCE)
    for part in ("First at alpha=", " alphas in all", "worst duality gap", "increase max_iter"):
        assert part in text
    assert warning.filename == __file__
    assert model.coef_.shape == (200,)


def test_convergence_warning_says_where_and_how_bad():
    X, y = hard_problem()
    model = Lasso(0.25, max_iter=2, tol=1e-10)
    (warning,) = convergence_warnings(lambda: model.fit(X, y))
    text = str(warning.message)
    assert "First at alpha=0.25, 1 of 1 alphas" in text
    assert f"{model.dual_gap_ / y.var():.3e}" in text
    assert "tolerance is 1.000e-10" in text
    assert "max_iter (now 2)" in text


def test_convergence_warning_of_a_path_counts():
    X, y = hard_problem()
    alphas = np.geomspace(1e4, 1e-4, 12)
    found = []
    (warning,) = convergence_warnings(
        lambda: found.extend(lasso_path(X, y, alphas=alphas, max_iter=3, tol=1e-10))
    )
    gaps = found[2] / (y @ y / y.size)
    bad = np.flatnonzero(gaps > 1e-10)
    assert 0 < bad.size < 12
    text = str(warning.message)
    assert f"First at alpha={alphas[bad[0]]:.6g}, {bad.size} of 12 alphas" in text
    assert f"{gaps.max():.3e}" in text
    assert warning.filename == __file__


@pytest.mark.parametrize("path", [lasso_path, enet_path, regularization_path])
def test_path_warnings_point_at_the_caller(path):
    X, y = hard_problem()
    (warning,) = convergence_warnings(lambda: path(X, y, alphas=[1e-3], max_iter=2, tol=1e-10))
    assert str(warning.message).startswith(SENTENCE)
    assert warning.filename == __file__


def test_warnings_of_several_targets_are_one():
    X, y = hard_problem()
    model = Lasso(1e-3, max_iter=2, tol=1e-10)
    (warning,) = convergence_warnings(lambda: model.fit(X, np.column_stack([y, -y, y[::-1]])))
    assert "3 of 3 alphas" in str(warning.message)


def test_tol_zero_reaches_the_floor_without_a_warning(data, quiet):
    for estimator in (Lasso, ElasticNet):
        for alpha in (1e-3, 0.1, 10.0):
            estimator(alpha, tol=0.0).fit(*data)
    LassoCV(tol=0.0, cv=3).fit(*data)


@pytest.mark.parametrize("kind", ["dense", "csr", "csc"])
@pytest.mark.parametrize("offset", [0.0, 1e2, 1e4])
def test_tol_zero_on_sparse_columns_off_the_origin(kind, offset, quiet):
    """Sparse columns are not centred, so their floor is higher; it is a floor all the same."""
    rng = np.random.default_rng(1)
    spread = 10.0 ** rng.uniform(-2, 2, 8)
    Z = rng.standard_normal((60, 8))
    y = Z[:, :3].sum(axis=1) + 0.1 * rng.standard_normal(60)
    X = Z * spread + offset * rng.standard_normal(8)
    model = Lasso(0.05, tol=0.0, standardize=True).fit(held_as(kind, X), y)
    assert model.dual_gap_ <= 1e-10 * y.var()


def test_enough_iterations_give_no_warning(data, quiet):
    for model in (Lasso(0.01), ElasticNet(0.01), Ridge(), LassoCV(), ElasticNetCV(), RidgeCV()):
        model.fit(*data)


def test_alpha_zero_warns_as_scikit_learn_does(data):
    with pytest.warns(UserWarning, match="alpha=0, this algorithm does not converge well"):
        model = Lasso(0.0).fit(*data)
    X, y = data
    coef = np.linalg.lstsq(np.column_stack([X, np.ones(30)]), y, rcond=None)[0]
    assert_allclose(np.append(model.coef_, model.intercept_), coef, rtol=1e-6)


def test_dependent_columns_without_a_penalty_warn_once(data):
    X, y = data
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Ridge(0.0).fit(np.column_stack([X, X[:, 0]]), np.column_stack([y, y**2]))
    assert [w.category for w in caught] == [LinAlgWarning]
    assert caught[0].filename == __file__


@every_estimator
def test_deprecated_sample_weight_number_is_accepted(estimator, data, quiet):
    found = estimator().fit(*data, sample_weight=1.0)
    assert_allclose(found.coef_, estimator().fit(*data).coef_, rtol=1e-10)
