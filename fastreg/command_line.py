"""What the command ``fastreg`` can be asked: its subcommands, their options, what these accept."""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from fastreg import __version__

BAD_INPUT = 2

_DEFAULT = "default: %(default)s"
_QUOTING = "a name with a comma in it goes in quotation marks, as in CSV: '\"a, b\",c'"
_PICTURE = "the picture: .svg, .png or .pdf"
_FORMATS = (
    "TABLE is CSV or TSV (also .gz), Parquet, Feather, NPZ (arrays X, y, feature_names) or "
    "svmlight (also .gz), told by its name. In NPZ and svmlight the target is called y."
)


def fail(message: str) -> int:
    """Say in one line what is wrong; return the exit code."""
    print(f"fastreg: error: {' '.join(message.split())}", file=sys.stderr)
    return BAD_INPUT


class _Parser(argparse.ArgumentParser):
    """argparse with one line for an error, without the usage."""

    def error(self, message: str) -> NoReturn:
        sys.exit(fail(f"{message} (see {self.prog} --help)"))


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; what it returns has the name of the subcommand as `command`."""
    parser = _Parser(
        prog="fastreg",
        description="Compare Lasso, Elastic-Net, Ridge and least squares on a table, fit one of "
        "them, and say how well it will predict new rows.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"fastreg {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_compare(commands)
    _add_fit(commands)
    _add_path(commands)
    _add_learn(commands)
    predict = commands.add_parser(
        "predict",
        help="predict with a fitted model",
        description="Write one prediction for every row of TABLE. Columns are found by name.",
        allow_abbrev=False,
    )
    predict.add_argument("model", metavar="MODEL", help="the file that compare or fit wrote")
    predict.add_argument("table", metavar="TABLE", help="rows to predict")
    predict.add_argument("--out", metavar="FILE", help="a CSV file (default: standard output)")
    predict.set_defaults(command="predict")
    demo = commands.add_parser(
        "demo",
        help="compare on data that come with scikit-learn",
        description="Write diabetes.csv, a model of it and a report in the current folder.",
        allow_abbrev=False,
    )
    demo.add_argument("--out", metavar="FILE", default="model.json", help=_DEFAULT)
    demo.add_argument("--report", metavar="FILE", default="report.html", help=_DEFAULT)
    demo.set_defaults(command="demo")
    return parser


def _add_compare(commands: argparse._SubParsersAction) -> None:
    compare = commands.add_parser(
        "compare",
        help="compare the penalties on a table, recommend one, fit it, tell the whole story",
        description="Least squares, ridge, lasso, relaxed lasso and Elastic-Net on the same rows: "
        "which of them predicts rows it has not seen, and how well. The recommended model is "
        f"judged once, by test rows that nothing else has seen. {_FORMATS}",
        allow_abbrev=False,
    )
    _add_table_options(compare, ("drop", "mean"))
    _add_fold_options(compare)
    words = "some of least-squares, ridge, lasso, relaxed-lasso, elastic-net (default: all)"
    compare.add_argument("--methods", type=_methods, metavar="NAME,...", help=words)
    _add_outcome_options(compare)
    compare.add_argument("--report", metavar="FILE", help="a page that tells it all: .html")
    compare.set_defaults(command="compare")


def _add_fit(commands: argparse._SubParsersAction) -> None:
    fit = commands.add_parser(
        "fit",
        help="fit a model to a table, report its errors, write it to a file",
        description=_FORMATS,
        allow_abbrev=False,
    )
    _add_table_options(fit, ("drop", "mean"))
    _add_fit_options(fit)
    _add_outcome_options(fit)
    words = "a picture of the held-out error: .svg, .png or .pdf"
    fit.add_argument("--plot", metavar="FILE", help=words)
    fit.set_defaults(command="fit")


def _add_path(commands: argparse._SubParsersAction) -> None:
    path = commands.add_parser(
        "path",
        help="draw the coefficients against the penalty",
        description="Draw the coefficients of all rows of TABLE along the penalties, and mark the "
        "one that cross-validation chooses.",
        allow_abbrev=False,
    )
    _add_table_options(path, ("drop", "mean"))
    _add_fit_options(path)
    path.add_argument("--out", metavar="FILE", default="path.svg", help=f"{_PICTURE}, {_DEFAULT}")
    path.set_defaults(command="path")


def _add_learn(commands: argparse._SubParsersAction) -> None:
    learn = commands.add_parser(
        "learn",
        help="draw the error against the number of training rows",
        description="Draw training and held-out error of TABLE against the number of training "
        "rows: whether more rows would help.",
        allow_abbrev=False,
    )
    _add_table_options(learn, ("drop",))
    _add_fit_options(learn, rule=False)
    add = learn.add_argument
    add("--alpha", type=_alpha, metavar="A", help="the same for all sizes (default: chosen anew)")
    add("--out", metavar="FILE", default="learn.svg", help=f"{_PICTURE}, {_DEFAULT}")
    learn.set_defaults(command="learn")


def _add_table_options(parser: argparse.ArgumentParser, missing: Sequence[str]) -> None:
    """Add the table, and how it is read; `missing` are the remedies for missing values."""
    add = parser.add_argument
    add("table", metavar="TABLE")
    add("--target", metavar="COLUMN", help="the column to predict")
    add("--weights", metavar="COL", help="column of row weights")
    words = f"leave out; {_QUOTING}"
    add("--drop", metavar="COL,...", type=_names, action="extend", default=[], help=words)
    add(
        "--categorical",
        metavar="COL,...",
        type=_names,
        action="extend",
        default=[],
        help="treat as categories even what looks like numbers; names as for --drop",
    )
    filled = ", or fill in column means" if "mean" in missing else ""
    words = f"leave out rows with missing values{filled} (default: refuse)"
    add("--missing", choices=missing, help=words)


def _add_fold_options(parser: argparse.ArgumentParser) -> None:
    """Add what every fit by cross-validation has."""
    add = parser.add_argument
    add("--cv", type=_integer(2), metavar="FOLDS", default=5, help=_DEFAULT)
    add("--seed", type=_integer(0, 2**32 - 1), metavar="N", default=0, help=_DEFAULT)
    add(
        "--standardize",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="penalize columns as if they had unit variance (coefficients keep the column's units)",
    )


def _add_outcome_options(parser: argparse.ArgumentParser) -> None:
    """Add what a model is judged by, and where it goes."""
    add = parser.add_argument
    add("--test-size", type=_share, metavar="SHARE", default=0.2, help=f"share of rows, {_DEFAULT}")
    add("--out", metavar="FILE", default="model.json", help=_DEFAULT)
    add("--quiet", action="store_true", help="no report; warnings go to standard error")


def _add_fit_options(parser: argparse.ArgumentParser, *, rule: bool = True) -> None:
    """Add the penalty, its grid, the folds and, with `rule`, how to choose."""
    add = parser.add_argument
    add("--penalty", choices=("lasso", "elasticnet", "ridge"), default="lasso", help=_DEFAULT)
    _add_fold_options(parser)
    add("--alphas", type=_alphas, metavar="A,...", help="penalties to try (default: automatic)")
    add("--n-alphas", type=_integer(1), metavar="N", help="length of the automatic grid")
    add("--eps", type=_eps, metavar="EPS", help="its smallest over its largest penalty (1e-3)")
    add("--l1-ratio", type=_ratios, metavar="R,...", help="mixes to try, for elasticnet")
    if rule:
        add(
            "--selection-rule",
            choices=("min", "1se"),
            help="smallest error, or largest penalty within one standard error of it (min)",
        )


def _names(text: str) -> list[str]:
    """Read a list as a line of CSV; quotation marks also keep blanks at either end of a name."""
    try:
        names = next(csv.reader([text], skipinitialspace=True, strict=True), [])
    except csv.Error:
        names = []
    names = [name for name in names if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of names with commas between them")
    return names


def _methods(text: str) -> tuple[str, ...]:
    from fastreg.model_selection.methods import METHODS

    known = {name.lower().replace(" ", "-"): name for name in METHODS}
    asked = [name.strip().lower().replace(" ", "-") for name in _names(text)]
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(known)}")
    return tuple(name for key, name in known.items() if key in asked)


def _numbers(text: str, accept: Callable[[float], bool], words: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not values or not all(map(accept, values)):
        raise argparse.ArgumentTypeError(f"{text!r} is not {words}")
    return values


def _number(text: str, accept: Callable[[float], bool], words: str) -> float:
    return _numbers(text, lambda value: "," not in text and accept(value), words)[0]


def _alphas(text: str) -> tuple[float, ...]:
    return _numbers(
        text, lambda value: 0 <= value < math.inf, "a list of numbers that are zero or larger"
    )


def _alpha(text: str) -> float:
    return _number(text, lambda value: 0 <= value < math.inf, "one number, zero or larger")


def _ratios(text: str) -> tuple[float, ...]:
    words = "a list of numbers above 0 and up to 1 (0 would be --penalty ridge)"
    return _numbers(text, lambda value: 0 < value <= 1, words)


def _eps(text: str) -> float:
    return _number(text, lambda value: 0 < value < 1, "one number between 0 and 1")


def _share(text: str) -> float:
    return _number(text, lambda value: 0 <= value < 1, "a share: one number, 0 or more, below 1")


def _integer(least: int, most: float = math.inf) -> Callable[[str], int]:
    limits = f", {least} or more" if most == math.inf else f" from {least} to {most}"

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number{limits}")
        return value

    return parse
