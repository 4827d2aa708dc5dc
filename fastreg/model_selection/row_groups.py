"""Row groups: rows with the same training and held-out membership in every split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MAX_GROUPS_PER_SPLIT = 3


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
        No splits, an empty training or test set, indices out of range, rows listed twice, or rows
        in both sets of a split.
    """
    checked = []
    for k, (train, test) in enumerate(splits):
        pair = []
        for name, rows in (("training", train), ("test", test)):
            rows = np.asarray(rows)
            if rows.dtype == bool:
                rows = np.flatnonzero(rows)
            if rows.size == 0:
                raise ValueError(f"split {k} has an empty {name} set")
            rows = rows.astype(np.intp)
            if rows.min() < -n_rows or rows.max() >= n_rows:
                raise ValueError(f"split {k}: {name} index out of range for {n_rows} rows")
            if rows.min() < 0:
                rows = rows % n_rows
            if np.bincount(rows, minlength=n_rows).max() > 1:
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


def row_groups(splits: Sequence[tuple[np.ndarray, np.ndarray]], n_rows: int) -> RowGroups:
    """Return the coarsest partition of which every training and test set is a union."""
    codes = np.zeros(n_rows, dtype=np.intp)
    for train, test in splits:
        role = np.zeros(n_rows, dtype=np.intp)
        role[train], role[test] = 1, 2
        codes = _renumber(codes * 3 + role)
    return RowGroups(
        codes,
        int(codes.max()) + 1,
        [_members(codes[train]) for train, _ in splits],
        [_members(codes[test]) for _, test in splits],
    )


def _renumber(codes: np.ndarray) -> np.ndarray:
    """Number the values that occur 0, 1, … in their order."""
    occurs = np.bincount(codes) > 0
    return (np.cumsum(occurs) - 1)[codes]


def _members(codes: np.ndarray) -> tuple[int, ...]:
    return tuple(np.flatnonzero(np.bincount(codes)).tolist())


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
