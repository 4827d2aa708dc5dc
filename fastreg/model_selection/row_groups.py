"""Row groups: rows with the same training and held-out membership in every split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_GROUPS_PER_SPLIT = 3
_UNUSED, _TRAIN, _HELD_OUT = 0, 1, 2  # roles of a row in a split


@dataclass(frozen=True, eq=False)
class RowGroups:
    """A partition of the rows that every split is a union of.

    Attributes
    ----------
    codes : ndarray of shape (n,), int
        Group of each row.
    n_groups : int
    train, held_out : list of tuple of int
        For each split, the groups it trains on and holds out.
    """

    codes: np.ndarray
    n_groups: int
    train: list[tuple[int, ...]]
    held_out: list[tuple[int, ...]]


def check_splits(
    splits: Sequence[tuple[np.ndarray, np.ndarray]], n_rows: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the splits as index arrays.

    Raises
    ------
    ValueError
        No splits, an empty training or test set, what is no list of row numbers, indices out of
        range, rows listed twice, or rows in both sets of a split.
    """
    checked = []
    for k, split in enumerate(splits):
        try:
            train, test = split
        except (TypeError, ValueError):
            raise ValueError(
                f"split {k} must be a training and a test set, got {split!r}"
            ) from None
        pair = []
        for name, rows in (("training", train), ("test", test)):
            rows = _row_numbers(rows, n_rows, f"split {k}: {name}")
            if rows.size == 0:
                raise ValueError(f"split {k} has an empty {name} set")
            ascending = bool((rows[1:] > rows[:-1]).all())
            ends = rows[[0, -1]] if ascending else rows
            if ends.min() < -n_rows or ends.max() >= n_rows:
                raise ValueError(f"split {k}: {name} index out of range for {n_rows} rows")
            if ends.min() < 0:
                rows, ascending = rows % n_rows, False
            if not ascending and np.bincount(rows, minlength=n_rows).max() > 1:
                raise ValueError(
                    f"split {k} lists a row twice in its {name} set; use sample_weight instead"
                )
            pair.append(rows)
        in_training = np.zeros(n_rows, dtype=bool)
        in_training[pair[0]] = True
        if in_training[pair[1]].any():
            raise ValueError(f"split {k} has rows in both its training and its test set")
        checked.append((pair[0], pair[1]))
    if not checked:
        raise ValueError("cv yields no splits")
    return checked


def _row_numbers(rows: Any, n_rows: int, whose: str) -> np.ndarray:
    """Return a mask or a list of numbers as numbers."""
    rows = np.asarray(rows)
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iub"):
        raise ValueError(f"{whose} set must be a list of row numbers, got {rows!r}")
    if rows.dtype != bool:
        return rows.astype(np.intp, copy=False)
    if rows.size != n_rows:
        raise ValueError(f"{whose} mask has {rows.size} entries for {n_rows} rows")
    return np.flatnonzero(rows)


def row_groups(splits: Sequence[tuple[np.ndarray, np.ndarray]], n_rows: int) -> RowGroups:
    """Return the coarsest partition of which every training and test set is a union."""
    codes, role = np.zeros(n_rows, dtype=np.intp), np.empty(n_rows, dtype=np.intp)
    cuts = []  # by split, of each piece: three times the group it was cut from, and its role
    for train, test in splits:
        role[:] = _UNUSED
        role[train], role[test] = _TRAIN, _HELD_OUT
        codes *= 3
        codes += role
        occurs = np.bincount(codes) > 0
        cuts.append(np.flatnonzero(occurs))
        codes = (np.cumsum(occurs) - 1)[codes]
    roles, piece = [], np.arange(cuts[-1].size)
    for cut in reversed(cuts):
        piece, its_role = divmod(cut[piece], 3)
        roles.append(its_role)
    return RowGroups(
        codes,
        cuts[-1].size,
        [tuple(np.flatnonzero(its_role == _TRAIN).tolist()) for its_role in reversed(roles)],
        [tuple(np.flatnonzero(its_role == _HELD_OUT).tolist()) for its_role in reversed(roles)],
    )


def batches(
    splits: Sequence[tuple[np.ndarray, np.ndarray]], n_rows: int
) -> list[tuple[RowGroups, list[int]]]:
    """Return row groups and the numbers of the splits that they serve.

    One batch where the splits share useful groups (K-fold, time series, leave-groups-out). Where
    they cut the rows to pieces (repeated or shuffled splits) each split is a batch of its own.
    """
    whole = row_groups(splits, n_rows)
    if whole.n_groups <= MAX_GROUPS_PER_SPLIT * len(splits):
        return [(whole, list(range(len(splits))))]
    return [(row_groups([split], n_rows), [k]) for k, split in enumerate(splits)]
