"""Laws of `Moments`: any partition, any order, exact to 1e-12 of the columns' own spread."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from fastreg import Moments
from fastreg.designs import make_design
from fastreg.moments import leave_one_group_out, merge_all

from .oracles import load_dense, load_sparse

CLOSE = 1e-12
ARRAYS = ("shift", "offset", "s_xx", "y_shift", "y_offset", "s_xy", "s_yy")


def exact_moments(X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return Σw, the means and S of [X, y] in rational arithmetic, rounded at the very end."""
    table = [[Fraction(float(v)) for v in row] for row in np.column_stack([X, y])]
    w = [Fraction(float(v)) for v in weight]
    total, size = sum(w), len(table[0])
    mean = [sum(wi * row[j] for wi, row in zip(w, table, strict=True)) / total for j in range(size)]
    centred = [[v - m for v, m in zip(row, mean, strict=True)] for row in table]
    products = np.empty((size, size))
    for j in range(size):
        for k in range(j + 1):
            found = sum(wi * row[j] * row[k] for wi, row in zip(w, centred, strict=True))
            products[j, k] = products[k, j] = float(found)
    return float(total), mean, products


def joint(moments: Moments) -> np.ndarray:
    """Return S of [X, y]; the products of two different targets, which are not kept, are NaN."""
    p, t = moments.s_xy.shape
    out = np.full((p + t, p + t), np.nan)
    out[:p, :p] = moments.s_xx
    out[:p, p:], out[p:, :p] = moments.s_xy, moments.s_xy.T
    out[range(p, p + t), range(p, p + t)] = moments.s_yy
    return out


def distance(a: np.ndarray, b: np.ndarray, reference: np.ndarray | None = None) -> float:
    """Return the largest difference relative to sqrt(S_jj S_kk)."""
    size = np.sqrt(np.diagonal(b if reference is None else reference))
    scale = np.multiply.outer(size, size)
    difference = np.abs(a - b)
    known = ~np.isnan(difference)
    assert np.array_equal(known, ~np.isnan(a))
    difference, scale = difference[known], scale[known]
    return float(np.max(difference / np.where(scale > 0, scale, 1.0), initial=0.0))


def assert_same(a: Moments, b: Moments) -> None:
    assert (a.n_rows, a.n_features, a.n_targets) == (b.n_rows, b.n_features, b.n_targets)
    assert a.weight == pytest.approx(b.weight, rel=1e-13)
    assert distance(joint(a), joint(b)) <= CLOSE
    for found, other, variance in (
        ((a.shift, a.offset), (b.shift, b.offset), np.diagonal(b.s_xx)),
        ((a.y_shift, a.y_offset), (b.y_shift, b.y_offset), b.s_yy),
    ):
        # two doubles hold the mean: the difference is taken before they are added
        difference = np.abs((found[0] - other[0]) + (found[1] - other[1]))
        spread = np.sqrt(variance / b.weight)
        assert np.all(difference <= CLOSE * spread + 1e-15 * np.abs(other[0] + other[1]))


