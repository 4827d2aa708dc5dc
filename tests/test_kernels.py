"""The compiled kernels alone, each against NumPy: factor, descent, certificate, ridge systems."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from fastreg.kernels import ridge as ridge_kernels
from fastreg.kernels.certificate import certify_block
from fastreg.kernels.coordinates import (
    Coordinates,
    DenseCoordinates,
    GramCoordinates,
    SparseCoordinates,
)
from fastreg.kernels.descent import Descent, Status
from fastreg.kernels.factor import Factor


def random_gram(rng: np.random.Generator, p: int, rank: int | None = None) -> np.ndarray:
    """Return Xᵀ X / n of badly scaled columns, of a given rank."""
    rank = p if rank is None else rank
    X = rng.standard_normal((2 * p + 5, rank))
    if rank < p:
        X = X @ rng.standard_normal((rank, p))
    X = X * 10.0 ** rng.integers(-2, 3, p)
    return np.ascontiguousarray(X.T @ X / len(X))


def gram_coordinates(gram: np.ndarray, corr: np.ndarray | None = None) -> GramCoordinates:
    corr = np.zeros(len(gram)) if corr is None else corr
    return GramCoordinates(gram, corr, np.diagonal(gram).copy(), 1.0)


def assert_factor_solves(factor: Factor, gram: np.ndarray, shift: float) -> None:
    """Compare with LU, both sides scaled to a unit diagonal."""
    at = factor.variables
    matrix = gram[np.ix_(at, at)] + shift * np.eye(at.size)
    size = np.sqrt(np.diagonal(matrix))
    rhs = np.linspace(-1.0, 2.0, at.size)
    found = factor.apply_inverse(rhs * size) * size
    expected = np.linalg.solve(matrix / np.outer(size, size), rhs)
    condition = np.linalg.cond(matrix / np.outer(size, size))
    np.testing.assert_allclose(
        found, expected, rtol=0, atol=1e-14 * condition * np.abs(expected).max()
    )


class TestFactor:
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(
        seed=st.integers(0, 2**32 - 1),
        moves=st.lists(st.integers(0, 39), min_size=1, max_size=80),
        shift=st.sampled_from([0.0, 0.5]),
    )
    def test_random_appends_and_deletes(self, seed: int, moves: list[int], shift: float) -> None:
        """A move appends its coordinate, or deletes it where it is in the factor already."""
        gram = random_gram(np.random.default_rng(seed), 40)
        q, factor, members = gram_coordinates(gram), Factor(40), []
        for j in moves:
            if j in members:
                members.remove(j)
                factor.remove(j)
            else:
                members.append(j)
                assert factor.add(q, j, shift)
            np.testing.assert_array_equal(factor.variables, members)
            assert factor.size == len(members) <= factor.capacity
            if members:
                assert_factor_solves(factor, gram, shift)

    def test_dependent_columns_are_refused(self) -> None:
        rng = np.random.default_rng(0)
        gram = random_gram(rng, 12, rank=5)
        q, factor = gram_coordinates(gram), Factor(12)
        accepted = [factor.add(q, j) for j in range(12)]
        assert accepted == [True] * 5 + [False] * 7
        assert factor.size == 5
        assert_factor_solves(factor, gram, 0.0)
        factor.remove(2)
        assert factor.add(q, 7)
        assert not factor.add(q, 8)
        # with a shift nothing is dependent
        shifted = Factor(12)
        assert all(shifted.add(q, j, 1e-3 * gram[j, j]) for j in range(12))

    @pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
    def test_a_duplicate_is_dependent_at_any_scale(self, scale: float) -> None:
        x = np.random.default_rng(0).standard_normal((30, 3))
        X = np.column_stack([x, x[:, 1] * scale])
        factor = Factor(4)
        assert [factor.add(gram_coordinates(X.T @ X), j) for j in range(4)] == [True] * 3 + [False]

    def test_a_dependent_column_let_in_gives_the_null_direction(self) -> None:
        x = np.random.default_rng(0).standard_normal((30, 2))
        X = np.column_stack([x, x.sum(axis=1)])
        q, factor = gram_coordinates(X.T @ X / 30), Factor(3)
        assert [factor.add(q, 0), factor.add(q, 1)] == [True, True]
        assert not factor.add(q, 2, 0.0, True)
        assert factor.size == 3
        direction = factor.apply_inverse([0.0, 0.0, 1.0])
        np.testing.assert_allclose(direction / direction[2], [-1.0, -1.0, 1.0], atol=1e-10)
        assert np.abs(direction[2]) > 1e10

    def test_capacity_grows_and_keeps_the_factor(self) -> None:
        gram = random_gram(np.random.default_rng(1), 100)
        q, factor = gram_coordinates(gram), Factor(100)
        for j in np.random.default_rng(2).permutation(100):
            assert factor.add(q, j)
        assert_factor_solves(factor, gram, 0.0)
        factor.grow(150)
        assert_factor_solves(factor, gram, 0.0)

    def test_misuse(self) -> None:
        gram = random_gram(np.random.default_rng(0), 3)
        q, factor = gram_coordinates(gram), Factor(3)
        assert factor.apply_inverse([]).size == 0
        factor.add(q, 1)
        with pytest.raises(ValueError, match="in the factor already"):
            factor.add(q, 1)
        with pytest.raises(ValueError, match="not in the factor"):
            factor.remove(0)
        with pytest.raises(ValueError, match="one entry"):
            factor.apply_inverse([1.0, 2.0])


def problem(seed: int, n: int = 40, p: int = 15, zeros: float = 0.6) -> SimpleNamespace:
    """Return one weighted, centred problem in the three ways of holding it."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + rng.standard_normal((n, 1))
    X[rng.random((n, p)) < zeros] = 0.0
    X *= 10.0 ** rng.integers(-1, 2, p)
    y = X @ (rng.standard_normal(p) / np.abs(X).max(axis=0)) + rng.standard_normal(n)
    w = rng.exponential(size=n)
    total, mean = w.sum(), w @ X / w.sum()
    z, u = X - mean, y - w @ y / w.sum()
    gram = np.ascontiguousarray((z * w[:, None]).T @ z / total)
    return SimpleNamespace(
        X=X, y=y, w=w, total=total, mean=mean, z=z, u=u, gram=gram,
        corr=z.T @ (w * u) / total, yy=float(w @ u**2 / total), diag=np.diagonal(gram).copy(),
    )  # fmt: skip


