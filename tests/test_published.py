"""Published figures reproduced: ESL, glmnet's vignette, lars, ISLR, ISLP, NIST.

What a source does differently (glmnet's weighting of folds, its scaling of lambda) is undone here.
"""

from __future__ import annotations

import json
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    PredefinedSplit,
    ShuffleSplit,
    cross_validate,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from fastreg import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    Ridge,
    enet_path,
    regularization_path,
    ridge_path,
)

from .oracles import load_dense, load_hitters, read_table

TIGHT = 1e-13
NIST = (
    "norris", "pontius", "noint1", "noint2", "filip", "longley",
    "wampler1", "wampler2", "wampler3", "wampler4", "wampler5",
)  # fmt: skip


def _reference(folder: Path, name: str) -> dict:
    return json.loads((folder / "reference" / f"{name}.json").read_text())


def _coefficients(table: dict) -> np.ndarray:
    """Return intercept and coefficients of a {name: value} table in one array."""
    return np.array(list(table.values()))


def _stacked(model) -> np.ndarray:
    return np.r_[model.intercept_, model.coef_]


class TestProstate:
    """ESL Table 3.3: columns scaled over all 97 rows, models fitted on the 67 training rows."""

    @pytest.fixture
    def data(self, shared_data: Path) -> tuple[np.ndarray, ...]:
        X, y = load_dense(shared_data, "prostate")
        train = read_table(shared_data, "prostate")["train"] == 1
        X = (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)
        return X[train], y[train], X[~train], y[~train]

    @pytest.fixture
    def tables(self, shared_data: Path) -> dict:
        return _reference(shared_data, "esl_prostate_tables")

    @staticmethod
    def _check(tables: dict, name: str, found: np.ndarray, squares: np.ndarray, atol: float):
        table = tables["table_3_3"]
        printed = np.array([0.0 if v is None else v for v in table["coefficients"][name]])
        np.testing.assert_allclose(found, printed, rtol=0, atol=atol)
        assert round(squares.mean(), 3) == table["test_error"][name]
        error = squares.std(ddof=1) / np.sqrt(squares.size)
        assert error == pytest.approx(table["std_error"][name], abs=1.5e-3)

    def test_least_squares(self, data: tuple, tables: dict) -> None:
        X, y, X_test, y_test = data
        model = Ridge(alpha=0).fit(X, y)
        self._check(tables, "LS", _stacked(model), (y_test - model.predict(X_test)) ** 2, 5e-4)
        exact = tables["reproduced_here"]["LS"]["coefficients"]
        np.testing.assert_allclose(_stacked(model), exact, rtol=1e-12)

    def test_ridge(self, data: tuple, tables: dict) -> None:
        """The book prints mean(y) as the intercept and predicts with it on uncentred columns."""
        X, y, X_test, y_test = data
        exact = tables["reproduced_here"]["Ridge"]
        model = Ridge(alpha=exact["lambda_sum_of_squares_scale"]).fit(X, y)
        found = np.r_[y.mean(), model.coef_]
        squares = (y_test - y.mean() - X_test @ model.coef_) ** 2
        self._check(tables, "Ridge", found, squares, 2e-3)
        np.testing.assert_allclose(model.coef_, exact["coefficients"], rtol=1e-10)

    def test_lasso(self, data: tuple, tables: dict) -> None:
        """Unit L2 norm on 67 rows is sqrt(67) times the standardization of `standardize`."""
        X, y, X_test, y_test = data
        exact = tables["reproduced_here"]["Lasso"]
        alpha = exact["lambda_unit_norm_columns_objective_1_over_2n"] * np.sqrt(67)
        model = Lasso(alpha, standardize=True, tol=TIGHT).fit(X, y)
        self._check(tables, "Lasso", _stacked(model), (y_test - model.predict(X_test)) ** 2, 5e-4)
        np.testing.assert_allclose(model.coef_, exact["coefficients"], rtol=1e-9, atol=1e-12)
        assert model.intercept_ == pytest.approx(exact["intercept"], rel=1e-12)
        norm = np.linalg.norm(X - X.mean(axis=0), axis=0)
        full = np.abs(norm * Ridge(alpha=0).fit(X, y).coef_).sum()
        assert np.abs(norm * model.coef_).sum() / full == pytest.approx(exact["s"], rel=1e-9)


