"""cert-manager, and an authority of the platform's own for addresses inside the network.

Clients trust `ca.crt` of the secret `platform-ca` in the namespace `cert-manager`. Leaves out public
certificates: nothing here has a public address.
"""

from __future__ import annotations

import pulumi

from infra.kubernetes.namespaces import Namespaces
from infra.kubernetes.resources import custom, metadata, release
from infra.scope import Scope

ISSUER = "platform"
_API = "cert-manager.io/v1"


def build_certificates(scope: Scope, namespaces: Namespaces) -> Certificates:
    """The operator and the issuer; others wait for `issuer`."""
    return Certificates(scope, namespaces)


class Certificates(pulumi.ComponentResource):
    """A self-signed root, and the cluster issuer that signs by it."""

    def __init__(self, scope: Scope, namespaces: Namespaces) -> None:
        super().__init__("landfall:kubernetes:Certificates", "certificates", opts=scope.component())
        space = "cert-manager"
        prod = scope.intent.environment == "prod"
        self.operator = release(
            scope, self, "cert-manager", space,
            {
                "crds": {"enabled": True, "keep": True},
                "replicaCount": 2 if prod else 1,
                "webhook": {"replicaCount": 3 if prod else 1},
                "podDisruptionBudget": {"enabled": prod},
                "prometheus": {"enabled": True},
            },
            after=[namespaces.of[space]],
        )  # fmt: skip
        root = custom(
            scope, self, "root", f"{_API}/ClusterIssuer", metadata("platform-root"),
            {"selfSigned": {}}, after=[self.operator],
        )  # fmt: skip
        authority = custom(
            scope, self, "authority", f"{_API}/Certificate", metadata("platform-ca", space),
            {
                "isCA": True,
                "commonName": "Landfall platform",
                "secretName": "platform-ca",
                "duration": "87600h",
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
                "issuerRef": {"name": "platform-root", "kind": "ClusterIssuer"},
            },
            after=[root],
        )  # fmt: skip
        self.issuer = custom(
            scope, self, "issuer", f"{_API}/ClusterIssuer", metadata(ISSUER),
            {"ca": {"secretName": "platform-ca"}}, after=[authority],
        )  # fmt: skip
        self.register_outputs({})
