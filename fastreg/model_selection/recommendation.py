"""Which penalty to take, and why, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from fastreg.model_selection.collinearity import Collinearity
from fastreg.model_selection.methods import MethodResult, paired_differences

SELECTING = ("lasso", "relaxed lasso", "ridge", "Elastic-Net", "least squares")
SHRINKING = ("ridge", "Elastic-Net", "lasso", "relaxed lasso", "least squares")
STRONG = 30.0  # condition number: Belsley, Kuh & Welsch (1980), Regression Diagnostics
LARGE_VIF = 10.0
FEW_ROWS = 10.0  # a column
CHANCE = 0.01  # that the best of some useless methods is said to predict


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """What a comparison comes to.

    Attributes
    ----------
    method : str or None
        Name of the method, None for "no clear winner".
    best : str
        Name of the method with the smallest mean held-out error, whether clear or not.
    tied : tuple of str
        The methods within one paired standard error of the best, the best among them; simplest
        first.
    predicts : bool
        Whether the best predicts held-out rows better than the mean of the target does.
    headline : str
        One sentence.
    reasons : tuple of str
        A sentence or two each, the most important first.
    """

    method: str | None
    best: str
    tied: tuple[str, ...]
    predicts: bool
    headline: str
    reasons: tuple[str, ...]

    @property
    def is_decisive(self) -> bool:
        """Whether a method is named."""
        return self.method is not None

    def __str__(self) -> str:
        return "\n".join([self.headline, *(f"- {reason}" for reason in self.reasons)])


@dataclass(frozen=True, eq=False)
class _Evidence:
    """What all reasons are drawn from."""

    methods: dict[str, MethodResult]
    differences: np.ndarray
    se: np.ndarray
    skill: float
    skill_se: float
    baseline: float
    n_rows: int
    n_held_out: int
    useless: str
    collinearity: Collinearity
    names: Sequence[str]
    selects: bool

    @property
    def n_features(self) -> int:
        return len(self.names)


def recommend(
    methods: Sequence[MethodResult],
    baseline: np.ndarray,
    overlap: float,
    n_rows: int,
    collinearity: Collinearity,
    names: Sequence[str],
    *,
    n_held_out: int | None = None,
    useless: str = "the mean of the target",
    select_features: bool | None = None,
) -> Recommendation:
    """Name the simplest method within one paired standard error of the best.

    Simplest is, where features are to be chosen, the lasso, relaxed lasso, ridge, Elastic-Net, in
    this order; else ridge, Elastic-Net, lasso, relaxed lasso. Least squares comes last: it is named
    where nothing else is as good. No method is named where none predicts better than the mean of
    the target (tested at 1 %, and by a paired standard error), nor where all are within one of the
    best.

    Parameters
    ----------
    methods : sequence of MethodResult
    baseline : ndarray of shape (K,)
        Held-out errors of the training mean.
    overlap : float
        n_test/n_train, see `paired_differences`.
    names : sequence of str
        Of the columns.
    n_held_out : int, default=None
        How many of the rows some fold holds out; None: all of them.
    useless : str
        What `baseline` are the errors of.
    select_features : bool, default=None
        None: where the lasso uses at most half of the columns.
    """
    means = [m.held_out_mean for m in methods]
    at = int(np.argmin(means))
    best = methods[at]
    differences, se = paired_differences([m.held_out_errors for m in methods], overlap)
    skill, skill_se = paired_differences([baseline, best.held_out_errors], overlap)
    by_name = {m.name: m for m in methods}
    selects = _selects(by_name, len(names)) if select_features is None else select_features
    # NaN: with a single fold nothing tells them apart
    near = [m.name for i, m in enumerate(methods) if not differences[i, at] > se[i, at]]
    tied = tuple(name for name in (SELECTING if selects else SHRINKING) if name in near)
    evidence = _Evidence(
        by_name,
        differences[:, at],
        se[:, at],
        float(skill[0, 1]),
        float(skill_se[0, 1]),
        float(baseline.mean()),
        n_rows,
        n_rows if n_held_out is None else n_held_out,
        useless,
        collinearity,
        names,
        selects,
    )
    method, headline = _verdict(evidence, tied, best)
    reasons = [
        *_ranking(evidence, best.name),
        *_tie(evidence, tied, best.name, method),
        *_skill(evidence, best.name),
        *_collinear(evidence),
        *_rows_for_columns(evidence),
        *_sparsity(evidence),
        *_one_se(evidence, method or tied[0]),
    ]
    return Recommendation(
        method=method,
        best=best.name,
        tied=tied,
        predicts=_predicts(evidence),
        headline=headline,
        reasons=tuple(reasons),
    )


def _verdict(
    evidence: _Evidence, tied: tuple[str, ...], best: MethodResult
) -> tuple[str | None, str]:
    """Return the method to take, None for "no clear winner", and a sentence that says so."""
    if not _predicts(evidence):
        return None, _no_skill(evidence)
    n_methods = len(evidence.methods)
    if n_methods == 1:
        return best.name, f"Take {best.name}, the only method compared: it predicts held-out rows."
    if best.held_out_errors.size == 1:
        return None, (
            f"No clear winner: {best.name} has the smallest error on the one split, which has no "
            "standard errors to tell methods apart by; take more folds."
        )
    if len(tied) == n_methods:
        return None, (
            f"No clear winner: all {n_methods} methods are within one paired standard error of "
            f"{best.name}, the one with the smallest held-out error; {tied[0]} is the simplest."
        )
    return tied[0], _headline(tied, best.name)


def _predicts(evidence: _Evidence) -> bool:
    """Whether the best model predicts better than the mean: by the folds, and beyond chance."""
    se = 0.0 if np.isnan(evidence.skill_se) else evidence.skill_se
    return bool(evidence.skill > se and _is_no_chance(evidence))


def _is_no_chance(evidence: _Evidence) -> bool:
    """Whether the best model explains more of the held-out rows than chance would let it.

    A model without skill is correlated with the target by chance, and the share of the variation
    that it explains is no more than the square of that correlation r. Over n rows r √((n − 2) /
    (1 − r²)) has Student's distribution with n − 2 degrees of freedom; the best of M such models is
    tested at 1/M of the level. Over n rows that tells more than over a few folds.
    """
    degrees = evidence.n_held_out - 2
    if degrees < 1 or not evidence.skill > 0:
        return False
    share = evidence.skill / evidence.baseline
    least = stdtrit(degrees, 1.0 - CHANCE / len(evidence.methods))
    return share * degrees > least**2 * (1.0 - share)


def _selects(methods: dict[str, MethodResult], n_features: int) -> bool:
    """Whether the lasso is sparse: it uses at most half of the columns, in the median fold."""
    lasso = methods.get("lasso") or methods.get("relaxed lasso")
    return lasso is not None and float(np.median(lasso.n_features)) <= n_features / 2


def _headline(tied: tuple[str, ...], best: str) -> str:
    name = tied[0]
    if len(tied) == 1:
        return f"Take {name}: it has the smallest held-out error, by more than one standard error."
    if name == best:
        return f"Take {name}: it has the smallest held-out error and is the simplest of its equals."
    return (
        f"Take {name}: its held-out error is within one paired standard error of the smallest, "
        f"that of {best}, and it is the simpler model."
    )


def _no_skill(evidence: _Evidence) -> str:
    if evidence.baseline == 0:
        return "No clear winner: the target is constant, there is nothing to predict."
    return (
        f"No clear winner: no method predicts held-out rows better than {evidence.useless}, "
        "beyond what chance may do (tested at 1 %)."
    )


def _ranking(evidence: _Evidence, best: str) -> list[str]:
    own = evidence.methods[best]
    once = own.held_out_errors.size == 1
    others = [
        f"{m.name} by {_digits(difference)}" + ("" if once else f" ± {_digits(se)}")
        for m, difference, se in zip(
            evidence.methods.values(), evidence.differences, evidence.se, strict=True
        )
        if m is not own
    ]
    text = f"{_capital(best)} has the smallest held-out error, {_digits(own.held_out_mean, 4)}"
    spread = f" ± {_digits(own.held_out_se, 2)} over {len(own.alphas)} folds"
    text += " on one split" if once else spread
    if others:
        text += f"; the error is larger with {', with '.join(others)}"
        text += "" if once else " (± paired standard errors)"
    return [text + "."]


def _tie(evidence: _Evidence, tied: tuple[str, ...], best: str, method: str | None) -> list[str]:
    if len(tied) < 2 or np.isnan(evidence.skill_se):
        return []
    order = (
        "features are to be chosen, so lasso comes before ridge and Elastic-Net"
        if evidence.selects
        else "no features are to be chosen, so ridge comes first, then Elastic-Net"
    )
    taken = "the simplest of them is" if method is None else "among equals the simplest is taken,"
    return [
        f"{_listed(tied)} cannot be told apart: each is within one paired standard error of "
        f"{best}; {taken} {tied[0]} ({order})."
    ]


def _skill(evidence: _Evidence, best: str) -> list[str]:
    if not evidence.baseline > 0:
        return []
    own = evidence.methods[best]
    share = evidence.skill / evidence.baseline
    explains = (
        f"explains {share:.0%} of the variation of held-out rows"
        if share >= 0.005
        else "explains nothing of the variation of held-out rows"
    )
    text = (
        f"{_capital(best)} {explains}; its training error is {_digits(own.train_mean, 4)}, a "
        f"gap of {_digits(own.gap, 4)}."
    )
    plain = evidence.methods.get("least squares")
    if plain is not None and plain is not own and plain.gap > 2 * abs(own.gap):
        text += (
            " Least squares fits the training rows more closely "
            f"({_digits(plain.train_mean, 4)}) and misses held-out rows by "
            f"{_digits(plain.held_out_mean, 4)}: it overfits."
        )
    return [text]


def _collinear(evidence: _Evidence) -> list[str]:
    found, p = evidence.collinearity, evidence.n_features
    if p < 2 or np.isnan(found.condition_number):
        return []
    if p >= evidence.n_rows:
        return []  # said of the rows
    if np.isinf(found.condition_number):
        return [
            "Some columns are linear combinations of others: least squares has no unique solution, "
            "and a lasso chooses arbitrarily among them; ridge and Elastic-Net share the effect."
        ]
    worst = int(np.nanargmax(found.vif))
    figures = (
        f"the condition number of the standardized columns is {_digits(found.condition_number)} "
        f"and the largest variance inflation factor {_digits(found.largest_vif)} "
        f"({evidence.names[worst]})"
    )
    if found.condition_number > STRONG or found.largest_vif > LARGE_VIF:
        return [
            f"The columns are collinear: {figures}. Least-squares coefficients are unstable; ridge "
            "and Elastic-Net share an effect among correlated columns, where a lasso picks one."
        ]
    return [f"The columns are not strongly collinear: {figures}."]


def _rows_for_columns(evidence: _Evidence) -> list[str]:
    n, p = evidence.n_rows, evidence.n_features
    if p >= n:
        return [
            f"There are {n} rows for {p} columns: least squares is not unique and fits the "
            "training rows exactly; a penalty is needed."
        ]
    says = "few" if n / p < FEW_ROWS else "as far as their number goes enough"
    columns = f"{p} columns, {n / p:.3g} rows a column" if p > 1 else "one column"
    return [f"There are {n} rows for {columns}: {says} for least squares."]


def _sparsity(evidence: _Evidence) -> list[str]:
    lasso = evidence.methods.get("lasso") or evidence.methods.get("relaxed lasso")
    if lasso is None or evidence.n_features < 2:
        return []
    low, high = int(lasso.n_features.min()), int(lasso.n_features.max())
    over = f"{low}" if low == high else f"{low} to {high}"
    p = evidence.n_features
    sparse = "sparse" if _selects(evidence.methods, p) else "dense"
    return [
        f"The {lasso.name} finds a {sparse} model: it uses {over} of {p} columns on the folds, "
        f"{lasso.n_selected} on all rows."
    ]


def _one_se(evidence: _Evidence, name: str) -> list[str]:
    own = evidence.methods[name]
    if not own.alpha_1se > own.alpha:
        return []
    text = (
        f"By the one-standard-error rule the alpha of {name} could rise from "
        f"{_digits(own.alpha, 4)} to {_digits(own.alpha_1se, 4)} without a visible loss"
    )
    if own.n_features_1se != own.n_selected:
        columns = "column" if own.n_features_1se == 1 else "columns"
        text += f", with {own.n_features_1se} {columns} in place of {own.n_selected}"
    return [text + "."]


def _digits(value: float, n: int = 3) -> str:
    """Write some significant digits, without an exponent where the number is readable so."""
    return f"{float(f'{value:.{n}g}'):g}"


def _listed(names: Sequence[str]) -> str:
    return _capital(f"{', '.join(names[:-1])} and {names[-1]}")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
