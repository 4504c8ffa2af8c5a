"""Iceberg tables of the lake for the ingestion: making, changing, branches, and what was published.

Every table keeps a ledger among its own properties, one entry a batch, written in the very commit that
moves `main`: a batch is published if and only if the ledger says so, and expiring old snapshots does
not make anyone forget it. Leaves out what is written to the branches.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from landfall.errors import Refused
from pipelines.contract import Contract

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyspark.sql import SparkSession

LEDGER = "landfall.batch."
CHANGES = "landfall.schema."
AGREED = "landfall.contract"
SNAPSHOT = "snapshot-property.landfall.batch"
OURS = ("_raw", "_path", "_checksum", "_batch", "_arrived_at", "_row", "_version", "_reasons")
WIDER = {("int", "long")}
"""Types that a table takes over by itself, from and to; any other change of type needs a migration."""
_SQL = {"long": "bigint", "timestamp": "timestamp_ntz"}
_PROPERTIES = {
    "format-version": "2",
    "write.distribution-mode": "none",
    "write.merge.distribution-mode": "none",
    "write.spark.fanout.enabled": "true",
    "write.parquet.compression-codec": "zstd",
    "write.parquet.compression-level": "1",
    "write.metadata.previous-versions-max": "20",
    "write.metadata.delete-after-commit.enabled": "true",
}


def properties(catalog: Catalog, table: str) -> dict[str, str]:
    """A table's properties through PyIceberg (no Spark needed); empty where there is no table."""
    from pyiceberg.exceptions import NoSuchTableError

    try:
        return dict(catalog.load_table(table).properties)
    except NoSuchTableError:
        return {}


