"""Block coordinate descent for several targets that share their features (multi-task).

Minimises, for each alpha in turn, warm-started,

    P(B) = 1/2 ‖Y − Z B‖² + Σ_j ( l1 ‖B_j‖ + l2/2 ‖B_j‖² ),   l1 = alpha l1w, l2 = alpha l2w,

B_j ∈ R^T the row of feature j, everything divided by Σw, on the Gram matrix G = ZᵀZ with
C = Zᵀ(Y − Z B) as state. With c = C_j and z = c + G_jj B_j the minimum over row j alone is

    B_j = z max(0, 1 − l1/‖z‖) / (G_jj + l2),   C −= G_·j (B_j − old B_j)ᵀ.

Sweeps are over the live rows: non-zero, violating, or not far from it by the sequential strong
rule (Tibshirani et al. 2012). C is kept up to date on these, moves being applied eight at a time;
the other rows follow when a certificate on all of them is due. Every few sweeps the iterates are
extrapolated (Anderson acceleration of coordinate descent, Bertrand & Massias, AISTATS 2021), which
is kept only where P falls; C is affine in B, so its extrapolation is the same combination. Where
the sweeps for one alpha have cost as much as a Newton step on the support would (ski rental), `run`
leaves to let the caller take one.

The certificate is that of `certificate.pxd` with norms of rows in place of absolute values: with
x = ‖b‖ and ζ = ‖z‖ the Fenchel–Young slack of a row is the scalar one of x and ζ plus
x ζ − b·z = x ζ/2 ‖b/x − z/ζ‖² ≥ 0.
"""

import numpy as np

from libc.math cimport INFINITY, fabs, sqrt
from libc.string cimport memcpy, memset

from fastreg.kernels cimport penalty
from fastreg.kernels.blas cimport axpy, dot, rank8
from fastreg.kernels.certificate cimport Certificate, gap_floor, violation_floor

cdef enum:
    LONG = 20       # sweeps
    TOGETHER = 8    # moves that are applied to C in one go
    MEMORY = 5      # differences of iterates that an extrapolation combines

cdef double INNER = 0.3         # of the tolerance: what the live rows are solved to
cdef double LARGEST = 1e4       # Σ |weights| of an extrapolation: it multiplies rounding in C
cdef double EAGER = 0.3         # of the price of a Newton step, where the alpha before needed one
cdef double OVERHEAD = 5e6      # of a Newton step
cdef double NARROWEST = 0.5     # of l1: rows whose pull is less are not taken in ahead


cpdef enum Status:
    DONE = 0        # every alpha has been worked on
    PAUSED = 1      # the work budget is used up: call `run` again
    NEWTON = 2      # take Newton steps on the rows in use, say so by `stepped`, call `run` again


cdef Certificate certify(
    Py_ssize_t n_rows, const Py_ssize_t* rows, Py_ssize_t width,
    const double* corr, const double* coef, const double* root,
    double l1, double l2, double rr,
) noexcept nogil:
    """Return the certificate of rows `coef` (p, width) with correlations `corr` and ‖R‖² `rr`.

    Rows that are not listed are zero and do not violate. Without a penalty (l1 = l2 = 0) a row
    counts with ‖c‖²/(2 G_jj), what moving it alone would gain.
    """
    cdef Certificate out
    cdef Py_ssize_t i, j
    cdef double s = 1.0, size
    out.gap = out.violation = out.magnitude = out.spread = 0.0
    if l2 == 0 and l1 > 0:
        for i in range(n_rows):
            j = rows[i] * width
            size = dot(width, corr + j, corr + j)
            if s * s * size > l1 * l1:
                s = l1 / sqrt(size)
    for i in range(n_rows):
        add_row(&out, width, corr + rows[i] * width, coef + rows[i] * width, root[rows[i]],
                l1, l2, s)
    out.gap += 0.5 * (1.0 - s) * (1.0 - s) * rr
    return out


