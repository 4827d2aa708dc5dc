import numpy as np

class Coordinates:
    size: int
    length: int
    rr: float
    def __init__(self, diag: np.ndarray, length: int, rr: float) -> None: ...
    def remember(self) -> None: ...

class GramCoordinates(Coordinates):
    def __init__(self, gram: np.ndarray, corr: np.ndarray, diag: np.ndarray, rr: float) -> None: ...

class DenseCoordinates(Coordinates):
    def __init__(
        self, columns: np.ndarray, residual: np.ndarray, diag: np.ndarray, weight: float
    ) -> None: ...

class SparseCoordinates(Coordinates):
    offset: float
    def __init__(
        self,
        data: np.ndarray,
        indices: np.ndarray,
        indptr: np.ndarray,
        mean: np.ndarray,
        root: np.ndarray,
        residual: np.ndarray,
        diag: np.ndarray,
        weight: float,
    ) -> None: ...
