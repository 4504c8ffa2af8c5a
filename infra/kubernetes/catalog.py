"""The Iceberg catalog on the cluster, on a cloud that has none to offer that Spark and PyIceberg may write to.

Lakekeeper by its chart, on a database of its own, reaching the lake by workload identity. It knows callers by the
tokens that the cluster makes for their service accounts, and asks the cluster about each; which accounts may call,
and who of them may change tables or be given keys to files, the gateway decides before, since Lakekeeper's own
way to decide is one more server with one more database (docs/decisions/0011). A job makes warehouse and namespaces
and finds them made the next time. Leaves out rights on single tables, and the clients (pipelines/sign_in.py).
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from infra.contract import Cluster, Data, Database, Text
from infra.images import image
from infra.kubernetes.accounts import ACCOUNTS
from infra.kubernetes.catalog_names import (
    AUDIENCE,
    DATABASE,
    DELEGATION,
    KEY,
    NAMESPACES,
    OWN_RIGHTS,
    SPACE,
    TRUST,
    WAREHOUSE,
)
from infra.kubernetes.certificates import ISSUER, Certificates
from infra.kubernetes.clouds import CatalogHome, cloud_of
from infra.kubernetes.domain import address
from infra.kubernetes.gateway import Gateway, known_ranges, route
from infra.kubernetes.namespaces import Namespaces
from infra.kubernetes.resources import LABELS, config_map, custom, metadata, release
from infra.kubernetes.runtime import CONFINED, CONFINED_POD
from infra.kubernetes.secrets import Secrets
from infra.scope import Scope

PORT = 8181
CALLERS = "training"
"""The namespace whose pods open the catalog: the monthly flow's."""
_SUBMITS, _WRITES, _READS = "ingest", "transform", "train"
"""The workloads that may call: the one that hands its step to a managed service, which has no right of its own to
the files and is given keys; the one that changes tables by its own rights; and the one that only reads."""
_ASK = "/etc/landfall/warehouse.json"
_TOKENS = "/var/run/secrets/landfall/catalog"


def build_catalog(
    scope: Scope,
    data: Data,
    cluster: Cluster,
    database: Database,
    namespaces: Namespaces,
    certificates: Certificates,
    secrets: Secrets,
    gateway: Gateway,
) -> Catalog | None:
    """The server, or None where the cloud has a catalog of its own."""
    home = cloud_of(scope).catalog
    if home is None:
        return None
    return Catalog(scope, home, data, cluster, database, namespaces, certificates, secrets, gateway)


class Catalog(pulumi.ComponentResource):
    """Lakekeeper, its warehouse, its route, and who may come by it."""

    def __init__(
        self,
        scope: Scope,
        home: CatalogHome,
        data: Data,
        cluster: Cluster,
        database: Database,
        namespaces: Namespaces,
        certificates: Certificates,
        secrets: Secrets,
        gateway: Gateway,
    ) -> None:
        super().__init__("landfall:kubernetes:Catalog", "catalog", opts=scope.component())
        login = secrets.draw(
            "catalog-database", "database", SPACE, database.secret,
            {"password": "{{ .value }}"}, field=cloud_of(scope).database_property,
        )  # fmt: skip
        key = secrets.draw(
            "catalog-key", "encryption", SPACE, scope.name("secret", KEY),
            {"encryptionKey": "{{ .value }}"}, field=cloud_of(scope).database_property,
        )  # fmt: skip
        server = release(
            scope, self, "catalog", SPACE, _values(scope, home, cluster, database),
            after=[namespaces.of[SPACE], login, key],
        )  # fmt: skip
        self._prepare(scope, home, data, cluster, namespaces, server)
        way = route(scope, self, gateway, SPACE, SPACE, [{"name": SPACE, "port": PORT}],
                    after=[server])  # fmt: skip
        custom(
            scope, self, "callers", "gateway.envoyproxy.io/v1alpha1/SecurityPolicy",
            metadata("callers", SPACE), _callers(scope, cluster.oidc_issuer),
            after=[way],
        )  # fmt: skip
        self._trust(scope, namespaces, certificates)
        self.register_outputs({})

    def _prepare(
        self,
        scope: Scope,
        home: CatalogHome,
        data: Data,
        cluster: Cluster,
        namespaces: Namespaces,
        server: pulumi.Resource,
    ) -> None:
        """The job that makes warehouse and namespaces where they are not there, as an account of its own."""
        asked = pulumi.Output.all(
            warehouse=home.warehouse(data.lake),
            namespaces={zone: data.lake.zones[zone] for zone in NAMESPACES},
        ).apply(_request)
        given = config_map(
            scope, self, "warehouse", metadata("warehouse", SPACE),
            {"warehouse.json": pulumi.Output.json_dumps(asked, sort_keys=True)},
        )  # fmt: skip
        account = core.ServiceAccount(
            "prepare-account",
            metadata=metadata("prepare", SPACE),
            automount_service_account_token=False,
            opts=scope.child(self, depends_on=[namespaces.of[SPACE]]),
        )
        kubernetes.batch.v1.Job(
            "prepare",
            metadata=metadata("prepare", SPACE),
            spec=kubernetes.batch.v1.JobSpecArgs(
                backoff_limit=6, template=_pod(image(cluster, "landfall"))
            ),
            opts=scope.child(self, depends_on=[server, given, account]),
        )

    def _trust(self, scope: Scope, namespaces: Namespaces, certificates: Certificates) -> None:
        """Beside the callers' pods, the certificate that signs the gateway's: cert-manager lays it into any secret
        that it makes. The certificate that the secret is made for is used by nobody."""
        custom(
            scope, self, "trust", "cert-manager.io/v1/Certificate", metadata(TRUST, CALLERS),
            {
                "secretName": TRUST,
                "dnsNames": [f"{TRUST}.{CALLERS}.svc"],
                "duration": "2160h",
                "renewBefore": "720h",
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
                "issuerRef": {"name": ISSUER, "kind": "ClusterIssuer"},
            },
            after=[certificates.issuer, namespaces.of[CALLERS]],
        )  # fmt: skip


