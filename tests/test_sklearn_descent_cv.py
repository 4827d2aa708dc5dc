"""LassoCV, ElasticNetCV and their multi-task forms beside scikit-learn, attribute by attribute."""

import warnings

import numpy as np
import pytest
import sklearn.linear_model as sk
from scipy import sparse
from sklearn import config_context
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeavePGroupsOut,
    ShuffleSplit,
    TimeSeriesSplit,
)

import fastreg as fr

from .beside import HELD, TIGHT, assert_same_kind, both, called, problem
from .oracles import Instance

SINGLE = ["LassoCV", "ElasticNetCV"]
JOINT = ["MultiTaskLassoCV", "MultiTaskElasticNetCV"]
MIXED = ["ElasticNetCV", "MultiTaskElasticNetCV"]
GRID = {"alphas": 8, "eps": 0.02, "cv": 3}


def data_for(name, dtype=float):
    return problem(3 if name in JOINT else 1, dtype)


def assert_same_choice(ours, theirs, tol: float) -> None:
    """Same grid, error curves and choice, and the same model from it."""
    assert_same_kind(ours, theirs)
    np.testing.assert_allclose(ours.alphas_, theirs.alphas_, rtol=tol)
    np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=tol)
    assert ours.alpha_ == pytest.approx(theirs.alpha_, rel=tol)
    if hasattr(theirs, "l1_ratio_"):
        assert ours.l1_ratio_ == theirs.l1_ratio_
    for key in ("coef_", "intercept_"):
        np.testing.assert_allclose(getattr(ours, key), getattr(theirs, key), rtol=tol, atol=tol)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("LassoCV", {}),
        ("LassoCV", {"positive": True}),
        ("LassoCV", {"precompute": True}),
        ("LassoCV", {"precompute": False}),
        ("ElasticNetCV", {"l1_ratio": [0.3, 0.9]}),
        ("ElasticNetCV", {"l1_ratio": 0.6, "positive": True}),
        ("MultiTaskLassoCV", {}),
        ("MultiTaskElasticNetCV", {"l1_ratio": [0.3, 0.9]}),
    ],
    ids=str,
)
def test_attributes(name, options, held, weighted, fit_intercept):
    X, y, w = data_for(name)
    w = w if weighted else None
    options = {"fit_intercept": fit_intercept, **GRID, **options}
    ours, theirs = both(name, HELD[held](X), y, w, **options, **TIGHT)
    assert_same_choice(ours, theirs, 1e-8)


@pytest.mark.parametrize("y_dtype", [np.float32, np.float64])
@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_float32(name, held, y_dtype):
    """The dtypes of scikit-learn's fit, the values of its fit to the same data in double."""
    X, y, w = data_for(name, np.float32)
    X = HELD[held](X)
    ours, theirs = both(name, X, y.astype(y_dtype), w, **GRID)
    assert_same_kind(ours, theirs)
    tight, _ = both(name, X, y.astype(y_dtype), w, **GRID, tol=1e-12)
    _, theirs = both(name, X.astype(float), y.astype(float), w.astype(float), **GRID, **TIGHT)
    np.testing.assert_allclose(tight.mse_path_, theirs.mse_path_, rtol=1e-5)
    np.testing.assert_allclose(tight.coef_, theirs.coef_, rtol=1e-5, atol=1e-6)
    assert tight.alpha_ == pytest.approx(theirs.alpha_, rel=1e-5)


def splitters() -> dict:
    groups = np.arange(60) % 7
    X = np.zeros((60, 1))
    return {
        "default": None,
        "number": 4,
        "shuffled": KFold(4, shuffle=True, random_state=0),
        "time": TimeSeriesSplit(3),
        "overlapping": ShuffleSplit(3, test_size=0.3, random_state=0),
        "groups": list(GroupKFold(3).split(X, groups=groups)),
        "pairs of groups": list(LeavePGroupsOut(2).split(X, groups=groups))[:5],
        "one split": [(np.arange(40), np.arange(40, 60))],
        "masks": [(np.arange(60) >= 20, np.arange(60) < 20), (groups > 1, groups <= 1)],
    }


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("cv", splitters().values(), ids=splitters())
@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_splitters(name, cv, weighted):
    X, y, w = data_for(name)
    options = {**GRID, "cv": cv}
    ours, theirs = both(name, X, y, w if weighted else None, **options, **TIGHT)
    assert_same_choice(ours, theirs, 1e-8)


