"""The problems that the benchmarks time, and what counts as the same accuracy."""

from __future__ import annotations

import numpy as np


def regression(
    n: int,
    p: int,
    *,
    rho: float = 0.5,
    n_informative: int = 50,
    snr: float = 3.0,
    seed: int = 0,
    n_targets: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """AR(1) columns with correlation `rho`, `n_informative` effects, Fortran-ordered, uncentred.

    With `n_targets` y is (n, T), and the same columns have effects on every target.
    """
    rng = np.random.default_rng(seed)
    X = np.asfortranarray(rng.standard_normal((n, p)))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    shape = () if n_targets is None else (n_targets,)
    coef = np.zeros((p, *shape))
    effects = rng.standard_normal((min(n_informative, p), *shape))
    coef[rng.choice(p, len(effects), replace=False)] = effects
    signal = X @ coef
    y = signal + rng.standard_normal((n, *shape)) * signal.std() / np.sqrt(snr)
    X += rng.uniform(-3.0, 3.0, p)
    return X, y


def relative_gaps(
    X: np.ndarray, y: np.ndarray, alphas: np.ndarray, coefs: np.ndarray, l1_ratio: float = 1.0
) -> np.ndarray:
    """Duality gap over the target's mean square, for coefs (p, m), in plain NumPy.

    X and y are centred here; the gap is that of the Elastic-Net in its augmented Lasso form.
    """
    X, y = X - X.mean(axis=0), y - y.mean()
    n, out = len(y), []
    for alpha, b in zip(alphas, coefs.T, strict=True):
        l1, l2 = alpha * l1_ratio * n, alpha * (1 - l1_ratio) * n
        r = y - X @ b
        c = X.T @ r - l2 * b
        s = min(1.0, l1 / np.abs(c).max()) if np.any(c) else 1.0
        primal = 0.5 * r @ r + l1 * np.abs(b).sum() + 0.5 * l2 * b @ b
        dual = s * (r @ y) - 0.5 * s**2 * (r @ r + l2 * b @ b)
        out.append((primal - dual) / (y @ y))
    return np.array(out)


def relative_joint_gap(X: np.ndarray, Y: np.ndarray, alpha: float, coef: np.ndarray) -> float:
    """Duality gap of the multi-task Lasso over the targets' mean square, for coef (T, p)."""
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    l1 = alpha * len(Y)
    R = Y - X @ coef.T
    s = min(1.0, l1 / np.linalg.norm(X.T @ R, axis=1).max())
    primal = 0.5 * np.sum(R**2) + l1 * np.linalg.norm(coef, axis=0).sum()
    dual = s * np.sum(R * Y) - 0.5 * s**2 * np.sum(R**2)
    return float((primal - dual) / np.sum(Y**2))
