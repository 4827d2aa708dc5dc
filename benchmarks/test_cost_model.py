"""The route that the cost model chooses beside the routes that it could have chosen.

A group a problem: "chosen" should take at most 1.3 times the least of the others. FASTREG_DATA is
the folder of the real problems. A route that needs more memory than the cost model allows is left
out, and so is one that is known to take minutes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import fastreg as fr
from benchmarks.peers.problems import NAMES, Problem, make
from fastreg.engine.cost import COLUMN_BYTES, MOMENT_BYTES

TOLERANCE = 1e-6
# what `holds_moments` and `prefers_rows` would have to say
ROUTES = {"moments": (True, False), "Gram of W": (False, False), "residual": (False, True)}


@cache
def problem(name: str) -> Problem:
    folder = os.environ.get("FASTREG_DATA")
    try:
        return make(name, Path(folder) if folder else None)
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture
def route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Send a path by one route, whatever the cost model says."""
    if request.param in ROUTES:
        moments, rows = ROUTES[request.param]
        monkeypatch.setattr("fastreg.engine.holds_moments", lambda *_: moments)
        monkeypatch.setattr("fastreg.engine.held_columns.prefers_rows", lambda *_: rows)
        monkeypatch.setattr("fastreg.engine.lockstep.takes_all", lambda *_: False)
    return request.param


def is_possible(route: str, X: object) -> bool:
    n, p = X.shape
    if route == "moments":
        return 24.0 * p * p <= MOMENT_BYTES and p <= 4 * n
    return route != "Gram of W" or 8.0 * min(n, p) ** 2 <= COLUMN_BYTES


@pytest.mark.parametrize("route", ["chosen", *ROUTES], indirect=True)
@pytest.mark.parametrize("name", NAMES)
def test_routes(benchmark, name: str, route: str) -> None:
    case = problem(name)
    if not is_possible(route, case.X):
        pytest.skip("too much memory")
    benchmark.group = f"cost model: {name}, {case.X.shape[0]:,} x {case.X.shape[1]:,}"
    path = benchmark.pedantic(
        lambda: fr.regularization_path(
            case.X,
            case.y,
            alphas=case.alphas,
            fit_intercept=case.fit_intercept,
            tol=TOLERANCE,
            max_iter=100_000,
        ),
        rounds=3,
        iterations=1,
        warmup_rounds=1,
    )
    benchmark.extra_info["route"] = str(path.diagnostics)
    assert path.dual_gaps.max() <= TOLERANCE * (case.y @ case.y) / case.y.size
