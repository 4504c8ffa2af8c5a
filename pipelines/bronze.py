"""Bronze: every row of a landed file as it was received, with where it came from.

Append-only, all columns text. Judges nothing: rows that do not split are kept with their whole line.
An empty field of a CSV file is null, because Spark does not tell the two apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contract import Contract
from pipelines.read import Landed
from pipelines.rules import moment_sql, name_sql, text_sql
from pipelines.tables import SNAPSHOT, LakeTable, agreement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ORIGIN = {
    "_raw": "string",
    "_path": "string",
    "_checksum": "string",
    "_batch": "string",
    "_arrived_at": "timestamp",
    "_row": "long",
}
"""The columns that say where a row came from; `_row` counts the file's rows from 1."""


def make_bronze(table: LakeTable, contract: Contract) -> None:
    """The bronze table of a contract, where it is not there."""
    columns = [(column.name, "string") for column in contract.columns]
    table.create([*columns, *ORIGIN.items()], "_batch", agreement(contract))


def write_bronze(table: LakeTable, rows: DataFrame, landed: Landed) -> int:
    """Append a file's rows on the batch's branch; gives how many there are."""
    branch = table.open_branch(landed.batch)
    origin = {
        "_path": text_sql(landed.path),
        "_checksum": text_sql(landed.sha256),
        "_batch": text_sql(landed.batch),
        # Looked up rather than written down, for the reason told in pipelines/rules.py.
        "_arrived_at": f"element_at(array({moment_sql(landed.arrived_at)}), spark_partition_id() * 0 + 1)",
    }
    there = set(rows.columns)
    chosen = []
    for name in table.columns():
        absent = origin.get(name, "cast(NULL AS string)")
        chosen.append(name_sql(name) if name in there else f"{absent} AS {name_sql(name)}")
    rows.selectExpr(*chosen).writeTo(branch).option(SNAPSHOT, landed.batch).append()
    return table.summary(landed.batch)["added"]