class TestGlmnet:
    """The vignette's quick start: columns standardized by the 1/N standard deviation."""

    @pytest.fixture
    def data(self, shared_data: Path) -> tuple[np.ndarray, np.ndarray]:
        return load_dense(shared_data, "glmnet_quickstart")

    @pytest.fixture
    def tables(self, shared_data: Path) -> dict:
        return _reference(shared_data, "glmnet_quickstart")

    @pytest.fixture
    def path(self, data: tuple, tables: dict):
        rows = np.array(tables["reproduced_here"]["lambda_path_67"]["rows"])
        return regularization_path(*data, alphas=rows[:, 0], standardize=True, tol=TIGHT)

    def test_path_of_67_points(self, data: tuple, tables: dict, path) -> None:
        rows = np.array(tables["reproduced_here"]["lambda_path_67"]["rows"])
        assert path.alphas.size == tables["published"]["length_lambda_default"]
        np.testing.assert_array_equal(path.df, rows[:, 1])
        np.testing.assert_allclose(100 * path.deviance_ratio, rows[:, 2], rtol=1e-10, atol=1e-9)
        printed = tables["published"]["print_fit_first6"]["rows"]
        for k, row in enumerate(printed):
            deviance, strength = round(100 * path.deviance_ratio[k], 2), f"{path.alphas[k]:.4g}"
            assert [path.df[k], deviance, float(strength)] == row

    def test_largest_lambda(self, data: tuple, tables: dict) -> None:
        """The grid is glmnet's: 100 values down to 1e-4, of which its stopping rule leaves 67."""
        rows = np.array(tables["reproduced_here"]["lambda_path_67"]["rows"])
        path = regularization_path(*data, alphas=100, eps=1e-4, standardize=True)
        np.testing.assert_allclose(path.alphas[:67], rows[:, 0], rtol=1e-12)

    def test_coefficients(self, data: tuple, tables: dict) -> None:
        for strength, solution in tables["reproduced_here"]["solutions"].items():
            model = Lasso(float(strength), standardize=True, tol=TIGHT).fit(*data)
            np.testing.assert_allclose(model.coef_, solution["coef"], rtol=1e-8, atol=1e-11)
            assert model.intercept_ == pytest.approx(solution["intercept"], rel=1e-9)
        model = Lasso(0.5, standardize=True, tol=TIGHT).fit(*data)
        found = np.r_[model.intercept_, model.coef_[model.coef_ != 0]]
        printed = tables["published"]["coef_s_0.5_nonzero"]
        np.testing.assert_allclose(found, printed["exact"], rtol=0, atol=5e-6)

    def test_interpolation_on_the_path(self, data: tuple, tables: dict, path) -> None:
        published = tables["published"]
        coef, intercept = path.coef_at(0.1)
        printed = published["coef_s_0.1_first7"]
        np.testing.assert_allclose(coef[:7], printed["V1..V7"], rtol=0, atol=5e-5)
        assert intercept == pytest.approx(printed["intercept"], abs=1e-5)
        newx = np.array(tables["reproduced_here"]["newx"])
        for strength in ("0.1", "0.05"):
            printed = published["predict_newx_s_0.1_0.05"][f"s={strength}"]
            found = path.predict(newx, float(strength))
            np.testing.assert_allclose(found, printed, rtol=0, atol=5e-4)
        found = path.predict(data[0][:5], 0.05)
        np.testing.assert_allclose(found, published["predict_x1to5_s_0.05"], rtol=0, atol=5e-4)

    def test_elastic_net_with_weights(self, data: tuple, tables: dict) -> None:
        """At alpha = 0.2 the L2 term acts on y scaled to unit standard deviation, so it shrinks."""
        X, y = data
        weight = np.repeat([1.0, 2.0], 50)
        share = weight / weight.sum()
        spread = np.sqrt(share @ (y - share @ y) ** 2)
        centred = X - share @ X
        size = np.sqrt(share @ centred**2)
        top = np.max(np.abs((share * (y - share @ y)) @ centred) / size) / 0.2
        rows = tables["published"]["alpha_0.2_weights_nlambda20"]["rows"]
        grid = np.geomspace(top, 1e-4 * top, 20)[: len(rows)]
        for strength, (df, deviance, printed) in zip(grid, rows, strict=True):
            l1, l2 = 0.2 * strength, 0.8 * strength / spread
            model = ElasticNet(l1 + l2, l1_ratio=l1 / (l1 + l2), standardize=True, tol=TIGHT).fit(
                X, y, weight
            )
            assert np.count_nonzero(model.coef_) == df
            explained = 1 - share @ (y - model.predict(X)) ** 2 / spread**2
            assert 100 * explained == pytest.approx(deviance, abs=0.0051)
            assert strength == pytest.approx(printed, rel=5e-4, abs=5.1e-5)

    def test_cvx(self, data: tuple, tables: dict) -> None:
        printed = tables["published"]["cvx_no_intercept_no_standardize"]
        model = Lasso(printed["lambda"], fit_intercept=False, tol=TIGHT).fit(*data)
        np.testing.assert_allclose(model.coef_, printed["beta_CVX"], rtol=0, atol=6e-9)
        rounded = printed["beta_glmnet_lars_rounded"]
        np.testing.assert_allclose(model.coef_, rounded, rtol=0, atol=5.1e-7)

    @pytest.mark.parametrize("folds", [10, 20])
    def test_cross_validation(self, data: tuple, tables: dict, folds: int) -> None:
        """Glmnet weighs folds by their size and takes the spread about the weighted mean."""
        X, y = data
        expected = tables["reproduced_here"][f"cv{folds}"]
        rows = np.array(tables["reproduced_here"]["lambda_path_67"]["rows"])
        fold = np.array(expected["foldid"])
        model = LassoCV(
            alphas=rows[:, 0], cv=PredefinedSplit(fold - 1), standardize=True, tol=1e-12
        ).fit(X, y)
        share = np.bincount(fold)[1:] / y.size
        mean = model.mse_path_ @ share
        error = np.sqrt((model.mse_path_ - mean[:, None]) ** 2 @ share / (folds - 1))
        np.testing.assert_allclose(mean, expected["cvm"], rtol=1e-8)
        np.testing.assert_allclose(error, expected["cvsd"], rtol=1e-8)
        best = int(np.argmin(mean))
        assert best == expected["index_min_1based"] - 1
        sparsest = int(np.flatnonzero(mean <= mean[best] + error[best])[0])
        assert sparsest == expected["index_1se_1based"] - 1
        # fastreg's own, unweighted definitions
        np.testing.assert_allclose(model.cv_mean_, model.mse_path_.mean(axis=1), rtol=1e-14)
        spread = model.mse_path_.std(axis=1, ddof=1) / np.sqrt(folds)
        np.testing.assert_allclose(model.cv_se_, spread, rtol=1e-12)
        self._check_printed(tables["published"], folds, data, best, sparsest, mean, error, rows)

    @staticmethod
    def _check_printed(published, folds, data, best, sparsest, mean, error, rows) -> None:
        model = Lasso(rows[best, 0], standardize=True, tol=TIGHT).fit(*data)
        if folds == 10:
            assert rows[best, 0] == pytest.approx(published["cv10_lambda_min"], rel=1e-6)
            printed = published["cv10_coef_lambda_min_first7"]
            predicted = published["cv10_predict_x1to5_lambda_min"]
        else:
            for at, row in ((best, "min"), (sparsest, "1se")):
                table = published["cv20"][row]
                assert at == table["index"] - 1
                assert round(rows[at, 0], 5) == table["lambda"]
                assert mean[at] == pytest.approx(table["measure"], abs=1e-3)
                assert error[at] == pytest.approx(table["se"], abs=1e-4)
                assert rows[at, 1] == table["nonzero"]
            printed = published["cv20"]["coef_lambda_min_first7"]
            predicted = published["cv20"]["predict_x1to5_lambda_min"]
        np.testing.assert_allclose(model.coef_[:7], printed["V1..V7"], rtol=0, atol=2e-4)
        assert model.intercept_ == pytest.approx(printed["intercept"], abs=5e-5)
        np.testing.assert_allclose(model.predict(data[0][:5]), predicted, rtol=0, atol=5e-4)


