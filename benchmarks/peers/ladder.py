"""The ladder of tolerances: which is the loosest that reaches a target, and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.peers.adapters import PEERS
from benchmarks.peers.reference import Optimum
from benchmarks.peers.session import Failure, Session

HALF_DECADE = 10**0.5


@dataclass(frozen=True)
class Rung:
    """One tolerance: the largest suboptimality of its path, and its time."""

    tol: float
    worst: float
    seconds: float


@dataclass
class Ladder:
    """What was tried with one package, and why no more was."""

    rungs: list[Rung] = field(default_factory=list)
    note: str = ""

    def chosen(self, target: float) -> Rung | None:
        """Return the loosest tolerance that reached the target."""
        return max((r for r in self.rungs if r.worst <= target), key=lambda r: r.tol, default=None)

    @property
    def best(self) -> Rung | None:
        """The most accurate path."""
        return min(self.rungs, key=lambda r: r.worst, default=None)


@dataclass
class Timing:
    """Runs of one package at its chosen tolerance."""

    seconds: list[float] = field(default_factory=list)
    diagnostics: str | None = None

    @property
    def median(self) -> float:
        """Median seconds."""
        return median(self.seconds)


def climb(session: Session, optimum: Optimum, targets: Sequence[float], limit: float) -> Ladder:
    """Tighten by decades until every target is reached, half a decade back where one is.

    `limit` bounds the seconds spent in solves.
    """
    ladder, peer, pending = Ladder(), PEERS[session.peer], set(targets)
    try:
        for decade in range(peer.first, peer.last + 1):
            worst = _try(session, optimum, ladder, 10.0**-decade, limit).worst
            reached = {target for target in pending if worst <= target}
            if reached:
                _try(session, optimum, ladder, 10.0**-decade * HALF_DECADE, limit)
            pending -= reached
            if not pending:
                break
    except Failure as failure:
        ladder.note = str(failure)
    return ladder


def _try(session: Session, optimum: Optimum, ladder: Ladder, tol: float, limit: float) -> Rung:
    left = limit - sum(rung.seconds for rung in ladder.rungs)
    if left <= 0:
        raise Failure("time is up")
    run = session.solve(tol, left)
    ladder.rungs.append(Rung(tol, optimum.worst(run.primal), run.seconds))
    return ladder.rungs[-1]


def time_together(
    sessions: Mapping[str, Session], rungs: Mapping[str, Rung], limit: float
) -> dict[str, Timing]:
    """Time every package at its rung, in turns; far slower ones take part in the first only.

    A package that fails here is left out.
    """
    timings = {peer: Timing() for peer in rungs}
    fastest = min((rung.seconds for rung in rungs.values()), default=0.0)
    wanted = {peer: _repetitions(rung.seconds, fastest) for peer, rung in rungs.items()}
    for turn in range(max(wanted.values(), default=0)):
        for peer, rung in rungs.items():
            if turn >= wanted[peer]:
                continue
            try:
                run = sessions[peer].solve(rung.tol, 2 * limit)
            except Failure:
                wanted[peer] = 0
                continue
            timings[peer].seconds.append(run.seconds)
            timings[peer].diagnostics = run.diagnostics
    return {peer: timing for peer, timing in timings.items() if timing.seconds}


def _repetitions(seconds: float, fastest: float) -> int:
    """Three, up to nine where they are cheap, one where it is far from the fastest anyway."""
    if seconds > max(5.0, 5.0 * fastest):
        return 1
    return min(9, max(3, int(3.0 / seconds)))
