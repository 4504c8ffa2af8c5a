"""The laptop as a Platform: embedded Spark, SQLite catalog, bus and MLflow, DuckDB, all in one home.

Makes no folder and opens nothing; whoever writes, makes its folder.
"""

from __future__ import annotations

from pathlib import Path

from landfall.errors import UsageError
from landfall.intent import Intent
from landfall.platform import (
    Catalog,
    EventTopic,
    Platform,
    SparkSubmitter,
    Storage,
    Tracking,
    WarehouseConnection,
)

CATALOG = "lake"
ICEBERG_JAR = "org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.12.0"
SQLITE_JAR = "org.xerial:sqlite-jdbc:3.50.3.0"


def local_platform(intent: Intent, stack: str, home: Path) -> Platform:
    """The Platform whose state lies wholly in `home` (an absolute path); raises UsageError for a bad name."""
    if found := [mark for mark in "?#%" if mark in str(home)]:
        raise UsageError(
            f"The home {home} has a '{found[0]}' in its path.",
            so="In the addresses of tables and databases such a mark means something else.",
            fix="Set LANDFALL_HOME to a folder without it.",
        )
    lake = (home / "lake").as_uri()
    # Not `as_uri()`: Iceberg, in Python as in Java, takes the path as it is written, %20 and all.
    tables = f"file://{home}/lake/tables"
    database = home / "catalog.db"
    return Platform(
        stack=stack,
        client=intent.client.slug,
        environment=intent.environment,
        storage=Storage.model_validate(
            {zone: f"{lake}/{zone}" for zone in Storage.model_fields if zone != "options"}
        ),
        catalog=Catalog(
            name=CATALOG,
            properties={
                "type": "sql",
                "uri": f"sqlite:///{database}",
                "warehouse": tables,
                "init_catalog_tables": "true",
            },
            spark={
                "type": "jdbc",
                "uri": f"jdbc:sqlite:{database}",
                "jdbc.schema-version": "V1",
                "warehouse": tables,
            },
        ),
        warehouse=WarehouseConnection(
            engine="duckdb", settings={"path": str(home / "warehouse.duckdb")}
        ),
        spark=SparkSubmitter(kind="embedded", packages=[ICEBERG_JAR, SQLITE_JAR]),
        events=EventTopic(
            kind="sqlite", topic="landfall", queue="flow", dead_letter="flow-dead",
            settings={"path": str(home / "bus.db")},
        ),
        tracking=Tracking(
            uri=f"sqlite:///{home / 'mlflow.db'}", artifacts=(home / "models").as_uri()
        ),
    )  # fmt: skip
