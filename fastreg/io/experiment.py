"""Split, cross-validate, refit, measure: from prepared numbers to a model and what is known of it.

The model is fitted on the training rows, and its test error is that of exactly this model. This is
the one module of ``fastreg.io`` that knows the estimators.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import KFold, train_test_split

from fastreg.linear_model import ElasticNetCV, LassoCV, RidgeCV

from .encoding import Matrix
from .model_json import Model
from .prepare import Prepared, feature_means, fill_missing

L1_RATIOS = (0.1, 0.5, 0.7, 0.9, 0.95, 0.99, 1.0)

# Tighter than the estimators' default, so that repeated digits of a report mean something.
TOL = 1e-6
MAX_ITER = 10_000


@dataclass(frozen=True, kw_only=True)
class Judging:
    """How rows are split and columns taken; the command's options of the same names."""

    cv: int = 5
    test_size: float = 0.2
    seed: int = 0
    standardize: bool = True
    missing: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings(Judging):
    """How to fit; the command's options of the same names."""

    penalty: str = "lasso"
    alphas: tuple[float, ...] | None = None
    n_alphas: int = 100
    eps: float = 1e-3
    l1_ratio: tuple[float, ...] | None = None
    selection_rule: str = "min"


@dataclass(frozen=True)
class Figures:
    """Error on some rows: mean squared error, its standard error, R² (None where undefined)."""

    n_rows: int
    mse: float
    mse_se: float | None
    r2: float | None


@dataclass(frozen=True)
class Choice:
    """The penalty that cross-validation chose, and the grid it was chosen from.

    Attributes
    ----------
    alpha : float
        The chosen α.
    position : int
        Its place on the grid, counted from 1 at the largest.
    n_alphas : int
        Length of the grid.
    largest, smallest : float
        Ends of the grid.
    l1_ratio : float or None
        The chosen mix; None where the penalty has none to choose.
    """

    alpha: float
    position: int
    n_alphas: int
    largest: float
    smallest: float
    l1_ratio: float | None = None


@dataclass(frozen=True)
class Rows:
    """Some rows of the data, in numbers."""

    X: Matrix
    y: np.ndarray
    w: np.ndarray | None

    def filled(self, means: np.ndarray) -> Rows:
        """Return the rows with means for missing values."""
        return replace(self, X=fill_missing(self.X, means))


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A fitted model and what every report says about it.

    Attributes
    ----------
    model : Model
    settings : Judging
    data : Prepared
        Where the rows and columns come from.
    errors : dict of str to Figures
        "training", "cross_validated" and, where rows are held out, "test".
    target_mean, target_sd : float
    feature_sd : ndarray of shape (n_features,)
        Of the training rows, as what follows.
    constant : list of str
    duplicated : list of pairs of str
        A column, and the first one equal to it.
    training : Rows
        What the model was fitted to.
    warnings : list of str
    """

    model: Model
    settings: Judging
    data: Prepared
    errors: dict[str, Figures]
    target_mean: float
    target_sd: float
    feature_sd: np.ndarray
    constant: list[str]
    duplicated: list[tuple[str, str]]
    training: Rows
    warnings: list[str]


@dataclass(frozen=True, kw_only=True)
class Outcome(Fitted):
    """A model of one penalty.

    Where no bound on the objective exists (α = 0), `dual_gap` is None and `optimality_violation`
    is all there is of a certificate. `estimator` was fitted to the rows `training`.
    """

    settings: Settings
    choice: Choice
    dual_gap: float | None
    optimality_violation: float
    estimator: Any


def fit_prepared(data: Prepared, settings: Settings) -> Outcome:
    """Fit and measure.

    Parameters
    ----------
    data : Prepared
        The rows to split into training and test.
    settings : Settings
        How.

    Returns
    -------
    Outcome

    Raises
    ------
    ValueError
        If there are too few rows for the split or the folds, or if a column has no training value.
    """
    train, test = (rows_of(data, part) for part in split_rows(data, settings))
    means = None
    if settings.missing == "mean":
        means = feature_means(train.X, train.w, data.encoding.feature_names)
        train, test = train.filled(means), test.filled(means)
    facts = describe_training(train, data)

    estimator = _estimator(settings)
    messages = _fit_quietly(estimator, train)
    choice, cv = _choice(estimator, train, settings, facts["target_sd"])
    errors = {"training": figures(train, estimator.predict(train.X)), "cross_validated": cv}
    if len(test.y):
        errors["test"] = figures(test, estimator.predict(test.X))
    dual_gap = float(estimator.dual_gap_) if np.isfinite(estimator.dual_gap_) else None
    model = Model(
        target=data.target,
        encoding=data.encoding,
        coef=np.asarray(estimator.coef_, dtype=np.float64) + 0.0,  # -0.0 becomes 0.0
        intercept=float(estimator.intercept_),
        fill=means,
        fit=_how(settings, data, choice, estimator, dual_gap, messages),
        errors={name: asdict(found) for name, found in errors.items()},
    )
    return Outcome(
        model=model,
        settings=settings,
        data=data,
        choice=choice,
        errors=errors,
        dual_gap=dual_gap,
        optimality_violation=float(estimator.optimality_violation_),
        warnings=messages,
        estimator=estimator,
        training=train,
        **facts,
    )


def describe_training(train: Rows, data: Prepared) -> dict[str, Any]:
    """Return what `Fitted` says of the columns of the training rows.

    Raises
    ------
    ValueError
        Values too large to be squared.
    """
    _, sd = mean_and_sd(train.X, train.w)
    y_mean, y_sd = mean_and_sd(train.y[:, None], train.w)
    _refuse_overflow(data, sd, float(y_sd[0]))
    constant, duplicated = _degenerate(train.X, data.encoding.feature_names)
    return {
        "target_mean": float(y_mean[0]),
        # not the rounding error of the mean
        "target_sd": float(y_sd[0]) if np.ptp(train.y) > 0 else 0.0,
        "feature_sd": sd,
        "constant": constant,
        "duplicated": duplicated,
    }


def rows_of(data: Prepared, part: np.ndarray) -> Rows:
    """Return the rows of some numbers."""
    w = data.sample_weight
    return Rows(data.X[part], data.y[part], None if w is None else w[part])


def split_rows(
    data: Prepared, settings: Judging, *, in_order: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the training rows, and of the test rows, of which there may be none.

    Parameters
    ----------
    in_order : bool, default=False
        As they are in the data, and not as they were drawn.

    Raises
    ------
    ValueError
        Too few rows for the split or the folds, or a part without weight.
    """
    n = len(data.y)
    rows = np.arange(n)
    if n < 2:
        raise ValueError("one row of data is too few to fit anything")
    if settings.test_size > 0:
        try:
            train, test = train_test_split(
                rows, test_size=settings.test_size, random_state=settings.seed
            )
        except ValueError as error:
            raise ValueError(
                f"{n} rows cannot be split with --test-size {settings.test_size:g}"
            ) from error
    else:
        train, test = rows, rows[:0]
    if in_order:
        train, test = np.sort(train), np.sort(test)
    if len(train) < settings.cv:
        raise ValueError(f"{_count(len(train))} fewer than --cv {settings.cv} folds")
    if data.sample_weight is not None:
        _refuse_weightless(data.sample_weight, train, test, settings)
    return train, test


