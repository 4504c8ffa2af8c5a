"""MLflow on the cloud's PostgreSQL and the artifacts zone.

Clients write artifacts to the zone themselves, by their own identity; the server reads them for people.
The database's password comes from the cloud's secret store. Leaves out accounts of MLflow's own: the
gateway and the network policies decide who reaches it.
"""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs

from infra.contract import Cluster, Data, Database
from infra.images import repository
from infra.kubernetes.accounts import account
from infra.kubernetes.clouds import cloud_of
from infra.kubernetes.domain import domain
from infra.kubernetes.gateway import Gateway, route
from infra.kubernetes.namespaces import Namespaces
from infra.kubernetes.resources import metadata, release
from infra.kubernetes.runtime import CONFINED, CONFINED_POD, TRACKING
from infra.kubernetes.secrets import Secrets
from infra.scope import Scope
from landfall import __version__

_SPACE = "mlflow"


def build_tracking(
    scope: Scope,
    data: Data,
    cluster: Cluster,
    database: Database,
    namespaces: Namespaces,
    secrets: Secrets,
    gateway: Gateway,
) -> Tracking:
    """The server and its route."""
    return Tracking(scope, data, cluster, database, namespaces, secrets, gateway)


class Tracking(pulumi.ComponentResource):
    """MLflow by Helm, in our image."""

    def __init__(
        self,
        scope: Scope,
        data: Data,
        cluster: Cluster,
        database: Database,
        namespaces: Namespaces,
        secrets: Secrets,
        gateway: Gateway,
    ) -> None:
        super().__init__("landfall:kubernetes:Tracking", "tracking", opts=scope.component())
        login = secrets.draw(
            "mlflow-database", "database", _SPACE, database.secret,
            {"username": database.user, "password": "{{ .value }}"},
            field=cloud_of(scope).database_property,
        )  # fmt: skip
        ours = {"repository": repository(cluster, "mlflow"), "tag": __version__}
        count = 2 if scope.intent.environment == "prod" else 1
        server = release(
            scope, self, "mlflow", _SPACE,
            {
                "replicaCount": count,
                "image": ours,
                "initImages": {"mlflowDbMigration": ours},
                "serviceAccount": {"create": False, "name": account(_SPACE).name},
                "extraPodLabels": dict(cloud_of(scope).identity_labels),
                "podSecurityContext": CONFINED_POD,
                "securityContext": CONFINED,
                "backendStore": {
                    "databaseMigration": True,
                    "postgres": {
                        "enabled": True,
                        "host": database.host,
                        "port": 5432,
                        "database": database.name,
                    },
                    "existingDatabaseSecret": {"name": "database"},
                },
                "artifactRoot": {
                    "proxiedArtifactStorage": False,
                    "defaultArtifactRoot": pulumi.Output.concat(
                        data.lake.zones["artifacts"], "/models"
                    ),
                },
                # Against DNS rebinding: the names by which it is called.
                "serverAllowedHosts": [
                    f"mlflow.{domain(scope)}:*", f"{TRACKING}:*", TRACKING,
                ],
                "extraEnvVars": {"PGSSLMODE": "require"},
                "extraVolumes": [{"name": "tmp", "emptyDir": {}}],
                "extraVolumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
                "resources": {
                    "requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "2Gi"},
                },
            },
            after=[namespaces.of[_SPACE], login],
        )  # fmt: skip
        route(scope, self, gateway, "mlflow", _SPACE, [{"name": "mlflow", "port": 80}],
              after=[server])  # fmt: skip
        kubernetes.policy.v1.PodDisruptionBudget(
            "budget",
            metadata=metadata("mlflow", _SPACE),
            spec=kubernetes.policy.v1.PodDisruptionBudgetSpecArgs(
                max_unavailable=1,
                selector=LabelSelectorArgs(match_labels={"app.kubernetes.io/name": "mlflow"}),
            ),
            opts=scope.child(self, depends_on=[server]),
        )
        self.register_outputs({})
