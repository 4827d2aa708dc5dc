from enum import IntEnum

import numpy as np

from fastreg.kernels.coordinates import Coordinates
from fastreg.kernels.factor import Factor

class Status(IntEnum):
    DONE = 0
    PAUSED = 1
    GROW = 2

class Descent:
    q: Coordinates
    factor: Factor
    coefs: np.ndarray
    gaps: np.ndarray
    violations: np.ndarray
    n_iter: np.ndarray
    converged: np.ndarray
    n_newton: int
    n_sweeps: int
    def __init__(
        self,
        q: Coordinates,
        factor: Factor,
        coef: np.ndarray,
        alphas: np.ndarray,
        cols: np.ndarray,
        l1w: np.ndarray,
        l2w: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
        coefs: np.ndarray,
        yy: float,
        tol_gap: float,
        tol_violation: float,
        max_iter: int,
        seed: int = 0,
        plain: bool = False,
    ) -> None: ...
    def approach(self, alphas: np.ndarray) -> None: ...
    def follow(
        self, alpha: float, alpha_before: float, coef: np.ndarray, corr: np.ndarray
    ) -> None: ...
    def run(self, budget: float = 3e8) -> int: ...
