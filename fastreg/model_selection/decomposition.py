"""Bias², variance and noise of the test error along the α grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False, kw_only=True)
class BiasVariance:
    """The parts of the test error; see `bias_variance` and `bootstrap_bias_variance`.

    Attributes
    ----------
    penalty : {"ridge", "lasso", "elasticnet"}
    l1_ratio : float
        0 for ridge, 1 for the lasso.
    alphas : ndarray of shape (m,)
        Downwards, in the units of the estimator of that name.
    bias2 : ndarray of shape (m,)
        Mean squared bias of the prediction. Where `noise` is None it holds the noise too: without
        the truth the two cannot be told apart.
    variance : ndarray of shape (m,)
        Mean variance of the prediction over training sets.
    noise : float or None
        Mean squared noise of the test rows, the error that no model can avoid; None where the truth
        is not known.
    test_error, test_error_se : ndarray of shape (m,)
        The test error as measured on the rows, on its own, and the Monte-Carlo standard error with
        which it may differ from the sum of the parts.
    n_repeats : int
        Number of training sets.
    notes : tuple of str
        What the numbers can and cannot say, a sentence or two each.
    """

    penalty: str
    l1_ratio: float
    alphas: np.ndarray
    bias2: np.ndarray
    variance: np.ndarray
    noise: float | None
    test_error: np.ndarray
    test_error_se: np.ndarray
    n_repeats: int
    notes: tuple[str, ...]

    @property
    def total(self) -> np.ndarray:
        """bias² + variance + noise, shape (m,)."""
        return self.bias2 + self.variance + (self.noise or 0.0)
