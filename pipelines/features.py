"""Months of the gold feature table as Arrow, and what each of its columns is for.

Reads through PyIceberg alone: no Spark, no warehouse. Leaves out every statistic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from landfall.errors import LandfallError
from landfall.intent.ml import Problem
from landfall.month import Month
from pipelines.context import Context

Role = Literal["feature", "target", "key", "time", "excluded"]
Kind = Literal["number", "category", "time"]
MONTH = "month"


def read_months(ctx: Context, months: Sequence[Month]) -> pa.Table:
    """The rows of gold.<table> of these months (in no particular order), with their `month` column.

    Raises LandfallError where the table is not there; months without rows are simply absent.
    """
    from pyiceberg.exceptions import NoSuchTableError

    name = f"gold.{ctx.ml.problem.table}"
    try:
        table = ctx.catalog.load_table(name)
    except NoSuchTableError:
        raise LandfallError(
            f"There is no table {name}.",
            so="Features are published by the step 'build'.",
            fix=f"landfall run --month {months[-1]} --from build",
        ) from None
    wanted = ", ".join(f"'{month}'" for month in months)
    return table.scan(row_filter=f"{MONTH} in ({wanted})").to_arrow()


def rows_of(table: pa.Table, months: Sequence[Month]) -> pa.Table:
    """Only the rows of these months."""
    wanted = pa.array([str(month) for month in months], pa.string())
    return table.filter(pc.field(MONTH).cast(pa.string()).isin(wanted))


def role_of(name: str, dtype: pa.DataType, problem: Problem) -> Role:
    """What a column is for: the target, the time, a key no model sees, excluded, or a feature.

    Text in a key is a feature (`origin`), a number in a key is an identifier (`flight`): the rule that
    training follows too.
    """
    if name == problem.target:
        return "target"
    if name == problem.time:
        return "time"
    if name in problem.exclude:
        return "excluded"
    identifies = name in problem.key and kind_of(name, dtype, problem) != "category"
    return "key" if identifies else "feature"


def kind_of(name: str, dtype: pa.DataType, problem: Problem) -> Kind:
    """How a column is measured. The target of a classification is a category whatever its type."""
    if name == problem.target and problem.kind != "regression":
        return "category"
    if pa.types.is_temporal(dtype):
        return "time"
    numeric = (
        pa.types.is_integer(dtype) or pa.types.is_floating(dtype) or pa.types.is_decimal(dtype)
    )
    return "number" if numeric else "category"


def masked_columns(ctx: Context) -> dict[str, str]:
    """Column name → personal data tag, for every column that any contract tags."""
    return {
        column.name: column.personal
        for contract in ctx.contracts.values()
        for column in contract.columns
        if column.personal != "none"
    }


def numbers(column: pa.ChunkedArray) -> np.ndarray:
    """The values as float64 of the same length; null is NaN, infinities stay."""
    return column.cast(pa.float64()).combine_chunks().to_numpy(zero_copy_only=False)


def categories(column: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    """Codes (int, -1 for null) and the levels they stand for, as text in the order of first sight."""
    coded = pc.cast(column, pa.string()).combine_chunks().dictionary_encode()
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    return codes, [str(level) for level in coded.dictionary.to_pylist()]
