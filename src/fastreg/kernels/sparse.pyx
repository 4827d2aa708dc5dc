"""What SciPy does not have: the weighted Gram matrix of some rows of a CSR matrix."""

ctypedef fused index_t:
    int
    long long


def add_outer_rows(
    const double[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const double[::1] shift,
    const Py_ssize_t[::1] rows,
    const double[::1] weight,
    double[:, ::1] out,
):
    """out += Σ_i w_i (x_i − s)(x_i − s)ᵀ over the explicit entries of the given rows.

    Only the lower triangle is written. Costs Σ_i nnz_i² / 2 multiplications.

    Parameters
    ----------
    data, indices, indptr : ndarrays
        CSR arrays with sorted column indices in each row.
    shift : ndarray of shape (p,)
        Subtracted from explicit entries only: must be 0 for a column with implicit zeros.
    rows : ndarray of shape (k,), intp
    weight : ndarray of shape (n,)
    out : ndarray of shape (p, p)
        Mutated.
    """
    cdef Py_ssize_t r, i
    cdef index_t a, b, first, last
    cdef double wx
    with nogil:
        for r in range(rows.shape[0]):
            i = rows[r]
            first, last = indptr[i], indptr[i + 1]
            for a in range(first, last):
                wx = weight[i] * (data[a] - shift[indices[a]])
                for b in range(first, a + 1):
                    out[indices[a], indices[b]] += wx * (data[b] - shift[indices[b]])
