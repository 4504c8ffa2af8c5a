"""A cloud's warehouse as its sample stack exports it, led to its stand-in, over a small lake on this machine.

Each gives a `Site`: the way in, what the cloud does between a commit in the lake and the warehouse seeing it, and
two ways in that are wrong. Leaves out what no stand-in has: `NOT_PROVEN` names it, and docs/warehouses.md repeats
each sentence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from landfall.intent import intent_of
from landfall.local import local_platform
from landfall.platform import Platform
from tests.infra.samples import PROJECT
from tests.pipelines.bus.servers import process
from tests.pipelines.cloud.platforms import changed, exported
from tests.pipelines.databases import postgresql

if TYPE_CHECKING:
    from pyiceberg.table import Table

HERE = Path(__file__).parent
DEMO = "demo-local-dev"
PYTHON = PROJECT.root / ".venv-stand-ins" / "bin" / "python"
CLOUDS = PROJECT.root / ".venv-dbt-clouds" / "bin" / "python"
NOT_PROVEN = {
    "bigquery": "Impersonating the transform account, its rights, the lake's connection, and the limit on bytes billed.",
    "snowflake": "Entry by a workload's identity, roles and grants, and the external volume or Glue integration behind silver.",
    "redshift": "Views that bind late, Spectrum over the Glue catalog, what the IAM role may do, and Redshift's own optimizer.",
}
"""What only a real account shows, besides quotas, size, speed and what it costs."""


class Way(NamedTuple):
    """A Platform, and the variables by which the clouds' clients find the stand-in and sign in."""

    platform: Platform
    variables: dict[str, str]


@dataclass(frozen=True)
class Site:
    """One engine, ready to build on."""

    way: Way
    show: Callable[[Mapping[str, Table]], None]
    """Make the lake's tables visible to the stand-in, before `expose`."""
    stranger: Way | None = None
    """Who is not let in."""
    lost: Way | None = None
    """Who asks at an address where the warehouse is not."""


def need() -> None:
    """Skip, and say what is not proven, where an environment of the stand-ins is missing."""
    for python in (PYTHON, CLOUDS):
        if not python.exists():
            pytest.skip(
                f"NOT PROVEN HERE: the clouds' warehouses, as {python.parts[-3]} is missing; "
                "fill it: ci/setup.sh stand-ins"
            )


def copy_beside(tables: Mapping[str, Table]) -> None:
    """Leave a Parquet copy of each snapshot beside its metadata file, for stand-ins that know no Iceberg."""
    import pyarrow.parquet as pq

    for table in tables.values():
        file = table.metadata_location.removeprefix("file://")
        pq.write_table(table.scan().to_arrow(), f"{file}.parquet")


def _led(home: Path, stack: str, settings: dict[str, str], **parts: Any) -> Platform:
    """The laptop's lake with the warehouse of a sample stack, some of its settings changed."""
    sample = exported(stack).warehouse
    warehouse = {"engine": sample.engine, "settings": {**sample.settings, **settings}}
    return changed(_laptop(home), warehouse=warehouse, **parts)


def _laptop(home: Path) -> Platform:
    return local_platform(intent_of(PROJECT, DEMO), DEMO, home)


def private_key(file: Path) -> str:
    """A new RSA key as the stores hold it (PKCS#8 in PEM), which also lies in `file`."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(made)
    return made.decode()


@contextmanager
def duckdb(home: Path) -> Iterator[Site]:
    """The laptop's own engine: no stand-in."""
    yield Site(Way(_laptop(home), {}), lambda _tables: None)


@contextmanager
def bigquery(home: Path) -> Iterator[Site]:
    """BigQuery by bqemulator; signs in as a service account at its token service."""
    need()
    platform = _led(home, "harbor-gcp-dev", {"impersonate_service_account": ""})
    project = platform.warehouse.settings["project"]
    keys = {who: private_key(home / f"{who}.pem") for who in ("known", "stranger")}
    server = [str(PYTHON), str(HERE / "bigquery_server.py"), str(home / "known.pem"), project]
    with process(server, r"serving at (http://\S+) ") as found:
        ways = {who: _account(home, who, key, found[1]) for who, key in keys.items()}
        _make_datasets(platform, ways["known"])
        elsewhere = _led(
            home, "harbor-gcp-dev", {"impersonate_service_account": "", "project": "elsewhere"}
        )
        yield Site(
            Way(platform, ways["known"]),
            copy_beside,
            Way(platform, ways["stranger"]),
            Way(elsewhere, ways["known"]),
        )


def _account(home: Path, who: str, key: str, address: str) -> dict[str, str]:
    """The variables of a service account with that key."""
    file = home / f"{who}.json"
    account = {
        "type": "service_account", "project_id": "p", "private_key": key, "private_key_id": "1",
        "client_id": "1", "client_email": f"{who}@p.iam.gserviceaccount.com",
        "token_uri": f"{address}/token",
    }  # fmt: skip
    file.write_text(json.dumps(account))
    return {"BIGQUERY_EMULATOR_HOST": address, "GOOGLE_APPLICATION_CREDENTIALS": str(file)}


