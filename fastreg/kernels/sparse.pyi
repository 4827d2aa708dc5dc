import numpy as np

def add_outer_rows(
    data: np.ndarray,
    indices: np.ndarray,
    indptr: np.ndarray,
    weight: np.ndarray,
    out: np.ndarray,
) -> None: ...
