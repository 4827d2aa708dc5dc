"""The command's pictures: refused before any work where they cannot be made, drawn, written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fastreg.plotting import CoefficientPathDisplay, CVCurveDisplay, LearningCurveDisplay
from fastreg.plotting.files import ENDINGS, as_bytes
from fastreg.plotting.style import FIGURE_SIZE, short_names

from .experiment import Outcome
from .extras import require
from .learning import Learned
from .model_json import write_whole
from .prepare import Prepared
from .report import penalty_word


def check_picture(path: str) -> None:
    """Refuse a file that no picture can be written to.

    Raises
    ------
    ValueError
        An unknown ending.
    MissingExtraError
        If matplotlib is not installed.
    """
    if Path(path).suffix[1:].lower() not in ENDINGS:
        words = " or ".join([", ".join(f".{e}" for e in ENDINGS[:-1]), f".{ENDINGS[-1]}"])
        raise ValueError(f"{path}: the name of a picture must end in {words}")
    require("matplotlib", "a picture", extra="plot")


def check_drawable(data: Prepared) -> None:
    """Refuse a target of which there is no curve."""
    if len(data.y) < 2:
        raise ValueError(f"{data.source}: one row of data is too few to draw anything")
    if np.ptp(data.y) == 0:
        raise ValueError(
            f"{data.source}: the target {data.target!r} is constant: there is nothing to draw"
        )


def draw_cv_curve(outcome: Outcome, path: str) -> CVCurveDisplay:
    """Draw the held-out error that the penalty was chosen by, and write it to a file."""
    rows = outcome.training
    display = CVCurveDisplay.from_estimator(
        outcome.estimator, rows.X, rows.y, sample_weight=rows.w, ax=_axes()
    )
    return _written(display, _title(outcome.data, penalty_word(outcome.settings)), path)


def draw_path(outcome: Outcome, path: str) -> CoefficientPathDisplay:
    """Draw the coefficients of the training rows along α, and write them to a file."""
    rows = outcome.training
    display = CoefficientPathDisplay.from_estimator(
        outcome.estimator,
        rows.X,
        rows.y,
        sample_weight=rows.w,
        feature_names=outcome.data.encoding.feature_names,
        scaled=True,
        ax=_axes(),
    )
    return _written(display, _title(outcome.data, penalty_word(outcome.settings)), path)


def draw_learning(learned: Learned, path: str) -> LearningCurveDisplay:
    """Draw a learning curve, and write it to a file."""
    display = LearningCurveDisplay(learned.curve).plot(_axes())
    return _written(display, _title(learned.data, penalty_word(learned.settings)), path)


def _axes() -> Any:
    """Return axes of a figure that no window belongs to."""
    figures = require("matplotlib.figure", "a picture", extra="plot")
    return figures.Figure(figsize=FIGURE_SIZE, layout="constrained").subplots()


def _title(data: Prepared, penalty: str) -> str:
    target, source = short_names([data.target, Path(data.source).name], [0, 1])
    return f"{penalty} for {target} in {source}"


def _written(display: Any, title: str, path: str) -> Any:
    display.ax_.set_title(title, loc="left", fontweight="bold", fontsize="medium", parse_math=False)
    write_whole(path, as_bytes(display.figure_, Path(path).suffix[1:].lower()))
    return display
