"""Scores of held-out predictions by any scikit-learn scorer, and what is routed to it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.metadata_routing import _routing_enabled, process_routing
from sklearn.utils.validation import _check_method_params

from fastreg.checks import caller_level
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


def route(
    estimator: BaseEstimator, sample_weight: Any, params: dict, scorer: Callable | None = None
) -> Any:
    """Return what goes to the splitter and to the scorer.

    Without metadata routing nothing goes to the splitter, and the weights go to the scorer, unless
    it is given and does not take any.
    """
    weighted = {} if sample_weight is None else {"sample_weight": sample_weight}
    if _routing_enabled():
        return process_routing(estimator, "fit", **params, **weighted)
    if weighted and scorer is not None and not _takes_weights(scorer):
        warnings.warn(
            f"The scoring {scorer} does not support sample_weight, which may lead to statistically "
            f"incorrect results when fitting {estimator} with sample_weight.",
            stacklevel=caller_level(),
        )
        weighted = {}
    return Routed(scorer=Routed(score=weighted), splitter=Routed(split={}))


def _takes_weights(scorer: Callable) -> bool:
    score = getattr(scorer, "_score_func", scorer)
    return "sample_weight" in signature(score).parameters


def score_fold(
    scorer: Callable,
    X: Any,
    y: np.ndarray,
    test: np.ndarray,
    found: Sequence[Solution],
    extra: dict,
    make: Callable[[np.ndarray], BaseEstimator] = Predictions,
) -> list[float]:
    """Score every alpha of a fold on its held-out rows: m numbers.

    Parameters
    ----------
    found : sequence of Solution
        One a target.
    extra : dict
        What is routed to the scorer; what has one entry a row is cut to the held-out rows.
    make : callable
        Returns an estimator with known predictions, given these.
    """
    held, truth = X[test], y[test]
    fitted = np.stack(
        [safe_sparse_dot(held, s.coefs.T, dense_output=True) + s.intercepts for s in found], axis=1
    )
    if y.ndim == 1 and len(found) == 1:
        fitted = fitted[:, 0]
    own = _check_method_params(X, extra, test)
    return [scorer(make(fitted[..., k]), held, truth, **own) for k in range(fitted.shape[-1])]
