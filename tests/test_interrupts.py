"""Ctrl-C ends any fit within a second, leaves no thread behind and the estimator as it was.

The fits run in a process of their own, which gets a real SIGINT from outside: a thread of the same
process could not send one while a kernel holds the interpreter's lock.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

PATIENCE = 1.0  # seconds from the signal to the end of the fit and of its threads

CHILD = """
import json, sys, threading, time
import numpy as np
import fastreg
from scipy import sparse

name, options, kind, n, p = json.loads(sys.argv[1])
rng = np.random.default_rng(0)
X = rng.standard_normal((n, p))
if kind == "dependent":
    X[:, p // 2 :] = X[:, : p - p // 2]
elif kind == "sparse":
    X = sparse.csr_array(np.where(rng.random((n, p)) < 0.1, X, 0.0))
y = X[:, :50] @ rng.standard_normal(50) + 5.0 * rng.standard_normal(n)
model = getattr(fastreg, name)(**options)

def state():
    return {key: (id(value), repr(value)) for key, value in vars(model).items()}

def attempt():
    before, threads = state(), threading.active_count()
    print("fitting", flush=True)
    try:
        model.fit(X, y)
        return {"finished": True}
    except KeyboardInterrupt:
        caught = time.monotonic()
    while threading.active_count() > threads and time.monotonic() < caught + 20.0:
        time.sleep(0.005)
    return {
        "finished": False, "caught": caught, "alone": time.monotonic(),
        "same": before == state(), "fitted": "coef_" in before,
    }

print("ready", flush=True)
for line in sys.stdin:
    if line == "small\\n":
        model.fit(rng.standard_normal((30, 4)), rng.standard_normal(30))
        print(json.dumps("coef_" in vars(model)), flush=True)
    else:
        print(json.dumps(attempt()), flush=True)
"""


@pytest.fixture
def start() -> Iterator[Callable]:
    """Start a process that waits for orders; returns a function that gives one and its answer."""
    running = []

    def begin(name: str, options: dict, kind: str, n: int, p: int) -> Callable:
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD, json.dumps([name, options, kind, n, p])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        running.append(process)
        assert process.stdout.readline() == "ready\n"

        def give(order: str, delay: float = 0.0) -> tuple[object, float]:
            process.stdin.write(order + "\n")
            process.stdin.flush()
            sent = 0.0
            if order == "big":
                assert process.stdout.readline() == "fitting\n"
                time.sleep(delay)
                sent = time.monotonic()  # one clock for all processes
                process.send_signal(signal.SIGINT)
            return json.loads(process.stdout.readline()), sent

        return give

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def assert_interruptible(give: Callable, delays: np.ndarray) -> None:
    for k, delay in enumerate(delays):
        if k == 1:
            assert give("small")[0] is True
        answer, sent = give("big", delay)
        assert not answer["finished"], f"the fit took less than {delay} s: give it more to do"
        assert answer["caught"] - sent < PATIENCE, f"interrupted after {delay} s"
        assert answer["alone"] - sent < PATIENCE, f"threads go on, interrupted after {delay} s"
        assert answer["same"]
        assert answer["fitted"] == (k > 0)


posix = pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a process")


@posix
@pytest.mark.slow  # a second is short on a machine that is busy with something else
@pytest.mark.parametrize(
    ("name", "options", "kind", "n", "p"),
    [
        ("RidgeCV", {}, "dense", 2500, 5000),
        ("Lasso", {"alpha": 1e-3}, "dense", 2500, 5000),
    ],
    ids=["leave-one-out", "lasso"],
)
def test_ctrl_c(start: Callable, name: str, options: dict, kind: str, n: int, p: int) -> None:
    assert_interruptible(start(name, options, kind, n, p), [0.3, 1.2])


MANY = list(np.logspace(3, -2, 100))


@posix
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "kind", "n", "p", "last"),
    [
        ("Ridge", {}, "dense", 8000, 3000, 1.5),
        ("Ridge", {}, "dense", 3000, 8000, 2.0),
        ("Ridge", {"alpha": 0.0}, "dense", 3000, 6000, 4.0),
        ("Ridge", {"alpha": 0.0}, "dense", 2000, 2000, 2.0),
        ("Ridge", {"alpha": 0.0}, "dependent", 6000, 3000, 8.0),
        ("RidgeCV", {"alphas": MANY}, "dense", 6000, 3000, 6.0),
        ("RidgeCV", {"alphas": MANY}, "dense", 3000, 6000, 4.0),
        ("RidgeCV", {"alphas": [1e-30]}, "dense", 2500, 2500, 8.0),
        ("RidgeCV", {"alphas": MANY, "cv": 5}, "dense", 6000, 2500, 4.0),
        ("RidgeCV", {"alphas": MANY, "cv": 5, "n_jobs": 2}, "dense", 6000, 2500, 4.0),
        ("RidgeCV", {"alphas": MANY, "cv": 5, "n_jobs": 2}, "dense", 2500, 6000, 4.0),
        ("LassoCV", {"cv": 5, "tol": 1e-8, "eps": 1e-4}, "dense", 3000, 6000, 6.0),
        ("LassoCV", {"cv": 5, "tol": 1e-8, "eps": 1e-4, "n_jobs": 2}, "dense", 3000, 6000, 6.0),
        ("LassoCV", {"cv": 5, "tol": 1e-8, "n_jobs": 2}, "sparse", 10_000, 5000, 4.0),
        ("ElasticNetCV", {"cv": 5, "l1_ratio": [0.2, 0.8]}, "dense", 3000, 6000, 6.0),
        ("ElasticNetCV", {"cv": 5, "l1_ratio": [0.2, 0.8], "n_jobs": 2}, "dense", 3000, 6000, 6.0),
    ],
)
def test_ctrl_c_at_any_time(
    start: Callable, name: str, options: dict, kind: str, n: int, p: int, last: float
) -> None:
    assert_interruptible(start(name, options, kind, n, p), np.linspace(0.1, last, 5))
