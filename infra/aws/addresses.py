"""How the intent's range is cut: the platform's network, the hub, the subnets of each, the cluster's services.

A VPC is a /16 at most, so of a larger range only the first two /16 are used; the rest stays free for
further spokes. Leaves out what is built in the ranges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network


@dataclass(frozen=True)
class Addresses:
    """Ranges as text; tuples hold one a zone."""

    spoke: str
    private: tuple[str, ...]
    """Workloads and cluster nodes (and their pods)."""
    database: tuple[str, ...]
    attachment: tuple[str, ...]
    """Where the transit gateway enters the spoke."""
    public: tuple[str, ...]
    """Where NAT lies if the spoke has its own way out."""
    firewall: tuple[str, ...]
    hub: str
    hub_public: tuple[str, ...]
    hub_attachment: tuple[str, ...]
    services: str
    """Kubernetes services; no subnet."""


def cut(cidr: str, zones: int) -> Addresses:
    """Cut a range of /12 to /20 for up to three zones.

    Of the spoke, three quarters are workload subnets and the last quarter holds sixteen small ones.
    """
    whole = IPv4Network(cidr)
    spoke, rest = list(whole.subnets(new_prefix=max(whole.prefixlen + 1, 16)))[:2]
    *private, last = spoke.subnets(prefixlen_diff=2)
    small = _text(last.subnets(prefixlen_diff=4))
    hub, *_, services = rest.subnets(prefixlen_diff=2)
    hub_small = _text(hub.subnets(prefixlen_diff=3))
    return Addresses(
        spoke=str(spoke),
        private=_text(private)[:zones],
        database=small[0:3][:zones],
        attachment=small[3:6][:zones],
        public=small[6:9][:zones],
        firewall=small[9:12][:zones],
        hub=str(hub),
        hub_public=hub_small[0:3][:zones],
        hub_attachment=hub_small[3:6][:zones],
        services=str(services),
    )


def _text(networks: Iterable[IPv4Network]) -> tuple[str, ...]:
    return tuple(str(one) for one in networks)