def ledger(found: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The published batches of a table: id → what was noted when it was published."""
    return {
        key.removeprefix(LEDGER): json.loads(value)
        for key, value in found.items()
        if key.startswith(LEDGER)
    }


class LakeTable:
    """One table through Spark's own Iceberg classes; `name` is `<namespace>.<table>`."""

    def __init__(self, spark: SparkSession, catalog: str, name: str) -> None:
        self.spark = spark
        self.name = name
        self.full = f"{catalog}.{name}"
        self._table: Any = None

    @property
    def java(self) -> Any:
        """The Java table, as last loaded."""
        if self._table is None:
            jvm: Any = self.spark._jvm
            load = jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable
            self._table = load(self.spark._jsparkSession, self.full)  # pyright: ignore[reportAttributeAccessIssue]
        return self._table

    def create(self, columns: list[tuple[str, str]], partition: str, agreed: str) -> None:
        """Make the table where it is not there; `columns` are (name, contract type) pairs."""
        if self._is_there():
            return
        told = ", ".join(f"`{name}` {_SQL.get(kind, kind)}" for name, kind in columns)
        options = {**_PROPERTIES, AGREED: agreed}
        props = ", ".join(f"'{key}'='{_escaped(value)}'" for key, value in options.items())
        cut = f"PARTITIONED BY ({partition})" if partition else ""
        self.spark.sql(
            f"CREATE TABLE IF NOT EXISTS {self.full} ({told}) USING iceberg {cut} TBLPROPERTIES ({props})"
        )

    def _is_there(self) -> bool:
        from pyspark.errors import AnalysisException

        try:
            return self.java is not None
        except AnalysisException as error:
            if error.getCondition() == "TABLE_OR_VIEW_NOT_FOUND":
                return False
            raise

    def properties(self) -> dict[str, str]:
        """The table's properties, read anew."""
        self.java.refresh()
        # As one text: the ledger grows by an entry a batch, and each would be a call into the JVM.
        jvm: Any = self.spark._jvm
        mapper = jvm.com.fasterxml.jackson.databind.ObjectMapper()
        return json.loads(mapper.writeValueAsString(self.java.properties()))

    def columns(self) -> dict[str, str]:
        """Name → Iceberg type of each column, in the table's order."""
        self.java.refresh()
        jvm: Any = self.spark._jvm
        schema = json.loads(jvm.org.apache.iceberg.SchemaParser.toJson(self.java.schema()))
        return {field["name"]: str(field["type"]) for field in schema["fields"]}

    def change(
        self,
        added: dict[str, str],
        widened: dict[str, str],
        agreed: str,
        changes: list[str],
        batch: str,
    ) -> None:
        """Add and widen columns, and note in the same commit which batch asked for it."""
        jvm: Any = self.spark._jvm
        kinds = jvm.org.apache.iceberg.types.Types
        transaction = self.java.newTransaction()
        schema = transaction.updateSchema()
        for name, kind in added.items():
            schema.addColumn(name, kinds.fromPrimitiveString(kind))
        for name, kind in widened.items():
            schema.updateColumn(name, kinds.fromPrimitiveString(kind))
        schema.commit()
        noted = transaction.updateProperties().set(AGREED, agreed)
        if changes:
            noted.set(CHANGES + batch, json.dumps(changes))
        noted.commit()
        transaction.commitTransaction()

    def open_branch(self, batch: str) -> str:
        """A fresh branch at `main` for a batch, in place of what a killed run may have left there."""
        name = branch_name(batch)
        self.java.refresh()
        if name in self.java.refs():
            self.java.manageSnapshots().removeBranch(name).commit()
        manage = self.java.manageSnapshots()
        main = self.java.currentSnapshot()
        if main is None:
            manage.createBranch(name).commit()
        else:
            manage.createBranch(name, main.snapshotId()).commit()
        return f"{self.full}.branch_{name}"

    def drop_branch(self, batch: str) -> None:
        """Forget a batch's branch, where there is one."""
        self.java.refresh()
        if branch_name(batch) in self.java.refs():
            self.java.manageSnapshots().removeBranch(branch_name(batch)).commit()

    def summary(self, batch: str) -> dict[str, int]:
        """What the branch's last write counted: `added` and, in the whole table, `total` records."""
        self.java.refresh()
        snapshot = self.java.snapshot(branch_name(batch))
        return _records(snapshot)

    def total(self) -> int:
        """Rows on `main`, from its snapshot's summary."""
        self.java.refresh()
        return _records(self.java.currentSnapshot())["total"]

    def publish(self, batch: str, note: dict[str, Any]) -> None:
        """Move `main` to the batch's branch, drop the branch and enter the batch, all in one commit."""
        name = branch_name(batch)
        self.java.refresh()
        transaction = self.java.newTransaction()
        if name in self.java.refs():
            transaction.manageSnapshots().fastForwardBranch("main", name).commit()
            transaction.manageSnapshots().removeBranch(name).commit()
        entry = json.dumps(note, sort_keys=True)
        transaction.updateProperties().set(LEDGER + batch, entry).commit()
        transaction.commitTransaction()

    @property
    def snapshot(self) -> int | None:
        """The id of `main`'s snapshot, None in a table that has none."""
        self.java.refresh()
        current = self.java.currentSnapshot()
        return None if current is None else int(current.snapshotId())


def branch_name(batch: str) -> str:
    """The branch that a batch is written and audited on."""
    return f"batch_{batch}"


def _records(snapshot: Any) -> dict[str, int]:
    if snapshot is None:
        return {"added": 0, "total": 0}
    told = snapshot.summary()
    return {
        "added": int(told.get("added-records") or 0),
        "total": int(told.get("total-records") or 0),
    }


def agreement(contract: Contract) -> str:
    """What a table remembers of the contract it was made for, as JSON."""
    return json.dumps(
        {
            "version": contract.version,
            "key": contract.key,
            "time": contract.time,
            "columns": {column.name: column.type for column in contract.columns},
        },
        sort_keys=True,
    )


def evolve(
    table: LakeTable, contract: Contract, extra: list[str], batch: str, *, typed: bool
) -> list[str]:
    """Let a table follow its contract and the file's further columns; gives the changes made.

    New columns are added and ints widened to longs. Raises Refused, with the migration to run, where
    the contract dropped a column or changed one's type, or the key or time changed.
    """
    there = table.columns()
    known = table.properties()
    before = json.loads(known.get(AGREED, "{}"))
    wanted = {c.name: c.type if typed else "string" for c in contract.columns}
    if typed:
        _refuse_breaking(table, contract, before, there)
    wanted |= dict.fromkeys(extra, "string")
    added = {name: kind for name, kind in wanted.items() if name not in there}
    widened = {n: k for n, k in wanted.items() if n in there and (there[n], k) in WIDER}
    changes = [f"column {name} {kind} added" for name, kind in added.items()]
    changes += [
        f"column {name} widened from {there[name]} to {kind}" for name, kind in widened.items()
    ]
    if added or widened or known.get(AGREED) != agreement(contract):
        table.change(added, widened, agreement(contract), changes, batch)
    return changes


def _refuse_breaking(
    table: LakeTable, contract: Contract, before: dict[str, Any], there: dict[str, str]
) -> None:
    migrations = []
    for column in contract.columns:
        old = there.get(column.name)
        if old and _plain(old) != _plain(column.type) and (old, column.type) not in WIDER:
            migrations.append(
                f"{column.name} is {old} in the table and {column.type} in the contract: "
                f"ALTER TABLE {table.full} RENAME COLUMN {column.name} TO {column.name}_{_plain(old)[:7]}"
            )
    named = {column.name for column in contract.columns}
    for name in before.get("columns", {}):
        if name not in named and name in there:
            migrations.append(
                f"{name} is gone from the contract: ALTER TABLE {table.full} DROP COLUMN {name}"
            )
    for part in ("key", "time"):
        if before and before[part] != getattr(contract, part):
            migrations.append(
                f"the {part} changed from {before[part]} to {getattr(contract, part)}: "
                f"DROP TABLE {table.full}, and land the months again"
            )
    if migrations:
        raise Refused(
            f"The contract of {contract.dataset} breaks {table.name}: {'; '.join(migrations)}.",
            so="Nothing was published; whoever reads the table would have been broken.",
            fix="Undo the change in the contract, or run the migration in Spark SQL once its readers agree.",
        )


def _plain(kind: str) -> str:
    return kind.replace(" ", "")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