def coordinates(kind: str, data: SimpleNamespace) -> Coordinates:
    """Hold the problem at coefficients zero."""
    if kind == "gram":
        return GramCoordinates(data.gram, data.corr.copy(), data.diag.copy(), data.yy)
    if kind == "dense":
        root = np.sqrt(data.w)
        columns = np.asfortranarray(data.z * root[:, None])
        return DenseCoordinates(columns, data.u * root, data.diag.copy(), data.total)
    root = np.sqrt(data.w)
    csc = sparse.csc_array(data.X * root[:, None])
    return SparseCoordinates(
        csc.data, csc.indices.astype(np.int32), csc.indptr.astype(np.int64), data.mean, root,
        data.u * root, data.diag.copy(), data.total,
    )  # fmt: skip


def largest_violation(c: np.ndarray, b: np.ndarray, alpha: float, options: dict) -> float:
    """Return the largest distance of c − l2 b to the interval of subgradients at b."""
    l1, z = alpha * options["l1w"], c - alpha * options["l2w"] * b
    low = np.where(b <= options["lower"], -np.inf, np.where(b > 0, l1, -l1))
    high = np.where(b >= options["upper"], np.inf, np.where(b < 0, -l1, l1))
    return float(np.maximum(np.maximum(low - z, z - high), 0.0).max())


def full(options: dict, p: int = 15) -> dict:
    """Return the options of a penalty with defaults filled in."""
    return {
        "l1w": np.ones(p), "l2w": np.zeros(p),
        "lower": np.full(p, -np.inf), "upper": np.full(p, np.inf),
    } | options  # fmt: skip


