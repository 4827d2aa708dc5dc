"""The learning curve of a table: its error against the number of training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastreg.model_selection import LearningCurve, learning_curve

from .experiment import MAX_ITER, TOL, Settings, folds_of, noted_warnings
from .prepare import Prepared

N_SIZES = 6
_FEWEST = 10  # training rows: two for each of the inner folds


@dataclass(frozen=True)
class Learned:
    """A learning curve and what it was made of."""

    curve: LearningCurve
    data: Prepared
    settings: Settings
    warnings: list[str]


def learn_prepared(data: Prepared, settings: Settings, alpha: float | None = None) -> Learned:
    """Measure errors for growing numbers of training rows, drawn at random.

    Parameters
    ----------
    data : Prepared
        Without missing values.
    settings : Settings
        How; there is no test part.
    alpha : float, default=None
        None: chosen anew for every size and fold.

    Raises
    ------
    ValueError
        Too few rows; more than one `l1_ratio`.
    """
    ratios = settings.l1_ratio
    if ratios is not None and len(ratios) > 1:
        raise ValueError("a learning curve is of one --l1-ratio")
    with noted_warnings() as messages:
        curve = learning_curve(
            data.X,
            data.y,
            penalty=settings.penalty,
            l1_ratio=None if ratios is None else ratios[0],
            alpha=alpha,
            train_sizes=_sizes(len(data.y), settings.cv),
            cv=folds_of(settings),
            shuffle=True,
            random_state=settings.seed,
            alphas=settings.n_alphas if settings.alphas is None else settings.alphas,
            eps=settings.eps,
            sample_weight=data.sample_weight,
            standardize=settings.standardize,
            tol=TOL,
            max_iter=MAX_ITER,
        )
    return Learned(curve, data, settings, messages)


def _sizes(n_rows: int, n_folds: int) -> np.ndarray:
    """Return numbers of training rows, up to what the smallest training set has."""
    if n_folds > n_rows:
        raise ValueError(f"{n_rows} rows are fewer than --cv {n_folds} folds")
    largest = n_rows - -(-n_rows // n_folds)
    if largest <= _FEWEST:
        raise ValueError(
            f"{n_rows} rows are too few for a learning curve with --cv {n_folds}: more than "
            f"{_FEWEST} must be left to train on"
        )
    smallest = max(_FEWEST, largest // 10)
    return np.unique(np.linspace(smallest, largest, N_SIZES).astype(int))
