"""Three ways to hold the quadratic 1/(2 Σw) ‖√w (y − Z b)‖² that `descent` minimises.

The loop in `descent.pyx` sees `corr(j)` = (Zᵀ W r)_j / Σw, `move(j, δ)`: b_j += δ, which may be
seen after `settle` only, and for the Newton step `cross(i, j)` = G_ij. Nothing here knows a
penalty, and `rr` is kept up to date by the caller, who knows the correlation before each move.
"""

import numpy as np

from libc.math cimport INFINITY, sqrt

from fastreg.kernels.blas cimport axpy, dot, sparse_dot, subtract4


cdef class Coordinates:
    """Common part: the diagonal of the Gram matrix and the squared norm of the residual."""

    def __init__(self, double[::1] diag, Py_ssize_t length, double rr):
        self.size = diag.shape[0]
        self.length = length
        self.diag_view = diag
        self.root_view = np.sqrt(diag)
        self.diag = &diag[0] if self.size else NULL
        self.root = &self.root_view[0] if self.size else NULL
        self.held = self.state = self.before = self.marked = NULL
        self.n_state = self.n_late = 0
        self.rr = rr

    def remember(self):
        """Be ready for `advance` and, where the residual is held, `mark` and `distance`."""
        self.before_view = np.zeros(self.n_state)
        self.before = &self.before_view[0] if self.n_state else NULL
        if self.held == NULL:
            self.marked_view = np.zeros(self.n_state)
            self.marked = &self.marked_view[0] if self.n_state else NULL

    cdef double corr(self, Py_ssize_t j) noexcept nogil:
        return 0.0

    cdef void move(self, Py_ssize_t j, double delta) noexcept nogil:
        pass

    cdef void settle(self) noexcept nogil:
        """Let all moves be seen."""
        pass

    cdef double cross(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
        return 0.0

    cdef void advance(self, double factor, const double* d) noexcept nogil:
        """Follow b += d, d = factor (b − b at the last call), without a move: all is affine in b.

        With a factor of 0 only remember where b is now.
        """
        self.shift_state(factor)

    cdef void mark(self) noexcept nogil:
        """Remember the residual as it is now, to measure its `distance` from it later."""
        cdef Py_ssize_t i
        for i in range(self.n_state):
            self.marked[i] = self.state[i]

    cdef double distance(self) noexcept nogil:
        """Return ‖r − marked r‖ / √Σw: how far, in units of √G_jj, a correlation has moved."""
        return INFINITY

    cdef void shift_state(self, double factor) noexcept nogil:
        cdef Py_ssize_t i
        cdef double now
        for i in range(self.n_state):
            now = self.state[i]
            self.state[i] += factor * (now - self.before[i])
            self.before[i] = now


cdef class GramCoordinates(Coordinates):
    """Hold G and c = q − G b; a move costs one row of G.

    Rows are subtracted four at a time: c is in cache, and of G, which is not, four rows stream in
    side by side. Until then c_j lacks Σ_k δ_k G_jk over the moves that are late.

    Parameters
    ----------
    gram : ndarray of shape (p, p), symmetric, each row contiguous
        Borrowed, never written.
    corr : ndarray of shape (p,)
        The correlations at the current coefficients. Borrowed, updated in place.
    diag : ndarray of shape (p,)
        The diagonal of `gram`. Borrowed, never written.
    rr : float
        ‖r‖² / Σw at the current coefficients.
    """

    def __init__(
        self, const double[:, :] gram, double[::1] corr, double[::1] diag, double rr
    ):
        if not gram.shape[0] == gram.shape[1] == corr.shape[0] == diag.shape[0]:
            raise ValueError("gram must be square with one row for each entry of corr and diag")
        if gram.shape[0] > 1 and gram.strides[1] != sizeof(double):
            raise ValueError("the rows of gram must be contiguous")
        super().__init__(diag, gram.shape[0], rr)
        self.stride = gram.strides[0] // <Py_ssize_t> sizeof(double)
        self.gram_view = gram
        self.corr_view = corr
        if self.size:
            self.gram = &gram[0, 0]
            self.held = self.state = &corr[0]
            self.n_state = self.size

    cdef void advance(self, double factor, const double* d) noexcept nogil:
        cdef Py_ssize_t j
        self.shift_state(factor)
        if factor == 0:
            return
        # ‖r − Z d‖² = ‖r‖² − dᵀ(c + c')
        for j in range(self.size):
            self.rr -= d[j] * (self.held[j] + self.before[j])

    cdef double corr(self, Py_ssize_t j) noexcept nogil:
        return self.held[j]

    cdef void move(self, Py_ssize_t j, double delta) noexcept nogil:
        self.late[self.n_late] = delta
        self.late_row[self.n_late] = self.gram + j * self.stride
        self.n_late += 1
        if self.n_late == 4:
            self.settle()

    cdef void settle(self) noexcept nogil:
        cdef Py_ssize_t k
        if self.n_late == 4:
            subtract4(self.size, self.late, self.late_row, self.held)
        else:
            for k in range(self.n_late):
                axpy(self.size, -self.late[k], self.late_row[k], self.held)
        self.n_late = 0

    cdef double cross(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
        return self.gram[i * self.stride + j]


cdef class DenseCoordinates(Coordinates):
    """Hold columns that are centred and scaled by √w already; a move costs one column.

    Parameters
    ----------
    columns : ndarray of shape (n, k), Fortran-ordered
        Borrowed, never written.
    residual : ndarray of shape (n,)
        √w r at the current coefficients. Borrowed, updated in place.
    diag : ndarray of shape (k,)
        Squared column norms over `weight`.
    weight : float
        Σw.
    """

    def __init__(
        self, const double[::1, :] columns, double[::1] residual, double[::1] diag, double weight
    ):
        if columns.shape[0] != residual.shape[0] or columns.shape[1] != diag.shape[0]:
            raise ValueError("columns, residual and diag do not fit together")
        super().__init__(diag, columns.shape[0], np.dot(residual, residual) / weight)
        self.columns_view = columns
        self.residual_view = residual
        self.weight, self.share = weight, 1.0 / weight
        if self.size:
            self.columns = &columns[0, 0]
            self.r = self.state = &residual[0]
            self.n_state = self.length

    cdef void advance(self, double factor, const double* d) noexcept nogil:
        self.shift_state(factor)
        self.rr = dot(self.length, self.r, self.r) / self.weight

    cdef double distance(self) noexcept nogil:
        cdef Py_ssize_t i
        cdef double far, total = 0.0
        for i in range(self.n_state):
            far = self.r[i] - self.marked[i]
            total += far * far
        return sqrt(total / self.weight)

    cdef double corr(self, Py_ssize_t j) noexcept nogil:
        return self.share * dot(self.length, self.columns + j * self.length, self.r)

    cdef void move(self, Py_ssize_t j, double delta) noexcept nogil:
        # r −= δ z_j
        axpy(self.length, -delta, self.columns + j * self.length, self.r)

    cdef double cross(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
        return dot(
            self.length, self.columns + i * self.length, self.columns + j * self.length
        ) / self.weight


cdef inline double dot_column(
    SparseCoordinates q, Py_ssize_t j, const double* y
) noexcept nogil:
    """Return √w x_jᵀy."""
    cdef long long first = q.indptr[j]
    return sparse_dot(q.indptr[j + 1] - first, q.data + first, q.indices + first, y)


cdef class SparseCoordinates(Coordinates):
    """Hold CSC columns times √w; centring is one scalar, so a move costs the non-zeros.

    With z_j = √w (x_j − m_j) the residual is r − √w `offset`, where only r is stored and Σ √w (r −
    √w offset) is kept as it was: a move by δ subtracts δ √w x_j from r and δ m_j from the offset.

    Parameters
    ----------
    data, indices, indptr : ndarrays
        CSC arrays of the (n, k) block √w x, float64, int32 and int64; columns sorted by row.
    mean : ndarray of shape (k,)
        Weighted column means; zeros without centring.
    root : ndarray of shape (n,)
        √w.
    residual : ndarray of shape (n,)
        √w times the residual at the current coefficients. Borrowed, updated in place; add nothing
        to it but √w `offset` when done.
    diag : ndarray of shape (k,)
        Weighted centred column sums of squares over `weight`.
    weight : float
        Σw.
    """

    def __init__(
        self,
        const double[::1] data,
        const int[::1] indices,
        const long long[::1] indptr,
        const double[::1] mean,
        const double[::1] root,
        double[::1] residual,
        double[::1] diag,
        double weight,
    ):
        cdef Py_ssize_t j
        if indptr.shape[0] != diag.shape[0] + 1 or mean.shape[0] != diag.shape[0]:
            raise ValueError("indptr, mean and diag do not fit together")
        if root.shape[0] != residual.shape[0]:
            raise ValueError("root and residual must have one entry for each row")
        rr = np.dot(residual, residual) / weight
        super().__init__(diag, max(1, data.shape[0] // max(1, diag.shape[0])), rr)
        self.data_view, self.indices_view, self.indptr_view = data, indices, indptr
        self.mean_view, self.residual_view = mean, residual
        self.weight, self.share = weight, 1.0 / weight
        self.offset = 0.0
        self.data = &data[0] if data.shape[0] else NULL
        self.indices = &indices[0] if indices.shape[0] else NULL
        self.indptr = &indptr[0]
        self.mean = &mean[0] if self.size else NULL
        self.r = self.state = &residual[0]
        self.n_state = residual.shape[0]
        self.root_weight_view, self.root_weight = root, &root[0]
        self.offset_before = self.offset_marked = 0.0
        self.sums_view = np.empty(self.size)
        for j in range(self.size):
            self.sums_view[j] = dot_column(self, j, &root[0])
        self.sums = &self.sums_view[0] if self.size else NULL

    cdef void advance(self, double factor, const double* d) noexcept nogil:
        cdef Py_ssize_t i
        cdef double now = self.offset, r, total = 0.0
        self.shift_state(factor)
        self.offset += factor * (now - self.offset_before)
        self.offset_before = now
        if factor == 0:
            return
        for i in range(self.n_state):
            r = self.r[i] - self.root_weight[i] * self.offset
            total += r * r
        self.rr = total / self.weight

    cdef void mark(self) noexcept nogil:
        Coordinates.mark(self)
        self.offset_marked = self.offset

    cdef double distance(self) noexcept nogil:
        cdef Py_ssize_t i
        cdef double far, total = 0.0, offset = self.offset - self.offset_marked
        for i in range(self.n_state):
            far = self.r[i] - self.marked[i] - self.root_weight[i] * offset
            total += far * far
        return sqrt(total / self.weight)

    cdef double corr(self, Py_ssize_t j) noexcept nogil:
        # z_j and √w are orthogonal to the residual's mean: √w x_jᵀ (r − √w offset) is all there is
        return self.share * (dot_column(self, j, self.r) - self.offset * self.sums[j])

    cdef void move(self, Py_ssize_t j, double delta) noexcept nogil:
        cdef long long k
        cdef double* r = self.r
        cdef const double* data = self.data
        cdef const int* row = self.indices
        for k in range(self.indptr[j], self.indptr[j + 1]):
            r[row[k]] -= delta * data[k]
        self.offset -= delta * self.mean[j]

    cdef double cross(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
        # merge of two sorted index lists, minus the means: Σ w x_i x_j / Σw − m_i m_j
        cdef long long a = self.indptr[i], b = self.indptr[j]
        cdef long long end_a = self.indptr[i + 1], end_b = self.indptr[j + 1]
        cdef int row_a, row_b
        cdef double total = 0.0
        while a < end_a and b < end_b:
            row_a, row_b = self.indices[a], self.indices[b]
            if row_a == row_b:
                total += self.data[a] * self.data[b]
            a += row_a <= row_b
            b += row_b <= row_a
        return total / self.weight - self.mean[i] * self.mean[j]
