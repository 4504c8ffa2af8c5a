"""The Spark session on a Platform's Iceberg catalog: embedded, or the one of a batch that this process drives.

Embedded: quiet, in at most 1 GB of heap, nothing left in the working folder; on the laptop offline. It works
on a cloud's lake too (LANDFALL_SPARK=embedded), where a month is small enough for one machine. Otherwise a
managed service runs the step (pipelines/submit/), and its driver opens the session here. One process holds
one session at a time, because Spark knows no two.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from landfall.errors import LandfallError, Refused, UsageError
from landfall.platform import Platform, SparkSubmitter
from landfall.project import environment
from pipelines import class_archive
from pipelines.catalog import NAMESPACES
from pipelines.jars import embedded_jars, find_java, local_jars
from pipelines.read import SPLIT
from pipelines.sign_in import read_ca, spark_conf
from pipelines.trust import trust

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HEAP = "1g"
MASTER = SparkSubmitter.model_fields["master"].default
VARIABLE = "LANDFALL_SPARK"
"""`embedded` or `driver`; without it the Platform decides."""
EXTENSIONS = "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"
# Small months are mostly planning, which runs too seldom to repay the second compiler (C2); large ones
# run the same few loops over and over and take half the CPU with it. So C2 waits until a method has run
# six times as often as the JVM's default asks. CPU seconds on 2 cores for six months of flights cold,
# and for six months of ten times as many rows warm: without C2 17 and 52, by default 30 and 31, so 26 and 28.
# Generated code is often longer than what is compiled by default; the stack is for deep expressions.
_JVM = (
    "-XX:+UseSerialGC -XX:-DontCompileHugeMethods -XX:Tier4InvocationThreshold=30000 "
    "-XX:Tier4MinInvocationThreshold=10000 -XX:Tier4CompileThreshold=60000 "
    "-XX:Tier4BackEdgeThreshold=400000 -XX:-UsePerfData -Xss4m -Duser.timezone=UTC"
)
SAME = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    # Both the same: a file is cut at fixed places, by which its rows can be numbered (pipelines/read.py).
    "spark.sql.files.maxPartitionBytes": str(SPLIT),
    "spark.sql.files.openCostInBytes": str(SPLIT),
    "spark.sql.extensions": EXTENSIONS,
}
"""What decides results, and is therefore the same in a managed batch."""
_FIXED = {
    **SAME,
    "spark.driver.memory": HEAP,
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    # Plans here are small and known; re-planning them between stages costs more than it saves.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.catalogImplementation": "in-memory",
    # Every execution renders its plan for a UI that is off; a contract's rules make it long.
    "spark.sql.maxPlanStringLength": "2000",
    "spark.shuffle.compress": "false",
    "spark.eventLog.enabled": "false",
    "spark.cleaner.periodicGC.interval": "60min",
}


def mode(platform: Platform) -> Literal["embedded", "driver", "submitted"]:
    """How a step that needs Spark runs in this process; raises UsageError for an unknown LANDFALL_SPARK."""
    wanted = environment(VARIABLE)
    if wanted not in ("", "embedded", "driver"):
        raise UsageError(
            f"{VARIABLE} is '{wanted}'.",
            fix=f"Set it to embedded (Spark in this process), or leave it out: {platform.spark.kind}.",
        )
    if wanted == "driver":
        return "driver"
    if wanted == "embedded" or platform.spark.kind == "embedded":
        return "embedded"
    return "submitted"


def open_spark(platform: Platform, cache_dir: Path) -> SparkSession:
    """A session whose catalog `platform.catalog.name` is the lake; times are UTC.

    Raises MissingTool (Java or a jar is missing or wrong, with the command that gets it), Refused
    where this process has a session already, LandfallError where the JVM does not start, UsageError
    where this Platform's Spark takes submitted jobs only.
    """
    how = mode(platform)
    if how == "submitted":
        raise UsageError(
            f"This Platform's Spark is {platform.spark.kind}; it takes submitted jobs.",
            so="Only embedded Spark opens as a session here.",
            fix=f"Set {VARIABLE}=embedded to run it on this machine, where the month is small enough.",
        )
    session = _drive(platform) if how == "driver" else embed(platform, cache_dir)
    signed_by = read_ca(platform)
    if signed_by is not None:
        trust(session, signed_by)
    for namespace in NAMESPACES:
        session.sql(f"CREATE NAMESPACE IF NOT EXISTS {platform.catalog.name}.{namespace}")
    return session


def catalog_conf(platform: Platform) -> dict[str, str]:
    """What makes the lake a catalog of a session, embedded or submitted."""
    catalog = f"spark.sql.catalog.{platform.catalog.name}"
    return {
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        # PyIceberg commits to the same catalog, so a table is read anew each time.
        f"{catalog}.cache-enabled": "false",
        **{f"{catalog}.{key}": value for key, value in platform.catalog.spark.items()},
    }


def _drive(platform: Platform) -> SparkSession:
    """The session of the batch that runs this process; its settings came with the batch."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.getOrCreate()
    if session.conf.get(f"spark.sql.catalog.{platform.catalog.name}", None) is None:
        session.stop()
        raise LandfallError(
            f"This Spark driver has no catalog '{platform.catalog.name}'.",
            so="The batch was not submitted by Landfall, whose requests carry the catalog's settings.",
            fix="landfall run, which submits it.",
        )
    return session


