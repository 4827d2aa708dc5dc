"""Training and held-out error against capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from fastreg.plotting.estimators import curve_options
from fastreg.plotting.style import (
    HELD_OUT,
    TRAIN,
    alpha_axis,
    axes_for,
    count_axis,
    error_line,
    error_view,
    finish,
    legend,
    mark_choices,
)

if TYPE_CHECKING:
    from fastreg.model_selection import ComplexityCurve


class ComplexityCurveDisplay:
    """Picture of a complexity curve.

    Parameters
    ----------
    curve : ComplexityCurve

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    train_line_, held_out_line_ : matplotlib Line2D
        Mean errors over the folds.
    train_band_, held_out_band_ : matplotlib PolyCollection or None
        One standard error on both sides; None for a single fold.
    marks_ : dict of str to matplotlib Line2D
        At "min" and "1se".
    upper_ax_ : matplotlib SecondaryAxis
        Degrees of freedom.
    """

    def __init__(self, curve: ComplexityCurve) -> None:
        self.curve = curve

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        cv: Any = None,
        groups: Any = None,
        sample_weight: Any = None,
        n_jobs: int | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Compute the complexity curve of an estimator's penalty, and draw it.

        Parameters
        ----------
        estimator : Lasso, ElasticNet, Ridge, LassoCV, ElasticNetCV or RidgeCV
            Its penalty is taken, and of a cross-validated one the grid; its α does not matter.
        X : array-like, sparse matrix or DataFrame of shape (n, p)
        y : array-like of shape (n,)
        cv, groups, sample_weight, n_jobs
            As in `complexity_curve`.
        ax, **options
            As in `plot`.
        """
        from fastreg.model_selection import complexity_curve

        curve = complexity_curve(
            X,
            y,
            cv=cv,
            groups=groups,
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
        self.held_out_line_, self.held_out_band_ = error_line(
            ax,
            curve.alphas,
            curve.held_out_mean,
            curve.held_out_se,
            label="held-out rows",
            colour=HELD_OUT,
        )
        self.train_line_, self.train_band_ = error_line(
            ax,
            curve.alphas,
            curve.train_mean,
            curve.train_se,
            label="training rows",
            colour=TRAIN,
        )
        choices = {"min": curve.alphas[curve.best], "1se": curve.alphas[curve.best_1se]}
        self.marks_ = mark_choices(ax, choices)
        error_view(ax, curve.held_out_mean, curve.held_out_se, (curve.train_mean, curve.train_se))
        alpha_axis(ax, curve.alphas)
        self.upper_ax_ = count_axis(ax, curve.alphas, curve.df, "degrees of freedom")
        ax.set_ylabel("mean squared error")
        finish(ax)
        legend(ax, [self.held_out_line_, self.train_line_, *self.marks_.values()])
        self.ax_, self.figure_ = ax, ax.figure
        return self