def _count(n: int) -> str:
    return f"{n} training rows are" if n > 1 else "1 training row is"


def _refuse_weightless(
    w: np.ndarray, train: np.ndarray, test: np.ndarray, settings: Judging
) -> None:
    """Every part that is averaged over needs a row that counts."""
    parts = {"test": test} if len(test) else {}
    for k, (inside, outside) in enumerate(folds_of(settings).split(train), start=1):
        parts[f"fold {k}'s training"] = train[inside]
        parts[f"fold {k}'s held-out"] = train[outside]
    for name, rows in parts.items():
        if not np.any(w[rows] > 0):
            raise ValueError(f"all weights of {name} rows are zero; try another --seed or --cv")


def _refuse_overflow(data: Prepared, sd: np.ndarray, y_sd: float) -> None:
    names = [*data.encoding.feature_names, data.target]
    with np.errstate(over="ignore"):  # squared errors are squared for their standard error
        finite = np.isfinite([*sd, np.float64(y_sd) ** 4])
    if not finite.all():
        name = names[int(np.argmin(finite))]
        raise ValueError(f"the values of column {name!r} are too large to be squared; rescale it")


def folds_of(settings: Judging) -> KFold:
    """Return the shuffled folds of the settings."""
    return KFold(settings.cv, shuffle=True, random_state=settings.seed)


def _estimator(settings: Settings) -> Any:
    folds = folds_of(settings)
    common: dict[str, Any] = {
        "cv": folds,
        "standardize": settings.standardize,
        "selection_rule": settings.selection_rule,
    }
    if settings.penalty == "ridge":
        return RidgeCV(alphas=settings.alphas, **common)
    common |= {
        "alphas": settings.n_alphas if settings.alphas is None else settings.alphas,
        "eps": settings.eps,
        "tol": TOL,
        "max_iter": MAX_ITER,
    }
    if settings.penalty == "lasso":
        return LassoCV(**common)
    return ElasticNetCV(l1_ratio=list(_l1_ratios(settings)), **common)


def _l1_ratios(settings: Settings) -> tuple[float, ...]:
    return L1_RATIOS if settings.l1_ratio is None else settings.l1_ratio


@contextmanager
def noted_warnings() -> Iterator[list[str]]:
    """Give a list, in which the warnings are at the end, as lines, each once."""
    messages: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        for category in (UserWarning, RuntimeWarning):
            warnings.simplefilter("always", category)
        yield messages
    messages += dict.fromkeys(" ".join(str(entry.message).split()) for entry in caught)


