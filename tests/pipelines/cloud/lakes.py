"""The Platform of each cloud's sample with stand-ins behind it: buckets, catalog, bus made as the stack makes them.

What is replaced: Spark's session (embedded instead of managed) and the warehouse (DuckDB). On Google and Azure
also the bus (the bus has tests of its own) and the catalog, which is PyIceberg's behind the REST protocol.
Not proven here: identities and their rights, encryption, the catalogs' own services.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from landfall.intent.data import Zone
from landfall.platform import Platform
from pipelines.catalog import NAMESPACES
from tests.pipelines.bus.servers import AZURITE_ACCOUNT, AZURITE_KEY
from tests.pipelines.cloud import servers
from tests.pipelines.cloud.platforms import SAMPLES, changed, exported
from tests.pipelines.cloud.rest_catalog import rest_catalog

FOREVER = "4102444800000"
"""2100-01-01, in milliseconds."""
ZONES: tuple[str, ...] = get_args(Zone)


@dataclass
class Lake:
    """A Platform whose stand-ins run, and the variables that lead the clouds' clients there."""

    platform: Platform
    variables: dict[str, str] = field(default_factory=dict)


def _local(home: Path) -> dict[str, Any]:
    warehouse = {"engine": "duckdb", "settings": {"path": str(home / "warehouse.duckdb")}}
    bus = {"path": str(home / "bus.db")}
    events = {"kind": "sqlite", "topic": "t", "queue": "q", "dead_letter": "d", "settings": bus}
    return {"warehouse": warehouse, "events": events}


@contextmanager
def aws(home: Path) -> Iterator[Lake]:
    """S3, Glue, SNS and SQS by moto."""
    from boto3.session import Session

    given = exported(SAMPLES["aws"])
    with servers.moto() as address:
        keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
        session = Session(region_name=given.catalog.properties["glue.region"], **keys)

        def client(service: str) -> Any:
            return session.client(service, endpoint_url=address)  # pyright: ignore[reportCallIssue, reportArgumentType]

        for zone in ZONES:
            client("s3").create_bucket(Bucket=getattr(given.storage, zone).removeprefix("s3://"))
        for name in NAMESPACES:
            at = f"{getattr(given.storage, name)}/tables"
            client("glue").create_database(DatabaseInput={"Name": name, "LocationUri": at})
        sqs, sns = client("sqs"), client("sns")
        events = {"topic": sns.create_topic(Name="landing")["TopicArn"]}
        for name in ("queue", "dead_letter"):
            events[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=events["queue"], AttributeNames=["QueueArn"])
        sns.subscribe(
            TopicArn=events["topic"], Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"]
        )
        # moto keeps every bucket behind one host, so the bucket is part of the path.
        catalog = {
            "spark": {**given.catalog.spark, "s3.path-style-access": "true"},
            "properties": {**given.catalog.properties, "s3.endpoint": address},
        }
        variables = {
            "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_ENDPOINT_URL": address, "AWS_EC2_METADATA_DISABLED": "true",
        }  # fmt: skip
        warehouse = _local(home)["warehouse"]
        yield Lake(changed(given, events=events, warehouse=warehouse, catalog=catalog), variables)


@contextmanager
def gcp(home: Path) -> Iterator[Lake]:
    """Google Cloud Storage by fake-gcs-server, BigLake's catalog by ours."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    given = exported(SAMPLES["gcp"])
    with servers.fake_gcs() as address:
        client = Client("p", AnonymousCredentials(), client_options={"api_endpoint": address})
        for zone in ZONES:
            client.create_bucket(getattr(given.storage, zone).removeprefix("gs://"))
        io = {
            "gcs.service.host": address,
            "gcs.oauth2.token": "anon",
            "gcs.oauth2.token-expires-at": FOREVER,
        }
        spark = {"gcs.service.host": address, "gcs.no-auth": "true"}
        storage = {"options": {**given.storage.options, "endpoint_url": address}}
        with rest_catalog(str(home), _homes(given), io) as catalog:
            parts = _local(home) | {"catalog": _catalog(given, catalog, io, spark)}
            yield Lake(changed(given, storage=storage, **parts))


@contextmanager
def azure(home: Path) -> Iterator[Lake]:
    """Azure's blobs by azurite, the cluster's catalog by ours."""
    from azure.storage.blob import BlobServiceClient

    given = exported(SAMPLES["azure"])
    account = given.storage.options["account_name"]
    with servers.azurite() as address:
        connection = servers.azure_connection(address)
        with BlobServiceClient.from_connection_string(connection) as service:
            places = [getattr(given.storage, zone).removeprefix("abfss://") for zone in ZONES]
            for name in sorted({place.partition("@")[0] for place in places}):
                service.create_container(name)
        host = f"{AZURITE_ACCOUNT}.dfs.core.windows.net"
        zones = {
            zone: getattr(given.storage, zone).replace(account, AZURITE_ACCOUNT) for zone in ZONES
        }
        authority = address.removeprefix("http://")
        io = {
            "adls.account-name": AZURITE_ACCOUNT, "adls.account-key": AZURITE_KEY,
            "adls.blob-storage-authority": authority, "adls.blob-storage-scheme": "http",
            "adls.dfs-storage-authority": authority, "adls.dfs-storage-scheme": "http",
        }  # fmt: skip
        spark = {
            "adls.auth.shared-key.account.name": AZURITE_ACCOUNT,
            "adls.auth.shared-key.account.key": AZURITE_KEY,
            f"adls.connection-string.{host}": f"{address}/{AZURITE_ACCOUNT}",
        }
        storage = {**zones, "options": {"account_name": AZURITE_ACCOUNT}}
        moved = changed(given, storage=storage)
        with rest_catalog(str(home), _homes(moved), io) as catalog:
            parts = _local(home) | {"catalog": _catalog(moved, catalog, io, spark)}
            variables = {"AZURE_STORAGE_CONNECTION_STRING": connection}
            yield Lake(changed(moved, **parts), variables)


def _homes(platform: Platform) -> dict[str, str]:
    return {name: f"{getattr(platform.storage, name)}/tables" for name in NAMESPACES}


def _catalog(
    given: Platform, address: str, io: dict[str, str], spark: dict[str, str]
) -> dict[str, Any]:
    """The exported catalog at our address, without signing in (test_sign_in.py does), with the stand-in's store."""

    def at(properties: dict[str, str]) -> dict[str, str]:
        signs_in = ("auth.", "rest.auth.", "ssl.")
        kept = {k: v for k, v in properties.items() if not k.startswith(signs_in)}
        return {**kept, "uri": address}

    return {
        "properties": {**at(given.catalog.properties), **io},
        "spark": {**at(given.catalog.spark), **spark},
    }
