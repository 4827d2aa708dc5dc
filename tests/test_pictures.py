"""Pictures: what is drawn is what was measured, and all of it can be read."""

import itertools
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgb
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LassoCV as TheirLassoCV
from sklearn.linear_model import lasso_path
from sklearn.model_selection import KFold

from fastreg import (
    ElasticNetCV,
    Lasso,
    LassoCV,
    MultiTaskLasso,
    Ridge,
    RidgeCV,
    regularization_path,
    ridge_path,
)
from fastreg.model_selection import (
    compare_penalties,
    complexity_curve,
    learning_curve,
    stability_selection,
)
from fastreg.model_selection.methods import METHODS
from fastreg.plotting import (
    CoefficientPathDisplay,
    ComplexityCurveDisplay,
    CVCurveDisplay,
    LearningCurveDisplay,
    StabilityPathDisplay,
)
from fastreg.plotting.files import as_bytes, as_svg
from fastreg.plotting.style import COLOURS, LONGEST_NAME, number, short_names


@pytest.fixture(autouse=True)
def figures():
    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def diabetes_rows():
    return load_diabetes(return_X_y=True, as_frame=True, scaled=False)


@pytest.fixture(scope="module")
def lasso_cv(diabetes_rows):
    return LassoCV(alphas=30, standardize=True, cv=4, tol=1e-10).fit(*diabetes_rows)


