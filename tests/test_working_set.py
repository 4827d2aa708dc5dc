"""The working-set route: the same paths as from moments, however W is held, grows and ages."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, ShuffleSplit, TimeSeriesSplit
from threadpoolctl import threadpool_limits

from fastreg import ElasticNet, ElasticNetCV, Lasso, LassoCV, enet_path, regularization_path
from fastreg.engine.held_columns import _Square
from fastreg.engine.working_set import _roughly_solve
from fastreg.path import RegularizationPath

from .oracles import Instance

TIGHT = 1e-14
OPTIMAL = 1e-8
RATIOS = (1.0, 0.5, 0.01)


@pytest.fixture
def by(monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Call a function with every fit sent by one route, whatever the cost model would choose."""

    def call(route: str, function: Callable, *args: Any, **kwargs: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr("fastreg.engine.holds_moments", lambda *_: route == "moments")
            return function(*args, **kwargs)

    return call


def make_data(
    seed: int = 0, n: int = 40, p: int = 150, rho: float = 0.6, strong: int = 8
) -> tuple[np.ndarray, np.ndarray]:
    """Return columns with means, each correlated with the next, and a target of a few of them."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    coef = np.zeros(p)
    coef[rng.permutation(p)[:strong]] = rng.uniform(0.5, 3.0, min(strong, p))
    coef[::2] *= -1.0
    return X + rng.uniform(-3, 3, p), X @ coef + rng.standard_normal(n) + 4.0


def path_of(instance: Instance, alphas: np.ndarray, **options: Any) -> RegularizationPath:
    """Fit what the instance says; any warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return regularization_path(
            options.pop("X", instance.X),
            instance.y,
            alphas=alphas,
            sample_weight=instance.weight,
            **instance.options,
            **{"tol": TIGHT, "max_iter": 20_000, **options},
        )


def points(path: RegularizationPath) -> list[tuple[float, np.ndarray, float]]:
    """Return alpha, coefficients and intercept of every point."""
    return list(zip(path.alphas, path.coefs.toarray(), path.intercepts, strict=True))


def assert_optimal(instance: Instance, path: RegularizationPath, optimal: float = OPTIMAL) -> None:
    for k, (alpha, coef, intercept) in enumerate(points(path)):
        assert instance.worst(alpha, coef, intercept) <= optimal, (k, alpha)
        assert path.dual_gaps[k] <= 1e-10 * instance.yy


def condition(instance: Instance, support: np.ndarray) -> float:
    """Return the condition number of some columns, each divided by its spread."""
    size = instance.spread if instance.fit_intercept else np.sqrt(instance.w @ instance.columns**2)
    scaled = np.sqrt(instance.w)[:, None] * instance.columns / np.where(size > 0, size, 1.0)
    return float(np.linalg.cond(scaled[:, support].astype(float))) if support.size else 1.0


def assert_same_path(
    instance: Instance, path: RegularizationPath, other: RegularizationPath, rtol: float = 1e-8
) -> None:
    """Compare objectives always, coefficients where their columns are independent."""
    np.testing.assert_allclose(path.alphas, other.alphas, rtol=1e-12)
    size = np.where(instance.varies, instance.spread, 1.0).astype(float)
    for (alpha, coef, b0), (_, expected, e0) in zip(points(path), points(other), strict=True):
        lost = instance.objective(alpha, coef, b0) - instance.objective(alpha, expected, e0)
        assert abs(lost) <= 1e-12 * instance.yy, alpha
        support = np.flatnonzero((coef != 0) | (expected != 0))
        if condition(instance, support) <= 300:
            scale = np.abs(expected * size).max(initial=0.0)
            assert np.abs((coef - expected) * size).max() <= rtol * scale, alpha


def down(instance: Instance, last: float = 1e-3, m: int = 25) -> np.ndarray:
    """Return alphas from the largest useful one to a fraction of it."""
    return instance.alpha_max() * np.geomspace(1.0, last, m)


def some_options(name: str, X: np.ndarray, y: np.ndarray, l1_ratio: float) -> dict[str, Any]:
    """Return the fields of an instance under a name, with values that matter."""
    n, p = X.shape
    rng = np.random.default_rng(7)
    weight = rng.exponential(size=n) * (rng.random(n) < 0.8)
    factor = rng.uniform(0.2, 3.0, p)
    factor[rng.permutation(p)[:3]] = 0.0
    factor[rng.permutation(p)[: p // 6]] = np.inf
    spread = X.std(axis=0)
    bounds = {"lower": -0.2 * y.std() / spread * (np.arange(p) % 3 > 0), "upper": 0.1 / spread}
    one = {
        "plain": {},
        "no intercept": {"fit_intercept": False},
        "weights": {"weight": weight},
        "positive": {"lower": 0.0},
        "bounds": bounds,
        "factors": {"penalty_factor": factor},
        "standardize": {"standardize": True},
    }
    if name != "everything":
        return one[name]
    return one["weights"] | bounds | one["factors"] | one["standardize"]


@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize(
    "options",
    ["plain", "no intercept", "weights", "positive", "bounds", "factors", "standardize",
     "everything"],
)  # fmt: skip
@pytest.mark.parametrize("shape", [(80, 25), (40, 150)], ids=["tall", "wide"])
def test_both_routes_give_the_same_path(
    by: Callable, shape: tuple[int, int], options: str, l1_ratio: float
) -> None:
    X, y = make_data(0, *shape)
    instance = Instance(X, y, l1_ratio, **some_options(options, X, y, l1_ratio))
    alphas = down(instance)
    found = by("working set", path_of, instance, alphas)
    expected = by("moments", path_of, instance, alphas)
    assert (found.diagnostics.route, expected.diagnostics.route) == ("working set", "moments")
    assert_optimal(instance, found)
    assert_same_path(instance, found, expected)
    np.testing.assert_allclose(found.deviance_ratio, expected.deviance_ratio, atol=1e-11)


def dependent(kind: str, X: np.ndarray) -> np.ndarray:
    """Return X with columns that others determine."""
    rng = np.random.default_rng(3)
    if kind == "twice":
        return np.hstack([X, X])
    X = X.copy()
    p = X.shape[1]
    for j in rng.permutation(p)[: p // 3]:
        k = rng.integers(p)
        X[:, j] = {
            "duplicates": X[:, k],
            "opposites": -X[:, k],
            "multiples": X[:, k] * rng.choice([1e-3, -7.0, 1e4]) + rng.choice([0.0, 5.0]),
            "sums": X[:, k] + X[:, rng.integers(p)],
            "constants": rng.choice([0.0, 0.1, -1e3]),
        }[kind]
    return X


@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize(
    "kind", ["twice", "duplicates", "opposites", "multiples", "sums", "constants"]
)
def test_dependent_columns(by: Callable, kind: str, l1_ratio: float) -> None:
    """The coefficients may be one of many; the objective is what it is."""
    for shape in ((60, 18), (30, 60)):
        X, y = make_data(1, *shape)
        instance = Instance(dependent(kind, X), y, l1_ratio)
        alphas = down(instance, 1e-2, 12)
        found = by("working set", path_of, instance, alphas)
        assert_optimal(instance, found)
        for point, other in zip(
            points(found), points(by("moments", path_of, instance, alphas)), strict=True
        ):
            lost = instance.objective(*point) - instance.objective(*other)
            assert abs(lost) <= 1e-12 * instance.yy
        assert np.all(found.coefs.toarray()[:, ~instance.varies] == 0)


@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("rho", [0.0, 0.95])
def test_far_down_with_many_more_columns_than_rows(
    on_working_set: None, rho: float, fit_intercept: bool, l1_ratio: float
) -> None:
    """By a path and from far above in one step, at 1e-4 of the largest alpha."""
    X, y = make_data(2, 30, 400, rho)
    instance = Instance(X, y, l1_ratio, fit_intercept=fit_intercept)
    alphas = down(instance, 1e-4, 30)
    path = path_of(instance, alphas, tol=1e-12)
    assert_optimal(instance, path)
    at_once = path_of(instance, alphas[-1:], tol=1e-12)
    assert_optimal(instance, at_once)
    last, only = points(path)[-1], points(at_once)[0]
    assert abs(instance.objective(*last) - instance.objective(*only)) <= 1e-11 * instance.yy


@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize("options", ["plain", "weights", "bounds", "factors", "everything"])
def test_one_alpha_that_takes_most_columns(
    on_working_set: None, monkeypatch: pytest.MonkeyPatch, options: str, l1_ratio: float
) -> None:
    """The last working set is all of X, whatever is on the way; the solution is that of a path."""
    monkeypatch.setattr("fastreg.engine.cost.COLD_SWEEPS", 5.0)
    X, y = make_data(5, 400, 400, strong=40)
    instance = Instance(X, y, l1_ratio, **some_options(options, X, y, l1_ratio))
    alphas = down(instance, 1e-3, 10)
    at_once = path_of(instance, alphas[-1:], tol=1e-12)
    assert at_once.diagnostics.working_sets[-1] == np.count_nonzero(instance.usable)
    assert len(at_once.diagnostics.working_sets) < 10
    assert_optimal(instance, at_once)
    path = path_of(instance, alphas, tol=1e-12)
    last, only = points(path)[-1], points(at_once)[0]
    assert abs(instance.objective(*last) - instance.objective(*only)) <= 1e-11 * instance.yy


@pytest.mark.parametrize("l1_ratio", RATIOS)
def test_columns_of_very_different_sizes(on_working_set: None, l1_ratio: float) -> None:
    X, y = make_data(3, 50, 120)
    X = X * 10.0 ** np.random.default_rng(0).integers(-3, 4, 120)
    for standardize in (False, True):
        instance = Instance(X, y, l1_ratio, standardize=standardize)
        assert_optimal(instance, path_of(instance, down(instance, 1e-2, 10), tol=1e-12))


@pytest.mark.parametrize("l1_ratio", [1.0, 0.9])
@pytest.mark.parametrize("seed", [0, 5])
def test_thousands_of_columns_of_very_different_sizes(
    on_working_set: None, seed: int, l1_ratio: float
) -> None:
    """Standardized, with a common factor: far more violate at first than may join at a time."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((160, 3300)) + 2.0 * rng.standard_normal((160, 1))
    X *= 10.0 ** rng.uniform(-2, 2, 3300)
    y = X[:, :100] @ rng.choice([-1, 1], 100) + 0.1 * rng.standard_normal(160)
    instance = Instance(X, y, l1_ratio, standardize=True)
    alphas = down(instance, 1e-2, 10)
    path = path_of(instance, alphas, tol=1e-4, max_iter=1000)
    assert np.all(path.dual_gaps <= 1e-4 * instance.yy)
    best = path_of(instance, alphas, tol=1e-10)
    for k, (point, other) in enumerate(zip(points(path), points(best), strict=True)):
        lost = float(instance.objective(*point) - instance.objective(*other))
        assert lost <= path.dual_gaps[k] + 1e-10 * instance.yy


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize(("n", "p", "free"), [(300, 2000, 100), (200, 3000, 150)])
def test_many_unpenalized_columns(
    on_working_set: None, n: int, p: int, free: int, l1_ratio: float
) -> None:
    """What is left to others is small, and a gap asks more of the unpenalized than a sweep sees."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    y = X @ (rng.standard_normal(p) * (rng.random(p) < 0.2)) + 0.1 * rng.standard_normal(n)
    instance = Instance(X, y, l1_ratio, penalty_factor=np.r_[np.zeros(free), np.ones(p - free)])
    alphas = down(instance, 0.1, 16)
    for tol in (1e-4, 1e-12):
        path = path_of(instance, alphas, tol=tol, max_iter=1000)
        assert np.all(path.dual_gaps <= tol * instance.yy)
    assert_optimal(instance, path)


@pytest.mark.parametrize("level", [1e2, 1e4, 1e6, 1e8])
def test_sparse_columns_without_zeros_far_from_zero(on_working_set: None, level: float) -> None:
    """A year, a time, an amount beside counts: as good as moments, never NaN or infinity."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 100))
    X[:, 10:][rng.random((60, 90)) < 0.8] = 0.0
    X[:, :10] += level
    y = (X[:, :5] - level).sum(axis=1) + X[:, 20] + rng.standard_normal(60)
    for factor in (None, np.r_[np.zeros(8), np.ones(92)]):
        instance = Instance(X, y, penalty_factor=factor)
        path = path_of(instance, down(instance, 1e-2, 10), X=sparse.csc_array(X), tol=1e-4)
        assert np.all(path.dual_gaps <= 1e-4 * instance.yy)
        for point in points(path):
            assert instance.worst(*point) <= 1e-2  # a gap of 1e-4 allows as much


def test_more_unpenalized_sparse_columns_than_rows(on_working_set: None) -> None:
    """Any of their many solutions, but none that runs away."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((13, 60)) * 10.0 ** rng.integers(-3, 4, 60)
        X, y = X + 100.0 * rng.standard_normal(60), rng.standard_normal(13) + 5.0
        instance = Instance(X, y, penalty_factor=np.r_[np.zeros(13), np.ones(47)])
        for form in (X, sparse.csc_array(X)):
            path = path_of(instance, np.array([0.5]), X=form, tol=1e-4)
            assert path.dual_gaps[0] <= 1e-4 * instance.yy
            assert instance.objective(*points(path)[0]) <= 1e-4 * instance.yy


class TestGivenAlphas:
    def test_repeated(self, on_working_set: None) -> None:
        """The second of two equal alphas is the first, but for a Newton step at most."""
        X, y = make_data()
        instance = Instance(X, y)
        alphas = np.repeat(down(instance, 1e-2, 10), 3)
        path = path_of(instance, alphas)
        assert_optimal(instance, path)
        coefs = path.coefs.toarray()
        for k in range(0, alphas.size, 3):
            scale = np.abs(coefs[k]).max()
            assert np.abs(coefs[k + 1 : k + 3] - coefs[k]).max() <= 1e-11 * scale
            assert path.n_iters[k + 1 : k + 3].max() <= 2

    @pytest.mark.parametrize("l1_ratio", RATIOS)
    def test_uneven_steps(self, by: Callable, l1_ratio: float) -> None:
        """Clusters of close alphas and leaps of a factor of ten between them."""
        X, y = make_data()
        instance = Instance(X, y, l1_ratio)
        near = 1.0 - 1e-6 * np.arange(5)
        alphas = instance.alpha_max() * np.concatenate([s * near for s in (1.2, 0.9, 0.09, 0.009)])
        found = by("working set", path_of, instance, alphas)
        assert_optimal(instance, found)
        assert_same_path(instance, found, by("moments", path_of, instance, alphas))

    def test_above_the_largest(self, on_working_set: None) -> None:
        X, y = make_data()
        factor = np.r_[0.0, np.ones(149)]
        for instance in (Instance(X, y), Instance(X, y, 0.5, penalty_factor=factor)):
            top = instance.alpha_max()
            path = path_of(instance, top * np.array([1e6, 3.0, 1.0, 0.9]))
            assert_optimal(instance, path)
            penalized = path.coefs.toarray()[:, instance.factor > 0]
            assert np.abs(penalized[:3]).max() <= 1e-12
            assert np.count_nonzero(penalized[3]) > 0
            only = path_of(instance, np.array([3.0 * top]))
            assert_optimal(instance, only)

    @pytest.mark.parametrize("fraction", [0.3, 0.03, 1e-3])
    @pytest.mark.parametrize("l1_ratio", RATIOS)
    def test_one_alone(self, by: Callable, fraction: float, l1_ratio: float) -> None:
        X, y = make_data(4)
        instance = Instance(X, y, l1_ratio)
        alphas = np.array([fraction * instance.alpha_max()])
        found = by("working set", path_of, instance, alphas)
        assert_optimal(instance, found)
        assert_same_path(instance, found, by("moments", path_of, instance, alphas))
        assert found.n_iters[0] > 0

    def test_zero_at_the_end(self, on_working_set: None) -> None:
        X, y = make_data(5, 60, 20)
        instance = Instance(X, y)
        path = path_of(instance, np.r_[down(instance, 1e-3, 8), 0.0], tol=1e-12)
        exact = np.linalg.lstsq(np.column_stack([np.ones(60), X]), y, rcond=None)[0]
        np.testing.assert_allclose(path.coefs.toarray()[-1], exact[1:], rtol=1e-9)


class TestWarmStart:
    @pytest.mark.parametrize("l1_ratio", RATIOS)
    @pytest.mark.parametrize("kind", ["dense", "csr"])
    def test_of_a_solution_takes_no_iterations(
        self, on_working_set: None, kind: str, l1_ratio: float
    ) -> None:
        X, y = make_data()
        form = sparse.csr_array(X) if kind == "csr" else X
        instance = Instance(X, y, l1_ratio, fit_intercept=False)
        for alpha in instance.alpha_max() * np.array([0.5, 0.05, 0.01]):
            options = {"l1_ratio": l1_ratio, "alphas": [alpha], "tol": 1e-8}
            _, solved, _ = enet_path(form, y, **options)
            _, again, _, n_iters = enet_path(
                form, y, **options, coef_init=solved[:, 0], return_n_iter=True
            )
            assert n_iters == [0]
            np.testing.assert_array_equal(again, solved)
        model = ElasticNet(alpha, l1_ratio=l1_ratio, warm_start=True).fit(form, y)
        coef = model.coef_.copy()
        assert model.n_iter_ > 0
        assert model.fit(form, y).n_iter_ == 0
        np.testing.assert_array_equal(model.coef_, coef)

    @pytest.mark.parametrize("options", ["plain", "weights", "bounds", "factors", "everything"])
    def test_from_anywhere(self, on_working_set: None, options: str) -> None:
        """Out of bounds, on excluded columns, far away: the same solution."""
        X, y = make_data()
        rng = np.random.default_rng(0)
        fields = some_options(options, X, y, 0.7)
        instance = Instance(X, y, 0.7, **fields)
        alpha = 0.05 * instance.alpha_max()
        fields["sample_weight"] = fields.pop("weight", None)
        weight = fields.pop("sample_weight")
        cold = ElasticNet(alpha, l1_ratio=0.7, tol=TIGHT, max_iter=20_000, **fields)
        cold.fit(X, y, weight)
        for start in (
            cold.coef_ + 1e-6 * rng.standard_normal(150),
            10.0 * rng.standard_normal(150),
            1e6 * (rng.random(150) < 0.1),
        ):
            model = ElasticNet(
                alpha, l1_ratio=0.7, tol=TIGHT, max_iter=20_000, warm_start=True, **fields
            )
            model.coef_ = start
            model.fit(X, y, weight)
            assert instance.worst(alpha, model.coef_, model.intercept_) <= OPTIMAL
            scale = np.abs(cold.coef_).max()
            np.testing.assert_allclose(model.coef_, cold.coef_, rtol=0, atol=1e-8 * scale)

    def test_of_a_path(self, on_working_set: None) -> None:
        """A start serves the first alpha; the path goes on as ever."""
        X, y = make_data()
        instance = Instance(X, y, fit_intercept=False)
        alphas = down(instance, 1e-2, 12)
        cold = enet_path(X, y, l1_ratio=1.0, alphas=alphas, tol=TIGHT, max_iter=20_000)[1]
        for k in (0, 5, 11):
            options = {"l1_ratio": 1.0, "tol": TIGHT, "max_iter": 20_000}
            warm = enet_path(X, y, alphas=alphas, coef_init=cold[:, k], **options)[1]
            np.testing.assert_allclose(warm, cold, rtol=0, atol=1e-8 * np.abs(cold).max())
            upwards = enet_path(X, y, alphas=alphas[:1] * 1.5, coef_init=cold[:, k], **options)[1]
            assert np.abs(upwards).max() <= 1e-12


class TestManyTasks:
    @pytest.mark.parametrize("cv", [KFold(4), ShuffleSplit(3, random_state=0), TimeSeriesSplit(3)])
    @pytest.mark.parametrize("kind", ["dense", "csr"])
    @pytest.mark.parametrize("options", ["plain", "no intercept", "everything"])
    def test_folds_and_ratios_in_one_batch(
        self, by: Callable, options: str, kind: str, cv: Any
    ) -> None:
        """Errors are those of separate fits by the other route; every fold is certified."""
        X, y = make_data(6, 48, 90)
        fields = some_options(options, X, y, 0.5)
        weight = fields.pop("weight", None)
        alphas = Instance(X, y).alpha_max() * np.array([0.8, 0.3, 0.1, 0.03])
        ratios = [1.0, 0.4]
        model = ElasticNetCV(
            l1_ratio=ratios, alphas=alphas, cv=cv, tol=TIGHT, max_iter=20_000, **fields
        )
        by("working set", model.fit, sparse.csr_array(X) if kind == "csr" else X, y, weight)
        for k, (train, test) in enumerate(cv.split(X)):
            w_train, w_test = (None, None) if weight is None else (weight[train], weight[test])
            for i, ratio in enumerate(ratios):
                instance = Instance(X[train], y[train], ratio, weight=w_train, **fields)
                expected = by("moments", path_of, instance, alphas)
                assert_optimal(instance, expected)
                miss = y[test][:, None] - expected.predict(X[test])
                held = np.average(miss**2, axis=0, weights=w_test)
                np.testing.assert_allclose(model.mse_path_[i, :, k], held, rtol=1e-7)
                miss = y[train][:, None] - expected.predict(X[train])
                error = np.average(miss**2, axis=0, weights=w_train)
                np.testing.assert_allclose(model.train_mse_path_[i, :, k], error, rtol=1e-7)
        refit = Instance(X, y, model.l1_ratio_, weight=weight, **fields)
        assert refit.worst(model.alpha_, model.coef_, model.intercept_) <= OPTIMAL

    def test_targets_at_once(self, by: Callable) -> None:
        X, y = make_data()
        rng = np.random.default_rng(0)
        Y = np.column_stack([y, 1e3 * rng.standard_normal(40), X[:, 5] ** 2])
        options = {"l1_ratio": 0.8, "tol": TIGHT, "max_iter": 20_000}
        model = by("working set", ElasticNet(0.05, **options).fit, X, Y)
        for t in range(3):
            alone = by("moments", ElasticNet(0.05, **options).fit, X, Y[:, t])
            scale = np.abs(alone.coef_).max()
            np.testing.assert_allclose(model.coef_[t], alone.coef_, rtol=0, atol=1e-8 * scale)
            assert model.intercept_[t] == pytest.approx(alone.intercept_, rel=1e-8)

    @pytest.mark.parametrize("kind", ["dense", "csr"])
    def test_any_number_of_jobs_gives_the_same_bits(self, on_working_set: None, kind: str) -> None:
        X, y = make_data(7, 60, 300)
        form = sparse.csr_array(X) if kind == "csr" else X
        options = {"l1_ratio": [0.3, 0.9, 1.0], "alphas": 15, "cv": 4, "eps": 1e-2}
        first = ElasticNetCV(**options, n_jobs=1).fit(form, y)
        for n_jobs in (None, 2, 3, 1):
            model = ElasticNetCV(**options, n_jobs=n_jobs).fit(form, y)
            for name in ("mse_path_", "train_mse_path_", "coef_", "intercept_", "dual_gap_"):
                found, expected = getattr(model, name), getattr(first, name)
                assert np.asarray(found).tobytes() == np.asarray(expected).tobytes(), name


WAYS = {
    "as G": lambda *_: False,
    "as rows": lambda *_: True,
    "as G, then as rows": lambda design, cols, *_: cols.size > 15,
}


@pytest.fixture(params=[*WAYS, "all columns at once", "ageing"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Hold W in every way the cost model may choose, and let columns leave as soon as they may."""
    lockstep = "fastreg.engine.lockstep."
    at_once, ageing = request.param == "all columns at once", request.param == "ageing"
    monkeypatch.setattr("fastreg.engine.holds_moments", lambda *_: False)
    monkeypatch.setattr(lockstep + "takes_all", lambda *_: at_once)
    prefers_rows = WAYS.get(request.param, lambda *_: at_once)
    monkeypatch.setattr("fastreg.engine.held_columns.prefers_rows", prefers_rows)
    if ageing:
        monkeypatch.setattr("fastreg.engine.working_set.SMALL", 4)
        monkeypatch.setattr("fastreg.engine.working_set.CROWDED", 1.0)
    return request.param


class TestHowWIsHeld:
    @pytest.mark.parametrize("kind", ["dense", "csr"])
    @pytest.mark.parametrize("l1_ratio", RATIOS)
    @pytest.mark.parametrize("options", ["plain", "no intercept", "factors", "everything"])
    def test_paths(self, way: str, options: str, l1_ratio: float, kind: str) -> None:
        X, y = make_data(8, 40, 120)
        if kind == "csr":
            X[np.random.default_rng(0).random(X.shape) < 0.8] = 0.0
            X[:, 3] = np.arange(40.0) + 100.0  # a column without zeros
        instance = Instance(X, y, l1_ratio, **some_options(options, X + 1.0, y, l1_ratio))
        form = sparse.csr_array(X) if kind == "csr" else X
        alphas = down(instance, 1e-2, 20)
        path = path_of(instance, alphas, X=form)
        assert_optimal(instance, path)
        sizes = path.diagnostics.working_sets
        if way == "ageing" and l1_ratio == 1.0:
            assert np.any(np.diff(sizes) < 0)
        if way == "all columns at once":
            assert min(sizes) == max(sizes)

    @pytest.mark.parametrize("l1_ratio", RATIOS)
    @pytest.mark.parametrize("tol", [1e-4, 1e-10])
    def test_many_unpenalized_columns(self, way: str, tol: float, l1_ratio: float) -> None:
        """What joins drives others out of the model, which may leave W only to come back."""
        for seed in range(4):
            X, y = make_data(seed, 30, 150, 0.0)
            factor = np.random.default_rng(seed).choice([0.0, 0.1, 1.0, 1.0, 5.0, 1.0, np.inf], 150)
            instance = Instance(X, y, l1_ratio, penalty_factor=factor)
            if instance.alpha_max() <= 1e-9 * instance.largest:
                continue
            path = path_of(instance, down(instance, 0.03, 20), tol=tol)
            assert np.all(path.dual_gaps <= tol * instance.yy)

    def test_cross_validation(self, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
        X, y = make_data(9, 48, 90)
        alphas = Instance(X, y).alpha_max() * np.geomspace(1, 0.02, 12)
        options = {"alphas": alphas, "cv": 3, "tol": 1e-13, "max_iter": 20_000}
        model = ElasticNetCV(l1_ratio=[1.0, 0.2], **options).fit(X, y)
        monkeypatch.setattr("fastreg.engine.holds_moments", lambda *_: True)
        other = ElasticNetCV(l1_ratio=[1.0, 0.2], **options).fit(X, y)
        np.testing.assert_allclose(model.mse_path_, other.mse_path_, rtol=1e-7)
        np.testing.assert_allclose(model.train_mse_path_, other.train_mse_path_, rtol=1e-7)

    def test_warm_starts(self, way: str) -> None:
        X, y = make_data()
        instance = Instance(X, y, 0.9)
        model = ElasticNet(l1_ratio=0.9, tol=1e-12, max_iter=20_000, warm_start=True)
        for fraction in (0.5, 0.05, 0.3, 0.005):
            alpha = fraction * instance.alpha_max()
            model.set_params(alpha=alpha).fit(X, y)
            assert instance.worst(alpha, model.coef_, model.intercept_) <= OPTIMAL
            assert model.fit(X, y).n_iter_ == 0

    def test_the_same_bits(self, way: str) -> None:
        X, y = make_data()
        for tol in (1e-4, 1e-12):
            first = regularization_path(X, y, alphas=30, eps=1e-2, tol=tol, l1_ratio=0.8)
            again = regularization_path(X.copy(), y, alphas=30, eps=1e-2, tol=tol, l1_ratio=0.8)
            for name in ("alphas", "intercepts", "dual_gaps", "n_iters", "deviance_ratio"):
                assert getattr(first, name).tobytes() == getattr(again, name).tobytes(), name
            assert first.coefs.toarray().tobytes() == again.coefs.toarray().tobytes()
            assert first.diagnostics == again.diagnostics

    @pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-7])
    def test_the_gap_is_kept_and_bounds_what_is_lost(self, way: str, tol: float) -> None:
        X, y = make_data(10)
        for l1_ratio in RATIOS:
            instance = Instance(X, y, l1_ratio)
            alphas = down(instance, 1e-2, 20)
            rough, best = (path_of(instance, alphas, tol=t) for t in (tol, TIGHT))
            for k, (point, other) in enumerate(zip(points(rough), points(best), strict=True)):
                lost = float(instance.objective(*point) - instance.objective(*other))
                assert lost <= rough.dual_gaps[k] + 1e-13 * instance.yy
                assert rough.dual_gaps[k] <= tol * instance.yy

    def test_tolerance_zero_ends_at_rounding_without_a_warning(self, way: str) -> None:
        X, y = make_data(11)
        for l1_ratio in RATIOS:
            instance = Instance(X, y, l1_ratio)
            path = path_of(instance, down(instance, 1e-2, 15), tol=0.0)
            assert_optimal(instance, path, 1e-12)

    def test_random_order(self, way: str) -> None:
        X, y = make_data()
        instance = Instance(X, y, 0.7)
        alpha = 0.05 * instance.alpha_max()
        for seed in range(3):
            model = ElasticNet(
                alpha, l1_ratio=0.7, tol=1e-13, selection="random", random_state=seed,
                max_iter=20_000,
            ).fit(X, y)  # fmt: skip
            assert instance.worst(alpha, model.coef_, model.intercept_) <= OPTIMAL


def test_tolerance_zero_on_badly_conditioned_columns(on_working_set: None) -> None:
    """There too what rounding allows is reached or not, but never warned about in error."""
    X, y = make_data(12, 40, 80, 0.999)
    X = X + 1e4
    for l1_ratio in RATIOS:
        instance = Instance(X, y, l1_ratio)
        path = path_of(instance, down(instance, 1e-3, 12), tol=0.0)
        assert_optimal(instance, path, 1e-10)


@pytest.mark.parametrize(
    "fit",
    [
        lambda X, y: regularization_path(X, y, alphas=20, max_iter=1, tol=1e-10),
        lambda X, y: regularization_path(X, y, alphas=20, max_iter=1, tol=1e-10, l1_ratio=0.1),
        lambda X, y: LassoCV(alphas=10, cv=3, max_iter=1, tol=1e-10).fit(X, y),
        lambda X, y: Lasso(1e-3, max_iter=1, tol=1e-10).fit(X, y),
        lambda X, y: ElasticNet(1e-3, max_iter=1, tol=1e-10).fit(X, np.column_stack([y, y**2])),
    ],
    ids=["path", "path of an elastic net", "folds", "one alpha", "targets"],
)
@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_too_few_iterations_warn_once(on_working_set: None, kind: str, fit: Callable) -> None:
    X, y = make_data()
    with pytest.warns(ConvergenceWarning, match="Objective did not converge") as caught:
        fit(sparse.csr_array(X) if kind == "csr" else X, y)
    assert len(caught) == 1


def test_what_did_not_converge_still_has_a_certificate(on_working_set: None) -> None:
    X, y = make_data()
    for l1_ratio in RATIOS:
        instance = Instance(X, y, l1_ratio)
        alphas = down(instance, 1e-3, 12)
        with pytest.warns(ConvergenceWarning):
            rough = regularization_path(
                X, y, alphas=alphas, l1_ratio=l1_ratio, max_iter=1, tol=1e-10
            )
        best = path_of(instance, alphas)
        assert np.all(rough.n_iters <= 12)
        for k, (point, other) in enumerate(zip(points(rough), points(best), strict=True)):
            lost = float(instance.objective(*point) - instance.objective(*other))
            assert lost <= rough.dual_gaps[k] + 1e-13 * instance.yy


@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize("tol", [1e-6, 1e-12])
def test_memory_order_and_blas_threads(on_working_set: None, tol: float, l1_ratio: float) -> None:
    """The objective within tol, coefficients close where tol is tight (law 4)."""
    X, y = make_data(13, 150, 1200, 0.5, 20)
    instance = Instance(X, y, l1_ratio)
    alphas = down(instance, 0.03, 12)
    with threadpool_limits(1, "blas"):
        first = path_of(instance, alphas, tol=tol)
    others = [path_of(instance, alphas, tol=tol, X=np.asfortranarray(X))]
    with threadpool_limits(2, "blas"):
        others.append(path_of(instance, alphas, tol=tol))
        others.append(path_of(instance, alphas, tol=tol, X=np.asfortranarray(X)))
    for k in (0, 5, 11):
        point = points(first)[k]
        for other in others:
            same = points(other)[k]
            lost = abs(float(instance.objective(*point) - instance.objective(*same)))
            assert lost <= tol * instance.yy
            if tol <= 1e-12 and point[1].any():
                support = np.flatnonzero((point[1] != 0) | (same[1] != 0))
                worst = np.abs(point[1] - same[1]).max() / np.abs(point[1]).max()
                assert worst <= 1e-10 * condition(instance, support) ** 2


@pytest.mark.parametrize("order", ["C", "F"])
def test_single_precision(on_working_set: None, order: str) -> None:
    """The double solution of the rounded data, rounded."""
    X, y = make_data()
    X = np.asarray(X, dtype=np.float32, order=order)
    y = y.astype(np.float32).astype(float)
    instance = Instance(X.astype(float), y, 0.8)
    alphas = down(instance, 1e-2, 10)
    single, double = path_of(instance, alphas, X=X), path_of(instance, alphas)
    for k, (point, other) in enumerate(zip(points(single), points(double), strict=True)):
        scale = np.abs(other[1]).max() + 1e-300
        np.testing.assert_allclose(point[1], other[1], rtol=0, atol=1e-6 * scale, err_msg=str(k))
    assert np.all(single.dual_gaps <= 1e-10 * instance.yy)


@st.composite
def wide_problems(draw: st.DrawFn) -> tuple[Instance, float]:
    """Draw problems with about as many columns as rows or many more, and a fraction of α_max."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, p = draw(st.integers(5, 40)), draw(st.integers(2, 90))
    X, y = make_data(int(rng.integers(2**32)), n, p, draw(st.sampled_from([0.0, 0.5, 0.9])))
    if draw(st.booleans()):
        X[rng.random((n, p)) < 0.6] = 0.0
    fields: dict = {"l1_ratio": draw(st.sampled_from([1.0, 0.5, 0.05]))}
    fields["fit_intercept"] = draw(st.booleans())
    if draw(st.booleans()):
        fields["penalty_factor"] = rng.choice([0.3, 1.0, 2.0, np.inf], p, p=[0.3, 0.3, 0.3, 0.1])
    if draw(st.booleans()):
        fields["lower"] = -rng.choice([0.0, 0.1, np.inf], p)
    return Instance(X, y, **fields), draw(st.sampled_from([0.6, 0.1, 0.01]))


HYPOTHESIS = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def solve(instance: Instance, alpha: float) -> tuple[np.ndarray, float]:
    _, coef, intercept = points(path_of(instance, np.array([alpha]), tol=1e-13))[0]
    assert instance.worst(alpha, coef, intercept) <= OPTIMAL
    return coef, intercept


def useful_alpha(instance: Instance, fraction: float) -> float:
    """Return a fraction of the largest alpha, of 1 where no column can be used."""
    usable = instance.usable & (np.asarray(instance.factor) > 0)
    largest = instance.alpha_max() if usable.any() else 0.0
    return fraction * (largest if largest > 1e-9 * instance.largest else 1.0)


@HYPOTHESIS
@given(drawn=wide_problems(), seed=st.integers(0, 2**32 - 1))
def test_doubled_rows_are_doubled_weights(
    on_working_set: None, drawn: tuple[Instance, float], seed: int
) -> None:
    instance, fraction = drawn
    weight = np.random.default_rng(seed).integers(0, 4, instance.y.size).astype(float)
    weight[:2] = 1.0
    fields = {k: v for k, v in vars(instance).items() if k in _FIELDS}
    rows = np.repeat(np.arange(weight.size), weight.astype(int))
    weighted = Instance(instance.X, instance.y, **fields, weight=weight)
    repeated = Instance(instance.X[rows], instance.y[rows], **fields)
    alpha = useful_alpha(repeated, fraction)
    found, other = solve(weighted, alpha), solve(repeated, alpha)
    lost = repeated.objective(alpha, *found) - repeated.objective(alpha, *other)
    assert abs(lost) <= 1e-11 * repeated.yy
    _assert_close(repeated, found[0], other[0])


@HYPOTHESIS
@given(drawn=wide_problems(), seed=st.integers(0, 2**32 - 1))
def test_permuted_columns(on_working_set: None, drawn: tuple[Instance, float], seed: int) -> None:
    instance, fraction = drawn
    order = np.random.default_rng(seed).permutation(instance.X.shape[1])
    fields = {k: v for k, v in vars(instance).items() if k in _FIELDS}
    for name in ("penalty_factor", "lower"):
        fields[name] = None if fields.get(name) is None else fields[name][order]
    permuted = Instance(instance.X[:, order], instance.y, **fields)
    alpha = useful_alpha(instance, fraction)
    found, other = solve(permuted, alpha), solve(instance, alpha)
    back = np.empty(order.size)
    back[order] = found[0]
    lost = instance.objective(alpha, back, found[1]) - instance.objective(alpha, *other)
    assert abs(lost) <= 1e-11 * instance.yy
    _assert_close(instance, back, other[0])


@HYPOTHESIS
@given(drawn=wide_problems(), seed=st.integers(0, 2**32 - 1))
def test_a_scaled_column_with_its_penalty_factor(
    on_working_set: None, drawn: tuple[Instance, float], seed: int
) -> None:
    """Of a Lasso: columns times s with factors times s leave the predictions."""
    instance, fraction = drawn
    p = instance.X.shape[1]
    scale = 10.0 ** np.random.default_rng(seed).integers(-2, 3, p)
    fields = {k: v for k, v in vars(instance).items() if k in _FIELDS} | {"l1_ratio": 1.0}
    plain = Instance(instance.X, instance.y, **fields)
    fields["penalty_factor"] = scale * plain.factor
    if fields.get("lower") is not None:
        fields["lower"] = fields["lower"] / scale
    scaled = Instance(instance.X * scale, instance.y, **fields)
    alpha = useful_alpha(plain, fraction)
    found, other = solve(scaled, alpha), solve(plain, alpha)
    lost = plain.objective(alpha, np.maximum(found[0] * scale, plain.bounds()[0]), found[1])
    assert abs(lost - plain.objective(alpha, *other)) <= 1e-10 * plain.yy
    fit, expected = scaled.residual(*found), plain.residual(*other)
    size = np.sqrt(float(plain.w @ np.asarray(plain.y) ** 2))
    assert np.abs(fit - expected).max() <= 1e-5 * size


_FIELDS = ("l1_ratio", "fit_intercept", "penalty_factor", "lower")


def _assert_close(instance: Instance, coef: np.ndarray, other: np.ndarray) -> None:
    support = np.flatnonzero((coef != 0) | (other != 0))
    if condition(instance, support) <= 100:
        scale = np.abs(other).max(initial=0.0)
        assert np.abs(coef - other).max() <= 1e-7 * scale


def test_a_gram_matrix_grows_while_somebody_looks_at_it():
    held = _Square()
    held.make_room(0, 2)
    view = held.leading(2)
    view[:] = [[1.0, 2.0], [2.0, 3.0]]
    held.make_room(2, 200)
    np.testing.assert_array_equal(held.leading(2), view)


def test_a_tangent_of_dependent_columns_stays_finite() -> None:
    """Where the penalty pulls along their null space, the curvature there is rounding."""
    for seed in range(50):
        rng = np.random.default_rng(seed)
        X, signs = rng.standard_normal((3, 8)), rng.choice([-1.0, 1.0], 8)
        chord, nobody = rng.standard_normal(8), np.zeros(8, dtype=bool)
        x = _roughly_solve(X.T @ X / 3, np.zeros(8), signs, nobody, chord)
        assert np.abs(x).max() < 1e12


def test_sparse_columns_that_are_all_constant(on_working_set: None) -> None:
    X, y = sparse.csr_array(np.full((20, 2), 50.0)), np.arange(20.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = regularization_path(X, y, alphas=[1.0, 0.5])
    assert path.coefs.nnz == 0


@pytest.mark.parametrize("forced", [False, True])
def test_nothing_penalized_enters_at_the_largest_alpha(
    monkeypatch: pytest.MonkeyPatch, forced: bool
) -> None:
    """With unpenalized columns it comes from a projection, which rounds."""
    if forced:
        monkeypatch.setattr("fastreg.engine.holds_moments", lambda *_: False)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((100, 8))
        X[:, 0] = 1.0
        y, weight = X @ rng.standard_normal(8) + rng.standard_normal(100), rng.random(100)
        factor = np.r_[1.0, 0.0, 0.0, np.inf, np.ones(4)]
        path = regularization_path(
            X, y, sample_weight=weight, penalty_factor=factor, alphas=3, tol=1e-12
        )
        assert set(np.flatnonzero(path.coefs[[0]].toarray())) == {1, 2}


def test_a_start_has_to_be_finite() -> None:
    X, y = make_data(8, 40, 12)
    with pytest.raises(ValueError, match="coef_init contains NaN"):
        enet_path(X, y, alphas=[0.5], coef_init=np.full(12, np.nan))