def assert_exact(moments: Moments, X: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> None:
    w = np.ones(len(X)) if weight is None else weight
    total, mean, products = exact_moments(X, y, w)
    found = joint(moments)
    products[np.isnan(found)] = np.nan
    assert moments.weight == pytest.approx(total, rel=1e-14)
    assert distance(found, products) <= CLOSE
    shift = np.r_[moments.shift, moments.y_shift]
    offset = np.r_[moments.offset, moments.y_offset]
    for j, exact in enumerate(mean):
        error = abs(float(Fraction(float(shift[j])) + Fraction(float(offset[j])) - exact))
        spread = np.sqrt(np.diagonal(products)[j] / total)
        assert error <= CLOSE * spread + 1e-15 * abs(float(exact))


@st.composite
def data_sets(draw: st.DrawFn, rows: int = 30) -> dict:
    """Draw X, y and weights; the mean is up to 1e8 times the spread."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, p = draw(st.integers(2, rows)), draw(st.integers(1, 5))
    targets = draw(st.integers(1, 2))
    X, y = rng.standard_normal((n, p)), rng.standard_normal((n, targets))
    X[:, 1:] += X[:, :1]
    dtype = draw(st.sampled_from([np.float64, np.float64, np.float32]))
    level = draw(st.sampled_from([0.0, 1.0, 1e4, 1e8] if dtype == np.float64 else [0.0, 1.0, 1e3]))
    scale = 10.0 ** rng.integers(-5, 6, p)
    X = ((X + level * rng.uniform(0.5, 1.0, p)) * scale).astype(dtype)
    y = (y + level) * 10.0 ** rng.integers(-5, 6, targets)
    weight = None
    if draw(st.booleans()):
        weight = rng.exponential(size=n) * 10.0 ** draw(st.integers(-3, 3))
        weight[rng.random(n) < 0.3] = 0.0
        weight[rng.permutation(n)[:2]] = 1.0
    order = draw(st.sampled_from(["C", "F"]))
    return {"X": np.asarray(X, order=order), "y": y, "sample_weight": weight}


def _pieces(draw: st.DrawFn, data: dict) -> list[Moments]:
    """Cut the rows at random places (every piece with some weight) and shuffle the pieces."""
    n = len(data["X"])
    cuts = sorted(draw(st.sets(st.integers(1, n - 1), max_size=6)))
    pieces = []
    for first, last in zip([0, *cuts], [*cuts, n], strict=True):
        part = {k: None if v is None else v[first:last] for k, v in data.items()}
        if part["sample_weight"] is None or part["sample_weight"].any():
            pieces.append(Moments.from_arrays(**part))
    return draw(st.permutations(pieces))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=data_sets())
def test_one_pass_is_exact(data: dict) -> None:
    assert_exact(Moments.from_arrays(**data), data["X"], data["y"], data["sample_weight"])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(draw=st.data(), data=data_sets())
def test_any_partition_in_any_order(draw: st.DataObject, data: dict) -> None:
    """Merge two random pieces at a time, so that every tree of merges can occur."""
    pieces = list(_pieces(draw.draw, data))
    while len(pieces) > 1:
        second = pieces.pop(draw.draw(st.integers(1, len(pieces) - 1)))
        first = pieces.pop(draw.draw(st.integers(0, len(pieces) - 1)))
        pieces.append(first + second)
    assert_same(pieces[0], Moments.from_arrays(**data))
    assert_exact(pieces[0], data["X"], data["y"], data["sample_weight"])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(draw=st.data(), data=data_sets())
def test_merge_trees_and_leave_one_out(draw: st.DataObject, data: dict) -> None:
    pieces = list(_pieces(draw.draw, data))
    whole = merge_all(pieces)
    assert_same(whole, Moments.from_arrays(**data))
    if len(pieces) > 1:
        for k, others in enumerate(leave_one_group_out(pieces)):
            assert_same(others, merge_all(pieces[:k] + pieces[k + 1 :]))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=data_sets(), seed=st.integers(0, 1000))
def test_row_groups_are_separate_moments(data: dict, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 3, len(data["X"]))
    codes[:3] = [0, 1, 2][: codes[:3].size]
    found = Moments.from_groups(data["X"], data["y"], codes, data["sample_weight"])
    w = np.ones(len(codes)) if data["sample_weight"] is None else data["sample_weight"]
    assert len(found) == codes.max() + 1
    for g, moments in enumerate(found):
        part = {k: None if v is None else v[codes == g] for k, v in data.items()}
        assert moments.weight == pytest.approx(w[codes == g].sum(), rel=1e-13)
        if not w[codes == g].any():
            continue
        alone = Moments.from_arrays(**part)
        # a group of a row or two has next to no spread: it is judged by that of all rows
        everything = joint(Moments.from_arrays(**data))
        assert distance(joint(moments), joint(alone), everything) <= CLOSE
    assert_same(merge_all(found), Moments.from_arrays(**data))


def test_row_groups_far_apart() -> None:
    """Each group keeps the digits of its own spread, though the groups lie 1e6 spreads apart."""
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], 50)
    X = rng.standard_normal((100, 3)) + 1e6 * codes[:, None]
    y = rng.standard_normal(100)
    for g, moments in enumerate(Moments.from_groups(X, y, codes)):
        alone = Moments.from_arrays(X[codes == g], y[codes == g])
        assert distance(joint(moments), joint(alone)) <= CLOSE


def _sparse_data(seed: int, level: float) -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
    """Return sparse columns beside two that are full and far from zero."""
    rng = np.random.default_rng(seed)
    X = np.where(rng.random((40, 6)) < 0.2, rng.standard_normal((40, 6)), 0.0)
    X[:, :2] = rng.standard_normal((40, 2)) + level
    weight = rng.exponential(size=40)
    weight[rng.random(40) < 0.2] = 0.0
    return sparse.csr_array(X), rng.standard_normal(40), weight


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("level", [0.0, 1e3, 1e8])
def test_sparse_is_dense(level: float, weighted: bool) -> None:
    for seed in range(5):
        X, y, weight = _sparse_data(seed, level)
        weight = weight if weighted else None
        dense = Moments.from_arrays(X.toarray(), y, weight)
        assert_exact(dense, X.toarray(), y, weight)
        for form in (X, X.tocsc(), sparse.csr_matrix(X), X.tocoo(), X.astype(np.float32)):
            found = Moments.from_arrays(form, y, weight)
            if form.dtype == np.float32:
                assert_exact(found, form.toarray(), y, weight)
            else:
                assert_same(found, dense)


@pytest.mark.parametrize("level", [0.0, 1e8])
def test_sparse_pieces(level: float) -> None:
    X, y, weight = _sparse_data(0, level)
    pieces = [
        Moments.from_arrays(X[rows], y[rows], weight[rows])
        for rows in (slice(0, 7), slice(7, 8 + 20), slice(28, 40))
    ]
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        assert_exact(merge_all([pieces[k] for k in order]), X.toarray(), y, weight)
    codes = np.repeat([0, 1, 2], [7, 21, 12])
    grouped = Moments.from_groups(X, y, codes, weight)
    assert_same(merge_all(grouped), merge_all(pieces))


def test_explicit_zeros_and_duplicates_in_sparse_input() -> None:
    data = np.array([1.0, 2.0, 0.0, 3.0, 4.0, -4.0])
    rows, cols = np.array([0, 0, 1, 2, 3, 3]), np.array([0, 0, 1, 1, 0, 0])
    X = sparse.coo_array((data, (rows, cols)), shape=(4, 2))
    raw = sparse.csr_array((data, cols, np.array([0, 2, 3, 4, 6])), shape=(4, 2))
    y = np.arange(4.0)
    for form in (X, raw, X.tocsc()):
        before = [a.copy() for a in (form.data,)]
        assert_exact(Moments.from_arrays(form, y), X.toarray(), y, None)
        np.testing.assert_array_equal(form.data, before[0])


@pytest.mark.parametrize("name", ["california_housing", "tecator", "naval_propulsion"])
def test_real_data_in_many_blocks(shared_data: Path, name: str) -> None:
    """Against extended precision; 20,640 rows are more than one block."""
    X, y = load_dense(shared_data, name)
    w = np.random.default_rng(0).exponential(size=y.size)
    table = np.column_stack([X, y]).astype(np.longdouble)
    share = (w / w.sum()).astype(np.longdouble)
    centred = table - share @ table
    expected = ((centred * w[:, None]).T @ centred).astype(float)
    moving = np.sqrt(np.diagonal(expected)) > 1e-14 * np.abs(table).max(axis=0).astype(float)
    for form in (X, np.asfortranarray(X)):
        found = joint(Moments.from_arrays(form, y, w))
        assert distance(found[moving][:, moving], expected[moving][:, moving]) <= CLOSE


def test_real_sparse_data(shared_data: Path) -> None:
    X, y = load_sparse(shared_data, "a9a")
    found, dense = Moments.from_arrays(X, y), Moments.from_arrays(X.toarray(), y)
    assert_same(found, dense)


def test_wide_enough_for_bands() -> None:
    """Beyond 256 columns the products are taken and mirrored band by band."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((700, 300)) + 50.0, rng.standard_normal(700)
    centred = X.astype(np.longdouble) - X.astype(np.longdouble).mean(axis=0)
    expected = (centred.T @ centred).astype(float)
    for form in (X, np.asfortranarray(X), X.astype(np.float32).astype(float)):
        found = Moments.from_arrays(form, y).s_xx
        centred = form.astype(np.longdouble) - form.astype(np.longdouble).mean(axis=0)
        expected = (centred.T @ centred).astype(float)
        assert distance(found, expected) <= CLOSE
        np.testing.assert_array_equal(found, found.T)


def test_zero_weights_are_absent_rows() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 4)) + 1e6, rng.standard_normal(50)
    weight = rng.integers(0, 3, 50).astype(float)
    X[weight == 0] = 1e300
    X[weight == 0, 1] = -1e150
    kept = weight > 0
    found = Moments.from_arrays(X, y, weight)
    assert found.n_rows == kept.sum()
    assert_same(found, Moments.from_arrays(X[kept], y[kept], weight[kept]))
    repeated = np.repeat(np.arange(50), weight.astype(int))
    twice = Moments.from_arrays(X[repeated], y[repeated])
    assert distance(joint(found), joint(twice)) <= CLOSE


