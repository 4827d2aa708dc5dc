"""Lasso, Elastic-Net and Ridge with scikit-learn's interface."""

from fastreg.linear_model._adaptive import adaptive_weights
from fastreg.linear_model._coordinate_descent import ElasticNet, Lasso
from fastreg.linear_model._cross_validation import ElasticNetCV, LassoCV
from fastreg.linear_model._multi_task import MultiTaskElasticNet, MultiTaskLasso
from fastreg.linear_model._multi_task_cv import MultiTaskElasticNetCV, MultiTaskLassoCV
from fastreg.linear_model._ridge import Ridge, ridge_regression
from fastreg.linear_model._ridge_classifier import RidgeClassifier, RidgeClassifierCV
from fastreg.linear_model._ridge_cv import RidgeCV
from fastreg.path import enet_path, lasso_path, ridge_path

__all__ = [
    "ElasticNet",
    "ElasticNetCV",
    "Lasso",
    "LassoCV",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "Ridge",
    "RidgeCV",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "adaptive_weights",
    "enet_path",
    "lasso_path",
    "ridge_path",
    "ridge_regression",
]
