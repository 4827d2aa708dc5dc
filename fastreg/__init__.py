"""Lasso, Elastic-Net and Ridge with a certificate on every answer; scikit-learn's interface."""

from typing import TYPE_CHECKING

from fastreg.lazy import loader

if TYPE_CHECKING:
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
    "lasso_path",
    "regularization_path",
    "ridge_path",
    "ridge_regression",
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
        "fastreg.moments": ["Moments"],
        "fastreg.path": ["RegularizationPath", "regularization_path"],
        "fastreg.model_selection": [],
        "fastreg.plotting": [],
    },
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
