"""`lasso_path` and `enet_path` beside scikit-learn: arrays, errors, warnings, deprecations."""

import warnings

import numpy as np
import pytest
import sklearn.linear_model as sk

import fastreg as fr

from .beside import HELD, TIGHT, called, problem

PATHS = ["lasso_path", "enet_path"]


@pytest.mark.parametrize(("targets", "positive"), [(1, False), (1, True), (2, False)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("name", PATHS)
def test_paths(name, held, dtype, targets, positive):
    X, y, _ = problem(targets, dtype)
    X = HELD[held](X)
    options = {"alphas": 20, "eps": 1e-2, "positive": positive}
    ours = getattr(fr, name)(X, y, return_n_iter=True, **options, **TIGHT)
    theirs = getattr(sk, name)(X, y, return_n_iter=True, **options)
    for own, wanted in zip(ours[:3], theirs[:3], strict=True):
        assert (own.shape, own.dtype) == (wanted.shape, wanted.dtype)
    assert len(ours[3]) == len(theirs[3]) == 20
    assert {type(count) for count in ours[3]} == {int}
    alphas, coefs, _ = getattr(sk, name)(X.astype(float), y.astype(float), **options, **TIGHT)
    tol = 1e-8 if dtype is np.float64 else 2e-6
    np.testing.assert_allclose(ours[0], alphas, rtol=1e-6)
    np.testing.assert_allclose(ours[1], coefs, rtol=tol, atol=tol)


@pytest.mark.parametrize("precompute", [True, False, "auto", "gram"])
def test_paths_from_a_gram_matrix_and_from_coefficients(precompute):
    X, y, _ = problem()
    precompute = X.T @ X if precompute == "gram" else precompute
    start = np.linspace(-1, 1, 12)
    ours, theirs = (
        m.enet_path(X, y, alphas=[0.3, 0.1], precompute=precompute, coef_init=start, **TIGHT)
        for m in (fr, sk)
    )
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-9)
    warm = fr.enet_path(X, y, alphas=[0.1], coef_init=ours[1][:, -1], return_n_iter=True)
    assert warm[3] == [0]


BAD_PATHS = {
    "eps": [0, -1, "a"],
    "alphas": [0, "x", 2.5],
    "l1_ratio": [-0.1, 2, "a"],
    "precompute": ["x", 3],
    "copy_X": ["a"],
    "positive": [3],
    "verbose": [-1],
    "return_n_iter": [2],
    "check_input": ["a"],
    "selection": ["foo"],
}


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        (name, parameter, value)
        for name in PATHS
        for parameter in BAD_PATHS
        for value in BAD_PATHS[parameter]
        if name == "enet_path" or parameter not in ("l1_ratio", "check_input")
    ],
)
def test_paths_refuse(name, parameter, value):
    X, y, _ = problem()
    given = {"alphas": 3, parameter: value}
    found, wanted = (
        called(lambda m=module: getattr(m, name)(X, y, **given)) for module in (fr, sk)
    )
    assert wanted[0] is not None
    assert found == wanted


@pytest.mark.parametrize("name", PATHS)
def test_paths_refuse_what_they_do_not_know(name):
    X, y, _ = problem()
    for module in (fr, sk):
        with pytest.raises(ValueError, match=r"Unexpected parameters in params.*foo"):
            getattr(module, name)(X, y, alphas=3, foo=1)


@pytest.mark.parametrize(
    "options", [{}, {"alphas": None}, {"n_alphas": 5}, {"alphas": 5}, {"alphas": [0.1]}], ids=str
)
@pytest.mark.parametrize("name", PATHS)
def test_what_is_deprecated_in_paths(name, options):
    X, y, _ = problem()
    found, wanted = (
        called(lambda m=module: getattr(m, name)(X, y, **options)) for module in (fr, sk)
    )
    assert found == wanted
    counts = []
    for module in (fr, sk):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            counts.append(len(getattr(module, name)(X, y, **options)[0]))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("name", PATHS)
def test_paths_of_several_targets_are_not_positive(name):
    X, Y, _ = problem(2)
    for module in (fr, sk):
        with pytest.raises(ValueError, match="positive=True is not allowed for multi-output"):
            getattr(module, name)(X, Y, alphas=3, positive=True)


def test_a_path_without_an_l1_part_has_no_grid():
    X, y, _ = problem()
    for module in (fr, sk):
        with pytest.raises(ValueError, match="Automatic alpha grid generation is not supported"):
            module.enet_path(X, y, alphas=3, l1_ratio=0)


@pytest.mark.parametrize("held", HELD)
def test_weights_along_a_path(held):
    """Those of scikit-learn's estimators; its path functions use them for sparse X only."""
    X, y, w = problem()
    X, w = HELD[held](X), w * (60 / w.sum())
    found = fr.enet_path(X, y, alphas=[0.3, 0.1], sample_weight=w, **TIGHT)[1]
    for alpha, coef in zip([0.3, 0.1], found.T, strict=True):
        single = sk.ElasticNet(alpha, fit_intercept=False, **TIGHT).fit(X, y, w)
        np.testing.assert_allclose(coef, single.coef_, atol=1e-9)
    if held in ("csr", "csc"):
        theirs = sk.enet_path(X, y, alphas=[0.3, 0.1], sample_weight=w, **TIGHT)[1]
        np.testing.assert_allclose(found, theirs, atol=1e-9)
