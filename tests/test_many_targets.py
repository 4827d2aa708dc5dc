"""Ridge of many targets at once: each is what it is alone, whatever the others are."""

import tracemalloc
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.linalg import LinAlgWarning

from fastreg import Moments, Ridge, RidgeCV, ridge_path
from fastreg.engine import leave_one_out, ridge

SHAPES = {"tall": (60, 8), "wide": (20, 35), "square": (12, 12)}
KINDS = {"dense": np.array, "fortran": np.asfortranarray, "csr": sparse.csr_array}
ALPHAS = np.array([0.05, 1.0, 30.0])
N_TARGETS = 12  # more than are factored one α at a time

every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
every_kind = pytest.mark.parametrize("kind", KINDS)
with_weights = pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
with_intercept = pytest.mark.parametrize("fit_intercept", [True, False], ids=["centred", "origin"])


def make_data(shape, weighted=False, seed=0, n_targets=N_TARGETS):
    """Targets on scales from 1e-3 to 1e3, two of them constant."""
    rng = np.random.default_rng(seed)
    n, p = shape
    X = (rng.standard_normal((n, p)) + 0.5) * (rng.random((n, p)) < 0.8)
    y = X @ rng.standard_normal((p, n_targets)) + rng.standard_normal((n, n_targets)) + 2.0
    y *= np.geomspace(1e-3, 1e3, n_targets)
    y[:, [1, n_targets - 2]] = 0.1, -7.0
    weight = rng.uniform(0.2, 3.0, n) if weighted else None
    if weighted:
        weight[3] = 0.0
    return X, y, weight


def assert_same(together, alone, rtol=1e-12):
    """Compare fitted numbers to rounding of each target's largest."""
    together, alone = np.asarray(together), np.asarray(alone)
    for ours, theirs in zip(together, alone, strict=True):
        assert_allclose(ours, theirs, rtol=rtol, atol=rtol * np.abs(theirs).max(initial=0.0))


@every_shape
@every_kind
@with_weights
@with_intercept
@pytest.mark.parametrize("alpha", [0.7, np.geomspace(1e-2, 1e2, N_TARGETS)], ids=["one", "each"])
def test_every_target_is_what_it_is_alone(shape, kind, weighted, fit_intercept, alpha):
    X, y, weight = make_data(shape, weighted)
    X = KINDS[kind](X)
    many = Ridge(alpha, fit_intercept=fit_intercept).fit(X, y, weight)
    few = [
        Ridge(a, fit_intercept=fit_intercept).fit(X, y[:, t], weight)
        for t, a in enumerate(np.broadcast_to(alpha, N_TARGETS))
    ]
    assert_same(many.coef_, [model.coef_ for model in few])
    if fit_intercept:
        assert_same(many.intercept_[:, None], [[model.intercept_] for model in few], 1e-11)
        assert_array_equal(many.coef_[[1, -2]], 0.0)
    # gaps and violations of an exact solution are rounding, of each target's own size
    size = y.var(axis=0) + y.mean(axis=0) ** 2
    assert np.all(many.dual_gap_ <= 1e-20 * size + [2 * model.dual_gap_ for model in few])
    assert np.all(many.optimality_violation_ <= 1e-12 * np.sqrt(size) * 10)


@every_shape
@with_weights
def test_certificates_are_those_of_the_true_residual(shape, weighted):
    X, y, weight = make_data(shape, weighted, 1)
    w = np.ones(len(y)) if weight is None else weight
    alpha = np.geomspace(0.1, 10.0, N_TARGETS)
    model = Ridge(alpha).fit(X, y, weight)
    residual = y - model.predict(X)
    gradient = (X * w[:, None]).T @ residual - model.coef_.T * alpha
    assert_allclose(w @ residual, 0.0, atol=1e-9 * np.abs(y).max())
    bound = 1e-11 * w.sum() * (np.abs(y).max(axis=0) + 1e-300)
    assert np.all(np.abs(gradient).max(axis=0) <= bound)
    assert np.all(model.optimality_violation_ * w.sum() <= bound)


@every_shape
@every_kind
def test_permuted_targets_permute_the_results(shape, kind):
    X, y, _ = make_data(shape, seed=2)
    X, order = KINDS[kind](X), np.random.default_rng(0).permutation(N_TARGETS)
    alpha = np.geomspace(1e-2, 1e2, N_TARGETS)
    model, other = Ridge(alpha).fit(X, y), Ridge(alpha[order]).fit(X, y[:, order])
    assert_same(other.coef_, model.coef_[order])
    assert_allclose(other.intercept_, model.intercept_[order], rtol=1e-11)
    model = RidgeCV(ALPHAS, alpha_per_target=True).fit(X, y)
    other = RidgeCV(ALPHAS, alpha_per_target=True).fit(X, y[:, order])
    assert_array_equal(other.alpha_, model.alpha_[order])
    assert_allclose(other.best_score_, model.best_score_[order], rtol=1e-11)


