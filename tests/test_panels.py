"""Factorizations in steps, against what they are factorizations of, and fits made of them."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.linear_model as reference
from numpy.testing import assert_allclose, assert_array_equal

from fastreg import Ridge, RidgeCV
from fastreg.engine import panels
from fastreg.engine.orthogonal import PivotedQR, triangular_root
from fastreg.engine.problem import scaled_inverse
from fastreg.engine.systems import Form

SIZES = [1, 2, 31, 33, 150, 300]


@pytest.fixture(params=["one step", "many steps"], autouse=True)
def steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Factor in as many steps as a hundred times larger a matrix would take, too."""
    if request.param == "many steps":
        monkeypatch.setattr(panels, "STEP_FLOPS", 2e4)
        monkeypatch.setattr(panels, "STEP_ENTRIES", 2e5)


def gram_of(p: int) -> np.ndarray:
    X = np.random.default_rng(p).standard_normal((p + 5, p)) * np.linspace(1.0, 3.0, p)
    return X.T @ X / p


def test_product() -> None:
    rng = np.random.default_rng(0)
    for n, k, m in ((3, 40, 300), (200, 5, 1), (4, 0, 3), (2, 3, 0)):
        a, b = rng.standard_normal((n, k)), rng.standard_normal((k, m))
        assert_allclose(panels.product(a, b), a @ b, rtol=0, atol=1e-13)


@pytest.mark.parametrize("p", SIZES)
def test_cholesky(p: int) -> None:
    gram, ridge = np.asfortranarray(gram_of(p)), np.linspace(0.1, 1.0, p)
    low, scale, rcond = panels.cholesky(gram, ridge)
    low, scaled = np.tril(low), (gram + np.diag(ridge)) * np.outer(scale, scale)
    assert_allclose(np.diagonal(scaled), 1.0, rtol=1e-14)
    assert_allclose(low @ low.T, scaled, rtol=0, atol=1e-14)
    exact = 1.0 / np.linalg.cond(scaled, 1)
    assert exact * (1 - 1e-10) <= rcond <= 10.0 * exact
    gram[p - 1, p - 1] = -2.0
    assert panels.cholesky(gram, ridge)[2] == 0.0


@pytest.mark.parametrize("p", SIZES)
def test_tridiagonal_form(p: int) -> None:
    gram = gram_of(p)
    form = Form(np.array(gram, order="F"))
    t, q = np.diag(form.diag), form.q
    t += np.diag(form.off[: p - 1], 1) + np.diag(form.off[: p - 1], -1)
    assert_allclose(q.T @ q, np.eye(p), rtol=0, atol=1e-13)
    assert_allclose(q @ t @ q.T, gram, rtol=0, atol=1e-13 * np.abs(gram).max())
    values = np.linalg.eigvalsh(gram)
    assert_allclose(form.smallest(), values[0], rtol=0, atol=1e-13 * values[-1])
    assert values[-1] / 3.0 <= form.largest() <= 3.0 * values[-1]


@pytest.mark.parametrize("p", SIZES)
@pytest.mark.parametrize("more", [0, 7])
def test_bidiagonal_form(p: int, more: int) -> None:
    root = np.random.default_rng(p).standard_normal((p + more, p))
    form = Form(np.array(root, order="F"), squared=True)
    b = np.diag(form.diag) + np.diag(form.off[: p - 1], 1)
    rotated = b @ form.q.T
    assert_allclose(form.q.T @ form.q, np.eye(p), rtol=0, atol=1e-13)
    assert_allclose(rotated.T @ rotated, root.T @ root, rtol=0, atol=1e-12 * p)
    smallest = np.linalg.svd(root, compute_uv=False)[-1]
    assert_allclose(np.sqrt(form.smallest()), smallest, rtol=1e-12 * p / smallest)


