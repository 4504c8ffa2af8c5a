"""The cluster autoscaler, where the cloud runs none: it grows node groups from zero and lets them go.

Its account is the one that `infra/aws/addons.py` gives a role to. Which pool a job may use is Kueue's and the
pod's own choice (labels), so among the groups that fit the least wasteful is taken. Leaves out GKE and AKS,
whose own autoscaler is a property of the pool.
"""

from __future__ import annotations

import pulumi

from infra.contract import Cluster
from infra.kubernetes.clouds import cloud_of
from infra.kubernetes.resources import release
from infra.scope import Scope


def build_autoscaler(
    scope: Scope, cluster: Cluster, monitoring: pulumi.Resource
) -> Autoscaler | None:
    """The autoscaler, or None where the cloud has its own."""
    return Autoscaler(scope, cluster, monitoring) if cloud_of(scope).autoscaler else None


class Autoscaler(pulumi.ComponentResource):
    """The chart, in the namespace that the cloud's role names."""

    def __init__(self, scope: Scope, cluster: Cluster, monitoring: pulumi.Resource) -> None:
        super().__init__("landfall:kubernetes:Autoscaler", "autoscaler", opts=scope.component())
        values = cloud_of(scope).autoscaler
        assert values is not None
        prod = scope.intent.environment == "prod"
        release(
            scope, self, "cluster-autoscaler", "kube-system",
            {
                **values(scope, cluster),
                "replicaCount": 2 if prod else 1,
                "rbac": {"serviceAccount": {"create": True, "name": "cluster-autoscaler"}},
                "extraArgs": {
                    "expander": "least-waste",
                    "balance-similar-node-groups": True,
                    "skip-nodes-with-system-pods": False,
                },
                "serviceMonitor": {"enabled": True, "namespace": "monitoring"},
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65534,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containerSecurityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "readOnlyRootFilesystem": True,
                },
            },
            after=[monitoring],
        )  # fmt: skip
        self.register_outputs({})
