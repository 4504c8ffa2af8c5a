"""The Kubernetes cluster: EKS, its address inside the network and for the ranges that the intent lists, its secrets
under our key.

Access is by entries that a plan shows, never by the old config map; pods become workloads by Pod Identity.
Add-ons are pinned, since EKS updates none by itself. Leaves out what runs on it (`infra/kubernetes/`).
Versions as of 2026-11-24, from https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html and what
clusters of 1.36 were given in September 2026 (`aws eks describe-addon-versions` names newer ones).
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.addons import Addons
from infra.aws.node_groups import build_node_groups
from infra.aws.policies import allow, services, trust
from infra.aws.provider import cloud, entry_role
from infra.aws.registry import build_registry
from infra.aws.roles import boundary, grant, role
from infra.aws.security import retention
from infra.aws.trail import proof_days
from infra.jenkins import PREVIEW_GROUP
from infra.kubeconfig import kubeconfig
from infra.kubernetes.accounts import ACCOUNTS
from infra.scope import Scope

OFFERED = True
VERSION = "1.36"
_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
_POLICIES = "arn:aws:eks::aws:cluster-access-policy/"
_OPERATOR = "airflow.providers.amazon.aws.operators.eks.EksPodOperator"
TASKS = ("training", "serving")
"""Namespaces in which managed Airflow may start pods."""


class Cluster(pulumi.ComponentResource):
    """Control plane, add-ons, node groups, registry, and who may come in."""

    def __init__(self, scope: Scope, foundation: contract.Foundation) -> None:
        super().__init__("landfall:aws:Cluster", "cluster", None, scope.component())
        self._scope, self._foundation = scope, foundation
        self.limit = boundary(scope, foundation.organization, foundation.security)
        self.cluster = self._control_plane()
        entries = self._entries()
        addons = Addons(scope, self, self.cluster, foundation, self.limit)
        self.groups = build_node_groups(
            scope, self, foundation, self.cluster, self.limit, after=[*addons.first, *entries]
        )
        addons.build_rest(after=[self.groups.system])
        self._pods(addons.first)
        self._reach()
        self.registry = build_registry(scope, self, foundation)
        self.register_outputs({})

    def _control_plane(self) -> aws.eks.Cluster:
        scope, foundation = self._scope, self._foundation
        prod, name = scope.intent.environment == "prod", scope.name("cluster", "platform")
        outside = scope.intent.network.api_from
        acts = role(
            scope, self, "cluster",
            trust=[trust(services("eks.amazonaws.com"), actions=("sts:AssumeRole", "sts:TagSession"))],
            limit=self.limit,
            what="The cluster's control plane",
            managed=["AmazonEKSClusterPolicy"],
        )  # fmt: skip
        log = aws.cloudwatch.LogGroup(
            "cluster",
            name=f"/aws/eks/{name}/cluster",
            kms_key_id=foundation.security.keys["logs"],
            retention_in_days=retention(proof_days(scope)),
            opts=scope.child(self),
        )
        eks = aws.eks
        return eks.Cluster(
            "cluster",
            name=name,
            version=VERSION,
            role_arn=acts.arn,
            access_config=eks.ClusterAccessConfigArgs(
                authentication_mode="API",
                # Whoever makes the cluster administers it, unless entries say who does: one of them may be
                # the maker, whose second entry EKS refuses.
                bootstrap_cluster_creator_admin_permissions=not self._administrators_named(),
            ),
            vpc_config=eks.ClusterVpcConfigArgs(
                subnet_ids=foundation.network.subnets,
                endpoint_private_access=True,
                endpoint_public_access=bool(outside),
                public_access_cidrs=outside or None,
            ),
            kubernetes_network_config=_addresses(scope, foundation),
            encryption_config=eks.ClusterEncryptionConfigArgs(
                provider=eks.ClusterEncryptionConfigProviderArgs(
                    key_arn=foundation.security.keys["cluster"]
                ),
                resources=["secrets"],
            ),
            enabled_cluster_log_types=_LOGS,
            bootstrap_self_managed_addons=False,
            deletion_protection=prod,
            upgrade_policy=eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
            zonal_shift_config=eks.ClusterZonalShiftConfigArgs(enabled=prod),
            # Read at creation only; a later change would replace the cluster and do nothing else
            # (github.com/hashicorp/terraform-provider-aws/issues/35824).
            opts=scope.child(
                self,
                depends_on=[log],
                ignore_changes=["accessConfig.bootstrapClusterCreatorAdminPermissions"],
            ),
        )

    def _administrators_named(self) -> bool:
        mine = cloud(self._scope)
        jenkins = self._scope.intent.jenkins is not None and mine.account is not None
        return jenkins or bool(mine.administrators)

    def _entries(self) -> list[pulumi.Resource]:
        """Who applies by hand, Jenkins, and the managed Airflow's pods."""
        identity, made = self._foundation.identity, []
        for person in cloud(self._scope).administrators:
            # By the role's own name, so that an order in the intent moves no entry.
            name = f"administrator-{person.rpartition('/')[2]}"
            made += self._entry(name, person, "AmazonEKSClusterAdminPolicy")
        if self._scope.intent.jenkins is not None:
            made += self._entry(
                "jenkins-deploy", identity.jenkins_deploy, "AmazonEKSClusterAdminPolicy"
            )
            # What it sees is said inside (infra/kubernetes/preview.py): EKS' own policy knows no kind of a chart.
            made.append(self._known("jenkins-preview", identity.jenkins_preview, PREVIEW_GROUP))
        if self._scope.intent.orchestration.airflow == "managed":
            orchestrate = identity.workloads["orchestrate"]
            made += self._entry("orchestrate", orchestrate, "AmazonEKSEditPolicy", TASKS)
            # Where the API is, and by which authority: what its tasks ask before they start a pod.
            grant(
                self._scope, self, "orchestrate-finds-cluster", identity.resources["orchestrate"],
                allow("Find", ["eks:DescribeCluster"], self.cluster.arn),
            )  # fmt: skip
        return made

    def _entry(
        self, name: str, principal: pulumi.Input[str], policy: str, namespaces: tuple[str, ...] = ()
    ) -> list[pulumi.Resource]:
        entry = self._known(name, principal)
        given = aws.eks.AccessPolicyAssociation(
            name,
            cluster_name=self.cluster.name,
            principal_arn=entry.principal_arn,
            policy_arn=f"{_POLICIES}{policy}",
            access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(
                type="namespace" if namespaces else "cluster", namespaces=list(namespaces) or None
            ),
            opts=self._scope.child(self),
        )
        return [entry, given]

    def _known(self, name: str, principal: pulumi.Input[str], *groups: str) -> aws.eks.AccessEntry:
        """Lets an identity in, by itself to nothing; `groups` are what the cluster's own roles may name."""
        return aws.eks.AccessEntry(
            name,
            cluster_name=self.cluster.name,
            principal_arn=principal,
            kubernetes_groups=list(groups) or None,
            type="STANDARD",
            opts=self._scope.child(self),
        )

    def _pods(self, after: list[pulumi.Resource]) -> None:
        """Which service account becomes which workload: the table that the cluster's side reads, too."""
        for account in ACCOUNTS:
            aws.eks.PodIdentityAssociation(
                f"{account.namespace}-{account.name}",
                cluster_name=self.cluster.name,
                namespace=account.namespace,
                service_account=account.name,
                role_arn=self._foundation.identity.workloads[account.workload],
                opts=self._scope.child(self, depends_on=after),
            )

    def _reach(self) -> None:
        """Who reaches the cluster's address: workloads (Airflow, Jenkins' agents) and the client's networks."""
        group = self.cluster.vpc_config.cluster_security_group_id
        workloads = self._foundation.network.workload_group
        self._admit("workloads", group, referenced_security_group_id=workloads)
        for i, network in enumerate(self._scope.intent.network.avoid, 1):
            self._admit(f"client-{i}", group, cidr_ipv4=network)

    def _admit(self, name: str, group: pulumi.Input[str], **source: pulumi.Input[str]) -> None:
        aws.vpc.SecurityGroupIngressRule(
            f"cluster-from-{name}",
            security_group_id=group,
            description="The address of the cluster",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=self._scope.child(self),
            **source,  # pyright: ignore[reportArgumentType]
        )


