"""Sums over rows that become `Moments`, and layouts of vectors: what designs of rows share."""

from __future__ import annotations

import numpy as np

from fastreg.moments import Moments

BLOCK_BYTES = 1 << 23  # of a block of rows, or of vectors beside it
BAND = 256


class RowSums:
    """Sums over some rows of products about a shift, to become a `Moments`.

    Parameters
    ----------
    s_xx : ndarray of shape (p, p) or (p,)
        Zeros.
    n_targets : int
    """

    def __init__(self, s_xx: np.ndarray, n_targets: int) -> None:
        self.s_xx, self.n_rows, self.total = s_xx, 0, 0.0
        self.s_x, self.s_xy = np.zeros(len(s_xx)), np.zeros((len(s_xx), n_targets))
        self.s_y, self.s_yy = np.zeros(n_targets), np.zeros(n_targets)

    def add_target(self, u: np.ndarray, w: np.ndarray | None) -> np.ndarray:
        """Add what concerns the targets alone; multiply `u` by √w in place and return √w."""
        if w is None:
            root = np.ones(len(u))
            self.n_rows, self.total = self.n_rows + len(u), self.total + len(u)
            self.s_y += u.sum(axis=0)
        else:
            root = np.sqrt(w)
            self.n_rows, self.total = self.n_rows + np.count_nonzero(w), self.total + w.sum()
            self.s_y += w @ u
            u *= root[:, None]
        self.s_yy += np.einsum("ij,ij->j", u, u)
        return root

    def moments(self, shift: np.ndarray, y_shift: np.ndarray) -> Moments:
        """Return the moments about the mean; the sums are used up."""
        s_x, s_y, total = self.s_x, self.s_y, self.total
        if total > 0:
            centre_products(self.s_xx, total, s_x)
            self.s_xy -= np.multiply.outer(s_x, s_y) / total
            self.s_yy = np.maximum(self.s_yy - s_y**2 / total, 0.0)
            s_x, s_y = s_x / total, s_y / total
        return Moments(
            self.n_rows, total, shift, s_x, self.s_xx, y_shift, s_y, self.s_xy, self.s_yy
        )


def in_eights(vectors: np.ndarray) -> np.ndarray:
    """Return n vectors (n, m) in blocks of eight side by side, shape (⌈m/8⌉, n, 8), zeros added."""
    n, m = vectors.shape
    out = np.zeros((-(-m // 8), n, 8))
    for block, first in zip(out, range(0, m, 8), strict=True):
        block[:, : min(8, m - first)] = vectors[:, first : first + 8]
    return out


def centre_products(s_xx: np.ndarray, total: float, s_x: np.ndarray) -> None:
    """Turn products about the shift into products about the mean, in place.

    `s_xx` is (p, p), symmetric, or (p,): the diagonal.
    """
    if s_xx.ndim == 1:
        np.maximum(s_xx - s_x**2 / total, 0.0, out=s_xx)
        return
    for i in range(0, s_x.size, BAND):
        s_xx[i : i + BAND] -= np.multiply.outer(s_x[i : i + BAND], s_x) / total
    diagonal = np.einsum("ii->i", s_xx)
    np.maximum(diagonal, 0.0, out=diagonal)
