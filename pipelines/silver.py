"""Silver: typed rows that keep the contract, one a key; and quarantine, the rest with every reason.

A key that comes twice in a file is decided by its last row, and between files by the newer version of
the newer month, so the order in which months are ingested does not show. A correction changes and
adds rows; it never deletes one that the corrected file leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark writes it

from landfall.month import Month
from pipelines.bronze import ORIGIN
from pipelines.contract import Contract
from pipelines.read import Landed
from pipelines.rules import (
    Rule,
    given,
    given_sql,
    is_faulty,
    moment_sql,
    name_sql,
    reasons,
    rules,
    text_sql,
    typed_sql,
)
from pipelines.tables import OURS, SNAPSHOT, LakeTable, agreement, branch_name

STATUS = "_status"
_ONE_TASK_ROWS = 500_000
_STAMPS = {"_batch": "string", "_arrived_at": "timestamp", "_version": "int"}


@dataclass(frozen=True)
class Written:
    """What a batch came to on its silver branch: rows that keep the contract, and what became of them."""

    sound: int
    new: int
    corrected: int

    @property
    def duplicates(self) -> int:
        """Sound rows that silver has already, or that a later row of the file replaces."""
        return self.sound - self.new - self.corrected


def make_silver(table: LakeTable, contract: Contract) -> None:
    """The silver table of a contract, where it is not there; events are cut by the month of their time."""
    columns = [(column.name, column.type) for column in contract.columns]
    cut = f"months(`{contract.time}`)" if contract.kind == "events" else ""
    table.create([*columns, *_STAMPS.items()], cut, agreement(contract))


def make_quarantine(table: LakeTable, contract: Contract) -> None:
    """The quarantine table of a contract, where it is not there."""
    columns = [(column.name, "string") for column in contract.columns]
    table.create(
        [*columns, *ORIGIN.items(), ("_reasons", "array<string>")], "_batch", agreement(contract)
    )


@dataclass
class Judged:
    """A batch's rows, each column as received, as given and typed, and the rules they are held against."""

    rows: DataFrame
    found: list[Rule]

    @property
    def sound(self) -> DataFrame:
        """The rows that keep the contract."""
        return self.rows.where(f"NOT {is_faulty(self.found)}")

    @property
    def faulty(self) -> DataFrame:
        """The rows that do not, with `_reasons`."""
        broken = self.rows.where(is_faulty(self.found))
        return broken.selectExpr("*", f"{reasons(self.found)} AS _reasons")


def judge(bronze: DataFrame, contract: Contract, month: Month | None) -> Judged:
    """Type a batch's bronze rows and hold them against the contract's rules."""
    contracted = [column.name for column in contract.columns]
    extra = [name for name in bronze.columns if name not in (*OURS, *contracted)]
    keep = [*ORIGIN, *(_as_received(name) for name in [*contracted, *extra])]
    texts = bronze.selectExpr(
        *ORIGIN,
        *[f"{name_sql(n)} AS {name_sql(_as_received(n))}" for n in [*contracted, *extra]],
        *[f"{given_sql(n, contract)} AS {name_sql(given(n))}" for n in [*contracted, *extra]],
    )
    typed = texts.selectExpr(
        *[name_sql(name) for name in keep],
        *[name_sql(given(name)) for name in contracted],
        *[f"{typed_sql(c, contract)} AS {name_sql(c.name)}" for c in contract.columns],
        *[f"{name_sql(given(name))} AS {name_sql(name)}" for name in extra],
    )
    # The observation is there for its place in the plan: filters are not pushed below it, where they
    # would make Spark type every value a second time.
    return Judged(typed.observe("judged", F.count(F.lit(1)).alias("rows")), rules(contract, month))


def _as_received(name: str) -> str:
    return f"{name}\x1freceived"


def write_silver(
    table: LakeTable, judged: Judged, landed: Landed, contract: Contract, *, fresh: bool
) -> Written:
    """Write a batch's sound rows on its branch; `fresh` says that silver holds none of their keys.

    Fresh rows are appended first and their keys counted after: files without repeated keys, nearly
    all, are then neither sorted nor shuffled.
    """
    columns = list(table.columns())
    there = judged.rows.columns
    sound = judged.sound.selectExpr(*[_stamped(n, landed, there) for n in columns], "_row")
    if fresh:
        branch = table.open_branch(landed.batch)
        sound.drop("_row").writeTo(branch).option(SNAPSHOT, landed.batch).append()
        added = table.summary(landed.batch)["added"]
        if added == 0 or _distinct_keys(table, landed, contract, added) == added:
            return Written(added, added, 0)
    return _settle(table, sound, landed, contract, columns)


def _stamped(name: str, landed: Landed, there: list[str]) -> str:
    column = name_sql(name)
    if name == "_version":
        return f"{landed.version} AS {column}"
    return column if name in there else f"cast(NULL AS string) AS {column}"


def _distinct_keys(table: LakeTable, landed: Landed, contract: Contract, added: int) -> int:
    """Distinct keys that the branch just got; a clash of hashes only leads to the thorough way."""
    rows = table.spark.table(f"{table.full}.branch_{branch_name(landed.batch)}")
    keys = ", ".join(name_sql(name) for name in contract.key)
    mine = rows.where(f"{_near(contract, landed)} AND _batch = {text_sql(landed.batch)}")
    hashes = mine.selectExpr(f"xxhash64({keys}) AS key")
    if added < _ONE_TASK_ROWS:
        hashes = hashes.coalesce(
            1
        )  # a shuffle between two tasks would cost more than it shares out
    return hashes.distinct().count()


