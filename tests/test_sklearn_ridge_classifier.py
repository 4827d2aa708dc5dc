"""RidgeClassifier and RidgeClassifierCV beside scikit-learn's; left-out rows by refits."""

import pickle
from itertools import product

import numpy as np
import pandas as pd
import pytest
import sklearn
import sklearn.linear_model as sk
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, LeaveOneOut, cross_val_predict

import fastreg as fr

from .beside import HELD, assert_same_kind, both, called, fitted, problem

ALPHAS = (0.1, 1.0, 30.0)
KINDS = ["two", "column", "several", "at once"]
TOLERANCE = {np.float64: (1e-7, 1e-9), np.float32: (3e-4, 3e-5)}

every_target = pytest.mark.parametrize("kind", KINDS)
every_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["f8", "f4"])
with_weights = pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
with_intercept = pytest.mark.parametrize("fit_intercept", [True, False], ids=["centred", "origin"])
# given weights of several labels at once are refused
with_class_weights = pytest.mark.parametrize(
    ("kind", "class_weight"),
    [pair for pair in product(KINDS, [None, "balanced", "given"]) if pair != ("at once", "given")],
)


def classes(kind, dtype=float):
    """Return X, labels and weights."""
    X, Y, w = problem(3, dtype)
    first = Y[:, 0]
    labels = {
        "two": np.where(first > 1, "yes", "no"),
        "column": (first > 1).astype(int)[:, None],
        "several": np.digitize(first, [0.0, 1.5]),
        "at once": (Y > 1).astype(int),
    }[kind]
    return X, labels, w


def weights_of(kind, class_weight):
    given = {"no": 2.0, "yes": 0.5} if kind == "two" else {0: 2.0, 1: 0.5}
    return given if class_weight == "given" else class_weight


def assert_same_classifier(ours, theirs, X, y, rtol=1e-7, atol=1e-9):
    assert_same_kind(ours, theirs)
    for key in fitted(theirs):
        own, wanted = getattr(ours, key), getattr(theirs, key)
        if wanted is None or np.asarray(wanted).dtype.kind in "OU":
            assert np.array_equal(own, wanted), key
        elif key != "n_iter_":
            assert_allclose(own, wanted, rtol=rtol, atol=atol, err_msg=key)
    own, wanted = ours.decision_function(X), theirs.decision_function(X)
    assert own.dtype == wanted.dtype
    assert_allclose(own, wanted, rtol=rtol, atol=10 * atol)
    assert_array_equal(ours.predict(X), theirs.predict(X))
    assert ours.score(X, y) == theirs.score(X, y)


@pytest.mark.parametrize("held", ["C", "csc"])
@every_dtype
@with_weights
@with_intercept
@with_class_weights
def test_attributes(kind, held, dtype, weighted, fit_intercept, class_weight):
    X, y, w = classes(kind, dtype)
    X, w = HELD[held](X), w if weighted else None
    options = {"fit_intercept": fit_intercept, "class_weight": weights_of(kind, class_weight)}
    for solver in ["auto", "lsqr"] if held.startswith("cs") else ["auto", "svd", "cholesky"]:
        fits = both("RidgeClassifier", X, y, w, alpha=1.5, solver=solver, tol=1e-13, **options)
        assert_same_classifier(*fits, X, y, *TOLERANCE[dtype])


