"""Spark's classes, kept ready for the next JVM: without, loading and checking them is a third of a small month's ingestion.

Java writes what one process loaded into a file that later ones map into their memory (class data sharing, JEP 350).
`python -m pipelines.jars` has it made once, by a session that does with a table of its own what a month does with
every table; the file's name says which Java, Spark and jars it is for, and a session that finds none starts as it always did.
Leaves out sessions on a cloud's store, whose jars are others, and clusters.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landfall.errors import LandfallError
from pipelines.jars import find_java

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from landfall.platform import Platform

_TIMEOUT = 600
_ROWS = 50


def option(jars: list[Path], cache_dir: Path) -> str:
    """The JVM's option that takes the archive; empty where none was made for this Java and these jars."""
    found = _file(jars, cache_dir)
    return f' -XX:SharedArchiveFile="{found}"' if found.is_file() else ""


def ready(jars: list[Path], cache_dir: Path) -> Path:
    """Make the archive for this machine's Platform, whose jars these are, where it is not there; raises LandfallError."""
    target = _file(jars, cache_dir)
    if target.is_file():
        return target
    print("jars: keeping Spark's classes ready, once (a minute or so) …", file=sys.stderr)
    try:
        why = _make(target, cache_dir)
    except (OSError, subprocess.TimeoutExpired) as error:
        why = str(error)
    if why:
        raise LandfallError(
            f"Spark's classes could not be kept ready: {why}.",
            so="Sessions start all the same, some seconds later each.",
            fix="Check that 300 MB of disk and 1 GB of memory are free, and try again.",
        )
    return target


def _make(target: Path, cache_dir: Path) -> str:
    """Have a process make the archive, and put it in its place; returns why that failed, or nothing."""
    place = target.name.rpartition("-")[0]
    for old in target.parent.glob(f"{place}-*.jsa"):
        old.unlink(missing_ok=True)  # of files that have changed since
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".classes-") as work:
        made = Path(work) / target.name
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.class_archive", str(made), str(cache_dir)],
            capture_output=True, text=True, timeout=_TIMEOUT, check=False,
        )  # fmt: skip
        if done.returncode == 0 and made.is_file():
            made.replace(target)
            return ""
    told = [one for one in done.stderr.splitlines() if re.match(r"\S+(Error|Exception): ", one)]
    return told[-1] if told else "Java wrote no file"


def _file(jars: list[Path], cache_dir: Path) -> Path:
    """Java takes an archive only for the very files that it was made with, by place and time.

    Named by the places first: environments that share a cache leave each other's alone.
    """
    import pyspark

    java = find_java()
    spark = sorted((Path(pyspark.__file__).parent / "jars").glob("*.jar"))
    files = [(one.resolve(), one.stat()) for one in (java, *spark, *jars)]
    place = _digest(str(path) for path, _ in files)
    state = _digest(f"{told.st_size} {told.st_mtime_ns}" for _, told in files)
    return cache_dir.absolute() / "jars" / f"classes-{place}-{state}.jsa"


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def example_platform(home: Path) -> Platform:
    """The laptop's Platform of the example intent, in a home of its own."""
    import yaml

    from landfall.intent import parse_intent
    from landfall.intent.examples import example
    from landfall.local import local_platform
    from landfall.project import CONFIG_KEY

    intent = yaml.safe_load(example("local"))["config"][CONFIG_KEY]
    return local_platform(parse_intent(intent, "example"), "classes", home)


def _record(target: Path, cache_dir: Path) -> None:
    """In a process of its own: a session beside `target`, which its JVM leaves when it ends."""
    from pipelines.spark import embed

    platform = example_platform(target.parent)
    session = embed(platform, cache_dir, f' -XX:ArchiveClassesAtExit="{target}"')
    _month(session, platform.catalog.name, target.parent)
    session.stop()
    gateway: Any = session.sparkContext._gateway
    gateway.proc.stdin.close()  # which ends the JVM
    gateway.proc.wait(timeout=_TIMEOUT)


def _month(spark: SparkSession, catalog: str, work: Path) -> None:
    """What a month asks of a session: read, judge, append on a branch, look for repeated keys, merge, publish."""
    from pyspark.sql import functions as F  # noqa: N812 - as all of Spark writes it

    path = work / "rows.csv"
    lines = [f"{n},2024-01-0{n % 9 + 1} 10:00:00,{n}.5,kind {n % 3}" for n in range(_ROWS)]
    path.write_text("id,at,value,kind\n" + "\n".join(lines), encoding="utf-8")
    text = spark.read.schema(
        "id STRING, at STRING, value STRING, kind STRING, _raw STRING"
    ).options(header="true", mode="PERMISSIVE", columnNameOfCorruptRecord="_raw")
    typed = text.csv(path.as_uri()).selectExpr(
        "try_cast(id AS BIGINT) AS id", "try_to_timestamp(at, 'yyyy-MM-dd HH:mm:ss') AS at",
        "try_cast(value AS DOUBLE) AS value", "upper(trim(kind)) AS kind",
    )  # fmt: skip
    good = "id IS NOT NULL AND value BETWEEN 0 AND 1000 AND kind RLIKE '^KIND'"
    judged = typed.withColumn("_row", F.monotonically_increasing_id()).observe(
        "judged", F.count(F.lit(1)).alias("rows")
    )
    table = f"{catalog}.bronze.classes"
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {catalog}.bronze")
    spark.sql(
        f"CREATE TABLE {table} (id BIGINT, at TIMESTAMP, value DOUBLE, kind STRING) USING iceberg "
        "PARTITIONED BY (months(at)) TBLPROPERTIES ('format-version'='2')"
    )
    for branch in ("first", "second"):
        spark.sql(f"ALTER TABLE {table} CREATE BRANCH {branch}")
        judged.where(good).drop("_row").writeTo(f"{table}.branch_{branch}").append()
        spark.sql(f"CALL {catalog}.system.fast_forward('bronze.classes', 'main', '{branch}')")
        spark.sql(f"ALTER TABLE {table} DROP BRANCH {branch}")
    ranked = (
        typed.where(good)
        .selectExpr("*", "row_number() OVER (PARTITION BY id ORDER BY value DESC) AS place")
        .where("place = 1")
    )
    ranked.persist().createOrReplaceTempView("wanted")
    spark.sql(
        f"MERGE INTO {table} AS there USING (SELECT id, at, value + 1 AS value, kind FROM wanted) AS here "
        "ON there.id = here.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )
    spark.table(table).groupBy("kind").agg(F.count("*"), F.approx_count_distinct("id")).collect()
    spark.sql(f"SELECT count(DISTINCT id) FROM {table} WHERE at >= '2024-01-03'").collect()


if __name__ == "__main__":
    _record(Path(sys.argv[1]), Path(sys.argv[2]))
