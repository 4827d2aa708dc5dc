"""`early_stop`: the same curves as far as they go, an end that can be told from them, less work."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.model_selection import KFold, RepeatedKFold, TimeSeriesSplit

from fastreg import ElasticNetCV, LassoCV
from fastreg.engine import Solution
from fastreg.linear_model import _folds
from fastreg.model_selection.rules import choose_both, stalled

TIGHT = {"tol": 1e-12, "max_iter": 50_000}
KINDS = {"dense": np.asarray, "csr": sparse.csr_array}


def make_data(n: int = 80, p: int = 120, noise: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Return X with zeros and a target of four columns and noise, to be overfitted."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((n, p))
    X[rng.random(X.shape) < 0.4] = 0.0
    return X, X[:, :4].sum(axis=1) + noise * rng.standard_normal(n)


def end_of(errors: np.ndarray, patience: int) -> int | None:
    """Return where a grid should end by its errors (n_alphas, n_folds), told fold by fold."""
    for i in range(len(errors)):
        quiet = []
        for fold in errors.T:
            start = next((j for j, e in enumerate(fold) if abs(e / fold[0] - 1) > 1e-9), len(fold))
            lowest = int(np.argmin(fold[: i + 1]))
            quiet.append(i - max(lowest, start - 1) >= patience)
        if all(quiet):
            return i
    return None


@pytest.mark.parametrize(
    "cv",
    [KFold(4), TimeSeriesSplit(3), RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)],
    ids=lambda cv: type(cv).__name__,
)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_curves_as_far_as_they_go(route: str, kind: str, weighted: bool, cv) -> None:
    X, y = make_data()
    weight = np.random.default_rng(1).exponential(size=y.size) if weighted else None
    options = {"l1_ratio": [1.0, 0.5], "alphas": 40, "cv": cv, **TIGHT}
    whole = ElasticNetCV(**options).fit(X, y, weight)
    model = ElasticNetCV(early_stop=4, store_coefs=True, **options).fit(KINDS[kind](X), y, weight)
    np.testing.assert_allclose(model.alphas_, whole.alphas_, rtol=1e-12)
    for r in range(2):
        last = end_of(whole.mse_path_[r], 4)
        m = 40 if last is None else last + 1
        assert m < 40
        for name in ("mse_path_", "train_mse_path_", "cv_mean_", "cv_se_"):
            found, expected = getattr(model, name)[r], getattr(whole, name)[r]
            np.testing.assert_allclose(found[:m], expected[:m], rtol=1e-6, err_msg=name)
            assert np.isnan(found[m:]).all()
        for k, coefs in enumerate(model.coefs_paths_[r]):
            assert coefs.shape == (m, X.shape[1])
            np.testing.assert_array_equal(
                np.isnan(model.intercepts_paths_[r, k]), np.arange(40) >= m
            )
    best = np.unravel_index(np.nanargmin(model.cv_mean_), model.cv_mean_.shape)
    assert (model.l1_ratio_, model.alpha_) == ([1.0, 0.5][best[0]], model.alphas_[best])


@pytest.mark.parametrize("rule", ["min", "1se"])
def test_the_choice_is_among_what_was_solved(route: str, rule: str) -> None:
    X, y = make_data()
    model = LassoCV(early_stop=3, selection_rule=rule, cv=4).fit(X, y)
    solved = np.isfinite(model.cv_mean_)
    assert 0 < solved.sum() < 100
    known = (part[solved][None] for part in (model.alphas_, model.cv_mean_, model.cv_se_))
    assert model.alpha_ == model.alphas_[choose_both(*known, rule)[1]]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Callable[[LassoCV], tuple[int, int]]:
    """Return what a fit took: α solved over all folds, and sweeps; then forget."""
    found: list[list[Solution]] = []

    def counted(*args) -> list[Solution]:
        found.append(solve(*args))
        return found[-1]

    solve = _folds.solve
    monkeypatch.setattr(_folds, "solve", counted)

    def count(model: LassoCV, *data) -> tuple[int, int]:
        found.clear()
        model.fit(*data)
        alphas = sum(solution.alphas.size for some in found for solution in some)
        return alphas, sum(some[0].diagnostics.sweeps for some in found)

    return count


@pytest.mark.parametrize("kind", KINDS)
def test_work_is_saved(route: str, kind: str, work: Callable) -> None:
    X, y = make_data()
    X = KINDS[kind](X)
    whole, all_sweeps = work(LassoCV(cv=4), X, y)
    assert whole == 400
    model = LassoCV(cv=4, early_stop=5)
    solved, sweeps = work(model, X, y)
    needed = 4 * np.count_nonzero(np.isfinite(model.cv_mean_))
    assert needed <= solved <= needed + 4 * 22 < 300  # a batch ahead of the slowest and a few
    assert sweeps < 0.7 * all_sweeps


def test_families_larger_than_memory(route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folds of a penalty end together also where a pass has no room for all of them."""
    X, y = make_data()
    options = {"l1_ratio": [1.0, 0.6], "cv": 5, "early_stop": 4, **TIGHT}
    whole = ElasticNetCV(**options).fit(X, y)
    for name in ("fastreg.engine.lockstep", "fastreg.engine"):
        monkeypatch.setattr(f"{name}.MOST_BYTES", 8 * X.shape[1] * 32 * 2)
    parts = ElasticNetCV(**options).fit(X, y)
    np.testing.assert_allclose(parts.mse_path_, whole.mse_path_, rtol=1e-7)


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_n_jobs_gives_the_same_bits(route: str, n_jobs: int) -> None:
    X, y = make_data()
    options = {"l1_ratio": [0.5, 1.0], "cv": 4, "early_stop": 4}
    one, two = (ElasticNetCV(n_jobs=jobs, **options).fit(X, y) for jobs in (1, n_jobs))
    for name in ("mse_path_", "train_mse_path_", "coef_", "alphas_", "intercept_"):
        assert np.asarray(getattr(one, name)).tobytes() == np.asarray(getattr(two, name)).tobytes()


