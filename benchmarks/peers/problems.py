"""The problems: 100 alphas from the largest down to 1/100 of it, centred, simulated and real.

Dense X is centred here, in Fortran order. Sparse X stays as it is: one problem without an
intercept, and one (``…_intercept``) in which the solver centres implicitly. y is always centred.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks.problems import regression

INTERCEPT = "_intercept"


@dataclass(frozen=True)
class Problem:
    """One Lasso path.

    Attributes
    ----------
    X : ndarray in Fortran order, or sparse CSC array, of shape (n, p)
    y : ndarray of shape (n,)
    alphas : ndarray of shape (m,)
        Downwards.
    fit_intercept : bool
    """

    X: Any
    y: np.ndarray
    alphas: np.ndarray
    fit_intercept: bool


def simulated(n: int, p: int, rho: float) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """AR(1) columns, 50 non-zero coefficients, signal-to-noise 3."""
    return lambda: regression(n, p, rho=rho, n_informative=50, snr=3.0)


def factor(n: int = 300, p: int = 20_000, n_factors: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Columns that share factors, with as much noise of their own as one factor has."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, n_factors)) @ rng.standard_normal((n_factors, p))
    X += rng.standard_normal((n, p))
    return X, _target(X, rng.choice(p, 50, replace=False), rng)


def counts(
    n: int = 10_000, p: int = 50_000, n_tokens: int = 518_000
) -> tuple[sparse.csc_array, np.ndarray]:
    """Counts of tokens whose frequency falls as 1/(10 + j): density 0.001."""
    rng = np.random.default_rng(0)
    frequency = 1.0 / (10.0 + np.arange(p))
    frequency /= frequency.sum()
    rows = rng.integers(n, size=n_tokens, dtype=np.int32)
    columns = rng.choice(p, n_tokens, p=frequency).astype(np.int32)
    X = sparse.csc_array((np.ones(n_tokens), (rows, columns)), shape=(n, p))
    return X, _target(X, rng.choice(p, 50, replace=False, p=frequency), rng)


def _target(X: Any, informative: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    signal = X[:, informative] @ rng.standard_normal(informative.size)
    return signal + rng.standard_normal(signal.size) * signal.std() / np.sqrt(3.0)


def _npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(path) as held:
        return held["X"], held["y"].astype(float)


def _svmlight(path: Path) -> tuple[sparse.csc_array, np.ndarray]:
    from sklearn.datasets import load_svmlight_file

    X, y = load_svmlight_file(str(path), zero_based=False)
    return sparse.csc_array(X), y


SIMULATED = {
    "tall": simulated(20_000, 500, 0.5),
    "square": simulated(3_000, 3_000, 0.5),
    "wide": simulated(500, 20_000, 0.5),
    "wide_correlated": simulated(500, 5_000, 0.95),
    "factor": factor,
    "sparse": counts,
}
REAL = {
    "riboflavin": (_npz, "riboflavin.npz"),
    "leukemia": (_npz, "leukemia_golub.npz"),
    "gasoline_nir": (_npz, "gasoline_nir.npz"),
    "movie_polarity": (_svmlight, "movie_polarity.svm.gz"),
    "we8there": (_svmlight, "we8there.svm.gz"),
}
SPARSE = ("sparse", "movie_polarity", "we8there")
NAMES = (*SIMULATED, *REAL, *(name + INTERCEPT for name in SPARSE))


def make(name: str, data: Path | None) -> Problem:
    """Simulate or read a problem; FileNotFoundError for a real one that is not in `data`."""
    base, fit_intercept = name.removesuffix(INTERCEPT), name.endswith(INTERCEPT)
    if base in SIMULATED:
        X, y = SIMULATED[base]()
    else:
        read, file = REAL[base]
        if data is None or not (data / file).exists():
            raise FileNotFoundError(f"{file} is not there: give its folder with --data")
        X, y = read(data / file)
    y = y - y.mean()
    if not sparse.issparse(X):
        X = np.asfortranarray(X - X.mean(axis=0))
    largest = np.abs(X.T @ y).max() / y.size
    return Problem(X, y, largest * np.geomspace(1.0, 0.01, 100), fit_intercept)


def save(problem: Problem, path: Path) -> None:
    """Write a problem as an uncompressed .npz."""
    X = problem.X
    parts = (
        {"data": X.data, "indices": X.indices, "indptr": X.indptr, "shape": X.shape}
        if sparse.issparse(X)
        else {"X": X}
    )
    np.savez(path, y=problem.y, alphas=problem.alphas, fit_intercept=problem.fit_intercept, **parts)


def load(path: Path) -> Problem:
    """Read what `save` wrote."""
    with np.load(path) as held:
        if "X" in held:
            X = held["X"]
        else:
            X = sparse.csc_array(
                (held["data"], held["indices"], held["indptr"]), shape=tuple(held["shape"])
            )
        return Problem(X, held["y"], held["alphas"], bool(held["fit_intercept"]))


def megabytes(problem: Problem) -> float:
    """Return what X occupies."""
    X = problem.X
    arrays = (X.data, X.indices, X.indptr) if sparse.issparse(X) else (X,)
    return sum(a.nbytes for a in arrays) / 2**20
