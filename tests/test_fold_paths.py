"""`store_coefs`: the coefficients of every fold are those of fits on its training rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_diabetes
from sklearn.linear_model import enet_path as sklearn_enet_path
from sklearn.model_selection import KFold, ShuffleSplit

from fastreg import ElasticNetCV, LassoCV, regularization_path

TIGHT = {"tol": 1e-11, "max_iter": 50_000}
ALPHAS = np.array([3.0, 1.0, 0.3, 0.1, 0.03])


def diabetes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return X with zeros, y and weights."""
    X, y = load_diabetes(return_X_y=True)
    X = np.where(np.abs(X) < 0.02, 0.0, X) / X.std(axis=0)
    return X, y, np.random.default_rng(0).exponential(size=y.size)


@pytest.mark.parametrize("cv", [KFold(4), ShuffleSplit(3, random_state=0)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_paths_of_folds_are_paths_of_their_training_rows(route, kind, weighted, cv) -> None:
    X, y, weight = diabetes()
    weight = weight if weighted else None
    ratios = [1.0, 0.4]
    model = ElasticNetCV(l1_ratio=ratios, alphas=ALPHAS, cv=cv, store_coefs=True, **TIGHT)
    model.fit(kind(X), y, weight)
    assert model.intercepts_paths_.shape == (2, cv.get_n_splits(), ALPHAS.size)
    for i, ratio in enumerate(ratios):
        for k, (train, test) in enumerate(cv.split(X)):
            path = regularization_path(
                X[train],
                y[train],
                alphas=ALPHAS,
                l1_ratio=ratio,
                sample_weight=None if weight is None else weight[train],
                **TIGHT,
            )
            found = model.coefs_paths_[i][k]
            np.testing.assert_allclose(found.toarray(), path.coefs.toarray(), rtol=1e-5, atol=1e-4)
            np.testing.assert_allclose(model.intercepts_paths_[i, k], path.intercepts, rtol=1e-6)
            miss = y[test, None] - X[test] @ found.toarray().T - model.intercepts_paths_[i, k]
            held = np.average(miss**2, axis=0, weights=None if weight is None else weight[test])
            np.testing.assert_allclose(model.mse_path_[i, :, k], held, rtol=1e-10)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_paths_of_folds_are_those_of_scikit_learn(route: str, fit_intercept: bool) -> None:
    X, y, _ = diabetes()
    model = LassoCV(
        alphas=ALPHAS, cv=KFold(3), store_coefs=True, fit_intercept=fit_intercept, **TIGHT
    ).fit(X, y)
    assert model.intercepts_paths_.shape == (3, ALPHAS.size)
    for k, (train, _) in enumerate(KFold(3).split(X)):
        centre, level = X[train].mean(axis=0) * fit_intercept, y[train].mean() * fit_intercept
        _, coefs, _ = sklearn_enet_path(
            X[train] - centre, y[train] - level, l1_ratio=1.0, alphas=ALPHAS, **TIGHT
        )
        np.testing.assert_allclose(model.coefs_paths_[k].toarray(), coefs.T, rtol=1e-5, atol=1e-3)
        intercepts = level - centre @ coefs
        np.testing.assert_allclose(model.intercepts_paths_[k], intercepts, rtol=1e-6, atol=1e-9)


def test_what_is_kept_has_the_size_of_the_supports(route: str) -> None:
    """Wide data: entries are kept where a coefficient is not zero, in the type of X."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 400)).astype(np.float32)
    y = X[:, :3].sum(axis=1) + rng.standard_normal(30).astype(np.float32)
    model = LassoCV(alphas=10, eps=0.1, cv=3, store_coefs=True).fit(X, y)
    for found in model.coefs_paths_:
        assert found.shape == (10, 400)
        assert found.dtype == np.float32
        assert found.nnz == np.count_nonzero(found.toarray()) <= 10 * 20


def test_storing_changes_nothing_else(route: str) -> None:
    X, y, _ = diabetes()
    plain = LassoCV(cv=3).fit(X, y)
    stored = LassoCV(cv=3, store_coefs=True).fit(X, y)
    assert not hasattr(plain, "coefs_paths_")
    np.testing.assert_array_equal(plain.mse_path_, stored.mse_path_)
    np.testing.assert_array_equal(plain.coef_, stored.coef_)
    stored.set_params(store_coefs=False).fit(X, y)
    assert not hasattr(stored, "coefs_paths_")
    assert not hasattr(stored, "intercepts_paths_")


@pytest.mark.parametrize("name", ["store_coefs", "alpha_per_target"])
def test_flags_are_checked(name: str) -> None:
    X, y, _ = diabetes()
    with pytest.raises(ValueError, match=name):
        LassoCV(**{name: "yes"}).fit(X, y)
