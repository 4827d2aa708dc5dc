"""How estimators leave the process and come back: pickles, and scikit-learn's estimators."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning


class ExchangeMixin(BaseEstimator):
    """Pickles that know the version of fastreg, and export to scikit-learn.

    A pickle is for the version of fastreg that wrote it. Another one reads it with scikit-learn's
    `InconsistentVersionWarning` (which names the two versions); parameters that the writer did not
    know have their defaults, and `predict` needs only `coef_` and `intercept_`, whose meaning
    stays. Nothing else is promised: what is to last longer, export by `to_sklearn` or fit again.
    """

    def to_sklearn(self) -> BaseEstimator:
        """Return scikit-learn's estimator of the same name, fitted if this one is.

        Returns
        -------
        estimator
            A copy without anything of fastreg, with the same predictions: to be exported, or
            unpickled where fastreg is not installed. `fastreg.to_sklearn` converts whole pipelines.

        Raises
        ------
        ValueError
            The estimator is not fitted and has an option that scikit-learn lacks. (If it is fitted,
            a UserWarning: the option is left out.)
        """
        from fastreg.interop import (
            to_sklearn,
        )  # it stands above the estimators, and is rarely needed

        return to_sklearn(self)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def __getstate__(self) -> dict[str, Any]:
        from fastreg import __version__

        return {**super().__getstate__(), "_fastreg_version": __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        from fastreg import __version__

        written_by = state.get("_fastreg_version", "unknown")
        if written_by != __version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=__version__,
                    original_sklearn_version=written_by,
                ),
                stacklevel=2,
            )
            parameters = inspect.signature(type(self)).parameters.values()
            state = {p.name: p.default for p in parameters if p.default is not p.empty} | state
        super().__setstate__({k: v for k, v in state.items() if k != "_fastreg_version"})
