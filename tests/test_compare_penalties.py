"""Nested cross-validation by hand, what must not leak, and what a recommendation says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model as sk
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    PredefinedSplit,
    ShuffleSplit,
    TimeSeriesSplit,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from fastreg import ElasticNetCV, LassoCV
from fastreg.designs import make_design
from fastreg.engine.lockstep import solve_in_lockstep
from fastreg.model_selection import MethodResult, PenaltyComparison, compare_penalties
from fastreg.model_selection.collinearity import Collinearity, collinearity
from fastreg.model_selection.nesting import inner_splits
from fastreg.model_selection.recommendation import recommend

NAMES = ("least squares", "ridge", "lasso", "relaxed lasso", "Elastic-Net")
FEW = {"cv": 4, "n_alphas": 12, "l1_ratios": [0.2, 0.7], "tol": 1e-12}


def make_data(n: int = 70, p: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.8 * rng.standard_normal((n, 1)) + rng.uniform(-3, 3, p)
    return X, X[:, 0] - 2 * X[:, 1] + rng.standard_normal(n)


def outer_folds(X: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return list(KFold(4, shuffle=True, random_state=0).split(X))


def cross_validated(name: str, **options: Any) -> Any:
    """Return the estimator that chooses as a method does."""
    options |= {"alphas": 12, "tol": 1e-12}
    if name == "Elastic-Net":
        return ElasticNetCV(l1_ratio=[0.2, 0.7], **options)
    return LassoCV(relax=name == "relaxed lasso", **options)


@pytest.fixture(scope="module")
def compared() -> PenaltyComparison:
    return compare_penalties(*make_data(), standardize=False, **FEW)


@pytest.mark.parametrize("name", ["lasso", "relaxed lasso", "Elastic-Net"])
def test_a_fold_is_a_cross_validation_of_its_training_rows(
    compared: PenaltyComparison, name: str
) -> None:
    X, y = make_data()
    result, splits = compared[name], outer_folds(X)
    for k, (train, test) in enumerate(splits):
        others = [np.flatnonzero(np.isin(train, t)) for j, (_, t) in enumerate(splits) if j != k]
        every = np.arange(train.size)
        inner = [(np.setdiff1d(every, part), part) for part in others]
        model = cross_validated(name, cv=inner).fit(X[train], y[train])
        assert result.alphas[k] == pytest.approx(model.alpha_)
        assert result.l1_ratios[k] == getattr(model, "l1_ratio_", 1.0)
        assert result.relaxations[k] == getattr(model, "relax_", 1.0)
        assert result.n_features[k] == np.count_nonzero(model.coef_)
        held_out = mean_squared_error(y[test], model.predict(X[test]))
        train_error = mean_squared_error(y[train], model.predict(X[train]))
        assert result.held_out_errors[k] == pytest.approx(held_out, rel=1e-8)
        assert result.train_errors[k] == pytest.approx(train_error, rel=1e-8)


@pytest.mark.parametrize("name", ["least squares", "ridge"])
def test_a_fold_is_scikit_learns_fit_at_the_alpha_chosen(
    compared: PenaltyComparison, name: str
) -> None:
    X, y = make_data()
    result = compared[name]
    for k, (train, test) in enumerate(outer_folds(X)):
        model = sk.LinearRegression() if name != "ridge" else sk.Ridge(alpha=result.alphas[k])
        model.fit(X[train], y[train])
        held_out = mean_squared_error(y[test], model.predict(X[test]))
        train_error = mean_squared_error(y[train], model.predict(X[train]))
        assert result.held_out_errors[k] == pytest.approx(held_out, rel=1e-8)
        assert result.train_errors[k] == pytest.approx(train_error, rel=1e-8)


def test_least_squares_of_a_wide_problem_is_of_minimum_norm() -> None:
    X, y = make_data(n=24, p=40)
    found = compare_penalties(X, y, methods=["least squares", "ridge"], standardize=False, **FEW)
    for k, (train, test) in enumerate(outer_folds(X)):
        model = sk.LinearRegression().fit(X[train], y[train])
        wanted = mean_squared_error(y[test], model.predict(X[test]))
        assert found["least squares"].held_out_errors[k] == pytest.approx(wanted, rel=1e-6)
        assert found["least squares"].train_errors[k] < 1e-12
    assert found["least squares"].alpha == 0


def test_the_final_fit_is_that_of_a_cross_validation_of_all_rows(
    compared: PenaltyComparison,
) -> None:
    X, y = make_data()
    for name in ("lasso", "relaxed lasso", "Elastic-Net"):
        model = cross_validated(name, cv=outer_folds(X)).fit(X, y)
        assert compared[name].alpha == pytest.approx(model.alpha_)
        np.testing.assert_allclose(compared[name].coef, model.coef_, rtol=1e-6, atol=1e-9)
        assert compared[name].intercept == pytest.approx(model.intercept_)
    model = cross_validated("lasso", cv=outer_folds(X), selection_rule="1se").fit(X, y)
    assert compared["lasso"].alpha_1se == pytest.approx(model.alpha_)
    assert compared["lasso"].n_features_1se == np.count_nonzero(model.coef_)


def test_differences_are_paired_and_corrected(compared: PenaltyComparison) -> None:
    errors = np.array([compared[name].held_out_errors for name in NAMES])
    assert tuple(m.name for m in compared.methods) == NAMES
    each = errors[1] - errors[2]
    assert compared.differences[1, 2] == pytest.approx(each.mean())
    ratio = np.mean([test.size / train.size for train, test in outer_folds(np.zeros((70, 1)))])
    wanted = each.std(ddof=1) * np.sqrt(1 / 4 + ratio)
    assert compared.difference_se[1, 2] == pytest.approx(wanted)
    np.testing.assert_allclose(compared.differences, -compared.differences.T)
    np.testing.assert_allclose(np.diag(compared.difference_se), 0.0)
    assert compared["ridge"].gap == pytest.approx(
        compared["ridge"].held_out_errors.mean() - compared["ridge"].train_errors.mean()
    )


def test_baseline_is_the_training_mean(compared: PenaltyComparison) -> None:
    _, y = make_data()
    wanted = [np.mean((y[test] - y[train].mean()) ** 2) for train, test in outer_folds(y[:, None])]
    np.testing.assert_allclose(compared.baseline_errors, wanted)


def test_weights_are_doubled_rows() -> None:
    X, y = make_data(40, 4)
    weight = np.where(np.arange(40) < 8, 2.0, 1.0)
    double = np.r_[np.arange(40), np.arange(8)]
    labels = np.arange(40) % 4
    splits = [(np.flatnonzero(labels != k), np.flatnonzero(labels == k)) for k in range(4)]
    doubled = [
        (np.flatnonzero(labels[double] != k), np.flatnonzero(labels[double] == k)) for k in range(4)
    ]
    one = compare_penalties(X, y, sample_weight=weight, **(FEW | {"cv": splits}))
    two = compare_penalties(X[double], y[double], **(FEW | {"cv": doubled}))
    for name in NAMES:
        np.testing.assert_allclose(one[name].held_out_errors, two[name].held_out_errors, rtol=1e-7)
    np.testing.assert_allclose(one.baseline_errors, two.baseline_errors)


def test_rows_without_weight_count_nowhere() -> None:
    X, y = make_data()
    rng = np.random.default_rng(1)
    fold, weight = np.arange(70) % 4, rng.uniform(0.5, 2.0, 70)
    few = compare_penalties(X, y, sample_weight=weight, **(FEW | {"cv": PredefinedSplit(fold)}))
    X = np.vstack([X, 9 * rng.standard_normal((30, 8))])
    y, weight = np.r_[y, 99 * rng.standard_normal(30)], np.r_[weight, np.zeros(30)]
    cv = PredefinedSplit(np.r_[fold, np.arange(30) % 4])
    more = compare_penalties(X, y, sample_weight=weight, **(FEW | {"cv": cv}))
    assert more.n_rows == few.n_rows == 70
    np.testing.assert_array_equal(more.fold_sizes, few.fold_sizes)
    np.testing.assert_allclose(more.difference_se, few.difference_se, rtol=1e-7, atol=1e-12)
    assert str(more.recommendation) == str(few.recommendation)
    found = collinearity(make_design(X[60:], y[60:], np.r_[np.ones(8), np.zeros(32)]))
    assert np.isinf(found.vif).all()


def test_sparse_and_dense_rows_give_the_same() -> None:
    X, y = make_data()
    X = np.where(np.abs(X) > 1, X, 0.0)
    one = compare_penalties(X, y, **FEW)
    two = compare_penalties(sparse.csr_array(X), y, **FEW)
    for name in NAMES:
        np.testing.assert_allclose(one[name].held_out_errors, two[name].held_out_errors, rtol=1e-7)


class Spy(TransformerMixin, BaseEstimator):
    """Keeps the row numbers (the first column) it is fitted to and those it transforms."""

    seen: list[tuple[str, frozenset[int]]] = []  # noqa: RUF012

    def fit(self, X: Any, y: Any = None) -> Spy:
        self.rows_ = frozenset(X[:, 0].astype(int).tolist())
        return self

    def transform(self, X: Any) -> Any:
        Spy.seen.append((self.rows_, frozenset(X[:, 0].astype(int).tolist())))
        return X[:, 1:]


def test_preprocessing_never_sees_held_out_rows() -> None:
    X, y = make_data()
    Spy.seen = []
    compare_penalties(np.c_[np.arange(70), X], y, preprocess=Spy(), **FEW)
    applied = [(fitted, rows) for fitted, rows in Spy.seen if rows != fitted]
    assert len(applied) == 4 + 4 * 3 + 4  # outer folds, inner ones, and those of the final choice
    assert not any(fitted & rows for fitted, rows in applied)
    tests = [frozenset(test.tolist()) for _, test in outer_folds(X)]
    for fitted, rows in applied:
        # what an inner fold is scaled by has seen neither its own rows nor those of its outer fold
        assert rows in tests
        assert sum(bool(fitted & test) for test in tests) in (2, 3)


def test_scaling_within_folds_is_scaling_by_preprocessing() -> None:
    X, y = make_data()
    X = X * np.geomspace(1e-2, 1e2, 8)
    one = compare_penalties(X, y, standardize=True, **FEW)
    two = compare_penalties(X, y, preprocess=StandardScaler(), standardize=False, **FEW)
    for name in NAMES:
        np.testing.assert_allclose(one[name].held_out_errors, two[name].held_out_errors, rtol=1e-7)
        np.testing.assert_allclose(one[name].alphas, two[name].alphas, rtol=1e-9)


@pytest.mark.parametrize("preprocess", [None, StandardScaler()])
def test_nothing_chosen_or_fitted_depends_on_held_out_rows(preprocess: Any) -> None:
    X, y = make_data()
    _, test = outer_folds(X)[2]
    other_X, other_y = X.copy(), y.copy()
    other_X[test] += 100.0
    other_y[test] *= -50.0
    one = compare_penalties(X, y, preprocess=preprocess, **FEW)
    two = compare_penalties(other_X, other_y, preprocess=preprocess, **FEW)
    for name in NAMES:
        for what in ("alphas", "l1_ratios", "relaxations", "n_features", "train_errors"):
            np.testing.assert_array_equal(
                getattr(one[name], what)[2], getattr(two[name], what)[2], err_msg=name
            )


def test_choosing_columns_by_the_target_gives_no_skill_on_noise() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 500)), rng.standard_normal(60)
    select = SelectKBest(f_regression, k=5)
    leaking = LinearRegression().fit(select.fit_transform(X, y), y)
    assert leaking.score(select.transform(X), y) > 0.4  # what a leak would show
    found = compare_penalties(X, y, preprocess=select, **FEW)
    assert not found.recommendation.is_decisive
    assert min(m.held_out_mean for m in found.methods) > 0.95 * found.baseline_errors.mean()


@pytest.mark.parametrize("seed", range(4))
def test_a_shuffled_target_gives_no_apparent_skill(seed: int) -> None:
    X, y = load_diabetes(return_X_y=True)
    y = np.random.default_rng(seed).permutation(y)
    found = compare_penalties(X, y, n_alphas=20, l1_ratios=[0.5], cv=5)
    assert found.recommendation.method is None
    assert "better than the mean of the target" in found.recommendation.headline
    skill = 1 - np.array([m.held_out_mean for m in found.methods]) / found.baseline_errors.mean()
    assert skill.max() < 0.02


def test_rows_that_are_only_trained_on_do_not_count_as_tested() -> None:
    """Six held-out rows of noise, whose gain would be beyond chance if it were that of 60."""
    rng = np.random.default_rng(55)
    X, y = rng.standard_normal((60, 6)), rng.standard_normal(60)
    split = ShuffleSplit(1, test_size=6, random_state=55)
    found = compare_penalties(X, y, methods=["ridge", "lasso"], cv=split, inner_cv=3, n_alphas=10)
    assert min(m.held_out_mean for m in found.methods) < 0.9 * found.baseline_errors.mean()
    assert not found.recommendation.predicts


def test_without_intercept_nothing_is_said_of_the_mean() -> None:
    X, y = make_data()
    found = compare_penalties(X - X.mean(axis=0), np.abs(y) + 50, fit_intercept=False, **FEW)
    assert "no method predicts held-out rows better than 0" in found.recommendation.headline
    assert "mean of the target" not in str(found.recommendation)
    np.testing.assert_allclose(
        found.baseline_errors, [np.mean((np.abs(y[test]) + 50) ** 2) for _, test in outer_folds(X)]
    )


def test_ten_rows_can_show_what_predicts_well() -> None:
    x = np.arange(10.0)
    found = compare_penalties(x[:, None], 3 * x + np.cos(7 * x), n_alphas=20, l1_ratios=[0.5])
    assert found.recommendation.predicts


def test_groups_stay_together_in_inner_folds_too() -> None:
    X, y = make_data()
    groups = np.arange(70) // 5
    for splitter in (GroupKFold(4), GroupShuffleSplit(2, random_state=0)):
        outer = list(splitter.split(X, y, groups))
        for cv in (None, 3):
            for own in inner_splits(outer, cv, X, y, groups):
                for train, test in own:
                    assert not set(groups[train]) & set(groups[test])


def test_inner_folds_keep_the_order_of_time_and_stay_inside() -> None:
    X, y = make_data()
    outer = list(TimeSeriesSplit(3).split(X))
    for (outer_train, _), own in zip(outer, inner_splits(outer, None, X, y), strict=True):
        for train, test in own:
            assert train.max() < test.min()
            assert np.isin(np.r_[train, test], outer_train).all()
    found = compare_penalties(X, y, **(FEW | {"cv": TimeSeriesSplit(3)}))
    assert all(np.isfinite(m.held_out_errors).all() for m in found.methods)


def test_collinearity_is_that_of_the_standardized_columns(compared: PenaltyComparison) -> None:
    X, _ = make_data()
    found = compared.collinearity
    assert found.condition_number == pytest.approx(np.linalg.cond((X - X.mean(0)) / X.std(0)))
    for j in range(8):
        others = np.delete(X, j, axis=1)
        r2 = LinearRegression().fit(others, X[:, j]).score(others, X[:, j])
        assert found.vif[j] == pytest.approx(1 / (1 - r2))
    assert found.largest_vif == found.vif.max()


def test_collinearity_of_dependent_and_constant_columns() -> None:
    X, y = make_data()
    columns = np.c_[X[:, :3], X[:, 0] + X[:, 1], np.full(70, 5.0)]
    found = collinearity(make_design(columns, y))
    assert found.condition_number == np.inf
    assert np.isinf(found.vif).tolist() == [True, True, False, True, False]
    assert np.isnan(found.vif[4])


def result(name: str, errors: Any, n_features: int = 3) -> MethodResult:
    errors = np.asarray(errors, dtype=float)
    same = np.ones(errors.size)
    return MethodResult(
        name=name, train_errors=0.9 * errors, held_out_errors=errors, alphas=same, l1_ratios=same,
        relaxations=same, n_features=np.full(errors.size, n_features), alpha=1.0, l1_ratio=1.0,
        relaxation=1.0, alpha_1se=2.0, n_features_1se=2, coef=np.arange(10.0) < n_features,
        intercept=0.0,
    )  # fmt: skip


def recommended(errors: dict[str, Any], n_features: int = 3, **options: Any) -> Any:
    methods = [result(name, values, n_features) for name, values in errors.items()]
    known = Collinearity(condition_number=50.0, vif=np.full(10, 12.0))
    names = [f"c{j}" for j in range(10)]
    baseline = np.full(methods[0].held_out_errors.size, 10.0)
    return recommend(methods, baseline, 1 / 3, 100, known, names, **options)


BASE = np.array([1.0, 2.0, 3.0, 4.0])
WIGGLE = np.array([0.1, -0.1, 0.1, -0.1])


@pytest.mark.parametrize(
    ("errors", "n_features", "options", "method"),
    [
        # one is better by more than its standard error
        ({"ridge": BASE, "lasso": BASE + 1, "Elastic-Net": BASE + 1}, 3, {}, "ridge"),
        ({"least squares": BASE, "ridge": BASE + 1, "lasso": BASE + 1}, 3, {}, "least squares"),
        # equals: the lasso where it is sparse or asked for, else ridge
        ({"ridge": BASE, "lasso": BASE + WIGGLE, "least squares": BASE + 1}, 3, {}, "lasso"),
        ({"ridge": BASE, "lasso": BASE + WIGGLE, "least squares": BASE + 1}, 9, {}, "ridge"),
        (
            {"ridge": BASE, "lasso": BASE + WIGGLE, "least squares": BASE + 1}, 9,
            {"select_features": True}, "lasso",
        ),
        (
            {"ridge": BASE + WIGGLE, "lasso": BASE, "least squares": BASE + 1}, 3,
            {"select_features": False}, "ridge",
        ),
        ({"ridge": BASE + WIGGLE, "Elastic-Net": BASE, "lasso": BASE + 1}, 3, {}, "ridge"),
        ({"ridge": BASE + 1, "Elastic-Net": BASE, "lasso": BASE + WIGGLE}, 3, {}, "lasso"),
        ({"ridge": BASE + 1, "relaxed lasso": BASE, "lasso": BASE + WIGGLE}, 3, {}, "lasso"),
        # nothing to tell apart, or nothing there
        ({"ridge": BASE, "lasso": BASE + WIGGLE}, 3, {}, None),
        ({"ridge": BASE + 9, "lasso": BASE + 19}, 3, {}, None),
        ({"ridge": BASE[:1], "lasso": BASE[:1] + 1}, 3, {}, None),
    ],
)  # fmt: skip
def test_which_method_is_named(
    errors: dict[str, Any], n_features: int, options: dict[str, Any], method: str | None
) -> None:
    found = recommended(errors, n_features, **options)
    assert found.method == method
    assert found.is_decisive == (method is not None)
    assert found.headline.startswith("No clear winner" if method is None else f"Take {method}")


@pytest.mark.parametrize(("n_held_out", "predicts"), [(2, False), (7, False), (8, True)])
def test_chance_is_judged_by_the_rows_held_out(n_held_out: int, predicts: bool) -> None:
    # 75 % are explained, what an r of √0.75 does: tables of r have 0.875 for 0.5 % of one tail and
    # 5 degrees of freedom, 0.834 for 6
    found = recommended({"ridge": BASE, "lasso": BASE + 1}, n_held_out=n_held_out)
    assert found.predicts == predicts


def test_reasons_in_words() -> None:
    errors = {"ridge": BASE, "lasso": BASE + WIGGLE, "least squares": BASE + 1}
    found = recommended(errors)
    text = str(found)
    assert found.tied == ("lasso", "ridge")
    for words in (
        "Ridge has the smallest held-out error, 2.5 ± 0.65 over 4 folds",
        "with least squares by 1 ± 0",
        "Lasso and ridge cannot be told apart",
        "features are to be chosen, so lasso comes before ridge",
        "explains 75% of the variation",
        "condition number of the standardized columns is 50",
        "largest variance inflation factor 12 (c0)",
        "100 rows for 10 columns, 10 rows a column",
        "it uses 3 of 10 columns",
        "one-standard-error rule the alpha of lasso could rise from 1 to 2",
        "with 2 columns in place of 3",
    ):
        assert words in text


def test_a_recommendation_says_no_more_than_is_known() -> None:
    once = recommended({"ridge": BASE[:1], "lasso": BASE[:1] + 1})
    assert "ridge has the smallest error on the one split, which has no standard" in once.headline
    assert "nan" not in str(once)
    assert "told apart:" not in str(once)
    alone = recommended({"ridge": BASE})
    assert alone.headline == "Take ridge, the only method compared: it predicts held-out rows."
    useless = str(recommended({"ridge": BASE + 9, "lasso": BASE + 9 + WIGGLE}))
    assert "the simplest of them is lasso (features are to be chosen" in useless
    assert "Ridge explains nothing of the variation" in useless
    assert "taken" not in useless


def test_names_and_selection_on_a_data_frame() -> None:
    frame = load_diabetes(as_frame=True)
    found = compare_penalties(
        frame.data, frame.target, methods=["lasso", "ridge"], n_alphas=20, random_state=1
    )
    assert found.feature_names == list(frame.data.columns)
    assert [m.name for m in found.methods] == ["ridge", "lasso"]
    assert found.fold_sizes.sum() == found.n_rows == 442
    with pytest.raises(KeyError, match="no method 'Elastic-Net' among ridge, lasso"):
        found["Elastic-Net"]


def mixed_table(levels: list[str]) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.standard_normal(40), "kind": levels})
    return frame, frame["size"].to_numpy() + rng.standard_normal(40)


def test_unseen_levels_are_an_error_that_says_what_to_do() -> None:
    frame, y = mixed_table(["a", "b"] * 19 + ["rare", "a"])
    encode = make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough")
    with pytest.raises(ValueError, match=r"fold \d.*held-out.*unknown.*handle_unknown='ignore'"):
        compare_penalties(frame, y, preprocess=encode, **FEW)
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["kind"]), remainder="passthrough"
    )
    found = compare_penalties(frame, y, preprocess=encode, **FEW)
    assert found.feature_names[-1] == "remainder__size"
    assert found.n_features == 4


def test_a_pipeline_preprocesses() -> None:
    X, y = make_data(60, 3)
    steps = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False))
    found = compare_penalties(X, y, preprocess=steps, **FEW)
    assert found.n_features == 9
    assert found.preprocess.transform(X) @ found["ridge"].coef + found[
        "ridge"
    ].intercept == pytest.approx(y, abs=5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cv": 71}, "cv=71 folds need at least 71 rows, X has 70"),
        ({"cv": 1}, "k-fold cross-validation requires at least one train/test split"),
        ({"methods": ["lars"]}, "must be a list of some of least squares"),
        ({"methods": "lasso"}, "must be a list of some of"),
        ({"methods": None}, "methods == None, must be a list of some of"),
        ({"feature_names": 8}, "feature_names must be 8 names, got 8"),
        (
            {"groups": np.arange(99), "cv": [(range(35), range(35, 70))], "inner_cv": 3},
            "groups has 99 entries for 70 rows",
        ),
        ({"l1_ratios": [1.0]}, "l1_ratios == .* between 0 and 1"),
        ({"l1_ratios": ["half"]}, "l1_ratios == 'half', must be between 0 and 1"),
        ({"selection_rule": "max"}, "selection_rule == 'max'"),
        ({"select_features": "yes"}, "select_features == 'yes', must be True, False or None"),
        ({"n_alphas": 0}, "n_alphas == 0, must be >= 1"),
        ({"eps": 0}, "eps == 0, must be between 0 and 1"),
        ({"tol": -1.0}, "tol == -1.0, must be >= 0"),
        ({"max_iter": 0}, "max_iter == 0, must be >= 1"),
        ({"preprocess": StandardScaler}, "preprocess must be a transformer .* is a class"),
        ({"inner_cv": [(range(9), range(9, 18))]}, "inner_cv must be a number of folds or a split"),
        ({"X": np.zeros(70)}, "Expected 2D array, got 1D array"),
        ({"X": np.full((70, 2), np.nan)}, "Input X contains NaN.*\n?.*LinearModel does not accept"),
        ({"preprocess": LinearRegression()}, "preprocess must be a transformer"),
        ({"inner_cv": 60}, "training rows of fold 0 do not allow inner folds: cv=60"),
        ({"y": ["many"] * 70}, "y"),
        (
            {"sample_weight": np.r_[np.ones(5), np.zeros(65)], "cv": KFold(4)},
            "split 0: sample_weight is zero for all its training rows",
        ),
        ({"groups": np.zeros(70)}, "number of splits n_splits=4 greater than the number of groups"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    X, y = make_data()
    options = {"X": X, "y": y} | FEW | change
    with pytest.raises(ValueError, match=message):
        compare_penalties(**options)


def test_a_number_of_another_type_is_refused() -> None:
    X, y = make_data()
    for name in ("n_alphas", "max_iter", "n_jobs"):
        with pytest.raises(TypeError, match=f"{name} must be an instance of int"):
            compare_penalties(X, y, **(FEW | {name: 2.5}))


def test_one_l1_ratio_and_methods_that_can_be_read_once() -> None:
    X, y = make_data()
    names = ("lasso", "Elastic-Net")
    found = compare_penalties(X, y, methods=iter(names), **(FEW | {"l1_ratios": 0.2}))
    assert [method.name for method in found.methods] == list(names)
    assert found["Elastic-Net"].l1_ratio == 0.2


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_rows_for_nested_folds(n: int) -> None:
    X, y = make_data()
    for preprocess in (None, StandardScaler()):
        with pytest.raises(ValueError, match=r"too few|at least|minimum of 2|do not allow"):
            compare_penalties(X[:n], y[:n], preprocess=preprocess, cv=min(n, 3) if n > 1 else 2)


@pytest.mark.parametrize("rows", [8, 12])
def test_few_rows_do(rows: int) -> None:
    X, y = make_data()
    found = compare_penalties(X[:rows], y[:rows], **FEW)
    assert all(np.isfinite(m.held_out_errors).all() for m in found.methods)


def test_one_feature() -> None:
    X, y = make_data()
    found = compare_penalties(X[:, :1], y, **FEW)
    assert found.collinearity.condition_number == pytest.approx(1.0)
    assert str(found.recommendation)


@pytest.mark.parametrize("value", [2.0, 0.1, 1e9 / 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_constant_target_is_said_to_be_constant(value: float, weighted: bool) -> None:
    X, _ = make_data()
    weight = np.linspace(0.1, 3, 70) if weighted else None
    found = compare_penalties(X, np.full(70, value), sample_weight=weight, **FEW)
    assert "the target is constant" in found.recommendation.headline
    assert "explains" not in str(found.recommendation)
    assert found.recommendation.method is None


def test_with_more_rows_than_columns_ridge_is_solved_among_the_columns(monkeypatch):
    """Where the lassos take a working set too: in the space of the rows its systems are n × n."""
    rng = np.random.default_rng(0)
    X = sparse.csr_array(rng.poisson(0.3, size=(90, 12)).astype(float))
    y = X[:, [0, 1]] @ [2.0, 1.0] + rng.normal(size=90)

    def errors(hold) -> np.ndarray:
        monkeypatch.setattr("fastreg.engine.holds_moments", lambda *given: hold(given[-1]))
        return np.stack(
            [each.held_out_errors for each in compare_penalties(X, y, tol=1e-12).methods]
        )

    on_moments = errors(lambda exact: True)
    monkeypatch.setattr("fastreg.engine.ridge.RidgePath._dual", None)
    paths = []
    monkeypatch.setattr(
        "fastreg.engine.solve_in_lockstep",
        lambda *given: paths.append(1) or solve_in_lockstep(*given),
    )
    np.testing.assert_allclose(errors(lambda exact: exact), on_moments, rtol=1e-4)
    assert paths