def descend(kind: str, data: SimpleNamespace, alphas: np.ndarray, **options) -> SimpleNamespace:
    """Run the kernel to its end; `budget` is what each call may spend."""
    p = data.diag.size
    given = full(
        {"start": np.zeros(p), "cols": np.arange(p), "tol": 1e-14, "max_iter": 10_000, "seed": 0,
         "budget": 3e8, "passed": None} | options, p,
    )  # fmt: skip
    q, factor = coordinates(kind, data), Factor(p)
    coef, coefs = given["start"].copy(), np.empty((len(alphas), p))
    run = Descent(
        q, factor, coef, np.asarray(alphas, dtype=float), given["cols"], given["l1w"],
        given["l2w"], given["lower"], given["upper"], coefs, data.yy,
        given["tol"] * data.yy, 1e3 * given["tol"] * np.abs(data.corr).max(), given["max_iter"],
        given["seed"],
    )  # fmt: skip
    if given["passed"] is not None:
        run.follow(*given["passed"])
    statuses = []
    while not statuses or statuses[-1] != Status.DONE:
        statuses.append(Status(run.run(given["budget"])))
        assert len(statuses) < 1_000_000
        if statuses[-1] == Status.GROW:
            factor.grow(min(p, max(4, 2 * factor.capacity)))
    return SimpleNamespace(coefs=coefs, coef=coef, run=run, statuses=statuses, q=q)


KINDS = ("gram", "dense", "sparse")
PENALTIES = {
    "lasso": {},
    "elastic net": {"l1w": np.full(15, 0.5), "l2w": np.full(15, 0.5)},
    "positive": {"lower": np.zeros(15)},
    "bounds": {"lower": np.full(15, -0.05), "upper": np.linspace(0.0, 0.2, 15)},
    "factors": {"l1w": np.r_[np.zeros(2), np.linspace(0.1, 3.0, 13)]},
    "ridge": {"l1w": np.zeros(15), "l2w": np.ones(15)},
    "ridge with bounds": {"l1w": np.zeros(15), "l2w": np.ones(15), "lower": np.zeros(15)},
}


