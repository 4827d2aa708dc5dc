"""Fitting from `Moments` equals fitting from rows; damaged files; awkward weights and groups."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

import fastreg
from fastreg import ElasticNet, ElasticNetCV, Lasso, LassoCV, Moments, Ridge, RidgeCV
from fastreg.moments import merge_all

ARRAYS = ("shift", "offset", "s_xx", "y_shift", "y_offset", "s_xy", "s_yy")


def assert_same(a, b):
    assert (a.n_rows, a.weight) == (b.n_rows, b.weight)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(8)
    X = rng.standard_normal((200, 6)) * [1, 2, 0.5, 1, 30, 1] + [0, 5, 100, 0, 0, -3]
    X[:, 5] += 0.5 * X[:, 0]
    y = X[:, :2] @ [1.0, -1.0] + 0.2 * rng.standard_normal(200) + 10
    return X, y, rng.uniform(0.2, 3, 200)


def again(model, **changes):
    return type(model)(**{**model.get_params(), **changes})


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(
    "model",
    [
        Lasso(0.05, tol=1e-12),
        Lasso(0.05, tol=1e-12, standardize=True),
        Lasso(0.05, tol=1e-12, positive=True),
        Lasso(0.05, tol=1e-12, penalty_factor=[0, 1, 2, np.inf, 1, 0.5]),
        ElasticNet(0.1, l1_ratio=0.3, tol=1e-12),
        ElasticNet(0.1, l1_ratio=0.3, tol=1e-12, lower=-0.5, upper=0.2, standardize=True),
        ElasticNet(0.1, l1_ratio=0.0, tol=1e-12),
        Ridge(3.0),
        Ridge(3.0, standardize=True, penalty_factor=[0, 1, 2, np.inf, 1, 0.5]),
        Ridge(3.0, lower=-0.5, upper=0.5),
        Ridge(0.0),
    ],
    ids=str,
)
def test_same_answer_as_from_rows(data, model, weighted, fit_intercept):
    X, y, weight = data
    weight = weight if weighted else None
    parts = [
        Moments.from_arrays(X[at], y[at], None if weight is None else weight[at])
        for at in np.array_split(np.random.default_rng(0).permutation(200), 4)
    ]
    coefs = []
    for arguments in ((X, y, weight), (merge_all(parts),)):
        found = again(model, fit_intercept=fit_intercept).fit(*arguments)
        coefs.append(np.r_[found.intercept_, found.coef_])
        assert found.dual_gap_ >= 0
        assert found.n_features_in_ == 6
    np.testing.assert_allclose(coefs[1], coefs[0], rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(coefs[1] == 0, coefs[0] == 0)


@pytest.mark.parametrize("model", [Lasso(0.05, tol=1e-12), Ridge(2.0)], ids=str)
def test_many_targets(data, model):
    X, y, _ = data
    Y = np.column_stack([y, X[:, 2] - X[:, 3]])
    found, rows = again(model).fit(Moments.from_arrays(X, Y)), again(model).fit(X, Y)
    np.testing.assert_allclose(found.coef_, rows.coef_, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.intercept_, rows.intercept_, rtol=0, atol=1e-8)


def test_paths(data):
    X, y, weight = data
    m = Moments.from_arrays(X, y, weight)
    a = fastreg.regularization_path(m, alphas=20, tol=1e-12)
    b = fastreg.regularization_path(X, y, alphas=20, tol=1e-12, sample_weight=weight)
    np.testing.assert_allclose(a.alphas, b.alphas, rtol=1e-12)
    np.testing.assert_allclose(a.coefs.toarray(), b.coefs.toarray(), rtol=0, atol=1e-9)
    np.testing.assert_allclose(a.deviance_ratio, b.deviance_ratio, rtol=0, atol=1e-12)
    a = fastreg.ridge_path(m, alphas=[0.1, 1, 10])
    b = fastreg.ridge_path(X, y, alphas=[0.1, 1, 10], sample_weight=weight)
    np.testing.assert_allclose(a.coefs.toarray(), b.coefs.toarray(), rtol=0, atol=1e-9)


def test_means_1e8_times_the_spread():
    """Fitting does not care where the columns are; far − 1e8 is exact."""
    rng = np.random.default_rng(4)
    far = rng.standard_normal((60, 3)) + 1e8
    near = far - 1e8
    y = near @ [1.0, 0.0, -2.0] + rng.standard_normal(60)
    for model in (Lasso(0.05, tol=1e-13), Ridge(1.0)):
        b = again(model).fit(near, y).coef_
        for X in (Moments.from_arrays(far, y), Moments.from_arrays(sparse.csr_array(far), y)):
            np.testing.assert_allclose(again(model).fit(X).coef_, b, rtol=0, atol=1e-11)


def test_moments_are_left_alone(data):
    m = Moments.from_arrays(*data)
    old = m.copy()
    for model in (Lasso(0.1), Ridge(), Ridge(0.0), ElasticNet(0.1, fit_intercept=False)):
        model.fit(m)
    assert_same(m, old)


def test_refused(data):
    X, y, weight = data
    m = Moments.from_arrays(X, y)
    for model in (Lasso(), ElasticNet(), Ridge()):
        with pytest.raises(ValueError, match="Moments"):
            model.fit(m, y)
        with pytest.raises(ValueError, match="Moments"):
            model.fit(m, None, weight)
    for model in (LassoCV(), ElasticNetCV(), RidgeCV()):
        with pytest.raises(ValueError, match="rows of X"):
            model.fit(m, None)


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_rows_no_split_uses_do_not_matter(kind):
    """Folds are as accurate as their own rows, wherever the unused rows lie."""
    rng = np.random.default_rng(0)
    near = rng.standard_normal((60, 2))
    y = near @ [1.0, -1.0] + 0.1 * rng.standard_normal(60)
    far = near.copy()
    far[40:] += 1e8
    first, second = np.arange(20), np.arange(20, 40)
    errors = []
    for X in (near, far):
        X = X if kind == "dense" else sparse.csr_array(X)
        model = LassoCV(alphas=[0.1, 0.01], cv=[(first, second), (second, first)], tol=1e-12)
        errors.append(model.fit(X, y).mse_path_)
    np.testing.assert_allclose(errors[1], errors[0], rtol=1e-10)


@pytest.mark.parametrize("kind", ["dense", "csr", "csc"])
def test_zeros_where_the_weight_is_zero(kind):
    """An implicit zero in a row of weight 0 does not move a column that is full elsewhere."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 2)) + 1e8
    y = X[:, 0] - 1e8 + 0.1 * rng.standard_normal(30)
    weight = np.ones(30)
    X[:3], weight[:3] = 0.0, 0.0
    form = X if kind == "dense" else sparse.csr_array(X).asformat(kind)
    expected = Moments.from_arrays(X[3:], y[3:])
    found = Moments.from_arrays(form, y, weight)
    scale = np.sqrt(np.diagonal(expected.s_xx))
    assert np.max(np.abs(found.s_xx - expected.s_xx) / np.outer(scale, scale)) < 1e-12
    np.testing.assert_allclose(found.s_xy, expected.s_xy, rtol=1e-11)
    coef = Lasso(0.01, tol=1e-12).fit(form, y, weight).coef_
    np.testing.assert_allclose(coef, Lasso(0.01, tol=1e-12).fit(X[3:], y[3:]).coef_, rtol=1e-9)


