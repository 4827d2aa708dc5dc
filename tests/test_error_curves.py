"""Complexity and learning curves beside scikit-learn's, on the same splits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.linear_model as sk
from scipy import sparse
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ShuffleSplit,
    TimeSeriesSplit,
    validation_curve,
)
from sklearn.model_selection import learning_curve as sk_learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fastreg import Lasso, LassoCV
from fastreg.model_selection import complexity_curve, learning_curve

TIGHT = {"tol": 1e-13, "max_iter": 100_000}
ESTIMATORS = {
    "ridge": sk.Ridge(),
    "lasso": sk.Lasso(**TIGHT),
    "elasticnet": sk.ElasticNet(l1_ratio=0.3, **TIGHT),
}
SCORING = "neg_mean_squared_error"
ALPHAS = np.geomspace(1.0, 1e-3, 6)
GROUPS = np.arange(80) % 7
SPLITTERS = {
    "folds": KFold(5),
    "shuffled folds": KFold(4, shuffle=True, random_state=0),
    "groups": GroupKFold(3),
    "time": TimeSeriesSplit(4),
    "random": ShuffleSplit(4, random_state=0),
}


def make_data(n: int = 80, p: int = 9) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p)) + 0.8 * rng.standard_normal((n, 1)) + rng.uniform(-3, 3, p)
    return X, X[:, 0] - 2 * X[:, 1] + rng.standard_normal(n)


def mix_of(penalty: str) -> dict[str, float]:
    return {"l1_ratio": 0.3} if penalty == "elasticnet" else {}


@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
@pytest.mark.parametrize("penalty", ESTIMATORS)
@pytest.mark.parametrize("splitter", SPLITTERS)
def test_complexity_curve_is_the_validation_curve(penalty: str, splitter: str) -> None:
    X, y = make_data()
    cv = SPLITTERS[splitter]
    found = complexity_curve(
        X, y, penalty=penalty, alphas=ALPHAS, cv=cv, groups=GROUPS, tol=1e-13, **mix_of(penalty)
    )
    train, held_out = validation_curve(
        ESTIMATORS[penalty], X, y, param_name="alpha", param_range=ALPHAS, cv=cv, groups=GROUPS,
        scoring=SCORING,
    )  # fmt: skip
    np.testing.assert_allclose(found.train_errors, -train, rtol=1e-8)
    np.testing.assert_allclose(found.held_out_errors, -held_out, rtol=1e-8)
    np.testing.assert_array_equal(found.alphas, ALPHAS)
    np.testing.assert_allclose(found.held_out_mean, -held_out.mean(axis=1), rtol=1e-8)
    se = held_out.std(axis=1, ddof=1) / np.sqrt(held_out.shape[1])
    np.testing.assert_allclose(found.held_out_se, se, rtol=1e-6)
    np.testing.assert_allclose(found.gap, (train - held_out).mean(axis=1), rtol=1e-6)


@pytest.mark.parametrize("penalty", ESTIMATORS)
def test_columns_are_scaled_by_the_training_rows_only(penalty: str) -> None:
    X, y = make_data()
    X = X * np.geomspace(1e-2, 1e2, X.shape[1])
    found = complexity_curve(
        X, y, penalty=penalty, alphas=ALPHAS, standardize=True, tol=1e-13, **mix_of(penalty)
    )
    piped = make_pipeline(StandardScaler(), ESTIMATORS[penalty])
    name = f"{piped.steps[-1][0]}__alpha"
    _, held_out = validation_curve(
        piped, X, y, param_name=name, param_range=ALPHAS, scoring=SCORING
    )
    np.testing.assert_allclose(found.held_out_errors, -held_out, rtol=1e-8)


def test_complexity_curve_of_weighted_sparse_rows_on_the_grid_of_a_cv() -> None:
    X, y = make_data()
    weight = np.random.default_rng(1).exponential(size=80)
    columns = sparse.csc_array(np.where(np.abs(X) > 1, X, 0.0))
    found = complexity_curve(columns, y, alphas=30, sample_weight=weight, tol=1e-12)
    model = LassoCV(alphas=30, tol=1e-12, store_coefs=True).fit(columns, y, sample_weight=weight)
    np.testing.assert_allclose(found.alphas, model.alphas_)
    np.testing.assert_allclose(found.held_out_errors, model.mse_path_, rtol=1e-8)
    np.testing.assert_allclose(found.train_errors, model.train_mse_path_, rtol=1e-8)
    counts = np.mean([np.diff(path.indptr) for path in model.coefs_paths_], axis=0)
    np.testing.assert_allclose(found.n_nonzero, counts)
    np.testing.assert_allclose(found.df, counts)
    assert found.alphas[found.best] == model.alpha_
    model.set_params(selection_rule="1se").fit(columns, y, sample_weight=weight)
    assert found.alphas[found.best_1se] == model.alpha_


def test_degrees_of_freedom_of_ridge_are_the_traces_of_the_hat_matrices() -> None:
    X, y = make_data()
    found = complexity_curve(X, y, penalty="ridge", alphas=ALPHAS)
    wanted = np.zeros(ALPHAS.size)
    for train, _ in KFold(5).split(X):
        s2 = np.linalg.svd(X[train] - X[train].mean(axis=0), compute_uv=False) ** 2
        wanted += (s2 / (s2 + ALPHAS[:, None])).sum(axis=1) / 5
    np.testing.assert_allclose(found.df, wanted, rtol=1e-8)


def test_automatic_ridge_grid_goes_from_no_capacity_to_all_of_it() -> None:
    X, y = make_data()
    found = complexity_curve(X, y, penalty="ridge")
    assert found.df[0] < 0.2 < 8.9 < found.df[-1]
    assert np.all(np.diff(found.df) > 0)
    assert np.all(np.diff(found.train_mean) < 0)


@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
@pytest.mark.parametrize("penalty", ESTIMATORS)
@pytest.mark.parametrize("splitter", SPLITTERS)
@pytest.mark.parametrize("shuffle", [False, True])
def test_learning_curve_is_scikit_learns(penalty: str, splitter: str, shuffle: bool) -> None:
    X, y = make_data()
    options: dict[str, Any] = {"train_sizes": [0.3, 0.6, 1.0], "shuffle": shuffle}
    if splitter == "time":
        options["train_sizes"] = [5, 9, 16]
    options |= {"cv": SPLITTERS[splitter], "groups": GROUPS, "random_state": 0}
    mine = {"penalty": penalty, "alpha": 0.1, "tol": 1e-13} | mix_of(penalty)
    found = learning_curve(X, y, **mine, **options)
    estimator = ESTIMATORS[penalty].set_params(alpha=0.1)
    sizes, train, held_out = sk_learning_curve(estimator, X, y, scoring=SCORING, **options)
    np.testing.assert_array_equal(found.train_sizes, sizes)
    np.testing.assert_allclose(found.train_errors, -train, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found.held_out_errors, -held_out, rtol=1e-8)
    assert np.all(found.alphas == 0.1)


CONSTRAINTS = {
    "positive": {"positive": True},
    "bounds": {"lower": -0.5, "upper": np.r_[0.3, np.full(8, np.inf)]},
    "factors": {"penalty_factor": np.r_[0.0, 2.0, np.inf, np.ones(6)]},
}


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_curves_of_constrained_models_are_those_of_their_fits(constraint: str) -> None:
    X, y = make_data()
    given = CONSTRAINTS[constraint]
    tight = {"tol": 1e-12, "max_iter": 100_000}
    found = complexity_curve(X, y, alphas=ALPHAS, **given, **tight)
    fixed = learning_curve(X, y, alpha=0.1, train_sizes=[0.5, 1.0], **given, **tight)
    anew = learning_curve(X, y, alphas=8, train_sizes=[1.0], **given, **tight)
    for k, (train, test) in enumerate(KFold(5).split(X)):
        for i, alpha in enumerate(found.alphas):
            model = Lasso(alpha, **given, **tight).fit(X[train], y[train])
            error = np.mean((y[test] - model.predict(X[test])) ** 2)
            assert found.held_out_errors[i, k] == pytest.approx(error, rel=1e-8)
        model = Lasso(0.1, **given, **tight).fit(X[train[:32]], y[train[:32]])
        error = np.mean((y[test] - model.predict(X[test])) ** 2)
        assert fixed.held_out_errors[0, k] == pytest.approx(error, rel=1e-8)
        chosen = LassoCV(alphas=8, **given, **tight).fit(X[train], y[train])
        error = np.mean((y[test] - chosen.predict(X[test])) ** 2)
        assert anew.held_out_errors[0, k] == pytest.approx(error, rel=1e-8)


def test_ridge_curves_with_penalty_factors() -> None:
    X, y = make_data()
    factor = np.r_[0.5, 2.0, np.ones(7)]
    found = complexity_curve(X, y, penalty="ridge", alphas=[3.0], penalty_factor=factor)
    scores = validation_curve(
        sk.Ridge(), X / np.sqrt(factor), y, param_name="alpha", param_range=[3.0], scoring=SCORING
    )
    np.testing.assert_allclose(found.held_out_errors, -scores[1], rtol=1e-8)


@pytest.mark.parametrize("penalty", ESTIMATORS)
def test_a_number_of_folds_keeps_groups_together(penalty: str) -> None:
    X, y = make_data()
    for cv, splitter in ((4, GroupKFold(4)), (None, GroupKFold(5))):
        given = {"penalty": penalty, "groups": GROUPS, "tol": 1e-13}
        found = complexity_curve(X, y, cv=cv, alphas=ALPHAS, **given)
        same = complexity_curve(X, y, cv=splitter, alphas=ALPHAS, **given)
        np.testing.assert_array_equal(found.held_out_errors, same.held_out_errors)
        given |= {"train_sizes": [0.5, 1.0], "alphas": 8}
        found = learning_curve(X, y, cv=cv, inner_cv=3, **given)
        same = learning_curve(X, y, cv=splitter, inner_cv=GroupKFold(3), **given)
        np.testing.assert_array_equal(found.held_out_errors, same.held_out_errors)


@pytest.mark.parametrize("shuffle", [False, True])
def test_learning_curve_with_alpha_chosen_anew_is_that_of_a_cv(shuffle: bool) -> None:
    X, y = make_data()
    options = {"train_sizes": [0.4, 1.0], "shuffle": shuffle, "random_state": 0}
    found = learning_curve(X, y, alphas=15, tol=1e-13, **options)
    estimator = sk.LassoCV(alphas=15, cv=5, **TIGHT)
    _, train, held_out = sk_learning_curve(estimator, X, y, scoring=SCORING, **options)
    np.testing.assert_allclose(found.train_errors, -train, rtol=1e-8)
    np.testing.assert_allclose(found.held_out_errors, -held_out, rtol=1e-8)


def test_learning_curve_of_ridge_with_alpha_chosen_anew_is_that_of_a_grid_search() -> None:
    X, y = make_data()
    alphas = np.geomspace(1e-2, 1e3, 7)
    found = learning_curve(X, y, penalty="ridge", alphas=alphas, train_sizes=[0.4, 1.0])
    search = GridSearchCV(sk.Ridge(), {"alpha": alphas[::-1]}, scoring=SCORING)
    _, train, held_out = sk_learning_curve(search, X, y, train_sizes=[0.4, 1.0], scoring=SCORING)
    np.testing.assert_allclose(found.train_errors, -train, rtol=1e-8)
    np.testing.assert_allclose(found.held_out_errors, -held_out, rtol=1e-8)


@pytest.mark.parametrize(("shuffle", "n_designs"), [(False, 1), (True, 5)])
def test_all_sizes_and_folds_are_one_pass(
    shuffle: bool, n_designs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fastreg.linear_model import _folds

    made = []
    make_design = _folds.make_design

    def spy(*args: Any, **kwargs: Any) -> Any:
        made.append(make_design(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr(_folds, "make_design", spy)
    X, y = make_data()
    learning_curve(X, y, alpha=0.1, shuffle=shuffle, random_state=0, train_sizes=[10, 20, 30, 64])
    assert len(made) == n_designs
    assert all(design.passes <= 1 for design in made)


@pytest.mark.parametrize("function", [complexity_curve, learning_curve])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cv": 81}, "cv=81 folds need at least 81 rows, X has 80"),
        ({"cv": [([], [0])]}, "split 0 has an empty training set"),
        ({"penalty": "bridge"}, "penalty == 'bridge', must be one of ridge, lasso, elasticnet"),
        ({"penalty": "ridge", "l1_ratio": 0.5}, "l1_ratio is of penalty='elasticnet'"),
        ({"penalty": "elasticnet", "l1_ratio": 0}, "l1_ratio == 0, must be above 0"),
        ({"penalty": "elasticnet", "l1_ratio": "a"}, "l1_ratio == 'a', must be above 0"),
        ({"alphas": 0}, "alphas == 0, must be >= 1"),
        ({"alphas": None}, "alphas must be their number or a list of them"),
        ({"tol": -1.0}, "tol == -1.0, must be >= 0"),
        ({"max_iter": 0}, "max_iter == 0, must be >= 1"),
        ({"X": np.empty((80, 0))}, r"0 feature\(s\).* required by LinearModel"),
        ({"alphas": [-1.0]}, "must be >= 0"),
        ({"eps": 2}, "eps == 2, must be between 0 and 1"),
        ({"eps": None}, "eps == None, must be between 0 and 1"),
        ({"y": np.ones((80, 2))}, "y must be one target"),
        ({"y": np.r_[np.nan, np.ones(79)]}, "Input y contains NaN"),
        ({"groups": [None] * 80}, "groups has a missing value, in row 0"),
        ({"groups": np.arange(99), "cv": [([0], [1])]}, "groups has 99 entries for 80 rows"),
    ],
)
def test_what_cannot_be_is_refused(function: Any, change: dict[str, Any], message: str) -> None:
    X, y = make_data()
    options = {"X": X, "y": y} | change
    with pytest.raises(ValueError, match=message):
        function(options.pop("X"), options.pop("y"), **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train_sizes": [1, 30]}, "1 to 30 training rows, which must be from 2 to 64"),
        ({"train_sizes": [65]}, "which must be from 2 to 64"),
        ({"train_sizes": [0.5, 1.5]}, "shares above 0 and at most 1"),
        ({"train_sizes": ["all"]}, "train_sizes must be a list"),
        ({"train_sizes": [4, 64]}, "4 training rows of fold 0 at 4 rows do not allow inner folds"),
        ({"alpha": -1.0}, "alpha == -1.0, must be >= 0"),
        ({"alpha": np.nan}, "alpha == nan, must be finite"),
    ],
)
def test_sizes_that_cannot_be_are_refused(change: dict[str, Any], message: str) -> None:
    X, y = make_data()
    with pytest.raises(ValueError, match=message):
        learning_curve(X, y, **change)


@pytest.mark.parametrize(
    ("n", "alpha", "sizes"),
    [
        (80, None, [10, 20, 35, 49, 64]),
        (80, 0.1, [6, 20, 35, 49, 64]),
        (40, None, [10, 17, 24, 32]),
        (10, None, [8]),
        (10, 0.1, [2, 4, 6, 8]),
    ],
)
def test_default_sizes_fit_few_rows(n: int, alpha: float | None, sizes: list[int]) -> None:
    X, y = make_data()
    assert learning_curve(X[:n], y[:n], alpha=alpha).train_sizes.tolist() == sizes


@pytest.mark.parametrize("penalty", ESTIMATORS)
def test_one_feature_and_a_constant_target(penalty: str) -> None:
    X, y = make_data()
    curve = complexity_curve(X[:, :1], y, penalty=penalty)
    assert np.all(np.isfinite(curve.held_out_errors))
    assert curve.df[-1] == pytest.approx(1.0, abs=0.1)
    flat = complexity_curve(X, np.full(80, 3.0), penalty=penalty)
    assert np.all(flat.held_out_errors < 1e-20)
    assert np.all(learning_curve(X, np.full(80, 3.0), penalty=penalty).held_out_errors < 1e-20)