def test_diagonal_only_is_the_diagonal() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 7)) + 1e7, rng.standard_normal(60)
    for form in (X, sparse.csr_array(X)):
        (part,) = make_design(form, y).moments(cross=False)
        whole = Moments.from_arrays(form, y)
        assert not part.has_cross
        np.testing.assert_allclose(part.s_xx, np.diagonal(whole.s_xx), rtol=1e-12)
        np.testing.assert_allclose(part.variances, whole.variances, rtol=1e-12)
        with pytest.raises(ValueError, match="different shapes"):
            part.merge(whole)


def test_update_merge_and_plus() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 3)), rng.standard_normal(30)
    first, second = Moments.from_arrays(X[:10], y[:10]), Moments.from_arrays(X[10:], y[10:])
    kept = [first.copy(), second.copy()]
    total = first + second
    total.update(X[:5], y[:5])
    for moments, copy in zip((first, second), kept, strict=True):
        for name in ARRAYS:
            np.testing.assert_array_equal(getattr(moments, name), getattr(copy, name))
    grown = kept[0].copy()
    assert grown.update(X[10:], y[10:]) is grown
    merged = kept[0].copy()
    assert merged.merge(second) is merged
    for moments in (grown, merged):
        assert_same(moments, Moments.from_arrays(X, y))
    twice = merged.copy().merge(merged)
    assert_same(twice, Moments.from_arrays(np.vstack([X, X]), np.r_[y, y]))
    itself = merged.copy()
    assert_same(itself.merge(itself), twice)


