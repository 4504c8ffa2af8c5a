"""`landfall listen` as a process of its own on the local bus, with landings as they come."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from landfall.project import Project
from pipelines.bus import MAX_DELIVERIES, open_bus
from tests.faults import facts
from tests.faults.shop import (
    INTENT,
    environment,
    landfall,
    make_shop,
    shop_context,
    write_stack,
)  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
JANUARY, FEBRUARY = "2024-01", "2024-02"


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """The shop without its models: the flow is land and ingest."""
    project = make_shop(tmp_path / "shop")
    write_stack(project.root, {key: value for key, value in INTENT.items() if key != "ml"})
    return project


class Listening:
    """A running `landfall listen`."""

    def __init__(self, shop: Project) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "landfall.cli", "listen", "--output", "json"],
            cwd=shop.root, env=environment(shop), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def until(self, words: str) -> str:
        """Read what it says up to the line with these words."""
        assert self.process.stderr is not None
        said = ""
        for line in self.process.stderr:
            said += line
            if words in line:
                return line
        pytest.fail(f"it ended without '{words}': {said}")

    def stop(self) -> tuple[int, list[dict[str, Any]]]:
        """Ask it to end; gives its exit code and the runs that it tells of."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=200)
        assert "Traceback" not in err
        return self.process.returncode, json.loads(out)["runs"]


@contextmanager
def listener(shop: Project) -> Iterator[Listening]:
    """Started, and killed at the end of the block where it has not ended by itself."""
    found = Listening(shop)
    try:
        found.until("listening on queue 'flow'")
        yield found
    finally:
        found.process.kill()
        found.process.communicate()


def land(shop: Project, month: str) -> None:
    done = landfall(shop, "land", "--month", month)
    assert done.returncode == 0, done.stderr


def publish(shop: Project, month: str, times: int) -> None:
    """The same event again, as a bus that promises at least once may hand it out."""
    with open_bus(shop_context(shop).platform) as bus:
        for _ in range(times):
            bus.publish("landed", {"type": "landed", "dataset": "orders", "month": month})


def waiting(shop: Project, dead: int = 0) -> int:
    with closing(sqlite3.connect(shop.home / "bus.db")) as db:
        return db.execute(
            "select count(*) from messages where queue = 'flow' and dead = ?", (dead,)
        ).fetchone()[0]


def test_a_landing_starts_the_flow_once_and_sigterm_ends_after_the_run_under_way(
    shop: Project,
) -> None:
    land(shop, JANUARY)
    publish(shop, JANUARY, 3)  # with the two of the landing they make one run
    with listener(shop) as listening:
        assert "5 events, running the flow" in listening.until(f"{JANUARY}: ")
        listening.until(f"{JANUARY}: done")
        first = facts.tables(shop)
        assert first["silver.orders"][0] == 297
        assert first["silver.customers"][0] == 40

        publish(shop, JANUARY, 1)  # a late duplicate: a run that finds nothing to do
        listening.until(f"{JANUARY}: done")
        assert facts.tables(shop) == first

        land(shop, FEBRUARY)
        listening.until(f"{FEBRUARY}: 1 events, running the flow")
        code, runs = listening.stop()
    assert code == 0
    assert [(run["month"], run["events"], run["status"]) for run in runs] == [
        (JANUARY, 5, "done"), (JANUARY, 1, "done"), (FEBRUARY, 1, "done"),
    ]  # fmt: skip
    assert facts.tables(shop)["silver.orders"][0] == 2 * 297
    assert waiting(shop) == 0


def test_sigterm_ends_an_idle_listener_at_once(shop: Project) -> None:
    with listener(shop) as listening:
        assert listening.stop() == (0, [])


def test_a_failing_month_is_tried_again_and_then_given_up_and_told(
    shop: Project, tmp_path: Path
) -> None:
    land(shop, JANUARY)
    for attempt in range(1, MAX_DELIVERIES + 1):
        # Without Java every try fails; the waits between them are not waited for.
        done = landfall(shop, "listen", "--once", PATH=str(tmp_path), JAVA_HOME="")
        assert done.returncode == 1
        assert "there is no java on the PATH" in done.stderr
        given_up = attempt == MAX_DELIVERIES
        words = "failed 5 times, given up" if given_up else "failed, will be tried again"
        assert f"{JANUARY}: {words}" in done.stderr
        assert (waiting(shop), waiting(shop, dead=1)) == ((0, 2) if given_up else (2, 0))
        none = landfall(shop, "listen", "--once")
        assert "no events" in none.stderr, "a failed month waits before it is tried again"
        with closing(sqlite3.connect(shop.home / "bus.db")) as db, db:
            db.execute("update messages set visible_at = 0 where queue = 'flow'")

    dead = json.loads(landfall(shop, "listen", "--dead", "--output", "json").stdout)["dead"]
    assert [(one["body"]["month"], one["deliveries"]) for one in dead] == [
        (JANUARY, MAX_DELIVERIES), ("all", MAX_DELIVERIES),
    ]  # fmt: skip
    notices = landfall(shop, "listen", "--notices", "--output", "json")
    (notice,) = json.loads(notices.stdout)["notices"]
    assert notice["subject"] == "flow given up"
    assert notice["body"]["month"] == JANUARY
    assert "openjdk-17" in notice["body"]["fix"]
