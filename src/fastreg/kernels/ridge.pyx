"""Ridge systems (G + alpha V) b = q: Cholesky for one alpha, a tridiagonal form for many.

They take workspace and return a status; none allocates, warns or prints. What costs p³ does some
columns a call, in LAPACK's own panels: all in one would keep Ctrl-C waiting for many seconds.
"""

from libc.math cimport INFINITY, hypot, sqrt
from scipy.linalg.cython_blas cimport dgemm, dsyr2k, dtrsm
from scipy.linalg.cython_lapack cimport (
    dlarfb, dlarft, dlatrd, dpocon, dpotrf, dpotrs, dpttrf, dpttrs, dsytd2
)

cdef extern from *:
    """
    #include "simd.h"

    #define FASTREG_TILE 64

    /* out[t] = Σ_k z_kt² / d_k with z_kt = q_kt − l_(k−1) z_(k−1)t, columns side by side */
    FASTREG_CLONES static void fastreg_forms(ptrdiff_t p, const double *restrict d,
                                             const double *restrict l, const double *restrict q,
                                             ptrdiff_t ld, double *restrict out)
    {
        double z[FASTREG_TILE] = {0.0}, sum[FASTREG_TILE] = {0.0};
        for (ptrdiff_t k = 0; k < p; k++) {
            const double *restrict at = q + k * ld;
            const double back = k ? l[k - 1] : 0.0, share = 1.0 / d[k];
            for (int t = 0; t < FASTREG_TILE; t++) {
                z[t] = at[t] - back * z[t];
                sum[t] += share * z[t] * z[t];
            }
        }
        for (int t = 0; t < FASTREG_TILE; t++)
            out[t] = sum[t];
    }

    static void fastreg_form(ptrdiff_t p, const double *d, const double *l, const double *q,
                             ptrdiff_t ld, double *out)
    {
        double z = 0.0, sum = 0.0;
        for (ptrdiff_t k = 0; k < p; k++) {
            z = q[k * ld] - (k ? l[k - 1] * z : 0.0);
            sum += z * z / d[k];
        }
        *out = sum;
    }
    """
    void forms "fastreg_forms"(
        Py_ssize_t p, const double* d, const double* l, const double* q, Py_ssize_t ld, double* out
    ) noexcept nogil
    void form "fastreg_form"(
        Py_ssize_t p, const double* d, const double* l, const double* q, Py_ssize_t ld, double* out
    ) noexcept nogil

cdef enum:
    PANEL = 32  # columns that LAPACK reduces before it updates the rest
    TILE = 64   # FASTREG_TILE


def cholesky_factor(
    const double[::1, :] gram,
    const double[::1] ridge,
    double[::1, :] low,
    double[::1] scale,
    double[::1] work,
    int[::1] iwork,
    int first=0,
    int last=-1,
):
    """Factor D (G + diag(ridge)) D = L Lᵀ, D = diag(G + ridge)^(−1/2), or some columns of it.

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
        Workspace, the same from call to call.
    first, last : int
        The columns of L to make now, those before `first` being made. All by default.

    Returns
    -------
    rcond : float
        Estimate of the reciprocal condition number of the scaled matrix, 1 until the last column
        is made; 0 where it is not positive definite (`low` is then of no use).
    """
    cdef int p = <int> gram.shape[0], info = 0, i, j
    cdef double rcond = 1.0, norm = 0.0, total
    cdef char uplo = b"L"
    if last < 0:
        last = p
    with nogil:
        if first == 0:
            for j in range(p):
                total = gram[j, j] + ridge[j]
                if not total > 0:
                    info = 1
                    break
                scale[j] = 1.0 / sqrt(total)
                work[j] = 0.0
            if info == 0:
                for j in range(p):
                    low[j, j] = 1.0
                    work[j] += 1.0
                    for i in range(j + 1, p):
                        total = gram[i, j] * scale[i] * scale[j]
                        low[i, j] = total
                        work[j] += abs(total)
                        work[i] += abs(total)
        if info == 0:
            info = _cholesky_columns(p, &low[0, 0], first, last)
        if info == 0 and last == p:
            for j in range(p):
                norm = max(norm, work[j])
            dpocon(&uplo, &p, &low[0, 0], &p, &norm, &rcond, &work[0], &iwork[0], &info)
    return rcond if info == 0 else 0.0