@pytest.mark.parametrize("squared", [False, True], ids=["", "squared"])
@pytest.mark.parametrize("p", SIZES)
def test_inverse_from_the_form(p: int, squared: bool) -> None:
    root = np.linalg.cholesky(gram_of(p)).T
    matrix, alphas = root.T @ root, np.array([1e-3, 1.0, 1e3])
    form = Form(np.array(root if squared else matrix, order="F"), squared)
    rhs = np.random.default_rng(0).standard_normal((p, 3))
    inverses = [np.linalg.inv(matrix + alpha * np.eye(p)) for alpha in alphas]
    expected = np.column_stack([inverse @ x for inverse, x in zip(inverses, rhs.T, strict=True)])
    assert_allclose(form.solve(rhs, alphas), expected, rtol=0, atol=1e-9 * np.abs(expected).max())
    assert_array_equal(form.solve(rhs, np.full(3, np.inf)), 0.0)
    diagonals = np.column_stack([np.diagonal(inverse) for inverse in inverses])
    assert_allclose(form.inverse_diagonal(alphas), diagonals, rtol=1e-9)
    many = np.random.default_rng(1).standard_normal((p, 400))
    forms = np.column_stack([np.sum(many * (inv @ many), axis=0) for inv in inverses])
    for width in (1, 63, 64, 65, 400):
        some = form.forms((form.q.T @ many)[:, :width], alphas)
        assert_allclose(some, forms[:width], rtol=1e-9)


def test_a_form_of_nothing() -> None:
    form = Form(np.zeros((5, 0), order="F"), squared=True)
    assert form.q.shape == (0, 0)
    assert form.invert(np.zeros((0, 2)), np.ones(2)).shape == (0, 2)
    assert_array_equal(form.forms(np.zeros((0, 70)), np.ones(2)), np.zeros((70, 2)))


def test_a_root_keeps_what_its_square_loses() -> None:
    """Singular values over 12 decades, to rounding of the largest."""
    rng = np.random.default_rng(0)
    left, right = (np.linalg.qr(rng.standard_normal((200, 200)))[0] for _ in range(2))
    size, alphas = np.geomspace(1.0, 1e-12, 200), np.geomspace(1e-20, 1.0, 9)
    form = Form(np.asfortranarray((left * size) @ right.T), squared=True)
    assert abs(np.sqrt(form.smallest()) - 1e-12) < 1e-15
    for alpha in alphas:
        found = form.inverse_diagonal(np.array([alpha]))[:, 0]
        expected = (right * right) @ (1.0 / (size**2 + alpha))
        # relative change of σ² + α where σ is off by ε
        assert_allclose(found, expected, rtol=1e-14 / np.sqrt(alpha) + 1e-12)


@pytest.mark.parametrize("shape", [(1, 1), (5, 40), (40, 5), (300, 170), (170, 300), (260, 260)])
def test_qr(shape: tuple[int, int]) -> None:
    matrix, k = np.random.default_rng(0).standard_normal(shape), min(shape)
    factors = np.array(matrix, order="F")
    tau = panels.qr(factors)
    r, q = panels.upper_triangle(factors, k), panels.make_q(factors, tau, k, below=0)
    assert_array_equal(r, np.triu(factors[:k]))
    assert_allclose(q @ r, matrix, rtol=0, atol=1e-13)
    assert_allclose(q.T @ q, np.eye(k), rtol=0, atol=1e-13)
    block = np.array(matrix, order="F")
    panels.apply_q(factors, tau, block, True, below=0)
    assert_allclose(block[:k], r, rtol=0, atol=1e-13)
    assert_allclose(block[k:], 0.0, atol=1e-13)


@pytest.mark.parametrize("shape", [(1, 1), (5, 40), (40, 5), (300, 170), (170, 300), (260, 260)])
def test_pivoted_qr(shape: tuple[int, int]) -> None:
    rng, k = np.random.default_rng(0), min(shape)
    matrix = rng.standard_normal(shape) * np.geomspace(1.0, 1e6, shape[1])
    factors = np.array(matrix, order="F")
    pivot, tau = panels.pivoted_qr(factors)
    assert_array_equal(np.sort(pivot), np.arange(shape[1]))
    q, r = panels.make_q(factors, tau, k, below=0), np.triu(factors[:k])
    size = np.abs(np.diagonal(r))
    assert np.all(size[1:] <= size[:-1] * (1 + 1e-10))
    assert_allclose(q.T @ q, np.eye(k), rtol=0, atol=1e-13)
    assert_allclose(q @ r / size[0], matrix[:, pivot] / size[0], rtol=0, atol=1e-13)


