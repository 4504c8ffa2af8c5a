"""The client's door: a router for its VPN or Interconnect in the hub, and the peering that joins the platform.

The client's routes reach the spoke by peering; the spoke's ranges are announced to the client. Leaves out the
VPN or Interconnect itself, whose other end is not ours.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import compute

from infra.gcp.tenancy import cloud
from infra.scope import Scope


def join(
    scope: Scope, parent: pulumi.Resource, hub: compute.Network, spoke: compute.Network
) -> None:
    """Router and peerings."""
    compute.Router(
        "hub",
        name=scope.name("router", "hub"),
        network=hub.id,
        region=cloud(scope.intent).region,
        bgp=compute.RouterBgpArgs(
            # A private number of RFC 6996 that Google does not use itself.
            asn=64514,
            advertise_mode="CUSTOM",
            advertised_groups=["ALL_SUBNETS"],
            advertised_ip_ranges=[
                compute.RouterBgpAdvertisedIpRangeArgs(range=scope.intent.network.cidr)
            ],
        ),
        opts=scope.child(parent),
    )
    out = compute.NetworkPeering(
        "hub-to-platform",
        name=scope.name("peering", "hub-to-platform"),
        network=hub.self_link,
        peer_network=spoke.self_link,
        export_custom_routes=True,
        opts=scope.child(parent),
    )
    compute.NetworkPeering(
        "platform-to-hub",
        name=scope.name("peering", "platform-to-hub"),
        network=spoke.self_link,
        peer_network=hub.self_link,
        import_custom_routes=True,
        # Google refuses two changes to the same pair at once.
        opts=scope.child(parent, depends_on=[out]),
    )
