"""Make `benchmarks.problems` importable without putting the source tree's fastreg on the path."""

import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.spec_from_file_location(
    "benchmarks.problems", Path(__file__).parent / "problems.py"
)
_module = importlib.util.module_from_spec(_spec)
sys.modules["benchmarks.problems"] = _module
_spec.loader.exec_module(_module)
