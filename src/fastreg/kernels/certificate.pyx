"""The gap function of `certificate.pxd` for blocks of coefficient vectors."""

import numpy as np


def certify_block(
    const double[:, ::1] coefs,
    const double[:, ::1] corrs,
    const double[::1] rr,
    const double[::1] alphas,
    const Py_ssize_t[::1] cols,
    const double[::1] root,
    const double[::1] l1w,
    const double[::1] l2w,
    const double[::1] lower,
    const double[::1] upper,
    const double[::1] yy,
):
    """Certify m coefficient vectors, of one task or of tasks that differ in their target only.

    Parameters
    ----------
    coefs, corrs : ndarrays of shape (m, p), C-ordered
        Coefficients and their correlations Xᵀr / Σw.
    rr, alphas : ndarrays of shape (m,)
        ‖r‖² / Σw and the penalty strength of each vector.
    cols : ndarray of shape (k,), intp
        The coordinates that belong to the problem.
    root, l1w, l2w, lower, upper : ndarrays of shape (p,)
        Scale of each column (√G_jj or above), penalty weights (times alpha: l1 and l2) and bounds.
    yy : ndarray of shape (m,)
        ‖y‖² / Σw (centred with an intercept), of the target of each vector.

    Returns
    -------
    gaps, violations, floors, violation_floors : ndarrays of shape (m,)
        `floors` bound what rounding in the correlations can do to the gap and the violation.
    """
    cdef Py_ssize_t m = coefs.shape[0], k, p = coefs.shape[1]
    cdef Certificate cert
    out = np.empty((4, m))
    cdef double[:, ::1] view = out
    if not (
        corrs.shape[0] == rr.shape[0] == alphas.shape[0] == yy.shape[0] == m
        and corrs.shape[1] == root.shape[0] == l1w.shape[0] == l2w.shape[0] == p
        and lower.shape[0] == upper.shape[0] == p
    ):
        raise ValueError("arrays to certify do not fit together")
    for k in range(cols.shape[0]):
        if not 0 <= cols[k] < p:
            raise IndexError(f"no coordinate {cols[k]}")
    if p == 0:
        out[...] = 0.0
        return out
    with nogil:
        for k in range(m):
            cert = certify(
                cols.shape[0], &cols[0] if cols.shape[0] else NULL,
                &corrs[k, 0], &coefs[k, 0], &root[0], alphas[k],
                &l1w[0], &l2w[0], &lower[0], &upper[0], rr[k],
            )
            view[0, k] = cert.gap
            view[1, k] = cert.violation
            view[2, k] = gap_floor(cert, yy[k])
            view[3, k] = violation_floor(cert, yy[k])
    return out
