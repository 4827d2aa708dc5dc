"""Pictures, in scikit-learn's Display convention. Needs the extra ``plot`` (matplotlib)."""

from fastreg.plotting.coefficient_path import CoefficientPathDisplay

__all__ = ["CoefficientPathDisplay"]
