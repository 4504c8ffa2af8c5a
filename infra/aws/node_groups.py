"""Node groups: a system group that always runs, a CPU group and the intent's GPU groups, both from zero.

Every node has an encrypted disk, the metadata service's second version out of pods' reach, and no public address.
A GPU group is one kind of capacity; its image carries NVIDIA's driver, its taint keeps others off. What is
reserved, the client has bought: a group of that kind takes open reservations only and never falls back to paying
more (a Capacity Block is bought ahead for a day and hour, which is no part of a stack). Leaves out the order
in which groups are tried: Kueue's flavors and the autoscaler know it.
Sources: https://docs.aws.amazon.com/eks/latest/userguide/ml-eks-optimized-ami.html,
…/capacity-blocks.html, https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-reservations.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.machines import plain
from infra.aws.policies import services, trust
from infra.aws.provider import cloud
from infra.aws.roles import role
from infra.kubernetes.pools import Pool, gpu_pools
from infra.scope import Scope
from landfall.errors import UsageError
from landfall.intent.gpu_regions import AWS_MACHINE_REGIONS
from landfall.intent.machines import Machine

PLAIN_IMAGE, GPU_IMAGE = "AL2023_x86_64_STANDARD", "AL2023_x86_64_NVIDIA"
LABEL = "landfall.dev/pool"
DISK_GIB, GPU_DISK_GIB = 80, 300
"""Disk of a node; images with CUDA and models take the larger."""


@dataclass(frozen=True)
class Groups:
    """The groups; `gpu` in the order of `infra/kubernetes/pools.py`."""

    system: aws.eks.NodeGroup
    gpu: list[aws.eks.NodeGroup]


class NodeGroups:
    """Makes groups of one cluster, all with one role."""

    def __init__(
        self,
        scope: Scope,
        parent: pulumi.Resource,
        foundation: contract.Foundation,
        cluster: aws.eks.Cluster,
        limit: pulumi.Input[str],
        after: Sequence[pulumi.Resource],
    ) -> None:
        self._scope, self._parent, self._foundation = scope, parent, foundation
        self._cluster, self._after = cluster, list(after)
        self._role = role(
            scope, parent, "nodes",
            trust=[trust(services("ec2.amazonaws.com"))],
            limit=limit,
            what="The cluster's nodes: join, and pull images",
            managed=["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"],
        )  # fmt: skip

    def plain(self, name: str, machine: str, least: int, most: int) -> aws.eks.NodeGroup:
        """A group without GPUs, on demand."""
        return self._group(
            name, machine, PLAIN_IMAGE, least, most, self._template(name, DISK_GIB), {LABEL: name}
        )

    def gpu(self, pool: Pool) -> aws.eks.NodeGroup:
        """A pool of GPUs, from zero nodes."""
        sold = _machine(self._scope, pool)
        labels = {
            LABEL: pool.name,
            "landfall.dev/accelerator": sold.accelerator,
            "landfall.dev/capacity": pool.capacity,
            "nvidia.com/gpu.present": "true",
        }
        taint = aws.eks.NodeGroupTaintArgs(
            key="nvidia.com/gpu", value="present", effect="NO_SCHEDULE"
        )
        return self._group(
            pool.name, sold.type, GPU_IMAGE, 0, pool.wanted.max_nodes,
            self._template(pool.name, GPU_DISK_GIB, reserved=pool.capacity == "reservation"),
            labels,
            capacity="SPOT" if pool.capacity == "spot" else "ON_DEMAND",
            taints=[taint],
        )  # fmt: skip

    def _template(self, name: str, disk: int, *, reserved: bool = False) -> aws.ec2.LaunchTemplate:
        ec2, scope = aws.ec2, self._scope
        group = self._cluster.vpc_config.cluster_security_group_id
        tags = {**scope.labels, "Name": scope.name("node-group", name)}
        preference = "capacity-reservations-only" if reserved else "open"
        return ec2.LaunchTemplate(
            name,
            name=scope.name("launch-template", name),
            update_default_version=True,
            # A workload, too, so that databases and the warehouse let pods in.
            vpc_security_group_ids=[group, self._foundation.network.workload_group],
            metadata_options=ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            block_device_mappings=[
                ec2.LaunchTemplateBlockDeviceMappingArgs(
                    device_name="/dev/xvda",
                    ebs=ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                        volume_size=disk,
                        volume_type="gp3",
                        encrypted="true",
                        kms_key_id=self._foundation.security.keys["cluster"],
                        delete_on_termination="true",
                    ),
                )
            ],
            capacity_reservation_specification=ec2.LaunchTemplateCapacityReservationSpecificationArgs(
                capacity_reservation_preference=preference
            ),
            monitoring=ec2.LaunchTemplateMonitoringArgs(enabled=True),
            tag_specifications=[
                ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=tags)
                for kind in ("instance", "volume", "network-interface")
            ],
            opts=scope.child(self._parent),
        )

    def _group(
        self,
        name: str,
        machine: str,
        image: str,
        least: int,
        most: int,
        template: aws.ec2.LaunchTemplate,
        labels: dict[str, str],
        *,
        capacity: str = "ON_DEMAND",
        taints: Sequence[aws.eks.NodeGroupTaintArgs] = (),
    ) -> aws.eks.NodeGroup:
        eks, scope = aws.eks, self._scope
        return eks.NodeGroup(
            name,
            cluster_name=self._cluster.name,
            node_group_name=scope.name("node-group", name),
            node_role_arn=self._role.arn,
            subnet_ids=self._foundation.network.subnets,
            ami_type=image,
            capacity_type=capacity,
            instance_types=[machine],
            launch_template=eks.NodeGroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(str)
            ),
            scaling_config=eks.NodeGroupScalingConfigArgs(
                min_size=least, max_size=most, desired_size=least
            ),
            update_config=eks.NodeGroupUpdateConfigArgs(max_unavailable=1),
            node_repair_config=eks.NodeGroupNodeRepairConfigArgs(enabled=True),
            labels=labels,
            taints=list(taints),
            opts=scope.child(
                self._parent,
                depends_on=self._after,
                # The autoscaler owns the number of nodes, the budget's stop a taint of its own.
                ignore_changes=["scalingConfig.desiredSize", *(["taints"] if taints else [])],
            ),
        )


def _machine(scope: Scope, pool: Pool) -> Machine:
    region, wanted = cloud(scope).region, pool.wanted
    if pool.machine is None:
        raise UsageError(
            f"AWS has no machine with {wanted.count} {wanted.accelerator}.",
            fix=f"Change ml.{pool.use}_gpu.count in the intent.",
        )
    sold = AWS_MACHINE_REGIONS[pool.machine.type]
    if region not in sold:
        raise UsageError(
            f"{region} does not sell {pool.machine.type} ({wanted.count} {wanted.accelerator} a node).",
            so="The group could never grow.",
            fix=f"Choose another ml.{pool.use}_gpu, or one of {', '.join(sorted(sold)[:6])}.",
        )
    return pool.machine


def build_node_groups(
    scope: Scope,
    parent: pulumi.Resource,
    foundation: contract.Foundation,
    cluster: aws.eks.Cluster,
    limit: pulumi.Input[str],
    after: Sequence[pulumi.Resource],
) -> Groups:
    """All groups: two system nodes (three, and larger, in production), CPU and GPU from zero."""
    made = NodeGroups(scope, parent, foundation, cluster, limit, after)
    region, prod = cloud(scope).region, scope.intent.environment == "prod"
    system = made.plain(
        "system", plain(region, "system" if prod else "system-small"), 3 if prod else 2, 6
    )
    made.plain("cpu", plain(region, "cpu"), 0, 20 if prod else 4)
    return Groups(system, [made.gpu(pool) for pool in gpu_pools(scope.intent)])
