"""What all pictures share: colours, axes, numbers and names, and where a legend has room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastreg.io.extras import require

# Okabe & Ito (2008): told apart by people with any kind of colour vision. Without their yellow,
# which no line in it could be followed on white paper.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.2, 1.2, 1.2)))
TRAIN, HELD_OUT, NEUTRAL = COLOURS[0], COLOURS[1], "0.45"  # grey on white paper and on black
BACKGROUND = "0.72"
SHADE = {"color": "0.5", "alpha": 0.14, "linewidth": 0, "zorder": 0}

FIGURE_SIZE = (7.0, 4.5)
N_NAMED = 8
MOST_TICKS = 7  # of a logarithmic axis
MOST_DECADES = 4  # of an axis with ticks between the numbers
MOST_LINES = 60  # of the unnamed features; more are shown by the band they fill
LONGEST_NAME = 26
NARROW = 3.0  # inches: axes have no room for a legend beside them
LOW = 2.2  # inches: no room for a long label of the y axis
SLIM = 5.5  # inches: a figure has no room beside its axes for a legend, but below
FAR = 8.0  # errors that differ by more are drawn on a logarithmic axis

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MINUS = str.maketrans("-", "−")


def axes_for(ax: Any, size: tuple[float, float] = FIGURE_SIZE) -> Any:
    """Return the axes to draw on: those given, or those of a new figure.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    if ax is not None:
        return ax
    plt = require("matplotlib.pyplot", "a picture", extra="plot")
    return plt.subplots(figsize=size, layout="constrained")[1]


def inches(ax: Any, side: str = "width") -> float:
    """Return the width or height of axes, before a layout engine makes room around them."""
    return getattr(ax.get_position(), side) * getattr(ax.figure.bbox, side) / ax.figure.dpi


def finish(ax: Any) -> None:
    """Write numbers on the y axis without a common factor, and leave out the idle frame."""
    write_numbers(ax.yaxis, *ax.get_ylim())
    ax.spines[["top", "right"]].set_visible(False)


def write_numbers(axis: Any, low: float, high: float) -> None:
    """Choose the ticks of an axis, linear or logarithmic, and how their numbers are written."""
    ticker = require("matplotlib.ticker", "a picture", extra="plot")
    most = int(np.clip(axis.get_tick_space(), 2, MOST_TICKS))
    if axis.get_scale() == "linear":
        crowded = axis.axis_name == "x" and inches(axis.axes) < NARROW
        write = number if crowded else plain_number
        axis.set_major_locator(ticker.MaxNLocator(min(most, 6), steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: write(value)))
        return
    if axis.get_scale() == "log":
        decades = np.log10(max(low, high) / min(low, high))
        axis.set_major_locator(_log_locator(ticker, decades, most))
        axis.set_minor_formatter(ticker.NullFormatter())
        if decades > MOST_DECADES:
            axis.set_minor_locator(ticker.NullLocator())
    else:
        axis.set_minor_locator(ticker.NullLocator())
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: number(value)))


def _log_locator(ticker: Any, decades: float, most: int) -> Any:
    """Return ticks at whole decades, also at 2 and 5 (or 3) times them where there are few."""
    if decades < 0.9:
        return ticker.MaxNLocator(min(most, 5), steps=[1, 2, 2.5, 5, 10])
    subs = (1.0, 2.0, 5.0) if decades < 1.9 else (1.0, 3.0) if decades < 2.9 else (1.0,)
    subs = subs if len(subs) * decades <= most else (1.0,)
    return ticker.LogLocator(subs=subs, numticks=most)


def number(value: float) -> str:
    """Write a number that may be of any size: 0.002, 30, 10000, 2·10⁻⁵."""
    if value == 0:
        return "0"
    power = int(np.floor(np.log10(abs(value)) + 1e-9))
    if -4 < power < 5:
        return f"{value:.6g}".translate(_MINUS)
    factor, exponent = f"{value / 10.0**power:.4g}", str(power).translate(_SUPERSCRIPTS)
    return (f"10{exponent}" if factor == "1" else f"{factor}·10{exponent}").translate(_MINUS)


