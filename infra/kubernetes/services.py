"""What runs on the cluster, in the order in which it can be built; the layer `ml` ends here.

Each part is one file and one component. Leaves out the cluster and its pools (`infra/<cloud>/cluster.py`).
"""

from __future__ import annotations

import pulumi

from infra.contract import Cluster, Data, Database, Foundation, Services
from infra.kubernetes.admission import build_admission
from infra.kubernetes.airflow import build_airflow
from infra.kubernetes.autoscaler import build_autoscaler
from infra.kubernetes.basics import build_basics
from infra.kubernetes.catalog import build_catalog
from infra.kubernetes.certificates import build_certificates
from infra.kubernetes.domain import address
from infra.kubernetes.gateway import build_gateway, name_gateway, route
from infra.kubernetes.gpu import build_gpu
from infra.kubernetes.jenkins import build_jenkins
from infra.kubernetes.monitoring import GRAFANA, build_monitoring
from infra.kubernetes.namespaces import build_namespaces
from infra.kubernetes.preview import build_preview
from infra.kubernetes.provider import open_cluster
from infra.kubernetes.queues import build_queues
from infra.kubernetes.runtime import Runtime
from infra.kubernetes.secrets import build_secrets
from infra.kubernetes.serving import build_serving
from infra.kubernetes.tracking import build_tracking
from infra.scope import Scope


def build_services(
    scope: Scope, foundation: Foundation, data: Data, cluster: Cluster, database: Database
) -> Services:
    """Everything that runs on the cluster; gives the addresses inside the network."""
    cloud, scope = scope, open_cluster(scope, cluster)
    services = Services(pulumi.Output.all(**addresses(scope, data)))
    namespaces = build_namespaces(scope, foundation)
    build_admission(scope, cluster, namespaces)
    build_preview(scope, foundation)
    basics = build_basics(scope, foundation)
    certificates = build_certificates(scope, namespaces)
    secrets = build_secrets(scope, foundation, namespaces)
    monitoring = build_monitoring(scope, namespaces, basics, secrets)
    gateway = build_gateway(scope, namespaces, certificates, monitoring.operator)
    name_gateway(cloud, gateway, foundation)
    name, port = GRAFANA
    route(scope, monitoring, gateway, "grafana", "monitoring", [{"name": name, "port": port}],
          after=[monitoring.operator])  # fmt: skip
    build_autoscaler(scope, cluster, monitoring.operator)
    build_gpu(scope, namespaces, monitoring.operator)
    build_queues(scope, cluster, namespaces, monitoring.operator)
    runtime = Runtime(scope, foundation, data, cluster, database, services, namespaces)
    build_catalog(scope, data, cluster, database, namespaces, certificates, secrets, gateway)
    build_tracking(scope, data, cluster, database, namespaces, secrets, gateway)
    build_serving(scope, cluster, namespaces, certificates, monitoring.operator, gateway, runtime)
    build_airflow(scope, data, cluster, database, namespaces, secrets, gateway, runtime)
    build_jenkins(scope, cluster, namespaces, basics, secrets, gateway, monitoring.operator)
    return services


def addresses(scope: Scope, data: Data) -> dict[str, pulumi.Input[str]]:
    """Service → address. `airflow` is the managed one's where the cloud runs it."""
    found: dict[str, pulumi.Input[str]] = {
        name: address(scope, name) for name in ("mlflow", "grafana")
    }
    if scope.intent.ml is not None:
        found["serving"] = address(scope, "serving")
    if scope.intent.jenkins and scope.intent.jenkins.controller:
        found["jenkins"] = address(scope, "jenkins")
    if scope.intent.orchestration.airflow == "cluster":
        found["airflow"] = address(scope, "airflow")
    elif data.orchestration is not None:
        found["airflow"] = data.orchestration.endpoint
    return found
