"""Products of dense columns with blocks of vectors: X is read once, whatever their number.

BLAS would pack X before it multiplies, which for few vectors costs as much as reading it. Here four
columns meet eight vectors in registers; shifting and conversion from float32 happen there too.
"""

from fastreg.kernels.blas cimport dense_dot8, dense_dot8f, squares, squaresf

ctypedef fused real:
    double
    float


def dot_columns(
    const real[:, :] X,
    const double[::1] shift,
    const double[:, :, ::1] blocks,
    double[:, :, ::1] out,
):
    """out[j, g] += (X_j − shift_j)ᵀ blocks[g] for every column j and every block of eight vectors.

    Parameters
    ----------
    X : ndarray of shape (n, k), each column contiguous
    shift : ndarray of shape (k,)
    blocks : ndarray of shape (B, n, 8)
    out : ndarray of shape (k, B, 8)
        Mutated.
    """
    cdef Py_ssize_t n = X.shape[0], k = X.shape[1], n_blocks = blocks.shape[0], ld = 0
    cdef Py_ssize_t j, g, width
    cdef bint shifted = False
    if not (
        shift.shape[0] == out.shape[0] == k and out.shape[1] == n_blocks and blocks.shape[1] == n
        and blocks.shape[2] == out.shape[2] == 8
    ):
        raise ValueError("X, shift, blocks and out do not fit together")
    ld = _leading(X)
    if n == 0 or k == 0:
        return
    for j in range(k):
        shifted = shifted or shift[j] != 0
    with nogil:
        for j in range(0, k, 4):
            width = min(4, k - j)
            for g in range(n_blocks):
                if real is double:
                    dense_dot8(
                        n, width, &X[0, j], ld, &shift[j] if shifted else NULL,
                        &blocks[g, 0, 0], &out[j, g, 0], 8 * n_blocks,
                    )
                else:
                    dense_dot8f(
                        n, width, &X[0, j], ld, &shift[j] if shifted else NULL,
                        &blocks[g, 0, 0], &out[j, g, 0], 8 * n_blocks,
                    )


def add_squares(
    const real[:, :] X, const double[::1] shift, const double[::1] weight, double[::1] out
):
    """out[j] += Σ_i w_i (x_ij − shift_j)².

    Parameters
    ----------
    X : ndarray of shape (n, k), each column contiguous
    shift, out : ndarrays of shape (k,)
    weight : ndarray of shape (n,)
    """
    cdef Py_ssize_t n = X.shape[0], k = X.shape[1], j
    if not (shift.shape[0] == out.shape[0] == k and weight.shape[0] == n):
        raise ValueError("X, shift, weight and out do not fit together")
    _leading(X)
    if n == 0:
        return
    with nogil:
        for j in range(k):
            if real is double:
                out[j] += squares(n, &X[0, j], shift[j], &weight[0])
            else:
                out[j] += squaresf(n, &X[0, j], shift[j], &weight[0])


cdef Py_ssize_t _leading(const real[:, :] X) except? -1:
    """Return how many entries apart columns are; raise where a column is not contiguous."""
    if X.shape[0] > 1 and X.shape[1] > 0 and X.strides[0] != sizeof(real):
        raise ValueError("the columns of X must be contiguous")
    return X.strides[1] // <Py_ssize_t> sizeof(real)
