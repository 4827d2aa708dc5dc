"""One problem: P*, a ladder for every package, then the chosen settings timed in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.peers import problems, reference
from benchmarks.peers.ladder import Ladder, Rung, Timing, climb, time_together
from benchmarks.peers.session import Failure, Session

OURS = "fastreg"


@dataclass(frozen=True)
class Settings:
    """What to compare and how long to try.

    Attributes
    ----------
    peers : sequence of str
    targets : sequence of float
        Largest suboptimalities allowed.
    data : Path or None
        Folder of the real sets.
    cache : Path
        Folder for problems and their optima.
    limit : float
        Seconds of solves a package may spend on its ladder.
    reference_limit : float
        Seconds for each candidate for P*.
    memory : bool
        Measure the peak memory of fastreg.
    """

    peers: Sequence[str]
    targets: Sequence[float]
    data: Path | None
    cache: Path
    limit: float
    reference_limit: float
    memory: bool


@dataclass(frozen=True)
class Row:
    """One package at one target; without a time where it did not qualify.

    Attributes
    ----------
    seconds, runs : float or None, sequence of float
        The median, and every run.
    share : float or None
        Median seconds over those of the fastest package other than fastreg.
    grown : float or None
        Peak memory beyond X in MB, where measured.
    """

    peer: str
    tol: float | None
    worst: float | None
    seconds: float | None = None
    runs: Sequence[float] = ()
    share: float | None = None
    note: str = ""
    grown: float | None = None
    diagnostics: str | None = None


@dataclass(frozen=True)
class Comparison:
    """One problem: tables by target, fastest package first, and the ladders behind them.

    Attributes
    ----------
    x_mb : float
        What X occupies.
    certified : float
        Largest relative duality gap of P*.
    """

    problem: str
    shape: tuple[int, int]
    x_mb: float
    certified: float
    tables: dict[float, list[Row]]
    ladders: dict[str, Ladder]


def compare(name: str, settings: Settings, say: Callable[[str], None]) -> Comparison:
    """Measure one problem."""
    problem = problems.make(name, settings.data)
    settings.cache.mkdir(parents=True, exist_ok=True)
    path = settings.cache / f"{name}.npz"
    problems.save(problem, path)
    optimum = reference.find(problem, path, settings.reference_limit, say)
    shape, x_mb = problem.X.shape, problems.megabytes(problem)
    del problem
    ladders, tables = {}, {}
    with ExitStack() as stack:
        sessions = {p: stack.enter_context(Session(p, path)) for p in settings.peers}
        for peer, session in sessions.items():
            ladders[peer] = climb(session, optimum, settings.targets, settings.limit)
            say(_summary(peer, ladders[peer]))
        for target in settings.targets:
            chosen = {p: ladder.chosen(target) for p, ladder in ladders.items()}
            rungs = {p: rung for p, rung in chosen.items() if rung is not None}
            timings = time_together(sessions, rungs, settings.limit)
            tables[target] = _table(ladders, rungs, timings)
    if settings.memory and OURS in settings.peers:
        tables = {t: [_with_memory(row, path, settings) for row in tables[t]] for t in tables}
    return Comparison(name, shape, x_mb, optimum.gap, tables, ladders)


def _table(
    ladders: dict[str, Ladder], rungs: dict[str, Rung], timings: dict[str, Timing]
) -> list[Row]:
    """Fastest first; packages that did not qualify last, with the best they reached."""
    others = [timing.median for peer, timing in timings.items() if peer != OURS]
    fastest = min(others, default=None)
    rows = [
        Row(
            peer,
            rungs[peer].tol,
            rungs[peer].worst,
            timing.median,
            timing.seconds,
            share=timing.median / fastest if fastest else None,
            diagnostics=timing.diagnostics,
        )
        for peer, timing in sorted(timings.items(), key=lambda item: item[1].median)
    ]
    for peer, ladder in ladders.items():
        if peer not in timings:
            best = ladder.best
            tol, worst = (best.tol, best.worst) if best else (None, None)
            rows.append(Row(peer, tol, worst, note=ladder.note or "not reached"))
    return rows


def _with_memory(row: Row, path: Path, settings: Settings) -> Row:
    if row.peer != OURS or row.seconds is None:
        return row
    try:
        with Session(OURS, path) as session:
            grown = session.solve(row.tol, settings.limit).grown
    except Failure:
        return row
    return replace(row, grown=grown)


def _summary(peer: str, ladder: Ladder) -> str:
    tried = "  ".join(f"{r.tol:.0e}:{r.worst:.0e} ({r.seconds:.3g}s)" for r in ladder.rungs)
    return f"{peer:12s} {tried} {ladder.note}"
