"""Kueue: training jobs wait for GPUs in their team's queue, with a quota a team and lending between them.

A flavor a GPU pool, tried in the intent's order of capacity. Every team owns an equal share of the GPUs
and may borrow what others leave; its own share comes back by preemption. Processor and memory are one
flavor on any node. Leaves out serving, which keeps its GPUs.
"""

from __future__ import annotations

from typing import Any

import pulumi

from infra.contract import Cluster
from infra.kubernetes import pools
from infra.kubernetes.clouds import cloud_of
from infra.kubernetes.namespaces import Namespaces
from infra.kubernetes.resources import custom, metadata, release
from infra.scope import Scope

_API = "kueue.x-k8s.io/v1beta2"
_COHORT = "training"
_BASE = {"dev": (16, 64), "staging": (32, 128), "prod": (64, 256)}
"""vCPU and GiB beside the GPU nodes that all teams may ask for together."""
_CONFIGURATION = """\
apiVersion: config.kueue.x-k8s.io/v1beta2
kind: Configuration
health: {healthProbeBindAddress: ":8081"}
metrics: {bindAddress: ":8443", enableClusterQueueResources: true}
webhook: {port: 9443}
leaderElection: {leaderElect: true, resourceName: c1f6bfd2.kueue.x-k8s.io}
manageJobsWithoutQueueName: true
managedJobsNamespaceSelector: {matchLabels: {kubernetes.io/metadata.name: training}}
integrations: {frameworks: ["batch/job", "jobset.x-k8s.io/jobset"]}
waitForPodsReady: {timeout: 20m, blockAdmission: false}
"""


def build_queues(
    scope: Scope, cluster: Cluster, namespaces: Namespaces, monitoring: pulumi.Resource
) -> Queues:
    """The operator, its flavors and one queue a team."""
    return Queues(scope, cluster, namespaces, monitoring)


class Queues(pulumi.ComponentResource):
    """Flavors, cluster queues and local queues."""

    def __init__(
        self, scope: Scope, cluster: Cluster, namespaces: Namespaces, monitoring: pulumi.Resource
    ) -> None:
        super().__init__("landfall:kubernetes:Queues", "queues", opts=scope.component())
        space = "kueue-system"
        prod = scope.intent.environment == "prod"
        operator = release(
            scope, self, "kueue", space,
            {
                "enablePrometheus": True,
                "controllerManager": {
                    "replicas": 2 if prod else 1,
                    "podDisruptionBudget": {"enabled": prod, "minAvailable": 1},
                },
                "managerConfig": {"controllerManagerConfigYaml": _CONFIGURATION},
            },
            after=[namespaces.of[space], monitoring],
        )  # fmt: skip
        training = [pool for pool in pools.gpu_pools(scope.intent) if pool.use == "training"]
        flavors: list[pulumi.Resource] = [
            custom(
                scope, self, "flavor-any", f"{_API}/ResourceFlavor", metadata("any"), {},
                after=[operator],
            )
        ]  # fmt: skip
        flavors += [self._flavor(scope, cluster, pool, operator) for pool in training]
        names = pools.teams(scope.intent)
        for place, team in enumerate(names):
            queue = custom(
                scope, self, f"cluster-queue-{team}", f"{_API}/ClusterQueue", metadata(team),
                _queue(scope, training, place, len(names)), after=flavors,
            )  # fmt: skip
            custom(
                scope, self, f"queue-{team}", f"{_API}/LocalQueue", metadata(team, "training"),
                {"clusterQueue": team}, after=[queue],
            )  # fmt: skip
        self.register_outputs({})

    def _flavor(
        self, scope: Scope, cluster: Cluster, pool: pools.Pool, operator: pulumi.Resource
    ) -> pulumi.Resource:
        cloud = cloud_of(scope)
        tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
        key, value = cloud.spot
        if pool.capacity == "spot" and key:
            tolerations.append(
                {"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"}
            )
        node = cluster.gpu_pools.apply(lambda names, place=pool.place: names[place])
        return custom(
            scope, self, f"flavor-{pool.name}", f"{_API}/ResourceFlavor", metadata(pool.name),
            {"nodeLabels": {cloud.pool_label: node}, "tolerations": tolerations},
            after=[operator],
        )  # fmt: skip


def _queue(scope: Scope, training: list[pools.Pool], place: int, among: int) -> dict[str, Any]:
    """A team's ClusterQueue: its share of everything, and the right to borrow."""
    cpu, memory = _BASE[scope.intent.environment]
    nodes = max((pool.wanted.max_nodes for pool in training), default=0)
    sold = next((pool.machine for pool in training if pool.machine), None)
    cpu += nodes * (sold.vcpu if sold else 0)
    memory += nodes * (sold.memory_gib if sold else 0)
    groups: list[dict[str, Any]] = [
        {
            "coveredResources": ["cpu", "memory"],
            "flavors": [
                {
                    "name": "any",
                    "resources": [
                        {"name": "cpu", "nominalQuota": str(_share(cpu, place, among))},
                        {"name": "memory", "nominalQuota": f"{_share(memory, place, among)}Gi"},
                    ],
                }
            ],
        }
    ]
    if training:
        flavors = [
            {
                "name": pool.name,
                "resources": [
                    {
                        "name": "nvidia.com/gpu",
                        "nominalQuota": str(_share(pool.gpus, place, among)),
                    }
                ],
            }
            for pool in training
        ]
        groups.append({"coveredResources": ["nvidia.com/gpu"], "flavors": flavors})
    return {
        "cohortName": _COHORT,
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "training"}},
        "queueingStrategy": "BestEffortFIFO",
        # Borrowed spot goes before on-demand of one's own: the order of flavors is the order of price.
        "flavorFungibility": {"whenCanBorrow": "MayStopSearch", "whenCanPreempt": "TryNextFlavor"},
        "preemption": {
            "reclaimWithinCohort": "Any",
            "withinClusterQueue": "LowerPriority",
            "borrowWithinCohort": {"policy": "Never"},
        },
        "resourceGroups": groups,
    }


def _share(whole: int, place: int, among: int) -> int:
    """Equal shares that add up to the whole: the first teams get what does not divide."""
    return whole // among + (place < whole % among)
