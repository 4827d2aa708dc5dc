"""The multi-task problem: scikit-learn, optimality by independent code, laws, both routes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn import linear_model as sk
from sklearn.base import clone
from sklearn.datasets import make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, TimeSeriesSplit

from fastreg import (
    ElasticNet,
    Moments,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    enet_path,
    lasso_path,
)
from fastreg.engine.multitask_newton import newton_step
from fastreg.kernels.multitask import RowDescent, Status, certify_rows

TIGHT = {"tol": 1e-13, "max_iter": 100_000}


def problem(
    n: int = 70, p: int = 30, n_targets: int = 4, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Correlated, uncentred columns, of which five matter for every target."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    X[:, 1:] += 0.7 * X[:, :-1]
    X += rng.uniform(-2, 2, p)
    coef = np.zeros((p, n_targets))
    coef[:: max(1, p // 5)] = rng.standard_normal((len(coef[:: max(1, p // 5)]), n_targets))
    return X, X @ coef + rng.standard_normal((n, n_targets)) + rng.uniform(-5, 5, n_targets)


def weights(n: int, seed: int = 1) -> np.ndarray:
    w = np.random.default_rng(seed).uniform(0.1, 3, n)
    w[::7] = 0.0
    return w


def violation(model: Any, X: Any, Y: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Return the largest violation of the optimality conditions relative to the largest ‖x_jᵀY‖."""
    X = X.toarray() if sparse.issparse(X) else np.asarray(X)
    X, Y = X.astype(np.longdouble), Y.astype(np.longdouble)
    w = np.ones(len(X)) if weight is None else weight
    w = w / w.sum()
    r = Y - X @ model.coef_.T - model.intercept_
    if model.fit_intercept:
        X = X - w @ X
        assert np.abs(w @ r).max() <= 1e-12 * np.abs(Y).max()
    l1, l2 = model.alpha * model.l1_ratio, model.alpha * (1 - model.l1_ratio)
    slope = X.T @ (w[:, None] * r) - l2 * model.coef_.T
    norm = np.linalg.norm(model.coef_.T.astype(float), axis=1)
    used = norm > 0
    inside = np.linalg.norm(slope[~used].astype(float), axis=1) - l1
    outside = slope[used] - l1 * model.coef_.T[used] / norm[used, None]
    worst = max(np.max(inside, initial=0.0), np.abs(outside).max(initial=0.0))
    return float(worst / np.linalg.norm((X.T @ (w[:, None] * Y)).astype(float), axis=1).max())


def test_vectors_are_judged():
    X, Y = problem()
    model = MultiTaskLasso(0.2, **TIGHT).fit(X, Y)
    model.coef_ = model.coef_ * 1.001
    model.intercept_ = Y.mean(axis=0) - model.coef_ @ X.mean(axis=0)
    assert violation(model, X, Y) > 1e-5


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize(
    "kind", [np.asarray, np.asfortranarray, sparse.csc_array, sparse.csr_array]
)
def test_agrees_with_scikit_learn(kind, fit_intercept, weighted, l1_ratio, route):
    X, Y = problem()
    w = weights(len(X)) if weighted else None
    options = {"alpha": 0.2, "l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
    reference = sk.MultiTaskElasticNet(tol=1e-12, max_iter=100_000, **options)
    reference.fit(kind(X), Y, sample_weight=w)
    model = MultiTaskElasticNet(**options, **TIGHT).fit(kind(X), Y, sample_weight=w)
    assert model.coef_.shape == reference.coef_.shape
    np.testing.assert_allclose(model.coef_, reference.coef_, atol=1e-5)
    np.testing.assert_allclose(model.intercept_, reference.intercept_, atol=1e-5)
    np.testing.assert_allclose(model.predict(X), reference.predict(X), atol=1e-4)
    assert violation(model, X, Y, w) <= 1e-8
    assert 0 <= model.dual_gap_ <= 1e-13 * Y.var(axis=0).sum() * 100


@pytest.mark.parametrize("alpha", [1e-3, 0.05, 0.5, 1e3])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.1])
@pytest.mark.parametrize("shape", [(70, 30), (30, 90), (200, 5)])
def test_is_optimal(shape, l1_ratio, alpha, route):
    X, Y = problem(*shape)
    model = MultiTaskElasticNet(alpha, l1_ratio=l1_ratio, tol=1e-12, max_iter=100_000).fit(X, Y)
    assert violation(model, X, Y) <= 1e-8
    assert type(model.dual_gap_) is float  # as of scikit-learn
    assert model.optimality_violation_ <= 1e-8 * np.abs(Y).max() * np.abs(X).max()


