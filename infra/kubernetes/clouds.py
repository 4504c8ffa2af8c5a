"""What differs between GKE, EKS and AKS as seen from inside the cluster, in one table.

As of 2026-11-24. Sources: cloud.google.com/kubernetes-engine (workload identity, internal load balancers,
GPUs, persistent disks), docs.aws.amazon.com/eks (pod identity, network load balancers, EBS CSI),
learn.microsoft.com/azure/aks (workload identity, internal load balancers, azure-disk-csi),
external-secrets.io (providers), airflow.apache.org (Dag bundles of the three provider packages),
docs.lakekeeper.io (storage profiles).
Leaves out how the clusters are built (`infra/<cloud>/cluster.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pulumi

from infra.azure.addresses import carve
from infra.contract import Cluster, Foundation, Lake, Network
from infra.scope import Scope

Json = dict[str, Any]
NameGateway = Callable[[Scope, pulumi.Resource, Network, pulumi.Input[str]], None]
"""Makes the record: given the cloud's own scope, a parent, the network and the load balancer's name."""


@dataclass(frozen=True)
class CatalogHome:
    """What the Iceberg catalog on the cluster is told of the lake, on a cloud that has none of its own."""

    settings: Mapping[str, str]
    """The server's variables."""
    warehouse: Callable[[Lake], pulumi.Output[Json]]
    """What makes its warehouse: Lakekeeper's request, as JSON."""


@dataclass(frozen=True)
class Cloud:
    """One cloud's words for the same things."""

    identity_annotation: str
    """On a service account: the annotation that names the cloud identity; empty where none is needed."""
    identity_labels: Mapping[str, str]
    """On service accounts and pods that act as a cloud identity."""
    names_users: bool
    """Whether the cluster knows a cloud identity as a user by its very name; EKS knows it by an access entry, and
    AKS needs none, as Azure has no managed Airflow."""
    preview_kind: Literal["User", "Group", ""]
    """How the cluster knows Jenkins' preview role: as a user by the identity's name, as a group that its access entry
    gives, or not at all, where a role of the cloud's own says what it sees (`preview.py`)."""
    metadata: tuple[tuple[str, int], ...]
    """Address and port at which pods are given their cloud tokens."""
    pool_label: str
    """The label of a node that names its pool."""
    spot: tuple[str, str]
    """The taint that the cloud itself puts on spot nodes, key and value; empty key: none."""
    load_balancer: Mapping[str, str]
    """Annotations that keep a load balancer inside the network."""
    gateway: Callable[[Scope], Mapping[str, str]]
    """Annotations that give the gateway the address to which the cloud's private DNS leads; empty where
    the client's own DNS does, or `name_gateway`."""
    gpu_chart: str
    """`gpu-operator`, or `dcgm-exporter` where the cloud brings driver and device plugin itself."""
    gpu_values: Json
    disk_driver: str
    disk_parameters: Callable[[Foundation], Mapping[str, pulumi.Input[str]]]
    autoscaler: Callable[[Scope, Cluster], Json] | None
    """Values of the autoscaler's chart; None where the cloud's own grows the pools."""
    secrets_below: Callable[[Scope], str]
    """What the names of the platform's secrets in the cloud's store begin with: as far as they may be read."""
    database_property: str
    """The key under which the database's secret holds the password; empty where it is the password."""
    secrets: Callable[[Scope, Foundation], Json]
    """The provider part of a ClusterSecretStore."""
    dags: Callable[[Lake], tuple[str, pulumi.Output[Json]]]
    """The Dag bundle's class, and its arguments: the folder `dags/` of the artifacts zone."""
    connection: Callable[[Lake], pulumi.Output[str]]
    """The Airflow connection `landfall`, as JSON; it names no secret."""
    logs: Callable[[Lake], pulumi.Output[Json]]
    """Airflow's settings for task logs in the artifacts zone, section → key → value."""
    name_gateway: NameGateway | None = None
    """Leads the platform's names to the gateway by its load balancer's name; None where its address is chosen before."""
    catalog: CatalogHome | None = None
    """None where the cloud has an Iceberg catalog of its own (`infra/<cloud>/lake.py`)."""


_CONN = "landfall"
_REMOTE: Json = {"remote_logging": "True", "remote_log_conn_id": _CONN}


def _bundle(arguments: Json) -> Callable[[str], Json]:
    return lambda bucket: {**arguments, "bucket_name": bucket, "prefix": "dags"}


def _wasb_arguments(bucket: str) -> Json:
    return {"wasb_conn_id": _CONN, "container_name": bucket.partition("/")[2], "prefix": "dags"}


def _wasb_connection(bucket: str) -> str:
    account = bucket.partition("/")[0]
    return json.dumps({"conn_type": "wasb", "host": f"https://{account}.blob.core.windows.net"})


