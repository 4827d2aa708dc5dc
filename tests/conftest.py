"""What all tests share: the package under test is the installed one, and data sets by name."""

import json
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

CHECKOUT = Path(__file__).resolve().parents[1]


def _is_editable() -> bool:
    try:
        origin = distribution("fastreg").read_text("direct_url.json")
    except PackageNotFoundError:
        return False
    return origin is not None and bool(json.loads(origin).get("dir_info", {}).get("editable"))


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to test the source tree while claiming to test the installed package."""
    found = find_spec("fastreg")
    if found is None or found.origin is None:
        pytest.exit("fastreg is not installed: see CONTRIBUTING.md", returncode=4)
    if Path(found.origin).resolve().parent == CHECKOUT / "fastreg" and not _is_editable():
        pytest.exit(
            "fastreg would be imported from the source tree, which is not what gets installed: "
            "run pytest as in the Makefile, or pip install -e .",
            returncode=4,
        )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data sets beside the checkout; tests that need it are skipped without it."""
    folder = CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the data sets are not beside the checkout")
    return folder


@pytest.fixture(params=["moments", "working set"])
def route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Send every fit by one route of the engine, whatever the cost model would choose."""
    held = request.param == "moments"
    monkeypatch.setattr("fastreg.engine.holds_moments", lambda *_: held)
    return request.param


@pytest.fixture
def on_working_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send every fit by the working-set route."""
    monkeypatch.setattr("fastreg.engine.holds_moments", lambda *_: False)


@pytest.fixture(scope="session")
def table_of() -> Callable:
    """Make a table in memory; a list with text in it is a text column, None is missing."""
    from fastreg.io.tables import Table

    def make(**columns: list) -> Table:
        arrays = {}
        for name, values in columns.items():
            is_text = any(isinstance(value, str) for value in values)
            arrays[name] = np.array(values, dtype=object if is_text else np.float64)
        return Table("t.csv", len(values), arrays)

    return make


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run the command in an empty folder: exit code, standard output, standard error."""
    from fastreg.cli import main

    monkeypatch.chdir(tmp_path)

    def command(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stopped:  # argparse
            code = stopped.code
        return code, *capsys.readouterr()

    return command


@pytest.fixture
def refused(run):
    """Run the command, expect one line of error, return it."""

    def command(*arguments):
        code, out, err = run(*arguments)
        assert code == 2
        assert err.startswith("fastreg: error: ")
        assert err.count("\n") == 1
        assert out == ""
        return err

    return command


@pytest.fixture(scope="session")
def diabetes() -> pd.DataFrame:
    data = load_diabetes(scaled=False)
    return pd.DataFrame(data.data, columns=data.feature_names).assign(y=data.target)


@pytest.fixture
def table(diabetes, tmp_path) -> str:
    diabetes.to_csv(tmp_path / "t.csv", index=False)
    return "t.csv"
