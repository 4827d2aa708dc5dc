"""Optimality of what is returned, judged by `oracles`; scikit-learn's objective to beat."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn import linear_model as sk
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

import fastreg
from fastreg import ElasticNet, Lasso, Moments

from .oracles import DENSE, Instance, load_dense, load_sparse

FRACTIONS = (0.5, 0.1, 0.01)
RATIOS = (1.0, 0.5, 0.1)
TIGHT = 1e-12
OPTIMAL = 1e-8


def fit(instance: Instance, alpha: float, X=None, **options) -> ElasticNet:
    """Fit what the instance says, on its data or on another form of the same."""
    model = ElasticNet(
        alpha,
        **instance.options,
        **{"tol": TIGHT, "max_iter": 20_000, **options},
    )
    if isinstance(X, Moments):
        return model.fit(X)
    return model.fit(instance.X if X is None else X, instance.y, instance.weight)


def check(instance: Instance, alpha: float, model: ElasticNet, optimal: float = OPTIMAL) -> None:
    """Assert that the model is optimal and that its own certificate says so."""
    assert instance.worst(alpha, model.coef_, model.intercept_) <= optimal
    assert model.dual_gap_ <= 1e-10 * max(instance.yy, np.finfo(float).tiny)


@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize("name", DENSE)
def test_every_dense_data_set(shared_data: Path, name: str, l1_ratio: float) -> None:
    X, y = load_dense(shared_data, name)
    instance = Instance(X, y, l1_ratio)
    for fraction in FRACTIONS:
        alpha = fraction * instance.alpha_max()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = fit(instance, alpha)
        check(instance, alpha, model)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("fraction", [1e-3, 1e-4, 1e-5])
def test_single_fits_of_hard_problems_converge_at_the_defaults(fraction: float) -> None:
    """Columns with a correlation of 0.99; columns with large means and no intercept."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        shared = rng.standard_normal((200, 1)) + 0.1 * rng.standard_normal((200, 100))
        uncentred = rng.standard_normal((60, 40)) + 1e3 * rng.standard_normal(40)
        for X, intercept in ((shared, True), (uncentred, False)):
            y = (X - X.mean(axis=0))[:, :10].sum(axis=1) + rng.standard_normal(len(X)) + 5.0
            alpha = fraction * Instance(X, y, 1.0, fit_intercept=intercept).alpha_max()
            Lasso(alpha, fit_intercept=intercept).fit(X, y)