def _addresses(
    scope: Scope, foundation: contract.Foundation
) -> aws.eks.ClusterKubernetesNetworkConfigArgs:
    adopted = scope.intent.network.adopt.network
    return aws.eks.ClusterKubernetesNetworkConfigArgs(
        ip_family="ipv4",
        service_ipv4_cidr=None if adopted else foundation.network.services_range,
    )


def _kubeconfig(name: str, address: str, authority: str, region: str, entry: str) -> str:
    """The kubeconfig; where the stack made the account, whoever uses it enters that first."""
    login = ["eks", "--name", name, "--region", region]
    login += ["--role", entry] if entry else []
    return kubeconfig(name, address, *login, authority=authority)


def _issuer(held: Any) -> str:
    """The cluster's own issuer of tokens, from its one identity."""
    return held[0].oidcs[0].issuer


def build_cluster(
    scope: Scope,
    foundation: contract.Foundation,
    data: contract.Data,  # noqa: ARG001 (the same signature on every cloud)
) -> contract.Cluster:
    """Build the cluster; its name is known once its system nodes run, so charts find a place."""
    made, region = Cluster(scope, foundation), cloud(scope).region
    created = cloud(scope).account is None
    entry = entry_role(foundation.organization.tenancy) if created else ""
    cluster = made.cluster
    name = pulumi.Output.all(cluster.name, made.groups.system.id).apply(lambda got: got[0])
    config = pulumi.Output.all(
        name, cluster.endpoint, cluster.certificate_authority.data, entry
    ).apply(lambda got: _kubeconfig(got[0], got[1], got[2] or "", region, got[3]))
    return contract.Cluster(
        name=name,
        kubeconfig=pulumi.Output.secret(config),
        access_command=cluster.name.apply(
            lambda own: f"aws eks update-kubeconfig --region {region} --name {own}"
        ),
        registry=made.registry,
        oidc_issuer=cluster.identities.apply(_issuer),
        gpu_pools=pulumi.Output.all(*(group.node_group_name for group in made.groups.gpu)).apply(
            list
        ),
        airflow=pulumi.Output.all(operator=_OPERATOR, cluster_name=cluster.name, region=region),
    )
