"""Tell a person at a terminal what a fit found out.

Everything here comes from an `Outcome`; nothing is computed here but words and rounding.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from .experiment import Choice, Fitted, Outcome, Settings
from .extras import require

_N_LARGEST = 10
_WIDTH = 100


def render_report(outcome: Outcome) -> str:
    """Write the report of a fit, as wide and as coloured as standard output allows.

    Parameters
    ----------
    outcome : Outcome
        What to report.

    Returns
    -------
    str
        Several lines, the last one ended.

    Raises
    ------
    MissingExtraError
        If rich is not installed.
    """
    model = outcome.model
    title = f"{penalty_word(outcome.settings)} for {model.target} in {outcome.data.source}"
    return printed(
        f"{title} (fastreg {model.fastreg_version})",
        "",
        *row_lines(outcome),
        *column_lines(outcome),
        "",
        *chosen_lines(outcome),
        *(f"Warning: {message}" for message in all_warnings(outcome)),
        error_table(outcome),
        gap_line(outcome),
        "",
        *coefficient_lines(outcome),
        *([coefficient_table(outcome)] if np.any(model.coef) else []),
        _certificate(outcome),
    )


def printed(*parts: Any) -> str:
    """Return lines and rich's tables as text, as wide and as coloured as standard output allows."""
    console = require("rich.console", "the report").Console(file=sys.stdout, highlight=False)
    console.width = min(console.width, _WIDTH) if console.is_terminal else _WIDTH
    with console.capture() as capture:
        for part in parts:
            # Names from the data may contain brackets, which are no markup here.
            console.print(part, markup=False, soft_wrap=isinstance(part, str))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def all_warnings(outcome: Outcome) -> list[str]:
    """What a user should know before trusting the model."""
    choice = outcome.choice
    found = []
    if choice.n_alphas > 1 and choice.position == 1:
        found.append(
            "α is the largest of its grid: the best one may be larger still"
            + (", or no column may help at all" if not np.any(outcome.model.coef) else "")
        )
    if choice.n_alphas > 1 and choice.position == choice.n_alphas:
        found.append(
            "α is the smallest of its grid: the best one may be smaller still "
            f"(try {_smaller_grid(outcome)})"
        )
    return found + outcome.warnings


def _smaller_grid(outcome: Outcome) -> str:
    settings = outcome.settings
    if settings.alphas is None and settings.penalty != "ridge":
        return f"--eps {settings.eps / 100:g}"
    return "smaller --alphas"


def penalty_word(settings: Settings) -> str:
    """Return the name of the penalty as one writes it."""
    return {"lasso": "Lasso", "elasticnet": "Elastic-Net", "ridge": "Ridge"}[settings.penalty]


def row_lines(outcome: Fitted) -> list[str]:
    """Say which rows are used, for what, and what the target looks like."""
    data, errors = outcome.data, outcome.errors
    n_used = data.n_read - data.missing_target - data.missing_features
    used = f"{n_used} of {data.n_read} used"
    reasons = []
    if data.missing_target:
        what = data.target if data.weights is None else f"{data.target} or {data.weights}"
        reasons.append(f"{data.missing_target} without {what}")
    if data.missing_features:
        reasons.append(f"{data.missing_features} with missing values")
    dropped = f", dropped: {', '.join(reasons)}" if reasons else ""
    lines = [f"Rows     {used}{dropped}"]
    if "test" in errors:
        n_train, n_test = errors["training"].n_rows, errors["test"].n_rows
        split = f"{n_train} for training, {n_test} held out as test"
        lines.append(f"         {split} (seed {outcome.settings.seed})")
    if data.weights is not None:
        lines.append(f"Weights  {data.weights}")
    spread = f"mean {outcome.target_mean:.5g}, standard deviation {outcome.target_sd:.5g}"
    constant = "" if outcome.target_sd > 0 else "; it is constant, there is nothing to explain"
    lines.append(f"Target   {data.target}: {spread}{constant}")
    return lines


def column_lines(outcome: Fitted, most: int = _N_LARGEST) -> list[str]:
    """Say which columns are used, and what became of them; a line each for `most` categories."""
    inputs = outcome.data.encoding.inputs
    n_features = len(outcome.model.coef)
    categorical = [column for column in inputs if column.levels is not None]
    lines = [f"Columns  {len(inputs)} used, as {n_features} features"]
    for column in categorical[:most]:
        levels = column.levels or ()
        if len(levels) < 2:
            lines.append(f"         {column.name}: categorical with one level, hence left out")
        else:
            lines.append(
                f"         {column.name}: categorical, {len(levels)} levels, reference {levels[0]}"
            )
    lines += _few("categorical", [column.name for column in categorical[most:]])
    missing = outcome.data.missing
    if missing:
        lines.append(
            f"         {sum(missing.values())} missing values in {len(missing)} columns, filled "
            "with the means of the training rows"
        )
    lines += _few("constant (coefficient 0)", outcome.constant)
    lines += _few("duplicated", [f"{name} = {first}" for name, first in outcome.duplicated])
    return lines


