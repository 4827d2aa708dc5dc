"""One task in p-space: what a design's moments and a penalty say about it."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import cached_property

import numpy as np

from fastreg.designs import Design, Evaluation
from fastreg.engine.evaluation import Block, every
from fastreg.engine.panels import eigh, product, scale_both
from fastreg.engine.tasks import Penalty, Task
from fastreg.moments import Moments, add_outer, merge_all

ROUNDING = 10 * np.finfo(float).eps
DEPENDENT = 1e-12  # an eigenvalue of the scaled Gram matrix, relative to the largest
_NONE = np.empty(0, dtype=np.intp)


class Problem:
    """The scalars and p-vectors of one task; everything divided by Σw.

    Where a task has a target for each of its m coefficient vectors, so have `yy` and `y_centre`,
    shape (m,), and `corr`, shape (m, p).

    Attributes
    ----------
    weight : float
        Σw of the training rows.
    yy : float
        ‖y‖²/Σw about the mean (about 0 without an intercept); 0 for a constant target.
    centre, y_centre : ndarray of shape (p,), float
        What centring subtracts, relative to the design's shifts.
    diag : ndarray of shape (p,)
        Gram diagonal, centred with an intercept.
    root : ndarray of shape (p,)
        √diag.
    reach : ndarray of shape (p,)
        The root mean square of a column as the design multiplies it: the scale of rounding.
    l1w, l2w : ndarray of shape (p,)
        Penalty of coordinate j at alpha: alpha l1w_j |b_j| + alpha l2w_j/2 b_j².
    lower, upper : ndarray of shape (p,)
    usable, cols : ndarray of shape (p,), bool, and ndarray of int
        Columns that may be non-zero: neither constant nor excluded.
    free : ndarray of int
        Those of `cols` that are neither penalized nor bounded.
    row_weights : ndarray of shape (G,)
        1 for training row groups, else 0.
    design_shift : ndarray of shape (p,)
        What the design's products are taken about.
    n_targets : int
        How many targets `yy` and the losses sum over: 1.
    """

    n_targets = 1

    def __init__(self, moments: Moments, task: Task, design: Design) -> None:
        self.moments, self.task = moments, task
        self.known_rows: dict[bytes, np.ndarray] = {}  # of G, shared like G itself
        self.design_shift = design.shift
        self.weight = moments.weight
        variances, mean = moments.variances, moments.mean
        t = task.target
        if task.fit_intercept:
            self.centre = (moments.shift - design.shift) + moments.offset
            self.y_centre = (moments.y_shift[t] - design.y_shift[t]) + moments.y_offset[t]
            self.diag = np.array(variances)
            self.yy = moments.s_yy[t] / self.weight
            self.yy = self.yy * (self.yy > (ROUNDING * moments.y_mean[t]) ** 2)  # constant targets
        else:
            self.centre, self.y_centre = -design.shift, -design.y_shift[t]
            self.diag = variances + mean**2
            self.yy = moments.s_yy[t] / self.weight + moments.y_mean[t] ** 2
        self.root = np.sqrt(self.diag)
        self.reach = self.root
        if task.fit_intercept and not design.shifts_rows:
            self.reach = np.sqrt(self.diag + mean**2)
        # A column is constant where its centred sum of squares is rounding noise.
        noise = (ROUNDING * mean) ** 2
        self._weigh(task.penalty, variances, noise)
        usable = self.diag > (noise if task.fit_intercept else 0.0)
        if task.penalty.factor is None:
            self.free = _NONE
        else:
            usable &= np.isfinite(task.penalty.factor)
            loose = usable & np.isinf(self.lower) & np.isinf(self.upper)
            self.free = np.flatnonzero(loose & (self.l1w == 0) & (self.l2w == 0))
        self.usable, self.cols = usable, usable.nonzero()[0]
        self.row_weights = np.ones(design.n_groups)
        if task.train is not None:
            self.row_weights[:] = 0.0
            self.row_weights[list(task.train)] = 1.0

    def _weigh(self, penalty: Penalty, variances: np.ndarray, noise: np.ndarray) -> None:
        """Set l1w, l2w and the bounds; standardizing a column multiplies its weights.

        The scale of a column whose variance is noise is 1.
        """
        rows = np.empty((4, variances.size))
        rows.T[:] = penalty.l1_ratio, 1.0 - penalty.l1_ratio, -np.inf, np.inf
        self.l1w, self.l2w, self.lower, self.upper = rows
        if penalty.standardize:
            variances = np.where(variances > noise, variances, 1.0)
            self.l1w *= np.sqrt(variances)
            self.l2w *= variances
        if penalty.factor is not None:
            factor = np.where(np.isinf(penalty.factor), 0.0, penalty.factor)
            self.l1w *= factor
            self.l2w *= factor
        if penalty.lower is not None:
            self.lower = penalty.lower
        if penalty.upper is not None:
            self.upper = penalty.upper

    @property
    def rows_key(self) -> tuple:
        """Equal for problems that have the same centred X: one Gram matrix serves them."""
        return self.task.train, self.task.fit_intercept

    @cached_property
    def corr(self) -> np.ndarray:
        """Xᵀy/Σw, shape (p,) or (m, p); 0 for a constant target."""
        moments, t = self.moments, self.task.target
        corr = moments.s_xy.T[t] / self.weight
        if self.task.fit_intercept:
            corr[self.yy == 0] = 0.0
        else:
            corr += np.multiply.outer(moments.y_mean[t], moments.mean)
        return corr

    def take(self, which: np.ndarray | slice) -> Problem:
        """Return the problem of some vectors: the same for all where there is one target."""
        task = self.task
        if np.ndim(task.target) == 0:
            return self
        part = copy(self)
        part.task = replace(task, alphas=task.alphas[which], target=task.target[which])
        part.yy, part.y_centre = self.yy[which], self.y_centre[which]
        for known in ("corr", "largest_corr"):
            part.__dict__.pop(known, None)
        return part

    @cached_property
    def gram(self) -> np.ndarray:
        """G, shape (p, p), C-ordered."""
        gram = np.ascontiguousarray(self.moments.s_xx / self.weight)
        if not self.task.fit_intercept:
            add_outer(gram, 1.0, self.moments.mean)
        return gram

    def free_rows(self, design: Design) -> np.ndarray | None:
        """Return G_U, the rows of the free columns, shape (|U|, p); None without any.

        Read once for all targets on the same rows.
        """
        if not self.free.size:
            return None
        key = self.free.tobytes()
        if key not in self.known_rows:
            self.known_rows[key] = self.gram_rows(design, self.free)
        return self.known_rows[key]

    def gram_rows(self, design: Design, cols: np.ndarray) -> np.ndarray:
        """Return rows `cols` of G, shape (len(cols), p): a pass over X where G is not held."""
        if self.moments.has_cross:
            return self.gram[cols]
        return self.gram_block(design, cols, every(self.root.size))

    def gram_block(self, design: Design, new: np.ndarray, old: np.ndarray) -> np.ndarray:
        """Return G_new,old from the design's columns, shape (len(new), len(old)).

        Σω(x − s)(x − s)ᵀ is about the shift: (x̄ − s)(x̄ − s)ᵀ comes off, and without an intercept
        the mean's own product goes back on.
        """
        out = design.gram(new, old, self.row_weights)
        out /= self.weight
        offset = (self.moments.shift - self.design_shift) + self.moments.offset
        out -= np.multiply.outer(offset[new], offset[old])
        if not self.task.fit_intercept:
            mean = self.moments.mean
            out += np.multiply.outer(mean[new], mean[old])
        return out

    def pull(self, corr: np.ndarray) -> np.ndarray:
        """Return how strongly each column is drawn away from zero, bounds considered."""
        up, down = np.where(self.upper > 0, corr, 0.0), np.where(self.lower < 0, -corr, 0.0)
        return np.maximum(np.maximum(up, down), 0.0)

    def start(self) -> np.ndarray:
        """Return the coefficients to start from, shape (p,), within the bounds."""
        coef = np.zeros(self.root.size)
        if self.task.start is not None and self.yy > 0:
            coef[self.cols] = self.task.start[self.cols]
            np.clip(coef, self.lower, self.upper, out=coef)
        return coef

    def active(self, coef: np.ndarray) -> np.ndarray:
        """Return which features coefficients (p,) use."""
        return coef.nonzero()[0]

    @cached_property
    def largest_corr(self) -> float | np.ndarray:
        """The largest |Xᵀy|/Σw of the columns that may be non-zero."""
        corr = self.corr if self.cols.size == self.root.size else self.corr[..., self.cols]
        return np.maximum(corr.max(axis=-1, initial=0.0), -corr.min(axis=-1, initial=0.0))

    def intercepts_about_shift(self, coefs: np.ndarray) -> np.ndarray:
        """Return what a design's `evaluate` takes as intercepts for coefficients (m, p)."""
        return self.y_centre - coefs @ self.centre

    def intercepts(self, coefs: np.ndarray) -> np.ndarray:
        """Return the intercepts of the original columns for coefficients (m, p)."""
        if not self.task.fit_intercept:
            return np.zeros(coefs.shape[0])
        moments, t = self.moments, self.task.target
        shifted = moments.y_offset[t] - coefs @ moments.offset
        return shifted + (moments.y_shift[t] - coefs @ moments.shift)

    @property
    def parts(self) -> list[Problem]:
        """The problem of each target that a pass over X is to evaluate."""
        return [self]

    def blocks(self, coefs: np.ndarray) -> list[Block]:
        """Return what is to be evaluated of coefficients (m, p), by part."""
        return [(every(coefs.shape[1]), coefs, self.intercepts_about_shift(coefs))]

    def joined(self, found: list[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
        """Return as one what was found for each part."""
        return found[0]

    def evaluate(self, design: Design, coefs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the true Xᵀr/Σw (m, p) and ‖r‖²/Σw (m,): one pass over X."""
        return self.standing(self.evaluation(design, coefs))

    def standing(self, found: Evaluation) -> tuple[np.ndarray, np.ndarray]:
        """Return Xᵀr/Σw (m, p) and ‖r‖²/Σw (m,) of an evaluation about the shift, used up."""
        corr, rr = found.corr, found.loss @ self.row_weights / self.weight
        # With an intercept Σ ω r is 0 but for rounding, which the centring takes out.
        for row, total in zip(corr, found.residual_sum, strict=True):
            row -= total * self.centre
        corr /= self.weight
        # a constant target and no coefficients: what is left of r is rounding
        constant = self.yy == 0
        if constant.any():
            constant = np.broadcast_to(constant, rr.shape)
            corr[constant], rr[constant] = 0.0, 0.0
        return corr, rr

    def evaluation(self, design: Design, coefs: np.ndarray) -> Evaluation:
        """Return the design's evaluation of coefficients (m, p)."""
        return design.evaluate(
            coefs,
            self.intercepts_about_shift(coefs),
            self.row_weights[None, :],
            np.full(coefs.shape[0], self.task.target),
        )

    def alpha_max(self, free_rows: np.ndarray | None = None) -> float:
        """Return the smallest alpha at which every penalized coefficient is zero.

        Taken on the residual after fitting the intercept and the free columns, whose rows of G
        `free_rows` holds.
        """
        corr = self.corr
        if free_rows is not None:
            corr = corr - (scaled_inverse(free_rows[:, self.free]) @ corr[self.free]) @ free_rows
        pull = self.pull(corr)
        held = self.cols[self.l1w[self.cols] > 0]
        return float(np.max(pull[held] / self.l1w[held])) if held.size else 0.0


def train_moments(groups: list[Moments], train: tuple[int, ...] | None) -> Moments:
    """Return the merge of the training groups: never "total minus held out", which cancels."""
    return merge_all(groups if train is None else [groups[g] for g in train])


def problem_of(design: Design, task: Task) -> Problem:
    """Return the problem of a task from the moments that its design remembers."""
    return Problem(train_moments(design.moments(False), task.train), task, design)


def scaled_inverse(gram: np.ndarray) -> np.ndarray:
    """Return the pseudo-inverse of G_UU, taken of the matrix scaled to a unit diagonal.

    Zero where the diagonal is not positive: such a column is nothing but rounding.
    """
    diag = np.diagonal(gram)
    positive = diag > 0
    scale = np.zeros(diag.size)
    scale[positive] = 1.0 / np.sqrt(diag[positive])
    values, vectors = eigh(scale_both(gram, scale))
    size = np.abs(values)
    keep = size > DEPENDENT * size.max(initial=0.0)
    scaled = vectors[:, keep] * scale[:, None]
    return product(scaled / values[keep], scaled.T)
