import numpy as np

def reflect_columns(
    matrix: np.ndarray, tau: np.ndarray, work: np.ndarray, first: int, last: int
) -> None: ...
def pivot_columns(
    matrix: np.ndarray,
    pivot: np.ndarray,
    tau: np.ndarray,
    norms: np.ndarray,
    work: np.ndarray,
    first: int,
    width: int,
) -> int: ...
def bidiagonalize(
    matrix: np.ndarray,
    diag: np.ndarray,
    off: np.ndarray,
    tau_q: np.ndarray,
    tau_p: np.ndarray,
    work: np.ndarray,
    first: int,
    width: int,
) -> int: ...
