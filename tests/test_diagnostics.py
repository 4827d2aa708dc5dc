"""What a path says about how it was solved: diagnostics, a line a batch, a progress bar."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from fastreg import (
    ElasticNetCV,
    LassoCV,
    Moments,
    enet_path,
    regularization_path,
    ridge_path,
)
from fastreg.designs.dense import DenseDesign
from fastreg.designs.sparse import SparseDesign
from fastreg.engine import Batch, Diagnostics

from .oracles import Instance

FIELDS = ("tried", "accepted", "remaining", "working_set", "active", "violations", "sweeps",
          "newton_steps")  # fmt: skip


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Count what designs read, by looking over their shoulder."""
    counted = {"evaluate": 0, "columns": 0.0}

    def watch(kind: type, name: str, count: Callable) -> None:
        verb = getattr(kind, name)

        def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
            count(self, *args)
            return verb(self, *args, **kwargs)

        monkeypatch.setattr(kind, name, watched)

    def whole(*_: Any) -> None:
        counted["evaluate"] += 1

    def part(design: Any, new: np.ndarray, *_: Any) -> None:
        counted["columns"] += new.size / design.n_features

    for kind in (DenseDesign, SparseDesign):
        watch(kind, "evaluate", whole)
        watch(kind, "gram", part)
    return counted


