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
    const Py_ssize_t[::1] cols,
    const double[::1] shift,
    const double[:, :, ::1] blocks,
    double[:, :, ::1] out,
):
    """out[j, g] += (X[:, cols[j]] − shift[cols[j]])ᵀ blocks[g], blocks of eight vectors.

    Parameters
    ----------
    X : ndarray of shape (n, p), each column contiguous
    cols : ndarray of shape (k,), intp
    shift : ndarray of shape (p,)
    blocks : ndarray of shape (B, n, 8)
    out : ndarray of shape (k, B, 8)
        Mutated.
    """
    cdef Py_ssize_t n = X.shape[0], k = cols.shape[0], n_blocks = blocks.shape[0]
    cdef Py_ssize_t i, j, g, c
    cdef bint shifted = False
    cdef const real* x[4]
    cdef double* part[4]
    cdef double s[4]
    cdef double nowhere[8]
    cdef const double* block
    if not (
        shift.shape[0] == X.shape[1] and out.shape[0] == k and out.shape[1] == n_blocks
        and blocks.shape[1] == n and blocks.shape[2] == out.shape[2] == 8
    ):
        raise ValueError("X, cols, shift, blocks and out do not fit together")
    if n == 0 or k == 0:
        return
    _check_contiguous(X)
    for j in range(k):
        if not 0 <= cols[j] < X.shape[1]:
            raise IndexError(f"no column {cols[j]}")
        shifted = shifted or shift[cols[j]] != 0
    with nogil:
        for j in range(0, k, 4):
            for g in range(n_blocks):
                for i in range(4):
                    # beyond the last column: the last once more, its products thrown away
                    c = min(j + i, k - 1)
                    x[i], s[i] = &X[0, cols[c]], shift[cols[c]]
                    part[i] = &out[c, g, 0] if j + i < k else &nowhere[0]
                block = &blocks[g, 0, 0]
                if real is double:
                    dense_dot8(n, <const double**> x, s if shifted else NULL, block, part)
                else:
                    dense_dot8f(n, <const float**> x, s if shifted else NULL, block, part)


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
    _check_contiguous(X)
    if n == 0:
        return
    with nogil:
        for j in range(k):
            if real is double:
                out[j] += squares(n, &X[0, j], shift[j], &weight[0])
            else:
                out[j] += squaresf(n, &X[0, j], shift[j], &weight[0])


cdef _check_contiguous(const real[:, :] X):
    if X.shape[0] > 1 and X.shape[1] > 0 and X.strides[0] != sizeof(real):
        raise ValueError("the columns of X must be contiguous")
