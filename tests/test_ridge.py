"""Ridge, RidgeCV and ridge paths against least squares on augmented rows, refits, scikit-learn."""

import warnings

import numpy as np
import pytest
import sklearn
import sklearn.linear_model as reference
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.linalg import LinAlgWarning
from scipy.optimize import lsq_linear, nnls
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GroupKFold, KFold, RepeatedKFold, ShuffleSplit, TimeSeriesSplit

import fastreg
from fastreg import (
    Moments,
    RegularizationPath,
    Ridge,
    RidgeCV,
    lasso_path,
    regularization_path,
    ridge_path,
)

TALL, WIDE, SQUARE = (40, 6), (15, 30), (12, 12)
every_shape = pytest.mark.parametrize("shape", [TALL, WIDE, SQUARE], ids=["tall", "wide", "square"])
every_kind = pytest.mark.parametrize("kind", ["dense", "fortran", "csr", "csc"])
with_weights = pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
with_intercept = pytest.mark.parametrize("fit_intercept", [True, False], ids=["centred", "origin"])
HELD = {
    "dense": np.array,
    "fortran": np.asfortranarray,
    "csr": sparse.csr_array,
    "csc": sparse.csc_array,
}


def make_data(shape, seed=0, n_targets=None, zeros=0.0):
    rng = np.random.default_rng(seed)
    n, p = shape
    X = rng.standard_normal((n, p)) @ (np.eye(p) + 0.2) + 1.0
    X *= rng.random((n, p)) >= zeros
    coef = rng.standard_normal((p, n_targets or 1))
    y = X @ coef + 2.0 + rng.standard_normal((n, n_targets or 1))
    return X, y if n_targets else y[:, 0]


def make_weights(n, seed=1):
    return np.random.default_rng(seed).uniform(0.2, 3.0, n)


def ridge_by_rows(X, y, alpha, weight=None, fit_intercept=True, factor=None):
    """Ridge as least squares with a row √(alpha v_j) for each column; v_j = ∞ drops it."""
    n, p = X.shape
    w = np.ones(n) if weight is None else weight
    v = np.ones(p) if factor is None else np.asarray(factor, float)
    mean, y_mean = (w @ X / w.sum(), w @ y / w.sum()) if fit_intercept else (np.zeros(p), 0.0)
    kept = np.isfinite(v)
    rows = np.sqrt(w)[:, None] * (X - mean)[:, kept]
    augmented = np.vstack([rows, np.diag(np.sqrt(alpha * v[kept]))])
    target = np.concatenate([np.sqrt(w) * (y - y_mean), np.zeros(kept.sum())])
    coef = np.zeros(p)
    coef[kept] = np.linalg.lstsq(augmented, target, rcond=None)[0]
    return coef, y_mean - mean @ coef


def left_out_by_refits(X, y, alpha, weight, **options):
    """y_i − ŷ_(−i), each row left out of a fit of its own."""
    out = np.empty(len(y))
    for i in range(len(y)):
        rows = np.arange(len(y)) != i
        w = None if weight is None else weight[rows]
        coef, intercept = ridge_by_rows(X[rows], y[rows], alpha, w, **options)
        out[i] = y[i] - X[i] @ coef - intercept
    return out


@every_shape
@every_kind
@with_weights
@with_intercept
@pytest.mark.parametrize("factored", [False, True], ids=["", "factors"])
def test_ridge_is_least_squares_on_augmented_rows(shape, kind, weighted, fit_intercept, factored):
    X, y = make_data(shape, zeros=0.3)
    weight = make_weights(len(y)) if weighted else None
    factor = None
    if factored:
        factor = np.random.default_rng(2).uniform(0.1, 3.0, shape[1])
        factor[[0, 3]], factor[1] = 0.0, np.inf
    for alpha in (1e-2, 1.0, 100.0):
        coef, intercept = ridge_by_rows(X, y, alpha, weight, fit_intercept, factor)
        model = Ridge(alpha, fit_intercept=fit_intercept, penalty_factor=factor)
        model.fit(HELD[kind](X), y, weight)
        assert_allclose(model.coef_, coef, rtol=1e-8, atol=1e-10)
        assert_allclose(model.intercept_, intercept, rtol=1e-8, atol=1e-9)
        assert model.n_iter_ is None
        assert abs(model.dual_gap_) < 1e-10 * y.var()