def test_weights_that_forget():
    """Exponential forgetting over a column that counts time."""
    t = np.arange(2000.0)
    weight = np.exp((t - t[-1]) / 5)
    found = Moments.from_arrays(t[:, None], np.sin(t), weight).s_xx[0, 0]
    w, z = weight.astype(np.longdouble), (t - t[-1]).astype(np.longdouble)
    z -= w @ z / w.sum()
    assert abs(float(found / (w @ z**2) - 1)) < 1e-12


def test_truncated_files(data, tmp_path):
    path = tmp_path / "m.npz"
    Moments.from_arrays(*data).save(path)
    whole = path.read_bytes()
    for length in [0, 1, 10, *range(50, len(whole) - 1, 173), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"m\.npz"):
            Moments.load(path)


@settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(draw=st.data())
def test_a_byte_changed(data, tmp_path, draw):
    """Either the change is noticed or it is in a byte that carries nothing."""
    path, moments = tmp_path / "m.npz", Moments.from_arrays(*data)
    moments.save(path)
    raw = bytearray(path.read_bytes())
    raw[draw.draw(st.integers(0, len(raw) - 1))] ^= draw.draw(st.integers(1, 255))
    path.write_bytes(raw)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = Moments.load(path)
        except ValueError:
            return
    assert_same(found, moments)
