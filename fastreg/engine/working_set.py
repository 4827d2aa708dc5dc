"""One task of the working-set route: predict, solve some α ahead, be judged on all features.

`lockstep` moves many of these over one X. Between two passes over X a task solves a batch of α on
the working set W alone; the pass tells what all features say, the leading α that hold are accepted
and the features that were missed join W.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from fastreg.designs import Design
from fastreg.engine.answer import Answer
from fastreg.engine.certificate import Certificates, certify, is_rounding, is_solved
from fastreg.engine.cost import takes_rest
from fastreg.engine.descent import descend
from fastreg.engine.evaluation import Block
from fastreg.engine.grid import approach
from fastreg.engine.held_columns import HeldColumns
from fastreg.engine.problem import Problem
from fastreg.engine.tasks import Settings
from fastreg.kernels.factor import Factor

FIRST_BATCH, SHORTEST_BATCH, LONGEST_BATCH = 7, 7, 31  # and the tangent: multiples of 8
MOST_WHOLE = 1 << 22  # numbers that the tasks' batches may evaluate where W is complete
LONGEST_WATCHED = 15  # where the task may end early: what is ahead may be in vain
MARGIN = 0.1  # of the step in alpha: what a prediction may be off
NEAR = 0.2  # the same, where the path has been solved already without the feature
NEARLY = 0.7  # of its penalty: a feature drawn like this may soon be needed
SHRINK, GROW, WIDEST = 0.8, 1.5, 0.5
INNER = 0.3  # W is solved to this share of the tolerance
TIGHTER = 0.1  # and to this share of that where W was complete but the certificate failed
MOST_TRIES = 12  # with a complete working set
MOST_REMEMBERED = 1 << 22  # entries of rows of G that the certificate asks for
SMALL = 256  # below this many columns nobody need leave
CROWDED = 0.6  # the share of W that should be of use
MOST_STEPS, ROUGHLY = 30, 1e-3  # of conjugate gradients, for a tangent
ROUNDED_CURVATURE = 1e-10  # relative to that of the diagonal: no direction to go far in
FEWEST_JOINING = 64


class WorkingSetTask:
    """The state of one task: where it stands, and what it wants of the next pass.

    Attributes
    ----------
    wanted : ndarray of int
        Columns that should join W before the next `attempt`.
    size : int
        Of W in the last attempt.
    alone : bool
        Whether no other task shares the passes: all of X may then be copied for it.
    n_sweeps, n_newton, n_violations : int
        So far.
    """

    can_use_rows = True  # whether descent can be on the residual
    first, shortest, longest = FIRST_BATCH, SHORTEST_BATCH, LONGEST_BATCH

    def __init__(self, design: Design, problem: Problem, settings: Settings) -> None:
        self.design, self.problem, self.settings = design, problem, settings
        if settings.enough is not None:
            self.longest = min(self.longest, LONGEST_WATCHED)
        free_rows = problem.free_rows(design)
        self.rows = {} if free_rows is None else {problem.free.tobytes(): free_rows}
        self.coef, self.corr, self.here_rr = problem.start(), problem.corr, problem.yy
        self.warm = bool(np.any(self.coef))
        self._plan(problem.alpha_max(free_rows))
        self.n_iter = np.zeros(self.points.size, dtype=np.intp)
        m = problem.task.alphas.size
        self.way: np.ndarray | None = None  # α to pass without a look before the next batch
        self.answers: list[tuple[np.ndarray, ...]] = []  # by batch: lengths, places, coefficients
        self.rr, self.held_out = np.empty(m), np.empty(m)
        self.found = Certificates(*np.empty((4, m)))
        self.at, self.batch, self.tries, self.tighter = 0, self.first, 0, 1.0
        self.margin, self.near = MARGIN, NEAR
        self.complete = self.rejected = self.alone = False
        self.n_late = 0  # how many columns outside W the last look asked for, whoever may join
        self.factor = Factor(design.n_features)
        self.slope: np.ndarray | None = None
        self.before: tuple[float, np.ndarray, np.ndarray] | None = None  # the point before `coef`
        self.columns = HeldColumns(design, problem, self.can_use_rows)
        self.n_sweeps = self.n_newton = self.n_violations = 0
        self.wanted = np.union1d(problem.free, problem.active(self.coef)).astype(np.intp)
        if not self.warm:
            self._predict()

    def look(self, corr: np.ndarray, rr: float) -> None:
        """Take the correlations and ‖r‖²/Σw of the coefficients to start from."""
        self.corr, self.here_rr = corr, rr
        self._predict()

    def want_all(self, n_tasks: int) -> None:
        """Want every column at once: nothing is left to predict, so a small path is one batch.

        Parameters
        ----------
        n_tasks : int
            How many share the memory of a pass.
        """
        if self.settings.plain:
            self.longest = 1  # what follows starts from what so few sweeps have found
        elif self.settings.enough is None:
            size = max(self.design.n_rows, self.design.n_features)
            self.longest = max(self.longest, MOST_WHOLE // (size * n_tasks))
        self.wanted, self.batch = self.problem.cols, self.longest

    def _take_all(self) -> None:
        """Want every column, and let points on the way be passed without a look at X."""
        self.wanted = self.problem.cols
        on_the_way = self.slots < 0
        on_the_way[: self.at] = False
        stay, spent = ~on_the_way, self.n_iter[self.at]
        self.way = self.points[on_the_way]
        self.points, self.slots, self.tols = self.points[stay], self.slots[stay], self.tols[stay]
        self.n_iter = self.n_iter[stay]
        self.n_iter[self.at] = spent

    def _plan(self, top: float) -> None:
        """List the points to solve: every α asked for and, from afar, some on the way there."""
        alphas = self.problem.task.alphas
        self.alpha = float(alphas[0]) if self.warm else top
        last, points, slots, tols = self.alpha, [], [], []
        for slot, alpha in enumerate(alphas):
            for between, tol in () if self.settings.plain else approach(top, last, float(alpha)):
                points.append(between)
                slots.append(-1)
                tols.append(max(tol, self.settings.tol))
            points.append(float(alpha))
            slots.append(slot)
            tols.append(self.settings.tol)
            last = float(alpha)
        self.points, self.slots, self.tols = np.array(points), np.array(slots), np.array(tols)

    @property
    def done(self) -> bool:
        """Whether every α has been answered."""
        return self.at == self.points.size

    @property
    def known_errors(self) -> np.ndarray:
        """Σw r² over the held-out rows, of the α answered so far."""
        return self.held_out[: np.count_nonzero(self.slots[: self.at] >= 0)]

    def end_here(self) -> None:
        """Let the α that have been answered be all."""
        self.points, self.slots = self.points[: self.at], self.slots[: self.at]

    def answer(self) -> Answer:
        """Return what was found, once the task is done."""
        n_iter = self.n_iter[: self.slots.size][self.slots >= 0]
        m = n_iter.size
        return Answer(
            self._coefs(),
            self.rr[:m],
            Certificates(*(part[:m] for part in self.found)),
            n_iter,
            n_sweeps=self.n_sweeps,
            n_newton=self.n_newton,
            held_out_loss=self.held_out[:m],
        )

    def _coefs(self) -> sparse.csr_array:
        lengths, places, values = (np.concatenate(part) for part in zip(*self.answers, strict=True))
        parts = values, places, np.append(0, np.cumsum(lengths))
        return sparse.csr_array(parts, shape=(lengths.size, self.problem.corr.size))

    def _keep(self, coefs: np.ndarray) -> None:
        """Keep coefficients on W, shape (m, W), as answers for the next α."""
        work = self.columns.cols
        if np.any(np.diff(work) < 0):
            order = np.argsort(work)
            coefs, work = coefs[:, order], work[order]
        row, place = coefs.nonzero()
        lengths = np.bincount(row, minlength=len(coefs))
        self.answers.append((lengths, work[place], coefs[row, place]))

    def _ahead(self) -> slice:
        """Return the points of the next batch; those on the way have batches of their own."""
        end = min(self.at + self.batch, self.points.size)
        kind = self.slots[self.at : end] < 0
        if kind.any() and not kind.all():
            end = self.at + int(np.argmax(kind != kind[0]))
        return slice(self.at, end)

    def attempt(self) -> list[Block]:
        """Let what is wanted join W and solve the batch on it; return what to evaluate, by part.

        On the Gram matrix, with more to come, one more vector comes last: on the tangent of the
        path at the end of the batch, extended to α = 0.
        """
        problem, columns = self.problem, self.columns
        work, alphas, settings = self._begin()
        if work.size and problem.yy:
            run = descend(
                columns.coordinates(self.coef, self.corr, self.here_rr),
                self.factor,
                self.coef[work],
                alphas,
                problem,
                settings,
                work,
                self._left(),
                self.way,
                self._passed(),
            )
            self.trial, self.spent, self.way = run.coefs, run.n_iter, None
            self.n_sweeps += run.n_sweeps
            self.n_newton += run.n_newton
        else:
            self.trial = np.zeros((alphas.size, work.size))
            self.spent = np.zeros(alphas.size, dtype=np.intp)
        block, gram = self.trial, columns.gram
        if gram is not None and self.ahead.stop < self.points.size:
            tangent = block[-1] + alphas[-1] * self._direction(gram, float(alphas[-1]))
            block = np.vstack([block, tangent])
        return [(work, block, problem.y_centre - block @ problem.centre[work])]

    def _begin(self) -> tuple[np.ndarray, np.ndarray, Settings]:
        """Let what is wanted join W; return W, the α of the batch and when to stop on W."""
        n_alphas = int(np.count_nonzero(self.slots[self.at :] >= 0)) if self.alone else None
        held = self.columns.cols.size
        if self.can_use_rows and takes_rest(self.design, held + self.n_late, held, n_alphas):
            self._take_all()
        self.columns.add(self.wanted, n_alphas)
        self.ahead, work = self._ahead(), self.columns.cols
        self.size = work.size
        tol = INNER * self.tighter * float(self.tols[self.ahead].min())
        return work, self.points[self.ahead], replace(self.settings, tol=tol)

    def _passed(self) -> tuple[float, float, np.ndarray, np.ndarray] | None:
        """Return what descent on the Gram matrix needs to go on as the last batch ended."""
        if self.before is None or self.columns.as_rows:  # they may be rows from now on
            return None
        alpha, coef, corr = self.before
        work = self.columns.cols
        return self.alpha, alpha, coef[work], corr[work]

    def _left(self) -> int:
        """Return how many iterations the first point of the batch may still take."""
        return max(self.settings.max_iter - int(self.n_iter[self.at]), 0)

    def _direction(self, gram: np.ndarray, alpha: float) -> np.ndarray:
        """Return −db/dα on W at the last point of the batch.

        db_A/dα = −(G_AA + α L2_A)⁻¹ (l1_A∘sign b_A + l2_A∘b_A), A the support without coordinates
        at a bound (Larsson & Wallin 2022, arXiv 2104.13026, section 3.3).
        """
        problem, b, work = self.problem, self.trial[-1], self.columns.cols
        out, l1w, l2w = np.zeros(work.size), problem.l1w[work], problem.l2w[work]
        inside = (b > problem.lower[work]) & (b < problem.upper[work])
        active = np.flatnonzero(inside & ((b != 0) | (alpha * l1w == 0)))
        if not active.size:
            return out
        push = l1w * np.sign(b) + l2w * b
        known = self.factor.variables
        if known.size == active.size and not l2w.any() and np.array_equal(np.sort(known), active):
            out[known] = self.factor.apply_inverse(push[known])
            return out
        outside = np.ones(work.size, dtype=bool)
        outside[active] = False
        push[outside] = 0.0
        chord = self._chord(alpha)
        chord[outside] = 0.0
        return _roughly_solve(gram, alpha * l2w, push, outside, chord)

    def _chord(self, alpha: float) -> np.ndarray:
        """Return −Δb/Δα on W between the last two points; 0 where there is but one."""
        alphas, last = self.points[self.ahead], self.trial[-1]
        if alphas.size > 1:
            step, before = alphas[-2] - alpha, self.trial[-2]
        else:
            step, before = self.alpha - alpha, self.coef[self.columns.cols]
        return (last - before) / step if step > 0 else np.zeros(last.size)

    def judge(self, corr: np.ndarray, rr: np.ndarray, held_out: np.ndarray) -> None:
        """Accept the leading points that hold on all features, and say what is wanted next.

        Parameters
        ----------
        corr : ndarray of shape (m, p) or (m + 1, p)
            Xᵀr/Σw of what `attempt` returned.
        rr, held_out : ndarray of shape (m,) or (m + 1,)
            ‖r‖²/Σw, and Σw r² over the held-out rows.
        """
        problem, alphas = self.problem, self.points[self.ahead]
        m = alphas.size
        full = np.zeros((m, *problem.corr.shape))
        full[:, self.columns.cols] = self.trial
        found = self._certify(alphas, full, corr[:m], rr[:m])
        goal = replace(self.settings, tol=self.tols[self.ahead])
        solved = is_solved(problem, goal, found)
        accepted = m if solved.all() else int(np.argmin(solved))
        tried = min(accepted + 1, m)
        self.n_iter[self.at : self.at + tried] += self.spent[:tried]
        if accepted == 0:
            self.tries += self.complete
            if self.tries > MOST_TRIES or self.n_iter[self.at] >= self.settings.max_iter:
                accepted = 1
                if self._is_rounding(alphas[:1], full[:1], corr[:1])[0]:
                    found.floor[0] = max(found.floor[0], found.gap[0])
        if accepted:
            self.tries, self.complete = 0, False
            self._record(accepted, rr, held_out, found)
        slope = self._slope(alphas, corr)
        here = min(accepted, m - 1)
        self.coef, self.corr, self.here_rr = full[here], corr[here].copy(), float(rr[here])
        self.alpha = float(alphas[here])
        self.before = None
        if here and not self.columns.as_rows:  # where it is of use
            self.before = float(alphas[here - 1]), full[here - 1], corr[here - 1].copy()
        self.rejected = accepted < m
        if not self.rejected:
            self.batch = min(2 * self.batch, self.longest)
            self.near = max(NEAR, SHRINK * self.near)
            self.tighter = 1.0
            self.slope = slope
            self.wanted = np.empty(0, dtype=np.intp)
            if not self.done:
                self._predict()
                self._age()
        else:
            self._collect(alphas[accepted:], corr[accepted:m])
            self.batch = max(self.shortest, self.batch // 2)
            self.near = min(WIDEST, GROW * self.near)

    def _age(self) -> None:
        """Let columns leave W that were zero in the batch and are far from entering, once many."""
        work, problem = self.columns.cols, self.problem
        if work.size < SMALL or self.columns.as_rows:
            return
        used = np.isin(np.arange(work.size), problem.active(self.trial.any(axis=0)))
        used |= np.isin(work, problem.free)
        pull = problem.pull(self.corr)[work]
        useful = used | (pull > NEARLY * self.alpha * problem.l1w[work])
        if np.count_nonzero(useful) < CROWDED * work.size:
            stay = np.flatnonzero(useful)
            self.columns.keep(stay)
            self.factor.renumber(stay)

    def _certify(
        self, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray, rr: np.ndarray
    ) -> Certificates:
        return certify(self.problem, alphas, coefs, corrs, rr, self._rows)

    def _is_rounding(self, alphas: np.ndarray, coefs: np.ndarray, corrs: np.ndarray) -> np.ndarray:
        return is_rounding(self.problem, alphas, coefs, corrs)

    def _slope(self, alphas: np.ndarray, corr: np.ndarray) -> np.ndarray | None:
        """Return d(Xᵀr)/dα at the end of the batch: of the tangent, else of the last chord."""
        m = alphas.size
        if len(corr) > m:
            rise, run = corr[m - 1] - corr[m], alphas[-1]
        elif m > 1:
            rise, run = corr[m - 2] - corr[m - 1], alphas[-2] - alphas[-1]
        else:
            rise, run = self.corr - corr[0], self.alpha - alphas[0]
        if not run > 0:
            return None
        slope = rise / run
        return slope if np.all(np.isfinite(slope)) else None

    def _record(
        self, count: int, rr: np.ndarray, held_out: np.ndarray, found: Certificates
    ) -> None:
        """Move on past the first points of the batch, whose answers are kept if asked for."""
        slots = self.slots[self.at : self.at + count]
        if slots[0] < 0:
            for here in range(self.at, self.at + count):
                self.n_iter[here + 1] += self.n_iter[here]
        else:
            self._keep(self.trial[:count])
            self.rr[slots], self.held_out[slots] = rr[:count], held_out[:count]
            for part, values in zip(self.found, found, strict=True):
                part[slots] = values[:count]
        self.at += count

    def _collect(self, alphas: np.ndarray, corr: np.ndarray) -> None:
        """Want the features that violate at the rejected points, first come first."""
        outside, limit = self._outside()
        wanted, missed, self.n_late = np.empty(0, dtype=np.intp), 0, 0
        near = self.near * (self.alpha - self.points[self.ahead.stop - 1])
        for k, (alpha, c) in enumerate(zip(alphas, corr, strict=True)):
            excess = self._excess(c, alpha, outside)
            missed += np.count_nonzero(excess > 0)
            late = outside[excess > -near]
            self.n_late = max(self.n_late, late.size)
            if k and late.size > limit:
                break
            if late.size > limit:
                late = outside[np.argsort(-excess, kind="stable")[:limit]]
            wanted = np.union1d(wanted, late)
        self.wanted = wanted
        self.n_violations += wanted.size
        self.complete = not missed
        if self.complete:
            self.tighter *= TIGHTER

    def _excess(self, corr: np.ndarray, alpha: float, cols: np.ndarray) -> np.ndarray:
        """Return how far columns outside W are beyond alpha, in units of alpha."""
        pull, l1w = self.problem.pull(corr)[cols], self.problem.l1w[cols]
        return np.divide(pull, l1w, out=np.full(cols.size, np.inf), where=l1w > 0) - alpha

    def _outside(self) -> tuple[np.ndarray, int]:
        """Return the usable columns outside W and how many of them may join at a time."""
        outside = np.ones(self.design.n_features, dtype=bool)
        outside[self.columns.cols] = False
        cols = self.problem.cols
        return cols[outside[cols]], max(FEWEST_JOINING, self.problem.active(self.coef).size)

    def _predict(self) -> None:
        """Want the features that are expected to enter in the next batch; shorten it if many."""
        outside, limit = self._outside()
        while True:
            end = self._ahead()
            alpha = self.points[end.stop - 1]
            step = max(self.alpha - alpha, 0.0)
            if self.slope is None:
                corr, margin = self.corr, 1.0
            else:
                corr, margin = self.corr - step * self.slope, self.margin
            excess = self._excess(corr, alpha, outside)
            joining = outside[excess > -margin * step]
            if joining.size <= limit:
                break
            if end.stop - end.start <= self.shortest:
                joining = outside[np.argsort(-excess, kind="stable")[:limit]]
                break
            self.batch = (end.stop - end.start) // 2
        self.wanted = np.union1d(self.wanted, joining)

    def _rows(self, cols: np.ndarray) -> np.ndarray:
        """Return rows of G, remembered where they are few: the certificate asks again and again."""
        key = cols.tobytes()
        if key not in self.rows:
            if cols.size * self.problem.corr.size > MOST_REMEMBERED:
                return self.problem.gram_rows(self.design, cols)
            self.rows[key] = self.problem.gram_rows(self.design, cols)
        return self.rows[key]


def _roughly_solve(
    matrix: np.ndarray, ridge: np.ndarray, rhs: np.ndarray, outside: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """Solve (M + diag(ridge))_AA x_A = rhs_A by a few conjugate gradient steps: a forecast.

    All vectors are zero `outside` A: cheaper than a copy of M_AA. `x` is the start, overwritten.
    """

    def times(vector: np.ndarray) -> np.ndarray:
        image = matrix @ vector + ridge * vector
        image[outside] = 0.0
        return image

    diag = matrix.diagonal() + ridge
    scale = np.divide(1.0, diag, out=np.zeros_like(rhs), where=diag > 0)
    enough, r = ROUGHLY**2 * float(rhs @ (scale * rhs)), rhs - times(x)
    direction = scale * r
    rho = float(r @ direction)
    for _ in range(MOST_STEPS):
        if not rho > enough:
            break
        image = times(direction)
        curvature = float(direction @ image)
        if not curvature > ROUNDED_CURVATURE * float(direction @ (diag * direction)):
            break  # dependent columns: a step of any length would do
        x += (rho / curvature) * direction
        r -= (rho / curvature) * image
        z = scale * r
        rho, before = float(r @ z), rho
        direction = z + (rho / before) * direction
    return x
