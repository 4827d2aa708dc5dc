"""Laws of the estimators: invariances, repeatability, folds as separate fits, bad input."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import linear_model as sk
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
)
from threadpoolctl import threadpool_limits

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

from .oracles import Instance, load_dense

TIGHT = 1e-13
ESTIMATORS: dict[str, Callable] = {
    "lasso": lambda **o: Lasso(0.1, tol=TIGHT, **o),
    "elastic net": lambda **o: ElasticNet(0.1, l1_ratio=0.4, tol=TIGHT, **o),
    "positive": lambda **o: Lasso(0.05, positive=True, tol=TIGHT, **o),
    "standardized": lambda **o: ElasticNet(0.1, standardize=True, tol=TIGHT, **o),
    "ridge": lambda **o: Ridge(3.0, **o),
    "least squares": lambda **o: Ridge(0.0, **o),
}


def make_data(seed: int = 0, n: int = 60, p: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Return correlated columns with means and a target with a few strong coefficients."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.5 * rng.standard_normal((n, 1)) + rng.uniform(-2, 2, p)
    coef = np.where(np.arange(p) % 3 == 0, rng.uniform(1, 3, p), 0.0)
    return X, X @ coef + rng.standard_normal(n) + 4.0


def assert_close(model, other, rtol: float = 1e-9) -> None:
    """Compare coefficients and intercept, to rtol of the largest."""
    size = np.abs(other.coef_).max()
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=0, atol=rtol * size)
    np.testing.assert_allclose(model.intercept_, other.intercept_, rtol=10 * rtol, atol=rtol)


@pytest.mark.parametrize("name", ESTIMATORS)
class TestInvariance:
    def test_doubled_rows_are_doubled_weights(self, route: str, name: str) -> None:
        make, (X, y) = ESTIMATORS[name], make_data()
        weight = np.random.default_rng(1).integers(0, 4, y.size).astype(float)
        rows = np.repeat(np.arange(y.size), weight.astype(int))
        assert_close(make().fit(X, y, weight), make().fit(X[rows], y[rows]))

    def test_a_common_factor_of_the_weights(self, route: str, name: str) -> None:
        """It cancels in the objective divided by Σw; `Ridge` sums, so alpha takes it up."""
        make, (X, y) = ESTIMATORS[name], make_data()
        weight = np.random.default_rng(1).exponential(size=y.size)
        model, scaled = make(), make()
        if isinstance(model, Ridge):
            scaled.set_params(alpha=1e3 * scaled.alpha)
        assert_close(scaled.fit(X, y, 1e3 * weight), model.fit(X, y, weight))

    def test_rows_of_no_weight_are_absent(self, route: str, name: str) -> None:
        make, (X, y) = ESTIMATORS[name], make_data()
        weight = np.random.default_rng(1).exponential(size=y.size)
        weight[::3] = 0.0
        X[::3], y[::3] = 1e6, -1e6
        kept = weight > 0
        found = make().fit(X, y, weight)
        assert_close(found, make().fit(X[kept], y[kept], weight[kept]))

    def test_permuted_columns(self, route: str, name: str) -> None:
        make, (X, y) = ESTIMATORS[name], make_data()
        order = np.random.default_rng(1).permutation(X.shape[1])
        model, permuted = make().fit(X, y), make().fit(X[:, order], y)
        model.coef_ = model.coef_[order]
        assert_close(permuted, model)

    def test_permuted_rows(self, route: str, name: str) -> None:
        make, (X, y) = ESTIMATORS[name], make_data()
        order = np.random.default_rng(1).permutation(y.size)
        assert_close(make().fit(X[order], y[order]), make().fit(X, y))

    def test_shifted_columns_and_target(self, route: str, name: str) -> None:
        """With an intercept only the intercept notices."""
        make, (X, y) = ESTIMATORS[name], make_data()
        shift = np.linspace(-1e4, 1e4, X.shape[1])
        model, moved = make().fit(X, y), make().fit(X + shift, y + 1e3)
        np.testing.assert_allclose(moved.coef_, model.coef_, rtol=0, atol=1e-8)
        np.testing.assert_allclose(
            moved.predict(X + shift), model.predict(X) + 1e3, rtol=0, atol=1e-6
        )

    def test_an_excluded_column_is_an_absent_column(self, route: str, name: str) -> None:
        make, (X, y) = ESTIMATORS[name], make_data()
        factor = np.ones(13)
        factor[5] = np.inf
        wide = np.insert(X, 5, y + 1.0, axis=1)
        found = make(penalty_factor=factor).fit(wide, y)
        assert found.coef_[5] == 0.0
        found.coef_ = np.delete(found.coef_, 5)
        assert_close(found, make().fit(X, y))

    def test_a_scaled_target(self, route: str, name: str) -> None:
        """100 y with 100 alpha (alpha itself for ridge) has 100 times the coefficients."""
        make, (X, y) = ESTIMATORS[name], make_data()
        model, scaled = make(), make()
        if not isinstance(model, Ridge):
            scaled.set_params(alpha=100 * scaled.alpha)
            if getattr(scaled, "l1_ratio", 1.0) < 1:
                # the L2 term does not scale: keep alpha (1 − l1_ratio)
                l1, l2 = 100 * 0.1 * model.l1_ratio, 0.1 * (1 - model.l1_ratio)
                scaled.set_params(alpha=l1 + l2, l1_ratio=l1 / (l1 + l2))
        model.fit(X, y)
        scaled.fit(X, 100 * y)
        scaled.coef_, scaled.intercept_ = scaled.coef_ / 100, scaled.intercept_ / 100
        assert_close(scaled, model)

    def test_memory_order(self, route: str, name: str) -> None:
        make, (X, y) = ESTIMATORS[name], make_data()
        assert_close(make().fit(np.asfortranarray(X), y), make().fit(X, y), rtol=1e-11)

    def test_number_of_blas_threads(self, name: str) -> None:
        make, (X, y) = ESTIMATORS[name], make_data(n=3000, p=60)
        with threadpool_limits(1, "blas"):
            one = make().fit(X, y)
        with threadpool_limits(2, "blas"):
            two = make().fit(X, y)
        assert_close(two, one, rtol=1e-10)

    def test_repeated_runs_give_the_same_bits(self, route: str, name: str) -> None:
        make, (X, y) = ESTIMATORS[name], make_data()
        first = make().fit(X, y)
        for _ in range(3):
            again = make().fit(X.copy(), y.copy())
            assert again.coef_.tobytes() == first.coef_.tobytes()
            assert again.intercept_ == first.intercept_
            assert again.dual_gap_ == first.dual_gap_

    def test_several_threads_give_the_same_bits(self, name: str) -> None:
        make, problems = ESTIMATORS[name], [make_data(seed, n=400, p=40) for seed in range(8)]
        expected = [make().fit(X, y).coef_.tobytes() for X, y in problems]
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda pair: make().fit(*pair).coef_.tobytes(), problems))
        assert found == expected


def test_a_scaled_column_with_its_penalty_factor(route: str) -> None:
    """Columns times s with factors times s (Lasso) or s² (ridge) leave the predictions."""
    X, y = make_data()
    scale = 10.0 ** np.random.default_rng(0).integers(-2, 3, X.shape[1])
    for make, factor in (
        (lambda v: Lasso(0.1, penalty_factor=v, tol=TIGHT), scale),
        (lambda v: Ridge(5.0, penalty_factor=v), scale**2),
    ):
        plain, scaled = make(None).fit(X, y), make(factor).fit(X * scale, y)
        np.testing.assert_allclose(scaled.coef_ * scale, plain.coef_, rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(scaled.predict(X * scale), plain.predict(X), rtol=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_standardize_is_dividing_by_the_standard_deviation(route: str, weighted: bool) -> None:
    X, y = make_data()
    weight = np.random.default_rng(0).exponential(size=y.size) if weighted else np.ones(y.size)
    mean = weight @ X / weight.sum()
    spread = np.sqrt(weight @ (X - mean) ** 2 / weight.sum())
    for make in (
        lambda **o: Lasso(0.1, tol=TIGHT, **o),
        lambda **o: ElasticNet(0.1, tol=TIGHT, **o),
        lambda **o: Ridge(3.0, **o),
    ):
        found = make(standardize=True).fit(X, y, weight)
        plain = make().fit((X - mean) / spread, y, weight)
        np.testing.assert_allclose(found.coef_ * spread, plain.coef_, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(found.predict(X), plain.predict((X - mean) / spread), rtol=1e-9)


def test_moments_of_the_same_rows(route: str) -> None:
    X, y = make_data()
    weight = np.random.default_rng(0).exponential(size=y.size)
    held = Moments.from_arrays(X[:20], y[:20], weight[:20])
    held.update(X[20:], y[20:], weight[20:])
    for make in ESTIMATORS.values():
        assert_close(make().fit(held), make().fit(X, y, weight), rtol=1e-8)


@pytest.mark.parametrize("n_jobs", [2, 3])
@pytest.mark.parametrize(
    "cv", [KFold(5), ShuffleSplit(4, random_state=0), TimeSeriesSplit(4)], ids=str
)
def test_n_jobs_gives_the_same_bits(route: str, cv, n_jobs: int) -> None:
    X, y = make_data(n=120, p=20)
    options = {"l1_ratio": [0.5, 1.0], "alphas": 20, "cv": cv}
    one = ElasticNetCV(**options, n_jobs=1).fit(X, y)
    two = ElasticNetCV(**options, n_jobs=n_jobs).fit(X, y)
    for name in ("mse_path_", "train_mse_path_", "coef_", "alphas_", "intercept_", "dual_gap_"):
        assert np.asarray(getattr(one, name)).tobytes() == np.asarray(getattr(two, name)).tobytes()


def _splitters(n: int) -> dict:
    rng = np.random.default_rng(0)
    X = np.zeros((n, 1))
    return {
        "KFold": KFold(4),
        "shuffled KFold": KFold(4, shuffle=True, random_state=0),
        "GroupKFold": list(GroupKFold(3).split(X, groups=rng.integers(0, 7, n))),
        "TimeSeriesSplit": TimeSeriesSplit(4),
        "TimeSeriesSplit with a gap": TimeSeriesSplit(3, gap=3, max_train_size=40),
        "ShuffleSplit": ShuffleSplit(3, test_size=0.3, random_state=0),
        "RepeatedKFold": RepeatedKFold(n_splits=3, n_repeats=2, random_state=0),
        "PredefinedSplit": PredefinedSplit(rng.integers(-1, 3, n)),
        "overlapping": [(np.arange(10, n), np.arange(5)), (np.arange(5, n - 9), np.arange(5))],
        "boolean masks": [(np.arange(n) % 2 == 0, np.arange(n) % 2 == 1)],
    }


def _fold_errors(X, y, weight, splits, alphas, l1_ratio, **options) -> tuple[np.ndarray, ...]:
    """Return held-out and training errors, fold by fold, of fits that the oracle certifies."""
    rows = X.tocsr() if sparse.issparse(X) else X
    held, train = np.empty((2, len(alphas), len(splits)))
    for k, (fit, test) in enumerate(splits):
        w_fit, w_test = (None, None) if weight is None else (weight[fit], weight[test])
        dense = rows[fit].toarray() if sparse.issparse(X) else rows[fit]
        instance = Instance(dense, y[fit], l1_ratio, weight=w_fit, **options)
        for i, alpha in enumerate(alphas):
            model = ElasticNet(alpha, l1_ratio=l1_ratio, tol=TIGHT, max_iter=20_000, **options).fit(
                dense, y[fit], w_fit
            )
            assert instance.worst(alpha, model.coef_, model.intercept_) <= 1e-8
            for out, part, w in ((held, test, w_test), (train, fit, w_fit)):
                miss = y[part] - model.predict(rows[part])
                out[i, k] = np.average(miss**2, weights=w)
    return held, train


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["dense", "F", "csr", "csc"])
@pytest.mark.parametrize("cv", _splitters(60))
def test_cross_validation_is_fits_fold_by_fold(
    route: str, cv: str, kind: str, weighted: bool, fit_intercept: bool
) -> None:
    X, y = make_data(p=8)
    X[np.random.default_rng(1).random(X.shape) < 0.5] = 0.0
    weight = np.random.default_rng(2).exponential(size=y.size) if weighted else None
    form = {"F": np.asfortranarray, "csr": sparse.csr_array, "csc": sparse.csc_array}.get(
        kind, np.ascontiguousarray
    )(X)
    splitter = _splitters(60)[cv]
    splits = splitter if isinstance(splitter, list) else list(splitter.split(X))
    alphas = np.array([2.0, 0.3, 0.03, 0.001])
    model = ElasticNetCV(
        l1_ratio=[1.0, 0.3],
        alphas=alphas,
        cv=splitter,
        fit_intercept=fit_intercept,
        tol=TIGHT,
        max_iter=20_000,
    ).fit(form, y, weight)
    mean = []
    for r, l1_ratio in enumerate((1.0, 0.3)):
        held, train = _fold_errors(
            form, y, weight, splits, alphas, l1_ratio, fit_intercept=fit_intercept
        )
        shape = (2, alphas.size, len(splits))
        np.testing.assert_allclose(model.mse_path_.reshape(shape)[r], held, rtol=1e-8)
        np.testing.assert_allclose(model.train_mse_path_.reshape(shape)[r], train, rtol=1e-8)
        mean.append(held.mean(axis=1))
    best = np.unravel_index(np.argmin(mean), (2, alphas.size))
    assert (model.l1_ratio_, model.alpha_) == ((1.0, 0.3)[best[0]], alphas[best[1]])
    refit = Instance(X, y, model.l1_ratio_, weight=weight, fit_intercept=fit_intercept)
    assert refit.worst(model.alpha_, model.coef_, model.intercept_) <= 1e-8
    np.testing.assert_allclose(model.cv_mean_, mean, rtol=1e-8)


@pytest.mark.parametrize(
    "options",
    [
        {"standardize": True},
        {"penalty_factor": np.r_[0.0, 0.0, np.linspace(0.5, 2, 5), np.inf]},
        {"lower": -0.1, "upper": np.linspace(0, 2, 8)},
        {"standardize": True, "penalty_factor": np.r_[0.0, np.ones(7)], "lower": -1.0},
    ],
    ids=lambda options: "-".join(options),
)
def test_cross_validation_with_every_option(route: str, options: dict) -> None:
    X, y = make_data(p=8)
    weight = np.random.default_rng(2).exponential(size=y.size)
    alphas = np.array([1.0, 0.1, 0.01])
    model = LassoCV(alphas=alphas, cv=KFold(4), tol=TIGHT, max_iter=20_000, **options)
    model.fit(X, y, weight)
    held, train = _fold_errors(X, y, weight, list(KFold(4).split(X)), alphas, 1.0, **options)
    np.testing.assert_allclose(model.mse_path_, held, rtol=1e-8)
    np.testing.assert_allclose(model.train_mse_path_, train, rtol=1e-8)


@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("factor", [1.0, 0.0])
def test_a_column_constant_in_training_rows(
    route: str, kind: str, standardize: bool, factor: float
) -> None:
    """It has coefficient 0 there, penalized or not, whatever its held-out values."""
    X, y = make_data(p=6)
    fold = np.repeat([0, 1, 2], 20)
    X[:, 1] = (fold == 0) * (np.arange(60) % 3 > 0)
    X[:, 2] = np.where(fold == 1, np.arange(60.0), 7.3)
    X[:, 4] = np.where(fold == 2, -1e4 * X[:, 0], 0.1)
    v = np.array([1.0, factor, factor, 1.0, factor, 1.0])
    form = sparse.csr_array(X) if kind == "csr" else X
    alphas = np.array([0.5, 0.01])
    model = LassoCV(
        alphas=alphas,
        cv=PredefinedSplit(fold),
        tol=1e-12,
        penalty_factor=v,
        standardize=standardize,
        max_iter=20_000,
    ).fit(form, y)
    for k in range(3):
        train, constant = fold != k, [(1, 2, 4)[k]]
        rest = np.delete(np.arange(6), constant)
        for i, alpha in enumerate(alphas):
            alone = Lasso(
                alpha, tol=1e-12, penalty_factor=v[rest], standardize=standardize, max_iter=20_000
            ).fit(X[np.ix_(train, rest)], y[train])
            miss = y[~train] - alone.predict(X[np.ix_(~train, rest)])
            assert model.mse_path_[i, k] == pytest.approx(np.mean(miss**2), rel=1e-7), (k, i)


@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_a_training_set_with_a_constant_target(route: str, kind: str) -> None:
    """There the largest useful alpha is 0 and every fit is the constant."""
    X, _ = make_data(n=21, p=6)
    y = np.r_[np.random.default_rng(0).standard_normal(7), np.full(14, 3.0)]
    form = sparse.csr_array(X) if kind == "csr" else X
    model = LassoCV(alphas=[1.0, 0.1, 0.001], cv=3).fit(form, y)
    np.testing.assert_allclose(model.mse_path_[:, 0], np.mean((y[:7] - 3.0) ** 2), rtol=1e-12)
    path = regularization_path(form, np.full(21, 3.0), alphas=[1.0, 0.1, 0.001])
    assert path.coefs.nnz == 0
    np.testing.assert_allclose(path.intercepts, 3.0, rtol=1e-15)


@pytest.mark.parametrize("kind", ["dense", "mapped", "csr"])
def test_input_is_not_modified(route: str, kind: str, tmp_path: Path) -> None:
    """Read-only and memory-mapped arrays go through every fit, also with ``copy_X=False``."""
    X, y = make_data()
    weight = np.random.default_rng(0).exponential(size=y.size)
    if kind == "mapped":
        np.save(tmp_path / "X.npy", np.asfortranarray(X))
        X = np.load(tmp_path / "X.npy", mmap_mode="r")
    form = sparse.csr_array(X) if kind == "csr" else X
    arrays = [form.data if kind == "csr" else form, y, weight]
    before = [a.copy() for a in arrays]
    for array in arrays:
        array.setflags(write=False)
    for model in (
        Lasso(0.1, copy_X=False),
        Ridge(copy_X=False),
        LassoCV(alphas=4, cv=3, copy_X=False),
        RidgeCV(),
        RidgeCV(cv=3),
    ):
        model.fit(form, y, weight)
        model.predict(form)
    regularization_path(form, y, sample_weight=weight, alphas=5)
    for array, copied in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copied)


def test_held_out_error_of_an_almost_perfect_fit(route: str) -> None:
    """Where the quadratic form would cancel, the error comes from the rows."""
    X, _ = make_data(n=80, p=6)
    rng = np.random.default_rng(0)
    X = X + 1e4
    y = X @ rng.standard_normal(6) + 1e-5 * rng.standard_normal(80) + 1e6
    alphas = np.array([1e-9, 1e-11])
    splits = list(KFold(4).split(X))
    model = LassoCV(alphas=alphas, cv=splits, tol=1e-15, max_iter=20_000).fit(X, y)
    for k, (train, test) in enumerate(splits):
        mean, y_mean = X[train].mean(axis=0), y[train].mean()
        z, u = X[train] - mean, y[train] - y_mean
        for i, alpha in enumerate(alphas):
            alone = Lasso(alpha, tol=1e-15, max_iter=20_000).fit(z, u)
            miss = (y[test] - y_mean) - ((X[test] - mean) @ alone.coef_ + alone.intercept_)
            assert model.mse_path_[i, k] == pytest.approx(np.mean(miss**2), rel=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["diabetes_quad", "hitters", "prostate", "eyedata_trim32"])
def test_error_curves_are_scikit_learns(shared_data: Path, name: str, weighted: bool) -> None:
    X, y = load_dense(shared_data, name)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    weight = np.random.default_rng(0).exponential(size=y.size) if weighted else None
    options = {"alphas": 12, "eps": 0.02, "cv": 4, "tol": 1e-11, "max_iter": 20_000}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        ours = LassoCV(**options).fit(X, y, weight)
        theirs = sk.LassoCV(**options).fit(X, y, weight)
        mixed = ElasticNetCV(l1_ratio=[0.2, 0.8], **options).fit(X, y, weight)
        other = sk.ElasticNetCV(l1_ratio=[0.2, 0.8], **options).fit(X, y, weight)
    for model, reference in ((ours, theirs), (mixed, other)):
        assert model.mse_path_.shape == reference.mse_path_.shape
        np.testing.assert_allclose(model.alphas_, reference.alphas_, rtol=1e-10)
        np.testing.assert_allclose(model.mse_path_, reference.mse_path_, rtol=1e-4)
        assert model.alpha_ == pytest.approx(reference.alpha_, rel=1e-10)
        np.testing.assert_allclose(model.predict(X), reference.predict(X), rtol=1e-3)
    assert mixed.l1_ratio_ == other.l1_ratio_


def test_shapes_are_scikit_learns() -> None:
    X, y = make_data()
    for options in (
        {"alphas": 5},
        {"alphas": [0.1, 1.0, 0.01]},
        {"alphas": 5, "l1_ratio": [0.5]},
        {"alphas": [0.1, 0.2], "l1_ratio": [0.5, 0.7, 0.9]},
        {"alphas": 4, "l1_ratio": [0.5, 0.7]},
        {"alphas": [0.3], "cv": 2},
        {"alphas": 3, "cv": [(np.arange(30), np.arange(30, 60))]},
    ):
        ours, theirs = (cls(**options).fit(X, y) for cls in (ElasticNetCV, sk.ElasticNetCV))
        for name in ("alphas_", "mse_path_", "coef_", "alpha_", "l1_ratio_", "intercept_"):
            assert np.shape(getattr(ours, name)) == np.shape(getattr(theirs, name)), (name, options)
        np.testing.assert_allclose(ours.alphas_, theirs.alphas_, rtol=1e-12)
        assert np.shape(ours.train_mse_path_) == np.shape(ours.mse_path_)


def test_one_standard_error_rule() -> None:
    X, y = make_data(n=50)
    least = LassoCV(alphas=30, cv=5).fit(X, y)
    sparser = LassoCV(alphas=30, cv=5, selection_rule="1se").fit(X, y)
    curve = least.mse_path_
    mean, error = curve.mean(axis=1), curve.std(axis=1, ddof=1) / np.sqrt(5)
    best = np.argmin(mean)
    within = least.alphas_[mean <= mean[best] + error[best]]
    assert least.alpha_ == least.alphas_[best]
    assert sparser.alpha_ == within.max() > least.alpha_
    np.testing.assert_allclose(least.cv_se_, error, rtol=1e-12)


def test_leave_one_out_folds() -> None:
    X, y = make_data(n=15, p=4)
    model = LassoCV(alphas=[0.5, 0.05], cv=LeaveOneOut(), tol=TIGHT).fit(X, y)
    held, _ = _fold_errors(X, y, None, list(LeaveOneOut().split(X)), [0.5, 0.05], 1.0)
    np.testing.assert_allclose(model.mse_path_, held, rtol=1e-8)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_path_functions_are_scikit_learns(kind: str, l1_ratio: float, positive: bool) -> None:
    X, y = make_data()
    X, y = X - X.mean(axis=0), y - y.mean()
    form = sparse.csr_array(X) if kind == "csr" else X
    options = {"l1_ratio": l1_ratio, "alphas": 15, "eps": 0.01, "tol": TIGHT, "positive": positive}
    found = enet_path(form, y, **options, return_n_iter=True)
    expected = sk.enet_path(X, y, **options, max_iter=10_000, return_n_iter=True)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-6, atol=1e-8)
    assert np.all(found[2] <= 1e-10 * (y @ y))
    assert [np.shape(part) for part in found] == [np.shape(part) for part in expected]
    if l1_ratio == 1:
        options.pop("l1_ratio")
        np.testing.assert_array_equal(lasso_path(form, y, **options)[1], found[1])


def test_a_path_is_fits_alpha_by_alpha(route: str) -> None:
    X, y = make_data()
    weight = np.random.default_rng(0).exponential(size=y.size)
    path = regularization_path(X, y, sample_weight=weight, l1_ratio=0.7, alphas=10, tol=TIGHT)
    for k, alpha in enumerate(path.alphas):
        alone = ElasticNet(alpha, l1_ratio=0.7, tol=TIGHT).fit(X, y, weight)
        np.testing.assert_allclose(path.coefs[[k]].toarray()[0], alone.coef_, atol=1e-8)
        assert path.intercepts[k] == pytest.approx(alone.intercept_, abs=1e-8)
        assert path.deviance_ratio[k] == pytest.approx(alone.score(X, y, weight), abs=1e-10)
        assert path.n_nonzero[k] == np.count_nonzero(alone.coef_)
        np.testing.assert_allclose(path.predict(X, alpha), alone.predict(X), atol=1e-7)
    ridge = ridge_path(X, y, sample_weight=weight, alphas=[100.0, 1.0, 0.01])
    for k, alpha in enumerate(ridge.alphas):
        alone = Ridge(alpha).fit(X, y, weight)
        np.testing.assert_allclose(ridge.coefs[[k]].toarray()[0], alone.coef_, rtol=1e-9)


def _bad_data() -> dict[str, tuple]:
    X, y = make_data(n=20, p=4)
    nan, inf, text = X.copy(), X.copy(), X.astype(object)
    nan[3, 2], inf[0, 1], text[2, 3] = np.nan, np.inf, "abc"
    frame = pd.DataFrame(nan, columns=["a", "b", "c", "d"])
    return {
        "nan": (nan, y, None, r"NaN.*\n?.*column 2|column 2"),
        "infinity": (inf, y, None, "column 1"),
        "nan in a named column": (frame, y, None, "'c'"),
        "nan in a sparse column": (sparse.csr_array(nan), y, None, "column 2"),
        "infinity in a sparse column": (sparse.csc_array(inf), y, None, "column 1"),
        "nan in y": (X, np.r_[np.nan, y[1:]], None, "y contains NaN"),
        "infinity in y": (X, np.r_[y[1:], -np.inf], None, "y contains infinity"),
        "text": (text, y, None, "abc"),
        "text in y": (X, np.array(["u"] * 20), None, "y|'u'"),
        "lengths": (X, y[:19], None, "inconsistent numbers of samples"),
        "no rows": (X[:0], y[:0], None, "minimum of 2 is required"),
        "one row": (X[:1], y[:1], None, "minimum of 2 is required"),
        "no columns": (X[:, :0], y, None, "minimum of 1 is required"),
        "one-dimensional X": (X[:, 0], y, None, "2D array"),
        "three-dimensional X": (X[None], y, None, "dim 3"),
        "three-dimensional y": (X, y[:, None, None], None, "dim 3"),
        "complex": (X + 1j, y, None, "[Cc]omplex"),
        "short weights": (X, y, np.ones(19), "sample_weight"),
        "negative weight": (X, y, np.r_[-1.0, np.ones(19)], "[Nn]egative"),
        "nan weight": (X, y, np.r_[np.nan, np.ones(19)], "sample_weight"),
        "infinite weight": (X, y, np.r_[np.inf, np.ones(19)], "sample_weight"),
        "no weight": (X, y, np.zeros(20), "(?i)weight"),
        "text weights": (X, y, ["a"] * 20, "(?i)weight|convert"),
    }


GOOD = make_data(n=20, p=4)
MODELS = {
    "Lasso": lambda: Lasso(0.1),
    "ElasticNet": lambda: ElasticNet(0.1, warm_start=True),
    "Ridge": Ridge,
    "LassoCV": lambda: LassoCV(alphas=5, cv=3),
    "ElasticNetCV": lambda: ElasticNetCV(alphas=5, cv=3),
    "RidgeCV": lambda: RidgeCV(cv=3),
}
BAD_PARAMETERS = {
    "alpha": [-1.0, np.nan, "a", None],
    "l1_ratio": [-0.1, 1.1, np.nan, "a"],
    "tol": [-1.0, "a"],
    "max_iter": [0, -5, 1.5],
    "fit_intercept": ["yes"],
    "positive": ["yes"],
    "selection": ["other"],
    "standardize": ["yes"],
    "penalty_factor": [np.ones(3), -np.ones(4), [np.nan, 1, 1, 1], np.ones((4, 1)), "abcd"],
    "lower": [0.5, [0, 0, 0, 1], [np.nan] * 4, [-1.0] * 3, "a"],
    "upper": [-0.5, [0, 0, 0, -1], [np.nan] * 4, [1.0] * 3, "a"],
    "alphas": [0, -3, [-1.0, 1.0], [], [np.nan], "a"],
    "eps": [0.0, -1.0],
    "cv": [1, "a", 21],
    "selection_rule": ["2se"],
    "n_jobs": ["a"],
    "solver": ["other"],
}


def _fitted(model) -> dict:
    return {k: v for k, v in vars(model).items() if k.endswith("_") and not k.startswith("_")}


def _assert_refused(model, X, y, weight, message: str) -> None:
    """Check the error, that nothing half-fitted stays, and that an old fit survives."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises((ValueError, TypeError), match=message):
            model.fit(X, y, sample_weight=weight)
    assert _fitted(model) == {}
    parameters = model.get_params()
    fine = type(model)(**MODELS[type(model).__name__]().get_params()).fit(*GOOD)
    model.__dict__.update(_fitted(fine))
    before = copy.deepcopy(_fitted(model))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises((ValueError, TypeError), match=message):
            model.fit(X, y, sample_weight=weight)
    after = _fitted(model)
    assert after.keys() == before.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value, err_msg=name)
    assert model.get_params() is not parameters


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", _bad_data())
def test_bad_data(model: str, name: str) -> None:
    X, y, weight, message = _bad_data()[name]
    _assert_refused(MODELS[model](), X, y, weight, message)


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        pytest.param(model, name, value, id=f"{model}-{name}-{k}")
        for model, make in MODELS.items()
        for name, values in BAD_PARAMETERS.items()
        if name in make().get_params()
        for k, value in enumerate(values)
    ],
)
def test_bad_parameters(model: str, name: str, value) -> None:
    message = {"cv": "(?i)cv|fold|n_splits|splits"}.get(name, name)
    _assert_refused(MODELS[model]().set_params(**{name: value}), *GOOD, None, message)