@pytest.mark.parametrize("shape", [(60, 8), (20, 35)], ids=["tall", "wide"])
def test_an_ill_conditioned_target_is_no_other_targets_affair(shape):
    X, y, _ = make_data(shape, seed=3)
    X[:, 1] = X[:, 0] * (1.0 + 1e-9 * np.random.default_rng(0).standard_normal(len(X)))
    alpha = np.where(np.arange(N_TARGETS) % 3 == 0, 0.0, 1.0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        many = Ridge(alpha).fit(X, y)
    ill = shape[0] > shape[1]  # in the space of the rows dependent columns do no harm
    assert any(issubclass(w.category, LinAlgWarning) for w in caught) == ill
    for t in range(N_TARGETS):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore" if alpha[t] == 0 else "error")
            alone = Ridge(alpha[t]).fit(X, y[:, t])
        # without a penalty nearly dependent columns amplify rounding by their condition number
        assert_same([many.coef_[t]], [alone.coef_], 1e-5 if alpha[t] == 0 else 1e-12)
        assert many.dual_gap_[t] <= 1e-12 * y[:, t].var() + 2 * alone.dual_gap_


@every_shape
@every_kind
@with_weights
@with_intercept
def test_leave_one_out_of_every_target(shape, kind, weighted, fit_intercept):
    X, y, weight = make_data(shape, weighted, 4)
    X = KINDS[kind](X)
    options = {"alphas": ALPHAS, "fit_intercept": fit_intercept, "store_cv_results": True}
    many = RidgeCV(alpha_per_target=True, **options).fit(X, y, weight)
    for t in range(N_TARGETS):
        alone = RidgeCV(**options).fit(X, y[:, t], weight)
        rounding = 1e-28 * np.mean(y[:, t] ** 2)  # squares of it, of a constant target
        size = 1e-11 * np.abs(alone.cv_results_).max() + rounding
        found = many.cv_results_[:, t]
        assert_allclose(found, alone.cv_results_, rtol=1e-9, atol=size)
        assert many.best_score_[t] == pytest.approx(alone.best_score_, rel=1e-10, abs=rounding)
        assert_same([many.coef_[t]], [Ridge(many.alpha_[t], fit_intercept=fit_intercept).fit(
            X, y[:, t], weight).coef_])  # fmt: skip


@every_shape
@every_kind
@with_weights
def test_fold_errors_are_the_means_of_every_targets(shape, kind, weighted):
    X, y, weight = make_data(shape, weighted, 5)
    X, y = KINDS[kind](X), np.delete(y, [1, N_TARGETS - 2], axis=1)
    many = RidgeCV(ALPHAS, cv=4).fit(X, y, weight)
    few = [RidgeCV(ALPHAS, cv=4).fit(X, target, weight) for target in y.T]
    assert_allclose(many.mse_path_, np.mean([m.mse_path_ for m in few], axis=0), rtol=1e-10)
    alone = Ridge(many.alpha_).fit(X, y, weight)
    assert_same(many.coef_, alone.coef_)


@every_shape
@every_kind
@with_weights
def test_blocks_of_targets_change_nothing(shape, kind, weighted, monkeypatch):
    X, y, weight = make_data(shape, weighted, 6, n_targets=50)
    X, alpha = KINDS[kind](X), np.geomspace(1e-2, 1e2, 50)
    fits = []
    for size in (1 << 23, 1):
        monkeypatch.setattr(ridge, "BLOCK_BYTES", size)
        monkeypatch.setattr(leave_one_out, "BLOCK_BYTES", size)
        fits.append(
            (
                Ridge(alpha).fit(X, y, weight),
                RidgeCV(ALPHAS, alpha_per_target=True).fit(X, y, weight),
                RidgeCV(ALPHAS, cv=3).fit(X, y, weight),
            )
        )
    for whole, parts in zip(*fits, strict=True):
        assert_same(parts.coef_, whole.coef_)
    assert_allclose(fits[0][1].best_score_, fits[1][1].best_score_, rtol=1e-11, atol=1e-28)
    assert_allclose(fits[0][2].mse_path_, fits[1][2].mse_path_, rtol=1e-11)


@every_shape
def test_moments_and_float32_of_many_targets(shape):
    X, y, _ = make_data(shape, seed=7)
    model = Ridge(1.0).fit(X, y)
    assert_same(Ridge(1.0).fit(Moments.from_arrays(X, y)).coef_, model.coef_, 1e-8)
    single = Ridge(1.0).fit(X.astype(np.float32), y.astype(np.float32))
    assert single.coef_.dtype == np.float32
    assert_same(single.coef_, model.coef_, 1e-4)


@every_shape
def test_a_path_for_every_target(shape):
    X, y, weight = make_data(shape, True, 8)
    paths = ridge_path(X, y, alphas=ALPHAS, sample_weight=weight)
    assert len(paths) == N_TARGETS
    for t, path in enumerate(paths):
        alone = ridge_path(X, y[:, t], alphas=ALPHAS, sample_weight=weight)
        assert_same(path.coefs.toarray(), alone.coefs.toarray())
        assert_allclose(path.intercepts, alone.intercepts, rtol=1e-11)
        assert_allclose(path.train_mse, alone.train_mse, rtol=1e-9, atol=1e-25)
        assert_allclose(path.df, alone.df, rtol=1e-9)


@every_shape
def test_readings_of_x_do_not_grow_with_the_targets(shape):
    X, y, _ = make_data(shape, seed=9)
    many, one = ridge_path(X, y, alphas=ALPHAS)[0], ridge_path(X, y[:, 0], alphas=ALPHAS)
    assert many.diagnostics.passes == one.diagnostics.passes


@pytest.mark.parametrize("shape", [(300, 100), (60, 150)], ids=["tall", "wide"])
def test_thousands_of_targets_in_bounded_memory(shape):
    X, y, _ = make_data(shape, n_targets=5000)
    tracemalloc.start()
    model = Ridge(np.geomspace(1e-2, 1e2, 5000)).fit(X, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 200e6 + 2 * model.coef_.nbytes
