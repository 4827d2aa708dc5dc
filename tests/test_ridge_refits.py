"""`Ridge` and `RidgeCV` on real data and where the numbers are hard: means, scales, dependence."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import LinAlgWarning
from sklearn import linear_model as sk
from sklearn.exceptions import ConvergenceWarning

from fastreg import Lasso, Moments, Ridge, RidgeCV, ridge_path
from fastreg.designs import make_design

from .oracles import DENSE, Instance, load_dense, load_sparse
from .test_ridge import (
    ALPHAS,
    HELD,
    left_out_by_refits,
    make_data,
    make_weights,
    ridge_by_rows,
    with_intercept,
)

both_kinds = pytest.mark.parametrize("kind", ["dense", "csr"])


def assert_optimal(model, X, y, alpha, bound, weight=None, **options) -> None:
    """Assert the conditions of optimality, judged in extended precision, and the gap.

    The gap of a gradient g is g²/(2 alpha v): where alpha is tiny, rounding in g alone is seen.
    """
    instance = Instance(X, y, l1_ratio=0.0, weight=weight, **options)
    total = len(y) if weight is None else weight.sum()
    assert instance.worst(alpha / total, model.coef_, model.intercept_) <= bound
    assert model.dual_gap_ <= 1e-6 * instance.yy


@pytest.fixture
def strict():
    """Turn warnings into errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


class TestRealData:
    @pytest.mark.parametrize("name", DENSE)
    def test_every_dense_data_set(self, shared_data: Path, name: str) -> None:
        """Optimal by the definition; as scikit-learn's where X is not too ill-conditioned."""
        X, y = load_dense(shared_data, name)
        instance = Instance(X, y, l1_ratio=0.0)
        for fraction in (1.0, 1e-3, 1e-6):
            alpha = fraction * float(np.sum(instance.spread**2)) * y.size
            model = Ridge(alpha).fit(X, y)
            assert instance.worst(alpha / y.size, model.coef_, model.intercept_) <= 1e-8
            assert model.dual_gap_ <= 1e-10 * instance.yy
            if fraction == 1e-3:
                other = sk.Ridge(alpha, solver="svd" if len(y) < 3000 else "cholesky").fit(X, y)
                difference = np.abs(model.coef_ - other.coef_) * instance.spread.astype(float)
                assert difference.max() <= 1e-8 * np.sqrt(instance.yy)
                mine = instance.objective(alpha / y.size, model.coef_, model.intercept_)
                theirs = instance.objective(alpha / y.size, other.coef_, other.intercept_)
                assert mine <= theirs + 1e-14 * instance.yy

    def test_gap_bounds_the_suboptimality(self, shared_data: Path) -> None:
        """Against the objective in extended precision; ill-conditioned spectra among them."""
        for name in ("tecator", "gasoline_nir", "energy_efficiency", "hitters"):
            X, y = load_dense(shared_data, name)
            instance = Instance(X, y, l1_ratio=0.0)
            for alpha in (1e3, 1e-3, 1e-9):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", LinAlgWarning)
                    model = Ridge(alpha).fit(X, y)
                coef, intercept = ridge_by_rows(X, y, alpha)
                mine = instance.objective(alpha / y.size, model.coef_, model.intercept_)
                other = instance.objective(alpha / y.size, coef, intercept)
                assert mine - other <= model.dual_gap_ + 1e-14 * instance.yy

    def test_sparse_data(self, shared_data: Path) -> None:
        X, y = load_sparse(shared_data, "a9a")
        for alpha in (100.0, 1.0):
            assert_optimal(Ridge(alpha).fit(X, y), X, y, alpha, 1e-8)

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["we8there", "movie_polarity"])
    def test_wide_sparse_data(self, shared_data: Path, name: str) -> None:
        X, y = load_sparse(shared_data, name)
        assert_optimal(Ridge(10.0).fit(X, y), X, y, 10.0, 1e-8)

    def test_many_alphas(self, shared_data: Path) -> None:
        """One decomposition for fifty alphas agrees with a factor for each."""
        X, y = load_dense(shared_data, "hitters")
        X = (X - X.mean(axis=0)) / X.std(axis=0)
        grid = np.geomspace(1e-2, 1e5, 50)
        many = RidgeCV(grid, cv=5).fit(X, y)
        for k in (0, 20, 49):
            one = RidgeCV(grid[k : k + 1], cv=5).fit(X, y)
            assert_allclose(many.mse_path_[k], one.mse_path_[0], rtol=1e-10)
        other = sk.RidgeCV(grid, cv=5).fit(X, y)
        assert many.alpha_ == other.alpha_
        assert_allclose(many.best_score_, other.best_score_, rtol=1e-9)


