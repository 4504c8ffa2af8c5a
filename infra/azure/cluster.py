"""The AKS cluster: private, Entra only, our key on its disks, pools for the system, for CPU and for GPUs.

Pods get addresses of the overlay and policies by Cilium; service accounts of `infra/kubernetes/accounts.py`
act as the workloads' identities by federation. Secrets in etcd are encrypted by Azure's key: with a key of ours
AKS would pin one version of it, which ends when the key turns; secrets that matter lie in the vault. Leaves out
what runs inside (`infra/kubernetes/`).
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_azure_native import compute, containerservice, managedidentity, privatedns

from infra.azure.addresses import Addresses, carve, check_room
from infra.azure.endpoints import inside_zone
from infra.azure.gpu_pool import build_gpu_pools, pool_name
from infra.azure.groups import group, group_id, group_name
from infra.azure.identity import AUDIENCE
from infra.azure.kubeconfig import build_kubeconfig
from infra.azure.provider import region_of
from infra.azure.registry import build_registry
from infra.azure.roles import grant, role_id
from infra.azure.vault import tenant_of
from infra.azure.zones import zones
from infra.contract import Cluster, Data, Foundation, Text
from infra.kubernetes.accounts import ACCOUNTS
from infra.kubernetes.pools import gpu_pools
from infra.scope import Scope

VERSION = "1.35"
"""https://learn.microsoft.com/azure/aks/supported-kubernetes-versions; patches come by themselves."""
SYSTEM, CPU = "system", "cpu"
_SIZES = {
    "dev": {SYSTEM: ("Standard_D2as_v5", 1, 3), CPU: ("Standard_D4as_v5", 0, 3)},
    "staging": {SYSTEM: ("Standard_D4as_v5", 1, 3), CPU: ("Standard_D4as_v5", 0, 6)},
    "prod": {SYSTEM: ("Standard_D4as_v5", 3, 6), CPU: ("Standard_D8as_v5", 0, 20)},
}
"""Machine, least and most nodes; the CPU pool starts from zero."""
_OUTBOUND = {"nat": "userAssignedNATGateway", "allow-list": "userDefinedRouting", "none": "none"}
_DISK_GIB = 128
_WINDOWS = {"aksManagedAutoUpgradeSchedule": "02:00", "aksManagedNodeOSUpgradeSchedule": "03:00"}