def test_no_rows_are_the_neutral_element() -> None:
    rng = np.random.default_rng(0)
    some = Moments.from_arrays(rng.standard_normal((9, 2)) + 5.0, rng.standard_normal(9))
    nothing = Moments.empty_like(some)
    for both in (some + nothing, nothing + some):
        for name in ARRAYS:
            np.testing.assert_array_equal(getattr(both, name), getattr(some, name))
    assert nothing.weight == 0
    both = nothing + some
    both.update(rng.standard_normal((3, 2)), rng.standard_normal(3))
    assert some.n_rows == 9
    assert nothing.n_rows == 0


def test_one_row_and_one_column() -> None:
    moments = Moments.from_arrays([[3.0]], [2.0], [0.5])
    assert (moments.n_rows, moments.weight) == (1, 0.5)
    assert (moments.mean[0], moments.y_mean[0]) == (3.0, 2.0)
    assert moments.s_xx[0, 0] == moments.s_xy[0, 0] == moments.s_yy[0] == 0.0
    assert "1 rows" in repr(moments)


@pytest.mark.parametrize("kind", ["C", "F", "csr", "float32", "targets"])
def test_input_is_not_modified(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 5)), rng.standard_normal((40, 2 if kind == "targets" else 1))
    X = {
        "F": np.asfortranarray(X),
        "csr": sparse.csr_array(X),
        "float32": X.astype(np.float32),
    }.get(kind, X)
    weight = rng.exponential(size=40)
    arrays: Sequence[np.ndarray] = [X.data if kind == "csr" else X, y, weight]
    before = [a.copy() for a in arrays]
    for array in arrays:
        array.setflags(write=False)
    moments = Moments.from_arrays(X, y, weight)
    other = Moments.from_groups(X, y, np.arange(40) % 3, weight)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert_same(merge_all(other), moments)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_mapped_input(tmp_path: Path, order: str, dtype: type) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((500, 6)).astype(dtype) + dtype(100), rng.standard_normal(500)
    mapped = np.memmap(tmp_path / "X.bin", dtype=dtype, mode="w+", shape=X.shape, order=order)
    mapped[:] = X
    mapped.flush()
    read = np.memmap(tmp_path / "X.bin", dtype=dtype, mode="r", shape=X.shape, order=order)
    assert_same(Moments.from_arrays(read, y), Moments.from_arrays(X, y))
    np.save(tmp_path / "X.npy", X)
    loaded = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert_same(Moments.from_arrays(loaded, y), Moments.from_arrays(X, y))


