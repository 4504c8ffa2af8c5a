"""The Intent's network part, and what the client already has and wants kept.

Leaves out how the range is cut into subnets, pods and services: the network layer does that.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import Field

from landfall.intent.base import Cidr, Part, form
from landfall.intent.data import Zone

Domain = Annotated[
    str,
    form(
        r"^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$",
        "must be a domain in lower case, perhaps with '*.' before it",
        "pypi.org",
    ),
]


PUBLIC_RANGES, PUBLIC_PREFIX = 10, 22
"""How many ranges may be let in over the internet, to a cluster's API or to Snowflake, and how wide one may be."""
# What no caller comes from over the internet; the ranges for documentation (RFC 5737) may stand in samples.
_NOT_PUBLIC = [
    ipaddress.IPv4Network(one)
    for one in ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
                "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3")
]  # fmt: skip


def too_open(text: str) -> str:
    """What is wrong with a range that is let in over the internet; empty where nothing is."""
    network = ipaddress.IPv4Network(text)
    if network.prefixlen < PUBLIC_PREFIX:
        return f"lets in {network.num_addresses} addresses; it must be /{PUBLIC_PREFIX} or smaller"
    if any(network.overlaps(one) for one in _NOT_PUBLIC):
        return "is no public range; who comes from inside the network needs not be listed"
    return ""


class Adopt(Part):
    """What exists already and is used instead of being created, each by the cloud's own id."""

    network: str | None = Field(
        default=None,
        examples=[
            "vpc-0a1b2c3d4e5f67890",
            "projects/acme-net/global/networks/hub",
            "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/net"
            "/providers/Microsoft.Network/virtualNetworks/hub",
        ],
    )
    """The VPC or virtual network."""
    subnets: list[str] = Field(default=[], examples=[["subnet-0a1b2c3d4e5f67890"]])
    """Private subnets of that network, one a zone at least for a cluster."""
    pods_range: str | None = Field(default=None, examples=["pods"])
    """Google Cloud: the name of the secondary range, in the last of `subnets`, that pods take their addresses from.
    Needed where the subnet lies in another project (Shared VPC), in which GKE makes none; elsewhere GKE makes one."""
    services_range: str | None = Field(default=None, examples=["services"])
    """As `pods_range`, for the cluster's services."""
    key: str | None = Field(
        default=None,
        examples=["arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"],
    )
    """The customer-managed key that encrypts the lake."""
    buckets: dict[Zone, str] = Field(default={}, examples=[{"landing": "acme-drop"}])
    """Buckets (on Azure, containers as `account/container`) that are zones of the lake already."""
    log_bucket: str | None = Field(default=None, examples=["acme-org-audit"])
    """Where the organization collects audit logs, which the platform's writers cannot delete."""
    egress_addresses: list[Cidr] = Field(default=[], examples=[["203.0.113.7/32"]])
    """Public addresses by which the adopted network goes out, each /22 or smaller: Snowflake lets in these alone,
    so they are needed where it is the warehouse. A network that is built gets fixed addresses of its own."""


class Network(Part):
    """Addresses, the way out, and what to adopt."""

    cidr: Cidr = "10.64.0.0/16"
    """The platform's own private range, /12 to /20; it must not meet a range in `avoid`."""
    avoid: list[Cidr] = Field(default=[], examples=[["10.0.0.0/12", "192.168.0.0/16"]])
    """Ranges that the client uses (offices, data centres, other clouds) and wants to reach."""
    egress: Literal["nat", "allow-list", "none"] = "nat"
    """The way to the internet: by NAT, only to the domains of `egress_domains`, or not at all."""
    egress_domains: list[Domain] = []
    """What `allow-list` lets out."""
    flow_logs: bool = True
    """Whether the network records who talked to whom."""
    api_from: list[Cidr] = Field(default=[], examples=[["203.0.113.7/32"]])
    """Public ranges from which the cluster's API may be reached besides the network itself: the office, the VPN.
    Left out, it has no public address, and the layer `ml` is applied from inside the network. Each /22 or
    smaller, ten at most. Google Cloud needs none: its clusters have a DNS name at which IAM decides."""
    adopt: Adopt = Adopt()
