"""Error curves of 20,000 rows and 200 columns beside scikit-learn's: ``make bench``.

The same splits, the same alphas, the same accuracy: both sides at a tolerance of 1e-10, errors
equal to 1e-8 (asserted). Medians of a group compare.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import sklearn.linear_model as sk
from sklearn.model_selection import learning_curve as sk_learning_curve
from sklearn.model_selection import validation_curve

from benchmarks.problems import regression
from fastreg.model_selection import complexity_curve, learning_curve

ALPHAS = np.geomspace(1.0, 1e-3, 20)
SIZES = np.linspace(0.1, 1.0, 10)
SCORING = "neg_mean_squared_error"
TIGHT = {"tol": 1e-10, "max_iter": 100_000}
ESTIMATORS = {"lasso": sk.Lasso(**TIGHT), "ridge": sk.Ridge()}


@cache
def data() -> tuple[np.ndarray, np.ndarray]:
    return regression(20_000, 200)


def complexity(who: str, penalty: str) -> np.ndarray:
    if who == "fastreg":
        return complexity_curve(*data(), penalty=penalty, alphas=ALPHAS, tol=1e-10).held_out_errors
    return -validation_curve(
        ESTIMATORS[penalty], *data(), param_name="alpha", param_range=ALPHAS, scoring=SCORING
    )[1]


def learning(who: str, penalty: str) -> np.ndarray:
    if who == "fastreg":
        return learning_curve(
            *data(), penalty=penalty, alpha=0.01, train_sizes=SIZES, tol=1e-10
        ).held_out_errors
    estimator = ESTIMATORS[penalty].set_params(alpha=0.01)
    return -sk_learning_curve(estimator, *data(), train_sizes=SIZES, scoring=SCORING)[2]


@cache
def reference(curve: Any, penalty: str) -> np.ndarray:
    return curve("scikit-learn", penalty)


@pytest.mark.parametrize("who", ["scikit-learn", "fastreg"])
@pytest.mark.parametrize("penalty", ["lasso", "ridge"])
@pytest.mark.parametrize("curve", [complexity, learning])
def test_curve(benchmark: Any, curve: Any, penalty: str, who: str) -> None:
    data()
    benchmark.group = f"{curve.__name__} curve of {penalty}, 20,000 x 200"
    found = benchmark.pedantic(
        curve, args=(who, penalty), rounds=1 if who == "scikit-learn" else 5, warmup_rounds=0
    )
    np.testing.assert_allclose(found, reference(curve, penalty), rtol=1e-8)
