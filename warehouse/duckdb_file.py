"""DuckDB on the worker's side: one database file, held open by the process that dbt runs in.

Runs in dbt's own environment, so it imports nothing of Landfall. DuckDB lets one process write a file;
the worker is that process, for dbt's connections and for exports alike. Leaves out models (dbt) and
what the views stand for (the catalog, in the main process).
"""

from __future__ import annotations

import time
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

# dbt's profile has the same: DuckDB refuses two connections of one process that differ in these.
CONFIG: dict[str, Any] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "memory_limit": "1GB",
}
EXTENSIONS = ("avro", "httpfs", "iceberg")
DAMAGED = ("corrupt", "not a valid duckdb", "checksum", "wal file", "serializ", "unexpected end")


class Locked(Exception):
    """Another process holds the database file."""


class DuckDBFile:
    """The open database. `rebuilt` says why it had to be made anew, or is empty.

    Waits `lock_wait` seconds at most for another process to let go of the file, then raises Locked.
    """

    def __init__(self, path: str, lock_wait: float) -> None:
        self.path = Path(path)
        self.lock_wait = lock_wait
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.rebuilt = ""
        try:
            self._connection = self._open()
        except Locked:
            raise
        except Exception as error:
            if not _is_damage(error):
                raise
            self._set_aside()
            self.rebuilt = str(error).splitlines()[0]
            self._connection = self._open()

    def _open(self) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + self.lock_wait
        while True:
            try:
                connection = duckdb.connect(str(self.path), config=CONFIG)
                break
            except duckdb.IOException as error:
                if "lock" not in str(error).lower():
                    raise
                if time.monotonic() > deadline:
                    raise Locked(str(error).splitlines()[0]) from None
                time.sleep(0.1)
        for name in EXTENSIONS:
            connection.execute(f"load '{_extension_file(name)}'")
        connection.execute("set TimeZone = 'UTC'")
        return connection

    def _set_aside(self) -> None:
        for suffix in ("", ".wal"):
            file = self.path.with_name(self.path.name + suffix)
            if file.exists():
                file.replace(file.with_name(f"{file.name}.damaged"))

    def expose(self, tables: dict[str, str]) -> None:
        """Make `silver.<name>` a view of exactly the table that a metadata file describes, or of a Parquet copy."""
        self._connection.execute("create schema if not exists silver")
        for name, file in tables.items():
            location = file.removeprefix("file://").replace("'", "''")
            reader = "read_parquet" if location.endswith(".parquet") else "iceberg_scan"
            self._connection.execute(
                f"create or replace view silver.\"{name}\" as select * from {reader}('{location}')"
            )

    def export(self, sql: str, path: str) -> int:
        """Write a query's rows to a Parquet file; gives the number of rows."""
        target = path.replace("'", "''")
        row = self._connection.execute(f"copy ({sql}) to '{target}' (format parquet)").fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Write everything to the file and let go of it."""
        self._connection.close()


def _is_damage(error: Exception) -> bool:
    if isinstance(error, duckdb.SerializationException | duckdb.InternalException):
        return True
    text = str(error).lower()
    return isinstance(error, duckdb.Error) and any(word in text for word in DAMAGED)


def _extension_file(name: str) -> str:
    """The extension as its Python package brings it: loaded in place, nothing is downloaded."""
    folder = resources.files(f"duckdb_extension_{name}") / "extensions" / f"v{duckdb.__version__}"
    return str(folder / f"{name}.duckdb_extension").replace("'", "''")
