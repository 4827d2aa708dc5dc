"""The command ``fastreg``: options in, exit code out.

0 is success, 2 bad input (one line on standard error, beginning ``fastreg: error:``), 130 Ctrl-C,
141 a reader that went away. Fitting, reading, writing and printing live in ``fastreg.io``.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from fastreg import __version__
from fastreg.io.extras import MissingExtraError, require

if TYPE_CHECKING:
    from fastreg.io.experiment import Settings
    from fastreg.io.prepare import Prepared

_BAD_INPUT, _INTERRUPTED, _BROKEN_PIPE = 2, 130, 141

_DEFAULT = "default: %(default)s"
_PICTURE = "the picture: .svg, .png or .pdf"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, or None
        Arguments; None takes those of the process.

    Returns
    -------
    int
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that knows no α gets a question mark, not a traceback.
            stream.reconfigure(errors="replace")
    try:
        options = _parser().parse_args(argv)
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at exit; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except MemoryError:
        return _fail("not enough memory for this table")
    except (ValueError, OSError, MissingExtraError) as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        print("fastreg: interrupted", file=sys.stderr)
        return _INTERRUPTED
    return 0


def _fail(message: str) -> int:
    print(f"fastreg: error: {' '.join(message.split())}", file=sys.stderr)
    return _BAD_INPUT


class _Parser(argparse.ArgumentParser):
    """argparse with one line for an error, without the usage."""

    def error(self, message: str) -> NoReturn:
        sys.exit(_fail(f"{message} (see {self.prog} --help)"))


def _run_fit(options: argparse.Namespace) -> None:
    from fastreg.io.experiment import fit_prepared
    from fastreg.io.report import all_warnings, render_report

    _refuse_pointless(options)
    _refuse_overwriting(options.out, options.table)
    if options.plot is not None:
        _check_picture(options.plot, options.table, options.out)
    if not options.quiet:
        require("rich", "the report")  # now, not after a long fit
    data = _prepared(options, drawn=options.plot is not None)
    outcome = fit_prepared(data, _settings(options))
    outcome.model.save(options.out)
    shown = ""
    if options.plot is not None:
        from fastreg.io.picture_report import describe_cv_curve
        from fastreg.io.pictures import draw_cv_curve

        shown = f"{describe_cv_curve(draw_cv_curve(outcome, options.plot))}.\n"
        shown += f"The picture of it is in {options.plot}\n"
    if options.quiet:
        for message in all_warnings(outcome):
            print(f"fastreg: warning: {message}", file=sys.stderr)
        return
    sys.stdout.write(render_report(outcome) + shown)
    print(f"The model is in {options.out}; use it with: fastreg predict {options.out} TABLE")


def _run_path(options: argparse.Namespace) -> None:
    _refuse_pointless(options)
    _check_picture(options.out, options.table)
    require("rich", "the report")
    from fastreg.io.experiment import fit_prepared
    from fastreg.io.picture_report import render_path
    from fastreg.io.pictures import draw_path

    data = _prepared(options, drawn=True)
    outcome = fit_prepared(data, _settings(options, test_size=0.0))
    display = draw_path(outcome, options.out)
    sys.stdout.write(render_path(outcome, display))
    print(f"The picture is in {options.out}")


def _run_learn(options: argparse.Namespace) -> None:
    _refuse_pointless(options)
    _check_picture(options.out, options.table)
    require("rich", "the report")
    from fastreg.io.learning import learn_prepared
    from fastreg.io.picture_report import render_learning
    from fastreg.io.pictures import draw_learning

    data = _prepared(options, drawn=True)
    learned = learn_prepared(data, _settings(options), options.alpha)
    display = draw_learning(learned, options.out)
    sys.stdout.write(render_learning(learned, display))
    print(f"The picture is in {options.out}")


def _prepared(options: argparse.Namespace, *, drawn: bool = False) -> Prepared:
    """Read the table of the options, and turn it into numbers; `drawn`: that a picture can show."""
    from fastreg.io.prepare import prepare
    from fastreg.io.tables import read_table

    data = prepare(
        read_table(options.table, text_columns=options.categorical),
        target=options.target,
        weights=options.weights,
        drop=options.drop,
        categorical=options.categorical,
        missing=options.missing,
    )
    if drawn:
        from fastreg.io.pictures import check_drawable

        check_drawable(data)
    return data


def _settings(options: argparse.Namespace, **more: Any) -> Settings:
    """Return how to fit; what an option does not say has its default."""
    from fastreg.io.experiment import Settings

    given = {name: getattr(options, name, None) for name in (f.name for f in fields(Settings))}
    return Settings(**{name: value for name, value in given.items() if value is not None}, **more)


def _check_picture(path: str, *others: str) -> None:
    from fastreg.io.pictures import check_picture

    _refuse_overwriting(path, *others)
    check_picture(path)


def _run_predict(options: argparse.Namespace) -> None:
    from fastreg.io.model_json import load_model, write_whole
    from fastreg.io.tables import read_table

    model = load_model(options.model)
    if options.out is not None:
        _refuse_overwriting(options.out, options.model, options.table)
    table = read_table(options.table, text_columns=model.encoding.text_columns)
    predictions = model.predict(table)
    lines = "\n".join(["prediction", *map(repr, predictions.tolist()), ""])
    if options.out is None:
        sys.stdout.write(lines)
    else:
        write_whole(options.out, lines)
        print(f"{len(predictions)} predictions of {model.target} are in {options.out}")


def _run_demo(options: argparse.Namespace) -> None:
    from sklearn.datasets import load_diabetes

    from fastreg.io.model_json import write_whole

    table = "diabetes.csv"
    require("rich", "the report")
    require("pyarrow", f"reading {table}")
    data = load_diabetes(scaled=False)
    rows = [[*x, y] for x, y in zip(data.data.tolist(), data.target.tolist(), strict=True)]
    lines = [",".join([*data.feature_names, "progression"])]
    lines += [",".join(map(repr, row)) for row in rows]
    write_whole(table, "\n".join([*lines, ""]))
    print(f"{len(rows)} diabetes patients, from scikit-learn: what predicts how far the disease")
    print(f"has progressed a year later? The data are in {table}. This is the report of")
    print(f"    fastreg fit {table} --target progression --out {options.out}\n", flush=True)
    arguments = ["fit", table, "--target", "progression", "--out", options.out]
    _run_fit(_parser().parse_args(arguments))
    print(f"For example:  fastreg predict {options.out} {table}")


def _refuse_pointless(options: argparse.Namespace) -> None:
    """Options that would have no effect are mistakes."""
    if options.l1_ratio is not None and options.penalty != "elasticnet":
        raise ValueError("--l1-ratio is for --penalty elasticnet")
    if options.alphas is not None and getattr(options, "alpha", None) is not None:
        raise ValueError("--alphas is to choose from, --alpha says which: use one of them")
    for name in ("n_alphas", "eps"):
        if getattr(options, name) is not None:
            option = "--" + name.replace("_", "-")
            if options.alphas is not None:
                raise ValueError(f"{option} makes a grid, --alphas gives one: use one of them")
            if getattr(options, "alpha", None) is not None:
                raise ValueError(f"{option} makes a grid to choose from, --alpha says which α")
            if options.penalty == "ridge":
                raise ValueError(f"{option} is not for --penalty ridge: give a grid with --alphas")


def _refuse_overwriting(out: str, *inputs: str) -> None:
    target = Path(out)
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise ValueError(f"{out}: cannot be written: it is or needs a folder")
    for name in inputs:
        if target.exists() and Path(name).exists() and target.samefile(name):
            raise ValueError(f"{out}: would overwrite an input")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="fastreg",
        description="Fit a Lasso, Elastic-Net or Ridge regression to a table, and say how well it "
        "will predict new rows.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"fastreg {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_fit(commands)
    _add_path(commands)
    _add_learn(commands)
    predict = commands.add_parser(
        "predict",
        help="predict with a fitted model",
        description="Write one prediction for every row of TABLE. Columns are found by name.",
        allow_abbrev=False,
    )
    predict.add_argument("model", metavar="MODEL", help="the file that fit wrote")
    predict.add_argument("table", metavar="TABLE", help="rows to predict")
    predict.add_argument("--out", metavar="FILE", help="a CSV file (default: standard output)")
    predict.set_defaults(run=_run_predict)
    demo = commands.add_parser(
        "demo",
        help="fit on data that come with scikit-learn",
        description="Write diabetes.csv and a model of it in the current folder.",
        allow_abbrev=False,
    )
    demo.add_argument("--out", metavar="FILE", default="model.json", help="default: %(default)s")
    demo.set_defaults(run=_run_demo)
    return parser


def _add_fit(commands: argparse._SubParsersAction) -> None:
    fit = commands.add_parser(
        "fit",
        help="fit a model to a table, report its errors, write it to a file",
        description="TABLE is CSV or TSV (also .gz), Parquet, Feather, NPZ (arrays X, y, "
        "feature_names) or svmlight (also .gz), told by its name. In NPZ and svmlight the target "
        "is called y.",
        allow_abbrev=False,
    )
    _add_table_options(fit, ("drop", "mean"))
    _add_fit_options(fit)
    add = fit.add_argument
    add("--test-size", type=_share, metavar="SHARE", default=0.2, help=f"share of rows, {_DEFAULT}")
    add("--out", metavar="FILE", default="model.json", help=_DEFAULT)
    add("--plot", metavar="FILE", help="a picture of the held-out error: .svg, .png or .pdf")
    add("--quiet", action="store_true", help="no report; warnings go to standard error")
    fit.set_defaults(run=_run_fit)


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
    path.set_defaults(run=_run_path)


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
    learn.set_defaults(run=_run_learn)


def _add_table_options(parser: argparse.ArgumentParser, missing: Sequence[str]) -> None:
    """Add the table, and how it is read; `missing` are the remedies for missing values."""
    add = parser.add_argument
    add("table", metavar="TABLE")
    add("--target", metavar="COLUMN", help="the column to predict")
    add("--weights", metavar="COL", help="column of row weights")
    add("--drop", metavar="COL,...", type=_names, action="extend", default=[], help="leave out")
    add(
        "--categorical",
        metavar="COL,...",
        type=_names,
        action="extend",
        default=[],
        help="treat as categories even what looks like numbers",
    )
    filled = ", or fill in column means" if "mean" in missing else ""
    words = f"leave out rows with missing values{filled} (default: refuse)"
    add("--missing", choices=missing, help=words)


def _add_fit_options(parser: argparse.ArgumentParser, *, rule: bool = True) -> None:
    """Add the penalty, its grid, the folds and, with `rule`, how to choose."""
    add = parser.add_argument
    add("--penalty", choices=("lasso", "elasticnet", "ridge"), default="lasso", help=_DEFAULT)
    add("--cv", type=_integer(2), metavar="FOLDS", default=5, help=_DEFAULT)
    add("--seed", type=_integer(0, 2**32 - 1), metavar="N", default=0, help=_DEFAULT)
    add(
        "--standardize",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="penalize columns as if they had unit variance (coefficients keep the column's units)",
    )
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
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError("expected column names with commas between them")
    return names


def _numbers(text: str, accept: Callable[[float], bool], words: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not values or not all(map(accept, values)):
        raise argparse.ArgumentTypeError(f"{text!r} is not {words}")
    return values


def _alphas(text: str) -> tuple[float, ...]:
    return _numbers(
        text, lambda value: 0 <= value < math.inf, "a list of numbers that are zero or larger"
    )


def _alpha(text: str) -> float:
    words = "one number, zero or larger"
    return _numbers(text, lambda value: "," not in text and 0 <= value < math.inf, words)[0]


def _ratios(text: str) -> tuple[float, ...]:
    words = "a list of numbers above 0 and up to 1 (0 would be --penalty ridge)"
    return _numbers(text, lambda value: 0 < value <= 1, words)


def _eps(text: str) -> float:
    return _numbers(text, lambda value: 0 < value < 1, "a number between 0 and 1")[0]


def _share(text: str) -> float:
    return _numbers(text, lambda value: 0 <= value < 1, "a share: 0 or more, below 1")[0]


def _integer(least: int, most: int | None = None) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, {least} or more")
        return value

    return parse
