"""Airflow by Helm where the intent wants it on the cluster: a pod a task, DAGs from the artifacts zone.

The chart runs our image (Airflow with the project in it). Its metadata lies in a database `airflow` on the
platform's PostgreSQL, made by a job since two programs' migrations cannot share one. Keys are made in
the cluster. Leaves out people's accounts: `kubectl -n airflow exec deploy/airflow-api-server -- airflow
users create …` makes the first, so that no password is set by Pulumi.
"""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from infra.contract import Cluster, Data, Database
from infra.images import image, repository
from infra.kubernetes.accounts import account
from infra.kubernetes.clouds import cloud_of
from infra.kubernetes.domain import address
from infra.kubernetes.gateway import Gateway, route
from infra.kubernetes.namespaces import Namespaces
from infra.kubernetes.resources import LABELS, metadata, release
from infra.kubernetes.runtime import Runtime
from infra.kubernetes.secrets import Secrets
from infra.scope import Scope
from landfall import __version__

VERSION = "3.3.0"
"""Of Airflow in our image."""
_SPACE, _DATABASE = "airflow", "airflow"
_CPU = {"small": ("250m", "1Gi"), "medium": ("500m", "2Gi"), "large": ("1", "4Gi")}
_CONTAINER: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
}
_POD: dict[str, Any] = {
    "runAsUser": 50000,  # the user of Airflow's image
    "runAsNonRoot": True,
    "fsGroup": 0,
    "seccompProfile": {"type": "RuntimeDefault"},
}
_CREATE_DATABASE = f"""\
import os, psycopg2
connection = psycopg2.connect(os.environ["ADMIN"])
connection.autocommit = True
cursor = connection.cursor()
cursor.execute("select 1 from pg_database where datname = '{_DATABASE}'")
if cursor.fetchone() is None:
    cursor.execute("create database {_DATABASE}")
"""


def build_airflow(
    scope: Scope,
    data: Data,
    cluster: Cluster,
    database: Database,
    namespaces: Namespaces,
    secrets: Secrets,
    gateway: Gateway,
    runtime: Runtime,
) -> Airflow | None:
    """Airflow, or None where it does not run on the cluster."""
    if scope.intent.orchestration.airflow != "cluster":
        return None
    return Airflow(scope, data, cluster, database, namespaces, secrets, gateway, runtime)


class Airflow(pulumi.ComponentResource):
    """The chart with the Kubernetes executor."""

    def __init__(
        self,
        scope: Scope,
        data: Data,
        cluster: Cluster,
        database: Database,
        namespaces: Namespaces,
        secrets: Secrets,
        gateway: Gateway,
        runtime: Runtime,
    ) -> None:
        super().__init__("landfall:kubernetes:Airflow", "airflow", opts=scope.component())

        def login(to: pulumi.Input[str]) -> pulumi.Output[str]:
            user = pulumi.Output.concat("postgresql://", database.user, ":{{ .value | urlquery }}@")
            return pulumi.Output.concat(user, database.host, ":5432/", to, "?sslmode=require")

        connection = secrets.draw(
            "airflow-database", "airflow-metadata", _SPACE, database.secret,
            {"connection": login(_DATABASE), "admin": login(database.name)},
            field=cloud_of(scope).database_property,
        )  # fmt: skip
        keys = [
            secrets.invent("airflow-fernet", "airflow-fernet", _SPACE,
                           {"fernet-key": "{{ .password | b64enc }}"}),
            secrets.invent("airflow-api", "airflow-api", _SPACE,
                           {"api-secret-key": "{{ .password }}"}),
            secrets.invent("airflow-jwt", "airflow-jwt", _SPACE,
                           {"jwt-secret": "{{ .password }}"}),
        ]  # fmt: skip
        made = self._database(scope, image(cluster, "airflow"), connection)
        server = release(
            scope, self, "airflow", _SPACE, _values(scope, data, cluster, runtime),
            after=[namespaces.of[_SPACE], made, *keys, *runtime.maps],
        )  # fmt: skip
        route(scope, self, gateway, "airflow", _SPACE,
              [{"name": "airflow-api-server", "port": 8080}], after=[server])  # fmt: skip
        self.register_outputs({})

    def _database(
        self, scope: Scope, name: pulumi.Output[str], login: pulumi.Resource
    ) -> pulumi.Resource:
        """The job that makes Airflow's database where it is not there."""
        secret = core.SecretKeySelectorArgs(name="airflow-metadata", key="admin")
        container = core.ContainerArgs(
            name="create",
            image=name,
            command=["python", "-c", _CREATE_DATABASE],
            env=[core.EnvVarArgs(name="ADMIN", value_from=core.EnvVarSourceArgs(secret_key_ref=secret))],
            resources=core.ResourceRequirementsArgs(
                requests={"cpu": "100m", "memory": "256Mi"}, limits={"memory": "512Mi"}
            ),
            security_context=core.SecurityContextArgs(
                allow_privilege_escalation=False,
                capabilities=core.CapabilitiesArgs(drop=["ALL"]),
                read_only_root_filesystem=True,
                run_as_non_root=True,
            ),
        )  # fmt: skip
        return kubernetes.batch.v1.Job(
            "database",
            metadata=metadata("airflow-database", _SPACE),
            spec=kubernetes.batch.v1.JobSpecArgs(
                backoff_limit=6,
                template=core.PodTemplateSpecArgs(
                    metadata=ObjectMetaArgs(labels=LABELS),
                    spec=core.PodSpecArgs(
                        restart_policy="Never",
                        automount_service_account_token=False,
                        containers=[container],
                        security_context=core.PodSecurityContextArgs(
                            run_as_user=50000,
                            run_as_non_root=True,
                            seccomp_profile=core.SeccompProfileArgs(type="RuntimeDefault"),
                        ),
                    ),
                ),
            ),
            opts=scope.child(self, depends_on=[login]),
        )