def autoregressive(
    n: int, p: int, rho: float, seed: int = 0, strong: int = 50
) -> tuple[np.ndarray, np.ndarray]:
    """Return columns each correlated with the next, and a target with signal-to-noise ratio 3."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    coef = np.zeros(p)
    coef[rng.permutation(p)[:strong]] = rng.choice([-1.0, 1.0], strong)
    signal = X @ coef
    return X, signal + rng.standard_normal(n) * np.sqrt(signal.var() / 3.0)


def assert_consistent(found: Diagnostics, n_points: int) -> None:
    """Check what must hold between the batches of a solved problem of so many points."""
    assert sum(batch.accepted for batch in found.batches) == n_points
    left = n_points
    for batch in found.batches:
        left -= batch.accepted
        assert batch.remaining == left
        assert 0 <= batch.accepted <= batch.tried
        assert 0 <= batch.active <= batch.working_set
        assert min(batch.violations, batch.sweeps, batch.newton_steps) >= 0
        if batch.accepted == batch.tried:
            assert batch.violations == 0
        assert all(isinstance(getattr(batch, name), Integral) for name in FIELDS)
    assert left == 0
    for name in ("violations", "sweeps", "newton_steps"):
        assert getattr(found, name) == sum(getattr(batch, name) for batch in found.batches)
    assert found.working_sets == tuple(batch.working_set for batch in found.batches)
    assert sum(batch.passes for batch in found.batches) <= found.passes + 1e-12


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.05])
@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_batches_add_up(on_working_set: None, readings: dict, kind: str, l1_ratio: float) -> None:
    X, y = autoregressive(60, 300, 0.7, strong=10)
    if kind == "csr":
        X[np.random.default_rng(0).random(X.shape) < 0.8] = 0.0
    form = sparse.csr_array(X) if kind == "csr" else X
    path = regularization_path(form, y, alphas=100, eps=1e-2, l1_ratio=l1_ratio)
    found = path.diagnostics
    assert found.route == "working set"
    assert_consistent(found, 100)
    # a pass for moments, one for each batch, and the columns that joined
    assert readings["evaluate"] == len(found.batches)
    assert found.passes >= 1 + len(found.batches)
    if kind == "dense":
        assert found.passes >= 1 + readings["evaluate"] + readings["columns"] - 1e-9
    assert all(batch.passes >= 1 for batch in found.batches)
    # batches that were not accepted took iterations too
    assert found.sweeps + found.newton_steps >= path.n_iters.sum()
    assert found.working_sets[-1] >= path.n_nonzero[-1]
    assert found.batches[-1].active == path.n_nonzero[-1]


@pytest.mark.parametrize("fraction", [0.6, 0.3, 0.01, 1e-4])
def test_alphas_on_the_way_are_counted(on_working_set: None, fraction: float) -> None:
    """From far above each point halves alpha at most."""
    X, y = autoregressive(60, 200, 0.7, strong=10)
    alpha = fraction * Instance(X, y).alpha_max()
    path = regularization_path(X, y, alphas=[alpha])
    assert_consistent(path.diagnostics, int(np.ceil(np.log2(1.0 / fraction))))


def test_iterations_are_those_of_the_points(route: str) -> None:
    """Nothing that a point took is missing from the sum."""
    for seed in range(5):
        X, y = autoregressive(50, 40, 0.99, seed, 10)
        path = regularization_path(X + 100.0, y, alphas=30, tol=1e-12, max_iter=10_000)
        found = path.diagnostics
        assert_consistent(found, 30)
        assert found.sweeps + found.newton_steps >= path.n_iters.sum()


def test_violations_are_columns_that_were_missed(on_working_set: None) -> None:
    """Where a batch is cut short, columns join; where none is, none was missed."""
    seen = 0
    for seed in range(6):
        X, y = autoregressive(150, 150, 0.5, seed)
        found = regularization_path(X, y, alphas=100, eps=1e-2).diagnostics
        assert_consistent(found, 100)
        for before, after in zip(found.batches[:-1], found.batches[1:], strict=True):
            if before.violations:
                seen += 1
                assert before.accepted < before.tried
                assert after.working_set > before.working_set
    assert seen


@pytest.mark.parametrize("rows", [False, True])
def test_descent_on_the_rows_is_counted(
    on_working_set: None, monkeypatch: pytest.MonkeyPatch, rows: bool
) -> None:
    """However W is held, every point and every iteration is in the sum."""
    prefers_rows = (lambda *_: True) if rows else (lambda design, cols, *_: cols.size > 40)
    monkeypatch.setattr("fastreg.engine.held_columns.prefers_rows", prefers_rows)
    X, y = autoregressive(60, 300, 0.7, strong=10)
    path = regularization_path(X, y, alphas=50, eps=1e-2)
    assert_consistent(path.diagnostics, 50)
    found = path.diagnostics
    assert found.sweeps + found.newton_steps >= path.n_iters.sum()
    assert found.passes >= 1 + len(found.batches)


def test_what_did_not_converge_is_counted(on_working_set: None) -> None:
    X, y = autoregressive(60, 300, 0.7, strong=10)
    with pytest.warns(ConvergenceWarning):
        path = regularization_path(X, y, alphas=20, eps=1e-2, max_iter=1, tol=1e-12)
    assert_consistent(path.diagnostics, 20)


def power_law_counts(rng: np.random.Generator) -> sparse.csr_array:
    """Return counts of 2,000 words, a few of them in most rows and most of them in few."""
    share = np.minimum(0.5, 8.0 / np.arange(1, 2001))
    return sparse.csr_array(rng.poisson(share, (500, 2000)).astype(float))


def problems() -> dict[str, Callable]:
    """Return the kinds of problems of the benchmarks, smaller."""
    rng = np.random.default_rng(0)

    def factors() -> tuple[np.ndarray, np.ndarray]:
        X = rng.standard_normal((150, 20)) @ rng.standard_normal((20, 3000))
        X += rng.standard_normal((150, 3000))
        return X, X[:, :50] @ rng.choice([-1.0, 1.0], 50) + 5.0 * rng.standard_normal(150)

    def counts() -> tuple[sparse.csr_array, np.ndarray]:
        X = power_law_counts(rng)
        return X, X[:, 10:60] @ rng.choice([-1.0, 1.0], 50) + rng.standard_normal(500)

    return {
        "tall": lambda: autoregressive(2000, 100, 0.5),
        "wide": lambda: autoregressive(200, 4000, 0.5),
        "wide correlated": lambda: autoregressive(200, 2000, 0.95),
        "factors": factors,
        "counts": counts,
    }


@pytest.mark.parametrize("tol", [1e-4, 1e-7])
@pytest.mark.parametrize("name", problems())
def test_few_passes_for_a_hundred_alphas(on_working_set: None, name: str, tol: float) -> None:
    X, y = problems()[name]()
    path = regularization_path(X, y, alphas=100, eps=1e-2, tol=tol)
    assert_consistent(path.diagnostics, 100)
    assert path.diagnostics.passes <= 25


@pytest.mark.parametrize("positive", [False, True])
def test_unpenalized_columns_cost_no_pass_an_alpha(on_working_set: None, positive: bool) -> None:
    """Projecting them out of the residual takes their rows of the Gram matrix: read once."""
    X, y = autoregressive(100, 1000, 0.5, strong=20)
    path = regularization_path(
        X, y, alphas=100, eps=1e-2, positive=positive, penalty_factor=np.r_[0, 0, 0, np.ones(997)]
    )
    assert_consistent(path.diagnostics, 100)
    assert path.diagnostics.passes <= 25


@pytest.mark.slow
@pytest.mark.parametrize("name", ["square", "wide", "wide correlated"])
def test_few_passes_at_full_size(on_working_set: None, name: str) -> None:
    sizes = {"square": (3000, 3000, 0.5), "wide": (500, 20_000, 0.5),
             "wide correlated": (500, 5000, 0.95)}  # fmt: skip
    X, y = autoregressive(*sizes[name])
    path = regularization_path(X, y, alphas=100, eps=1e-2)
    assert_consistent(path.diagnostics, 100)
    assert path.diagnostics.passes <= 25


def test_few_passes_where_moments_are_held() -> None:
    X, y = autoregressive(400, 30, 0.5, strong=10)
    found = regularization_path(X, y, alphas=100).diagnostics
    assert found.route == "moments"
    assert found.passes <= 3
    held = regularization_path(Moments.from_arrays(X, y), alphas=100).diagnostics
    assert (held.route, held.passes) == ("moments", 0)
    exact = ridge_path(X, y, alphas=20).diagnostics
    assert exact.route == "exact"
    assert exact.passes <= 3


def test_as_text() -> None:
    def batch(working_set: int, violations: int) -> Batch:
        return Batch(0.1, 7, 5, 3, working_set, 4, violations, 11, 13, 1.25)

    text = str(Diagnostics("working set", 4.26, (batch(40, 2), batch(64, 0), batch(50, 1))))
    for part in ("working set: 4.3 passes", "3 batches", "up to 64", "33 sweeps",
                 "39 Newton steps", "3 violations"):  # fmt: skip
        assert part in text
    assert "\n" not in text
    assert str(Diagnostics("exact", 1.0, ())).startswith("exact: 1.0 passes over X, 0 batches")


def test_text_of_a_path(route: str) -> None:
    X, y = autoregressive(40, 60, 0.5, strong=10)
    found = regularization_path(X, y, alphas=20).diagnostics
    text = str(found)
    assert text.startswith(f"{route}: {found.passes:.1f} passes over X")
    assert f"{len(found.batches)} batches" in text
    assert f"{found.newton_steps} Newton steps" in text


LINE = re.compile(
    r"alpha [\d.e+-]+: (\d+) of (\d+) alphas accepted, (\d+) left; working set (\d+), (\d+) active,"
    r" (\d+) violations; (\d+) sweeps, (\d+) Newton steps; ([\d.]+) passes over X"
)


def numbers_of(printed: str) -> list[tuple[float, ...]]:
    """Return the numbers of every line, each of which must say it all."""
    found = []
    for line in printed.splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        found.append(tuple(float(number) for number in match.groups()))
    return found


def test_verbose_prints_a_line_a_batch(route: str, capsys: pytest.CaptureFixture) -> None:
    X, y = autoregressive(40, 100, 0.5, strong=10)
    quiet = regularization_path(X, y, alphas=40)
    assert capsys.readouterr() == ("", "")
    path = regularization_path(X, y, alphas=40, verbose=True)
    printed, errors = capsys.readouterr()
    assert errors == ""
    lines = numbers_of(printed)
    assert len(lines) == len(path.diagnostics.batches)
    for line, batch in zip(lines, path.diagnostics.batches, strict=True):
        assert line[:8] == (
            batch.accepted, batch.tried, batch.remaining, batch.working_set, batch.active,
            batch.violations, batch.sweeps, batch.newton_steps,
        )  # fmt: skip
        assert line[8] == pytest.approx(batch.passes, abs=0.006)
    assert path.coefs.toarray().tobytes() == quiet.coefs.toarray().tobytes()


def test_verbose_elsewhere(route: str, capsys: pytest.CaptureFixture) -> None:
    X, y = autoregressive(40, 60, 0.5, strong=10)
    enet_path(X, y, alphas=10, eps=0.1, verbose=1)
    assert sum(line[0] for line in numbers_of(capsys.readouterr().out)) == 10
    for model, n_tasks in (
        (LassoCV(alphas=8, eps=0.1, cv=3, verbose=True), 3),
        (ElasticNetCV(alphas=8, eps=0.1, cv=4, l1_ratio=[0.5, 0.9], verbose=2), 8),
    ):
        model.fit(X, y)
        lines = numbers_of(capsys.readouterr().out)
        assert sum(line[0] for line in lines) == 8 * n_tasks
        model.set_params(verbose=False).fit(X, y)
        assert capsys.readouterr() == ("", "")


class TestProgress:
    def test_changes_nothing(self, route: str) -> None:
        X, y = autoregressive(40, 60, 0.5, strong=10)
        plain = regularization_path(X, y, alphas=20)
        shown = regularization_path(X, y, alphas=20, progress=True)
        assert shown.coefs.toarray().tobytes() == plain.coefs.toarray().tobytes()
        assert shown.diagnostics == plain.diagnostics

    def test_the_bar_is_full_in_the_end(self, route: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """It never goes back, and its length is the number of points from the first batch on."""
        from rich.progress import Progress

        seen, update = [], Progress.update

        def watched(self: Progress, task_id: Any, **kwargs: Any) -> None:
            update(self, task_id, **kwargs)
            task = self.tasks[task_id]
            seen.append((task.completed, task.total))

        monkeypatch.setattr(Progress, "update", watched)
        X, y = autoregressive(40, 200, 0.5, strong=10)
        path = regularization_path(X, y, alphas=50, eps=1e-2, progress=True)
        assert len(seen) == len(path.diagnostics.batches)
        completed, total = zip(*seen, strict=True)
        assert np.all(np.diff(completed) >= 0)
        assert set(total) == {50}
        assert completed[-1] == 50

    def test_with_lines(self, route: str, capsys: pytest.CaptureFixture) -> None:
        X, y = autoregressive(40, 60, 0.5, strong=10)
        path = regularization_path(X, y, alphas=20, progress=True, verbose=True)
        printed = capsys.readouterr().out
        assert printed.count("passes over X") == len(path.diagnostics.batches)

    def test_without_rich(self, route: str, monkeypatch: pytest.MonkeyPatch) -> None:
        X, y = autoregressive(40, 60, 0.5, strong=10)
        for name in [name for name in sys.modules if name.split(".")[0] == "rich"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "rich", None)
        with pytest.raises(ImportError, match=r"progress=True needs rich: pip install"):
            regularization_path(X, y, alphas=20, progress=True)
        assert regularization_path(X, y, alphas=20, verbose=True).alphas.size == 20

    def test_an_error_ends_the_bar(self, on_working_set: None) -> None:
        """A bar that stayed would keep its thread and refuse the next one."""
        X, y = autoregressive(40, 60, 0.5, strong=10)
        before = threading.active_count()

        def stopped(*_: Any) -> None:
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("fastreg.engine.lockstep.WorkingSetTask.judge", stopped)
            with pytest.raises(KeyboardInterrupt):
                regularization_path(X, y, alphas=20, progress=True)
        # the thread that draws looks ten times a second whether it should go on
        deadline = time.monotonic() + 1.0
        while threading.active_count() > before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert threading.active_count() == before
        assert regularization_path(X, y, alphas=20, progress=True).alphas.size == 20
