"""Products of vectors for the loops of the kernels; the C is in `simd.h`."""


cdef extern from "simd.h" nogil:
    double dot "fastreg_dot"(Py_ssize_t n, const double* x, const double* y) noexcept
    void axpy "fastreg_axpy"(Py_ssize_t n, double a, const double* x, double* y) noexcept
    void dot8 "fastreg_dot8"(
        Py_ssize_t nnz, const double* x, const int* row, const double* block,
        const Py_ssize_t* group, double* part,
    ) noexcept
