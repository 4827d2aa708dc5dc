"""One pass over X for many tasks: what each asks about its coefficients is answered together."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from fastreg.designs import Design, Evaluation
from fastreg.workers import run_jobs

Block = tuple[np.ndarray, np.ndarray, np.ndarray]  # columns (k,), coefs (m, k), intercepts (m,)
Reply = tuple[np.ndarray, np.ndarray, np.ndarray | None]
Route = Generator[tuple[Any, np.ndarray], Reply, Any]

MOST_BYTES = 1 << 29  # of correlations that a pass may return


@lru_cache(maxsize=8)
def every(n_features: int) -> np.ndarray:
    """Return the numbers of all columns, always the same array."""
    return np.arange(n_features)


def evaluate(
    design: Design, parts: Sequence[Any], blocks: Sequence[Block]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Evaluate a block of vectors for each of some problems, all in one pass over X.

    Parameters
    ----------
    parts : sequence of Problem
    blocks : sequence of (cols, coefs, intercepts)
        Shapes (k,), (m, k) and (m,), about the shift.

    Yields
    ------
    corr : ndarray of shape (m, p)
        Xᵀr/Σw.
    rr : ndarray of shape (m,)
        ‖r‖²/Σw.
    held_out : ndarray of shape (m,)
        Σw r² over the held-out rows.
    """
    sizes = [len(coefs) for _, coefs, _ in blocks]
    cols, coefs = _side_by_side(blocks, sizes)
    found = design.evaluate(
        coefs,
        np.concatenate([intercepts for _, _, intercepts in blocks]),
        np.repeat([part.row_weights for part in parts], sizes, axis=0),
        _targets(parts, sizes),
        None if cols is every(design.n_features) else cols,
    )
    first = 0
    for part, size in zip(parts, sizes, strict=True):
        rows = slice(first, first + size)
        own = Evaluation(found.corr[rows], found.residual_sum[rows], found.loss[rows])
        held_out = own.loss[:, list(part.task.held_out)].sum(axis=1)
        yield *part.standing(own), held_out
        first += size


def _side_by_side(blocks: Sequence[Block], sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return all columns of the blocks and the coefficients of all of them, (Σm, columns)."""
    if len(blocks) == 1:
        return blocks[0][:2]
    if all(cols is blocks[0][0] for cols, _, _ in blocks):
        return blocks[0][0], np.vstack([coefs for _, coefs, _ in blocks])
    union = np.unique(np.concatenate([cols for cols, _, _ in blocks]))
    out, first = np.zeros((sum(sizes), union.size)), 0
    for (cols, coefs, _), size in zip(blocks, sizes, strict=True):
        out[first : first + size, np.searchsorted(union, cols)] = coefs
        first += size
    return union, out


def _targets(parts: Sequence[Any], sizes: list[int]) -> np.ndarray:
    """Return the target of every vector."""
    each = zip(parts, sizes, strict=True)
    return np.concatenate([np.broadcast_to(part.task.target, size) for part, size in each])


def evaluate_problems(
    design: Design, problems: Sequence[Any], blocks: Sequence[list[Block]]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield for each problem, of one target or of all, what one pass over X says of its blocks."""
    parts = [part for problem in problems for part in problem.parts]
    found = evaluate(design, parts, [block for few in blocks for block in few])
    for problem in problems:
        yield problem.joined([next(found) for _ in problem.parts])


def run_routes(
    design: Design, routes: Sequence[Route], n_jobs: int | None
) -> list[tuple[Any, float]]:
    """Run routes side by side, in threads where asked; return what each returns and its passes.

    A route is a generator: it yields a problem and coefficients, of the shape (m, p) or what the
    problem takes, and is sent their Xᵀr/Σw, ‖r‖²/Σw and, if it is known, Σw r² over the held-out
    rows. All that ask at a time share a pass over X.
    """
    if len(routes) == 1:
        return [_run_alone(design, routes[0])]
    results: list[Any] = [None] * len(routes)
    passes = np.zeros(len(routes))
    waiting: list[tuple[int, Any]] = [(k, None) for k in range(len(routes))]
    while waiting:
        jobs = [partial(_advance, routes[k], reply) for k, reply in waiting]
        asking = []
        for (k, _), (done, value) in zip(waiting, run_jobs(jobs, n_jobs), strict=True):
            if done:
                results[k] = value
            else:
                asking.append((k, *value))
        waiting = []
        for some in shares(asking, partial(_reply_bytes, design), MOST_BYTES):
            before = design.passes
            numbers, problems, coefs = zip(*some, strict=True)
            blocks = [p.blocks(block) for p, block in zip(problems, coefs, strict=True)]
            found = evaluate_problems(design, problems, blocks)
            waiting += zip(numbers, found, strict=True)
            passes[list(numbers)] += (design.passes - before) / len(some)
    return list(zip(results, passes, strict=True))


def _run_alone(design: Design, route: Route) -> tuple[Any, float]:
    before, reply = design.passes, None
    try:
        while True:
            problem, coefs = route.send(reply)
            reply = (*problem.evaluate(design, coefs), None)
    except StopIteration as end:
        return end.value, design.passes - before


def _advance(route: Route, reply: Any) -> tuple[bool, Any]:
    try:
        return False, route.send(reply)
    except StopIteration as end:
        return True, end.value


def _reply_bytes(design: Design, ask: tuple[int, Any, np.ndarray]) -> float:
    """Return what the correlations take that one asks for."""
    _, problem, coefs = ask
    return 8.0 * len(coefs) * len(problem.parts) * design.n_features


def shares(items: Sequence[Any], size: Callable[[Any], float], room: float) -> Iterator[list[Any]]:
    """Yield as many items at a time as there is room for, one whatever its size."""
    if len(items) == 1:
        yield list(items)
        return
    some, taken = [], 0.0
    for item in items:
        own = size(item)
        if some and taken + own > room:
            yield some
            some, taken = [], 0.0
        some.append(item)
        taken += own
    if some:
        yield some
