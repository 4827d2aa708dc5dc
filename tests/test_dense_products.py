"""Passes over dense columns against extended precision: the kernels, and the verbs of the design.

Every product is allowed what rounding can do: some ε times the sum of the absolute values.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fastreg.designs import Design, make_design
from fastreg.designs.sums import in_eights
from fastreg.kernels.dense import add_squares, dot_columns
from fastreg.kernels.products import add_outer

from .oracles import Products

SIZES = (0, 1, 7, 8, 9, 33)
EPS = np.finfo(float).eps


def by_columns(X: np.ndarray, tmp_path: Path) -> dict[str, np.ndarray]:
    """Return the same matrix in every way in which a column is contiguous."""
    n, k = X.shape
    taller = np.full((n + 5, k), np.nan, order="F")
    taller[2 : n + 2] = X
    wider = np.full((n, 3 * k + 1), np.nan, order="F")
    wider[:, 1 : 3 * k + 1 : 3] = X
    read_only = np.array(X, order="F")
    read_only.setflags(write=False)
    forms = {
        "F": np.array(X, order="F"),
        "rows of a taller array": taller[2 : n + 2],
        "columns of a wider array": wider[:, 1 : 3 * k + 1 : 3],
        "read-only": read_only,
    }
    if X.size:
        np.save(tmp_path / "X.npy", read_only)
        forms["memory-mapped"] = np.load(tmp_path / "X.npy", mmap_mode="r")
    return forms


def all_layouts(X: np.ndarray, tmp_path: Path) -> dict[str, np.ndarray]:
    """Return the same matrix in every way it may lie in memory."""
    n, k = X.shape
    apart = np.full((2 * n, 2 * k), np.nan)
    apart[::2, ::2] = X
    upside_down = np.array(X[::-1])
    np.save(tmp_path / "C.npy", np.ascontiguousarray(X))
    return by_columns(X, tmp_path) | {
        "C": np.array(X, order="C"),
        "every other row and column": apart[::2, ::2],
        "every other row and column, F": np.asfortranarray(apart)[::2, ::2],
        "rows backwards": upside_down[::-1],
        "memory-mapped, C": np.load(tmp_path / "C.npy", mmap_mode="r"),
    }


def some_data(rng: np.random.Generator, n: int, k: int, dtype: type) -> tuple[np.ndarray, ...]:
    """Return columns of many sizes with means, and a shift near each mean."""
    X = rng.standard_normal((n, k)) * 10.0 ** rng.integers(-3, 4, k) + rng.uniform(-9, 9, k)
    return X.astype(dtype), np.where(np.arange(k) % 3, rng.uniform(-9, 9, k), 0.0)


def assert_products(found: np.ndarray, exact: np.ndarray, size: np.ndarray, n: int) -> None:
    """Compare with extended precision; `size` is the sum of the absolute values."""
    assert found.shape == exact.shape
    error = np.abs(found.astype(np.longdouble) - exact)
    assert np.all(error <= (n + 4) * EPS * size), float(np.max(error / (size + 1e-300)))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("k", SIZES)
class TestKernels:
    @pytest.mark.parametrize("n", SIZES)
    @pytest.mark.parametrize("shifted", [False, True])
    def test_dot_columns(self, n: int, k: int, dtype: type, shifted: bool, tmp_path: Path) -> None:
        """All columns in turn, and some in any order, a few of them twice."""
        rng = np.random.default_rng(100 * n + k)
        X, shift = some_data(rng, n, max(k, 1), dtype)
        shift = shift if shifted else np.zeros(shift.size)
        forms = by_columns(X, tmp_path)
        for n_blocks in (0, 1, 3):
            blocks = rng.standard_normal((n_blocks, n, 8))
            for cols in (np.arange(k), rng.integers(0, max(k, 1), k)):
                z = X[:, cols].astype(np.longdouble) - shift[cols]
                before = rng.standard_normal((k, n_blocks, 8))
                exact = before + np.einsum("ij,gil->jgl", z, blocks.astype(np.longdouble))
                size = np.abs(before) + np.einsum("ij,gil->jgl", np.abs(z), np.abs(blocks))
                for form in forms.values():
                    out = before.copy()
                    dot_columns(form, cols, shift, blocks, out)
                    assert_products(out, exact, size, n)

    @pytest.mark.parametrize("n", SIZES)
    def test_add_squares(self, n: int, k: int, dtype: type, tmp_path: Path) -> None:
        rng = np.random.default_rng(100 * n + k)
        X, shift = some_data(rng, n, k, dtype)
        weight = rng.exponential(size=n) * (rng.random(n) < 0.7)
        before = rng.exponential(size=k)
        exact = before + weight @ (X.astype(np.longdouble) - shift) ** 2
        for form in by_columns(X, tmp_path).values():
            out = before.copy()
            add_squares(form, shift, weight, out)
            assert_products(out, exact, exact, n)

    def test_the_same_bits_at_every_call(self, k: int, dtype: type) -> None:
        """And wherever a column stands among the others."""
        rng = np.random.default_rng(k)
        X, shift = some_data(rng, 1001, max(k, 1), dtype)
        X, blocks = np.asfortranarray(X), rng.standard_normal((2, 1001, 8))
        first, order = np.zeros((k, 2, 8)), rng.permutation(k)
        dot_columns(X, np.arange(k), shift, blocks, first)
        for cols in (np.arange(k), order, order[::-1].copy()):
            out = np.zeros((k, 2, 8))
            dot_columns(X.copy(order="F"), cols, shift.copy(), blocks.copy(), out)
            assert out.tobytes() == first[cols].tobytes()


def unusual_columns(dtype: type) -> dict[str, np.ndarray]:
    """Return contiguous columns that are not one after the other."""
    series = np.random.default_rng(0).standard_normal(40).astype(dtype)
    apart = np.random.default_rng(1).standard_normal((33, 8)).astype(dtype, order="F")
    return {
        "one entry apart": np.lib.stride_tricks.sliding_window_view(series, 33).T,
        "backwards": apart[:, ::-1],
        "one column repeated": np.broadcast_to(apart[:, :1], (33, 8)),
        "a column of its own": apart[:, [3]],
    }


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", unusual_columns(float))
class TestUnusualColumns:
    def test_kernels(self, kind: str, dtype: type) -> None:
        """They are read right, or refused."""
        X = unusual_columns(dtype)[kind]
        n, k = X.shape
        blocks, weight = np.random.default_rng(1).standard_normal((1, n, 8)), np.ones(n)
        out, squares, z = np.zeros((k, 1, 8)), np.zeros(k), X.astype(np.longdouble)
        try:
            dot_columns(X, np.arange(k), np.zeros(k), blocks, out)
            add_squares(X, np.zeros(k), weight, squares)
        except ValueError as error:
            assert "columns" in str(error)  # noqa: PT017
            return
        assert_products(squares, (z**2).sum(axis=0), (z**2).sum(axis=0), n)
        assert_products(out[:, 0], z.T @ blocks[0], np.abs(z.T) @ np.abs(blocks[0]), n)

    @pytest.mark.parametrize("weighted", [False, True])
    def test_design(self, kind: str, dtype: type, weighted: bool) -> None:
        X, rng = unusual_columns(dtype)[kind], np.random.default_rng(2)
        n, p = X.shape
        y, weight = rng.standard_normal((n, 1)), rng.exponential(size=n) if weighted else None
        design = make_design(X, y, weight)
        products = Products(X, y, weight, None, design.shift, design.y_shift)
        cols, coefs = np.arange(p), rng.standard_normal((3, p))
        assert products.moments_error(design.moments(False)) <= 1
        assert products.gram_error(design.gram(cols, cols), cols, cols) <= 1
        given = (coefs, np.zeros(3), np.ones((1, 1)), np.zeros(3, int))
        assert products.evaluation_error(design.evaluate(*given), *given) <= 1


@pytest.mark.parametrize("n", SIZES)
def test_no_columns(n: int) -> None:
    """Nothing is done, whatever strides NumPy gives an empty array."""
    nothing, blocks = np.zeros(0), np.ones((2, n, 8))
    for X in (np.ones((n, 0)), np.ones((n, 0), order="F"), np.ones((n, 5), order="F")[:, :0]):
        dot_columns(X, np.zeros(0, dtype=np.intp), nothing, blocks, np.zeros((0, 2, 8)))
        add_squares(X, nothing, np.ones(n), nothing.copy())


def test_arrays_that_do_not_fit() -> None:
    X, cols = np.ones((9, 5), order="F"), np.array([0, 4, 2])
    good = {"X": X, "cols": cols, "shift": np.zeros(5), "blocks": np.ones((2, 9, 8)),
            "out": np.zeros((3, 2, 8))}  # fmt: skip
    dot_columns(*good.values())
    bad = {
        "shift": [np.zeros(3), np.zeros(6), np.zeros(0)],
        "cols": [cols[:2], np.arange(5), cols[:0]],
        "blocks": [np.ones((1, 9, 8)), np.ones((2, 8, 8)), np.ones((2, 9, 7)), np.ones((2, 10, 8))],
        "out": [np.zeros((5, 2, 8)), np.zeros((3, 3, 8)), np.zeros((3, 2, 9)), np.zeros((3, 2, 7))],
    }
    for name, values in bad.items():
        for value in values:
            with pytest.raises(ValueError, match="do not fit"):
                dot_columns(*(good | {name: value}).values())
    for wrong in (-1, 5, 2**40):
        with pytest.raises(IndexError, match=str(wrong)):
            dot_columns(*(good | {"cols": np.array([0, wrong, 1])}).values())
    for form in (np.ones((9, 5)), np.ones((18, 5), order="F")[::2], X[::-1]):
        with pytest.raises(ValueError, match="contiguous"):
            dot_columns(*(good | {"X": form}).values())
        with pytest.raises(ValueError, match="contiguous"):
            add_squares(form, np.zeros(5), np.ones(9), np.zeros(5))
    for shift, weight, out in ((4, 9, 5), (5, 8, 5), (5, 9, 6), (5, 10, 5)):
        with pytest.raises(ValueError, match="do not fit"):
            add_squares(X, np.zeros(shift), np.ones(weight), np.zeros(out))
    with pytest.raises((ValueError, TypeError)):
        dot_columns(*(good | {"X": X.astype(int)}).values())
    read_only = np.zeros((3, 2, 8))
    read_only.setflags(write=False)
    with pytest.raises(ValueError, match="read-only"):
        dot_columns(*(good | {"out": read_only}).values())


@pytest.mark.parametrize("m", SIZES)
def test_vectors_in_eights(m: int) -> None:
    """Blocks of eight, side by side, padded with zeros."""
    vectors = np.random.default_rng(m).standard_normal((5, m))
    blocks = in_eights(vectors)
    assert blocks.shape == ((m + 7) // 8, 5, 8)
    side_by_side = blocks.transpose(1, 0, 2).reshape(5, -1)
    np.testing.assert_array_equal(side_by_side[:, :m], vectors)
    np.testing.assert_array_equal(side_by_side[:, m:], 0.0)


GROUPS = ("one", "contiguous", "interleaved", "one of them empty")


def row_groups(kind: str, n: int) -> np.ndarray | None:
    """Return row groups of n rows, or None for one."""
    return {
        "one": None,
        "contiguous": np.arange(n) * 3 // max(n, 1),
        "interleaved": np.arange(n) % 3,
        "one of them empty": np.where(np.arange(n) % 4 < 2, 0, 2),
    }[kind]


def designs(
    n: int, p: int, dtype: type, groups: str, weighted: bool, tmp_path: Path
) -> Iterator[tuple[str, Design, Products]]:
    """Yield the same data in every layout, with what its products should be."""
    rng = np.random.default_rng(1000 * n + p)
    X, _ = some_data(rng, n, p, dtype)
    y = rng.standard_normal((n, 2)) * [1.0, 1e3] + [5.0, 0.0]
    weight = None
    if weighted:
        weight = rng.exponential(size=n) * (rng.random(n) < 0.7)
        weight[rng.integers(n)] = 1.0
    codes = row_groups(groups, n)
    for name, form in all_layouts(X, tmp_path).items():
        design = make_design(form, y, weight, groups=codes, check_input=False)
        yield name, design, Products(X, y, weight, codes, design.shift, design.y_shift)


@pytest.fixture(params=["whole", "in pieces"])
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Work through X at once, or in blocks and tiles so small that every border is met."""
    cut = request.param == "in pieces"
    if cut:
        monkeypatch.setattr("fastreg.designs.dense.TILE_BYTES", 512)
        monkeypatch.setattr("fastreg.designs.dense.MOST_FLOPS", 2e3)
    return cut


