"""Products of many columns with many columns, shifted, weighted and converted on the way.

What BLAS does in two steps (a shifted copy in double, then `syrk` or `gemm`, which packs it once
more) is one here: the columns are packed from where they lie, and only those asked for.
"""

from libc.stdint cimport uintptr_t

cdef extern from "products.h" nogil:
    int c_width "fastreg_width"() noexcept
    void c_multiply "fastreg_multiply"(
        int width, Py_ssize_t k, const double* a, Py_ssize_t na, const double* b, Py_ssize_t nb,
        Py_ssize_t diagonal, double* out, Py_ssize_t ld,
    ) noexcept
    void pack_double "fastreg_pack"(
        Py_ssize_t k, int n, const double** x, Py_ssize_t step, const Py_ssize_t* row,
        const double* shift, const double* scale, double* to,
    ) noexcept
    void pack_float "fastreg_packf"(
        Py_ssize_t k, int n, const float** x, Py_ssize_t step, const Py_ssize_t* row,
        const double* shift, const double* scale, double* to,
    ) noexcept
    void pack_rows_double "fastreg_pack_rows"(
        Py_ssize_t k, Py_ssize_t n, const double* x, Py_ssize_t step, const Py_ssize_t* row,
        const double* shift, const double* scale, double* to,
    ) noexcept
    void pack_rows_float "fastreg_pack_rowsf"(
        Py_ssize_t k, Py_ssize_t n, const float* x, Py_ssize_t step, const Py_ssize_t* row,
        const double* shift, const double* scale, double* to,
    ) noexcept

ctypedef fused real:
    double
    float

ctypedef fused real_too:
    double
    float

cdef enum:
    ROWS = 256          # packed at a time, about
    MOST_ROWS = 384


cdef int width = c_width()


def is_fast() -> bool:
    """Return whether the processor has vector instructions that make this faster than BLAS."""
    return width > 0


def limit_width(int most) -> int:
    """Multiply with AVX-512 (2), at most AVX2 (1) or plain loops (0), for all threads.

    Returns
    -------
    before : int
        The width in use until now; the processor's best at first.
    """
    global width
    cdef int before = width
    width = max(0, min(most, c_width()))
    return before


def workspace_size(Py_ssize_t left, Py_ssize_t right) -> int:
    """Return how many doubles the products of `left` with `right` columns take as workspace."""
    return MOST_ROWS * (_eights(left) + _eights(right)) + 8


def add_products(
    const real[:, :] X,
    const Py_ssize_t[::1] rows,
    const Py_ssize_t[::1] left,
    const Py_ssize_t[::1] right,
    const double[::1] shift,
    const double[::1] weight,
    double[:, :] out,
    double[::1] workspace,
    Py_ssize_t diagonal,
):
    """out[i, j] += Σ_l w_l (x_l,left[i] − s_left[i]) (x_l,right[j] − s_right[j]).

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Any strides.
    rows : ndarray of shape (k,), intp, or None
        Rows of X to sum over; None for all.
    left, right : ndarrays of intp
        Columns of X.
    shift : ndarray of shape (p,)
    weight : ndarray of shape (k,) or None
        None for ones.
    out : ndarray of shape (len(left), len(right)), rows contiguous
        Mutated.
    workspace : ndarray of shape (workspace_size(len(left), len(right)),)
    diagonal : int
        What lies beyond column diagonal + i of row i is not to be used; len(right) for all.
    """
    cdef Py_ssize_t k = X.shape[0] if rows is None else rows.shape[0]
    cdef Py_ssize_t n_left = left.shape[0], n_right = right.shape[0]
    _check[real](X, rows, left, shift, weight, out.shape[0] == n_left and out.shape[1] == n_right)
    _check_columns(right, X.shape[1])
    _check_room(out, workspace)
    if k and n_left and n_right:
        with nogil:
            _multiply[real, real](
                k, X, rows, right, n_right, shift, X, rows, left, n_left, shift, weight, out,
                _aligned(&workspace[0]), diagonal,
            )


