"""Tell a person at a terminal, on one screen, what a comparison of penalties found."""

from __future__ import annotations

import textwrap
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
_N_REASONS = 5
_WIDTH = 80


def render_comparison(compared: Compared) -> str:
    """Write the story of a comparison, the data first, the model last."""
    data, model, found = compared.data, compared.model, compared.found
    recommended = found.recommendation
    return printed(
        f"What predicts {data.target} in {data.source}? (fastreg {model.fastreg_version})",
        "",
        *row_lines(compared),
        *_folded(column_lines(compared, _N_CATEGORIES)),
        "",
        *_wrapped(
            f"{len(found.methods)} methods on the same {len(found.fold_sizes)} folds of the "
            f"training rows; each chooses its α within the other folds:"
        ),
        method_table(compared),
        *_wrapped(baseline_line(compared)),
        *_wrapped(mixes_line(compared)),
        "",
        *_wrapped(recommended.headline),
        *(
            line
            for reason in recommended.reasons[:_N_REASONS]
            for line in _wrapped(reason, first="- ", rest="  ")
        ),
        "",
        *_wrapped(model_line(compared)),
        *(
            line
            for message in compared.warnings
            for line in _wrapped(f"Warning: {message}", rest="  ")
        ),
        error_table(compared),
        *_wrapped(gap_line(compared)),
        *_wrapped(" ".join(coefficient_lines(compared, _N_LARGEST))),
        *([coefficient_table(compared, _N_LARGEST)] if np.any(model.coef) else []),
    )


def method_table(compared: Compared) -> Any:
    """Return the comparison as a table: errors, and how far each method is from the best."""
    found = compared.found
    at = [m.name for m in found.methods].index(found.recommendation.best)
    columns = ("held-out", "± SE", "training", "gap", "α", "features", "− best", "± SE")
    table = new_table("Method", *columns)
    largest = min(m.held_out_mean for m in found.methods)
    for i, method in enumerate(found.methods):
        mark = "*" if method.name == compared.method.name else ""
        away = ("", "")
        if i != at:
            both = found.differences[i, at], found.difference_se[i, at]
            away = tuple(f"{value:.3g}" for value in both)
        table.add_row(
            method.name + mark,
            *(
                rounded(value, like=largest)
                for value in (
                    method.held_out_mean,
                    method.held_out_se,
                    method.train_mean,
                    method.gap,
                )
            ),
            f"{method.alpha:.3g}",
            str(method.n_selected),
            *away,
        )
    return table


def baseline_line(compared: Compared) -> str:
    """Say what the marks of the table mean, and what a useless model would give."""
    base = float(compared.found.baseline_errors.mean())
    word = "recommended" if compared.is_recommended else "taken"
    return (
        f"* {word}. Errors are mean squared errors; always predicting the mean gives "
        f"{rounded(base)}. α and features are those of the fit to all training rows."
    )


def mixes_line(compared: Compared) -> str:
    """Say what an Elastic-Net mixes and a relaxed lasso relaxes; nothing where neither is there."""
    words = [mix_of(method) for method in compared.found.methods]
    return "; ".join(word for word in words if word) + "." if any(words) else ""


def mix_of(method: MethodResult) -> str:
    """Say in words what a method has beside its α."""
    if method.name == "Elastic-Net":
        return f"Elastic-Net: l1_ratio {method.l1_ratio:g}"
    if method.name == "relaxed lasso":
        share = f"{method.relaxation:.0%} of the shrinkage kept"
        return f"relaxed lasso: {share}"
    return ""


def model_line(compared: Compared) -> str:
    """Say what the model is, and why it is that where no method was recommended."""
    method = compared.method
    mix = mix_of(method).partition(": ")[2]
    what = method.name + (f" with α = {method.alpha:.6g}" if method.alpha > 0 else "")
    what += f" and {mix}" if mix else ""
    why = ""
    if not compared.is_recommended:
        why = " (the simplest of those that cannot be told apart, for want of a clear winner)"
    return f"The model: {what}{why}, fitted to all training rows."


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


def _folded(lines: list[str]) -> list[str]:
    """Wrap lines that begin with a word in a column of its own."""
    indent = " " * 9
    return [
        part
        for line in lines
        for part in _wrapped(line, first=indent if line.startswith(indent) else "", rest=indent)
    ]
