"""Degrees of freedom against the hat matrix, criteria against their formulas and scikit-learn's."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.special import comb
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LassoLarsIC

from fastreg import Moments, Ridge, regularization_path, ridge_path

from .oracles import load_dense, read_table

TIGHT = 1e-12


def make_data(n: int = 60, p: int = 12, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Return correlated columns with means, a target, and weights of which some are zero."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.7 * rng.standard_normal((n, 1)) + rng.uniform(-2, 2, p)
    coef = np.where(np.arange(p) % 3 == 0, rng.uniform(1, 3, p), 0.0)
    y = X @ coef + 2.0 * rng.standard_normal(n) + 4.0
    return X, y, rng.exponential(size=n) * (rng.random(n) > 0.2)


def hat_trace(
    X: np.ndarray,
    support: np.ndarray,
    penalty: np.ndarray,
    weight: np.ndarray | None = None,
    fit_intercept: bool = True,
    standardize: bool = False,
) -> float:
    """Return the trace of the hat matrix on a support, by explicit inversion.

    Of Σw/2 (…)² + Σ_j penalty_j b_j²/2, divided by Σw; with `standardize`, b_j times the deviation.
    """
    w = np.ones(len(X)) if weight is None else weight
    w = w / w.sum()
    Z = X - w @ X if fit_intercept else X
    deviation = np.sqrt(w @ (X - w @ X) ** 2) if standardize else np.ones(X.shape[1])
    Z = (np.sqrt(w)[:, None] * Z)[:, support]
    inner = Z.T @ Z + np.diag((penalty * deviation**2)[support])
    return float(np.trace(Z @ np.linalg.pinv(inner, rcond=1e-11) @ Z.T))


@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("shape", [(60, 12), (20, 45)])
@pytest.mark.parametrize("l1_ratio", [0.9, 0.3, 0.01])
@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}, {"standardize": True}])
def test_elastic_net_is_the_trace_on_the_support(
    route: str, kind: str, shape: tuple, l1_ratio: float, options: dict[str, Any]
) -> None:
    X, y, weight = make_data(*shape)
    factor = np.random.default_rng(1).uniform(0.2, 3.0, shape[1])
    factor[:3] = 0.0, 0.0, np.inf
    form = sparse.csr_array(X) if kind == "csr" else X
    path = regularization_path(
        form, y, l1_ratio=l1_ratio, alphas=12, sample_weight=weight, penalty_factor=factor,
        tol=1e-10, **options,
    )  # fmt: skip
    for k, alpha in enumerate(path.alphas):
        support = path.coefs[[k]].toarray()[0] != 0
        penalty = np.where(np.isinf(factor), 0.0, factor) * alpha * (1 - l1_ratio)
        expected = hat_trace(X, support, penalty, weight, **options)
        assert path.df[k] == pytest.approx(expected, rel=1e-8)
    assert np.all(path.df <= path.n_nonzero + 1e-9)
    assert np.all(path.df <= np.count_nonzero(weight))


@pytest.mark.parametrize("shape", [(60, 12), (20, 45), (13, 13)])
@pytest.mark.parametrize("factored", [False, True])
@pytest.mark.parametrize("m", [3, 15])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_ridge_is_the_trace(shape: tuple, factored: bool, m: int, fit_intercept: bool) -> None:
    X, y, weight = make_data(*shape)
    factor = np.ones(shape[1])
    if factored:
        factor = np.random.default_rng(1).uniform(0.2, 3.0, shape[1])
        factor[:3] = 0.0, 0.0, np.inf
    path = ridge_path(
        X, y, alphas=np.geomspace(1e-3, 1e3, m), sample_weight=weight, penalty_factor=factor,
        fit_intercept=fit_intercept,
    )  # fmt: skip
    for k, alpha in enumerate(path.alphas):
        penalty = np.where(np.isinf(factor), 0.0, factor) * alpha / weight.sum()
        expected = hat_trace(X, np.isfinite(factor), penalty, weight, fit_intercept)
        assert path.df[k] == pytest.approx(expected, rel=1e-8)
    assert np.all(np.diff(path.df) > 0)


@pytest.mark.filterwarnings("ignore:Ill-conditioned")
@pytest.mark.parametrize(("shape", "rank"), [((40, 7), 6), ((10, 30), 9)])
def test_dependent_columns_count_once(shape: tuple, rank: int) -> None:
    X, y, _ = make_data(*shape)
    X[:, 5] = X[:, 4] - 2.0 * X[:, 3]
    path = ridge_path(X, y, alphas=[1.0, 0.0])
    assert path.df[-1] == pytest.approx(rank)
    factor = np.ones(shape[1])
    factor[3:6] = 0.0
    path = ridge_path(X, y, alphas=[1e12], penalty_factor=factor)
    assert path.df[0] == pytest.approx(2.0, abs=1e-6)


def test_lasso_counts(route: str) -> None:
    X, y, weight = make_data()
    path = regularization_path(X, y, sample_weight=weight, alphas=20)
    np.testing.assert_array_equal(path.df, np.count_nonzero(path.coefs.toarray(), axis=1))
    np.testing.assert_array_equal(path.df, path.n_nonzero)
    few = regularization_path(X, y, alphas=20, upper=0.5)
    at_bound = np.count_nonzero(few.coefs.toarray() == 0.5, axis=1)
    assert at_bound.max() > 0
    np.testing.assert_array_equal(few.df, few.n_nonzero - at_bound)


def test_weights_are_repeated_rows() -> None:
    X, y, _ = make_data()
    times = np.random.default_rng(2).integers(0, 4, len(y))
    options = {"l1_ratio": 0.4, "alphas": np.geomspace(2.0, 0.02, 10), "tol": TIGHT}
    weighted = regularization_path(X, y, sample_weight=times, **options)
    repeated = regularization_path(np.repeat(X, times, axis=0), np.repeat(y, times), **options)
    np.testing.assert_allclose(weighted.df, repeated.df, rtol=1e-8)


@pytest.mark.parametrize("criterion", ["aic", "bic", "ebic", "cp"])
def test_laws_of_criteria(route: str, criterion: str) -> None:
    """Scaled weights, rows of weight zero and the order of the columns make no difference."""
    X, y, weight = make_data()
    options = {"l1_ratio": 0.6, "alphas": np.geomspace(2.0, 0.02, 10), "tol": TIGHT}
    found = regularization_path(X, y, sample_weight=weight, **options)
    expected = found.information_criterion(criterion)
    kept, order = weight > 0, np.random.default_rng(3).permutation(X.shape[1])
    others = (
        regularization_path(X, y, sample_weight=7.0 * weight, **options),
        regularization_path(X[kept], y[kept], sample_weight=weight[kept], **options),
        regularization_path(X[:, order], y, sample_weight=weight, **options),
    )
    for other in others:
        np.testing.assert_allclose(other.df, found.df, rtol=1e-7)
        np.testing.assert_allclose(other.information_criterion(criterion), expected, rtol=1e-7)
        assert other.best(criterion) == found.best(criterion) == np.argmin(expected)


def test_formulas(route: str) -> None:
    X, y, weight = make_data()
    factor = np.ones(12)
    factor[:2] = 0.0, np.inf
    path = regularization_path(X, y, sample_weight=weight, penalty_factor=factor, alphas=15)
    n, w = np.count_nonzero(weight), weight / weight.sum()
    mse = w @ (y[:, None] - path.predict(X)) ** 2
    df = np.count_nonzero(path.coefs.toarray(), axis=1)
    np.testing.assert_allclose(path.train_mse, mse, rtol=1e-9)
    unknown = n * np.log(2 * np.pi * mse) + n
    known = n * np.log(2 * np.pi * 3.0) + n * mse / 3.0
    ways = np.log(comb(10, df - 1))
    find = path.information_criterion
    for found, expected in (
        (find("aic"), unknown + 2 * df),
        (find("bic"), unknown + np.log(n) * df),
        (find("ebic"), unknown + np.log(n) * df + 2 * ways),
        (find("ebic", gamma=0.5), unknown + np.log(n) * df + ways),
        (find("ebic", gamma=0), find("bic")),
        (find("bic", noise_variance=3.0), known + np.log(n) * df),
        (find("cp", noise_variance=3.0), n * mse / 3.0 - n + 2 * (df + 1)),
        (find("cp", noise_variance=path.noise_variance), find("cp")),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-9)
    columns = np.delete(X, 1, axis=1)
    root = np.sqrt(w)[:, None]
    Z = np.hstack([np.ones((len(y), 1)), columns]) * root
    rest = root[:, 0] * y - Z @ np.linalg.lstsq(Z, root[:, 0] * y, rcond=None)[0]
    assert path.noise_variance == pytest.approx(n * (rest @ rest) / (n - 12), rel=1e-10)


@pytest.mark.parametrize("criterion", ["aic", "bic"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_lasso_lars_ic(criterion: str, fit_intercept: bool) -> None:
    """The same criterion at its knots, up to the knots themselves, where a coefficient is 0."""
    X, y = load_diabetes(return_X_y=True)
    theirs = LassoLarsIC(criterion=criterion, fit_intercept=fit_intercept).fit(X, y)
    chosen = np.flatnonzero(theirs.alphas_ == theirs.alpha_)[0]
    at = slice(1, len(theirs.alphas_) - 1)
    path = regularization_path(
        X, y, alphas=theirs.alphas_[at], fit_intercept=fit_intercept, tol=1e-15, max_iter=10_000
    )
    assert path.noise_variance == pytest.approx(theirs.noise_variance_, rel=1e-9)
    found = path.information_criterion(criterion, noise_variance=theirs.noise_variance_)
    # a column that enters or leaves at a knot may come out as 0 or as rounding there
    step = 2.0 if criterion == "aic" else np.log(len(y))
    extra = (path.df - [np.count_nonzero(np.abs(c) > 1e-6) for c in path.coefs.toarray()]) * step
    np.testing.assert_allclose(found - extra, theirs.criterion_[at], rtol=1e-8)
    assert int(np.argmin(found - extra)) == chosen - 1
    inside = 0.999 * theirs.alphas_[at]
    path = regularization_path(X, y, alphas=inside, fit_intercept=fit_intercept, tol=1e-14)
    assert path.alphas[path.best(criterion)] <= theirs.alpha_ * 1.001


class TestPublished:
    """Figures that others have printed."""

    def test_effective_df_of_prostate(self, shared_data: Path) -> None:
        """ESL Table 3.3's ridge: df = 5 of the 67 training rows, 4.977 at the coefficients."""
        X, y = load_dense(shared_data, "prostate")
        train = read_table(shared_data, "prostate")["train"] == 1
        X = (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)
        tables = json.loads((shared_data / "reference" / "esl_prostate_tables.json").read_text())
        ridge = tables["reproduced_here"]["Ridge"]
        path = ridge_path(X[train], y[train], alphas=[ridge["lambda_sum_of_squares_scale"]])
        assert round(float(path.df[0]), 3) == ridge["effective_df"]
        assert round(float(path.df[0])) == 5

    def test_cp_of_diabetes(self, shared_data: Path) -> None:
        """Cp as R's lars prints it; it counts a column that leaves at a knot."""
        with np.load(shared_data / "diabetes_quad.npz") as file:
            X, y = file["X_main"], file["y"]
        tables = json.loads((shared_data / "reference" / "lars_diabetes.json").read_text())
        knots = tables["reproduced_here"]["alpha_knots_objective_1_over_2n"]
        path = regularization_path(X, y, alphas=knots, tol=1e-15, max_iter=10_000)
        published = np.array(tables["published"]["summary"]["df"])
        found = path.information_criterion("cp") + 2 * (published - 1 - path.df)
        np.testing.assert_allclose(found, tables["published"]["Cp"], rtol=1e-8)