class AzureCluster(pulumi.ComponentResource):
    """Cluster, pools, registry, disks' key, names and identities."""

    def __init__(self, scope: Scope, foundation: Foundation) -> None:
        super().__init__("landfall:azure:Cluster", "cluster", {}, scope.component())
        self._scope = scope
        self._foundation = foundation
        self._group = group(scope, foundation.organization, "ml")
        addresses = carve(scope.intent.network.cidr)
        check_room(addresses, _most_nodes(scope))
        registry, before = build_registry(scope, self, self._group, foundation)
        disks = self._disks()
        operator, kubelet = self._identity("cluster"), self._identity("kubelet")
        before = [*before, *self._cluster_grants(operator, kubelet, disks, registry.id)]
        self._cluster = containerservice.ManagedCluster(
            "cluster",
            **self._what(addresses),
            identity=containerservice.ManagedClusterIdentityArgs(
                type=containerservice.ResourceIdentityType.USER_ASSIGNED,
                user_assigned_identities=[operator.id],
            ),
            identity_profile={
                "kubeletidentity": containerservice.UserAssignedIdentityArgs(
                    resource_id=kubelet.id,
                    client_id=kubelet.client_id,
                    object_id=kubelet.principal_id,
                )
            },
            disk_encryption_set_id=disks.id,
            bootstrap_profile=containerservice.ManagedClusterBootstrapProfileArgs(
                artifact_source="Cache", container_registry_id=registry.id
            )
            if scope.intent.network.egress == "none"
            else None,
            opts=scope.child(
                self,
                depends_on=before,
                # AKS raises the version within its channel; the autoscaler owns the number of nodes.
                ignore_changes=["kubernetesVersion", "agentPoolProfiles[0].count"],
            ),
        )
        self._cpu_pool()
        pools = build_gpu_pools(
            scope,
            self,
            self._group,
            self._cluster,
            operator.principal_id,
            foundation.network.cluster_subnet,
            foundation.organization,
        )
        self._windows()
        self._accounts()
        self._names(addresses)
        kubeconfig = build_kubeconfig(scope, self, self._group, self._cluster)
        self.result = Cluster(
            name=self._cluster.name,
            kubeconfig=kubeconfig,
            access_command=pulumi.Output.concat(
                "az aks get-credentials --subscription ", foundation.organization.tenancy,
                " --resource-group ", self._group, " --name ", self._cluster.name,
                " && kubelogin convert-kubeconfig -l azurecli",
            ),
            registry=registry.login_server,
            oidc_issuer=self._cluster.oidc_issuer_profile.apply(
                lambda made: (made.issuer_url or "") if made else ""
            ),
            gpu_pools=pulumi.Output.all(*(one.name for one in pools)).apply(
                lambda _: [pool_name(one) for one in gpu_pools(scope.intent)]
            ),
        )  # fmt: skip
        self.register_outputs({"name": self._cluster.name, "registry": self.result.registry})

    def _what(self, addresses: Addresses) -> dict[str, Any]:
        """The cluster but for its identities: who may enter, how it is connected, kept and kept safe."""
        scope, foundation = self._scope, self._foundation
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
            "resource_group_name": self._group,
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
            "api_server_access_profile": containerservice.ManagedClusterAPIServerAccessProfileArgs(
                enable_private_cluster=True,
                enable_private_cluster_public_fqdn=False,
                private_dns_zone="system",
                disable_run_command=True,
            ),
            "public_network_access": "Disabled",
            "network_profile": _network(scope, addresses),
            "agent_pool_profiles": [self._system_pool()],
            "oidc_issuer_profile": containerservice.ManagedClusterOIDCIssuerProfileArgs(
                enabled=True
            ),
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

    def _system_pool(self) -> containerservice.ManagedClusterAgentPoolProfileArgs:
        machine, least, most = _SIZES[self._scope.intent.environment][SYSTEM]
        return containerservice.ManagedClusterAgentPoolProfileArgs(
            name=SYSTEM,
            mode="System",
            vm_size=machine,
            count=least,
            min_count=least,
            max_count=most,
            # Nothing of ours runs beside what keeps the cluster alive.
            node_taints=["CriticalAddonsOnly=true:NoSchedule"],
            **self._node(),
        )

    def _cpu_pool(self) -> None:
        machine, least, most = _SIZES[self._scope.intent.environment][CPU]
        containerservice.AgentPool(
            "pool-cpu",
            agent_pool_name=CPU,
            resource_name_=self._cluster.name,
            resource_group_name=self._group,
            mode="User",
            vm_size=machine,
            count=least,
            min_count=least,
            max_count=most,
            node_labels={"landfall.io/use": "general"},
            tags=self._scope.labels,
            opts=self._scope.child(self, ignore_changes=["count", "orchestratorVersion"]),
            **self._node(),
        )

    def _node(self) -> dict[str, Any]:
        """What every node without a GPU is like."""
        return {
            "type": "VirtualMachineScaleSets",
            "enable_auto_scaling": True,
            "availability_zones": zones(self._scope),
            "vnet_subnet_id": self._foundation.network.cluster_subnet,
            "os_type": "Linux",
            "os_sku": "AzureLinux",
            "os_disk_type": "Managed",
            "os_disk_size_gb": _DISK_GIB,
            "enable_encryption_at_host": True,
            "enable_node_public_ip": False,
            "upgrade_settings": containerservice.AgentPoolUpgradeSettingsArgs(max_surge="33%"),
        }

    def _identity(self, name: str) -> managedidentity.UserAssignedIdentity:
        return managedidentity.UserAssignedIdentity(
            f"{name}-identity",
            resource_name_=self._scope.name("identity", name),
            resource_group_name=self._group,
            location=region_of(self._scope),
            tags=self._scope.labels,
            opts=self._scope.child(self),
        )

    def _disks(self) -> compute.DiskEncryptionSet:
        scope, security = self._scope, self._foundation.security
        return compute.DiskEncryptionSet(
            "disk-encryption",
            compute.DiskEncryptionSetArgs(
                disk_encryption_set_name=scope.name("disk-encryption-set", "nodes"),
                resource_group_name=self._group,
                location=region_of(scope),
                encryption_type="EncryptionAtRestWithCustomerKey",
                rotation_to_latest_key_version_enabled=True,
                active_key=compute.KeyForDiskEncryptionSetArgs(key_url=security.keys["cluster"]),
                identity=compute.EncryptionSetIdentityArgs(
                    type="UserAssigned", user_assigned_identities=[security.encryption_identity]
                ),
                tags=scope.labels,
            ),
            # Azure moves on to each new version of the key by itself.
            scope.stateful(self, ignore_changes=["activeKey"]),
        )

    def _cluster_grants(
        self,
        operator: managedidentity.UserAssignedIdentity,
        kubelet: managedidentity.UserAssignedIdentity,
        disks: compute.DiskEncryptionSet,
        registry: Text,
    ) -> list[pulumi.Resource]:
        """What the control plane and the nodes need before the cluster is made."""
        network = self._foundation.network.id
        wanted = (
            ("cluster-uses-network", "Network Contributor", operator, network),
            ("cluster-uses-disk-key", "Reader", operator, disks.id),
            ("cluster-gives-kubelet", "Managed Identity Operator", operator, kubelet.id),
            ("kubelet-pulls-images", "AcrPull", kubelet, registry),
        )
        organization = self._foundation.organization
        return [
            grant(self._scope, self, name, role_id(organization, role), who.principal_id, over)
            for name, role, who, over in wanted
        ]

    def _windows(self) -> None:
        """Upgrades on Sunday nights only."""
        for name, start in _WINDOWS.items():
            containerservice.MaintenanceConfiguration(
                name.removeprefix("aksManaged").removesuffix("Schedule").lower(),
                config_name=name,
                resource_name_=self._cluster.name,
                resource_group_name=self._group,
                maintenance_window=containerservice.MaintenanceWindowArgs(
                    schedule=containerservice.ScheduleArgs(
                        weekly=containerservice.WeeklyScheduleArgs(
                            day_of_week="Sunday", interval_weeks=1
                        )
                    ),
                    start_time=start,
                    duration_hours=6,
                    utc_offset="+00:00",
                ),
                opts=self._scope.child(self),
            )

    def _accounts(self) -> None:
        """Service accounts act as the workloads' identities, and one reads the vault's secrets."""
        scope, foundation = self._scope, self._foundation
        issuer = self._cluster.oidc_issuer_profile.apply(
            lambda made: (made.issuer_url or "") if made else ""
        )
        before: dict[str, list[pulumi.Resource]] = {}
        for one in ACCOUNTS:
            made = managedidentity.FederatedIdentityCredential(
                f"account-{one.namespace}-{one.name}",
                federated_identity_credential_resource_name=f"{one.namespace}-{one.name}",
                resource_name_=foundation.identity.resources[one.workload].apply(
                    lambda id_: id_.rpartition("/")[2]
                ),
                resource_group_name=group(scope, foundation.organization, "platform"),
                issuer=issuer,
                subject=one.subject,
                audiences=[AUDIENCE],
                # Azure writes one credential of an identity at a time.
                opts=scope.child(self, depends_on=before.get(one.workload)),
            )
            before[one.workload] = [made]
        vault = pulumi.Output.concat(
            group_id(scope, foundation.organization, "security"),
            f"/providers/Microsoft.KeyVault/vaults/{scope.name('key-vault', 'platform')}",
        )
        grant(
            scope,
            self,
            "orchestrate-reads-secrets",
            role_id(foundation.organization, "Key Vault Secrets User"),
            foundation.identity.principals["orchestrate"],
            vault,
        )

    def _names(self, addresses: Addresses) -> None:
        """Every service of the cluster answers at the gateway's address inside the network.

        In an adopted network that address is the client's to choose, and so is the name.
        """
        if self._scope.intent.network.adopt.network:
            return
        privatedns.PrivateRecordSet(
            "gateway-name",
            privatedns.PrivateRecordSetArgs(
                relative_record_set_name="*",
                record_type="A",
                private_zone_name=inside_zone(self._scope),
                resource_group_name=group(self._scope, self._foundation.organization, "network"),
                ttl=300,
                a_records=[privatedns.ARecordArgs(ipv4_address=addresses.ingress_address)],
            ),
            self._scope.child(self),
        )


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


def _most_nodes(scope: Scope) -> int:
    """Nodes when every pool has grown, and one of each above for an upgrade."""
    sizes = _SIZES[scope.intent.environment]
    gpus = sum(one.wanted.max_nodes for one in gpu_pools(scope.intent))
    return sum(most for _, _, most in sizes.values()) + gpus + len(sizes)


def build_cluster(scope: Scope, foundation: Foundation, data: Data) -> Cluster:  # noqa: ARG001
    """The cluster with its pools and registry; `data` is part of the signature that all clouds share."""
    return AzureCluster(scope, foundation).result
