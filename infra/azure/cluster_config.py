"""What the AKS cluster and its nodes are like: who may enter, how they are connected, kept and kept safe.

Leaves out identities, pools and what hangs on the cluster (`infra/azure/cluster.py`, `gpu_pool.py`).
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_azure_native import containerservice

from infra.azure.addresses import Addresses
from infra.azure.groups import group_name
from infra.azure.provider import region_of
from infra.azure.vault import tenant_of
from infra.azure.zones import zones
from infra.contract import Foundation, Text
from infra.kubernetes.pools import gpu_pools
from infra.scope import Scope

VERSION = "1.35"
"""https://learn.microsoft.com/azure/aks/supported-kubernetes-versions; patches come by themselves."""
SYSTEM, CPU = "system", "cpu"
SIZES = {
    "dev": {SYSTEM: ("Standard_D2as_v5", 1, 3), CPU: ("Standard_D4as_v5", 0, 3)},
    "staging": {SYSTEM: ("Standard_D4as_v5", 1, 3), CPU: ("Standard_D4as_v5", 0, 6)},
    "prod": {SYSTEM: ("Standard_D4as_v5", 3, 6), CPU: ("Standard_D8as_v5", 0, 20)},
}
"""Machine, least and most nodes; the CPU pool starts from zero."""
_OUTBOUND = {"nat": "userAssignedNATGateway", "allow-list": "userDefinedRouting", "none": "none"}
_DISK_GIB = 128


def cluster_config(
    scope: Scope, foundation: Foundation, where: Text, addresses: Addresses
) -> dict[str, Any]:
    """The cluster but for its identities: who may enter, how it is connected, kept and kept safe."""
    strict = scope.intent.environment == "prod"
    secure = containerservice.ManagedClusterSecurityProfileArgs(
        workload_identity=containerservice.ManagedClusterSecurityProfileWorkloadIdentityArgs(
            enabled=True
        ),
        image_cleaner=containerservice.ManagedClusterSecurityProfileImageCleanerArgs(
            enabled=True, interval_hours=168
        ),
        defender=_defender(foundation.security.log_workspace) if strict else None,
    )
    return {
        "resource_name_": scope.name("cluster", "platform"),
        "resource_group_name": where,
        "node_resource_group": group_name(scope, "cluster-nodes"),
        "location": region_of(scope),
        "kubernetes_version": VERSION,
        "dns_prefix": scope.name("cluster", "platform"),
        "sku": containerservice.ManagedClusterSKUArgs(
            name="Base", tier="Standard" if strict else "Free"
        ),
        "enable_rbac": True,
        "disable_local_accounts": True,
        "aad_profile": containerservice.ManagedClusterAADProfileArgs(
            managed=True, enable_azure_rbac=True, tenant_id=tenant_of(scope)
        ),
        **_api(scope, foundation),
        "network_profile": _network(scope, addresses),
        "agent_pool_profiles": [_system_pool(scope, foundation)],
        "oidc_issuer_profile": containerservice.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
        "security_profile": secure,
        "auto_scaler_profile": containerservice.ManagedClusterPropertiesAutoScalerProfileArgs(
            expander="least-waste",
            scale_down_unneeded_time="10m",
            skip_nodes_with_local_storage="false",
            skip_nodes_with_system_pods="true",
        ),
        "auto_upgrade_profile": containerservice.ManagedClusterAutoUpgradeProfileArgs(
            upgrade_channel="patch", node_os_upgrade_channel="NodeImage"
        ),
        "node_resource_group_profile": containerservice.ManagedClusterNodeResourceGroupProfileArgs(
            restriction_level="ReadOnly"
        ),
        "addon_profiles": {
            "azurepolicy": containerservice.ManagedClusterAddonProfileArgs(enabled=True)
        },
        "storage_profile": containerservice.ManagedClusterStorageProfileArgs(
            disk_csi_driver=containerservice.ManagedClusterStorageProfileDiskCSIDriverArgs(
                enabled=True
            ),
            file_csi_driver=containerservice.ManagedClusterStorageProfileFileCSIDriverArgs(
                enabled=False
            ),
            blob_csi_driver=containerservice.ManagedClusterStorageProfileBlobCSIDriverArgs(
                enabled=False
            ),
        ),
        "tags": scope.labels,
    }


