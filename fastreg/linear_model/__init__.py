"""Lasso, Elastic-Net and Ridge with scikit-learn's interface."""

from typing import TYPE_CHECKING

from fastreg.lazy import loader

if TYPE_CHECKING:
    from fastreg.linear_model._adaptive import adaptive_weights
    from fastreg.linear_model._coordinate_descent import ElasticNet, Lasso
    from fastreg.linear_model._cross_validation import ElasticNetCV, LassoCV
    from fastreg.linear_model._multi_task import MultiTaskElasticNet, MultiTaskLasso
    from fastreg.linear_model._multi_task_cv import MultiTaskElasticNetCV, MultiTaskLassoCV
    from fastreg.linear_model._ridge import Ridge, ridge_regression
    from fastreg.linear_model._ridge_classifier import RidgeClassifier, RidgeClassifierCV
    from fastreg.linear_model._ridge_cv import RidgeCV
    from fastreg.path import ridge_path
    from fastreg.path_functions import enet_path, lasso_path

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

__getattr__ = loader(
    __name__,
    {
        "fastreg.linear_model._adaptive": ["adaptive_weights"],
        "fastreg.linear_model._coordinate_descent": ["ElasticNet", "Lasso"],
        "fastreg.linear_model._cross_validation": ["ElasticNetCV", "LassoCV"],
        "fastreg.linear_model._multi_task": ["MultiTaskElasticNet", "MultiTaskLasso"],
        "fastreg.linear_model._multi_task_cv": ["MultiTaskElasticNetCV", "MultiTaskLassoCV"],
        "fastreg.linear_model._ridge": ["Ridge", "ridge_regression"],
        "fastreg.linear_model._ridge_classifier": ["RidgeClassifier", "RidgeClassifierCV"],
        "fastreg.linear_model._ridge_cv": ["RidgeCV"],
        "fastreg.path": ["ridge_path"],
        "fastreg.path_functions": ["enet_path", "lasso_path"],
    },
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