cdef int _cholesky_columns(int p, double* low, int first, int last) noexcept nogil:
    """Make columns `first` … `last` − 1 of L from those before; non-zero where it fails."""
    cdef char uplo = b"L", right = b"R", no = b"N", yes = b"T"
    cdef int width = last - first, rest = p - first, below = p - last, info = 0
    cdef double one = 1.0, minus = -1.0
    cdef double* corner = low + first + <Py_ssize_t> first * p
    if first > 0:
        dgemm(
            &no, &yes, &rest, &width, &first, &minus, low + first, &p, low + first, &p, &one,
            corner, &p,
        )
    dpotrf(&uplo, &width, corner, &p, &info)
    if info == 0 and below > 0:
        dtrsm(
            &right, &uplo, &yes, &no, &below, &width, &one, corner, &p, corner + width, &p
        )
    return info


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
    double[::1, :] matrix,
    double[::1] diag,
    double[::1] off,
    double[::1] tau,
    double[::1] work,
    int first=0,
    int width=0,
):
    """Reduce to T = Qᵀ A Q, or some columns of it: 4/3 p³ flops for every alpha to come.

    As LAPACK's dsytrd does: half of it are products of the matrix with a vector, at the speed of
    memory.

    Parameters
    ----------
    matrix : ndarray of shape (p, p), Fortran-ordered
        Lower triangle of A on entry; the reflectors of Q on exit.
    diag, off, tau : ndarrays of shape (p,), (p − 1 or more,), (p − 1 or more,)
        Output.
    work : ndarray of shape (32 p or more,)
    first, width : int
        The column to go on from, and how many to reduce now; all by default.

    Returns
    -------
    int
        The column to go on from, 0 when all are done.
    """
    cdef int p = <int> matrix.shape[0], i = first, j, nb, rest, info
    cdef int stop = p if width <= 0 else min(p, first + width)
    cdef double one = 1.0, minus = -1.0
    cdef char uplo = b"L", no = b"N"
    if work.shape[0] < PANEL * p:
        raise ValueError("work is too short")
    with nogil:
        while i < min(stop, p - PANEL):
            nb, rest = min(PANEL, stop - i), p - i
            dlatrd(&uplo, &rest, &nb, &matrix[i, i], &p, &off[i], &tau[i], &work[0], &p)
            rest -= nb
            dsyr2k(
                &uplo, &no, &rest, &nb, &minus, &matrix[i + nb, i], &p, &work[nb], &p, &one,
                &matrix[i + nb, i + nb], &p,
            )
            for j in range(i, i + nb):
                matrix[j + 1, j] = off[j]
                diag[j] = matrix[j, j]
            i += nb
        if i >= p - PANEL:
            rest = p - i
            dsytd2(&uplo, &rest, &matrix[i, i], &p, &diag[i], &off[i], &tau[i], &info)
            i = 0
    return i


def apply_q(
    const double[::1, :] reflectors,
    const double[::1] tau,
    double[::1, :] block,
    double[::1] work,
    bint transposed,
    int first=0,
    int last=-1,
    int below=1,
):
    """block ← Q block, or Qᵀ block, with Q = H_first ⋯ H_(last − 1); in place.

    Parameters
    ----------
    reflectors : ndarray of shape (p, r), Fortran-ordered
        The vector of H_j stands in column j: 1, not stored, at row j + `below`, the rest under it.
    tau : ndarray of shape (r,)
    block : ndarray of shape (p, k), Fortran-ordered
        Mutated.
    work : ndarray of shape (32 (k + min(r, 32)) or more,)
    first, last : int
        All reflectors by default.

    Returns
    -------
    int
        0.
    """
    cdef int p = <int> reflectors.shape[0], k = <int> block.shape[1], i, j, nb, rest
    cdef int width, n_panels
    cdef char side = b"L", forward = b"F", columns = b"C", trans = b"T" if transposed else b"N"
    cdef double* v
    if last < 0:
        last = <int> min(p - below, reflectors.shape[1])
    if block.shape[0] != p or last > min(p - below, tau.shape[0], reflectors.shape[1]):
        raise ValueError("reflectors, tau and block do not fit together")
    nb = min(PANEL, last - first)
    if nb <= 0 or k == 0:
        return 0
    if work.shape[0] < nb * (nb + k):
        raise ValueError("work is too short")
    n_panels = (last - first + nb - 1) // nb
    with nogil:
        for j in range(n_panels):
            i = first + nb * (j if transposed else n_panels - 1 - j)
            rest, width = p - i - below, min(nb, last - i)
            v = <double*> &reflectors[i + below, i]
            dlarft(&forward, &columns, &rest, &width, v, &p, <double*> &tau[i], &work[0], &nb)
            dlarfb(
                &side, &trans, &forward, &columns, &rest, &k, &width, v, &p, &work[0], &nb,
                &block[i + below, 0], &p, &work[nb * nb], &k,
            )
    return 0


