"""Private endpoints and the DNS zones that lead to them.

Zone names: https://learn.microsoft.com/azure/private-link/private-endpoint-dns (read 2026-11). Leaves out
the endpoints that Synapse opens from its own managed network, which the target's owner must approve.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import network

from infra.azure.groups import group
from infra.azure.provider import region_of
from infra.contract import Network, Organization, Text
from infra.scope import Scope

PRIVATE_ZONES: dict[str, str] = {
    "blob": "privatelink.blob.core.windows.net",
    "dfs": "privatelink.dfs.core.windows.net",
    "queue": "privatelink.queue.core.windows.net",
    "vault": "privatelink.vaultcore.azure.net",
    "registry": "privatelink.azurecr.io",
    "Sql": "privatelink.sql.azuresynapse.net",
    "Dev": "privatelink.dev.azuresynapse.net",
    "postgres": "landfall.private.postgres.database.azure.com",
}
"""Sub-resource of a private endpoint (`postgres`: of a server in a delegated subnet) to its DNS zone.

A private cluster's own zone is made by AKS; Synapse's serverless endpoint shares the zone of `Sql`."""


def build_endpoint(
    scope: Scope,
    parent: pulumi.Resource,
    name: str,
    sub_resource: str,
    target: pulumi.Input[str],
    organization: Organization,
    net: Network,
) -> network.PrivateEndpoint:
    """A private address for one sub-resource of `target`, known by its usual name inside the network."""
    where = group(scope, organization, "network")
    endpoint = network.PrivateEndpoint(
        f"{name}-endpoint",
        network.PrivateEndpointArgs(
            private_endpoint_name=scope.name("private-endpoint", name),
            resource_group_name=where,
            location=region_of(scope),
            subnet=network.SubnetArgs(id=net.endpoint_subnet),
            custom_network_interface_name=scope.name("private-endpoint", f"{name}-interface"),
            private_link_service_connections=[
                network.PrivateLinkServiceConnectionArgs(
                    name=name, private_link_service_id=target, group_ids=[sub_resource]
                )
            ],
            tags=scope.labels,
        ),
        scope.child(parent),
    )
    zone = PRIVATE_ZONES[sub_resource]
    network.PrivateDnsZoneGroup(
        f"{name}-names",
        network.PrivateDnsZoneGroupArgs(
            private_dns_zone_group_name="default",
            private_endpoint_name=endpoint.name,
            resource_group_name=where,
            private_dns_zone_configs=[
                network.PrivateDnsZoneConfigArgs(
                    name=sub_resource.lower(), private_dns_zone_id=zone_id(net, zone)
                )
            ],
        ),
        scope.child(parent),
    )
    return endpoint


def zone_id(net: Network, zone: str) -> Text:
    """The id of a private DNS zone of the network."""
    return net.private_zones.apply(lambda known: known[zone])
