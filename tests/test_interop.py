"""Conversion to scikit-learn and back: the oracle is scikit-learn's own fit of the same model."""

import inspect
import pickle
import subprocess
import sys
from typing import ClassVar

import numpy as np
import pytest
import sklearn
import sklearn.linear_model
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_diabetes
from sklearn.ensemble import StackingRegressor
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.validation import check_is_fitted

import fastreg
from fastreg.interop import counterparts

SHARED = {name: pair for name, pair in counterparts().items() if inspect.isclass(pair[0])}


def data(name):
    """The diabetes table and a target of the kind that the estimator of this name takes."""
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    if "Classifier" in name:
        return X, np.digitize(y, [100, 200])
    return X, np.column_stack([y, X["bmi"] + y / 1000]) if "MultiTask" in name else y


def fitted_names(estimator):
    return {name for name in vars(estimator) if name.endswith("_") and not name.startswith("_")}


@pytest.mark.parametrize("name", SHARED)
def test_a_fitted_estimator_becomes_scikit_learns(name):
    theirs, ours = SHARED[name]
    X, y = data(name)
    model = ours().fit(X, y)
    converted = model.to_sklearn()
    oracle = theirs().fit(X, y)
    assert type(converted) is theirs
    assert converted.get_params() == oracle.get_params()
    assert fitted_names(converted) == fitted_names(oracle)
    for attribute in fitted_names(oracle):
        got, expected = (np.asarray(getattr(m, attribute)) for m in (converted, oracle))
        assert (got.dtype, got.shape) == (expected.dtype, expected.shape), attribute
    np.testing.assert_array_equal(converted.predict(X), model.predict(X))
    assert converted.score(X, y) == model.score(X, y)
    assert clone(converted).fit(X, y).score(X, y) == oracle.score(X, y)


@pytest.mark.parametrize("name", SHARED)
def test_a_fitted_estimator_of_scikit_learn_becomes_ours(name):
    theirs, ours = SHARED[name]
    X, y = data(name)
    model = theirs().fit(X, y)
    converted = fastreg.from_sklearn(model)
    assert type(converted) is ours
    check_is_fitted(converted)
    np.testing.assert_array_equal(converted.predict(X), model.predict(X))
    assert converted.get_params().items() >= clone(model).get_params().items()
    assert fitted_names(converted.to_sklearn()) == fitted_names(model)
    np.testing.assert_array_equal(converted.fit(X, y).predict(X), ours().fit(X, y).predict(X))


@pytest.mark.parametrize("name", SHARED)
def test_one_that_is_not_fitted_stays_so(name):
    theirs, ours = SHARED[name]
    there = ours(fit_intercept=False).to_sklearn()
    back = fastreg.from_sklearn(there)
    assert type(there) is theirs
    assert type(back) is ours
    assert not there.fit_intercept
    assert not back.fit_intercept
    assert not fitted_names(there)
    assert not fitted_names(back)


def test_what_is_converted_is_independent():
    X, y = data("Lasso")
    model = fastreg.LassoCV(cv=KFold(3)).fit(X, y)
    before = model.coef_.copy()
    converted = model.to_sklearn()
    converted.coef_ *= 2
    converted.cv.n_splits = 7
    np.testing.assert_array_equal(model.coef_, before)
    assert model.cv.n_splits == 3


WITHOUT_FASTREG = """
import pickle, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "fastreg":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
model, X, expected = pickle.load(open(sys.argv[1], "rb"))
assert not any(name.startswith("fastreg") for name in sys.modules)
assert (model.predict(X) == expected).all()
"""


