"""Bias², variance and noise against closed forms and plain simulation."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Lasso, Ridge

from fastreg.model_selection import bias_variance, bootstrap_bias_variance

N, P, SIGMA = 40, 6, 1.5
COEF = np.array([2.0, -1.0, 0.5, 0.0, 0.0, 1.0])
ALPHAS = np.array([100.0, 10.0, 1.0])
Draw = tuple[np.ndarray, np.ndarray, np.ndarray]


def simulate(rng: np.random.Generator) -> Draw:
    X = rng.standard_normal((N, P)) + 0.5 * rng.standard_normal((N, 1))
    f = X @ COEF + 0.3 * X[:, 0] ** 2 + 1.0
    return X, f, f + SIGMA * rng.standard_normal(N)


FIXED = simulate(np.random.default_rng(7))[:2]


def simulate_noise(rng: np.random.Generator) -> Draw:
    """Draw only the noise anew."""
    X, f = FIXED
    return X, f, f + SIGMA * rng.standard_normal(N)


def test_ridge_on_a_fixed_design_has_the_bias_and_variance_of_its_hat_matrix() -> None:
    found = bias_variance(
        simulate_noise, penalty="ridge", alphas=ALPHAS, n_repeats=1000, n_test=20 * N
    )
    X, f = FIXED
    Xc = X - X.mean(axis=0)
    for k, alpha in enumerate(ALPHAS):
        hat = Xc @ np.linalg.solve(Xc.T @ Xc + alpha * np.eye(P), Xc.T) + 1 / N
        bias2 = np.mean((hat @ f - f) ** 2)
        variance = SIGMA**2 * np.mean(np.sum(hat**2, axis=1))
        # the standard deviation over training sets of a mean of squares is below that of one
        assert found.variance[k] == pytest.approx(variance, rel=4 * np.sqrt(2 / 1000))
        assert found.bias2[k] == pytest.approx(bias2, abs=4 * variance / np.sqrt(1000) + 0.02)
    assert found.noise == pytest.approx(SIGMA**2, rel=4 * np.sqrt(2 / (20 * N)))


@pytest.mark.parametrize("penalty", ["ridge", "lasso", "elasticnet"])
def test_the_parts_add_up_to_the_measured_test_error(penalty: str) -> None:
    found = bias_variance(simulate, penalty=penalty, alphas=8, n_repeats=60)
    np.testing.assert_array_less(np.abs(found.total - found.test_error), 4 * found.test_error_se)
    assert np.all(found.test_error_se < 0.1 * found.test_error)
    # capacity grows along the grid
    assert np.all(np.diff(found.bias2) < 0.01)
    assert found.variance[-1] > found.variance[0]


@pytest.mark.parametrize(
    ("penalty", "model"), [("ridge", Ridge(alpha=10.0)), ("lasso", Lasso(alpha=0.2))]
)
def test_their_sum_is_the_error_of_an_independent_simulation(penalty: str, model: Any) -> None:
    """Fresh training sets, fresh test rows, and another program fits."""
    totals = np.array(
        [
            bias_variance(
                simulate, penalty=penalty, alphas=[model.alpha], n_repeats=30, random_state=seed
            ).total[0]
            for seed in range(12)
        ]
    )
    rng = np.random.default_rng(99)
    errors = []
    for _ in range(400):
        X, _, y = simulate(rng)
        X_test, _, y_test = simulate(rng)
        errors.append(np.mean((y_test - model.fit(X, y).predict(X_test)) ** 2))
    se = np.hypot(totals.std(ddof=1) / np.sqrt(12), np.std(errors, ddof=1) / np.sqrt(400))
    assert abs(totals.mean() - np.mean(errors)) < 4 * se
    assert se < 0.05 * np.mean(errors)


def test_repeats_do_not_inflate_the_bias() -> None:
    """A model without bias has none however few training sets there are."""

    def linear(rng: np.random.Generator) -> Draw:
        X = rng.standard_normal((N, P))
        return X, X @ COEF, X @ COEF + SIGMA * rng.standard_normal(N)

    found = [
        bias_variance(linear, penalty="ridge", alphas=[1e-8], n_repeats=3, random_state=seed)
        for seed in range(30)
    ]
    bias2 = np.array([part.bias2[0] for part in found])
    assert abs(bias2.mean()) < 4 * bias2.std(ddof=1) / np.sqrt(30)
    assert np.mean([part.variance[0] for part in found]) > 0.1


def test_bootstrap_is_that_of_fits_by_hand() -> None:
    X, _, y = simulate(np.random.default_rng(3))
    n_repeats = 12
    found = bootstrap_bias_variance(
        X, y, penalty="ridge", alphas=ALPHAS, n_repeats=n_repeats, random_state=5
    )
    rng = np.random.default_rng(5)
    predicted = np.full((n_repeats, N, ALPHAS.size), np.nan)
    for b in range(n_repeats):
        rows = rng.integers(0, N, N)
        out = np.setdiff1d(np.arange(N), rows)
        for k, alpha in enumerate(ALPHAS):
            predicted[b, out, k] = Ridge(alpha=alpha).fit(X[rows], y[rows]).predict(X[out])
    known = np.sum(~np.isnan(predicted[..., 0]), axis=0) >= 2
    assert known.sum() > 30
    variance = np.nanvar(predicted[:, known], axis=0, ddof=1).mean(axis=0)
    error = np.nanmean((predicted[:, known] - y[known, None]) ** 2, axis=0).mean(axis=0)
    np.testing.assert_allclose(found.variance, variance, rtol=1e-8)
    np.testing.assert_allclose(found.test_error, error, rtol=1e-8)
    np.testing.assert_allclose(found.total, found.test_error, rtol=1e-10)
    assert found.noise is None


def test_bootstrap_says_what_it_cannot_say() -> None:
    X, _, y = simulate(np.random.default_rng(3))
    notes = " ".join(bootstrap_bias_variance(X, y, alphas=3, n_repeats=5).notes)
    for words in ("bias² and noise together", "63 %", "independent"):
        assert words in notes


def test_bootstrap_error_is_near_the_simulated_one() -> None:
    """On many rows, where 63 % of them are nearly as good as all."""

    def many(rng: np.random.Generator) -> Draw:
        X = rng.standard_normal((600, P))
        return X, X @ COEF, X @ COEF + SIGMA * rng.standard_normal(600)

    X, _, y = many(np.random.default_rng(0))
    found = bootstrap_bias_variance(X, y, penalty="ridge", alphas=[1.0], n_repeats=30)
    truth = bias_variance(many, penalty="ridge", alphas=[1.0], n_repeats=30)
    assert abs(found.test_error[0] - truth.test_error[0]) < 4 * found.test_error_se[0]
    assert found.variance[0] == pytest.approx(truth.variance[0], rel=0.5)


def test_nothing_to_predict() -> None:
    X, _, _ = simulate(np.random.default_rng(3))
    found = bootstrap_bias_variance(X, np.ones(N), alphas=4, n_repeats=8)
    assert np.all(np.abs(found.total) < 1e-20)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda X, f, y: (X, y), "must return X, f and y"),
        (lambda X, f, y: (X, f[:-1], y), "returns 39 values f for 40 rows"),
        (lambda X, f, y: (X, f * np.nan, y), "f contains NaN"),
        (lambda X, f, y: (X * np.nan, f, y), "Input X contains"),
    ],
)
def test_a_simulator_that_returns_something_else(returned: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bias_variance(lambda rng: returned(*simulate(rng)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_repeats": 1}, "n_repeats == 1, must be >= 2"),
        ({"penalty": "none"}, "penalty == 'none'"),
        ({"alphas": []}, "alphas must be a non-empty"),
        ({"random_state": "a"}, "random_state == 'a', must be an int"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    X, _, y = simulate(np.random.default_rng(3))
    with pytest.raises(ValueError, match=message):
        bootstrap_bias_variance(X, y, **options)
    with pytest.raises(ValueError, match=message):
        bias_variance(simulate, **options)


def test_a_simulator_that_changes_its_mind() -> None:
    widths = itertools.cycle([3, 4])

    def narrower(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        X, f, y = simulate(rng)
        return X[:, : next(widths)], f, y

    with pytest.raises(ValueError, match="returns 4 columns, before it was 3"):
        bias_variance(narrower)
    with pytest.raises(TypeError, match="simulate must be a function of a generator, got 3"):
        bias_variance(3)


def test_few_rows() -> None:
    X, _, y = simulate(np.random.default_rng(3))
    with pytest.raises(ValueError, match="X has 4 rows, the bootstrap needs at least 5"):
        bootstrap_bias_variance(X[:4], y[:4])
    assert np.isfinite(bootstrap_bias_variance(X[:5], y[:5]).total).all()
