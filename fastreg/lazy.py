"""Names of a package that are imported when they are asked for (PEP 562).

Who fits a Lasso does not wait for ridge models or plots to be imported, and `import fastreg` alone
takes no time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any


def loader(package: str, homes: dict[str, Sequence[str]]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package.

    Parameters
    ----------
    homes : dict from str to sequence of str
        Module to the names that are to be had from it. A module directly below the package is to be
        had by its own name as well, with or without names.
    """
    home_of = {name: module for module, names in homes.items() for name in names}
    submodules = {module.removeprefix(f"{package}."): module for module in homes}

    def __getattr__(name: str) -> Any:
        if name in home_of:
            found = getattr(import_module(home_of[name]), name)
        elif name in submodules:
            found = import_module(submodules[name])
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(sys.modules[package], name, found)
        return found

    return __getattr__
