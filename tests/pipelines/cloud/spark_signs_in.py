"""Opens a Platform's catalog by Spark, writes and reads a table, and prints as JSON what it saw: FILE of the Platform.

A process of its own, since one holds one session.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from landfall.platform import Platform
from pipelines.sign_in import token_key
from pipelines.spark import open_spark


def main(file: str, cache: str) -> None:
    """Print the rows read back, and what Spark shows of the token to whoever asks it."""
    platform = Platform.model_validate_json(Path(file).read_bytes())
    session = open_spark(platform, Path(cache))
    session.sql("create table lake.silver.things (id bigint) using iceberg")
    session.sql("insert into lake.silver.things values (1), (2)")
    rows = session.table("lake.silver.things").count()
    shown = session.sql("set").where(f"key = '{token_key(platform)}'").collect()
    print(json.dumps({"rows": rows, "shown": [row["value"] for row in shown]}))
    session.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
