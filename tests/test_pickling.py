"""Models leave the process and come back: pickles, other versions, workers, copies, repr."""

import copy
import io
import pickle
import warnings

import joblib
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.utils.validation import check_is_fitted

import fastreg
from fastreg.interop import counterparts

ESTIMATORS = [ours for theirs, ours in counterparts().values() if isinstance(theirs, type)]
X, Y = load_diabetes(return_X_y=True)


def target(estimator):
    if "Classifier" in estimator.__name__:
        return Y > 150
    return np.column_stack([Y, -Y]) if "MultiTask" in estimator.__name__ else Y


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_pickle_of_this_version(estimator):
    model = estimator().fit(X, target(estimator))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = pickle.loads(pickle.dumps(model))
    assert same.__dict__.keys() == model.__dict__.keys()
    np.testing.assert_array_equal(same.predict(X), model.predict(X))
    assert model.__getstate__()["_fastreg_version"] == fastreg.__version__


@pytest.mark.parametrize("written_by", ["0.0.1", None])
def test_a_pickle_of_another_version(written_by, monkeypatch):
    model = fastreg.LassoCV().fit(X, Y)
    state = model.__getstate__()
    if written_by is None:
        del state["_fastreg_version"]
    else:
        state["_fastreg_version"] = written_by
    del state["early_stop"]  # as if that version had not known it
    monkeypatch.setattr(fastreg.LassoCV, "__getstate__", lambda self: state)
    written = pickle.dumps(model)
    monkeypatch.undo()
    with pytest.warns(InconsistentVersionWarning) as caught:
        old = pickle.loads(written)
    assert len(caught) == 1
    assert caught[0].message.estimator_name == "LassoCV"
    assert caught[0].message.current_sklearn_version == fastreg.__version__
    assert caught[0].message.original_sklearn_version == (written_by or "unknown")
    assert old.early_stop is None
    assert not hasattr(old, "_fastreg_version")
    np.testing.assert_array_equal(old.predict(X), model.predict(X))
    np.testing.assert_array_equal(clone(old).fit(X, Y).coef_, model.coef_)


@pytest.mark.parametrize("copy_of", [copy.copy, copy.deepcopy, clone])
def test_copies_do_not_warn(copy_of):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert copy_of(fastreg.Ridge(3.0).fit(X, Y)).alpha == 3.0


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_whether_it_is_fitted(estimator):
    model = estimator()
    with pytest.raises(NotFittedError):
        check_is_fitted(model)
    with pytest.raises(NotFittedError, match=estimator.__name__):
        model.predict(X)
    check_is_fitted(model.fit(X, target(estimator)))
    with pytest.raises(NotFittedError):
        check_is_fitted(clone(model))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_it_has_a_page_of_html(estimator):
    page = estimator()._repr_html_()
    assert "Not fitted" in page
    fitted = estimator().fit(X, target(estimator))._repr_html_()
    assert "Not fitted" not in fitted
    assert "Fitted" in fitted
    assert estimator.__name__ in fitted


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(
    "kind", [np.asarray, np.asfortranarray, sparse.csr_array, sparse.csc_array]
)
def test_workers_get_read_only_memory(estimator, kind):
    """Joblib maps what is large into memory, read-only, and so do we here from a length of 1."""

    def fit_and_predict(model, X, y, weights):
        assert isinstance(X.data if sparse.issparse(X) else X, np.memmap)
        return model.fit(X, y, sample_weight=weights).predict(X)

    y, weights = target(estimator), np.linspace(1, 2, len(Y))
    expected = estimator().fit(X, y, sample_weight=weights).predict(X)
    (got,) = joblib.Parallel(n_jobs=2, max_nbytes=1, mmap_mode="r", batch_size=1)(
        [joblib.delayed(fit_and_predict)(estimator(), kind(X), y, weights)]
    )
    np.testing.assert_allclose(got, expected, rtol=1e-4)


def test_a_file_mapped_by_joblib(tmp_path):
    model = fastreg.Lasso(alpha=0.1).fit(X, Y)
    joblib.dump((model, X, Y), tmp_path / "model.joblib")
    mapped, mapped_X, mapped_y = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert isinstance(mapped.coef_, np.memmap)
    np.testing.assert_array_equal(mapped.predict(mapped_X), model.predict(X))
    refitted = mapped.set_params(warm_start=True).fit(mapped_X, mapped_y)
    np.testing.assert_allclose(refitted.coef_, model.coef_, rtol=1e-6)


def test_the_same_model_pickles_to_the_same_bytes():
    def written():
        file = io.BytesIO()
        pickle.dump(fastreg.ElasticNetCV(l1_ratio=[0.5, 1]).fit(X, Y), file)
        return file.getvalue()

    assert written() == written()
