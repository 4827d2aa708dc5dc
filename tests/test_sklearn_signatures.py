"""No parameter, default, method, attribute or tag of scikit-learn is missing, by introspection."""

import inspect
import re
import warnings
from dataclasses import replace
from inspect import Parameter

import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model as sk
from scipy import sparse
from sklearn.utils import get_tags

import fastreg as fr

JOINT = ["MultiTaskLasso", "MultiTaskElasticNet", "MultiTaskLassoCV", "MultiTaskElasticNetCV"]
CLASSIFIERS = ["RidgeClassifier", "RidgeClassifierCV"]
ESTIMATORS = [
    *["Lasso", "ElasticNet", "LassoCV", "ElasticNetCV", "Ridge", "RidgeCV"],
    *JOINT,
    *CLASSIFIERS,
]
FUNCTIONS = ["lasso_path", "enet_path", "ridge_regression"]
# what the path functions take by **params, which their docstrings refer to the estimators for
PATH_PARAMS = {
    "tol": 1e-3,
    "max_iter": 500,
    "random_state": 0,
    "selection": "random",
    "sample_weight": np.ones(40),
    "do_screening": False,
    "X_offset": np.zeros(6),
    "X_scale": np.ones(6),
}


def problem(name: str, targets: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 6))
    Y = X[:, :1] + 0.3 * X[:, 1:3] + 0.1 * rng.standard_normal((40, 2))
    if name in CLASSIFIERS:
        return X, np.where(Y[:, 0] > 0, "yes", "no")
    return X, Y if name in JOINT or targets > 1 else Y[:, 0]


def parameters(function) -> dict[str, Parameter]:
    return dict(inspect.signature(function).parameters)


def public(thing) -> set[str]:
    """Return the public names, but `param`, which a loop in a class body left there."""
    return {name for name in dir(thing) if not name.startswith("_")} - {"param"}


def documented(cls: type) -> set[str]:
    """Return the attributes that a numpydoc docstring lists."""
    doc = inspect.cleandoc(cls.__doc__)
    section = re.search(r"^Attributes\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}\n|\Z)", doc, re.M | re.S)
    return set(re.findall(r"^(\w+) : ", section.group(1), re.M))


def assert_takes_all(ours, theirs) -> None:
    """Every parameter of theirs: same kind and default; what is added is optional."""
    own, wanted = parameters(ours), parameters(theirs)
    for name, parameter in wanted.items():
        assert name in own, f"{name} is missing"
        assert own[name].kind is parameter.kind, name
        if parameter.default is not Parameter.empty:
            assert own[name].default == parameter.default, name
            assert type(own[name].default) is type(parameter.default), name
    positional = [name for name in own if own[name].kind is Parameter.POSITIONAL_OR_KEYWORD]
    known = [name for name in wanted if wanted[name].kind is Parameter.POSITIONAL_OR_KEYWORD]
    assert positional == known
    for name in own.keys() - wanted.keys():
        assert own[name].kind is Parameter.KEYWORD_ONLY, name
        assert own[name].default is not Parameter.empty, name


def both(name: str, *data, **options) -> tuple:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tuple(getattr(module, name)(**options).fit(*data) for module in (fr, sk))


@pytest.mark.parametrize("name", ESTIMATORS + FUNCTIONS)
def test_parameters_and_defaults(name):
    assert_takes_all(getattr(fr, name), getattr(sk, name))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_parameters_as_get_params_lists_them(name):
    own, wanted = getattr(fr, name)().get_params(), getattr(sk, name)().get_params()
    assert {key: own[key] for key in wanted} == wanted


@pytest.mark.parametrize("name", ESTIMATORS)
def test_methods(name):
    own, wanted = getattr(fr, name), getattr(sk, name)
    assert public(wanted) <= public(own)
    for method in sorted(public(wanted)):
        ours, theirs = inspect.getattr_static(own, method), inspect.getattr_static(wanted, method)
        if isinstance(theirs, property):
            assert isinstance(ours, property), method
        elif callable(getattr(wanted, method)):
            assert isinstance(ours, staticmethod) == isinstance(theirs, staticmethod), method
            assert_takes_all(getattr(own, method), getattr(wanted, method))


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("kind", ["dense", "sparse", "frame", "two targets"])
def test_attributes_of_a_fit(name, kind):
    X, y = problem(name, targets=2 if kind == "two targets" else 1)
    if kind == "two targets" and name in ("LassoCV", "ElasticNetCV"):
        pytest.skip("refuses more than one target")
    if kind == "sparse":
        X = sparse.csr_array(X)
    if kind == "frame":
        X = pd.DataFrame(X, columns=list("abcdef"))
    ours, theirs = both(name, X, y)
    wanted = {key for key in public(theirs) if key.endswith("_")}
    assert wanted
    assert wanted <= public(ours)
    for key in wanted:
        assert np.shape(getattr(ours, key)) == np.shape(getattr(theirs, key)), key
    assert {key for key in documented(getattr(sk, name)) if hasattr(theirs, key)} <= public(ours)


@pytest.mark.parametrize("name", ["RidgeCV", "RidgeClassifierCV"])
def test_attributes_that_are_kept_on_request(name):
    ours, theirs = both(name, *problem(name), store_cv_results=True)
    assert documented(getattr(sk, name)) - {"feature_names_in_"} <= public(theirs)
    assert {key for key in documented(getattr(sk, name)) if hasattr(theirs, key)} <= public(ours)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_tags(name):
    """Array-API input is what scikit-learn's ridge takes and fastreg's does not."""
    ours, theirs = (get_tags(getattr(module, name)()) for module in (fr, sk))
    assert ours.array_api_support in (False, theirs.array_api_support)
    assert replace(ours, array_api_support=theirs.array_api_support) == theirs


@pytest.mark.parametrize("name", ESTIMATORS)
def test_metadata_that_fit_and_score_ask_for(name):
    """`set_fit_request` takes what scikit-learn's takes, so that routers find the same.

    (For the multi-task classes scikit-learn's own `get_metadata_routing` raises.)
    """
    for method in ("set_fit_request", "set_score_request"):
        ours, theirs = (parameters(getattr(getattr(module, name), method)) for module in (fr, sk))
        assert ours.keys() == theirs.keys()
    assert getattr(fr, name)().get_metadata_routing() is not None


@pytest.mark.parametrize("name", ESTIMATORS)
def test_nothing_is_fitted_by_the_constructor(name):
    assert not [key for key in vars(getattr(fr, name)()) if key.endswith("_")]


@pytest.mark.parametrize("name", ["lasso_path", "enet_path"])
@pytest.mark.parametrize("parameter", sorted(PATH_PARAMS))
def test_paths_take_what_scikit_learn_leaves_to_params(name, parameter):
    X, y = problem(name)
    given = {parameter: PATH_PARAMS[parameter]}
    ours, theirs = (getattr(module, name)(X, y, alphas=5, **given) for module in (fr, sk))
    assert [part.shape for part in ours] == [part.shape for part in theirs]


@pytest.mark.parametrize("name", ESTIMATORS + FUNCTIONS)
def test_is_exported_and_documented(name):
    assert name in fr.__all__
    assert inspect.getdoc(getattr(fr, name))
