"""The relaxed Lasso against `numpy.linalg.lstsq`, α by α and fold by fold."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import KFold, ShuffleSplit, TimeSeriesSplit

from fastreg import ElasticNetCV, LassoCV, Moments, regularization_path, ridge_path
from fastreg.designs import make_design
from fastreg.engine import Penalty, Task
from fastreg.model_selection.relaxed import relax

GAMMAS = (1.0, 0.75, 0.5, 0.25, 0.0)
RELAXED = {"relax_", "relax_values_", "relax_cv_mean_", "relax_cv_se_", "relaxed_violation_"}


def make_data(n: int = 60, p: int = 12, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Return correlated columns with means, a sparse target, and weights of which some are zero."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.7 * rng.standard_normal((n, 1)) + rng.uniform(-2, 2, p)
    coef = np.where(np.arange(p) % 4 == 0, rng.uniform(1, 3, p), 0.0)
    coef[12:] = 0.0
    y = X @ coef + rng.standard_normal(n) + 4.0
    return X, y, rng.exponential(size=n) * (rng.random(n) > 0.2)


def least_squares(
    X: np.ndarray, y: np.ndarray, weight: np.ndarray | None, support: np.ndarray, intercept: bool
) -> tuple[np.ndarray, float]:
    """Return coefficients (p,), zero but on the support, and the intercept, by `lstsq`.

    Of least norm in units of the weighted standard deviations.
    """
    w = np.ones(len(X)) if weight is None else weight
    root = np.sqrt(w)[:, None]
    mean = w @ X / w.sum() * intercept
    scale = np.sqrt(w @ (X - mean) ** 2)
    scale[scale == 0] = 1.0
    y_mean = w @ y / w.sum() * intercept
    coef = np.zeros(X.shape[1])
    if support.any():
        Z = (root * (X - mean) / scale)[:, support]
        coef[support] = np.linalg.lstsq(Z, root[:, 0] * (y - y_mean), rcond=1e-8)[0]
    coef /= scale
    return coef, float(y_mean - mean @ coef)


def mixture_errors(
    X: np.ndarray, y: np.ndarray, weight: np.ndarray | None, splits: list, options: dict[str, Any]
) -> np.ndarray:
    """Return held-out and training errors, shape (2, Γ, m, K)."""
    out = np.empty((2, len(GAMMAS), len(options["alphas"]), len(splits)))
    intercept = options.get("fit_intercept", True)
    free = np.zeros(X.shape[1], dtype=bool)
    if options.get("penalty_factor") is not None:
        free = np.asarray(options["penalty_factor"]) == 0
    for k, (train, test) in enumerate(splits):
        w = None if weight is None else weight[train]
        path = regularization_path(X[train], y[train], sample_weight=w, **options)
        for i, coef in enumerate(path.coefs.toarray()):
            fit, b0 = least_squares(X[train], y[train], w, (coef != 0) | free, intercept)
            for g, gamma in enumerate(GAMMAS):
                mixed = gamma * coef + (1 - gamma) * fit
                at = gamma * path.intercepts[i] + (1 - gamma) * b0
                for s, rows in enumerate((test, train)):
                    square = (y[rows] - at - X[rows] @ mixed) ** 2
                    out[s, g, i, k] = np.average(
                        square, weights=None if w is None else weight[rows]
                    )
    return out


@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("shape", [(60, 12), (40, 90)])
@pytest.mark.parametrize("cv", [KFold(4), TimeSeriesSplit(3), ShuffleSplit(4, random_state=0)])
@pytest.mark.parametrize("variant", ["plain", "weights", "factors", "no intercept"])
def test_errors_are_those_of_each_fold(
    route: str, kind: str, shape: tuple, cv: Any, variant: str
) -> None:
    X, y, weight = make_data(*shape)
    weight = weight if variant == "weights" else None
    options: dict[str, Any] = {"alphas": np.geomspace(2.0, 0.05, 8), "tol": 1e-10}
    if variant == "factors":
        options["penalty_factor"] = np.r_[0.0, np.inf, np.linspace(0.3, 2.0, shape[1] - 2)]
    if variant == "no intercept":
        options["fit_intercept"] = False
    model = LassoCV(cv=cv, relax=True, **options)
    model.fit(sparse.csr_array(X) if kind == "csr" else X, y, sample_weight=weight)
    expected = mixture_errors(X, y, weight, list(cv.split(X)), options)
    mean = expected[0].mean(axis=-1)
    np.testing.assert_array_equal(model.relax_values_, GAMMAS)
    np.testing.assert_allclose(model.relax_cv_mean_, mean, rtol=1e-6)
    se = expected[0].std(axis=-1, ddof=1) / np.sqrt(expected.shape[-1])
    np.testing.assert_allclose(model.relax_cv_se_, se, rtol=1e-5)
    g, k = np.unravel_index(np.argmin(mean), mean.shape)
    assert (model.relax_, model.alpha_) == (GAMMAS[g], model.alphas_[k])
    np.testing.assert_allclose(model.mse_path_, expected[0, g], rtol=1e-6)
    np.testing.assert_allclose(model.train_mse_path_, expected[1, g], rtol=1e-6)
    np.testing.assert_allclose(model.cv_mean_, mean[g], rtol=1e-6)


def test_refit_is_the_mixture(route: str) -> None:
    X, y, weight = make_data()
    plain = LassoCV(cv=4, alphas=20, tol=1e-12).fit(X, y, sample_weight=weight)
    for gamma in (0.0, 0.3):
        model = clone(plain).set_params(relax=[gamma]).fit(X, y, sample_weight=weight)
        assert model.relax_ == gamma
        path = regularization_path(X, y, alphas=[model.alpha_], sample_weight=weight, tol=1e-12)
        coef = path.coefs.toarray()[0]
        fit, b0 = least_squares(X, y, weight, coef != 0, True)
        np.testing.assert_allclose(model.coef_, gamma * coef + (1 - gamma) * fit, atol=1e-9)
        b0 = gamma * path.intercepts[0] + (1 - gamma) * b0
        assert model.intercept_ == pytest.approx(b0, abs=1e-8)
        assert 0 <= model.relaxed_violation_ < 1e-13
        assert model.dual_gap_ == pytest.approx(0.0, abs=1e-10)


def test_gamma_one_is_the_lasso(route: str) -> None:
    X, y, _ = make_data()
    plain = LassoCV(cv=4, alphas=20).fit(X, y)
    model = clone(plain).set_params(relax=[1]).fit(X, y)
    for name in ("coef_", "intercept_", "mse_path_", "train_mse_path_", "alpha_", "dual_gap_"):
        np.testing.assert_array_equal(getattr(model, name), getattr(plain, name))
    assert model.relaxed_violation_ == 0.0
    assert not RELAXED & vars(plain).keys()
    assert vars(model).keys() >= RELAXED
    model.set_params(relax=False).fit(X, y)
    assert not RELAXED & vars(model).keys()


def test_elastic_net_chooses_all_three() -> None:
    X, y, _ = make_data()
    ratios = [1.0, 0.4]
    model = ElasticNetCV(l1_ratio=ratios, cv=4, alphas=15, relax=True, tol=1e-10).fit(X, y)
    assert model.relax_cv_mean_.shape == (5, 2, 15)
    assert model.mse_path_.shape == (2, 15, 4)
    g, r, k = np.unravel_index(np.argmin(model.relax_cv_mean_), (5, 2, 15))
    assert model.relax_ == GAMMAS[g]
    assert model.l1_ratio_ == ratios[r]
    assert model.alpha_ == model.alphas_[r, k]
    options = {"alphas": model.alphas_[r], "l1_ratio": ratios[r], "tol": 1e-10}
    expected = mixture_errors(X, y, None, list(KFold(4).split(X)), options)
    np.testing.assert_allclose(model.relax_cv_mean_[:, r], expected[0].mean(axis=-1), rtol=1e-6)


def test_one_standard_error_is_along_the_chosen_share() -> None:
    X, y, _ = make_data(seed=3)
    model = LassoCV(cv=5, relax=True, selection_rule="1se").fit(X, y)
    at = int(np.argmin(model.cv_mean_))
    within = model.cv_mean_ <= model.cv_mean_[at] + model.cv_se_[at]
    assert model.alpha_ == model.alphas_[within].max()
    assert model.relax_cv_mean_.min() == model.cv_mean_[at]


@pytest.mark.parametrize("kind", ["dense", "csr", "moments"])
@pytest.mark.parametrize("gamma", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_a_relaxed_path(route: str, kind: str, gamma: float, l1_ratio: float) -> None:
    X, y, weight = make_data()
    options: dict[str, Any] = {"alphas": 20, "l1_ratio": l1_ratio, "tol": 1e-10}
    form = {"dense": X, "csr": sparse.csr_array(X), "moments": Moments.from_arrays(X, y, weight)}
    data = (form[kind],) if kind == "moments" else (form[kind], y)
    options["sample_weight"] = None if kind == "moments" else weight
    path = regularization_path(*data, **options)
    found = path.relax(gamma)
    w = weight / weight.sum()
    for k, coef in enumerate(path.coefs.toarray()):
        fit, b0 = least_squares(X, y, weight, coef != 0, True)
        mixed = gamma * coef + (1 - gamma) * fit
        np.testing.assert_allclose(found.coefs.toarray()[k], mixed, rtol=1e-8, atol=1e-9)
        b0 = gamma * path.intercepts[k] + (1 - gamma) * b0
        assert found.intercepts[k] == pytest.approx(b0, abs=1e-8)
        mse = w @ (y - b0 - X @ mixed) ** 2
        assert found.train_mse[k] == pytest.approx(mse, rel=1e-8)
        ratio = 1 - mse / (w @ (y - w @ y) ** 2)
        assert found.deviance_ratio[k] == pytest.approx(ratio, abs=1e-9)
    np.testing.assert_array_equal(found.n_nonzero, path.n_nonzero)
    np.testing.assert_allclose(found.predict(X[:3])[:, 4], found.predict(X[:3], found.alphas[4]))
    assert found.relaxation == gamma


def test_laws_of_a_relaxed_path(route: str) -> None:
    """Weights are repeated rows; the order of the columns makes no difference."""
    X, y, _ = make_data()
    times = np.random.default_rng(2).integers(0, 4, len(y))
    options = {"alphas": np.geomspace(2.0, 0.02, 10), "tol": 1e-12}
    found = regularization_path(X, y, sample_weight=times, **options).relax()
    order = np.random.default_rng(3).permutation(12)
    repeated = regularization_path(np.repeat(X, times, axis=0), np.repeat(y, times), **options)
    permuted = regularization_path(X[:, order], y, sample_weight=times, **options)
    np.testing.assert_allclose(repeated.relax().coefs.toarray(), found.coefs.toarray(), atol=1e-9)
    coefs = permuted.relax().coefs.toarray()
    np.testing.assert_allclose(coefs, found.coefs.toarray()[:, order], atol=1e-9)
    model = LassoCV(relax=True, cv=4, **options).fit(X, y, sample_weight=times)
    other = LassoCV(relax=True, cv=4, **options).fit(X[:, order], y, sample_weight=times)
    np.testing.assert_allclose(model.relax_cv_mean_, other.relax_cv_mean_, rtol=1e-8)
    np.testing.assert_allclose(model.coef_[order], other.coef_, atol=1e-9)


def test_dependent_columns_share(route: str) -> None:
    """Unpenalized copies are in every support; least norm gives them equal shares."""
    X, y, _ = make_data()
    X = np.hstack([X, X[:, :2]])
    X[:, 12] = 5.0 * X[:, 12] + 3.0
    factor = np.ones(14)
    factor[[0, 1, 12, 13]] = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = regularization_path(X, y, penalty_factor=factor, alphas=10, tol=1e-10)
    found = path.relax().coefs.toarray()
    np.testing.assert_allclose(found[:, 0], 5.0 * found[:, 12], rtol=1e-6)
    np.testing.assert_allclose(found[:, 1], found[:, 13], rtol=1e-6)
    for k, coef in enumerate(path.coefs.toarray()):
        fit, _ = least_squares(X, y, None, (coef != 0) | (factor == 0), True)
        np.testing.assert_allclose(found[k], fit, rtol=1e-6, atol=1e-8)


def test_unpenalized_columns_are_in_every_support() -> None:
    """Also where their coefficient is 0."""
    X, y, weight = make_data()
    factor = np.r_[0.0, 0.0, np.ones(10)]
    design = make_design(X, y, weight)
    design.moments(True)
    coefs = np.zeros((2, 12))
    coefs[1, 5] = 1.0
    (found,) = relax(design, [Task(Penalty(1.0, factor), np.ones(2))], [coefs])
    np.testing.assert_array_equal(found.cols, [0, 1, 5])
    for k, support in enumerate(([0, 1], [0, 1, 5])):
        fit, _ = least_squares(X, y, weight, np.isin(np.arange(12), support), True)
        np.testing.assert_allclose(found.least_squares[k], fit[[0, 1, 5]], rtol=1e-9, atol=1e-12)


def test_refit_comes_from_the_true_residual(route: str) -> None:
    """Nearly dependent columns far from 0: the Gram matrix alone gives six digits at best."""
    X, y, _ = make_data()
    X[:, 1] = X[:, 0] + 1e-5 * X[:, 1]
    factor = np.r_[0.0, 0.0, np.ones(10)]
    model = LassoCV(cv=4, alphas=20, relax=[0.0], penalty_factor=factor, tol=1e-10).fit(X, y)
    path = regularization_path(X, y, alphas=[model.alpha_], penalty_factor=factor, tol=1e-10)
    support = (path.coefs.toarray()[0] != 0) | (factor == 0)
    Z = X.astype(np.longdouble) - X.astype(np.longdouble).mean(axis=0)
    coef, _ = least_squares(X, y, None, support, True)
    for _ in range(3):  # refined in extended precision, by factors of the columns themselves
        rest = (y - y.mean() - Z @ coef.astype(np.longdouble)).astype(float)
        coef += least_squares(X, rest, None, support, True)[0]
    np.testing.assert_allclose(model.coef_, coef, rtol=1e-8, atol=1e-8)


def test_a_saturated_support_interpolates(route: str) -> None:
    X, y, _ = make_data(12, 40)
    path = regularization_path(X, y, alphas=30, eps=1e-5, tol=1e-12)
    assert path.n_nonzero[-1] == 11
    found = path.relax()
    assert found.train_mse[-1] < 1e-20
    np.testing.assert_allclose(found.predict(X)[:, -1], y, atol=1e-9)
    model = LassoCV(relax=True, cv=3, alphas=30, eps=1e-5).fit(X, y)
    assert np.isfinite(model.relax_cv_mean_).all()


def test_an_empty_support(route: str) -> None:
    X, y, _ = make_data()
    model = LassoCV(relax=True, cv=4, alphas=[100.0]).fit(X, y)
    assert model.relax_ == 1.0
    assert not model.coef_.any()
    assert model.intercept_ == pytest.approx(y.mean())
    assert np.ptp(model.relax_cv_mean_) < 1e-12
    model = LassoCV(relax=[0.0], cv=4, alphas=[100.0]).fit(X, y)
    assert model.relaxed_violation_ == 0.0
    path = regularization_path(X, y, alphas=[100.0]).relax()
    assert path.train_mse[0] == pytest.approx(y.var())


def test_least_squares_needs_less_shrinkage_to_predict() -> None:
    """Few strong columns among many: the relaxed fit has the smaller error and support."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((100, 200))
    y = X[:, :4] @ np.full(4, 4.0) + rng.standard_normal(100)
    plain, relaxed = LassoCV().fit(X, y), LassoCV(relax=True).fit(X, y)
    assert relaxed.relax_ < 1
    assert relaxed.cv_mean_.min() < plain.cv_mean_.min()
    assert np.count_nonzero(relaxed.coef_) < np.count_nonzero(plain.coef_)