def _system_pool(
    scope: Scope, foundation: Foundation
) -> containerservice.ManagedClusterAgentPoolProfileArgs:
    machine, least, most = SIZES[scope.intent.environment][SYSTEM]
    return containerservice.ManagedClusterAgentPoolProfileArgs(
        name=SYSTEM,
        mode="System",
        vm_size=machine,
        count=least,
        min_count=least,
        max_count=most,
        # Nothing of ours runs beside what keeps the cluster alive.
        node_taints=["CriticalAddonsOnly=true:NoSchedule"],
        **node_config(scope, foundation),
    )


def node_config(scope: Scope, foundation: Foundation) -> dict[str, Any]:
    """What every node without a GPU is like."""
    return {
        "type": "VirtualMachineScaleSets",
        "enable_auto_scaling": True,
        "availability_zones": zones(scope),
        "vnet_subnet_id": foundation.network.cluster_subnet,
        "os_type": "Linux",
        "os_sku": "AzureLinux",
        "os_disk_type": "Managed",
        "os_disk_size_gb": _DISK_GIB,
        "enable_encryption_at_host": True,
        "enable_node_public_ip": False,
        "upgrade_settings": containerservice.AgentPoolUpgradeSettingsArgs(max_surge="33%"),
    }


def _api(scope: Scope, foundation: Foundation) -> dict[str, Any]:
    """Who reaches the API: the network alone, or also the ranges of `network.api_from`.

    A public API is the nodes' too, so the addresses by which they leave are let in
    (https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges).
    """
    profile = containerservice.ManagedClusterAPIServerAccessProfileArgs
    outside = scope.intent.network.api_from
    if not outside:
        hidden = profile(
            enable_private_cluster=True,
            enable_private_cluster_public_fqdn=False,
            private_dns_zone="system",
            disable_run_command=True,
        )
        return {"api_server_access_profile": hidden, "public_network_access": "Disabled"}
    known = scope.intent.network.adopt.egress_addresses
    own: list[pulumi.Input[str]] = list(known)
    if not known:
        made = foundation.network.egress_addresses.apply(lambda addresses: f"{addresses[0]}/32")
        own = [made]
    listed = profile(authorized_ip_ranges=[*outside, *own], disable_run_command=True)
    return {"api_server_access_profile": listed, "public_network_access": "Enabled"}


def _network(
    scope: Scope, addresses: Addresses
) -> containerservice.ContainerServiceNetworkProfileArgs:
    return containerservice.ContainerServiceNetworkProfileArgs(
        network_plugin="azure",
        network_plugin_mode="overlay",
        network_dataplane="cilium",
        network_policy="cilium",
        load_balancer_sku="standard",
        outbound_type=_OUTBOUND[scope.intent.network.egress],
        pod_cidr=addresses.pods,
        service_cidr=addresses.services,
        dns_service_ip=addresses.dns_service,
    )


def _defender(workspace: Text) -> containerservice.ManagedClusterSecurityProfileDefenderArgs:
    return containerservice.ManagedClusterSecurityProfileDefenderArgs(
        log_analytics_workspace_resource_id=workspace,
        security_monitoring=containerservice.ManagedClusterSecurityProfileDefenderSecurityMonitoringArgs(
            enabled=True
        ),
    )


def most_nodes(scope: Scope) -> int:
    """Nodes when every pool has grown, and one of each above for an upgrade."""
    sizes = SIZES[scope.intent.environment]
    gpus = sum(one.wanted.max_nodes for one in gpu_pools(scope.intent))
    return sum(most for _, _, most in sizes.values()) + gpus + len(sizes)
