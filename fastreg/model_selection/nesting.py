"""Nested splits: for every outer fold inner ones, with preprocessing fitted inside each.

Where the outer folds partition the rows, the inner folds of one are the others: all splits of
nested cross-validation are then unions of the same K row groups, which one pass over X serves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import TimeSeriesSplit
from sklearn.utils import _safe_indexing

from fastreg.designs import Design, make_design
from fastreg.model_selection.error_curves import N_FOLDS, check_rows, make_splits
from fastreg.model_selection.row_groups import MAX_GROUPS_PER_SPLIT, RowGroups, row_groups
from fastreg.model_selection.tuning import Spot

Split = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows as they came.

    Attributes
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n, p)
        Checked, unless it is to be preprocessed.
    y : ndarray of shape (n,)
    sample_weight : ndarray of shape (n,) or None
    preprocess : transformer or None
    """

    X: Any
    y: np.ndarray
    sample_weight: np.ndarray | None
    preprocess: Any = None

    def design(self, splits: Sequence[Split]) -> tuple[Design, RowGroups]:
        """Return all rows as they are, in the row groups of some splits."""
        groups = row_groups(splits, len(self.y))
        design = make_design(
            self.X, self.y, self.sample_weight, groups=groups.codes, check_input=False
        )
        return design, groups

    def prepared(self, split: Split, name: str) -> Spot:
        """Return a split preprocessed by its training rows: two groups, one without test rows."""
        train, test = split
        fitted = clone(self.preprocess)
        inside = step(
            f"{name}: preprocessing the training rows failed",
            lambda: fitted.fit_transform(_safe_indexing(self.X, train), self.y[train]),
        )
        parts = [inside]
        if test.size:
            parts.append(
                step(
                    f"{name}: preprocessing the held-out rows failed, which hold what the training "
                    "rows do not",
                    lambda: fitted.transform(_safe_indexing(self.X, test)),
                )
            )
        rows = np.concatenate([train, test])
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        X, y, weight = check_rows(stacked(parts), self.y[rows], weight)
        codes = np.repeat([0, 1], [train.size, test.size])
        design = make_design(X, y, weight, groups=codes, check_input=False)
        return Spot(design, (0,), (1,) if test.size else ())


def nested(
    rows: Rows,
    outer: Sequence[Split],
    inner: Sequence[Sequence[Split]],
    names: Sequence[str] = (),
) -> Iterator[tuple[Spot, list[Spot]]]:
    """Yield every outer split with its inner ones, on a design they share where they can.

    Parameters
    ----------
    names : sequence of str
        What messages on preprocessing call the outer splits.
    """
    if rows.preprocess is not None:
        for name, split, own in zip(names, outer, inner, strict=True):
            spots = [rows.prepared(part, f"{name}, inner fold {j}") for j, part in enumerate(own)]
            yield rows.prepared(split, name), spots
        return
    every = [part for split, own in zip(outer, inner, strict=True) for part in (split, *own)]
    shared = None
    if row_groups(every, len(rows.y)).n_groups <= MAX_GROUPS_PER_SPLIT * len(outer):
        shared = rows.design(every)
    for split, own in zip(outer, inner, strict=True):
        design, groups = shared or rows.design([split, *own])
        first, *rest = [_spot(design, groups, part) for part in (split, *own)]
        yield first, rest


def check_weights_of(
    splits: Sequence[Split], sample_weight: np.ndarray | None, names: Sequence[str] = ()
) -> None:
    """Refuse a split with a part that has no weight.

    Parameters
    ----------
    names : sequence of str
        What the message calls the splits; by default their numbers.

    Raises
    ------
    ValueError
        Names the split.
    """
    for k, split in enumerate(splits if sample_weight is not None else ()):
        for part, name in zip(split, ("training", "held-out"), strict=True):
            if not sample_weight[part].sum() > 0:
                whose = names[k] if names else f"split {k}"
                raise ValueError(f"{whose}: sample_weight is zero for all its {name} rows")


def _spot(design: Design, groups: RowGroups, split: Split) -> Spot:
    train, held_out = (tuple(np.unique(groups.codes[part]).tolist()) for part in split)
    return Spot(design, train, held_out)


def inner_splits(
    outer: Sequence[Split],
    cv: Any,
    X: Any,
    y: np.ndarray,
    groups: Any = None,
    names: Sequence[str] = (),
) -> list[list[Split]]:
    """Return the inner splits of every outer one, within its training rows.

    Parameters
    ----------
    cv : int, splitter or None
        None: the other outer folds where the outer folds partition the rows and are at least three;
        5 folds in time order where every outer fold tests later rows; else 5 (group) folds.
    names : sequence of str
        What messages call the outer splits; by default "fold 0" and so on.

    Raises
    ------
    ValueError
        Too few training rows for the inner folds, with the name of the outer split.
    """
    if cv is None and len(outer) > 2 and _partition(outer, len(y)):
        tests = [test for _, test in outer]
        out = [
            [(np.setdiff1d(train, tests[j]), tests[j]) for j in range(len(outer)) if j != k]
            for k, (train, _) in enumerate(outer)
        ]
        if min(train.size for own in out for train, _ in own) < 2:
            raise ValueError(f"{len(y)} rows are too few for {len(outer)} folds and folds within")
        return out
    if not (cv is None or isinstance(cv, Integral) or hasattr(cv, "split")):
        raise ValueError(
            f"inner_cv must be a number of folds or a splitter, got {type(cv).__name__}: splits of "
            "all rows do not split the training rows of a fold"
        )
    out = []
    for k, (train, _) in enumerate(outer):
        labels = None if groups is None else np.asarray(groups)[train]
        splitter = _default_inner(outer) if cv is None else cv
        try:
            own = make_splits(splitter, _safe_indexing(X, train), y[train], labels)
        except ValueError as error:
            whose = names[k] if names else f"fold {k}"
            raise ValueError(
                f"the {train.size} training rows of {whose} do not allow inner folds: {error}"
            ) from None
        out.append([(train[a], train[b]) for a, b in own])
    return out


def _default_inner(outer: Sequence[Split]) -> Any:
    in_time = all(train.max() < test.min() for train, test in outer)
    return TimeSeriesSplit(N_FOLDS) if in_time else None


def _partition(splits: Sequence[Split], n: int) -> bool:
    """Whether every row is held out once and trained on in all other splits."""
    counts = np.zeros(n, dtype=int)
    for train, test in splits:
        counts[test] += 1
        if train.size + test.size != n:
            return False
    return bool(np.all(counts == 1))


def step(what: str, work: Any) -> Any:
    """Return what `work` returns; its ValueError says where it happened."""
    try:
        return work()
    except ValueError as error:
        hint = ""
        if "unknown categories" in str(error):
            hint = "; OneHotEncoder(handle_unknown='ignore') lets such rows pass"
        raise ValueError(f"{what}: {error}{hint}") from error


def stacked(parts: list[Any]) -> Any:
    """Return parts one below the other, as they are where there is one."""
    if len(parts) == 1:
        return parts[0]
    if any(sparse.issparse(part) for part in parts):
        return sparse.vstack(parts, format="csr")
    return np.vstack([np.asarray(part) for part in parts])
