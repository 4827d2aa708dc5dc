"""In scikit-learn's pipelines, searches and meta-estimators, and on data frames.

The oracle is scikit-learn's own estimator in the same place. Both are solved to the end (`tol`), so
that what is compared is the interface and not where two solvers stop.
"""

import os
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy
import sklearn.linear_model as theirs
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.datasets import load_diabetes, load_iris, load_linnerud
from sklearn.ensemble import BaggingRegressor, StackingRegressor, VotingRegressor
from sklearn.feature_selection import RFE, RFECV, SelectFromModel, SequentialFeatureSelector
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multioutput import MultiOutputRegressor, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.utils.fixes import parse_version

import fastreg as ours

TIGHT = {"tol": 1e-12, "max_iter": 100_000}
MODELS = {
    "Lasso": {"alpha": 0.5, **TIGHT},
    "ElasticNet": {"alpha": 0.1, "l1_ratio": 0.7, **TIGHT},
    "Ridge": {"alpha": 2.0, "tol": 1e-12},
    "LassoCV": {"alphas": np.logspace(1, -1, 20), **TIGHT},
    "ElasticNetCV": {"alphas": np.logspace(1, -1, 20), "l1_ratio": [0.5, 0.9], **TIGHT},
    "RidgeCV": {"alphas": np.logspace(-2, 2, 9)},
}


def pair(name, **changes):
    """Return our estimator and theirs, with the same parameters."""
    params = MODELS[name] | changes
    return getattr(ours, name)(**params), getattr(theirs, name)(**params)


def with_penalties(models, factor):
    """Return the models with penalties for a target of another size."""
    for model in models:
        name = "alphas" if hasattr(model, "alphas") else "alpha"
        model.set_params(**{name: getattr(model, name) * factor})
    return models


@pytest.fixture(params=MODELS)
def models(request):
    return pair(request.param)


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True, as_frame=True, scaled=False)


@pytest.fixture(scope="module")
def iris():
    """Return measurements and the species in words, and the width of the petals as a target."""
    data = load_iris(as_frame=True)
    X = data.frame.drop(columns=["target", "petal width (cm)"])
    X["species"] = data.target_names[data.target]
    return X, data.frame["petal width (cm)"]


def assert_same_predictions(build, models, X, y, rtol=1e-6):
    mine, oracle = (build(model).fit(X, y) for model in models)
    assert_allclose(mine.predict(X), oracle.predict(X), rtol=rtol)
    assert mine.score(X, y) == pytest.approx(oracle.score(X, y), abs=rtol)
    return mine, oracle


@pytest.mark.parametrize(
    "build",
    [
        lambda model: make_pipeline(StandardScaler(), model),
        lambda model: make_pipeline(StandardScaler(), PolynomialFeatures(2), model),
        lambda model: TransformedTargetRegressor(model, func=np.log, inverse_func=np.exp),
        lambda model: StackingRegressor(
            [("model", model), ("other", theirs.BayesianRidge())], model
        ),
        lambda model: VotingRegressor([("model", model), ("other", theirs.BayesianRidge())]),
        lambda model: BaggingRegressor(model, n_estimators=3, max_features=5, random_state=0),
    ],
    ids=["scaled", "polynomial", "TransformedTarget", "Stacking", "Voting", "Bagging"],
)
def test_within_another_estimator(build, models, diabetes):
    if "Target" in repr(build(models[0])):
        models = with_penalties(models, 1 / 100)
    assert_same_predictions(build, models, *diabetes)


def test_columns_of_words_and_numbers(models, iris):
    X, y = iris

    def build(model):
        columns = ColumnTransformer(
            [
                ("number", StandardScaler(), make_column_selector(dtype_include="number")),
                ("word", OneHotEncoder(), ["species"]),
            ]
        )
        return make_pipeline(columns, model)

    models = with_penalties(models, 1 / 50)
    assert_same_predictions(build, models, X, y)


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_steps_that_give_data_frames(output, models, diabetes):
    X, y = diabetes

    def build(model):
        return make_pipeline(StandardScaler(), model).set_output(transform=output)

    mine, oracle = assert_same_predictions(build, models, X, y)
    assert_array_equal(mine[-1].feature_names_in_, oracle[-1].feature_names_in_)


