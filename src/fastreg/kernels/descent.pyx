"""Coordinate descent with Newton steps on the support, for a list of penalty strengths.

Minimises, for each alpha in turn, warm-started,

    1/2 ‖y − Z b‖² + Σ_j ( alpha l1w_j |b_j| + alpha l2w_j/2 b_j² ),   lower ≤ b ≤ upper,

everything divided by Σw, however `Coordinates` holds Z. The certificate (see `certificate.pxd`) is
tested before the first epoch of the first alpha, and of any that follows one that did not have to
move, and after each.

The first epoch is the plain cyclic (or random) sweep. After that sweeps over the live coordinates
and Newton steps on the support compete by cost: a Newton step is taken as soon as the sweeps since
the last one have cost about as much (ski rental: about twice the cheaper of the two at most) and
hardly any coordinate comes to or leaves zero, and first of all for the next alpha after one that
needed it. The step solves (G_AA + l2 V_A) d =
c_A − l1 sign b_A − l2 b_A with an up-dated Cholesky factor and stops at the first sign change or
bound, where that coordinate leaves A. On the support the problem is a quadratic, so a step that is
not cut short ends at its minimum.
"""

import numpy as np

from libc.math cimport INFINITY, fabs, sqrt

from fastreg.kernels cimport penalty
from fastreg.kernels.certificate cimport (
    Certificate,
    certify,
    gap_floor,
    violation_floor,
)
from fastreg.kernels.coordinates cimport Coordinates
from fastreg.kernels.factor cimport TOGETHER, Factor

cdef enum:
    LONG = 20       # sweeps
    MOST_SWEEPS = 10    # over the live coordinates, between looks at all
    STALLED = 50    # iterations, and a tenth of them Newton steps, without half the gap

cdef double STUCK = 0.1         # of the cost of a Newton step, where sweeps get nowhere
cdef double UNSETTLED = 0.1     # of the live coordinates: sweeps find a support sooner
cdef double LEAST_SHARE = 0.01  # of the tolerance, where little has been explained
cdef double FARTHEST = 2.0      # steps of the path that a secant is followed
cdef double APPENDED = 0.3      # of the time of as many moves: L is read once for several variables


cpdef enum Status:
    DONE = 0        # every alpha has been worked on
    PAUSED = 1      # the work budget is used up: call `run` again
    GROW = 2        # the factor is full: call `factor.grow`, then `run` again