def _few(what: str, names: list[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - _N_LARGEST} more" if len(names) > _N_LARGEST else ""
    return [f"         {what}: {', '.join(names[:_N_LARGEST])}{more}"]


def chosen_lines(outcome: Outcome) -> list[str]:
    """Say how the penalty was chosen, and which one it is."""
    choice, settings = outcome.choice, outcome.settings
    rule = {
        "min": "the smallest mean error",
        "1se": "the largest α within one standard error of the smallest mean error",
    }[settings.selection_rule]
    if settings.penalty == "ridge" and settings.selection_rule == "min":
        rule = "the largest mean R²"
    lines = [f"Chosen by {settings.cv}-fold cross-validation ({rule}):"]
    if choice.l1_ratio is not None:
        lines.append(f"  l1_ratio = {choice.l1_ratio:g}")
    return [*lines, f"  α = {choice.alpha:.6g}{_place(choice)}"]


def _place(choice: Choice) -> str:
    if choice.n_alphas == 1:
        return ", the only one given"
    return (
        f", number {choice.position} of {choice.n_alphas} on a grid from {choice.largest:.4g} "
        f"down to {choice.smallest:.4g}"
    )


def error_table(outcome: Fitted, *, dense: bool = False) -> Any:
    """Return the errors of the model as a table."""
    table = new_table("Error", "rows", "mean squared error", "± SE", "root", "R²", dense=dense)
    words = {"training": "training", "cross_validated": "cross-validated", "test": "test"}
    for name, figures in outcome.errors.items():
        # The spread of training errors says nothing about how well the model generalizes.
        se = None if name == "training" else figures.mse_se
        table.add_row(
            words[name],
            str(figures.n_rows),
            rounded(figures.mse),
            "" if se is None else rounded(se, like=figures.mse),
            rounded(np.sqrt(figures.mse)),
            "undefined" if figures.r2 is None else f"{figures.r2:.4f}",
        )
    return table


def gap_line(outcome: Fitted) -> str:
    """Say how much larger the error on new rows is than on the training rows."""
    training = outcome.errors["training"].mse
    name = "test" if "test" in outcome.errors else "cross_validated"
    word = {"test": "test", "cross_validated": "cross-validated"}[name]
    error = outcome.errors[name].mse
    sign = "-" if error < training else "+"
    gap = sign + rounded(abs(error - training), like=training)
    times = f" (it is {error / training:.3g} times as large)" if training > 0 else ""
    if training < error / 1e4:
        times = " (the training rows are fitted almost exactly)"
    return f"Gap from training to {word} error: {gap}{times}"


def coefficient_lines(outcome: Fitted, most: int = _N_LARGEST) -> list[str]:
    """Say how many coefficients there are, and what `coefficient_table` shows of them."""
    coef = outcome.model.coef
    n_nonzero = int(np.count_nonzero(coef))
    count = f"{n_nonzero} of {len(coef)} coefficients are not zero"
    intercept = f"intercept {outcome.model.intercept:.6g}"
    if n_nonzero == 0:
        return [f"{count}: the model predicts {outcome.model.intercept:.6g} for every row"]
    which = "The largest" if n_nonzero > most else "All of them"
    return [
        f"{count}; {intercept}.",
        f"{which}, by |coefficient| × standard deviation of its column (so they compare):",
    ]


def by_size(outcome: Fitted) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the non-zero coefficients by falling size, and all sizes.

    The size of a coefficient is that times the standard deviation of its column.
    """
    effect = outcome.model.coef * outcome.feature_sd
    order = np.lexsort((np.arange(len(effect)), -np.abs(effect)))
    return order[outcome.model.coef[order] != 0], effect


def coefficient_table(
    outcome: Fitted, most: int = _N_LARGEST, *, dense: bool = False
) -> Any:
    """Return the largest coefficients as a table."""
    coef = outcome.model.coef
    order, effect = by_size(outcome)
    table = new_table("Column", "coefficient", "× standard deviation", dense=dense)
    names = outcome.data.encoding.feature_names
    for j in order[:most]:
        table.add_row(plain(names[j]), f"{coef[j]:.6g}", f"{effect[j]:.4g}")
    return table


def _certificate(outcome: Outcome) -> str:
    if outcome.dual_gap is None:
        violation = outcome.optimality_violation
        return f"Certificate: the conditions of optimality hold to {violation:.2g}."
    variance = outcome.target_sd**2
    share = f", {outcome.dual_gap / variance:.1g} of the target's variance" if variance > 0 else ""
    return (
        f"Certificate: the objective is within {outcome.dual_gap:.2g} of the smallest possible "
        f"(duality gap{share})."
    )


def rounded(value: float, like: float | None = None) -> str:
    """Five significant digits, or as many decimals as `like` would get."""
    scale = abs(value if like is None else like)
    if not 1e-3 <= scale < 1e9:
        return f"{value:.5g}"
    return f"{value:.{max(0, 4 - math.floor(math.log10(scale)))}f}"


def new_table(*columns: str, dense: bool = False) -> Any:
    """Return a table of rich's: names on the left, numbers on the right.

    A dense one has no empty lines above and below, and two spaces between its columns.
    """
    rich_table = require("rich.table", "the report")
    box = require("rich.box", "the report")
    room = {"show_edge": False, "padding": (0, 1, 0, 0)} if dense else {}
    table = rich_table.Table(box=box.SIMPLE_HEAD, pad_edge=False, **room)
    table.add_column(columns[0], overflow="fold")
    for column in columns[1:]:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def plain(text: str) -> Any:
    """Return text in which brackets are no markup."""
    return require("rich.text", "the report").Text(text)
