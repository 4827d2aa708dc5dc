import numpy as np

def add_outer_rows(
    data: np.ndarray,
    indices: np.ndarray,
    indptr: np.ndarray,
    weight: np.ndarray,
    out: np.ndarray,
) -> None: ...
def add_columns(
    data: np.ndarray,
    indices: np.ndarray,
    indptr: np.ndarray,
    cols: np.ndarray,
    coefs: np.ndarray,
    out: np.ndarray,
) -> None: ...
def dot_columns(
    data: np.ndarray,
    indices: np.ndarray,
    indptr: np.ndarray,
    group: np.ndarray | None,
    cols: np.ndarray,
    block: np.ndarray,
    out: np.ndarray,
) -> None: ...
def spread_columns(
    data: np.ndarray,
    indices: np.ndarray,
    indptr: np.ndarray,
    weight: np.ndarray,
    cols: np.ndarray,
    block: np.ndarray,
) -> None: ...
