"""What every node has in common: no public address, the client's key, a measured boot, an identity of its own.

Leaves out GPUs (`infra/gcp/gpu_pool.py`).
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_gcp import container

from infra.scope import Scope

USE, CAPACITY = "landfall.io/use", "landfall.io/capacity"
"""Labels of nodes: what they are for, and how their capacity was had."""


def node_config(
    scope: Scope, account: pulumi.Input[str], key: pulumi.Input[str], machine: str, **more: Any
) -> container.NodePoolNodeConfigArgs:
    """A node; `more` as NodePoolNodeConfigArgs takes it."""
    disk: dict[str, Any] = {"disk_type": "pd-balanced", "disk_size_gb": 100}
    return container.NodePoolNodeConfigArgs(
        machine_type=machine,
        image_type="COS_CONTAINERD",
        boot_disk_kms_key=key,
        service_account=account,
        # Rights come from the account's roles; scopes, their forerunner, are left wide.
        oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
        shielded_instance_config=container.NodePoolNodeConfigShieldedInstanceConfigArgs(
            enable_secure_boot=True, enable_integrity_monitoring=True
        ),
        workload_metadata_config=container.NodePoolNodeConfigWorkloadMetadataConfigArgs(
            mode="GKE_METADATA"
        ),
        metadata={"disable-legacy-endpoints": "true"},
        gvnic=container.NodePoolNodeConfigGvnicArgs(enabled=True),
        tags=["landfall"],
        resource_labels=scope.labels,
        **{**disk, **more},
    )


def pool(
    scope: Scope,
    parent: pulumi.Resource,
    logical: str,
    cluster: container.Cluster,
    config: container.NodePoolNodeConfigArgs,
    *,
    least: int,
    most: int,
    zones: list[str],
    surge: bool = True,
    after: list[pulumi.Resource] | None = None,
) -> container.NodePool:
    """A pool that scales between `least` and `most` nodes in all, wherever its zones have room."""
    return container.NodePool(
        logical,
        name=logical,
        cluster=cluster.id,
        node_locations=zones,
        initial_node_count=least,
        autoscaling=container.NodePoolAutoscalingArgs(
            total_min_node_count=least,
            total_max_node_count=most,
            # Balanced for what always runs; a pool from zero takes capacity where it is found.
            location_policy="BALANCED" if least else "ANY",
        ),
        network_config=container.NodePoolNetworkConfigArgs(enable_private_nodes=True),
        management=container.NodePoolManagementArgs(auto_repair=True, auto_upgrade=True),
        upgrade_settings=container.NodePoolUpgradeSettingsArgs(
            # GPUs to spare during an upgrade are not to be had: one node at a time goes and comes back.
            strategy="SURGE",
            max_surge=1 if surge else 0,
            max_unavailable=0 if surge else 1,
        ),
        node_config=config,
        opts=scope.child(
            parent, depends_on=after, ignore_changes=["initialNodeCount", "nodeCount"]
        ),
    )
