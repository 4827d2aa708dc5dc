"""What `import fastreg` loads, and that every name it offers is to be had."""

import ast
import inspect
import subprocess
import sys

import pytest

import fastreg
import fastreg.linear_model

PACKAGES = [fastreg, fastreg.linear_model]


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_is_to_be_had(package):
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name).__name__ == name


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_see_the_same_names(package):
    """They read the imports that are never run."""
    tree = ast.parse(inspect.getsource(package))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    names = {alias.name: node.module for node in imports for alias in node.names}
    assert sorted(names) == sorted(package.__all__)
    for name, module in names.items():
        assert getattr(sys.modules[module], name) is getattr(package, name)


@pytest.mark.parametrize("package", PACKAGES)
def test_unknown_names(package):
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'no'"):
        _ = package.no
    with pytest.raises(ImportError):
        exec(f"from {package.__name__} import no")


def test_modules_are_attributes():
    code = "import fastreg\nfastreg.path.RegularizationPath, fastreg.linear_model.Lasso"
    assert "fastreg.path" in loaded_by(f"{code}\nfastreg.moments, fastreg.model_selection")


def test_nothing_is_loaded_before_it_is_asked_for():
    alone = loaded_by("import fastreg")
    assert not {"numpy", "scipy", "sklearn"} & alone
    some = loaded_by("from fastreg import Lasso")
    assert "fastreg.linear_model._coordinate_descent" in some
    assert not {"fastreg.linear_model._ridge", "sklearn.linear_model", "matplotlib"} & some
