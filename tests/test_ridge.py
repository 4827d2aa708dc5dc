"""`Ridge` and `RidgeCV` against closed forms, n refits and scikit-learn."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import LinAlgWarning
from scipy.optimize import lsq_linear
from sklearn import linear_model as sk
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, TimeSeriesSplit

from fastreg import Moments, Ridge, RidgeCV

from .oracles import DENSE, Instance, load_dense, load_sparse

ALPHAS = (100.0, 1.0, 0.01)


def make_data(n: int = 40, p: int = 8, targets: int = 0, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Return correlated columns with means, a target (or several) and weights."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.5 * rng.standard_normal((n, 1)) + rng.uniform(-3, 3, p)
    shape = (p, targets) if targets else (p,)
    y = X @ rng.standard_normal(shape) + 0.5 * rng.standard_normal((n, targets) if targets else n)
    return X, y + 2.0, rng.exponential(size=n)


def refit(X, y, weight, alpha, fit_intercept=True, factor=None) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients (p,) or (p, T) and intercept by orthogonal factors of [√w Z; √(α v)]."""
    weight = np.ones(len(X)) if weight is None else weight
    factor = np.ones(X.shape[1]) if factor is None else np.asarray(factor, dtype=float)
    kept = np.isfinite(factor)
    mean = weight @ X / weight.sum() if fit_intercept else np.zeros(X.shape[1])
    y_mean = weight @ y / weight.sum() if fit_intercept else np.zeros(y.shape[1:])
    root = np.sqrt(weight)[:, None]
    rows = np.vstack([root * (X - mean)[:, kept], np.diag(np.sqrt(alpha * factor[kept]))])
    target = root * (y - y_mean).reshape(len(y), -1)
    target = np.vstack([target, np.zeros((kept.sum(), target.shape[1]))])
    coef = np.zeros((X.shape[1], target.shape[1]))
    coef[kept] = np.linalg.lstsq(rows, target, rcond=None)[0]
    coef = coef.reshape(X.shape[1:] + y.shape[1:])
    return coef, y_mean - mean @ coef


def leave_one_out(X, y, weight, alpha, **options) -> np.ndarray:
    """Return y_i − ŷ_(−i) by n refits."""
    out = np.empty(y.shape)
    for i in range(len(X)):
        rest = np.arange(len(X)) != i
        w = None if weight is None else weight[rest]
        coef, intercept = refit(X[rest], y[rest], w, alpha, **options)
        out[i] = y[i] - X[i] @ coef - intercept
    return out


