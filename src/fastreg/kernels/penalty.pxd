"""The penalty of one coordinate, l1 |b| + l2/2 b² on lower ≤ b ≤ upper.

A new separable penalty is written here and nowhere else.
"""

from libc.math cimport INFINITY, copysign, fabs


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


cdef inline double slack(
    double b, double z, double l1, double l2, double lower, double upper
) noexcept nogil:
    """Return φ(b) + φ*(z) − z b ≥ 0 (Fenchel–Young) where φ*(z) is finite, without cancellation.

    φ*(z) = sup over [lower, upper] of z x − l1|x| − l2/2 x² is 0 for |z| ≤ l1; beyond that, with
    e = |z| − l1 and x measured in the direction of z, it is reached at x* = e/l2 or the bound. With
    l2 = 0 and no bound φ* is infinite beyond l1; the caller scales z to be feasible, so what is
    left over is rounding and counts as 0.
    """
    if lower == -INFINITY and upper == INFINITY:
        # the lasso and ridge without a branch on a sign
        if l2 == 0:
            return l1 * fabs(b) - z * b
        if l1 == 0:
            return (z - l2 * b) * (z - l2 * b) / (2.0 * l2)
    cdef double e = fabs(z) - l1
    cdef double x = b if z > 0 else -b
    cdef double bound = upper if z > 0 else -lower
    cdef double flipped = 2.0 * l1 * -x if x < 0 else 0.0
    if e <= 0 or (l2 == 0 and bound == INFINITY):
        return l1 * fabs(b) + 0.5 * l2 * b * b - z * b
    if e < l2 * bound:
        # l2/2 x² + e²/(2 l2) − e x
        return (e - l2 * x) * (e - l2 * x) / (2.0 * l2) + flipped
    return (bound - x) * (e - 0.5 * l2 * (bound + x)) + flipped


cdef inline double violation(
    double b, double c, double l1, double l2, double lower, double upper
) noexcept nogil:
    """Return how far c − l2 b is from the subdifferential of l1|b| plus the bounds at b."""
    cdef double z = c - l2 * b
    if lower == -INFINITY and upper == INFINITY:
        # the same without a branch on a sign
        return fabs(z - copysign(l1, b)) if b != 0 else max(fabs(z) - l1, 0.0)
    cdef double up = z - l1 if b >= 0 else z + l1       # > 0: b wants to grow
    cdef double down = -z + l1 if b > 0 else -z - l1    # > 0: b wants to shrink
    if b < upper and up > 0:
        return up
    if b > lower and down > 0:
        return down
    return 0.0
