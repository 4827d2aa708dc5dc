"""Ridge's `solver` names: which scikit-learn accepts where, and what each of them runs here.

"auto", "cholesky" and "svd" are exact: Cholesky, refined from the true residual; orthogonal factors
where that is not accurate. "lbfgs" is coordinate descent within the bounds. "sparse_cg" is SciPy's
conjugate gradients and "lsqr" SciPy's LSQR; "sag" and "saga" are LSQR too, whose passes over X cost
the same and are far fewer. "auto" goes to conjugate gradients for sparse X whose exact factors
would not fit into memory.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse

from fastreg.checks import NOT_CONVERGED, caller_level, warn_unsolved
from fastreg.designs import Design
from fastreg.engine import Penalty, Settings, Solution, Task, fits_factors, solve
from fastreg.path import total_weight

SOLVERS = ("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs")
METHODS = {"lsqr": "lsqr", "sag": "lsqr", "saga": "lsqr", "sparse_cg": "cg"}
COUNTED = ("lsqr", "sag", "saga")  # whose iterations are reported
EPOCHS = 1000  # scikit-learn's default for sag and saga
SWEEPS = 10_000  # within bounds

NO_SPARSE_SVD = "SVD solver does not support sparse inputs currently"
ONLY_POSITIVE = "'lbfgs' solver can be used only when positive=True. Please use another solver."


@dataclass(frozen=True)
class RidgeFit:
    """What is found under a solver's name.

    Attributes
    ----------
    solutions : list of Solution
        One a target.
    n_iter : ndarray of shape (T,), int32, or None
        Iterations of "lsqr", "sag" and "saga", 1 where what they stand for was exact; None for the
        others, as in scikit-learn.
    solver : str
        The name used: "svd" where a factor had to give way to orthogonal ones.
    """

    solutions: list[Solution]
    n_iter: np.ndarray | None
    solver: str


def check_estimator_solver(
    solver: str, X: Any, *, fit_intercept: bool, positive: bool, max_iter: int | None, tol: float
) -> str:
    """Return the name of the solver that scikit-learn's estimators would use for X.

    Raises
    ------
    ValueError, TypeError
        A solver that does not do what is asked, in scikit-learn's words.
    """
    if solver == "lbfgs" and not positive:
        raise ValueError(ONLY_POSITIVE)
    if positive:
        if solver not in ("auto", "lbfgs"):
            raise ValueError(
                f"solver='{solver}' does not support positive fitting. Please set the solver to "
                "'auto' or 'lbfgs', or set `positive=False`"
            )
        return "lbfgs"
    if not issparse(X):
        return "cholesky" if solver == "auto" else solver
    if not fit_intercept:
        if solver == "svd":
            raise TypeError(NO_SPARSE_SVD)
        return "sparse_cg" if solver == "auto" else solver
    if solver in ("svd", "cholesky", "saga"):
        raise ValueError(
            f"solver='{solver}' does not support fitting the intercept on sparse data. Please set "
            "the solver to 'auto' or 'lsqr', 'sparse_cg', 'sag', 'lbfgs' or set "
            "`fit_intercept=False`"
        )
    if solver == "sag" and max_iter is None and tol > 1e-4:
        warnings.warn(
            '"sag" solver requires many iterations to fit an intercept with sparse inputs. Either '
            'set the solver to "auto" or "sparse_cg", or set a low "tol" and a high "max_iter" '
            "(especially if inputs are not standardized).",
            stacklevel=caller_level(),
        )
        return "sag"
    return "lsqr" if solver == "lsqr" else "sparse_cg"


def check_function_solver(solver: str, X: Any, *, positive: bool, return_intercept: bool) -> str:
    """Return the name of the solver that scikit-learn's `ridge_regression` would use for X.

    Raises
    ------
    ValueError, TypeError
        As `check_estimator_solver`.
    """
    if solver == "auto":
        dense = "cholesky" if not issparse(X) else "sparse_cg"
        solver = "lbfgs" if positive else "sag" if return_intercept else dense
    if positive and solver != "lbfgs":
        raise ValueError(
            "When positive=True, only 'lbfgs' solver can be used. Please change solver "
            f"{solver} to 'lbfgs' or set positive=False."
        )
    if solver == "lbfgs" and not positive:
        raise ValueError(ONLY_POSITIVE)
    if return_intercept and solver != "sag":
        raise ValueError(
            "In Ridge, only 'sag' solver can directly fit the intercept. Please change solver to "
            "'sag' or set return_intercept=False."
        )
    if solver == "svd" and issparse(X):
        raise TypeError(NO_SPARSE_SVD)
    return solver


def run_solver(
    design: Design,
    alphas: np.ndarray,
    penalty: Penalty,
    name: str,
    *,
    is_auto: bool,
    fit_intercept: bool,
    max_iter: int | None,
    tol: float,
) -> RidgeFit:
    """Solve ridge for every target by what a checked solver name stands for; warn once if need be.

    Parameters
    ----------
    alphas : ndarray of shape (T,)
        In ridge's own scaling.
    is_auto : bool
        Whether the choice is free: exact wherever that fits into memory.
    """
    bounded = penalty.lower is not None or penalty.upper is not None
    settings = _settings(design, penalty, name, is_auto, max_iter, tol)
    solutions = solve(design, target_tasks(design, penalty, alphas, fit_intercept), settings)
    n_iter = None
    if name in COUNTED:
        n_iter = np.array([s.n_iter[-1] for s in solutions], dtype=np.int32)
    if bounded:
        name = "lbfgs"
    elif (is_auto or name == "cholesky") and any(s.ill_conditioned for s in solutions):
        name = "svd"
    iterates = bounded or settings.method != "exact"
    sentence = _sentence(name, solutions, max_iter, tol) if iterates else NOT_CONVERGED
    warn_unsolved(solutions, settings, sentence)
    return RidgeFit(solutions, n_iter, name)


def _sentence(name: str, solutions: Sequence[Solution], max_iter: int | None, tol: float) -> str:
    """Return what scikit-learn says where a solver does not converge."""
    if name == "sparse_cg":
        longest = max(int(s.n_iter[-1]) for s in solutions)
        return f"sparse_cg did not converge after {longest} iterations."
    if name == "lbfgs":
        return (
            "The lbfgs solver did not converge. Try increasing max_iter or tol. Currently: "
            f"max_iter={max_iter} and tol={tol}."
        )
    if name in ("sag", "saga"):
        return "The max_iter was reached which means the coef_ did not converge."
    return NOT_CONVERGED


def _settings(
    design: Design,
    penalty: Penalty,
    name: str,
    is_auto: bool,
    max_iter: int | None,
    tol: float,
) -> Settings:
    if penalty.lower is not None or penalty.upper is not None:
        return Settings(tol=min(tol, 1e-10), max_iter=SWEEPS if max_iter is None else max_iter)
    eligible = design.has_rows and penalizes_all(penalty)
    if not eligible or name not in METHODS or (is_auto and fits_factors(design)):
        # the solution is exact, and the tolerance only decides about a warning
        return Settings(tol=max(tol, 1e-6))
    if max_iter is None and name in ("sag", "saga"):
        max_iter = EPOCHS
    return Settings(tol=tol, max_iter=max_iter, method=METHODS[name])


def target_tasks(
    design: Design, penalty: Penalty, alphas: np.ndarray, fit_intercept: bool
) -> list[Task]:
    """Return a task on all rows for each target, with its alpha in ridge's own scaling."""
    return [
        Task(penalty, alpha, target=t, fit_intercept=fit_intercept, verify=True)
        for t, alpha in enumerate(alphas[:, None] / total_weight(design))
    ]


def penalizes_all(penalty: Penalty) -> bool:
    """Whether every column is penalized, as SciPy's solvers need it."""
    return penalty.factor is None or bool(np.all(penalty.factor))


def target_alphas(alpha: Any, n_targets: int) -> np.ndarray:
    """Return one alpha a target.

    Raises
    ------
    ValueError
        A negative alpha, or a number of alphas other than 1 or the number of targets.
    """
    values = np.asarray(alpha, dtype=float).ravel()
    if values.size not in (1, n_targets):
        raise ValueError(
            "Number of targets and number of penalties do not correspond: "
            f"{values.size} != {n_targets}"
        )
    if np.any(values < 0) or not np.all(np.isfinite(values)):
        at = int(np.argmax((values < 0) | ~np.isfinite(values)))
        raise ValueError(f"alpha[{at}] == {values[at]}, must be >= 0.0.")
    return np.broadcast_to(values, (n_targets,)).copy()
