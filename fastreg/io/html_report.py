"""A comparison as one page for someone who was not there: no network, the same bytes each time.

Complete without scripts: the script of the page only sorts and searches the coefficients.
"""

from __future__ import annotations

import hashlib
import importlib
import platform
from pathlib import Path

import numpy as np

from fastreg.plotting.style import short_names

from .compare_report import mixes_line, model_line, mse_of_mean
from .comparing import Compared
from .extras import require
from .html_glossary import TERMS
from .html_parts import (
    bullets,
    code,
    facts,
    figure,
    paragraph,
    resource,
    section,
    table,
    text,
)
from .model_json import write_whole
from .report import by_size, gap_line, rounded

MOST_COEFFICIENTS = 5000
PRINTED = 50  # of them, as report.css has it
_PACKAGES = ("numpy", "scipy", "sklearn", "matplotlib")
_NAMES = {"sklearn": "scikit-learn"}


def check_report(path: str, *others: str) -> None:
    """Refuse a page that cannot be written, before any work.

    Raises
    ------
    ValueError
        An ending that no browser opens, or one of `others`.
    MissingExtraError
        If matplotlib is not installed.
    """
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{path}: the name of a report must end in .html")
    for other in others:
        if target.absolute() == Path(other).absolute():
            raise ValueError(f"{path}: the report and the model cannot be the same file")
    require("matplotlib", "--report")


def write_report(path: str, compared: Compared, command: str, model_path: str) -> None:
    """Write the page.

    Parameters
    ----------
    path : str
    compared : Compared
    command : str
        The command line that leads to this page.
    model_path : str
        Where the model is.
    """
    write_whole(path, render_page(compared, command, model_path))


def render_page(compared: Compared, command: str, model_path: str) -> str:
    """Return the page."""
    title = f"What predicts {compared.data.target} in {Path(compared.data.source).name}?"
    sections = [
        _answer(compared),
        _data(compared),
        _split(compared),
        _comparison(compared),
        _recommendation(compared),
        _curves(compared),
        _model(compared, model_path),
        _coefficients(compared),
        _warnings(compared),
        _reproduce(compared, command),
        section("glossary", "What the words mean", facts(TERMS)),
    ]
    links = "".join(
        f'<li><a href="#{name}">{text(words)}</a></li>'
        for name, words in _HEADINGS.items()
        if name != "answer"
    )
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{text(title)}</title>",
            f"<style>\n{resource('report.css')}</style>",
            "</head>",
            "<body>",
            "<main>",
            f"<h1>{text(title)}</h1>",
            f'<nav aria-label="Contents"><ul>{links}</ul></nav>',
            *sections,
            "</main>",
            f"<script>\n{resource('report.js')}</script>",
            "</body>",
            "</html>",
            "",
        ]
    )


_HEADINGS = {
    "answer": "The answer",
    "data": "The data",
    "split": "The split",
    "comparison": "The comparison",
    "recommendation": "The recommendation",
    "curves": "The curves",
    "model": "The model",
    "coefficients": "Its coefficients",
    "warnings": "Warnings",
    "reproduce": "How to reproduce it",
    "glossary": "What the words mean",
}


def _section(name: str, *parts: str) -> str:
    return section(name, _HEADINGS[name], *parts)


def _answer(compared: Compared) -> str:
    sentences = [_taken(compared), _worth(compared), _used(compared)]
    return _section("answer", paragraph(*sentences, kind="answer"))


def _taken(compared: Compared) -> str:
    """Say in a sentence which method was taken, and whether that was recommended."""
    data, name, n = compared.data, compared.method.name, len(compared.found.methods)
    k = len(data.encoding.inputs)
    only = short_names([data.encoding.inputs[0].name], [0])[0]
    columns = f"{k:,} columns" if k > 1 else f"the column {only}"
    what = f"{data.target} from {columns} of {Path(data.source).name}"
    if compared.is_recommended:
        among = f"out of {n} methods" if n > 1 else "(the only method asked for)"
        return f"To predict {what}, {name} is recommended {among}."
    if compared.found.recommendation.predicts:
        return (
            f"For predicting {what} there is no clear winner among {n} methods: their errors on "
            f"held-out rows cannot be told apart, and the simplest of them, {name}, was taken."
        )
    return (
        f"No method predicts {what} better than the mean of the target does, beyond what chance "
        f"may do; the model ({name}) is not to be relied on."
    )


