"""Cross-products of dense columns, by the kernel and by BLAS, against sums in extended precision.

Every product is allowed what rounding can do: some ε times the sum of the absolute values.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fastreg.designs import products
from fastreg.designs.dense import DenseDesign
from fastreg.kernels import products as kernel

from .test_dense_products import all_layouts

EPS = np.finfo(float).eps


@pytest.fixture(params=[2, 1, 0], ids=["widest", "at most AVX2", "plain"])
def width(request: pytest.FixtureRequest) -> Iterator[int]:
    """Multiply with each set of instructions; what the processor lacks is run twice."""
    before = kernel.limit_width(request.param)
    yield request.param
    kernel.limit_width(before)


def exact(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return leftᵀ right in extended precision and what rounding may change of it."""
    left, right = left.astype(np.longdouble), right.astype(np.longdouble)
    return left.T @ right, 20 * EPS * (np.abs(left).T @ np.abs(right)).astype(float)


def agree(found: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
    told, slack = exact(left, right)
    assert (np.abs(found - told) <= slack).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("n", "p"), [(1, 1), (7, 3), (300, 8), (260, 25), (520, 33), (40, 50)])
def test_products_of_chosen_columns(n, p, dtype, width, tmp_path: Path) -> None:
    rng = np.random.default_rng(n + p)
    X = (rng.standard_normal((n, p)) + 3.0).astype(dtype)
    shift, weight = rng.standard_normal(p), rng.random(n)
    left, right = rng.integers(0, p, 5), rng.permutation(p)
    rows = rng.integers(0, n, 2 * n)
    workspace = np.empty(kernel.workspace_size(5, p))
    z = X.astype(float) - shift
    for form in all_layouts(X, tmp_path).values():
        for picked, w in [(None, None), (None, weight), (rows, weight[rows]), (rows, None)]:
            some = z if picked is None else z[picked]
            out = np.zeros((5, p + 2))
            kernel.add_products(form, picked, left, right, shift, w, out[:, 1:-1], workspace, p)
            scaled = some[:, left] if w is None else some[:, left] * w[:, None]
            agree(out[:, 1:-1], scaled, some[:, right])
            assert not out[:, [0, -1]].any()


@pytest.mark.parametrize("diagonal", [-30, -7, 0, 5, 24, 60])
def test_products_up_to_a_diagonal(diagonal: int, width) -> None:
    rng = np.random.default_rng(0)
    X, left, right = rng.standard_normal((300, 60)), np.arange(1, 47), np.arange(60)
    out, workspace = np.zeros((46, 60)), np.empty(kernel.workspace_size(46, 60))
    kernel.add_products(X, None, left, right, np.zeros(60), None, out, workspace, diagonal)
    needed = np.subtract.outer(np.arange(46), np.arange(60)) >= -diagonal
    agree(np.where(needed, out, X[:, left].T @ X[:, right]), X[:, left], X[:, right])
    assert (out == 0).any() == (diagonal < 36)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("n", "p"), [(1, 1), (7, 3), (300, 8), (260, 25), (520, 33), (40, 50)])
