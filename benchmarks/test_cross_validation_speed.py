"""Cross-validation, ridge and many targets beside scikit-learn: ``make bench``.

Medians of a group compare; threads are whatever the environment pins, the same for all. Where
scikit-learn takes a minute or more it runs once.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import sklearn.linear_model as sk

import fastreg as fr
from benchmarks.peers.problems import counts
from benchmarks.problems import regression

WHO = {"scikit-learn": sk, "fastreg": fr}
L1_RATIOS = [0.1, 0.5, 0.7, 0.9, 0.95, 0.99, 1.0]
RIDGE_ALPHAS = np.geomspace(1e-2, 1e4, 50)


@cache
def dense(n: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    return regression(n, p)


@cache
def targets(n: int, p: int, t: int) -> tuple[np.ndarray, np.ndarray]:
    """Many targets, each with 20 effects of its own and a signal-to-noise ratio of 3."""
    X, _ = regression(n, p)
    rng = np.random.default_rng(1)
    effects = np.zeros((p, t))
    for effect in effects.T:
        effect[rng.choice(p, 20, replace=False)] = rng.standard_normal(20)
    signal = X @ effects
    return X, signal + rng.standard_normal((n, t)) * signal.std(axis=0) / np.sqrt(3.0)


CASES = {
    "LassoCV, 5 folds, 50,000 x 200": ("LassoCV", {"cv": 5}, lambda: dense(50_000, 200), 3),
    "LassoCV, 20 folds, 50,000 x 200": ("LassoCV", {"cv": 20}, lambda: dense(50_000, 200), 3),
    "LassoCV, 5 folds, 300 x 10,000": (
        "LassoCV", {"cv": 5, "eps": 1e-2}, lambda: dense(300, 10_000), 1,
    ),
    "LassoCV, 5 folds, counts 10,000 x 50,000": ("LassoCV", {"cv": 5, "eps": 1e-2}, counts, 1),
    "ElasticNetCV, 7 l1_ratios, 5 folds, 10,000 x 200": (
        "ElasticNetCV", {"cv": 5, "l1_ratio": L1_RATIOS}, lambda: dense(10_000, 200), 3,
    ),
    "ElasticNetCV, 7 l1_ratios, 5 folds, 300 x 5,000": (
        "ElasticNetCV", {"cv": 5, "l1_ratio": L1_RATIOS, "eps": 1e-2}, lambda: dense(300, 5000), 1,
    ),
    "RidgeCV, 50 alphas, 5 folds, 20,000 x 300": (
        "RidgeCV", {"cv": 5, "alphas": RIDGE_ALPHAS}, lambda: dense(20_000, 300), 1,
    ),
    "RidgeCV, 50 alphas, leave-one-out, 5,000 x 500": (
        "RidgeCV", {"alphas": RIDGE_ALPHAS}, lambda: dense(5000, 500), 3,
    ),
    "RidgeCV, 50 alphas, leave-one-out, 300 x 20,000": (
        "RidgeCV", {"alphas": RIDGE_ALPHAS}, lambda: dense(300, 20_000), 3,
    ),
    "Lasso, 200 targets, 1,000 x 300": (
        "Lasso", {"alpha": 0.1}, lambda: targets(1000, 300, 200), 3,
    ),
    **{
        f"Ridge, {what}, 200 targets, {n:,} x {p:,}": (
            "Ridge", {"alpha": alpha}, lambda n=n, p=p: targets(n, p, 200), 3,
        )
        for n, p in [(1000, 300), (20_000, 300), (300, 2000)]
        for what, alpha in [("one alpha", 1.0), ("an alpha each", np.geomspace(0.1, 100.0, 200))]
    },
    **{
        f"RidgeCV, {what}, 20 targets, {n:,} x {p:,}": (
            "RidgeCV", options, lambda n=n, p=p: targets(n, p, 20), 3,
        )
        for n, p in [(1000, 300), (20_000, 300), (300, 2000)]
        for what, options in [
            ("leave-one-out", {}),
            ("leave-one-out, an alpha each", {"alpha_per_target": True}),
            ("5 folds", {"cv": 5}),
        ]
    },
}  # fmt: skip


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_cross_validation(benchmark, case: str, who: str) -> None:
    name, options, data, rounds = CASES[case]
    X, y = data()
    model = getattr(WHO[who], name)(**options)
    benchmark.group = case
    once = who == "scikit-learn" and rounds == 1
    benchmark.pedantic(
        lambda: model.fit(X, y),
        rounds=1 if once else 3,
        iterations=1,
        warmup_rounds=0 if once else 1,
    )


@pytest.mark.benchmark(group="LassoCV(5) beside one path")
@pytest.mark.parametrize("what", ["path", "LassoCV"])
@pytest.mark.parametrize(("n", "p", "eps"), [(50_000, 200, 1e-3), (300, 10_000, 1e-2)])
def test_one_path(benchmark, n: int, p: int, eps: float, what: str) -> None:
    X, y = dense(n, p)
    call = {
        "path": lambda: fr.lasso_path(X, y, alphas=100, eps=eps),
        "LassoCV": lambda: fr.LassoCV(cv=5, eps=eps).fit(X, y),
    }[what]
    benchmark.group = f"LassoCV(5) beside one path, {n:,} x {p:,}"
    benchmark.pedantic(call, rounds=5, iterations=1, warmup_rounds=1)