def _near(contract: Contract, landed: Landed, of: str = "") -> str:
    """Where rows with a key of this batch can lie: its month if the time is in the key, else anywhere."""
    if not contract.time or contract.time not in contract.key:
        return "true"
    month, time = Month.parse(landed.month), name_sql(contract.time, of)
    return f"{time} >= {moment_sql(month.start)} AND {time} < {moment_sql(month.end)}"


def _settle(
    table: LakeTable, sound: DataFrame, landed: Landed, contract: Contract, columns: list[str]
) -> Written:
    """Decide every row against its file and silver's `main`, then append or merge on a fresh branch."""
    decided = _decide(table, sound, landed, contract, columns).persist()
    try:
        total = decided.count()
        new = decided.where(f"{STATUS} = 'new'").count()
        corrected = decided.where(f"{STATUS} = 'corrected'").count()
        branch = table.open_branch(landed.batch)
        wanted = decided.where(f"{STATUS} != 'duplicate'").drop(STATUS)
        if corrected:
            _merge(table, branch, wanted, landed, contract)
        elif new:
            wanted.writeTo(branch).option(SNAPSHOT, landed.batch).append()
    finally:
        decided.unpersist()
    return Written(total, new, corrected)


def _decide(
    table: LakeTable, sound: DataFrame, landed: Landed, contract: Contract, columns: list[str]
) -> DataFrame:
    """Silver's columns of every sound row, with `_status`: new, corrected or duplicate."""
    keys = ", ".join(name_sql(name) for name in contract.key)
    place = f"row_number() OVER (PARTITION BY {keys} ORDER BY _row DESC) AS _place"
    rows = sound.selectExpr("*", place).alias("n")
    old = table.spark.table(table.full).where(_near(contract, landed)).alias("o")
    same_key = " AND ".join(f"{name_sql(k, 'n')} = {name_sql(k, 'o')}" for k in contract.key)
    joined = rows.join(old, F.expr(f"_place = 1 AND {same_key}"), "left")
    content = [name for name in columns if name not in _STAMPS]
    same = " AND ".join(f"{name_sql(name, 'n')} <=> {name_sql(name, 'o')}" for name in content)
    status = (
        "CASE WHEN _place > 1 THEN 'duplicate' WHEN o._batch IS NULL THEN 'new' "
        f"WHEN ({_is_newer(landed, contract)}) AND NOT ({same}) THEN 'corrected' "
        f"ELSE 'duplicate' END AS {STATUS}"
    )
    return joined.selectExpr(*[name_sql(name, "n") for name in columns], status)


def _is_newer(landed: Landed, contract: Contract) -> str:
    version = f"o._version < {landed.version}"
    if not contract.time or contract.kind != "events" or contract.time in contract.key:
        return version
    theirs = f"trunc({name_sql(contract.time, 'o')}, 'month')"
    ours = f"date'{Month.parse(landed.month).start.date()}'"
    return f"{theirs} < {ours} OR ({theirs} = {ours} AND {version})"


def _merge(
    table: LakeTable, branch: str, wanted: DataFrame, landed: Landed, contract: Contract
) -> None:
    setting = f"spark.sql.iceberg.{SNAPSHOT}"
    target = branch.rpartition(".")[2]
    keys = " AND ".join(f"{name_sql(k, target)} = {name_sql(k, 's')}" for k in contract.key)
    condition = F.expr(f"{keys} AND {_near(contract, landed, target)}")
    table.spark.conf.set(setting, landed.batch)
    try:
        # Not MERGE in SQL over a temporary view: Spark 4.1 cannot plan one that reads Iceberg tables.
        merge = wanted.alias("s").mergeInto(branch, condition)
        merge.whenMatched().updateAll().whenNotMatched().insertAll().merge()
    finally:
        table.spark.conf.unset(setting)


def rows_of_batch(table: LakeTable, batch: str) -> int:
    """Rows that silver's branch holds from a batch."""
    rows = table.spark.table(f"{table.full}.branch_{branch_name(batch)}")
    return rows.where(f"_batch = {text_sql(batch)}").count()


def write_quarantine(table: LakeTable, judged: Judged, landed: Landed) -> int:
    """Write a batch's faulty rows, as received, with their reasons on its branch; gives how many."""
    branch = table.open_branch(landed.batch)
    there = judged.rows.columns
    chosen = []
    for name in table.columns():
        if _as_received(name) in there:
            chosen.append(f"{name_sql(_as_received(name))} AS {name_sql(name)}")
        elif name == "_reasons" or name in there:
            chosen.append(name_sql(name))
        else:
            chosen.append(f"cast(NULL AS string) AS {name_sql(name)}")
    rows = judged.faulty.selectExpr(*chosen)
    rows.writeTo(branch).option(SNAPSHOT, landed.batch).append()
    return table.summary(landed.batch)["added"]


def worst_reasons(judged: Judged, most: int = 3) -> str:
    """The columns with the most faults, each with their number and an example."""
    told = (
        judged.faulty.selectExpr("explode(_reasons) AS reason")
        .groupBy(F.expr("substring_index(reason, ':', 1)").alias("column"))
        .agg(F.count(F.lit(1)).alias("rows"), F.min("reason").alias("example"))
        .orderBy(F.desc("rows"), "column")
        .limit(most)
        .selectExpr("concat(rows, ' × ', example)")
    )
    # Not `collect`, whose socket PySpark leaves to the garbage collector.
    return "; ".join(row.getString(0) for row in told._jdf.collectAsList())  # pyright: ignore[reportOptionalCall]