def _worth(compared: Compared) -> str:
    """Say in a sentence how good the model is on rows that it has not seen."""
    name = "test" if "test" in compared.errors else "cross_validated"
    figures = compared.errors[name]
    where = (
        f"On {figures.n_rows:,} test rows that had no part in any choice"
        if name == "test"
        else f"On held-out rows of {compared.settings.cv} folds"
    )
    error, plain = float(np.sqrt(figures.mse)), float(np.sqrt(mse_of_mean(compared)))
    words = f"{where} its predictions are off by {rounded(error)} (root mean squared error)"
    if compared.target_sd == 0:
        return f"{words}; the target is constant, there is nothing to explain."
    share = 1.0 - figures.mse / mse_of_mean(compared) if plain > 0 else float("nan")
    if not share > 0:
        return f"{words}, no better than always predicting the mean ({rounded(plain)})."
    return (
        f"{words}, where always predicting the mean is off by {rounded(plain)}: it explains "
        f"{share:.0%} of the variation."
    )


def _used(compared: Compared) -> str:
    order, _ = by_size(compared)
    every = compared.data.encoding.feature_names
    names = short_names([every[j] for j in order[:3]], order[:3])
    p = len(compared.model.coef)
    if not names:
        return f"It uses none of the {p:,} features: it predicts the same for every row."
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    if len(order) == 1:
        return f"It uses one of {p:,} features, {listed}." if p > 1 else f"It uses {listed}."
    return f"It uses {len(order):,} of {p:,} features, above all {listed}."


def _data(compared: Compared) -> str:
    data = compared.data
    n_used = data.n_read - data.missing_target - data.missing_features
    spread = f"mean {compared.target_mean:.5g}, standard deviation {compared.target_sd:.5g}"
    left_out = []
    if data.missing_target:
        left_out.append(f"{data.missing_target:,} rows without a target or weight")
    if data.missing_features:
        left_out.append(f"{data.missing_features:,} rows with missing values")
    if compared.dropped:
        left_out.append(f"columns: {', '.join(compared.dropped)}")
    inputs = data.encoding.inputs
    pairs = [
        ("File", data.source),
        ("Rows", f"{data.n_read:,} read, {n_used:,} used"),
        ("Target", f"{data.target} (in the training rows: {spread})"),
        ("Columns used", f"{len(inputs):,}, as {len(data.encoding.feature_names):,} features"),
        ("Left out", "; ".join(left_out) or "nothing"),
    ]
    if data.weights is not None:
        pairs.append(("Weights", data.weights))
    if data.missing:
        counts = ", ".join(f"{name} {count:,}" for name, count in [*data.missing.items()][:30])
        more = f" and {len(data.missing) - 30} more columns" if len(data.missing) > 30 else ""
        words = f"in the training rows, filled with the means of others: {counts}{more}"
        pairs.append(("Missing values", words))
    pairs += _oddities(compared)
    return _section("data", facts(pairs), _categories(compared))


def _oddities(compared: Compared) -> list[tuple[str, str]]:
    pairs = []
    if compared.constant:
        pairs.append(("Constant columns", f"{_few(compared.constant)} (their coefficient is 0)"))
    if compared.duplicated:
        words = _few([f"{name} = {first}" for name, first in compared.duplicated])
        pairs.append(("Equal columns", words))
    return pairs


def _few(names: list[str], most: int = 20) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def _categories(compared: Compared) -> str:
    rows = [
        (column.name, str(len(column.levels)), column.levels[0] if column.levels else "")
        for column in compared.data.encoding.inputs
        if column.levels is not None
    ]
    if not rows:
        return ""
    words = "Columns of words: an indicator for each level but the first, the reference"
    return table(words, ("Column", "levels", "reference"), rows)


def _split(compared: Compared) -> str:
    settings, data = compared.settings, compared.data
    n_used = data.n_read - data.missing_target - data.missing_features
    n_train = len(compared.training.y)
    items = [
        f"{n_train:,} training rows: to compare, to choose, to fit.",
        (
            f"{n_used - n_train:,} test rows, drawn at random: looked at once, at the end, to "
            "judge the one model that was chosen. Nothing else depends on them."
            if n_used > n_train
            else "No test rows were set aside (--test-size 0): the error of the model on new rows "
            "is known from the folds only."
        ),
        f"The training rows are cut into {settings.cv} folds. Each fold in turn is held out, while "
        "every method chooses its penalty and is fitted on the others.",
        "Means for missing values, the units of the penalty and the choice of the penalty come "
        "from the rows that are trained on, in each fold anew.",
    ]
    return _section("split", bullets(items))


