"""The adapter and its worker: faults are told, state in the home is rebuilt, no process is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest

from landfall.errors import LandfallError, MissingTool, Refused
from landfall.platform import WarehouseConnection
from landfall.project import Project
from pipelines.context import Context
from tests.warehouse.conftest import JANUARY
from tests.warehouse.lakes import ROOT, add_table, month_of, open_demo, with_origin
from warehouse import client, duckdb_engine
from warehouse.build import build_month, silver_tables
from warehouse.duckdb_engine import DuckDBEngine
from warehouse.engine import open_engine


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """Only the carriers in silver, on an engine of its own."""
    with open_demo(tmp_path_factory.mktemp("small")) as ctx:
        add_table(ctx, "silver.airlines", month_of("airlines", JANUARY))
        ctx.engine.expose(silver_tables(ctx))
        yield ctx


def engine_of(ctx: Context) -> DuckDBEngine:
    return cast("DuckDBEngine", ctx.engine)


def count_carriers(ctx: Context) -> int:
    return ctx.engine.arrow("select count(*) as n from silver.airlines")["n"][0].as_py()


def wait_until_gone(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat")
            if state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_only_models_whose_sources_are_exposed_are_built(small: Context) -> None:
    assert list(small.engine.models()) == ["stg_airlines"]
    built = small.engine.build()
    assert (built["models"], built["tests"]) == (1, 2)


def test_rows_come_back_with_their_types(small: Context) -> None:
    rows = small.engine.arrow(
        "select 1 as n, cast(0.5 as double) as x, timestamp '2013-01-01 05:00:00' as at, null as nothing"
    )
    assert rows.schema.field("at").type == pa.timestamp("us")
    assert rows.drop_columns(["at", "nothing"]).to_pylist() == [{"n": 1, "x": 0.5}]
    exports = small.project.home / "dbt" / "export"
    assert not list(exports.iterdir())


def test_moments_are_read_alike_with_and_without_a_zone(small: Context) -> None:
    rows = month_of("weather", JANUARY).slice(0, 3)
    place = rows.column_names.index("time_hour")
    zoned = rows.set_column(place, "time_hour", rows["time_hour"].cast(pa.timestamp("us", "UTC")))
    seen = []
    for name, table in (("plain", rows), ("zoned", zoned)):
        add_table(small, f"bronze.{name}", table)
        small.engine.expose({"weather": small.catalog.load_table(f"bronze.{name}")})
        small.engine.build(["stg_weather"])
        seen.append(small.engine.arrow("select * from staging.stg_weather"))
    assert seen[0].equals(seen[1])
    assert seen[0]["time_hour"].to_pylist() == rows["time_hour"].to_pylist()


def test_a_failing_test_is_named_with_its_rows_and_its_file(small: Context) -> None:
    rows = with_origin(month_of("airlines", JANUARY))
    doubled = pa.concat_tables([rows, rows.slice(0, 3)])
    table = small.catalog.create_table("bronze.doubled", doubled.schema)
    table.append(doubled)
    try:
        small.engine.expose({"airlines": table})
        with pytest.raises(LandfallError) as caught:
            small.engine.build(["stg_airlines"])
    finally:
        small.engine.expose(silver_tables(small))
    assert "row_key_stg_airlines_carrier found 3 faulty rows" in caught.value.what
    assert "models/staging/stg_airlines.yml" in caught.value.what.replace(os.sep, "/")
    assert "Nothing was published" in caught.value.so
    query = Path(caught.value.fix.rsplit(" ", 1)[-1].rstrip("."))
    assert "having count(*) > 1" in query.read_text()


def test_a_worker_that_died_between_two_requests_is_started_anew(small: Context) -> None:
    before = count_carriers(small)
    worker = engine_of(small).worker
    pid = worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while worker.pid is not None:
        time.sleep(0.05)
    assert count_carriers(small) == before


def test_a_worker_that_dies_amid_a_request_is_an_error_once(small: Context) -> None:
    engine = engine_of(small)
    before = count_carriers(small)
    pid = engine.worker.pid
    assert pid is not None
    killer = subprocess.Popen(
        [sys.executable, "-c", f"import os,time; time.sleep(0.5); os.kill({pid}, 9)"]
    )
    with pytest.raises(LandfallError, match="ended unexpectedly"):
        engine.arrow("select count(*) as n from range(40000000000) t(i) where i % 7 = 3")
    assert killer.wait() == 0
    assert count_carriers(small) == before


def test_a_damaged_database_is_set_aside_and_built_anew(
    small: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = engine_of(small)
    before = count_carriers(small)
    engine.close()
    path = Path(small.platform.warehouse.settings["path"])
    path.write_bytes(b"not a database" * 1000)
    assert count_carriers(small) == before
    assert "was damaged" in capsys.readouterr().err
    assert path.with_name("warehouse.duckdb.damaged").exists()
    small.engine.build(["stg_airlines"])


def test_the_project_folder_stays_clean(small: Context) -> None:
    small.engine.build(["stg_airlines"])
    assert not [p for p in (ROOT / "warehouse" / "dbt").rglob("*") if p.name in ("target", "logs")]
    assert (small.project.home / "dbt" / "target" / "manifest.json").is_file()


def test_a_database_in_use_by_another_process_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_engine, "LOCK_WAIT", 0.2)
    path = tmp_path / "warehouse.duckdb"
    script = "import duckdb,sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", script, str(path)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with open_demo(tmp_path) as ctx, pytest.raises(Refused, match=str(holder.pid)):
            ctx.engine.expose({})


def test_the_worker_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.warehouse.lakes import open_demo\n"
        "ctx = open_demo(Path(sys.argv[1])); ctx.engine.expose({})\n"
        "print(ctx.engine.worker.pid, flush=True)\n"
        "ctx.engine.arrow('select count(*) as n from range(40000000000) t(i) where i % 7 = 3')"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        time.sleep(0.3)
        parent.kill()
        assert wait_until_gone(worker)


def test_without_dbts_environment_the_set_up_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "INSTALLATION", tmp_path)
    with pytest.raises(MissingTool) as caught:
        client.dbt_python(Project(root=tmp_path, home=tmp_path))
    assert caught.value.fix == "make setup"


@pytest.mark.parametrize("engine", ["synapse", "fabric"])
def test_an_engine_without_an_adapter_is_refused(engine: Any, tmp_path: Path) -> None:
    platform = SimpleNamespace(warehouse=WarehouseConnection(engine=engine, settings={}))
    with (
        pytest.raises(LandfallError, match="no adapter"),
        open_engine(cast("Any", platform), Project(root=tmp_path, home=tmp_path)),
    ):
        pass


def test_a_model_that_cannot_be_parsed_is_told_with_the_project(tmp_path: Path) -> None:
    root = tmp_path / "project"
    for part in ("Pulumi.yaml", "stacks", "pipelines/contracts", "warehouse/dbt"):
        source, target = ROOT / part, root / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    (root / "warehouse/dbt/models/marts/broken.sql").write_text(
        "select * from {{ ref('nowhere') }}"
    )
    with open_demo(tmp_path / "home", root) as ctx:
        add_table(ctx, "silver.airlines", month_of("airlines", JANUARY))
        with pytest.raises(LandfallError, match="nowhere") as caught:
            build_month(ctx, JANUARY)
        assert str(root / "warehouse/dbt") in caught.value.fix
        (root / "warehouse/dbt/models/marts/broken.sql").unlink()
        with pytest.raises(LandfallError, match="silver has no flights"):
            build_month(ctx, JANUARY)
