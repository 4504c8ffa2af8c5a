"""A batch's driver, started by Spark's own `spark-submit` with the batch's settings, on this machine.

What a service adds to that (its image, its network, its identity) is proven on a cloud only.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pyspark
import pytest
import yaml

from landfall.errors import LandfallError
from landfall.platform import SparkSubmitter
from landfall.platform_file import save_platform
from pipelines import sign_in
from pipelines.context import Context, open_context
from pipelines.jars import fetch_jars
from pipelines.land import land_month
from pipelines.spark import HEAP
from pipelines.submit import driver
from pipelines.submit.batch import CA, Batch, build_batch
from tests.infra.samples import PROJECT
from tests.pipelines.cloud.jobs import publish
from tests.pipelines.cloud.platforms import SAMPLES, exported
from tests.pipelines.conftest import MARCH
from tests.pipelines.projects import small_project

MONTH = MARCH
STACK = SAMPLES["aws"]


class Lake(NamedTuple):
    """A stack whose lake is on this machine and whose Spark takes batches; the jars that its catalog needs."""

    ctx: Context
    jars: list[str]


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.delenv("LANDFALL_SPARK", raising=False)
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "things-2013-03.csv").write_text(
        "at,name\n2013-03-01T00:00:00Z,a\n2013-03-02T00:00:00Z,b\n"
    )
    source = {"kind": "file", "dataset": "things", "path": str(drop / "things-{month}.csv")}
    small = small_project(tmp_path / "project", [source])
    jars = fetch_jars(small.platform.spark.packages, PROJECT.cache_dir)
    spark = SparkSubmitter(kind="dataproc-serverless", master="projects/p/locations/l")
    platform = small.platform.model_copy(update={"spark": spark, "stack": STACK})
    intent = PROJECT.read_stack(STACK) | {"sources": [source]}
    told = yaml.safe_dump({"config": {"landfall:intent": intent}})
    (small.project.stacks_dir / f"Pulumi.{STACK}.yaml").write_text(told)
    save_platform(small.project, platform, STACK)
    ctx = open_context(STACK, small.project)
    publish(ctx)
    land_month(ctx, MONTH)
    return Lake(ctx, [str(jar) for jar in jars])


def _submit(batch: Batch, jars: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    command = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    conf = {**batch.conf, "spark.ui.enabled": "false", "spark.driver.bindAddress": "127.0.0.1"}
    settings = [part for key, value in conf.items() for part in ("--conf", f"{key}={value}")]
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("LANDFALL_", "PYSPARK_", "SPARK_"))
    }
    return subprocess.run(
        [str(command), "--master", "local[2]", "--driver-memory", HEAP, "--jars", ",".join(jars),
         *settings, batch.main.removeprefix("file://"), *batch.arguments],
        capture_output=True, text=True, check=False, timeout=300, cwd=cwd,
        env=kept | {"PYTHONPATH": str(PROJECT.root), "PYSPARK_PYTHON": sys.executable,
                    "LANDFALL_CACHE": str(PROJECT.cache_dir), "PYTHONWARNINGS": "ignore",
                    "SPARK_LOCAL_IP": "127.0.0.1"},
    )  # fmt: skip


def test_the_driver_runs_the_step_on_the_lake_and_stores_its_result(
    lake: Lake, tmp_path: Path
) -> None:
    done = _submit(build_batch(lake.ctx, MONTH, "ingest"), lake.jars, tmp_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    assert lake.ctx.need(MONTH, "ingest")["counts"]["things"]["silver"] == 2
    assert lake.ctx.catalog.load_table("silver.things").scan().to_arrow().num_rows == 2


def test_a_session_that_landfall_did_not_submit_is_refused(lake: Lake, tmp_path: Path) -> None:
    batch = build_batch(lake.ctx, MONTH, "ingest")
    bare = replace(batch, conf={k: v for k, v in batch.conf.items() if "catalog" not in k})
    done = _submit(bare, lake.jars, tmp_path)
    assert done.returncode == 1
    assert "has no catalog 'lake'" in done.stdout


class _Session:
    """Spark's session, as far as the driver asks it for the batch's settings."""

    settings: dict[str, str] = {}

    class _Builder:
        def getOrCreate(self) -> type[_Session]:  # noqa: N802 - Spark calls it so
            return _Session

    class conf:  # noqa: N801 - Spark calls it so
        @staticmethod
        def get(key: str, default: str | None) -> str | None:
            return _Session.settings.get(key, default)

    builder = _Builder()


def test_the_driver_opens_the_catalog_by_the_token_that_the_batch_came_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyspark.sql

    monkeypatch.setattr(pyspark.sql, "SparkSession", _Session)
    given = exported(SAMPLES["azure"])
    (tmp_path / "platform.json").write_text(given.model_dump_json())
    monkeypatch.setattr(_Session, "settings", {})
    with pytest.raises(LandfallError, match="came without a token"):
        driver.sign_in(tmp_path)
    monkeypatch.setattr(_Session, "settings", {"spark.sql.catalog.lake.token": "token-of-ingest"})
    (tmp_path / CA).write_text("a certificate")
    found = driver.sign_in(tmp_path)
    assert set(found) == {sign_in.TOKEN, sign_in.CA}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    properties = given.catalog.properties
    assert sign_in.read_token(properties["auth.file"], "x") == "token-of-ingest"
    assert sign_in.read_ca(given) == b"a certificate"
    assert Path(found[sign_in.TOKEN]).stat().st_mode & 0o077 == 0


def test_where_nobody_signs_in_the_driver_asks_for_nothing(tmp_path: Path) -> None:
    given = exported(SAMPLES["aws"])
    (tmp_path / "platform.json").write_text(given.model_dump_json())
    assert driver.sign_in(tmp_path) == {}
