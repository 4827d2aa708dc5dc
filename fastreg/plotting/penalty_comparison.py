"""The methods of a comparison beside each other: held-out error, training error, baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from fastreg.plotting.style import (
    HELD_OUT,
    NARROW,
    NEUTRAL,
    TRAIN,
    axes_for,
    error_axis,
    inches,
    is_within,
    legend,
    short_number,
)

if TYPE_CHECKING:
    from fastreg.model_selection import PenaltyComparison


LEGEND_ROWS = 2.8  # below the methods, for a legend within the axes


class PenaltyComparisonDisplay:
    """Picture of a comparison of penalties.

    Parameters
    ----------
    comparison : PenaltyComparison

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    held_out_ : matplotlib ErrorbarContainer
        Mean held-out errors ± standard error, one a method, the first on top.
    train_ : matplotlib Line2D
        Mean training errors.
    gaps_ : matplotlib LineCollection
        From training to held-out error.
    off_ : list of matplotlib Line2D
        Marks at the edge for what lies beyond it.
    baseline_ : matplotlib Line2D
        At the mean held-out error of predicting the mean, or 0 without intercept.
    """

    def __init__(self, comparison: PenaltyComparison) -> None:
        self.comparison = comparison

    @classmethod
    def from_data(
        cls,
        X: Any,
        y: Any,
        *,
        cv: Any = 5,
        groups: Any = None,
        sample_weight: Any = None,
        preprocess: Any = None,
        random_state: Any = 0,
        n_jobs: int | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Compare all penalties on some data, and draw what comes of it.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n, p)
        y : array-like of shape (n,)
        cv, groups, sample_weight, preprocess, random_state, n_jobs
            As in `compare_penalties`.
        ax, **options
            As in `plot`.
        """
        from fastreg.model_selection import compare_penalties

        comparison = compare_penalties(
            X,
            y,
            cv=cv,
            groups=groups,
            sample_weight=sample_weight,
            preprocess=preprocess,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        return cls(comparison).plot(ax, **options)

    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            A new figure by default.
        """
        methods = self.comparison.methods
        ax = axes_for(ax, (7.0, 1.3 + 0.45 * len(methods)))
        held_out = np.array([m.held_out_mean for m in methods])
        se = np.array([m.held_out_se for m in methods])
        train = np.array([m.train_mean for m in methods])
        base = float(self.comparison.baseline_errors.mean())
        useless = "predicting the mean" if self.comparison.fit_intercept else "predicting 0"
        place = np.arange(len(methods))
        self.gaps_ = ax.hlines(place, train, held_out, color="0.75", linewidth=1.2, zorder=1)
        self.held_out_ = ax.errorbar(
            held_out,
            place,
            xerr=se if np.isfinite(se).all() else None,
            fmt="o",
            color=HELD_OUT,
            capsize=3,
            label="held-out rows ± SE" if np.isfinite(se).all() else "held-out rows",
        )
        (self.train_,) = ax.plot(
            train, place, "s", color=TRAIN, markerfacecolor="white", label="training rows"
        )
        self.baseline_ = ax.axvline(
            base, color=NEUTRAL, linestyle="--", linewidth=1.1, label=useless
        )
        error_axis(ax, held_out, np.nan_to_num(se), train, base)
        best = self.comparison.recommendation.method
        ax.set_yticks(place, [m.name for m in methods])
        for text, method in zip(ax.get_yticklabels(), methods, strict=True):
            text.set_fontweight("bold" if method.name == best else "normal")
        ax.set_ylim(place.size - 0.5 + (LEGEND_ROWS if is_within(ax) else 0.0), -0.5)
        ax.tick_params(axis="y", length=0, pad=9)
        self.off_ = self._mark_off(ax, train, base)
        note, narrow = "bold: recommended" if best else "none recommended", inches(ax) < NARROW
        ax.set_xlabel("mean squared error" + ("" if narrow else f"   ({note})"))
        ax.spines[["top", "right"]].set_visible(False)
        baseline = self.baseline_ if base <= ax.get_xlim()[1] else self.off_[-1]
        legend(ax, [self.held_out_, self.train_, baseline], title=note if narrow else None)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _mark_off(self, ax: Any, train: np.ndarray, base: float) -> list[Any]:
        """Mark at the edge what lies beyond it: small training errors, a large baseline."""
        left, right = ax.get_xlim()
        at = np.flatnonzero(train < left)
        marks = []
        if at.size:
            marks += ax.plot(np.full(at.size, left), at, "<", color=TRAIN, clip_on=False)
            marks[0].set_markerfacecolor("white")
        if base > right:
            label = f"{self.baseline_.get_label()}: {short_number(base)}"
            marks += ax.plot(
                [right], [ax.get_ylim()[0]], ">", color=NEUTRAL, clip_on=False, label=label
            )
        return marks
