"""Coefficients along a regularization path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from fastreg.plotting.estimators import chosen_alpha, path_of
from fastreg.plotting.style import (
    N_NAMED,
    alpha_axis,
    axes_for,
    count_axis,
    feature_lines,
    finish,
    legend,
    mark_alpha,
)

if TYPE_CHECKING:
    from fastreg.path import RegularizationPath


class CoefficientPathDisplay:
    """Picture of a coefficient path; make it with `from_path` or `from_estimator`.

    Parameters
    ----------
    alphas : ndarray of shape (m,)
    coefs : ndarray of shape (m, p)
    feature_names : list of str
    alpha : float, default=None
        The α chosen.
    n_features : ndarray of shape (m,), default=None
        What the upper axis counts at each α; None: the non-zero coefficients.
    n_features_name : str, default="features in the model"
        What it is.
    is_scaled : bool, default=False
        Whether the coefficients are times the standard deviation of their column.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        Of the named features, by falling size.
    others_ : matplotlib LineCollection or PolyCollection, or None
        All others: a line each, or the band that many fill.
    mark_ : matplotlib Line2D or None
        At the α chosen.
    upper_ax_ : matplotlib SecondaryAxis
    """

    def __init__(
        self,
        alphas: np.ndarray,
        coefs: np.ndarray,
        feature_names: Sequence[str],
        *,
        alpha: float | None = None,
        n_features: np.ndarray | None = None,
        n_features_name: str = "features in the model",
        is_scaled: bool = False,
    ) -> None:
        self.alphas, self.coefs, self.feature_names = alphas, coefs, list(feature_names)
        self.alpha, self.is_scaled = alpha, is_scaled
        self.n_features = np.count_nonzero(coefs, axis=1) if n_features is None else n_features
        self.n_features_name = n_features_name

    @classmethod
    def from_path(
        cls,
        path: RegularizationPath,
        *,
        feature_names: Sequence[str] | None = None,
        scaled: bool = False,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Draw a `RegularizationPath`.

        Parameters
        ----------
        path : RegularizationPath
        feature_names : sequence of str of length p, default=None
            Those of the path.
        scaled : bool, default=False
            Multiply each coefficient by the standard deviation of its column, so that they compare.
        ax, **options
            As in `plot`.
        """
        names = path.feature_names if feature_names is None else list(feature_names)
        p = path.coefs.shape[1]
        if len(names) != p:
            raise ValueError(f"feature_names must be {p} names, got {len(names)}")
        coefs = path.coefs.toarray()
        if scaled:
            coefs = coefs * path.column_sd
        is_ridge = path.l1_ratio == 0
        return cls(
            path.alphas,
            coefs,
            names,
            n_features=path.df if is_ridge else path.n_nonzero,
            n_features_name="degrees of freedom" if is_ridge else "features in the model",
            is_scaled=scaled,
        ).plot(ax, **options)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        feature_names: Sequence[str] | None = None,
        scaled: bool = False,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Fit the path that an estimator's penalty has on some data, and mark its α.

        Parameters
        ----------
        estimator : Lasso, ElasticNet, Ridge, or fitted LassoCV, ElasticNetCV, RidgeCV
            The α of a cross-validated one is that it chose, on the grid that it chose from.
        X : array-like, sparse matrix or DataFrame of shape (n, p)
        y : array-like of shape (n,)
        sample_weight : array-like of shape (n,), default=None
        feature_names, scaled
            As in `from_path`.
        ax, **options
            As in `plot`.
        """
        path = path_of(estimator, X, y, sample_weight)
        options = {"alpha": chosen_alpha(estimator), **options}
        return cls.from_path(path, feature_names=feature_names, scaled=scaled, ax=ax, **options)

    def plot(self, ax: Any = None, *, alpha: float | None = None, n_named: int = N_NAMED) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            A new figure by default.
        alpha : float, default=None
            The α to mark, if not the one that this was made with.
        n_named : int, default=8
            The features with the largest coefficients anywhere on the path are coloured and named;
            all others are thin and grey, or the band that they fill.
        """
        ax = axes_for(ax)
        self.alpha = self.alpha if alpha is None else float(alpha)
        reach = np.abs(self.coefs).max(axis=0)
        order = np.argsort(-reach, kind="stable")
        named = [int(j) for j in order[:n_named] if reach[j] > 0]
        ax.axhline(0, color="0.5", linewidth=0.8)
        self.lines_, self.others_ = feature_lines(
            ax, self.alphas, self.coefs, self.feature_names, named
        )
        self.mark_ = None
        shown = self.alphas
        if self.alpha is not None:
            self.mark_ = mark_alpha(ax, self.alpha, "chosen")
            shown = np.append(shown, self.alpha)
        alpha_axis(ax, shown)
        self.upper_ax_ = count_axis(ax, self.alphas, self.n_features, self.n_features_name)
        ax.set_ylabel("coefficient × sd of its column" if self.is_scaled else "coefficient")
        if not reach.any():
            ax.set_ylim(-1.0, 1.0)
        finish(ax)
        # in the order in which the lines end, so that the eye finds them
        by_end = sorted(self.lines_, key=lambda line: -line.get_ydata()[np.argmin(self.alphas)])
        legend(ax, [h for h in (*by_end, self.others_, self.mark_) if h is not None])
        self.ax_, self.figure_ = ax, ax.figure
        return self
