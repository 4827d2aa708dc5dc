"""The pictures of a comparison, each with a sentence that says what is seen in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fastreg.model_selection import ComplexityCurve, LearningCurve, complexity_curve
from fastreg.path import RegularizationPath, regularization_path, ridge_path
from fastreg.plotting import (
    CoefficientPathDisplay,
    ComplexityCurveDisplay,
    LearningCurveDisplay,
    PenaltyComparisonDisplay,
)
from fastreg.plotting.files import as_inline_svg
from fastreg.plotting.style import short_number

from .comparing import Compared
from .experiment import MAX_ITER, TOL, Settings, folds_of, noted_warnings
from .extras import require
from .learning import learn_prepared
from .report import rounded

SIZE = (5.0, 4.2)  # legible on a phone, without scrolling
N_ALPHAS = 50
_PENALTIES = {
    "least squares": "ridge",
    "ridge": "ridge",
    "lasso": "lasso",
    "relaxed lasso": "lasso",
    "Elastic-Net": "elasticnet",
}


@dataclass(frozen=True)
class Picture:
    """A picture of a report.

    Attributes
    ----------
    name : str
        For links.
    heading : str
    svg : str or None
        None where there is nothing to draw.
    words : str
        What is seen in it, or why there is nothing.
    """

    name: str
    heading: str
    svg: str | None
    words: str


def comparison_picture(compared: Compared) -> Picture:
    """Draw the methods beside each other."""
    found = compared.found
    heading = "Errors of the methods"
    if compared.target_sd == 0:
        return Picture("comparison", heading, None, "The target is constant: nothing to draw.")
    best = found[found.recommendation.best]
    base = float(found.baseline_errors.mean())
    worst = max(found.methods, key=lambda m: m.gap)
    words = (
        f"Each line is a method: the filled dot is its error on held-out rows with one standard "
        f"error on both sides, the open square that on the rows it was trained on, the grey line "
        f"the gap. The smallest held-out error is that of {best.name}, "
        f"{rounded(best.held_out_mean)}; always predicting the mean gives {rounded(base)}. The "
        f"widest gap is that of {worst.name}, {rounded(worst.gap)}."
    )
    height = 1.6 + 0.36 * len(found.methods)
    draw = PenaltyComparisonDisplay(found).plot
    return Picture("comparison", heading, _svg(draw, "comparison", heading, height), words)


def curve_pictures(compared: Compared) -> list[Picture]:
    """Draw the curves of the method taken: its penalty, its rows, its coefficients."""
    if compared.target_sd == 0:
        return [Picture("curves", "Curves", None, "The target is constant: nothing to draw.")]
    with noted_warnings():  # of the pictures; those of the comparison are in the report
        curve = complexity_of(compared)
        return [
            _complexity(compared, curve),
            _learning(compared),
            _path(compared, curve.alphas),
        ]


def complexity_of(compared: Compared) -> ComplexityCurve:
    """Return the error along the grid that the method's α was chosen from."""
    rows, settings = compared.training, compared.settings
    penalty = _PENALTIES[compared.method.name]
    return complexity_curve(
        rows.X,
        rows.y,
        penalty=penalty,
        l1_ratio=compared.method.l1_ratio if penalty == "elasticnet" else None,
        alphas=N_ALPHAS,
        eps=_eps(compared),
        cv=folds_of(settings),
        sample_weight=rows.w,
        standardize=settings.standardize,
        tol=TOL,
        max_iter=MAX_ITER,
    )


def learning_of(compared: Compared) -> LearningCurve:
    """Return the error of the method's penalty against the number of training rows.

    α is chosen anew for every size where that takes no longer than the comparison did: where there
    are no more columns than rows.
    """
    method, rows = compared.method, compared.training
    penalty = _PENALTIES[method.name]
    settings = Settings(
        penalty=penalty,
        l1_ratio=(method.l1_ratio,) if penalty == "elasticnet" else None,
        cv=compared.settings.cv,
        seed=compared.settings.seed,
        standardize=compared.settings.standardize,
        n_alphas=N_ALPHAS,
        eps=_eps(compared),
    )
    n, p = rows.X.shape
    alpha = method.alpha if p > n or method.name == "least squares" else None
    return learn_prepared(replace(compared.data, X=rows.X), settings, alpha).curve


def path_of(compared: Compared, alphas: np.ndarray) -> RegularizationPath:
    """Return the coefficients of the method's penalty on all training rows."""
    rows, settings = compared.training, compared.settings
    shared = {"sample_weight": rows.w, "standardize": settings.standardize, "alphas": alphas}
    if _PENALTIES[compared.method.name] == "ridge":
        return ridge_path(rows.X, rows.y, **shared)
    ratio = compared.method.l1_ratio
    return regularization_path(rows.X, rows.y, l1_ratio=ratio, tol=TOL, max_iter=MAX_ITER, **shared)