cdef inline void add_row(
    Certificate* out, Py_ssize_t width, const double* c, const double* b, double root,
    double l1, double l2, double s,
) noexcept nogil:
    """Add what one row says to a certificate, at the dual scaling `s`."""
    cdef Py_ssize_t t
    cdef double x = sqrt(dot(width, b, b)), size = sqrt(dot(width, c, c))
    cdef double apart = 0.0, wrong = 0.0, left
    if root > out.spread:
        out.spread = root
    if x == 0:
        wrong = size - l1
        if wrong <= 0:
            return
    else:
        out.magnitude += x * root
        for t in range(width):
            left = c[t] - (l2 + l1 / x) * b[t]
            wrong += left * left
        wrong = sqrt(wrong)
        if size > 0:
            for t in range(width):
                left = b[t] / x - c[t] / size
                apart += left * left
    if wrong > out.violation:
        out.violation = wrong
    if l1 == 0 and l2 == 0:
        if root > 0:
            out.gap += 0.5 * (size / root) * (size / root)
        return
    out.gap += penalty.slack(x, s * size, l1, l2, -INFINITY, INFINITY)
    out.gap += 0.5 * x * s * size * apart


def certify_rows(
    const double[:, :, ::1] coefs,
    const double[:, :, ::1] corrs,
    const double[::1] rr,
    const double[::1] alphas,
    const Py_ssize_t[::1] cols,
    const double[::1] root,
    double l1w,
    double l2w,
    double yy,
):
    """Certify m coefficient matrices of one task.

    Parameters
    ----------
    coefs, corrs : ndarrays of shape (m, p, T), C-ordered
        Coefficients and their correlations Xᵀ R / Σw.
    rr, alphas : ndarrays of shape (m,)
        ‖R‖² / Σw over all targets, and the penalty strength.
    cols : ndarray of shape (k,), intp
        The features that belong to the problem.
    root : ndarray of shape (p,)
        Scale of each feature (√G_jj or above).
    l1w, l2w : float
        The penalty's parts at alpha = 1.
    yy : float
        ‖Y‖² / Σw over all targets (centred with an intercept).

    Returns
    -------
    gaps, violations, floors, violation_floors : ndarrays of shape (m,)
        As `certificate.certify_block` returns them.
    """
    cdef Py_ssize_t m = coefs.shape[0], p = coefs.shape[1], width = coefs.shape[2], k
    cdef Certificate cert
    out = np.zeros((4, m))
    cdef double[:, ::1] view = out
    if not (
        corrs.shape[0] == rr.shape[0] == alphas.shape[0] == m
        and corrs.shape[1] == root.shape[0] == p and corrs.shape[2] == width
    ):
        raise ValueError("arrays to certify do not fit together")
    for k in range(cols.shape[0]):
        if not 0 <= cols[k] < p:
            raise IndexError(f"no feature {cols[k]}")
    if p == 0 or width == 0:
        return out
    with nogil:
        for k in range(m):
            cert = certify(
                cols.shape[0], &cols[0] if cols.shape[0] else NULL, width, &corrs[k, 0, 0],
                &coefs[k, 0, 0], &root[0], alphas[k] * l1w, alphas[k] * l2w, rr[k],
            )
            view[0, k] = cert.gap
            view[1, k] = cert.violation
            view[2, k] = gap_floor(cert, yy)
            view[3, k] = violation_floor(cert, yy)
    return out


