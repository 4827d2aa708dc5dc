"""The adaptive Lasso: Zou's rescaling of the columns, and the support that it finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.svm import SVR

from fastreg import (
    Lasso,
    LassoCV,
    Moments,
    Ridge,
    RidgeCV,
    adaptive_weights,
    regularization_path,
)


def make_data(n: int = 80, p: int = 10, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Return correlated columns with means in different units, a sparse target and weights."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.5 * rng.standard_normal((n, 1)) + rng.uniform(-2, 2, p)
    coef = np.zeros(p)
    coef[[0, 3, 7]] = 3.0, -2.0, 1.5
    y = X @ coef + rng.standard_normal(n) + 4.0
    scale = np.geomspace(0.2, 5.0, p)
    return X * scale, y, rng.exponential(size=n)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_factors_are_powers_of_the_first_fit(exponent: float) -> None:
    X, y, weight = make_data()
    first = Ridge(2.0).fit(X, y, weight)
    found = adaptive_weights(X, y, weight, first=Ridge(2.0), exponent=exponent)
    assert_allclose(found, 1.0 / np.abs(first.coef_) ** exponent, rtol=1e-12)
    scale = np.sqrt(np.cov(X.T, aweights=weight, ddof=0).diagonal())
    found = adaptive_weights(X, y, weight, first=Ridge(2.0), exponent=exponent, standardize=True)
    assert_allclose(found, 1.0 / np.abs(scale * first.coef_) ** exponent, rtol=1e-10)


@pytest.mark.parametrize("standardize", [False, True])
def test_ridge_by_leave_one_out_is_first(standardize: bool) -> None:
    X, y, weight = make_data()
    first = RidgeCV(alphas=None, standardize=standardize).fit(X, y, weight)
    scale = np.sqrt(np.cov(X.T, aweights=weight, ddof=0).diagonal()) if standardize else 1.0
    found = adaptive_weights(X, y, weight, standardize=standardize)
    assert_allclose(found, 1.0 / np.abs(scale * first.coef_), rtol=1e-10)


def test_zeros_are_excluded() -> None:
    X, y, _ = make_data()
    first = LassoCV(selection_rule="1se").fit(X, y)
    found = adaptive_weights(X, y, first=first)
    assert_array_equal(np.isinf(found), first.coef_ == 0)
    assert np.isinf(found).any()
    model = LassoCV(penalty_factor=found).fit(X, y)
    assert not model.coef_[first.coef_ == 0].any()
    nothing = adaptive_weights(X, y, first=Lasso(1e6))
    assert np.isinf(nothing).all()
    assert not Lasso(0.1, penalty_factor=nothing).fit(X, y).coef_.any()


@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_the_same_as_columns_rescaled(kind: str, exponent: float) -> None:
    """Zou's algorithm: columns divided by v, a plain Lasso, coefficients divided by v."""
    X, y, weight = make_data()
    factor = adaptive_weights(X, y, weight, exponent=exponent)
    form = sparse.csr_array(X) if kind == "csr" else X
    options: dict[str, Any] = {"sample_weight": weight, "tol": 1e-14, "max_iter": 10_000}
    plain = regularization_path(X / factor, y, alphas=20, **options)
    found = regularization_path(form, y, penalty_factor=factor, alphas=20, **options)
    assert_allclose(found.alphas, plain.alphas, rtol=1e-10)
    assert_allclose(found.coefs.toarray(), plain.coefs.toarray() / factor, atol=1e-8)
    assert_allclose(found.intercepts, plain.intercepts, atol=1e-7)
    assert_array_equal(found.df, plain.df)


