"""`RidgeClassifier` and `RidgeClassifierCV`: ridge on indicators of the classes, −1 and 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.metrics import get_scorer
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d, compute_sample_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from fastreg.checks import check_data
from fastreg.linear_model._base import all_or_nothing
from fastreg.linear_model._ridge import BaseRidge
from fastreg.linear_model._ridge_cv import BaseRidgeCV
from fastreg.moments import Moments

CLASS_WEIGHT: dict[str, list] = {"class_weight": [dict, StrOptions({"balanced"}), None]}


class IndicatorMixin(LinearClassifierMixin):
    """Labels to indicators and back: one of two classes, one of several, or several at once."""

    def _prepare(
        self, X: Any, y: Any, sample_weight: Any
    ) -> tuple[Any, np.ndarray, np.ndarray | None, np.ndarray]:
        """Return X, indicators (n, T), weights times those of the classes, and the labels.

        Raises
        ------
        ValueError
            Bad input, or a target that is not of classes.
        """
        if isinstance(X, Moments):
            raise ValueError("a classifier needs the labels; with Moments fit Ridge")
        y = validate_data(self, "no_validation", y, multi_output=True)
        self._label_binarizer = LabelBinarizer(pos_label=1, neg_label=-1)
        indicators = self._label_binarizer.fit_transform(y)
        self.classes_ = self._label_binarizer.classes_
        if not _is_multilabel(self._label_binarizer):
            y = column_or_1d(y, warn=True)
        X, indicators, weight = check_data(self, X, indicators, sample_weight)
        if self.class_weight:
            own = compute_sample_weight(self.class_weight, y)
            weight = own if weight is None else weight * own
        return X, indicators, weight, y

    def predict(self, X: Any) -> np.ndarray:
        """Predict class labels.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, p)

        Returns
        -------
        ndarray of shape (n,), or (n, T) for several labels at once
        """
        check_is_fitted(self, "_label_binarizer")
        if not _is_multilabel(self._label_binarizer):
            return super().predict(X)
        signs = np.where(self.decision_function(X) > 0, 1.0, -1.0)
        return self._label_binarizer.inverse_transform(signs)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class KnownDecisions(IndicatorMixin, BaseEstimator):
    """A classifier whose decisions are known: what a scorer is given."""

    def __init__(self, decisions: np.ndarray, binarizer: LabelBinarizer) -> None:
        self.decisions, self.binarizer = decisions, binarizer
        self.classes_, self._label_binarizer = binarizer.classes_, binarizer

    def fit(self, X: Any, y: Any) -> Self:
        """Do nothing."""
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the known decisions."""
        return self.decisions


class RidgeClassifier(IndicatorMixin, BaseRidge):
    """`Ridge` on an indicator of each class (of one where there are two); the largest one wins.

    Parameters
    ----------
    alpha : float, default=1.0
    fit_intercept, copy_X, max_iter, tol, solver, positive, random_state
        As in `Ridge`.
    class_weight : dict or "balanced", default=None
        Weights of the classes, which multiply those of the rows. "balanced": inversely proportional
        to how many rows each has.
    penalty_factor, lower, upper, standardize
        As in `Ridge`.

    Attributes
    ----------
    coef_ : ndarray of shape (p,) for two classes or one label, else (T, p)
    intercept_ : float or ndarray of shape (T,)
    classes_ : ndarray of shape (n_classes,)
    dual_gap_, optimality_violation_, n_iter_, solver_, n_features_in_, feature_names_in_
        As in `Ridge`, of the indicators.
    """

    _parameter_constraints: ClassVar[dict] = {**BaseRidge._parameter_constraints, **CLASS_WEIGHT}

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        class_weight: Any = None,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
        penalty_factor: Any = None,
        lower: Any = None,
        upper: Any = None,
        standardize: bool = False,
    ) -> None:
        super().__init__(
            alpha,
            fit_intercept=fit_intercept,
            copy_X=copy_X,
            max_iter=max_iter,
            tol=tol,
            solver=solver,
            positive=positive,
            random_state=random_state,
            penalty_factor=penalty_factor,
            lower=lower,
            upper=upper,
            standardize=standardize,
        )
        self.class_weight = class_weight

    @all_or_nothing
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n, p)
        y : array-like of shape (n,), or (n, T) of 0 and 1 for several labels at once
        sample_weight : float or array-like of shape (n,), default=None

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Bad input, named; nothing is changed then.
        """
        self._validate_params()
        solver = self._check_solver(X)
        X, indicators, weight, _ = self._prepare(X, y, sample_weight)
        self._fit_numbers(X, indicators, weight, solver)
        return self


class RidgeClassifierCV(IndicatorMixin, BaseRidgeCV):
    """`RidgeClassifier` with alpha chosen by exact leave-one-out or K-fold cross-validation.

    Parameters
    ----------
    alphas, fit_intercept, store_cv_results, penalty_factor, standardize, n_jobs, selection_rule
        As in `RidgeCV`; "1se" goes by the squared error of the indicators.
    scoring : str, callable or None, default=None
        None: squared error of the indicators for leave-one-out, accuracy with `cv`.
    cv : int, splitter, iterable or None, default=None
        None: leave-one-out, in closed form. A number: so many stratified folds.
    class_weight : dict or "balanced", default=None
        As in `RidgeClassifier`.

    Attributes
    ----------
    alpha_, alphas_, best_score_, cv_mean_, cv_se_, mse_path_
        As in `RidgeCV`; errors are those of the indicators.
    cv_results_ : ndarray of shape (n, T, n_alphas)
        As in `RidgeCV`, with `store_cv_results`.
    coef_, intercept_, classes_, dual_gap_, optimality_violation_
        Of the fit on all rows, as in `RidgeClassifier`.

    Notes
    -----
    With `scoring` and ``cv=None`` labels that follow from the leave-one-out predictions are scored.
    scikit-learn 1.9 scores numbers of columns there instead, which are all 0 where there are two
    classes, so that its first alpha wins.
    """

    _parameter_constraints: ClassVar[dict] = {**BaseRidgeCV._parameter_constraints, **CLASS_WEIGHT}

    def __init__(
        self,
        alphas: Any = (0.1, 1.0, 10.0),
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        class_weight: Any = None,
        store_cv_results: bool = False,
        penalty_factor: Any = None,
        standardize: bool = False,
        n_jobs: int | None = None,
        selection_rule: str = "min",
    ) -> None:
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.class_weight = class_weight
        self.store_cv_results = store_cv_results
        self.penalty_factor = penalty_factor
        self.standardize = standardize
        self.n_jobs = n_jobs
        self.selection_rule = selection_rule

    @all_or_nothing
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose alpha by cross-validation and fit on all rows.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n, p)
        y : array-like of shape (n,), or (n, T) of 0 and 1 for several labels at once
        sample_weight : float or array-like of shape (n,), default=None
        **params : dict
            Passed to the splitter and the scorer, with metadata routing enabled.

        Returns
        -------
        self
        """
        alphas = self._check_options(X, params)
        X, indicators, weight, labels = self._prepare(X, y, sample_weight)
        self._fit_numbers(X, indicators, weight, alphas, labels, params)
        return self

    def _known(self, predictions: np.ndarray) -> BaseEstimator:
        return KnownDecisions(predictions, self._label_binarizer)

    def _own_scorer(self) -> Callable:
        return get_scorer("accuracy")


def _is_multilabel(binarizer: LabelBinarizer) -> bool:
    return binarizer.y_type_.startswith("multilabel")