def _best_of_scikit_learn(instance: Instance, alpha: float, flops: float) -> sk.ElasticNet:
    """Run scikit-learn to the tightest tolerance that a budget of work allows."""
    n, p = instance.X.shape
    model = sk.ElasticNet(
        alpha,
        l1_ratio=instance.l1_ratio,
        fit_intercept=instance.fit_intercept,
        tol=1e-15,
        max_iter=int(max(10, flops / (2.0 * n * p))),
    )
    with warnings.catch_warnings(), threadpool_limits(1, "blas"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(np.asfortranarray(instance.X), instance.y)


def _compare_with_scikit_learn(folder: Path, name: str, l1_ratio: float, flops: float) -> None:
    X, y = load_dense(folder, name)
    instance = Instance(X, y, l1_ratio)
    for fraction in FRACTIONS:
        alpha = fraction * instance.alpha_max()
        ours, theirs = fit(instance, alpha), _best_of_scikit_learn(instance, alpha, flops)
        mine = instance.objective(alpha, ours.coef_, ours.intercept_)
        other = instance.objective(alpha, theirs.coef_, theirs.intercept_)
        assert mine <= other + 1e-13 * instance.yy
        support = np.flatnonzero((ours.coef_ != 0) | (theirs.coef_ != 0))
        if theirs.dual_gap_ > 1e-13 * instance.yy or not support.size:
            continue
        scaled = (instance.columns[:, support] / instance.spread[support]).astype(float)
        condition = np.linalg.cond(scaled / np.sqrt(y.size))
        if condition < 1e3:
            # |Z(b − b')|² / 2n is at most the two gaps together
            size = instance.spread[support].astype(float)
            difference = np.abs(ours.coef_ - theirs.coef_)[support] * size
            assert difference.max() <= 1e-6 * condition * np.sqrt(instance.yy)


@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize("name", DENSE)
def test_objective_no_worse_than_scikit_learn(
    shared_data: Path, name: str, l1_ratio: float
) -> None:
    _compare_with_scikit_learn(shared_data, name, l1_ratio, 2e8)


@pytest.mark.slow
@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize("name", DENSE)
def test_objective_no_worse_than_patient_scikit_learn(
    shared_data: Path, name: str, l1_ratio: float
) -> None:
    _compare_with_scikit_learn(shared_data, name, l1_ratio, 3e10)


def _options(rng: np.random.Generator, n: int, p: int) -> dict[str, dict]:
    """Return every option of the problem by name, with values that matter."""
    weight = rng.exponential(size=n)
    weight[rng.random(n) < 0.2] = 0.0
    factor = rng.uniform(0.2, 3.0, p)
    factor[rng.permutation(p)[: max(1, min(p // 8, n // 10))]] = 0.0
    factor[rng.permutation(p)[: p // 6]] = np.inf
    return {
        "weight": {"weight": weight},
        "positive": {"lower": 0.0},
        "factor": {"penalty_factor": factor},
        "standardize": {"standardize": True},
        "no intercept": {"fit_intercept": False},
    }


COMBINATIONS = [
    ("weight",),
    ("positive",),
    ("bounds",),
    ("factor",),
    ("standardize",),
    ("no intercept",),
    ("weight", "factor", "standardize"),
    ("weight", "bounds", "factor", "no intercept"),
    ("positive", "factor", "standardize"),
    ("weight", "bounds", "standardize", "factor"),
]


@pytest.mark.parametrize("options", COMBINATIONS, ids="-".join)
@pytest.mark.parametrize("name", ["hitters", "energy_efficiency", "gasoline_nir", "eyedata_trim32"])
def test_every_option_by_every_route(
    shared_data: Path, route: str, name: str, options: tuple[str, ...]
) -> None:
    X, y = load_dense(shared_data, name)
    choices = _options(np.random.default_rng(0), *X.shape)
    fields = {k: v for option in options if option != "bounds" for k, v in choices[option].items()}
    for l1_ratio in RATIOS:
        instance = Instance(X, y, l1_ratio, **fields)
        alpha = 0.1 * instance.alpha_max()
        if "bounds" in options:
            # bounds that cut: a third of the largest unbounded coefficient, one side each way
            free = fit(instance, alpha).coef_
            reach = np.abs(free) / 3.0
            lower = np.where(np.arange(reach.size) % 3 == 0, 0.0, -reach)
            instance = Instance(X, y, l1_ratio, **fields, lower=lower, upper=reach)
        check(instance, alpha, fit(instance, alpha))


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    """Draw small problems with every option, badly scaled, dependent and constant columns."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, p = draw(st.integers(2, 40)), draw(st.integers(1, 30))
    X = rng.standard_normal((n, p))
    if draw(st.booleans()):
        X = X + draw(st.sampled_from([0.5, 3.0])) * rng.standard_normal((n, 1))
    if draw(st.booleans()):
        X[rng.random((n, p)) < 0.7] = 0.0
    if draw(st.booleans()):
        X *= 10.0 ** rng.integers(-3, 4, p)
    if draw(st.booleans()):
        X += 100.0 * rng.standard_normal(p)
    if p > 1 and draw(st.booleans()):
        X[:, rng.integers(p)] = X[:, rng.integers(p)]
        X[:, rng.integers(p)] = rng.choice([0.0, 1.0, 0.1, -1e3])
    y = X @ (rng.standard_normal(p) * (rng.random(p) < 0.5) / (1e-3 + np.abs(X).max(axis=0)))
    y = y + draw(st.sampled_from([0.0, 0.1, 2.0])) * rng.standard_normal(n) + 5.0
    fields: dict = {"l1_ratio": draw(st.sampled_from([1.0, 0.9, 0.5, 0.01]))}
    fields["fit_intercept"] = draw(st.booleans())
    fields["standardize"] = draw(st.booleans())
    if draw(st.booleans()):
        fields["weight"] = rng.exponential(size=n) * (rng.random(n) < 0.8)
        fields["weight"][rng.integers(n)] = 1.0
    if draw(st.booleans()):
        fields["penalty_factor"] = rng.choice([0.0, 0.1, 1.0, 1.0, 5.0, np.inf], p)
    if draw(st.booleans()):
        size = 1.0 / (1e-3 + np.abs(X).max(axis=0))
        fields["lower"] = -rng.choice([0.0, 0.1, 1.0, np.inf], p) * size
        fields["upper"] = rng.choice([0.0, 0.1, 1.0, np.inf], p) * size
    return Instance(X, y, **fields)


def _is_degenerate(instance: Instance) -> bool:
    """Whether rounding rather than the solver decides: y or the columns hardly vary."""
    unweighted = np.sqrt(np.mean(np.asarray(instance.y) ** 2))
    return instance.largest <= 1e-9 * unweighted * float(np.abs(instance.X).max(initial=0.0))


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(instance=instances(), fraction=st.sampled_from([1.5, 0.5, 0.1, 0.01, 1e-3]))
def test_any_problem_is_solved_or_warned_about(
    route: str, instance: Instance, fraction: float
) -> None:
    penalized = np.any(instance.usable & (instance.factor > 0))
    largest = instance.alpha_max() if penalized else 0.0
    # unpenalized columns that fit y exactly leave rounding noise to the others
    alpha = fraction * (largest if largest > 1e-9 * instance.largest else 1.0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model = fit(instance, alpha)
    if _is_degenerate(instance):
        return
    assert not caught, str(caught[0].message)
    assert instance.worst(alpha, model.coef_, model.intercept_) <= OPTIMAL


def _forms(X: np.ndarray) -> dict:
    """Return the same matrix in every form that is accepted."""
    read_only = X.copy()
    read_only.setflags(write=False)
    wide = np.zeros((X.shape[0], 2 * X.shape[1]))
    wide[:, ::2] = X
    return {
        "C": np.ascontiguousarray(X),
        "F": np.asfortranarray(X),
        "read-only": read_only,
        "strided": wide[:, ::2],
        "csr": sparse.csr_array(X),
        "csc": sparse.csc_array(X),
        "csr_matrix": sparse.csr_matrix(X),
        "coo": sparse.coo_array(X),
    }


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("name", ["hitters", "gasoline_nir"])
def test_every_form_of_the_same_matrix(
    shared_data: Path, route: str, name: str, fit_intercept: bool
) -> None:
    X, y = load_dense(shared_data, name)
    instance = Instance(X, y, 0.9, fit_intercept=fit_intercept)
    alpha = 0.05 * instance.alpha_max()
    expected = fit(instance, alpha)
    for form, same in _forms(X).items():
        before = same.copy()
        model = fit(instance, alpha, same)
        check(instance, alpha, model)
        np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-7, atol=0, err_msg=form)
        different = same != before
        assert not (different.nnz if sparse.issparse(same) else different.any()), form


@pytest.mark.parametrize("name", ["diabetes_quad", "colon_alon", "california_housing"])
def test_float32_is_the_double_solution_rounded(shared_data: Path, name: str) -> None:
    X, y = load_dense(shared_data, name)
    X, y = X.astype(np.float32), y.astype(np.float32)
    instance = Instance(X.astype(float), y.astype(float), 0.9)
    alpha = 0.05 * instance.alpha_max()
    single, double = fit(instance, alpha, X), fit(instance, alpha)
    assert single.coef_.dtype == np.float32
    assert np.asarray(single.intercept_).dtype == np.float32
    check(instance, alpha, double)
    assert single.dual_gap_ <= TIGHT * instance.yy
    np.testing.assert_allclose(single.coef_, double.coef_.astype(np.float32), rtol=1e-6)
    np.testing.assert_allclose(single.intercept_, double.intercept_, rtol=1e-6)


def _check_sparse(folder: Path, name: str, fractions: tuple[float, ...]) -> None:
    X, y = load_sparse(folder, name)
    for l1_ratio in (1.0, 0.5):
        instance = Instance(X, y, l1_ratio)
        for fraction in fractions:
            alpha = fraction * instance.alpha_max()
            for form in (X, X.tocsc()):
                model = fit(instance, alpha, form)
                check(instance, alpha, model)


@pytest.mark.parametrize(
    ("name", "fractions"),
    [("glmnet_sparse_example", FRACTIONS), ("we8there", (0.5, 0.1)), ("a9a", FRACTIONS)],
)
def test_every_sparse_data_set(shared_data: Path, name: str, fractions: tuple[float, ...]) -> None:
    _check_sparse(shared_data, name, fractions)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["we8there", "movie_polarity"])
def test_every_sparse_data_set_far_down(shared_data: Path, name: str) -> None:
    _check_sparse(shared_data, name, (0.5, 0.1, 0.03))


@pytest.mark.parametrize("options", COMBINATIONS, ids="-".join)
def test_every_option_on_sparse_columns(
    shared_data: Path, route: str, options: tuple[str, ...]
) -> None:
    X, y = load_sparse(shared_data, "glmnet_sparse_example")
    choices = _options(np.random.default_rng(1), *X.shape)
    fields = {k: v for option in options if option != "bounds" for k, v in choices[option].items()}
    if "bounds" in options:
        fields |= {"lower": -0.5, "upper": np.linspace(0.0, 0.5, X.shape[1])}
    instance = Instance(X, y, 0.8, **fields)
    alpha = 0.05 * instance.alpha_max()
    check(instance, alpha, fit(instance, alpha))


@pytest.mark.parametrize("name", ["hitters", "energy_efficiency", "tecator", "california_housing"])
def test_moments_in_place_of_rows(shared_data: Path, name: str) -> None:
    """Without rows the gap includes what rounding in the moments can do, so it may exceed tol."""
    X, y = load_dense(shared_data, name)
    weight = np.random.default_rng(0).exponential(size=y.size)
    for fields in ({}, {"weight": weight, "standardize": True}, {"fit_intercept": False}):
        instance = Instance(X, y, 0.5, **fields)
        alpha = 0.1 * instance.alpha_max()
        held = Moments.from_arrays(X, y, instance.weight)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = fit(instance, alpha, held)
        assert instance.worst(alpha, model.coef_, model.intercept_) <= OPTIMAL
        best = fit(instance, alpha)
        lost = instance.objective(alpha, model.coef_, model.intercept_) - instance.objective(
            alpha, best.coef_, best.intercept_
        )
        assert lost <= model.dual_gap_


@pytest.mark.parametrize("tol", [1e-1, 1e-2, 1e-4, 1e-7])
@pytest.mark.parametrize("name", ["diabetes_quad", "communities_crime", "colon_alon", "tecator"])
def test_gap_bounds_the_suboptimality(shared_data: Path, name: str, tol: float) -> None:
    X, y = load_dense(shared_data, name)
    weight = np.random.default_rng(0).exponential(size=y.size)
    bound = {"lower": -np.inf, "upper": 0.5 * y.std() / np.maximum(X.std(axis=0), 1e-300)}
    for l1_ratio in RATIOS:
        for fields in (
            {},
            {"weight": weight, "standardize": True},
            {"fit_intercept": False},
            bound,
        ):
            instance = Instance(X, y, l1_ratio, **fields)
            alpha = 0.03 * instance.alpha_max()
            best, rough = fit(instance, alpha), fit(instance, alpha, tol=tol)
            lost = instance.objective(alpha, rough.coef_, rough.intercept_) - instance.objective(
                alpha, best.coef_, best.intercept_
            )
            assert lost <= rough.dual_gap_ + 1e-13 * instance.yy
            assert rough.dual_gap_ <= tol * instance.yy


def test_gap_bounds_the_suboptimality_with_unpenalized_columns(route: str) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 20)) + 3.0, rng.standard_normal(60)
    X[:, 10:] += X[:, :10]
    y += X @ rng.standard_normal(20)
    factor = np.r_[np.zeros(3), np.ones(15), 0.0, np.inf]
    for l1_ratio in RATIOS:
        instance = Instance(X, y, l1_ratio, penalty_factor=factor)
        alpha = 0.1 * instance.alpha_max()
        best = fit(instance, alpha)
        for tol in (1e-1, 1e-3, 1e-6):
            rough = fit(instance, alpha, tol=tol)
            lost = instance.objective(alpha, rough.coef_, rough.intercept_) - instance.objective(
                alpha, best.coef_, best.intercept_
            )
            assert lost <= rough.dual_gap_ + 1e-13 * instance.yy
            assert rough.dual_gap_ <= tol * instance.yy


def test_duplicated_and_constant_columns(route: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 8)) + 5.0
    X[:, 3], X[:, 5], X[:, 6] = X[:, 1], 0.1, 0.0
    y = X @ np.arange(8.0) + rng.standard_normal(50)
    for l1_ratio in RATIOS:
        instance = Instance(X, y, l1_ratio)
        for fraction in FRACTIONS:
            alpha = fraction * instance.alpha_max()
            model = fit(instance, alpha)
            check(instance, alpha, model)
            assert model.coef_[5] == model.coef_[6] == 0.0
            if l1_ratio < 1:
                assert model.coef_[1] == pytest.approx(model.coef_[3], rel=1e-6)


@pytest.mark.parametrize("standardize", [False, True])
def test_columns_twice(route: str, standardize: bool) -> None:
    """[X, X] with a Lasso fits what X fits; with an Elastic-Net the two halves are equal."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((40, 12)) * np.logspace(-2, 2, 12)
    y = X @ (rng.standard_normal(12) / np.logspace(-2, 2, 12)) + rng.standard_normal(40)
    for l1_ratio in RATIOS:
        twice = Instance(np.hstack([X, X]), y, l1_ratio, standardize=standardize)
        once = Instance(X, y, l1_ratio, standardize=standardize)
        alpha = 0.05 * once.alpha_max()
        model = fit(twice, alpha)
        check(twice, alpha, model)
        if l1_ratio == 1:
            expected = fit(once, alpha)
            np.testing.assert_allclose(
                model.predict(twice.X), expected.predict(X), rtol=1e-6, atol=1e-6
            )
        else:
            np.testing.assert_allclose(model.coef_[:12], model.coef_[12:], rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("target", [0.0, 3.0, 0.1, -1e6])
def test_constant_target(route: str, target: float) -> None:
    X = np.random.default_rng(0).standard_normal((20, 5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = ElasticNet(0.1).fit(X, np.full(20, target))
    np.testing.assert_array_equal(model.coef_, 0.0)
    assert model.intercept_ == pytest.approx(target, rel=1e-15)
    assert model.dual_gap_ == pytest.approx(0.0, abs=1e-15 * target**2)


@pytest.mark.parametrize("shape", [(2, 1), (2, 5), (30, 1), (3, 40), (20, 600)])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_small_and_wide_shapes(route: str, shape: tuple[int, int], fit_intercept: bool) -> None:
    rng = np.random.default_rng(sum(shape))
    X, y = rng.standard_normal(shape) + 1.0, rng.standard_normal(shape[0]) + 1.0
    for l1_ratio in RATIOS:
        instance = Instance(X, y, l1_ratio, fit_intercept=fit_intercept)
        for fraction in (1.0, *FRACTIONS):
            alpha = fraction * instance.alpha_max()
            model = fit(instance, alpha)
            check(instance, alpha, model)
            if fraction == 1.0:
                assert np.abs(model.coef_).max() <= 1e-12


def test_one_feature_in_closed_form(route: str) -> None:
    rng = np.random.default_rng(0)
    x, y, w = rng.standard_normal(30) + 2.0, rng.standard_normal(30) + 3.0, rng.exponential(size=30)
    y += x
    share = w / w.sum()
    cx, cy = x - share @ x, y - share @ y
    for alpha, rho in ((0.3, 1.0), (0.3, 0.5), (5.0, 1.0)):
        slope = max(share @ (cx * cy) - alpha * rho, 0.0) / (share @ cx**2 + alpha * (1 - rho))
        model = ElasticNet(alpha, l1_ratio=rho, tol=TIGHT).fit(x[:, None], y, w)
        assert model.coef_[0] == pytest.approx(slope, rel=1e-12)
        assert model.intercept_ == pytest.approx(share @ y - slope * (share @ x), rel=1e-12)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n", [60, 12])
def test_alpha_zero_is_least_squares(route: str, n: int, fit_intercept: bool) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 15)) @ rng.standard_normal((15, 15)) + 2.0
    y = X @ rng.standard_normal(15) + rng.standard_normal(n)
    instance = Instance(X, y, fit_intercept=fit_intercept)
    with pytest.warns(UserWarning, match="With alpha=0"):
        model = Lasso(0.0, fit_intercept=fit_intercept, max_iter=20_000).fit(X, y)
    assert instance.worst(0.0, model.coef_, model.intercept_) <= OPTIMAL
    if n > 15:
        exact = sk.LinearRegression(fit_intercept=fit_intercept).fit(X, y)
        np.testing.assert_allclose(model.coef_, exact.coef_, rtol=1e-8)


def test_several_targets_are_independent_fits() -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((50, 10)), rng.standard_normal((50, 3)) * [1.0, 100.0, 0.01]
    model = ElasticNet(0.05, tol=TIGHT).fit(X, Y)
    for t in range(3):
        alone = ElasticNet(0.05, tol=TIGHT).fit(X, Y[:, t])
        np.testing.assert_allclose(model.coef_[t], alone.coef_, rtol=1e-12, atol=1e-15)
        assert model.intercept_[t] == pytest.approx(alone.intercept_, rel=1e-10)


def test_tolerance_zero_stops_at_rounding_without_a_warning(route: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 20)) + 10.0
    instance = Instance(X, X @ rng.standard_normal(20) + rng.standard_normal(80), 0.7)
    alpha = 0.02 * instance.alpha_max()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fit(instance, alpha, tol=0.0)
    check(instance, alpha, model, 1e-13)


def test_too_few_iterations_warn_once_and_say_where(route: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 30)) + 5.0 * rng.standard_normal((50, 1))
    y = X @ rng.standard_normal(30)
    with pytest.warns(ConvergenceWarning, match="Objective did not converge") as caught:
        model = Lasso(1e-4, max_iter=1, tol=1e-10).fit(X, y)
    assert len(caught) == 1
    assert "alpha=0.0001" in str(caught[0].message)
    instance = Instance(X, y)
    best = fit(instance, 1e-4)
    lost = instance.objective(1e-4, model.coef_, model.intercept_) - instance.objective(
        1e-4, best.coef_, best.intercept_
    )
    assert 0 < lost <= model.dual_gap_


@pytest.mark.parametrize("name", ["hitters", "diabetes_quad", "colon_alon", "tecator"])
def test_every_point_of_a_path(shared_data: Path, name: str) -> None:
    X, y = load_dense(shared_data, name)
    for l1_ratio in (1.0, 0.5):
        instance = Instance(X, y, l1_ratio)
        path = fastreg.regularization_path(X, y, l1_ratio=l1_ratio, alphas=30, eps=1e-2, tol=TIGHT)
        assert path.alphas[0] == pytest.approx(instance.alpha_max(), rel=1e-12)
        for k, alpha in enumerate(path.alphas):
            coef = path.coefs[[k]].toarray()[0]
            assert instance.worst(alpha, coef, path.intercepts[k]) <= OPTIMAL
            assert path.dual_gaps[k] <= 1e-11 * instance.yy


def test_warm_start_of_a_solution_takes_no_iterations(route: str) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 20)), rng.standard_normal(50)
    model = Lasso(0.05, warm_start=True, tol=1e-6).fit(X, y)
    assert model.n_iter_ > 0
    coef = model.coef_.copy()
    model.fit(X, y)
    assert model.n_iter_ == 0
    np.testing.assert_array_equal(model.coef_, coef)
