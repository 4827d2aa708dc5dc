"""Peak memory beyond X of each fit, a process each: ``python benchmarks/memory.py``.

Prints the peak resident set size while fitting less what the process held before, in MB, and what
p x p moments need.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

CASES = {
    "lasso_path 100,000 x 300": (100_000, 300, "fr.lasso_path(X, y)"),
    "regularization_path 100,000 x 300": (100_000, 300, "fr.regularization_path(X, y)"),
    "Ridge 100,000 x 300": (100_000, 300, "fr.Ridge().fit(X, y)"),
    "Lasso 100,000 x 300": (100_000, 300, "fr.Lasso(alpha=0.1).fit(X, y)"),
    "LassoCV 50,000 x 200": (50_000, 200, "fr.LassoCV(cv=5).fit(X, y)"),
    "ElasticNetCV 10,000 x 200": (
        10_000,
        200,
        "fr.ElasticNetCV(l1_ratio=[.1, .5, .7, .9, .95, .99, 1], cv=5).fit(X, y)",
    ),
    "RidgeCV 20,000 x 300, 5 folds": (
        20_000,
        300,
        "fr.RidgeCV(alphas=np.geomspace(.01, 1e4, 50), cv=5).fit(X, y)",
    ),
    "path 500 x 20,000": (500, 20_000, "fr.regularization_path(X, y, eps=1e-2)"),
    "path 3,000 x 3,000": (3_000, 3_000, "fr.regularization_path(X, y, eps=1e-2)"),
    "path 20,000 x 500": (20_000, 500, "fr.regularization_path(X, y, eps=1e-2)"),
    "path 500 x 20,000, C order": (
        500,
        20_000,
        "fr.regularization_path(np.ascontiguousarray(X), y, eps=1e-2)",
    ),
    "path 500 x 20,000, float32": (
        500,
        20_000,
        "fr.regularization_path(X.astype('f4', order='F'), y, eps=1e-2)",
    ),
    "RidgeCV 100,000 x 300, leave-one-out": (100_000, 300, "fr.RidgeCV().fit(X, y)"),
}


def resident() -> float:
    """Return the resident set size of this process in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def child(n: int, p: int, call: str) -> None:
    """Fit once on a warm-up problem, then measure the fit of the case."""
    import numpy as np
    from problems import regression

    import fastreg as fr

    small = regression(200, 5)
    eval(call, {"fr": fr, "np": np, "X": small[0], "y": small[1]})
    X, y = regression(n, p)
    before, peak, stop = resident(), [0.0], threading.Event()

    def watch() -> None:
        while not stop.is_set():
            peak[0] = max(peak[0], resident())
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    eval(call, {"fr": fr, "np": np, "X": X, "y": y})
    stop.set()
    watcher.join()
    print(
        f"{peak[0] - before:8.1f} MB beyond X ({X.nbytes / 2**20:.0f} MB); p x p: "
        f"{8 * p * p / 2**20:.1f} MB"
    )


def main() -> None:
    """Run every case in a process of its own."""
    for name, (n, p, call) in CASES.items():
        print(f"{name:40s}", end=" ", flush=True)
        subprocess.run(
            [sys.executable, __file__, str(n), str(p), call], check=True, cwd=Path(__file__).parent
        )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        child(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    else:
        main()
