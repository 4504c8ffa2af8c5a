"""How the platform's range is cut: hub, spoke with its subnets, pods and services. A pure function.

Pods and services of Azure's CNI overlay lie outside the virtual networks, but are cut from the same
range, so that what the intent says of the client's ranges holds for them too. Leaves out what is attached
to each subnet (`infra/azure/network.py`).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from landfall.errors import UsageError

_POD_BLOCK = 24
"""The overlay gives each node a block of this size for its pods:
https://learn.microsoft.com/azure/aks/concepts-network-azure-cni-overlay (read 2026-11)."""
_LARGEST_SUBNET = 24


@dataclass(frozen=True)
class Addresses:
    """The parts of one range, each as network/length."""

    hub: str
    firewall: str
    """Azure Firewall wants a /26 of this very purpose."""
    spoke: str
    nodes: str
    endpoints: str
    databases: str
    gateways: str
    """For the data gateway by which dashboards reach the private warehouse."""
    ingress: str
    ingress_address: str
    """Where the cluster's internal load balancer answers: the first address that Azure leaves free."""
    pods: str
    services: str
    dns_service: str

    @property
    def most_nodes(self) -> int:
        """How many nodes the pods' range has blocks for."""
        return 2 ** (_POD_BLOCK - ipaddress.IPv4Network(self.pods).prefixlen)


def carve(cidr: str) -> Addresses:
    """Cut a /12 to /20: an eighth each for the hub and services, a quarter for the spoke, half for pods."""
    whole = ipaddress.IPv4Network(cidr)
    hub, services, shared, nodes, *_ = whole.subnets(prefixlen_diff=3)
    _, spoke, *_ = whole.subnets(prefixlen_diff=2)
    _, pods = whole.subnets(prefixlen_diff=1)
    length = max(_LARGEST_SUBNET, whole.prefixlen + 5)
    small = shared.subnets(new_prefix=length)
    endpoints, databases, gateways, ingress = (next(small) for _ in range(4))
    return Addresses(
        hub=str(hub),
        firewall=str(next(hub.subnets(new_prefix=26))),
        spoke=str(spoke),
        nodes=str(nodes),
        endpoints=str(endpoints),
        databases=str(databases),
        gateways=str(gateways),
        ingress=str(ingress),
        # Azure keeps the first four addresses of a subnet and the last.
        ingress_address=str(ingress[4]),
        pods=str(pods),
        services=str(services),
        dns_service=str(services[10]),
    )


def check_room(addresses: Addresses, nodes: int) -> None:
    """Raise UsageError where so many nodes would not find a block for their pods."""
    if nodes > addresses.most_nodes:
        raise UsageError(
            f"The pools may grow to {nodes} nodes, but {addresses.pods}, the half of network.cidr "
            f"that pods get, has room for {addresses.most_nodes}.",
            so="Azure gives each node a /24 for its pods; further nodes would not start.",
            fix="Choose a wider network.cidr (a /16 has room for 128), or fewer nodes.",
        )
