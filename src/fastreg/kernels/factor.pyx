"""L Lᵀ = G_AA + diag(shift), kept while variables enter and leave A.

Column-major, so that a rotation and each step of a triangular solve runs over contiguous memory.
Append solves one triangular system; delete removes a row and restores the triangle by Givens
rotations (Golub & Van Loan, Matrix Computations, 4th ed., section 6.5.4). O(k²) each, no
allocation: `grow` is called from Python between runs.
"""

import numpy as np

from libc.math cimport hypot, sqrt
from scipy.linalg.cython_blas cimport drot

from fastreg.kernels.blas cimport axpy, dot


cdef double dot_rows(
    Py_ssize_t n, const double* x, Py_ssize_t stride, const double* y
) noexcept nogil:
    """Return Σ x[i stride] y[i]: a row of L, which is stored by columns, with a vector."""
    cdef Py_ssize_t i
    cdef double total = 0.0
    for i in range(n):
        total += x[i * stride] * y[i]
    return total


cdef class Factor:
    """Factor of a principal submatrix of the Gram matrix; empty and without room at first.

    Parameters
    ----------
    n_coordinates : int
        Number of coordinates that could ever enter.
    """

    def __init__(self, Py_ssize_t n_coordinates):
        self.size = self.capacity = 0
        self.alpha = -1.0
        self.where_view = np.full(max(1, n_coordinates), -1, dtype=np.intp)
        self.where = &self.where_view[0]

    def grow(self, Py_ssize_t capacity):
        """Make room for `capacity` variables, keeping the factor."""
        low = np.zeros((capacity, capacity), order="F")
        members = np.full(capacity, -1, dtype=np.intp)
        if self.size:
            low[: self.size, : self.size] = self.lower_view[: self.size, : self.size]
            members[: self.size] = self.members_view[: self.size]
        self.lower_view, self.members_view = low, members
        self.work_view = np.empty(TOGETHER * capacity)
        self.low, self.members = &self.lower_view[0, 0], &self.members_view[0]
        self.work = &self.work_view[0]
        self.capacity = capacity

    cdef void clear(self) noexcept nogil:
        cdef Py_ssize_t i
        for i in range(self.size):
            self.where[self.members[i]] = -1
        self.size = 0

    cdef bint append(
        self, Coordinates q, Py_ssize_t j, double shift, bint dependent
    ) noexcept nogil:
        """Append coordinate j with G_jj + shift; False where its column depends on the others.

        A pivot below 1e-14 k of the diagonal is rounding noise. Such a column is refused unless
        `dependent` is set: then the pivot is raised to that, the factor is of a matrix a little
        above G_AA + shift, and a Newton step runs far along the null direction. Needs size <
        capacity.
        """
        cdef Py_ssize_t i
        for i in range(self.size):
            self.work[i] = q.cross(self.members[i], j)
        self.forward_from(self.work, 0)
        return self.finish(q, j, shift, dependent, self.work)

    cdef void append_some(
        self, Coordinates q, Py_ssize_t count, const Py_ssize_t* js, const double* shifts
    ) noexcept nogil:
        """Append up to TOGETHER coordinates, those that depend on the others left out.

        Their triangular systems are solved side by side, so that L is read once for all of them.
        Needs size + count ≤ capacity.
        """
        cdef Py_ssize_t k = self.size, ld = self.capacity, i, t, col
        cdef double* row
        cdef double* column
        for t in range(count):
            row = self.work + t * ld
            for i in range(k):
                row[i] = q.cross(self.members[i], js[t])
        for col in range(k):
            column = self.low + col * ld
            for t in range(count):
                row = self.work + t * ld
                row[col] /= column[col]
                axpy(k - col - 1, -row[col], column + col + 1, row + col + 1)
        for t in range(count):
            row = self.work + t * ld
            for i in range(k, self.size):
                row[i] = q.cross(self.members[i], js[t])
                row[i] -= dot_rows(k, self.low + i, ld, row)
            self.forward_from(row, k)
            self.finish(q, js[t], shifts[t], False, row)

    cdef bint finish(
        self, Coordinates q, Py_ssize_t j, double shift, bint dependent, double* row
    ) noexcept nogil:
        """Append coordinate j, whose row of L is `row` but for the pivot."""
        cdef Py_ssize_t k = self.size, i, ld = self.capacity
        cdef double diag = q.diag[j] + shift, pivot, least
        cdef bint independent
        # pivot² = G_jj + shift − ‖row‖²
        pivot = diag - dot(k, row, row)
        least = 1e-14 * (k + 1) * diag
        independent = pivot > least
        if not independent:
            if not dependent:
                return False
            pivot = least
        for i in range(k):
            self.low[i * ld + k] = row[i]
        self.low[k * ld + k] = sqrt(pivot)
        self.members[k] = j
        self.where[j] = k
        self.size = k + 1
        return independent

    cdef void delete(self, Py_ssize_t row) noexcept nogil:
        """Remove the variable in `row` and restore the triangle."""
        cdef Py_ssize_t k = self.size, ld = self.capacity, i, col
        cdef double* at
        cdef double h, cs, sn
        cdef int length, one = 1
        self.where[self.members[row]] = -1
        for i in range(row, k - 1):
            self.members[i] = self.members[i + 1]
            self.where[self.members[i]] = i
        for col in range(k):
            at = self.low + col * ld
            for i in range(max(row, col - 1), k - 1):
                at[i] = at[i + 1]
        # now entry (c, c+1) is non-zero for c ≥ row: rotate columns c and c+1 to clear it
        for col in range(row, k - 1):
            at = self.low + col * ld
            h = hypot(at[col], at[ld + col])
            cs, sn = at[col] / h, at[ld + col] / h
            at[col] = h
            length = <int> (k - 2 - col)
            if length > 0:
                drot(&length, at + col + 1, &one, at + ld + col + 1, &one, &cs, &sn)
        self.size = k - 1

    cdef void forward(self, double* x) noexcept nogil:
        """x ← L⁻¹ x."""
        self.forward_from(x, 0)

    cdef void forward_from(self, double* x, Py_ssize_t first) noexcept nogil:
        """Go on with x ← L⁻¹ x where the columns before `first` have been dealt with."""
        cdef Py_ssize_t col, ld = self.capacity, k = self.size
        for col in range(first, k):
            x[col] /= self.low[col * ld + col]
            axpy(k - col - 1, -x[col], self.low + col * ld + col + 1, x + col + 1)

    cdef void solve(self, double* x) noexcept nogil:
        """x ← (L Lᵀ)⁻¹ x."""
        cdef Py_ssize_t col, ld = self.capacity, k = self.size
        self.forward(x)
        for col in range(k - 1, -1, -1):
            x[col] -= dot(k - col - 1, self.low + col * ld + col + 1, x + col + 1)
            x[col] /= self.low[col * ld + col]

    def renumber(self, const Py_ssize_t[::1] stay):
        """Let coordinate stay[i] be called i from now on; those not in `stay` leave the factor.

        Parameters
        ----------
        stay : ndarray of intp, ascending
        """
        cdef Py_ssize_t i, j
        names = np.full(self.where_view.shape[0], -1, dtype=np.intp)
        names[np.asarray(stay)] = np.arange(stay.shape[0])
        cdef Py_ssize_t[::1] name = names
        for i in range(self.size - 1, -1, -1):
            if name[self.members[i]] < 0:
                self.delete(i)
        self.where_view[:] = -1
        for i in range(self.size):
            j = name[self.members[i]]
            self.members[i] = j
            self.where[j] = i

    def add(self, Coordinates q, Py_ssize_t j, double shift=0.0, bint dependent=False):
        """Append coordinate j, growing if needed; return whether its column is independent."""
        if not 0 <= j < min(q.size, self.where_view.shape[0]):
            raise IndexError(f"no coordinate {j}")
        if self.where[j] >= 0:
            raise ValueError(f"coordinate {j} is in the factor already")
        if self.size == self.capacity:
            self.grow(max(32, 2 * self.capacity))
        return self.append(q, j, shift, dependent)

    def remove(self, Py_ssize_t j):
        """Delete coordinate j."""
        if not 0 <= j < self.where_view.shape[0] or self.where[j] < 0:
            raise ValueError(f"coordinate {j} is not in the factor")
        self.delete(self.where[j])

    def apply_inverse(self, rhs):
        """Return (L Lᵀ)⁻¹ rhs, `rhs` in the order of `variables`."""
        x = np.array(rhs, dtype=float)
        cdef double[::1] view = x
        if x.shape[0] != self.size:
            raise ValueError("rhs must have one entry for each variable in the factor")
        if self.size:
            self.solve(&view[0])
        return x

    @property
    def variables(self):
        """The coordinates in the factor, in its order."""
        if self.size == 0:
            return np.empty(0, dtype=np.intp)
        return np.array(self.members_view[: self.size])