class TestDescent:
    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize("penalty", PENALTIES)
    def test_every_way_to_hold_the_problem(self, penalty: str, seed: int) -> None:
        data, options = problem(seed), PENALTIES[penalty]
        top = np.abs(data.corr).max()
        alphas = top * np.array([0.8, 0.3, 0.1, 0.01, 0.05])
        found = {kind: descend(kind, data, alphas, **options) for kind in KINDS}
        size = np.sqrt(data.diag)
        for kind in KINDS:
            assert found[kind].run.converged.all()
            np.testing.assert_array_equal(found[kind].coefs[-1], found[kind].coef)
            difference = (found[kind].coefs - found["gram"].coefs) * size
            assert np.abs(difference).max() <= 1e-9 * np.sqrt(data.yy)
        for k, alpha in enumerate(alphas):
            coef = found["gram"].coefs[k]
            c = data.corr - data.gram @ coef
            assert largest_violation(c, coef, alpha, full(options)) <= 1e-11 * top

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_is_held_belongs_to_the_solution(self, kind: str) -> None:
        """After the run ‖r‖² as updated move by move is that of the coefficients."""
        data = problem(0)
        found = descend(kind, data, np.abs(data.corr).max() * np.array([0.5, 0.05]))
        residual = data.u - data.z @ found.coef
        assert found.q.rr == pytest.approx(data.w @ residual**2 / data.total, rel=1e-10)

    @pytest.mark.parametrize("seed", [0, 12345])
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("penalty", ["lasso", "elastic net", "bounds"])
    def test_pausing_changes_no_bit(self, kind: str, penalty: str, seed: int) -> None:
        data = problem(3, n=30, p=15)
        alphas = np.abs(data.corr).max() * np.geomspace(0.9, 1e-3, 12)
        whole = descend(kind, data, alphas, seed=seed, **PENALTIES[penalty])
        paused = descend(kind, data, alphas, seed=seed, budget=1.0, **PENALTIES[penalty])
        assert whole.statuses.count(Status.PAUSED) == 0
        assert paused.statuses.count(Status.PAUSED) > 12
        np.testing.assert_array_equal(paused.coefs, whole.coefs)
        np.testing.assert_array_equal(paused.run.n_iter, whole.run.n_iter)
        np.testing.assert_array_equal(paused.run.gaps, whole.run.gaps)

    @pytest.mark.parametrize("kind", KINDS)
    def test_random_order_finds_the_same(self, kind: str) -> None:
        data = problem(1)
        alphas = np.abs(data.corr).max() * np.array([0.3, 0.03])
        cyclic, random = (descend(kind, data, alphas, seed=s).coefs for s in (0, 987654321))
        assert np.abs((cyclic - random) * np.sqrt(data.diag)).max() <= 1e-9 * np.sqrt(data.yy)

    def test_a_list_of_alphas_is_each_alone(self) -> None:
        data = problem(2)
        alphas = np.abs(data.corr).max() * np.geomspace(1.0, 1e-3, 20)
        path = descend("gram", data, alphas).coefs
        for k, alpha in enumerate(alphas):
            alone = descend("gram", data, alphas[k : k + 1]).coefs[0]
            difference = np.abs((path[k] - alone) * np.sqrt(data.diag)).max()
            assert difference <= 1e-9 * np.sqrt(data.yy), alpha

    @pytest.mark.parametrize("penalty", PENALTIES)
    def test_a_path_is_followed(self, penalty: str) -> None:
        """From two of its points on: the same solutions, the first of them sooner."""
        data, options = problem(2, n=200), PENALTIES[penalty]
        alphas = np.abs(data.corr).max() * np.geomspace(0.5, 0.01, 40)
        path = descend("gram", data, alphas, **options).coefs
        at, n_followed, n_fresh = SimpleNamespace(**vars(data)), 0, 0
        for k in range(1, 39):
            residual = data.corr - data.gram @ path[k]
            at.corr = residual
            at.yy = float(data.yy - path[k] @ (data.corr + residual))
            before = data.corr - data.gram @ path[k - 1]
            passed = alphas[k], alphas[k - 1], path[k - 1], before
            start = {"start": path[k], "tol": 1e-12} | options
            followed = descend("gram", at, alphas[k + 1 :], passed=passed, **start)
            difference = np.abs((followed.coefs - path[k + 1 :]) * np.sqrt(data.diag))
            assert difference.max() <= 1e-7 * np.sqrt(data.yy)
            n_followed += int(followed.run.n_iter[0])
            n_fresh += int(descend("gram", at, alphas[k + 1 :], **start).run.n_iter[0])
        assert n_followed < n_fresh or "ridge" in penalty

    def test_only_correlations_can_be_followed(self) -> None:
        data = problem(0)
        with pytest.raises(ValueError, match="correlations"):
            descend("dense", data, [0.1], passed=(0.2, 0.3, np.zeros(15), data.corr))
        with pytest.raises(ValueError, match="as many"):
            descend("gram", data, [0.1], passed=(0.2, 0.3, np.zeros(14), data.corr))

    def test_a_solution_is_recognised_before_any_sweep(self) -> None:
        data = problem(0)
        alphas = np.array([0.1 * np.abs(data.corr).max()])
        solved = descend("gram", data, alphas)
        assert solved.run.n_iter[0] > 0
        residual = data.corr - data.gram @ solved.coef
        at = SimpleNamespace(**vars(data))
        at.corr = residual
        at.yy = float(data.yy - solved.coef @ (data.corr + residual))
        again = descend("gram", at, alphas, start=solved.coef, tol=1e-12)
        assert again.run.n_iter[0] == 0
        np.testing.assert_array_equal(again.coef, solved.coef)

    @pytest.mark.parametrize("max_iter", [1, 2, 5])
    def test_max_iter(self, max_iter: int) -> None:
        data = problem(5, n=20, p=40)
        run = descend("gram", data, [1e-6], max_iter=max_iter).run
        assert run.n_iter[0] == max_iter
        assert not run.converged[0]

    def test_only_listed_coordinates_move(self) -> None:
        data = problem(0)
        cols = np.array([2, 5, 11])
        found = descend("gram", data, [0.01], cols=cols)
        outside = np.setdiff1d(np.arange(15), cols)
        np.testing.assert_array_equal(found.coefs[0, outside], 0.0)
        assert np.all(found.coefs[0, cols] != 0)

    def test_all_coordinates_at_their_bounds(self) -> None:
        """After one sweep both sit at a bound, and one has to leave it (no support to step on)."""
        gram = np.array([[1.0, 0.92], [0.92, 1.0]])
        corr = gram @ [0.8, 0.9]
        data = SimpleNamespace(gram=gram, corr=corr, diag=np.ones(2), yy=float(corr @ [0.8, 0.9]))
        found = descend("gram", data, [1e-9], upper=np.array([0.9, 0.8]))
        np.testing.assert_allclose(found.coef, [0.892, 0.8], rtol=1e-6)

    @pytest.mark.parametrize("kind", KINDS)
    def test_no_bound_is_passed_by_an_ulp(self, kind: str) -> None:
        for seed in range(20):
            data = problem(seed)
            free = descend(kind, data, [1e-3]).coef
            lower, upper = np.minimum(free / 3, 0.0), np.maximum(free / 3, 0.0)
            found = descend(kind, data, [1e-2, 1e-3, 1e-5], lower=lower, upper=upper).coefs
            assert np.all(found >= lower)
            assert np.all(found <= upper)

    def test_arrays_that_do_not_fit(self) -> None:
        data = problem(0)
        with pytest.raises(ValueError, match="do not fit"):
            descend("gram", data, [0.1], l1w=np.ones(14))
        with pytest.raises(ValueError, match="do not fit"):
            descend("gram", data, [0.1], upper=np.ones(16))
        with pytest.raises(ValueError, match="gram"):
            gram_coordinates(np.ones((2, 3)))
        with pytest.raises(ValueError, match="fit"):
            DenseCoordinates(np.ones((4, 2), order="F"), np.ones(3), np.ones(2), 1.0)


