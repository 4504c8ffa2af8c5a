"""One batch from its landed file to audited branches, and from there to the readers.

Write, audit, publish: `prepare_batch` leaves the readers' tables as they are, `Prepared.publish` moves
them. Published are bronze, quarantine, silver in this order, each in one commit that also enters the
batch in that table's ledger; whoever comes after a killed run skips what is entered. The three are
three commits: between them a reader of all three can see bronze ahead of silver, never the reverse.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from landfall.errors import LandfallError
from landfall.month import Month
from landfall.storage import Store
from pipelines.bronze import make_bronze, write_bronze
from pipelines.contract import Contract
from pipelines.read import Landed, audit, rows
from pipelines.silver import (
    Judged,
    Written,
    judge,
    make_quarantine,
    make_silver,
    rows_of_batch,
    worst_reasons,
    write_quarantine,
    write_silver,
)
from pipelines.tables import LakeTable, branch_name, evolve, ledger

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Tables:
    """A dataset's three tables."""

    bronze: LakeTable
    silver: LakeTable
    quarantine: LakeTable


@dataclass
class Prepared:
    """A batch that passed its audit and waits on branches."""

    landed: Landed
    tables: Tables
    note: dict[str, Any]

    def publish(self) -> None:
        """Move the readers to the batch, table by table; what is entered already is left alone."""
        batch, counts = self.landed.batch, self.note["counts"]
        for table, count in (
            (self.tables.bronze, counts["received"]),
            (self.tables.quarantine, counts["quarantined"]),
        ):
            if count and batch not in ledger(table.properties()):
                table.publish(batch, {"month": self.landed.month, "rows": count})
        self.tables.silver.publish(batch, self.note)

    def abandon(self) -> None:
        """Drop the branches; nothing was published."""
        drop_branches(self.tables, self.landed)


def drop_branches(tables: Tables, landed: Landed) -> None:
    """Forget a batch's branches, as far as Spark still answers."""
    for table in (tables.bronze, tables.silver, tables.quarantine):
        with contextlib.suppress(Exception):
            table.drop_branch(landed.batch)


def open_tables(spark: SparkSession, catalog: str, contract: Contract) -> Tables:
    """A dataset's tables, made where they are not there."""
    tables = Tables(
        *(
            LakeTable(spark, catalog, f"{zone}.{contract.dataset}")
            for zone in ("bronze", "silver", "quarantine")
        )
    )
    make_bronze(tables.bronze, contract)
    make_silver(tables.silver, contract)
    make_quarantine(tables.quarantine, contract)
    return tables


def prepare_batch(
    spark: SparkSession, tables: Tables, store: Store, landed: Landed, contract: Contract, run: str
) -> Prepared:
    """Write a batch on branches and audit it there; `run` is the month whose run this is.

    Raises BatchFault where the whole batch is refused, Refused where the contract breaks the table.
    Either way, and whatever else happens, no reader's table has moved.
    """
    try:
        return _prepare(spark, tables, store, landed, contract, run)
    except BaseException:
        drop_branches(tables, landed)
        raise


def _prepare(
    spark: SparkSession, tables: Tables, store: Store, landed: Landed, contract: Contract, run: str
) -> Prepared:
    month = Month.parse(landed.month) if contract.kind == "events" else None
    _check_freshness(landed, contract, month)
    found = audit(store, landed, contract)
    frame, extra = rows(spark, store, landed, found, contract)
    evolve(tables.silver, contract, extra, landed.batch, typed=True)
    for table in (tables.bronze, tables.quarantine):
        evolve(table, contract, extra, landed.batch, typed=False)

    received, bronze = _received(tables.bronze, frame, landed)
    _check_volume(landed, contract, received)
    judged = judge(bronze, contract, month)
    fresh = not _may_overlap(tables.silver, landed, contract)
    written = write_silver(tables.silver, judged, landed, contract, fresh=fresh)
    quarantined = received - written.sound
    _check_share(landed, contract, judged, received, quarantined)
    _quarantine(tables.quarantine, judged, landed, quarantined)
    _balance(tables.silver, landed, written)
    counts = {
        "received": received,
        "silver": written.new + written.corrected,
        "duplicates": written.duplicates,
        "quarantined": quarantined,
        "corrected": written.corrected,
    }
    note = {"month": landed.month, "version": landed.version, "run": run, "counts": counts}
    return Prepared(landed, tables, note)