def _request(told: dict[str, Any]) -> dict[str, Any]:
    """What the job makes: the warehouse, and where each namespace's tables lie."""
    dropped = {"type": "soft", "expiration-seconds": 7 * 24 * 3600}
    return {
        "warehouse": {"warehouse-name": WAREHOUSE, "delete-profile": dropped, **told["warehouse"]},
        "namespaces": {name: f"{zone}/tables" for name, zone in told["namespaces"].items()},
    }


def _values(
    scope: Scope, home: CatalogHome, cluster: Cluster, database: Database
) -> dict[str, Any]:
    prod, cloud = scope.intent.environment == "prod", cloud_of(scope)
    small = {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}}
    annotation = {cloud.identity_annotation: cluster.catalog_identity}
    return {
        "fullnameOverride": SPACE,
        "helmWait": True,  # the migration is no hook then, for which the release would wait for ever
        "catalog": {
            "replicas": 2 if prod else 1,
            "resources": small,
            "podLabels": dict(cloud.identity_labels),
            "podSecurityContext": {
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containerSecurityContext": CONFINED,
            "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
            "dbMigrations": {"resources": small},
            "initContainers": {"checkDb": {"resources": small}},
            "config": {
                "LAKEKEEPER__BASE_URI": address(scope, SPACE),
                "LAKEKEEPER__PG_SSL_MODE": "require",
                "LAKEKEEPER__SERVE_SWAGGER_UI": "false",
                **home.settings,
            },
        },
        "serviceAccount": {"create": True, "name": SPACE, "annotations": annotation},
        "secretBackend": {
            "type": "Postgres",
            "postgres": {
                "encryptionKeySecret": "encryption",
                "encryptionKeySecretKey": "encryptionKey",
            },
        },
        "postgresql": {"enabled": False},
        "externalDatabase": {
            "type": "postgres",
            "host_read": database.host,
            "host_write": database.host,
            "port": 5432,
            "database": DATABASE,
            "user": database.user,
            "passwordSecret": "database",
            "passwordSecretKey": "password",
        },
        "auth": {"k8s": {"enabled": True, "audience": AUDIENCE}},
        "authz": {"backend": "allowall"},  # the gateway has decided
    }


def _pod(name: pulumi.Output[str]) -> core.PodTemplateSpecArgs:
    container: dict[str, Any] = {
        "name": "prepare",
        "image": name,
        "command": ["python", "-m", "pipelines.lakekeeper"],
        "args": [f"http://{SPACE}.{SPACE}.svc:{PORT}", _ASK, f"{_TOKENS}/token"],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": CONFINED,
        "volumeMounts": [
            {"name": "ask", "mountPath": _ASK.rpartition("/")[0], "readOnly": True},
            {"name": "token", "mountPath": _TOKENS, "readOnly": True},
        ],
    }  # fmt: skip
    token = {"audience": AUDIENCE, "expirationSeconds": 3600, "path": "token"}
    return core.PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(labels=LABELS),
        spec={
            "restartPolicy": "Never",
            "serviceAccountName": "prepare",
            "automountServiceAccountToken": False,
            "securityContext": CONFINED_POD,
            "containers": [container],
            "volumes": [
                {"name": "ask", "configMap": {"name": "warehouse"}},
                {"name": "token", "projected": {"sources": [{"serviceAccountToken": token}]}},
            ],
        },  # pyright: ignore[reportArgumentType]
    )


def _callers(scope: Scope, issuer: Text) -> dict[str, Any]:
    """Which accounts are let through. The gateway's own rule does not reach a route that has one, so the known
    ranges stand here again."""

    def allow(workload: str, **more: Any) -> dict[str, Any]:
        who = [
            one.subject for one in ACCOUNTS if (one.namespace, one.workload) == (CALLERS, workload)
        ]
        claims = [{"name": "sub", "valueType": "String", "values": who}]
        principal = {
            "clientCIDRs": known_ranges(scope),
            "jwt": {"provider": "cluster", "claims": claims},
        }
        operation = {"operation": more.pop("operation")} if "operation" in more else {}
        return {
            "name": workload,
            "action": "Allow",
            "principal": {**principal, **more},
            **operation,
        }

    own = [{"name": DELEGATION.lower(), "values": [OWN_RIGHTS]}]
    keys = issuer.apply(lambda one: f"{one.rstrip('/')}/openid/v1/jwks")
    return {
        "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": SPACE}],
        "jwt": {
            "providers": [
                {
                    "name": "cluster",
                    "issuer": issuer,
                    "audiences": [AUDIENCE],
                    "remoteJWKS": {"uri": keys},
                }
            ]
        },
        "authorization": {
            "defaultAction": "Deny",
            "rules": [
                allow(_SUBMITS),
                allow(_WRITES, headers=own),
                allow(_READS, headers=own, operation={"methods": ["GET", "HEAD"]}),
            ],
        },
    }  # fmt: skip