@pytest.mark.parametrize(
    "options",
    [
        {"alphas": 5},
        {"alphas": [0.1, 1.0, 0.01]},
        {"alphas": (0.3,)},
        {"alphas": np.array([0.1, 0.2]), "l1_ratio": [0.5, 0.7, 0.9]},
        {"alphas": 4, "l1_ratio": [0.5]},
        {"alphas": 4, "l1_ratio": [0.9, 0.5]},
        {"alphas": 1, "l1_ratio": np.array([0.9, 0.5])},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_grids(name, options):
    """A list of mixtures gives a grid each, unless the alphas are given."""
    X, y, _ = data_for(name)
    if name not in MIXED:
        options = {"alphas": options["alphas"]}
    ours, theirs = both(name, X, y, cv=3, **options, **TIGHT)
    assert_same_choice(ours, theirs, 1e-8)


@pytest.mark.parametrize("name", SINGLE)
def test_objective_at_the_default_tolerance(name):
    """At the alpha scikit-learn chose: no worse than its objective plus its gap."""
    X, y, _ = problem()
    _, theirs = both(name, X, y)
    ours, _ = both(name, X, y, alphas=[theirs.alpha_])
    judge = Instance(X, y, l1_ratio=1.0 if name == "LassoCV" else 0.5)
    own, wanted = (judge.objective(theirs.alpha_, m.coef_, m.intercept_) for m in (ours, theirs))
    assert own <= wanted + theirs.dual_gap_ + 1e-15
    assert ours.dual_gap_ <= 1e-4 * judge.yy


@pytest.mark.parametrize("n_jobs", [2, -1])
@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_random_order_and_jobs(name, n_jobs):
    X, y, _ = data_for(name)
    ours, theirs = both(
        name, X, y, selection="random", random_state=3, n_jobs=n_jobs, **GRID, **TIGHT
    )
    assert_same_choice(ours, theirs, 1e-7)
    again, _ = both(name, X, y, selection="random", random_state=3, **GRID, **TIGHT)
    assert again.coef_.tobytes() == ours.coef_.tobytes()


@pytest.mark.parametrize("held", ["F", "csr"])
@pytest.mark.parametrize("name", SINGLE)
def test_constant_target(name, held):
    X, _, _ = problem()
    ours, theirs = both(name, HELD[held](X), np.full(60, 3.5), alphas=4)
    np.testing.assert_array_equal(ours.alphas_, theirs.alphas_)
    assert np.all(ours.alphas_ == np.finfo(float).resolution)
    np.testing.assert_array_equal(ours.predict(X), 3.5)


@pytest.mark.parametrize("name", SINGLE)
def test_a_target_of_one_column_warns(name):
    X, y, _ = problem()
    found = []
    for module in (fr, sk):
        with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
            found.append(getattr(module, name)(**GRID, **TIGHT).fit(X, y[:, None]))
    assert_same_choice(*found, 1e-8)


BAD_PARAMETERS = {
    "eps": [0, -1, "a"],
    "alphas": [None, 0, -1, "a", [1.0, -1], [1.0, 0.5, "a"], 2.5],
    "l1_ratio": ["a", -0.5, 1.5, None],
    "fit_intercept": ["yes"],
    "precompute": ["x", 3, None],
    "max_iter": [0, 2.5, "a"],
    "tol": [-1, "a"],
    "copy_X": ["a"],
    "cv": ["a", 1, 0, object()],
    "verbose": [-1, "a"],
    "n_jobs": ["a", 2.5],
    "positive": ["a"],
    "random_state": ["a"],
    "selection": ["foo"],
}


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        (name, parameter, value)
        for name in SINGLE + JOINT
        for parameter in getattr(sk, name)().get_params()
        for value in BAD_PARAMETERS[parameter]
    ],
)
def test_refused_parameters(name, parameter, value):
    X, y, _ = data_for(name)
    found, wanted = (
        called(lambda m=module: getattr(m, name)(**{parameter: value}).fit(X, y))
        for module in (fr, sk)
    )
    assert wanted[0] is not None
    assert found == wanted


