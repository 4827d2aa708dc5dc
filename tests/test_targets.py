"""`alpha_per_target`: several targets are further tasks over the same X."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import sparse
from sklearn.model_selection import KFold, ShuffleSplit

from fastreg import ElasticNetCV, LassoCV
from fastreg.designs.base import Design

TIGHT = {"tol": 1e-13, "max_iter": 50_000}
KINDS = {"dense": np.asarray, "F": np.asfortranarray, "csr": sparse.csr_array}
EACH = ("alpha_", "intercept_", "dual_gap_", "optimality_violation_", "n_iter_")


def make_data(n_targets: int = 3, n: int = 60, p: int = 90) -> tuple[np.ndarray, np.ndarray]:
    """Return X with zeros and targets of very different scales, each of some columns."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p)) + rng.uniform(-2, 2, p)
    X[rng.random(X.shape) < 0.5] = 0.0
    coef = rng.standard_normal((n_targets, p)) * (rng.random((n_targets, p)) < 0.08)
    Y = (X @ coef.T + rng.standard_normal((n, n_targets))) * np.geomspace(0.1, 30.0, n_targets)
    return X, Y + np.arange(n_targets)


@pytest.mark.parametrize("cv", [KFold(3), ShuffleSplit(3, random_state=0)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_each_target_is_a_model_of_its_own(route: str, kind: str, weighted: bool, cv) -> None:
    X, Y = make_data()
    form = KINDS[kind](X)
    weight = np.random.default_rng(1).exponential(size=len(X)) if weighted else None
    options = {"l1_ratio": [0.5, 1.0], "alphas": 12, "eps": 0.02, "cv": cv, **TIGHT}
    model = ElasticNetCV(alpha_per_target=True, store_coefs=True, **options).fit(form, Y, weight)
    assert model.coef_.shape == (3, X.shape[1])
    assert model.mse_path_.shape == (2, 12, 3, 3)
    assert model.alphas_.shape == model.cv_mean_.shape == model.cv_se_.shape == (2, 12, 3)
    for t in range(3):
        alone = ElasticNetCV(store_coefs=True, **options).fit(form, Y[:, t], weight)
        assert model.l1_ratio_[t] == alone.l1_ratio_
        np.testing.assert_allclose(model.alpha_[t], alone.alpha_, rtol=1e-12)
        np.testing.assert_allclose(model.intercept_[t], alone.intercept_, rtol=1e-7)
        for name in ("mse_path_", "train_mse_path_", "cv_mean_", "cv_se_", "alphas_"):
            found = getattr(model, name)[..., t]
            np.testing.assert_allclose(found, getattr(alone, name), rtol=1e-7, err_msg=name)
        scale = np.abs(alone.coef_).max()
        np.testing.assert_allclose(model.coef_[t], alone.coef_, rtol=1e-6, atol=1e-7 * scale)
        assert model.dual_gap_[t] <= 1e-12 * np.var(Y[:, t]) * 3
        last = model.coefs_paths_[1][2][t].toarray() - alone.coefs_paths_[1][2].toarray()
        assert np.abs(last).max() <= 1e-5 * scale
    np.testing.assert_allclose(
        model.predict(form), X @ model.coef_.T + model.intercept_, rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("kind", KINDS)
def test_one_alpha_for_all_has_the_smallest_mean_error(route: str, kind: str) -> None:
    X, Y = make_data()
    options = {"l1_ratio": [0.5, 1.0], "eps": 0.02, "cv": KFold(3), **TIGHT}
    model = ElasticNetCV(alphas=10, alpha_per_target=False, **options).fit(KINDS[kind](X), Y)
    tops = []
    for r, ratio in enumerate((0.5, 1.0)):
        each = [ElasticNetCV(alphas=10, **{**options, "l1_ratio": ratio}).fit(X, y) for y in Y.T]
        tops.append(max(one.alphas_[0] for one in each))
        np.testing.assert_allclose(model.alphas_[r], tops[r] * np.geomspace(1, 0.02, 10))
        common = {**options, "l1_ratio": ratio, "alphas": model.alphas_[r]}
        errors = np.stack([ElasticNetCV(**common).fit(X, y).mse_path_ for y in Y.T], axis=-1)
        np.testing.assert_allclose(model.mse_path_[r], errors, rtol=1e-7)
        np.testing.assert_allclose(model.cv_mean_[r], errors.mean(axis=(1, 2)), rtol=1e-7)
        spread = errors.mean(axis=2).std(axis=1, ddof=1) / np.sqrt(3)
        np.testing.assert_allclose(model.cv_se_[r], spread, rtol=1e-6)
    best = np.unravel_index(np.argmin(model.cv_mean_), model.cv_mean_.shape)
    assert model.l1_ratio_ == (0.5, 1.0)[best[0]]
    assert model.alpha_ == model.alphas_[best]
    one = ElasticNetCV(alphas=[model.alpha_], **{**options, "l1_ratio": model.l1_ratio_})
    for t, y in enumerate(Y.T):
        alone = one.fit(X, y)
        scale = np.abs(alone.coef_).max(initial=1e-3)
        np.testing.assert_allclose(model.coef_[t], alone.coef_, rtol=1e-6, atol=1e-7 * scale)


@pytest.mark.parametrize("per_target", [True, False])
def test_permuting_and_repeating_targets(route: str, per_target: bool) -> None:
    """Targets do not know of each other: any order and number gives each the same."""
    X, Y = make_data()
    order = [2, 0, 1]
    options = {"alphas": 8, "eps": 0.05, "cv": 3, "alpha_per_target": per_target, **TIGHT}
    model, other = (LassoCV(**options).fit(X, targets) for targets in (Y, Y[:, order]))
    np.testing.assert_allclose(other.mse_path_, model.mse_path_[..., order], rtol=1e-8)
    np.testing.assert_allclose(other.coef_, model.coef_[order], rtol=1e-6, atol=1e-7)
    twice = LassoCV(**options).fit(X, np.hstack([Y, Y]))
    np.testing.assert_allclose(twice.coef_[:3], model.coef_, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(
        twice.alpha_, np.tile(model.alpha_, 2) if per_target else model.alpha_
    )


def test_one_standard_error_for_each_target(route: str) -> None:
    X, Y = make_data()
    options = {"alphas": 15, "eps": 0.02, "cv": 4, "selection_rule": "1se"}
    model = LassoCV(alpha_per_target=True, **options).fit(X, Y)
    found = [LassoCV(**options).fit(X, y).alpha_ for y in Y.T]
    np.testing.assert_allclose(model.alpha_, found)
    assert all(isinstance(count, int) for count in model.n_iter_)


@pytest.mark.parametrize("per_target", [True, False])
def test_scores_of_each_target(route: str, per_target: bool) -> None:
    X, Y = make_data()
    options = {"alphas": [5.0, 1.0, 0.2, 0.05], "cv": 3, "scoring": "neg_mean_absolute_error"}
    model = LassoCV(alpha_per_target=per_target, **options).fit(X, Y)
    each = [LassoCV(**options).fit(X, y) for y in Y.T]
    scores = np.stack([one.score_path_ for one in each], axis=-1)
    np.testing.assert_allclose(model.score_path_, scores, rtol=1e-3)
    if per_target:
        assert list(model.alpha_) == [one.alpha_ for one in each]
    else:
        assert model.alpha_ == model.alphas_[scores.mean(axis=(1, 2)).argmax()]


@pytest.mark.parametrize("per_target", [None, False, True])
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_one_target_is_as_ever(route: str, shape: tuple[int, ...], per_target) -> None:
    X, Y = make_data()
    plain = LassoCV(cv=3).fit(X, Y[:, 0])
    model = LassoCV(cv=3, alpha_per_target=per_target).fit(X, Y[:, 0].reshape(shape))
    for name in ("coef_", "intercept_", "alpha_", "alphas_", "mse_path_", "cv_mean_", *EACH):
        found, expected = getattr(model, name), getattr(plain, name)
        assert np.shape(found) == np.shape(expected)
        np.testing.assert_array_equal(found, expected)


def test_refused() -> None:
    X, Y = make_data()
    for estimator in (LassoCV, ElasticNetCV):
        with pytest.raises(ValueError, match=f"use MultiTask{estimator.__name__}"):
            estimator().fit(X, Y)
    with pytest.raises(ValueError, match="relax is not available for several targets"):
        LassoCV(relax=True, alpha_per_target=True).fit(X, Y)


@pytest.fixture
def n_evaluated(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count the passes over all of X, verb by verb, of every design."""
    passes = []

    def count(self: Design, share: float) -> None:
        passes.append(share)

    monkeypatch.setattr(Design, "count", count)

    def since() -> int:
        found = sum(share >= 1.0 for share in passes)
        passes.clear()
        return found

    return since


@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_passes_do_not_grow_with_targets(route: str, kind: str, n_evaluated: Callable) -> None:
    X, Y = make_data(n_targets=40, n=80, p=300)
    factor = np.r_[0.0, np.ones(299)]  # what is unpenalized is read once for all targets
    model = LassoCV(alphas=20, eps=0.05, cv=3, alpha_per_target=True, penalty_factor=factor)
    each = []
    for y in Y.T[:6]:
        model.fit(KINDS[kind](X), y)
        each.append(n_evaluated())
    model.fit(KINDS[kind](X), Y)
    assert n_evaluated() <= 2 * max(each)


def test_targets_in_blocks_are_the_same(route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many targets at a time as memory allows: blocks change the number of passes alone."""
    X, Y = make_data(n_targets=5)
    options = {"alphas": 8, "eps": 0.05, "cv": 3, "alpha_per_target": True, **TIGHT}
    whole = LassoCV(**options).fit(X, Y)
    monkeypatch.setattr("fastreg.engine.MOST_BYTES", 8 * X.shape[1] * 32 * 7)
    parts = LassoCV(**options).fit(X, Y)
    np.testing.assert_allclose(parts.mse_path_, whole.mse_path_, rtol=1e-8)
    np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_n_jobs_gives_the_same_bits(route: str, n_jobs: int) -> None:
    X, Y = make_data()
    options = {"alphas": 10, "cv": 3, "alpha_per_target": True}
    one, two = (LassoCV(n_jobs=jobs, **options).fit(X, Y) for jobs in (1, n_jobs))
    for name in ("mse_path_", "coef_", "alphas_", "intercept_", "dual_gap_"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
