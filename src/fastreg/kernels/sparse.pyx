"""Products of sparse matrices with dense results: what SciPy lacks, or does without SIMD.

CSC columns are given as (data, indices, indptr) with int32 row numbers and int64 pointers, whatever
SciPy held; a function works on some columns of them, so that the caller can come up for air.
"""

from fastreg.kernels.blas cimport axpy, dot8

ctypedef fused index_t:
    int
    long long


def add_outer_rows(
    const double[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[::1] weight,
    double[:, ::1] out,
):
    """out += Σ_i w_i x_i x_iᵀ over the rows of a CSR matrix.

    Only the lower triangle is written. Costs Σ_i nnz_i² / 2 multiplications.

    Parameters
    ----------
    data, indices, indptr : ndarrays
        CSR arrays with sorted column indices in each row.
    weight : ndarray of shape (n,)
    out : ndarray of shape (p, p)
        Mutated.
    """
    cdef Py_ssize_t i
    cdef index_t a, b
    cdef double wx
    with nogil:
        for i in range(weight.shape[0]):
            for a in range(indptr[i], indptr[i + 1]):
                wx = weight[i] * data[a]
                for b in range(indptr[i], a + 1):
                    out[indices[a], indices[b]] += wx * data[b]


def add_columns(
    const double[::1] data,
    const int[::1] indices,
    const long long[::1] indptr,
    const Py_ssize_t[::1] cols,
    const double[:, ::1] coefs,
    double[:, ::1] out,
):
    """out += X[:, cols] coefs.

    Parameters
    ----------
    cols : ndarray of shape (k,), intp
    coefs : ndarray of shape (k, m)
    out : ndarray of shape (n, m)
        Mutated.
    """
    cdef Py_ssize_t i, m = out.shape[1]
    cdef long long a
    if coefs.shape[0] != cols.shape[0] or coefs.shape[1] != m:
        raise ValueError("cols, coefs and out do not fit together")
    _check_columns(cols, indptr.shape[0] - 1)
    if m == 0:
        return
    with nogil:
        for i in range(cols.shape[0]):
            for a in range(indptr[cols[i]], indptr[cols[i] + 1]):
                axpy(m, data[a], &coefs[i, 0], &out[indices[a], 0])


def dot_columns(
    const double[::1] data,
    const int[::1] indices,
    const long long[::1] indptr,
    Py_ssize_t first,
    const double[:, ::1] block,
    double[:, ::1] out,
):
    """out = X[:, first : first + k]ᵀ block.

    Parameters
    ----------
    block : ndarray of shape (n, m)
    out : ndarray of shape (k, m)
        Mutated.
    """
    cdef Py_ssize_t j, m = block.shape[1]
    cdef long long a
    if first < 0 or first + out.shape[0] > indptr.shape[0] - 1 or out.shape[1] != m:
        raise ValueError("columns, block and out do not fit together")
    out[:, :] = 0.0
    if m == 0:
        return
    with nogil:
        for j in range(out.shape[0]):
            for a in range(indptr[first + j], indptr[first + j + 1]):
                axpy(m, data[a], &block[indices[a], 0], &out[j, 0])


def cross_columns(
    const double[::1] data,
    const int[::1] indices,
    const long long[::1] indptr,
    const double[::1] weight,
    const Py_ssize_t[::1] group,
    const Py_ssize_t[::1] new,
    const Py_ssize_t[::1] old,
    double[:, ::1] block,
    double[:, :, ::1] out,
):
    """out[:, g] = Σ over the rows i of group g of w_i x_i,old x_i,newᵀ, up to eight columns `new`.

    The new columns are spread out in `block`, eight side by side, and each old column is multiplied
    with all of them at once: nnz(old) steps of eight products.

    Parameters
    ----------
    weight : ndarray of shape (n,)
    group : ndarray of shape (n,), intp, or None
        Row groups; None where there is one.
    new, old : ndarrays of intp, shapes (k,) with k ≤ 8, and (l,)
    block : ndarray of shape (n, 8)
        Workspace: zeros, and zeros again afterwards.
    out : ndarray of shape (l, G, 8)
        Mutated; the last axis is that of `new`.
    """
    cdef Py_ssize_t i, t, j
    cdef long long a
    cdef const Py_ssize_t* code = NULL
    if group is not None and group.shape[0]:
        code = &group[0]
    if new.shape[0] > 8 or block.shape[1] != 8 or out.shape[2] != 8 or out.shape[0] != old.shape[0]:
        raise ValueError("new, block and out do not fit together")
    _check_columns(new, indptr.shape[0] - 1)
    _check_columns(old, indptr.shape[0] - 1)
    if data.shape[0] == 0:
        out[:, :, :] = 0.0
        return
    with nogil:
        for t in range(new.shape[0]):
            for a in range(indptr[new[t]], indptr[new[t] + 1]):
                block[indices[a], t] = weight[indices[a]] * data[a]
        for i in range(old.shape[0]):
            j = old[i]
            out[i, :, :] = 0.0
            a = indptr[j]
            if a < indptr[j + 1]:
                dot8(indptr[j + 1] - a, &data[a], &indices[a], &block[0, 0], code, &out[i, 0, 0])
        for t in range(new.shape[0]):
            for a in range(indptr[new[t]], indptr[new[t] + 1]):
                block[indices[a], t] = 0.0


cdef _check_columns(const Py_ssize_t[::1] cols, Py_ssize_t n_cols):
    cdef Py_ssize_t i
    for i in range(cols.shape[0]):
        if not 0 <= cols[i] < n_cols:
            raise IndexError(f"no column {cols[i]}")
