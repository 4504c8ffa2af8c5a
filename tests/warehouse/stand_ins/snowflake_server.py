"""Snowflake by fakesnow, taught the two statements by which Landfall shows silver.

Runs in `.venv-stand-ins`, alone. fakesnow knows no Iceberg: a table over a metadata file is the Parquet copy that
the test leaves beside that file (`<file>.parquet`); one that follows a catalog is `<catalog>/<name>.parquet`,
read again at each refresh. Leaves out who may sign in: fakesnow lets everyone in.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import uvicorn
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.server import app

PINNED = re.compile(
    r"create or replace iceberg table (\S+) metadata_file_path = '([^']+)'$", re.IGNORECASE
)
FOLLOWED = re.compile(
    r"create iceberg table if not exists (\S+) catalog_table_name = '([^']+)'$", re.IGNORECASE
)
REFRESH = re.compile(r"alter iceberg table (\S+) refresh$", re.IGNORECASE)


def teach(catalog: Path) -> None:
    """Make fakesnow's cursors answer the statements on Iceberg tables; everything else stays theirs."""
    plain = FakeSnowflakeCursor.execute
    followed: dict[str, Path] = {}

    def execute(self: Any, command: str, *args: Any, **kwargs: Any) -> Any:
        if found := PINNED.match(command.strip()):
            _load(self, found[1], Path("/") / f"{found[2]}.parquet")
        elif found := FOLLOWED.match(command.strip()):
            followed[found[1]] = catalog / f"{found[2]}.parquet"
        elif found := REFRESH.match(command.strip()):
            _load(self, found[1], followed[found[1]])
        else:
            return plain(self, command, *args, **kwargs)
        return plain(self, "select 'done' as status", *args, **kwargs)

    FakeSnowflakeCursor.execute = execute


def _load(cursor: Any, table: str, file: Path) -> None:
    connection = cursor._duck_conn
    connection.execute(f"create schema if not exists {table.rpartition('.')[0]}")
    connection.execute(f"create or replace table {table} as select * from read_parquet('{file}')")


if __name__ == "__main__":
    teach(Path(sys.argv[1]))
    uvicorn.run(app, host="127.0.0.1", port=0, log_level="info")
