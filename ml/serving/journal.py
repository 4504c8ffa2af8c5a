"""Predictions on their way back to the lake: `predictions/<problem>/<date>/*.parquet` in the artifacts zone.

One row a predicted row: the inputs under their own names, and `_at`, `_request`, `_key`, `_team`,
`_version`, `_canary`, `_prediction` (or `_prediction_<class>`). Files are written whole by a thread;
the buffer is bounded, and what does not fit is dropped and counted: answering comes first. A kill
loses what the buffer holds (at most `seconds` old). Rows become Arrow four times a second, a little at
a time, because a long conversion would take the interpreter's lock from the event loop.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from landfall.errors import LandfallError
from landfall.storage import Store
from ml.serving.access import AccessLog
from ml.serving.batcher import Ticket
from ml.serving.metrics import Metrics
from ml.serving.source import Model

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

Batch = tuple[datetime, Model, list[Ticket], dict[str, list[Any]], "np.ndarray"]
_CONVERT_SECONDS = 0.25


class Journal:
    """Collects batches and writes them every `seconds`, or as soon as `flush_rows` are there."""

    def __init__(
        self,
        store: Store,
        problem: str,
        metrics: Metrics,
        log: AccessLog,
        *,
        seconds: float = 10,
        flush_rows: int = 20_000,
        max_rows: int = 100_000,
    ) -> None:
        self._store = store
        self._problem = problem
        self._metrics = metrics
        self._log = log
        self._seconds = seconds
        self._flush_rows = flush_rows
        self._max_rows = max_rows
        # Imported here, as the import takes the interpreter's lock for a third of a second.
        import pyarrow.parquet  # noqa: F401

        self._batches: list[Batch] = []
        self._tables: dict[tuple[str, int], list[pa.Table]] = defaultdict(list)
        self._rows = 0
        self._files = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def add(
        self, model: Model, batch: list[Ticket], columns: dict[str, list[Any]], values: np.ndarray
    ) -> None:
        """Take over one predicted batch; never waits for a write."""
        rows = len(values)
        with self._lock:
            if self._rows + rows > self._max_rows:
                self._metrics.log_dropped.inc(rows)
                return
            self._batches.append((datetime.now(UTC), model, batch, columns, values))
            self._rows += rows

    def close(self) -> None:
        """Write what is left and end."""
        self._closing.set()
        self._thread.join(30)

    def _run(self) -> None:
        due = time.monotonic() + self._seconds
        while not self._closing.wait(_CONVERT_SECONDS):
            self._convert()
            if time.monotonic() >= due or self._rows >= self._flush_rows:
                self._flush()
                due = time.monotonic() + self._seconds
        self._convert()
        self._flush()

    def _convert(self) -> None:
        with self._lock:
            batches, self._batches = self._batches, []
        groups: dict[tuple[str, int], list[Batch]] = defaultdict(list)
        for one in batches:
            groups[(f"{one[0]:%Y-%m-%d}", one[1].version)].append(one)
        for key, group in groups.items():
            self._tables[key].append(as_table(group))

    def _flush(self) -> None:
        for (date, version), tables in self._tables.items():
            rows = sum(table.num_rows for table in tables)
            try:
                self._write(date, version, tables)
                self._metrics.logged.inc(rows)
            except (LandfallError, OSError, ValueError) as error:
                self._metrics.log_dropped.inc(rows)
                self._log.event("predictions_not_logged", rows=rows, error=str(error))
            with self._lock:
                self._rows -= rows
        self._tables.clear()

    def _write(self, date: str, version: int, tables: list[pa.Table]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        content = BytesIO()
        pq.write_table(pa.concat_tables(tables), content, compression="zstd")
        self._files += 1
        name = f"v{version}-{datetime.now(UTC):%H%M%S%f}-{os.getpid()}-{self._files:06d}.parquet"
        self._store.write(f"predictions/{self._problem}/{date}/{name}", content.getvalue())


def as_table(group: list[Batch]) -> pa.Table:
    """The batches of one version as an Arrow table, one row a predicted row."""
    import numpy as np
    import pyarrow as pa

    model = group[0][1]
    each = [
        (at, ticket)
        for at, _, tickets, _, _ in group
        for ticket in tickets
        for _ in range(ticket.inference.rows)
    ]
    columns: dict[str, Any] = {
        "_at": pa.array([at for at, _ in each], pa.timestamp("us", tz="UTC")),
        "_request": pa.array([t.request_id for _, t in each], pa.string()),
        "_key": pa.array([t.inference.key for _, t in each], pa.string()),
        "_team": pa.array([t.team or None for _, t in each], pa.string()),
        "_version": pa.array([model.version] * len(each), pa.int32()),
        "_canary": pa.array([t.canary for _, t in each], pa.bool_()),
    }
    for column in model.columns:
        values = [value for one in group for value in one[3][column.name]]
        if column.datatype == "FP64":
            floats = np.array(values, dtype=float)  # None becomes NaN, and NaN becomes null
            columns[column.name] = pa.array(floats, from_pandas=True)
        else:
            columns[column.name] = pa.array(values, pa.string())
    found = np.concatenate([one[4] for one in group])
    if model.classes:
        for i, label in enumerate(model.classes):
            columns[f"_prediction_{label}"] = found[:, i]
    else:
        columns["_prediction"] = found
    return pa.table(columns)