def plain_number(value: float) -> str:
    """Write a number among others of its size: 0.02, 30, 120,000."""
    if 1e4 <= abs(value) < 1e7:
        return f"{value:,.10g}".translate(_MINUS)
    return number(value)


def alpha_axis(ax: Any, alphas: np.ndarray, *, label: str = "α  (less regularization →)") -> None:
    """Make x the axis of α, logarithmic, falling to the right.

    An α of 0 has a place of its own beyond the smallest positive one.
    """
    alphas = np.asarray(alphas, dtype=float)
    positive = alphas[alphas > 0]
    if positive.size and positive.min() < alphas.max():
        low, high = positive.min(), alphas.max()
        margin = (high / low) ** 0.03
        if positive.size < alphas.size:
            ax.set_xscale("symlog", linthresh=low, linscale=0.5)
            ax.set_xlim(high * margin, -0.1 * low)
        else:
            ax.set_xscale("log")
            ax.set_xlim(high * margin, low / margin)
        write_numbers(ax.xaxis, low, high)
    else:
        ax.set_xlim(*((1.0, -1.0) if not alphas.max() else (2 * alphas.max(), 0.0)))
        write_numbers(ax.xaxis, 0.0, alphas.max())
    ax.set_xlabel(label)


def count_axis(ax: Any, alphas: np.ndarray, counts: np.ndarray, label: str) -> Any:
    """Write what each α comes to above the picture, at some α of the grid; return that axis.

    Parameters
    ----------
    alphas, counts : ndarray of shape (m,)
    label : str
        What is counted.
    """
    ticker = require("matplotlib.ticker", "a picture", extra="plot")
    at = _spread(ax, alphas, max(int(inches(ax) / 0.85), 2))
    top = ax.secondary_xaxis("top")
    top.xaxis.set_major_locator(ticker.FixedLocator(alphas[at]))
    top.xaxis.set_minor_locator(ticker.NullLocator())
    top.xaxis.set_major_formatter(ticker.FixedFormatter([_count(counts[k]) for k in at]))
    top.set_xlabel(label)
    return top


def _spread(ax: Any, alphas: np.ndarray, most: int) -> np.ndarray:
    """Return the numbers of at most so many α that lie far enough apart on the x axis."""
    place = ax.transAxes.inverted().transform(
        ax.transData.transform(np.column_stack([alphas, np.zeros(len(alphas))]))
    )[:, 0]
    wanted = np.linspace(place.min(), place.max(), min(most, len(alphas)))
    near = np.unique([int(np.argmin(np.abs(place - x))) for x in wanted])
    kept: list[int] = []
    for k in near[np.argsort(place[near])]:
        if not kept or place[k] - place[kept[-1]] > 0.7 / most:
            kept.append(int(k))
    return np.array(kept)


def _count(value: float) -> str:
    if value == 0 or value >= 100 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.1g}" if value < 1 else f"{value:.2g}" if value < 10 else f"{value:.0f}"


def short_names(names: Sequence[str], columns: Sequence[int]) -> list[str]:
    """Return names of at most `LONGEST_NAME` characters, different where the names are.

    Parameters
    ----------
    columns : sequence of int
        Their numbers, to tell names apart that are the same once shortened.
    """
    head = LONGEST_NAME * 3 // 5
    tail = LONGEST_NAME - head - 1
    short = [n if len(n) <= LONGEST_NAME else f"{n[:head]}…{n[-tail:]}" for n in names]
    return [
        f"{s[: head - 1]}… #{j}" if short.count(s) > 1 else s
        for s, j in zip(short, columns, strict=True)
    ]


