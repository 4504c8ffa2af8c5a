"""Rows of the gold feature table for models: of given months, at a given snapshot, in a fixed order.

The order is what makes training repeat to the last digit: Iceberg promises none. Leaves out which
columns a model sees (`ml/features.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from landfall.errors import LandfallError, UsageError
from landfall.intent.ml import Problem
from landfall.month import Month
from pipelines.context import Context

if TYPE_CHECKING:
    from pyiceberg.table import Table

MONTH = "month"


def open_table(ctx: Context) -> Table:
    """The problem's feature table; raises LandfallError where it is not published yet."""
    from pyiceberg.exceptions import NoSuchTableError

    name = f"gold.{ctx.ml.problem.table}"
    try:
        return ctx.catalog.load_table(name)
    except NoSuchTableError:
        raise LandfallError(
            f"There is no table {name}.",
            so="Nothing can be trained or judged.",
            fix="Publish the features first: landfall run --month MONTH --from build",
        ) from None


def current_snapshot(ctx: Context) -> int:
    """The id of the feature table's newest snapshot; raises LandfallError where it has none."""
    snapshot = open_table(ctx).current_snapshot()
    if snapshot is None:
        raise LandfallError(
            f"Table gold.{ctx.ml.problem.table} is empty.",
            fix="Publish the features first: landfall run --month MONTH --from build",
        )
    return snapshot.snapshot_id


def read_rows(ctx: Context, months: Sequence[Month], snapshot: int) -> pa.Table:
    """The rows of these months at that snapshot, ordered by time, key, then every other column.

    Rows without a target (null, and for regression NaN or infinite) are left out: they can be neither
    learnt from nor judged. Raises LandfallError where the snapshot was expired, UsageError where the
    table lacks a column that the problem names.
    """
    table = open_table(ctx)
    if table.snapshot_by_id(snapshot) is None:
        raise LandfallError(
            f"Snapshot {snapshot} of gold.{ctx.ml.problem.table} is no longer there.",
            so="What was trained or judged on it cannot be repeated exactly.",
            fix="Build the month again: landfall run --month MONTH --from build",
        )
    wanted = ", ".join(f"'{month}'" for month in months)
    rows = table.scan(row_filter=f"{MONTH} in ({wanted})", snapshot_id=snapshot).to_arrow()
    check_columns(rows.schema, ctx.ml.problem)
    return in_order(_with_target(rows, ctx.ml.problem), ctx.ml.problem)


def check_columns(schema: pa.Schema, problem: Problem) -> None:
    """Raise UsageError where the table lacks a column that the intent's problem names."""
    missing = [
        name
        for name in dict.fromkeys([problem.time, *problem.key, problem.target])
        if name not in schema.names
    ]
    if missing:
        raise UsageError(
            f"Table gold.{problem.table} lacks {', '.join(missing)}, named by ml.problem.",
            fix=f"Columns are: {', '.join(schema.names)}. Correct the intent or the feature model.",
        )


def in_order(rows: pa.Table, problem: Problem) -> pa.Table:
    """The rows by time and key; rows that share both are ordered by their other columns."""
    first = list(dict.fromkeys([problem.time, *problem.key]))
    if rows.num_rows and rows.group_by(first).aggregate([]).num_rows < rows.num_rows:
        first += [name for name in sorted(rows.schema.names) if name not in first]
    return rows.sort_by([(name, "ascending") for name in first]).combine_chunks()


def content_digest(rows: pa.Table) -> str:
    """SHA-256 (hex) of the rows in their order; the same rows give the same digest in any snapshot."""
    found = hashlib.sha256()
    for name in sorted(rows.schema.names):
        column = rows[name]
        found.update(f"{name}:{column.type}".encode())
        found.update(_canonical(column))
    return found.hexdigest()


def _canonical(column: pa.ChunkedArray) -> bytes:
    """Bytes that depend on the values only: chunks, offsets and what lies under nulls left out."""
    from pandas.util import hash_pandas_object

    hashed = hash_pandas_object(column.to_pandas(), index=False)  # pyright: ignore[reportCallIssue]
    return hashed.to_numpy().tobytes()


def _with_target(rows: pa.Table, problem: Problem) -> pa.Table:
    target = rows[problem.target]
    keep = target.is_valid().to_numpy()
    if problem.kind == "regression" and pa.types.is_floating(target.type):
        keep = keep & np.isfinite(target.to_numpy())
    return rows if keep.all() else rows.filter(pa.array(keep))
