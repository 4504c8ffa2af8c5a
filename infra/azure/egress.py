"""The way out of the spoke: a NAT gateway, a firewall that knows the allowed names, or none.

Leaves out the ports that may be used at all: the security groups know them (`infra/azure/shield.py`).
The NAT gateway is Standard: without a zone of its own, placed by Azure in one. A gateway that spans zones
(StandardV2) is not in the API version that azure-native 3.29 speaks; the firewall of `allow-list` spans zones.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from infra.azure.addresses import Addresses
from infra.azure.provider import region_of
from infra.azure.zones import zones
from infra.contract import Text
from infra.scope import Scope
from landfall.intent.data import JdbcSource

NAT_MINUTES = 10
"""Idle flows are forgotten after this; long JDBC reads send keep-alives."""
EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Egress:
    """What subnets are tied to; None where the way out needs none of it."""

    nat: network.SubResourceArgs | None = None
    routes: network.RouteTable | None = None
    address: Text | None = None
    """The public address by which everything goes out."""


def build_egress(
    scope: Scope,
    parent: pulumi.Resource,
    group: Text,
    hub: network.VirtualNetwork,
    addresses: Addresses,
) -> Egress:
    """What the intent's `network.egress` asks for."""
    way = scope.intent.network.egress
    if way == "nat":
        address = _address(scope, parent, group, "nat", [])
        return Egress(nat=_nat(scope, parent, group, address), address=_known(address))
    if way == "allow-list":
        address = _address(scope, parent, group, "firewall", zones(scope))
        firewall = _firewall(scope, parent, group, hub, addresses, address)
        inner = firewall.ip_configurations.apply(lambda all_: (all_ or [])[0].private_ip_address)
        routes = _routes(scope, parent, group, "VirtualAppliance", inner)
        return Egress(routes=routes, address=_known(address))
    return Egress(routes=_routes(scope, parent, group, "None", None))


def _address(
    scope: Scope, parent: pulumi.Resource, group: Text, purpose: str, lies_in: list[str]
) -> network.PublicIPAddress:
    """A public address for a way out; workers never get one."""
    return network.PublicIPAddress(
        f"{purpose}-address",
        network.PublicIPAddressInitArgs(
            public_ip_address_name=scope.name("public-address", purpose),
            resource_group_name=group,
            location=region_of(scope),
            public_ip_allocation_method="Static",
            public_ip_address_version="IPv4",
            sku=network.PublicIPAddressSkuArgs(name="Standard", tier="Regional"),
            zones=lies_in,
            tags=scope.labels,
        ),
        scope.child(parent),
    )


def _known(address: network.PublicIPAddress) -> Text:
    """The address itself: Azure gives a static one when it is made."""
    return address.ip_address.apply(lambda text: text or "")


def _nat(
    scope: Scope, parent: pulumi.Resource, group: Text, address: network.PublicIPAddress
) -> network.SubResourceArgs:
    gateway = network.NatGateway(
        "nat",
        network.NatGatewayInitArgs(
            nat_gateway_name=scope.name("nat-gateway", "spoke"),
            resource_group_name=group,
            location=region_of(scope),
            sku=network.NatGatewaySkuArgs(name="Standard"),
            idle_timeout_in_minutes=NAT_MINUTES,
            public_ip_addresses=[network.SubResourceArgs(id=address.id)],
            tags=scope.labels,
        ),
        scope.child(parent),
    )
    return network.SubResourceArgs(id=gateway.id)


def _routes(
    scope: Scope,
    parent: pulumi.Resource,
    group: Text,
    hop: str,
    address: Text | None,
) -> network.RouteTable:
    return network.RouteTable(
        "routes",
        network.RouteTableInitArgs(
            route_table_name=scope.name("route-table", "spoke"),
            resource_group_name=group,
            location=region_of(scope),
            disable_bgp_route_propagation=False,
            routes=[
                network.RouteArgs(
                    name="out",
                    address_prefix=EVERYWHERE,
                    next_hop_type=hop,
                    next_hop_ip_address=address,
                )
            ],
            tags=scope.labels,
        ),
        scope.child(parent),
    )


