"""What a stack provides, as typed outputs: all that pipelines/, warehouse/ and ml/ know of a cloud.

A cloud's stack exports a Platform; the laptop builds one from its home (`landfall/local.py`). Nothing
here opens a connection.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Output(BaseModel):
    """A part of the Platform: strict and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Storage(Output):
    """The lake's zones, each a URI without a trailing slash (`file:///…`, `gs://…`, `s3://…`, `abfss://…`)."""

    landing: str
    bronze: str
    silver: str
    gold: str
    quarantine: str
    artifacts: str
    options: dict[str, str] = {}
    """fsspec options of that storage; never a secret."""


class Catalog(Output):
    """The Iceberg catalog, for PyIceberg and Spark alike."""

    name: str
    properties: dict[str, str]
    """PyIceberg's properties (`type`, `uri`, `warehouse`, …)."""
    spark: dict[str, str]
    """Spark's keys below `spark.sql.catalog.<name>.`"""


class WarehouseConnection(Output):
    """Where dbt builds: the engine and its settings, secrets by reference only."""

    engine: Literal["duckdb", "bigquery", "snowflake", "redshift", "synapse", "fabric"]
    settings: dict[str, str]


class SparkSubmitter(Output):
    """How Spark runs: `master` for an embedded session, or the managed service's own address."""

    kind: Literal["embedded", "dataproc-serverless", "emr-serverless", "synapse-spark"]
    master: str = "local[2]"
    packages: list[str] = []
    conf: dict[str, str] = {}


class EventTopic(Output):
    """The bus that `object created` and notices to engineers go over."""

    kind: Literal["sqlite", "pubsub", "sns-sqs", "azure-queue", "azure-service-bus"]
    topic: str
    queue: str
    dead_letter: str = ""
    settings: dict[str, str] = {}


class Tracking(Output):
    """MLflow: tracking and registry address, and where artifacts lie."""

    uri: str
    artifacts: str


class Cluster(Output):
    """A Kubernetes cluster: its name, the command that gives access, and how managed Airflow starts pods there."""

    name: str
    access_command: str
    airflow: dict[str, str | bool] = {}
    """Airflow's `operator` and what it is told to find the cluster; empty: Airflow runs on the cluster itself."""


class Platform(Output):
    """Everything a flow needs to run."""

    stack: str
    client: str
    environment: str
    storage: Storage
    catalog: Catalog
    warehouse: WarehouseConnection
    spark: SparkSubmitter
    events: EventTopic
    tracking: Tracking
    secrets: str = "env"
    """Where secrets lie: `env` (this process's environment) or the secret store's address."""
    registry: str | None = None
    """Container registry, where one is needed."""
    cluster: Cluster | None = None
    identities: dict[str, str] = {}
    """What Jenkins' data jobs become on the cloud: workload (`ingest`, `transform`, `train`) → service account's e-mail,
    role's ARN or client id."""
    endpoints: dict[str, str] = {}
    """Named addresses: `serving`, `mlflow`, `airflow`, …"""
