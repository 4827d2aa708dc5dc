"""The fitted model as a file: plain JSON, checked when read, never pickle.

The same model gives the same bytes: no dates, no machine, and floats in their shortest exact form.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fastreg import __version__

from .encoding import Encoding, InputColumn
from .prepare import describe_counts, fill_missing, missing_counts
from .tables import Table

FORMAT = "fastreg model"
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Model:
    """A linear model that knows its columns by name.

    Attributes
    ----------
    target : str
        What it predicts.
    encoding : Encoding
        The columns it takes and the features they become.
    coef : ndarray of shape (n_features,)
        One coefficient a feature, in the units of the table.
    intercept : float
        Prediction where every feature is zero.
    fill : ndarray of shape (n_features,) or None
        Means of the training rows, to stand in for missing values. None refuses missing values.
    fit : dict
        How it was fitted: settings and outcome, JSON values only.
    errors : dict
        Training, cross-validated and test errors, JSON values only.
    fastreg_version : str
        The version that fitted it.
    """

    target: str
    encoding: Encoding
    coef: np.ndarray
    intercept: float
    fill: np.ndarray | None = None
    fit: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Any] = field(default_factory=dict)
    fastreg_version: str = __version__

    def predict(self, table: Table) -> np.ndarray:
        """Predict for every row of a table.

        Parameters
        ----------
        table : Table
            Columns in any order; those the model does not know are ignored.

        Returns
        -------
        ndarray of shape (n_rows,)

        Raises
        ------
        ValueError
            Naming the columns that are absent or hold something the model cannot use.
        """
        X = self.encoding.matrix(table)
        counts = missing_counts(X, self.encoding)
        if counts and self.fill is None:
            raise ValueError(
                f"{table.source}: missing values in {describe_counts(counts)}; a model fitted with "
                "--missing mean could fill them in, this one was not"
            )
        if self.fill is not None:
            X = fill_missing(X, self.fill)
        return np.asarray(X @ self.coef + self.intercept)

    def to_json(self) -> str:
        """The content of the model's file."""
        features = [
            {"name": name, "coef": float(coef)}
            for name, coef in zip(self.encoding.feature_names, self.coef, strict=True)
        ]
        if self.fill is not None:
            for feature, mean in zip(features, self.fill, strict=True):
                feature["fill"] = float(mean)
        document = {
            "format": FORMAT,
            "schema_version": SCHEMA_VERSION,
            "fastreg_version": self.fastreg_version,
            "target": self.target,
            "intercept": float(self.intercept),
            "inputs": [_input_to_json(column) for column in self.encoding.inputs],
            "features": features,
            "errors": self.errors,
            "fit": self.fit,
        }
        entries = [f" {json.dumps(key)}: {_to_json(value)}" for key, value in document.items()]
        return "{\n" + ",\n".join(entries) + "\n}\n"

    def save(self, path: str | Path) -> None:
        """Write the model's file; an existing one is replaced only when the new one is complete."""
        write_whole(path, self.to_json())


