"""Bias², variance and noise of the test error along the α grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_scalar
from sklearn.utils.extmath import safe_sparse_dot

from fastreg.checks import warn_unsolved
from fastreg.designs import make_design
from fastreg.engine import Penalty, Solution, solve
from fastreg.model_selection.error_curves import (
    MAX_ITER,
    TOL,
    alphas_or_grid,
    check_rows,
    check_target,
    generator_of,
    penalty_of,
    settings_of,
)
from fastreg.model_selection.nesting import stacked
from fastreg.model_selection.tuning import How, Spot, grid_of, task_of

FEWEST_ROWS = 5
BOOTSTRAP_NOTES = (
    "The variance is how much predictions change from one bootstrap sample to another, for rows "
    "that the sample does not hold: an estimate of how much they would change with new data.",
    "What is left of the out-of-bag error is bias² and noise together. Real data do not tell them "
    "apart: that takes the truth, or several targets at the same x.",
    "A bootstrap sample holds some 63 % of the distinct rows, so the error is somewhat that of a "
    "smaller training set; where it matters, trust cross-validation for the error itself.",
    "Rows are taken to be independent: with groups or in time order the variance is too small.",
)


@dataclass(frozen=True, eq=False, kw_only=True)
class BiasVariance:
    """The parts of the test error; see `bias_variance` and `bootstrap_bias_variance`.

    Attributes
    ----------
    penalty : {"ridge", "lasso", "elasticnet"}
    l1_ratio : float
        0 for ridge, 1 for the lasso.
    alphas : ndarray of shape (m,)
        Downwards, in the units of the estimator of that name.
    bias2 : ndarray of shape (m,)
        Mean squared bias of the prediction. Where `noise` is None it holds the noise too: without
        the truth the two cannot be told apart.
    variance : ndarray of shape (m,)
        Mean variance of the prediction over training sets.
    noise : float or None
        Mean squared noise of the test rows, the error that no model can avoid; None where the truth
        is not known.
    test_error, test_error_se : ndarray of shape (m,)
        The test error as measured on the rows, on its own, and the Monte-Carlo standard error with
        which it may differ from the sum of the parts.
    n_repeats : int
        Number of training sets.
    notes : tuple of str
        What the numbers can and cannot say, a sentence or two each.
    """

    penalty: str
    l1_ratio: float
    alphas: np.ndarray
    bias2: np.ndarray
    variance: np.ndarray
    noise: float | None
    test_error: np.ndarray
    test_error_se: np.ndarray
    n_repeats: int
    notes: tuple[str, ...]

    @property
    def total(self) -> np.ndarray:
        """bias² + variance + noise, shape (m,)."""
        return self.bias2 + self.variance + (self.noise or 0.0)


def bias_variance(
    simulate: Callable[[np.random.Generator], tuple[Any, Any, Any]],
    *,
    penalty: str = "lasso",
    l1_ratio: float | None = None,
    alphas: Any = 50,
    eps: float = 1e-3,
    n_repeats: int = 100,
    n_test: int = 1000,
    random_state: Any = 0,
    fit_intercept: bool = True,
    standardize: bool = False,
    tol: float = TOL,
    max_iter: int = MAX_ITER,
    n_jobs: int | None = None,
) -> BiasVariance:
    """Split the test error into bias², variance and noise, on data that a function simulates.

    With f(x) = E[y|x] and f̂ the model of one training set, the error on a fresh row at x is

        E(y − f̂(x))² = (E f̂(x) − f(x))² + E(f̂(x) − E f̂(x))² + E(y − f(x))²,

    bias², variance and noise, here averaged over `n_test` rows x that stay the same. The means over
    training sets are taken over `n_repeats` of them. The bias² is corrected for their number, so
    that the sum is exact for what was simulated; where there is none it may come out below 0.

    Parameters
    ----------
    simulate : callable
        ``X, f, y = simulate(rng)`` draws a training set with a NumPy `Generator`: X of shape
        (n, p), the truth f = E[y|X] and the target y, both of shape (n,). Called again and again
        for the test rows too.
    penalty : {"ridge", "lasso", "elasticnet"}, default="lasso"
    l1_ratio : float, default=None
        Of the Elastic-Net only, where None means 0.5.
    alphas : int or array-like, default=50
        Number of alphas of an automatic grid, that of the first training set, or the alphas.
    eps : float, default=1e-3
    n_repeats : int, default=100
        Number of training sets, at least 2.
    n_test : int, default=1000
        Number of test rows, at least 2.
    random_state : int, NumPy Generator or None, default=0
    fit_intercept, standardize, tol, max_iter, n_jobs
        As in `LassoCV`.

    Returns
    -------
    BiasVariance

    Raises
    ------
    ValueError
        `simulate` returns something else than described.

    References
    ----------
    S. Geman, E. Bienenstock, R. Doursat (1992), Neural networks and the bias/variance dilemma,
    Neural Computation 4, 1-58.
    """
    _check_counts(n_repeats=n_repeats, n_test=n_test)
    rng = generator_of(random_state)
    X_test, truth, y_test = _draw_rows(simulate, rng, n_test)
    how = How(settings_of(tol, max_iter, n_jobs), fit_intercept, standardize)
    own = penalty_of(penalty, l1_ratio, X_test.shape[1], standardize)
    grid, running, solutions = alphas_or_grid(alphas, eps), None, []
    for _ in range(n_repeats):
        X, _, y = _draw(simulate, rng, X_test.shape[1])
        design = make_design(X, y)
        spot = Spot(design, (0,), ())
        grid = grid_of(spot, own, grid, fit_intercept)
        predicted, found = _predictions(spot, own, grid, how, X_test)
        running = running or _Running(predicted.shape)
        running.add(predicted, np.ones(n_test, dtype=bool), y_test)
        solutions.append(found)
    warn_unsolved(solutions, how.settings)
    mean, variance, error = running.mean, running.variance(), running.error()
    bias2 = (mean - truth[:, None]) ** 2 - variance / n_repeats
    noise = y_test - truth
    # (y − f̂)² is noise² + (f − f̂)² + 2 noise (f − f̂), whose last term has mean zero
    cross = 2.0 * noise[:, None] * (truth[:, None] - mean)
    return BiasVariance(
        penalty=penalty,
        l1_ratio=own.l1_ratio,
        alphas=grid,
        bias2=bias2.mean(axis=0),
        variance=variance.mean(axis=0),
        noise=float(np.mean(noise**2)),
        test_error=error.mean(axis=0),
        test_error_se=cross.std(axis=0, ddof=1) / np.sqrt(n_test),
        n_repeats=n_repeats,
        notes=(
            f"Exact for the {n_repeats} training sets and {n_test} test rows that were drawn: the "
            "truth is known, so bias and noise are told apart.",
            "It holds for the model that was simulated, not for data that follow another.",
        ),
    )


def bootstrap_bias_variance(
    X: Any,
    y: Any,
    *,
    penalty: str = "lasso",
    l1_ratio: float | None = None,
    alphas: Any = 50,
    eps: float = 1e-3,
    n_repeats: int = 100,
    random_state: Any = 0,
    fit_intercept: bool = True,
    standardize: bool = False,
    tol: float = TOL,
    max_iter: int = MAX_ITER,
    n_jobs: int | None = None,
) -> BiasVariance:
    """Estimate variance, and bias² and noise together, from bootstrap samples of real data.

    Every model is fitted to as many rows as there are, drawn with replacement, and predicts the
    rows that were not drawn (out of bag, some 37 %). `notes` of the result say what that can and
    cannot tell.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n, p)
    y : array-like of shape (n,)
    n_repeats : int, default=100
        Number of bootstrap samples, at least 2.
    penalty, l1_ratio, alphas, eps, random_state, fit_intercept, standardize, tol, max_iter, n_jobs
        As in `bias_variance`; the automatic grid is that of all rows.

    Returns
    -------
    BiasVariance
        With `noise` None, and the noise within `bias2`; `test_error`, of the rows that were left
        out, is the sum of both parts, and `test_error_se` its standard error over these rows.

    Raises
    ------
    ValueError
        Bad input, named; fewer than five rows; no row that two samples leave out.

    References
    ----------
    R. Tibshirani (1996), Bias, variance and prediction error for classification rules, technical
    report, University of Toronto (out-of-bag estimates).
    """
    _check_counts(n_repeats=n_repeats)
    X, y, _ = check_rows(X, y, None)
    n = y.size
    if n < FEWEST_ROWS:
        raise ValueError(f"X has {n} rows, the bootstrap needs at least {FEWEST_ROWS}")
    rng = generator_of(random_state)
    how = How(settings_of(tol, max_iter, n_jobs), fit_intercept, standardize)
    own = penalty_of(penalty, l1_ratio, X.shape[1], standardize)
    grid = alphas_or_grid(alphas, eps)
    grid = grid_of(Spot(make_design(X, y, check_input=False), (0,), ()), own, grid, fit_intercept)
    running, solutions = _Running((n, grid.size)), []
    for _ in range(n_repeats):
        times = np.bincount(rng.integers(0, n, n), minlength=n)
        spot = Spot(make_design(X, y, times.astype(float), check_input=False), (0,), ())
        left_out = times == 0
        predicted, found = _predictions(spot, own, grid, how, X[left_out])
        running.add(predicted, left_out, y[left_out])
        solutions.append(found)
    warn_unsolved(solutions, how.settings)
    known = running.count >= 2
    if not known.any():
        raise ValueError(f"no row is left out by two of {n_repeats} samples: raise n_repeats")
    variance, error = running.variance()[known], running.error()[known]
    rest = (running.mean[known] - y[known, None]) ** 2
    rest -= variance / running.count[known, None]
    return BiasVariance(
        penalty=penalty,
        l1_ratio=own.l1_ratio,
        alphas=grid,
        bias2=rest.mean(axis=0),
        variance=variance.mean(axis=0),
        noise=None,
        test_error=error.mean(axis=0),
        test_error_se=error.std(axis=0, ddof=1) / np.sqrt(known.sum()),
        n_repeats=n_repeats,
        notes=BOOTSTRAP_NOTES,
    )


class _Running:
    """Mean, variance and squared error of predictions, row by row, one training set at a time.

    Attributes
    ----------
    count : ndarray of shape (n,)
    mean : ndarray of shape (n, m)

    References
    ----------
    B. P. Welford (1962), Note on a method for calculating corrected sums of squares and products,
    Technometrics 4, 419-420.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.count, self.mean = np.zeros(shape[0]), np.zeros(shape)
        self._squares, self._errors = np.zeros(shape), np.zeros(shape)

    def add(self, predicted: np.ndarray, rows: np.ndarray, y: np.ndarray) -> None:
        """Add predictions (k, m) for the k rows of a mask (n,), whose targets are y (k,)."""
        self.count[rows] += 1
        step = predicted - self.mean[rows]
        self.mean[rows] += step / self.count[rows, None]
        self._squares[rows] += step * (predicted - self.mean[rows])
        self._errors[rows] += (y[:, None] - predicted) ** 2

    def variance(self) -> np.ndarray:
        """Return the unbiased variance, shape (n, m); 0 for fewer than two predictions."""
        return self._squares / np.maximum(self.count - 1, 1)[:, None]

    def error(self) -> np.ndarray:
        """Return the mean squared error, shape (n, m); 0 without predictions."""
        return self._errors / np.maximum(self.count, 1)[:, None]


