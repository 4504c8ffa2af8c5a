"""NVIDIA devices on GPU nodes, and their metrics: what the cloud's own image does not bring yet.

The driver comes with each cloud's node image, so nothing here installs one (`clouds.py` says what comes
from where). Leaves out MIG and time-slicing: the intent counts whole GPUs.
"""

from __future__ import annotations

import pulumi

from infra.kubernetes import pools
from infra.kubernetes.clouds import cloud_of
from infra.kubernetes.namespaces import Namespaces
from infra.kubernetes.resources import release
from infra.scope import Scope


def build_gpu(scope: Scope, namespaces: Namespaces, monitoring: pulumi.Resource) -> Gpu | None:
    """Device support, or None where the intent asks for no GPU."""
    return Gpu(scope, namespaces, monitoring) if pools.gpu_pools(scope.intent) else None


class Gpu(pulumi.ComponentResource):
    """The GPU operator without its driver, or the DCGM exporter alone."""

    def __init__(self, scope: Scope, namespaces: Namespaces, monitoring: pulumi.Resource) -> None:
        super().__init__("landfall:kubernetes:Gpu", "gpu", opts=scope.component())
        cloud, space = cloud_of(scope), "gpu-operator"
        own = {
            "gpu-operator": {"dcgmExporter": {"serviceMonitor": {"enabled": True}}},
            "dcgm-exporter": {"serviceMonitor": {"enabled": True}},
        }
        release(
            scope, self, cloud.gpu_chart, space, {**own[cloud.gpu_chart], **cloud.gpu_values},
            after=[namespaces.of[space], monitoring],
        )  # fmt: skip
        self.register_outputs({})
