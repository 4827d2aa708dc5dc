"""Training and held-out error against the number of training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from fastreg.plotting.estimators import chosen_alpha, curve_options, is_cross_validated
from fastreg.plotting.style import (
    HELD_OUT,
    TRAIN,
    axes_for,
    error_line,
    error_view,
    finish,
    legend,
    row_axis,
    short_number,
)

if TYPE_CHECKING:
    from fastreg.model_selection import LearningCurve

_NAMES = {"ridge": "ridge", "lasso": "lasso", "elasticnet": "Elastic-Net"}


class LearningCurveDisplay:
    """Picture of a learning curve.

    Parameters
    ----------
    curve : LearningCurve

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    train_line_, held_out_line_ : matplotlib Line2D
        Mean errors over the folds.
    train_band_, held_out_band_ : matplotlib PolyCollection or None
        One standard error on both sides; None for a single fold.
    """

    def __init__(self, curve: LearningCurve) -> None:
        self.curve = curve

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        train_sizes: Any = None,
        cv: Any = None,
        groups: Any = None,
        shuffle: bool = False,
        random_state: Any = None,
        sample_weight: Any = None,
        n_jobs: int | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Compute the learning curve of an estimator, and draw it.

        Parameters
        ----------
        estimator : Lasso, ElasticNet, Ridge, LassoCV, ElasticNetCV or RidgeCV
            With its α for all sizes; of a cross-validated one the α is chosen anew for every size
            and fold.
        X : array-like, sparse matrix or DataFrame of shape (n, p)
        y : array-like of shape (n,)
        train_sizes, cv, groups, shuffle, random_state, sample_weight, n_jobs
            As in `learning_curve`.
        ax, **options
            As in `plot`.
        """
        from fastreg.model_selection import learning_curve

        fixed = not is_cross_validated(estimator)
        curve = learning_curve(
            X,
            y,
            alpha=chosen_alpha(estimator) if fixed else None,
            train_sizes=train_sizes,
            cv=cv,
            groups=groups,
            shuffle=shuffle,
            random_state=random_state,
            sample_weight=sample_weight,
            n_jobs=n_jobs,
            **curve_options(estimator),
        )
        return cls(curve).plot(ax, **options)

    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            A new figure by default.
        """
        ax, curve = axes_for(ax), self.curve
        how = "α chosen anew" if curve.alpha is None else f"α = {short_number(curve.alpha)}"
        self.held_out_line_, self.held_out_band_ = error_line(
            ax,
            curve.train_sizes,
            curve.held_out_mean,
            curve.held_out_se,
            label="held-out rows",
            colour=HELD_OUT,
        )
        self.train_line_, self.train_band_ = error_line(
            ax,
            curve.train_sizes,
            curve.train_mean,
            curve.train_se,
            label="training rows",
            colour=TRAIN,
        )
        for line, marker in ((self.held_out_line_, "o"), (self.train_line_, "s")):
            line.set(marker=marker, markersize=4.5)
        error_view(ax, curve.held_out_mean, curve.held_out_se, (curve.train_mean, curve.train_se))
        row_axis(ax, curve.train_sizes)
        ax.set_ylabel("mean squared error")
        finish(ax)
        legend(
            ax,
            [self.held_out_line_, self.train_line_],
            title=f"{_NAMES[curve.penalty]}, {how}",
        )
        self.ax_, self.figure_ = ax, ax.figure
        return self
