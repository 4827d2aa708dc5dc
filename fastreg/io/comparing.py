"""Compare the penalties on the training rows of a table, take one, judge it by the test rows.

What a category's levels are, means for missing values, units, the choice of a method and of its
penalty: all of it comes from the training rows. The test rows are looked at once, at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin

from fastreg.model_selection import PenaltyComparison, compare_penalties
from fastreg.model_selection.comparison import L1_RATIOS
from fastreg.model_selection.methods import METHODS, MethodResult

from .encoding import Matrix, numeric_column
from .experiment import (
    MAX_ITER,
    TOL,
    Figures,
    Fitted,
    Judging,
    Rows,
    describe_training,
    figures,
    how_it_began,
    mean_and_sd,
    noted_warnings,
    rows_of,
    split_rows,
)
from .model_json import Model
from .prepare import Prepared, describe_counts, feature_means, fill_missing, prepare
from .tables import Table

FEWEST_ROWS = 4
FEWEST_ROWS_OF_HALVES = 10  # each half is cut into five folds, to choose a penalty by


@dataclass(frozen=True, kw_only=True)
class Comparing(Judging):
    """How to compare; the command's options of the same names."""

    methods: tuple[str, ...] = METHODS


@dataclass(frozen=True, kw_only=True)
class Compared(Fitted):
    """A comparison, and the model that it comes to.

    Attributes
    ----------
    settings : Comparing
    found : PenaltyComparison
        Of the training rows.
    method : MethodResult
        What the model is: the method recommended or, where there is no clear winner, the simplest
        of those that cannot be told apart.
    test : Rows
        Those that the model can predict.
    dropped : tuple of str
        Columns left out on request.
    """

    settings: Comparing
    found: PenaltyComparison
    method: MethodResult
    test: Rows
    dropped: tuple[str, ...] = ()

    @property
    def is_recommended(self) -> bool:
        """Whether the method was recommended, and not only taken for want of a clear winner."""
        return self.found.recommendation.is_decisive


class ColumnMeans(TransformerMixin, BaseEstimator):
    """Fill in the weighted means of the rows that it is fitted to.

    Parameters
    ----------
    names : sequence of str
        Of the features.
    weighted : bool
        Whether the last column of X is not a feature, but has the weights of the rows.
    """

    def __init__(self, names: Sequence[str], weighted: bool = False) -> None:
        self.names, self.weighted = names, weighted

    def fit(self, X: Matrix, y: Any = None) -> Self:
        """Take the means."""
        X, w = self._parts(X)
        self.means_ = feature_means(X, w, list(self.names))
        return self

    def transform(self, X: Matrix) -> Matrix:
        """Fill them in."""
        return fill_missing(self._parts(X)[0], self.means_)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the features."""
        return np.array(self.names, dtype=object)

    def _parts(self, X: Matrix) -> tuple[Matrix, np.ndarray | None]:
        if not self.weighted:
            return X, None
        w = X[:, [-1]]
        return X[:, :-1], (w.toarray() if sparse.issparse(w) else w).ravel()


def compare_table(
    table: Table, settings: Comparing, *, progress: bool = False, **columns: Any
) -> Compared:
    """Split, compare, take a method, judge its model.

    Parameters
    ----------
    table : Table
    settings : Comparing
    progress : bool, default=False
        Show a bar while it is compared.
    **columns
        `target`, `weights`, `drop`, `categorical` of `prepare`.

    Returns
    -------
    Compared

    Raises
    ------
    ValueError
        What cannot be used, named; too few rows.
    """
    options = {**columns, "missing": settings.missing}
    whole = prepare(table, **options)
    parts = split_rows(whole, settings, in_order=True)
    fewest = FEWEST_ROWS_OF_HALVES if settings.cv == 2 else FEWEST_ROWS
    if len(parts[0]) < fewest:
        raise ValueError(
            f"{len(parts[0])} training rows are too few to compare anything with --cv "
            f"{settings.cv}: at least {fewest}"
        )
    train_table, test_table = (table.take(_mask(whole.rows, part)) for part in parts)
    data = _counted_as(whole, prepare(train_table, **options))
    with_gaps = rows_of(data, np.arange(len(data.y)))
    means = feature_means(with_gaps.X, with_gaps.w, data.encoding.feature_names)
    train = with_gaps.filled(means)
    facts = describe_training(train, data)  # refuses, by name, what the folds would stumble over
    with noted_warnings() as messages:
        found = _compare(with_gaps, data, settings, progress)
    recommended = found.recommendation
    method = found[recommended.method or recommended.tied[0]]
    test, strangers = _test_rows(test_table, data, means)
    messages = [*strangers, *messages]
    errors = _errors(found, method, train, test)
    how = _how(data, settings, found, method, messages)
    how["rows"] |= {"training": len(train.y), "test": len(test.y)}
    model = Model(
        target=data.target,
        encoding=data.encoding,
        coef=method.coef + 0.0,  # -0.0 becomes 0.0
        intercept=method.intercept,
        fill=means if settings.missing == "mean" else None,
        fit=how,
        errors={name: asdict(each) for name, each in errors.items()},
    )
    return Compared(
        model=model,
        settings=settings,
        data=data,
        errors=errors,
        training=train,
        warnings=messages,
        found=found,
        method=method,
        test=test,
        dropped=tuple(columns.get("drop", ())),
        **facts,
    )


def _counted_as(whole: Prepared, data: Prepared) -> Prepared:
    """Return a part of the rows with what is known of all: how many were read and left out."""
    names = ("n_read", "missing_target", "missing_features")
    return replace(data, **{name: getattr(whole, name) for name in names})


def _mask(usable: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return which rows of the table are a part of the usable ones."""
    mask = np.zeros(len(usable), dtype=bool)
    mask[np.flatnonzero(usable)[part]] = True
    return mask


