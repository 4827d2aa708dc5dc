"""The cost model: which route a design's tasks take."""

from __future__ import annotations

from fastreg.designs import Design

MOMENT_BYTES = 1 << 30  # what all p × p matrices together may take
COLUMN_BYTES = 1 << 28  # what one Gram matrix of a working set may take
GRAM_RATE = 10.0  # BLAS 3 flops done in the time of one memory-bound flop


def holds_moments(design: Design, n_tasks: int, n_alphas: int, exact: bool) -> bool:
    """Whether to hold p × p moments rather than descend on the residual.

    Moments cost n p² flops (at BLAS 3 speed) and, for G row groups, 8 p² (2 G + 1) bytes: a group
    each, the training merges, one Gram matrix in work. The residual route reads X (n p entries, at
    memory speed) about four times for each α of each task: a certificate and what goes into the
    working set. An `exact` (ridge) problem has no such iteration: it is solved in the smaller of
    the two spaces.
    """
    if not design.has_rows:
        return True
    n, p = design.n_rows, design.n_features
    n_bytes = 8.0 * p * p * (2 * design.n_groups + 1)
    if exact:
        return p <= n and (n_bytes <= MOMENT_BYTES or n_bytes <= 8.0 * n * n)
    if n_bytes > MOMENT_BYTES:
        return False
    moments = n * float(p) * p / GRAM_RATE + float(p) * p * min(n, p) * n_tasks / GRAM_RATE
    residual = 4.0 * n * p * n_alphas * n_tasks
    return p <= 512 or p <= n or moments <= residual


def outgrown(design: Design, n_columns: int) -> bool:
    """Whether a working set of so many columns is better served by descent on the residual.

    A move costs `n_columns` on the Gram matrix and n on the residual; without an L2 term no more
    than n columns are ever needed at once, so a working set of many times that is not the last.
    """
    too_large = 8.0 * n_columns * n_columns > COLUMN_BYTES
    return too_large or n_columns > max(4 * design.n_rows, 2000)