def load_model(path: str | Path) -> Model:
    """Read a model's file.

    Parameters
    ----------
    path : str or Path
        Written by `Model.save`.

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        Naming the file and the entry at fault.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ValueError(f"{path}: there is no such file") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a model: it is not UTF-8 text") from error
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not a model: no valid JSON: {error}") from error
    try:
        return _from_json(document)
    except ValueError as error:
        raise ValueError(f"{path}: not a model that can be used: {error}") from error


def write_whole(path: str | Path, content: str | bytes) -> None:
    """Write a file under another name first, so that nobody ever finds half of it."""
    target = Path(path).resolve()
    # A device such as /dev/null is written to, never replaced.
    in_place = target.exists() and not target.is_file()
    written = target if in_place else target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with open(written, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        if not in_place:
            os.replace(written, target)
    except OSError as error:
        raise ValueError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        if not in_place:
            written.unlink(missing_ok=True)


def _to_json(value: Any) -> str:
    if isinstance(value, list):
        lines = [json.dumps(entry, ensure_ascii=False, allow_nan=False) for entry in value]
        return "[\n  " + ",\n  ".join(lines) + "\n ]" if lines else "[]"
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
    return text.replace("\n", "\n ")


def _input_to_json(column: InputColumn) -> dict[str, Any]:
    if column.levels is None:
        return {"name": column.name, "kind": "numeric"}
    # The first level is the reference, the one without a coefficient.
    return {"name": column.name, "kind": "categorical", "levels": list(column.levels)}


def _from_json(document: Any) -> Model:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f'it lacks the entry "format": "{FORMAT}"')
    schema = document.get("schema_version")
    if schema != SCHEMA_VERSION or isinstance(schema, bool):
        raise ValueError(
            f"its schema_version is {schema!r}, this fastreg {__version__} reads {SCHEMA_VERSION}"
        )
    keys = "format schema_version fastreg_version target intercept inputs features errors fit"
    _check_keys("the model", document, keys.split())
    encoding = Encoding(tuple(_input_from_json(entry) for entry in _list(document, "inputs")))
    _refuse_repeated("inputs", (column.name for column in encoding.inputs))
    features = _list(document, "features")
    names = [_text(entry, "name") for entry in features]
    if names != encoding.feature_names:
        raise ValueError("the features do not follow from the inputs")
    _refuse_repeated("features", names)
    has_fill = bool(features) and "fill" in features[0]
    for entry in features:
        _check_keys(f"the feature {entry['name']!r}", entry, ["name", "coef", *["fill"] * has_fill])
    return Model(
        target=_text(document, "target"),
        encoding=encoding,
        coef=np.array([_number(entry, "coef") for entry in features]),
        intercept=_number(document, "intercept"),
        fill=np.array([_number(entry, "fill") for entry in features]) if has_fill else None,
        fit=_object(document, "fit"),
        errors=_object(document, "errors"),
        fastreg_version=_text(document, "fastreg_version"),
    )


def _input_from_json(entry: Any) -> InputColumn:
    name = _text(entry, "name")
    kind = entry.get("kind")
    if kind == "numeric":
        _check_keys(f"the input {name!r}", entry, ["name", "kind"])
        return InputColumn(name)
    if kind != "categorical":
        raise ValueError(f"the input {name!r} has the kind {kind!r}, not numeric or categorical")
    _check_keys(f"the input {name!r}", entry, ["name", "kind", "levels"])
    levels = entry["levels"]
    if not isinstance(levels, list) or not all(isinstance(level, str) for level in levels):
        raise ValueError(f"the levels of the input {name!r} must be a list of text")
    _refuse_repeated(f"levels of the input {name!r}", levels)
    return InputColumn(name, tuple(levels))


def _typed(entry: Any, key: str, accept: Callable[[Any], bool], words: str) -> Any:
    if not isinstance(entry, dict):
        raise ValueError(f"an object with the entry {key!r} was expected, not {entry!r:.40}")
    if key not in entry:
        raise ValueError(f"the entry {key!r} is missing")
    if not accept(entry[key]):
        raise ValueError(f"the entry {key!r} must be {words}, not {entry[key]!r:.40}")
    return entry[key]


def _text(entry: Any, key: str) -> str:
    return _typed(entry, key, lambda value: isinstance(value, str), "text")


def _list(entry: Any, key: str) -> list[Any]:
    return _typed(entry, key, lambda value: isinstance(value, list), "a list")


def _object(entry: Any, key: str) -> dict[str, Any]:
    return _typed(entry, key, lambda value: isinstance(value, dict), "an object")


def _number(entry: Any, key: str) -> float:
    return float(_typed(entry, key, _is_finite, "a finite number"))


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the range of double
        return False


def _check_keys(what: str, entry: dict[str, Any], keys: list[str]) -> None:
    for key in keys:
        if key not in entry:
            raise ValueError(f"{what} lacks the entry {key!r}")
    for key in entry:
        if key not in keys:
            raise ValueError(f"{what} has the unknown entry {key!r}")


def _refuse_repeated(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{name!r} appears twice in the {what}")
        seen.add(name)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _refuse_repeated("same object", (key for key, _ in pairs))
    return dict(pairs)


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not a number in JSON")
