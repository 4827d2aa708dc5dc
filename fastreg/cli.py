"""The command ``fastreg``: options in, exit code out.

0 is success, 2 bad input (one line on standard error, beginning ``fastreg: error:``), 130 Ctrl-C,
141 a reader that went away. The options are in ``command_line``; fitting, reading, writing and
printing live in ``fastreg.io``.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastreg.command_line import fail, make_parser
from fastreg.io.extras import MissingExtraError, require

if TYPE_CHECKING:
    from fastreg.io.prepare import Prepared

_INTERRUPTED, _BROKEN_PIPE = 130, 141


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
        arguments = sys.argv[1:] if argv is None else list(argv)
        _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at exit; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except MemoryError:
        return fail("not enough memory for this table")
    except (ValueError, OSError, MissingExtraError) as error:
        return fail(str(error))
    except KeyboardInterrupt:
        print("fastreg: interrupted", file=sys.stderr)
        return _INTERRUPTED
    return 0


def _run(arguments: Sequence[str]) -> None:
    options = make_parser().parse_args(arguments)
    options.line = shlex.join(["fastreg", *arguments])
    _RUNS[options.command](options)


def _run_compare(options: argparse.Namespace) -> None:
    _refuse_overwriting(options.out, options.table)
    if options.report is not None:
        from fastreg.io.html_report import check_report

        _refuse_overwriting(options.report, options.table)
        check_report(options.report, options.out)
    if not options.quiet:
        require("rich", "the report")
    from fastreg.io.comparing import Comparing, compare_table
    from fastreg.io.tables import read_table

    compared = compare_table(
        read_table(options.table, text_columns=options.categorical),
        _settings(options, Comparing),
        progress=sys.stdout.isatty() and not options.quiet,
        target=options.target,
        weights=options.weights,
        drop=options.drop,
        categorical=options.categorical,
    )
    compared.model.save(options.out)
    if options.report is not None:
        from fastreg.io.html_report import write_report

        write_report(options.report, compared, options.line, options.out)
    if options.quiet:
        _warn(compared.warnings)
        return
    from fastreg.io.compare_report import render_comparison

    sys.stdout.write(render_comparison(compared))
    if options.report is not None:
        print(f"The whole story, with pictures, is in {options.report}")
    _say_where(options.out)


def _warn(messages: Sequence[str]) -> None:
    for message in messages:
        print(f"fastreg: warning: {message}", file=sys.stderr)


def _say_where(model: str) -> None:
    print(f"The model is in {model}; use it with: fastreg predict {model} TABLE")


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
        _warn(all_warnings(outcome))
        return
    sys.stdout.write(render_report(outcome) + shown)
    _say_where(options.out)


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


def _settings(options: argparse.Namespace, kind: type | None = None, **more: Any) -> Any:
    """Return how to fit (a `Settings`, or another kind); options not given have its defaults."""
    from fastreg.io.experiment import Settings

    kind = kind or Settings
    given = {name: getattr(options, name, None) for name in (f.name for f in fields(kind))}
    return kind(**{name: value for name, value in given.items() if value is not None}, **more)


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
    require("matplotlib", "--report")
    require("pyarrow", f"reading {table}")
    data = load_diabetes(scaled=False)
    rows = [[*x, y] for x, y in zip(data.data.tolist(), data.target.tolist(), strict=True)]
    lines = [",".join([*data.feature_names, "progression"])]
    lines += [",".join(map(repr, row)) for row in rows]
    write_whole(table, "\n".join([*lines, ""]))
    print(f"{len(rows)} diabetes patients, from scikit-learn: what predicts how far the disease")
    print(f"has progressed a year later? The data are in {table}. This is the report of")
    arguments = ["compare", table, "--target", "progression", "--out", options.out]
    arguments += ["--report", options.report]
    print(f"    {shlex.join(['fastreg', *arguments])}\n", flush=True)
    _run(arguments)
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
    # a file is replaced, a device such as /dev/null written to
    in_place = target.exists() and not target.is_file()
    if not os.access(target if in_place else target.resolve().parent, os.W_OK):
        raise ValueError(f"{out}: cannot be written: its folder may not be written to")
    for name in inputs:
        if target.exists() and Path(name).exists() and target.samefile(name):
            raise ValueError(f"{out}: would overwrite an input")


_RUNS = {
    "compare": _run_compare,
    "fit": _run_fit,
    "path": _run_path,
    "learn": _run_learn,
    "predict": _run_predict,
    "demo": _run_demo,
}