def test_noise_variance_of_dependent_columns() -> None:
    X, y, _ = make_data()
    path = regularization_path(X, y, alphas=3)
    doubled = regularization_path(np.hstack([X, X[:, :4]]), y, alphas=3)
    assert doubled.noise_variance == pytest.approx(path.noise_variance, rel=1e-8)
    rest = y - Ridge(alpha=0).fit(X, y).predict(X)
    assert path.noise_variance == pytest.approx(rest @ rest / (60 - 13), rel=1e-11)


def test_a_saturated_model_is_never_best() -> None:
    X, y, _ = make_data(15, 40)
    path = regularization_path(X, y, alphas=60, eps=1e-6, tol=1e-10)
    assert path.df.max() == 14
    found = path.information_criterion("bic")
    assert np.all(np.isinf(found) == (path.df == 14))
    assert path.df[path.best("bic")] < 14
    with pytest.raises(ValueError, match="give noise_variance"):
        path.information_criterion("cp")
    assert np.isfinite(path.information_criterion("cp", noise_variance=4.0)).all()


def test_from_moments() -> None:
    X, y, weight = make_data()
    held = Moments.from_arrays(X, y, weight)
    for l1_ratio in (1.0, 0.3):
        options = {"l1_ratio": l1_ratio, "alphas": 8, "tol": 1e-10}
        path = regularization_path(held, **options)
        rows = regularization_path(X, y, sample_weight=weight, **options)
        np.testing.assert_allclose(path.df, rows.df, rtol=1e-7)
        for criterion in ("ebic", "cp"):
            found = path.information_criterion(criterion)
            np.testing.assert_allclose(found, rows.information_criterion(criterion), rtol=1e-7)