def test_products_for_moments(n, p, dtype, width, tmp_path: Path) -> None:
    rng = np.random.default_rng(n + p)
    X = (rng.standard_normal((n, p)) + 3.0).astype(dtype)
    shift, root = rng.standard_normal(p), rng.random(n)
    others, rows = np.asfortranarray(rng.standard_normal((n, 9))), rng.permutation(n)
    workspace = np.empty(kernel.workspace_size(p, 9))
    for form in all_layouts(X, tmp_path).values():
        for picked in (None, rows):
            z = (X.astype(float) - shift) * root[:, None]
            if picked is not None:
                z = (X.astype(float) - shift)[picked] * root[:, None]
            lower, beside = np.zeros((p, p)), np.zeros((9, p))
            for first, last in [(0, p // 16 * 8), (p // 16 * 8, p)]:
                to = beside if last == p else beside[:0]
                kernel.add_moments(
                    form, picked, shift, root, others, first, lower[first:last], to, workspace
                )
            kernel.mirror_lower(lower)
            agree(lower, z, z)
            agree(beside, others, z)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("n", "p"), [(1, 1), (7, 3), (300, 8), (385, 25), (900, 33), (40, 50)])
def test_products_with_other_columns(n, p, dtype, width, tmp_path: Path) -> None:
    rng = np.random.default_rng(n + p)
    X = (rng.standard_normal((n, p)) + 3.0).astype(dtype)
    shift, others, rows = rng.standard_normal(p), rng.standard_normal((n, 9)), rng.permutation(n)
    workspace = np.empty(kernel.workspace_size(p, 9))
    z = X.astype(float) - shift
    for form in all_layouts(X, tmp_path).values():
        for picked in (None, rows):
            out = np.zeros((9, p + 2))
            kernel.add_beside(form, picked, shift, others, out[:, 1:-1], workspace)
            agree(out[:, 1:-1], others, z if picked is None else z[picked])
            assert not out[:, [0, -1]].any()


def design_of(X: np.ndarray, codes: np.ndarray | None, weight: np.ndarray | None):
    y = np.stack([X[:, 0] + X[:, 1], X[:, 2]], axis=1).astype(float)
    return DenseDesign(X, y, weight, codes, 1 if codes is None else int(codes.max()) + 1)


def verbs(X: np.ndarray, codes: np.ndarray | None, weight: np.ndarray | None) -> list[np.ndarray]:
    """Return what `moments`, `gram` and a pass with many vectors give, as arrays."""
    design = design_of(X, codes, weight)
    out = [part for m in design.moments(cross=True) for part in (m.s_xx, m.s_xy, m.offset, m.s_yy)]
    vectors = np.random.default_rng(1).standard_normal((20, X.shape[1]))
    vectors[:, ::2] = 0.0
    seen = design.evaluate(
        vectors, np.zeros(20), np.ones((20, design.n_groups)), np.zeros(20, dtype=np.intp)
    )
    out += [seen.corr, seen.loss]
    new, old = np.arange(0, X.shape[1], 3), np.arange(X.shape[1])[::-1].copy()
    return [*out, design.gram(new, old), design.gram(new, old, np.full(design.n_groups, 2.0))]


@pytest.fixture(params=["C", "F"])
def order(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
def test_any_number_of_threads_gives_the_same_bits(monkeypatch, order, grouped, weighted) -> None:
    rng = np.random.default_rng(0)
    X = np.asarray(rng.standard_normal((700, 45)) + 2.0, order=order)
    codes = rng.integers(0, 3, 700) if grouped else None
    weight = rng.random(700) if weighted else None
    alone = verbs(X, codes, weight)
    for n_threads in (2, 3, 7):
        monkeypatch.setattr("fastreg.designs.dense.product_threads", lambda _, n=n_threads: n)
        for one, several in zip(alone, verbs(X, codes, weight), strict=True):
            assert np.array_equal(one, several)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
def test_blas_gives_the_same_where_there_are_no_vectors(order, grouped, weighted) -> None:
    rng = np.random.default_rng(0)
    X = np.asarray(rng.standard_normal((700, 45)) + 2.0, order=order)
    codes = rng.integers(0, 3, 700) if grouped else None
    weight = rng.random(700) if weighted else None
    fast = verbs(X, codes, weight)
    before = kernel.limit_width(0)
    try:
        assert not kernel.is_fast()
        for one, other in zip(fast, verbs(X, codes, weight), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-10)
    finally:
        kernel.limit_width(before)


@pytest.mark.parametrize("parts", [1, 2, 3, 8])
@pytest.mark.parametrize("n", [0, 1, 7, 8, 100, 301])
def test_a_triangle_is_cut_into_parts_of_about_the_same_area(n: int, parts: int) -> None:
    bounds = products.triangle_bounds(n, parts)
    assert bounds[0] == 0
    assert bounds[-1] == n
    assert len(bounds) <= parts + 1
    assert all(cut % 8 == 0 for cut in bounds[:-1])
    areas = np.diff(np.square(bounds))
    assert (areas <= n**2 / parts + 16 * n).all()


def test_arrays_that_do_not_fit() -> None:
    X, shift, one = np.zeros((4, 3)), np.zeros(3), np.arange(1)
    out, workspace = np.zeros((1, 1)), np.empty(kernel.workspace_size(3, 3))

    def multiply(**changed):
        given = {
            "X": X, "rows": None, "left": one, "right": one, "shift": shift, "weight": None,
            "out": out, "workspace": workspace, "diagonal": 1,
        }  # fmt: skip
        kernel.add_products(**(given | changed))

    multiply()
    for changed in [
        {"shift": np.zeros(2)},
        {"weight": np.ones(3)},
        {"out": np.zeros((2, 1))},
        {"workspace": np.empty(3)},
        {"out": np.zeros((2, 4))[::2, ::2], "left": one, "right": np.arange(2)},
    ]:
        with pytest.raises(ValueError):
            multiply(**changed)
    for changed in [{"left": one + 3}, {"right": one - 1}, {"rows": one + 4}, {"rows": one - 1}]:
        with pytest.raises(IndexError):
            multiply(**changed)
    with pytest.raises(ValueError):
        kernel.add_moments(
            X, None, shift, None, np.zeros((4, 1)), 0, np.zeros((2, 3)), np.zeros((1, 3)), workspace
        )
    with pytest.raises(ValueError):
        kernel.mirror_lower(np.zeros((2, 3)))