def band_of(collection) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x, lower and upper ends of a filled band, by x."""
    points = collection.get_paths()[0].vertices
    x = np.unique(points[:, 0])
    ends = [points[points[:, 0] == value, 1] for value in x]
    return x, np.array([e.min() for e in ends]), np.array([e.max() for e in ends])


def assert_band(collection, x, mean, se):
    order = np.argsort(x)
    at, low, high = band_of(collection)
    np.testing.assert_allclose(at, np.asarray(x)[order])
    np.testing.assert_allclose(low, (mean - se)[order])
    np.testing.assert_allclose(high, (mean + se)[order])


def assert_line(line, x, y, **tolerance):
    np.testing.assert_allclose(line.get_xdata(), x)
    np.testing.assert_allclose(line.get_ydata(), y, **tolerance)


def at_x(line) -> float:
    (x,) = set(line.get_xdata())
    return x


def mean_and_se(errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = errors.sum(axis=-1) / errors.shape[-1]
    variance = ((errors - mean[..., None]) ** 2).sum(axis=-1) / (errors.shape[-1] - 1)
    return mean, np.sqrt(variance / errors.shape[-1])


def upper_ticks(axis) -> list[tuple[float, str]]:
    ticks, formatter = axis.get_xticks(), axis.xaxis.get_major_formatter()
    return [(x, formatter(x, i)) for i, x in enumerate(ticks)]


# --- what is drawn is what was measured


def test_cv_curve(diabetes_rows, lasso_cv):
    X, y = diabetes_rows
    display = CVCurveDisplay.from_estimator(lasso_cv, X, y)
    mean, se = mean_and_se(lasso_cv.mse_path_)
    assert_line(display.line_, lasso_cv.alphas_, mean)
    assert_band(display.band_, lasso_cv.alphas_, mean, se)
    best = np.argmin(mean)
    assert at_x(display.marks_["min"]) == lasso_cv.alphas_[best] == lasso_cv.alpha_
    within = lasso_cv.alphas_[mean <= mean[best] + se[best]].max()
    assert at_x(display.marks_["1se"]) == within > lasso_cv.alpha_
    assert display.marks_["chosen"] is display.marks_["min"]
    scale = X.to_numpy().std(axis=0)
    _, coefs, _ = lasso_path(X / scale - (X / scale).mean(), y - y.mean(), alphas=lasso_cv.alphas_)
    counts = {
        alpha: f"{n}" for alpha, n in zip(lasso_cv.alphas_, (coefs != 0).sum(axis=0), strict=True)
    }
    ticks = upper_ticks(display.upper_ax_)
    assert len(ticks) > 3
    assert all(counts[alpha] == text for alpha, text in ticks)


def test_cv_curve_of_the_simpler_choice(diabetes_rows):
    model = LassoCV(alphas=30, cv=4, selection_rule="1se").fit(*diabetes_rows)
    marks = CVCurveDisplay.from_estimator(model).marks_
    assert marks["chosen"] is marks["1se"] is not marks["min"]
    assert at_x(marks["chosen"]) == model.alpha_


def test_cv_curves_of_several_mixes(diabetes_rows):
    ratios = [0.2, 0.7, 1.0]
    model = ElasticNetCV(l1_ratio=ratios, alphas=20, cv=4, standardize=True).fit(*diabetes_rows)
    display = CVCurveDisplay.from_estimator(model, *diabetes_rows)
    assert len(display.lines_) == 3
    for i, line in enumerate(display.lines_):
        assert_line(line, model.alphas_[i], mean_and_se(model.mse_path_[i])[0])
        assert f"{ratios[i]:g}" in line.get_label()
    row = ratios.index(model.l1_ratio_)
    assert display.line_ is display.lines_[row]
    assert_band(display.band_, model.alphas_[row], *mean_and_se(model.mse_path_[row]))
    assert at_x(display.marks_["chosen"]) == model.alpha_
    given = ElasticNetCV(l1_ratio=ratios, alphas=[3.0, 0.1, 1.0], cv=4).fit(*diabetes_rows)
    for i, line in enumerate(CVCurveDisplay.from_estimator(given).lines_):
        assert_line(line, [3.0, 1.0, 0.1], given.mse_path_[i].mean(axis=-1))


@pytest.mark.parametrize("cv", [None, 4])
def test_cv_curve_of_ridge(cv, diabetes_rows):
    X, y = diabetes_rows
    model = RidgeCV(alphas=np.geomspace(1e5, 1.0, 15), cv=cv).fit(X, y)
    display = CVCurveDisplay.from_estimator(model, X, y)
    assert_line(display.line_, model.alphas_, model.cv_mean_)
    assert_band(display.band_, model.alphas_, model.cv_mean_, model.cv_se_)
    assert at_x(display.marks_["chosen"]) == model.alpha_
    squares = np.linalg.svd(X - X.mean(), compute_uv=False) ** 2
    for alpha, text in upper_ticks(display.upper_ax_):
        assert float(text) == pytest.approx((squares / (squares + alpha)).sum(), rel=0.06)


def test_cv_curve_takes_alphas_in_any_order(diabetes_rows):
    model = RidgeCV(alphas=[1.0, 100.0, 10.0]).fit(*diabetes_rows)
    display = CVCurveDisplay.from_estimator(model, *diabetes_rows)
    order = np.argsort(-model.alphas_)
    assert_line(display.line_, model.alphas_[order], model.cv_mean_[order])


def test_coefficient_path_of_an_estimator(diabetes_rows, lasso_cv):
    X, y = diabetes_rows
    display = CoefficientPathDisplay.from_estimator(lasso_cv, X, y, scaled=True, n_named=4)
    scale = X.to_numpy().std(axis=0)
    Z = (X - X.mean()) / scale
    alphas, coefs, _ = lasso_path(
        Z, y - y.mean(), alphas=lasso_cv.alphas_, tol=1e-12, max_iter=10**5
    )
    largest = np.argsort(-np.abs(coefs).max(axis=1))[:4]
    assert [line.get_label() for line in display.lines_] == [X.columns[j] for j in largest]
    for line, j in zip(display.lines_, largest, strict=True):
        assert_line(line, alphas, coefs[j], atol=1e-3)
    assert len(display.others_.get_segments()) == 6
    assert at_x(display.mark_) == lasso_cv.alpha_
    drawn = {line.get_label(): line.get_ydata() for line in display.lines_}
    k = lasso_cv.alphas_.tolist().index(lasso_cv.alpha_)
    for name, coef in zip(X.columns, lasso_cv.coef_ * scale, strict=True):
        if name in drawn:
            assert drawn[name][k] == pytest.approx(coef, abs=1e-3)


@pytest.mark.parametrize("alpha", [1e-4, 0.3, 1e6])
def test_coefficient_path_reaches_the_alpha_of_an_estimator(alpha, diabetes_rows):
    for model in (Lasso(alpha), Ridge(alpha)):
        display = CoefficientPathDisplay.from_estimator(model, *diabetes_rows)
        assert at_x(display.mark_) == alpha
        high, low = display.ax_.get_xlim()
        assert low < alpha < high
        assert display.alphas.min() < alpha


def test_coefficient_path_of_scikit_learn_and_of_ridge(diabetes_rows):
    X, y = diabetes_rows
    theirs = TheirLassoCV(alphas=20).fit(X, y)
    display = CoefficientPathDisplay.from_estimator(theirs, X, y)
    np.testing.assert_allclose(display.alphas, theirs.alphas_)
    path = ridge_path(X, y, alphas=[100.0, 10.0, 1.0])
    centred = X - X.mean()
    display = path.plot(n_named=10)
    for k, alpha in enumerate(path.alphas):
        expected = np.linalg.solve(
            centred.T @ centred + alpha * np.eye(10), centred.T @ (y - y.mean())
        )
        drawn = {line.get_label(): line.get_ydata()[k] for line in display.lines_}
        np.testing.assert_allclose([drawn[name] for name in X.columns], expected, rtol=1e-8)


def test_many_features_are_the_band_they_fill():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 300)), rng.normal(size=50)
    path = ridge_path(X, y, alphas=[100.0, 10.0, 1.0])
    display = CoefficientPathDisplay.from_path(path)
    coefs = path.coefs.toarray()
    rest = np.argsort(-np.abs(coefs).max(axis=0))[8:]
    _, low, high = band_of(display.others_)
    np.testing.assert_allclose(low, coefs[::-1, rest].min(axis=1))
    np.testing.assert_allclose(high, coefs[::-1, rest].max(axis=1))
    assert "292 other features" in display.others_.get_label()


@pytest.mark.parametrize("penalty", ["lasso", "ridge"])
def test_complexity_curve(penalty, diabetes_rows):
    curve = complexity_curve(*diabetes_rows, penalty=penalty, alphas=25, cv=4)
    display = curve.plot()
    for line, band, errors in (
        (display.train_line_, display.train_band_, curve.train_errors),
        (display.held_out_line_, display.held_out_band_, curve.held_out_errors),
    ):
        mean, se = mean_and_se(errors)
        assert_line(line, curve.alphas, mean)
        assert_band(band, curve.alphas, mean, se)
    mean, se = mean_and_se(curve.held_out_errors)
    best = np.argmin(mean)
    assert at_x(display.marks_["min"]) == curve.alphas[best]
    within = curve.alphas[mean <= mean[best] + se[best]]
    assert at_x(display.marks_["1se"]) == within.max()
    df = dict(zip(curve.alphas, curve.df, strict=True))
    for alpha, text in upper_ticks(display.upper_ax_):
        assert float(text) == pytest.approx(df[alpha], rel=0.05, abs=0.051)


def test_learning_curve(diabetes_rows):
    curve = learning_curve(*diabetes_rows, alpha=0.5, cv=4, train_sizes=[20, 100, 300])
    display = curve.plot()
    for line, band, errors in (
        (display.train_line_, display.train_band_, curve.train_errors),
        (display.held_out_line_, display.held_out_band_, curve.held_out_errors),
    ):
        assert_line(line, [20, 100, 300], errors.mean(axis=1))
        assert_band(band, [20, 100, 300], *mean_and_se(errors))
    assert display.ax_.get_legend().get_title().get_text() == "lasso, α = 0.5"


def test_comparison(diabetes_rows):
    X, y = diabetes_rows
    found = compare_penalties(X, y)
    display = found.plot()
    points, _, (bars,) = display.held_out_
    mean, se = mean_and_se(np.stack([m.held_out_errors for m in found.methods]))
    assert_line(points, mean, np.arange(5))
    ends = np.array(bars.get_segments())[:, :, 0]
    np.testing.assert_allclose(ends, np.column_stack([mean - se, mean + se]))
    train = [m.train_errors.mean() for m in found.methods]
    assert_line(display.train_, train, np.arange(5))
    gaps = np.array(display.gaps_.get_segments())[:, :, 0]
    np.testing.assert_allclose(gaps, np.column_stack([train, mean]))
    splits = KFold(5, shuffle=True, random_state=0).split(X)
    baseline = np.mean([np.mean((y[b] - y[a].mean()) ** 2) for a, b in splits])
    assert at_x(display.baseline_) == pytest.approx(baseline)
    names = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert names == [m.name for m in found.methods]
    assert display.ax_.yaxis.get_inverted()


@pytest.mark.parametrize(("n", "p", "noise"), [(80, 63, 3.0), (200, 5, 0.1)])
def test_what_lies_beyond_the_edge_of_a_comparison_is_marked(n, p, noise):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    y = X[:, :3].sum(axis=1) + noise * rng.normal(size=n)
    display = compare_penalties(X, y, methods=["least squares", "ridge"], n_alphas=10).plot()
    left, right = display.ax_.get_xlim()
    if p == 63:  # least squares fits 64 training rows exactly, and errs by far on others
        assert display.ax_.get_xscale() == "log"
        (mark,) = display.off_
        small = display.train_.get_xdata() < left
        np.testing.assert_array_equal(mark.get_ydata(), np.flatnonzero(small))
        assert small.any()
        assert not small.all()
    else:
        (mark,) = display.off_
        assert at_x(display.baseline_) > right
        assert number(float(f"{at_x(display.baseline_):.3g}")) in mark.get_label()
    assert all(left < x < right for x in display.held_out_[0].get_xdata())


def test_without_intercept_the_useless_model_predicts_0(diabetes_rows):
    X, y = diabetes_rows
    found = compare_penalties(X, y, fit_intercept=False, methods=["ridge"], n_alphas=5)
    display = found.plot()
    names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert any(name.startswith("predicting 0") for name in names)


def test_stability_path(diabetes_rows):
    X, y = diabetes_rows
    found = stability_selection(X, y, n_pairs=8, alphas=20)
    display = found.plot(n_named=3)
    order = np.argsort(-found.scores, kind="stable")[:3]
    assert [line.get_label() for line in display.lines_] == [X.columns[j] for j in order]
    for line, j in zip(display.lines_, order, strict=True):
        assert_line(line, found.alphas, found.frequencies[:, j])
        assert (line.get_linewidth() > 2) == (found.scores[j] >= found.threshold)
    assert set(display.threshold_.get_ydata()) == {found.threshold}
    box = display.beyond_.get_window_extent()
    ends = display.ax_.transData.inverted().transform([[box.x0, box.y0], [box.x1, box.y0]])[:, 0]
    assert ends[0] == pytest.approx(found.alphas[found.last])
    assert ends[1] < found.alphas[-1]


def test_stability_path_of_which_nothing_counts(diabetes_rows):
    with pytest.warns(UserWarning, match="no feature is selected"):
        found = stability_selection(*diabetes_rows, n_pairs=3, alphas=[0.2, 0.1], max_false=0.1)
    assert found.plot().beyond_.get_label() == "no α counts: too many features enter"


@pytest.mark.parametrize(
    ("display", "model", "call", "options"),
    [
        (ComplexityCurveDisplay, LassoCV(alphas=12, eps=0.01), complexity_curve, {}),
        (ComplexityCurveDisplay, Ridge(), complexity_curve, {"penalty": "ridge"}),
        (LearningCurveDisplay, Lasso(0.7), learning_curve, {"alpha": 0.7}),
        (LearningCurveDisplay, LassoCV(alphas=12, eps=0.01), learning_curve, {}),
    ],
)
def test_curves_of_an_estimator_are_those_of_its_penalty(
    display, model, call, options, diabetes_rows
):
    if isinstance(model, LassoCV):
        options = options | {"alphas": 12, "eps": 0.01}
    expected = call(*diabetes_rows, cv=3, **options)
    found = display.from_estimator(model, *diabetes_rows, cv=3).curve
    np.testing.assert_array_equal(found.held_out_errors, expected.held_out_errors)
    np.testing.assert_array_equal(found.alphas, expected.alphas)


def test_stability_of_an_estimator(diabetes_rows):
    expected = stability_selection(*diabetes_rows, l1_ratio=0.5, n_pairs=3, standardize=False)
    model = ElasticNetCV(l1_ratio=0.5)
    found = StabilityPathDisplay.from_estimator(model, *diabetes_rows, n_pairs=3).selection
    np.testing.assert_array_equal(found.frequencies, expected.frequencies)


# --- all of it can be read


def drawn_texts(figure, monkeypatch) -> list:
    """Return the texts that a renderer is asked to draw, with the boxes they fill."""
    found = []
    draw_text = RendererAgg.draw_text

    def recorded(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        found.append((s, mtext.get_window_extent(self)))
        return draw_text(self, gc, x, y, s, prop, angle, ismath, mtext)

    with monkeypatch.context() as patched:
        patched.setattr(RendererAgg, "draw_text", recorded)
        figure.canvas.draw()  # makes the layout
        found.clear()
        figure.canvas.draw()
    return found


def assert_legible(figure, monkeypatch):
    texts = drawn_texts(figure, monkeypatch)
    assert len(texts) > 6
    width, height = figure.canvas.get_width_height()
    for s, box in texts:
        assert box.x0 >= 0, s
        assert box.y0 >= 0, s
        assert box.x1 <= width, s
        assert box.y1 <= height, s
    for (a, one), (b, other) in itertools.combinations(texts, 2):
        overlap = min(one.x1, other.x1) - max(one.x0, other.x0)
        assert overlap <= 0 or min(one.y1, other.y1) - max(one.y0, other.y0) <= 0.5, (a, b)


def rows_of(p: int) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(p)
    X = rng.normal(size=(60, p))
    y = 1000 * (X[:, :4] @ np.array([3.0, -2.0, 2.0, 1.0]) + rng.normal(size=60))
    names = [f"measurement {j} of a quantity with a long name, in unit {j % 3}" for j in range(p)]
    return pd.DataFrame(X, columns=names), y


def every_display(X, y, axes) -> list:
    """Draw all pictures, each on the next of the axes."""
    lasso = LassoCV(alphas=20, eps=0.01).fit(X, y)
    mixed = ElasticNetCV(l1_ratio=[0.5, 0.9, 1.0], alphas=20, eps=0.01).fit(X, y)
    ridge = RidgeCV(alphas=None, cv=5).fit(X, y)
    few = regularization_path(X, y, alphas=[1000.0, 500.0, 0.0]) if X.shape[1] < 60 else None
    methods = METHODS if X.shape[1] < 60 else ["ridge", "lasso"]
    return [
        CoefficientPathDisplay.from_estimator(lasso, X, y, ax=next(axes)),
        CoefficientPathDisplay.from_estimator(ridge, X, y, scaled=True, ax=next(axes)),
        *([few.plot(next(axes))] if few is not None else []),
        CVCurveDisplay.from_estimator(lasso, X, y, ax=next(axes)),
        CVCurveDisplay.from_estimator(mixed, X, y, ax=next(axes)),
        CVCurveDisplay.from_estimator(ridge, X, y, ax=next(axes)),
        complexity_curve(X, y, penalty="ridge", alphas=20).plot(next(axes)),
        learning_curve(X, y, train_sizes=[12, 15, 30, 48], alphas=20).plot(next(axes)),
        compare_penalties(X, y, n_alphas=10, methods=methods).plot(next(axes)),
        stability_selection(X, y, n_pairs=3, alphas=10).plot(next(axes)),
    ]


@pytest.mark.parametrize("p", [5, 5000])
def test_no_text_overlaps_another_or_leaves_the_figure(p, monkeypatch):
    for display in every_display(*rows_of(p), itertools.repeat(None)):
        assert_legible(display.figure_, monkeypatch)


@pytest.mark.parametrize("layout", ["constrained", None])
def test_pictures_beside_each_other(layout, monkeypatch):
    X, y = rows_of(5)
    figure, axes = plt.subplots(3, 4, figsize=(26, 14), layout=layout)
    if layout is None:
        figure.subplots_adjust(wspace=0.4, hspace=0.5)
    engine = figure.get_layout_engine()
    for display, ax in zip(every_display(X, y, iter(axes.flat)), axes.flat, strict=False):
        assert display.ax_ is ax
        assert display.figure_ is figure
    assert figure.get_layout_engine() is engine
    assert len(figure.axes) == 12
    for ax in axes.flat[10:]:
        ax.remove()
    assert_legible(figure, monkeypatch)


@pytest.mark.parametrize("layout", ["constrained", None])
def test_pictures_in_narrow_axes(layout, monkeypatch):
    figure, axes = plt.subplots(5, 2, figsize=(7.5, 16), layout=layout)
    displays = every_display(*rows_of(5), iter(axes.flat))
    if layout is None:
        figure.subplots_adjust(wspace=0.7, hspace=0.9, left=0.2, right=0.98, bottom=0.04)
    assert_legible(figure, monkeypatch)
    for display in displays:
        ax = display.ax_
        legend, box = ax.get_legend().get_window_extent(), ax.get_window_extent()
        assert box.width > 0.45 * figure.dpi * 7.5 / 2
        assert box.x0 <= legend.x0 < legend.x1 <= box.x1
    assert displays[-2].ax_.get_ylim()[0] > len(METHODS) + 1  # room for the legend, below


def test_pictures_on_a_dark_page(diabetes_rows):
    with plt.style.context("dark_background"):
        alphas = np.geomspace(1.0, 0.01, 5)
        coefs = np.outer(1 / alphas, np.arange(1.0, 9.0))
        display = CoefficientPathDisplay(alphas, coefs, list("abcdefgh")).plot()
        shade = stability_selection(*diabetes_rows, n_pairs=3, alphas=10).plot()
    luminance = [max(to_rgb(line.get_color())) for line in display.ax_.get_lines()]
    assert min(luminance) > 0.3
    assert shade.beyond_.get_alpha() < 0.3


@pytest.mark.parametrize("top", [1e7, 3e4, 12.0, 0.9, 3e-6])
@pytest.mark.parametrize("decades", [0.3, 1.5, 2.5, 5, 9])
def test_alpha_axes_of_any_length_have_readable_ticks(top, decades, monkeypatch, diabetes_rows):
    alphas = top * np.logspace(0, -decades, 12)
    display = CoefficientPathDisplay(alphas, np.outer(np.arange(12), [1.0, -2.0]), ["a", "b"])
    figure = display.plot().figure_
    assert_legible(figure, monkeypatch)
    high, low = display.ax_.get_xlim()
    shown = [x for x in display.ax_.get_xticks() if low <= x <= high]
    assert 2 <= len(shown) <= 10


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1, "1"),
        (0.001, "0.001"),
        (-0.25, "−0.25"),
        (20000, "20000"),
        (1e-5, "10⁻⁵"),
        (2e-7, "2·10⁻⁷"),
        (-3e8, "−3·10⁸"),
        (1e12, "10¹²"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


def test_names_are_taken_as_they_are(diabetes_rows):
    X, y = diabetes_rows
    names = ["_hidden", "$cost$", r"\frac", "a_b", "50 %", "<tag>", "[x]", "é", "x" * 80, "y" * 80]
    display = CoefficientPathDisplay.from_estimator(
        Lasso(), X, y, feature_names=names, scaled=True, n_named=10
    )
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert {*names[:8]} <= {*labels}
    figure = display.figure_
    assert "$cost$" in as_svg(figure)
    assert all(len(label) <= 40 for label in labels)


def test_shortened_names_stay_different():
    names = [f"{'long ' * 9}{tail}{' end' * 9}" for tail in "abc"]
    short = short_names([*names, "short"], [3, 5, 7, 9])
    assert len(set(short)) == 4
    assert short[-1] == "short"
    assert max(map(len, short)) <= LONGEST_NAME + 4


# G. M. Machado, M. M. Oliveira, L. A. F. Fernandes (2009), A physiologically-based model for
# simulation of color vision deficiency, IEEE Transactions on Visualization and Computer Graphics
# 15, 1291-1298, table 1, severity 1
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(linear: np.ndarray) -> np.ndarray:
    """Return CIE L*a*b* (D65) of linear sRGB."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    t = np.array(to_xyz) @ np.clip(linear, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_colours_differ_to_every_eye(deficiency):
    rgb = np.array([to_rgb(colour) for colour in (*COLOURS, "white")])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = [lab(np.array(DEFICIENCIES[deficiency]) @ colour) for colour in linear]
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) > 10  # ten times what can just be told apart


