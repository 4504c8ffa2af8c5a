"""What each layer gives to the next, the same on every cloud: the typed outputs of `infra/`.

Every value is a Pulumi Output, so that a layer read from another stack (`read_layer`) is the very type
that the layer built here returns. An empty text means that the intent did not ask for the thing.
Leaves out the Platform that pipelines see: `infra/export.py` makes it from these.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints

import pulumi

from landfall.intent.data import Zone

ZONES: tuple[str, ...] = get_args(Zone)
"""landing, bronze, silver, gold, quarantine, artifacts."""
KEY_DOMAINS = ("data", "logs", "secrets", "cluster")
"""What each customer-managed key encrypts: lake and warehouse, audit logs, secrets, cluster disks."""
WORKLOADS = ("ingest", "transform", "train", "serve", "orchestrate", "bi")
"""Who acts: Spark, dbt, training, serving, Airflow, dashboards. One identity each."""

Text = pulumi.Output[str]
Texts = pulumi.Output[list[str]]
Table = pulumi.Output[dict[str, str]]
Keyed = Mapping[str, Text]
"""Values under keys that are known beforehand; a field names them as `Annotated[Keyed, ZONES]`."""


@dataclass(frozen=True)
class NotOffered:
    """A cloud has no equivalent: what, why, and what takes its place."""

    what: str
    reason: str
    instead: str


@dataclass(frozen=True)
class Organization:
    """Where the stack lives, and the guardrails above it."""

    tenancy: Text
    """Project id, account id or subscription id."""
    number: Text
    """GCP project number; elsewhere the same as `tenancy`."""
    home: Text
    """What new resources go into: GCP the project, AWS the account, Azure the resource group's name."""
    guardrails: Texts
    """Names of the organization policies, SCPs or policy assignments in force."""


@dataclass(frozen=True)
class Network:
    """The private network that everything runs in."""

    id: Text
    subnets: Texts
    """Private subnets for workloads, one a zone (on GCP and Azure, where subnets span zones: one)."""
    cluster_subnet: Text
    """Where cluster nodes lie; on AWS the first of `subnets`."""
    database_subnets: Texts
    """Where managed databases attach (AWS: subnets; Azure: the delegated subnet; GCP: empty list)."""
    endpoint_subnet: Text
    """Azure: where private endpoints lie; elsewhere empty."""
    pods_range: Text
    """GCP: the secondary range's name for pods, or the CIDR that GKE gives an adopted subnet; elsewhere the CIDR."""
    services_range: Text
    """As `pods_range`, for Kubernetes services."""
    workload_group: Text
    """AWS: the security group of workloads; Azure: the network security group; GCP: the network tag."""
    zones: Texts
    cidr: Text
    private_zones: Table
    """Azure: private DNS zone name to its id; AWS and GCP: the platform's own domain to its zone's id or name, empty
    where the network is adopted."""
    egress_addresses: Texts = field(default_factory=lambda: pulumi.Output.from_input([]))
    """Public addresses by which the network goes out (NAT); empty where it has none."""


@dataclass(frozen=True)
class Security:
    """Keys, audit trail, secrets."""

    keys: Annotated[Keyed, KEY_DOMAINS]
    """Key domain to key id (GCP: crypto key's name; AWS: ARN; Azure: key URI)."""
    log_bucket: Text
    """Where audit logs go, locked; writers cannot delete there."""
    secret_store: Text
    """GCP: the project's Secret Manager; AWS: the name prefix in Secrets Manager; Azure: vault URI."""
    log_workspace: Text
    """Where services send operational logs: Azure the Log Analytics workspace's id; AWS the log group;
    GCP the log bucket's id."""
    encryption_identity: Text
    """Azure: the user-assigned identity that may use the keys; elsewhere empty."""


@dataclass(frozen=True)
class Identity:
    """One identity a workload, and the Jenkins that applies this stack."""

    workloads: Annotated[Keyed, WORKLOADS]
    """Workload to identity: GCP service account e-mail, AWS role ARN, Azure client id."""
    principals: Annotated[Keyed, WORKLOADS]
    """What grants name: GCP `serviceAccount:…`, AWS role ARN, Azure principal (object) id."""
    resources: Annotated[Keyed, WORKLOADS]
    """The identity as a resource: GCP account's full name, AWS role name, Azure resource id."""
    jenkins_preview: Text
    """The read-only identity of Jenkins; empty where the intent names no Jenkins."""
    jenkins_deploy: Text
    """The identity that applies, limited to the deploy branch."""
    jenkins_pool: Text = field(default_factory=lambda: pulumi.Output.from_input(""))
    """GCP: the full name of the pool that trusts Jenkins; elsewhere empty."""


@dataclass(frozen=True)
class Budget:
    """The month's budget and where its alerts go."""

    id: Text
    topic: Text
    """Where notices of spending arrive (topic, or action group)."""
    stop: Text
    """The function or action that sends GPU pools to zero; empty without a hard stop."""


