import numpy as np

def is_fast() -> bool: ...
def limit_width(most: int) -> int: ...
def workspace_size(left: int, right: int) -> int: ...
def add_products(
    X: np.ndarray,
    rows: np.ndarray | None,
    left: np.ndarray,
    right: np.ndarray,
    shift: np.ndarray,
    weight: np.ndarray | None,
    out: np.ndarray,
    workspace: np.ndarray,
    diagonal: int,
) -> None: ...
def add_moments(
    X: np.ndarray,
    rows: np.ndarray | None,
    shift: np.ndarray,
    root: np.ndarray | None,
    others: np.ndarray,
    first: int,
    lower: np.ndarray,
    beside: np.ndarray,
    workspace: np.ndarray,
) -> None: ...
def add_beside(
    X: np.ndarray,
    rows: np.ndarray | None,
    shift: np.ndarray,
    others: np.ndarray,
    beside: np.ndarray,
    workspace: np.ndarray,
) -> None: ...
def mirror_lower(matrix: np.ndarray) -> None: ...
def add_outer(out: np.ndarray, left: np.ndarray, right: np.ndarray) -> None: ...
