"""Scores of held-out predictions by any scikit-learn scorer, and what is routed to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.metadata_routing import _routing_enabled, process_routing
from sklearn.utils.validation import _check_method_params

from fastreg.engine import Solution


class Routed(dict):
    """Attribute access, as `process_routing` returns."""

    __getattr__ = dict.__getitem__


class Predictions(RegressorMixin, BaseEstimator):
    """An estimator whose predictions are known: what a scorer is given."""

    def __init__(self, predictions: np.ndarray) -> None:
        self.predictions = predictions

    def fit(self, X: Any, y: Any) -> Self:
        """Do nothing."""
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the known predictions."""
        return self.predictions


def route(estimator: BaseEstimator, sample_weight: Any, params: dict) -> Any:
    """Return what goes to the splitter and to the scorer.

    Without metadata routing the weights go to the scorer and nothing to the splitter.
    """
    weighted = {} if sample_weight is None else {"sample_weight": sample_weight}
    if _routing_enabled():
        return process_routing(estimator, "fit", **params, **weighted)
    return Routed(scorer=Routed(score=weighted), splitter=Routed(split={}))


def score_fold(
    scorer: Callable,
    X: Any,
    y: np.ndarray,
    test: np.ndarray,
    found: Sequence[Solution],
    extra: dict,
) -> list[float]:
    """Score every alpha of a fold on its held-out rows: m numbers.

    Parameters
    ----------
    found : sequence of Solution
        One a target.
    extra : dict
        What is routed to the scorer; what has one entry a row is cut to the held-out rows.
    """
    held, truth = X[test], y[test]
    fitted = np.stack(
        [safe_sparse_dot(held, s.coefs.T, dense_output=True) + s.intercepts for s in found], axis=1
    )
    if y.ndim == 1:
        fitted = fitted[:, 0]
    own = _check_method_params(X, extra, test)
    return [
        scorer(Predictions(fitted[..., k]), held, truth, **own) for k in range(fitted.shape[-1])
    ]
