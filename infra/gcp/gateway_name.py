"""The gateway's fixed address in the network, and the name that leads to it: `*.<client>-<environment>.internal`.

GKE gives the address to the gateway's load balancer, which asks for it by name (`infra/kubernetes/clouds.py`).
In an adopted network the client's own name servers answer: address and record are theirs. Leaves out the
zone, which the network has (`infra/gcp/private_access.py`), and the gateway (`infra/kubernetes/gateway.py`).
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import compute, dns

from infra import contract
from infra.gcp.tenancy import cloud
from infra.kubernetes.domain import domain
from infra.scope import Scope


def name_gateway(
    scope: Scope, parent: pulumi.Resource, network: contract.Network
) -> list[pulumi.Resource]:
    """Reserve the address and point every name of the platform's domain at it; gives what the cluster stands on,
    so that it goes first and the address is free when its turn comes."""
    if scope.intent.network.adopt.network:
        return []
    own = domain(scope)
    address = compute.Address(
        "gateway",
        name=scope.name("address", "gateway"),
        region=cloud(scope.intent).region,
        address_type="INTERNAL",
        subnetwork=network.cluster_subnet,
        opts=scope.child(parent),
    )
    dns.RecordSet(
        "gateway",
        managed_zone=network.private_zones.apply(lambda zones: zones[own]),
        name=f"*.{own}.",
        type="A",
        ttl=300,
        rrdatas=[address.address],
        opts=scope.child(parent),
    )
    return [address]
