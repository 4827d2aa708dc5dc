"""What SciPy does not have: the weighted Gram matrix of a CSR matrix as a dense array."""

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
    """out += Σ_i w_i x_i x_iᵀ.

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
