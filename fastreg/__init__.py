"""Lasso, Elastic-Net and Ridge with a certificate on every answer; scikit-learn's interface."""

from typing import TYPE_CHECKING, Any

from fastreg.interop import from_sklearn, to_sklearn
from fastreg.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    Ridge,
    RidgeCV,
    adaptive_weights,
    enet_path,
    lasso_path,
    ridge_path,
)
from fastreg.moments import Moments
from fastreg.path import RegularizationPath, regularization_path

if TYPE_CHECKING:
    from fastreg.patch import patch_sklearn, unpatch_sklearn

__version__ = "0.1.0"

__all__ = [
    "ElasticNet",
    "ElasticNetCV",
    "Lasso",
    "LassoCV",
    "Moments",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "RegularizationPath",
    "Ridge",
    "RidgeCV",
    "adaptive_weights",
    "enet_path",
    "from_sklearn",
    "lasso_path",
    "patch_sklearn",
    "regularization_path",
    "ridge_path",
    "to_sklearn",
    "unpatch_sklearn",
]


def __getattr__(name: str) -> Any:
    """Load `fastreg.patch` when it is asked for: `python -m` warns of modules that are loaded."""
    if name in ("patch_sklearn", "unpatch_sklearn"):
        from fastreg import patch

        return getattr(patch, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