def feature_lines(
    ax: Any, x: np.ndarray, values: np.ndarray, names: Sequence[str], named: Sequence[int]
) -> tuple[list[Any], Any]:
    """Draw one line a feature: the named ones in colour, the others grey.

    More than `MOST_LINES` others become the band from their smallest to their largest value.
    Features that are zero everywhere are not drawn.

    Parameters
    ----------
    x : ndarray of shape (m,)
    values : ndarray of shape (m, p)
    named : sequence of int
        Numbers of the features to name.

    Returns
    -------
    lines : list of Line2D
        Of the named features, in the order of `named`.
    others : LineCollection, PolyCollection or None
    """
    rest = np.setdiff1d(np.flatnonzero(np.any(values != 0, axis=0)), named)
    others = None
    if rest.size > MOST_LINES:
        low, high = values[:, rest].min(axis=1), values[:, rest].max(axis=1)
        label = f"{rest.size:,} other features: their range"
        others = ax.fill_between(
            x, low, high, color=BACKGROUND, alpha=0.55, linewidth=0, label=label
        )
    elif rest.size:
        collections = require("matplotlib.collections", "a picture", extra="plot")
        label = f"{rest.size} other feature{'s' if rest.size > 1 else ''}"
        lines = [np.column_stack([x, values[:, j]]) for j in rest]
        others = collections.LineCollection(lines, colors=BACKGROUND, linewidths=0.6, label=label)
        ax.add_collection(others)
        ax.autoscale_view()
    short = short_names([names[j] for j in named], named)
    colours = [*COLOURS[:-1], ax.xaxis.label.get_color()]  # black, or what is written with
    lines = [
        ax.plot(
            x,
            values[:, j],
            color=colours[i % len(colours)],
            linestyle=DASHES[i // len(COLOURS) % len(DASHES)],
            linewidth=1.6,
            label=short[i],
        )[0]
        for i, j in enumerate(named)
    ]
    return lines, others


def error_line(
    ax: Any, x: np.ndarray, mean: np.ndarray, se: np.ndarray | None, *, label: str, colour: str
) -> tuple[Any, Any]:
    """Draw a mean and the band of one standard error on both sides, where that is known.

    Returns
    -------
    line : Line2D
    band : PolyCollection or None
    """
    dashes = DASHES[1] if colour == TRAIN else DASHES[0]
    (line,) = ax.plot(x, mean, color=colour, linestyle=dashes, linewidth=1.6, label=label)
    if len(x) == 1:
        line.set_marker("o")
    band = None
    if se is not None and np.isfinite(se).any():
        band = ax.fill_between(x, mean - se, mean + se, color=colour, alpha=0.2, linewidth=0)
        line.set_label(f"{label} ± SE")
    return line, band


def error_view(
    ax: Any, mean: np.ndarray, se: np.ndarray, train: tuple[np.ndarray, np.ndarray] | None = None
) -> None:
    """Show all of some errors on the y axis, with 0 where that is near.

    Held-out errors of different orders of magnitude are shown on a logarithmic axis, which training
    errors may leave.

    Parameters
    ----------
    mean, se : ndarray
        Of held-out errors, of the same shape; NaN where they are not known.
    train : pair of ndarray, default=None
        The same of training errors.
    """
    every = [(mean, se)] if train is None else [(mean, se), train]
    means = np.concatenate([np.ravel(m) for m, _ in every])
    ses = np.nan_to_num(np.concatenate([np.ravel(s) for _, s in every]))
    known = np.isfinite(means)
    low, high = (means - ses)[known].min(), (means + ses)[known].max()
    smallest = float(np.nanmin(mean))
    if smallest > 0 and float(np.nanmax(mean)) > FAR * smallest:
        ax.set_yscale("log", nonpositive="clip")
        ax.set_ylim(max(low, smallest / 3.0) / 1.1, high * 1.1)
        return
    low = max(float(low), 0.0)  # of errors, none of which is negative
    margin = 0.05 * (high - low) or 0.05 * high or 1.0
    ax.set_ylim(-0.02 * high if low < 0.25 * high else low - margin, high + margin)


def error_axis(ax: Any, mean: np.ndarray, se: np.ndarray, train: np.ndarray, base: float) -> None:
    """Make x an axis of errors that shows all held-out ones.

    Logarithmic where they are of different orders of magnitude; training errors may then be off it.
    So may the baseline where it is so far away that the others would have less than a third.

    Parameters
    ----------
    mean, se, train : ndarray of shape (M,)
    base : float
    """
    smallest, high = float(mean.min()), float((mean + se).max())
    if high > FAR * smallest > 0:
        least = smallest / 30.0
        low = max(float(np.concatenate([mean - se, train]).min()), least)
        high = max(base, high) if base < high * (high / low) ** 2 else high
        ax.set_xscale("log", nonpositive="clip")
        ax.set_xlim(low / (high / low) ** 0.05, high * (high / low) ** 0.05)
    else:
        low = float(min(train.min(), (mean - se).min()))
        high = max(base, high) if base - high < 2 * (high - low) else high
        margin = 0.05 * (high - low) or 0.05 * high or 1.0
        ax.set_xlim(low - margin, high + margin)
    write_numbers(ax.xaxis, low, high)


def row_axis(ax: Any, sizes: np.ndarray) -> None:
    """Make x an axis of numbers of rows: those of the curve where their names have room."""
    ticker = require("matplotlib.ticker", "a picture", extra="plot")
    span = sizes[-1] - sizes[0]
    if sizes.size > 1 and np.diff(sizes).min() >= 0.1 * span:
        ax.xaxis.set_major_locator(ticker.FixedLocator(sizes))
    else:
        ax.xaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))
    ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_xlabel("training rows")


