"""The duality gap and the largest violation of the optimality conditions: the one gap function.

Problem: P(b) = 1/2 ‖y − Z b‖² + Σ_j φ_j(b_j), everything divided by Σw, φ_j as in `penalty.pxd`.
At the dual point s r, r = y − Z b, c = Zᵀr, Fenchel duality gives

    P − D = 1/2 (1 − s)² ‖r‖² + Σ_j [ φ_j(b_j) + φ_j*(s c_j) − s b_j c_j ],

in which every bracket is ≥ 0 (Fenchel–Young), so nothing cancels against ‖y‖². s is the largest
scaling ≤ 1 at which every φ_j* is finite.
"""

from libc.math cimport INFINITY, fabs, sqrt

from fastreg.kernels cimport penalty


cdef struct Certificate:
    double gap          # P − D
    double violation    # largest violation of the optimality conditions
    double magnitude    # Σ_j |b_j| √G_jj: bounds |b|ᵀ|G||b| by its square
    double spread       # largest √G_jj


cdef inline bint is_free(double l1, double l2, double lower, double upper) noexcept nogil:
    """Whether the coordinate is neither penalized nor bounded on both sides."""
    return l1 == 0 and l2 == 0 and not (lower > -INFINITY and upper < INFINITY)


cdef inline Certificate certify(
    Py_ssize_t n_cols, const Py_ssize_t* cols,
    const double* c, const double* b, const double* root,
    double alpha, const double* l1w, const double* l2w,
    const double* lower, const double* upper, double rr,
) noexcept nogil:
    """Return the certificate of coefficients `b` with correlations `c` and ‖r‖² `rr`.

    `cols` lists the coordinates that belong to the problem (each of the others is 0 and excluded);
    `root` is √G_jj; the penalty of coordinate j is (alpha l1w[j], alpha l2w[j]). A free coordinate
    with c_j ≠ 0 has no finite conjugate: it counts with c_j²/(2 G_jj), what moving it alone would
    gain. The caller who wants an exact certificate projects free columns out of the residual first.
    """
    cdef Certificate out
    cdef Py_ssize_t i, j
    cdef double s = 1.0, l1, l2, wrong
    out.gap = out.violation = out.magnitude = out.spread = 0.0
    for i in range(n_cols):
        j = cols[i]
        l1, l2 = alpha * l1w[j], alpha * l2w[j]
        if l2 == 0 and s * fabs(c[j]) > l1 and not penalty.is_bounded(c[j], lower[j], upper[j]):
            if not is_free(l1, l2, lower[j], upper[j]):
                s = l1 / fabs(c[j])
    for i in range(n_cols):
        j = cols[i]
        l1, l2 = alpha * l1w[j], alpha * l2w[j]
        if root[j] > out.spread:
            out.spread = root[j]
        if b[j] == 0 and fabs(c[j]) <= l1:
            continue        # neither violates nor adds to the gap
        out.magnitude += fabs(b[j]) * root[j]
        wrong = penalty.violation(b[j], c[j], l1, l2, lower[j], upper[j])
        if wrong > out.violation:
            out.violation = wrong
        if is_free(l1, l2, lower[j], upper[j]):
            if wrong > 0 and root[j] > 0:
                out.gap += 0.5 * (c[j] / root[j]) * (c[j] / root[j])
        else:
            out.gap += penalty.slack(b[j], s * c[j], l1, l2, lower[j], upper[j])
    out.gap = (out.gap if out.gap > 0 else 0.0) + 0.5 * (1.0 - s) * (1.0 - s) * rr
    return out


cdef inline double gap_floor(Certificate cert, double yy) noexcept nogil:
    """Return the gap that rounding alone can cause: c is known to about ε (‖y‖² + |b|ᵀ|G||b|)."""
    return 8.9e-16 * (yy + cert.magnitude * cert.magnitude)


cdef inline double violation_floor(Certificate cert, double yy) noexcept nogil:
    return 3.6e-15 * cert.spread * (sqrt(yy) + cert.magnitude)