def test_files_are_the_same_bytes_and_svg_has_text(diabetes_rows, lasso_cv):
    figures = [CVCurveDisplay.from_estimator(lasso_cv).figure_ for _ in range(2)]
    for ending in ("svg", "png", "pdf"):
        one, other = (as_bytes(figure, ending) for figure in figures)
        assert one == other
    svg = as_svg(figures[0])
    assert svg.startswith("<svg")
    assert "held-out mean squared error" in svg


# --- refusals


def test_missing_matplotlib_is_named(monkeypatch, diabetes_rows, lasso_cv):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    curve = complexity_curve(*diabetes_rows, alphas=3)
    for draw in (
        curve.plot,
        regularization_path(*diabetes_rows, alphas=3).plot,
        lambda: CVCurveDisplay.from_estimator(lasso_cv),
    ):
        with pytest.raises(ImportError, match=r"needs matplotlib: pip install 'fastreg\[plot\]'"):
            draw()


def test_estimators_that_have_no_such_picture_are_refused(diabetes_rows):
    X, y = diabetes_rows
    Y = np.column_stack([y, -y])
    for draw in (CoefficientPathDisplay.from_estimator, ComplexityCurveDisplay.from_estimator):
        with pytest.raises(TypeError, match="estimator must be one of Lasso, LassoCV"):
            draw(MultiTaskLasso(), X, Y)
    with pytest.raises(NotFittedError):
        CoefficientPathDisplay.from_estimator(LassoCV(), X, y)
    with pytest.raises(NotFittedError):
        CVCurveDisplay.from_estimator(LassoCV())
    with pytest.raises(TypeError, match="which keep their error curve"):
        CVCurveDisplay.from_estimator(TheirLassoCV().fit(X, y))
    with pytest.raises(TypeError, match="which keep their error curve"):
        CVCurveDisplay.from_estimator(Lasso().fit(X, y))
    with pytest.raises(ValueError, match="one for each target"):
        CVCurveDisplay.from_estimator(LassoCV(alpha_per_target=True, alphas=5).fit(X, Y))
    with pytest.raises(ValueError, match="positive, lower and upper are not of penalty='ridge'"):
        LearningCurveDisplay.from_estimator(Ridge(positive=True), X, y)
    with pytest.raises(ValueError, match="must select features"):
        StabilityPathDisplay.from_estimator(Ridge(), X, y)
    for name, value in (("positive", True), ("penalty_factor", np.ones(10)), ("lower", -1.0)):
        with pytest.raises(ValueError, match=f"stability selection has no {name}"):
            StabilityPathDisplay.from_estimator(Lasso(**{name: value}), X, y)
    with pytest.raises(ValueError, match="y must be one target"):
        CoefficientPathDisplay.from_estimator(Lasso(), X, Y)
    with pytest.raises(ValueError, match="feature_names must be 10 names, got 2"):
        regularization_path(X, y).plot(feature_names=["a", "b"])