@pytest.mark.parametrize("model", ["Lasso", "ElasticNet", "Ridge"])
def test_lower_above_upper(model: str) -> None:
    made = MODELS[model]().set_params(lower=[-1, 0, -1, 0], upper=[1, -1, 1, 1])
    _assert_refused(made, *GOOD, None, "lower|upper")


@pytest.mark.parametrize("model", ["LassoCV", "ElasticNetCV"])
@pytest.mark.parametrize(
    ("cv", "message"),
    [
        ([(np.arange(20), np.array([], int))], "empty test"),
        ([(np.array([], int), np.arange(20))], "empty training"),
        ([(np.arange(20), np.array([25]))], "out of range"),
        ([(np.arange(10), np.arange(5, 20))], "both"),
        ([(np.array([0, 0, 1]), np.arange(5, 20))], "twice"),
        ([], "no splits|cv"),
    ],
)
def test_bad_splits(model: str, cv: list, message: str) -> None:
    _assert_refused(MODELS[model]().set_params(cv=cv), *GOOD, None, message)


@pytest.mark.parametrize("model", ["LassoCV", "ElasticNetCV"])
def test_a_fold_of_no_weight(model: str) -> None:
    weight = np.ones(20)
    weight[:7] = 0.0
    _assert_refused(MODELS[model](), *GOOD, weight, "weight")


