"""Database sources: a table's rows of a month by its watermark column, as CSV text.

Rows are put in order by their watermark and then by their whole text, because a database promises no
order between equals and the same rows must give the same checksum. Rows without a watermark belong to
no month and are not read. NULL becomes the empty field.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from landfall.errors import LandfallError
from landfall.intent.data import JdbcSource
from landfall.month import Month
from landfall.platform import Platform
from pipelines.secret import read_secret
from pipelines.sources.base import Slice, without_fringe
from pipelines.sources.engines import engine_of
from pipelines.sources.moments import zone_info


class Table:
    """One table of a database. `zone` is the contract's: that of times that carry none."""

    is_reference = False

    def __init__(
        self, source: JdbcSource, zone: str, least: int = 1, platform: Platform | None = None
    ) -> None:
        self._source = source
        self._platform = platform
        self._engine = engine_of(source)
        self._zone = zone_info(zone)
        self._least = least
        s = source
        self._origin = f"{s.engine}://{s.host}:{s.port}/{s.database}/{s.table}"

    def months(self) -> list[Month]:
        """The months of which the table holds rows, those too small at either end left out."""
        s, engine = self._source, self._engine
        with self._open() as cursor:
            kind = self._columns(cursor)[s.watermark]
            cursor.execute(engine.months_sql(s.table, s.watermark))
            stored = [Month(int(year), int(month)) for year, month in cursor.fetchall()]
            # The clock of the column may be another than UTC's, so the neighbours are asked for too.
            near = sorted({month.plus(step) for month in stored for step in (-1, 0, 1)})
            counts: dict[Month, int] = {}
            for month in near:
                sql = engine.slice_sql(s.table, s.watermark, "COUNT(*)")
                cursor.execute(sql, self._bounds(month, kind))
                counts[month] = int(cursor.fetchall()[0][0])
        return without_fringe(counts, self._least)

    def read(self, month: Month) -> Slice | None:
        """The month's rows under a header of the table's columns; None where there are none."""
        s = self._source
        with self._open() as cursor:
            columns = self._columns(cursor)
            bounds = self._bounds(month, columns[s.watermark])
            cursor.execute(self._engine.slice_sql(s.table, s.watermark), bounds)
            instants = [kind in self._engine.instants for kind in columns.values()]
            rows = [
                [_text(value, instant) for value, instant in zip(row, instants, strict=True)]
                for row in cursor
            ]
        if not rows:
            return None
        place = list(columns).index(s.watermark)
        rows.sort(key=lambda row: (row[place], row))
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        name = f"{s.table.rpartition('.')[2]}-{month}.csv"
        return Slice(
            name, text.getvalue().encode(), "csv", "utf-8", ",", self._origin, len(rows)
        )  # fmt: skip

    def _columns(self, cursor: Any) -> dict[str, int]:
        """The table's columns and their type codes, in order."""
        s = self._source
        cursor.execute(self._engine.columns_sql(s.table))
        cursor.fetchall()
        columns = {entry[0]: entry[1] for entry in cursor.description}
        if s.watermark not in columns:
            raise LandfallError(
                f"{s.dataset}: {self._origin} has no column '{s.watermark}' to read months by.",
                so=f"It has: {', '.join(columns)}.",
                fix="Correct the source's `watermark` in the stack's file.",
            )
        return columns

    def _bounds(self, month: Month, kind: int) -> tuple[object, object]:
        """The month's start and end as the column's type compares them."""
        starts = month.start, month.end
        if kind in self._engine.dates:
            return starts[0].date(), starts[1].date()
        aware = tuple(moment.replace(tzinfo=UTC) for moment in starts)
        if self._engine.name == "postgresql" and kind in self._engine.instants:
            return aware[0], aware[1]
        zone = ZoneInfo("UTC") if kind in self._engine.instants else self._zone
        local = [moment.astimezone(zone).replace(tzinfo=None) for moment in aware]
        return local[0], local[1]

    @contextmanager
    def _open(self) -> Iterator[Any]:
        s = self._source
        password = read_secret(s.password_secret, s.dataset, self._platform)
        connection = self._connect(password)
        with closing(connection), closing(connection.cursor()) as cursor:
            try:
                yield cursor
            except self._engine.fails() as error:
                raise LandfallError(
                    f"{s.dataset}: {self._origin} refused the query: {_reason(error, password)}",
                    so="Nothing of it was landed.",
                    fix=f"Check the table's name and that {s.user} may read it.",
                ) from None

    def _connect(self, password: str) -> Any:
        s = self._source
        try:
            return self._engine.connect(s, password)
        except OSError as error:
            reason = _reason(error, password)
        except Exception as error:
            if not isinstance(error, self._engine.fails()):
                raise
            reason = _reason(error, password)
        raise LandfallError(
            f"{s.dataset}: no connection to {self._origin} as {s.user}: {reason}",
            so="Nothing of it was landed.",
            fix=f"Check that the server answers there, and the user and {s.password_secret}.",
        )


def _reason(error: Exception, password: str) -> str:
    """The driver's words on one line, without the password."""
    return " ".join(str(error).split()).replace(password, "…")[:300]


def _text(value: object, instant: bool) -> str:
    """A value as the text that a contract reads; moments in time in UTC with a Z."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None and not instant:
            return value.isoformat()
        utc = value.astimezone(UTC) if value.tzinfo else value
        return f"{utc.replace(tzinfo=None).isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
