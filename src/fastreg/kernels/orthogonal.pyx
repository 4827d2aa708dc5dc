"""Orthogonal factors, some columns a call: QR with and without pivoting, bidiagonal form.

They are the steps of LAPACK's own dgeqrf, dgeqp3 and dgebrd, with a way out between them: Ctrl-C
would else wait until all is done. `fastreg.kernels.ridge.apply_q` applies what they leave.
"""

from scipy.linalg.cython_blas cimport dgemm
from scipy.linalg.cython_lapack cimport dgebd2, dgeqr2, dlabrd, dlaqp2, dlaqps

cdef enum:
    FEW = 128  # columns that are not worth a panel


def reflect_columns(
    double[::1, :] matrix, double[::1] tau, double[::1] work, int first, int last
):
    """Factor columns `first` … `last` − 1 alone, from row `first` on; those after are untouched.

    Parameters
    ----------
    matrix : ndarray of shape (n, p), Fortran-ordered
        On exit R on and above the diagonal, the vectors of the reflectors below it.
    tau : ndarray of shape (min(n, p),)
    work : ndarray of shape (last − first or more,)
    """
    cdef int n = <int> matrix.shape[0], rest = n - first, width = last - first, info = 0
    if not 0 <= first < last <= min(n, matrix.shape[1]) or work.shape[0] < width:
        raise ValueError("no such columns, or work is too short")
    with nogil:
        dgeqr2(&rest, &width, &matrix[first, first], &n, &tau[first], &work[0], &info)


def pivot_columns(
    double[::1, :] matrix,
    int[::1] pivot,
    double[::1] tau,
    double[::1, :] norms,
    double[::1] work,
    int first,
    int width,
):
    """Choose and factor up to `width` columns and update those after them.

    Parameters
    ----------
    matrix : ndarray of shape (n, p), Fortran-ordered
        As in `reflect_columns`, with its columns in the order of `pivot`.
    pivot : ndarray of shape (p,), int32
        On the first call 0 … p − 1.
    tau : ndarray of shape (min(n, p),)
    norms : ndarray of shape (p, 2), Fortran-ordered
        On the first call twice the norms of the columns.
    work : ndarray of shape (p (width + 1) + width or more,)
    first, width : int
        The column to go on from, and how many to choose.

    Returns
    -------
    int
        The column to go on from, min(n, p) when all are done.
    """
    cdef int n = <int> matrix.shape[0], p = <int> matrix.shape[1], done = 0
    cdef int most = min(n, p), rest = p - first
    if not 0 <= first < most or work.shape[0] < p * (width + 1) + width:
        raise ValueError("no such columns, or work is too short")
    width = min(width, most - first)
    with nogil:
        if most - first <= FEW:
            dlaqp2(
                &n, &rest, &first, &matrix[0, first], &n, &pivot[first], &tau[first],
                &norms[first, 0], &norms[first, 1], &work[0],
            )
            done = most - first
        else:
            dlaqps(
                &n, &rest, &first, &width, &done, &matrix[0, first], &n, &pivot[first],
                &tau[first], &norms[first, 0], &norms[first, 1], &work[0], &work[width], &rest,
            )
    return first + done


def bidiagonalize(
    double[::1, :] matrix,
    double[::1] diag,
    double[::1] off,
    double[::1] tau_q,
    double[::1] tau_p,
    double[::1] work,
    int first,
    int width,
):
    """Reduce `width` columns and rows of A = Q B Pᵀ to the upper bidiagonal B; n ≥ p.

    Parameters
    ----------
    matrix : ndarray of shape (n, p), Fortran-ordered
        A on entry; the reflectors of Q below the diagonal, those of P beyond the superdiagonal on
        exit.
    diag, off, tau_q, tau_p : ndarrays of shape (p,)
        Output; `off` is one shorter than the array.
    work : ndarray of shape (width (n + p) + n or more,)
    first, width : int
        The column to go on from, and how many to reduce.

    Returns
    -------
    int
        The column to go on from, p when all are done.
    """
    cdef int n = <int> matrix.shape[0], p = <int> matrix.shape[1], i = first, j, info = 0
    cdef int rows = n - first, columns = p - first
    cdef double one = 1.0, minus = -1.0
    cdef char no = b"N", yes = b"T"
    cdef double* y
    if not 0 <= first < p <= n or work.shape[0] < width * (n + p) + n:
        raise ValueError("no such columns, or work is too short")
    with nogil:
        if columns <= FEW:
            dgebd2(
                &rows, &columns, &matrix[i, i], &n, &diag[i], &off[i], &tau_q[i], &tau_p[i],
                &work[0], &info,
            )
            width = columns
        else:
            y = &work[0] + <Py_ssize_t> n * width
            dlabrd(
                &rows, &columns, &width, &matrix[i, i], &n, &diag[i], &off[i], &tau_q[i],
                &tau_p[i], &work[0], &n, y, &p,
            )
            rows, columns = rows - width, columns - width
            dgemm(
                &no, &yes, &rows, &columns, &width, &minus, &matrix[i + width, i], &n, y + width,
                &p, &one, &matrix[i + width, i + width], &n,
            )
            dgemm(
                &no, &no, &rows, &columns, &width, &minus, &work[width], &n,
                &matrix[i, i + width], &n, &one, &matrix[i + width, i + width], &n,
            )
            for j in range(i, i + width):
                matrix[j, j] = diag[j]
                matrix[j, j + 1] = off[j]
    return first + width
