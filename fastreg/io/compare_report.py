"""Tell a person at a terminal, on one screen, what a comparison of penalties found."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastreg.model_selection.methods import MethodResult

from .comparing import Compared
from .report import (
    coefficient_lines,
    coefficient_table,
    column_lines,
    error_table,
    gap_line,
    new_table,
    printed,
    rounded,
    row_lines,
)

_N_LARGEST = 5
_N_CATEGORIES = 3
_N_REASONS = 4
_WIDTH = 80


def render_comparison(compared: Compared) -> str:
    """Write the story of a comparison, the data first, the model last."""
    data, model, found = compared.data, compared.model, compared.found
    recommended = found.recommendation
    return printed(
        f"What predicts {data.target} in {data.source}? (fastreg {model.fastreg_version})",
        *row_lines(compared),
        *_folded(column_lines(compared, _N_CATEGORIES)),
        "",
        f"{len(found.methods)} methods on the same {len(found.fold_sizes)} folds of the training "
        "rows:",
        method_table(compared),
        *_wrapped(notes_line(compared)),
        "",
        *_wrapped(recommended.headline),
        # the first reason says what the table shows
        *_listed(recommended.reasons[1:_N_REASONS], first="- "),
        *_listed([f"Warning: {message}" for message in compared.warnings]),
        "",
        *_wrapped(model_line(compared)),
        error_table(compared, dense=True),
        "",
        *_wrapped(gap_line(compared)),
        *_wrapped(" ".join(coefficient_lines(compared, _N_LARGEST))),
        *([coefficient_table(compared, _N_LARGEST, dense=True)] if np.any(model.coef) else []),
        "",
    )


def method_table(compared: Compared) -> Any:
    """Return the comparison as a table: errors, and how far each method is from the best."""
    found = compared.found
    at = [m.name for m in found.methods].index(found.recommendation.best)
    columns = ("held-out", "± SE", "training", "gap", "α", "used", "− best", "± SE")
    table = new_table("Method", *columns, dense=True)
    power = _power(compared)
    for i, method in enumerate(found.methods):
        mark = "*" if method.name == compared.method.name else ""
        errors = method.held_out_mean, method.held_out_se, method.train_mean, method.gap
        away = (found.differences[i, at], found.difference_se[i, at]) if i != at else ()
        table.add_row(
            method.name + mark,
            *(_short(value, found.methods[at].held_out_mean, power) for value in errors),
            f"{method.alpha:.2g}",
            str(method.n_selected),
            *(_short(value, found.methods[at].held_out_mean, power) for value in away),
        )
    return table


def _power(compared: Compared) -> int:
    """Return the power of ten that the errors are written in: 0 where they are not too long."""
    best = min(m.held_out_mean for m in compared.found.methods)
    if best == 0 or 0.1 <= best < 1e5:
        return 0
    return 3 * math.floor(math.log10(best) / 3)


def _short(value: float, like: float, power: int) -> str:
    """Write an error with four digits of the smallest one, in a power of ten."""
    value, like = value / 10.0**power, abs(like) / 10.0**power
    if abs(value) >= 1e5:
        return f"{value:.2g}"
    return f"{value:.{max(0, 3 - math.floor(math.log10(like))) if like else 0}f}"


def notes_line(compared: Compared) -> str:
    """Say what the marks of the table mean, and what a useless model would give."""
    base = float(compared.found.baseline_errors.mean())
    word = "recommended" if compared.is_recommended else "taken"
    power = _power(compared)
    unit = f", in units of 1e{power}" if power else ""
    return (
        f"* {word}. Errors are mean squared errors{unit}; always predicting the mean gives "
        f"{rounded(base / 10.0**power)}. α and features used: of the fit to all training rows. "
        f"{mixes_line(compared)}".rstrip()
    )


def mixes_line(compared: Compared) -> str:
    """Say what an Elastic-Net mixes and a relaxed lasso relaxes; nothing where neither is there."""
    words = [mix_of(method) for method in compared.found.methods]
    text = "; ".join(word for word in words if word)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def mix_of(method: MethodResult) -> str:
    """Say in words what a method has beside its α."""
    if method.name == "Elastic-Net":
        return f"Elastic-Net: l1_ratio {method.l1_ratio:.6g}"
    if method.name == "relaxed lasso":
        return f"relaxed lasso: {method.relaxation:.0%} of the shrinkage kept"
    return ""


def model_line(compared: Compared) -> str:
    """Say what the model is, and why it is that where no method was recommended."""
    method = compared.method
    mix = mix_of(method).partition(": ")[2]
    what = method.name + (f" with α = {method.alpha:.6g}" if method.alpha > 0 else "")
    what += f" and {mix}" if mix else ""
    why = ""
    if not compared.is_recommended:
        why = " (no clear winner: the simplest of those that cannot be told apart)"
        if not compared.found.recommendation.predicts:
            why = " (the simplest; none predicts better than the mean)"
    return f"The model: {what}{why}, fitted to all training rows."


def mse_of_mean(compared: Compared) -> float:
    """Return the error of always predicting the training mean, on the rows that judge the model."""
    test = compared.test
    if not len(test.y):
        return float(compared.found.baseline_errors.mean())
    return float(np.average((test.y - compared.target_mean) ** 2, weights=test.w))


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


def _listed(texts: Sequence[str], first: str = "") -> list[str]:
    return [line for text in texts for line in _wrapped(text, first, "  ")]


def _folded(lines: list[str]) -> list[str]:
    """Wrap lines that begin with a word in a column of its own."""
    indent = " " * 9
    return [
        part
        for line in lines
        for part in _wrapped(
            line.strip(), first=indent if line.startswith(indent) else "", rest=indent
        )
    ]
