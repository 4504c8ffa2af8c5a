"""The demo's month on the Platform that each cloud's sample exports, stand-ins behind it (see lakes.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from landfall.platform import Platform
from landfall.storage import Store
from pipelines.catalog import NAMESPACES, open_catalog
from pipelines.jars import embedded_jars, fetch_jars
from tests.infra.samples import PROJECT
from tests.pipelines.cloud import lakes
from tests.pipelines.cloud.platforms import SAMPLES
from tests.pipelines.cloud.project import SOURCES, Flights, flights_project

MONTH = "2013-02"


class Run(NamedTuple):
    """A month that was run by the command, and where."""

    flights: Flights
    platform: Platform
    told: dict[str, Any]


@pytest.fixture(scope="module", params=["aws", "gcp", "azure"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The month from landing zone to profile."""
    cloud: str = request.param
    with (
        getattr(lakes, cloud)(tmp_path_factory.mktemp("home")) as lake,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in lake.variables.items():
            patch.setenv(name, value)
        # As `python -m pipelines.jars SCHEME` does; the kind is the managed service's.
        fetch_jars(embedded_jars(lake.platform), PROJECT.cache_dir)
        folder = tmp_path_factory.mktemp("project")
        flights = flights_project(folder, SAMPLES[cloud], lake.platform)
        told = flights.landfall("run", "--month", MONTH, "--to", "profile")
        yield Run(flights, lake.platform, told)


def test_the_month_is_landed_ingested_built_and_profiled(run: Run) -> None:
    assert [step["name"] for step in run.told["steps"]] == ["land", "ingest", "build", "profile"]
    counts = run.told["counts"]
    assert set(counts) == set(SOURCES)
    assert counts["flights"]["received"] > 20_000
    for told in counts.values():
        assert told["received"] == told["silver"] + told["duplicates"] + told["quarantined"]


def test_every_zone_holds_what_is_its_own(run: Run) -> None:
    storage = run.platform.storage
    catalog = open_catalog(run.platform)
    assert {name for _, name in catalog.list_tables("silver")} == set(SOURCES)
    for namespace in NAMESPACES:
        for table in catalog.list_tables(namespace):
            at = catalog.load_table(table).location()
            assert at.startswith(f"{getattr(storage, namespace)}/tables/"), at
    landed = list(Store(storage.landing, storage.options).list(f"flights/{MONTH}"))
    assert f"flights/{MONTH}/v0001/manifest.json" in landed
    rows = catalog.load_table("gold.features_flights").scan().to_arrow().num_rows
    assert rows > 20_000
    profile = Store(storage.artifacts, storage.options).read_json(
        f"profiles/late_arrival/{MONTH}.json"
    )
    assert profile["rows"] == rows


def test_the_same_month_again_changes_nothing(run: Run) -> None:
    before = _snapshots(run.platform)
    again = run.flights.landfall("run", "--month", MONTH, "--to", "build")
    assert again["counts"] == run.told["counts"]
    assert _snapshots(run.platform) == before


def test_landing_is_told_on_the_queue(run: Run) -> None:
    from pipelines.bus import open_bus

    with open_bus(run.platform) as bus:
        told = [message.body["dataset"] for message in bus.receive(limit=10, wait_seconds=1)]
    assert sorted(told) == sorted(SOURCES)


def _snapshots(platform: Platform) -> dict[tuple[str, ...], int | None]:
    catalog = open_catalog(platform)
    found: dict[tuple[str, ...], int | None] = {}
    for namespace in NAMESPACES:
        for name in catalog.list_tables(namespace):
            current = catalog.load_table(name).current_snapshot()
            found[name] = current.snapshot_id if current else None
    return found