@every_target
@with_weights
def test_positive(kind, weighted):
    X, y, w = classes(kind)
    fits = both("RidgeClassifier", X, y, w if weighted else None, positive=True, tol=1e-13)
    assert_same_classifier(*fits, X, y, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("held", ["F", "csr"])
@every_dtype
@with_weights
@with_intercept
@with_class_weights
def test_leave_one_out(kind, held, dtype, weighted, fit_intercept, class_weight):
    X, y, w = classes(kind, dtype)
    X = HELD[held](X)
    options = {"fit_intercept": fit_intercept, "class_weight": weights_of(kind, class_weight)}
    options |= {"alphas": ALPHAS, "store_cv_results": True}
    fits = both("RidgeClassifierCV", X, y, w if weighted else None, **options)
    assert_same_classifier(*fits, X, y, *TOLERANCE[dtype])


@every_dtype
@with_weights
@with_class_weights
@pytest.mark.parametrize("scoring", [None, "f1_macro"])
def test_folds(kind, dtype, weighted, class_weight, scoring):
    """Stratified; scored by labels, with the weights of rows and classes."""
    X, y, w = classes(kind, dtype)
    w = w if weighted else None
    for cv in (3, list(GroupKFold(4).split(X, groups=np.arange(60) % 9))):
        options = {"cv": cv, "scoring": scoring, "class_weight": weights_of(kind, class_weight)}
        fits = both("RidgeClassifierCV", X, y, w, alphas=ALPHAS, **options)
        assert_same_classifier(*fits, X, y, *TOLERANCE[dtype])


@pytest.mark.parametrize("scoring", ["roc_auc", "f1", "accuracy"])
def test_folds_scored_by_decisions(scoring):
    X, _, w = classes("two")
    y = classes("column")[1].ravel()
    fits = both("RidgeClassifierCV", X, y, w, alphas=ALPHAS, cv=4, scoring=scoring)
    assert_same_classifier(*fits, X, y)


@pytest.mark.parametrize(
    ("kind", "scoring"), [("column", "f1_macro"), ("column", "roc_auc"), ("several", "f1_macro")]
)
def test_left_out_rows_are_scored_by_their_labels(kind, scoring):
    """As if every row were predicted by a fit without it."""
    X, y, _ = classes(kind)
    y, alphas, scores = y.ravel(), np.geomspace(0.1, 1000.0, 9), []
    for alpha in alphas:
        method = "decision_function" if scoring == "roc_auc" else "predict"
        model = sk.RidgeClassifier(alpha)
        found = cross_val_predict(model, X, y, cv=LeaveOneOut(), method=method)
        scores.append(
            roc_auc_score(y, found) if scoring == "roc_auc" else f1_score(y, found, average="macro")
        )
    model = fr.RidgeClassifierCV(alphas, scoring=scoring).fit(X, y)
    assert model.alpha_ == alphas[np.argmax(scores)]
    assert_allclose(model.best_score_, max(scores), rtol=1e-12)
    assert len(set(scores)) > 2


@pytest.mark.parametrize("scoring", ["accuracy", "f1_macro"])
def test_left_out_rows_of_several_classes_are_scored_as_scikit_learn_does(scoring):
    X, y, w = classes("several")
    options = {"alphas": ALPHAS, "scoring": scoring, "store_cv_results": True}
    assert_same_classifier(*both("RidgeClassifierCV", X, y, w, **options), X, y)


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
@pytest.mark.parametrize("name", ["RidgeClassifier", "RidgeClassifierCV"])
def test_real_data(load, name):
    X, y = load(return_X_y=True, as_frame=True)
    ours, theirs = both(name, X, load().target_names[y])
    assert_same_kind(ours, theirs)
    assert_array_equal(ours.predict(X), theirs.predict(X))
    assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=1e-5, atol=1e-7)


def test_a_grid_search_finds_the_same():
    X, y, _ = classes("several")
    found = [
        GridSearchCV(module.RidgeClassifier(), {"alpha": ALPHAS}, cv=3).fit(X, y)
        for module in (fr, sk)
    ]
    assert found[0].best_params_ == found[1].best_params_
    assert found[0].best_score_ == found[1].best_score_