@every_shape
@with_intercept
@pytest.mark.parametrize("n_targets", [None, 1, 3])
@pytest.mark.parametrize("solver", ["auto", "svd", "cholesky"])
def test_ridge_is_scikit_learns(shape, fit_intercept, n_targets, solver):
    X, y = make_data(shape, 3, n_targets)
    weight = make_weights(len(y))
    ours = Ridge(2.5, fit_intercept=fit_intercept, solver=solver).fit(X, y, weight)
    theirs = reference.Ridge(2.5, fit_intercept=fit_intercept, solver=solver).fit(X, y, weight)
    assert np.shape(ours.coef_) == np.shape(theirs.coef_)
    if fit_intercept:
        assert np.shape(ours.intercept_) == np.shape(theirs.intercept_)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-8, atol=1e-10)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-8, atol=1e-10)
    assert_allclose(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("name", ["Ridge", "Lasso", "ElasticNet"])
@pytest.mark.parametrize("n_targets", [None, 1, 3])
def test_no_intercept_is_the_number_zero(name, n_targets):
    X, y = make_data(TALL, 3, n_targets)
    ours = getattr(fastreg, name)(fit_intercept=False).fit(X, y)
    theirs = getattr(reference, name)(fit_intercept=False).fit(X, y)
    assert np.shape(ours.intercept_) == np.shape(theirs.intercept_) == ()
    assert ours.intercept_ == 0.0


@every_shape
def test_alpha_for_each_target(shape):
    X, Y = make_data(shape, 4, 3)
    alphas = [0.1, 5.0, 0.0 if shape is TALL else 100.0]
    model = Ridge(alphas).fit(X, Y)
    for t, alpha in enumerate(alphas):
        coef, intercept = ridge_by_rows(X, Y[:, t], alpha)
        assert_allclose(model.coef_[t], coef, rtol=1e-8, atol=1e-10)
        assert_allclose(model.intercept_[t], intercept, rtol=1e-8, atol=1e-10)


@every_shape
@every_kind
@with_weights
def test_standardize_penalizes_in_units_of_the_spread(shape, kind, weighted):
    X, y = make_data(shape, 5, zeros=0.3)
    X[:, 1] *= 100.0
    weight = make_weights(len(y)) if weighted else np.ones(len(y))
    share = weight / weight.sum()
    spread = np.sqrt(share @ (X - share @ X) ** 2)
    model = Ridge(3.0, standardize=True).fit(HELD[kind](X), y, weight)
    coef, intercept = ridge_by_rows(X, y, 3.0, weight, factor=spread**2)
    assert_allclose(model.coef_, coef, rtol=1e-8, atol=1e-10)
    assert_allclose(model.intercept_, intercept, rtol=1e-8, atol=1e-8)


@every_kind
@pytest.mark.parametrize("shape", [TALL, SQUARE], ids=["tall", "square"])
@pytest.mark.parametrize("alpha", [0.0, 2.0])
def test_positive_is_nnls(shape, kind, alpha):
    X, y = make_data(shape, 6, zeros=0.3)
    y = y - 4.0 * X[:, 2]
    model = Ridge(alpha, positive=True, fit_intercept=False, tol=1e-14).fit(HELD[kind](X), y)
    rows = np.vstack([X, np.sqrt(alpha) * np.eye(shape[1])])
    coef, _ = nnls(rows, np.concatenate([y, np.zeros(shape[1])]))
    assert_allclose(model.coef_, coef, rtol=1e-5, atol=1e-6)
    assert np.all(model.coef_ >= 0)
    assert model.coef_[2] == 0
    assert model.solver_ == "lbfgs"


@every_kind
@every_shape
@with_weights
def test_bounds_are_lsq_linear(shape, kind, weighted):
    X, y = make_data(shape, 7, zeros=0.3)
    n, p = shape
    weight = make_weights(n) if weighted else np.ones(n)
    rng = np.random.default_rng(3)
    lower, upper = -0.5 * rng.random(p), 0.5 * rng.random(p)
    lower[0], upper[1] = -np.inf, np.inf
    model = Ridge(2.0, lower=lower, upper=upper, tol=1e-14).fit(HELD[kind](X), y, weight)
    root, share = np.sqrt(weight), weight / weight.sum()
    rows = np.vstack([root[:, None] * (X - share @ X), np.sqrt(2.0) * np.eye(p)])
    target = np.concatenate([root * (y - share @ y), np.zeros(p)])
    found = lsq_linear(rows, target, (lower, upper), method="bvls", tol=1e-15)
    assert_allclose(model.coef_, found.x, rtol=1e-5, atol=1e-6)
    assert np.all(model.coef_ >= lower)
    assert np.all(model.coef_ <= upper)
    assert model.dual_gap_ <= 1e-13 * y.var()


@every_kind
@with_intercept
@with_weights
@every_shape
def test_alpha_zero_is_least_squares_of_minimum_norm(shape, kind, weighted, fit_intercept):
    X, y = make_data(shape, 8, zeros=0.3)
    weight = make_weights(len(y)) if weighted else None
    coef, intercept = ridge_by_rows(X, y, 0.0, weight, fit_intercept)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinAlgWarning)
        model = Ridge(0.0, fit_intercept=fit_intercept).fit(HELD[kind](X), y, weight)
    assert_allclose(model.coef_, coef, rtol=1e-7, atol=1e-8)
    assert_allclose(model.intercept_, intercept, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("kind", ["dense", "csr"])
@with_intercept
def test_collinear_columns_share_at_alpha_zero_with_a_warning(kind, fit_intercept):
    X, y = make_data(TALL, 9)
    X = np.column_stack([X, X[:, 0], X[:, 1] - 2.0 * X[:, 2]])
    model = Ridge(0.0, fit_intercept=fit_intercept)
    with pytest.warns(LinAlgWarning, match="linearly dependent") as caught:
        model.fit(HELD[kind](X), y)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert model.solver_ == "svd"
    coef, intercept = ridge_by_rows(X, y, 0.0, None, fit_intercept)
    assert_allclose(model.coef_, coef, rtol=1e-7, atol=1e-9)
    assert_allclose(model.intercept_, intercept, rtol=1e-7, atol=1e-9)
    assert_allclose(model.coef_[0], model.coef_[6], rtol=1e-9)


@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_collinear_columns_are_no_trouble_with_a_penalty(kind):
    X, y = make_data(TALL, 10)
    X = np.column_stack([X, X[:, 0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = Ridge(0.1).fit(HELD[kind](X), y)
    coef, _ = ridge_by_rows(X, y, 0.1)
    assert_allclose(model.coef_, coef, rtol=1e-8)
    assert_allclose(model.coef_[0], model.coef_[6], rtol=1e-9)


def test_weights_of_any_scale():
    """Ridge's sum is not divided by Σw: weights times 10 are alpha over 10."""
    X, y = make_data(TALL, 11)
    weight = make_weights(len(y))
    heavy, light = Ridge(5.0).fit(X, y, 10.0 * weight), Ridge(0.5).fit(X, y, weight)
    assert_allclose(heavy.coef_, light.coef_, rtol=1e-10)
    number, ones = Ridge(5.0).fit(X, y, 2.0), Ridge(5.0).fit(X, y, np.full(len(y), 2.0))
    assert_allclose(number.coef_, ones.coef_, rtol=1e-12)


def test_moments_in_place_of_rows():
    X, y = make_data((200, 7), 12)
    held = Moments.from_arrays(X, y)
    assert_allclose(Ridge(3.0).fit(held).coef_, Ridge(3.0).fit(X, y).coef_, rtol=1e-10)


def test_intercept_without_usable_columns():
    X, y = np.ones((10, 2)), np.arange(10.0)
    model = Ridge(1.0).fit(X, y)
    assert_array_equal(model.coef_, 0.0)
    assert model.intercept_ == 4.5


ALPHAS = np.array([0.05, 1.0, 30.0])


@every_shape
@pytest.mark.parametrize("kind", ["dense", "csr"])
@with_weights
@with_intercept
@pytest.mark.parametrize("factored", [False, True], ids=["", "factors"])
def test_leave_one_out_is_n_refits(shape, kind, weighted, fit_intercept, factored):
    X, y = make_data(shape, 13, zeros=0.3)
    weight = make_weights(len(y)) if weighted else None
    factor = None
    if factored:
        factor = np.random.default_rng(4).uniform(0.1, 3.0, shape[1])
        factor[[0, 3]], factor[1] = 0.0, np.inf
    model = RidgeCV(
        ALPHAS, fit_intercept=fit_intercept, store_cv_results=True, penalty_factor=factor
    ).fit(HELD[kind](X), y, weight)
    residuals = np.column_stack(
        [
            left_out_by_refits(X, y, alpha, weight, fit_intercept=fit_intercept, factor=factor)
            for alpha in ALPHAS
        ]
    )
    errors = residuals**2 * (1.0 if weight is None else weight[:, None])
    assert_allclose(model.cv_results_, errors, rtol=1e-7, atol=1e-12)
    mean = errors.mean(axis=0)
    assert_allclose(model.cv_mean_, mean, rtol=1e-8)
    assert_allclose(model.cv_se_, errors.std(axis=0) / np.sqrt(len(y) - 1), rtol=1e-7)
    assert model.alpha_ == ALPHAS[np.argmin(mean)]
    assert_allclose(model.best_score_, -mean.min(), rtol=1e-8)
    coef, intercept = ridge_by_rows(X, y, model.alpha_, weight, fit_intercept, factor)
    assert_allclose(model.coef_, coef, rtol=1e-8, atol=1e-10)
    assert_allclose(model.intercept_, intercept, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("shape", [TALL, WIDE], ids=["tall", "wide"])
@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_leave_one_out_with_rows_of_weight_zero(shape, kind):
    """Such a row is in no fit: its residual is that of the fit on all the others."""
    X, y = make_data(shape, 14, zeros=0.3)
    weight = make_weights(len(y))
    weight[[1, 5]] = 0.0
    options = {"scoring": "neg_mean_squared_error", "store_cv_results": True}
    model = RidgeCV(ALPHAS, **options).fit(HELD[kind](X), y, weight)
    for k, alpha in enumerate(ALPHAS):
        residual = left_out_by_refits(X, y, alpha, weight)
        assert_allclose(y - model.cv_results_[:, k], residual, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("shape", [TALL, WIDE], ids=["tall", "wide"])
@pytest.mark.parametrize("kind", ["dense", "csr"])
@with_intercept
def test_leave_one_out_of_an_interpolated_row(shape, kind, fit_intercept):
    """A column that only one row uses gives it leverage next to 1: r / (1 − h) is 0 / 0."""
    X, y = make_data(shape, 15)
    alphas = np.array([1e-3, 1.0])
    for far in (1e5, 1e6):
        X[:, 0] = 0.0
        X[3, 0] = far
        model = RidgeCV(alphas, store_cv_results=True, fit_intercept=fit_intercept)
        model.fit(HELD[kind](X), y)
        for k, alpha in enumerate(alphas):
            residual = left_out_by_refits(X, y, alpha, None, fit_intercept=fit_intercept)
            assert_allclose(model.cv_results_[:, k], residual**2, rtol=1e-7)


@pytest.mark.parametrize("shape", [TALL, WIDE], ids=["tall", "wide"])
@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_leave_one_out_of_columns_far_from_zero(shape, kind):
    """XᵀX and XXᵀ square the condition number; scikit-learn's SVD agrees with refits to 1e-9."""
    X, y = make_data(shape, 30)
    X += 3e4 * np.random.default_rng(5).standard_normal(shape[1])
    alphas = np.array([1e-3, 1.0])
    model = RidgeCV(alphas, fit_intercept=False, store_cv_results=True).fit(HELD[kind](X), y)
    for k, alpha in enumerate(alphas):
        residual = left_out_by_refits(X, y, alpha, None, fit_intercept=False)
        assert_allclose(model.cv_results_[:, k], residual**2, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("shape", [TALL, WIDE], ids=["tall", "wide"])
def test_leave_one_out_with_standardize_keeps_the_scale_of_all_rows(shape):
    X, y = make_data(shape, 16)
    X[:, 1] *= 10.0
    model = RidgeCV([2.0], standardize=True, store_cv_results=True).fit(X, y)
    residual = left_out_by_refits(X, y, 2.0, None, factor=X.var(axis=0))
    assert_allclose(model.cv_results_[:, 0], residual**2, rtol=1e-8)


@every_shape
@with_weights
@with_intercept
@pytest.mark.parametrize("n_targets", [None, 1, 3])
@pytest.mark.parametrize(
    "options",
    [{}, {"alpha_per_target": True}, {"scoring": "neg_mean_absolute_error"}, {"scoring": "r2"}],
    ids=["plain", "per target", "mae", "r2"],
)
def test_leave_one_out_is_scikit_learns(shape, weighted, fit_intercept, n_targets, options):
    X, y = make_data(shape, 17, n_targets)
    weight = make_weights(len(y)) if weighted else None
    options = {**options, "alphas": ALPHAS, "fit_intercept": fit_intercept}
    ours = RidgeCV(store_cv_results=True, **options).fit(X, y, weight)
    theirs = reference.RidgeCV(store_cv_results=True, **options).fit(X, y, weight)
    assert_allclose(ours.alpha_, np.broadcast_to(theirs.alpha_, np.shape(ours.alpha_)))
    assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-7)
    assert ours.coef_.shape == theirs.coef_.shape
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-7, atol=1e-9)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-7, atol=1e-9)
    assert ours.cv_results_.shape == theirs.cv_results_.shape
    assert_allclose(ours.cv_results_, theirs.cv_results_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("n_targets", [None, 1, 3])
@pytest.mark.parametrize("per_target", [False, True])
def test_shapes_of_the_choice_are_scikit_learns(n_targets, per_target):
    X, y = make_data(TALL, 17, n_targets)
    ours = RidgeCV(ALPHAS, alpha_per_target=per_target).fit(X, y)
    theirs = reference.RidgeCV(ALPHAS, alpha_per_target=per_target).fit(X, y)
    assert np.shape(ours.alpha_) == np.shape(theirs.alpha_)
    assert np.shape(ours.best_score_) == np.shape(theirs.best_score_)


@pytest.mark.parametrize("shape", [TALL, WIDE], ids=["tall", "wide"])
@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_leave_one_out_of_a_row_with_an_unpenalized_column_of_its_own(shape, kind):
    """Its leverage is 1 exactly; left out, the column is constant and its coefficient 0."""
    X, y = make_data(shape, 15)
    X[:, 0] = 0.0
    X[3, 0] = 1.0
    factor = np.ones(shape[1])
    factor[0] = 0.0
    model = RidgeCV([1.0], store_cv_results=True, penalty_factor=factor).fit(HELD[kind](X), y)
    residual = left_out_by_refits(X, y, 1.0, None, factor=factor)
    assert_allclose(model.cv_results_[:, 0], residual**2, rtol=1e-7)


def test_leave_one_out_with_a_callable_scorer():
    X, y = make_data(TALL, 18)
    scorer = make_scorer(mean_absolute_error, greater_is_better=False)
    ours = RidgeCV(ALPHAS, scoring=scorer).fit(X, y)
    errors = [np.abs(left_out_by_refits(X, y, alpha, None)).mean() for alpha in ALPHAS]
    assert ours.alpha_ == ALPHAS[np.argmin(errors)]
    assert_allclose(ours.best_score_, -min(errors), rtol=1e-8)


def folds_of(name, n):
    groups = np.random.default_rng(1).integers(0, 5, n)
    cv = {
        "kfold": KFold(5),
        "shuffled": KFold(3, shuffle=True, random_state=0),
        "group": GroupKFold(3),
        "time": TimeSeriesSplit(3),
        "shuffle split": ShuffleSplit(4, test_size=0.3, random_state=0),
        "repeated": RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
    }[name]
    return list(cv.split(np.zeros(n), groups=groups if name == "group" else None))


@every_shape
@pytest.mark.parametrize("kind", ["dense", "csr"])
@with_weights
@with_intercept
@pytest.mark.parametrize(
    "splits", ["kfold", "shuffled", "group", "time", "shuffle split", "repeated"]
)
def test_folds_are_a_fit_each(shape, kind, weighted, fit_intercept, splits):
    X, y = make_data(shape, 19, zeros=0.3)
    weight = make_weights(len(y)) if weighted else None
    folds = folds_of(splits, len(y))
    model = RidgeCV(ALPHAS, cv=folds, fit_intercept=fit_intercept).fit(HELD[kind](X), y, weight)
    mse, r2 = np.empty((2, len(ALPHAS), len(folds)))
    for k, (rows, test) in enumerate(folds):
        w = np.ones(len(test)) if weight is None else weight[test]
        total = w @ (y[test] - w @ y[test] / w.sum()) ** 2 / w.sum()
        for i, alpha in enumerate(ALPHAS):
            own = None if weight is None else weight[rows]
            coef, intercept = ridge_by_rows(X[rows], y[rows], alpha, own, fit_intercept)
            mse[i, k] = w @ (y[test] - X[test] @ coef - intercept) ** 2 / w.sum()
            r2[i, k] = 1.0 - mse[i, k] / total
    assert_allclose(model.mse_path_, mse, rtol=1e-8)
    assert_allclose(model.cv_mean_, mse.mean(axis=1), rtol=1e-8)
    best = np.argmax(r2.mean(axis=1))
    assert model.alpha_ == ALPHAS[best]
    assert_allclose(model.best_score_, r2.mean(axis=1)[best], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("n_targets", [None, 3])
@pytest.mark.parametrize("scoring", [None, "neg_mean_squared_error", "neg_mean_absolute_error"])
@pytest.mark.parametrize("shape", [TALL, (18, 30)], ids=["tall", "wide"])
@with_weights
def test_folds_are_scikit_learns(shape, n_targets, scoring, weighted):
    X, y = make_data(shape, 20, n_targets)
    weight = make_weights(len(y)) if weighted else None
    ours = RidgeCV(ALPHAS, cv=4, scoring=scoring).fit(X, y, weight)
    with sklearn.config_context(enable_metadata_routing=False):
        theirs = reference.RidgeCV(ALPHAS, cv=4, scoring=scoring).fit(X, y, weight)
    assert ours.alpha_ == theirs.alpha_
    assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-7)
    assert_allclose(ours.coef_, theirs.coef_, rtol=1e-7, atol=1e-9)


def test_the_mean_of_r2_decides_not_the_mean_of_errors():
    """A fold with a wide target dominates the mean error and counts like any other in R²."""
    rng = np.random.default_rng(0)
    found = set()
    for _ in range(30):
        X = rng.standard_normal((30, 3))
        y = X @ np.ones(3) + rng.standard_normal(30)
        y[20:] += 10.0 * rng.standard_normal(10)
        alphas = np.geomspace(0.01, 1000.0, 12)
        ours = RidgeCV(alphas, cv=3).fit(X, y)
        assert ours.alpha_ == reference.RidgeCV(alphas, cv=3).fit(X, y).alpha_
        found.add(bool(ours.alpha_ == alphas[np.argmin(ours.cv_mean_)]))
    assert found == {True, False}


@pytest.mark.parametrize("shape", [(60, 5), WIDE], ids=["tall", "wide"])
@pytest.mark.parametrize("cv", [None, 3])
def test_automatic_grid_spans_from_no_fit_to_a_full_one(shape, cv):
    X, y = make_data(shape, 22)
    model = RidgeCV(None, cv=cv).fit(X, y)
    assert model.alphas_.shape == (100,)
    assert model.alpha_ in model.alphas_
    least = Ridge(model.alphas_.min()).fit(X, y)
    most = Ridge(model.alphas_.max()).fit(X, y)
    assert least.score(X, y) > 0.5
    assert most.score(X, y) < 0.2 * least.score(X, y)
    strength = np.linalg.svd(X - X.mean(axis=0), compute_uv=False)[0] ** 2
    assert model.alphas_.max() > strength
    doubled = RidgeCV(None, cv=cv).fit(X, 1000.0 * y)
    assert_allclose(doubled.alphas_, model.alphas_)


def test_one_alpha_and_many():
    X, y = make_data(TALL, 23)
    assert RidgeCV(2.0).fit(X, y).alpha_ == 2.0
    assert_allclose(RidgeCV([2.0], cv=3).fit(X, y).coef_, Ridge(2.0).fit(X, y).coef_, rtol=1e-10)


@every_shape
@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("factored", [False, True], ids=["", "factors"])
@pytest.mark.parametrize("m", [3, 20])
def test_ridge_path_is_a_fit_an_alpha(shape, kind, factored, m):
    X, y = make_data(shape, 24, zeros=0.3)
    weight = make_weights(len(y))
    factor = None
    if factored:
        factor = np.random.default_rng(4).uniform(0.1, 3.0, shape[1])
        factor[0], factor[1] = 0.0, np.inf
    alphas = np.geomspace(0.01, 100.0, m)
    path = ridge_path(HELD[kind](X), y, alphas=alphas, sample_weight=weight, penalty_factor=factor)
    assert_array_equal(path.alphas, alphas[::-1])
    for k, alpha in enumerate(path.alphas):
        coef, intercept = ridge_by_rows(X, y, alpha, weight, factor=factor)
        assert_allclose(path.coefs[[k]].toarray()[0], coef, rtol=1e-8, atol=1e-9)
        assert_allclose(path.intercepts[k], intercept, rtol=1e-8, atol=1e-8)
        residual = y - X @ coef - intercept
        spread = weight @ (y - weight @ y / weight.sum()) ** 2
        ratio = 1.0 - weight @ residual**2 / spread
        assert_allclose(path.deviance_ratio[k], ratio, atol=1e-9)
    assert np.all(np.abs(path.dual_gaps) < 1e-9 * y.var())


def test_ridge_path_with_an_automatic_grid():
    X, y = make_data(TALL, 25)
    path = ridge_path(X, y, alphas=30)
    assert path.alphas.shape == (30,)
    assert np.all(np.diff(path.alphas) < 0)
    assert np.all(np.diff(path.deviance_ratio) > -1e-12)
    assert path.deviance_ratio[0] < 0.2
    assert_allclose(path.deviance_ratio[-1], Ridge(0.0).fit(X, y).score(X, y), atol=1e-4)
    assert_array_equal(path.n_nonzero, 6)


@pytest.fixture
def path():
    X, y = make_data((50, 5), 26)
    return regularization_path(X, y, alphas=40, eps=1e-3, tol=1e-13)


def test_coef_at_interpolates_linearly(path):
    for k in (0, 7, 39):
        coef, intercept = path.coef_at(path.alphas[k])
        assert_allclose(coef, path.coefs[[k]].toarray()[0], rtol=1e-12, atol=1e-15)
        assert_allclose(intercept, path.intercepts[k], rtol=1e-12)
    middle = 0.25 * path.alphas[10] + 0.75 * path.alphas[11]
    coef, intercept = path.coef_at(middle)
    pair = path.coefs[[10, 11]].toarray()
    assert_allclose(coef, 0.25 * pair[0] + 0.75 * pair[1], rtol=1e-10, atol=1e-14)
    ends = path.intercepts[10:12]
    assert_allclose(intercept, 0.25 * ends[0] + 0.75 * ends[1], rtol=1e-10)


def test_coef_at_is_exact_between_knots(path):
    """A Lasso path is linear where the support does not change."""
    from fastreg import Lasso

    X, y = make_data((50, 5), 26)
    active = path.coefs.toarray() != 0
    same = [k for k in range(1, 39) if np.array_equal(active[k], active[k + 1])]
    assert len(same) > 5
    for k in same[::4]:
        alpha = 0.5 * (path.alphas[k] + path.alphas[k + 1])
        one = Lasso(alpha, tol=1e-13).fit(X, y)
        coef, intercept = path.coef_at(alpha)
        assert_allclose(coef, one.coef_, rtol=1e-6, atol=1e-8)
        assert_allclose(intercept, one.intercept_, rtol=1e-6)


def test_coef_at_outside_the_grid_takes_the_nearest_end(path):
    assert_array_equal(path.coef_at(1e9)[0], path.coefs[[0]].toarray()[0])
    assert_array_equal(path.coef_at(0.0)[0], path.coefs[[-1]].toarray()[0])
    for alpha in (-1.0, np.nan):
        with pytest.raises(ValueError, match="alpha"):
            path.coef_at(alpha)


def test_coef_at_of_a_single_point():
    X, y = make_data(TALL, 27)
    path = ridge_path(X, y, alphas=[2.0])
    for alpha in (0.1, 2.0, 50.0):
        coef, intercept = path.coef_at(alpha)
        assert_allclose(coef, Ridge(2.0).fit(X, y).coef_, rtol=1e-10)
        assert intercept == path.intercepts[0]


def test_path_predicts(path):
    X, _ = make_data((8, 5), 28)
    every = path.predict(X)
    assert every.shape == (8, 40)
    assert_allclose(every[:, 5], X @ path.coefs[[5]].toarray()[0] + path.intercepts[5], rtol=1e-12)
    assert_allclose(path.predict(X, path.alphas[5]), every[:, 5], rtol=1e-10)
    assert_allclose(path.predict(sparse.csr_array(X)), every, rtol=1e-10)
    assert_allclose(path.predict(sparse.csr_array(X), path.alphas[5]), every[:, 5], rtol=1e-10)
    with pytest.raises(ValueError, match="4 features"):
        path.predict(X[:, :4])


def test_path_holds_what_it_says(path):
    assert isinstance(path, RegularizationPath)
    assert sparse.issparse(path.coefs)
    assert path.coefs.format == "csr"
    assert path.coefs.shape == (40, 5)
    for part in (
        path.intercepts,
        path.dual_gaps,
        path.n_iters,
        path.n_nonzero,
        path.df,
        path.deviance_ratio,
    ):
        assert np.shape(part) == (40,)
    assert_array_equal(path.n_nonzero, np.count_nonzero(path.coefs.toarray(), axis=1))
    assert path.feature_names == [f"x{j}" for j in range(5)]
    X, y = make_data((50, 5), 26)
    centred = lasso_path(X - X.mean(axis=0), y - y.mean(), alphas=path.alphas, tol=1e-13)
    assert_allclose(path.coefs.toarray().T, centred[1], rtol=1e-6, atol=1e-8)


def test_names_of_columns_reach_the_path():
    pandas = pytest.importorskip("pandas")
    X, y = make_data((50, 3), 29)
    table = pandas.DataFrame(X, columns=["a", "b", "c"])
    assert ridge_path(table, y, alphas=3).feature_names == ["a", "b", "c"]


def test_path_plots(path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    display = path.plot(n_named=2, alpha=path.alphas[5])
    assert [line.get_label() for line in display.lines_] == [
        path.feature_names[j]
        for j in np.argsort(-np.abs(path.coefs.toarray()).max(axis=0), kind="stable")[:2]
    ]
    for line in display.lines_:
        assert_array_equal(line.get_xdata(), path.alphas)
    assert display.ax_.get_xscale() == "log"
    left, right = display.ax_.get_xlim()
    assert left > right
    figure, ax = plt.subplots()
    assert path.plot(ax=ax).ax_ is ax
    figure.canvas.draw()
    plt.close("all")
