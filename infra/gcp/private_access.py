"""Names inside the network: Google's services by private addresses, and the zone of the platform's own.

Google's names resolve to restricted.googleapis.com.

The restricted range serves the services that VPC Service Controls know, which are all that Landfall uses.
Source: https://cloud.google.com/vpc/docs/configure-private-google-access. Leaves out the route to the range
(`infra/gcp/network.py`), the endpoint of Cloud SQL (`infra/gcp/database.py`), and what answers in the
platform's zone (`infra/gcp/gateway_name.py`).
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import compute, dns

from infra.gcp.tenancy import strict
from infra.kubernetes.domain import domain
from infra.scope import Scope

RESTRICTED_RANGE = "199.36.153.4/30"
_ADDRESSES = ["199.36.153.4", "199.36.153.5", "199.36.153.6", "199.36.153.7"]
DOMAINS = {
    "googleapis": "googleapis.com.",
    "images": "pkg.dev.",
    "gcr": "gcr.io.",
    "kubernetes": "gke.goog.",
    "composer": "composer.cloud.google.com.",
    "dataproc": "dataproc.cloud.google.com.",
    "dataproc-gateway": "dataproc.googleusercontent.com.",
}
"""Logical name → the domain of a service that is reached this way."""


def own_zone(
    scope: Scope, parent: pulumi.Resource, networks: dict[str, compute.Network]
) -> pulumi.Output[dict[str, str]]:
    """The zone in which the cluster's services answer; its domain → its name."""
    own = domain(scope)
    told = "Names of what runs on the cluster"
    zone = _zone(scope, parent, "inside", f"{own}.", told, networks)
    return zone.name.apply(lambda name: {own: name})


def _zone(
    scope: Scope,
    parent: pulumi.Resource,
    logical: str,
    name: str,
    description: str,
    networks: dict[str, compute.Network],
) -> dns.ManagedZone:
    return dns.ManagedZone(
        logical,
        name=scope.name("dns-zone", logical),
        dns_name=name,
        description=description,
        visibility="private",
        private_visibility_config=dns.ManagedZonePrivateVisibilityConfigArgs(
            networks=[
                dns.ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=one.id)
                for one in networks.values()
            ]
        ),
        opts=scope.child(parent),
    )


def resolve_privately(
    scope: Scope, parent: pulumi.Resource, networks: dict[str, compute.Network]
) -> None:
    """A private zone a domain on every network; queries are logged, and in production the client's own
    name servers may ask the hub."""
    for logical, name in DOMAINS.items():
        told = "Names of Google's services, answered with private addresses"
        zone = _zone(scope, parent, logical, name, told, networks)
        # googleapis.com itself is no service: its names point at the restricted host.
        host = "restricted.googleapis.com." if logical == "googleapis" else name
        dns.RecordSet(
            f"{logical}-addresses",
            managed_zone=zone.name,
            name=host,
            type="A",
            ttl=300,
            rrdatas=_ADDRESSES,
            opts=scope.child(parent),
        )
        dns.RecordSet(
            f"{logical}-names",
            managed_zone=zone.name,
            name=f"*.{name}",
            type="CNAME",
            ttl=300,
            rrdatas=[host],
            opts=scope.child(parent),
        )
    for purpose, network in networks.items():
        dns.Policy(
            purpose,
            name=scope.name("dns-policy", purpose),
            enable_logging=True,
            enable_inbound_forwarding=purpose == "hub" and strict(scope.intent),
            networks=[dns.PolicyNetworkArgs(network_url=network.id)],
            opts=scope.child(parent),
        )
