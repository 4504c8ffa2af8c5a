"""The GPU pools: one for each use and kind of capacity, from zero, with driver, taint and label.

A reservation is a capacity reservation group that the pool draws on. Which machine carries the GPU, and which
region sells it, are tables with source and date (`landfall/intent/machines.py`, `gpu_regions.py`).
AKS installs NVIDIA's driver with the node image; device plugin and metrics come with
`infra/kubernetes/gpu.py`. Leaves out fractions of a GPU.
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_azure_native import authorization, compute, containerservice

from infra.azure.identity import RESERVED
from infra.azure.provider import region_of
from infra.azure.roles import grant, own_role_id
from infra.azure.zones import zones
from infra.contract import Organization, Text
from infra.kubernetes.pools import Pool, gpu_pools
from infra.scope import Scope
from landfall.errors import UsageError
from landfall.intent.gpu_regions import AZURE_MACHINE_REGIONS
from landfall.intent.machines import Machine

_USES = {"training": "train", "serving": "serve"}
_KINDS = {"reservation": "res", "spot": "spot", "on-demand": "od"}
LABEL = "landfall.io/gpu"
"""Every GPU pool carries it, its value the GPU; the budget's stop looks for it."""
TAINT = "nvidia.com/gpu=present:NoSchedule"
SPOT_TAINT = "kubernetes.azure.com/scalesetpriority=spot:NoSchedule"
"""AKS puts it on spot nodes whether it is named here or not; named, it is no drift."""
_DISK_GIB = 256
"""Room for an image with CUDA and a model beside it."""


def pool_name(pool: Pool) -> str:
    """AKS takes twelve letters and digits: `trainspot`, `serveod`."""
    return f"{_USES[pool.use]}{_KINDS[pool.capacity]}"


def build_gpu_pools(
    scope: Scope,
    parent: pulumi.Resource,
    group: Text,
    cluster: containerservice.ManagedCluster,
    operator: Text,
    subnet: Text,
    organization: Organization,
) -> list[containerservice.AgentPool]:
    """Every pool that the intent asks for, in its order of capacity; `operator` is the cluster's principal."""
    made: list[containerservice.AgentPool] = []
    for pool in gpu_pools(scope.intent):
        sold = _machine(scope, pool)
        reserved: compute.CapacityReservationGroup | None = None
        after: list[pulumi.Resource] = []
        if pool.capacity == "reservation":
            reserved, after = _reserve(scope, parent, group, pool, sold, operator, organization)
        made.append(
            containerservice.AgentPool(
                f"gpu-{pool.name}",
                agent_pool_name=pool_name(pool),
                resource_name_=cluster.name,
                resource_group_name=group,
                mode="User",
                type="VirtualMachineScaleSets",
                vm_size=sold.type,
                enable_auto_scaling=True,
                count=0,
                min_count=0,
                max_count=pool.wanted.max_nodes,
                availability_zones=_zones(scope, pool),
                vnet_subnet_id=subnet,
                capacity_reservation_group_id=reserved.id if reserved else None,
                gpu_profile=containerservice.GPUProfileArgs(driver="Install"),
                os_type="Linux",
                os_sku="Ubuntu",  # the node image on which AKS installs NVIDIA's driver
                os_disk_type="Managed",
                os_disk_size_gb=_DISK_GIB,
                enable_encryption_at_host=True,
                enable_node_public_ip=False,
                node_labels={
                    LABEL: sold.accelerator,
                    "landfall.io/use": pool.use,
                    "landfall.io/capacity": pool.capacity,
                },
                node_taints=[TAINT, SPOT_TAINT] if pool.capacity == "spot" else [TAINT],
                **_spot(pool),
                tags=scope.labels,
                opts=scope.child(
                    parent,
                    depends_on=after,
                    # The autoscaler owns the number of nodes; AKS and the budget's stop own the rest.
                    ignore_changes=["count", "orchestratorVersion", "powerState"],
                ),
            )
        )
    return made


def _spot(pool: Pool) -> dict[str, Any]:
    if pool.capacity != "spot":
        return {"scale_set_priority": "Regular"}
    return {
        "scale_set_priority": "Spot",
        "scale_set_eviction_policy": "Delete",  # a deallocated node would go on costing its disk and quota
        "spot_max_price": -1.0,  # up to the price on demand
    }


def _machine(scope: Scope, pool: Pool) -> Machine:
    region, wanted = region_of(scope), pool.wanted
    if pool.machine is None:
        raise UsageError(
            f"Azure has no machine with {wanted.count} {wanted.accelerator}.",
            fix=f"Change ml.{pool.use}_gpu.count in the intent.",
        )
    sold = AZURE_MACHINE_REGIONS[pool.machine.type]
    if region not in sold:
        raise UsageError(
            f"{region} does not sell {pool.machine.type} ({wanted.count} {wanted.accelerator} a node).",
            so="The pool could never grow.",
            fix=f"Choose another ml.{pool.use}_gpu, or one of {', '.join(sorted(sold)[:6])}.",
        )
    return pool.machine


def _zones(scope: Scope, pool: Pool) -> list[str]:
    """A reservation lies in one zone, and its pool with it."""
    lies_in = zones(scope)
    return lies_in[:1] if pool.capacity == "reservation" else lies_in


def _reserve(
    scope: Scope,
    parent: pulumi.Resource,
    group: Text,
    pool: Pool,
    sold: Machine,
    operator: Text,
    organization: Organization,
) -> tuple[compute.CapacityReservationGroup, list[pulumi.Resource]]:
    """Machines held for the pool, paid for whether they run or not, and the cluster's right to use them."""
    holder = compute.CapacityReservationGroup(
        f"reserved-{pool.use}",
        compute.CapacityReservationGroupArgs(
            capacity_reservation_group_name=scope.name("capacity-group", pool.use),
            resource_group_name=group,
            location=region_of(scope),
            zones=_zones(scope, pool),
            tags=scope.labels,
        ),
        scope.child(parent),
    )
    held = compute.CapacityReservation(
        f"reserved-{pool.use}-machines",
        compute.CapacityReservationArgs(
            capacity_reservation_name="machines",
            capacity_reservation_group_name=holder.name,
            resource_group_name=group,
            location=region_of(scope),
            sku=compute.SkuArgs(name=sold.type, capacity=pool.wanted.max_nodes),
            zones=_zones(scope, pool),
            tags=scope.labels,
        ),
        scope.child(parent),
    )
    may: authorization.RoleAssignment = grant(
        scope,
        parent,
        f"cluster-uses-reserved-{pool.use}",
        own_role_id(scope, organization, RESERVED),
        operator,
        holder.id,
    )
    return holder, [held, may]
