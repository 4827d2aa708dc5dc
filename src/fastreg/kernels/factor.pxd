"""A Cholesky factor that variables are appended to and deleted from."""

from fastreg.kernels.coordinates cimport Coordinates

cdef enum:
    TOGETHER = 8        # variables that `append_some` takes at a time


cdef class Factor:
    cdef readonly Py_ssize_t size       # variables in the factor
    cdef readonly Py_ssize_t capacity
    cdef public double alpha            # strength the shifts were made for, −1 for none yet
    cdef double[::1, :] lower_view
    cdef Py_ssize_t[::1] members_view, where_view
    cdef double[::1] work_view
    cdef double* low                    # column-major L, leading dimension `capacity`
    cdef Py_ssize_t* members            # members[i] = coordinate of row i
    cdef Py_ssize_t* where              # where[j] = row of coordinate j, or −1
    cdef double* work                   # TOGETHER rows of `capacity` doubles

    cdef bint append(
        self, Coordinates q, Py_ssize_t j, double shift, bint dependent
    ) noexcept nogil
    cdef void append_some(
        self, Coordinates q, Py_ssize_t count, const Py_ssize_t* js, const double* shifts
    ) noexcept nogil
    cdef bint finish(
        self, Coordinates q, Py_ssize_t j, double shift, bint dependent, double* row
    ) noexcept nogil
    cdef void forward_from(self, double* x, Py_ssize_t first) noexcept nogil
    cdef void delete(self, Py_ssize_t row) noexcept nogil
    cdef void clear(self) noexcept nogil
    cdef void forward(self, double* x) noexcept nogil
    cdef void solve(self, double* x) noexcept nogil