def _zone_logs(lake: Lake) -> pulumi.Output[Json]:
    return lake.zones["artifacts"].apply(
        lambda zone: {"logging": {**_REMOTE, "remote_base_log_folder": f"{zone}/airflow/logs"}}
    )


def _wasb_logs(lake: Lake) -> pulumi.Output[Json]:
    return lake.buckets["artifacts"].apply(
        lambda bucket: {
            # The handler is chosen by how the folder begins; the container has its own setting.
            "logging": {**_REMOTE, "remote_base_log_folder": "wasb-airflow/logs"},
            "azure_remote_logging": {"remote_wasb_log_container": bucket.partition("/")[2]},
        }
    )


def _gcp_dags(lake: Lake) -> tuple[str, pulumi.Output[Json]]:
    arguments = lake.buckets["artifacts"].apply(_bundle({"gcp_conn_id": _CONN}))
    return "airflow.providers.google.cloud.bundles.gcs.GCSDagBundle", arguments


def _aws_dags(lake: Lake) -> tuple[str, pulumi.Output[Json]]:
    arguments = lake.buckets["artifacts"].apply(_bundle({"aws_conn_id": _CONN}))
    return "airflow.providers.amazon.aws.bundles.s3.S3DagBundle", arguments


def _azure_dags(lake: Lake) -> tuple[str, pulumi.Output[Json]]:
    arguments = lake.buckets["artifacts"].apply(_wasb_arguments)
    return "airflow.providers.microsoft.azure.bundles.wasb.WasbDagBundle", arguments


def _gcp_secrets(_: Scope, foundation: Foundation) -> Json:
    return {"gcpsm": {"projectID": foundation.organization.tenancy}}


def _aws_secrets(scope: Scope, _: Foundation) -> Json:
    return {"aws": {"service": "SecretsManager", "region": scope.intent.cloud.region}}  # pyright: ignore[reportAttributeAccessIssue]


def _aws_secrets_below(scope: Scope) -> str:
    """As `infra/aws/security.py`, whose policies let the cluster read below it."""
    return f"{scope.intent.client.slug}-{scope.intent.environment}/"


def _azure_secrets(scope: Scope, foundation: Foundation) -> Json:
    vault = {"authType": "WorkloadIdentity", "vaultUrl": foundation.security.secret_store}
    tenant = scope.intent.cloud.tenant  # pyright: ignore[reportAttributeAccessIssue]
    return {"azurekv": {**vault, "tenantId": tenant} if tenant else vault}


def _gcp_gateway(scope: Scope) -> Mapping[str, str]:
    """The address that `infra/gcp/gateway_name.py` reserves, by its name.

    https://cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer-parameters
    """
    if scope.intent.network.adopt.network:
        return {}
    return {"networking.gke.io/load-balancer-ip-addresses": scope.name("address", "gateway")}


def _aws_name_gateway(
    scope: Scope, parent: pulumi.Resource, network: Network, balancer: pulumi.Input[str]
) -> None:
    from infra.aws.gateway_name import name_gateway  # here: no other cloud's plan loads AWS's SDK

    name_gateway(scope, parent, network, balancer)


def _azure_gateway(scope: Scope) -> Mapping[str, str]:
    """A fixed address, and a private link by which Synapse's network reaches the catalog: nobody is let in by himself.

    https://kubernetes-sigs.github.io/cloud-provider-azure/topics/pls-integration
    """
    if scope.intent.network.adopt.network:
        return {}
    prefix = "service.beta.kubernetes.io/azure"
    subnet = scope.name("subnet", "ingress")
    return {
        f"{prefix}-load-balancer-internal-subnet": subnet,
        f"{prefix}-load-balancer-ipv4": carve(scope.intent.network.cidr).ingress_address,
        f"{prefix}-pls-create": "true",
        f"{prefix}-pls-name": "gateway",
        f"{prefix}-pls-ip-configuration-subnet": subnet,
    }


def _azure_warehouse(lake: Lake) -> pulumi.Output[Json]:
    return lake.buckets["silver"].apply(
        lambda bucket: {
            "storage-profile": {
                "type": "adls",
                "account-name": bucket.split("/")[0],
                "filesystem": bucket.split("/")[1],
                "sas-enabled": True,
                # As long as a batch may run (pipelines/submit/batch.py), and the wait for its pool.
                "sas-token-validity-seconds": 9000,
            },
            "storage-credential": {"type": "az", "credential-type": "azure-system-identity"},
        }
    )


def _aws_autoscaler(scope: Scope, cluster: Cluster) -> Json:
    return {
        "cloudProvider": "aws",
        "awsRegion": scope.intent.cloud.region,  # pyright: ignore[reportAttributeAccessIssue]
        "autoDiscovery": {"clusterName": cluster.name},
    }


