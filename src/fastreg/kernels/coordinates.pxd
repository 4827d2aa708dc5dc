"""How a quadratic 1/2 ‖r‖², r = y − Z b, is held: the two operations that descent needs."""


cdef class Coordinates:
    cdef readonly Py_ssize_t size       # number of coordinates
    cdef readonly Py_ssize_t length     # floating-point pairs that one `move` touches
    cdef double[::1] diag_view
    cdef double[::1] root_view
    cdef double* diag                   # diag[j] = G_jj
    cdef double* root                   # √G_jj
    cdef double* held                   # Zᵀ r / Σw where it is kept up to date, else NULL
    cdef double[::1] before_view
    cdef double* state                  # what `move` changes: correlations or the residual
    cdef double* before                 # the same at the last `advance`, NULL until asked for
    cdef double[::1] marked_view
    cdef double* marked                 # the residual at the last `mark`
    cdef Py_ssize_t n_state
    cdef Py_ssize_t n_late              # moves that `held` does not show yet
    cdef double late[4]                 # their δ
    cdef const double* late_row[4]      # and rows of G
    cdef public double rr               # ‖r‖² (in units of the Gram matrix: divided by Σw)

    cdef double corr(self, Py_ssize_t j) noexcept nogil
    cdef void move(self, Py_ssize_t j, double delta) noexcept nogil
    cdef void settle(self) noexcept nogil
    cdef double cross(self, Py_ssize_t i, Py_ssize_t j) noexcept nogil
    cdef void advance(self, double factor, const double* d) noexcept nogil
    cdef void shift_state(self, double factor) noexcept nogil
    cdef void mark(self) noexcept nogil
    cdef double distance(self) noexcept nogil


cdef class GramCoordinates(Coordinates):
    cdef const double[:, :] gram_view
    cdef double[::1] corr_view
    cdef const double* gram
    cdef Py_ssize_t stride              # entries from one row of G to the next


cdef class DenseCoordinates(Coordinates):
    cdef const double[::1, :] columns_view
    cdef double[::1] residual_view
    cdef const double* columns
    cdef double* r
    cdef double weight, share          # Σw and 1/Σw


cdef class SparseCoordinates(Coordinates):
    cdef const double[::1] data_view, mean_view
    cdef const int[::1] indices_view
    cdef const long long[::1] indptr_view
    cdef double[::1] residual_view, sums_view
    cdef const double* data
    cdef const double* mean
    cdef const double* sums             # Σ_i √w_i z_ij
    cdef const int* indices
    cdef const long long* indptr
    cdef double* r
    cdef double weight, share          # Σw and 1/Σw
    cdef readonly double offset         # the true residual is r − √w offset
    cdef double offset_before, offset_marked
    cdef const double* root_weight
    cdef const double[::1] root_weight_view
