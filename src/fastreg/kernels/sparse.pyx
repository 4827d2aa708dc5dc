"""Products of sparse matrices with dense results: what SciPy lacks, or does without SIMD.

CSC columns are given as (data, indices, indptr) with int32 row numbers and int64 pointers, whatever
SciPy held; a function works on some columns of them, so that the caller can come up for air.
"""

from fastreg.kernels.blas cimport add8, axpy, dot8

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
    cdef long long a, end
    if coefs.shape[0] != cols.shape[0] or coefs.shape[1] != m:
        raise ValueError("cols, coefs and out do not fit together")
    _check_columns(cols, indptr.shape[0] - 1)
    if m == 0:
        return
    with nogil:
        for i in range(cols.shape[0]):
            a, end = indptr[cols[i]], indptr[cols[i] + 1]
            if m == 8 and a < end:
                add8(end - a, &data[a], &indices[a], &coefs[i, 0], &out[0, 0])
                continue
            for a in range(a, end):
                axpy(m, data[a], &coefs[i, 0], &out[indices[a], 0])


def dot_columns(
    const double[::1] data,
    const int[::1] indices,
    const long long[::1] indptr,
    const Py_ssize_t[::1] group,
    const Py_ssize_t[::1] cols,
    const double[:, ::1] block,
    double[:, :, ::1] out,
):
    """out[i, g] = Σ over the rows of group g of x_row,cols[i] · block[row].

    Eight vectors side by side stay in one register: a step a non-zero for all of them.

    Parameters
    ----------
    group : ndarray of shape (n,), intp, or None
        Row groups; None where there is one.
    cols : ndarray of shape (k,), intp
    block : ndarray of shape (n, 8)
    out : ndarray of shape (k, G, 8)
        Mutated.
    """
    cdef Py_ssize_t i, j
    cdef long long a
    cdef const Py_ssize_t* code = NULL
    if group is not None and group.shape[0]:
        if group.shape[0] != block.shape[0]:
            raise ValueError("group and block do not fit together")
        code = &group[0]
    if block.shape[1] != 8 or out.shape[2] != 8 or out.shape[0] != cols.shape[0]:
        raise ValueError("cols, block and out do not fit together")
    _check_columns(cols, indptr.shape[0] - 1)
    with nogil:
        for i in range(cols.shape[0]):
            j = cols[i]
            out[i, :, :] = 0.0
            a = indptr[j]
            if a < indptr[j + 1]:
                dot8(indptr[j + 1] - a, &data[a], &indices[a], &block[0, 0], code, &out[i, 0, 0])


def spread_columns(
    const double[::1] data,
    const int[::1] indices,
    const long long[::1] indptr,
    const double[::1] weight,
    const Py_ssize_t[::1] cols,
    double[:, ::1] block,
):
    """block[:, t] = weight times column cols[t], explicit entries only.

    Parameters
    ----------
    weight : ndarray of shape (n,)
        Zeros make `block` what it was before, where it was zero.
    cols : ndarray of shape (k,), intp, k ≤ 8
    block : ndarray of shape (n, 8)
        Mutated.
    """
    cdef Py_ssize_t t
    cdef long long a
    if cols.shape[0] > block.shape[1]:
        raise ValueError("cols and block do not fit together")
    _check_columns(cols, indptr.shape[0] - 1)
    with nogil:
        for t in range(cols.shape[0]):
            for a in range(indptr[cols[t]], indptr[cols[t] + 1]):
                block[indices[a], t] = weight[indices[a]] * data[a]


cdef _check_columns(const Py_ssize_t[::1] cols, Py_ssize_t n_cols):
    cdef Py_ssize_t i
    for i in range(cols.shape[0]):
        if not 0 <= cols[i] < n_cols:
            raise IndexError(f"no column {cols[i]}")
