"""EKS add-ons, pinned, each with the least role it needs: networking, DNS, pod identity, disks; the autoscaler's role.

Networking and pod identity come before any node, the rest after the first. Leaves out the autoscaler itself and
everything else that charts install. Sources of the versions: `cluster.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.policies import allow, from_account, services, trust
from infra.aws.roles import grant, role
from infra.scope import Scope

VERSIONS = {
    "vpc-cni": "v1.22.4-eksbuild.3",
    "kube-proxy": "v1.36.0-eksbuild.25",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "coredns": "v1.14.3-eksbuild.23",
    "aws-ebs-csi-driver": "v1.66.0-eksbuild.1",
    "metrics-server": "v0.9.0-eksbuild.11",
}
# Prefixes of addresses, so that a node holds more pods; network policies are enforced by the agent.
_NETWORKING = json.dumps(
    {
        "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
        "enableNetworkPolicy": "true",
    }
)


class Addons:
    """`first` must be there before nodes are."""

    def __init__(
        self,
        scope: Scope,
        parent: pulumi.Resource,
        cluster: aws.eks.Cluster,
        foundation: contract.Foundation,
        limit: pulumi.Input[str],
    ) -> None:
        self._scope, self._parent, self._cluster = scope, parent, cluster
        self._foundation, self._limit = foundation, limit
        networking = self._role("cni", "Gives pods their addresses", ["AmazonEKS_CNI_Policy"])
        self.first: list[pulumi.Resource] = [
            self._addon("eks-pod-identity-agent"),
            self._addon("kube-proxy"),
            self._addon("vpc-cni", account="aws-node", acts=networking, values=_NETWORKING),
        ]

    def build_rest(self, after: Sequence[pulumi.Resource]) -> None:
        """DNS, metrics and disks, which run on nodes."""
        self._addon("coredns", after=after)
        self._addon("metrics-server", after=after)
        key = self._foundation.security.keys["cluster"]
        disks = self._role("disks", "Makes pods' disks", ["service-role/AmazonEBSCSIDriverPolicy"])
        grant(
            self._scope, self._parent, "disks-key", disks.name,
            allow("Use", ["kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                          "kms:DescribeKey"], key),
            allow("Grant", ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"], key,
                  when={"Bool": {"kms:GrantIsForAWSResource": "true"}}),
        )  # fmt: skip
        self._addon("aws-ebs-csi-driver", account="ebs-csi-controller-sa", acts=disks, after=after)
        self._autoscaler()

    def _autoscaler(self) -> None:
        """What the cluster autoscaler may do: look, and change the size of this cluster's own groups."""
        acts = self._role("autoscaler", "Changes the size of node groups", [])
        own = self._cluster.name.apply(
            lambda name: {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{name}": "owned"}
        )
        grant(
            self._scope, self._parent, "autoscaler", acts.name,
            allow(
                "Look",
                ["autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances",
                 "autoscaling:DescribeLaunchConfigurations", "autoscaling:DescribeScalingActivities",
                 "autoscaling:DescribeTags", "ec2:DescribeImages", "ec2:DescribeInstanceTypes",
                 "ec2:DescribeLaunchTemplateVersions", "ec2:GetInstanceTypesFromInstanceRequirements",
                 "eks:DescribeNodegroup"],
                "*",
            ),
            {
                **allow(
                    "Size",
                    ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
                    "*",
                ),
                "Condition": {"StringEquals": own},
            },
        )  # fmt: skip
        aws.eks.PodIdentityAssociation(
            "autoscaler",
            cluster_name=self._cluster.name,
            namespace="kube-system",
            service_account="cluster-autoscaler",
            role_arn=acts.arn,
            opts=self._scope.child(self._parent, depends_on=self.first),
        )

    def _role(self, name: str, what: str, managed: Sequence[str]) -> aws.iam.Role:
        return role(
            self._scope, self._parent, name,
            trust=[
                trust(
                    services("pods.eks.amazonaws.com"),
                    actions=("sts:AssumeRole", "sts:TagSession"),
                    when=from_account(self._foundation.organization.tenancy),
                )
            ],
            limit=self._limit,
            what=what,
            managed=managed,
        )  # fmt: skip

    def _addon(
        self,
        name: str,
        *,
        account: str = "",
        acts: aws.iam.Role | None = None,
        values: str | None = None,
        after: Sequence[pulumi.Resource] = (),
    ) -> aws.eks.Addon:
        identity = None
        if acts is not None:
            identity = [
                aws.eks.AddonPodIdentityAssociationArgs(service_account=account, role_arn=acts.arn)
            ]
        return aws.eks.Addon(
            name,
            cluster_name=self._cluster.name,
            addon_name=name,
            addon_version=VERSIONS[name],
            configuration_values=values,
            pod_identity_associations=identity,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=self._scope.child(self._parent, depends_on=list(after)),
        )
