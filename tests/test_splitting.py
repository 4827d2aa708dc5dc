"""Three parts of a data set: a partition, with what is asked of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from fastreg.model_selection import train_validation_test_split

N = 100
ROWS = np.arange(N)


def draw(kind: str) -> dict[str, Any]:
    """Return the options of a kind of split."""
    rng = np.random.default_rng(0)
    return {
        "shuffled": {},
        "in order": {"shuffle": False},
        "in time": {"time": rng.permutation(N)},
        "in time with ties": {"time": rng.permutation(N) // 4},
        "grouped": {"groups": rng.integers(0, 25, N)},
        "stratified": {"stratify": rng.standard_normal(N)},
    }[kind]


KINDS = ("shuffled", "in order", "in time", "in time with ties", "grouped", "stratified")


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_is_in_one_part(kind: str) -> None:
    parts = train_validation_test_split(ROWS, random_state=0, **draw(kind))
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), ROWS)
    assert all(part.size for part in parts)


@pytest.mark.parametrize("kind", ["shuffled", "in order", "in time", "stratified"])
@pytest.mark.parametrize("sizes", [(0.2, 0.2), (0.25, 0.1), (30, 10), (1, 1)])
def test_parts_have_the_sizes_asked_for(kind: str, sizes: tuple[Any, Any]) -> None:
    options = draw(kind) | ({"n_bins": 1} if sizes == (1, 1) else {})
    parts = train_validation_test_split(
        ROWS, validation_size=sizes[0], test_size=sizes[1], random_state=0, **options
    )
    wanted = [round(s * N) if isinstance(s, float) else s for s in sizes]
    assert [part.size for part in parts] == [N - sum(wanted), *wanted]


def test_all_arrays_are_cut_alike() -> None:
    frame = pd.DataFrame({"a": ROWS, "b": [f"t{i}" for i in ROWS]})
    csr = sparse.csr_array(ROWS[:, None])
    found = train_validation_test_split(frame, csr, list(ROWS), random_state=3)
    assert len(found) == 9
    for frame_part, csr_part, list_part in zip(found[:3], found[3:6], found[6:], strict=True):
        np.testing.assert_array_equal(frame_part["a"], list_part)
        np.testing.assert_array_equal(csr_part.toarray()[:, 0], list_part)


def test_a_seed_gives_the_same_split_and_another_seed_another() -> None:
    one, two, three = (
        train_validation_test_split(ROWS, random_state=seed)[0] for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, three)


def test_groups_stay_together() -> None:
    groups = draw("grouped")["groups"]
    parts = train_validation_test_split(groups, random_state=0, groups=groups)
    sets = [set(part.tolist()) for part in parts]
    assert sum(map(len, sets)) == len(set().union(*sets))


@pytest.mark.parametrize("kind", ["in time", "in time with ties"])
def test_later_parts_are_later(kind: str) -> None:
    time = draw(kind)["time"]
    train, validation, test = train_validation_test_split(time, time=time)
    assert train.max() < validation.min()
    assert validation.max() < test.min()


@pytest.mark.parametrize("counts", [(8, 1, 1), (1, 8, 1), (1, 1, 8), (3, 4, 3)])
def test_three_times_are_three_parts(counts: tuple[int, int, int]) -> None:
    time = np.repeat([1, 2, 3], counts)
    parts = train_validation_test_split(time[::-1], time=time[::-1])
    assert [set(part) for part in parts] == [{1}, {2}, {3}]


def test_ties_where_the_test_rows_begin_leave_the_other_parts_alone() -> None:
    time = np.r_[np.arange(7), 7, 7, 7]
    parts = train_validation_test_split(time, time=time, validation_size=1, test_size=1)
    assert [part.size for part in parts] == [6, 1, 3]


def test_order_is_kept_without_shuffling() -> None:
    parts = train_validation_test_split(ROWS, shuffle=False)
    np.testing.assert_array_equal(np.concatenate(parts), ROWS)


def test_every_part_has_its_share_of_every_bin() -> None:
    y = np.random.default_rng(0).permutation(N) ** 3.0
    parts = train_validation_test_split(y, random_state=0, stratify=y, n_bins=5)
    fifth = np.quantile(y, [0.2, 0.4, 0.6, 0.8])
    for part, share in zip(parts, (12, 4, 4), strict=True):
        assert np.bincount(np.searchsorted(fifth, part)).tolist() == [share] * 5


@pytest.mark.parametrize(
    "y",
    [
        np.repeat([0.0, 1.0, 2.0], [80, 19, 1]),
        np.r_[np.zeros(60), np.arange(40.0)],
        np.r_[-1.0, np.zeros(99)],
        np.ones(N),
    ],
)
def test_ties_in_the_target_do_not_matter(y: np.ndarray) -> None:
    parts = train_validation_test_split(ROWS, random_state=0, stratify=y)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), ROWS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation_size": 50, "test_size": 50}, "100 rows are too few"),
        ({"validation_size": 0.5, "test_size": 0.5}, "leave none to train on"),
        ({"test_size": 1.5}, "test_size == 1.5, must be between 0 and 1"),
        ({"validation_size": 0}, "validation_size == 0, must be"),
        ({"test_size": "half"}, "test_size must be a share"),
        ({"groups": np.zeros(N)}, "1 groups are too few"),
        ({"time": np.zeros(N)}, "1 different times are too few"),
        ({"time": np.ones((N, 2))}, "time must be one column"),
        ({"stratify": ["a"] * 98 + ["b", "c"]}, "every part has rows of every value"),
        ({"stratify": np.arange(7)}, "stratify has 7 entries"),
        ({"time": np.r_[np.nan, np.ones(99)]}, "time has a missing value, in row 0"),
        ({"time": pd.Series([*pd.date_range("2020", periods=99), pd.NaT])}, "missing.* in row 99"),
        ({"groups": [None, *"ab" * 49, "c"]}, "groups has a missing value, in row 0"),
        ({"groups": ROWS, "shuffle": False}, "only one of"),
        ({"stratify": ROWS, "n_bins": 0}, "n_bins == 0"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train_validation_test_split(ROWS, **options)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_rows_are_too_few(n: int) -> None:
    with pytest.raises(ValueError, match="too few"):
        train_validation_test_split(np.arange(n))