def embed(platform: Platform, cache_dir: Path, jvm: str = "") -> SparkSession:
    """A session in this process, as `open_spark` says; `jvm` are options of its JVM in place of the class archive's."""
    find_java()
    jars = local_jars(embedded_jars(platform), cache_dir)
    jvm = jvm or class_archive.option(jars, cache_dir)

    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    if getattr(SparkContext, "_active_spark_context", None) is not None:
        raise Refused(
            "This process has a Spark session already.",
            fix="Close the other Context first; two homes never share a session.",
        )
    conf = SparkConf(loadDefaults=False).setAll(list(_settings(platform, jars, jvm).items()))
    embedded = platform.spark.kind == "embedded"
    conf.setMaster(platform.spark.master if embedded else MASTER).setAppName("landfall")
    context = SparkContext(conf=conf, gateway=_gateway(conf))
    return SparkSession(context)


def _settings(platform: Platform, jars: list[Path], jvm: str) -> dict[str, str]:
    log4j = Path(__file__).with_name("log4j2.properties").as_uri()
    return {
        **_FIXED,
        # On the class path rather than `spark.jars`, which copies every jar at each start.
        "spark.driver.extraClassPath": ":".join(str(jar) for jar in jars),
        "spark.driver.extraJavaOptions": f"{_JVM}{jvm} -Dlog4j2.configurationFile={log4j}",
        "spark.local.dir": tempfile.gettempdir(),
        "spark.sql.warehouse.dir": f"{tempfile.gettempdir()}/landfall-spark-warehouse",
        **catalog_conf(platform),
        **spark_conf(platform),
        # A managed service's settings (its jars, its batches' sizes) mean nothing to this machine.
        **(platform.spark.conf if platform.spark.kind == "embedded" else {}),
    }


def _gateway(conf: Any) -> Any:
    """The JVM, started with its stderr in a file of its own; the one of this process is used again."""
    from pyspark import SparkContext
    from pyspark.errors import PySparkRuntimeError
    from pyspark.java_gateway import launch_gateway

    running = getattr(SparkContext, "_gateway", None)
    if running is not None:
        return running
    with tempfile.NamedTemporaryFile("w+", prefix="landfall-spark-", suffix=".log") as said:
        try:
            return launch_gateway(conf, {"stderr": said.fileno(), "stdout": said.fileno()})
        except (PySparkRuntimeError, OSError) as error:
            said.seek(0)
            lines = [line.strip() for line in said if line.strip()]
            with contextlib.suppress(AttributeError):
                SparkContext._gateway = None  # pyright: ignore[reportAttributeAccessIssue]
            raise LandfallError(
                f"Spark's JVM did not start: {lines[-1] if lines else error}",
                fix=f"Check that {HEAP} of memory is free and that `java -version` works.",
            ) from None
