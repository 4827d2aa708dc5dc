"""The type stubs beside the compiled modules name what the modules define, no more and no less."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import fastreg.kernels

STUBS = sorted(Path(fastreg.kernels.__file__).parent.glob("*.pyi"))


def test_every_kernel_has_a_stub():
    folder = Path(fastreg.kernels.__file__).parent
    compiled = {
        path.name.split(".")[0] for path in folder.iterdir() if path.suffix in (".so", ".pyd")
    }
    assert compiled
    assert compiled == {path.stem for path in STUBS}


@pytest.mark.parametrize("stub", STUBS, ids=lambda path: path.stem)
def test_names_and_parameters_agree(stub):
    module = importlib.import_module(f"fastreg.kernels.{stub.stem}")
    tree = ast.parse(stub.read_text(encoding="utf8"))
    told = {
        node.name: node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)
    }
    defined = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }
    assert defined == set(told)
    for name, node in told.items():
        if isinstance(node, ast.ClassDef):
            members = {
                item.target.id if isinstance(item, ast.AnnAssign) else getattr(item, "name", None)
                for item in node.body
            } - {None, "__init__"}
            for member in members:
                assert hasattr(getattr(module, name), member), f"{name}.{member}"
        else:
            parameters = [argument.arg for argument in node.args.args]
            assert list(inspect.signature(getattr(module, name)).parameters) == parameters