X, LABELS, W = classes("two")
AT_ONCE = classes("at once")[1]
BAD_CALLS = {
    "numbers": lambda m: m.RidgeClassifier().fit(X, W),
    "class_weight of no class": lambda m: m.RidgeClassifier(class_weight={7: 1.0}).fit(X, LABELS),
    "class_weight at once": lambda m: m.RidgeClassifier(class_weight={0: 1.0}).fit(X, AT_ONCE),
    "no y": lambda m: m.RidgeClassifier().fit(X, None),
    "several outputs": lambda m: m.RidgeClassifier().fit(X, AT_ONCE + np.arange(3)),
    "y too short": lambda m: m.RidgeClassifier().fit(X, LABELS[:4]),
    "unfitted": lambda m: m.RidgeClassifier().predict(X),
    "alphas": lambda m: m.RidgeClassifier([1.0, 2.0]).fit(X, LABELS),
    "solver": lambda m: m.RidgeClassifier(solver="svd").fit(sparse.csr_array(X), LABELS),
    "lbfgs": lambda m: m.RidgeClassifier(solver="lbfgs").fit(X, LABELS),
    "CV numbers": lambda m: m.RidgeClassifierCV().fit(X, W),
    "CV alphas": lambda m: m.RidgeClassifierCV([1, -1]).fit(X, LABELS),
    "CV store": lambda m: m.RidgeClassifierCV(cv=3, store_cv_results=True).fit(X, LABELS),
    "CV metadata": lambda m: m.RidgeClassifierCV().fit(X, LABELS, groups=LABELS),
    "CV class_weight": lambda m: m.RidgeClassifierCV(class_weight=3).fit(X, LABELS),
}


@pytest.mark.parametrize("call", BAD_CALLS.values(), ids=BAD_CALLS)
def test_errors(call):
    ours, theirs = called(lambda: call(fr))[0], called(lambda: call(sk))[0]
    assert theirs is not None
    assert ours.split() == theirs.split()


@pytest.mark.parametrize("name", ["RidgeClassifier", "RidgeClassifierCV"])
def test_a_column_of_labels_warns(name):
    column = LABELS[:, None]
    own, wanted = (called(lambda m=m: getattr(m, name)().fit(X, column))[1] for m in (fr, sk))
    assert own == wanted
    assert own


@pytest.mark.parametrize("name", ["RidgeClassifier", "RidgeClassifierCV"])
def test_a_failed_fit_changes_nothing(name):
    model = getattr(fr, name)().fit(X, LABELS)
    before = dict(vars(model))
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.where(X > 1, np.nan, X), LABELS)
    assert vars(model).keys() == before.keys()
    assert all(vars(model)[key] is before[key] for key in before)


@pytest.mark.parametrize("name", ["RidgeClassifier", "RidgeClassifierCV"])
def test_fits_are_certified(name):
    model = getattr(fr, name)().fit(X, classes("several")[1])
    assert model.dual_gap_.shape == (3,)
    assert np.all(np.abs(model.dual_gap_) < 1e-12)


def test_what_fastreg_adds_works_on_classes_too():
    factor = np.r_[np.inf, np.ones(11)]
    model = fr.RidgeClassifier(penalty_factor=factor).fit(X, LABELS)
    without = fr.RidgeClassifier().fit(X[:, 1:], LABELS)
    assert model.coef_[0] == 0.0
    assert_allclose(model.coef_[1:], without.coef_, rtol=1e-9)


@pytest.mark.parametrize("name", ["RidgeClassifier", "RidgeClassifierCV"])
def test_estimators_are_what_they_are(name):
    model, frame = getattr(fr, name)(class_weight="balanced"), pd.DataFrame(X).add_prefix("c")
    assert is_classifier(model)
    assert clone(model).get_params() == model.get_params()
    assert repr(model) == repr(getattr(sk, name)(class_weight="balanced"))
    model.fit(frame, LABELS)
    assert list(model.feature_names_in_) == list(frame.columns)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(frame), model.predict(frame))


def test_metadata_goes_where_it_is_asked_for():
    groups = np.arange(60) % 7
    with sklearn.config_context(enable_metadata_routing=True):
        ours, theirs = (
            module.RidgeClassifierCV(ALPHAS, cv=GroupKFold(3))
            .set_fit_request(sample_weight=True)
            .fit(X, LABELS, sample_weight=W, groups=groups)
            for module in (fr, sk)
        )
        assert_same_classifier(ours, theirs, X, LABELS)