class TestLars:
    """The Lasso path of the diabetes data changes its support at the knots only."""

    @pytest.fixture
    def data(self, shared_data: Path) -> tuple[np.ndarray, np.ndarray]:
        with np.load(shared_data / "diabetes_quad.npz") as file:
            return file["X_main"], file["y"]

    @pytest.fixture
    def tables(self, shared_data: Path) -> dict:
        return _reference(shared_data, "lars_diabetes")

    def test_knots(self, data: tuple, tables: dict) -> None:
        X, y = data
        exact, published = tables["reproduced_here"], tables["published"]
        knots = np.array(exact["alpha_knots_objective_1_over_2n"])
        path = regularization_path(X, y, alphas=knots, tol=1e-15, max_iter=10_000)
        coefs = path.coefs.toarray()
        expected = np.array(exact["coef_path_13x10"])
        np.testing.assert_allclose(coefs, expected, rtol=1e-8, atol=1e-7)
        np.testing.assert_allclose(coefs[7], published["beta_step7"], rtol=1e-9, atol=1e-8)
        np.testing.assert_allclose(coefs[9], published["beta_step9"], rtol=1e-9, atol=1e-8)
        rss = (1 - path.deviance_ratio) * np.sum((y - y.mean()) ** 2)
        np.testing.assert_allclose(rss, exact["rss"], rtol=1e-11)
        np.testing.assert_array_equal(np.round(rss), published["summary"]["rss"])
        df = np.array(published["summary"]["df"])
        cp = rss / (rss[-1] / (y.size - 11)) - y.size + 2 * df
        np.testing.assert_allclose(cp, published["Cp"], rtol=1e-8)
        assert round(path.deviance_ratio[-1], 3) == published["R_squared"]
        np.testing.assert_allclose(path.intercepts, published["intercept"], rtol=1e-12)

    def test_order_of_moves(self, data: tuple, tables: dict) -> None:
        """Just below each knot the support is what the published sequence makes it."""
        knots = np.array(tables["reproduced_here"]["alpha_knots_objective_1_over_2n"])
        support: set[int] = set()
        for k, move in enumerate(
            tables["published"]["sequence"]["var_1based_negative_means_dropped"]
        ):
            support ^= {abs(move) - 1}
            between = 0.5 * (knots[k] + knots[k + 1])
            model = Lasso(between, tol=TIGHT, max_iter=10_000).fit(*data)
            assert set(np.flatnonzero(model.coef_)) == support

    def test_largest_alpha(self, data: tuple, tables: dict) -> None:
        first = tables["reproduced_here"]["alpha_knots_objective_1_over_2n"][0]
        path = regularization_path(*data, alphas=3)
        assert path.alphas[0] == pytest.approx(first, rel=1e-13)