def add_moments(
    const real[:, :] X,
    const Py_ssize_t[::1] rows,
    const double[::1] shift,
    const double[::1] root,
    const double[:, :] others,
    Py_ssize_t first,
    double[:, ::1] lower,
    double[:, ::1] beside,
    double[::1] workspace,
):
    """Add ZᵀZ and, where asked, UᵀZ for Z = diag(root) (X − shift) and other columns U.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Any strides.
    rows : ndarray of shape (k,), intp, or None
        Rows of X to sum over; None for all.
    shift : ndarray of shape (p,)
    root : ndarray of shape (k,) or None
        Square roots of weights; None for ones.
    others : ndarray of shape (k, e)
        U; not multiplied by `root`.
    first : int
        A multiple of eight.
    lower : ndarray of shape (m, p)
        Rows `first` to first + m of ZᵀZ, of each the part up to the diagonal; what lies beyond
        is not to be used. Mutated.
    beside : ndarray of shape (e, p) or (0, p)
        UᵀZ, only if `lower` ends with row p. Mutated.
    workspace : ndarray of shape (workspace_size(p, e),)
    """
    cdef Py_ssize_t k = X.shape[0] if rows is None else rows.shape[0], p = X.shape[1]
    cdef Py_ssize_t last = first + lower.shape[0], e = beside.shape[0]
    cdef Py_ssize_t block, i, size, n_blocks = _n_blocks(k)
    _check[real](X, rows, None, shift, root, lower.shape[1] == p and beside.shape[1] == p)
    if first % 8 or not 0 <= first <= last <= p or (e and (last < p or e != others.shape[1])):
        raise ValueError("first, lower, others and beside do not fit together")
    if others.shape[0] != k or workspace.shape[0] < workspace_size(last, e):
        raise ValueError("others or the workspace has the wrong size")
    if k == 0 or last == first:
        return
    cdef double* z = _aligned(&workspace[0])
    cdef double* u = z + MOST_ROWS * _eights(last)
    with nogil:
        for block in range(n_blocks):
            i = k * block // n_blocks
            size = k * (block + 1) // n_blocks - i
            _pack[real](X, rows, i, size, None, last, shift, root, z)
            c_multiply(
                width, size, z, last, z + size * first, last - first, first, &lower[0, 0], p
            )
            if e:
                _pack[double](others, None, i, size, None, e, None, None, u)
                c_multiply(width, size, z, p, u, e, p, &beside[0, 0], p)


def add_beside(
    const real[:, :] X,
    const Py_ssize_t[::1] rows,
    const double[::1] shift,
    const double[:, :] others,
    double[:, :] beside,
    double[::1] workspace,
):
    """Add Uᵀ(X − shift) for other columns U.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Any strides.
    rows : ndarray of shape (k,), intp, or None
        Rows of X to sum over; None for all.
    shift : ndarray of shape (p,)
    others : ndarray of shape (k, e)
        U.
    beside : ndarray of shape (e, p), rows contiguous
        Mutated.
    workspace : ndarray of shape (workspace_size(p, e),)
    """
    cdef Py_ssize_t k = X.shape[0] if rows is None else rows.shape[0], p = X.shape[1]
    cdef Py_ssize_t e = beside.shape[0]
    _check[real](X, rows, None, shift, None, beside.shape[1] == p and others.shape[1] == e)
    _check_room(beside, workspace)
    if others.shape[0] != k:
        raise ValueError("others must have one row for each row of X")
    if k and p and e:
        with nogil:
            _multiply[real, double](
                k, X, rows, None, p, shift, others, None, None, e, None, None, beside,
                _aligned(&workspace[0]), p,
            )


def mirror_lower(double[:, :] matrix):
    """Copy the lower triangle of a square matrix onto the upper, tile by tile."""
    cdef Py_ssize_t n = matrix.shape[0], i, j, top, left
    if matrix.shape[1] != n:
        raise ValueError("the matrix must be square")
    with nogil:
        for top in range(0, n, 32):
            for left in range(0, top + 1, 32):
                for i in range(top, min(top + 32, n)):
                    for j in range(left, min(left + 32, i)):
                        matrix[j, i] = matrix[i, j]


def add_outer(double[:, ::1] out, const double[::1] left, const double[::1] right):
    """Add u vᵀ in place, `out` (len(u), len(v)): where u and v are parts of one vector, symmetric
    to the last bit."""
    cdef Py_ssize_t m = left.shape[0], p = right.shape[0], i, j
    cdef double* row
    cdef const double* v
    if out.shape[0] != m or out.shape[1] != p:
        raise ValueError("matrix and vectors do not fit together")
    if m == 0 or p == 0:
        return
    v = &right[0]
    with nogil:
        for i in range(m):
            row = &out[i, 0]
            for j in range(p):
                row[j] += left[i] * v[j]


