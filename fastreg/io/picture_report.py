"""What a picture shows, in numbers, for a person at a terminal."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastreg.plotting import CoefficientPathDisplay, CVCurveDisplay, LearningCurveDisplay

from .experiment import Outcome
from .learning import Learned
from .prepare import Prepared
from .report import all_warnings, chosen_lines, new_table, penalty_word, plain, printed, rounded

_N_LARGEST = 10


def describe_cv_curve(display: CVCurveDisplay) -> str:
    """Return a line on the marks of a cross-validated error curve."""
    row = display.l1_ratios.index(display.l1_ratio)
    alphas, mean, se = display.alphas[row], display.mean[row], display.se[row]
    at, simple = display.best_, display.best_1se_
    spread = f" ± {rounded(se[at], like=mean[at])}" if np.isfinite(se[at]) else ""
    return (
        f"Smallest held-out error {rounded(mean[at])}{spread} at α = {alphas[at]:.6g}; within one "
        f"standard error of it α = {alphas[simple]:.6g} with {rounded(mean[simple])}"
    )


def render_path(outcome: Outcome, display: CoefficientPathDisplay) -> str:
    """Return what a coefficient path shows: who enters when, and how large it gets."""
    data, choice = outcome.data, outcome.choice
    n_features = len(outcome.model.coef)
    n_chosen = int(np.count_nonzero(outcome.model.coef))
    return printed(
        f"{penalty_word(outcome.settings)} path for {data.target} in {data.source}: "
        f"{_size(data)}, {choice.n_alphas} α",
        "",
        *chosen_lines(outcome),
        *(f"Warning: {message}" for message in all_warnings(outcome)),
        f"  {n_chosen:,} of {n_features:,} coefficients are not zero there",
        "",
        *_largest(outcome, display),
    )


def _largest(outcome: Outcome, display: CoefficientPathDisplay) -> list[Any]:
    """Return a table of the features with the largest coefficients, the first of them drawn."""
    reach = np.abs(display.coefs).max(axis=0)
    order = [j for j in np.argsort(-reach, kind="stable")[:_N_LARGEST] if reach[j] > 0]
    if not order:
        return ["No coefficient is other than zero at any of these α."]
    selects = outcome.settings.penalty != "ridge"
    entry = ["enters at α"] if selects else []
    table = new_table("Column", *entry, "coefficient", "× sd at α", "largest × sd", "× sd at end")
    end = np.argmin(display.alphas)
    for j in order:
        coefs = display.coefs[:, j]
        enters = [f"{display.alphas[coefs != 0].max():.4g}"] if selects else []
        table.add_row(
            plain(display.feature_names[j]),
            *enters,
            f"{outcome.model.coef[j]:.5g}",
            f"{outcome.model.coef[j] * outcome.feature_sd[j]:.4g}",
            f"{coefs[np.argmax(np.abs(coefs))]:.4g}",
            f"{coefs[end]:.4g}",
        )
    words = "The largest on the path, by |coefficient| × standard deviation (sd) of its column:"
    return [words, table]


def render_learning(learned: Learned, display: LearningCurveDisplay) -> str:
    """Return what a learning curve shows: errors and the gap between them at every size."""
    curve, data, settings = display.curve, learned.data, learned.settings
    how = "α chosen anew for every size and fold" if curve.alpha is None else f"α = {curve.alpha:g}"
    table = new_table(
        *("Training rows", "training error", "held-out error", "± SE", "gap", "features", "α")
    )
    largest = float(curve.held_out_mean.max())
    errors = (curve.train_mean, curve.held_out_mean, curve.held_out_se, curve.gap)
    for i, size in enumerate(curve.train_sizes):
        table.add_row(
            f"{size:,}",
            *(rounded(each[i], like=largest) for each in errors),
            f"{np.median(curve.n_features[i]):g}",
            f"{np.median(curve.alphas[i]):.4g}",
        )
    return printed(
        f"Learning curve of {penalty_word(settings)} for {data.target} in {data.source}: "
        f"{_size(data)}",
        f"Mean squared errors over {settings.cv} folds; {how} (features, α: median over folds)",
        *(f"Warning: {message}" for message in learned.warnings),
        table,
    )


def _size(data: Prepared) -> str:
    n, p = data.X.shape
    return f"{n:,} rows, {p:,} feature{'s' if p > 1 else ''}"
