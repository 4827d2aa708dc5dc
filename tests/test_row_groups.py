"""Row groups: the coarsest partition that training and test sets are unions of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastreg.model_selection.row_groups import batches, check_splits, row_groups


@st.composite
def splits_of_some_rows(draw) -> tuple[int, list[tuple[np.ndarray, np.ndarray]]]:
    """Roles drawn row by row, each set in an order of its own."""
    n, k = draw(st.integers(2, 12)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    splits = []
    for _ in range(k):
        role = rng.integers(0, 3, n)
        role[rng.choice(n, 2, replace=False)] = 1, 2
        splits.append(tuple(rng.permutation(np.flatnonzero(role == some)) for some in (1, 2)))
    return n, splits


@given(splits_of_some_rows())
def test_groups_are_the_rows_with_the_same_part_in_every_split(drawn) -> None:
    n, splits = drawn
    found = row_groups(splits, n)
    parts = np.array([[2 * (i in test) + (i in train) for train, test in splits] for i in range(n)])
    same = (parts[:, None] == parts[None]).all(axis=2)
    assert np.array_equal(found.codes[:, None] == found.codes, same)
    assert sorted(set(found.codes)) == list(range(found.n_groups))
    for (train, test), some, held in zip(splits, found.train, found.held_out, strict=True):
        assert sorted(train) == np.flatnonzero(np.isin(found.codes, some)).tolist()
        assert sorted(test) == np.flatnonzero(np.isin(found.codes, held)).tolist()


@given(splits_of_some_rows())
def test_checked_splits_are_the_same_rows(drawn) -> None:
    n, splits = drawn
    as_given = [(train - n, np.isin(np.arange(n), test)) for train, test in splits]
    for (train, test), (a, b) in zip(splits, check_splits(as_given, n), strict=True):
        assert np.array_equal(a, train)
        assert np.array_equal(b, np.sort(test))


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ([0, 1, 1], [2], "a row twice in its training set"),
        ([-3, 0], [2], "a row twice in its training set"),
        ([0, 1], [2, 3], "test index out of range for 3 rows"),
        ([-4, 1], [2], "training index out of range for 3 rows"),
        ([1, 0, 5], [2], "training index out of range for 3 rows"),
        ([0, 1], [1, 2], "both its training and its test set"),
        ([0, 1], [], "empty test set"),
        (0, [1], "training set must be a list of row numbers"),
        ([0.5, 1], [2], "training set must be a list of row numbers"),
        ([0], ["a"], "test set must be a list of row numbers"),
        ([0], [True, False], "test mask has 2 entries for 3 rows"),
    ],
)
def test_bad_splits_are_named(train: list, test: list, message: str) -> None:
    with pytest.raises(ValueError, match=f"split 1.*{message}"):
        check_splits([([0], [1]), (train, test)], 3)


@pytest.mark.parametrize("split", [5, (1, 2, 3)])
def test_what_is_no_split_is_named(split: object) -> None:
    with pytest.raises(ValueError, match="split 1 must be a training and a test set"):
        check_splits([([0], [1]), split], 3)


def test_splits_without_useful_groups_are_batches_of_their_own() -> None:
    rng = np.random.default_rng(0)
    splits = [np.split(rng.permutation(200), [150]) for _ in range(8)]
    found = batches(splits, 200)
    assert [numbers for _, numbers in found] == [[k] for k in range(8)]
    assert all(groups.n_groups == 2 for groups, _ in found)
