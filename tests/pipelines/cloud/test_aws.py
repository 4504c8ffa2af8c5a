"""The demo's month on the Platform that AWS's sample exports, with moto as S3, Glue, SNS and SQS.

What is replaced: names of buckets, topic and queue, Spark's session (embedded instead of EMR) and the warehouse
(DuckDB instead of Redshift). Not proven here: IAM, encryption, Lake Formation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from landfall.intent.data import Zone
from landfall.platform import Platform
from pipelines.catalog import NAMESPACES, open_catalog
from pipelines.jars import embedded_jars, fetch_jars
from tests.infra.samples import PROJECT
from tests.pipelines.cloud.platforms import SAMPLES, changed, exported
from tests.pipelines.cloud.project import SOURCES, Flights, flights_project

MONTH = "2013-02"
SAMPLE = SAMPLES["aws"]


@pytest.fixture(scope="module")
def platform(aws: str, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """The exported Platform, its buckets, databases, topic and queue made as the stack makes them."""
    from boto3.session import Session

    given = exported(SAMPLE)
    region = given.catalog.properties["glue.region"]
    session = Session(region_name=region)
    s3, glue = session.client("s3"), session.client("glue")
    for zone in Zone.__args__:  # pyright: ignore[reportAttributeAccessIssue]
        s3.create_bucket(Bucket=getattr(given.storage, zone).removeprefix("s3://"))
    for name in NAMESPACES:
        at = f"{getattr(given.storage, name)}/tables"
        glue.create_database(DatabaseInput={"Name": name, "LocationUri": at})
    sns, sqs = session.client("sns"), session.client("sqs")
    events: dict[str, str] = {"topic": sns.create_topic(Name="landing")["TopicArn"]}
    for name in ("queue", "dead_letter"):
        events[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=events["queue"], AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=events["topic"], Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
    home = tmp_path_factory.mktemp("warehouse")
    local = {"engine": "duckdb", "settings": {"path": str(home / "warehouse.duckdb")}}
    # moto keeps every bucket behind one host, so the bucket is part of the path.
    catalog = {
        "spark": {**given.catalog.spark, "s3.path-style-access": "true"},
        "properties": {**given.catalog.properties, "s3.endpoint": aws},
    }
    fetch_jars(embedded_jars(given), PROJECT.cache_dir)
    return changed(given, events=events, warehouse=local, catalog=catalog)


@pytest.fixture(scope="module")
def flights(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Flights:
    return flights_project(tmp_path_factory.mktemp("project"), SAMPLE, platform)


@pytest.fixture(scope="module")
def run(flights: Flights) -> dict[str, Any]:
    """The month from landing zone to profile, by the command."""
    return flights.landfall("run", "--month", MONTH, "--to", "profile")


def test_the_month_is_landed_ingested_built_and_profiled(run: dict[str, Any]) -> None:
    assert [step["name"] for step in run["steps"]] == ["land", "ingest", "build", "profile"]
    counts = run["counts"]
    assert set(counts) == set(SOURCES)
    assert counts["flights"]["received"] > 20_000
    for told in counts.values():
        assert told["received"] == told["silver"] + told["duplicates"] + told["quarantined"]


def test_every_zone_holds_what_is_its_own(
    run: dict[str, Any], platform: Platform, aws: str
) -> None:
    from boto3.session import Session

    catalog = open_catalog(platform)
    assert {name for _, name in catalog.list_tables("silver")} == set(SOURCES)
    gold = catalog.load_table("gold.features_flights")
    assert gold.scan().to_arrow().num_rows > 20_000
    for namespace in NAMESPACES:
        for table in catalog.list_tables(namespace):
            at = catalog.load_table(table).location()
            assert at.startswith(f"{getattr(platform.storage, namespace)}/tables/"), at
    s3 = Session(region_name="us-east-1").client("s3")
    landed = s3.list_objects_v2(Bucket=platform.storage.landing.removeprefix("s3://"))["Contents"]
    assert any(one["Key"].startswith(f"flights/{MONTH}/v0001/flights") for one in landed)
    profile = s3.get_object(
        Bucket=platform.storage.artifacts.removeprefix("s3://"),
        Key=f"profiles/late_arrival/{MONTH}.json",
    )
    assert json.loads(profile["Body"].read())["rows"] == gold.scan().to_arrow().num_rows


def test_the_same_month_again_changes_nothing(
    run: dict[str, Any], flights: Flights, platform: Platform
) -> None:
    before = _snapshots(platform)
    again = flights.landfall("run", "--month", MONTH, "--to", "build")
    assert again["counts"] == run["counts"]
    assert _snapshots(platform) == before


def test_landing_is_told_on_the_queue(run: dict[str, Any], platform: Platform) -> None:
    from pipelines.bus import open_bus

    with open_bus(platform) as bus:
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


def test_the_file_is_the_whole_of_what_a_container_needs(flights: Flights) -> None:
    assert Path(flights.file).is_file()
    assert "platforms" not in [one.name for one in (flights.root / "home").iterdir()]