class TestHittersGlmnet:
    """ISLR's lab. glmnet's ridge at lambda is N lambda / sd(y) in the units of `Ridge`."""

    @pytest.fixture
    def data(self, shared_data: Path) -> tuple[np.ndarray, np.ndarray]:
        return load_hitters(shared_data)

    @pytest.fixture
    def tables(self, shared_data: Path) -> dict:
        return _reference(shared_data, "islr_hitters_glmnet")

    @pytest.fixture
    def halves(self, data: tuple, tables: dict) -> tuple[np.ndarray, ...]:
        rows = np.array(tables["reproduced_here"]["train_rows_1based"]) - 1
        test = np.setdiff1d(np.arange(data[1].size), rows)
        return data[0][rows], data[1][rows], data[0][test], data[1][test]

    @staticmethod
    def _ridge(X: np.ndarray, y: np.ndarray, strength: float) -> Ridge:
        return Ridge(strength * y.size / y.std(), standardize=True).fit(X, y)

    @pytest.mark.parametrize(
        ("exact", "published", "atol"),
        [
            ("ridge_lambda_index50", "ridge_lambda_index50", 4e-5),
            ("ridge_lambda_index60", "ridge_lambda_index60", 0.03),
            ("ridge_full_data_exact_lambda_326.0828", "ridge_full_data_s_326.0828", 0.25),
            ("ridge_exact_lambda_50", "ridge_s_50_interpolated_on_grid", 1.1),
        ],
    )
    def test_ridge(
        self, data: tuple, tables: dict, exact: str, published: str, atol: float
    ) -> None:
        """The printed figures carry glmnet's default threshold, or its interpolation."""
        table = tables["reproduced_here"][exact]
        strength = table.get("lambda", 50.0 if exact.endswith("_50") else None)
        if strength is None:
            strength = tables["reproduced_here"]["cv_ridge"]["lambda_min"]
        model = self._ridge(*data, strength)
        expected = _coefficients(table.get("coef", table))
        rtol = 1e-10 if "index" in exact else 1e-7
        np.testing.assert_allclose(_stacked(model), expected, rtol=rtol)
        printed = tables["published"][published]
        found, printed_coef = _stacked(model), _coefficients(printed.get("coef", printed))
        np.testing.assert_allclose(found, printed_coef, rtol=0, atol=atol)
        if "l2norm" in printed:
            norm = np.linalg.norm(model.coef_)
            assert norm == pytest.approx(printed["l2norm"], rel=1e-4)

    def test_least_squares_on_the_training_rows(self, halves: tuple, tables: dict) -> None:
        X, y, _, _ = halves
        found = _stacked(Ridge(alpha=0).fit(X, y))
        exact = _coefficients(tables["reproduced_here"]["least_squares_train_coef"])
        printed = _coefficients(tables["published"]["least_squares_train_coef_lm"])
        np.testing.assert_allclose(found, exact, rtol=1e-10)
        np.testing.assert_allclose(found, printed, rtol=0, atol=5.1e-5)

    def test_test_errors(self, halves: tuple, tables: dict) -> None:
        X, y, X_test, y_test = halves
        exact = tables["reproduced_here"]["train_test_mse"]
        printed = tables["published"]["train_test_mse"]

        def error(model) -> float:
            return np.mean((y_test - model.predict(X_test)) ** 2)

        null = np.mean((y_test - y.mean()) ** 2)
        assert null == pytest.approx(exact["null"], rel=1e-12)
        found = {
            "ridge_exact_lambda_4": error(self._ridge(X, y, 4.0)),
            "ridge_exact_lambda_326": error(self._ridge(X, y, 326.0)),
            "least_squares": error(Ridge(alpha=0).fit(X, y)),
            "lasso_exact_lambda_9.286955": error(
                Lasso(9.286955, standardize=True, tol=TIGHT, max_iter=10_000).fit(X, y)
            ),
        }
        for name, value in found.items():
            assert value == pytest.approx(exact[name], rel=1e-7), name
        assert found["ridge_exact_lambda_326"] == pytest.approx(printed["ridge_s_326"], abs=1.5)
        assert found["least_squares"] == pytest.approx(
            printed["least_squares_via_glmnet_s_0"], abs=5
        )
        huge = error(self._ridge(X, y, 1e10))
        assert huge == pytest.approx(printed["ridge_s_1e10"], abs=0.06)

    def test_ridge_cross_validation(self, halves: tuple, tables: dict) -> None:
        """Each fold has its own N / sd(y), so this is a path a fold, not `RidgeCV`."""
        X, y, _, _ = halves
        expected = tables["reproduced_here"]["cv_ridge"]
        grid = np.array(expected["lambda"])
        fold = np.array(tables["reproduced_here"]["cv_foldid_on_train_rows"])
        total = np.zeros(grid.size)
        for k in range(1, 11):
            train = fold != k
            scale = train.sum() / y[train].std()
            path = ridge_path(X[train], y[train], alphas=grid * scale, standardize=True)
            np.testing.assert_allclose(path.alphas, grid * scale, rtol=1e-15)
            miss = y[~train][:, None] - path.predict(X[~train])
            total += np.sum(miss**2, axis=0)
        np.testing.assert_allclose(total / y.size, expected["cvm"], rtol=1e-9)
        best = int(np.argmin(total))
        assert best == expected["index_min_1based"] - 1
        published = tables["published"]["cv_ridge_lambda_min"]
        assert grid[best] == pytest.approx(published, rel=1e-6)

    def test_lasso_cross_validation(self, halves: tuple, tables: dict) -> None:
        X, y, _, _ = halves
        expected = tables["reproduced_here"]["cv_lasso"]
        grid = np.array(expected["lambda_first60"])
        fold = np.array(tables["reproduced_here"]["cv_foldid_on_train_rows"])
        model = LassoCV(
            alphas=grid, cv=PredefinedSplit(fold - 1), standardize=True, tol=1e-13, max_iter=10_000
        ).fit(X, y)
        mean = model.mse_path_ @ np.bincount(fold)[1:] / y.size
        np.testing.assert_allclose(mean, expected["cvm"], rtol=1e-7)
        assert np.argmin(mean) == expected["index_min_1based"] - 1
        path = regularization_path(X, y, alphas=100, eps=1e-4, standardize=True)
        np.testing.assert_allclose(path.alphas[:60], grid, rtol=1e-12)

    def test_lasso(self, data: tuple, tables: dict) -> None:
        model = Lasso(9.286955, standardize=True, tol=TIGHT, max_iter=10_000).fit(*data)
        exact = _coefficients(tables["reproduced_here"]["lasso_full_data_exact_lambda_9.286955"])
        np.testing.assert_allclose(_stacked(model), exact, rtol=1e-6, atol=1e-8)


