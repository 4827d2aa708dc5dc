"""Estimators from fastreg to scikit-learn and back, alone or in pipelines and meta-estimators."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from fastreg.checks import caller_level

# What a fit of scikit-learn leaves behind, of what fastreg's leaves behind.
FITTED = {
    "n_features_in_",
    "feature_names_in_",
    "coef_",
    "intercept_",
    "n_iter_",
    "alpha_",
    "classes_",
    "_label_binarizer",
}
FITTED_BY_DESCENT = {"dual_gap_", "eps_", "alphas_", "l1_ratio_", "mse_path_"}
FITTED_BY_RIDGE = {"solver_", "best_score_", "cv_results_"}


@cache
def counterparts() -> dict[str, tuple[Any, Any]]:
    """Return what `sklearn.linear_model` and fastreg both offer: its name, theirs and ours.

    The first call must find scikit-learn unpatched, and `patch_sklearn` sees to that; the answer is
    then the same whether it is patched or not.
    """
    # not at the top: who only fits a model need not wait for either
    import sklearn.linear_model

    import fastreg

    names = sorted(set(sklearn.linear_model.__all__) & set(fastreg.__all__))
    return {name: (getattr(sklearn.linear_model, name), getattr(fastreg, name)) for name in names}


def to_sklearn(estimator: BaseEstimator) -> BaseEstimator:
    """Return the estimator with scikit-learn's classes in place of fastreg's.

    The result holds nothing of fastreg: it can be exported to ONNX, explained by SHAP, or unpickled
    where fastreg is not installed.

    Parameters
    ----------
    estimator : estimator
        Fitted or not: one of fastreg's, or a pipeline or meta-estimator that holds some. They are
        looked for in attributes and parameters of estimators, and in lists, tuples and dicts there.

    Returns
    -------
    estimator
        An independent copy. A fitted one predicts what `estimator` predicts.

    Raises
    ------
    TypeError
        There is no estimator of fastreg's in it.
    ValueError
        An estimator that is not fitted has an option that scikit-learn lacks.

    Warns
    -----
    UserWarning
        A fitted one has such an option (`penalty_factor`, say): it is left out. Predictions are the
        same, but another fit would not be.
    """
    return _exchange(estimator, {ours: theirs for theirs, ours in counterparts().values()})


def from_sklearn(estimator: BaseEstimator) -> BaseEstimator:
    """Return the estimator with fastreg's classes in place of scikit-learn's.

    Parameters
    ----------
    estimator : estimator
        Fitted or not: one of those in `sklearn.linear_model` that fastreg has too, or a pipeline or
        meta-estimator that holds some, as in `to_sklearn`.

    Returns
    -------
    estimator
        An independent copy. A fitted one predicts what `estimator` predicts, and has no
        certificate beyond what scikit-learn computed: `optimality_violation_` comes with a fit.

    Raises
    ------
    TypeError
        There is no estimator in it that fastreg has.
    """
    return _exchange(estimator, dict(counterparts().values()))


def _exchange(estimator: BaseEstimator, classes: dict[Any, Any]) -> BaseEstimator:
    """Return a deep copy in which estimators of the given classes are those of their values."""
    found = list(_inside(estimator, set(classes), set()))
    estimators = [each for each in found if type(each) in classes]
    if not estimators:
        names = ", ".join(name for name, pair in counterparts().items() if inspect.isclass(pair[0]))
        raise TypeError(
            f"no estimator to convert in {type(estimator).__name__}: it must be or hold one of "
            f"{next(iter(classes)).__module__.partition('.')[0]}'s {names} (not a subclass)"
        )
    # deepcopy takes what memo says where it meets one of them
    memo = {id(old): _rebuild(old, classes[type(old)]) for old in estimators}
    for array in found:
        if isinstance(array, np.ma.MaskedArray):
            # the candidates of a search; NumPy would copy them without the memo
            memo[id(array)] = copied = array.copy()
            copied.data[:] = copy.deepcopy(array.data, memo)
    return copy.deepcopy(estimator, memo)


def _inside(holder: Any, classes: set, seen: set[int]) -> Iterator[Any]:
    """Yield the estimators of these classes that a holder is, or holds, and the masked arrays."""
    if id(holder) in seen:
        return
    seen.add(id(holder))
    if type(holder) in classes:
        yield holder
        return
    inner = type(holder).__module__.partition(".")[0] == "sklearn"  # as calibration has them
    if isinstance(holder, BaseEstimator) or (inner and hasattr(holder, "__dict__")):
        held = vars(holder).values()
    elif isinstance(holder, dict):
        held = holder.values()
    elif isinstance(holder, list | tuple) or (
        isinstance(holder, np.ndarray) and holder.dtype == object
    ):
        held = list(holder)
        if isinstance(holder, np.ma.MaskedArray):
            yield holder
    else:
        return
    for each in held:
        yield from _inside(each, classes, seen)


def _rebuild(estimator: BaseEstimator, cls: type) -> BaseEstimator:
    """Return an estimator of the class with the parameters and fitted attributes of another."""
    is_fitted = hasattr(estimator, "coef_")
    params = estimator.get_params(deep=False)
    if is_fitted and params.get("alphas", ()) is None:
        params["alphas"] = estimator.alphas_  # RidgeCV's automatic grid, which scikit-learn lacks
    known = inspect.signature(cls.__init__).parameters
    _check_lost(estimator, [name for name in params if name not in known], cls, is_fitted)
    new = cls(**{name: clone(params[name], safe=False) for name in params if name in known})
    ridge = cls.__name__.startswith("Ridge")
    carried = FITTED | (FITTED_BY_RIDGE if ridge else FITTED_BY_DESCENT)
    memo = {id(estimator): new}  # metadata requests refer to the estimator they belong to
    for name in vars(estimator).keys() & (carried | {"_metadata_request"}):
        vars(new)[name] = copy.deepcopy(vars(estimator)[name], memo)
    return new


def _check_lost(estimator: BaseEstimator, names: list[str], cls: type, is_fitted: bool) -> None:
    """Refuse to lose options that are in use, or warn where only another fit would need them."""
    defaults = inspect.signature(type(estimator).__init__).parameters
    lost = []
    for name in names:
        value, default = getattr(estimator, name), defaults[name].default
        plain = isinstance(value, bool | int | float | str)
        if not (value is default or (plain and value == default)):
            lost.append(name)
    if not lost:
        return
    package = cls.__module__.partition(".")[0]
    message = f"{package}'s {cls.__name__} has no {', '.join(lost)}"
    if not is_fitted:
        raise ValueError(f"{message}: it would fit another model")
    warnings.warn(
        f"{message}: predictions are the same, but another fit would not be",
        UserWarning,
        stacklevel=caller_level(),
    )
