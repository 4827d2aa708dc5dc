"""BLAS level 1 with arguments by value; unit strides, so the compiler inlines the wrapper."""

from scipy.linalg.cython_blas cimport daxpy, ddot


cdef inline double dot(Py_ssize_t n, const double* x, const double* y) noexcept nogil:
    """Return xᵀy."""
    cdef int size = <int> n, one = 1
    return ddot(&size, <double*> x, &one, <double*> y, &one)


cdef inline void axpy(Py_ssize_t n, double a, const double* x, double* y) noexcept nogil:
    """y += a x."""
    cdef int size = <int> n, one = 1
    daxpy(&size, &a, <double*> x, &one, y, &one)
