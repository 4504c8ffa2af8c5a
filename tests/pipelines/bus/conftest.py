"""The backends of the bus, each with queues of its own for every test."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from landfall.platform import EventTopic
from pipelines.bus import Bus
from pipelines.bus.azure_queue import AzureQueueBus
from pipelines.bus.pubsub import PubSubBus
from pipelines.bus.sns_sqs import SnsSqsBus
from pipelines.bus.sqlite import SqliteBus
from tests.pipelines.bus import servers

LEASE = 2
"""Seconds; Pub/Sub and SQS count whole ones."""


class Backend(NamedTuple):
    """One kind of bus and its queues; `open` gives a new connection."""

    name: str
    open: Callable[[], Bus]


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def azurite_connection() -> Iterator[str]:
    with servers.azurite() as connection:
        yield connection


@pytest.fixture(scope="session")
def pstest_address() -> Iterator[str]:
    with servers.pstest() as address:
        yield address


@pytest.fixture(params=["sqlite", "sns-sqs", "azure-queue", "pubsub"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    name = request.param
    if name == "sqlite":
        return Backend(name, _sqlite(tmp_path))
    make = {"sns-sqs": _sns_sqs, "azure-queue": _azure, "pubsub": _pubsub}[name]
    address = {
        "sns-sqs": "moto_address", "azure-queue": "azurite_connection", "pubsub": "pstest_address",
    }[name]  # fmt: skip
    monkeypatch = request.getfixturevalue("monkeypatch")
    return Backend(name, make(request.getfixturevalue(address), monkeypatch))


def _sqlite(folder: Path) -> Callable[[], Bus]:
    events = EventTopic(
        kind="sqlite", topic="t", queue="q", dead_letter="d",
        settings={"path": str(folder / "bus.db"), "lease_seconds": str(LEASE)},
    )  # fmt: skip
    return lambda: SqliteBus(events)


def _sns_sqs(address: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Bus]:
    import boto3

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    where = {"endpoint_url": address, "region_name": "eu-west-1"}
    sqs, sns = boto3.client("sqs", **where), boto3.client("sns", **where)
    name = uuid.uuid4().hex

    def arn(url: str) -> str:
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return told["Attributes"]["QueueArn"]

    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 5})
    queue = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn(queue))
    sqs.close()
    sns.close()
    settings = {"endpoint": address, "region": "eu-west-1", "lease_seconds": str(LEASE)}
    events = EventTopic(
        kind="sns-sqs", topic=topic, queue=queue, dead_letter=dead, settings=settings
    )
    return lambda: SnsSqsBus(events)


def _azure(connection: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Bus]:
    from azure.storage.queue import QueueServiceClient

    name = uuid.uuid4().hex
    with QueueServiceClient.from_connection_string(connection) as service:
        service.create_queue(name)
        service.create_queue(f"{name}-dead")
    monkeypatch.setenv("BUS_CONNECTION", connection)
    settings = {"connection": "env:BUS_CONNECTION", "lease_seconds": str(LEASE)}
    events = EventTopic(
        kind="azure-queue", topic=name, queue=name, dead_letter=f"{name}-dead", settings=settings
    )
    return lambda: AzureQueueBus(events)


def _pubsub(address: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Bus]:
    from pipelines.bus.pubsub import _emulated

    publisher, subscriber = _emulated(address)
    base = f"projects/landfall/{{}}/t{uuid.uuid4().hex}"
    topic, queue = base.format("topics"), base.format("subscriptions")
    for name in (topic, f"{topic}-dead"):
        publisher.create_topic(name=name)
    subscriber.create_subscription(request={"name": f"{queue}-dead", "topic": f"{topic}-dead"})
    policy = {"dead_letter_topic": f"{topic}-dead", "max_delivery_attempts": 5}
    subscriber.create_subscription(
        request={
            "name": queue,
            "topic": topic,
            "ack_deadline_seconds": 10,
            "dead_letter_policy": policy,
        }
    )
    publisher.transport.close()
    subscriber.transport.close()
    settings = {"emulator": address, "lease_seconds": str(LEASE)}
    events = EventTopic(
        kind="pubsub", topic=topic, queue=queue, dead_letter=f"{queue}-dead", settings=settings
    )
    return lambda: PubSubBus(events)