class TestRidge:
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
            other = sk.Ridge(alpha, solver="svd" if len(y) < 3000 else "cholesky").fit(X, y)
            scale = instance.spread.astype(float)
            difference = np.abs(model.coef_ - other.coef_) * scale
            if fraction > 1e-4:
                assert difference.max() <= 1e-8 * np.sqrt(instance.yy)
            mine = instance.objective(alpha / y.size, model.coef_, model.intercept_)
            theirs = instance.objective(alpha / y.size, other.coef_, other.intercept_)
            assert mine <= theirs + 1e-14 * instance.yy

    @pytest.mark.parametrize("shape", [(40, 8), (40, 1), (10, 30), (15, 700), (2, 3)])
    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("kind", ["C", "F", "csr", "csc", "moments"])
    def test_closed_form(self, shape, fit_intercept: bool, weighted: bool, kind: str) -> None:
        X, y, weight = make_data(*shape)
        weight = weight if weighted else None
        form = {"F": np.asfortranarray, "csr": sparse.csr_array, "csc": sparse.csc_array}.get(
            kind, np.array
        )(X)
        for alpha in ALPHAS:
            coef, intercept = refit(X, y, weight, alpha, fit_intercept)
            model = Ridge(alpha, fit_intercept=fit_intercept)
            if kind == "moments":
                model.fit(Moments.from_arrays(X, y, weight))
            else:
                model.fit(form, y, weight)
            np.testing.assert_allclose(model.coef_, coef, rtol=1e-8, atol=1e-9 * np.abs(coef).max())
            assert model.intercept_ == pytest.approx(intercept, rel=1e-8, abs=1e-8)

    @pytest.mark.parametrize("shape", [(40, 8), (10, 30), (15, 700)])
    def test_penalty_factors_and_standardize(self, shape: tuple[int, int]) -> None:
        X, y, weight = make_data(*shape)
        factor = np.random.default_rng(0).uniform(0.1, 5, shape[1])
        factor[1], factor[3], factor[5] = 0.0, 0.0, np.inf
        mean = weight @ X / weight.sum()
        variance = weight @ (X - mean) ** 2 / weight.sum()
        for alpha in ALPHAS:
            for standardize in (False, True):
                model = Ridge(alpha, penalty_factor=factor, standardize=standardize)
                model.fit(X, y, weight)
                v = factor * variance if standardize else factor
                coef, intercept = refit(X, y, weight, alpha, factor=v)
                scale = np.abs(coef).max()
                np.testing.assert_allclose(model.coef_, coef, rtol=1e-8, atol=1e-9 * scale)
                assert model.intercept_ == pytest.approx(intercept, rel=1e-8, abs=1e-8)
                assert model.coef_[5] == 0.0

    @pytest.mark.parametrize("bounds", [(0.0, np.inf), (-0.2, 0.3), (-np.inf, 0.0)])
    @pytest.mark.parametrize("alpha", ALPHAS)
    def test_bounds(self, bounds: tuple[float, float], alpha: float) -> None:
        X, y, weight = make_data(p=8)
        mean, y_mean = weight @ X / weight.sum(), weight @ y / weight.sum()
        root = np.sqrt(weight)[:, None]
        rows = np.vstack([root * (X - mean), np.sqrt(alpha) * np.eye(8)])
        target = np.r_[root[:, 0] * (y - y_mean), np.zeros(8)]
        expected = lsq_linear(rows, target, bounds, method="bvls", tol=1e-15).x
        model = Ridge(alpha, lower=bounds[0], upper=bounds[1]).fit(X, y, weight)
        np.testing.assert_allclose(model.coef_, expected, rtol=1e-6, atol=1e-8)
        if bounds == (0.0, np.inf):
            same = Ridge(alpha, positive=True).fit(X, y, weight)
            np.testing.assert_array_equal(same.coef_, model.coef_)

    def test_several_targets_and_alphas(self) -> None:
        X, Y, weight = make_data(targets=3)
        for alpha in (1.0, [0.1, 10.0, 1000.0]):
            ours, theirs = (cls(alpha).fit(X, Y, weight) for cls in (Ridge, sk.Ridge))
            np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-9)
            np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-9)
            for t, strength in enumerate(np.broadcast_to(alpha, 3)):
                alone = Ridge(strength).fit(X, Y[:, t], weight)
                np.testing.assert_allclose(ours.coef_[t], alone.coef_, rtol=1e-12)
        with pytest.raises(ValueError, match="Number of targets and number of penalties"):
            Ridge([1.0, 2.0]).fit(X, Y)
        with pytest.raises(ValueError, match=r"alpha\[1\]"):
            Ridge([1.0, -2.0, 1.0]).fit(X, Y)

    def test_shapes_and_dtypes_are_scikit_learns(self) -> None:
        X, y, _ = make_data()
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
                    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=2e-3, atol=1e-4)

    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("shape", [(30, 12), (8, 20), (20, 600)])
    def test_least_squares_of_minimum_norm(self, shape, fit_intercept: bool) -> None:
        """Dependent columns at alpha = 0: a warning, and the shortest of all solutions."""
        X, y, weight = make_data(*shape)
        X[:, 3], X[:, 5] = X[:, 0] + X[:, 1], 2.0 * X[:, 2]
        expected, intercept = refit(X, y, weight, 0.0, fit_intercept)
        with pytest.warns(LinAlgWarning, match="[Ii]ll-conditioned"):
            model = Ridge(0.0, fit_intercept=fit_intercept).fit(X, y, weight)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(model.coef_, expected, rtol=1e-7, atol=1e-9 * scale)
        assert model.intercept_ == pytest.approx(intercept, rel=1e-7, abs=1e-7)

    @pytest.mark.parametrize("fit_intercept", [True, False])
    def test_least_squares_from_moments(self, fit_intercept: bool) -> None:
        X, y, weight = make_data()
        held = Moments.from_arrays(X, y, weight)
        expected, _ = refit(X, y, weight, 0.0, fit_intercept)
        model = Ridge(0.0, fit_intercept=fit_intercept).fit(held)
        np.testing.assert_allclose(model.coef_, expected, rtol=1e-9)
        X[:, 3] = X[:, 0] + X[:, 1]
        expected, _ = refit(X, y, weight, 0.0, fit_intercept)
        with pytest.warns(LinAlgWarning):
            model = Ridge(0.0, fit_intercept=fit_intercept).fit(Moments.from_arrays(X, y, weight))
        np.testing.assert_allclose(model.coef_, expected, rtol=1e-6, atol=1e-7)

    def test_constant_and_zero_columns(self) -> None:
        X, y, _ = make_data()
        X[:, 2], X[:, 4] = 0.1, 0.0
        for alpha in (0.0, 1.0):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                model = Ridge(alpha).fit(X, y)
            assert model.coef_[2] == model.coef_[4] == 0.0
            rest = [0, 1, 3, 5, 6, 7]
            alone = Ridge(alpha).fit(X[:, rest], y)
            np.testing.assert_allclose(model.coef_[rest], alone.coef_, rtol=1e-9)

    def test_gap_bounds_the_suboptimality(self, shared_data: Path) -> None:
        """Against the objective in extended precision; ill-conditioned spectra among them."""
        for name in ("tecator", "gasoline_nir", "energy_efficiency", "hitters"):
            X, y = load_dense(shared_data, name)
            instance = Instance(X, y, l1_ratio=0.0)
            for alpha in (1e3, 1e-3, 1e-9):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", LinAlgWarning)
                    model = Ridge(alpha).fit(X, y)
                coef, intercept = refit(X, y, None, alpha)
                mine = instance.objective(alpha / y.size, model.coef_, model.intercept_)
                other = instance.objective(alpha / y.size, coef, intercept)
                assert mine - other <= model.dual_gap_ + 1e-14 * instance.yy

    def test_sparse_data(self, shared_data: Path) -> None:
        X, y = load_sparse(shared_data, "a9a")
        for alpha in (100.0, 1.0):
            instance = Instance(X, y, l1_ratio=0.0)
            model = Ridge(alpha).fit(X, y)
            assert instance.worst(alpha / y.size, model.coef_, model.intercept_) <= 1e-8

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["we8there", "movie_polarity"])
    def test_wide_sparse_data(self, shared_data: Path, name: str) -> None:
        X, y = load_sparse(shared_data, name)
        instance = Instance(X, y, l1_ratio=0.0)
        model = Ridge(10.0).fit(X, y)
        assert instance.worst(10.0 / y.size, model.coef_, model.intercept_) <= 1e-8

    def test_scalar_weight_and_solver_names(self) -> None:
        X, y, _ = make_data()
        plain = Ridge(2.0).fit(X, y)
        for solver in ("svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga"):
            same = Ridge(2.0, solver=solver).fit(X, y)
            np.testing.assert_array_equal(same.coef_, plain.coef_)
        weighted = Ridge(2.0).fit(X, y, 0.5)
        np.testing.assert_allclose(weighted.coef_, Ridge(4.0).fit(X, y).coef_, rtol=1e-12)
        assert plain.n_iter_ is None
        assert plain.solver_ == "cholesky"


