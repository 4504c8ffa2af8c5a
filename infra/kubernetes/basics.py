"""What belongs to the whole cluster: priorities, and encrypted disks.

Serving goes before training, so that a full cluster sheds jobs, which resume, and not answers.
"""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes

from infra.contract import Foundation
from infra.kubernetes.clouds import cloud_of
from infra.kubernetes.resources import metadata
from infra.scope import Scope

SERVING, TRAINING = "landfall-serving", "landfall-training"
STORAGE_CLASS = "landfall-encrypted"


def build_basics(scope: Scope, foundation: Foundation) -> Basics:
    """Priority classes and the storage class."""
    return Basics(scope, foundation)


class Basics(pulumi.ComponentResource):
    """Two priority classes and the storage class on the cluster's customer-managed key."""

    def __init__(self, scope: Scope, foundation: Foundation) -> None:
        super().__init__("landfall:kubernetes:Basics", "basics", opts=scope.component())
        for logical, name, value, preemption in (
            ("serving", SERVING, 1_000_000, "PreemptLowerPriority"),
            ("training", TRAINING, 1_000, "Never"),
        ):
            kubernetes.scheduling.v1.PriorityClass(
                logical,
                metadata=metadata(name),
                value=value,
                preemption_policy=preemption,
                global_default=False,
                description=f"Landfall: {logical}",
                opts=scope.child(self),
            )
        cloud = cloud_of(scope)
        self.storage = kubernetes.storage.v1.StorageClass(
            "encrypted",
            metadata=metadata(STORAGE_CLASS),
            provisioner=cloud.disk_driver,
            parameters=dict(cloud.disk_parameters(foundation)),
            reclaim_policy="Retain",
            allow_volume_expansion=True,
            volume_binding_mode="WaitForFirstConsumer",
            opts=scope.child(self),
        )
        self.register_outputs({})