def cut(design: Design, pieces: bool) -> Design:
    """Shorten the blocks of rows of a design."""
    if pieces:
        design.pass_rows = min(design.n_rows, 8)
    return design


SHAPES = ((1, 9), (7, 8), (8, 33), (9, 7), (33, 1), (33, 33))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
class TestDesign:
    def test_gram_of_every_row_group(
        self, dtype: type, groups: str, weighted: bool, pieces: bool, tmp_path: Path
    ) -> None:
        for n, p in SHAPES:
            every = np.arange(p)
            some = np.random.default_rng(n).permutation(p)[: (p + 1) // 2]
            for name, design, products in designs(n, p, dtype, groups, weighted, tmp_path):
                cut(design, pieces)
                for new, old in ((every, every), (some, every), (every[:1], some)):
                    assert products.gram_error(design.gram(new, old), new, old) <= 1, (name, n, p)

    @pytest.mark.parametrize("m", [1, 9, 16, 17, 33])
    def test_evaluate(
        self, dtype: type, groups: str, weighted: bool, pieces: bool, m: int, tmp_path: Path
    ) -> None:
        """Several vectors at once, each with its row weights, its target and its intercept."""
        for n, p in ((1, 9), (9, 7), (33, 9)) if m < 33 else ((33, 33), (7, 8)):
            rng = np.random.default_rng(m + n)
            for name, design, products in designs(n, p, dtype, groups, weighted, tmp_path):
                cut(design, pieces)
                G = design.n_groups
                row_weights = rng.choice([0.0, 1.0, 2.5], (m, G))
                targets = rng.integers(0, 2, m)
                intercepts = rng.standard_normal(m)
                for cols in (None, rng.permutation(p)[: (p + 1) // 2]):
                    k = p if cols is None else cols.size
                    coefs = rng.standard_normal((m, k)) * (rng.random((m, k)) < 0.6)
                    coefs[:, 0] = 0.0
                    given = (coefs, intercepts, row_weights, targets, cols)
                    found = design.evaluate(*given, predictions=True)
                    assert products.evaluation_error(found, *given) <= 1, (name, n, p)
                    same = (coefs, intercepts, row_weights[:1], targets, cols)
                    found = design.evaluate(*same)
                    assert found.predictions is None
                    assert products.evaluation_error(found, *same) <= 1, (name, n, p)

    def test_moments_without_cross_products(
        self, dtype: type, groups: str, weighted: bool, pieces: bool, tmp_path: Path
    ) -> None:
        for n, p in SHAPES:
            for name, design, products in designs(n, p, dtype, groups, weighted, tmp_path):
                found = cut(design, pieces).moments(False)
                assert not any(part.has_cross for part in found)
                assert products.moments_error(found) <= 1, (name, n, p)
                whole = design.moments(True)
                assert products.moments_error(whole) <= 1, (name, n, p)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("groups", ["one", "contiguous", "interleaved"])
@pytest.mark.parametrize(("dtype", "level"), [(np.float64, 1e8), (np.float32, 1e4)])
def test_columns_far_from_zero(
    dtype: type, level: float, groups: str, weighted: bool, tmp_path: Path
) -> None:
    """A mean of 1e8 times the spread costs no digit of variances, products and correlations."""
    rng = np.random.default_rng(0)
    n, p = 301, 9
    X = (rng.standard_normal((n, p)) + level * rng.uniform(0.5, 1.0, p)).astype(dtype)
    y = rng.standard_normal((n, 2)) + 1e8
    weight = rng.exponential(size=n) * (rng.random(n) < 0.7) if weighted else None
    codes = row_groups(groups, n)
    cols, coefs = np.arange(p), rng.standard_normal((3, p))
    for name, form in all_layouts(X, tmp_path).items():
        design = make_design(form, y, weight, groups=codes)
        products = Products(X, y, weight, codes, design.shift, design.y_shift)
        assert np.all(np.abs(X.mean(axis=0) - design.shift) < 3), name
        for cross in (False, True):
            for g, part in enumerate(design.moments(cross)):
                exact = products.centred(g)
                np.testing.assert_allclose(part.variances, exact.variances, rtol=1e-13)
                size = np.sqrt(np.outer(exact.variances, exact.y_variances))
                error = np.abs(part.s_xy / part.weight - exact.xy)
                assert np.all(error <= 1e-13 * size), name
                np.testing.assert_allclose(part.s_yy / part.weight, exact.y_variances, rtol=1e-13)
                error = np.abs((part.shift - exact.base) + part.offset - exact.offset)
                assert np.all(error <= 1e-13 * np.sqrt(exact.variances)), name
        assert products.gram_error(design.gram(cols, cols), cols, cols) <= 1, name
        given = (coefs, np.zeros(3), np.ones((1, design.n_groups)), np.array([0, 1, 0]))
        assert products.evaluation_error(design.evaluate(*given), *given) <= 1, name


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_blocks_as_they_are(dtype: type, order: str) -> None:
    """As many rows as make a second block of a pass, and one more."""
    rng = np.random.default_rng(0)
    n, p = (513, 20) if order == "C" else (4097, 5)
    X = np.asarray(rng.standard_normal((n, p)) + 3.0, dtype=dtype, order=order)
    y, codes = rng.standard_normal((n, 1)), rng.integers(0, 3, n)
    for groups in (None, codes):
        design = make_design(X, y, groups=groups)
        assert n == design.pass_rows + 1
        products = Products(X, y, None, groups, design.shift, design.y_shift)
        coefs, G = rng.standard_normal((20, p)), design.n_groups
        for m in (1, 20):
            given = (coefs[:m], np.zeros(m), np.ones((1, G)), np.zeros(m, int))
            assert products.evaluation_error(design.evaluate(*given), *given) <= 1
        assert products.moments_error(design.moments(False)) <= 1
        cols = np.arange(p)
        assert products.gram_error(design.gram(cols, cols), cols, cols) <= 1


def test_passes_are_counted() -> None:
    """All of X once, whatever the number of vectors; columns alone as their share."""
    rng = np.random.default_rng(0)
    design = make_design(rng.standard_normal((30, 20)), rng.standard_normal(30))
    assert design.passes == 0
    design.moments(False)
    assert design.passes == 1
    design.moments(False)
    assert design.passes == 1
    design.moments(True)
    assert design.passes == 2
    design.moments(False)
    assert design.passes == 2
    given = (np.ones((1, 1)), np.ones(2), np.zeros(2, int))
    design.evaluate(np.ones((2, 20)), given[1], given[0], given[2])
    assert design.passes == 3
    design.gram(np.arange(5), np.arange(10))
    assert design.passes == pytest.approx(3.75)


def test_no_new_columns_are_read_for_nothing() -> None:
    rng = np.random.default_rng(0)
    design = make_design(rng.standard_normal((30, 20)), rng.standard_normal(30))
    nothing = np.empty(0, dtype=np.intp)
    assert design.gram(nothing, np.arange(10)).shape == (1, 0, 10)
    assert design.gram(np.arange(10), nothing).shape == (1, 10, 0)
    assert design.passes == 0


@pytest.mark.parametrize("share", [0.1, 1.0])
@pytest.mark.parametrize("form", ["C", "F", "float32", "far from zero"])
def test_a_pass_needs_little_memory(form: str, share: float) -> None:
    """Some 30 % of X at most, also where every column has a coefficient (law 2)."""
    rng, m = np.random.default_rng(0), 16
    X = rng.standard_normal((1500, 3000), dtype=np.float32)
    if form != "float32":
        X = np.asarray(X, dtype=float, order="C" if form == "C" else "F")
    if form == "far from zero":
        X += 100.0
    design = make_design(X, rng.standard_normal(1500), check_input=False)
    cols = np.arange(int(share * 3000))
    given = (rng.standard_normal((m, cols.size)), np.zeros(m), np.ones((1, 1)), np.zeros(m, int))
    tracemalloc.start()
    design.evaluate(*given, cols)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 0.3 * X.nbytes + 4e6


def test_an_outer_product_is_added_symmetrically() -> None:
    rng = np.random.default_rng(0)
    root, noise = rng.standard_normal((2, 37))
    start = np.multiply.outer(noise, noise)
    out = start.copy()
    for i in range(0, 37, 10):
        add_outer(out[i : i + 10], root[i : i + 10], root)
    np.testing.assert_allclose(out, start + np.outer(root, root), rtol=1e-13, atol=1e-14)
    assert np.array_equal(out, out.T)
    with pytest.raises(ValueError, match="do not fit together"):
        add_outer(out[:3], root[:4], root)