def _comparison(compared: Compared) -> str:
    from .report_pictures import comparison_picture

    found = compared.found
    at = [m.name for m in found.methods].index(found.recommendation.best)
    rows = [
        (
            method.name,
            f"{rounded(method.held_out_mean)} ± "
            f"{rounded(method.held_out_se, like=method.held_out_mean)}",
            rounded(method.train_mean, like=method.held_out_mean),
            rounded(method.gap, like=method.held_out_mean),
            f"{method.alpha:.4g}" if method.alpha > 0 else "none",
            f"{method.n_selected:,}",
            "the smallest"
            if i == at
            else " ± ".join(
                rounded(each[i, at], like=method.held_out_mean)
                for each in (found.differences, found.difference_se)
            ),
        )
        for i, method in enumerate(found.methods)
    ]
    columns = (
        *("Method", "held-out error ± SE", "training error", "gap", "penalty α", "features"),
        "more than the smallest, ± SE",
    )
    marked = [m.name for m in found.methods].index(compared.method.name)
    picture = comparison_picture(compared)
    base = rounded(float(found.baseline_errors.mean()))
    return _section(
        "comparison",
        paragraph(
            f"Mean squared errors over {len(found.fold_sizes)} folds of the training rows, the "
            f"same for all methods; always predicting the mean gives {base}. Penalty and number of "
            "features are those of the fit to all training rows.",
            mixes_line(compared),
        ),
        table("The methods; the one taken is marked", columns, rows, marked=marked),
        figure(picture.name, picture.heading, picture.svg, picture.words),
    )


def _recommendation(compared: Compared) -> str:
    recommended = compared.found.recommendation
    taken = []
    if not compared.is_recommended:
        taken = [
            f"Some model has to be taken all the same: {compared.method.name}, the simplest of "
            "those that cannot be told apart."
        ]
    return _section(
        "recommendation", paragraph(recommended.headline, *taken), bullets(recommended.reasons)
    )


def _curves(compared: Compared) -> str:
    from .report_pictures import curve_pictures

    pictures = curve_pictures(compared)
    return _section("curves", *(figure(p.name, p.heading, p.svg, p.words) for p in pictures))


def _model(compared: Compared, model_path: str) -> str:
    words = {"training": "training rows", "cross_validated": "held-out rows", "test": "test rows"}
    rows = [
        (
            words[name],
            f"{figures.n_rows:,}",
            rounded(figures.mse),
            ""
            if figures.mse_se is None or name == "training"
            else rounded(figures.mse_se, like=figures.mse),
            rounded(float(np.sqrt(figures.mse))),
            "undefined" if figures.r2 is None else f"{figures.r2:.4f}",
        )
        for name, figures in compared.errors.items()
    ]
    columns = ("Error on", "rows", "mean squared error", "± SE", "root", "R²")
    return _section(
        "model",
        paragraph(model_line(compared)),
        table("How good it is", columns, rows),
        paragraph(
            f"{gap_line(compared)}. The error on held-out rows is that of the method over the "
            "folds, each with a penalty of its own."
        ),
        paragraph(f"The model is in {model_path}. To predict new rows with it:"),
        code(f"fastreg predict {model_path} TABLE --out predictions.csv"),
    )


def _coefficients(compared: Compared) -> str:
    order, effect = by_size(compared)
    coef, names = compared.model.coef, compared.data.encoding.feature_names
    intercept = f"The intercept is {compared.model.intercept:.6g}"
    if not len(order):
        return _section("coefficients", paragraph(f"{intercept}; all coefficients are zero."))
    rows = [
        (names[j], f"{coef[j]:.6g}", f"{effect[j]:.4g}", str(rank))
        for rank, j in enumerate(order[:MOST_COEFFICIENTS], start=1)
    ]
    which = f"all {len(order):,}" if len(order) > 1 else "the only one"
    if len(order) > MOST_COEFFICIENTS:
        which = f"the {MOST_COEFFICIENTS:,} largest of {len(order):,}"
    kind = "long" if len(rows) > 20 else ""
    printed = f" (in print the first {PRINTED})" if len(rows) > PRINTED else ""
    return _section(
        "coefficients",
        paragraph(
            f"{intercept}. A prediction is the intercept plus the sum of coefficient times value. "
            "Times the standard deviation of its column, a coefficient says how much a usual "
            "difference in that column changes the prediction, so that columns in different units "
            "compare."
        ),
        table(
            f"Coefficients that are not zero: {which}, by size{printed}",
            ("Column", "coefficient", "× standard deviation", "rank"),
            rows,
            name="coefficients-table",
            kind=kind,
        ),
    )


def _warnings(compared: Compared) -> str:
    words = bullets(compared.warnings) or paragraph("None.")
    return _section("warnings", words)


def _reproduce(compared: Compared, command: str) -> str:
    from fastreg import __version__

    source = Path(compared.data.source)
    with open(source, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    versions = [f"fastreg {__version__}", f"Python {platform.python_version()}"]
    for name in _PACKAGES:
        version = importlib.import_module(name).__version__
        versions.append(f"{_NAMES.get(name, name)} {version}")
    return _section(
        "reproduce",
        code(command),
        facts(
            [
                ("SHA-256 of the file", digest),
                ("Seed", str(compared.settings.seed)),
                ("Versions", ", ".join(versions)),
            ]
        ),
        paragraph("The same file, command and versions give the same page, byte for byte."),
    )
