"""One adapter a package: its Lasso path on given alphas, set up as was fastest over the problems.

An adapter takes ``(X, y, alphas, fit_intercept)``, with y centred and dense X centred and in
Fortran order, does once what need not be timed (conversion, another memory order), and returns a
`Solver`. Every package minimises 1/(2n) ‖y − b0 − Xb‖² + alpha ‖b‖₁ on columns as they are, with
warm starts and without a limit on iterations that matters. A tolerance is whatever the package
calls one, made free of the scale of y where the package's is not.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

UNLIMITED = 10**7


@dataclass(frozen=True)
class Solver:
    """A problem made ready for one package.

    Attributes
    ----------
    run : callable
        Takes a tolerance, solves the path; this is what is timed.
    coefs : callable
        Takes what `run` returned to coefficients (p, m), an array or sparse.
    """

    run: Callable[[float], Any]
    coefs: Callable[[Any], Any]


Adapter = Callable[[Any, np.ndarray, np.ndarray, bool], Solver]


@dataclass(frozen=True)
class Peer:
    """A package: the distribution that holds it, its adapter and the tolerances to try.

    Attributes
    ----------
    first, last : int
        The ladder goes down by decades from 10^-first to 10^-last.
    """

    distribution: str
    adapter: Adapter
    first: int = 2
    last: int = 14


def threads() -> int:
    """Return the number of threads that the environment sets, 1 if it does not."""
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


def fastreg(X: Any, y: np.ndarray, alphas: np.ndarray, fit_intercept: bool) -> Solver:
    """Relative duality gap."""
    from fastreg import regularization_path

    def run(tol: float) -> Any:
        return regularization_path(
            X, y, alphas=alphas, fit_intercept=fit_intercept, tol=tol, max_iter=UNLIMITED
        )

    return Solver(run, lambda path: path.coefs.T)


def scikit_learn(X: Any, y: np.ndarray, alphas: np.ndarray, fit_intercept: bool) -> Solver:
    """Relative duality gap; the Gram matrix is formed for dense n ≥ p."""
    from sklearn.linear_model import lasso_path

    options = _implicit_centring(X) if fit_intercept else {}
    options["precompute"] = "auto" if sparse.issparse(X) else X.shape[0] >= X.shape[1]

    def run(tol: float) -> Any:
        return lasso_path(X, y, alphas=alphas, tol=tol, max_iter=UNLIMITED, copy_X=False, **options)

    return Solver(run, lambda found: found[1])


def celer(X: Any, y: np.ndarray, alphas: np.ndarray, fit_intercept: bool) -> Solver:
    """Relative duality gap; working sets grow without pruning, the default of its path."""
    from celer import celer_path

    centring = _implicit_centring(X) if fit_intercept else {}

    def run(tol: float) -> Any:
        return celer_path(X, y, pb="lasso", alphas=alphas, tol=tol, max_iter=1000, **centring)

    return Solver(run, lambda found: found[1])


def skglm(X: Any, y: np.ndarray, alphas: np.ndarray, fit_intercept: bool) -> Solver:
    """Largest violation of the optimality conditions over the largest alpha."""
    from skglm import Lasso

    def run(tol: float) -> Any:
        model = Lasso(tol=tol * alphas[0], max_iter=1000, fit_intercept=fit_intercept)
        return model.path(X, y, alphas)

    return Solver(run, lambda found: found[1][: X.shape[1]])


def adelie(X: Any, y: np.ndarray, alphas: np.ndarray, fit_intercept: bool) -> Solver:
    """Relative decrease of the objective in one step of coordinate descent.

    Dense n > 4p goes through the covariance matrix, whose formation is timed.
    """
    import adelie as ad

    options = {
        "lmda_path": alphas,
        "max_iters": UNLIMITED,
        "early_exit": False,
        "progress_bar": False,
        "n_threads": threads(),
        "screen_rule": "strong",
    }
    n, p = X.shape
    if not sparse.issparse(X) and n > 4 * p:
        y_square = y @ y / n

        def run_covariance(tol: float) -> Any:
            gram = np.asfortranarray(X.T @ X) / n
            options.update(tol=tol * y_square, rdev_tol=0)
            return ad.gaussian_cov(A=gram, v=X.T @ y / n, **options)

        return Solver(run_covariance, lambda state: state.betas.T)
    kind = ad.matrix.sparse if sparse.issparse(X) else ad.matrix.dense
    held = kind(sparse.csc_matrix(X) if sparse.issparse(X) else X, n_threads=threads())

    def run(tol: float) -> Any:
        options.update(tol=tol, adev_tol=1.0, ddev_tol=0.0, intercept=fit_intercept)
        return ad.grpnet(X=held, glm=ad.glm.gaussian(y=y), **options)

    return Solver(run, lambda state: state.betas.T)


def glmnet(X: Any, y: np.ndarray, alphas: np.ndarray, fit_intercept: bool) -> Solver:
    """Relative decrease of the objective in one step of coordinate descent (glmstar)."""
    from glmnet import GaussNet
    from glmnet.paths.fastnet import FastNetControl

    n, p = X.shape

    def run(tol: float) -> Any:
        return GaussNet(
            lambda_values=alphas,
            fit_intercept=fit_intercept,
            standardize=False,
            covariance=not sparse.issparse(X) and n > 4 * p,
            control=FastNetControl(thresh=tol, maxit=UNLIMITED),
        ).fit(X, y)

    return Solver(run, lambda model: model.coefs_.T)


def skein(X: Any, y: np.ndarray, alphas: np.ndarray, fit_intercept: bool) -> Solver:
    """Largest step of a coefficient, over the size of y; C order is what it takes."""
    from skein_glm import ElasticNetPathRegressor

    X = X if sparse.issparse(X) else np.ascontiguousarray(X)
    size = float(np.std(y))

    def run(tol: float) -> Any:
        return ElasticNetPathRegressor(
            alpha=1.0,
            lambdas=alphas,
            tol=tol * size,
            max_iter=UNLIMITED,
            acceleration=None,
            fit_intercept=fit_intercept,
        ).fit(X, y)

    return Solver(run, lambda model: model.coefs_.T)


def _implicit_centring(X: Any) -> dict[str, np.ndarray]:
    """Return what scikit-learn's path, and celer's, take to centre sparse columns in passing."""
    means = np.asarray(X.mean(axis=0)).ravel()
    return {"X_offset": means, "X_scale": np.ones_like(means)}


PEERS = {
    "fastreg": Peer("fastreg", fastreg),
    "scikit-learn": Peer("scikit-learn", scikit_learn),
    "celer": Peer("celer", celer),
    "skglm": Peer("skglm", skglm),
    "adelie": Peer("adelie", adelie, last=18),
    "glmnet": Peer("glmstar", glmnet, last=18),
    "skein": Peer("skein-glm", skein),
}
