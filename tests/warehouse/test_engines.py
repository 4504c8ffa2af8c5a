"""One behaviour for every engine: DuckDB itself, BigQuery, Snowflake and Redshift on stand-ins of this machine.

What a stand-in cannot do is in `NOT_PROVEN` (stand_ins/sites.py) and in docs/warehouses.md; a test here holds the two
together. Each engine builds the whole project twice over one January, so tests come in the order of its life.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from landfall.errors import LandfallError
from pipelines.features import read_months
from tests.pipelines.cloud.platforms import changed
from tests.warehouse.lakes import ROOT, add_table, month_of
from tests.warehouse.stand_ins.sites import HERE, NOT_PROVEN, PYTHON, REMOTE, SITES, Way, need
from tests.warehouse.stand_ins.stages import JANUARY, MODELS, Stage, alike, entered, stage
from warehouse.build import silver_tables


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """DuckDB, by which the others are measured."""
    with stage("duckdb", tmp_path_factory.mktemp("duckdb")) as made:
        yield made


@pytest.fixture(scope="module", params=SITES)
def on(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, laptop: Stage
) -> Iterator[Stage]:
    """Each engine in turn."""
    if request.param == "duckdb":
        yield laptop
        return
    with stage(request.param, tmp_path_factory.mktemp(request.param)) as made:
        yield made


def snapshot(on: Stage) -> int:
    """What gold holds now."""
    found = on.ctx.catalog.load_table("gold.features_flights").current_snapshot()
    assert found is not None
    return found.snapshot_id


def exports(on: Stage) -> list[Path]:
    return list(on.ctx.project.home.rglob("export/*"))


def test_the_whole_project_is_built_and_every_flight_published(on: Stage) -> None:
    flights = month_of("flights", JANUARY, every=20).num_rows
    assert on.told["models"] == len(MODELS)
    assert on.told["tests"] >= 20
    assert on.told["warnings"] == []
    assert on.told["rows"] == flights == read_months(on.ctx, [JANUARY]).num_rows
    assert on.told["changed"]


def test_silver_is_shown_as_the_lake_holds_it(on: Stage) -> None:
    tables = silver_tables(on.ctx)
    assert len(tables) == 5
    for name, table in tables.items():
        assert on.rows("silver", name).equals(alike(table.scan().to_arrow())), name


def test_marts_and_features_are_what_duckdb_makes_of_the_same_lake(
    on: Stage, laptop: Stage
) -> None:
    assert on.tables.keys() == laptop.tables.keys() >= {"carrier_months", "features_flights"}
    for name, made in laptop.tables.items():
        assert on.tables[name].schema.equals(made.schema), name
        assert on.tables[name].equals(made), name
        assert made.num_rows > 0


def test_reading_leaves_no_file_behind(on: Stage) -> None:
    assert on.rows("marts", "carrier_months").num_rows > 10
    assert exports(on) == []


def test_what_a_killed_run_left_is_cleared_by_the_next(on: Stage) -> None:
    pid = on.engine.worker.pid
    assert pid is not None
    left = next(on.ctx.project.home.rglob("export")) / "left.parquet"
    left.write_bytes(b"half a file")
    os.kill(pid, signal.SIGKILL)
    while on.engine.worker.pid is not None:
        time.sleep(0.05)
    assert on.rows("marts", "carrier_months").equals(on.tables["carrier_months"])
    assert on.engine.worker.pid not in (None, pid)
    assert exports(on) == []


def test_a_query_that_fails_is_told_in_the_engines_words(on: Stage) -> None:
    with pytest.raises(LandfallError, match="refused what it was asked") as caught:
        on.engine.arrow(f"select * from {on.engine.table('marts', 'nowhere')}")
    assert "nowhere" in caught.value.what.lower()
    assert exports(on) == []


def test_a_failing_test_is_named_and_nothing_is_published(
    on: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(on)
    narrowed = partial(on.engine.build, ["stg_airlines"])  # A whole build takes its time.
    monkeypatch.setattr(on.engine, "build", narrowed)
    airlines = on.ctx.catalog.load_table("silver.airlines")
    held = airlines.scan().to_arrow()
    airlines.append(held.slice(0, 3))
    with pytest.raises(LandfallError) as caught:
        on.build()
    airlines.overwrite(held)
    assert "row_key_stg_airlines_carrier found 3 faulty rows" in caught.value.what
    assert "models/staging/stg_airlines.yml" in caught.value.what.replace(os.sep, "/")
    assert "Nothing was published" in caught.value.so
    assert snapshot(on) == before


def test_a_month_whose_silver_changed_is_published_anew_and_alone(on: Stage) -> None:
    before = snapshot(on)
    every = month_of("flights", JANUARY)
    more = every.take(list(range(1, every.num_rows, 200)))
    add_table(on.ctx, "silver.flights", more)
    told = on.build()
    assert told["changed"]
    assert snapshot(on) == told["snapshot"] != before
    published = read_months(on.ctx, [JANUARY])
    assert published.num_rows == told["rows"] == on.told["rows"] + more.num_rows
    assert on.rows("features", "features_flights").num_rows == told["rows"]
    assert sum(on.rows("marts", "carrier_months")["flights"].to_pylist()) == told["rows"]
    assert exports(on) == []


def faults(dialect: str, sql: dict[str, str]) -> dict[str, str]:
    """What sqlglot says against each query in that dialect."""
    need()
    done = subprocess.run(
        [str(PYTHON), str(HERE / "dialects.py")],
        input=json.dumps({"dialect": dialect, "sql": sql}),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_each_model_and_test_is_a_query_in_the_engines_dialect(on: Stage) -> None:
    compiled = on.engine.compile()
    assert {model.stem for model in MODELS} <= compiled.keys()
    assert len(compiled) >= len(MODELS) + 20
    assert faults(on.name, compiled) == {}


def test_what_is_no_query_is_found_out() -> None:
    wrong = {"half": "select a from", "unknown": "select make_datum(1)", "other": "drop table t"}
    assert faults("redshift", {**wrong, "right": "select getdate()"}).keys() == wrong.keys()


@pytest.mark.parametrize("wrong", ["stranger", "lost"])
def test_who_may_not_enter_or_asks_at_the_wrong_address_is_told_how(
    on: Stage, wrong: str, tmp_path: Path
) -> None:
    way = getattr(on.site, wrong)
    if on.name == "duckdb":
        assert way is None  # A file in the home: nobody signs in.
        return
    with entered(way, tmp_path) as ctx, pytest.raises(LandfallError) as caught:
        ctx.engine.expose({"airlines": on.ctx.catalog.load_table("silver.airlines")})
    assert caught.value.what.startswith("The warehouse was not entered: ")
    assert "docs/warehouses.md" in caught.value.fix
    assert caught.value.so == "Nothing was published."
    assert "PRIVATE KEY" not in str(caught.value)


def test_on_glue_snowflake_follows_the_catalog(tmp_path: Path) -> None:
    """Each `expose` refreshes the table, so that what was committed since is seen."""
    with SITES["snowflake"](tmp_path) as site:
        there = site.way.platform
        glue = {"properties": {**there.catalog.properties, "type": "glue"}}
        way = Way(changed(there, catalog=glue), site.way.variables)
        with entered(way, tmp_path) as ctx:
            (tmp_path / "catalog").mkdir()
            rows = month_of("airlines", JANUARY)
            for committed in (rows.slice(3), rows):
                pq.write_table(committed, tmp_path / "catalog" / "airlines.parquet")
                ctx.engine.expose({"airlines": "told by the catalog"})
                found = ctx.engine.arrow(f"select * from {ctx.engine.table('silver', 'airlines')}")
                assert alike(found).equals(alike(committed))


@pytest.mark.parametrize("engine", REMOTE)
def test_what_is_not_proven_here_is_said_in_the_docs(engine: str) -> None:
    page = " ".join((ROOT / "docs" / "warehouses.md").read_text(encoding="utf-8").split())
    assert NOT_PROVEN[engine] in page