@pytest.mark.parametrize("name", ["Lasso", "ElasticNet", "Ridge"])
@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_searches(search, name, diabetes):
    X, y = diabetes

    def build(model):
        grid = {"model__alpha": [0.01, 0.1, 1.0, 10.0], "model__fit_intercept": [True, False]}
        more = {"n_iter": 5, "random_state": 0} if search is RandomizedSearchCV else {}
        pipeline = make_pipeline(StandardScaler(), model)
        pipeline.steps[-1] = ("model", model)
        return search(pipeline, grid, cv=4, scoring="neg_mean_absolute_error", **more)

    mine, oracle = assert_same_predictions(build, pair(name), X, y)
    assert mine.best_params_ == oracle.best_params_
    assert_allclose(
        mine.cv_results_["mean_test_score"], oracle.cv_results_["mean_test_score"], rtol=1e-6
    )


def test_validation(models, diabetes):
    X, y = diabetes
    mine, oracle = (
        cross_validate(m, X, y, cv=4, return_train_score=True, scoring=("r2", "neg_max_error"))
        for m in models
    )
    assert mine.keys() == oracle.keys()
    for key in mine:
        if not key.endswith("_time"):
            assert_allclose(mine[key], oracle[key], rtol=1e-6, err_msg=key)
    mine, oracle = (cross_val_predict(m, X, y, cv=3, n_jobs=2) for m in models)
    assert_allclose(mine, oracle, rtol=1e-6)


def test_curves(models, diabetes):
    X, y = diabetes
    mine, oracle = (learning_curve(m, X, y, train_sizes=[0.3, 1.0], cv=3) for m in models)
    for got, expected in zip(mine, oracle, strict=True):
        assert_allclose(got, expected, rtol=1e-6)
    mine, oracle = (
        validation_curve(m, X, y, param_name="fit_intercept", param_range=[True, False], cv=3)
        for m in models
    )
    for got, expected in zip(mine, oracle, strict=True):
        assert_allclose(got, expected, rtol=1e-6)


@pytest.mark.parametrize("threshold", [None, "median", "1.5*mean"])
def test_selection_by_the_model(threshold, models, diabetes):
    X, y = diabetes
    mine, oracle = (
        SelectFromModel(
            make_pipeline(StandardScaler(), m),
            threshold=threshold,
            importance_getter=lambda p: p[-1].coef_,
        )
        .set_output(transform="pandas")
        .fit(X, y)
        for m in models
    )
    assert_array_equal(mine.get_support(), oracle.get_support())
    plain, plain_oracle = (SelectFromModel(m, threshold=threshold).fit(X, y) for m in models)
    # without a threshold it depends on the name of the estimator
    assert plain.threshold_ == pytest.approx(plain_oracle.threshold_, rel=1e-6)
    assert_array_equal(plain.get_support(), plain_oracle.get_support())
    pd.testing.assert_frame_equal(mine.transform(X), oracle.transform(X))


@pytest.mark.parametrize(
    "selector",
    [
        lambda model: RFE(model, n_features_to_select=4),
        lambda model: RFECV(model, cv=3),
        lambda model: SequentialFeatureSelector(model, n_features_to_select=3, cv=3),
    ],
    ids=["RFE", "RFECV", "Sequential"],
)
def test_elimination(selector, diabetes):
    X, y = diabetes
    for name in ("Lasso", "Ridge"):
        mine, oracle = (selector(m).fit(X, y) for m in pair(name))
        assert_array_equal(mine.get_support(), oracle.get_support())


@pytest.mark.parametrize("build", [MultiOutputRegressor, RegressorChain])
def test_one_model_for_each_target(build, models):
    X, Y = load_linnerud(return_X_y=True, as_frame=True)
    assert_same_predictions(build, models, X, Y)