def _received(table: LakeTable, frame: DataFrame, landed: Landed) -> tuple[int, DataFrame]:
    """How many rows came, and those rows as bronze holds them: from `main` if a killed run got that far."""
    entered = ledger(table.properties()).get(landed.batch)
    if entered:
        count, source = int(entered["rows"]), table.full
    else:
        count = write_bronze(table, frame, landed)
        source = f"{table.full}.branch_{branch_name(landed.batch)}"
    return count, table.spark.table(source).where(f"_batch = '{landed.batch}'")


def _may_overlap(table: LakeTable, landed: Landed, contract: Contract) -> bool:
    """Whether silver may hold keys of this batch, judged by what was published."""
    entered = ledger(table.properties()).values()
    if contract.time and contract.time in contract.key:
        return any(note["month"] == landed.month for note in entered)
    return bool(entered)


def _quarantine(table: LakeTable, judged: Judged, landed: Landed, expected: int) -> None:
    if expected == 0 or landed.batch in ledger(table.properties()):
        return
    found = write_quarantine(table, judged, landed)
    if found != expected:
        raise _unbalanced(landed, f"{expected} rows are not in silver, but {found} in quarantine")


def _balance(table: LakeTable, landed: Landed, written: Written) -> None:
    """Hold what was counted against what the branch really holds."""
    if written.new + written.corrected == 0:
        return
    grown = table.summary(landed.batch)["total"] - table.total()
    if grown != written.new:
        raise _unbalanced(landed, f"silver grew by {grown} rows, not by {written.new}")
    if written.corrected:
        there = rows_of_batch(table, landed.batch)
        if there != written.new + written.corrected:
            raise _unbalanced(
                landed, f"silver holds {there} of its rows, not {written.new + written.corrected}"
            )


def _unbalanced(landed: Landed, what: str) -> LandfallError:
    return LandfallError(
        f"{landed.dataset} {landed.month} v{landed.version}: the books do not balance: {what}.",
        so="Nothing was published.",
        fix="This is a fault of Landfall's: please report it with the file's manifest.",
    )


def _check_freshness(landed: Landed, contract: Contract, month: Month | None) -> None:
    if contract.freshness_days is None or month is None or landed.version > 1:
        return
    late = landed.arrived_at - (month.end + timedelta(days=contract.freshness_days))
    if late > timedelta(0):
        raise landed.fault(
            f"it arrived on {landed.arrived_at:%Y-%m-%d}, but the contract expects it within "
            f"{contract.freshness_days} days of the month's end.",
            f"Ask {contract.owner}, then raise freshness_days in {contract.dataset}.yml to accept it.",
        )


def _check_volume(landed: Landed, contract: Contract, received: int) -> None:
    volume = contract.volume
    if not volume.min_rows <= received <= volume.max_rows:
        raise landed.fault(
            f"it has {received} rows; the contract expects {volume.min_rows} to {volume.max_rows}.",
            f"Land the whole month, or correct 'volume' in {contract.dataset}.yml if it is right.",
        )


def _check_share(
    landed: Landed, contract: Contract, judged: Judged, received: int, quarantined: int
) -> None:
    if received and quarantined / received > contract.max_quarantined:
        raise landed.fault(
            f"{quarantined} of {received} rows are faulty ({quarantined / received:.1%}; the contract "
            f"allows {contract.max_quarantined:.1%}): {worst_reasons(judged)}.",
        )