def test_gap_bounds_the_distance_from_the_minimum():
    X, Y = problem()

    def objective(model: MultiTaskLasso) -> float:
        loss = np.sum((Y - model.predict(X)) ** 2) / (2 * len(X))
        return loss + model.alpha * np.linalg.norm(model.coef_, axis=0).sum()

    best = objective(MultiTaskLasso(0.1, **TIGHT).fit(X, Y))
    for tol in (1e-1, 1e-2, 1e-3, 1e-5):
        model = MultiTaskLasso(0.1, tol=tol).fit(X, Y)
        assert objective(model) - best <= model.dual_gap_ * (1 + 1e-9)
        assert model.dual_gap_ <= tol * Y.var(axis=0).sum()
    reference = sk.MultiTaskLasso(0.1, tol=1e-3).fit(X, Y)
    assert MultiTaskLasso(0.1, tol=1e-3).fit(X, Y).eps_ == pytest.approx(reference.eps_)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
def test_one_target_is_the_elastic_net(l1_ratio, route):
    X, Y = problem()
    joint = MultiTaskElasticNet(0.1, l1_ratio=l1_ratio, **TIGHT).fit(X, Y[:, :1])
    single = ElasticNet(0.1, l1_ratio=l1_ratio, **TIGHT).fit(X, Y[:, 0])
    assert joint.coef_.shape == (1, X.shape[1])
    np.testing.assert_allclose(joint.coef_[0], single.coef_, atol=1e-9)
    np.testing.assert_allclose(joint.intercept_, [single.intercept_], atol=1e-9)


def test_rotated_targets_rotate_the_coefficients(route):
    X, Y = problem()
    rotation = np.linalg.qr(np.random.default_rng(3).standard_normal((4, 4)))[0]
    plain = MultiTaskLasso(0.1, **TIGHT).fit(X, Y)
    turned = MultiTaskLasso(0.1, **TIGHT).fit(X, Y @ rotation.T)
    np.testing.assert_allclose(turned.coef_, rotation @ plain.coef_, atol=1e-9)
    np.testing.assert_allclose(turned.intercept_, rotation @ plain.intercept_, atol=1e-9)


def test_doubled_weights_are_repeated_rows(route):
    X, Y = problem()
    twice = np.arange(len(X)) % 3 == 0
    doubled = MultiTaskLasso(0.1, **TIGHT).fit(X, Y, sample_weight=1.0 + twice)
    repeated = MultiTaskLasso(0.1, **TIGHT).fit(np.vstack([X, X[twice]]), np.vstack([Y, Y[twice]]))
    np.testing.assert_allclose(doubled.coef_, repeated.coef_, atol=1e-9)
    np.testing.assert_allclose(doubled.intercept_, repeated.intercept_, atol=1e-9)


def test_nothing_couples_the_targets_without_the_norm():
    X, Y = problem()
    least = MultiTaskLasso(0.0).fit(X, Y)
    np.testing.assert_allclose(least.coef_, sk.LinearRegression().fit(X, Y).coef_, atol=1e-9)
    ridge = MultiTaskElasticNet(0.3, l1_ratio=0.0).fit(X, Y)
    reference = sk.Ridge(0.3 * len(X)).fit(X, Y)
    np.testing.assert_allclose(ridge.coef_, reference.coef_, atol=1e-10)
    assert violation(ridge, X, Y) <= 1e-12