def test_float32_and_jobs() -> None:
    X, y, _ = make_data()
    one = LassoCV(relax=True, cv=4).fit(X.astype(np.float32), y.astype(np.float32))
    two = clone(one).set_params(n_jobs=2).fit(X.astype(np.float32), y.astype(np.float32))
    assert one.coef_.dtype == one.mse_path_.dtype == np.float32
    np.testing.assert_array_equal(one.coef_, two.coef_)
    np.testing.assert_array_equal(one.relax_cv_mean_, two.relax_cv_mean_)


@pytest.mark.parametrize("model", [LassoCV, ElasticNetCV])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"relax": "yes"}, "relax"),
        ({"relax": [-0.1]}, "relax"),
        ({"relax": [0.0, np.nan]}, "relax"),
        ({"relax": [[0.0, 1.0]]}, "relax"),
        ({"relax": []}, "relax"),
        ({"relax": None}, "relax"),
        ({"relax": True, "positive": True}, "not available with bounds"),
        ({"relax": True, "upper": 1.0}, "not available with bounds"),
    ],
)
def test_bad_options(model: type, options: dict[str, Any], message: str) -> None:
    X, y, _ = make_data()
    with pytest.raises(ValueError, match=message):
        model(**options).fit(X, y)


def test_what_cannot_be_relaxed() -> None:
    X, y, _ = make_data()
    with pytest.raises(ValueError, match="l1_ratio=0"):
        ElasticNetCV(l1_ratio=[0.5, 0.0], alphas=[1.0], relax=True).fit(X, y)
    with pytest.raises(ValueError, match="l1_ratio=0"):
        ridge_path(X, y, alphas=2).relax()
    with pytest.raises(ValueError, match="not available with bounds"):
        regularization_path(X, y, alphas=3, positive=True).relax()
    path = regularization_path(X, y, alphas=3)
    with pytest.raises(ValueError, match=r"gamma == 1\.5"):
        path.relax(1.5)
    relaxed = path.relax()
    with pytest.raises(ValueError, match="relaxed already"):
        relaxed.relax(0.5)
    with pytest.raises(ValueError, match="no formula is known"):
        relaxed.best("bic")
    assert pickle.loads(pickle.dumps(relaxed)).relaxation == 0.0
    with pytest.raises(ValueError, match="relax needs the data"):
        pickle.loads(pickle.dumps(path)).relax()