def _compare(
    train: Rows, data: Prepared, settings: Comparing, progress: bool
) -> PenaltyComparison:
    X, filling = train.X, None
    if data.missing:
        filling = ColumnMeans(data.encoding.feature_names, train.w is not None)
        if train.w is not None:
            stack = sparse.hstack if sparse.issparse(X) else np.hstack
            X = stack([X, train.w[:, None]])
            X = sparse.csr_array(X) if sparse.issparse(X) else X
    return compare_penalties(
        X,
        train.y,
        methods=settings.methods,
        cv=settings.cv,
        sample_weight=train.w,
        preprocess=filling,
        feature_names=data.encoding.feature_names,
        standardize=settings.standardize,
        l1_ratios=l1_ratios_for(train),
        random_state=settings.seed,
        tol=TOL,
        max_iter=MAX_ITER,
        progress=progress,
    )


def l1_ratios_for(train: Rows) -> list[float]:
    """Return the mixes that the Elastic-Net chooses among.

    Those of `compare_penalties` for a target of variance 1: whether the target is in units or in
    thousands, the same models are compared. The absolute part of the penalty grows with the unit of
    the target, the quadratic one does not, so that in a unit of 1/s of the standard deviation a mix
    of r is one of r s / (r s + 1 - r).
    """
    _, (sd,) = mean_and_sd(train.y[:, None], train.w)
    if not (np.isfinite(sd) and sd > 0):
        return list(L1_RATIOS)
    below_one = float(np.nextafter(1.0, 0.0))
    return [float(min(r * sd / (r * sd + 1.0 - r), below_one)) for r in L1_RATIOS]


def _test_rows(table: Table, data: Prepared, means: np.ndarray) -> tuple[Rows, list[str]]:
    """Return the test rows that the model can predict, and what is to be said of the others."""
    unknown, counts = data.encoding.unknown_levels(table)
    messages = []
    if unknown.any():
        n = np.count_nonzero(unknown)
        words = f"{n} of {len(unknown)} test rows have" if n > 1 else "1 test row has"
        messages.append(
            f"{words} levels that no training row has, in {describe_counts(counts)}: the model "
            "cannot predict such rows, and the test error is that of the others"
        )
    table = table.take(~unknown)
    X = fill_missing(data.encoding.matrix(table), means)
    w = None if data.weights is None else numeric_column(table, data.weights, "weights")
    if w is not None and len(w) and not np.any(w > 0):
        messages.append("no test row that the model can predict has a weight: no test error")
        return Rows(X[:0], np.zeros(0), w[:0]), messages
    return Rows(X, numeric_column(table, data.target, "target"), w), messages


def _errors(
    found: PenaltyComparison, method: MethodResult, train: Rows, test: Rows
) -> dict[str, Figures]:
    """Return the errors of the model; the held-out ones are those of the nested folds."""
    base = float(found.baseline_errors.mean())
    r2 = 1.0 - method.held_out_mean / base if base > 0 else None
    errors = {
        "training": figures(train, train.X @ method.coef + method.intercept),
        "cross_validated": Figures(len(train.y), method.held_out_mean, method.held_out_se, r2),
    }
    if len(test.y):
        errors["test"] = figures(test, test.X @ method.coef + method.intercept)
    return errors


def _choice(found: PenaltyComparison, method: MethodResult) -> dict[str, Any]:
    return {
        "method": method.name,
        "recommended": found.recommendation.is_decisive,
        "alpha": method.alpha,
        "l1_ratio": method.l1_ratio,
        "relaxation": method.relaxation,
    }


def _how(
    data: Prepared,
    settings: Comparing,
    found: PenaltyComparison,
    method: MethodResult,
    messages: list[str],
) -> dict[str, Any]:
    """How the model came about, for its file."""
    return {
        **how_it_began(data, settings),
        "choice": _choice(found, method),
        "recommendation": found.recommendation.headline,
        "comparison": [
            {
                "method": each.name,
                "held_out_error": each.held_out_mean,
                "held_out_se": each.held_out_se,
                "training_error": each.train_mean,
                "alpha": each.alpha,
                "l1_ratio": each.l1_ratio,
                "relaxation": each.relaxation,
                "n_features": each.n_selected,
            }
            for each in found.methods
        ],
        "warnings": messages,
    }
