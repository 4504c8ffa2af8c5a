"""The private network: a hub with the way out, a spoke with the subnets, DNS zones for private endpoints.

An adopted network is used by id and never changed: its subnets must be given in the order nodes, endpoints,
databases. Leaves out flow logs, which need somewhere to go (`infra/azure/security.py`), and the client's
own connection (ExpressRoute, VPN), for which the hub keeps room.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import network, privatedns

from infra.azure.addresses import Addresses, carve
from infra.azure.egress import Egress, build_egress
from infra.azure.endpoints import PRIVATE_ZONES
from infra.azure.groups import group
from infra.azure.provider import region_of
from infra.azure.shield import build_shield
from infra.azure.zones import zones
from infra.contract import Network, Organization, Text
from infra.kubernetes.domain import domain
from infra.scope import Scope

OFFERED = True
_DELEGATED = {
    "databases": "Microsoft.DBforPostgreSQL/flexibleServers",
    "gateways": "Microsoft.PowerPlatform/vnetaccesslinks",
}
_SHIELDS = {
    "nodes": "workloads",
    "ingress": "workloads",
    "endpoints": "endpoints",
    "databases": "databases",
    "gateways": "workloads",
}
_GO_OUT = ("nodes", "gateways")


class AzureNetwork(pulumi.ComponentResource):
    """Hub, spoke, subnets, DNS."""

    def __init__(self, scope: Scope, organization: Organization) -> None:
        super().__init__("landfall:azure:Network", "network", {}, scope.component())
        self._scope = scope
        self._group = group(scope, organization, "network")
        addresses = carve(scope.intent.network.cidr)
        adopt = scope.intent.network.adopt
        self._leaves_by: list[pulumi.Input[str]] = list(adopt.egress_addresses)
        if adopt.network:
            spoke_id, subnets, shield_id = self._adopted(adopt.network, adopt.subnets)
            cidr = pulumi.Output.from_input("")
        else:
            spoke_id, subnets, shield_id = self._built(addresses)
            cidr = pulumi.Output.from_input(addresses.spoke)
        self.result = Network(
            id=spoke_id,
            subnets=pulumi.Output.all(subnets["nodes"]),
            cluster_subnet=subnets["nodes"],
            database_subnets=pulumi.Output.all(subnets["databases"]),
            endpoint_subnet=subnets["endpoints"],
            pods_range=pulumi.Output.from_input(addresses.pods),
            services_range=pulumi.Output.from_input(addresses.services),
            workload_group=shield_id,
            zones=pulumi.Output.from_input(zones(scope)),
            cidr=cidr,
            private_zones=self._private_zones(),
            egress_addresses=pulumi.Output.all(*self._leaves_by).apply(list),
        )
        self.register_outputs({"id": spoke_id, "subnets": self.result.subnets})

    def _adopted(self, spoke: str, subnets: list[str]) -> tuple[Text, dict[str, Text], Text]:
        wanted = ("nodes", "endpoints", "databases")
        self._spokes = [("spoke", pulumi.Output.from_input(spoke))]
        found = {
            name: pulumi.Output.from_input(one)
            for name, one in zip(wanted, subnets[:3], strict=True)
        }
        return pulumi.Output.from_input(spoke), found, pulumi.Output.from_input("")

    def _built(self, addresses: Addresses) -> tuple[Text, dict[str, Text], Text]:
        hub = self._vnet("hub", addresses.hub)
        spoke = self._vnet("spoke", addresses.spoke)
        # The client's own resolver asks from the hub; a development stack has no such guest.
        linked = [("hub", hub.id)] if self._scope.intent.environment == "prod" else []
        self._spokes = [*linked, ("spoke", spoke.id)]
        self._peer("hub", hub, spoke)
        self._peer("spoke", spoke, hub)
        egress = build_egress(self._scope, self, self._group, hub, addresses)
        self._leaves_by = [] if egress.address is None else [egress.address]
        shields = build_shield(self._scope, self, self._group, addresses)
        subnets: dict[str, Text] = {}
        before: list[pulumi.Resource] = []
        for name, shield in _SHIELDS.items():
            made = self._subnet(
                name, getattr(addresses, name), spoke, shields[shield], egress, before
            )
            # One after the other: Azure refuses two changes of one virtual network at the same time.
            before = [made]
            subnets[name] = made.id
        # Whoever takes the spoke's id waits for the hub as well.
        both = pulumi.Output.all(spoke.id, hub.id).apply(lambda ids: ids[0])
        return both, subnets, shields["workloads"].id

    def _vnet(self, name: str, prefix: str) -> network.VirtualNetwork:
        scope = self._scope
        return network.VirtualNetwork(
            name,
            network.VirtualNetworkInitArgs(
                virtual_network_name=scope.name("network", name),
                resource_group_name=self._group,
                location=region_of(scope),
                address_space=network.AddressSpaceArgs(address_prefixes=[prefix]),
                tags=scope.labels,
            ),
            # Azure lists the subnets inside the network as well; they are resources of their own here.
            scope.child(self, ignore_changes=["subnets", "virtualNetworkPeerings"]),
        )

    def _peer(self, name: str, here: network.VirtualNetwork, there: network.VirtualNetwork) -> None:
        network.VirtualNetworkPeering(
            f"{name}-peering",
            network.VirtualNetworkPeeringInitArgs(
                virtual_network_peering_name=f"from-{name}",
                virtual_network_name=here.name,
                resource_group_name=self._group,
                remote_virtual_network=network.SubResourceArgs(id=there.id),
                allow_virtual_network_access=True,
                allow_forwarded_traffic=True,
                allow_gateway_transit=name == "hub",
                use_remote_gateways=False,
            ),
            self._scope.child(self),
        )

    def _subnet(
        self,
        name: str,
        prefix: str,
        spoke: network.VirtualNetwork,
        shield: network.NetworkSecurityGroup,
        egress: Egress,
        before: list[pulumi.Resource],
    ) -> network.Subnet:
        delegations = None
        if name in _DELEGATED:
            delegations = [network.DelegationArgs(name=name, service_name=_DELEGATED[name])]
        routes = None
        if egress.routes is not None and name in _GO_OUT:
            routes = network.RouteTableArgs(id=egress.routes.id)
        return network.Subnet(
            f"subnet-{name}",
            network.SubnetInitArgs(
                subnet_name=self._scope.name("subnet", name),
                virtual_network_name=spoke.name,
                resource_group_name=self._group,
                address_prefix=prefix,
                default_outbound_access=False,
                network_security_group=network.NetworkSecurityGroupArgs(id=shield.id),
                nat_gateway=egress.nat if name in _GO_OUT else None,
                route_table=routes,
                delegations=delegations,
                private_endpoint_network_policies="Enabled" if name == "endpoints" else None,
                # Where the gateway's private link takes its addresses, Azure wants these off.
                private_link_service_network_policies="Disabled" if name == "ingress" else None,
            ),
            self._scope.child(self, depends_on=before),
        )

    def _private_zones(self) -> pulumi.Output[dict[str, str]]:
        scope = self._scope
        ids: dict[str, Text] = {}
        for short, zone in {**PRIVATE_ZONES, "inside": domain(scope)}.items():
            made = privatedns.PrivateZone(
                f"names-{short.lower()}",
                privatedns.PrivateZoneArgs(
                    private_zone_name=zone,
                    resource_group_name=self._group,
                    location="global",
                    tags=scope.labels,
                ),
                scope.child(self),
            )
            links = [
                privatedns.VirtualNetworkLink(
                    f"names-{short.lower()}-{which}",
                    privatedns.VirtualNetworkLinkArgs(
                        virtual_network_link_name=which,
                        private_zone_name=made.name,
                        resource_group_name=self._group,
                        location="global",
                        registration_enabled=False,
                        virtual_network=privatedns.SubResourceArgs(id=where),
                        tags=scope.labels,
                    ),
                    scope.child(self),
                )
                for which, where in self._spokes
            ]
            # What asks for a zone asks for its names in the network: Azure refuses a database before.
            ids[zone] = pulumi.Output.all(made.id, *(link.id for link in links)).apply(
                lambda known: known[0]
            )
        return pulumi.Output.all(**ids)


def build_network(scope: Scope, organization: Organization) -> Network:
    """The network that the intent describes, or the adopted one with what is missing for private access."""
    return AzureNetwork(scope, organization).result