class TestHittersScikitLearn:
    """ISLP's lab, run with fastreg's estimators where it has scikit-learn's."""

    @pytest.fixture
    def data(self, shared_data: Path) -> tuple[np.ndarray, np.ndarray]:
        return load_hitters(shared_data)

    @pytest.fixture
    def published(self, shared_data: Path) -> dict:
        return _reference(shared_data, "islp_hitters_sklearn")["published"]

    @pytest.fixture
    def exact(self, shared_data: Path) -> dict:
        return _reference(shared_data, "islp_hitters_sklearn")["reproduced_here"]

    @pytest.fixture
    def scaled(self, data: tuple) -> np.ndarray:
        return StandardScaler().fit_transform(data[0])

    @pytest.fixture
    def grid(self, data: tuple) -> np.ndarray:
        return 10 ** np.linspace(8, -2, 100) / data[1].std()

    def test_ridge_path(self, data: tuple, published: dict, scaled, grid) -> None:
        y = data[1]
        _, coefs, _ = enet_path(scaled, y, l1_ratio=0.0, alphas=grid)
        for k in (39, 59):
            printed = published[f"ridge_path_index{k}"]
            assert grid[k] == pytest.approx(printed["lambda"], rel=1e-12)
            norm = np.linalg.norm(coefs[:, k])
            assert norm == pytest.approx(printed["l2norm"], rel=1e-9)
        printed = published["ridge_path_index39"]["standardized_coef"]
        np.testing.assert_allclose(coefs[:, 39], printed, rtol=0, atol=5.1e-7)

    def test_validation_set(self, data: tuple, published: dict, exact: dict) -> None:
        """At alpha = 0.01 the printed figure is of an unconverged descent, 0.2 percent off."""
        X, y = data
        split = ShuffleSplit(n_splits=1, test_size=0.5, random_state=0)
        (train, test) = next(split.split(X))
        found = []
        for alpha in (0.01, 1e10):
            model = ElasticNet(alpha, l1_ratio=0.0).fit(X[train], y[train])
            found.append(np.mean((y[test] - model.predict(X[test])) ** 2))
        assert found[0] == pytest.approx(exact["validation_alpha_0.01_mse_exact"], rel=1e-9)
        printed = published["validation_half_split_unscaled_ridge"]
        assert found[0] == pytest.approx(printed["alpha_0.01_mse"], rel=3e-3)
        assert found[1] == pytest.approx(printed["alpha_1e10_mse"], rel=1e-10)

    def test_grid_search_in_a_pipeline(self, data: tuple, published: dict, grid) -> None:
        pipe = Pipeline([("scaler", StandardScaler()), ("ridge", ElasticNet(l1_ratio=0.0))])
        for name, cv in (
            ("validation", ShuffleSplit(n_splits=1, test_size=0.5, random_state=0)),
            ("cv5", KFold(5, shuffle=True, random_state=0)),
        ):
            search = GridSearchCV(
                pipe, {"ridge__alpha": grid}, cv=cv, scoring="neg_mean_squared_error"
            ).fit(*data)
            printed = published[f"{name}_best_lambda_scaled_pipeline"]
            assert search.best_params_["ridge__alpha"] == pytest.approx(printed, rel=1e-12)

    def test_ridge_cross_validation(self, data, published, exact, scaled, grid) -> None:
        model = ElasticNetCV(
            alphas=grid, l1_ratio=0.0, cv=KFold(5, shuffle=True, random_state=0)
        ).fit(scaled, data[1])
        least = model.mse_path_.mean(axis=1).min()
        assert least == pytest.approx(exact["ridgeCV_min_cv_mse_exact"], rel=1e-11)
        printed = published["ridgeCV_on_prescaled_X"]
        assert least == pytest.approx(printed["min_cv_mse"], rel=1e-10)
        # the printed coefficients are of a descent stopped at its default tolerance
        np.testing.assert_allclose(model.coef_, printed["coef"], rtol=0, atol=3e-5)
        n = data[1].size
        gram = scaled.T @ scaled / n + model.alpha_ * np.eye(scaled.shape[1])
        closed = np.linalg.solve(gram, scaled.T @ (data[1] - data[1].mean()) / n)
        np.testing.assert_allclose(model.coef_, closed, rtol=1e-10)

    def test_nested_cross_validation(self, data, published, grid) -> None:
        inner = ElasticNetCV(alphas=grid, l1_ratio=0.0, cv=KFold(5, shuffle=True, random_state=2))
        pipe = Pipeline([("scaler", StandardScaler()), ("ridge", inner)])
        outer = ShuffleSplit(n_splits=1, test_size=0.25, random_state=1)
        found = cross_validate(pipe, *data, cv=outer, scoring="neg_mean_squared_error")
        printed = published["nested_ridge_test_mse"]["mse"]
        assert -found["test_score"][0] == pytest.approx(printed, rel=1e-11)

    def test_lasso_cross_validation(self, data, published, exact, scaled) -> None:
        model = ElasticNetCV(
            alphas=100,
            l1_ratio=1,
            cv=KFold(5, shuffle=True, random_state=0),
            tol=1e-12,
            max_iter=10_000,
        ).fit(scaled, data[1])
        assert model.alpha_ == pytest.approx(exact["lassoCV_alpha"], rel=1e-12)
        least = model.mse_path_.mean(axis=1).min()
        assert least == pytest.approx(exact["lassoCV_min_cv_mse_tol_1e-12"], rel=1e-9)
        expected = exact["lassoCV_coef_tol_1e-12"]
        np.testing.assert_allclose(model.coef_, expected, rtol=0, atol=1e-6)
        printed = published["lassoCV_on_prescaled_X"]
        assert model.alpha_ == pytest.approx(printed["alpha"], rel=1e-12)
        assert least == pytest.approx(printed["min_cv_mse"], rel=1e-3)
        np.testing.assert_allclose(model.coef_, printed["coef"], rtol=0, atol=1.0)

    def test_null_model(self, data, published, scaled) -> None:
        model = ElasticNetCV(
            alphas=[1e12], l1_ratio=0.0, cv=KFold(5, shuffle=True, random_state=0)
        ).fit(scaled, data[1])
        mean = np.mean(model.mse_path_)
        assert mean == pytest.approx(published["null_model_cv_mse"], rel=1e-8)