@dataclass(frozen=True)
class Lake:
    """The lake's zones and its Iceberg catalog."""

    zones: Annotated[Keyed, ZONES]
    """Zone to URI (`gs://…`, `s3://…`, `abfss://…`), without a trailing slash."""
    buckets: Annotated[Keyed, ZONES]
    """Zone to the cloud's own id of the bucket (GCP name, AWS name, Azure `account/container`, and behind it the
    folder where the zone is one)."""
    catalog: Text
    """The catalog's name, as Spark and PyIceberg call it."""
    catalog_properties: Table
    """PyIceberg's properties."""
    catalog_spark: Table
    """Spark's keys below `spark.sql.catalog.<name>.`"""
    storage_options: Table
    """fsspec options; never a secret."""


@dataclass(frozen=True)
class Events:
    """Object-created events, from the landing zone to a queue with dead letters."""

    kind: Text
    """`pubsub`, `sns-sqs`, `azure-queue` or `azure-service-bus`, as in the Platform."""
    topic: Text
    queue: Text
    dead_letter: Text
    settings: Table


@dataclass(frozen=True)
class Spark:
    """Managed Spark that runs `pipelines/` unchanged."""

    kind: Text
    """`dataproc-serverless`, `emr-serverless` or `synapse-spark`."""
    master: Text
    """How a batch is submitted: region/project, application id or pool."""
    packages: Texts
    conf: Table
    staging: Text
    """URI where code and temporary files lie."""


@dataclass(frozen=True)
class Warehouse:
    """Where dbt builds."""

    engine: Text
    settings: Table
    """As `WarehouseConnection.settings`; secrets by reference."""
    marts: Text
    """The dataset, schema or database that dashboards read."""


@dataclass(frozen=True)
class Orchestration:
    """Managed Airflow."""

    id: Text
    endpoint: Text
    dags: Text
    """URI that DAG files are copied to."""


@dataclass(frozen=True)
class Bi:
    """Read-only access to the marts."""

    identity: Text
    connections: Table
    """Tool (`looker`, `quicksight`, `power-bi`, `tableau`) to what is typed into it; no secrets."""


@dataclass(frozen=True)
class Database:
    """A managed PostgreSQL for MLflow and, on the cluster, Airflow."""

    host: Text
    name: Text
    user: Text
    secret: Text
    """Name of the secret that holds the password; never the password."""


@dataclass(frozen=True)
class Cluster:
    """The Kubernetes cluster and the registry its images come from."""

    name: Text
    kubeconfig: Text
    """A secret Output; made of the cluster's address and the cloud's own login helper, no key in it."""
    access_command: Text
    registry: Text
    oidc_issuer: Text
    gpu_pools: Texts
    """Names of the GPU pools, in the intent's order of capacity."""
    airflow: pulumi.Output[dict[str, Any]]
    """The `operator` by which managed Airflow starts pods there, and what it is told to find the cluster; empty
    where the cloud offers no managed Airflow."""
    catalog_identity: Text = field(default_factory=lambda: pulumi.Output.from_input(""))
    """Azure: client id of the identity by which the Iceberg catalog on the cluster reaches the lake; elsewhere empty."""


@dataclass(frozen=True)
class Services:
    """What runs on the cluster."""

    endpoints: Table
    """`serving`, `mlflow`, `grafana`, `airflow` → address inside the network."""


@dataclass(frozen=True)
class Foundation:
    """The landing zone."""

    NAME: ClassVar[str] = "foundation"
    organization: Organization
    network: Network
    security: Security
    identity: Identity
    budget: Budget


@dataclass(frozen=True)
class Data:
    """Lake, events, Spark, warehouse, orchestration, dashboards."""

    NAME: ClassVar[str] = "data"
    lake: Lake
    events: Events
    spark: Spark
    warehouse: Warehouse
    bi: Bi
    orchestration: Orchestration | None = None
    """None where the intent asks for no managed Airflow."""


@dataclass(frozen=True)
class Ml:
    """Cluster, GPU pools, model serving and tracking."""

    NAME: ClassVar[str] = "ml"
    cluster: Cluster
    database: Database
    services: Services


Layer = TypeVar("Layer", Foundation, Data, Ml)


def exported(part: object) -> Any:
    """A contract as what `pulumi.export` takes: nested dicts of Outputs."""
    if dataclasses.is_dataclass(part):
        return {f.name: exported(getattr(part, f.name)) for f in dataclasses.fields(part)}
    if isinstance(part, Mapping):
        return dict(part)
    return part


def read_layer(kind: type[Layer], stack: str) -> Layer:
    """A layer that another stack built, by its exported outputs; `stack` is its full name."""
    reference = pulumi.StackReference(kind.NAME, stack_name=stack)
    return _read(kind, reference.require_output(kind.NAME))


def _read(kind: Any, value: pulumi.Output[Any]) -> Any:
    hints = get_type_hints(kind, include_extras=True)
    given: dict[str, Any] = {}
    for one in dataclasses.fields(kind):
        inner = _inside(value, one.name)
        hint = hints[one.name]
        nested = next((p for p in (hint, *get_args(hint)) if dataclasses.is_dataclass(p)), None)
        if nested is not None:
            given[one.name] = _read(nested, inner)
        elif get_origin(hint) is Annotated:
            given[one.name] = {key: _inside(inner, key) for key in hint.__metadata__[0]}
        else:
            given[one.name] = inner
    return kind(**given)


def _inside(value: pulumi.Output[Any], key: str) -> pulumi.Output[Any]:
    return value.apply(lambda mapping: (mapping or {}).get(key))