_CHOICES = {"chosen": "chosen", "min": "smallest error", "1se": "1-SE rule"}
_MARKS = {"chosen": "-", "min": "--", "1se": ":"}


def mark_choices(ax: Any, choices: dict[str, float], chosen: float | None = None) -> dict[str, Any]:
    """Mark the α of each rule, and the one chosen; return the lines by the names of the rules.

    Choices that are the same α are one line, whose label says so.
    """
    at = dict(choices) if chosen is None else {**choices, "chosen": chosen}
    marks: dict[str, Any] = {}
    for rule, alpha in at.items():
        same = [other for other in at if at[other] == alpha]
        if same[0] == rule:
            words = ", ".join(_CHOICES[other] for other in same)
            style = "-" if "chosen" in same else _MARKS[rule]
            line = mark_alpha(ax, alpha, words, style)
            marks |= {other: line for other in same}
    return marks


def mark_alpha(ax: Any, alpha: float, label: str, linestyle: Any = "-") -> Any:
    """Draw a vertical line at a choice of α; `label` says which, the legend says where."""
    text = f"{label}: α = {short_number(alpha)}"
    return ax.axvline(alpha, color=NEUTRAL, linestyle=linestyle, linewidth=1.1, label=text)


def short_number(value: float) -> str:
    """Write three significant digits."""
    return number(float(f"{value:.3g}"))


def is_within(ax: Any) -> bool:
    """Whether the legend stands in the axes: no layout makes room for it, or they are narrow."""
    return ax.figure.get_layout_engine() is None or inches(ax) < NARROW


def legend(ax: Any, handles: Sequence[Any], *, title: str | None = None) -> Any:
    """Name what is drawn: beside the axes, or below the only axes of a slim figure.

    Within the axes where no layout makes room for it; within narrow ones it is small, not to hide
    them. Names are taken as they are: a dollar sign is no formula, a first underscore hides
    nothing.
    """
    handles = list(dict.fromkeys(handles))
    labels = [handle.get_label() for handle in handles]
    if not labels:
        return None
    owner, size = ax, "small"
    where: dict[str, Any] = {"loc": "best", "framealpha": 0.8, "edgecolor": "none"}
    if inches(ax) < NARROW:
        size = "x-small"
        where |= {"handlelength": 1.4, "labelspacing": 0.3, "borderpad": 0.2}
    elif not is_within(ax):
        where = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
        if ax.figure.get_figwidth() < SLIM and len(ax.figure.axes) == 1:
            owner, where = ax.figure, {"loc": "outside lower left", "ncols": 2}
        where["frameon"] = False
    numbers = [str(i) for i in range(len(labels))]
    box = owner.legend(handles, numbers, fontsize=size, title=title, **where)
    box.get_title().set_fontsize(size)
    for text, label in zip(box.get_texts(), labels, strict=True):
        text.set_parse_math(False)
        text.set_text(label)
    return box
