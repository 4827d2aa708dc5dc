"""Stability selection: frequencies against all halves there are, and the bound on false ones."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Lasso

from fastreg.model_selection import stability_selection


def make_data(seed: int, n: int = 100, p: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Return an effect in every tenth column, each correlated with its neighbours."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p + 1))
    X = X[:, 1:] + 0.5 * X[:, :-1]
    return X, X[:, ::10].sum(axis=1) + rng.standard_normal(n)


def test_frequencies_are_those_over_all_halves() -> None:
    """8 rows have 70 halves: many random ones come near the mean over all of them."""
    X, y = make_data(0, n=8, p=3)
    alphas = np.array([1.0, 0.5, 0.1])
    wanted = np.zeros((3, 3))
    halves = list(combinations(range(8), 4))
    for half in halves:
        rows = list(half)
        for k, alpha in enumerate(alphas):
            model = Lasso(alpha=alpha, tol=1e-10, max_iter=100_000).fit(X[rows], y[rows])
            wanted[k] += (model.coef_ != 0) / len(halves)
    found = stability_selection(X, y, alphas=alphas, n_pairs=400, standardize=False)
    # the two halves of a pair depend on each other: an error as of 400 draws at worst
    assert np.abs(found.frequencies - wanted).max() < 4 * np.sqrt(0.25 / 400)
    assert 0.1 < wanted.mean() < 0.9


@pytest.mark.parametrize("rows", [100, 101])
def test_effects_are_found(rows: int) -> None:
    X, y = make_data(0, n=rows)
    found = stability_selection(X, y, n_pairs=20)
    assert set(found.selected.tolist()) == {0, 10, 20, 30}
    assert found.n_subsamples == 40
    np.testing.assert_allclose(found.frequencies * 40, np.round(found.frequencies * 40))
    np.testing.assert_array_equal(found.scores, found.frequencies[: found.last + 1].max(axis=0))
    assert np.all(np.diff(found.scores[found.selected]) <= 0)
    assert found.scores[found.selected].min() >= found.threshold


def test_false_selections_are_as_few_as_promised() -> None:
    false = [
        np.setdiff1d(stability_selection(*make_data(seed), n_pairs=15).selected, [0, 10, 20, 30])
        for seed in range(20)
    ]
    assert np.mean([part.size for part in false]) <= 1.0


def test_what_counts_of_the_path_keeps_the_bound() -> None:
    X, y = make_data(0)
    strict, loose = (stability_selection(X, y, n_pairs=10, max_false=most) for most in (0.2, 5.0))
    assert strict.last < loose.last
    for found, most in ((strict, 0.2), (loose, 5.0)):
        assert found.max_false <= most
        bound = found.n_selected[found.last] ** 2 / ((2 * found.threshold - 1) * 40)
        assert found.max_false == pytest.approx(bound)
    assert np.all(np.diff(strict.n_selected) >= 0)


def test_nothing_is_selected_where_no_alpha_keeps_the_bound() -> None:
    X, y = make_data(0)
    with pytest.warns(UserWarning, match="no feature is selected: at the largest alpha, 0.001"):
        found = stability_selection(X, y, n_pairs=5, alphas=[1e-3])
    assert found.frequencies.max() == 1
    assert (found.last, found.max_false, found.selected.size) == (-1, 0, 0)
    assert not found.scores.any()


def test_scales_do_not_matter_and_names_stay() -> None:
    X, y = make_data(0)
    scaled = pd.DataFrame(X * np.geomspace(1e-3, 1e3, 40)).rename(columns=lambda j: f"c{j}")
    one = stability_selection(X, y, n_pairs=5)
    two = stability_selection(scaled, y, n_pairs=5)
    np.testing.assert_array_equal(one.selected, two.selected)
    assert np.abs(one.frequencies - two.frequencies).max() <= 0.1
    assert two.feature_names[:2] == ["c0", "c1"]


def test_nothing_is_selected_from_a_constant_target() -> None:
    X, _ = make_data(0)
    found = stability_selection(X, np.ones(100), n_pairs=3)
    assert not found.selected.size
    assert not found.frequencies.any()


def test_one_feature() -> None:
    X, y = make_data(0)
    found = stability_selection(X[:, :1], y, n_pairs=5, max_false=3.0)
    assert found.scores.shape == (1,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0.5}, "threshold == 0.5, must be above 0.5"),
        ({"threshold": 1.1}, "threshold == 1.1"),
        ({"max_false": 0}, "max_false == 0, must be > 0"),
        ({"n_pairs": 0}, "n_pairs == 0, must be >= 1"),
        ({"threshold": "high"}, "threshold == 'high', must be above 0.5"),
        ({"l1_ratio": 0}, "l1_ratio == 0, must be above 0"),
        ({"random_state": "a"}, "random_state == 'a', must be an int"),
        ({"random_state": -1}, "random_state == -1, must be an int"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    X, y = make_data(0)
    with pytest.raises(ValueError, match=message):
        stability_selection(X, y, **options)


def test_few_rows() -> None:
    X, y = make_data(0)
    with pytest.raises(ValueError, match="X has 3 rows, two halves need at least 4"):
        stability_selection(X[:3], y[:3])
    assert stability_selection(X[:4], y[:4], n_pairs=2).n_subsamples == 4