@pytest.mark.parametrize("shape", [(70, 30), (40, 120)])
def test_both_routes_agree(shape, monkeypatch):
    X, Y = problem(*shape)
    found = []
    for held in (True, False):
        monkeypatch.setattr("fastreg.engine.holds_moments", lambda *_, held=held: held)
        found.append(MultiTaskLassoCV(cv=4, alphas=30, tol=1e-11, max_iter=100_000).fit(X, Y))
    moments, working = found
    np.testing.assert_allclose(moments.mse_path_, working.mse_path_, rtol=1e-5)
    np.testing.assert_allclose(moments.train_mse_path_, working.train_mse_path_, rtol=1e-5)
    np.testing.assert_allclose(moments.coef_, working.coef_, atol=1e-7)
    assert moments.alpha_ == working.alpha_


@pytest.mark.parametrize("cv", [3, KFold(4, shuffle=True, random_state=0), TimeSeriesSplit(3)])
def test_cross_validation_is_fits_fold_by_fold(cv, route):
    X, Y = problem()
    w = weights(len(X))
    model = MultiTaskElasticNetCV(l1_ratio=[0.4, 1.0], alphas=5, eps=0.05, cv=cv, **TIGHT)
    model.fit(X, Y, sample_weight=w)
    splits = KFold(cv).split(X) if isinstance(cv, int) else cv.split(X)
    for k, (train, test) in enumerate(splits):
        for i, ratio in enumerate([0.4, 1.0]):
            for j in (0, 2, 4):
                single = MultiTaskElasticNet(model.alphas_[i, j], l1_ratio=ratio, **TIGHT)
                single.fit(X[train], Y[train], sample_weight=w[train])
                miss = (Y[test] - single.predict(X[test])) ** 2
                expected = np.average(miss.mean(axis=1), weights=w[test])
                assert model.mse_path_[i, j, k] == pytest.approx(expected, rel=1e-8)
    best = MultiTaskElasticNet(model.alpha_, l1_ratio=model.l1_ratio_, **TIGHT)
    np.testing.assert_allclose(model.coef_, best.fit(X, Y, sample_weight=w).coef_, atol=1e-8)
    np.testing.assert_allclose(model.cv_mean_, model.mse_path_.mean(axis=-1))


def test_cross_validation_agrees_with_scikit_learn():
    X, Y = problem()
    w = weights(len(X))
    options = {"cv": 3, "alphas": 15, "eps": 0.01, "tol": 1e-9, "max_iter": 100_000}
    for kind in (np.asarray, sparse.csr_array):
        reference = sk.MultiTaskLassoCV(**options).fit(kind(X), Y, w)
        model = MultiTaskLassoCV(**options).fit(kind(X), Y, w)
        np.testing.assert_allclose(model.alphas_, reference.alphas_)
        np.testing.assert_allclose(model.mse_path_, reference.mse_path_, rtol=1e-5)
        assert model.alpha_ == pytest.approx(reference.alpha_)
        np.testing.assert_allclose(model.coef_, reference.coef_, atol=1e-4)
    options["l1_ratio"] = [0.2, 0.9]
    reference = sk.MultiTaskElasticNetCV(**options).fit(X, Y)
    model = MultiTaskElasticNetCV(**options).fit(X, Y)
    assert model.alphas_.shape == reference.alphas_.shape == (2, 15)
    assert model.mse_path_.shape == reference.mse_path_.shape == (2, 15, 3)
    np.testing.assert_allclose(model.mse_path_, reference.mse_path_, rtol=1e-5)
    assert model.l1_ratio_ == reference.l1_ratio_


def test_the_rule_of_one_standard_error_prefers_a_larger_penalty():
    X, Y = problem()
    rule = MultiTaskLassoCV(cv=5, selection_rule="1se").fit(X, Y)
    assert rule.alpha_ > MultiTaskLassoCV(cv=5).fit(X, Y).alpha_


def test_splitters_and_threads():
    X, Y = problem()
    groups = np.arange(len(X)) % 6
    by_group = list(GroupKFold(3).split(X, Y, groups))
    for cv in (by_group, ShuffleSplit(3, random_state=0)):
        one = MultiTaskLassoCV(cv=cv, alphas=10).fit(X, Y)
        two = MultiTaskLassoCV(cv=cv, alphas=10, n_jobs=2).fit(X, Y)
        assert one.mse_path_.shape == (10, 3)
        assert one.mse_path_.tobytes() == two.mse_path_.tobytes()
        assert one.coef_.tobytes() == two.coef_.tobytes()