def _nist(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray, dict]:
    entry = _reference(folder, "nist_strd")["datasets"][name]
    table = read_table(folder, entry["file"].removesuffix(".csv.gz"))
    y, columns = table.pop("y"), list(table.values())
    degree = entry["polynomial_degree"]
    if degree:
        columns = [columns[0] ** k for k in range(1, degree + 1)]
    return np.column_stack(columns), y, entry


def certified_digits(found: np.ndarray, exact: list[str]) -> float:
    """Return −log10 of the relative error of the worst coefficient, at most 15."""
    worst = 15.0
    for value, truth in zip(found, map(Fraction, exact), strict=True):
        error = abs((Fraction(float(value)) - truth) / truth)
        worst = min(worst, -float(np.log10(float(error))) if error else worst)
    return worst


@pytest.mark.parametrize("name", NIST)
def test_nist_digits(shared_data: Path, name: str) -> None:
    """At least the certified digits of LAPACK's least squares on the same raw columns."""
    X, y, entry = _nist(shared_data, name)
    intercept, exact = entry["intercept"], entry["exact"]["coef"]
    raw = np.column_stack([np.ones(y.size), X]) if intercept else X
    theirs = certified_digits(scipy.linalg.lstsq(raw, y)[0], exact)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", scipy.linalg.LinAlgWarning)
        model = Ridge(alpha=0, fit_intercept=intercept).fit(X, y)
    ours = certified_digits(_stacked(model) if intercept else model.coef_, exact)
    assert ours >= theirs
    assert ours >= {"longley": 12.0, "filip": 5.9, "wampler1": 10.0}.get(name, 0.0)