def _firewall(
    scope: Scope,
    parent: pulumi.Resource,
    group: Text,
    hub: network.VirtualNetwork,
    addresses: Addresses,
    address: network.PublicIPAddress,
) -> network.AzureFirewall:
    subnet = network.Subnet(
        "firewall-subnet",
        network.SubnetInitArgs(
            subnet_name="AzureFirewallSubnet",  # Azure demands this name
            virtual_network_name=hub.name,
            resource_group_name=group,
            address_prefix=addresses.firewall,
            default_outbound_access=False,
        ),
        scope.child(parent),
    )
    return network.AzureFirewall(
        "firewall",
        network.AzureFirewallArgs(
            azure_firewall_name=scope.name("firewall", "hub"),
            resource_group_name=group,
            location=region_of(scope),
            sku=network.AzureFirewallSkuArgs(name="AZFW_VNet", tier="Standard"),
            threat_intel_mode="Deny",
            firewall_policy=network.SubResourceArgs(
                id=_firewall_policy(scope, parent, group, addresses)
            ),
            ip_configurations=[
                network.AzureFirewallIPConfigurationArgs(
                    name="out",
                    subnet=network.SubResourceArgs(id=subnet.id),
                    public_ip_address=network.SubResourceArgs(id=address.id),
                )
            ],
            zones=zones(scope),
            tags=scope.labels,
        ),
        scope.child(parent),
    )


def _firewall_policy(
    scope: Scope, parent: pulumi.Resource, group: Text, addresses: Addresses
) -> Text:
    policy = network.FirewallPolicy(
        "firewall-policy",
        network.FirewallPolicyArgs(
            firewall_policy_name=scope.name("firewall-policy", "out"),
            resource_group_name=group,
            location=region_of(scope),
            sku=network.FirewallPolicySkuArgs(tier="Standard"),
            threat_intel_mode="Deny",
            # Rules by name for other ports than http's need the firewall to resolve names itself.
            dns_settings=network.DnsSettingsArgs(enable_proxy=True),
            tags=scope.labels,
        ),
        scope.child(parent),
    )
    sources = [addresses.spoke]
    allowed = [
        _names_rule("platform", sources, tags=["AzureKubernetesService"]),
        # Where the cluster's own keys are read: the gateway checks callers' tokens by them.
        _names_rule("issuer", sources, names=["*.oic.prod-aks.azure.com"]),
        _names_rule("allow-list", sources, names=list(scope.intent.network.egress_domains)),
    ]
    collections: list[network.FirewallPolicyFilterRuleCollectionArgs] = [
        _collection("names", 200, allowed)
    ]
    databases = _database_rules(scope, sources)
    if databases:
        collections.append(_collection("sources", 100, databases))
    rules = network.FirewallPolicyRuleCollectionGroup(
        "firewall-rules",
        network.FirewallPolicyRuleCollectionGroupArgs(
            rule_collection_group_name="out",
            firewall_policy_name=policy.name,
            resource_group_name=group,
            priority=100,
            rule_collections=collections,
        ),
        scope.child(parent),
    )
    # The firewall comes after the rules: it must not stand open-handed in between.
    return pulumi.Output.all(policy.id, rules.id).apply(lambda ids: ids[0])


def _collection(
    name: str,
    priority: int,
    rules: list[network.ApplicationRuleArgs] | list[network.NetworkRuleArgs],
) -> network.FirewallPolicyFilterRuleCollectionArgs:
    return network.FirewallPolicyFilterRuleCollectionArgs(
        rule_collection_type="FirewallPolicyFilterRuleCollection",
        name=name,
        priority=priority,
        action=network.FirewallPolicyFilterRuleCollectionActionArgs(type="Allow"),
        rules=rules,
    )


def _names_rule(
    name: str, sources: list[str], *, names: list[str] | None = None, tags: list[str] | None = None
) -> network.ApplicationRuleArgs:
    return network.ApplicationRuleArgs(
        rule_type="ApplicationRule",
        name=name,
        source_addresses=sources,
        target_fqdns=names,
        fqdn_tags=tags,
        protocols=[
            network.FirewallPolicyRuleApplicationProtocolArgs(protocol_type="Https", port=443)
        ],
    )


def _database_rules(scope: Scope, sources: list[str]) -> list[network.NetworkRuleArgs]:
    """The databases that the intent reads: what is not http needs a rule by name and port."""
    jdbc = [one for one in scope.intent.sources if isinstance(one, JdbcSource)]
    return [
        network.NetworkRuleArgs(
            rule_type="NetworkRule",
            name=f"source-{one.dataset}",
            source_addresses=sources,
            destination_fqdns=[one.host],
            destination_ports=[str(one.port)],
            ip_protocols=["TCP"],
        )
        for one in jdbc
    ]
