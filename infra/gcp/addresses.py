"""How the intent's range is cut: a pure function from one network to the subnets of a platform.

Half of it is for pods, the scarcest: a node takes 16 to 256 pod addresses. Nothing overlaps and nothing is
used twice; a sixteenth is kept free for what comes later. Leaves out ranges that Google takes elsewhere
(Composer's tenant network, service endpoints).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

Net = ipaddress.IPv4Network


@dataclass(frozen=True)
class Ranges:
    """Disjoint parts of the platform's range."""

    pods: Net
    nodes: Net
    workloads: Net
    """Spark, Airflow, service endpoints."""
    services: Net
    """Kubernetes services."""
    hub: Net
    """Gateways to the client's own networks."""
    proxies: Net
    """Envoy proxies of internal load balancers; at least /26."""
    spare: Net
    pods_per_node: int
    """So that the pods' range carries at least 32 nodes (64 where it is /20 or larger)."""


def carve(text: str) -> Ranges:
    """Cut a range of /12 to /20, as the intent's rules allow."""
    whole = ipaddress.IPv4Network(text)
    pods, rest = whole.subnets(prefixlen_diff=1)
    nodes, workloads, services, last = rest.subnets(prefixlen_diff=2)
    gates, spare = last.subnets(prefixlen_diff=1)
    hub, proxies = gates.subnets(prefixlen_diff=1)
    return Ranges(
        pods=pods,
        nodes=nodes,
        workloads=workloads,
        services=_at_most(services, 18),
        hub=_at_most(hub, 22),
        proxies=_at_most(proxies, 23),
        spare=spare,
        pods_per_node=_pods_per_node(pods),
    )


def _at_most(net: Net, prefix: int) -> Net:
    """The beginning of `net` where it is larger than anybody needs: 16,000 services, 500 proxies."""
    return net if net.prefixlen >= prefix else next(net.subnets(new_prefix=prefix))


def _pods_per_node(pods: Net) -> int:
    """GKE gives a node twice as many addresses as pods, in powers of two: 110 pods take a /24.

    Source: https://cloud.google.com/kubernetes-engine/docs/how-to/flexible-pod-cidr.
    """
    if pods.prefixlen <= 18:
        return 110
    if pods.prefixlen <= 19:
        return 64
    return 32