@pytest.mark.parametrize("model", ["LassoCV", "ElasticNetCV"])
def test_several_targets_where_one_is_meant(model: str) -> None:
    X, y = GOOD
    _assert_refused(MODELS[model](), X, np.column_stack([y, y]), None, "MultiTask")


def test_moments_take_no_target_and_no_weights() -> None:
    X, y = GOOD
    held = Moments.from_arrays(X, y)
    for model in (Lasso(0.1), Ridge()):
        with pytest.raises(ValueError, match="Moments"):
            model.fit(held, y)
        with pytest.raises(ValueError, match="Moments"):
            model.fit(held, sample_weight=np.ones(20))
        assert _fitted(model) == {}
    with pytest.raises(ValueError, match="rows"):
        LassoCV().fit(held, None)


def test_predict_checks_the_columns() -> None:
    X, y = GOOD
    table = pd.DataFrame(X, columns=list("abcd"))
    model = Lasso(0.1).fit(table, y)
    assert list(model.feature_names_in_) == list("abcd")
    with pytest.raises(ValueError, match="features"):
        Lasso(0.1).fit(X, y).predict(X[:, :3])
    with pytest.raises(ValueError, match="feature names"):
        model.predict(table[list("abdc")])
    with pytest.raises(ValueError, match="NaN"):
        model.predict(table * np.nan)