cdef class RowDescent:
    """State of the descent of one task over a list of alphas; resumable.

    Parameters
    ----------
    gram : ndarray of shape (p, p)
        G, symmetric; the rows contiguous.
    corr : ndarray of shape (p, T)
        C of `coef`; updated in place on the rows `cols`.
    diag : ndarray of shape (p,)
        G_jj.
    rr : float
        ‖Y − Z B‖² / Σw of `coef`.
    coef : ndarray of shape (p, T)
        Start; updated in place. Zero outside `cols`.
    alphas : ndarray of shape (m,)
    cols : ndarray of shape (k,), intp
        Features that may move, with positive diagonal.
    l1w, l2w : float
    coefs : ndarray of shape (m, p, T)
        Output: the coefficients at each alpha.
    yy : float
        ‖Y‖² / Σw, the scale of rounding errors.
    tol_gap, tol_violation : float
        An alpha is done when the gap and the largest violation of the optimality conditions are
        at most this, or at most what rounding can cause.
    max_iter : int
        Largest number of sweeps for one alpha.
    seed : int
        0 for cyclic order, else the seed of the random order (`selection="random"`).
    plain : bool
        Whether every iteration is a sweep over all of `cols`, see `descent.Descent`.

    Attributes
    ----------
    gaps, violations : ndarray of shape (m,)
        As the kernel saw them, from correlations updated move by move.
    n_iter : ndarray of shape (m,)
    converged : ndarray of shape (m,), bool
    n_sweeps, n_newton : int
        Of all alphas.
    rr : float
    at : int
        Which alpha is being worked on.
    """

    cdef readonly object gaps, violations, n_iter, converged, coefs
    cdef readonly Py_ssize_t n_sweeps, n_newton
    cdef readonly double rr
    cdef const double[:, :] gram_view
    cdef double[:, ::1] coef_view, corr_view
    cdef double[:, :, ::1] coefs_view
    cdef const double[::1] alphas, diag_view
    cdef const Py_ssize_t[::1] cols_view
    cdef double[::1] gaps_view, violations_view, root_view, known_view, history_view, buffer_view
    cdef double[::1] ends_view
    cdef Py_ssize_t[::1] n_iter_view, rows_view
    cdef unsigned char[::1] converged_view
    cdef const double *gram
    cdef const double *diag
    cdef const Py_ssize_t* cols
    cdef double *b              # B, row by row
    cdef double *c              # C, up to date on the live rows
    cdef double *known          # the B that C of the other rows belongs to
    cdef double *root           # √G_jj
    cdef double *past           # iterates of the live rows: MEMORY + 1 of B, as many of C
    cdef double *now            # C at the last alpha
    cdef double *before         # C at the alpha before that
    cdef double *z              # one row
    cdef double *moves          # up to TOGETHER changes of rows that C does not know yet
    cdef Py_ssize_t *live
    cdef Py_ssize_t *rest
    cdef const double* moved_gram[TOGETHER]
    cdef readonly Py_ssize_t at
    cdef Py_ssize_t n_moved, n_past, n_live, n_used, n_rest, n_cols, stride, width, p, max_iter, it
    cdef Py_ssize_t n_since     # sweeps for this alpha since the last Newton step
    cdef double spent           # flops for this alpha since the last Newton step
    cdef double patience        # how many times the price of the next one they may be
    cdef double alpha, l1, l2, l1w, l2w, near, yy, tol_gap, tol_violation, noise, spread, work
    cdef bint idle              # whether the last sweep moved nothing
    cdef bint plain
    cdef unsigned long long rng

    def __init__(
        self,
        const double[:, :] gram,
        double[:, ::1] corr,
        const double[::1] diag,
        double rr,
        double[:, ::1] coef,
        const double[::1] alphas,
        const Py_ssize_t[::1] cols,
        double l1w,
        double l2w,
        coefs,
        double yy,
        double tol_gap,
        double tol_violation,
        Py_ssize_t max_iter,
        unsigned long long seed=0,
        bint plain=False,
    ):
        cdef Py_ssize_t p = coef.shape[0], width = coef.shape[1], m = alphas.shape[0], i
        if not (
            p > 0 and width > 0 and gram.shape[0] == gram.shape[1] == p and diag.shape[0] == p
            and corr.shape[0] == p and corr.shape[1] == width and coefs.shape == (m, p, width)
            and cols.shape[0] <= p
        ):
            raise ValueError("arrays of the descent do not fit together")
        if p > 1 and gram.strides[1] != sizeof(double):
            raise ValueError("the rows of gram must be contiguous")
        for i in range(cols.shape[0]):
            if not 0 <= cols[i] < p:
                raise IndexError(f"no feature {cols[i]}")
        self.p, self.width, self.n_cols = p, width, cols.shape[0]
        self.stride = gram.strides[0] // <Py_ssize_t> sizeof(double)
        self.gram_view, self.corr_view, self.coef_view = gram, corr, coef
        self.diag_view, self.cols_view, self.alphas = diag, cols, alphas
        self.coefs = self.coefs_view = coefs
        self.gaps, self.violations = np.zeros(m), np.zeros(m)
        self.n_iter, self.converged = np.zeros(m, dtype=np.intp), np.zeros(m, dtype=bool)
        self.gaps_view, self.violations_view = self.gaps, self.violations
        self.n_iter_view, self.converged_view = self.n_iter, self.converged.view(np.uint8)
        self.root_view = np.sqrt(diag)
        self.known_view = np.array(coef).ravel()
        self.history_view = np.empty(2 * (MEMORY + 1) * p * width)
        self.ends_view = np.empty(2 * p * width)
        self.buffer_view = np.empty((TOGETHER + 1) * width)
        self.rows_view = np.empty(2 * p, dtype=np.intp)
        self.gram, self.diag, self.root = &gram[0, 0], &diag[0], &self.root_view[0]
        self.b, self.c, self.known = &coef[0, 0], &corr[0, 0], &self.known_view[0]
        self.past, self.z = &self.history_view[0], &self.buffer_view[0]
        self.moves = self.z + width
        self.before, self.now = &self.ends_view[0], &self.ends_view[p * width]
        self.cols = &cols[0] if self.n_cols else NULL
        self.live, self.rest = &self.rows_view[0], &self.rows_view[p]
        self.rr, self.yy, self.l1w, self.l2w = rr, yy, l1w, l2w
        self.tol_gap, self.tol_violation = tol_gap, tol_violation
        self.max_iter, self.rng, self.plain = max_iter, seed, plain
        self.n_sweeps = self.n_newton = self.n_moved = self.n_past = 0
        self.n_live = self.n_used = self.n_rest = 0
        self.patience = 1.0
        self.spread, self.noise, self.idle = 0.0, 0.0, False
        for i in range(self.n_cols):
            self.spread = max(self.spread, self.root[cols[i]])
        self.at = 0
        self.it = -1

    def run(self, double budget=3e8):
        """Work for about `budget` floating-point operations; return a `Status`."""
        cdef int status
        with nogil:
            status = self._run(budget)
        return status

    def stepped(self, double rr, Py_ssize_t n_steps, bint useful):
        """Take note of Newton steps: `coef` and `corr` (on all of `cols`) have changed, `rr` too.

        Where they were of little use, the next ones are put off.
        """
        memcpy(self.known, self.b, self.p * self.width * sizeof(double))
        self.rr = rr
        self.it += n_steps
        self.n_newton += n_steps
        self.n_past = 0
        self.spent, self.n_since = 0.0, 0
        self.patience = EAGER if useful else 2.0 * max(self.patience, 1.0)
        self.idle = False

    cdef int _run(self, double budget) noexcept nogil:
        cdef Certificate cert
        self.work = 0.0
        while self.at < self.alphas.shape[0]:
            if self.it < 0:
                self.begin()
            cert = self.measure()
            if self.is_solved(cert, 1.0):
                self.record(cert, True)
            elif self.it >= self.max_iter or self.idle:
                self.record(cert, False)
            elif self.newton_is_due():
                return NEWTON
            else:
                self.solve_live(budget)
            if self.work > budget and self.at < self.alphas.shape[0]:
                return PAUSED
        return DONE

    cdef void begin(self) noexcept nogil:
        """Turn to the next alpha; rows within the last step of its threshold count as live."""
        cdef double last = self.alpha if self.at > 0 else self.alphas[self.at]
        self.alpha = self.alphas[self.at]
        self.l1, self.l2 = self.alpha * self.l1w, self.alpha * self.l2w
        self.near = self.l1w * min(max(2.0 * self.alpha - last, NARROWEST * self.alpha), self.alpha)
        self.it = 0
        self.idle = False
        self.spent, self.n_since = 0.0, 0
        self.patience = min(self.patience, 1.0)
        if self.at > 1 and not self.plain:
            self.predict()

    cdef void predict(self) noexcept nogil:
        """Go on along the chord through the last two solutions where P is lower there."""
        cdef Py_ssize_t i, t, n = self.p * self.width, width = self.width
        cdef double first = self.alphas[self.at - 2], last = self.alphas[self.at - 1]
        cdef double reach, change = 0.0, rise = 0.0, before, after
        cdef double *b = self.b
        cdef double *mixed = self.past
        cdef double *corr = self.past + n
        cdef const double *old = &self.coefs_view[self.at - 2, 0, 0]
        if not first > last > self.alpha:
            return
        reach = (last - self.alpha) / (first - last)
        for t in range(n):
            mixed[t] = b[t] + reach * (b[t] - old[t])
            corr[t] = self.c[t] + reach * (self.c[t] - self.before[t])
            change -= (mixed[t] - b[t]) * (self.c[t] + corr[t])
        for i in range(self.p):
            t = i * width
            before, after = dot(width, b + t, b + t), dot(width, mixed + t, mixed + t)
            rise += self.l1 * (sqrt(after) - sqrt(before)) + 0.5 * self.l2 * (after - before)
        self.work += 20.0 * n
        if not 0.5 * change + rise < 0:
            return
        memcpy(b, mixed, n * sizeof(double))
        memcpy(self.known, mixed, n * sizeof(double))
        memcpy(self.c, corr, n * sizeof(double))
        self.rr += change

    cdef bint is_solved(self, Certificate cert, double share) noexcept nogil:
        """Whether gap and violation are within a share of the tolerances, or within rounding."""
        return (
            cert.gap <= max(share * self.tol_gap, gap_floor(cert, self.yy))
            and cert.violation <= max(
                share * self.tol_violation, violation_floor(cert, self.yy)
            )
        )

    cdef void record(self, Certificate cert, bint converged) noexcept nogil:
        memcpy(
            &self.coefs_view[self.at, 0, 0], self.b, self.p * self.width * sizeof(double)
        )
        memcpy(self.before, self.now, self.p * self.width * sizeof(double))
        memcpy(self.now, self.c, self.p * self.width * sizeof(double))
        self.gaps_view[self.at] = cert.gap
        self.violations_view[self.at] = cert.violation
        self.n_iter_view[self.at] = self.it
        self.converged_view[self.at] = converged
        self.at += 1
        self.it = -1

    cdef Certificate measure(self) noexcept nogil:
        """Bring C up to date everywhere, list the live rows and certify."""
        cdef Py_ssize_t i, j, width = self.width
        cdef double size
        cdef bint used
        self.catch_up()
        self.n_live = self.n_used = self.n_rest = self.n_past = 0
        for i in range(self.n_cols):
            j = self.cols[i]
            size = dot(width, self.c + j * width, self.c + j * width)
            used = not self.is_zero(j)
            self.n_used += used
            if used or self.plain or size > self.near * self.near:
                self.live[self.n_live] = j
                self.n_live += 1
            else:
                self.rest[self.n_rest] = j
                self.n_rest += 1
        self.work += 3.0 * self.n_cols * width
        return self.certify_live()

    cdef bint newton_is_due(self) noexcept nogil:
        """Whether sweeps have cost as much as a Newton step, of 2 k³ flops, or long got nowhere.

        k rows are in use. Where a sweep is cheap the first rule alone would allow thousands of
        them, and an alpha has only `max_iter`.
        """
        cdef double k = self.n_used
        cdef double price = 2.0 * k * k * (k + 5.0 * self.width) + 2.0 * k * self.p * self.width
        cdef double many = max(LONG, self.max_iter // 4) * max(1.0, self.patience)
        if self.plain or not self.n_used:
            return False
        return self.spent > self.patience * (price + OVERHEAD) or self.n_since >= many

    cdef Certificate certify_live(self) noexcept nogil:
        """Certify the live rows: all others are zero, and do not violate right after `measure`."""
        cdef Certificate cert = certify(
            self.n_live, self.live, self.width, self.c, self.b, self.root, self.l1, self.l2, self.rr
        )
        cert.spread = self.spread
        # a move that changes C_j by less than it is known to is not worth a row of G
        self.noise = 1.1e-16 * (sqrt(self.yy) + cert.magnitude)
        self.work += 12.0 * self.n_live * self.width
        return cert

    cdef inline bint is_zero(self, Py_ssize_t j) noexcept nogil:
        cdef Py_ssize_t t
        for t in range(j * self.width, (j + 1) * self.width):
            if self.b[t] != 0:
                return False
        return True

    cdef void catch_up(self) noexcept nogil:
        """C_rest −= G_rest,live (B − known)_live."""
        cdef Py_ssize_t i, t, j, width = self.width
        cdef double change
        cdef double* move
        for i in range(self.n_live):
            j = self.live[i]
            move = self.moves + self.n_moved * width
            change = 0.0
            for t in range(width):
                move[t] = self.b[j * width + t] - self.known[j * width + t]
                change = max(change, fabs(move[t]))
            if change > 0:
                memcpy(self.known + j * width, self.b + j * width, width * sizeof(double))
                self.moved_gram[self.n_moved] = self.gram + j * self.stride
                self.n_moved += 1
                if self.n_moved == TOGETHER:
                    self.apply_moves(self.n_rest, self.rest)
        self.apply_moves(self.n_rest, self.rest)

    cdef void apply_moves(self, Py_ssize_t n_rows, const Py_ssize_t* rows) noexcept nogil:
        """C_rows −= Σ_k G_rows,k move_kᵀ; forget the moves."""
        cdef Py_ssize_t k, width = self.width
        if not self.n_moved:
            return
        self.work += 2.0 * self.n_moved * n_rows * width
        for k in range(self.n_moved, TOGETHER):
            self.moved_gram[k] = self.moved_gram[0]
        memset(
            self.moves + self.n_moved * width, 0,
            (TOGETHER - self.n_moved) * width * sizeof(double),
        )
        rank8(n_rows, rows, width, self.moved_gram, self.moves, self.c)
        self.n_moved = 0

    cdef void solve_live(self, double budget) noexcept nogil:
        """Sweep over the live rows until their own certificate holds with something to spare."""
        if self.plain:
            self.idle = not self.sweep()
            return
        while True:
            if not self.n_past:
                self.remember()
            self.idle = not self.sweep()
            self.remember()
            if self.n_past > MEMORY:
                self.extrapolate()
            if self.it >= self.max_iter or self.idle or self.work > budget:
                return
            if self.newton_is_due():
                return
            if self.is_solved(self.certify_live(), INNER):
                return

    cdef bint sweep(self) noexcept nogil:
        """One epoch over the live rows; return whether any of them moved.

        Rows drawn at random may all be at rest while others are not: then each has its turn.
        """
        cdef double before = self.work
        cdef bint moved = self.visit(self.rng != 0)
        if self.rng and not moved:
            moved = self.visit(False)
        self.it += 1
        self.n_sweeps += 1
        self.n_since += 1
        self.spent += self.work - before
        return moved

    cdef bint visit(self, bint at_random) noexcept nogil:
        """Update as many rows as are live, drawn or in order; return whether any of them moved."""
        cdef Py_ssize_t i, j
        cdef bint moved = False
        for i in range(self.n_live):
            j = self.live[self.random_below(self.n_live)] if at_random else self.live[i]
            if self.update(j):
                moved = True
                if self.n_moved == TOGETHER:
                    self.apply_moves(self.n_live, self.live)
        self.apply_moves(self.n_live, self.live)
        self.work += 8.0 * self.n_live * self.width
        return moved

    cdef bint update(self, Py_ssize_t j) noexcept nogil:
        """Minimise over row j alone; return whether it moved (then the move is the last one)."""
        cdef Py_ssize_t k, t, width = self.width
        cdef double *b = self.b + j * width
        cdef double *z = self.z
        cdef double *move = self.moves + self.n_moved * width
        cdef double g = self.diag[j], size, scale, length = 0.0, along = 0.0
        memcpy(z, self.c + j * width, width * sizeof(double))
        for k in range(self.n_moved):
            axpy(width, -self.moved_gram[k][j], self.moves + k * width, z)
        axpy(width, g, b, z)
        size = sqrt(dot(width, z, z))
        scale = (1.0 - self.l1 / size) / (g + self.l2) if size > self.l1 else 0.0
        for t in range(width):
            move[t] = scale * z[t] - b[t]
            length += move[t] * move[t]
            along += move[t] * (z[t] - g * b[t])
        if sqrt(length) * (g + self.l2) <= self.noise * self.root[j]:
            return False
        for t in range(width):
            b[t] = scale * z[t]
        self.rr -= 2.0 * along - g * length
        self.moved_gram[self.n_moved] = self.gram + j * self.stride
        self.n_moved += 1
        return True

    cdef Py_ssize_t random_below(self, Py_ssize_t n) noexcept nogil:
        """xorshift64 (Marsaglia 2003)."""
        self.rng ^= self.rng << 13
        self.rng ^= self.rng >> 7
        self.rng ^= self.rng << 17
        return <Py_ssize_t> (self.rng % <unsigned long long> n)

    cdef inline double* iterate(self, Py_ssize_t k) noexcept nogil:
        """Return where the live rows of B lie in iterate k, followed by those of C."""
        return self.past + 2 * k * self.p * self.width

    cdef void remember(self) noexcept nogil:
        cdef Py_ssize_t i, width = self.width
        cdef double *to = self.iterate(self.n_past)
        for i in range(self.n_live):
            memcpy(to + i * width, self.b + self.live[i] * width, width * sizeof(double))
            memcpy(
                to + (self.n_live + i) * width, self.c + self.live[i] * width,
                width * sizeof(double),
            )
        self.n_past += 1

    cdef void extrapolate(self) noexcept nogil:
        """Replace B by Σ_k a_k B^(k+1), Σ a_k = 1, where that lowers P; forget the iterates.

        The weights minimise ‖Σ_k a_k (B^(k+1) − B^(k))‖ in the norm of diag(G).
        """
        cdef double weights[MEMORY]
        cdef Py_ssize_t i, k, t, n = self.n_live * self.width
        cdef double *mixed = self.iterate(0)
        self.n_past = 0
        if not self.mixture(weights):
            return
        memset(mixed, 0, 2 * n * sizeof(double))
        for k in range(MEMORY):
            axpy(2 * n, weights[k], self.iterate(k + 1), mixed)
        self.work += 4.0 * (MEMORY + 2) * n
        if not self.improves(mixed):
            return
        for i in range(self.n_live):
            t = self.live[i] * self.width
            memcpy(self.b + t, mixed + i * self.width, self.width * sizeof(double))
            memcpy(self.c + t, mixed + n + i * self.width, self.width * sizeof(double))

    cdef bint mixture(self, double* weights) noexcept nogil:
        """Set the weights of an extrapolation: M a ∝ 1, M the products of the differences."""
        cdef double m[MEMORY][MEMORY]
        cdef Py_ssize_t i, k, q, t, at, width = self.width
        cdef double g, trace = 0.0, total = 0.0, size = 0.0
        cdef double step[MEMORY]
        memset(m, 0, sizeof(m))
        for i in range(self.n_live):
            g = self.diag[self.live[i]]
            for t in range(width):
                at = i * width + t
                for k in range(MEMORY):
                    step[k] = self.iterate(k + 1)[at] - self.iterate(k)[at]
                for k in range(MEMORY):
                    for q in range(k + 1):
                        m[k][q] += g * step[k] * step[q]
        for k in range(MEMORY):
            trace += m[k][k]
        self.work += (MEMORY * (MEMORY + 2.0)) * self.n_live * width
        for k in range(MEMORY):
            m[k][k] += 1e-14 * trace
            weights[k] = 1.0
        if not solve_small(m, weights):
            return False
        for k in range(MEMORY):
            total += weights[k]
        for k in range(MEMORY):
            weights[k] /= total
            size += fabs(weights[k])
        return size <= LARGEST

    cdef bint improves(self, const double* mixed) noexcept nogil:
        """Whether P is lower at `mixed`; if so rr follows.

        With D = mixed − B, ‖R‖² changes by −⟨D, C + C_mixed⟩: no cancellation.
        """
        cdef Py_ssize_t i, t, width = self.width, n = self.n_live * width
        cdef double *b
        cdef double *c
        cdef const double *nb
        cdef const double *nc
        cdef double change = 0.0, before, after, rise = 0.0
        for i in range(self.n_live):
            b, c = self.b + self.live[i] * width, self.c + self.live[i] * width
            nb, nc = mixed + i * width, mixed + n + i * width
            for t in range(width):
                change -= (nb[t] - b[t]) * (c[t] + nc[t])
            before, after = dot(width, b, b), dot(width, nb, nb)
            rise += self.l1 * (sqrt(after) - sqrt(before)) + 0.5 * self.l2 * (after - before)
        self.work += 10.0 * n
        if not 0.5 * change + rise < 0:
            return False
        self.rr += change
        return True


cdef bint solve_small(double[MEMORY][MEMORY] m, double* x) noexcept nogil:
    """Solve M x = x in place by Cholesky, M given by its lower half; False where not definite."""
    cdef Py_ssize_t i, k, q
    for k in range(MEMORY):
        for q in range(k):
            m[k][k] -= m[k][q] * m[k][q]
        if not m[k][k] > 0:
            return False
        m[k][k] = sqrt(m[k][k])
        for i in range(k + 1, MEMORY):
            for q in range(k):
                m[i][k] -= m[i][q] * m[k][q]
            m[i][k] /= m[k][k]
    for k in range(MEMORY):
        for q in range(k):
            x[k] -= m[k][q] * x[q]
        x[k] /= m[k][k]
    for k in range(MEMORY - 1, -1, -1):
        for q in range(k + 1, MEMORY):
            x[k] -= m[q][k] * x[q]
        x[k] /= m[k][k]
    return True
