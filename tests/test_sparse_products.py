"""Products of sparse columns against dense ones in extended precision: kernels and design."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from fastreg.designs import Design, make_design
from fastreg.kernels.sparse import add_columns, add_outer_rows, dot_columns, spread_columns

from .oracles import Products

SIZES = (0, 1, 7, 8, 9, 33)
EPS = np.finfo(float).eps


def counts(rng: np.random.Generator, n: int, p: int) -> np.ndarray:
    """Return columns from empty to full, of many sizes, with empty rows, densely."""
    X = rng.standard_normal((n, p)) * 10.0 ** rng.integers(-3, 4, p)
    X[rng.random((n, p)) > np.linspace(0.0, 1.0, p)] = 0.0
    if n > 4:
        X[[1, n - 2], : p - p // 4] = 0.0
    return X


def csc_arrays(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return data, int32 row numbers and int64 pointers, read-only."""
    csc = sparse.csc_array(X)
    arrays = csc.data, csc.indices.astype(np.int32), csc.indptr.astype(np.int64)
    for array in arrays:
        array.setflags(write=False)
    return arrays


def shuffled(arrays: tuple[np.ndarray, ...], rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return the same columns with entries out of order, split in two, and explicit zeros."""
    data, indices, indptr = arrays
    parts, rows, pointers = [], [], [0]
    for first, last in pairwise(indptr):
        x, i = data[first:last], indices[first:last]
        share = rng.uniform(0.1, 0.9, x.size)
        x, i = np.r_[x * share, x * (1 - share), 0.0], np.r_[i, i, i[:1] if i.size else [0]]
        order = rng.permutation(x.size)
        parts.append(x[order])
        rows.append(i[order])
        pointers.append(pointers[-1] + x.size)
    return (
        np.concatenate(parts) if parts else np.empty(0),
        (np.concatenate(rows) if rows else np.empty(0)).astype(np.int32),
        np.array(pointers, dtype=np.int64),
    )


def assert_products(found: np.ndarray, exact: np.ndarray, size: np.ndarray, n: int) -> None:
    """Compare with extended precision; `size` is the sum of the absolute values."""
    assert found.shape == exact.shape
    assert np.all(np.abs(found - exact) <= (n + 4) * EPS * size)


@pytest.mark.parametrize("n", SIZES[1:])
@pytest.mark.parametrize("k", SIZES)
class TestKernels:
    @pytest.mark.parametrize("m", SIZES)
    def test_add_columns(self, n: int, k: int, m: int) -> None:
        rng = np.random.default_rng(1000 * n + 40 * k + m)
        X = counts(rng, n, 33)
        cols = rng.integers(0, 33, k)  # some of them twice
        coefs, before = rng.standard_normal((k, m)), rng.standard_normal((n, m))
        exact = before + X.astype(np.longdouble)[:, cols] @ coefs
        size = np.abs(before) + np.abs(X[:, cols]) @ np.abs(coefs)
        arrays = csc_arrays(X)
        for form in (arrays, shuffled(arrays, rng)):
            out = before.copy()
            add_columns(*form, cols, coefs, out)
            assert_products(out, exact, size, 2 * k + 2)

    @pytest.mark.parametrize("groups", ["none", "one", "contiguous", "interleaved", "random"])
    def test_dot_columns(self, n: int, k: int, groups: str) -> None:
        """What was in `out` before does not matter."""
        rng = np.random.default_rng(1000 * n + k)
        X = counts(rng, n, 33)
        cols, block = rng.integers(0, 33, k), rng.standard_normal((n, 8))
        code = {
            "none": None,
            "one": np.zeros(n, dtype=np.intp),
            "contiguous": np.arange(n) * 3 // n,
            "interleaved": np.arange(n) % 3,
            "random": rng.integers(0, 5, n),
        }[groups]
        G = 1 if code is None else int(code.max()) + 1
        code_or_zero = np.zeros(n, int) if code is None else code
        member = np.arange(G)[:, None] == code_or_zero
        z = X.astype(np.longdouble)[:, cols]
        exact = np.einsum("gn,nk,nt->kgt", member, z, block)
        size = np.einsum("gn,nk,nt->kgt", member, np.abs(z), np.abs(block))
        arrays = csc_arrays(X)
        for form in (arrays, shuffled(arrays, rng)):
            out = np.full((k, G, 8), np.nan)
            dot_columns(*form, code, cols, block, out)
            assert_products(out, exact, size, 2 * n)

    def test_spread_columns(self, n: int, k: int) -> None:
        """Up to eight columns side by side; the same with zero weights takes them away again."""
        rng = np.random.default_rng(1000 * n + k)
        X, weight = counts(rng, n, 33), rng.exponential(size=n) * (rng.random(n) < 0.7)
        cols, block = rng.permutation(33)[: min(k, 8)], np.zeros((n, 8))
        arrays = csc_arrays(X)
        spread_columns(*arrays, weight, cols, block)
        np.testing.assert_array_equal(block[:, : cols.size], weight[:, None] * X[:, cols])
        np.testing.assert_array_equal(block[:, cols.size :], 0.0)
        spread_columns(*arrays, np.zeros(n), cols, block)
        np.testing.assert_array_equal(block, 0.0)

    @pytest.mark.parametrize("index", [np.int32, np.int64])
    def test_add_outer_rows(self, n: int, k: int, index: type) -> None:
        """Only the lower triangle, on top of what was there."""
        rng = np.random.default_rng(1000 * n + k)
        X, weight = counts(rng, n, k), rng.exponential(size=n) * (rng.random(n) < 0.7)
        csr, before = sparse.csr_array(X), rng.standard_normal((k, k))
        out = before.copy()
        add_outer_rows(csr.data, csr.indices.astype(index), csr.indptr.astype(index), weight, out)
        z = X.astype(np.longdouble)
        exact = before + np.tril((z * weight[:, None]).T @ z)
        size = np.abs(before) + (np.abs(z) * weight[:, None]).T @ np.abs(z)
        assert_products(out, exact, size, n)

    def test_the_same_bits_at_every_call(self, n: int, k: int) -> None:
        rng = np.random.default_rng(1000 * n + k)
        arrays, cols = csc_arrays(counts(rng, n, 33)), rng.integers(0, 33, k)
        block, coefs = rng.standard_normal((n, 8)), rng.standard_normal((k, 9))
        first, fit = np.empty((k, 1, 8)), np.zeros((n, 9))
        dot_columns(*arrays, None, cols, block, first)
        add_columns(*arrays, cols, coefs, fit)
        for _ in range(2):
            out, again = np.empty((k, 1, 8)), np.zeros((n, 9))
            dot_columns(*arrays, None, cols.copy(), block.copy(), out)
            add_columns(*arrays, cols.copy(), coefs.copy(), again)
            assert out.tobytes() == first.tobytes()
            assert again.tobytes() == fit.tobytes()


def test_arrays_that_do_not_fit() -> None:
    arrays = csc_arrays(counts(np.random.default_rng(0), 9, 5))
    cols = np.array([0, 3, 4])
    for coefs, out in (((2, 4), (9, 4)), ((4, 4), (9, 4)), ((3, 4), (9, 3)), ((3, 4), (9, 5))):
        with pytest.raises(ValueError, match="do not fit"):
            add_columns(*arrays, cols, np.ones(coefs), np.zeros(out))
    for block, out in (((9, 7), (3, 1, 8)), ((9, 8), (3, 1, 7)), ((9, 8), (2, 1, 8))):
        with pytest.raises(ValueError, match="do not fit"):
            dot_columns(*arrays, None, cols, np.ones(block), np.zeros(out))
    with pytest.raises(ValueError, match="do not fit"):
        spread_columns(*arrays, np.ones(9), np.zeros(9, dtype=np.intp), np.zeros((9, 8)))
    for wrong in (-1, 5, 2**40):
        cols = np.array([0, wrong])
        with pytest.raises(IndexError, match=str(wrong)):
            add_columns(*arrays, cols, np.ones((2, 1)), np.zeros((9, 1)))
        with pytest.raises(IndexError, match=str(wrong)):
            dot_columns(*arrays, None, cols, np.ones((9, 8)), np.zeros((2, 1, 8)))
        with pytest.raises(IndexError, match=str(wrong)):
            spread_columns(*arrays, np.ones(9), cols, np.zeros((9, 8)))
    data, indices, indptr = arrays
    given = (None, np.array([0, 3]), np.ones((9, 8)), np.zeros((2, 1, 8)))
    dot_columns(data, indices, indptr, *given)
    for wrong in (
        (data.astype(np.float32), indices, indptr),
        (data, indices.astype(np.int64), indptr),
        (data, indices, indptr.astype(np.int32)),
    ):
        with pytest.raises((ValueError, TypeError)):
            dot_columns(*wrong, *given)


GROUPS = ("one", "contiguous", "interleaved", "one of them empty")


def row_groups(kind: str, n: int) -> np.ndarray | None:
    """Return row groups of n rows, or None for one."""
    return {
        "one": None,
        "contiguous": np.arange(n) * 3 // max(n, 1),
        "interleaved": np.arange(n) % 3,
        "one of them empty": np.where(np.arange(n) % 4 < 2, 0, 2),
    }[kind]


def all_forms(X: np.ndarray, tmp_path: Path) -> dict:
    """Return the same matrix in every sparse form that is accepted."""
    rng = np.random.default_rng(0)
    csc, csr = sparse.csc_array(X), sparse.csr_array(X)
    long = [sparse.csc_array(X), sparse.csr_array(X)]
    for array in long:
        array.indices = array.indices.astype(np.int64)
        array.indptr = array.indptr.astype(np.int64)
        assert array.indices.dtype == np.int64
    untidy = sparse.csc_array(shuffled(csc_arrays(X), rng), shape=X.shape)
    by_rows = sparse.csr_array(shuffled(csc_arrays(X.T), rng), shape=X.shape)
    assert not untidy.has_canonical_format
    assert not by_rows.has_canonical_format
    read_only = sparse.csc_array(X)
    for array in (read_only.data, read_only.indices, read_only.indptr):
        array.setflags(write=False)
    np.save(tmp_path / "data.npy", csc.data)
    mapped = sparse.csc_array(X)
    if csc.nnz:
        mapped.data = np.load(tmp_path / "data.npy", mmap_mode="r")
    return {
        "csc": csc,
        "csr": csr,
        "csc_matrix": sparse.csc_matrix(X),
        "csr_matrix": sparse.csr_matrix(X),
        "coo": sparse.coo_array(X),
        "csc, int64": long[0],
        "csr, int64": long[1],
        "csc, unsorted and twice": untidy,
        "csr, unsorted and twice": by_rows,
        "read-only": read_only,
        "memory-mapped": mapped,
    }


def designs(
    n: int, p: int, groups: str, weighted: bool, tmp_path: Path
) -> Iterator[tuple[str, Design, Products]]:
    """Yield the same data in every form, with what its products should be."""
    rng = np.random.default_rng(1000 * n + p)
    X = counts(rng, n, p)
    X[:, -1] = rng.standard_normal(n) + 50.0  # without a zero: it has a shift
    y = rng.standard_normal((n, 2)) * [1.0, 1e3] + [5.0, 0.0]
    weight = None
    if weighted:
        weight = rng.exponential(size=n) * (rng.random(n) < 0.7)
        weight[rng.integers(n)] = 1.0
    codes = row_groups(groups, n)
    for name, form in all_forms(X, tmp_path).items():
        design = make_design(form, y, weight, groups=codes)
        shifts = design.shift, design.y_shift
        yield name, design, Products(X, y, weight, codes, *shifts, shifts_rows=False)


SHAPES = ((1, 1), (1, 9), (7, 8), (8, 33), (9, 7), (33, 1), (33, 33))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("groups", GROUPS)
class TestDesign:
    def test_gram_of_every_row_group(self, groups: str, weighted: bool, tmp_path: Path) -> None:
        for n, p in SHAPES:
            every = np.arange(p)
            some = np.random.default_rng(n).permutation(p)[: (p + 1) // 2]
            for name, design, products in designs(n, p, groups, weighted, tmp_path):
                for new, old in ((every, every), (some, every), (every[:1], some), (some, some)):
                    assert products.gram_error(design.gram(new, old), new, old) <= 1, (name, n, p)

    @pytest.mark.parametrize("m", [1, 7, 8, 9, 33])
    def test_evaluate(self, groups: str, weighted: bool, m: int, tmp_path: Path) -> None:
        """Several vectors at once, each with its row weights, its target and its intercept."""
        for n, p in SHAPES:
            rng = np.random.default_rng(m + n)
            for name, design, products in designs(n, p, groups, weighted, tmp_path):
                row_weights = rng.choice([0.0, 1.0, 2.5], (m, design.n_groups))
                targets, intercepts = rng.integers(0, 2, m), rng.standard_normal(m)
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
        self, groups: str, weighted: bool, tmp_path: Path
    ) -> None:
        for n, p in SHAPES:
            for name, design, products in designs(n, p, groups, weighted, tmp_path):
                found = design.moments(False)
                assert not any(part.has_cross for part in found)
                assert products.moments_error(found) <= 1, (name, n, p)
                whole = design.moments(True)
                assert products.moments_error(whole) <= 1, (name, n, p)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("groups", ["one", "contiguous", "interleaved"])
@pytest.mark.parametrize("kind", ["csc", "csr"])
def test_columns_far_from_zero(kind: str, groups: str, weighted: bool) -> None:
    """A column without zeros may have a mean of 1e8 times its spread and lose no digit."""
    rng = np.random.default_rng(0)
    n, p = 301, 6
    X = counts(rng, n, p)
    X[:, 1::2] = rng.standard_normal((n, 3)) + 1e8 * rng.uniform(0.5, 1.0, 3)
    y = rng.standard_normal((n, 1)) + 1e8
    weight = rng.exponential(size=n) * (rng.random(n) < 0.7) if weighted else None
    codes = row_groups(groups, n)
    design = make_design(sparse.csr_array(X).asformat(kind), y, weight, groups=codes)
    products = Products(X, y, weight, codes, design.shift, design.y_shift)
    for cross in (False, True):
        for g, part in enumerate(design.moments(cross)):
            exact = products.centred(g)
            np.testing.assert_allclose(part.variances, exact.variances, rtol=1e-13)
            size = np.sqrt(np.outer(exact.variances, exact.y_variances))
            assert np.all(np.abs(part.s_xy / part.weight - exact.xy) <= 1e-13 * size)
            np.testing.assert_allclose(part.s_yy / part.weight, exact.y_variances, rtol=1e-13)
            error = np.abs((part.shift - exact.base) + part.offset - exact.offset)
            assert np.all(error <= 1e-13 * np.sqrt(exact.variances))


def test_a_column_without_zeros_in_one_group_only() -> None:
    """Far from zero in the rows of that group, and absent elsewhere."""
    rng = np.random.default_rng(0)
    X, y, codes = rng.standard_normal((60, 3)), rng.standard_normal((60, 1)), np.repeat([0, 1], 30)
    X[:30, 1] += 1e6
    X[30:, 1] = 0.0
    design = make_design(sparse.csc_array(X), y, groups=codes)
    products = Products(X, y, None, codes, design.shift, design.y_shift)
    for cross in (False, True):
        for g, part in enumerate(design.moments(cross)):
            np.testing.assert_allclose(
                part.variances, products.centred(g).variances, rtol=1e-12, atol=1e-300
            )


def test_passes_are_counted() -> None:
    """All of X once; columns alone as their share of the entries."""
    X = np.zeros((40, 4))
    X[:30, 0] = X[:6, 1] = X[:4, 2] = 1.0
    design = make_design(sparse.csr_array(X), np.arange(40.0))
    assert design.passes == 0
    design.moments(False)
    design.moments(False)
    assert design.passes == 1
    design.moments(True)
    assert design.passes == 2
    design.evaluate(np.ones((3, 4)), np.ones(3), np.ones((1, 1)), np.zeros(3, int))
    assert design.passes == 3
    design.gram(np.array([1]), np.array([1, 2]))
    assert design.passes == pytest.approx(3.0 + 6 / 40 + 10 / 40)


def test_no_new_columns_are_read_for_nothing() -> None:
    X = sparse.random_array((30, 20), density=0.3, random_state=np.random.default_rng(0))
    design = make_design(X, np.arange(30.0))
    nothing = np.empty(0, dtype=np.intp)
    assert design.gram(nothing, np.arange(10)).shape == (1, 0, 10)
    assert design.gram(np.arange(10), nothing).shape == (1, 10, 0)
    assert design.passes == 0


@pytest.mark.parametrize("kind", ["csc", "csr"])
def test_no_more_than_one_copy_of_the_entries(kind: str) -> None:
    """CSR is turned once into columns, nothing else is of the size of X (law 2)."""
    rng = np.random.default_rng(0)
    X = sparse.random_array((3000, 20_000), density=0.01, random_state=rng, format=kind)
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)  # SciPy 1.13: int64
    size = X.data.nbytes + X.indices.nbytes
    y, m = rng.standard_normal(3000), 8
    tracemalloc.start()
    design = make_design(X, y, check_input=False)
    design.moments(False)
    _, first = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    design.evaluate(np.ones((m, 5)), np.zeros(m), np.ones((1, 1)), np.zeros(m, int), np.arange(5))
    design.gram(np.arange(30), np.arange(300))
    held, later = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    vectors = 8.0 * m * (3 * 3000 + 3 * 20_000)
    assert first <= 1.2 * size
    assert later <= (0.1 if kind == "csc" else 1.2) * size + vectors
    assert held <= (0.1 if kind == "csc" else 1.2) * size + vectors