@pytest.mark.parametrize(
    "name", ["MultiTaskLasso", "MultiTaskElasticNet", "MultiTaskLassoCV", "MultiTaskElasticNetCV"]
)
def test_one_model_for_all_targets(name):
    X, Y = load_linnerud(return_X_y=True, as_frame=True)
    params = {"alphas": [10.0, 5.0, 1.0]} if "CV" in name else {"alpha": 5.0}
    models = (getattr(package, name)(**params, **TIGHT) for package in (ours, theirs))
    mine, oracle = assert_same_predictions(
        lambda model: make_pipeline(StandardScaler(), model), models, X, Y
    )
    assert_allclose(mine[-1].coef_, oracle[-1].coef_, rtol=1e-5, atol=1e-7)


def test_inspection(models, diabetes):
    X, y = diabetes
    mine, oracle = (
        permutation_importance(m.fit(X, y), X, y, n_repeats=3, random_state=0) for m in models
    )
    assert_allclose(mine.importances, oracle.importances, rtol=1e-5, atol=1e-9)
    mine, oracle = (partial_dependence(m, X, ["bmi"], kind="both") for m in models)
    assert_allclose(mine["average"], oracle["average"], rtol=1e-6)


def typed(X):
    """Return the same numbers in columns of many types."""
    return X.assign(
        age=X["age"].astype("int32"),
        sex=X["sex"] == 2,
        bmi=X["bmi"].astype("Float64"),
        s4=X["s4"].astype(object),
        s5=X["s5"].astype("float32"),
    )


FRAMES = {
    "nullable": lambda X: X.convert_dtypes(),
    "nullable bool": lambda X: (X.mean() < X).astype("boolean"),
    "object": lambda X: X.astype(object),
    "bool": lambda X: X.mean() < X,
    "int": lambda X: X.round().astype("int64"),
    "float32": lambda X: X.astype("float32"),
    "mixed": typed,
    "pyarrow": lambda X: X.convert_dtypes(dtype_backend="pyarrow"),
    "category": lambda X: X.assign(sex=pd.Categorical(X["sex"])),
    "sparse": lambda X: X.astype(pd.SparseDtype(float, 0)),
    "polars": pl.from_pandas,
    "polars mixed": lambda X: pl.from_pandas(typed(X).astype({"s4": float})),
    "polars bool": lambda X: pl.from_pandas(X.mean() < X),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_data_frames(kind, models, diabetes):
    X, y = FRAMES[kind](diabetes[0]), diabetes[1]
    rtol = 1e-4 if kind == "float32" else 1e-6  # scikit-learn computes in float32
    mine, oracle = assert_same_predictions(lambda model: model, models, X, y, rtol)
    assert_array_equal(mine.feature_names_in_, oracle.feature_names_in_)
    assert mine.coef_.dtype == (np.float32 if kind == "float32" else np.float64)
    with pytest.raises(ValueError, match="feature names should match"):
        mine.predict(
            X.rename({"age": "years"}) if "polars" in kind else X.rename(columns={"age": "years"})
        )


VECTORS = {
    "nullable": lambda y: y.astype("Int64"),
    "object": lambda y: y.astype(object),
    "pyarrow": lambda y: y.convert_dtypes(dtype_backend="pyarrow"),
    "list": lambda y: y.tolist(),
    "polars": pl.from_pandas,
    "polars int": lambda y: pl.from_pandas(y.astype(int)),
}


@pytest.mark.parametrize("kind", VECTORS)
def test_targets_and_weights(kind, models, diabetes):
    X, y = diabetes
    weights = VECTORS[kind]((y > 100) + 1.0)
    mine, oracle = (m.fit(X, VECTORS[kind](y), sample_weight=weights) for m in models)
    assert_allclose(mine.coef_, oracle.coef_, rtol=1e-5, atol=1e-7)
    assert mine.score(X, y) == pytest.approx(oracle.score(X, y), abs=1e-7)


@pytest.mark.parametrize("name", ["Lasso", "Ridge"])
@pytest.mark.parametrize("kind", ["frame", "polars", "array"])
def test_a_target_of_one_column(kind, name, diabetes):
    X, y = diabetes
    column = {
        "frame": y.to_frame(),
        "polars": pl.DataFrame({"y": y}),
        "array": y.to_numpy()[:, None],
    }
    mine, oracle = (model.fit(X, column[kind]) for model in pair(name))
    assert mine.coef_.shape == oracle.coef_.shape
    assert np.shape(mine.intercept_) == np.shape(oracle.intercept_)
    assert mine.predict(X).shape == oracle.predict(X).shape


BAD_FRAMES = {
    "missing": (lambda X: X.convert_dtypes().mask(X["age"] < 30), ValueError, r"NaN.*'age'"),
    "polars missing": (
        lambda X: pl.from_pandas(X).with_columns(bp=pl.when(pl.col("bp") < 90).then(pl.col("bp"))),
        ValueError,
        r"NaN.*'bp'",
    ),
    "NA in objects": (
        lambda X: X.assign(bp=X["bp"].astype(object).mask(X["age"] < 30, pd.NA)),
        TypeError,
        "'bp' of X is not numeric",
    ),
    "words": (lambda X: X.assign(sex="m"), ValueError, "'sex' of X is not numeric.*'m'"),
    "polars words": (
        lambda X: pl.from_pandas(X).with_columns(sex=pl.lit("m")),
        ValueError,
        "'sex' of X is not numeric.*'m'",
    ),
    "dates": (
        lambda X: X.assign(s6=pd.Timestamp("2020-02-02")),
        TypeError,
        "'s6' of X is not numeric.*dates",
    ),
}


@pytest.mark.parametrize("kind", BAD_FRAMES)
def test_columns_that_are_no_numbers_are_named(kind, models, diabetes):
    """What scikit-learn refuses too, by the same type of error."""
    change, error, message = BAD_FRAMES[kind]
    X, y = diabetes
    with pytest.raises(error, match=message):
        models[0].fit(change(X), y)
    assert not hasattr(models[0], "coef_")
    with pytest.raises(error):
        models[1].fit(change(X), y)


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array])
def test_sparse_within_a_pipeline(kind, models, diabetes):
    X, y = diabetes
    indicators = kind((X.mean() < X).to_numpy(dtype=float))

    def build(model):
        return make_pipeline(StandardScaler(with_mean=False), model)

    assert_same_predictions(build, models, indicators, y)


