"""Make the problems importable without putting the source tree's fastreg on the path."""

import importlib.util
import sys
from pathlib import Path

for _name in ("problems", "peers.problems"):
    _spec = importlib.util.spec_from_file_location(
        f"benchmarks.{_name}", Path(__file__).parent / f"{_name.replace('.', '/')}.py"
    )
    _module = importlib.util.module_from_spec(_spec)
    sys.modules[_spec.name] = _module
    _spec.loader.exec_module(_module)
