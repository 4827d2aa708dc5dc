"""How long an import takes beside scikit-learn's, each in a process of its own.

Most of it is NumPy, SciPy and scikit-learn itself, which fastreg needs as well. The last row is for
all names that fastreg offers, the row before for what a program with a Lasso asks for.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

STATEMENTS = {
    "nothing": "pass",
    "scikit-learn": "import sklearn.linear_model",
    "fastreg": "import fastreg",
    "fastreg, Lasso": "from fastreg import Lasso, LassoCV",
    "fastreg, everything": "from fastreg import *",
}


@pytest.mark.benchmark(group="import in a fresh process")
@pytest.mark.parametrize("who", STATEMENTS)
def test_import(benchmark, who):
    command = [sys.executable, "-P", "-c", STATEMENTS[who]]
    benchmark.pedantic(lambda: subprocess.run(command, check=True), rounds=15, warmup_rounds=2)