class TestLeaveOneOut:
    @pytest.mark.parametrize("shape", [(25, 6), (12, 12), (12, 30), (9, 600)])
    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("kind", ["dense", "csr"])
    def test_n_refits(self, shape, fit_intercept: bool, weighted: bool, kind: str) -> None:
        X, y, weight = make_data(*shape)
        weight = weight if weighted else None
        form = sparse.csr_array(X) if kind == "csr" else X
        model = RidgeCV(ALPHAS, fit_intercept=fit_intercept, store_cv_results=True)
        model.fit(form, y, weight)
        w = np.ones(len(y)) if weight is None else weight
        errors = np.column_stack(
            [
                w * leave_one_out(X, y, weight, alpha, fit_intercept=fit_intercept) ** 2
                for alpha in ALPHAS
            ]
        )
        np.testing.assert_allclose(model.cv_results_, errors, rtol=1e-7, atol=1e-10)
        mean = errors.mean(axis=0)
        np.testing.assert_allclose(model.cv_mean_, mean, rtol=1e-8)
        assert model.alpha_ == ALPHAS[np.argmin(mean)]
        assert model.best_score_ == pytest.approx(-mean.min(), rel=1e-8)
        coef, intercept = refit(X, y, weight, model.alpha_, fit_intercept)
        np.testing.assert_allclose(model.coef_, coef, rtol=1e-8, atol=1e-9 * np.abs(coef).max())
        assert model.intercept_ == pytest.approx(intercept, rel=1e-8, abs=1e-8)

    @pytest.mark.parametrize("shape", [(25, 8), (12, 30), (9, 600)])
    def test_penalty_factors(self, shape: tuple[int, int]) -> None:
        X, y, weight = make_data(*shape)
        factor = np.random.default_rng(0).uniform(0.1, 5, shape[1])
        factor[1], factor[4], factor[5] = 0.0, 0.0, np.inf
        model = RidgeCV(ALPHAS, penalty_factor=factor, store_cv_results=True).fit(X, y, weight)
        for k, alpha in enumerate(ALPHAS):
            errors = weight * leave_one_out(X, y, weight, alpha, factor=factor) ** 2
            np.testing.assert_allclose(model.cv_results_[:, k], errors, rtol=1e-6, atol=1e-9)

    def test_standardize_keeps_the_scales_of_all_rows(self) -> None:
        X, y, weight = make_data()
        mean = weight @ X / weight.sum()
        variance = weight @ (X - mean) ** 2 / weight.sum()
        model = RidgeCV(ALPHAS, standardize=True, store_cv_results=True).fit(X, y, weight)
        for k, alpha in enumerate(ALPHAS):
            errors = weight * leave_one_out(X, y, weight, alpha, factor=variance) ** 2
            np.testing.assert_allclose(model.cv_results_[:, k], errors, rtol=1e-7)

    @pytest.mark.parametrize("p", [4, 60])
    def test_a_row_that_decides_its_own_column(self, p: int) -> None:
        """Its leverage is 1 up to rounding: the closed form is 0/0, so it is refitted."""
        X, y, _ = make_data(30, p)
        X[:, 1] = 0.0
        X[7, 1] = 1e6
        for fit_intercept in (True, False):
            model = RidgeCV([1e-3, 1e-6], store_cv_results=True, fit_intercept=fit_intercept).fit(
                X, y
            )
            for k, alpha in enumerate([1e-3, 1e-6]):
                errors = leave_one_out(X, y, None, alpha, fit_intercept=fit_intercept) ** 2
                np.testing.assert_allclose(model.cv_results_[:, k], errors, rtol=2e-5, atol=1e-7)

    def test_rows_of_no_weight(self) -> None:
        X, y, weight = make_data()
        weight[::4] = 0.0
        for columns in (slice(None), [0] * 45 + list(range(8))):
            form = X[:, columns] if isinstance(columns, slice) else X[:, columns] * np.linspace(
                0.5, 2, 53)  # fmt: skip
            model = RidgeCV(ALPHAS, store_cv_results=True).fit(form, y, weight)
            kept = weight > 0
            alone = RidgeCV(ALPHAS, store_cv_results=True).fit(form[kept], y[kept], weight[kept])
            np.testing.assert_allclose(model.cv_results_[kept], alone.cv_results_, rtol=1e-8)
            np.testing.assert_array_equal(model.cv_results_[~kept], 0.0)
            np.testing.assert_allclose(model.coef_, alone.coef_, rtol=1e-8)

    @pytest.mark.parametrize("targets", [0, 1, 3])
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("scoring", [None, "r2", "neg_mean_absolute_error"])
    @pytest.mark.parametrize("per_target", [False, True])
    @pytest.mark.parametrize("shape", [(40, 8), (15, 30)])
    def test_scikit_learn(self, shape, targets, weighted, scoring, per_target) -> None:
        X, y, weight = make_data(*shape, targets=targets)
        weight = weight if weighted else None
        if targets == 3:
            y = y * [1.0, 100.0, 0.01] + np.random.default_rng(1).standard_normal(y.shape)
        options = {
            "alphas": np.geomspace(1e-2, 1e3, 8), "scoring": scoring, "store_cv_results": True,
            "alpha_per_target": per_target,
        }  # fmt: skip
        ours, theirs = (cls(**options).fit(X, y, weight) for cls in (RidgeCV, sk.RidgeCV))
        for name in ("coef_", "intercept_", "alpha_", "best_score_", "cv_results_"):
            mine, other = np.asarray(getattr(ours, name)), np.asarray(getattr(theirs, name))
            assert mine.shape == other.shape, name
            scale = np.abs(other).max()
            np.testing.assert_allclose(mine, other, rtol=1e-7, atol=1e-9 * scale, err_msg=name)

    def test_one_alpha_and_automatic_alphas(self) -> None:
        X, y, _ = make_data()
        single = RidgeCV(3.0).fit(X, y)
        assert single.alpha_ == 3.0
        np.testing.assert_allclose(single.coef_, Ridge(3.0).fit(X, y).coef_, rtol=1e-12)
        auto = RidgeCV(None).fit(X, y)
        assert auto.alphas_.size == 100
        # from next to no coefficients at all to next to least squares
        full = np.linalg.norm(Ridge(0.0).fit(X, y).coef_)
        assert np.linalg.norm(Ridge(auto.alphas_.max()).fit(X, y).coef_) < 0.2 * full
        least = np.linalg.norm(Ridge(auto.alphas_.min()).fit(X, y).coef_)
        assert least == pytest.approx(full, rel=1e-3)

    def test_one_standard_error_rule(self) -> None:
        X, y, _ = make_data(n=30, p=10)
        y = y + 5.0 * np.random.default_rng(0).standard_normal(30)
        grid = np.geomspace(1e-2, 1e4, 40)
        model = RidgeCV(grid, selection_rule="1se", store_cv_results=True).fit(X, y)
        mean, size = model.cv_results_.mean(axis=0), np.sqrt(30)
        error = model.cv_results_.std(axis=0, ddof=1) / size
        np.testing.assert_allclose(model.cv_se_, error, rtol=1e-10)
        best = np.argmin(mean)
        assert model.alpha_ == grid[mean <= mean[best] + error[best]].max() > grid[best]


