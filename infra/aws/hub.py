"""The hub of production: a transit gateway, and the network through which traffic leaves.

The spoke (the platform's network) has no way out of its own. Whatever leaves goes by the gateway: to the client's
networks, which attach there, and to the internet through the hub's NAT, one a zone, past the firewall where
the intent gives an allow-list. The gateway's route tables are ours, so nothing is reached because a default
says so. Leaves out the client's own attachments (VPN, Direct Connect): their ends are the client's.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.aws.addresses import Addresses
from infra.aws.firewall import inspect_gateway
from infra.aws.provider import cloud
from infra.aws.subnets import nat, route_table, subnet, vpc
from infra.aws.zones import zones_of
from infra.scope import Scope

ANYWHERE = "0.0.0.0/0"


class Hub:
    """The gateway and, with a way out, the hub network. `ready` is what the spoke's traffic needs."""

    def __init__(self, scope: Scope, parent: pulumi.Resource, addresses: Addresses) -> None:
        self._scope, self._parent, self._addresses = scope, parent, addresses
        self._child = scope.child(parent)
        self.ready: list[pulumi.Resource] = []
        self.ways_out: list[aws.ec2.NatGateway] = []
        self.network: aws.ec2.Vpc | None = None
        self.firewall: aws.networkfirewall.Firewall | None = None
        self.gateway = aws.ec2transitgateway.TransitGateway(
            "hub",
            description="Spokes and the client's networks meet here",
            default_route_table_association="disable",
            default_route_table_propagation="disable",
            auto_accept_shared_attachments="disable",
            dns_support="enable",
            tags={"Name": scope.name("network", "hub")},
            opts=self._child,
        )

    def attach(
        self, name: str, network: pulumi.Input[str], subnets: Sequence[pulumi.Input[str]]
    ) -> aws.ec2transitgateway.VpcAttachment:
        """Attach a network by one subnet a zone."""
        made = aws.ec2transitgateway.VpcAttachment(
            name,
            transit_gateway_id=self.gateway.id,
            vpc_id=network,
            subnet_ids=list(subnets),
            appliance_mode_support="enable",
            transit_gateway_default_route_table_association=False,
            transit_gateway_default_route_table_propagation=False,
            tags={"Name": self._scope.name("network", name)},
            opts=self._child,
        )
        self.ready.append(made)
        return made

    def connect(self, spoke: aws.ec2transitgateway.VpcAttachment) -> None:
        """Give the spoke its way out, as the intent's egress says; none leaves only the client's networks."""
        table = self._table("spoke", spoke.id)
        egress = self._scope.intent.network.egress
        if egress == "none":
            return
        out = self._network()
        back = self._table("hub", out.id)
        if egress == "nat":
            self._route("spoke-out", table, ANYWHERE, out.id)
            self._route("hub-back", back, self._addresses.spoke, spoke.id)
            return
        self.firewall, firewall = inspect_gateway(
            self._scope, self._parent, self.gateway.id, self._addresses.spoke
        )
        inspected = self._table("firewall", firewall)
        self._route("spoke-out", table, ANYWHERE, firewall)
        self._route("firewall-out", inspected, ANYWHERE, out.id)
        self._route("hub-back", back, self._addresses.spoke, firewall)
        self._route("firewall-back", inspected, self._addresses.spoke, spoke.id)

    def _network(self) -> aws.ec2transitgateway.VpcAttachment:
        """The network with NAT in every zone, attached."""
        scope, parent, addresses = self._scope, self._parent, self._addresses
        zones = zones_of(cloud(scope).region)
        network = vpc(scope, parent, "hub", addresses.hub)
        gateway = aws.ec2.InternetGateway("hub", vpc_id=network.id, opts=self._child)
        public = route_table(scope, parent, "hub-public", network.id)
        aws.ec2.Route(
            "hub-internet", route_table_id=public.id, destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id, opts=self._child,
        )  # fmt: skip
        entries: list[pulumi.Output[str]] = []
        for index, zone in enumerate(zones, 1):
            name = f"hub-public-{index}"
            lies = subnet(
                scope, parent, name, network.id, addresses.hub_public[index - 1], zone, public
            )
            way = nat(scope, parent, f"hub-{index}", lies, gateway)
            self.ways_out.append(way)
            table = route_table(scope, parent, f"hub-attachment-{index}", network.id)
            self.ready.append(
                aws.ec2.Route(
                    f"hub-nat-{index}", route_table_id=table.id, destination_cidr_block=ANYWHERE,
                    nat_gateway_id=way.id, opts=self._child,
                )
            )  # fmt: skip
            entry = subnet(
                scope, parent, f"hub-attachment-{index}", network.id,
                addresses.hub_attachment[index - 1], zone, table,
            )  # fmt: skip
            entries.append(entry.id)
        attachment = self.attach("hub", network.id, entries)
        aws.ec2.Route(
            "hub-spoke", route_table_id=public.id, destination_cidr_block=addresses.spoke,
            transit_gateway_id=self.gateway.id,
            opts=self._scope.child(parent, depends_on=[attachment]),
        )  # fmt: skip
        self.network = network
        return attachment

    def _table(self, name: str, attachment: pulumi.Input[str]) -> aws.ec2transitgateway.RouteTable:
        table = aws.ec2transitgateway.RouteTable(
            name,
            transit_gateway_id=self.gateway.id,
            tags={"Name": self._scope.name("network", f"{name}-routes")},
            opts=self._child,
        )
        self.ready.append(
            aws.ec2transitgateway.RouteTableAssociation(
                name,
                transit_gateway_attachment_id=attachment,
                transit_gateway_route_table_id=table.id,
                opts=self._child,
            )
        )
        return table

    def _route(
        self,
        name: str,
        table: aws.ec2transitgateway.RouteTable,
        to: str,
        through: pulumi.Input[str],
    ) -> None:
        self.ready.append(
            aws.ec2transitgateway.Route(
                name,
                transit_gateway_route_table_id=table.id,
                destination_cidr_block=to,
                transit_gateway_attachment_id=through,
                opts=self._child,
            )
        )
