"""Lasso, Elastic-Net and Ridge with a certificate on every answer; scikit-learn's interface."""

from typing import TYPE_CHECKING

from fastreg.lazy import loader

if TYPE_CHECKING:
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
        RidgeClassifier,
        RidgeClassifierCV,
        RidgeCV,
        adaptive_weights,
        enet_path,
        lasso_path,
        ridge_path,
        ridge_regression,
    )
    from fastreg.moments import Moments
    from fastreg.patch import patch_sklearn, unpatch_sklearn
    from fastreg.path import RegularizationPath, regularization_path

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
    "RidgeClassifier",
    "RidgeClassifierCV",
    "adaptive_weights",
    "enet_path",
    "from_sklearn",
    "lasso_path",
    "patch_sklearn",
    "regularization_path",
    "ridge_path",
    "ridge_regression",
    "to_sklearn",
    "unpatch_sklearn",
]

__getattr__ = loader(
    __name__,
    {
        "fastreg.linear_model": [
            *["Lasso", "ElasticNet", "LassoCV", "ElasticNetCV", "Ridge", "RidgeCV"],
            *["MultiTaskLasso", "MultiTaskElasticNet", "MultiTaskLassoCV", "MultiTaskElasticNetCV"],
            *["RidgeClassifier", "RidgeClassifierCV"],
            *["adaptive_weights", "enet_path", "lasso_path", "ridge_path", "ridge_regression"],
        ],
        "fastreg.interop": ["from_sklearn", "to_sklearn"],
        "fastreg.moments": ["Moments"],
        "fastreg.patch": ["patch_sklearn", "unpatch_sklearn"],
        "fastreg.path": ["RegularizationPath", "regularization_path"],
        "fastreg.model_selection": [],
        "fastreg.plotting": [],
    },
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
