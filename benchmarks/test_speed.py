"""fastreg beside scikit-learn and one `dsyrk`, in one run: ``make bench``.

pytest-benchmark groups the rows of a comparison; compare medians. Threads are whatever the
environment pins (OPENBLAS_NUM_THREADS, taskset), the same for all. Accuracy is checked outside the
timed part.
"""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.linear_model as sk
from scipy.linalg.blas import dsyrk

import fastreg as fr
from benchmarks.problems import regression, relative_gaps, relative_joint_gap

L1_RATIOS = [0.1, 0.5, 0.7, 0.9, 0.95, 0.99, 1.0]
RIDGE_ALPHAS = np.geomspace(1e-2, 1e4, 50)


@pytest.fixture(scope="module")
def tall():
    return regression(100_000, 300)


@pytest.fixture(scope="module")
def tall_centred(tall):
    X, y = tall
    return np.asfortranarray(X - X.mean(axis=0)), y - y.mean()


def timed(benchmark, call, rounds=5):
    """Run one warm-up round and `rounds` counted ones; return the last result."""
    return benchmark.pedantic(call, rounds=rounds, iterations=1, warmup_rounds=1)


@pytest.mark.benchmark(group="Lasso path, 100 alphas, 100,000 x 300, centred")
@pytest.mark.parametrize("who", ["dsyrk", "scikit-learn", "fastreg"])
def test_lasso_path_centred(benchmark, tall_centred, who):
    X, y = tall_centred
    if who == "dsyrk":
        timed(benchmark, lambda: dsyrk(1.0, X, trans=1))
        return
    path = {"scikit-learn": sk.lasso_path, "fastreg": fr.lasso_path}[who]
    alphas, coefs, _ = timed(benchmark, lambda: path(X, y, alphas=100))
    assert relative_gaps(X, y, alphas[::33], coefs[:, ::33]).max() <= 1e-4


@pytest.mark.benchmark(group="Lasso path, 100 alphas, 100,000 x 300, uncentred, intercept")
@pytest.mark.parametrize("order", ["F", "C"])
@pytest.mark.parametrize("who", ["scikit-learn", "fastreg"])
def test_lasso_path_with_intercept(benchmark, tall, who, order):
    X, y = np.asarray(tall[0], order=order), tall[1]

    def scikit_learn():
        alphas, coefs, _ = sk.lasso_path(X - X.mean(axis=0), y - y.mean(), alphas=100)
        return alphas, coefs

    def fastreg():
        path = fr.regularization_path(X, y, alphas=100)
        return path.alphas, path.coefs.toarray().T

    alphas, coefs = timed(benchmark, fastreg if who == "fastreg" else scikit_learn)
    assert relative_gaps(X, y, alphas[::33], coefs[:, ::33]).max() <= 1e-4


@pytest.mark.benchmark(group="Ridge, 100,000 x 300")
@pytest.mark.parametrize("order", ["F", "C"])
@pytest.mark.parametrize("who", ["dsyrk", "scikit-learn", "fastreg"])
def test_ridge(benchmark, tall, who, order):
    X, y = np.asarray(tall[0], order=order), tall[1]
    if who == "dsyrk":
        timed(benchmark, lambda: dsyrk(1.0, X, trans=1) if order == "F" else dsyrk(1.0, X.T))
        return
    model = {"scikit-learn": sk.Ridge, "fastreg": fr.Ridge}[who]()
    timed(benchmark, lambda: model.fit(X, y))


@pytest.mark.benchmark(group="LassoCV, 5 folds, 50,000 x 200")
@pytest.mark.parametrize("who", ["scikit-learn", "fastreg"])
def test_lasso_cv(benchmark, who):
    X, y = regression(50_000, 200)
    model = {"scikit-learn": sk.LassoCV, "fastreg": fr.LassoCV}[who](cv=5)
    timed(benchmark, lambda: model.fit(X, y), rounds=3)


@pytest.mark.benchmark(group="ElasticNetCV, 7 l1_ratios, 5 folds, 10,000 x 200")
@pytest.mark.parametrize("who", ["scikit-learn", "fastreg"])
def test_elastic_net_cv(benchmark, who):
    X, y = regression(10_000, 200)
    kind = {"scikit-learn": sk.ElasticNetCV, "fastreg": fr.ElasticNetCV}[who]
    model = kind(l1_ratio=L1_RATIOS, cv=5)
    timed(benchmark, lambda: model.fit(X, y), rounds=3)


@pytest.mark.benchmark(group="MultiTaskLassoCV, 5 folds, 1,000 x 1,000 x 20 targets")
@pytest.mark.parametrize("who", ["scikit-learn", "fastreg"])
def test_multi_task_lasso_cv(benchmark, who):
    X, Y = regression(1_000, 1_000, n_targets=20)
    model = {"scikit-learn": sk.MultiTaskLassoCV, "fastreg": fr.MultiTaskLassoCV}[who](cv=5)
    if who == "scikit-learn":  # most of a minute
        benchmark.pedantic(lambda: model.fit(X, Y), rounds=1)
    else:
        timed(benchmark, lambda: model.fit(X, Y), rounds=3)
    assert relative_joint_gap(X, Y, model.alpha_, model.coef_) <= 1e-4


@pytest.mark.benchmark(group="RidgeCV, 50 alphas, 5 folds, 20,000 x 300")
@pytest.mark.parametrize("who", ["scikit-learn", "fastreg"])
def test_ridge_cv(benchmark, who):
    X, y = regression(20_000, 300)
    model = {"scikit-learn": sk.RidgeCV, "fastreg": fr.RidgeCV}[who](alphas=RIDGE_ALPHAS, cv=5)
    timed(benchmark, lambda: model.fit(X, y), rounds=1 if who == "scikit-learn" else 3)


@pytest.mark.benchmark(group="Lasso, 100 x 10 (latency)")
@pytest.mark.parametrize("who", ["scikit-learn", "fastreg"])
def test_small_fit(benchmark, who):
    X, y = regression(100, 10)
    kind = {"scikit-learn": sk.Lasso, "fastreg": fr.Lasso}[who]
    benchmark.pedantic(lambda: kind(alpha=0.1).fit(X, y), rounds=50, iterations=20, warmup_rounds=5)