@pytest.mark.parametrize("kind", ["C", "F", "float32", "strided", "mapped"])
def test_X_is_not_copied_whole(kind: str, tmp_path: Path) -> None:
    n, p = 120_000, 100
    X = np.ones((n, p), dtype=np.float32 if kind == "float32" else np.float64)
    X[::3, ::2] = 2.0
    if kind == "F":
        X = np.asfortranarray(X)
    elif kind == "strided":
        X = np.repeat(X, 2, axis=1)[:, ::2]
    elif kind == "mapped":
        np.save(tmp_path / "X.npy", X)
        X = np.load(tmp_path / "X.npy", mmap_mode="r")
    y = np.zeros(n)
    tracemalloc.start()
    try:
        Moments.from_groups(X, y, np.arange(n) % 5)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64e6
    assert peak < 0.7 * n * p * 8


def test_saved_and_loaded(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((30, 4)) + 1e8, rng.standard_normal((30, 2))
    moments = Moments.from_arrays(X, Y, rng.exponential(size=30))
    for path in (tmp_path / "moments.npz", str(tmp_path / "no_suffix")):
        moments.save(path)
        back = Moments.load(path)
        assert (back.n_rows, back.weight) == (moments.n_rows, moments.weight)
        for name in ARRAYS:
            np.testing.assert_array_equal(getattr(back, name), getattr(moments, name))
        assert_same(back + moments, moments + moments)


def _contents(moments: Moments) -> dict[str, np.ndarray]:
    values = {name: getattr(moments, name) for name in ARRAYS}
    return values | {"n_rows": moments.n_rows, "weight": moments.weight, "fastreg_moments": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"s_xx": np.zeros((2, 3))},
        {"s_xx": np.zeros(7)},
        {"s_xy": np.zeros((3, 2))},
        {"s_yy": np.zeros(4)},
        {"offset": np.zeros(2)},
        {"shift": np.zeros((3, 1))},
        {"weight": np.array([1.0, 2.0])},
        {"weight": np.array(np.nan)},
        {"weight": np.array(-1.0)},
        {"s_xx": np.full((3, 3), np.nan)},
        {"s_xx": np.full((3, 3), "text")},
        {"fastreg_moments": 99},
        {"fastreg_moments": np.array("one")},
        {"n_rows": np.array("many")},
        {"shift": None},
        {"fastreg_moments": None},
        {"s_xy": np.array([[object()]] * 3, dtype=object)},
    ],
    ids=lambda change: "-".join(f"{k}-{np.shape(v)}" for k, v in change.items()),
)
def test_damaged_contents(tmp_path: Path, change: dict) -> None:
    rng = np.random.default_rng(0)
    moments = Moments.from_arrays(rng.standard_normal((10, 3)), rng.standard_normal(10))
    contents = {k: v for k, v in (_contents(moments) | change).items() if v is not None}
    path = tmp_path / "damaged.npz"
    np.savez(path, **contents)
    with pytest.raises(ValueError, match=r"damaged\.npz"):
        Moments.load(path)