@with_intercept
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("shape", [(40, 8), (40, 1), (10, 30), (15, 520), (2, 3)])
@pytest.mark.parametrize("kind", ["dense", "moments"])
def test_thin_and_very_wide(shape, weighted, fit_intercept, kind):
    X, y = make_data(shape)
    weight = make_weights(len(y)) if weighted else None
    data = (Moments.from_arrays(X, y, weight),) if kind == "moments" else (X, y, weight)
    for alpha in ALPHAS:
        coef, intercept = ridge_by_rows(X, y, alpha, weight, fit_intercept)
        model = Ridge(alpha, fit_intercept=fit_intercept).fit(*data)
        assert_allclose(model.coef_, coef, rtol=1e-8, atol=1e-9 * np.abs(coef).max())
        assert_allclose(model.intercept_, intercept, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("shape", [(40, 8), (10, 30)])
def test_penalty_factors_of_standardized_columns(shape):
    X, y = make_data(shape)
    weight = make_weights(len(y))
    factor = np.random.default_rng(0).uniform(0.1, 5, shape[1])
    factor[[1, 3]], factor[5] = 0.0, np.inf
    variance = weight @ (X - weight @ X / weight.sum()) ** 2 / weight.sum()
    for alpha in ALPHAS:
        model = Ridge(alpha, penalty_factor=factor, standardize=True).fit(X, y, weight)
        coef, intercept = ridge_by_rows(X, y, alpha, weight, factor=factor * variance)
        assert_allclose(model.coef_, coef, rtol=1e-8, atol=1e-9 * np.abs(coef).max())
        assert_allclose(model.intercept_, intercept, rtol=1e-8, atol=1e-8)


def test_shapes_and_dtypes_are_scikit_learns():
    X, y = make_data((40, 8))
    for target in (y, y[:, None], np.column_stack([y, y])):
        for fit_intercept in (True, False):
            for dtype in (np.float64, np.float32, np.int64):
                form, goal = (100 * X).astype(dtype), (100 * target).astype(dtype)
                ours = Ridge(fit_intercept=fit_intercept).fit(form, goal)
                theirs = sk.Ridge(fit_intercept=fit_intercept).fit(form, goal)
                assert ours.coef_.shape == theirs.coef_.shape
                assert ours.coef_.dtype == theirs.coef_.dtype
                assert np.shape(ours.intercept_) == np.shape(theirs.intercept_)
                assert ours.predict(form).shape == theirs.predict(form).shape
                assert_allclose(ours.coef_, theirs.coef_, rtol=2e-3, atol=1e-4)


def test_two_names_for_one_thing():
    X, y = make_data((40, 8))
    plain = Ridge(2.0).fit(X, y)
    assert plain.solver_ == "cholesky"
    for solver in ("svd", "cholesky"):
        assert_array_equal(Ridge(2.0, solver=solver).fit(X, y).coef_, plain.coef_)
    for solver in ("lsqr", "sparse_cg", "sag", "saga"):
        model = Ridge(2.0, solver=solver, tol=1e-13).fit(X, y)
        assert_allclose(model.coef_, plain.coef_, rtol=1e-10)
    positive, above = Ridge(2.0, positive=True).fit(X, y), Ridge(2.0, lower=0.0).fit(X, y)
    assert_array_equal(positive.coef_, above.coef_)
    assert_allclose(Ridge(2.0).fit(X, y, 0.5).coef_, Ridge(4.0).fit(X, y).coef_, rtol=1e-12)


def test_constant_and_zero_columns(strict):
    X, y = make_data((40, 8))
    X[:, 2], X[:, 4] = 0.1, 0.0
    rest = [0, 1, 3, 5, 6, 7]
    for alpha in (0.0, 1.0):
        model = Ridge(alpha).fit(X, y)
        assert model.coef_[2] == model.coef_[4] == 0.0
        alone = Ridge(alpha).fit(X[:, rest], y)
        assert_allclose(model.coef_[rest], alone.coef_, rtol=1e-9)


class TestLeastSquares:
    @with_intercept
    @pytest.mark.parametrize("shape", [(30, 12), (8, 20), (20, 520)])
    def test_minimum_norm_of_dependent_columns(self, shape, fit_intercept: bool) -> None:
        """The shortest of all solutions, and a warning if tall."""
        X, y = make_data(shape)
        weight = make_weights(len(y))
        X[:, 3], X[:, 5] = X[:, 0] + X[:, 1], 2.0 * X[:, 2]
        expected, intercept = ridge_by_rows(X, y, 0.0, weight, fit_intercept)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = Ridge(0.0, fit_intercept=fit_intercept).fit(X, y, weight)
        assert [w.category for w in caught] == [LinAlgWarning] * (shape[0] > shape[1])
        scale = np.abs(expected).max()
        assert_allclose(model.coef_, expected, rtol=1e-7, atol=1e-9 * scale)
        assert_allclose(model.intercept_, intercept, rtol=1e-7, atol=1e-7)

    @with_intercept
    def test_from_moments(self, fit_intercept: bool) -> None:
        """Dependent columns are warned about as such; the answer is exact all the same."""
        X, y = make_data((40, 8))
        weight = make_weights(len(y))
        expected, _ = ridge_by_rows(X, y, 0.0, weight, fit_intercept)
        model = Ridge(0.0, fit_intercept=fit_intercept).fit(Moments.from_arrays(X, y, weight))
        assert_allclose(model.coef_, expected, rtol=1e-9)
        X[:, 3] = X[:, 0] + X[:, 1]
        expected, _ = ridge_by_rows(X, y, 0.0, weight, fit_intercept)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(Moments.from_arrays(X, y, weight))
        assert [w.category for w in caught] == [LinAlgWarning]
        assert_allclose(model.coef_, expected, rtol=1e-6, atol=1e-7)
        assert model.dual_gap_ <= 1e-9 * y.var()

    @with_intercept
    def test_penalty_factors_have_no_say(self, fit_intercept: bool, strict) -> None:
        X, y = make_data((10, 30))
        factor = np.r_[0.0, np.linspace(0.1, 10.0, 29)]
        model = Ridge(0.0, penalty_factor=factor, fit_intercept=fit_intercept).fit(X, y)
        expected, _ = ridge_by_rows(X, y, 0.0, None, fit_intercept)
        assert_allclose(model.coef_, expected, rtol=1e-8, atol=1e-10)
        path = ridge_path(
            X, y, alphas=[1.0, 0.0], penalty_factor=factor, fit_intercept=fit_intercept
        )
        assert_allclose(path.coefs[[1]].toarray()[0], expected, rtol=1e-8, atol=1e-10)

    @both_kinds
    @pytest.mark.parametrize("smallest", [1e-4, 1e-8, 1e-12, 1e-15])
    def test_wide_and_nearly_dependent(self, kind: str, smallest: float, strict) -> None:
        """Singular values down to the noise: r is what the rows that count leave."""
        rng = np.random.default_rng(0)
        rows, columns = (np.linalg.qr(rng.standard_normal((k, 12)))[0] for k in (12, 40))
        X, y = rows * np.geomspace(1.0, smallest, 12) @ columns.T, rng.standard_normal(12)
        model = Ridge(0.0, fit_intercept=False).fit(HELD[kind](X), y)
        size = np.abs(X).max() * np.abs(model.coef_).sum()
        assert np.linalg.norm(X.T @ (y - X @ model.coef_)) <= 1e-13 * (1 + size)
        expected = np.linalg.lstsq(X, y, rcond=None)[0]
        tolerance = 1e-13 / smallest
        if tolerance < 1:
            error = np.linalg.norm(model.coef_ - expected) / np.linalg.norm(expected)
            assert error <= tolerance


class TestHardNumbers:
    """More columns than rows, where XXᵀ squares what is hard; the same in tall form beside it."""

    @both_kinds
    @with_intercept
    @pytest.mark.parametrize("shape", [(12, 30), (20, 200), (40, 8)])
    @pytest.mark.parametrize("mean", [0.0, 1e2, 1e4, 1e6])
    def test_unpenalized_columns_far_from_zero(self, shape, mean, fit_intercept, kind) -> None:
        X, y = make_data(shape)
        X, y = X + mean, y + 5.0
        instance = {"fit_intercept": fit_intercept}
        if not fit_intercept:
            X[:, 0] = 1.0  # the intercept made by hand
        for n_free in (1, 3):
            factor = np.r_[np.zeros(n_free), np.ones(shape[1] - n_free)]
            for alpha in (10.0, 1e-3, 1e-6):
                model = Ridge(alpha, penalty_factor=factor, fit_intercept=fit_intercept)
                with warnings.catch_warnings():
                    warnings.simplefilter("error", ConvergenceWarning)
                    model.fit(HELD[kind](X), y)
                assert_optimal(model, X, y, alpha, 1e-9, penalty_factor=factor, **instance)

    @both_kinds
    @with_intercept
    @pytest.mark.parametrize("shape", [(60, 8), (30, 60), (15, 520)])
    def test_one_far_value(self, shape, fit_intercept: bool, kind: str, strict) -> None:
        for far in (1e4, 1e6, 1e8):
            X, y = make_data(shape)
            X[:, 1] = 0.0
            X[7, 1] = far
            for alpha in (100.0, 1.0, 1e-2, 1e-5, 1e-9):
                model = Ridge(alpha, fit_intercept=fit_intercept).fit(HELD[kind](X), y)
                assert_optimal(model, X, y, alpha, 1e-12, fit_intercept=fit_intercept)

    @both_kinds
    @pytest.mark.parametrize("n_free", [0, 3])
    @pytest.mark.parametrize("decades", [4, 8, 12])
    def test_columns_on_different_scales(self, decades: int, n_free: int, kind: str, strict):
        X, y = make_data((12, 30))
        order = np.random.default_rng(1).permutation(30)
        X = X * np.logspace(-decades / 2, decades / 2, 30)[order]
        factor = np.r_[np.zeros(n_free), np.ones(30 - n_free)]
        for alpha in (1.0, 1e-4, 1e-8):
            model = Ridge(alpha, penalty_factor=factor).fit(HELD[kind](X), y)
            assert_optimal(model, X, y, alpha, 1e-12, penalty_factor=factor)

    def test_rows_of_very_different_weight(self, strict) -> None:
        X, y = make_data((12, 30))
        factor = np.r_[0.0, 0.0, np.ones(28)]
        for spread in (4, 8, 12):
            weight = np.logspace(-spread / 2, spread / 2, 12)
            for alpha in (1.0, 1e-6):
                model = Ridge(alpha, penalty_factor=factor).fit(X, y, weight)
                assert_optimal(model, X, y, alpha, 1e-11, weight, penalty_factor=factor)

    @pytest.mark.parametrize("alpha", [1e-2, 1e-6, 1e-10])
    def test_contradictory_rows(self, alpha: float, strict) -> None:
        """Equal rows with other targets: most of a = r/alpha adds nothing to b but rounding."""
        X, y = make_data((10, 40))
        X, y = np.vstack([X, X]), np.r_[y, y[::-1]]
        assert_optimal(Ridge(alpha).fit(X, y), X, y, alpha, 1e-14)

    @both_kinds
    @pytest.mark.parametrize("seed", range(5))
    def test_no_warning_at_the_rounding_floor(self, kind: str, seed: int) -> None:
        """Nearly dependent columns, free ones among them, and next to no penalty."""
        rng = np.random.default_rng(seed)
        for shape in ((12, 30), (30, 45), (40, 12)):
            for near in (1e-4, 1e-7, 1e-10):
                X, y = make_data(shape, seed)
                X[:, 1] = X[:, 0] + near * rng.standard_normal(shape[0])
                X[:, 4] = X[:, 5] + near * rng.standard_normal(shape[0])
                for n_free in (0, 3):
                    factor = np.r_[np.zeros(n_free), np.ones(shape[1] - n_free)]
                    for alpha in (1e-3, 1e-8, 1e-12):
                        model = Ridge(alpha, penalty_factor=factor)
                        with warnings.catch_warnings():
                            warnings.simplefilter("ignore", LinAlgWarning)
                            warnings.simplefilter("error", ConvergenceWarning)
                            model.fit(HELD[kind](X), y)
                        instance = Instance(X, y, l1_ratio=0.0, penalty_factor=factor)
                        found = instance.violations(alpha / len(y), model.coef_, model.intercept_)
                        size = np.sqrt(instance.yy) + np.abs(model.coef_) @ instance.spread
                        assert np.all(found <= 1e-14 * instance.spread * size)


class TestFullSparseColumns:
    """Sparse columns without a zero in them, far from zero: nothing may cancel that need not."""

    @pytest.mark.parametrize("kind", ["csr", "csc"])
    @pytest.mark.parametrize("mean", [1.0, 1e4, 1e8])
    def test_products_are_of_shifted_entries(self, kind: str, mean: float) -> None:
        rng = np.random.default_rng(0)
        X, y = make_data((60, 21), zeros=0.5)
        full, weight, groups = np.arange(21) % 4 != 1, make_weights(60), rng.integers(0, 3, 60)
        X[:, full] = rng.standard_normal((60, full.sum())) + mean * np.arange(1, full.sum() + 1)
        weight[5], X[5, 0] = 0.0, 0.0  # a row of no weight does not count
        design = make_design(HELD[kind](X), y, weight, groups=groups)
        assert np.all(np.abs(design.shift[full] / mean) > 0.5)
        shifted = X.astype(np.longdouble) - design.shift
        shifted[weight == 0] = 0.0
        every, new = np.arange(21), np.array([20, 0, 1, 7, 8, 9, 12, 13, 2, 5])
        for old in (every, every[full], every[~full], new[:1], new[:0]):
            found = design.gram(new, old)
            for k in range(3):
                rows = shifted[groups == k] * np.sqrt(weight[groups == k, None])
                expected = rows[:, new].T @ rows[:, old]
                size = np.linalg.norm(rows, axis=0).astype(float)
                rounding = 1e-14 * np.outer(size[new], size[old])
                assert np.all(np.abs(found[k] - expected) <= rounding)

    @pytest.mark.parametrize("kind", ["csr", "csc"])
    @pytest.mark.parametrize("shape", [(60, 8), (15, 40)], ids=["tall", "wide"])
    @pytest.mark.parametrize("n_free", [0, 2])
    @pytest.mark.parametrize("mean", [1e4, 1e8])
    def test_fits(self, mean: float, n_free: int, shape, kind: str, strict) -> None:
        """The same as of the columns less their means, but for rounding of the means."""
        X, y = make_data(shape)
        far = X + mean * np.random.default_rng(1).choice([-1.0, 1.0], shape[1])
        near = far - far.mean(axis=0)
        factor = np.r_[np.zeros(n_free), np.ones(shape[1] - n_free)]
        for model in (Ridge(0.1), Ridge(0.0), Lasso(0.05, tol=1e-10)):
            model.set_params(penalty_factor=factor)
            expected = model.fit(near, y).coef_
            model.fit(HELD[kind](far), y)
            error = np.linalg.norm(model.coef_ - expected) / np.linalg.norm(expected)
            assert error <= 1e-14 * mean
            assert 0.0 <= model.dual_gap_ <= 1e-15 * mean * y.var()
            assert np.all(np.isfinite(model.optimality_violation_))


class TestLeaveOneOut:
    @both_kinds
    @pytest.mark.parametrize("n_free", [0, 2])
    @pytest.mark.parametrize("shape", [(60, 10), (25, 25), (12, 30)])
    @pytest.mark.parametrize("decades", [2, 4, 6, 9])
    def test_columns_on_different_scales(self, decades: int, shape, n_free: int, kind) -> None:
        """The refits are of unscaled columns, with factors that make up for it."""
        X, y = make_data(shape)
        scale = np.logspace(-decades / 2, decades / 2, shape[1])
        factor = np.r_[np.zeros(n_free), np.ones(shape[1] - n_free)]
        for alpha in (1.0, 1e-3):
            model = RidgeCV([alpha], store_cv_results=True, penalty_factor=factor)
            model.fit(HELD[kind](X * scale), y)
            residual = left_out_by_refits(X, y, alpha, None, factor=factor / scale**2)
            assert_allclose(np.sqrt(model.cv_results_[:, 0]), np.abs(residual), rtol=1e-7)

    @both_kinds
    @pytest.mark.parametrize("shape", [(60, 10), (25, 25), (12, 30)])
    @pytest.mark.parametrize("near", [1e-3, 1e-6, 0.0])
    def test_nearly_dependent_columns(self, near: float, shape, kind: str) -> None:
        """In the square case every row has nearly all the leverage there is."""
        rng = np.random.default_rng(0)
        X, y = make_data(shape)
        X = 1e3 * X
        X[:, 1] = X[:, 0] + 1e3 * near * rng.standard_normal(shape[0])
        weight = make_weights(len(y))
        for alpha in (1.0, 1e-3):
            model = RidgeCV([alpha], store_cv_results=True).fit(HELD[kind](X), y, weight)
            residual = left_out_by_refits(X, y, alpha, weight)
            found = np.sqrt(model.cv_results_[:, 0] / weight)
            assert_allclose(found, np.abs(residual), rtol=1e-6, atol=1e-8)

    @pytest.mark.parametrize("kind", ["square", "factors", "far means", "large row", "rows"])
    def test_rounding_is_known(self, kind: str, monkeypatch) -> None:
        """What XXᵀ loses beside its root is no more than what decides between the two."""
        rng = np.random.default_rng(0)
        X = rng.standard_normal((150, 150))
        if kind == "factors":
            X = X[:, :6] @ rng.standard_normal((6, 200)) + 1e-3 * rng.standard_normal((150, 200))
        elif kind == "far means":
            X += 1e4 * rng.standard_normal(150)
        elif kind == "large row":
            X[0] *= 1e4
        elif kind == "rows":
            X *= np.geomspace(1.0, 1e4, 150)[:, None]
        y = X[:, 0] / X[:, 0].std() + rng.standard_normal(150)

        def errors_allowing(rounding: float) -> np.ndarray:
            monkeypatch.setattr("fastreg.engine.dual.ALLOWED_ROUNDING", rounding)
            model = RidgeCV([0.1], store_cv_results=True).fit(X, y)
            return np.sqrt(model.cv_results_[:, 0])

        precise, most = errors_allowing(0.0), np.sqrt(np.mean(errors_allowing(0.0) ** 2))
        for rounding in 10.0 ** np.arange(-14, 0):
            lost = np.abs(errors_allowing(rounding) - precise).max()
            assert lost <= 2.0 * rounding * most
            if lost > 0:
                break
        else:
            pytest.fail("no form of XXᵀ was ever taken")

    @pytest.mark.parametrize("copies", [2, 7, 80])
    @with_intercept
    def test_repeated_columns(self, copies: int, fit_intercept: bool) -> None:
        """XXᵀ is singular beyond the intercept's direction; the refits are of one copy.

        Copies c_k x of a column are the column itself with a factor 1/Σ c_k².
        """
        X, y = make_data((30, 8))
        scale = np.linspace(0.5, 2.0, 8 * copies)
        factor = 1.0 / (scale.reshape(copies, 8) ** 2).sum(axis=0)
        for weight in (None, make_weights(30)):
            model = RidgeCV(ALPHAS, store_cv_results=True, fit_intercept=fit_intercept)
            model.fit(np.hstack([X] * copies) * scale, y, weight)
            for k, alpha in enumerate(ALPHAS):
                residual = left_out_by_refits(
                    X, y, alpha, weight, fit_intercept=fit_intercept, factor=factor
                )
                found = np.sqrt(model.cv_results_[:, k] / (1.0 if weight is None else weight))
                assert_allclose(found, np.abs(residual), rtol=1e-8, atol=1e-10)

    @pytest.mark.parametrize("copies", [1, 7])
    def test_rows_of_no_weight(self, copies: int) -> None:
        X, y = make_data((40, 8))
        weight = make_weights(40)
        X = np.hstack([X] * copies) * np.linspace(0.5, 2.0, 8 * copies)
        weight[::4] = 0.0
        kept = weight > 0
        model = RidgeCV(ALPHAS, store_cv_results=True).fit(X, y, weight)
        assert_array_equal(model.cv_results_[~kept], 0.0)
        for k, alpha in enumerate(ALPHAS):
            residual = left_out_by_refits(X[kept], y[kept], alpha, weight[kept])
            errors = weight[kept] * residual**2
            assert_allclose(model.cv_results_[kept, k], errors, rtol=1e-7, atol=1e-10)
        alone = RidgeCV(ALPHAS).fit(X[kept], y[kept], weight[kept])
        assert alone.alpha_ == model.alpha_
        assert_allclose(model.coef_, alone.coef_, rtol=1e-8)

    @pytest.mark.parametrize("shape", [(40, 8), (15, 30)])
    def test_targets_on_different_scales(self, shape: tuple[int, int]) -> None:
        """Each has an alpha of its own, as in scikit-learn."""
        X, Y = make_data(shape, n_targets=3)
        Y = Y * [1.0, 100.0, 0.01] + np.random.default_rng(1).standard_normal(Y.shape)
        options = {
            "alphas": np.geomspace(1e-2, 1e3, 8), "store_cv_results": True,
            "alpha_per_target": True,
        }  # fmt: skip
        ours, theirs = (cls(**options).fit(X, Y) for cls in (RidgeCV, sk.RidgeCV))
        assert len(set(ours.alpha_)) > 1
        for name in ("coef_", "intercept_", "alpha_", "best_score_", "cv_results_"):
            mine, other = np.asarray(getattr(ours, name)), np.asarray(getattr(theirs, name))
            assert mine.shape == other.shape, name
            assert_allclose(mine, other, rtol=1e-7, atol=1e-9 * np.abs(other).max(), err_msg=name)

    def test_one_standard_error_rule(self) -> None:
        X, y = make_data((30, 10))
        y = y + 5.0 * np.random.default_rng(0).standard_normal(30)
        grid = np.geomspace(1e-2, 1e4, 40)
        model = RidgeCV(grid, selection_rule="1se", store_cv_results=True).fit(X, y)
        mean = model.cv_results_.mean(axis=0)
        error = model.cv_results_.std(axis=0, ddof=1) / np.sqrt(30)
        assert_allclose(model.cv_se_, error, rtol=1e-10)
        best = np.argmin(mean)
        assert model.alpha_ == grid[mean <= mean[best] + error[best]].max() > grid[best]

    @both_kinds
    def test_nothing_to_penalize(self, kind: str) -> None:
        """Least squares, and a mean where no column varies."""
        X, y = make_data((40, 5))
        for some, factor in ((X, np.zeros(5)), (np.ones_like(X), np.ones(5))):
            model = RidgeCV([1.0], store_cv_results=True, penalty_factor=factor)
            model.fit(HELD[kind](some), y)
            used = X if some is X else np.zeros((40, 0))
            residual = left_out_by_refits(used, y, 0.0, None)
            assert_allclose(np.sqrt(model.cv_results_[:, 0]), np.abs(residual), rtol=1e-9)


class TestFolds:
    def test_repeatable_with_any_n_jobs(self) -> None:
        X, y = make_data((200, 20))
        first = RidgeCV(ALPHAS, cv=5).fit(X, y)
        for n_jobs in (1, 2, 3):
            again = RidgeCV(ALPHAS, cv=5, n_jobs=n_jobs).fit(X, y)
            assert again.mse_path_.tobytes() == first.mse_path_.tobytes()
            assert again.coef_.tobytes() == first.coef_.tobytes()

    def test_refused_combinations(self) -> None:
        X, y = make_data((40, 8))
        for options, message in (
            ({"cv": 3, "store_cv_results": True}, "store_cv_results"),
            ({"cv": 3, "alpha_per_target": True}, "alpha_per_target"),
            ({"alphas": [0.0, 1.0]}, "alphas"),
            ({"alphas": [1.0, -1.0]}, "alphas"),
            ({"alphas": [1.0, -1.0], "cv": 3}, "alphas"),
            ({"alphas": ["a"]}, "alphas"),
            ({"alphas": []}, "alphas"),
            ({"scoring": "no such score"}, "scoring"),
            ({"gcv_mode": "other"}, "gcv_mode"),
            ({"cv": 41}, "(?i)splits|folds"),
        ):
            model = RidgeCV(**options)
            with pytest.raises((ValueError, TypeError), match=message):
                model.fit(X, y)
            assert not [k for k in vars(model) if k.endswith("_") and not k.startswith("_")]
        RidgeCV([0.0, 1.0], cv=3).fit(X, y)
