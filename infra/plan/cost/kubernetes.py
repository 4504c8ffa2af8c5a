"""What an object of a cluster makes its cloud bill for: the load balancer of the gateway. Volumes that charts claim
are left out, since no plan holds them."""

from __future__ import annotations

from collections.abc import Iterable

from infra.plan.cost.base import HOURS, Line, Pricing, prices
from infra.plan.cost.usage import Range
from infra.plan.model import Resource


@prices("kubernetes:gateway.networking.k8s.io/v1:Gateway")
def _gateway(one: Resource, p: Pricing) -> Iterable[Line]:
    """The network load balancer in front of Envoy, by its hours and by what it carries: as much as leaves the network."""
    yield from p.line(one, "network", "lb.hour", HOURS, note="of the cluster's gateway")
    if p.intent.cloud.provider == "aws":
        yield from p.line(one, "network", "lb.lcu.hour", Range(0.1, 0.5, 2).times(HOURS))
    else:
        yield from p.line(one, "network", "lb.gb", p.usage.egress_gb)
