"""External Secrets: what lies in the cloud's secret store reaches the pods that need it, by reference.

No secret passes through Pulumi. Passwords that only the cluster knows (Grafana's, Airflow's keys) are
generated inside it. Leaves out writing to the cloud's store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from infra.contract import Foundation
from infra.kubernetes.accounts import account
from infra.kubernetes.clouds import cloud_of
from infra.kubernetes.namespaces import Namespaces
from infra.kubernetes.resources import custom, metadata, release
from infra.scope import Scope

STORE = "cloud"
_API = "external-secrets.io/v1"


def build_secrets(scope: Scope, foundation: Foundation, namespaces: Namespaces) -> Secrets:
    """The operator and the store."""
    return Secrets(scope, foundation, namespaces)


class Secrets(pulumi.ComponentResource):
    """The operator, one ClusterSecretStore on the cloud's secret store, and what is drawn from both."""

    def __init__(self, scope: Scope, foundation: Foundation, namespaces: Namespaces) -> None:
        super().__init__("landfall:kubernetes:Secrets", "secrets", opts=scope.component())
        self._scope = scope
        space, cloud = "external-secrets", cloud_of(scope)
        prod = scope.intent.environment == "prod"
        operator = release(
            scope, self, "external-secrets", space,
            {
                "installCRDs": True,
                "replicaCount": 2 if prod else 1,
                "leaderElect": prod,
                # The account is ours: it carries the cloud identity that may read secrets.
                "serviceAccount": {"create": False, "name": account(space).name},
                "podLabels": dict(cloud.identity_labels),
                "podDisruptionBudget": {"enabled": prod, "minAvailable": 1},
            },
            after=[namespaces.of[space]],
        )  # fmt: skip
        self.store = custom(
            scope, self, "store", f"{_API}/ClusterSecretStore", metadata(STORE),
            {
                "provider": cloud.secrets(scope, foundation),
                # Only these namespaces may draw from the store.
                "conditions": [{"namespaces": _drawing(scope)}],
            },
            after=[operator],
        )  # fmt: skip
        self.register_outputs({})

    def draw(
        self,
        logical: str,
        name: str,
        namespace: str,
        key: pulumi.Input[str],
        template: Mapping[str, pulumi.Input[str]],
        *,
        field: str = "",
        marks: Mapping[str, Mapping[str, str]] | None = None,
    ) -> CustomResource:
        """A secret `name` made of the cloud's secret `key`, which a template calls `.value`.

        `field` is the key inside it, where the cloud keeps it as JSON; `marks` are the secret's `labels` and
        `annotations`.
        """
        reference = {"key": key, "property": field} if field else {"key": key}
        return custom(
            self._scope, self, logical, f"{_API}/ExternalSecret", metadata(name, namespace),
            {
                "refreshInterval": "1h",
                "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORE},
                "target": _target(name, template, marks),
                "data": [{"secretKey": "value", "remoteRef": reference}],
            },
            after=[self.store],
        )  # fmt: skip

    def invent(
        self, logical: str, name: str, namespace: str, template: Mapping[str, str]
    ) -> CustomResource:
        """A secret `name` made once of 32 random letters and digits, which a template calls `.password`."""
        generator = custom(
            self._scope, self, f"{logical}-generator",
            "generators.external-secrets.io/v1alpha1/Password", metadata(name, namespace),
            {"length": 32, "digits": 8, "symbols": 0, "noUpper": False, "allowRepeat": True},
            after=[self.store],
        )  # fmt: skip
        reference = {
            "apiVersion": "generators.external-secrets.io/v1alpha1",
            "kind": "Password",
            "name": name,
        }
        return custom(
            self._scope, self, logical, f"{_API}/ExternalSecret", metadata(name, namespace),
            {
                "refreshPolicy": "CreatedOnce",
                "target": _target(name, template),
                "dataFrom": [{"sourceRef": {"generatorRef": reference}}],
            },
            after=[generator],
        )  # fmt: skip


def _drawing(scope: Scope) -> list[str]:
    """The namespaces that may draw from the store."""
    jenkins = scope.intent.jenkins
    more = ["jenkins"] if jenkins and jenkins.controller else []
    if cloud_of(scope).catalog is not None:
        more.append("catalog")
    return ["mlflow", "airflow", "monitoring", *more]


def _target(
    name: str,
    template: Mapping[str, pulumi.Input[str]],
    marks: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    made: dict[str, Any] = {"engineVersion": "v2", "data": dict(template)}
    if marks:
        made["metadata"] = {key: dict(value) for key, value in marks.items()}
    return {"name": name, "creationPolicy": "Owner", "template": made}
