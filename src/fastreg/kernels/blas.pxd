"""Products of vectors for the loops of the kernels; the C is in `simd.h`."""


cdef extern from "simd.h" nogil:
    double dot "fastreg_dot"(Py_ssize_t n, const double* x, const double* y) noexcept
    void axpy "fastreg_axpy"(Py_ssize_t n, double a, const double* x, double* y) noexcept
    void subtract4 "fastreg_subtract4"(
        Py_ssize_t n, const double* a, const double** x, double* y
    ) noexcept
    void rank8 "fastreg_rank8"(
        Py_ssize_t n, const Py_ssize_t* rows, Py_ssize_t width, const double** g, const double* d,
        double* c,
    ) noexcept
    double sparse_dot "fastreg_sparse_dot"(
        Py_ssize_t nnz, const double* x, const int* row, const double* y
    ) noexcept
    void add8 "fastreg_add8"(
        Py_ssize_t nnz, const double* x, const int* row, const double* a, double* y
    ) noexcept
    void dot8 "fastreg_dot8"(
        Py_ssize_t nnz, const double* x, const int* row, const double* block,
        const Py_ssize_t* group, double* part,
    ) noexcept
    void dense_dot8 "fastreg_dense_dot8"(
        Py_ssize_t n, const double** x, const double* shift, const double* block, double** part
    ) noexcept
    void dense_dot8f "fastreg_dense_dot8f"(
        Py_ssize_t n, const float** x, const double* shift, const double* block, double** part
    ) noexcept
    double squares "fastreg_squares"(
        Py_ssize_t n, const double* x, double shift, const double* w
    ) noexcept
    double squaresf "fastreg_squaresf"(
        Py_ssize_t n, const float* x, double shift, const double* w
    ) noexcept