SPLITTERS = {
    "KFold": KFold(4),
    "shuffled": KFold(5, shuffle=True, random_state=0),
    "TimeSeriesSplit": TimeSeriesSplit(3),
    "ShuffleSplit": ShuffleSplit(4, test_size=0.25, random_state=0),
    "GroupKFold": list(GroupKFold(3).split(np.zeros((40, 1)), groups=np.arange(40) % 7)),
}


class TestFolds:
    @pytest.mark.parametrize("cv", SPLITTERS)
    @pytest.mark.parametrize("p", [8, 60, 600])
    @pytest.mark.parametrize("fit_intercept", [True, False])
    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("kind", ["dense", "csr"])
    def test_fold_by_fold(self, cv: str, p: int, fit_intercept, weighted, kind: str) -> None:
        X, y, weight = make_data(40, p)
        weight = weight if weighted else None
        form = sparse.csr_array(X) if kind == "csr" else X
        splitter = SPLITTERS[cv]
        splits = splitter if isinstance(splitter, list) else list(splitter.split(X))
        alphas = np.array([0.1, 10.0, 1.0])
        model = RidgeCV(alphas, cv=splitter, fit_intercept=fit_intercept).fit(form, y, weight)
        errors, scores = np.empty((2, 3, len(splits)))
        for k, (train, test) in enumerate(splits):
            w_train, w_test = (None, None) if weight is None else (weight[train], weight[test])
            for i, alpha in enumerate(alphas):
                coef, intercept = refit(X[train], y[train], w_train, alpha, fit_intercept)
                miss = y[test] - X[test] @ coef - intercept
                errors[i, k] = np.average(miss**2, weights=w_test)
                spread = np.average((y[test] - np.average(y[test], weights=w_test)) ** 2,
                                    weights=w_test)  # fmt: skip
                scores[i, k] = 1 - errors[i, k] / spread
        np.testing.assert_allclose(model.mse_path_, errors, rtol=1e-8)
        np.testing.assert_array_equal(model.alphas_, alphas)
        best = np.argmax(scores.mean(axis=1))
        assert model.alpha_ == alphas[best]
        assert model.best_score_ == pytest.approx(scores.mean(axis=1)[best], rel=1e-8)
        np.testing.assert_allclose(model.cv_mean_, errors.mean(axis=1), rtol=1e-8)

    @pytest.mark.parametrize("targets", [0, 3])
    @pytest.mark.parametrize("scoring", [None, "neg_mean_squared_error", "max_error"])
    @pytest.mark.parametrize("shape", [(40, 8), (24, 60)])
    def test_scikit_learn(self, shape, scoring: str | None, targets: int) -> None:
        X, y, _ = make_data(*shape, targets=targets)
        if scoring == "max_error" and targets:
            return
        options = {"alphas": np.geomspace(1e-2, 1e3, 9), "cv": 4, "scoring": scoring}
        ours, theirs = (cls(**options).fit(X, y) for cls in (RidgeCV, sk.RidgeCV))
        assert ours.alpha_ == theirs.alpha_
        assert ours.best_score_ == pytest.approx(theirs.best_score_, rel=1e-8)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-7)

    def test_many_alphas(self, shared_data: Path) -> None:
        """One decomposition for fifty alphas agrees with a factor for each."""
        X, y = load_dense(shared_data, "hitters")
        X = (X - X.mean(axis=0)) / X.std(axis=0)
        grid = np.geomspace(1e-2, 1e5, 50)
        many = RidgeCV(grid, cv=5).fit(X, y)
        for k in (0, 20, 49):
            one = RidgeCV(grid[k : k + 1], cv=5).fit(X, y)
            np.testing.assert_allclose(many.mse_path_[k], one.mse_path_[0], rtol=1e-10)
        other = sk.RidgeCV(grid, cv=5).fit(X, y)
        assert many.alpha_ == other.alpha_
        assert many.best_score_ == pytest.approx(other.best_score_, rel=1e-9)

    def test_repeatable_with_any_n_jobs(self) -> None:
        X, y, _ = make_data(200, 20)
        first = RidgeCV(ALPHAS, cv=5).fit(X, y)
        for n_jobs in (1, 2, 3):
            again = RidgeCV(ALPHAS, cv=5, n_jobs=n_jobs).fit(X, y)
            assert again.mse_path_.tobytes() == first.mse_path_.tobytes()
            assert again.coef_.tobytes() == first.coef_.tobytes()

    def test_refused_combinations(self) -> None:
        X, y, _ = make_data()
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