def _fit_quietly(estimator: Any, train: Rows) -> list[str]:
    """Fit; return the warnings as lines, each once."""
    with noted_warnings() as messages:
        estimator.fit(train.X, train.y, sample_weight=train.w)
    return messages


def _choice(estimator: Any, train: Rows, settings: Settings, y_sd: float) -> tuple[Choice, Figures]:
    """Where the chosen penalty lies on the grid, and its cross-validated error."""
    l1_ratio = None
    row = 0
    if settings.penalty == "elasticnet":
        l1_ratio = float(estimator.l1_ratio_)
        row = _l1_ratios(settings).index(l1_ratio)
    grids = np.atleast_2d(estimator.alphas_)
    alphas = grids[min(row, len(grids) - 1)]
    at = int(np.flatnonzero(alphas == estimator.alpha_)[0])
    choice = Choice(
        alpha=float(estimator.alpha_),
        position=1 + int(np.count_nonzero(alphas > estimator.alpha_)),
        n_alphas=len(alphas),
        largest=float(alphas.max()),
        smallest=float(alphas.min()),
        l1_ratio=l1_ratio,
    )
    mse = float(np.atleast_2d(estimator.cv_mean_)[row, at])
    se = float(np.atleast_2d(estimator.cv_se_)[row, at])
    r2 = 1 - mse / y_sd**2 if y_sd > 0 else None
    return choice, Figures(len(train.y), mse, se, r2)


def figures(rows: Rows, predicted: np.ndarray) -> Figures:
    """Return the error of predictions of some rows."""
    mse = float(mean_squared_error(rows.y, predicted, sample_weight=rows.w))
    n = len(rows.y)
    w = np.ones(n) if rows.w is None else rows.w / rows.w.mean()
    # Standard error of a weighted mean; with equal weights the usual sd / sqrt(n).
    deviation = w * ((rows.y - predicted) ** 2 - mse)
    se = float(np.sqrt(np.sum(deviation**2) / (n - 1) / n)) if n > 1 else None
    defined = n > 1 and np.ptp(rows.y) > 0
    r2 = float(r2_score(rows.y, predicted, sample_weight=rows.w)) if defined else None
    return Figures(n, mse, se, r2)


def mean_and_sd(X: Matrix, w: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and standard deviation of the columns; not finite where squares overflow."""
    w = np.full(X.shape[0], 1 / X.shape[0]) if w is None else w / w.sum()
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.asarray(w @ X)
        if sparse.issparse(X):
            variance = np.maximum(w @ X.power(2) - mean**2, 0.0)
        else:
            columns = zip(X.T, mean, strict=True)
            variance = np.array([w @ (column - m) ** 2 for column, m in columns])
    return mean, np.sqrt(variance)


def _degenerate(X: Matrix, names: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Constant columns, and pairs (column, the first one equal to it)."""
    constant, duplicated = [], []
    first: dict[bytes, str] = {}
    if sparse.issparse(X):
        X = sparse.csc_array(X)
        X.eliminate_zeros()
        X.sort_indices()
    for j, name in enumerate(names):
        if sparse.issparse(X):
            part = slice(X.indptr[j], X.indptr[j + 1])
            values, rows = X.data[part], X.indices[part]
            full = len(values) == X.shape[0]
            is_constant = len(values) == 0 or (full and np.ptp(values) == 0)
            content = rows.tobytes() + values.tobytes()
        else:
            values = X[:, j] + 0.0  # -0.0 becomes 0.0
            is_constant = np.ptp(values) == 0
            content = values.tobytes()
        digest = hashlib.blake2b(content, digest_size=16).digest()
        if is_constant:
            constant.append(name)
        elif digest in first:
            duplicated.append((name, first[digest]))
        else:
            first[digest] = name
    return constant, duplicated


def how_it_began(data: Prepared, settings: Judging) -> dict[str, Any]:
    """Return what the file of every model says of the table, the options and the rows."""
    return {
        "table": Path(data.source).name,
        "weights": data.weights,
        "settings": asdict(settings),
        "rows": {
            "read": data.n_read,
            "missing_target": data.missing_target,
            "missing_features": data.missing_features,
        },
    }


def _how(
    settings: Settings,
    data: Prepared,
    choice: Choice,
    estimator: Any,
    dual_gap: float | None,
    messages: list[str],
) -> dict[str, Any]:
    """How the model was fitted, for its file."""
    n_iter = getattr(estimator, "n_iter_", None)
    return {
        **how_it_began(data, settings),
        "choice": asdict(choice),
        "dual_gap": dual_gap,
        "optimality_violation": float(estimator.optimality_violation_),
        "n_iter": None if n_iter is None else int(n_iter),
        "warnings": messages,
    }
