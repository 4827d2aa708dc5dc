"""How well a model predicts, and how it is chosen: splits, error curves, comparison, stability.

Loaded when first used: the estimators stand on some rooms of this package, and others of its rooms
on them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastreg.model_selection.collinearity import Collinearity
    from fastreg.model_selection.comparison import PenaltyComparison, compare_penalties
    from fastreg.model_selection.complexity import ComplexityCurve, complexity_curve
    from fastreg.model_selection.decomposition import (
        BiasVariance,
        bias_variance,
        bootstrap_bias_variance,
    )
    from fastreg.model_selection.learning import LearningCurve, learning_curve
    from fastreg.model_selection.methods import MethodResult
    from fastreg.model_selection.recommendation import Recommendation
    from fastreg.model_selection.splitting import train_validation_test_split
    from fastreg.model_selection.stability import StabilitySelection, stability_selection

_ROOMS = {
    "BiasVariance": "decomposition",
    "Collinearity": "collinearity",
    "ComplexityCurve": "complexity",
    "LearningCurve": "learning",
    "MethodResult": "methods",
    "PenaltyComparison": "comparison",
    "Recommendation": "recommendation",
    "StabilitySelection": "stability",
    "bias_variance": "decomposition",
    "bootstrap_bias_variance": "decomposition",
    "compare_penalties": "comparison",
    "complexity_curve": "complexity",
    "learning_curve": "learning",
    "stability_selection": "stability",
    "train_validation_test_split": "splitting",
}

__all__ = [
    "BiasVariance",
    "Collinearity",
    "ComplexityCurve",
    "LearningCurve",
    "MethodResult",
    "PenaltyComparison",
    "Recommendation",
    "StabilitySelection",
    "bias_variance",
    "bootstrap_bias_variance",
    "compare_penalties",
    "complexity_curve",
    "learning_curve",
    "stability_selection",
    "train_validation_test_split",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