@pytest.mark.parametrize("ratio", [0.0, [0.5, 0.0]])
@pytest.mark.parametrize("name", MIXED)
def test_a_mixture_without_an_l1_part_has_no_grid(name, ratio):
    X, y, _ = data_for(name)
    for module in (fr, sk):
        with pytest.raises(ValueError, match="Automatic alpha grid generation is not supported"):
            getattr(module, name)(l1_ratio=ratio).fit(X, y)
    ours, theirs = both(name, X, y, l1_ratio=ratio, alphas=[0.1, 0.2], cv=3, **TIGHT)
    assert_same_choice(ours, theirs, 1e-7)


@pytest.mark.parametrize(
    "data",
    [
        lambda X, y, w: (X, y[:-1]),
        lambda X, y, w: (X, y * np.nan),
        lambda X, y, w: (X[:, 0], y),
        lambda X, y, w: (X, y, w[:-1]),
        lambda X, y, w: (X, y, np.c_[w, w]),
        lambda X, y, w: (X[:3], y[:3]),
    ],
)
@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_refused_data(name, data):
    given = data(*data_for(name))
    found, wanted = (called(lambda m=module: getattr(m, name)().fit(*given)) for module in (fr, sk))
    assert wanted[0] is not None
    assert found == wanted


@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_number_of_targets(name):
    X, Y, _ = problem(2)
    given = (X, Y) if name in SINGLE else (X, Y[:, 0])
    start = "For multi-task outputs, use MultiTask" if name in SINGLE else "For mono-task outputs"
    for module in (fr, sk):
        with pytest.raises(ValueError, match=start):
            getattr(module, name)().fit(*given)


@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_too_few_iterations_warn(name):
    """Once, where scikit-learn warns for each alpha and fold."""
    X, y, _ = data_for(name)
    found, wanted = (
        called(lambda m=module: getattr(m, name)(max_iter=2, tol=1e-12, alphas=20).fit(X, y))
        for module in (fr, sk)
    )
    assert wanted[1]
    assert found == wanted


@pytest.mark.parametrize("name", SINGLE + JOINT)
def test_groups_reach_the_splitter_by_metadata_routing(name):
    X, y, w = data_for(name)
    groups = np.arange(60) % 5
    models = []
    for module in (fr, sk):
        model = getattr(module, name)(alphas=5, cv=GroupKFold(3), **TIGHT)
        with pytest.raises(ValueError, match="is only supported if enable_metadata_routing=True"):
            model.fit(X, y, groups=groups)
        with config_context(enable_metadata_routing=True), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            models.append(model.fit(X, y, sample_weight=w, groups=groups))
    assert_same_choice(*models, 1e-8)
    splits = list(GroupKFold(3).split(X, groups=groups))
    by_hand, _ = both(name, X, y, w, alphas=5, cv=splits, **TIGHT)
    np.testing.assert_array_equal(by_hand.mse_path_, models[0].mse_path_)


@pytest.mark.parametrize("name", SINGLE)
def test_a_gram_matrix_of_all_rows(name):
    """Accepted: each fold takes its own. (scikit-learn compares it with the rows of each fold.)"""
    X, y, _ = problem()
    options = {"alphas": 5, "fit_intercept": False, **TIGHT}
    given = getattr(fr, name)(precompute=X.T @ X, **options).fit(X, y)
    plain = getattr(fr, name)(**options).fit(X, y)
    np.testing.assert_array_equal(given.coef_, plain.coef_)
    with pytest.raises(ValueError, match="did not pass validation"):
        getattr(fr, name)(precompute=X.T @ X + 1.0, **options).fit(X, y)


def test_sparse_rows_of_any_format():
    X, y, _ = problem()
    kinds = (sparse.csr_matrix, sparse.csc_matrix, sparse.coo_array, sparse.lil_array)
    found = [both("LassoCV", kind(X), y, **GRID, **TIGHT) for kind in kinds]
    for ours, theirs in found:
        assert_same_choice(ours, theirs, 1e-8)