def test_nothing_selected_is_no_reason_to_end(route: str) -> None:
    X, y = make_data()
    top = LassoCV(cv=4).fit(X, y).alphas_[0]
    model = LassoCV(alphas=top * np.geomspace(100, 0.01, 60), cv=4, early_stop=3).fit(X, y)
    assert model.alpha_ < top
    assert np.isnan(model.cv_mean_[-1])


def test_a_patience_longer_than_the_grid_changes_nothing(route: str) -> None:
    X, y = make_data()
    whole, model = (LassoCV(cv=4, early_stop=e, **TIGHT).fit(X, y) for e in (None, 100))
    np.testing.assert_allclose(model.mse_path_, whole.mse_path_, rtol=1e-6)
    assert model.alpha_ == whole.alpha_


def test_each_target_ends_on_its_own(route: str) -> None:
    X, y = make_data()
    Y = np.column_stack([y, np.random.default_rng(5).standard_normal(y.size), X @ X[0]])
    options = {"cv": 4, "early_stop": 4, "alphas": 50, **TIGHT}
    model = LassoCV(alpha_per_target=True, **options).fit(X, Y)
    ends = np.isfinite(model.cv_mean_).sum(axis=0)
    assert len(set(ends)) > 1
    for t in range(3):
        alone = LassoCV(**options).fit(X, Y[:, t])
        np.testing.assert_allclose(model.mse_path_[..., t], alone.mse_path_, rtol=1e-6)
        assert model.alpha_[t] == pytest.approx(alone.alpha_, rel=1e-12)


def test_ridge_among_the_ratios(route: str) -> None:
    """Ridge is solved for all alphas at once; its curve ends by the same rule."""
    X, y = make_data(p=20)
    options = {"l1_ratio": [1.0, 0.0], "alphas": np.geomspace(50, 1e-4, 40), "cv": 3, **TIGHT}
    whole, model = (ElasticNetCV(early_stop=e, **options).fit(X, y) for e in (None, 3))
    for r in range(2):
        last = end_of(whole.mse_path_[r], 3)
        m = 40 if last is None else last + 1
        np.testing.assert_allclose(model.mse_path_[r, :m], whole.mse_path_[r, :m], rtol=1e-6)
        assert np.isnan(model.mse_path_[r, m:]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"early_stop": 0}, "early_stop"),
        ({"early_stop": 2.5}, "early_stop"),
        ({"early_stop": 3, "scoring": "r2"}, "not with scoring"),
        ({"early_stop": 3, "relax": True}, "not with scoring or relax"),
        ({"early_stop": 3, "alpha_per_target": False}, "early_stop is not available"),
    ],
)
def test_refused(options: dict, message: str) -> None:
    X, y = make_data()
    Y = np.column_stack([y, -y]) if "alpha_per_target" in options else y
    with pytest.raises(ValueError, match=message):
        LassoCV(**options).fit(X, Y)


@given(
    st.lists(st.lists(st.integers(1, 6), min_size=8, max_size=8), min_size=1, max_size=4),
    st.integers(1, 5),
)
def test_the_rule_is_what_it_says(curves: list[list[int]], patience: int) -> None:
    """Curves may be of different lengths, and more of them never bring the end forward."""
    errors = np.array(curves, dtype=float)
    distinct = errors + 10.0 * (np.arange(8) == 0)  # the model fits from the second α on
    found = stalled(list(distinct), patience)
    assert found == end_of(distinct.T, patience)
    longer = [np.append(distinct[0], 0.0), *distinct[1:]]
    assert len(longer) == 1 or stalled(longer, patience) == found
    assert stalled([np.empty(0), *distinct], patience) is None
    if found is not None:
        alone = stalled([distinct[0]], patience)
        assert alone is not None
        assert alone <= found
