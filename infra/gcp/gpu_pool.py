"""The GPU pools: one for each use and kind of capacity, from zero, with driver, taint and label.

A reservation is made here and paid for from then on, used or not; its pool draws on it and on nothing else.
GKE installs NVIDIA's driver and device plugin on its own image. Which machine carries the GPU, and in which
zones it is sold, are tables with source and date (`landfall/intent/machines.py`, `gpu_regions.py`). Leaves out
fractions of a GPU.
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_gcp import compute, container

from infra.gcp.node_pool import CAPACITY, USE, node_config, pool
from infra.gcp.tenancy import cloud
from infra.kubernetes.pools import Pool, gpu_pools
from infra.scope import Scope
from landfall.errors import UsageError
from landfall.intent.gpu_regions import GCP_GPU_ZONES
from landfall.intent.machines import Machine

TAINT = container.NodePoolNodeConfigTaintArgs(
    key="nvidia.com/gpu", value="present", effect="NO_SCHEDULE"
)
"""GKE puts it on pools with GPUs whether it is named here or not; named, it is no drift."""
_LATEST_DRIVER = frozenset({"B200", "GB200", "RTX-PRO-6000"})
"""Blackwell needs a driver that GKE's default version may not carry yet:
https://cloud.google.com/kubernetes-engine/docs/how-to/gpus#installing_drivers."""
_HYPERDISK = frozenset({"H200", "B200", "GB200", "RTX-PRO-6000"})
"""Machines that take no Persistent Disk: https://cloud.google.com/compute/docs/disks/hyperdisks."""
_DISK_GIB = 200
"""Room for an image with CUDA and a model beside it."""


def build_gpu_pools(
    scope: Scope,
    parent: pulumi.Resource,
    cluster: container.Cluster,
    account: pulumi.Input[str],
    key: pulumi.Input[str],
) -> list[container.NodePool]:
    """Every pool that the intent asks for, in its order of capacity; each carries the GPU's own label."""
    made: list[container.NodePool] = []
    for wanted in gpu_pools(scope.intent):
        machine, zones = _sold(scope, wanted)
        more: dict[str, Any] = {"spot": wanted.capacity == "spot"}
        after: list[pulumi.Resource] = []
        if wanted.capacity == "reservation":
            zones = zones[:1]
            reserved = _reserve(scope, parent, wanted, machine, zones[0])
            after = [reserved]
            more["reservation_affinity"] = container.NodePoolNodeConfigReservationAffinityArgs(
                consume_reservation_type="SPECIFIC_RESERVATION",
                key="compute.googleapis.com/reservation-name",
                values=[reserved.name],
            )
        config = node_config(
            scope,
            account,
            key,
            machine.type,
            disk_type="hyperdisk-balanced" if machine.accelerator in _HYPERDISK else "pd-balanced",
            disk_size_gb=_DISK_GIB,
            guest_accelerators=[_gpu(machine)],
            taints=[TAINT],
            labels={USE: wanted.use, CAPACITY: wanted.capacity},
            **more,
        )
        made.append(
            pool(
                scope,
                parent,
                f"gpu-{wanted.name}",
                cluster,
                config,
                least=0,
                most=wanted.wanted.max_nodes,
                zones=zones,
                surge=False,
                after=after,
            )
        )
    return made


def _sold(scope: Scope, wanted: Pool) -> tuple[Machine, list[str]]:
    """The machine and the zones that sell it; the intent's rules have made sure that there are some."""
    region = cloud(scope.intent).region
    zones = GCP_GPU_ZONES[wanted.wanted.accelerator].get(region, ())
    if wanted.machine is None or not zones:
        raise UsageError(
            f"{region} sells no machine with {wanted.wanted.count} {wanted.wanted.accelerator}.",
            fix=f"Change ml.{wanted.use}_gpu in the intent.",
        )
    return wanted.machine, list(zones)


def _gpu(machine: Machine) -> container.NodePoolNodeConfigGuestAcceleratorArgs:
    latest = machine.accelerator in _LATEST_DRIVER
    return container.NodePoolNodeConfigGuestAcceleratorArgs(
        type=machine.label,
        count=machine.gpus,
        gpu_driver_installation_config=container.NodePoolNodeConfigGuestAcceleratorGpuDriverInstallationConfigArgs(
            gpu_driver_version="LATEST" if latest else "DEFAULT"
        ),
    )


def _reserve(
    scope: Scope, parent: pulumi.Resource, wanted: Pool, machine: Machine, zone: str
) -> compute.Reservation:
    """Capacity for all of the pool's nodes, for whoever names the reservation and nobody else."""
    # N1 machines are given their GPUs; the others have them built in.
    attached = [
        compute.ReservationSpecificReservationInstancePropertiesGuestAcceleratorArgs(
            accelerator_type=machine.label, accelerator_count=machine.gpus
        )
    ]
    return compute.Reservation(
        f"gpu-{wanted.name}",
        name=scope.name("reservation", wanted.name),
        zone=zone,
        specific_reservation_required=True,
        specific_reservation=compute.ReservationSpecificReservationArgs(
            count=wanted.wanted.max_nodes,
            instance_properties=compute.ReservationSpecificReservationInstancePropertiesArgs(
                machine_type=machine.type,
                guest_accelerators=attached if machine.type.startswith("n1-") else None,
            ),
        ),
        opts=scope.child(parent),
    )
