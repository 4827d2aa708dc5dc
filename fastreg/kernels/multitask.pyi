from enum import IntEnum

import numpy as np

class Status(IntEnum):
    DONE = 0
    PAUSED = 1
    NEWTON = 2

def certify_rows(
    coefs: np.ndarray,
    corrs: np.ndarray,
    rr: np.ndarray,
    alphas: np.ndarray,
    cols: np.ndarray,
    root: np.ndarray,
    l1w: float,
    l2w: float,
    yy: float,
) -> np.ndarray: ...

class RowDescent:
    gaps: np.ndarray
    violations: np.ndarray
    n_iter: np.ndarray
    converged: np.ndarray
    coefs: np.ndarray
    n_sweeps: int
    n_newton: int
    rr: float
    at: int
    def __init__(
        self,
        gram: np.ndarray,
        corr: np.ndarray,
        diag: np.ndarray,
        rr: float,
        coef: np.ndarray,
        alphas: np.ndarray,
        cols: np.ndarray,
        l1w: float,
        l2w: float,
        coefs: np.ndarray,
        yy: float,
        tol_gap: float,
        tol_violation: float,
        max_iter: int,
        seed: int = 0,
        plain: bool = False,
    ) -> None: ...
    def run(self, budget: float = 3e8) -> int: ...
    def stepped(self, rr: float, n_steps: int, useful: bool) -> None: ...