cdef class Descent:
    """State of the descent of one task over a list of alphas; resumable between any two epochs.

    Parameters
    ----------
    q : Coordinates
        Holds the residual (or correlations) that belong to `coef`; updated in place.
    factor : Factor
        Workspace for the Newton steps, over the same coordinates.
    coef : ndarray of shape (p,)
        Start; updated in place. Zero outside `cols`.
    alphas : ndarray of shape (m,)
    cols : ndarray of shape (k,), intp
        Coordinates that may move, with positive diagonal.
    l1w, l2w, lower, upper : ndarrays of shape (p,)
    coefs : ndarray of shape (m, p)
        Output: the coefficients at each alpha.
    yy : float
        ‖y‖² / Σw, the scale of rounding errors.
    tol_gap, tol_violation : float
        An alpha is done when the gap and the largest violation of the optimality conditions are
        at most this, or at most what rounding can cause.
    max_iter : int
        Largest number of sweeps and Newton steps for one alpha.
    seed : int
        0 for cyclic order, else the seed of the random order (`selection="random"`).
    plain : bool
        Whether every iteration is a sweep over all of `cols`: what follows then depends on `coef`
        alone, so that a run may be interrupted after any of them and taken up again.

    Attributes
    ----------
    gaps, violations : ndarray of shape (m,)
        As the kernel saw them, from correlations updated move by move.
    n_iter : ndarray of shape (m,)
    converged : ndarray of shape (m,), bool
    coefs : ndarray of shape (m, p)
    """

    cdef readonly Coordinates q
    cdef readonly Factor factor
    cdef readonly object gaps, violations, n_iter, converged
    cdef readonly Py_ssize_t n_newton, n_sweeps
    cdef Py_ssize_t n_newton_before         # up to the alpha before
    cdef Py_ssize_t n_before                # sweeps on the way to the first alpha
    cdef Py_ssize_t n_crossed               # coordinates that the last sweep moved to or from zero
    cdef Py_ssize_t it_best, newton_best    # when `gap_best` was measured
    cdef double gap_best
    cdef double[::1] coef_view, c_view, d_view, g_view, gaps_view, violations_view
    cdef const double[::1] alphas, l1w_view, l2w_view, lower_view, upper_view
    cdef double[:, ::1] coefs_view
    cdef readonly object coefs
    cdef Py_ssize_t[::1] live_view, n_iter_view
    cdef const Py_ssize_t[::1] cols_view
    cdef unsigned char[::1] converged_view
    cdef double* b
    cdef double* c
    cdef const double *l1w
    cdef const double *l2w
    cdef const double *lower
    cdef const double *upper
    cdef const Py_ssize_t* cols
    cdef Py_ssize_t* live
    cdef Py_ssize_t n_cols, n_live, max_iter, at, it, idle_sweeps
    cdef double yy, tol_gap, tol_violation, alpha, spread
    cdef double noise                       # of c_j, in units of √G_jj
    cdef double work, spent, patience       # flops: in this run, since the last Newton step
    cdef bint has_l2, plain
    cdef bint fresh                         # c of the support belongs to the residual
    cdef bint marked                        # c_far and the residual marked belong together
    cdef double[::1] c_far_view
    cdef double* c_far                      # |c| when all columns were last looked at
    cdef double[::1] b_before_view
    cdef double* b_before                   # b at the point before, where q.before belongs
    cdef double alpha_before, alpha_last    # of that point and of the last; infinite if unknown
    cdef bint followed                      # whether the first alpha goes on from known points
    cdef unsigned long long rng

    def __init__(
        self,
        Coordinates q,
        Factor factor,
        double[::1] coef,
        const double[::1] alphas,
        const Py_ssize_t[::1] cols,
        const double[::1] l1w,
        const double[::1] l2w,
        const double[::1] lower,
        const double[::1] upper,
        coefs,
        double yy,
        double tol_gap,
        double tol_violation,
        Py_ssize_t max_iter,
        unsigned long long seed=0,
        bint plain=False,
    ):
        cdef Py_ssize_t p = q.size, m = alphas.shape[0], i
        if not (
            p > 0 and coef.shape[0] == l1w.shape[0] == l2w.shape[0] == p
            and lower.shape[0] == upper.shape[0] == p
            and coefs.shape == (m, p)
        ):
            raise ValueError("arrays of the descent do not fit together")
        self.q, self.factor = q, factor
        self.coef_view, self.alphas = coef, alphas
        self.coefs = self.coefs_view = coefs
        self.l1w_view, self.l2w_view = l1w, l2w
        self.lower_view, self.upper_view = lower, upper
        self.cols_view = cols
        self.n_cols = cols.shape[0]
        self.live_view = np.empty(self.n_cols + 1, dtype=np.intp)
        self.c_view, self.d_view, self.g_view = np.zeros(p), np.empty(p), np.empty(p)
        self.gaps, self.violations = np.zeros(m), np.zeros(m)
        self.n_iter = np.zeros(m, dtype=np.intp)
        self.converged = np.zeros(m, dtype=bool)
        self.gaps_view, self.violations_view = self.gaps, self.violations
        self.n_iter_view = self.n_iter
        self.converged_view = self.converged.view(np.uint8)
        self.b, self.c = &coef[0], q.held if q.held != NULL else &self.c_view[0]
        self.l1w, self.l2w, self.lower, self.upper = &l1w[0], &l2w[0], &lower[0], &upper[0]
        self.cols = &cols[0] if self.n_cols else NULL
        self.live = &self.live_view[0]
        self.yy, self.tol_gap, self.tol_violation = yy, tol_gap, tol_violation
        self.max_iter, self.rng, self.plain = max_iter, seed, plain
        self.n_newton = self.n_sweeps = self.n_newton_before = self.n_before = 0
        self.has_l2, self.spread, self.n_crossed = False, 0.0, 0
        for i in range(self.n_cols):
            if not 0 <= cols[i] < min(p, factor.where_view.shape[0]):
                raise IndexError(f"no coordinate {cols[i]}")
            self.has_l2 = self.has_l2 or self.l2w[cols[i]] > 0
            self.spread = max(self.spread, q.root[cols[i]])
        self.noise = 0.0
        self.fresh = self.marked = self.followed = False
        self.alpha_before = self.alpha_last = INFINITY
        self.b_before = NULL
        if m > 2:
            self.remember()
        self.at = 0
        self.it = -1

    def remember(self):
        """Be ready to extrapolate and, where looking is dear, to know what has not moved far."""
        self.q.remember()
        self.b_before_view = np.zeros(self.q.size)
        self.b_before = &self.b_before_view[0]
        if self.q.held == NULL:
            self.c_far_view = np.zeros(self.q.size)
            self.c_far = &self.c_far_view[0]

    def follow(
        self, double alpha, double alpha_before, const double[::1] coef, const double[::1] corr
    ):
        """Go on along a path whose last point, at `alpha`, is the start.

        Parameters
        ----------
        alpha_before : float
            Of the point before.
        coef, corr : ndarray of shape (p,)
            Coefficients and correlations there.
        """
        if self.q.held == NULL or not coef.shape[0] == corr.shape[0] == self.q.size:
            raise ValueError("a path is followed by correlations of as many coordinates")
        if self.b_before == NULL:
            self.remember()
        self.q.before_view[:] = corr
        self.b_before_view[:] = coef
        self.alpha_last, self.alpha_before, self.followed = alpha, alpha_before, True

    def approach(self, const double[::1] alphas):
        """Take two sweeps at each of these on the way to the first alpha, without a certificate.

        The sweeps count as iterations of the first alpha.
        """
        cdef Py_ssize_t i, k
        with nogil:
            for k in range(alphas.shape[0]):
                self.alpha = alphas[k]
                self.sweep(self.n_cols, self.cols)
                self.n_live = 0
                for i in range(self.n_cols):
                    if self.b[self.cols[i]] != 0:
                        self.live[self.n_live] = self.cols[i]
                        self.n_live += 1
                self.sweep(self.n_live, self.live)
        self.n_before = 2 * alphas.shape[0]
        self.it = -1

    def run(self, double budget=3e8):
        """Work for about `budget` floating-point operations; return DONE, PAUSED or GROW."""
        cdef int status
        with nogil:
            status = self._run(budget)
        return status

    cdef int _run(self, double budget) noexcept nogil:
        cdef Certificate cert
        cdef double tol_gap, tol_violation
        self.work = 0.0
        while self.at < self.alphas.shape[0]:
            if self.it < 0:
                self.alpha = self.alphas[self.at]
                self.it = self.n_before if self.at == 0 else 0
                self.spent, self.patience, self.idle_sweeps = 0.0, 1.0, 0
                self.gap_best = INFINITY
                if self.plain:
                    pass
                elif self.followed if self.at == 0 else self.n_iter_view[self.at - 1] > 0:
                    self.predict()
                else:
                    self.extrapolate(False)
            cert = self.measure()
            tol_gap = max(self.tol_here(), gap_floor(cert, self.yy))
            tol_violation = max(self.tol_violation, violation_floor(cert, self.yy))
            # a move that changes c_j by less than it is known to is not worth a row of G
            self.noise = 1.1e-16 * (sqrt(self.yy) + cert.magnitude)
            if cert.gap <= tol_gap and cert.violation <= tol_violation:
                self.record(cert, True)
            elif self.it >= self.max_iter or self.is_stalled(cert):
                self.record(cert, False)
            elif self.it == 0 or self.plain:
                self.sweep(self.n_cols, self.cols)
            elif self.newton_is_due():
                if not self.newton():
                    return GROW
            else:
                self.epoch()
            if self.work > budget and self.at < self.alphas.shape[0]:
                return PAUSED
        return DONE

    cdef bint is_stalled(self, Certificate cert) noexcept nogil:
        """Whether all that is left may be rounding of c, which only the residual can mend.

        The gap's floor does not know it where the scales of columns differ: a large column's
        rounding, relative to its penalty, scales the dual point of all.
        """
        if cert.gap <= 0.5 * self.gap_best:
            self.gap_best = cert.gap
            self.it_best, self.newton_best = self.it, self.n_newton
            return False
        return (
            cert.violation <= violation_floor(cert, self.yy)
            and self.it - self.it_best >= STALLED
            and self.n_newton - self.newton_best >= STALLED // 10
        )

    cdef void predict(self) noexcept nogil:
        """Take the first step for an alpha without a certificate: the one before had to move too.

        Where that took Newton steps, one on the same support goes along the tangent of the path;
        it should not cost more than the two sweeps that it saves.
        """
        cdef bint along = self.n_newton > self.n_newton_before
        cdef double sweep = self.n_live * (2.0 * self.q.length + self.corr_cost())
        self.n_newton_before = self.n_newton
        along = along and self.newton_cost() <= 2.0 * sweep
        self.extrapolate(not along)
        if along and self.newton():
            return
        if self.far_to_look():
            self.list_strong()
            self.epoch()
        else:
            self.sweep(self.n_cols, self.cols)

    cdef bint far_to_look(self) noexcept nogil:
        """Whether looking at a column costs as much as moving along it: no Gram matrix is held."""
        return self.corr_cost() >= 10.0

    cdef void list_strong(self) noexcept nogil:
        """List as live what the sequential strong rule keeps (Tibshirani et al. 2012, JRSS B 74).

        By the correlations of the alpha before; who is left out wrongly is found by `measure`.
        """
        cdef Py_ssize_t i, j
        cdef double bound = 2.0 * self.alpha - self.alphas[self.at - 1]
        self.n_live = 0
        for i in range(self.n_cols):
            j = self.cols[i]
            if self.b[j] != 0 or fabs(self.c[j]) >= bound * self.l1w[j]:
                self.live[self.n_live] = j
                self.n_live += 1

    cdef void extrapolate(self, bint wanted) noexcept nogil:
        """Go on along the secant of the path, whose pieces are straight: no row of G is read.

        Coordinates that would change sign or cross a bound stop there, by a move each.
        """
        cdef Py_ssize_t j
        cdef double* d = &self.d_view[0]
        cdef double b, beyond, new, factor = 0.0
        if self.b_before == NULL or self.alpha_last <= self.alpha:
            return      # still at the last point, or its alpha comes again
        if wanted and self.alpha_last < self.alpha_before < INFINITY:
            factor = (self.alpha_last - self.alpha) / (self.alpha_before - self.alpha_last)
            factor = min(FARTHEST, max(0.0, factor))
        for j in range(self.q.size):
            d[j] = factor * (self.b[j] - self.b_before[j])
            self.b_before[j] = self.b[j]
        self.q.advance(factor, d)
        self.alpha_before = self.alpha_last
        if factor == 0:
            return
        for j in range(self.q.size):
            if d[j] == 0:
                continue
            b, beyond = self.b[j], self.b[j] + d[j]
            new = beyond
            if not self.in_support(j):
                new = b
            elif self.alpha * self.l1w[j] > 0 and beyond * b < 0:
                new = 0.0
            new = min(max(new, self.lower[j]), self.upper[j])
            self.b[j] = beyond
            if new != beyond:
                self.move(j, new)
                self.work += 2.0 * self.q.length + self.corr_cost()
        self.q.settle()

    cdef void move(self, Py_ssize_t j, double new) noexcept nogil:
        """b_j = new; to be settled."""
        cdef double delta = new - self.b[j], c = self.corr_now(j)
        self.b[j] = new
        self.q.move(j, delta)
        self.q.rr -= delta * (2.0 * c - delta * self.q.diag[j])

    cdef void record(self, Certificate cert, bint converged) noexcept nogil:
        cdef Py_ssize_t j
        for j in range(self.q.size):
            self.coefs_view[self.at, j] = self.b[j]
        self.gaps_view[self.at] = cert.gap
        self.violations_view[self.at] = cert.violation
        self.n_iter_view[self.at] = self.it
        self.converged_view[self.at] = converged
        self.alpha_last = self.alpha
        self.at += 1
        self.it = -1

    cdef Certificate measure(self) noexcept nogil:
        """Refresh c wherever it may matter, list the live coordinates and certify.

        |c_j| has grown by √G_jj ‖r − r'‖ at most since all columns were looked at with residual r'.
        """
        cdef Py_ssize_t i, j, looks = 0
        cdef double reach = INFINITY
        cdef bint known = self.marked and self.far_to_look()
        if known:
            reach = self.q.distance()
        self.n_live = 0
        for i in range(self.n_cols):
            j = self.cols[i]
            if self.b[j] == 0:
                if known and self.c_far[j] + reach * self.q.root[j] <= self.alpha * self.l1w[j]:
                    continue
                self.c[j] = self.corr(j)
                looks += 1
            elif not self.fresh:
                self.c[j] = self.corr(j)
            if self.b[j] != 0 or fabs(self.c[j]) > self.alpha * self.l1w[j]:
                self.live[self.n_live] = j
                self.n_live += 1
        self.work += self.corr_cost() * (looks + self.n_live)
        self.fresh = False
        if known:
            self.marked = 4 * looks < self.n_cols
        elif self.q.marked != NULL:
            self.mark()
        # coordinates that are zero and want to stay there add nothing
        return self.certify_live()

    cdef void mark(self) noexcept nogil:
        """Remember what has been seen of all columns."""
        cdef Py_ssize_t i
        for i in range(self.n_cols):
            self.c_far[self.cols[i]] = fabs(self.c[self.cols[i]])
        self.q.mark()
        self.marked = True

    cdef Certificate measure_live(self) noexcept nogil:
        """Refresh c on the live coordinates and certify as if there were no others."""
        cdef Py_ssize_t i
        for i in range(self.n_live):
            self.c[self.live[i]] = self.corr(self.live[i])
        self.work += self.corr_cost() * self.n_live
        return self.certify_live()

    cdef Certificate certify_live(self) noexcept nogil:
        cdef Certificate cert = certify(
            self.n_live, self.live, self.c, self.b, self.q.root, self.alpha, self.l1w, self.l2w,
            self.lower, self.upper, self.q.rr,
        )
        cert.spread = self.spread
        return cert

    cdef inline double corr(self, Py_ssize_t j) noexcept nogil:
        return self.q.held[j] if self.q.held != NULL else self.q.corr(j)

    cdef inline double corr_now(self, Py_ssize_t j) noexcept nogil:
        """Return the correlation with all moves, those too that are to be settled."""
        cdef Py_ssize_t k
        cdef double c = self.corr(j)
        for k in range(self.q.n_late):
            c -= self.q.late[k] * self.q.late_row[k][j]
        return c

    cdef double corr_cost(self) noexcept nogil:
        """Flops of one correlation: a look-up where the Gram matrix is held."""
        return 8.0 if self.q.held != NULL else 2.0 * self.q.length

    cdef void sweep(self, Py_ssize_t n, const Py_ssize_t* order) noexcept nogil:
        """One epoch over `order`."""
        cdef Py_ssize_t i, j
        cdef double c, b, new, delta, g, l2, cost = 0.0
        self.n_crossed = 0
        for i in range(n):
            j = order[self.random_below(n)] if self.rng else order[i]
            c, b = self.corr_now(j), self.b[j]
            if self.q.held == NULL:
                self.c[j] = c
            if b == 0 and fabs(c) <= self.alpha * self.l1w[j]:
                continue
            g, l2 = self.q.diag[j], self.alpha * self.l2w[j]
            new = penalty.prox(
                c + g * b, g, self.alpha * self.l1w[j], l2, self.lower[j], self.upper[j]
            )
            delta = new - b
            if fabs(delta) * (g + l2) > self.noise * self.q.root[j]:
                self.b[j] = new
                self.n_crossed += (new == 0) != (b == 0)
                self.q.move(j, delta)
                self.q.rr -= delta * (2.0 * c - delta * g)
                if self.q.held == NULL:
                    self.c[j] = c - delta * g
                cost += 2.0 * self.q.length
        self.q.settle()
        self.it += 1
        self.n_sweeps += 1
        self.idle_sweeps += 1
        cost += n * self.corr_cost()
        self.work += cost
        self.spent += cost

    cdef void epoch(self) noexcept nogil:
        """Sweep over the live coordinates; where looking at all is dear, until these are done.

        Their certificate alone fails as long as that of all coordinates would. What the sweep saw
        of c tells when it is worth computing.
        """
        cdef Certificate cert
        cdef double tol
        cdef bint far = False
        for _ in range(MOST_SWEEPS):
            self.sweep(self.n_live, self.live)
            if not self.far_to_look() or self.it >= self.max_iter or self.newton_is_due():
                return
            if far:
                far = False
                continue
            cert = self.certify_live()
            tol = self.tol_here()
            far = cert.gap > 4.0 * tol
            if cert.gap > 2.0 * tol:
                continue
            cert = self.measure_live()
            if cert.gap <= tol and cert.violation <= self.tol_violation:
                self.fresh = True
                return

    cdef Py_ssize_t random_below(self, Py_ssize_t n) noexcept nogil:
        """xorshift64 (Marsaglia 2003)."""
        self.rng ^= self.rng << 13
        self.rng ^= self.rng >> 7
        self.rng ^= self.rng << 17
        return <Py_ssize_t> (self.rng % <unsigned long long> n)

    cdef bint in_support(self, Py_ssize_t j) noexcept nogil:
        """Whether the penalty is smooth around b_j and no bound is met."""
        cdef double b = self.b[j]
        if b <= self.lower[j] or b >= self.upper[j]:
            return False
        return b != 0 or self.alpha * self.l1w[j] == 0

    cdef bint factor_is_stale(self) noexcept nogil:
        """Whether G_AA + l2 V_A has moved too far from what was factored.

        A factor made for a somewhat larger alpha majorises the quadratic: its steps are safe and
        contract the error by 1 − alpha / factor.alpha or better, so it serves several alphas.
        """
        if self.factor.alpha < 0:
            return True
        return self.has_l2 and not 0.7 * self.factor.alpha <= self.alpha <= self.factor.alpha

    cdef bint newton_is_due(self) noexcept nogil:
        """Whether sweeps have found a support at the cost of a Newton step, or long got nowhere.

        Where a sweep is cheap (sparse columns) the first rule alone would allow thousands of
        sweeps, and an alpha has only `max_iter`.
        """
        cdef double ratio = self.spent / (self.patience * self.newton_cost())
        cdef bint stuck = self.idle_sweeps >= max(LONG, self.max_iter // 4)
        cdef bint settled = self.n_crossed <= UNSETTLED * self.n_live
        return (ratio >= 1.0 and settled) or (stuck and ratio >= STUCK)

    cdef double tol_here(self) noexcept nogil:
        """Return the gap to reach: on a path relative to (P(0) − P(b)) / P(0), what b explains.

        Where little is explained supports are small, the gap is nearly what the objective could
        still fall by, and accuracy costs nothing.
        """
        cdef Py_ssize_t i, j
        cdef double penalties = 0.0, b, explained
        if self.alphas.shape[0] == 1:
            return self.tol_gap
        for i in range(self.n_live):
            j = self.live[i]
            b = self.b[j]
            penalties += self.l1w[j] * fabs(b) + 0.5 * self.l2w[j] * b * b
        explained = 1.0 - (self.q.rr + 2.0 * self.alpha * penalties) / self.yy
        return self.tol_gap * min(1.0, max(LEAST_SHARE, explained))

    cdef double newton_cost(self) noexcept nogil:
        """Flops that the next Newton step will take; infinite where no coordinate could move."""
        cdef Py_ssize_t i, j, k = 0, changes = 0
        cdef double size
        for i in range(self.n_live):
            j = self.live[i]
            if self.in_support(j):
                k += 1
                if self.factor.where[j] < 0:
                    changes += 1
        if k == 0:
            return INFINITY
        size = <double> k
        if self.factor_is_stale():
            changes = k
        else:
            changes += max(0, self.factor.size + changes - k)
        return size * (
            2.0 * size + 2.0 * self.q.length + self.corr_cost()
        ) + changes * size * (APPENDED * size + self.corr_cost()) * (0.4 if changes == k else 1.0)

    cdef bint match_factor(self) noexcept nogil:
        """Bring the factor to the independent columns of the support; False where it needs room."""
        cdef Py_ssize_t i, j, count = 0
        cdef Py_ssize_t[TOGETHER] some
        cdef double[TOGETHER] shifts
        if self.factor_is_stale():
            self.factor.clear()
            self.factor.alpha = self.alpha
        for i in range(self.factor.size - 1, -1, -1):
            if not self.in_support(self.factor.members[i]):
                self.factor.delete(i)
        for i in range(self.n_live):
            j = self.live[i]
            if self.factor.where[j] >= 0 or not self.in_support(j):
                continue
            if self.factor.size + count == self.factor.capacity:
                return False
            some[count], shifts[count] = j, self.factor.alpha * self.l2w[j]
            count += 1
            if count == TOGETHER:
                self.append(count, some, shifts)
                count = 0
        self.append(count, some, shifts)
        return True

    cdef void append(
        self, Py_ssize_t count, const Py_ssize_t* some, const double* shifts
    ) noexcept nogil:
        self.factor.append_some(self.q, count, some, shifts)
        self.work += count * self.factor.size * (self.factor.size + self.corr_cost())

    cdef bint newton(self) noexcept nogil:
        """Minimise over the support; False where the factor has to grow first.

        Each pass solves for the step, cuts it at the first sign change or bound and, if it was
        cut or the factor is a stale one, goes on. At the minimum over the independent columns, a
        dependent one whose gradient is left is let in alone: along its null direction only the
        penalty changes, so the step is cut and one column less is in the way.
        """
        cdef Py_ssize_t blocked, extra = -1
        cdef double ahead, last = INFINITY
        if not self.match_factor():
            return False
        while self.factor.size > 0 and self.it < self.max_iter:
            blocked = -1
            ahead = self.newton_step(&blocked)
            self.it += 1
            self.n_newton += 1
            if blocked >= 0:
                self.factor.delete(self.factor.where[blocked])
                extra = -1
                last = INFINITY
            elif extra >= 0:
                self.factor.delete(self.factor.where[extra])
                self.patience *= 2.0
                break
            elif ahead > 0.25 * last or ahead <= 0.01 * self.tol_gap:
                extra = self.steepest_outside()
                if extra < 0:
                    break
                if self.factor.size == self.factor.capacity:
                    return False
                self.factor.append(self.q, extra, self.factor.alpha * self.l2w[extra], True)
            else:
                last = ahead
        self.spent = 0.0
        self.idle_sweeps = 0
        return True

    cdef Py_ssize_t steepest_outside(self) noexcept nogil:
        """Return the support's column outside the factor with the largest gradient that matters.

        −1 where all that is left is rounding or costs the gap less than a tenth of its tolerance: a
        relative violation δ = g/l1 of the dual constraint costs δ Σ l1|b|, at most δ ‖y‖².
        """
        cdef Py_ssize_t i, j, steepest = -1
        cdef double g, largest = 3.6e-15 * self.spread * sqrt(self.yy)
        cdef double share = 0.1 * self.tol_gap / self.yy if self.yy > 0 else 0.0
        for i in range(self.n_live):
            j = self.live[i]
            if self.factor.where[j] < 0 and self.in_support(j):
                g = fabs(self.gradient(j))
                if g > largest and g > share * self.alpha * self.l1w[j]:
                    largest = g
                    steepest = j
        return steepest

    cdef double gradient(self, Py_ssize_t j) noexcept nogil:
        """Return c_j − l1 sign b_j − l2 b_j, the descent direction of the smooth piece."""
        cdef double b = self.b[j], l1 = self.alpha * self.l1w[j]
        return self.corr(j) - (l1 if b > 0 else -l1 if b < 0 else 0.0) - (
            self.alpha * self.l2w[j] * b
        )

    cdef double newton_step(self, Py_ssize_t* blocked) noexcept nogil:
        """Take one cut step over the factor's variables; return what the next would gain.

        With an exact factor and no cut that is nothing but rounding; a stale factor leaves the
        gradient g' behind, and the next gain is about (g'ᵀd)² / (2 gᵀd).
        """
        cdef Py_ssize_t i, j, k = self.factor.size
        cdef double* d = &self.d_view[0]
        cdef double* g = &self.g_view[0]
        cdef double t = 1.0, slope = 0.0, slope_after = 0.0, back
        for i in range(k):
            j = self.factor.members[i]
            d[i] = g[i] = self.gradient(j)
        self.factor.solve(d)
        for i in range(k):
            slope += g[i] * d[i]
        blocked[0] = self.cut(d, &t)
        self.shift_along(d, t, blocked[0])
        for i in range(k):
            j = self.factor.members[i]
            if j != blocked[0]:
                slope_after += self.gradient(j) * d[i]
        if blocked[0] < 0 and not slope_after >= -slope:
            # the factor is numerically wrong and the full step went uphill: back to the minimum
            back = slope / (slope - slope_after) - 1.0
            self.shift_along(d, back, -1)
            self.patience *= 2.0
        self.work += k * (2.0 * k + 2.0 * self.q.length + 2.0 * self.corr_cost())
        return 0.5 * slope_after * slope_after / slope if slope > 0 else 0.0

    cdef Py_ssize_t cut(self, const double* d, double* t) noexcept nogil:
        """Shorten the step t to the first sign change or bound; return that coordinate or −1."""
        cdef Py_ssize_t i, j, blocked = -1
        cdef double b, low, high, reach
        for i in range(self.factor.size):
            j = self.factor.members[i]
            b, low, high = self.b[j], self.lower[j], self.upper[j]
            if self.l1w[j] > 0 and self.alpha > 0:
                if b > 0:
                    low = max(low, 0.0)
                else:
                    high = min(high, 0.0)
            reach = b + d[i]
            if reach < low:
                reach = (low - b) / d[i]
            elif reach > high:
                reach = (high - b) / d[i]
            else:
                continue
            if reach < t[0] or blocked < 0:
                t[0] = reach
                blocked = j
        return blocked

    cdef void shift_along(self, const double* d, double t, Py_ssize_t blocked) noexcept nogil:
        """b_A += t d, the blocking coordinate exactly to zero or its bound, none beyond its own."""
        cdef Py_ssize_t i, j
        cdef double b, new
        for i in range(self.factor.size):
            j = self.factor.members[i]
            b = self.b[j]
            new = b + t * d[i]
            if j == blocked:
                new = self.nearest_end(j, new)
            elif self.alpha * self.l1w[j] > 0 and new * b < 0:
                new = 0.0
            new = min(max(new, self.lower[j]), self.upper[j])
            if new != b:
                self.move(j, new)
        self.q.settle()

    cdef double nearest_end(self, Py_ssize_t j, double b) noexcept nogil:
        """Return whichever of zero and the bounds of coordinate j is closest to b."""
        cdef double end = 0.0
        if fabs(b - self.lower[j]) < fabs(b - end):
            end = self.lower[j]
        if fabs(b - self.upper[j]) < fabs(b - end):
            end = self.upper[j]
        return end