@pytest.mark.parametrize(
    "make",
    [
        *(ours for _, ours in SHARED.values()),
        lambda: make_pipeline(StandardScaler(), fastreg.Lasso()),
        lambda: GridSearchCV(
            make_pipeline(StandardScaler(), fastreg.Lasso()),
            [{"lasso__alpha": [0.1, 1]}, {"lasso": [fastreg.Ridge(), fastreg.LassoCV()]}],
        ),
        lambda: StackingRegressor(
            [("lasso", fastreg.Lasso()), ("ridge", fastreg.Ridge())], fastreg.RidgeCV()
        ),
        lambda: MultiOutputRegressor(fastreg.ElasticNet(alpha=0.01)),
    ],
    ids=[*SHARED, "Pipeline", "GridSearchCV", "StackingRegressor", "MultiOutputRegressor"],
)
def test_it_unpickles_where_fastreg_is_not_installed(make, tmp_path):
    model = make()
    X, y = data("MultiTask" if "Multi" in type(model).__name__ else type(model).__name__)
    model.fit(X, y)
    file = tmp_path / "model.pickle"
    file.write_bytes(pickle.dumps((fastreg.to_sklearn(model), X, model.predict(X))))
    subprocess.run([sys.executable, "-c", WITHOUT_FASTREG, str(file)], check=True, timeout=120)


def test_what_calibration_holds_is_found_too():
    """Its parts are objects of scikit-learn's that are no estimators."""
    X, y = load_diabetes(return_X_y=True)
    model = CalibratedClassifierCV(fastreg.RidgeClassifier(), cv=3).fit(X, y > 140)
    converted = fastreg.to_sklearn(model)
    assert b"fastreg" not in pickle.dumps(converted)
    np.testing.assert_array_equal(converted.predict_proba(X), model.predict_proba(X))


def test_a_pipeline_comes_back_too():
    X, y = data("Lasso")
    # a function that cannot be pickled must not be in the way
    pipeline = make_pipeline(
        FunctionTransformer(lambda X: X * 2), StandardScaler(), sklearn.linear_model.Lasso()
    ).fit(X, y)
    converted = fastreg.from_sklearn(pipeline)
    assert type(converted[-1]) is fastreg.Lasso
    assert type(pipeline[-1]) is sklearn.linear_model.Lasso
    np.testing.assert_array_equal(converted.predict(X), pipeline.predict(X))
    assert converted[1] is not pipeline[1]


def test_an_option_that_scikit_learn_lacks_is_not_lost_in_silence():
    X, y = data("Lasso")
    model = fastreg.Lasso(penalty_factor=np.arange(10.0), standardize=True)
    with pytest.raises(ValueError, match=r"Lasso has no penalty_factor, standardize"):
        model.to_sklearn()
    model.fit(X, y)
    with pytest.warns(UserWarning, match="predictions are the same") as caught:
        converted = model.to_sklearn()
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(converted.predict(X), model.predict(X))


def test_the_automatic_grid_of_ridge_is_written_out():
    X, y = data("Ridge")
    model = fastreg.RidgeCV(alphas=None).fit(X, y)
    converted = model.to_sklearn()
    np.testing.assert_array_equal(converted.alphas, model.alphas_)
    assert clone(converted).fit(X, y).alpha_ == model.alpha_


class OwnLasso(fastreg.Lasso):
    """What someone may derive."""

    changes: ClassVar[str] = "whatever it likes"


class Nothing(BaseEstimator):
    """Nothing to convert."""


@pytest.mark.parametrize("convert", [fastreg.to_sklearn, fastreg.from_sklearn])
@pytest.mark.parametrize("nothing", [OwnLasso(), Nothing(), make_pipeline(StandardScaler()), 1.0])
def test_where_there_is_nothing_to_convert(convert, nothing):
    with pytest.raises(TypeError, match=f"no estimator to convert in {type(nothing).__name__}"):
        convert(nothing)


def test_metadata_requests_go_along():
    with sklearn.config_context(enable_metadata_routing=True):
        model = fastreg.Lasso().set_fit_request(sample_weight=True)
        converted = model.to_sklearn()
        assert converted.get_metadata_routing().fit.requests["sample_weight"] is True
        assert b"fastreg" not in pickle.dumps(converted)
        back = fastreg.from_sklearn(converted)
        assert back.get_metadata_routing().fit.requests["sample_weight"] is True


def test_conversion_under_a_patch_finds_scikit_learns_own():
    X, y = data("Lasso")
    with fastreg.patch_sklearn():
        converted = fastreg.Lasso().fit(X, y).to_sklearn()
    assert type(converted) is sklearn.linear_model.Lasso
    assert type(converted) is not fastreg.Lasso
