"""Switch programs over to fastreg and back without edits: patch_sklearn, python -m fastreg.patch.

While scikit-learn is patched, `sklearn.linear_model` offers fastreg's estimators and functions, and
so do the modules of scikit-learn that use them (`StackingRegressor` takes fastreg's `RidgeCV`). The
modules that define scikit-learn's own stay as they are, so that its objects can be pickled and
recognized at any time.
"""

from __future__ import annotations

import argparse
import runpy
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from fastreg.interop import counterparts

_lock = threading.RLock()
_open: list[Patch] = []  # those in force: scikit-learn is patched while there are any


class Patch:
    """A patch in force, to be ended by leaving a `with` block or by `unpatch_sklearn`."""

    def __init__(self) -> None:
        _begin(self)

    def __enter__(self) -> Self:
        _begin(self)  # again, if it has been ended
        return self

    def __exit__(self, *exception: Any) -> None:
        _end([self])


def patch_sklearn() -> Patch:
    """Let `sklearn.linear_model` offer fastreg's estimators and functions.

    Works at once, until `unpatch_sklearn`; as ``with patch_sklearn():`` until the end of the block,
    also if that is an exception. Blocks can be nested and overlap: scikit-learn is itself again
    when the last one ends.

    Notes
    -----
    Only names that are looked up later change: ``from sklearn.linear_model import Lasso`` after the
    patch, or ``linear_model.Lasso``. Names that a program has imported before keep what they mean,
    as do objects that exist, and names imported within a block keep fastreg's after it.

    The patch holds for the whole process, all threads included; patch before threads start. Other
    processes do not take part, but objects of fastreg's can be sent to them.

    Returns
    -------
    Patch
        To be used in a `with` statement, or ignored.

    Examples
    --------
    >>> from fastreg import patch_sklearn
    >>> with patch_sklearn():
    ...     from sklearn.linear_model import Lasso
    >>> Lasso.__module__.partition(".")[0]
    'fastreg'
    """
    return Patch()


def unpatch_sklearn() -> None:
    """Give scikit-learn its own names back, whatever has patched it; no error if nothing has."""
    with _lock:
        _end(list(_open))


def _begin(patch: Patch) -> None:
    with _lock:
        if patch not in _open:
            _open.append(patch)
            _rebind({id(theirs): ours for theirs, ours in counterparts().values()})


def _end(patches: list[Patch]) -> None:
    with _lock:
        _open[:] = [patch for patch in _open if patch not in patches]
        if not _open:
            _rebind({id(ours): theirs for theirs, ours in counterparts().values()})


def _rebind(meaning: dict[int, Any]) -> None:
    """Bind the shared names to what they are to mean, wherever scikit-learn has them.

    A module that was imported under the patch holds fastreg's objects, so both ways are a search of
    what is loaded now; nothing need be remembered.
    """
    for name, module in list(sys.modules.items()):
        if not name.startswith("sklearn.") or name.startswith("sklearn.linear_model."):
            continue
        if not isinstance(module, ModuleType):  # None forbids an import
            continue
        for shared in counterparts().keys() & vars(module).keys():
            bound = vars(module)[shared]
            setattr(module, shared, meaning.get(id(bound), bound))


def main(arguments: list[str] | None = None) -> None:
    """Run a script or a module as `python` does, with scikit-learn patched."""
    parser = argparse.ArgumentParser(
        prog="python -m fastreg.patch",
        usage="%(prog)s script.py [arguments]\n       %(prog)s -m module [arguments]",
        description="Run a program with fastreg's estimators in place of scikit-learn's.",
    )
    parser.add_argument("-m", action="store_true", dest="is_module", help="run a module")
    parser.add_argument("program", help="path of a script, or name of a module after -m")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the program is given")
    options = parser.parse_args(arguments)
    if not options.is_module and not Path(options.program).exists():
        parser.error(f"there is no file {options.program!r}")
    sys.argv = [options.program, *options.arguments]
    with patch_sklearn():
        if options.is_module:
            runpy.run_module(options.program, run_name="__main__", alter_sys=True)
        else:
            if not sys.flags.safe_path:
                sys.path[0] = str(Path(options.program).resolve().parent)
            runpy.run_path(options.program, run_name="__main__")


if __name__ == "__main__":
    # this file runs as __main__; the patch must be the one that `import fastreg.patch` sees
    from fastreg.patch import main as run

    run()
