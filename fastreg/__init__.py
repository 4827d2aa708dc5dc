"""Lasso, Elastic-Net and Ridge with a certificate on every answer; scikit-learn's interface."""

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
