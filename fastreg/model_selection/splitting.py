"""Three parts of a data set: to train on, to choose with, and to judge by in the end."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import (
    GroupShuffleSplit,
    ShuffleSplit,
    StratifiedShuffleSplit,
)
from sklearn.utils import _safe_indexing, check_random_state, check_scalar, indexable
from sklearn.utils.validation import _num_samples, column_or_1d

PARTS = ("training", "validation", "test")


def train_validation_test_split(
    *arrays: Any,
    validation_size: float | int = 0.2,
    test_size: float | int = 0.2,
    shuffle: bool = True,
    random_state: Any = None,
    groups: Any = None,
    stratify: Any = None,
    n_bins: int = 10,
    time: Any = None,
) -> list[Any]:
    """Split arrays into training, validation and test rows.

    Parameters
    ----------
    *arrays : array-like, sparse matrix or DataFrame, each of n rows
    validation_size, test_size : float or int, default=0.2
        Share of all rows (of all groups, with `groups`), or their number.
    shuffle : bool, default=True
        False takes the parts one after another, the test rows last.
    random_state : int, RandomState instance or None, default=None
    groups : array-like of shape (n,), default=None
        The rows of a group stay in one part.
    stratify : array-like of shape (n,), default=None
        A target whose distribution all parts are to have: its values are put into `n_bins` bins of
        about as many rows each, and each part has its share of every bin.
    n_bins : int, default=10
        Fewer are made where the smallest part has fewer rows.
    time : array-like of shape (n,), default=None
        Sort by it: the parts are then past, less long past and present. Rows of the same time stay
        together, so that sizes are met as nearly as times allow.

    Returns
    -------
    list, length=3 * len(arrays)
        Training, validation and test rows of the first array, then of the second, …

    Raises
    ------
    ValueError
        Too few rows, groups or times for three parts; sizes that leave nothing to train on; more
        than one of `groups`, `stratify` and an order in time.
    """
    if not arrays:
        raise ValueError("at least one array is required")
    arrays = indexable(*arrays)
    n = _num_samples(arrays[0])
    in_time = time is not None or not shuffle
    if (groups is not None) + (stratify is not None) + in_time > 1:
        raise ValueError(
            "only one of groups, stratify and an order in time (time=…, shuffle=False) can be kept"
        )
    if in_time:
        parts = _one_after_another(n, time, validation_size, test_size)
    else:
        parts = _drawn(n, groups, stratify, n_bins, validation_size, test_size, random_state)
    return [_safe_indexing(array, rows) for array in arrays for rows in parts]


def part_sizes(
    n: int, validation_size: float | int, test_size: float | int, of: str = "rows"
) -> tuple[int, int, int]:
    """Return the sizes of the three parts of n rows, each at least 1.

    Raises
    ------
    ValueError
        See `train_validation_test_split`.
    """
    sizes = []
    for name, size in (("validation_size", validation_size), ("test_size", test_size)):
        share = isinstance(size, float | np.floating)
        if isinstance(size, bool) or not (share or isinstance(size, int | np.integer)):
            raise ValueError(f"{name} must be a share (float) or a number of rows, got {size!r}")
        if not (0 < size < 1 if share else size >= 1):
            raise ValueError(f"{name} == {size!r}, must be between 0 and 1 or a number from 1")
        # as in scikit-learn: what is left over goes to the smaller parts; 0.2 of 15 are 3
        sizes.append(int(np.ceil(size * n - 1e-9)) if share else int(size))
    train = n - sum(sizes)
    if train < 1:
        raise ValueError(
            f"{n} {of} are too few: validation_size={validation_size} and test_size={test_size} "
            f"take {sizes[0]} + {sizes[1]} of them and leave none to train on"
        )
    return train, sizes[0], sizes[1]


def _one_after_another(
    n: int, time: Any, validation_size: float | int, test_size: float | int
) -> list[np.ndarray]:
    train, validation, _ = part_sizes(n, validation_size, test_size)
    if time is None:
        return np.split(np.arange(n), [train, train + validation])
    time = check_column(time, "time", n)
    order = np.argsort(time, kind="stable")
    times, begins = np.unique(time[order], return_index=True)
    if times.size < len(PARTS):
        raise ValueError(
            f"{times.size} different times are too few for three parts: rows of the same time stay "
            "together"
        )
    # a part begins with the time that the cut falls into, with a later one where that would leave
    # an earlier part without rows
    first, second = np.searchsorted(begins, [train, train + validation], side="right") - 1
    second = max(second, 2)
    cuts = begins[[min(max(first, 1), second - 1), second]]
    return np.split(order, cuts)


def _drawn(
    n: int,
    groups: Any,
    stratify: Any,
    n_bins: int,
    validation_size: float | int,
    test_size: float | int,
    random_state: Any,
) -> list[np.ndarray]:
    """Draw the test rows from all, then the validation rows from the others."""
    rng = check_random_state(random_state)
    labels, of, splitter = None, "rows", ShuffleSplit
    if groups is not None:
        labels, of, splitter = check_column(groups, "groups", n), "groups", GroupShuffleSplit
    units = n if groups is None else np.unique(labels).size
    sizes = part_sizes(units, validation_size, test_size, of)
    if stratify is not None:
        check_scalar(n_bins, "n_bins", Integral, min_val=1)
        labels = target_bins(check_column(stratify, "stratify", n), min(n_bins, *sizes))
        splitter = StratifiedShuffleSplit
    rows, parts = np.arange(n), []
    for size in (sizes[2], sizes[1]):
        own = None if labels is None else labels[rows]
        keywords = {"groups": own} if splitter is GroupShuffleSplit else {"y": own}
        try:
            draw = splitter(1, test_size=size, random_state=rng)
            rest, taken = next(draw.split(rows, **keywords))
        except ValueError as error:
            what = "so that every part has rows of every value or bin of stratify"
            raise ValueError(f"{n} rows cannot be split {what}: {error}") from None
        parts.append(np.sort(rows[taken]) if splitter is GroupShuffleSplit else rows[taken])
        rows = rows[rest]
    return [rows, parts[1], parts[0]]


def target_bins(target: np.ndarray, n_bins: int) -> np.ndarray:
    """Return the bin of each row, shape (n,): quantiles of the target, of whole values each.

    What ties leave with less than a row for each part joins its neighbour. Names are bins as they
    are.
    """
    if target.dtype.kind not in "biuf":
        return np.unique(target, return_inverse=True)[1]
    inner = np.linspace(0, 1, n_bins + 1)[1:-1]
    edges = np.unique(np.quantile(target, inner, method="inverted_cdf"))
    bins = np.searchsorted(edges, target)
    counts = np.bincount(bins, minlength=edges.size + 1)
    joined, held = np.zeros(counts.size, dtype=int), 0
    for k in range(1, counts.size):  # a bin is complete before the next begins, the last too
        held += counts[k - 1]
        begins = held >= len(PARTS) and counts[k:].sum() >= len(PARTS)
        joined[k] = joined[k - 1] + begins
        held = 0 if begins else held
    return joined[bins]


def check_column(values: Any, name: str, n: int) -> np.ndarray:
    """Return what is said of n rows, shape (n,).

    Raises
    ------
    ValueError
        Of another length, of several columns, or with a missing value; `name` is in the message.
    """
    shape = np.shape(values)
    if shape[1:] not in ((), (1,)):
        raise ValueError(f"{name} must be one column, got shape {shape}")
    values = column_or_1d(values)
    if values.size != n:
        raise ValueError(f"{name} has {values.size} entries for {n} rows")
    missing = np.array([value is None for value in values]) | (values != values)  # NaN, NaT
    if missing.any():
        raise ValueError(f"{name} has a missing value, in row {int(np.argmax(missing))}")
    return values