def _values(scope: Scope, data: Data, cluster: Cluster, runtime: Runtime) -> dict[str, Any]:
    cloud, prod = cloud_of(scope), scope.intent.environment == "prod"
    cpu, memory = _CPU[scope.intent.orchestration.size]
    bundle, arguments = cloud.dags(data.lake)
    bundles = arguments.apply(
        lambda kwargs: json.dumps([{"name": "landfall", "classpath": bundle, "kwargs": kwargs}])
    )
    config = pulumi.Output.all(bundles=bundles, logs=cloud.logs(data.lake)).apply(
        lambda known: {
            **known["logs"],
            "core": {"load_examples": "False", "parallelism": 32},
            "dag_processor": {"dag_bundle_config_list": known["bundles"]},
            "api": {"base_url": address(scope, "airflow")},
            "kubernetes_executor": {"delete_worker_pods": "True", "namespace": _SPACE},
        }
    )
    acting = {"create": False, "name": account(_SPACE).name}
    part = {
        "serviceAccount": acting,
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
    }
    several = {**part, "replicas": 2 if prod else 1, "podDisruptionBudget": {"enabled": prod}}
    return {
        "executor": "KubernetesExecutor",
        "airflowVersion": VERSION,
        "images": {"airflow": {"repository": repository(cluster, "airflow"), "tag": __version__}},
        "labels": dict(cloud.identity_labels),
        "securityContexts": {"pod": _POD, "containers": _CONTAINER},
        "data": {"metadataSecretName": "airflow-metadata"},
        "fernetKeySecretName": "airflow-fernet",
        "apiSecretKeySecretName": "airflow-api",
        "jwtSecretName": "airflow-jwt",
        "postgresql": {"enabled": False},
        "redis": {"enabled": False},
        "statsd": {"enabled": False},
        "createUserJob": {"defaultUser": {"enabled": False}},
        "migrateDatabaseJob": {"useHelmHooks": False, "serviceAccount": acting},
        "scheduler": several,
        "apiServer": several,
        "dagProcessor": {"enabled": True, **part},
        "triggerer": {**part, "persistence": {"enabled": False}},
        "workers": part,
        "env": [
            *runtime.environment,
            {"name": "AIRFLOW_CONN_LANDFALL", "value": cloud.connection(data.lake)},
        ],
        "volumes": runtime.volumes(),
        "volumeMounts": runtime.mounts,
        "config": config,
    }
