"""Regularization paths with all that is known of them; see `path_functions` for scikit-learn's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _get_feature_names, check_array

from fastreg.checks import (
    check_alphas,
    check_data,
    make_penalty,
    warn_unsolved,
)
from fastreg.designs import Design, make_design
from fastreg.engine import (
    Diagnostics,
    Grid,
    Penalty,
    Settings,
    Solution,
    Task,
    resolve_alphas,
    solve,
)
from fastreg.engine.problem import Problem, problem_of
from fastreg.model_selection.criteria import (
    degrees_of_freedom,
    information_criterion,
    noise_variance,
)
from fastreg.model_selection.relaxed import relax
from fastreg.moments import Moments, merge_all
from fastreg.reporting import reporting

if TYPE_CHECKING:
    from fastreg.plotting import CoefficientPathDisplay

__all__ = [
    "RegularizationPath",
    "regularization_path",
    "ridge_path",
]


@dataclass(frozen=True, eq=False)
class _Source:
    """What a path was fitted from: answers what few ask for, when they ask.

    Attributes
    ----------
    design : Design
        Holds X and the moments.
    problem : Problem
        Its task has the alphas in the units of the engine.
    """

    design: Design
    problem: Problem


@dataclass(eq=False)
class RegularizationPath:
    """A fitted path for one target.

    It keeps X for `df`, `noise_variance` and `relax`, which are worked out when first asked for; a
    path read from a pickle has the first, and the second if it had been asked for.

    Attributes
    ----------
    alphas : ndarray of shape (m,)
        Downwards, in the units of the estimator of that name.
    coefs : sparse CSR array of shape (m, p)
        In the units of the columns.
    intercepts : ndarray of shape (m,)
    dual_gaps : ndarray of shape (m,)
    n_iters : ndarray of shape (m,)
    n_nonzero : ndarray of shape (m,), int
        Number of non-zero coefficients.
    n_rows : int
        Rows of positive weight.
    fit_intercept : bool
    candidates : ndarray of shape (p,), bool
        Columns that the penalty chooses among: neither unpenalized nor excluded nor constant.
    train_mse : ndarray of shape (m,)
        Weighted mean squared residual of the training rows.
    deviance_ratio : ndarray of shape (m,)
        1 − residual over total sum of squares of the training rows (R²).
    feature_names : list of str
    column_sd : ndarray of shape (p,)
        Weighted standard deviations of the columns.
    l1_ratio : float
        0 for ridge, 1 for the lasso.
    diagnostics : Diagnostics
        Passes over X, sizes of the working set, sweeps, Newton steps and violations, in all and
        batch by batch; prints as one line.
    relaxation : float
        γ of `relax`; 1 is the penalized path.
    """

    alphas: np.ndarray
    coefs: sparse.csr_array
    intercepts: np.ndarray
    dual_gaps: np.ndarray
    n_iters: np.ndarray
    n_nonzero: np.ndarray
    n_rows: int
    fit_intercept: bool
    candidates: np.ndarray
    train_mse: np.ndarray
    deviance_ratio: np.ndarray
    feature_names: list[str]
    column_sd: np.ndarray
    l1_ratio: float
    diagnostics: Diagnostics | None = None
    relaxation: float = 1.0
    _source: _Source | None = field(default=None, repr=False)

    @cached_property
    def df(self) -> np.ndarray:
        """Effective degrees of freedom without the intercept, shape (m,).

        Lasso: the number of non-zero coefficients, at most the rows less intercept. Elastic-Net and
        ridge: the trace of the hat matrix on the non-zero columns, tr[G (G + αV)⁻¹], where an
        unpenalized column counts 1. Coefficients at a bound do not count.

        References
        ----------
        H. Zou, T. Hastie, R. Tibshirani (2007), On the "degrees of freedom" of the lasso, Annals
        of Statistics 35, 2173-2192. R. J. Tibshirani, J. Taylor (2012), Degrees of freedom in
        lasso problems, Annals of Statistics 40, 1198-1232.
        """
        if self.relaxation < 1:
            raise ValueError(
                "no formula is known for the degrees of freedom of a relaxed fit: choose it by "
                "cross-validation, as in LassoCV(relax=True)"
            )
        source = self._needed("df")
        alphas = source.problem.task.alphas
        return degrees_of_freedom(source.design, source.problem, alphas, self.coefs.toarray())

    @cached_property
    def noise_variance(self) -> float:
        """Residual variance of least squares on all columns, RSS/(n − rank − 1).

        Without the 1 if there is no intercept. Zero-weight rows do not count in n, and weights
        count relative to their mean: it is the variance of a row of mean weight. ValueError where
        n ≤ p + 1.
        """
        source = self._needed("noise_variance")
        return noise_variance(source.design, source.problem)

    def information_criterion(
        self, criterion: str = "bic", *, noise_variance: float | None = None, gamma: float = 1.0
    ) -> np.ndarray:
        """Return a criterion for each alpha, of which the smallest is best.

        With n rows of positive weight, MSE = `train_mse`, and D minus twice the Gaussian log
        likelihood ::

            D    = n log(2π MSE) + n                   with the variance that fits best
                 = n log(2π σ²) + n MSE/σ²             with a given `noise_variance` σ²
            aic  = D + 2 df
            bic  = D + log(n) df
            ebic = D + log(n) df + 2 gamma log C(p, k)
            cp   = n MSE/σ² − n + 2 (df + 1)           without the 1 if there is no intercept

        The variance of row i is σ²/w_i with weights scaled to mean 1. k of the p penalized columns
        that may be in the model are non-zero. Without a given variance a model with as many
        parameters (df and intercept) as rows is infinitely bad: it would fit anything.

        Parameters
        ----------
        criterion : {"aic", "bic", "ebic", "cp"}, default="bic"
        noise_variance : float, default=None
            Variance of a row of mean weight. "cp" estimates it from least squares on all columns
            if None: the attribute `noise_variance`.
        gamma : float, default=1.0
            0 … 1, of "ebic": 0 is "bic"; 1 is consistent however p grows with n.

        Returns
        -------
        ndarray of shape (m,)

        Raises
        ------
        ValueError
            A criterion unknown, or no variance where n ≤ p + 1.

        References
        ----------
        J. Chen, Z. Chen (2008), Extended Bayesian information criteria for model selection with
        large model spaces, Biometrika 95, 759-771. C. L. Mallows (1973), Some comments on Cp,
        Technometrics 15, 661-675. H. Zou, T. Hastie, R. Tibshirani (2007), see `df`.
        """
        if criterion == "cp" and noise_variance is None:
            noise_variance = self.noise_variance
        return information_criterion(
            criterion,
            self.train_mse,
            self.df,
            self.n_rows,
            fit_intercept=self.fit_intercept,
            noise_variance=noise_variance,
            gamma=gamma,
            n_selected=np.diff(self.coefs[:, np.flatnonzero(self.candidates)].indptr),
            n_candidates=int(self.candidates.sum()),
        )

    def best(
        self, criterion: str = "bic", *, noise_variance: float | None = None, gamma: float = 1.0
    ) -> int:
        """Return the index of the alpha with the smallest criterion, the largest such alpha.

        Parameters are those of `information_criterion`: ``path.alphas[path.best("bic")]``.
        """
        found = self.information_criterion(criterion, noise_variance=noise_variance, gamma=gamma)
        return int(np.argmin(found))

    def __getstate__(self) -> dict[str, Any]:
        if self._source is not None and self.relaxation == 1:
            _ = self.df  # afterwards the data are gone
        return {**self.__dict__, "_source": None}

    def _needed(self, name: str) -> _Source:
        if self._source is None:
            raise ValueError(f"{name} needs the data, which this path no longer holds")
        return self._source

    def relax(self, gamma: float = 0.0) -> RegularizationPath:
        """Return the relaxed path: γ b + (1 − γ) b_LS, with least squares on the support of b.

        From the moments, or where they are not held from one reading of the columns that are
        ever selected. Unpenalized columns are in every support; dependent columns get coefficients
        of least norm in units of their standard deviations. `dual_gaps` and `n_iters` stay those of
        the penalized path.

        Parameters
        ----------
        gamma : float, default=0.0
            0 … 1. 0 is least squares, 1 the penalized path.

        Raises
        ------
        ValueError
            A path with bounds, which least squares would not keep, of ridge, which selects nothing,
            or relaxed already.

        References
        ----------
        N. Meinshausen (2007), Relaxed Lasso, Computational Statistics & Data Analysis 52,
        374-393.
        """
        if not 0 <= gamma <= 1:
            raise ValueError(f"gamma == {gamma}, must be between 0 and 1")
        source = self._needed("relax")
        if self.relaxation < 1:
            raise ValueError("the path is relaxed already: relax the penalized path")
        if gamma == 1:
            return replace(self)
        (found,) = relax(source.design, [source.problem.task], [self.coefs])
        coefs, mixed = np.zeros(self.coefs.shape), found.mixed(gamma)
        coefs[:, found.cols] = mixed
        (mse,) = found.errors(np.array([gamma]), tuple(range(source.design.n_groups)))
        return replace(
            self,
            coefs=sparse.csr_array(coefs),
            intercepts=found.problem.intercepts(mixed),
            n_nonzero=np.count_nonzero(coefs, axis=1),
            train_mse=mse,
            deviance_ratio=1.0 - mse / (source.problem.yy or 1.0),
            relaxation=float(gamma),
        )

    def coef_at(self, alpha: float) -> tuple[np.ndarray, float]:
        """Return coefficients (p,) and intercept at `alpha`, linear in alpha between the points.

        A Lasso path is piecewise linear in alpha, so between two points with the same support
        this is exact. Outside the grid the nearest end is returned.
        """
        if not alpha >= 0:
            raise ValueError(f"alpha == {alpha}, must be >= 0.0")
        up = self.alphas[::-1]
        at = float(np.clip(alpha, up[0], up[-1]))
        k = int(np.clip(np.searchsorted(up, at), 1, max(up.size - 1, 1)))
        high, low = up.size - 1 - k, min(up.size - k, up.size - 1)
        high = max(high, 0)
        width = self.alphas[high] - self.alphas[low]
        share = (at - self.alphas[low]) / width if width > 0 else 0.0
        pair = self.coefs[[high, low]].toarray()
        coef = share * pair[0] + (1.0 - share) * pair[1]
        return coef, float(share * self.intercepts[high] + (1.0 - share) * self.intercepts[low])

    def predict(self, X: Any, alpha: float | None = None) -> np.ndarray:
        """Predict at `alpha`, shape (n,), or at every alpha of the grid, shape (n, m)."""
        X = check_array(X, accept_sparse=("csr", "csc"), dtype=[np.float64, np.float32])
        if X.shape[1] != self.coefs.shape[1]:
            raise ValueError(
                f"X has {X.shape[1]} features, the path was fitted on {self.coefs.shape[1]}"
            )
        if alpha is None:
            return np.asarray(X @ self.coefs.toarray().T) + self.intercepts
        coef, intercept = self.coef_at(alpha)
        return np.asarray(X @ coef) + intercept

    def plot(self, ax: Any = None, **options: Any) -> CoefficientPathDisplay:
        """Draw the coefficients against alpha; see `fastreg.plotting.CoefficientPathDisplay`."""
        from fastreg.plotting import CoefficientPathDisplay

        return CoefficientPathDisplay.from_path(self, ax=ax, **options)


def regularization_path(
    X: Any,
    y: Any = None,
    *,
    l1_ratio: float = 1.0,
    alphas: Any = 100,
    eps: float = 1e-3,
    sample_weight: Any = None,
    fit_intercept: bool = True,
    positive: bool = False,
    penalty_factor: Any = None,
    lower: Any = None,
    upper: Any = None,
    standardize: bool = False,
    tol: float = 1e-4,
    max_iter: int = 1000,
    verbose: bool | int = False,
    progress: bool = False,
) -> RegularizationPath:
    """Fit a Lasso or Elastic-Net path with an intercept.

    Parameters
    ----------
    X : array-like, sparse matrix, DataFrame of shape (n, p), or Moments
    y : array-like of shape (n,)
        None with Moments.
    l1_ratio : float, default=1.0
        Lasso.
    alphas : int or array-like, default=100
        Number of alphas of an automatic grid, or the alphas themselves.
    eps : float, default=1e-3
        Smallest over largest alpha of an automatic grid.
    sample_weight, fit_intercept, positive, penalty_factor, lower, upper, standardize, tol, max_iter
        As in `ElasticNet`.
    verbose : bool or int, default=False
        Print a line for every batch of alphas.
    progress : bool, default=False
        Show a progress bar (needs rich).

    Returns
    -------
    RegularizationPath
    """
    holder = BaseEstimator()
    names = _get_feature_names(X)
    X, y, sample_weight = check_data(holder, X, y, sample_weight, multi_output=False)
    penalty = make_penalty(
        holder.n_features_in_,
        l1_ratio,
        positive=positive,
        penalty_factor=penalty_factor,
        lower=lower,
        upper=upper,
        standardize=standardize,
    )
    design = make_design(X, y, sample_weight, check_input=False)
    check_stopping(tol, max_iter)
    grid = grid_of(alphas, eps)
    with reporting(verbose, progress) as report:
        settings = Settings(tol=tol, max_iter=max_iter, report=report)
        found = solve_path(design, penalty, grid, settings, fit_intercept)
    task = Task(penalty, found.alphas, fit_intercept=fit_intercept)
    return _as_path(found, found.alphas, names, design, task)


def ridge_path(
    X: Any,
    y: Any = None,
    *,
    alphas: Any = 100,
    sample_weight: Any = None,
    fit_intercept: bool = True,
    penalty_factor: Any = None,
    standardize: bool = False,
) -> RegularizationPath | list[RegularizationPath]:
    """Fit a ridge path: one factorization for all alphas and targets.

    Parameters
    ----------
    X : array-like, sparse matrix, DataFrame of shape (n, p), or Moments
    y : array-like of shape (n,) or (n, T)
    alphas : int or array-like, default=100
        In the units of `Ridge`: Σw(y − b0 − x·b)² + alpha Σ v_j b_j².

    Returns
    -------
    RegularizationPath, or a list of them, one a target, where y has two dimensions
    """
    holder = BaseEstimator()
    names = _get_feature_names(X)
    X, y, sample_weight = check_data(holder, X, y, sample_weight)
    penalty = make_penalty(
        holder.n_features_in_, 0.0, penalty_factor=penalty_factor, standardize=standardize
    )
    design = make_design(X, y, sample_weight, check_input=False)
    if isinstance(alphas, Integral):
        alphas = ridge_grid(design, penalty, _check_count(alphas))
    values = np.sort(check_alphas(alphas))[::-1]
    weight = total_weight(design)
    tasks = [
        Task(penalty, values / weight, target=t, fit_intercept=fit_intercept)
        for t in range(design.n_targets)
    ]
    settings = Settings()
    solutions = solve(design, tasks, settings)
    warn_unsolved(solutions, settings)
    paths = [
        _as_path(found, values, names, design, task)
        for found, task in zip(solutions, tasks, strict=True)
    ]
    return paths[0] if len(paths) == 1 and (y is None or y.ndim == 1) else paths


def ridge_grid(design: Any, penalty: Penalty, n_alphas: int) -> np.ndarray:
    """Return the grid of `ridge_alphas` for all rows of a design."""
    whole = merge_all(design.moments(design.n_features <= design.n_rows))
    return ridge_alphas(whole, penalty, n_alphas)


def ridge_alphas(moments: Moments, penalty: Penalty, n_alphas: int) -> np.ndarray:
    """Return a grid over which ridge goes from almost nothing to almost no shrinkage.

    From ten times Σ_j S_jj/v_j, above every eigenvalue of the (penalty-scaled) XᵀX, down to 1e-8
    of that; it depends on X only, not on the target.
    """
    squares = moments.variances * moments.weight
    size = moments.weight * np.ones_like(squares) if penalty.standardize else squares
    if penalty.factor is not None:
        usable = (penalty.factor > 0) & np.isfinite(penalty.factor)
        size = size[usable] / penalty.factor[usable]
    top = 10.0 * float(size[size > 0].sum()) if np.any(size > 0) else 1.0
    return np.geomspace(top, 1e-8 * top, n_alphas)


def total_weight(design: Any) -> float:
    """Return Σw over all rows."""
    if not design.has_rows:
        return sum(group.weight for group in design.moments(True))
    return float(design.n_rows if design.weight is None else design.weight.sum())


def _as_path(
    found: Solution, alphas: np.ndarray, names: Any, design: Design, task: Task
) -> RegularizationPath:
    problem = problem_of(design, task)
    scale = found.scale if found.scale > 0 else 1.0
    coefs, p = sparse.csr_array(found.coefs), found.coefs.shape[1]
    candidates = problem.usable & (problem.lower < problem.upper)
    candidates[problem.free] = False
    return RegularizationPath(
        alphas=alphas,
        coefs=coefs,
        intercepts=found.intercepts,
        dual_gaps=found.gaps,
        n_iters=found.n_iter,
        n_nonzero=np.diff(coefs.indptr),
        n_rows=problem.moments.n_rows,
        fit_intercept=task.fit_intercept,
        candidates=candidates,
        train_mse=found.train_mse,
        deviance_ratio=1.0 - found.train_mse / scale,
        feature_names=[f"x{j}" for j in range(p)] if names is None else [str(v) for v in names],
        column_sd=np.sqrt(problem.moments.variances),
        l1_ratio=task.penalty.l1_ratio,
        diagnostics=found.diagnostics,
        _source=_Source(design, problem),
    )


def solve_path(
    design: Any,
    penalty: Penalty,
    alphas: np.ndarray | Grid,
    settings: Settings,
    fit_intercept: bool,
    *,
    start: np.ndarray | None = None,
    target: int | None = 0,
) -> Solution:
    """Solve the path of one target or, for None, of all at once; warn where that did not do.

    Raises
    ------
    ValueError
        An automatic grid without an L1 part.
    """
    if isinstance(alphas, Grid) and penalty.l1_ratio == 0:
        raise ValueError(
            "Automatic alpha grid generation is not supported for l1_ratio=0. Please supply a grid "
            "by providing your estimator with the appropriate `alphas=` argument."
        )
    task = Task(penalty, alphas, target=target, fit_intercept=fit_intercept, start=start)
    task = replace(task, alphas=resolve_alphas(design, [task], [task])[0])
    found = solve(design, [task], settings)
    warn_unsolved(found, settings)
    return found[0]


def check_stopping(tol: float, max_iter: int) -> None:
    """Refuse a negative tolerance, and what is no number of iterations."""
    if not tol >= 0:
        raise ValueError(f"tol == {tol}, must be >= 0")
    if not isinstance(max_iter, Integral) or max_iter < 1:
        raise ValueError(f"max_iter == {max_iter!r}, must be an integer >= 1")


def _check_count(n_alphas: int) -> int:
    if n_alphas < 1:
        raise ValueError(f"alphas == {n_alphas}, must be >= 1")
    return int(n_alphas)


def grid_of(alphas: Any, eps: float) -> np.ndarray | Grid:
    """Return alphas (m,), downwards, or for a number of them the grid to be had from the data."""
    if isinstance(alphas, Integral):
        _check_count(alphas)
        if not 0 < eps < 1:
            raise ValueError(f"eps == {eps}, must be between 0 and 1")
        return Grid(int(alphas), float(eps))
    return np.sort(check_alphas(alphas))[::-1].copy()
