"""Ridge systems (G + alpha V) b = q: Cholesky for one alpha, a tridiagonal form for many.

Both take workspace and return LAPACK's status; neither allocates, warns or prints.
"""

from libc.math cimport INFINITY, sqrt
from scipy.linalg.cython_lapack cimport dormtr, dpocon, dpotrf, dpotrs, dpttrf, dpttrs, dsytrd


def cholesky_factor(
    const double[::1, :] gram,
    const double[::1] ridge,
    double[::1, :] low,
    double[::1] scale,
    double[::1] work,
    int[::1] iwork,
):
    """Factor D (G + diag(ridge)) D = L Lᵀ, D = diag(G + ridge)^(−1/2).

    Scaling to a unit diagonal comes within a factor p of the best diagonal scaling (van der Sluis
    1969, Numer. Math. 14), so columns in different units cost no accuracy.

    Parameters
    ----------
    gram : ndarray of shape (p, p), Fortran-ordered
    ridge : ndarray of shape (p,)
    low : ndarray of shape (p, p), Fortran-ordered
        Output: L in the lower triangle.
    scale : ndarray of shape (p,)
        Output: the diagonal of D.
    work, iwork : ndarrays of shape (3 p,) and (p,)
        Workspace.

    Returns
    -------
    rcond : float
        Estimate of the reciprocal condition number of the scaled matrix; 0 where it is not
        positive definite (`low` is then of no use).
    """
    cdef int p = <int> gram.shape[0], info = 0, i, j
    cdef double rcond = 0.0, norm = 0.0, total
    cdef char uplo = b"L"
    with nogil:
        for j in range(p):
            total = gram[j, j] + ridge[j]
            if not total > 0:
                info = 1
                break
            scale[j] = 1.0 / sqrt(total)
        if info == 0:
            for j in range(p):
                work[j] = 0.0
            for j in range(p):
                low[j, j] = 1.0
                work[j] += 1.0
                for i in range(j + 1, p):
                    total = gram[i, j] * scale[i] * scale[j]
                    low[i, j] = total
                    work[j] += abs(total)
                    work[i] += abs(total)
            for j in range(p):
                norm = max(norm, work[j])
            dpotrf(&uplo, &p, &low[0, 0], &p, &info)
        if info == 0:
            dpocon(&uplo, &p, &low[0, 0], &p, &norm, &rcond, &work[0], &iwork[0], &info)
    return rcond if info == 0 else 0.0


def cholesky_solve(
    const double[::1, :] low, const double[::1] scale, double[::1, :] rhs
):
    """rhs ← (G + diag(ridge))⁻¹ rhs for any number of right-hand sides, shape (p, k), in place."""
    cdef int p = <int> low.shape[0], k = <int> rhs.shape[1], info = 0, i, j
    cdef char uplo = b"L"
    if rhs.shape[0] != p:
        raise ValueError("rhs must have one row for each variable")
    if p == 0 or k == 0:
        return
    with nogil:
        for j in range(k):
            for i in range(p):
                rhs[i, j] *= scale[i]
        dpotrs(&uplo, &p, &k, <double*> &low[0, 0], &p, &rhs[0, 0], &p, &info)
        for j in range(k):
            for i in range(p):
                rhs[i, j] *= scale[i]


def tridiagonalize(
    double[::1, :] matrix, double[::1] diag, double[::1] off, double[::1] tau, double[::1] work
):
    """Reduce to T = Qᵀ A Q: 4/3 p³ flops, once for every alpha and right-hand side.

    Parameters
    ----------
    matrix : ndarray of shape (p, p), Fortran-ordered
        Lower triangle of A on entry; the reflectors of Q on exit.
    diag, off, tau : ndarrays of shape (p,), (p − 1 or more,), (p − 1 or more,)
        Output.
    work : ndarray of shape (64 p,)

    Returns
    -------
    int
        LAPACK's info.
    """
    cdef int p = <int> matrix.shape[0], info = 0, size = <int> work.shape[0]
    cdef char uplo = b"L"
    with nogil:
        dsytrd(
            &uplo, &p, &matrix[0, 0], &p, &diag[0], &off[0], &tau[0], &work[0], &size, &info
        )
    return info


def apply_q(
    const double[::1, :] reflectors,
    const double[::1] tau,
    double[::1, :] block,
    double[::1] work,
    bint transposed,
):
    """block ← Q block, or Qᵀ block; shape (p, k), in place. `work` has at least 64 k entries."""
    cdef int p = <int> block.shape[0], k = <int> block.shape[1], info = 0
    cdef int size = <int> work.shape[0]
    cdef char side = b"L", uplo = b"L", trans = b"T" if transposed else b"N"
    with nogil:
        dormtr(
            &side, &uplo, &trans, &p, &k, <double*> &reflectors[0, 0], &p, <double*> &tau[0],
            &block[0, 0], &p, &work[0], &size, &info,
        )
    return info


def solve_tridiagonal(
    const double[::1] diag,
    const double[::1] off,
    const double[::1] alphas,
    double[::1, :] block,
    double[::1] work,
):
    """block[:, k] ← (T + alphas[k] I)⁻¹ block[:, k], O(p) each.

    Parameters
    ----------
    diag, off : ndarrays of shape (p,) and (p − 1 or more,)
    alphas : ndarray of shape (m,)
        An infinite alpha makes its column 0.
    block : ndarray of shape (p, m)
        Mutated. Columns for which T + alpha I is not positive definite become 0.
    work : ndarray of shape (2 p,)
    """
    cdef int p = <int> diag.shape[0], one = 1, info = 0, i
    cdef Py_ssize_t k
    cdef double* d = &work[0]
    cdef double* e = &work[0] + p
    if block.shape[0] != p or block.shape[1] != alphas.shape[0]:
        raise ValueError("block must have one row a variable and one column an alpha")
    with nogil:
        for k in range(alphas.shape[0]):
            info = 1
            if alphas[k] < INFINITY:
                for i in range(p):
                    d[i] = diag[i] + alphas[k]
                for i in range(p - 1):
                    e[i] = off[i]
                dpttrf(&p, d, e, &info)
            if info == 0:
                dpttrs(&p, &one, d, e, &block[0, k], &p, &info)
            if info != 0:
                for i in range(p):
                    block[i, k] = 0.0
