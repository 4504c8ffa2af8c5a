"""Which columns of the feature table a model sees, and how: as numbers or as text.

The rule, for each column of the table:
- never: `month`, the target, the time column, and what `problem.exclude` names;
- a column of the key: only as text (`origin`, `carrier`); a number in a key is an identifier (`flight`);
- integers, decimals, floats and booleans are numbers (float64; null and infinite become missing);
- text is a category, unless more than half of its values in the training window are different: then it
  is an identifier and left out;
- dates, times, lists and structs are left out: the feature model turns them into numbers;
- a column without a single value in the training window is left out.
What was left out, and why, is part of the result. Leaves out imputing and encoding (`ml/candidates.py`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from landfall.errors import LandfallError
from landfall.intent.ml import Problem
from ml.data import MONTH
from ml.model import SignatureColumn


class Features(NamedTuple):
    """The columns a model sees, and the others with the reason."""

    columns: list[SignatureColumn]
    left_out: dict[str, str]

    @property
    def text(self) -> list[str]:
        return [c.name for c in self.columns if c.type == "string"]

    @property
    def numbers(self) -> list[str]:
        return [c.name for c in self.columns if c.type == "double"]


def choose_features(rows: pa.Table, problem: Problem) -> Features:
    """Apply the rule to the training window; raises LandfallError where no feature remains."""
    columns: list[SignatureColumn] = []
    left_out: dict[str, str] = {}
    for field in rows.schema:
        reason = _why_not(field, rows[field.name], problem)
        if reason:
            left_out[field.name] = reason
            continue
        kind = "string" if _is_text(field.type) else "double"
        columns.append(
            SignatureColumn(name=field.name, type=kind, nulls_seen=rows[field.name].null_count > 0)
        )
    if not columns:
        raise LandfallError(
            f"Table gold.{problem.table} has no column that a model could learn from.",
            so="; ".join(f"{name}: {why}" for name, why in left_out.items()) + ".",
            fix="Add features to the dbt model, or shorten ml.problem.exclude.",
        )
    columns.sort(key=lambda column: column.name)
    return Features(columns, left_out)


def to_frame(rows: pa.Table, columns: list[SignatureColumn]) -> pd.DataFrame:
    """The columns as float64 or text (None where null); raises LandfallError for a missing column."""
    missing = [column.name for column in columns if column.name not in rows.schema.names]
    if missing:
        raise LandfallError(
            f"The feature table no longer has {', '.join(missing)}, which the model needs.",
            so="The model cannot be judged on this month.",
            fix="Give the columns back to the feature model (dbt), then run the month from 'build'.",
        )
    return pd.DataFrame(
        {
            column.name: _numbers(rows[column.name])
            if column.type == "double"
            else _text(rows[column.name])
            for column in columns
        }
    )


def _why_not(field: pa.Field, values: pa.ChunkedArray, problem: Problem) -> str:
    name = field.name
    if name in (MONTH, problem.target, problem.time):
        return {problem.target: "the target", problem.time: "the time"}.get(name, "the month")
    if name in problem.exclude:
        return "excluded by the intent"
    text = _is_text(field.type)
    if not text and not _is_number(field.type):
        return f"of type {field.type}, neither number nor text"
    if name in problem.key and not text:
        return "a number in the key is an identifier"
    if values.null_count == len(values):
        return "without a value in the training window"
    present = len(values) - values.null_count
    if text and present > 20 and len(values.unique()) > present / 2:
        return "text that hardly repeats is an identifier"
    return ""


def _is_text(dtype: pa.DataType) -> bool:
    return (
        pa.types.is_string(dtype)
        or pa.types.is_large_string(dtype)
        or (pa.types.is_dictionary(dtype) and _is_text(dtype.value_type))
    )


def _is_number(dtype: pa.DataType) -> bool:
    return (
        pa.types.is_integer(dtype)
        or pa.types.is_floating(dtype)
        or pa.types.is_decimal(dtype)
        or pa.types.is_boolean(dtype)
    )


def _numbers(values: pa.ChunkedArray) -> np.ndarray:
    found = np.array(values.cast(pa.float64()).to_numpy(), dtype=float)
    found[np.isinf(found)] = np.nan
    return found


def _text(values: pa.ChunkedArray) -> pd.Series:
    return pd.Series(values.cast(pa.string()).to_numpy(zero_copy_only=False), dtype=object)
