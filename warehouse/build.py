"""The step `build`: dbt over this month's silver, then the month's features into Iceberg's gold.

Everything in the warehouse is derived from silver and built anew each time, so no state can go astray:
the marts over all months, the feature model (by its `in_month`) for this one alone. Only gold is kept: the
month is published there after every test has passed, and only where it changed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from landfall.errors import LandfallError
from landfall.month import Month
from pipelines.context import Context
from pipelines.features import MONTH

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.table import Table

Json = dict[str, Any]


def build_month(ctx: Context, month: Month) -> Json:
    """Build the warehouse and publish the month's features; idempotent.

    Gives `table`, `rows`, `snapshot` (id), `changed`, `tests` and `models` (counts), `inputs` (silver
    table → snapshot id) and `seconds`. Raises LandfallError, with nothing published, where silver lacks
    a table, a model cannot be built or a test fails.
    """
    started = time.monotonic()
    silver = silver_tables(ctx)
    ctx.engine.expose(silver)
    _check_model(ctx, list(silver))
    month_only = {"month_start": f"{month.start:%Y-%m-%d}", "month_end": f"{month.end:%Y-%m-%d}"}
    built = ctx.engine.build(variables=month_only)
    features = read_features(ctx, month)
    snapshot, changed = publish(ctx, month, features)
    return {
        "table": f"gold.{ctx.ml.problem.table}",
        "rows": features.num_rows,
        "snapshot": snapshot,
        "changed": changed,
        "models": built["models"],
        "tests": built["tests"],
        "warnings": [one["name"] for one in built["warnings"]],
        "inputs": {f"silver.{name}": _snapshot_id(table) for name, table in silver.items()},
        "seconds": round(time.monotonic() - started, 2),
    }


def silver_tables(ctx: Context) -> dict[str, Table]:
    """The silver table of every dataset in the intent that has one with data in it."""
    from pyiceberg.exceptions import NoSuchTableError

    tables: dict[str, Table] = {}
    for source in ctx.intent.sources:
        try:
            table = ctx.catalog.load_table(f"silver.{source.dataset}")
        except NoSuchTableError:
            continue
        if table.current_snapshot() is not None:
            tables[source.dataset] = table
    return tables


def _check_model(ctx: Context, exposed: list[str]) -> None:
    name = ctx.ml.problem.table
    if name in ctx.engine.models():
        return
    absent = [s.dataset for s in ctx.intent.sources if s.dataset not in exposed]
    if absent:
        raise LandfallError(
            f"The model {name} cannot be built: silver has no {', '.join(absent)} yet.",
            so="Nothing was published.",
            fix="landfall run --month MONTH --from land, with the files of those datasets in place.",
        )
    raise LandfallError(
        f"{ctx.project.dbt_dir} has no model {name}, or it reads a dataset that the intent does not name.",
        so="Nothing was published.",
        fix=f"Write models/features/{name}.sql, or draft it: landfall dataset init FILE …",
    )


def read_features(ctx: Context, month: Month) -> pa.Table:
    """The month's rows of the feature table, in the order of the key, with the column `month`."""
    import pyarrow as pa

    problem = ctx.ml.problem
    first, last = (f"timestamp '{moment:%Y-%m-%d %H:%M:%S}'" for moment in (month.start, month.end))
    rows = ctx.engine.arrow(
        # Behind the dot a column may be called as a word of SQL is (`at`, `order`), in every engine.
        f"select * from {ctx.engine.table('features', problem.table)} as f "
        f"where f.{problem.time} >= {first} and f.{problem.time} < {last}"
    )
    lacking = [
        n for n in (problem.time, problem.target, *problem.key) if n not in rows.column_names
    ]
    if lacking:
        raise LandfallError(
            f"The model {problem.table} has no column {', '.join(lacking)}.",
            so="The intent's problem names it; nothing was published.",
            fix="Add it to the model, or change ml.problem in the intent.",
        )
    rows = rows.sort_by([(name, "ascending") for name in problem.key])
    labels = pa.array([str(month)] * rows.num_rows, pa.string())
    return rows.replace_schema_metadata(None).append_column(MONTH, labels)


def publish(ctx: Context, month: Month, rows: pa.Table) -> tuple[int | None, bool]:
    """Replace the month in gold in one commit, unless it already holds these very rows.

    Gives the table's snapshot id and whether it is a new one; None where the table is still empty.
    """
    from pyiceberg.expressions import EqualTo

    from pipelines.lake import content_hash

    name = f"gold.{ctx.ml.problem.table}"
    table = _gold_table(ctx, name, rows.schema)
    rows = _aligned(rows, table, name)
    wanted = EqualTo(MONTH, str(month))  # pyright: ignore[reportCallIssue]
    present = table.scan(row_filter=wanted).to_arrow()
    if content_hash(present) == content_hash(rows):
        return _snapshot_id(table), False
    if present.num_rows:
        table.overwrite(rows, overwrite_filter=wanted)
    else:
        table.append(rows)
    return _snapshot_id(table), True


def _gold_table(ctx: Context, name: str, schema: pa.Schema) -> Table:
    """The table, made where it is not there yet, with every column of `schema` added."""
    from pyiceberg.exceptions import NoSuchTableError, ValidationError
    from pyiceberg.transforms import IdentityTransform

    try:
        table = ctx.catalog.load_table(name)
    except NoSuchTableError:
        with (
            ctx.catalog.create_table_transaction(name, schema) as new,
            new.update_spec() as spec,
        ):
            spec.add_field(MONTH, IdentityTransform(), MONTH)
        return ctx.catalog.load_table(name)
    try:
        with table.update_schema() as update:
            update.union_by_name(schema)
    except (ValidationError, ValueError, TypeError) as error:
        raise LandfallError(
            f"The features do not fit {name}: {error}.",
            so="A column changed its type in a way that older months cannot follow; nothing was published.",
            fix="Give the changed column a new name in the model.",
        ) from None
    return table


def _aligned(rows: pa.Table, table: Table, name: str) -> pa.Table:
    """The rows with exactly the table's columns and types; columns that the model dropped are null."""
    import pyarrow as pa

    target = table.schema().as_arrow()
    columns = []
    for field in target:
        if field.name in rows.column_names:
            try:
                columns.append(rows[field.name].cast(field.type))
            except pa.ArrowInvalid as error:
                raise LandfallError(
                    f"Column {field.name} does not fit {name}: {error}.",
                    so="Nothing was published.",
                ) from None
        else:
            columns.append(pa.nulls(rows.num_rows, field.type))
    return pa.table(columns, schema=pa.schema([pa.field(f.name, f.type) for f in target]))


def _snapshot_id(table: Table) -> int | None:
    snapshot = table.current_snapshot()
    return snapshot.snapshot_id if snapshot else None
