"""Landing: versions that are there whole or not at all, and the events that tell of them."""

from __future__ import annotations

import errno
import hashlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from landfall import storage
from landfall.errors import LandfallError
from landfall.month import Month
from landfall.storage import Store
from pipelines import land as landing
from pipelines.bus import open_bus
from pipelines.context import Context
from pipelines.land import available_months, land_month, landed
from pipelines.read import landed_versions
from tests.pipelines.projects import small_project

MARCH, APRIL, MAY = Month(2013, 3), Month(2013, 4), Month(2013, 5)
MONTHLY = {"kind": "file", "dataset": "orders", "path": "drop/orders-{month}.csv"}
LIST = {"kind": "file", "dataset": "shops", "path": "drop/shops.csv"}


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "orders-2013-03.csv").write_text("at,name\n2013-03-01T00:00:00Z,a\n")
    (drop / "shops.csv").write_text("at,name\n2013-03-01,shop\n")
    return small_project(tmp_path, [MONTHLY, LIST])


def _zone(ctx: Context) -> Store:
    return Store(ctx.platform.storage.landing)


def _events(ctx: Context) -> list[dict[str, object]]:
    with open_bus(ctx.platform) as bus:
        messages = bus.receive(100)
        for message in messages:
            bus.ack(message)
    return [message.body for message in messages]


def test_a_month_lands_under_its_dataset_month_and_version(ctx: Context) -> None:
    result = land_month(ctx, MARCH)["orders"]
    content = (ctx.project.root / "drop/orders-2013-03.csv").read_bytes()
    assert (result["status"], result["version"], result["bytes"]) == ("new", 1, len(content))
    assert result["sha256"] == hashlib.sha256(content).hexdigest()
    (path,) = result["files"]
    assert path.startswith("orders/2013-03/v0001/orders-2013-03.")
    assert _zone(ctx).read(path) == content


def test_the_manifest_says_what_ingestion_asks_for(ctx: Context) -> None:
    land_month(ctx, MARCH)
    (found,) = landed_versions(_zone(ctx), "orders", "2013-03")
    assert (found.format, found.encoding, found.delimiter) == ("csv", "utf-8", ",")
    assert _zone(ctx).exists(found.path)
    (manifest,) = landed(_zone(ctx), "orders", "2013-03")
    assert manifest["source"]["path"] == MONTHLY["path"]


def test_a_list_without_a_month_lands_under_all(ctx: Context) -> None:
    assert land_month(ctx, MARCH)["shops"]["files"][0].startswith("shops/all/v0001/")


def test_the_same_file_again_is_unchanged_and_makes_no_version_and_no_event(ctx: Context) -> None:
    first = land_month(ctx, MARCH)
    assert len(_events(ctx)) == 2
    again = land_month(ctx, MARCH)
    assert {one["status"] for one in again.values()} == {"unchanged"}
    assert again["orders"]["files"] == first["orders"]["files"]
    assert _events(ctx) == []


def test_a_corrected_file_is_the_next_version_and_the_first_stays(ctx: Context) -> None:
    before = land_month(ctx, MARCH)["orders"]
    _events(ctx)
    (ctx.project.root / "drop/orders-2013-03.csv").write_text("at,name\n2013-03-01T00:00:00Z,b\n")
    after = land_month(ctx, MARCH)["orders"]
    assert (after["status"], after["version"]) == ("new", 2)
    assert hashlib.sha256(_zone(ctx).read(before["files"][0])).hexdigest() == before["sha256"]
    assert _events(ctx) == [
        {
            "type": "landed",
            "dataset": "orders",
            "month": "2013-03",
            "version": 2,
            "sha256": after["sha256"],
        }
    ]


def test_a_file_that_goes_back_to_its_first_state_is_a_third_version(ctx: Context) -> None:
    path = ctx.project.root / "drop/orders-2013-03.csv"
    original = path.read_text()
    land_month(ctx, MARCH)
    path.write_text("at,name\n")
    land_month(ctx, MARCH)
    path.write_text(original)
    assert land_month(ctx, MARCH)["orders"]["version"] == 3


def test_a_month_that_one_source_lacks_is_absent_there(ctx: Context, tmp_path: Path) -> None:
    both = small_project(
        tmp_path,
        [MONTHLY, {"kind": "file", "dataset": "refunds", "path": "drop/refunds-{month}.csv"}],
    )
    assert land_month(both, MARCH)["refunds"] == {"status": "absent"}


def test_a_month_that_no_source_has_says_so_and_which_there_are(ctx: Context) -> None:
    with pytest.raises(LandfallError, match=r"No source holds data of 2013-05.*2013-03") as caught:
        land_month(ctx, MAY)
    assert caught.value.fix


def test_available_months_are_those_for_which_there_are_files(ctx: Context) -> None:
    (ctx.project.root / "drop/orders-2013-05.csv").write_text("at,name\n")
    (ctx.project.root / "drop/orders-2013-13.csv").write_text("at,name\n")
    assert available_months(ctx) == [MARCH, MAY]


