"""The step `ingest`: every landed version that is not in the lake yet, checked and published.

All datasets of the month are prepared before the first is published, so a fault in one holds back all.
Counts come from the tables' ledgers, so that a second run tells what the first told. Leaves out the
landing and everything downstream of silver.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from landfall.errors import BatchFault
from landfall.month import Month
from landfall.storage import Store
from pipelines.contract import Contract
from pipelines.read import Landed, landed_versions
from pipelines.tables import CHANGES, ledger, properties

if TYPE_CHECKING:
    from pipelines.batch import Prepared, Tables
    from pipelines.context import Context, Json

COUNTS = ("received", "silver", "duplicates", "quarantined", "corrected")


@dataclass
class _Queue:
    """A dataset's versions that wait, oldest first, and those refused in favour of a newer one."""

    contract: Contract
    waiting: list[Landed]
    refused: list[dict[str, Any]] = field(default_factory=list)


def ingest_month(ctx: Context, month: Month) -> Json:
    """Ingest what landed for the month, and new versions of the reference lists; gives the counts.

    For each dataset `received = silver + duplicates + quarantined`, summed over the batches that this
    month's runs published; `silver` includes `corrected`. Raises BatchFault where a file cannot be
    published and no newer version replaces it, Refused where a contract breaks a table. Where the
    Platform's Spark takes batches, this is one of them (`pipelines.submit`).
    """
    if ctx.submits:
        from pipelines.submit import submit_step

        return submit_step(ctx, month, "ingest")
    store = Store(ctx.platform.storage.landing, ctx.platform.storage.options)
    queues = [_queue(ctx, store, contract, month) for contract in ctx.contracts.values()]
    while any(queue.waiting for queue in queues):
        _publish_next(ctx, store, queues, month)
    return _result(ctx, month)


def _scope(contract: Contract, month: Month) -> str:
    return str(month) if contract.kind == "events" else "all"


def _queue(ctx: Context, store: Store, contract: Contract, month: Month) -> _Queue:
    scope = _scope(contract, month)
    landed = landed_versions(store, contract.dataset, scope)
    newest = _newest(ledger(properties(ctx.catalog, f"silver.{contract.dataset}")), scope)
    if not landed and newest == 0 and contract.volume.min_rows > 0:
        raise BatchFault(
            f"Nothing of {contract.dataset} has landed for {scope}.",
            so="Nothing of the month was published; readers see what they saw before.",
            fix=f"landfall land --month {month} (and look at the source of {contract.dataset}).",
        )
    # A version below the newest published one was refused then, and is not tried again.
    return _Queue(contract, [one for one in landed if one.version > newest])


def _newest(entered: dict[str, dict[str, Any]], scope: str) -> int:
    return max((note["version"] for note in entered.values() if note["month"] == scope), default=0)


def _publish_next(ctx: Context, store: Store, queues: list[_Queue], month: Month) -> None:
    """Prepare the next version of every dataset, then publish them all; on a fault, none."""
    from pipelines.batch import open_tables

    ready: list[Prepared] = []
    try:
        for queue in queues:
            if queue.waiting:
                tables = open_tables(ctx.spark, ctx.platform.catalog.name, queue.contract)
                ready.append(_prepare_next(ctx, store, queue, tables, month))
    except BaseException:
        for prepared in ready:
            prepared.abandon()
        raise
    for prepared in ready:
        prepared.publish()


def _prepare_next(
    ctx: Context, store: Store, queue: _Queue, tables: Tables, month: Month
) -> Prepared:
    from pipelines.batch import prepare_batch

    while True:
        landed = queue.waiting.pop(0)
        try:
            prepared = prepare_batch(ctx.spark, tables, store, landed, queue.contract, str(month))
        except BatchFault as fault:
            if not queue.waiting:
                raise
            queue.refused.append({"version": landed.version, "reason": fault.what})
            continue
        prepared.note["refused"], queue.refused = queue.refused, []
        return prepared


def _result(ctx: Context, month: Month) -> Json:
    counts: dict[str, dict[str, int]] = {}
    batches: list[Json] = []
    snapshots: dict[str, int] = {}
    changes: list[Json] = []
    for dataset in ctx.contracts:
        known = properties(ctx.catalog, f"silver.{dataset}")
        mine = [(b, n) for b, n in ledger(known).items() if n["run"] == str(month)]
        mine.sort(key=lambda one: one[1]["version"])
        counts[dataset] = {name: sum(n["counts"][name] for _, n in mine) for name in COUNTS}
        for batch, note in mine:
            batches.append({"dataset": dataset, "batch": batch, **note})
            changes += [
                {"dataset": dataset, "batch": batch, "change": change}
                for change in json.loads(known.get(CHANGES + batch, "[]"))
            ]
        if known:
            current = ctx.catalog.load_table(f"silver.{dataset}").current_snapshot()
            if current is not None:
                snapshots[f"silver.{dataset}"] = current.snapshot_id
    return {
        "counts": counts,
        "batches": batches,
        "snapshots": snapshots,
        "schema_changes": changes,
    }