def brute_force_conjugate(z: float, l1: float, l2: float, lower: float, upper: float) -> float:
    """Return max of z x − l1|x| − l2/2 x² by looking at the points of a fine grid, twice."""
    reach = 10.0 + (abs(z) + l1) / max(l2, 1e-3)
    low, high = max(lower, -reach), min(upper, reach)
    for _ in range(2):
        x = np.union1d(np.linspace(low, high, 20001), [v for v in (0.0,) if low <= v <= high])
        value = z * x - l1 * np.abs(x) - 0.5 * l2 * x**2
        best, step = x[np.argmax(value)], (high - low) / 20000
        low, high = max(low, best - step), min(high, best + step)
    return float(value.max())


def plain_gap(data: SimpleNamespace, b: np.ndarray, alpha: float, options: dict) -> float:
    """Return P(b) − D(s r) at the largest feasible scaling s, from the definitions alone."""
    l1, l2 = alpha * options["l1w"], alpha * options["l2w"]
    lower, upper = options["lower"], options["upper"]
    w = data.w / data.total
    r = data.u - data.z @ b
    c = data.z.T @ (w * r)
    s = 1.0
    for j in range(b.size):
        unbounded = np.isinf(upper[j] if c[j] > 0 else lower[j])
        if l2[j] == 0 and unbounded and abs(c[j]) > l1[j]:
            s = min(s, l1[j] / abs(c[j]))
    conjugate = sum(
        brute_force_conjugate(s * c[j], l1[j], l2[j], lower[j], upper[j]) for j in range(b.size)
    )
    primal = 0.5 * w @ r**2 + np.sum(l1 * np.abs(b) + 0.5 * l2 * b**2)
    dual = s * (w @ (r * data.u)) - 0.5 * s**2 * (w @ r**2) - conjugate
    return float(primal - dual)