@pytest.mark.parametrize("standardize", [False, True])
def test_least_squares_first_makes_units_irrelevant(standardize: bool) -> None:
    """With exponent 1, v_j b_j is b_j relative to the first fit, whatever the column's unit."""
    X, y, _ = make_data()
    unit = np.geomspace(1e-3, 1e3, 10)
    one, two = (
        Lasso(
            0.5,
            standardize=standardize,
            penalty_factor=adaptive_weights(Z, y, first=Ridge(0), standardize=standardize),
            tol=1e-14,
            max_iter=10_000,
        ).fit(Z, y)
        for Z in (X, X * unit)
    )
    assert_allclose(two.coef_ * unit, one.coef_, atol=1e-7)


def test_support_is_found_where_the_lasso_cannot() -> None:
    """Zou's section 2: the irrepresentable condition fails, so no alpha gives the Lasso's support.

    Σ has ρ1 = −0.39 among the three relevant columns and ρ2 = 0.23 between them and the fourth;
    β = (5.6, 5.6, 5.6, 0), his Model 0.
    """
    C = np.full((4, 4), -0.39)
    C[3] = C[:, 3] = 0.23
    np.fill_diagonal(C, 1.0)
    beta = np.array([5.6, 5.6, 5.6, 0.0])
    hits = {"lasso": 0, "adaptive": 0}
    for seed in range(30):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((120, 4)) @ np.linalg.cholesky(C).T
        y = X @ beta + 5.0 * rng.standard_normal(120)
        factor = adaptive_weights(X, y, first=Ridge(0), exponent=2.0)
        for name, factors in (("lasso", None), ("adaptive", factor)):
            path = regularization_path(X, y, penalty_factor=factors, alphas=100, eps=1e-4)
            supports = path.coefs.toarray() != 0
            hits[name] += bool(np.any(np.all(supports == (beta != 0), axis=1)))
    assert hits["adaptive"] >= 25
    assert hits["lasso"] <= hits["adaptive"] - 5


def test_support_with_more_columns_than_rows() -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((120, 300)) + 0.4 * rng.standard_normal((120, 1))
    coef = np.zeros(300)
    coef[:5] = 3.0, -3.0, 2.0, 2.0, -2.0
    y = X @ coef + rng.standard_normal(120)
    plain = LassoCV(selection_rule="1se").fit(X, y)
    model = LassoCV(penalty_factor=adaptive_weights(X, y, first=plain), selection_rule="1se")
    assert_array_equal(np.flatnonzero(model.fit(X, y).coef_), range(5))
    assert np.count_nonzero(plain.coef_) > 5


def test_names_and_weights_reach_the_first_fit() -> None:
    pandas = pytest.importorskip("pandas")
    X, y, weight = make_data()
    first = Ridge(1.0)
    frame = pandas.DataFrame(X, columns=[f"c{j}" for j in range(10)])
    found = adaptive_weights(frame, y, weight, first=first)
    assert_allclose(found, adaptive_weights(X, y, weight, first=first), rtol=1e-12)
    assert not hasattr(first, "coef_")
    times = np.random.default_rng(2).integers(0, 3, len(y))
    repeated = np.repeat(X, times, axis=0), np.repeat(y, times)
    for options in ({}, {"standardize": True}):
        found = adaptive_weights(X, y, times, first=first, **options)
        assert_allclose(found, adaptive_weights(*repeated, first=first, **options), rtol=1e-9)


@pytest.mark.parametrize("exponent", [0.0, -1.0, np.nan, np.inf])
def test_bad_exponents(exponent: float) -> None:
    X, y, _ = make_data()
    with pytest.raises(ValueError, match="exponent"):
        adaptive_weights(X, y, exponent=exponent)


def test_bad_input() -> None:
    X, y, _ = make_data()
    with pytest.raises(ValueError, match="Moments"):
        adaptive_weights(Moments.from_arrays(X, y), None)
    with pytest.raises(ValueError, match="one coefficient for each of the 10 columns"):
        adaptive_weights(X, y, first=SVR(kernel="linear"))
    with pytest.raises(ValueError, match="1d array"):
        adaptive_weights(X, np.column_stack([y, y]))
    with pytest.raises(ValueError, match="NaN"):
        adaptive_weights(np.where(X > 3, np.nan, X), y)