@pytest.mark.parametrize("rank", [0, 1, 40, 200])
def test_rank_and_null_space(rank: int) -> None:
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((260, rank)) @ rng.standard_normal((rank, 200))
    matrix *= np.geomspace(1e-4, 1e4, 200)
    fit = PivotedQR(matrix)
    assert fit.rank == rank
    u = rng.standard_normal(260)
    coef, _ = fit.solve(u)
    assert_allclose(fit.shorten(coef), coef, rtol=0, atol=1e-9 * np.abs(coef).max(initial=0.0))
    assert_allclose(fit.outside(u), u - fit.q @ (fit.q.T @ u), rtol=0, atol=1e-13)
    scaled = matrix / np.linalg.norm(matrix, axis=0).clip(min=1e-300)
    assert_allclose(scaled.T @ (u - matrix @ coef), 0.0, atol=1e-9)


def test_triangular_root_of_blocks() -> None:
    matrix = np.random.default_rng(0).standard_normal((900, 70))
    for blocks in ([matrix], np.array_split(matrix, 40), np.array_split(matrix[:50], 3)):
        root = triangular_root(blocks)
        whole = np.vstack(blocks)
        assert_array_equal(np.tril(root, -1), 0.0)
        assert_allclose(root.T @ root, whole.T @ whole, rtol=0, atol=1e-11)


@pytest.mark.parametrize("p", [0, *SIZES])
def test_pseudo_inverse(p: int) -> None:
    gram = gram_of(p) if p else np.zeros((0, 0))
    if p > 2:
        gram[:, 1], gram[1] = gram[:, 0], gram[0]
        gram[1, 1] = gram[0, 0]
    scale = 1.0 / np.sqrt(np.diagonal(gram))
    outer = np.outer(scale, scale)
    expected = np.linalg.pinv(gram * outer, rcond=1e-12, hermitian=True) * outer
    size = np.abs(expected).max(initial=0.0)
    assert_allclose(scaled_inverse(gram), expected, rtol=0, atol=1e-10 * size)


def test_pseudo_inverse_where_the_diagonal_is_rounding() -> None:
    gram = np.diag([2.0, 0.0, -1e-17, 4.0])
    gram[0, 1] = gram[1, 0] = 1e-17
    assert_allclose(scaled_inverse(gram), np.diag([0.5, 0.0, 0.0, 0.25]), atol=1e-16)


@pytest.mark.parametrize("shape", [(400, 180), (180, 400)], ids=["tall", "wide"])
def test_fits_in_steps(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape) + 1.0
    y = X[:, :5].sum(axis=1) + rng.standard_normal(shape[0])
    shortest = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=1e-10)[0]
    assert_allclose(Ridge(0.0).fit(X, y).coef_, shortest, rtol=1e-8, atol=1e-10)
    expected = reference.Ridge(3.0, solver="svd").fit(X, y)
    assert_allclose(Ridge(3.0).fit(X, y).coef_, expected.coef_, rtol=1e-8, atol=1e-10)
    alphas = np.logspace(-2, 3, 20)
    for cv in (None, 3):
        ours = RidgeCV(alphas, cv=cv, scoring="neg_mean_squared_error").fit(X, y)
        theirs = reference.RidgeCV(alphas, cv=cv, scoring="neg_mean_squared_error").fit(X, y)
        assert ours.alpha_ == theirs.alpha_
        assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-9)
        assert_allclose(ours.coef_, theirs.coef_, rtol=1e-7, atol=1e-9)
