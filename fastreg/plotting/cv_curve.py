"""Held-out error of a cross-validated estimator along α."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from fastreg.model_selection.rules import choose
from fastreg.plotting.estimators import chosen_alpha, l1_ratio_of, path_of
from fastreg.plotting.style import (
    COLOURS,
    DASHES,
    HELD_OUT,
    LOW,
    alpha_axis,
    axes_for,
    count_axis,
    error_line,
    error_view,
    finish,
    inches,
    legend,
    mark_choices,
)


class CVCurveDisplay:
    """Picture of a cross-validated error curve; make it with `from_estimator`.

    Parameters
    ----------
    alphas, mean, se : ndarray of shape (R, m)
        The grid of each l1_ratio, the mean held-out error there and its standard error; NaN where
        it is not known. They are kept by falling α.
    alpha : float
        The α chosen.
    l1_ratios : sequence of R floats, default=(1.0,)
    l1_ratio : float, default=None
        The one chosen; None: the first.
    n_features : ndarray of shape (m,), default=None
        What the upper axis counts at each α of the l1_ratio chosen, downwards; None: no upper axis.
    n_features_name : str, default="features in the model"
        What it is.

    Attributes
    ----------
    best_, best_1se_ : int
        Numbers of the α with the smallest mean error, and of the largest one within one standard
        error of it, for the l1_ratio chosen.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_, band_ : matplotlib Line2D, PolyCollection or None
        Mean ± standard error for the l1_ratio chosen.
    lines_ : list of matplotlib Line2D
        Mean error for every l1_ratio.
    marks_ : dict of str to matplotlib Line2D
        At "chosen", "min" and "1se".
    upper_ax_ : matplotlib SecondaryAxis or None
    """

    def __init__(
        self,
        alphas: np.ndarray,
        mean: np.ndarray,
        se: np.ndarray,
        *,
        alpha: float,
        l1_ratios: Any = (1.0,),
        l1_ratio: float | None = None,
        n_features: np.ndarray | None = None,
        n_features_name: str = "features in the model",
    ) -> None:
        mean = np.atleast_2d(mean)
        grids = np.broadcast_to(np.atleast_2d(alphas), mean.shape)
        down = np.argsort(-grids, axis=1, kind="stable")
        self.alphas, self.mean, self.se = (
            np.take_along_axis(each, down, axis=1) for each in (grids, mean, np.atleast_2d(se))
        )
        self.alpha = float(alpha)
        self.l1_ratios = tuple(float(ratio) for ratio in l1_ratios)
        self.l1_ratio = self.l1_ratios[0] if l1_ratio is None else float(l1_ratio)
        self.n_features, self.n_features_name = n_features, n_features_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any = None,
        y: Any = None,
        *,
        sample_weight: Any = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Draw the curve that a fitted estimator chose its α from.

        Parameters
        ----------
        estimator : fitted LassoCV, ElasticNetCV or RidgeCV
            Of one target.
        X, y, sample_weight : default=None
            The rows that it was fitted to: with them the upper axis has the number of features (of
            ridge the degrees of freedom) of the path on all rows.
        ax, **options
            As in `plot`.

        Raises
        ------
        TypeError
            An estimator without such a curve.
        NotFittedError, ValueError
            It is not fitted, or to several targets with an α each.
        """
        alpha, ratio = chosen_alpha(estimator), l1_ratio_of(estimator)
        check_is_fitted(estimator)
        alphas, mean, se = _curves(estimator)
        counts, name = None, "features in the model"
        if X is not None:
            path = path_of(estimator, X, y, sample_weight)
            ridge = path.l1_ratio == 0
            counts = path.df if ridge else path.n_nonzero
            name = "degrees of freedom" if ridge else name
        ratios = np.atleast_1d(getattr(estimator, "l1_ratio", ratio))
        display = cls(
            alphas,
            mean,
            se,
            alpha=alpha,
            l1_ratios=ratios,
            l1_ratio=ratio,
            n_features=counts,
            n_features_name=name,
        )
        return display.plot(ax, **options)

    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            A new figure by default.
        """
        ax = axes_for(ax)
        at = self.l1_ratios.index(self.l1_ratio)
        alphas, mean, se = self.alphas[at], self.mean[at], self.se[at]
        several = len(self.l1_ratios) > 1
        label = f"l1_ratio = {self.l1_ratio:g}, chosen" if several else "held-out error"
        self.line_, self.band_ = error_line(ax, alphas, mean, se, label=label, colour=HELD_OUT)
        self.lines_ = [
            self.line_ if i == at else self._other(ax, i, i - (i > at))
            for i in range(len(self.l1_ratios))
        ]
        self.best_, self.best_1se_ = (choose(alphas, mean, se, rule) for rule in ("min", "1se"))
        choices = {"min": alphas[self.best_], "1se": alphas[self.best_1se_]}
        self.marks_ = mark_choices(ax, choices, self.alpha)
        error_view(ax, self.mean, np.where(np.arange(len(self.se))[:, None] == at, self.se, 0.0))
        alpha_axis(ax, np.append(self.alphas.ravel(), self.alpha))
        self.upper_ax_ = None
        if self.n_features is not None:
            self.upper_ax_ = count_axis(ax, alphas, self.n_features, self.n_features_name)
        short = inches(ax, "height") < LOW
        ax.set_ylabel("held-out error" if short else "held-out mean squared error")
        finish(ax)
        legend(ax, [*self.lines_, *self.marks_.values()])
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _other(self, ax: Any, i: int, number: int) -> Any:
        """Draw the curve of an l1_ratio that was not chosen."""
        colours = [colour for colour in COLOURS if colour != HELD_OUT]
        (line,) = ax.plot(
            self.alphas[i],
            self.mean[i],
            color=colours[number % len(colours)],
            linestyle=DASHES[1 + number // len(colours) % (len(DASHES) - 1)],
            linewidth=1.1,
            label=f"l1_ratio = {self.l1_ratios[i]:g}",
        )
        return line


def _curves(estimator: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the grids, mean errors and standard errors, (m,) or (R, m)."""
    if not hasattr(estimator, "cv_mean_"):
        raise TypeError(
            "estimator must be a fitted LassoCV, ElasticNetCV or RidgeCV of fastreg, which keep "
            f"their error curve, got {type(estimator).__module__}.{type(estimator).__name__}"
        )
    mean, se = np.asarray(estimator.cv_mean_), np.asarray(estimator.cv_se_)
    ratios = np.size(getattr(estimator, "l1_ratio", 1.0))
    if mean.ndim > 1 + (ratios > 1):
        raise ValueError("the estimator was fitted to several targets, with a curve for each")
    return np.asarray(estimator.alphas_), mean, se
