"""Address ranges against each other: subnets inside their network, none over another, services apart.

Networks are matched by what the subnets name (AWS `vpcId`, Azure `virtualNetworkName`, Google `network`) or by what
they depend on. Leaves out ranges outside the plan: the intent's `network.avoid` is checked before.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from infra.plan.check.finding import Finding, at_path, finding, open_value
from infra.plan.model import Plan, Resource
from infra.plan.query import at

_PAGES = {
    "aws": "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html",
    "azure-native": "https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq",
    "gcp": "https://cloud.google.com/vpc/docs/subnets",
}
_SUBNETS = {
    "aws:ec2/subnet:Subnet": ("vpcId", ("cidrBlock",)),
    "azure-native:network:Subnet": ("virtualNetworkName", ("addressPrefix", "addressPrefixes[]")),
    "gcp:compute/subnetwork:Subnetwork": ("network", ("ipCidrRange", "secondaryIpRanges[].ipCidrRange")),
}  # fmt: skip
_NETWORKS = {
    "aws:ec2/vpc:Vpc": ("cidrBlock",),
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": ("cidrBlock",),
    "azure-native:network:VirtualNetwork": ("addressSpace.addressPrefixes[]",),
}
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def check_ranges(plan: Plan) -> Iterator[Finding]:
    """Subnets outside their networks, ranges over one another, an AKS cluster's ranges."""
    yield from _containment(plan)
    yield from _overlaps(plan)
    for one in plan.of_type("azure-native:containerservice:ManagedCluster"):
        yield from _aks(one)
    for one in plan.of_type("azure-native:network:VirtualNetwork"):
        yield from _inside(one, _ranges(one, ("subnets[].addressPrefix",)), _ranges(one, _NETWORKS[one.type]))  # fmt: skip


def _ranges(one: Resource, paths: tuple[str, ...]) -> list[tuple[str, Network]]:
    found: list[tuple[str, Network]] = []
    for path in paths:
        for place, value in at_path(one.inputs, path):
            try:
                found.append((place, ipaddress.ip_network(str(value), strict=False)))
            except ValueError:
                continue  # said elsewhere
    return found


def _holder(plan: Plan, subnet: Resource) -> list[Resource]:
    """The networks that a subnet may lie in; empty where the plan does not hold them."""
    key, _ = _SUBNETS[subnet.type]
    package = subnet.type.partition(":")[0]
    networks = [n for n in plan.resources if n.type in _NETWORKS and n.type.startswith(package)]
    deps = set(subnet.property_deps.get(key, ())) | set(subnet.deps)
    linked = [n for n in networks if n.urn in deps]
    if linked:
        more = [n for n in networks if n not in linked and set(n.deps) & {x.urn for x in linked}]
        return linked + more
    named = [n for n in networks if n.inputs.get(key) == subnet.inputs.get(key)]
    # With no dependencies to go by, one network in the plan can only be the one that is meant.
    alone = networks if len(networks) == 1 and not subnet.deps and package == "aws" else []
    return named if package == "azure-native" else alone


def _containment(plan: Plan) -> Iterator[Finding]:
    for subnet in plan.of_type(*_SUBNETS):
        holders = _holder(plan, subnet)
        outer = [r for n in holders for r in _ranges(n, _NETWORKS[n.type])]
        if outer:
            yield from _inside(subnet, _ranges(subnet, _SUBNETS[subnet.type][1]), outer)


def _inside(
    one: Resource, ranges: list[tuple[str, Network]], outer: list[tuple[str, Network]]
) -> Iterator[Finding]:
    for place, inner in ranges:
        if not any(_within(inner, net) for _, net in outer):
            allowed = f"a range inside {', '.join(str(net) for _, net in outer)}, its network's"
            yield finding("range", one, place, str(inner), allowed, _page(one))


def _within(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # pyright: ignore[reportArgumentType]


def _overlaps(plan: Plan) -> Iterator[Finding]:
    groups: dict[tuple[str, Any], list[tuple[Resource, str, Network]]] = {}
    for subnet in plan.of_type(*_SUBNETS):
        key, paths = _SUBNETS[subnet.type]
        network = subnet.inputs.get(key)
        home = subnet.property_deps.get(key) or (str(network),)
        for place, net in _ranges(subnet, paths):
            groups.setdefault((subnet.type, home), []).append((subnet, place, net))
    for members in groups.values():
        for i, (one, place, net) in enumerate(members):
            for other, there, before in members[:i]:
                if net.version == before.version and net.overlaps(before):
                    allowed = f"a range apart from {before} ({other.name}, {there})"
                    yield finding("range", one, place, str(net), allowed, _page(one))


def _aks(one: Resource) -> Iterator[Finding]:
    origin = "https://learn.microsoft.com/azure/aks/concepts-network-ip-address-planning"
    services = dict(_ranges(one, ("networkProfile.serviceCidr",)))
    pods = dict(_ranges(one, ("networkProfile.podCidr",)))
    dns = at(one.inputs, "networkProfile.dnsServiceIP")
    for service in services.values():
        try:
            inside = dns is None or open_value(dns) or ipaddress.ip_address(str(dns)) in service
        except ValueError:
            inside = False
        if not inside:
            allowed = f"an address inside serviceCidr {service}"
            yield finding("range", one, "networkProfile.dnsServiceIP", dns, allowed, origin)
        for pod in pods.values():
            if pod.version == service.version and pod.overlaps(service):
                allowed = f"a range apart from podCidr {pod}"
                yield finding("range", one, "networkProfile.serviceCidr", str(service), allowed, origin)  # fmt: skip


def _page(one: Resource) -> str:
    return _PAGES[one.type.partition(":")[0]]
