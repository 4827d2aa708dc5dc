"""What the engine is asked and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

LARGEST_VIOLATION = 1e3  # times tol times the largest correlation counts as solved
MOST_PLAIN = 20  # iterations: with so few allowed each is a plain sweep


@dataclass(frozen=True, eq=False)
class Penalty:
    """α Σ_j v_j ( ρ|b_j| + (1−ρ)/2 b_j² ) with lower ≤ b ≤ upper.

    Attributes
    ----------
    l1_ratio : float
        ρ.
    factor : ndarray of shape (p,) or None
        v ≥ 0; infinite entries exclude a column, zeros leave it unpenalized. None: ones.
    lower, upper : ndarray of shape (p,) or None
        lower ≤ 0 ≤ upper.
    standardize : bool
        Penalize b_j times the column's weighted standard deviation instead of b_j.
    """

    l1_ratio: float = 1.0
    factor: np.ndarray | None = None
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    standardize: bool = False


@dataclass(frozen=True)
class Grid:
    """A grid of `n_alphas` values from α_max of all rows down to `eps` times it, log-spaced."""

    n_alphas: int = 100
    eps: float = 1e-3


@dataclass(frozen=True, eq=False)
class Task:
    """One instance of the problem: a path of α for some training rows and one target.

    Attributes
    ----------
    penalty : Penalty
    alphas : ndarray of shape (m,) or Grid
        Solved in the order given, each from the solution before.
    train, held_out : tuple of int
        Row groups; None trains on all of them.
    target : int, ndarray of shape (m,), int, or None
        An array: the target of each α; ridge only, for which the engine joins tasks on the same
        rows (`fastreg.engine.joining`). None: all targets at once, whose coefficients share their
        support (multi-task). The penalty of feature j is then that of ‖B_j‖, its coefficients'
        norm, and may have neither factors, bounds nor a scale.
    fit_intercept : bool
    start : ndarray of shape (p,), (T, p) for all targets, or None
        Coefficients to start from.
    verify : bool
        Certify every α from the true residual, not only where rounding asks for it.
    family : int
        Tasks with the same number end together, see `Settings.enough`.
    """

    penalty: Penalty
    alphas: np.ndarray | Grid
    train: tuple[int, ...] | None = None
    held_out: tuple[int, ...] = ()
    target: int | np.ndarray | None = 0
    fit_intercept: bool = True
    start: np.ndarray | None = None
    verify: bool = False
    family: int = 0


def careful(tol: float) -> float:
    """Return `Settings.violation` where coefficients are counted on, not only the objective.

    Scikit-learn looks at the gap only once no coefficient moves by more than tol times the largest.
    Who asks for less than 1e-7 compares digits, which take few more iterations by then.
    """
    return min(1.0, tol / 1e-7)


@dataclass(frozen=True)
class Settings:
    """When to stop.

    Attributes
    ----------
    tol : float
        The duality gap may be at most tol · Σw(y − ȳ)²/Σw.
    max_iter : int
        Sweeps and Newton steps for one α.
    violation : float
        Descent goes on while the optimality conditions are violated by more than this times tol
        times the largest |Xᵀy|/Σw, whatever the gap.
    seed : int
        0 for cyclic order, else the seed of a random order.
    n_jobs : int or None
        Threads over tasks.
    report : callable, optional
        Called with every `Batch`, as it is done.
    enough : callable, optional
        Given what each task of a family knows of its held-out errors, those of its leading α up to
        a factor, tells whether they may all end there. Asked now and then; what has been solved by
        then is returned, for ridge all.
    """

    tol: float = 1e-4
    max_iter: int = 1000
    violation: float = LARGEST_VIOLATION
    seed: int = 0
    n_jobs: int | None = None
    report: Callable[[Batch], None] | None = None
    enough: Callable[[Sequence[np.ndarray]], bool] | None = None

    @property
    def plain(self) -> bool:
        """Whether iterations are sweeps over all columns and nothing else: few are allowed.

        Who allows few wants to go on from there, and to get what as many in one go would have
        found; Newton steps depend on what came before.
        """
        return self.max_iter is not None and self.max_iter <= MOST_PLAIN


class Batch(NamedTuple):
    """What happened between two passes over X: some α of all running tasks.

    Attributes
    ----------
    alpha : float
        Where the task that is furthest behind stands now.
    tried, accepted, remaining : int
        α that were solved, of these the ones whose optimality held on all features, and the ones
        that are left.
    working_set, active : int
        Columns in W, and non-zero coefficients (the largest of any task).
    violations : int
        Columns outside W that were found to violate.
    sweeps, newton_steps : int
        Epochs of coordinate descent and Newton steps on the support.
    passes : float
        Readings of X, fractions for some columns only.
    """

    alpha: float
    tried: int
    accepted: int
    remaining: int
    working_set: int
    active: int
    violations: int
    sweeps: int
    newton_steps: int
    passes: float


@dataclass(frozen=True)
class Diagnostics:
    """How a batch of tasks was solved.

    Attributes
    ----------
    route : {"moments", "working set", "exact"}
    passes : float
        Readings of X from first to last, fractions for some columns only.
    batches : tuple of Batch
    """

    route: str
    passes: float
    batches: tuple[Batch, ...]

    @property
    def sweeps(self) -> int:
        """Epochs of coordinate descent."""
        return sum(batch.sweeps for batch in self.batches)

    @property
    def newton_steps(self) -> int:
        """Newton steps on the support."""
        return sum(batch.newton_steps for batch in self.batches)

    @property
    def violations(self) -> int:
        """Columns that a prediction had missed."""
        return sum(batch.violations for batch in self.batches)

    @property
    def working_sets(self) -> tuple[int, ...]:
        """Size of the working set, batch by batch."""
        return tuple(batch.working_set for batch in self.batches)

    def __str__(self) -> str:
        largest = max(self.working_sets, default=0)
        return (
            f"{self.route}: {self.passes:.1f} passes over X, {len(self.batches)} batches, working "
            f"set up to {largest}, {self.sweeps} sweeps, {self.newton_steps} Newton steps, "
            f"{self.violations} violations"
        )


@dataclass(eq=False)
class Solution:
    """A solved task.

    Attributes
    ----------
    alphas : ndarray of shape (m,)
        Those of the task, or the leading ones where it ended early.
    coefs : ndarray or CSR array of shape (m, p); ndarray of shape (m, T, p) for all targets at once
        For all targets at once and with held-out rows only those of the last α.
    intercepts : ndarray of shape (m,) or (m, T)
    gaps : ndarray of shape (m,)
        Duality gap of each α in the units of the problem (divided by Σw).
    violations : ndarray of shape (m,)
        Largest violation of the optimality conditions, in units of Xᵀr / Σw.
    n_iter : ndarray of shape (m,), int
    converged : ndarray of shape (m,), bool
    scale : float
        Σw(y − ȳ)²/Σw: the gap is judged against tol times this. The sum over all targets.
    train_mse : ndarray of shape (m,)
        Weighted mean squared error of the training rows. The mean over all targets.
    ill_conditioned : bool
        Whether a ridge solution had to come from an orthogonal factorization.
    held_out_mse : ndarray of shape (m,) or None
        The same of the held-out rows.
    held_out_tss : float
        Weighted mean of (y − ȳ)² over the held-out rows, ȳ their own mean.
    diagnostics : Diagnostics or None
        Of the whole batch of tasks that this one was solved with.
    """

    alphas: np.ndarray
    coefs: np.ndarray | sparse.csr_array
    intercepts: np.ndarray
    gaps: np.ndarray
    violations: np.ndarray
    n_iter: np.ndarray
    converged: np.ndarray
    scale: float
    train_mse: np.ndarray
    ill_conditioned: bool = False
    held_out_mse: np.ndarray | None = None
    held_out_tss: float = field(default=float("nan"))
    diagnostics: Diagnostics | None = None

    def without_coefs(self) -> Solution:
        """Return the same without the coefficients, which take most of the memory."""
        return replace(self, coefs=sparse.csr_array((0, 0)))

    def head(self, m: int) -> Solution:
        """Return what was found at the first m α."""
        return replace(self, **{name: part[:m] for name, part in self._by_alpha().items()})

    def followed_by(self, other: Solution) -> Solution:
        """Return one solution of this one's α and those of `other`, of the same task."""
        more = other._by_alpha()
        joined = {
            name: np.concatenate([part, more[name]]) for name, part in self._by_alpha().items()
        }
        return replace(
            self, **joined, ill_conditioned=self.ill_conditioned or other.ill_conditioned
        )

    def _by_alpha(self) -> dict[str, Any]:
        names = (
            "alphas",
            "coefs",
            "intercepts",
            "gaps",
            "violations",
            "n_iter",
            "converged",
            "train_mse",
            "held_out_mse",
        )
        parts = {name: getattr(self, name) for name in names}
        return {name: part for name, part in parts.items() if part is not None}

    def dense_coefs(self) -> np.ndarray:
        """Return all coefficients as a dense array."""
        return self.coefs.toarray() if sparse.issparse(self.coefs) else self.coefs

    def coef_at(self, k: int) -> np.ndarray:
        """Return the coefficients of α number k, shape (p,)."""
        if isinstance(self.coefs, np.ndarray):
            return self.coefs[k]
        return self.coefs[[k]].toarray()[0]