@pytest.mark.parametrize("path", [enet_path, lasso_path])
def test_paths_have_the_shapes_of_scikit_learn(path, route):
    X, Y = problem()
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    reference = getattr(sk, path.__name__)(X, Y, alphas=7, return_n_iter=True, tol=1e-11)
    found = path(X, Y, alphas=7, return_n_iter=True, tol=1e-11, max_iter=100_000)
    for ours, theirs in zip(found[:3], reference[:3], strict=True):
        assert ours.shape == theirs.shape
    np.testing.assert_allclose(found[0], reference[0])
    np.testing.assert_allclose(found[1], reference[1], atol=1e-4)
    assert len(found[3]) == 7
    assert path(X, Y[:, :1], alphas=7)[1].shape == (1, X.shape[1], 7)
    warm = path(X, Y, alphas=found[0][-1:], coef_init=found[1][..., -1], return_n_iter=True)
    assert warm[3] == [0]


def test_paths_refuse():
    X, Y = problem()
    with pytest.raises(ValueError, match="positive=True is not allowed for multi-output"):
        lasso_path(X, Y, positive=True)
    with pytest.raises(ValueError, match=r"coef_init must have shape \(4, 30\)"):
        enet_path(X, Y, coef_init=np.zeros((30, 4)))
    with pytest.raises(ValueError, match="not supported for l1_ratio=0"):
        enet_path(X, Y, l1_ratio=0.0)


def test_warm_start():
    X, Y = problem()
    model = MultiTaskLasso(0.05, warm_start=True, tol=1e-10).fit(X, Y)
    assert model.n_iter_ > 0
    assert model.fit(X, Y).n_iter_ == 0
    model.coef_ = np.zeros((2, 3))  # of other data
    assert model.fit(X, Y).n_iter_ > 0


def test_random_selection():
    X, Y = problem()
    cyclic = MultiTaskLasso(0.05, **TIGHT).fit(X, Y)
    first, second = (
        MultiTaskLasso(0.05, selection="random", random_state=1, **TIGHT).fit(X, Y)
        for _ in range(2)
    )
    np.testing.assert_allclose(first.coef_, cyclic.coef_, atol=1e-9)
    assert first.coef_.tobytes() == second.coef_.tobytes()


@pytest.mark.parametrize("seed", range(10))
def test_few_rows_drawn_at_random_are_not_taken_for_all(seed):
    """An epoch of two draws often draws the feature twice that is at rest already."""
    X, Y = problem(n=28, p=2, n_targets=2, seed=seed)
    model = MultiTaskLasso(0.05, selection="random", random_state=seed, **TIGHT)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model.fit(X, Y)
    assert violation(model, X, Y) < 1e-11


def test_constant_target_and_column(route):
    X, Y = problem()
    X[:, 3], Y[:, 1] = 5.0, 2.0
    model = MultiTaskLasso(0.1, **TIGHT).fit(X, Y)
    assert not model.coef_[:, 3].any()
    assert not model.coef_[1].any()
    np.testing.assert_array_equal(model.predict(X)[:, 1], 2.0)
    others = MultiTaskLasso(0.1, **TIGHT).fit(X, Y[:, [0, 2, 3]])
    np.testing.assert_allclose(model.coef_[[0, 2, 3]], others.coef_, atol=1e-9)
    nothing = MultiTaskLassoCV(cv=3, alphas=4).fit(X, np.full((len(X), 2), 3.0))
    np.testing.assert_array_equal(nothing.alphas_, np.finfo(float).resolution)
    np.testing.assert_array_equal(nothing.predict(X), 3.0)


def test_collinear_columns(route):
    X, Y = problem()
    X = np.column_stack([X, X[:, :10], 2 * X[:, 0] - X[:, 1]])
    model = MultiTaskLasso(0.05, tol=1e-11, max_iter=100_000).fit(X, Y)
    assert violation(model, X, Y) <= 1e-7
    split = MultiTaskElasticNet(0.05, l1_ratio=0.5, **TIGHT).fit(X, Y)
    np.testing.assert_allclose(split.coef_[:, 0:10], split.coef_[:, 30:40], atol=0.2)


