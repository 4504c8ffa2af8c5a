"""The ingestion as one would write it by hand: PySpark on Iceberg, and DuckDB on Parquet.

Each month: read the CSV file as text, append it to bronze with where it came from, read that back, type
it, keep one row a key, append that to silver. No contract, no quarantine, no audit, no counts: what
Landfall adds is what the benchmark shows the price of. DuckDB writes one Parquet file a table and month.

    python -m benchmarks.by_hand FOLDER      on the files of FOLDER, in a session with stock settings
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landfall.project import find_project
from pipelines.contract import Contract, load_contract

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SPARK_TYPES = {"long": "bigint", "timestamp": "timestamp_ntz"}
_DUCKDB_TYPES = {"long": "bigint", "int": "integer", "string": "varchar"}
_TABLE = (
    "TBLPROPERTIES ('format-version'='2', 'write.distribution-mode'='none', "
    "'write.spark.fanout.enabled'='true', 'write.parquet.compression-codec'='zstd', "
    "'write.parquet.compression-level'='1')"
)


def flights() -> Contract:
    """The contract of the flights, for the columns' names, types and key."""
    return load_contract(find_project().contracts_dir / "flights.yml")


def make_tables(spark: SparkSession, bronze: str, silver: str) -> None:
    """The two tables, cut and written as Landfall's are."""
    columns = flights().columns
    texts = ", ".join(f"`{c.name}` string" for c in columns)
    typed = ", ".join(f"`{c.name}` {_SPARK_TYPES.get(c.type, c.type)}" for c in columns)
    spark.sql(
        f"CREATE TABLE {bronze} ({texts}, _path string, _batch string, _arrived_at timestamp_ntz) "
        f"USING iceberg PARTITIONED BY (_batch) {_TABLE}"
    )
    spark.sql(
        f"CREATE TABLE {silver} ({typed}, _batch string, _arrived_at timestamp_ntz) "
        f"USING iceberg PARTITIONED BY (months(time_hour)) {_TABLE}"
    )


def spark_month(spark: SparkSession, bronze: str, silver: str, path: Path) -> None:
    """One month by PySpark."""
    contract = flights()
    names = [f"`{c.name}`" for c in contract.columns]
    raw = spark.read.schema(", ".join(f"{n} string" for n in names)).csv(
        f"file:{path}", header=True
    )
    origin = [
        f"'{path}' AS _path",
        f"'{path.stem}' AS _batch",
        "now()::timestamp_ntz AS _arrived_at",
    ]
    raw.selectExpr(*names, *origin).writeTo(bronze).append()
    rows = spark.table(bronze).where(f"_batch = '{path.stem}'")
    typed = rows.selectExpr(
        *[_spark_typed(c.name, c.type) for c in contract.columns], "_batch", "_arrived_at"
    )
    typed.dropDuplicates(contract.key).writeTo(silver).append()


def _spark_typed(name: str, kind: str) -> str:
    value = f"nullif(`{name}`, 'NA')"
    if kind == "string":
        return f"{value} AS `{name}`"
    if kind == "timestamp":
        return f"cast(try_cast({value} AS timestamp) AS timestamp_ntz) AS `{name}`"
    return f"try_cast({value} AS {_SPARK_TYPES.get(kind, kind)}) AS `{name}`"


def duckdb_year(paths: list[Path], folder: Path) -> list[float]:
    """All months by DuckDB, bronze and silver as Parquet below `folder`; seconds of each."""
    import duckdb

    contract = flights()
    typed = ", ".join(
        f"try_cast(nullif({c.name}, 'NA') AS {_DUCKDB_TYPES.get(c.type, c.type)}) AS {c.name}"
        for c in contract.columns
    )
    key = ", ".join(contract.key)
    seconds = []
    with duckdb.connect(config={"threads": 2}) as db:
        for path in paths:
            began = time.perf_counter()
            bronze, silver = (
                folder / f"bronze-{path.stem}.parquet",
                folder / f"silver-{path.stem}.parquet",
            )
            db.execute(
                f"COPY (SELECT *, '{path}' AS _path, now() AS _arrived_at FROM read_csv('{path}', "
                f"all_varchar=true, header=true)) TO '{bronze}' (COMPRESSION zstd, COMPRESSION_LEVEL 1)"
            )
            db.execute(
                f"COPY (SELECT DISTINCT ON ({key}) {typed}, _arrived_at FROM '{bronze}') "
                f"TO '{silver}' (COMPRESSION zstd, COMPRESSION_LEVEL 1)"
            )
            seconds.append(time.perf_counter() - began)
    return seconds


def stock_session(folder: Path) -> SparkSession:
    """PySpark as it comes, on an Iceberg catalog of its own in `folder`; only the jars and it are set."""
    from pyspark.sql import SparkSession

    from landfall.local import ICEBERG_JAR, SQLITE_JAR
    from pipelines.jars import find_java, local_jars

    find_java()
    jars = local_jars([ICEBERG_JAR, SQLITE_JAR], find_project().cache_dir)
    builder: Any = SparkSession.builder
    settings = {
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraClassPath": ":".join(map(str, jars)),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.type": "jdbc",
        "spark.sql.catalog.lake.uri": f"jdbc:sqlite:{folder / 'catalog.db'}",
        "spark.sql.catalog.lake.jdbc.schema-version": "V1",
        "spark.sql.catalog.lake.warehouse": str(folder / "tables"),
    }
    return builder.config(map=settings).getOrCreate()


def stock_year(paths: list[Path]) -> list[float]:
    """All months by PySpark with stock settings, the first one once before as a warm-up; seconds of each."""
    with tempfile.TemporaryDirectory(prefix="landfall-stock-") as folder:
        spark = stock_session(Path(folder))
        spark.sparkContext.setLogLevel("ERROR")
        for space in ("warm", "lake"):
            spark.sql(f"CREATE NAMESPACE lake.{space}")
            make_tables(spark, f"lake.{space}.bronze", f"lake.{space}.silver")
        spark_month(spark, "lake.warm.bronze", "lake.warm.silver", paths[0])
        seconds = []
        for path in paths:
            began = time.perf_counter()
            spark_month(spark, "lake.lake.bronze", "lake.lake.silver", path)
            seconds.append(time.perf_counter() - began)
        spark.stop()
    return seconds


if __name__ == "__main__":
    print(json.dumps(stock_year(sorted(Path(sys.argv[1]).glob("*.csv")))))
