"""The penalty of one coordinate, l1 |b| + l2/2 b² on lower ≤ b ≤ upper: value, prox, conjugate.

A new separable penalty is written here and nowhere else.
"""

from libc.math cimport INFINITY, fabs


cdef inline double value(double b, double l1, double l2) noexcept nogil:
    return l1 * fabs(b) + 0.5 * l2 * b * b


cdef inline double prox(
    double z, double g, double l1, double l2, double lower, double upper
) noexcept nogil:
    """Return argmin over b of g/2 b² − z b + l1|b| + l2/2 b² on [lower, upper].

    `lower ≤ 0 ≤ upper`, so clipping the soft threshold is exact. Needs g + l2 > 0.
    """
    cdef double b = fabs(z) - l1
    if b <= 0:
        return 0.0
    b /= g + l2
    if z < 0:
        return -b if -b > lower else lower
    return b if b < upper else upper


cdef inline bint is_bounded(double z, double lower, double upper) noexcept nogil:
    """Whether b cannot run to infinity in the direction in which z pulls."""
    return (upper if z > 0 else -lower) < INFINITY


cdef inline double conjugate(
    double z, double l1, double l2, double lower, double upper
) noexcept nogil:
    """Return sup over [lower, upper] of z b − l1|b| − l2/2 b², where that is finite.

    With l2 = 0 and no bound in the direction of z the supremum is 0 for |z| ≤ l1 and infinite
    otherwise; the caller scales z to be feasible, so what is left over is rounding: 0.
    """
    cdef double excess = fabs(z) - l1
    cdef double bound = upper if z > 0 else -lower
    cdef double b
    if excess <= 0 or (l2 == 0 and bound == INFINITY):
        return 0.0
    b = excess / l2 if excess < l2 * bound else bound
    return excess * b - 0.5 * l2 * b * b


cdef inline double violation(
    double b, double c, double l1, double l2, double lower, double upper
) noexcept nogil:
    """Return how far c − l2 b is from the subdifferential of l1|b| plus the bounds at b."""
    cdef double z = c - l2 * b
    cdef double up = z - l1 if b >= 0 else z + l1       # > 0: b wants to grow
    cdef double down = -z + l1 if b > 0 else -z - l1    # > 0: b wants to shrink
    if b < upper and up > 0:
        return up
    if b > lower and down > 0:
        return down
    return 0.0