def _predictions(
    spot: Spot, penalty: Penalty, alphas: np.ndarray, how: How, X: Any
) -> tuple[np.ndarray, Solution]:
    """Return the predictions (k, m) of a path fitted to a design, and the path without them."""
    (found,) = solve(spot.design, [task_of(spot, penalty, alphas, how.fit_intercept)], how.settings)
    predicted = safe_sparse_dot(X, found.dense_coefs().T, dense_output=True) + found.intercepts
    return predicted, found.without_coefs()


def _draw(
    simulate: Callable, rng: np.random.Generator, n_features: int | None = None
) -> tuple[Any, np.ndarray, np.ndarray]:
    """Return X, f and y of one call, with as many columns as the calls before.

    Raises
    ------
    ValueError
        See `bias_variance`.
    """
    if not callable(simulate):
        raise TypeError(f"simulate must be a function of a generator, got {simulate!r}")
    drawn = simulate(rng)
    if not isinstance(drawn, tuple) or len(drawn) != 3:
        raise ValueError(
            "simulate(rng) must return X, f and y: the columns, the truth E[y|X] and the target"
        )
    X, y, _ = check_rows(drawn[0], drawn[2], None)
    truth = check_target(drawn[1], "f")
    if truth.size != y.size:
        raise ValueError(f"simulate(rng) returns {truth.size} values f for {y.size} rows")
    if n_features not in (None, X.shape[1]):
        raise ValueError(f"simulate(rng) returns {X.shape[1]} columns, before it was {n_features}")
    return X, truth, y


def _draw_rows(
    simulate: Callable, rng: np.random.Generator, n: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return n rows of as many calls as that takes."""
    parts, held = [], 0
    while held < n:
        parts.append(_draw(simulate, rng, parts[0][0].shape[1] if parts else None))
        held += parts[-1][2].size
    X, truth, y = zip(*parts, strict=True)
    return stacked(list(X))[:n], np.concatenate(truth)[:n], np.concatenate(y)[:n]


def _check_counts(**counts: int) -> None:
    for name, count in counts.items():
        check_scalar(count, name, Integral, min_val=2)
