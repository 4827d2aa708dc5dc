import numpy as np

def cholesky_factor(
    gram: np.ndarray,
    ridge: np.ndarray,
    low: np.ndarray,
    scale: np.ndarray,
    work: np.ndarray,
    iwork: np.ndarray,
) -> float: ...
def cholesky_solve(low: np.ndarray, scale: np.ndarray, rhs: np.ndarray) -> None: ...
def tridiagonalize(
    matrix: np.ndarray, diag: np.ndarray, off: np.ndarray, tau: np.ndarray, work: np.ndarray
) -> int: ...
def apply_q(
    reflectors: np.ndarray,
    tau: np.ndarray,
    block: np.ndarray,
    work: np.ndarray,
    transposed: bool,
) -> int: ...
def solve_tridiagonal(
    diag: np.ndarray,
    off: np.ndarray,
    alphas: np.ndarray,
    block: np.ndarray,
    work: np.ndarray,
) -> None: ...
