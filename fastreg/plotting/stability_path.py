"""How often each feature is selected along the path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from fastreg.plotting.estimators import l1_ratio_of, penalty_name
from fastreg.plotting.style import (
    N_NAMED,
    NEUTRAL,
    SHADE,
    alpha_axis,
    axes_for,
    count_axis,
    feature_lines,
    finish,
    legend,
    short_number,
)

if TYPE_CHECKING:
    from fastreg.model_selection import StabilitySelection


class StabilityPathDisplay:
    """Picture of selection frequencies along α.

    Parameters
    ----------
    selection : StabilitySelection

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        Of the named features, by falling score.
    others_ : matplotlib LineCollection or PolyCollection, or None
        All others: a line each, or the band that many fill.
    threshold_ : matplotlib Line2D
    beyond_ : matplotlib artist or None
        Shades the α that do not count.
    upper_ax_ : matplotlib SecondaryAxis
        Mean number of features selected so far.
    """

    def __init__(self, selection: StabilitySelection) -> None:
        self.selection = selection

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        n_pairs: int = 50,
        threshold: float = 0.75,
        max_false: float = 1.0,
        random_state: int | None = 0,
        n_jobs: int | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Run a stability selection with an estimator's penalty, and draw it.

        Parameters
        ----------
        estimator : Lasso, ElasticNet, LassoCV or ElasticNetCV
            Its l1_ratio, `fit_intercept` and (where it has it) `standardize` are taken; its α does
            not matter. Without bounds, signs and penalty factors.
        X : array-like, sparse matrix or DataFrame of shape (n, p)
        y : array-like of shape (n,)
        n_pairs, threshold, max_false, random_state, n_jobs
            As in `stability_selection`.
        ax, **options
            As in `plot`.
        """
        from fastreg.model_selection import stability_selection

        if penalty_name(estimator) == "ridge":
            raise ValueError("estimator must select features, which ridge does not")
        for name in ("positive", "penalty_factor", "lower", "upper"):
            given = getattr(estimator, name, None)
            if given is not None and given is not False:
                raise ValueError(f"stability selection has no {name}: it would be another model's")
        selection = stability_selection(
            X,
            y,
            l1_ratio=l1_ratio_of(estimator),
            n_pairs=n_pairs,
            threshold=threshold,
            max_false=max_false,
            random_state=random_state,
            fit_intercept=estimator.fit_intercept,
            standardize=getattr(estimator, "standardize", False),
            n_jobs=n_jobs,
        )
        return cls(selection).plot(ax, **options)

    def plot(self, ax: Any = None, *, n_named: int = N_NAMED) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            A new figure by default.
        n_named : int, default=8
            So many features, those with the largest scores, are coloured and named; what is
            selected has a thick line.
        """
        ax, found = axes_for(ax), self.selection
        order = np.argsort(-found.scores, kind="stable")[:n_named]
        named = [int(j) for j in order if found.scores[j] > 0]
        self.lines_, self.others_ = feature_lines(
            ax, found.alphas, found.frequencies, found.feature_names, named
        )
        for j, line in zip(named, self.lines_, strict=True):
            line.set_linewidth(2.4 if j in found.selected else 1.0)
        self.threshold_ = ax.axhline(
            found.threshold,
            color=NEUTRAL,
            linestyle="--",
            linewidth=1.1,
            label=f"threshold {found.threshold:g}",
        )
        alpha_axis(ax, found.alphas)
        self.beyond_ = self._shade_beyond(ax)
        self.upper_ax_ = count_axis(
            ax, found.alphas, found.n_selected, "features selected down to this α"
        )
        ax.set_ylim(-0.02, 1.02)
        ax.set_ylabel(f"share of {found.n_subsamples} halves that select it")
        finish(ax)
        handles = [*self.lines_, self.others_, self.threshold_, self.beyond_]
        k, p = found.selected.size, len(found.feature_names)
        legend(
            ax,
            [handle for handle in handles if handle is not None],
            title=f"{k:,} of {p:,} features selected" + (" (thick)" if k else ""),
        )
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _shade_beyond(self, ax: Any) -> Any:
        """Shade the α that do not count, where there are some."""
        found = self.selection
        if found.last + 1 == found.alphas.size:
            return None
        if found.last < 0:
            return ax.axvspan(*ax.get_xlim(), **SHADE, label="no α counts: too many features enter")
        last = found.alphas[found.last]
        label = f"α < {short_number(last)}: does not count"
        return ax.axvspan(last, ax.get_xlim()[1], **SHADE, label=label)
