"""How exact the answers are, in figures: ``python -m benchmarks.accuracy DATA``.

The tests hold the same quantities to their limits; this prints how far inside they are. DATA is the
folder of real data sets that the tests use.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
from scipy.linalg import LinAlgWarning, lstsq

from fastreg import ElasticNet, Moments, Ridge
from tests.oracles import DENSE, Instance, load_dense
from tests.test_published import NIST, _nist, _stacked, certified_digits


def violation(folder: Path, name: str) -> float:
    """Return the worst violation of optimality over α and l1_ratio at tol=1e-12, relative."""
    X, y = load_dense(folder, name)
    worst = 0.0
    for l1_ratio in (1.0, 0.5, 0.1):
        instance = Instance(X, y, l1_ratio)
        for fraction in (0.5, 0.1, 0.01):
            alpha = fraction * instance.alpha_max()
            model = ElasticNet(alpha, tol=1e-12, max_iter=20_000, **instance.options).fit(X, y)
            worst = max(worst, instance.worst(alpha, model.coef_, model.intercept_))
    return worst


def digits(folder: Path, name: str) -> tuple[float, float]:
    """Return the certified digits of Ridge(alpha=0) and of LAPACK's least squares."""
    X, y, entry = _nist(folder, name)
    intercept, exact = entry["intercept"], entry["exact"]["coef"]
    model = Ridge(alpha=0, fit_intercept=intercept).fit(X, y)
    raw = np.column_stack([np.ones(y.size), X]) if intercept else X
    ours = certified_digits(_stacked(model) if intercept else model.coef_, exact)
    return ours, certified_digits(lstsq(raw, y)[0], exact)


def merging(level: float) -> float:
    """Return how far moments merged from random parts are from one pass, in units of √(S_jj S_kk).

    The worst of 200 draws; `level` is the mean of the columns in units of their spread.
    """
    worst, rng = 0.0, np.random.default_rng(0)
    for _ in range(200):
        n, p = rng.integers(20, 400), rng.integers(1, 12)
        X, y = rng.standard_normal((n, p)) + level, rng.standard_normal(n)
        cuts = np.sort(rng.integers(1, n, rng.integers(1, 8)))
        parts = [
            Moments.from_arrays(X[rows], y[rows])
            for rows in np.split(rng.permutation(n), cuts)
            if rows.size
        ]
        merged = parts[0]
        for part in parts[1:]:
            merged = merged + part
        whole = Moments.from_arrays(X, y)
        root = np.sqrt(np.diagonal(whole.s_xx))
        worst = max(worst, np.max(np.abs(merged.s_xx - whole.s_xx) / np.outer(root, root)))
    return worst


def main() -> None:
    """Print all of it."""
    warnings.simplefilter("ignore", LinAlgWarning)
    folder = Path(sys.argv[1])
    print("worst violation of optimality, relative to the largest |X'y|, at tol=1e-12")
    for name in DENSE:
        print(f"  {name:24s} {violation(folder, name):.1e}")
    print("certified digits of Ridge(alpha=0) / scipy.linalg.lstsq")
    for name in NIST:
        print(f"  {name:24s} {digits(folder, name)[0]:.1f} / {digits(folder, name)[1]:.1f}")
    print("moments merged against one pass")
    for level in (0.0, 1e4, 1e8):
        print(f"  means {level:.0e} spreads      {merging(level):.1e}")


if __name__ == "__main__":
    main()