ARRAY_API = """
import warnings
import array_api_strict as xp
import numpy as np
import sklearn
from sklearn.datasets import load_diabetes
import fastreg

X, y = load_diabetes(return_X_y=True)
for estimator in (fastreg.Lasso, fastreg.ElasticNet, fastreg.Ridge, fastreg.LassoCV,
                  fastreg.ElasticNetCV, fastreg.RidgeCV):
    expected = estimator().fit(X, y)
    for dispatch in (False, True):
        with sklearn.config_context(array_api_dispatch=dispatch):
            model = estimator().fit(xp.asarray(X), xp.asarray(y))
            fitted = model.predict(xp.asarray(X))
            assert type(fitted) is (type(xp.asarray(X)) if dispatch else np.ndarray)
            assert type(model.predict(X)) is np.ndarray
            assert model.score(xp.asarray(X), xp.asarray(y)) == expected.score(X, y)
    assert (model.coef_ == expected.coef_).all()
    assert (np.asarray(fitted) == expected.predict(X)).all()
"""


@pytest.mark.skipif(
    parse_version(scipy.__version__) < parse_version("1.14"),
    reason="scikit-learn dispatches with SciPy 1.14 and later",
)
def test_arrays_of_another_library():
    """In a process of its own, as SciPy wants to know of it when it is imported."""
    environment = os.environ | {"SCIPY_ARRAY_API": "1"}
    subprocess.run([sys.executable, "-c", ARRAY_API], check=True, env=environment, timeout=120)


def test_nothing_warns_that_scikit_learn_does_not_warn_of(models, iris):
    X, y = iris
    X = X.drop(columns="species")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_pipeline(StandardScaler(), models[0]).set_output(transform="pandas").fit(X, y)