def test_damaged_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    whole = tmp_path / "whole.npz"
    Moments.from_arrays(rng.standard_normal((10, 3)), rng.standard_normal(10)).save(whole)
    content = whole.read_bytes()
    flipped = bytearray(content)
    flipped[content.index(b"s_xx.npy") + 200] ^= 0xFF
    damaged = {
        "empty": b"",
        "short": content[: len(content) // 2],
        "flipped": bytes(flipped),
        "text": b"these are no moments",
        "pickle": b"\x80\x04N.",
    }
    for name, data in damaged.items():
        path = tmp_path / f"{name}.npz"
        path.write_bytes(data)
        with pytest.raises(ValueError, match=f"{name}.npz"):
            Moments.load(path)
    np.save(tmp_path / "array.npy", np.zeros(3))
    with pytest.raises(ValueError, match=r"array\.npy"):
        Moments.load(tmp_path / "array.npy")
    with pytest.raises(FileNotFoundError):
        Moments.load(tmp_path / "absent.npz")


def test_unlike_moments_do_not_merge() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((10, 3)), rng.standard_normal(10)
    moments = Moments.from_arrays(X, y)
    before = moments.copy()
    others = [
        Moments.from_arrays(X[:, :2], y),
        Moments.from_arrays(X, np.column_stack([y, y])),
    ]
    for other in others:
        with pytest.raises(ValueError, match="different shapes"):
            moments.merge(other)
        with pytest.raises(ValueError, match="different shapes"):
            moments + other
    for stranger in (3, X, None):
        with pytest.raises(TypeError):
            moments.merge(stranger)
        with pytest.raises(TypeError):
            moments + stranger
    assert_same(moments, before)


def _bad_inputs() -> dict[str, tuple]:
    X, y = np.ones((5, 2)) * np.arange(5.0)[:, None], np.arange(5.0)
    nan, inf = X.copy(), X.copy()
    nan[1, 1], inf[2, 0] = np.nan, -np.inf
    return {
        "nan in X": (nan, y, None, "NaN"),
        "inf in X": (inf, y, None, "infinity"),
        "nan in sparse X": (sparse.csr_array(nan), y, None, "NaN"),
        "nan in y": (X, np.r_[np.nan, y[1:]], None, "NaN"),
        "inf in y": (X, np.r_[np.inf, y[1:]], None, "infinity"),
        "short y": (X, y[:4], None, "inconsistent"),
        "short weight": (X, y, np.ones(4), "sample_weight"),
        "negative weight": (X, y, -np.ones(5), "sample_weight"),
        "zero weights": (X, y, np.zeros(5), "(?i)weight"),
        "nan weight": (X, y, np.r_[np.nan, np.ones(4)], "sample_weight"),
        "no rows": (X[:0], y[:0], None, "minimum of 1"),
        "no columns": (X[:, :0], y, None, "minimum of 1"),
        "1-d X": (y, y, None, "2D array"),
        "3-d X": (X[None], y, None, "dim"),
        "text": (np.array([["a", "b"]] * 5), y, None, "convert"),
        "no y": (X, None, None, "y"),
    }


@pytest.mark.parametrize("name", _bad_inputs())
def test_bad_input(name: str) -> None:
    X, y, weight, message = _bad_inputs()[name]
    with pytest.raises(ValueError, match=message):
        Moments.from_arrays(X, y, weight)
    held = Moments.from_arrays(np.ones((3, 2)), np.ones(3))
    before = held.copy()
    with pytest.raises(ValueError, match=message):
        held.update(X, y, weight)
    assert_same(held, before)


@pytest.mark.parametrize(
    "groups", [np.zeros(4, int), np.array([0, 1, -1, 0, 0]), np.full(5, 0.5), np.zeros((5, 1), int)]
)
def test_bad_groups(groups: np.ndarray) -> None:
    with pytest.raises(ValueError, match="groups"):
        Moments.from_groups(np.ones((5, 2)), np.ones(5), groups)