def test_sources_without_any_month_are_an_error(tmp_path: Path) -> None:
    only_list = small_project(tmp_path, [MONTHLY])
    with pytest.raises(LandfallError, match="hold no month at all"):
        available_months(only_list)


def test_a_latin_1_file_is_kept_byte_for_byte(tmp_path: Path) -> None:
    content = "at;name\r\n2013-03-01;Zürich\r\n".encode("latin-1")
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop/orders-2013-03.csv").write_bytes(content)
    ctx = small_project(tmp_path, [{**MONTHLY, "encoding": "latin-1", "delimiter": ";"}])
    (path,) = land_month(ctx, MARCH)["orders"]["files"]
    assert _zone(ctx).read(path) == content
    (found,) = landed_versions(_zone(ctx), "orders", "2013-03")
    assert (found.encoding, found.delimiter) == ("latin-1", ";")


@pytest.mark.parametrize("at", ["data", "manifest", "event", "mark"])
def test_a_lander_killed_at_any_moment_leaves_nothing_torn_and_the_next_completes(
    ctx: Context, at: str
) -> None:
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        import landfall.storage as storage
        from landfall.project import Project
        from landfall.month import Month
        from pipelines.bus.sqlite import SqliteBus
        from pipelines.context import open_context
        from pipelines.land import land_month

        root, at = Path(sys.argv[1]), sys.argv[2]

        def die(*_):
            os.kill(os.getpid(), signal.SIGKILL)

        place = storage._write_whole
        def write(target, content, then):
            if at == "data" and target.suffix == ".csv" or at == "manifest" and target.name == "manifest.json":
                target.parent.mkdir(parents=True, exist_ok=True)
                (target.parent / ".part-torn").write_bytes(content[:9])
                die()
            if at == "mark" and target.name == "announced.json":
                die()
            place(target, content, then)
        storage._write_whole = write
        if at == "event":
            SqliteBus.publish = die
        land_month(open_context("small", Project(root, root / "home")), Month(2013, 3))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(ctx.project.root), at], check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    for manifest in landed(_zone(ctx), "orders", "2013-03"):
        assert at in ("event", "mark")
        path = f"orders/2013-03/v0001/{manifest['file']}"
        assert hashlib.sha256(_zone(ctx).read(path)).hexdigest() == manifest["sha256"]
    result = land_month(ctx, MARCH)
    assert result["orders"]["version"] == 1
    assert len(landed(_zone(ctx), "orders", "2013-03")) == 1
    told = {(event["dataset"], event["month"], event["version"]) for event in _events(ctx)}
    assert told == {("orders", "2013-03", 1), ("shops", "all", 1)}


def _land(root: Path, barrier: multiprocessing.synchronize.Barrier, number: int) -> None:
    from landfall.project import Project
    from pipelines.context import open_context

    ctx = open_context("small", Project(root, root / "home"))
    for turn in range(5):
        content = f"at,name\n2013-03-01T00:00:00Z,{number}-{turn}\n"
        (root / f"drop/orders-{number}.csv").write_text(content)
        source = ctx.intent.sources[0].model_copy(update={"path": f"drop/orders-{number}.csv"})
        found = landing.open_source(ctx, source).read(MARCH)
        assert found is not None
        barrier.wait(30)
        told = landing.land_slice(_zone(ctx), source, "2013-03", found)
        assert told["status"] == "new"


def test_two_landers_at_once_take_different_versions_and_lose_nothing(ctx: Context) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2)
    landers = [spawn.Process(target=_land, args=(ctx.project.root, barrier, n)) for n in (1, 2)]
    for lander in landers:
        lander.start()
    for lander in landers:
        lander.join(60)
        assert lander.exitcode == 0
    found = landed(_zone(ctx), "orders", "2013-03")
    assert [manifest["version"] for manifest in found] == list(range(1, 11))
    contents = set()
    for manifest in found:
        content = _zone(ctx).read(f"orders/2013-03/v{manifest['version']:04d}/{manifest['file']}")
        assert hashlib.sha256(content).hexdigest() == manifest["sha256"]
        contents.add(content)
    assert len(contents) == 10


def test_a_full_disk_says_so_and_leaves_no_version(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(storage.os, "fsync", full)
        with pytest.raises(LandfallError, match="disk is full"):
            land_month(ctx, MARCH)
    assert landed(_zone(ctx), "orders", "2013-03") == []
    assert land_month(ctx, MARCH)["orders"]["status"] == "new"


def test_the_command_prints_stable_json(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    from landfall.cli.land import land

    monkeypatch.setenv("LANDFALL_PROJECT", str(ctx.project.root))
    monkeypatch.setenv("LANDFALL_HOME", str(ctx.project.home))
    app = Typer()
    app.command()(land)
    done = CliRunner().invoke(
        app, ["--month", "2013-03", "--stack", "small", "--output", "json"], catch_exceptions=False
    )
    told = json.loads(done.stdout)
    assert told["month"] == "2013-03"
    assert set(told["datasets"]["orders"]) == {"status", "version", "files", "bytes", "sha256"}
    text = CliRunner().invoke(app, ["--month", "2013-03", "--stack", "small"])
    assert "orders: unchanged, version 1" in text.stdout