_NODE_DRIVER: Json = {"driver": {"enabled": False}, "toolkit": {"enabled": False}}
_TOLERATE_GPU = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]

CLOUDS: dict[str, Cloud] = {
    "gcp": Cloud(
        identity_annotation="iam.gke.io/gcp-service-account",
        identity_labels={},
        names_users=True,
        preview_kind="User",
        metadata=(("169.254.169.252/32", 988), ("169.254.169.254/32", 80)),
        pool_label="cloud.google.com/gke-nodepool",
        spot=("", ""),
        load_balancer={"networking.gke.io/load-balancer-type": "Internal"},
        gateway=_gcp_gateway,
        gpu_chart="dcgm-exporter",  # GKE installs driver and device plugin on its own image
        gpu_values={
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [
                    {"key": "cloud.google.com/gke-accelerator", "operator": "Exists"}]}]}}},
            "tolerations": _TOLERATE_GPU,
            # GKE keeps the chart's class, system-node-critical, for namespaces with a quota of it.
            "priorityClassName": "",
            "securityContext": {"privileged": True, "runAsNonRoot": False, "runAsUser": 0},
            "extraVolumeMounts": [
                # Helm replaces lists: the first is the chart's own.
                {"name": "exporter-metrics-volume", "subPath": "default-counters.csv",
                 "mountPath": "/etc/dcgm-exporter/default-counters.csv"},
                {"name": "nvidia", "mountPath": "/usr/local/nvidia", "readOnly": True},
            ],
            "extraHostVolumes": [{"name": "nvidia", "hostPath": "/home/kubernetes/bin/nvidia"}],
            "extraEnv": [{"name": "LD_LIBRARY_PATH", "value": "/usr/local/nvidia/lib64"}],
        },
        autoscaler=None,
        secrets_below=lambda _: "",
        database_property="",
        disk_driver="pd.csi.storage.gke.io",
        disk_parameters=lambda foundation: {
            "type": "pd-balanced", "disk-encryption-kms-key": foundation.security.keys["cluster"]},
        secrets=_gcp_secrets,
        dags=_gcp_dags,
        connection=lambda _: pulumi.Output.from_input('{"conn_type": "google_cloud_platform"}'),
        logs=_zone_logs,
    ),
    "aws": Cloud(
        identity_annotation="",  # pod identity: the association is made in infra/aws/cluster.py
        identity_labels={},
        names_users=False,
        preview_kind="Group",
        metadata=(("169.254.170.23/32", 80),),
        pool_label="eks.amazonaws.com/nodegroup",
        spot=("", ""),
        load_balancer={
            "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
            "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
            "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
        },
        gateway=lambda _: {},
        name_gateway=_aws_name_gateway,
        gpu_chart="gpu-operator",
        gpu_values=_NODE_DRIVER,  # the accelerated AL2023 image carries driver and toolkit
        autoscaler=_aws_autoscaler,
        secrets_below=_aws_secrets_below,
        database_property="password",  # RDS keeps its secret as JSON
        disk_driver="ebs.csi.aws.com",
        disk_parameters=lambda foundation: {
            "type": "gp3", "encrypted": "true", "kmsKeyId": foundation.security.keys["cluster"]},
        secrets=_aws_secrets,
        dags=_aws_dags,
        connection=lambda _: pulumi.Output.from_input('{"conn_type": "aws"}'),
        logs=_zone_logs,
    ),
    "azure": Cloud(
        identity_annotation="azure.workload.identity/client-id",
        identity_labels={"azure.workload.identity/use": "true"},
        names_users=False,
        preview_kind="",
        metadata=(),
        pool_label="kubernetes.azure.com/agentpool",
        spot=("kubernetes.azure.com/scalesetpriority", "spot"),
        load_balancer={"service.beta.kubernetes.io/azure-load-balancer-internal": "true"},
        gateway=_azure_gateway,
        gpu_chart="gpu-operator",
        gpu_values={**_NODE_DRIVER, "operator": {"runtimeClass": "nvidia-container-runtime"}},
        autoscaler=None,
        secrets_below=lambda _: "",
        database_property="",
        disk_driver="disk.csi.azure.com",
        # The cluster's own disk encryption set applies to its managed disks too.
        disk_parameters=lambda _: {"skuName": "Premium_LRS"},
        secrets=_azure_secrets,
        dags=_azure_dags,
        connection=lambda lake: lake.buckets["artifacts"].apply(_wasb_connection),
        logs=_wasb_logs,
        catalog=CatalogHome(
            {"LAKEKEEPER__ENABLE_AZURE_SYSTEM_CREDENTIALS": "true"}, _azure_warehouse
        ),
    ),
}  # fmt: skip


def cloud_of(scope: Scope) -> Cloud:
    """The words of the cloud that the stack lies on."""
    return CLOUDS[scope.intent.cloud.provider]
