"""GKE: a private cluster with a system pool, a CPU pool and the intent's GPU pools, and its registry.

Nodes have no public address and the control plane has none either: it is reached in the network, or by its
DNS name, behind which Google asks for IAM first; only in dev does that name answer outside Google Cloud.
Leaves out what runs inside (`infra/kubernetes/`).
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import container, projects, secretmanager, serviceaccount

from infra import contract
from infra.gcp.addresses import carve
from infra.gcp.gateway_name import name_gateway
from infra.gcp.gpu_pool import build_gpu_pools
from infra.gcp.kubeconfig import build_kubeconfig
from infra.gcp.node_pool import USE, node_config, pool
from infra.gcp.registry import build_registry
from infra.gcp.tenancy import cloud, strict
from infra.gcp.zones import used_zones
from infra.jenkins import SECRETS
from infra.kubernetes.accounts import ACCOUNTS
from infra.scope import Scope

SYSTEM_MACHINE, CPU_MACHINE = "e2-standard-4", "n2-standard-8"
_METRICS = [
    "SYSTEM_COMPONENTS", "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER", "STORAGE", "POD",
    "DEPLOYMENT", "STATEFULSET", "DAEMONSET", "HPA", "CADVISOR", "KUBELET", "DCGM",
]  # fmt: skip
_LOGS = ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER"]
_OPERATOR = "airflow.providers.google.cloud.operators.kubernetes_engine.GKEStartPodOperator"
"""Composer's plain operator for pods reaches Composer's own cluster only
(https://cloud.google.com/composer/docs/composer-3/use-gke-operator)."""
OFFERED = True


def build_cluster(
    scope: Scope,
    foundation: contract.Foundation,
    data: contract.Data,  # noqa: ARG001 (other clouds' clusters are told of the lake here)
) -> contract.Cluster:
    """The cluster, its pools, its registry, and which pods act as which workload."""
    return Cluster(scope, foundation).outputs


class Cluster(pulumi.ComponentResource):
    """`outputs` is the contract."""

    def __init__(self, scope: Scope, foundation: contract.Foundation) -> None:
        super().__init__("landfall:gcp:Cluster", "cluster", None, scope.component())
        self.scope = scope
        self.foundation = foundation
        self.region = cloud(scope.intent).region
        self.zones = list(used_zones(scope.intent))
        # One zone in dev: the control plane of one zonal cluster costs nothing.
        self.location = self.region if strict(scope.intent) else self.zones[0]
        self.key = foundation.security.keys["cluster"]
        self.project = foundation.organization.tenancy
        account = self._node_account()
        address = name_gateway(scope, self, foundation.network)
        cluster = self._cluster(account, address)
        self._pools(cluster, account)
        gpus = build_gpu_pools(scope, self, cluster, account.email, self.key)
        self._identities(cluster)
        self._jenkins_secrets()
        registry = build_registry(scope, self, foundation, account.member)
        self.outputs = contract.Cluster(
            name=cluster.name,
            kubeconfig=build_kubeconfig(cluster),
            access_command=pulumi.Output.concat(
                "gcloud container clusters get-credentials ", cluster.name,
                f" --location={self.location} --project=", self.project, " --dns-endpoint",
            ),
            registry=registry,
            oidc_issuer=pulumi.Output.concat(
                "https://container.googleapis.com/v1/projects/", self.project,
                f"/locations/{self.location}/clusters/", cluster.name,
            ),
            gpu_pools=pulumi.Output.all(*[one.name for one in gpus]).apply(
                lambda names: [str(name) for name in names]
            ),
            airflow=pulumi.Output.all(
                operator=_OPERATOR, project_id=self.project, location=self.location,
                cluster_name=cluster.name, use_dns_endpoint=True,
            ),
        )  # fmt: skip
        self.register_outputs({"name": cluster.name})

    def _jenkins_secrets(self) -> None:
        """What Jenkins on the cluster is told in secret lies there already; who hands it on may read these, and no more."""
        jenkins = self.scope.intent.jenkins
        for name in SECRETS if jenkins and jenkins.controller else ():
            secretmanager.SecretIamMember(
                f"orchestrate-reads-{name}",
                project=self.project,
                secret_id=name,
                role="roles/secretmanager.secretAccessor",
                member=self.foundation.identity.principals["orchestrate"],
                opts=self.scope.child(self),
            )

    def _node_account(self) -> serviceaccount.Account:
        """What the nodes themselves are: they write logs and metrics and pull images."""
        account = serviceaccount.Account(
            "nodes",
            account_id=self.scope.name("service-account", "nodes"),
            display_name="Nodes of the cluster",
            opts=self.scope.child(self),
        )
        projects.IAMMember(
            "nodes",
            project=self.project,
            role="roles/container.defaultNodeServiceAccount",
            member=account.member,
            opts=self.scope.child(self),
        )
        return account

    def _cluster(
        self, account: serviceaccount.Account, before: list[pulumi.Resource]
    ) -> container.Cluster:
        scope, network = self.scope, self.foundation.network
        whole = strict(scope.intent)
        return container.Cluster(
            "cluster",
            name=scope.name("cluster", "platform"),
            location=self.location,
            node_locations=self.zones if whole else None,
            network=network.id,
            subnetwork=network.cluster_subnet,
            networking_mode="VPC_NATIVE",
            ip_allocation_policy=self._ranges(),
            default_max_pods_per_node=carve(scope.intent.network.cidr).pods_per_node,
            datapath_provider="ADVANCED_DATAPATH",
            enable_intranode_visibility=whole,
            # Without it the gateway's load balancer cannot be given a reserved address by its name.
            enable_l4_ilb_subsetting=True,
            private_cluster_config=container.ClusterPrivateClusterConfigArgs(
                enable_private_nodes=True, enable_private_endpoint=True
            ),
            master_authorized_networks_config=self._who_may_ask(),
            control_plane_endpoints_config=container.ClusterControlPlaneEndpointsConfigArgs(
                dns_endpoint_config=container.ClusterControlPlaneEndpointsConfigDnsEndpointConfigArgs(
                    allow_external_traffic=not whole
                )
            ),
            workload_identity_config=container.ClusterWorkloadIdentityConfigArgs(
                workload_pool=pulumi.Output.concat(self.project, ".svc.id.goog")
            ),
            database_encryption=container.ClusterDatabaseEncryptionArgs(
                state="ENCRYPTED", key_name=self.key
            ),
            enable_shielded_nodes=True,
            enable_legacy_abac=False,
            anonymous_authentication_config=container.ClusterAnonymousAuthenticationConfigArgs(
                mode="LIMITED"
            ),
            rbac_binding_config=container.ClusterRbacBindingConfigArgs(
                enable_insecure_binding_system_authenticated=False,
                enable_insecure_binding_system_unauthenticated=False,
            ),
            security_posture_config=container.ClusterSecurityPostureConfigArgs(
                mode="BASIC", vulnerability_mode="VULNERABILITY_DISABLED"
            ),
            release_channel=container.ClusterReleaseChannelArgs(
                channel="STABLE" if whole else "REGULAR"
            ),
            maintenance_policy=_weekend(),
            addons_config=_addons(),
            dns_config=container.ClusterDnsConfigArgs(
                cluster_dns="CLOUD_DNS", cluster_dns_scope="CLUSTER_SCOPE"
            ),
            # Envoy Gateway brings the API's definitions in its own channel, which Google's would refuse beside its own.
            gateway_api_config=container.ClusterGatewayApiConfigArgs(channel="CHANNEL_DISABLED"),
            logging_config=container.ClusterLoggingConfigArgs(enable_components=_LOGS),
            monitoring_config=container.ClusterMonitoringConfigArgs(
                enable_components=_METRICS,
                managed_prometheus=container.ClusterMonitoringConfigManagedPrometheusArgs(
                    enabled=True
                ),
            ),
            cost_management_config=container.ClusterCostManagementConfigArgs(enabled=True),
            vertical_pod_autoscaling=container.ClusterVerticalPodAutoscalingArgs(enabled=True),
            # GKE insists on a first pool; it is removed at once, and meets the guardrails meanwhile.
            remove_default_node_pool=True,
            initial_node_count=1,
            node_config=container.ClusterNodeConfigArgs(
                machine_type="e2-medium",
                boot_disk_kms_key=self.key,
                service_account=account.email,
                shielded_instance_config=container.ClusterNodeConfigShieldedInstanceConfigArgs(
                    enable_secure_boot=True, enable_integrity_monitoring=True
                ),
                workload_metadata_config=container.ClusterNodeConfigWorkloadMetadataConfigArgs(
                    mode="GKE_METADATA"
                ),
            ),
            deletion_protection=whole,
            resource_labels=scope.labels,
            opts=scope.child(
                self, ignore_changes=["nodeConfig", "initialNodeCount"], depends_on=before
            ),
        )

    def _ranges(self) -> container.ClusterIpAllocationPolicyArgs:
        """By the names of the subnet's ranges; in a client's subnet that has none, GKE adds ranges of these sizes."""
        network, adopted = self.foundation.network, self.scope.intent.network.adopt
        if adopted.subnets and not adopted.pods_range:
            return container.ClusterIpAllocationPolicyArgs(
                cluster_ipv4_cidr_block=network.pods_range,
                services_ipv4_cidr_block=network.services_range,
            )
        return container.ClusterIpAllocationPolicyArgs(
            cluster_secondary_range_name=network.pods_range,
            services_secondary_range_name=network.services_range,
        )

    def _who_may_ask(self) -> container.ClusterMasterAuthorizedNetworksConfigArgs:
        """The private endpoint answers the platform's own range and the client's, nobody else."""
        network = self.scope.intent.network
        return container.ClusterMasterAuthorizedNetworksConfigArgs(
            gcp_public_cidrs_access_enabled=False,
            private_endpoint_enforcement_enabled=True,
            cidr_blocks=[
                container.ClusterMasterAuthorizedNetworksConfigCidrBlockArgs(
                    cidr_block=range_, display_name=name
                )
                for name, range_ in [
                    ("platform", network.cidr),
                    *((f"client-{i}", one) for i, one in enumerate(network.avoid)),
                ]
            ],
        )

    def _pools(self, cluster: container.Cluster, account: serviceaccount.Account) -> None:
        """What always runs, and processors from zero; in dev the latter are spot machines."""
        whole = strict(self.scope.intent)
        system = node_config(
            self.scope, account.email, self.key, SYSTEM_MACHINE, labels={USE: "system"}
        )
        pool(
            self.scope,
            self,
            "system",
            cluster,
            system,
            least=3 if whole else 1,
            most=6 if whole else 2,
            zones=self.zones,
        )
        cpu = node_config(
            self.scope,
            account.email,
            self.key,
            CPU_MACHINE,
            labels={USE: "general"},
            spot=not whole,
        )
        pool(
            self.scope,
            self,
            "cpu",
            cluster,
            cpu,
            least=0,
            most=12 if whole else 4,
            zones=self.zones,
        )

    def _identities(self, cluster: container.Cluster) -> None:
        """Pods under these accounts act as their workload; the pool of identities comes with the cluster.

        Managed Airflow may reach the cluster's address; what it may do there, a role binding says.
        """
        if self.scope.intent.orchestration.airflow == "managed":
            projects.IAMMember(
                "orchestrate-reaches-cluster",
                project=self.project,
                role="roles/container.clusterViewer",
                member=self.foundation.identity.principals["orchestrate"],
                opts=self.scope.child(self),
            )
        for one in ACCOUNTS:
            serviceaccount.IAMMember(
                f"{one.namespace}-acts-as-{one.workload}",
                service_account_id=self.foundation.identity.resources[one.workload],
                role="roles/iam.workloadIdentityUser",
                member=pulumi.Output.concat(
                    "serviceAccount:", self.project, f".svc.id.goog[{one.namespace}/{one.name}]"
                ),
                opts=self.scope.child(self, depends_on=[cluster]),
            )


def _weekend() -> container.ClusterMaintenancePolicyArgs:
    """Upgrades at night from Saturday to Sunday; GKE wants 48 hours in 32 days."""
    return container.ClusterMaintenancePolicyArgs(
        recurring_window=container.ClusterMaintenancePolicyRecurringWindowArgs(
            start_time="2026-01-03T00:00:00Z",
            end_time="2026-01-03T12:00:00Z",
            recurrence="FREQ=WEEKLY;BYDAY=SA,SU",
        )
    )


def _addons() -> container.ClusterAddonsConfigArgs:
    return container.ClusterAddonsConfigArgs(
        horizontal_pod_autoscaling=container.ClusterAddonsConfigHorizontalPodAutoscalingArgs(
            disabled=False
        ),
        http_load_balancing=container.ClusterAddonsConfigHttpLoadBalancingArgs(disabled=False),
        dns_cache_config=container.ClusterAddonsConfigDnsCacheConfigArgs(enabled=True),
        gce_persistent_disk_csi_driver_config=container.ClusterAddonsConfigGcePersistentDiskCsiDriverConfigArgs(
            enabled=True
        ),
        gcs_fuse_csi_driver_config=container.ClusterAddonsConfigGcsFuseCsiDriverConfigArgs(
            enabled=True
        ),
    )