def test_alpha_max_is_where_the_first_row_enters():
    X, Y = problem()
    top = MultiTaskLassoCV(cv=3).fit(X, Y).alphas_[0]
    assert not MultiTaskLasso(top * (1 + 1e-9)).fit(X, Y).coef_.any()
    assert np.any(MultiTaskLasso(top * (1 - 1e-3), tol=1e-12).fit(X, Y).coef_)


def test_float32_keeps_its_type():
    X, Y = problem()
    model = MultiTaskLasso(0.1).fit(X.astype(np.float32), Y.astype(np.float32))
    assert model.coef_.dtype == model.predict(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(model.coef_, MultiTaskLasso(0.1).fit(X, Y).coef_, atol=1e-3)


def test_moments_as_input():
    X, Y = problem()
    held = MultiTaskLasso(0.1, **TIGHT).fit(Moments.from_arrays(X, Y))
    np.testing.assert_allclose(held.coef_, MultiTaskLasso(0.1, **TIGHT).fit(X, Y).coef_, atol=1e-9)


def test_one_warning_when_it_does_not_converge():
    X, Y = problem(40, 120)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = MultiTaskLasso(1e-3, max_iter=2, tol=1e-10).fit(X, Y)
    assert [w.category for w in caught] == [ConvergenceWarning]
    assert str(caught[0].message).startswith("Objective did not converge.")
    assert model.dual_gap_ > 0


ONE_TARGET: list[tuple[Callable, str]] = [
    (MultiTaskLasso, "Lasso"),
    (MultiTaskElasticNet, "ElasticNet"),
    (MultiTaskLassoCV, "LassoCV"),
    (MultiTaskElasticNetCV, "ElasticNetCV"),
]


@pytest.mark.parametrize(("kind", "other"), ONE_TARGET)
def test_refuses_bad_input_and_stays_as_it_was(kind, other):
    X, Y = problem()
    model = kind()
    with pytest.raises(ValueError, match=f"^For mono-task outputs, use {other}$"):
        model.fit(X, Y[:, 0])
    holed = X.copy()
    holed[3, 5] = np.nan
    with pytest.raises(ValueError, match="column 5"):
        model.fit(holed, Y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, Y[:-1])
    with pytest.raises(ValueError, match="Negative"):
        model.fit(X, Y, sample_weight=-np.ones(len(X)))
    assert not [name for name in vars(model) if name.endswith("_")]
    assert "positive" not in model.get_params()
    assert "precompute" not in model.get_params()


@pytest.mark.parametrize("kind", [kind for kind, _ in ONE_TARGET])
def test_cloning(kind):
    X, Y = problem()
    model = kind(tol=1e-3).fit(X, Y)
    again = clone(model).fit(X, Y)
    assert again.get_params() == model.get_params()
    assert again.coef_.tobytes() == model.coef_.tobytes()
    assert model.score(X, Y) > 0


def kernel(budget: float, seed: int = 0) -> RowDescent:
    """Return the kernel after a path on its own, without an engine."""
    X, Y = problem(60, 12)
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    gram, corr = X.T @ X / 60, X.T @ Y / 60
    alphas, yy = np.array([0.5, 0.1, 0.01]), float(np.sum(Y**2) / 60)
    run = RowDescent(
        gram, corr.copy(), gram.diagonal().copy(), yy, np.zeros((12, 4)), alphas,
        np.arange(12), 0.8, 0.2, np.empty((3, 12, 4)), yy, 1e-12, 1e-9, 1000, seed,
    )  # fmt: skip
    while run.run(budget) != Status.DONE:
        continue
    corrs = np.stack([corr - gram @ coef for coef in run.coefs])
    rr = np.array([np.sum((Y - X @ coef) ** 2) / 60 for coef in run.coefs])
    root = np.sqrt(gram.diagonal())
    gaps, *_ = certify_rows(run.coefs, corrs, rr, alphas, np.arange(12), root, 0.8, 0.2, yy)
    assert gaps.max() <= 2e-12
    assert gaps.min() >= 0
    return run


@pytest.mark.parametrize("seed", [0, 7])
def test_kernel_pauses_without_a_trace(seed):
    whole, in_pieces = kernel(np.inf, seed), kernel(1.0, seed)
    assert whole.converged.all()
    np.testing.assert_allclose(whole.coefs, in_pieces.coefs, atol=1e-8)


def test_kernel_refuses_arrays_that_do_not_fit():
    with pytest.raises(ValueError, match="do not fit"):
        RowDescent(
            np.eye(3), np.zeros((3, 2)), np.ones(3), 1.0, np.zeros((3, 3)), np.ones(1),
            np.arange(3), 1.0, 0.0, np.empty((1, 3, 3)), 1.0, 0.0, 0.0, 1,
        )  # fmt: skip


def test_wide_problem_takes_a_few_passes():
    X, Y = make_regression(60, 3000, n_informative=8, n_targets=3, noise=1.0, random_state=0)
    found = lasso_path(X, Y, alphas=20, eps=0.05)
    assert found[1].shape == (3, 3000, 20)
    model = MultiTaskLasso(found[0][10], **TIGHT).fit(X, Y)
    assert violation(model, X, Y) <= 1e-8


def test_a_path_down_to_zero(route):
    X, Y = problem()
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    _, coefs, gaps = enet_path(X, Y, alphas=[0.3, 0.01, 0.0], tol=1e-12, max_iter=100_000)
    least = np.linalg.lstsq(X, Y, rcond=None)[0].T
    np.testing.assert_allclose(coefs[..., -1], least, atol=1e-6)
    assert gaps.max() <= 1e-10


def test_columns_far_from_zero(route):
    X, Y = problem()
    near = MultiTaskLasso(0.1, **TIGHT).fit(X, Y)
    far = MultiTaskLasso(0.1, **TIGHT).fit(X + 1e6, Y - 1e6)
    np.testing.assert_allclose(far.coef_, near.coef_, atol=1e-7)


def test_a_newton_step_solves_with_the_hessian():
    rng = np.random.default_rng(0)
    k, n_targets, l1, l2 = 6, 3, 0.3, 0.1
    root = rng.standard_normal((40, k))
    gram, coef = root.T @ root / 40, 3.0 + rng.standard_normal((k, n_targets))
    corr = 0.01 * rng.standard_normal((k, n_targets))
    norm = np.linalg.norm(coef, axis=1)
    hessian = np.kron(gram + l2 * np.eye(k), np.eye(n_targets))
    for j in range(k):
        u = coef[j] / norm[j]
        part = slice(j * n_targets, (j + 1) * n_targets)
        hessian[part, part] += l1 / norm[j] * (np.eye(n_targets) - np.outer(u, u))
    slope = corr - l2 * coef - l1 * coef / norm[:, None]
    exact = np.linalg.solve(hessian, slope.ravel()).reshape(k, n_targets)
    np.testing.assert_allclose(newton_step(gram, corr, coef, l1, l2), exact, atol=1e-8)


def test_correlated_columns_do_not_need_thousands_of_sweeps():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 120))
    for j in range(1, 120):
        X[:, j] = 0.99 * X[:, j - 1] + 0.14 * X[:, j]
    Y = X[:, ::30] @ rng.standard_normal((4, 3)) + rng.standard_normal((80, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        _, _, gaps = lasso_path(X, Y, alphas=30, tol=1e-9, max_iter=200)
    assert gaps.max() <= 1e-9 * (Y**2).mean(axis=0).sum()


def test_no_penalty_at_all(route: str) -> None:
    """Alpha = 0 couples nothing: least squares target by target, on either route."""
    X, y = problem()
    _, coefs, gaps = lasso_path(X - X.mean(axis=0), y - y.mean(axis=0), alphas=[0.0])
    z = X - X.mean(axis=0)
    np.testing.assert_allclose(coefs[..., 0].T, np.linalg.lstsq(z, y, rcond=None)[0], rtol=1e-6)
    assert coefs.shape == (4, 30, 1)
    assert gaps.shape == (1,)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # alpha=0
        model = MultiTaskLassoCV(alphas=[0.5, 0.0], cv=3).fit(X, y)
    assert model.coef_.shape == (4, 30)
