"""Cross-validation by any scikit-learn scorer: held-out predictions, not only squared errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.datasets import load_diabetes
from sklearn.metrics import (
    make_scorer,
    mean_absolute_error,
    mean_pinball_loss,
    mean_squared_error,
    r2_score,
)
from sklearn.model_selection import KFold, TimeSeriesSplit

from fastreg import ElasticNet, ElasticNetCV, Lasso, LassoCV

ALPHAS = [2.0, 0.5, 0.1, 0.01]
TIGHT = {"tol": 1e-12, "max_iter": 20_000}


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("cv", [KFold(4), TimeSeriesSplit(3, gap=5)], ids=str)
def test_scores_are_those_of_fits_fold_by_fold(route: str, kind, cv) -> None:
    X, y = load_diabetes(return_X_y=True)
    X = np.where(np.abs(X) < 0.02, 0.0, X)
    model = ElasticNetCV(
        l1_ratio=[1.0, 0.4], alphas=ALPHAS, cv=cv, scoring="neg_mean_absolute_error", **TIGHT
    ).fit(kind(X), y)
    expected = np.empty((2, len(ALPHAS), cv.get_n_splits()))
    for k, (train, test) in enumerate(cv.split(X)):
        for r, ratio in enumerate([1.0, 0.4]):
            for a, alpha in enumerate(ALPHAS):
                alone = ElasticNet(alpha, l1_ratio=ratio, **TIGHT).fit(X[train], y[train])
                expected[r, a, k] = -mean_absolute_error(y[test], alone.predict(X[test]))
    np.testing.assert_allclose(model.score_path_, expected, rtol=1e-8)
    best = np.unravel_index(np.argmax(expected.mean(axis=2)), (2, len(ALPHAS)))
    assert (model.l1_ratio_, model.alpha_) == ([1.0, 0.4][best[0]], ALPHAS[best[1]])
    refit = ElasticNet(model.alpha_, l1_ratio=model.l1_ratio_, **TIGHT).fit(X, y)
    np.testing.assert_allclose(model.coef_, refit.coef_, rtol=1e-6, atol=1e-8)


def test_squared_error_as_a_scorer_is_the_default(route: str) -> None:
    X, y = load_diabetes(return_X_y=True)
    weight = np.random.default_rng(0).exponential(size=y.size)
    default = LassoCV(cv=5).fit(X, y, weight)
    scored = LassoCV(cv=5, scoring="neg_mean_squared_error").fit(X, y, weight)
    assert scored.alpha_ == default.alpha_
    np.testing.assert_allclose(-scored.score_path_, default.mse_path_, rtol=1e-9)
    np.testing.assert_array_equal(scored.coef_, default.coef_)
    assert not hasattr(default, "score_path_")


def test_one_standard_error_of_the_score(route: str) -> None:
    X, y = load_diabetes(return_X_y=True)
    pinball = make_scorer(mean_pinball_loss, alpha=0.9, greater_is_better=False)
    model = LassoCV(cv=5, scoring=pinball, selection_rule="1se").fit(X, y)
    scores = model.score_path_
    mean, error = scores.mean(axis=1), scores.std(axis=1, ddof=1) / np.sqrt(5)
    best = np.argmax(mean)
    assert model.alpha_ == model.alphas_[mean >= mean[best] - error[best]].max()


def test_weights_reach_the_scorer() -> None:
    X, y = load_diabetes(return_X_y=True)
    weight = np.random.default_rng(1).exponential(size=y.size)
    model = LassoCV(alphas=[0.3], cv=KFold(3), scoring="r2", **TIGHT).fit(X, y, weight)
    for k, (train, test) in enumerate(KFold(3).split(X)):
        alone = Lasso(0.3, **TIGHT).fit(X[train], y[train], weight[train])
        known = r2_score(y[test], alone.predict(X[test]), sample_weight=weight[test])
        assert np.ravel(model.score_path_)[k] == pytest.approx(known, rel=1e-9)
        error = mean_squared_error(y[test], alone.predict(X[test]), sample_weight=weight[test])
        assert np.ravel(model.mse_path_)[k] == pytest.approx(error, rel=1e-9)


def test_no_score_is_left_of_a_fit_before() -> None:
    X, y = load_diabetes(return_X_y=True)
    model = LassoCV(cv=3, scoring="r2").fit(X, y)
    assert model.score_path_.shape == (100, 3)
    assert not hasattr(model.set_params(scoring=None).fit(X, y), "score_path_")


def test_refused() -> None:
    X, y = load_diabetes(return_X_y=True)
    with pytest.raises(ValueError, match="not with scoring"):
        LassoCV(relax=True, scoring="r2").fit(X, y)
    with pytest.raises(ValueError, match="scoring"):
        LassoCV(scoring="no such score").fit(X, y)


@pytest.mark.parametrize("kind", ["array", "list", "series", "labelled"])
def test_routed_weights_are_cut_by_position(kind: str) -> None:
    X, y = load_diabetes(return_X_y=True)
    weight = np.random.default_rng(0).random(y.size) ** 4
    scorer = make_scorer(mean_squared_error, greater_is_better=False)
    given = {
        "array": weight,
        "list": list(weight),
        "series": pd.Series(weight, index=np.arange(y.size)[::-1]),
        "labelled": pd.Series(weight, index=[f"row {i}" for i in range(y.size)]),
    }[kind]
    with config_context(enable_metadata_routing=True):
        scorer = scorer.set_score_request(sample_weight="importance")
        model = LassoCV(alphas=[0.5], cv=KFold(3), scoring=scorer).fit(X, y, importance=given)
    for k, (train, test) in enumerate(KFold(3).split(X)):
        fitted = Lasso(0.5).fit(X[train], y[train]).predict(X[test])
        error = mean_squared_error(y[test], fitted, sample_weight=weight[test])
        assert -np.ravel(model.score_path_)[k] == pytest.approx(error, rel=1e-3)