def test_pickle_keeps_df_and_not_the_data() -> None:
    X, y, _ = make_data(60, 300)
    path = regularization_path(X, y, l1_ratio=0.5, alphas=10)
    written = pickle.dumps(path)
    assert len(written) < X.nbytes / 2
    found = pickle.loads(written)
    np.testing.assert_array_equal(found.df, path.df)
    assert found.best("bic") == path.best("bic")
    with pytest.raises(ValueError, match="noise_variance needs the data"):
        found.best("cp")


def test_data_that_changed_are_noticed(route: str) -> None:
    for l1_ratio, shape in ((0.5, (60, 12)), (0.01, (20, 45))):
        X, y, _ = make_data(*shape)
        X = np.asfortranarray(np.tile(X, (1, 30)) + np.random.default_rng(0).random((len(X), 1)))
        path = regularization_path(X, y, l1_ratio=l1_ratio, alphas=5)
        X *= 2.0
        if path.diagnostics.route == "working set":
            with pytest.raises(ValueError, match="X has changed"):
                _ = path.df


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"criterion": "AICC"}, "criterion == 'AICC'"),
        ({"noise_variance": 0.0}, "noise_variance == 0.0"),
        ({"noise_variance": -1.0}, "noise_variance == -1.0"),
        ({"criterion": "ebic", "gamma": 2.0}, "gamma == 2.0"),
    ],
)
def test_bad_options(options: dict[str, Any], message: str) -> None:
    X, y, _ = make_data()
    path = regularization_path(X, y, alphas=3)
    with pytest.raises(ValueError, match=message):
        path.information_criterion(**options)
    with pytest.raises(ValueError, match=message):
        path.best(**options)


def test_no_noise_left() -> None:
    X, y, _ = make_data()
    path = regularization_path(X, np.full(60, 3.0), alphas=[1.0, 0.1])
    assert path.best("bic") == 0
    for data in ((X, np.full(60, 3.0)), (X, X @ np.arange(12.0))):
        for form in (data, (Moments.from_arrays(*data),)):
            with pytest.raises(ValueError, match="exactly"):
                regularization_path(*form, alphas=[1.0, 0.1]).best("cp")
    free = regularization_path(
        X, np.full(60, 3.0), penalty_factor=np.r_[0, np.ones(11)], alphas=[1.0]
    )
    assert (free.df[0], free.n_nonzero[0]) == (1, 0)
    none = regularization_path(X, y, penalty_factor=np.full(12, np.inf), alphas=[1.0])
    assert none.noise_variance == pytest.approx(y.var(ddof=1))
    assert none.df[0] == 0
