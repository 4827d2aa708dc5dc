"""Pictures, in scikit-learn's Display convention. Needs the extra ``plot`` (matplotlib).

A room for each picture; ``style`` has what they share, ``estimators`` what they ask an estimator.
"""

from fastreg.plotting.coefficient_path import CoefficientPathDisplay
from fastreg.plotting.complexity_curve import ComplexityCurveDisplay
from fastreg.plotting.cv_curve import CVCurveDisplay
from fastreg.plotting.learning_curve import LearningCurveDisplay
from fastreg.plotting.penalty_comparison import PenaltyComparisonDisplay
from fastreg.plotting.stability_path import StabilityPathDisplay

__all__ = [
    "CVCurveDisplay",
    "CoefficientPathDisplay",
    "ComplexityCurveDisplay",
    "LearningCurveDisplay",
    "PenaltyComparisonDisplay",
    "StabilityPathDisplay",
]
