"""Stability selection: which features are selected again and again on halves of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False, kw_only=True)
class StabilitySelection:
    """Selection frequencies along the path; see `stability_selection`.

    Attributes
    ----------
    alphas : ndarray of shape (m,)
        Downwards.
    frequencies : ndarray of shape (m, p)
        Share of the subsamples whose fit at this α has the feature.
    n_selected : ndarray of shape (m,)
        Mean number of features selected at this α or a larger one.
    last : int
        Number of the smallest α that counts: the selection looks at ``alphas[:last + 1]``.
    scores : ndarray of shape (p,)
        Largest frequency of each feature over ``alphas[:last + 1]``.
    selected : ndarray of int
        The features whose score reaches `threshold`, by falling score.
    threshold : float
    max_false : float
        Bound on the expected number of features selected falsely.
    n_subsamples : int
    feature_names : list of str
    """

    alphas: np.ndarray
    frequencies: np.ndarray
    n_selected: np.ndarray
    last: int
    scores: np.ndarray
    selected: np.ndarray
    threshold: float
    max_false: float
    n_subsamples: int
    feature_names: list[str]
