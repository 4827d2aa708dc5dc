"""Make the pictures of this documentation: python docs/make_pictures.py [FOLDER].

From data that come with scikit-learn or are drawn at random here; those of `REAL` from the data
sets in shared/data beside the checkout, and left as they are where these are not there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes

from fastreg import ElasticNetCV, LassoCV
from fastreg.model_selection import (
    compare_penalties,
    complexity_curve,
    learning_curve,
    stability_selection,
)
from fastreg.plotting import CoefficientPathDisplay, CVCurveDisplay
from fastreg.plotting.files import as_bytes

FOLDER = Path(__file__).parent / "pictures"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def diabetes() -> tuple[Any, np.ndarray]:
    """442 patients, ten measurements; how far the disease has progressed a year later."""
    data = load_diabetes(as_frame=True, scaled=False)
    return data.data, data.target.to_numpy()


def few_rows() -> tuple[np.ndarray, np.ndarray]:
    """80 rows and 60 features, of which ten matter: more than so few rows can tell."""
    return drawn(n=80, p=60, n_effects=10)


def wide() -> tuple[np.ndarray, np.ndarray]:
    """100 rows and 5,000 features, of which eight matter."""
    return drawn(n=100, p=5000, n_effects=8)


def drawn(n: int, p: int, n_effects: int) -> tuple[np.ndarray, np.ndarray]:
    """Return standard normal features, effects from 2 downwards, and noise of variance 9."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    effects = np.linspace(2.0, 0.5, n_effects) * (-1.0) ** np.arange(n_effects)
    return X, X[:, :n_effects] @ effects + 3.0 * rng.normal(size=n)


def path(ax: Any) -> None:
    X, y = diabetes()
    model = LassoCV(standardize=True, tol=1e-8).fit(X, y)
    CoefficientPathDisplay.from_estimator(model, X, y, scaled=True, ax=ax)


def wide_path(ax: Any) -> None:
    X, y = wide()
    model = LassoCV(eps=1e-2, selection_rule="1se", tol=1e-8).fit(X, y)
    CoefficientPathDisplay.from_estimator(model, X, y, ax=ax)


def cv_curve(ax: Any) -> None:
    X, y = few_rows()
    model = LassoCV(eps=1e-2, tol=1e-8).fit(X, y)
    CVCurveDisplay.from_estimator(model, X, y, ax=ax)


def cv_curves(ax: Any) -> None:
    X, y = few_rows()
    model = ElasticNetCV(l1_ratio=[0.1, 0.5, 0.9, 1.0], eps=1e-2, tol=1e-8).fit(X, y)
    CVCurveDisplay.from_estimator(model, X, y, ax=ax)


def complexity(ax: Any) -> None:
    complexity_curve(*few_rows(), penalty="ridge").plot(ax)


def learning(ax: Any) -> None:
    sizes = np.linspace(0.05, 1.0, 7)
    learning_curve(*diabetes(), train_sizes=sizes, shuffle=True, random_state=0).plot(ax)


def comparison(ax: Any) -> None:
    compare_penalties(*few_rows()).plot(ax)


def stability(ax: Any) -> None:
    stability_selection(*wide(), max_false=2.0).plot(ax)


def real_comparison(file: str, arguments: list[str], ax: Any) -> None:
    """Draw what `fastreg compare` finds in a table."""
    from fastreg.command_line import make_parser
    from fastreg.io.comparing import Comparing, compare_table
    from fastreg.io.tables import read_table

    options = make_parser().parse_args(["compare", str(DATA / file), *arguments])
    settings = Comparing(missing=options.missing)
    table = read_table(options.table)
    compared = compare_table(table, settings, target=options.target, drop=options.drop)
    compared.found.plot(ax)
    ax.set_title(file.partition(".")[0].replace("_", " "), loc="left", fontsize="medium")


# What is compared of each data set: the rest is no feature.
REAL: dict[str, list[str]] = {
    "prostate.csv.gz": ["--target", "lpsa", "--drop", "train"],
    "hitters.csv.gz": ["--target", "Salary", "--missing", "drop"],
    "california_housing.csv.gz": ["--target", "medianHouseValue"],
    "communities_crime.csv.gz": [
        *("--target", "ViolentCrimesPerPop", "--missing", "mean"),
        *("--drop", "state,county,community,communityname,fold"),
    ],
    "tecator.csv.gz": ["--target", "fat", "--drop", "water,protein"],
    "gasoline_nir.npz": [],
    "riboflavin.npz": [],
}


PICTURES: dict[str, tuple[Callable[[Any], None], float]] = {
    "path": (path, 4.5),
    "wide-path": (wide_path, 4.5),
    "cv-curve": (cv_curve, 4.0),
    "cv-curves": (cv_curves, 4.0),
    "complexity": (complexity, 4.0),
    "learning": (learning, 4.0),
    "comparison": (comparison, 3.2),
    "stability": (stability, 4.5),
}


def main(folder: Path = FOLDER) -> None:
    """Write all pictures."""
    for name, (draw, height) in PICTURES.items():
        figure = Figure(figsize=(8.0, height), layout="constrained")
        draw(figure.subplots())
        (folder / f"{name}.svg").write_bytes(as_bytes(figure, "svg"))
    for file, arguments in REAL.items() if DATA.is_dir() else ():
        figure = Figure(figsize=(5.0, 3.2), layout="constrained")
        real_comparison(file, arguments, figure.subplots())
        name = file.partition(".")[0].replace("_", "-")
        (folder / f"compare-{name}.svg").write_bytes(as_bytes(figure, "svg"))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