@pytest.mark.parametrize(("name", "digits"), [("wampler1", 12.0), ("wampler4", 8.5)])
def test_nist_coefficients_by_extended_precision(shared_data: Path, name: str, digits: float):
    """The intercept is ȳ − x̄·b, and means of 10⁶ keep ten digits of an intercept of 1.

    In `wampler4` Xᵀr cancels from 10¹¹ to 10⁻⁵, so that the last digits hang on the BLAS: 12 with
    one, 8.8 with another.
    """
    if np.finfo(np.longdouble).eps > 1e-18:
        pytest.skip("this platform has no extended precision")
    X, y, entry = _nist(shared_data, name)
    model = Ridge(alpha=0).fit(X, y)
    assert certified_digits(model.coef_, entry["exact"]["coef"][1:]) >= digits


@pytest.mark.parametrize("name", NIST)
def test_nist_residual_sum_of_squares(shared_data: Path, name: str) -> None:
    X, y, entry = _nist(shared_data, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", scipy.linalg.LinAlgWarning)
        model = Ridge(alpha=0, fit_intercept=entry["intercept"]).fit(X, y)
    rss = np.sum((y - model.predict(X)) ** 2)
    exact = float(entry["exact"]["rss"])
    assert rss == pytest.approx(exact, rel=1e-6, abs=1e-16 * (y @ y))


def test_least_squares_is_scikit_learns_where_that_is_accurate(shared_data: Path) -> None:
    X, y = load_dense(shared_data, "communities_crime")
    model, other = Ridge(alpha=0).fit(X, y), LinearRegression().fit(X, y)
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=1e-7, atol=1e-9)