cdef int _factor(
    int p, const double* diag, const double* off, double alpha, bint squared, double* d, double* e
) noexcept nogil:
    """Factor T + alpha I = L diag(d) Lᵀ, e below the unit diagonal; non-zero where that fails.

    For T = BᵀB from the triangle that [B; √alpha I] is rotated to, which needs no subtraction and
    does not square what rounding does to B (Eldén 1977, BIT 17).
    """
    cdef int i, info = 0
    cdef double root, rest, pivot
    if not alpha < INFINITY:
        return 1
    if not squared:
        for i in range(p):
            d[i] = diag[i] + alpha
        for i in range(p - 1):
            e[i] = off[i]
        dpttrf(&p, d, e, &info)
        return info
    root = rest = sqrt(alpha)
    for i in range(p):
        pivot = hypot(diag[i], rest)
        d[i] = pivot * pivot
        if not 0 < d[i] < INFINITY:
            return 1
        if i < p - 1:
            e[i] = diag[i] / pivot * (off[i] / pivot)
            rest = hypot(root, rest / pivot * off[i])
    return 0


def solve_tridiagonal(
    const double[::1] diag,
    const double[::1] off,
    const double[::1] alphas,
    double[::1, :] block,
    double[::1] work,
    bint squared=False,
):
    """block[:, k] ← (T + alphas[k] I)⁻¹ block[:, k], O(p) each.

    Parameters
    ----------
    diag, off : ndarrays of shape (p,) and (p − 1 or more,)
        Of T or, if `squared`, of the upper bidiagonal B with T = BᵀB.
    alphas : ndarray of shape (m,)
        An infinite alpha makes its column 0.
    block : ndarray of shape (p, m)
        Mutated. Columns for which T + alpha I is not positive definite become 0.
    work : ndarray of shape (2 p,)
    """
    cdef int p = <int> diag.shape[0], one = 1, info = 0, i
    cdef Py_ssize_t k
    cdef double* d
    cdef double* e
    if block.shape[0] != p or block.shape[1] != alphas.shape[0]:
        raise ValueError("block must have one row a variable and one column an alpha")
    if p == 0:
        return
    d, e = &work[0], &work[0] + p
    with nogil:
        for k in range(alphas.shape[0]):
            info = _factor(p, &diag[0], &off[0], alphas[k], squared, d, e)
            if info == 0:
                dpttrs(&p, &one, d, e, &block[0, k], &p, &info)
            if info != 0:
                for i in range(p):
                    block[i, k] = 0.0


def quadratic_forms(
    const double[::1] diag,
    const double[::1] off,
    const double[::1] alphas,
    const double[:, ::1] block,
    double[:, ::1] out,
    double[::1] work,
    bint squared=False,
):
    """out[k, i] = xᵀ (T + alphas[k] I)⁻¹ x for every column x = block[:, i], O(p) each.

    Parameters
    ----------
    diag, off, alphas, squared
        As in `solve_tridiagonal`.
    block : ndarray of shape (p, n)
    out : ndarray of shape (m, n)
        Infinite where T + alphas[k] I is not positive definite.
    work : ndarray of shape (2 p,)
    """
    cdef int p = <int> diag.shape[0], info
    cdef Py_ssize_t k, i, n = block.shape[1]
    cdef double* d
    cdef double* e
    if block.shape[0] != p or out.shape[0] != alphas.shape[0] or out.shape[1] != n:
        raise ValueError("block must have one row a variable, out one row an alpha")
    if p == 0:
        out[:, :] = 0.0
        return
    d, e = &work[0], &work[0] + p
    with nogil:
        for k in range(alphas.shape[0]):
            info = _factor(p, &diag[0], &off[0], alphas[k], squared, d, e)
            i = 0
            while i < n:
                if info == 0 and n >= TILE:  # the last tile may overlap the one before
                    i = min(i, n - TILE)
                    forms(p, d, e, &block[0, i], n, &out[k, i])
                    i += TILE
                    continue
                if info == 0:
                    form(p, d, e, &block[0, i], n, &out[k, i])
                else:
                    out[k, i] = INFINITY
                i += 1