def _make_datasets(platform: Platform, variables: dict[str, str]) -> None:
    """As the stack makes them before dbt comes."""
    from google.auth.transport.requests import AuthorizedSession
    from google.oauth2.service_account import Credentials

    it = platform.warehouse.settings
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    file = variables["GOOGLE_APPLICATION_CREDENTIALS"]
    signed: Any = Credentials.from_service_account_file(file, scopes=scopes)
    url = f"{variables['BIGQUERY_EMULATOR_HOST']}/bigquery/v2/projects/{it['project']}/datasets"
    with AuthorizedSession(signed) as session:
        for dataset in (it["silver"], it["dataset"], it["marts"]):
            name = {"projectId": it["project"], "datasetId": dataset}
            told = session.post(url, json={"datasetReference": name, "location": it["location"]})
            told.raise_for_status()


@contextmanager
def snowflake(home: Path) -> Iterator[Site]:
    """Snowflake by fakesnow; the keys come from a secret store (moto's Secrets Manager)."""
    from tests.pipelines.cloud.servers import moto

    need()
    account = exported("kestrel-gcp-staging").warehouse.settings["account"]
    keys = {who: private_key(home / f"{who}.pem") for who in ("known", "stranger")}
    server = [
        str(PYTHON), str(HERE / "snowflake_server.py"),
        str(home / "catalog"), str(home / "known.pem"), account.replace("_", "-"),
    ]  # fmt: skip
    with process(server, r"running on http://127\.0\.0\.1:(\d+)") as found, moto() as store:
        variables = {
            "AWS_ENDPOINT_URL": store, "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-east-1",
        }  # fmt: skip
        _keep_keys(store, keys)
        address = {"host": "127.0.0.1", "port": found[1], "protocol": "http"}

        def way(secrets: str, **more: str) -> Way:
            platform = _led(home, "kestrel-gcp-staging", {**address, **more}, secrets=secrets)
            return Way(platform, variables)

        yield Site(way("known/"), copy_beside, way("stranger/"), way("known/", account="ELSEWHERE"))


def _keep_keys(store: str, keys: dict[str, str]) -> None:
    from boto3.session import Session

    from warehouse.engines.snowflake import PRIVATE_KEY

    identity = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    session = Session(region_name="us-east-1", **identity)
    client = session.client("secretsmanager", endpoint_url=store)
    for who, key in keys.items():
        client.create_secret(Name=f"{who}/{PRIVATE_KEY}", SecretString=key)


@contextmanager
def redshift(home: Path) -> Iterator[Site]:
    """Redshift by PostgreSQL behind a gate with TLS and a service of passwords."""
    from tests.pipelines.cloud.servers import free_port

    need()
    with postgresql() as database:
        database.run("create database platform")
        command = [str(PYTHON), str(HERE / "redshift_server.py"), str(database.port), str(home)]
        with process(command, r"gate (\d+) service (\d+) known (\S+) \.") as found:
            variables = {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{found[2]}", "AWS_ACCESS_KEY_ID": found[3],
                "AWS_SECRET_ACCESS_KEY": "none", "AWS_EC2_METADATA_DISABLED": "true",
                "SSL_CERT_FILE": str(home / "ca.pem"),
            }  # fmt: skip

            def led(port: str) -> Platform:
                return _led(home, "northwind-aws-dev", {"host": "127.0.0.1", "port": port})

            yield Site(
                Way(led(found[1]), variables),
                _replica(database.port),
                Way(led(found[1]), {**variables, "AWS_ACCESS_KEY_ID": "stranger"}),
                Way(led(str(free_port())), variables),
            )


def _replica(port: int) -> Callable[[Mapping[str, Table]], None]:
    """What Spectrum does by itself: `lake_silver` holds each table's current rows."""
    import psycopg
    import pyarrow as pa
    from psycopg.sql import SQL

    kinds = {
        pa.int32(): "integer", pa.int64(): "bigint", pa.float64(): "double precision",
        pa.timestamp("us"): "timestamp",
    }  # fmt: skip

    def show(tables: Mapping[str, Table]) -> None:
        address = f"host=127.0.0.1 port={port} user=admin dbname=platform"
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute("create schema if not exists lake_silver")
            for name, table in tables.items():
                rows = table.scan().to_arrow()
                columns = ", ".join(f'"{f.name}" {kinds.get(f.type, "text")}' for f in rows.schema)
                place = SQL(f'lake_silver."{name}"')  # pyright: ignore[reportArgumentType]
                admin.execute(SQL("create table if not exists {} ({})").format(place, SQL(columns)))  # pyright: ignore[reportArgumentType]
                admin.execute(SQL("truncate {}").format(place))
                with (
                    admin.cursor() as cursor,
                    cursor.copy(SQL("copy {} from stdin").format(place)) as copy,
                ):
                    for row in rows.to_pylist():
                        copy.write_row(list(row.values()))
                # As Spectrum knows from the table's metadata; without it a join of a month takes seconds.
                admin.execute(SQL("analyze {}").format(place))

    return show


SITES = {"duckdb": duckdb, "bigquery": bigquery, "snowflake": snowflake, "redshift": redshift}
REMOTE = ("bigquery", "snowflake", "redshift")
