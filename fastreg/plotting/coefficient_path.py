"""Coefficients along a regularization path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from fastreg.path import RegularizationPath

# Okabe & Ito (2008): told apart by people with any kind of colour vision
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#F0E442")


class CoefficientPathDisplay:
    """Picture of a coefficient path; make it with `from_path`.

    Parameters
    ----------
    alphas : ndarray of shape (m,)
    coefs : ndarray of shape (m, p)
    feature_names : list of str

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        Of the named features.
    """

    def __init__(self, alphas: np.ndarray, coefs: np.ndarray, feature_names: list[str]) -> None:
        self.alphas, self.coefs, self.feature_names = alphas, coefs, feature_names

    @classmethod
    def from_path(cls, path: RegularizationPath, **options: Any) -> Self:
        """Draw a `RegularizationPath`; `options` go to `plot`."""
        return cls(path.alphas, path.coefs.toarray(), path.feature_names).plot(**options)

    def plot(self, ax: Any = None, *, alpha: float | None = None, n_named: int = 8) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            A new figure by default.
        alpha : float, default=None
            A chosen alpha, marked by a vertical line.
        n_named : int, default=8
            The features with the largest coefficients anywhere on the path are coloured and named;
            all others are thin and grey.
        """
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError("plots need matplotlib: pip install 'fastreg[plot]'") from error
        if ax is None:
            _, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
        reach = np.abs(self.coefs).max(axis=0)
        named = [j for j in np.argsort(-reach, kind="stable")[:n_named] if reach[j] > 0]
        others = np.setdiff1d(np.flatnonzero(reach), named)
        if others.size:
            ax.plot(self.alphas, self.coefs[:, others], color="0.75", linewidth=0.6)
        self.lines_ = [
            ax.plot(
                self.alphas,
                self.coefs[:, j],
                color=COLOURS[i % len(COLOURS)],
                linestyle=("-", "--", ":", "-.")[i // len(COLOURS) % 4],
                label=self.feature_names[j],
            )[0]
            for i, j in enumerate(named)
        ]
        if alpha is not None:
            ax.axvline(alpha, color="0.3", linestyle="--", linewidth=1)
        ax.axhline(0, color="0.5", linewidth=0.8)
        if self.alphas.size > 1 and self.alphas.min() > 0:
            ax.set_xscale("log")
        ax.invert_xaxis()
        ax.set_xlabel("alpha (less regularization to the right)")
        ax.set_ylabel("coefficient")
        if named:
            ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize="small")
        self.ax_, self.figure_ = ax, ax.figure
        return self
