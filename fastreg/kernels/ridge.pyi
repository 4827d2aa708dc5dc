import numpy as np

def cholesky_factor(
    gram: np.ndarray,
    ridge: np.ndarray,
    low: np.ndarray,
    scale: np.ndarray,
    work: np.ndarray,
    iwork: np.ndarray,
    first: int = 0,
    last: int = -1,
) -> float: ...
def cholesky_solve(low: np.ndarray, scale: np.ndarray, rhs: np.ndarray) -> None: ...
def tridiagonalize(
    matrix: np.ndarray,
    diag: np.ndarray,
    off: np.ndarray,
    tau: np.ndarray,
    work: np.ndarray,
    first: int = 0,
    width: int = 0,
) -> int: ...
def apply_q(
    reflectors: np.ndarray,
    tau: np.ndarray,
    block: np.ndarray,
    work: np.ndarray,
    transposed: bool,
    first: int = 0,
    last: int = -1,
    below: int = 1,
) -> int: ...
def solve_tridiagonal(
    diag: np.ndarray,
    off: np.ndarray,
    alphas: np.ndarray,
    block: np.ndarray,
    work: np.ndarray,
    squared: bool = False,
) -> None: ...
def quadratic_forms(
    diag: np.ndarray,
    off: np.ndarray,
    alphas: np.ndarray,
    block: np.ndarray,
    out: np.ndarray,
    work: np.ndarray,
    squared: bool = False,
) -> None: ...
