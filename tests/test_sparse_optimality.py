"""Optimality on real data by both routes: sparse sets, and the wide dense ones by a working set."""

from __future__ import annotations

import warnings
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from fastreg import regularization_path

from .oracles import Instance, load_dense, load_sparse

FRACTIONS = np.array([0.5, 0.1, 0.01])
RATIOS = (1.0, 0.5, 0.1)
OPTIMAL = 1e-8
TIGHT = 1e-12


@cache
def read_sparse(folder: Path, name: str) -> tuple[sparse.csr_array, np.ndarray]:
    """Return X and y; a name may end in the part that is wanted, as in ``a9a[:5000, ::2]``."""
    name, _, part = name.partition("[")
    X, y = load_sparse(folder, name)
    if part:
        rows, cols = (slice(*(int(v) if v else None for v in s.split(":")))
                      for s in part.rstrip("]").split(","))  # fmt: skip
        X, y = sparse.csr_array(X[rows, cols]), y[rows]
    assert np.ptp(y) > 0, "rows are sorted by the target: a constant one tests nothing"
    return X, y


@cache
def read_dense(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    return load_dense(folder, name)


def assert_optimal_path(
    instance: Instance, fractions: np.ndarray = FRACTIONS, X: Any = None, tol: float = TIGHT
) -> Any:
    """Fit a path without a warning and judge every point by code that shares nothing with it."""
    alphas = instance.alpha_max() * fractions
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = regularization_path(
            instance.X if X is None else X,
            instance.y,
            alphas=alphas,
            sample_weight=instance.weight,
            **instance.options,
            tol=tol,
            max_iter=20_000,
        )
    for alpha, coef, b0, gap in zip(
        alphas, path.coefs.toarray(), path.intercepts, path.dual_gaps, strict=True
    ):
        assert instance.worst(alpha, coef, b0) <= OPTIMAL, alpha / alphas[0]
        assert gap <= 10 * tol * instance.yy
    return path


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize(
    "name",
    ["glmnet_sparse_example", "a9a[:4000,:]", "a9a[:,:40]", "we8there[::4,:400]",
     "we8there[::20,:]", "movie_polarity[:200,:700]"],
)  # fmt: skip
def test_parts_of_every_sparse_set(
    shared_data: Path, route: str, name: str, l1_ratio: float, fit_intercept: bool
) -> None:
    X, y = read_sparse(shared_data, name)
    instance = Instance(X, y, l1_ratio, fit_intercept=fit_intercept)
    path = assert_optimal_path(instance)
    assert path.diagnostics.route == route


@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize("name", ["a9a", "we8there", "movie_polarity"])
def test_whole_sparse_sets(
    shared_data: Path, on_working_set: None, name: str, l1_ratio: float
) -> None:
    X, y = read_sparse(shared_data, name)
    assert_optimal_path(Instance(X, y, l1_ratio), np.array([0.5, 0.1]))


@pytest.mark.slow
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize("name", ["a9a", "we8there"])
def test_whole_sparse_sets_far_down(
    shared_data: Path, route: str, name: str, l1_ratio: float, fit_intercept: bool
) -> None:
    X, y = read_sparse(shared_data, name)
    assert_optimal_path(Instance(X, y, l1_ratio, fit_intercept=fit_intercept))


@pytest.mark.slow
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("l1_ratio", RATIOS)
def test_movie_polarity_far_down(
    shared_data: Path, on_working_set: None, l1_ratio: float, fit_intercept: bool
) -> None:
    """19,000 words, 2,000 reviews: p² does not fit. A thousandth leaves some 1,000 words."""
    X, y = read_sparse(shared_data, "movie_polarity")
    instance = Instance(X, y, l1_ratio, fit_intercept=fit_intercept)
    assert_optimal_path(instance, np.r_[FRACTIONS, 1e-3])


@pytest.mark.slow
def test_movie_polarity_at_a_ten_thousandth(shared_data: Path, on_working_set: None) -> None:
    """There almost as many words as reviews are needed."""
    X, y = read_sparse(shared_data, "movie_polarity")
    path = assert_optimal_path(Instance(X, y), np.geomspace(1e-2, 1e-4, 5))
    assert path.n_nonzero[-1] > 1500


@pytest.mark.parametrize("l1_ratio", RATIOS)
def test_every_option_on_counts(shared_data: Path, route: str, l1_ratio: float) -> None:
    X, y = read_sparse(shared_data, "we8there[::8,:300]")
    rng = np.random.default_rng(0)
    weight = rng.exponential(size=len(y)) * (rng.random(len(y)) < 0.8)
    factor = rng.uniform(0.2, 3.0, 300)
    factor[[3, 50]], factor[100:150] = 0.0, np.inf
    for fields in (
        {"weight": weight},
        {"standardize": True},
        {"penalty_factor": factor},
        {"lower": 0.0},
        {"lower": -0.02, "upper": 0.05},
        {"weight": weight, "standardize": True, "penalty_factor": factor, "lower": -0.1},
        {"weight": weight, "penalty_factor": factor, "fit_intercept": False},
    ):
        assert_optimal_path(Instance(X, y, l1_ratio, **fields), FRACTIONS[1:])


@pytest.mark.parametrize("kind", ["csr", "csc", "int64", "unsorted", "float32"])
def test_every_form_of_the_same_counts(shared_data: Path, on_working_set: None, kind: str) -> None:
    X, y = read_sparse(shared_data, "we8there[::10,:500]")
    instance = Instance(X, y, 0.9)
    form = X.tocsc() if kind == "csc" else X.copy()
    if kind == "int64":
        form.indices, form.indptr = form.indices.astype(np.int64), form.indptr.astype(np.int64)
    if kind == "unsorted":
        form = form[:, ::-1][:, ::-1]  # SciPy turns the entries of a row around twice
        form = sparse.csr_array((form.data, form.indices, form.indptr), shape=form.shape)
        for first, last in pairwise(form.indptr):
            form.indices[first:last] = form.indices[first:last][::-1].copy()
            form.data[first:last] = form.data[first:last][::-1].copy()
        form.has_sorted_indices = False
    if kind == "float32":
        form = form.astype(np.float32)  # counts are exact
    assert_optimal_path(instance, X=form)


def test_sparse_is_dense(shared_data: Path, route: str) -> None:
    """The same path from the same numbers, with the zeros written out."""
    X, y = read_sparse(shared_data, "movie_polarity[:200,:700]")
    instance = Instance(X, y, 0.9)
    found, other = (assert_optimal_path(instance, X=form) for form in (X, X.toarray()))
    scale = np.abs(other.coefs).max()
    assert np.abs((found.coefs - other.coefs).toarray()).max() <= 1e-7 * scale


WIDE = (
    "gasoline_nir", "eyedata_trim32", "colon_alon", "permeability_qsar", "riboflavin",
    "leukemia_golub",
)  # fmt: skip


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize("name", WIDE)
def test_wide_dense_sets(
    shared_data: Path, on_working_set: None, name: str, l1_ratio: float, fit_intercept: bool
) -> None:
    X, y = read_dense(shared_data, name)
    instance = Instance(X, y, l1_ratio, fit_intercept=fit_intercept)
    path = assert_optimal_path(instance)
    assert path.diagnostics.route == "working set"


@pytest.mark.slow
@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("name", WIDE)
def test_wide_dense_sets_on_a_fine_grid(
    shared_data: Path, on_working_set: None, name: str, l1_ratio: float, fit_intercept: bool
) -> None:
    X, y = read_dense(shared_data, name)
    instance = Instance(X, y, l1_ratio, fit_intercept=fit_intercept)
    assert_optimal_path(instance, np.geomspace(1.0, 1e-2, 40)[[*range(0, 40, 4), 39]])


@pytest.mark.slow
@pytest.mark.parametrize("l1_ratio", RATIOS)
@pytest.mark.parametrize("name", WIDE)
def test_wide_dense_sets_at_a_ten_thousandth(
    shared_data: Path, on_working_set: None, name: str, l1_ratio: float
) -> None:
    X, y = read_dense(shared_data, name)
    assert_optimal_path(Instance(X, y, l1_ratio), np.geomspace(1.0, 1e-4, 13)[[0, 4, 8, 10, 12]])


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("l1_ratio", [*RATIOS, 0.01])
def test_duplicated_and_constant_fingerprints(
    shared_data: Path, on_working_set: None, l1_ratio: float, standardize: bool
) -> None:
    """Of 1,107 columns 38 are constant and only 327 are distinct."""
    X, y = read_dense(shared_data, "permeability_qsar")
    instance = Instance(X, y, l1_ratio, standardize=standardize)
    path = assert_optimal_path(instance)
    constant = np.ptp(X, axis=0) == 0
    assert np.count_nonzero(constant) == 38
    assert np.all(path.coefs.toarray()[:, constant] == 0)
    if l1_ratio < 1:  # then the coefficients of equal columns are equal
        _, first, group = np.unique(X, axis=1, return_index=True, return_inverse=True)
        coefs = path.coefs.toarray()
        scale = np.abs(coefs).max()
        same = coefs[:, first][:, group.ravel()]
        assert np.abs(coefs - same).max() <= 1e-5 * scale
    as_sparse = assert_optimal_path(instance, X=sparse.csr_array(X))
    lost = as_sparse.deviance_ratio - path.deviance_ratio
    assert np.abs(lost).max() <= 1e-9


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_a_weighted_constant_target(shared_data: Path, route: str, l1_ratio: float) -> None:
    """What rounding leaves of y − ȳ is no target."""
    X, _ = read_sparse(shared_data, "we8there[::8,:300]")
    weight = np.random.default_rng(0).exponential(size=X.shape[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = regularization_path(
            X, np.full(X.shape[0], 0.7), alphas=[1e-3, 0.0], l1_ratio=l1_ratio, sample_weight=weight
        )
    assert path.coefs.nnz == 0
    np.testing.assert_allclose(path.intercepts, 0.7, rtol=1e-15)
    assert np.all(path.dual_gaps == 0)
