"""Fitted estimators compared with scikit-learn's, attribute by attribute."""

from numbers import Real

import numpy as np
from numpy.testing import assert_allclose


def public_attributes(model):
    """Return what fitting has set: names that end with an underscore and begin with none."""
    return sorted(n for n in vars(model) if n.endswith("_") and not n.startswith("_"))


def assert_same_attributes(ours, theirs, rtol=1e-7, atol=1e-9, differs=()):
    """Assert that every attribute of `theirs` is there with its kind, shape, dtype and value."""
    for name in public_attributes(theirs):
        if name not in differs:
            assert_same(getattr(ours, name), getattr(theirs, name), rtol, atol, name)


def assert_same(ours, theirs, rtol, atol, name=""):
    if theirs is None or isinstance(theirs, str):
        assert ours == theirs, name
        return
    assert isinstance(ours, np.ndarray) == isinstance(theirs, np.ndarray), name
    assert np.shape(ours) == np.shape(theirs), name
    if isinstance(theirs, (np.ndarray, np.generic)):
        assert np.asarray(ours).dtype == theirs.dtype, name
    elif isinstance(theirs, Real):
        assert isinstance(ours, Real), name
    if np.asarray(theirs).dtype.kind in "OUSb":
        assert np.array_equal(ours, theirs), name
    else:
        assert_allclose(ours, theirs, rtol=rtol, atol=atol, err_msg=name)
