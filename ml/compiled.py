"""A fitted pipeline made quick for few rows: lookups and one array in place of pandas and validation.

A scikit-learn ColumnTransformer costs 6 to 12 ms however few rows it is given; this costs a fraction
of it. Nothing is re-implemented that could drift from scikit-learn: each category is sent through the
fitted encoder once and its answer kept, and the estimator itself predicts. Only the transformers that
`ml/candidates.py` builds are known; anything else is refused.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from landfall.errors import LandfallError

Values = Sequence[Any] | np.ndarray


class _Lookup:
    """A categorical column: text → its encoded row; unknown text and null have rows of their own."""

    def __init__(self, encoder: Any, position: int, columns: list[str]) -> None:
        import pandas as pd

        known = [v for v in encoder.categories_[position].tolist() if isinstance(v, str)]
        unknown = "\x00unknown"
        probe = pd.DataFrame(
            {name: pd.Series([None] * (len(known) + 2), dtype=object) for name in columns}
        )
        probe[columns[position]] = pd.Series([*known, unknown, None], dtype=object)
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", message="Found unknown categories", category=UserWarning
            )
            encoded = np.asarray(encoder.transform(probe), dtype=float)
        start, stop = self._slice(encoder, position)
        self.table = np.ascontiguousarray(encoded[:, start:stop])
        self.row = {text: i for i, text in enumerate(known)}
        self.unknown, self.null = len(known), len(known) + 1

    @staticmethod
    def _slice(encoder: Any, position: int) -> tuple[int, int]:
        """The encoder's output columns that belong to one of its inputs."""
        if not hasattr(encoder, "drop_idx_"):  # ordinal codes: one each
            return position, position + 1
        rare = encoder.infrequent_categories_
        widths = [
            len(known) if few is None else len(known) - len(few) + 1
            for known, few in zip(encoder.categories_, rare, strict=True)
        ]
        return sum(widths[:position]), sum(widths[: position + 1])

    def __call__(self, values: Values) -> np.ndarray:
        row, unknown, null = self.row, self.unknown, self.null
        index = [
            row.get(v, unknown)
            if isinstance(v, str)
            else (null if _is_null(v) else row.get(str(v), unknown))
            for v in values
        ]
        return self.table[index]


class CompiledPipeline:
    """`predict(columns, rows)` of a fitted Pipeline(prepare, estimator); float64 output."""

    def __init__(self, pipeline: Any, types: Mapping[str, str]) -> None:
        """`types` gives each input column `double` or `string`."""
        self._estimator = pipeline.steps[-1][1]
        self._parts: list[tuple[str, list[str], Any]] = []
        self._proba = hasattr(self._estimator, "predict_proba")
        prepare = pipeline.steps[0][1]
        for _, transformer, columns in prepare.transformers_:
            names = list(columns)
            if not names or transformer == "drop":
                continue
            if all(types[name] == "string" for name in names):
                lookups = [_Lookup(transformer, i, names) for i in range(len(names))]
                self._parts.append(("text", names, lookups))
            else:
                self._parts.append(("number", names, _numeric(transformer)))

    def predict(self, columns: Mapping[str, Values], rows: int) -> np.ndarray:
        """Probabilities (n, classes) or values (n,) for `rows` rows given as columns."""
        blocks: list[np.ndarray] = []
        for kind, names, part in self._parts:
            if kind == "text":
                blocks.extend(
                    lookup(columns[name]) for name, lookup in zip(names, part, strict=True)
                )
                continue
            block = np.empty((rows, len(names)))
            for i, name in enumerate(names):
                block[:, i] = as_numbers(columns[name])
            blocks.append(part(block))
        matrix = np.concatenate(blocks, axis=1)
        if self._proba:
            return self._estimator.predict_proba(matrix)
        return np.asarray(self._estimator.predict(matrix), dtype=float)


def as_numbers(values: Values) -> np.ndarray:
    """float64 of the same length; null and infinities become NaN, as in training."""
    found = np.array(
        values
        if isinstance(values, np.ndarray)
        else [math.nan if v is None else v for v in values],
        dtype=float,
    )
    found[np.isinf(found)] = np.nan
    return found


def _is_null(value: object) -> bool:
    return value is None or value != value or type(value).__name__ == "NAType"


def _numeric(transformer: Any) -> Any:
    """The numeric branch as one function of a (rows, columns) array."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    if transformer == "passthrough" or isinstance(transformer, FunctionTransformer):
        return lambda block: block
    steps: list[Any] = (
        [step for _, step in transformer.steps] if isinstance(transformer, Pipeline) else []
    )
    if [type(step) for step in steps] == [SimpleImputer, StandardScaler]:
        imputer, scaler = steps
        fill = np.asarray(imputer.statistics_, dtype=float)
        flags = imputer.indicator_.features_ if imputer.indicator_ is not None else None
        mean, scale = scaler.mean_, scaler.scale_

        def prepare(block: np.ndarray) -> np.ndarray:
            absent = np.isnan(block)
            filled = np.where(absent, fill, block)
            if flags is not None:
                filled = np.concatenate([filled, absent[:, flags]], axis=1)
            return (filled - mean) / scale

        return prepare
    raise LandfallError(
        f"The model prepares its numbers with {type(transformer).__name__}, which is not known here.",
        so="It cannot be served.",
        fix="Train it with this version of Landfall.",
    )
