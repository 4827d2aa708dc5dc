"""The cost model: which route a batch of tasks takes, and how a working set is held.

Times are counted in multiplications at the speed of a vector (some 0.3 ns); what a design's verbs
cost it says itself. A path of m α to 1/100 of the maximum is taken to end with a third of the
smaller side of X active and to need three sweeps an α.
"""

from __future__ import annotations

import numpy as np

from fastreg.designs import Design

MOMENT_BYTES = 1 << 30  # what all p × p matrices together may take
COLUMN_BYTES = 1 << 28  # what one Gram matrix of a working set may take
BOOKKEEPING = 4e5  # what a batch takes beside its arithmetic
SWEEPS = 3.0  # an α
ACTIVE, SPARE = 1.0 / 3.0, 1.5  # active columns of the smaller side; columns of W to an active one
SYMMETRIC = 0.5  # of the products are needed where all are taken at once
REDONE = 2.0  # α solved to an α accepted
FEW_COLUMNS = 256  # fewer are held as a Gram matrix whatever their entries
LOOKS = 2.0  # at coordinates that stay where they are, as a multiple of the moves
COPY_BYTES = 80 << 20  # what may be copied of X for descent on rows where a Gram matrix fits
COLD_SWEEPS = 40.0  # that an α takes by itself
MOST_COLUMNS = 2.0  # to a row, to be swept over all at once


def holds_moments(design: Design, n_tasks: int, n_alphas: int, exact: bool) -> bool:
    """Whether to hold p × p moments rather than a working set.

    With k = min(n, p)/3 active columns, W = 3k/2, b = 6 + m/8 batches and T tasks:

    - moments: n p²/2 products at BLAS speed once, then 3 m k p for each task's sweeps. They take
      8 p² (2 G + 1) bytes for G row groups: one a group, the training merges, one G in work.
    - working set: b passes of 2 n p for each task, n W² at BLAS speed, then 6 m k W for each task's
      sweeps, as about half of what is solved ahead is solved again; and the keeping of b batches.

    An `exact` (ridge) problem has no iteration: it is solved in the smaller of the two spaces.
    """
    if not design.has_rows:
        return True
    n, p = design.n_rows, design.n_features
    n_bytes = 8.0 * p * p * (2 * design.n_groups + 1)
    if exact:
        return p <= n and (n_bytes <= MOMENT_BYTES or n_bytes <= 8.0 * n * n)
    if n_bytes > MOMENT_BYTES:
        return False
    cost = moments_cost(design, n_tasks, n_alphas)
    return cost <= BOOKKEEPING or cost <= working_set_cost(design, n_tasks, n_alphas)


def fits_factors(design: Design) -> bool:
    """Whether ridge's exact factors, of the smaller side of X, have room.

    What a pass multiplies is what X holds: the factors of dense X never outgrow X itself.
    """
    size = float(min(design.n_rows, design.n_features))
    return not design.has_rows or 16.0 * size * size <= max(MOMENT_BYTES, 8.0 * design.pass_cost())


def moments_cost(design: Design, n_tasks: int, n_alphas: int) -> float:
    """Return what the moments route is expected to take, see `holds_moments`."""
    p = design.n_features
    active = ACTIVE * min(design.n_rows, p)
    return SYMMETRIC * design.gram_cost(p) + n_tasks * SWEEPS * n_alphas * active * p


def working_set_cost(design: Design, n_tasks: int, n_alphas: int) -> float:
    """Return what the working-set route is expected to take, see `holds_moments`."""
    p = design.n_features
    active = ACTIVE * min(design.n_rows, p)
    size = min(SPARE * active, p)
    batches = 6.0 + n_alphas / 8.0
    move = min(size, LOOKS * design.move_cost(np.arange(p)))
    return (
        batches * (n_tasks * design.pass_cost() + BOOKKEEPING)
        + design.gram_cost(int(size))
        + n_tasks * REDONE * SWEEPS * n_alphas * active * move
    )


def takes_all(design: Design) -> bool:
    """Whether every column belongs in the working set from the start.

    So it is where a sweep over all of X costs less than looking after a batch and no Gram matrix is
    needed: few sparse columns of a few entries each.
    """
    every = np.arange(design.n_features)
    sweep = design.move_cost(every) * every.size
    return sweep <= BOOKKEEPING and prefers_rows(design, every, 0, 1)


def can_hold_all(design: Design) -> bool:
    """Whether every column may be held at once, for sweeps over all of X: dense ones are copied."""
    return _copied_bytes(design, np.arange(design.n_features)) <= COLUMN_BYTES


def takes_rest(design: Design, n_wanted: int, n_held: int, n_alphas: int) -> bool:
    """Whether all columns should join the `n_held`, for descent on the residual.

    So it is where the last α takes a good part of X, `n_wanted` columns already: sweeps find what
    is missing among the others sooner than passes over X. Of many more columns than rows far too
    many would come in.
    """
    p = design.n_features
    if n_alphas > 1 or 4 * n_wanted < p or p > MOST_COLUMNS * design.n_rows:
        return False
    every = np.arange(p)
    return _copied_bytes(design, every) <= COPY_BYTES and prefers_rows(design, every, p - n_held, 1)


def prefers_rows(design: Design, cols: np.ndarray, n_new: int, n_alphas: int) -> bool:
    """Whether descent on the columns `cols` is faster through the residual than on their G.

    A move costs k multiplications on G. Through the residual it costs two passes over the entries
    of a column, and so does a look at a coordinate, which on G is free. Where few α are left, the
    products of the `n_new` columns that G does not hold yet may be more than what they save.
    """
    k = cols.size
    if 8.0 * k * k > COLUMN_BYTES:
        return True
    move = design.move_cost(cols)
    if k <= FEW_COLUMNS or k > LOOKS * move:
        return k > FEW_COLUMNS
    sweeps = COLD_SWEEPS + SWEEPS * (n_alphas - 1)
    products = design.gram_cost(k) * n_new / k
    return products > sweeps * k * (move - k) and _copied_bytes(design, cols) <= COPY_BYTES


def _copied_bytes(design: Design, cols: np.ndarray) -> float:
    return 4.0 * design.move_cost(cols) * cols.size