class TestCertificate:
    @pytest.mark.parametrize("seed", range(12))
    def test_gap_is_the_duality_gap(self, seed: int) -> None:
        rng, data = np.random.default_rng(seed), problem(seed, n=20, p=8)
        p = 8
        options = {
            "l1w": rng.choice([0.5, 1.0, 2.0], p),
            "l2w": rng.choice([0.0, 0.0, 0.7], p) if seed % 3 else np.full(p, 0.5),
            "lower": rng.choice([-np.inf, -np.inf, 0.0, -0.1], p),
            "upper": rng.choice([np.inf, np.inf, 0.0, 0.3], p),
        }
        if seed % 4 == 3:
            options["lower"], options["upper"] = np.full(p, -0.2), np.full(p, 0.4)
            options["l1w"][0] = options["l2w"][0] = 0.0
        coefs = np.clip(0.1 * rng.standard_normal((5, p)), options["lower"], options["upper"])
        coefs[0] = 0.0
        alphas = np.abs(data.corr).max() * np.array([0.5, 0.2, 0.05, 1.5, 0.01])
        w = data.w / data.total
        residuals = data.u - coefs @ data.z.T
        corrs, rr = (residuals * w) @ data.z, residuals**2 @ w
        gaps, violations, floors, violation_floors = certify_block(
            coefs, np.ascontiguousarray(corrs), rr, alphas, np.arange(p), np.sqrt(data.diag),
            options["l1w"], options["l2w"], options["lower"], options["upper"],
            np.full(len(coefs), data.yy),
        )  # fmt: skip
        for k, alpha in enumerate(alphas):
            expected = plain_gap(data, coefs[k], alpha, options)
            assert gaps[k] == pytest.approx(expected, rel=1e-6, abs=1e-7 * data.yy)
            best = descend("gram", data, alphas[k : k + 1], **options).coef
            assert (
                gaps[k]
                >= self._objective(data, coefs[k], alpha, options)
                - self._objective(data, best, alpha, options)
                - 1e-13 * data.yy
            )
            assert violations[k] == pytest.approx(
                largest_violation(corrs[k], coefs[k], alpha, options), rel=1e-12, abs=1e-15
            )
        assert np.all(floors > 0)
        assert np.all(floors < 1e-12 * (data.yy + (np.abs(coefs) @ np.sqrt(data.diag)) ** 2))
        assert np.all(violation_floors > 0)

    @staticmethod
    def _objective(data: SimpleNamespace, b: np.ndarray, alpha: float, options: dict) -> float:
        r = data.u - data.z @ b
        penalty = options["l1w"] * np.abs(b) + 0.5 * options["l2w"] * b**2
        return float(0.5 * data.w @ r**2 / data.total + alpha * penalty.sum())

    def test_gap_vanishes_at_the_solution(self) -> None:
        for penalty, given_options in PENALTIES.items():
            data = problem(7)
            options = full(given_options)
            alpha = 0.1 * np.abs(data.corr).max()
            coef = descend("gram", data, [alpha], **options).coef[None, :]
            residual = data.u - coef[0] @ data.z.T
            corr = np.ascontiguousarray(((residual * data.w) @ data.z / data.total)[None, :])
            rr = np.array([data.w @ residual**2 / data.total])
            gap, violation, _, _ = certify_block(
                coef, corr, rr, np.array([alpha]), np.arange(15), np.sqrt(data.diag),
                options["l1w"], options["l2w"], options["lower"], options["upper"],
                np.array([data.yy]),
            )[:, 0]  # fmt: skip
            assert gap <= 1e-13 * data.yy, penalty
            assert violation <= 1e-11 * np.abs(data.corr).max(), penalty

    def test_no_columns(self) -> None:
        nothing = np.empty(0)
        found = certify_block(
            np.empty((2, 0)), np.empty((2, 0)), np.ones(2), np.ones(2),
            np.empty(0, dtype=np.intp), nothing, nothing, nothing, nothing, nothing, np.ones(2),
        )  # fmt: skip
        np.testing.assert_array_equal(found, 0.0)


