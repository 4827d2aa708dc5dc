import numpy as np

def dot_columns(
    X: np.ndarray, cols: np.ndarray, shift: np.ndarray, blocks: np.ndarray, out: np.ndarray
) -> None: ...
def add_squares(
    X: np.ndarray, shift: np.ndarray, weight: np.ndarray, out: np.ndarray
) -> None: ...
