"""The AKS cluster: private, Entra only, our key on its disks, pools for the system, for CPU and for GPUs.

Pods get addresses of the overlay and policies by Cilium; service accounts of `infra/kubernetes/accounts.py`
act as the workloads' identities by federation. Secrets in etcd are encrypted by Azure's key: with a key of ours
AKS would pin one version of it, which ends when the key turns; secrets that matter lie in the vault. Leaves out
what runs inside (`infra/kubernetes/`).
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import compute, containerservice, managedidentity, privatedns

from infra.azure.addresses import Addresses, carve, check_room
from infra.azure.catalog import build_catalog_identity
from infra.azure.cluster_config import CPU, SIZES, cluster_config, most_nodes, node_config
from infra.azure.gpu_pool import build_gpu_pools, pool_name
from infra.azure.groups import group, group_id
from infra.azure.identity import AUDIENCE
from infra.azure.kubeconfig import build_kubeconfig
from infra.azure.provider import region_of
from infra.azure.registry import build_registry
from infra.azure.roles import grant, role_id
from infra.contract import Cluster, Data, Foundation, Text
from infra.kubernetes.accounts import ACCOUNTS
from infra.kubernetes.domain import domain
from infra.kubernetes.pools import gpu_pools
from infra.scope import Scope

OFFERED = True
_WINDOWS = {"aksManagedAutoUpgradeSchedule": "02:00", "aksManagedNodeOSUpgradeSchedule": "03:00"}


class AzureCluster(pulumi.ComponentResource):
    """Cluster, pools, registry, disks' key, names and identities."""

    def __init__(self, scope: Scope, foundation: Foundation, data: Data) -> None:
        super().__init__("landfall:azure:Cluster", "cluster", {}, scope.component())
        self._scope = scope
        self._foundation = foundation
        self._group = group(scope, foundation.organization, "ml")
        addresses = carve(scope.intent.network.cidr)
        check_room(addresses, most_nodes(scope))
        registry, before = build_registry(scope, self, self._group, foundation)
        disks = self._disks()
        operator, kubelet = self._identity("cluster"), self._identity("kubelet")
        before = [*before, *self._cluster_grants(operator, kubelet, disks, registry.id)]
        self._cluster = containerservice.ManagedCluster(
            "cluster",
            **cluster_config(scope, foundation, self._group, addresses),
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
        issuer = self._cluster.oidc_issuer_profile.apply(
            lambda made: (made.issuer_url or "") if made else ""
        )
        self._accounts(issuer)
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
            oidc_issuer=issuer,
            gpu_pools=pulumi.Output.all(*(one.name for one in pools)).apply(
                lambda _: [pool_name(one) for one in gpu_pools(scope.intent)]
            ),
            airflow=pulumi.Output.from_input({}),
            catalog_identity=build_catalog_identity(scope, self, foundation, data, issuer),
        )  # fmt: skip
        self.register_outputs({"name": self._cluster.name, "registry": self.result.registry})

    def _cpu_pool(self) -> None:
        machine, least, most = SIZES[self._scope.intent.environment][CPU]
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
            **node_config(self._scope, self._foundation),
        )

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

    def _accounts(self, issuer: Text) -> None:
        """Service accounts act as the workloads' identities, and one reads the vault's secrets."""
        scope, foundation = self._scope, self._foundation
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
                private_zone_name=domain(self._scope),
                resource_group_name=group(self._scope, self._foundation.organization, "network"),
                ttl=300,
                a_records=[privatedns.ARecordArgs(ipv4_address=addresses.ingress_address)],
            ),
            self._scope.child(self),
        )


def build_cluster(scope: Scope, foundation: Foundation, data: Data) -> Cluster:
    """The cluster with its pools and registry; `data` says where the catalog that runs on it keeps its tables."""
    return AzureCluster(scope, foundation, data).result