class TestRidgeKernels:
    @staticmethod
    def _factor(gram: np.ndarray, ridge: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        p = len(gram)
        low, scale = np.zeros((p, p), order="F"), np.empty(p)
        rcond = ridge_kernels.cholesky_factor(
            np.asfortranarray(gram), ridge, low, scale, np.empty(3 * p), np.empty(p, np.intc)
        )
        return rcond, low, scale

    @pytest.mark.parametrize("p", [1, 2, 7, 60])
    def test_cholesky(self, p: int) -> None:
        rng = np.random.default_rng(p)
        gram, ridge = random_gram(rng, p), rng.uniform(0.0, 0.5, p)
        rcond, low, scale = self._factor(gram, ridge)
        matrix = gram + np.diag(ridge)
        scaled = matrix * np.outer(scale, scale)
        np.testing.assert_allclose(np.diagonal(scaled), 1.0, rtol=1e-14)
        # LAPACK's estimate is within a small factor of the truth
        assert 1.0 / np.linalg.cond(scaled, 1) <= rcond * (1 + 1e-10)
        assert rcond <= 10.0 / np.linalg.cond(scaled, 1)
        for k in (0, 1, 5):
            rhs = rng.standard_normal((p, k))
            found = np.asfortranarray(rhs.copy())
            ridge_kernels.cholesky_solve(low, scale, found)
            expected = np.linalg.solve(scaled, rhs * scale[:, None]) * scale[:, None]
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 / rcond * 1.0 * (
                np.abs(expected).max(initial=0.0)))  # fmt: skip

    def test_cholesky_of_a_singular_matrix(self) -> None:
        gram = random_gram(np.random.default_rng(0), 8, rank=3)
        assert self._factor(gram, np.zeros(8))[0] < 1e-13
        assert self._factor(gram, 1e-3 * np.diagonal(gram))[0] > 1e-6
        assert self._factor(np.zeros((2, 2)), np.zeros(2))[0] == 0.0
        assert self._factor(-np.eye(2), np.zeros(2))[0] == 0.0
        assert self._factor(np.full((2, 2), np.nan), np.zeros(2))[0] == 0.0

    def test_right_hand_side_of_the_wrong_length(self) -> None:
        _, low, scale = self._factor(np.eye(3), np.zeros(3))
        with pytest.raises(ValueError, match="one row for each"):
            ridge_kernels.cholesky_solve(low, scale, np.ones((2, 1), order="F"))

    @pytest.mark.parametrize("p", [1, 2, 9, 70])
    def test_tridiagonal_form(self, p: int) -> None:
        rng = np.random.default_rng(p)
        gram = random_gram(rng, p)
        matrix = np.asfortranarray(gram.copy())
        diag, off, tau, work = np.empty(p), np.zeros(p), np.zeros(p), np.empty(64 * p)
        assert ridge_kernels.tridiagonalize(matrix, diag, off, tau, work) == 0
        q = np.asfortranarray(np.eye(p))
        assert ridge_kernels.apply_q(matrix, tau, q, np.empty(64 * p), False) == 0
        np.testing.assert_allclose(q.T @ q, np.eye(p), atol=1e-13)
        t = np.diag(diag) + np.diag(off[: p - 1], 1) + np.diag(off[: p - 1], -1)
        np.testing.assert_allclose(q @ t @ q.T, gram, atol=1e-12 * np.abs(gram).max())
        back = q.copy(order="F")
        ridge_kernels.apply_q(matrix, tau, back, np.empty(64 * p), True)
        np.testing.assert_allclose(back, np.eye(p), atol=1e-13)

        alphas = np.array([1e-2, 1.0, np.inf, 1e4, -10.0 * np.trace(gram)])
        block = np.asfortranarray(rng.standard_normal((p, 5)))
        expected = np.zeros((p, 5))
        for k in (0, 1, 3):
            expected[:, k] = np.linalg.solve(t + alphas[k] * np.eye(p), block[:, k])
        ridge_kernels.solve_tridiagonal(diag, off, alphas, block, np.empty(2 * p))
        np.testing.assert_allclose(block, expected, rtol=1e-6, atol=1e-9 * np.abs(expected).max())
        np.testing.assert_array_equal(block[:, [2, 4]], 0.0)

    def test_block_of_the_wrong_shape(self) -> None:
        with pytest.raises(ValueError, match="block"):
            ridge_kernels.solve_tridiagonal(
                np.ones(3), np.zeros(3), np.ones(2), np.ones((3, 1), order="F"), np.empty(6)
            )
