"""Optional packages: imported when needed, and named in one line when absent."""

from __future__ import annotations

import importlib
from types import ModuleType


class MissingExtraError(ImportError):
    """An optional package is needed and is not installed."""


def require(module: str, purpose: str, *, extra: str = "cli") -> ModuleType:
    """Import an optional module.

    Parameters
    ----------
    module : str
        Dotted name, for example ``"pyarrow.csv"``.
    purpose : str
        What it is needed for; begins the error message.
    extra : str, default="cli"
        What to install fastreg with to have it.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingExtraError
        If the package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise MissingExtraError(
            f"{purpose} needs {package}: pip install 'fastreg[{extra}]'"
        ) from error
