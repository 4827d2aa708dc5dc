import numpy as np

def certify_block(
    coefs: np.ndarray,
    corrs: np.ndarray,
    rr: np.ndarray,
    alphas: np.ndarray,
    cols: np.ndarray,
    root: np.ndarray,
    l1w: np.ndarray,
    l2w: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    yy: np.ndarray,
) -> np.ndarray: ...