cdef Py_ssize_t _n_blocks(Py_ssize_t k) noexcept nogil:
    """Return into how many blocks of about the same size to cut k rows: none is a mere rest."""
    return max((k + ROWS // 2) // ROWS, (k + MOST_ROWS - 1) // MOST_ROWS)


cdef Py_ssize_t _eights(Py_ssize_t n) noexcept nogil:
    return (n + 7) // 8 * 8


cdef double* _aligned(double* at) noexcept nogil:
    return <double*> ((<uintptr_t> at + 63) // 64 * 64)


cdef void _multiply(
    Py_ssize_t k, const real[:, :] X, const Py_ssize_t[::1] rows, const Py_ssize_t[::1] cols,
    Py_ssize_t n, const double[::1] shift, const real_too[:, :] Y,
    const Py_ssize_t[::1] y_rows, const Py_ssize_t[::1] y_cols, Py_ssize_t m,
    const double[::1] y_shift, const double[::1] y_scale, double[:, :] out, double* workspace,
    Py_ssize_t diagonal,
) noexcept nogil:
    """Add the products of m columns of Y, the rows of `out`, with n columns of X over k rows.

    Of row i at least the part up to column diagonal + i.
    """
    cdef Py_ssize_t block, i, size, n_blocks = _n_blocks(k)
    cdef double* u = workspace + MOST_ROWS * _eights(n)
    for block in range(n_blocks):
        i = k * block // n_blocks
        size = k * (block + 1) // n_blocks - i
        _pack[real](X, rows, i, size, cols, n, shift, None, workspace)
        _pack[real_too](Y, y_rows, i, size, y_cols, m, y_shift, y_scale, u)
        c_multiply(
            width, size, workspace, n, u, m, diagonal, &out[0, 0],
            out.strides[0] // <Py_ssize_t> sizeof(double),
        )


cdef void _pack(
    const real[:, :] X, const Py_ssize_t[::1] rows, Py_ssize_t first, Py_ssize_t k,
    const Py_ssize_t[::1] cols, Py_ssize_t n, const double[::1] shift,
    const double[::1] scale, double* to,
) noexcept nogil:
    """Pack rows first to first + k of the n columns: slivers of eight columns."""
    cdef Py_ssize_t j, c, col, step = X.strides[0] // <Py_ssize_t> sizeof(real)
    cdef Py_ssize_t across = X.strides[1] // <Py_ssize_t> sizeof(real)
    cdef const Py_ssize_t* row = NULL
    cdef const double* s = NULL
    cdef const real* origin = &X[0, 0]
    cdef const real* x[8]
    cdef double m[8]
    cdef int live
    if rows is not None:
        row = &rows[first]
    else:
        origin += first * step
    if scale is not None:
        s = &scale[first]
    if across == 1 and cols is None and shift is not None:
        if real is double:
            pack_rows_double(k, n, origin, step, row, &shift[0], s, to)
        else:
            pack_rows_float(k, n, origin, step, row, &shift[0], s, to)
        return
    for j in range(0, n, 8):
        live = <int> min(8, n - j)
        for c in range(live):
            col = j + c if cols is None else cols[j + c]
            x[c], m[c] = origin + across * col, 0.0 if shift is None else shift[col]
        if real is double:
            pack_double(k, live, <const double**> x, step, row, m, s, to + k * j)
        else:
            pack_float(k, live, <const float**> x, step, row, m, s, to + k * j)


cdef _check(
    const real[:, :] X, const Py_ssize_t[::1] rows, const Py_ssize_t[::1] cols,
    const double[::1] shift, const double[::1] weight, bint out_fits,
):
    cdef Py_ssize_t k = X.shape[0] if rows is None else rows.shape[0], i
    if not (
        out_fits and shift.shape[0] == X.shape[1] and (weight is None or weight.shape[0] == k)
    ):
        raise ValueError("X, rows, columns, shift, weights and out do not fit together")
    if rows is not None:
        for i in range(k):
            if not 0 <= rows[i] < X.shape[0]:
                raise IndexError(f"no row {rows[i]}")
    if cols is not None:
        _check_columns(cols, X.shape[1])


cdef _check_room(double[:, :] out, double[::1] workspace):
    if out.shape[1] > 1 and out.strides[1] != sizeof(double):
        raise ValueError("the rows of the result must be contiguous")
    if workspace.shape[0] < workspace_size(out.shape[0], out.shape[1]):
        raise ValueError("the workspace is too small")


cdef _check_columns(const Py_ssize_t[::1] cols, Py_ssize_t p):
    cdef Py_ssize_t j
    for j in range(cols.shape[0]):
        if not 0 <= cols[j] < p:
            raise IndexError(f"no column {cols[j]}")
