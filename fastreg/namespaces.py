"""Arrays of other libraries, with scikit-learn's array API dispatch: in as NumPy, out in kind."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from sklearn import config_context, get_config
from sklearn.utils._array_api import get_namespace_and_device


def computing_in_numpy() -> AbstractContextManager:
    """Return a context in which validation makes every array one of NumPy's.

    Without dispatch that is so anyway. An array on another device is refused there by its own
    library, which says how to copy it.
    """
    if get_config()["array_api_dispatch"]:
        return config_context(array_api_dispatch=False)
    return nullcontext()


def in_kind(result: np.ndarray, X: Any) -> Any:
    """Return the result as an array of X's library and device, where dispatch asks for that."""
    if not get_config()["array_api_dispatch"] or type(X) is np.ndarray:
        return result
    xp, is_standard, device = get_namespace_and_device(X)
    return xp.asarray(result, device=device) if is_standard else result