def _complexity(compared: Compared, curve: ComplexityCurve) -> Picture:
    name = compared.method.name
    heading = f"How strong a penalty? ({name})"
    at, end = curve.best, len(curve.alphas) - 1
    error = curve.held_out_mean
    words = (
        f"From left to right the penalty falls and the model becomes more flexible. The error on "
        f"held-out rows is smallest, {rounded(error[at])}, at α = {short_number(curve.alphas[at])} "
        f"({curve.df[at]:.3g} degrees of freedom), where the training error is "
        f"{rounded(curve.train_mean[at], like=error[at])}. "
    )
    if at == end:
        words += "That is the end of the grid: a weaker penalty might do as well."
    else:
        rises = error[end] - error[at]
        visible = rises > curve.held_out_se[at]
        words += f"At the right end it is {rounded(error[end])}" + (
            ", the price of too much flexibility." if visible else ", hardly more."
        )
    words += _reservations(compared)
    draw = ComplexityCurveDisplay(curve).plot
    return Picture("complexity", heading, _svg(draw, "complexity", heading), words)


def _reservations(compared: Compared) -> str:
    """Say how the curve of a penalty differs from what the comparison did."""
    words = {
        "least squares": " The curve is that of ridge, of which least squares is the right end.",
        "relaxed lasso": " The curve is that of the lasso that is then relaxed.",
    }.get(compared.method.name, "")
    if compared.data.missing:
        words += (
            " For this picture missing values are filled with the means of all training rows; in "
            "the comparison with those of each fold."
        )
    return words


def _learning(compared: Compared) -> Picture:
    heading = f"Would more rows help? ({compared.method.name})"
    try:
        curve = learning_of(compared)
    except ValueError as error:
        return Picture("learning", heading, None, f"No learning curve: {error}.")
    sizes, error, gap = curve.train_sizes, curve.held_out_mean, curve.gap
    words = (
        f"With {sizes[0]:,} training rows the error on held-out rows is {rounded(error[0])}, with "
        f"{sizes[-1]:,} it is {rounded(error[-1])}; the gap to the training error goes from "
        f"{rounded(gap[0], like=error[0])} to {rounded(gap[-1], like=error[-1])}. "
    )
    words += _outlook(curve)
    if curve.alpha is None:
        words += " α is chosen anew for every number of rows."
    elif curve.alpha > 0:
        words += " α is that of the model for every number of rows."
    draw = LearningCurveDisplay(curve).plot
    return Picture("learning", heading, _svg(draw, "learning", heading), words)


def _outlook(curve: LearningCurve) -> str:
    """Say whether the last added rows still lowered the held-out error, fold by fold."""
    if len(curve.train_sizes) < 2:
        return "There is one number of rows only: whether more would help is not known."
    gains = curve.held_out_errors[-2] - curve.held_out_errors[-1]
    gain, se = float(gains.mean()), float(gains.std(ddof=1) / np.sqrt(gains.size))
    if gain > max(se, 0.01 * float(curve.held_out_mean[-1])):
        return "It was still falling with the last rows added: more rows are likely to help."
    return "The last rows added made no clear difference: more of the same kind may not help much."


def _path(compared: Compared, alphas: np.ndarray) -> Picture:
    method = compared.method
    heading = f"How the coefficients enter ({method.name})"
    path = path_of(compared, alphas)
    display = CoefficientPathDisplay.from_path(
        path,
        feature_names=compared.data.encoding.feature_names,
        scaled=True,
        ax=_axes(SIZE),
        alpha=method.alpha if method.alpha > 0 else None,
    )
    n = np.count_nonzero(method.coef)
    words = (
        "Each line is the coefficient of a feature, times the standard deviation of its column so "
        "that they compare, as the penalty falls from left to right; the features with the largest "
        "are named. "
    )
    words += f"In the model {n:,} of {len(method.coef):,} coefficients are not zero."
    svg = as_inline_svg(display.figure_, "path", heading)
    return Picture("path", heading, svg, words + _reservations(compared).partition(" For this")[0])


def _eps(compared: Compared) -> float:
    """Return what `compare_penalties` takes by default."""
    n, p = compared.training.X.shape
    return 1e-2 if p > n else 1e-3


def _svg(draw: Callable[[Any], Any], name: str, title: str, height: float = SIZE[1]) -> str:
    return as_inline_svg(draw(_axes((SIZE[0], height))).figure_, name, title)


def _axes(size: tuple[float, float]) -> Any:
    figures = require("matplotlib.figure", "a picture", extra="plot")
    return figures.Figure(figsize=size, layout="constrained").subplots()
