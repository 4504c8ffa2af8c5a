"""The private network: subnets in three zones, one way out or none, endpoints for every service used.

Production is hub and spoke (`hub.py`): the way out, the firewall and the client's networks are apart from the
platform. Elsewhere the platform's network holds its own single NAT: a transit gateway bills two attachments by
the hour, which a development environment with one network has no use for. Subnets cost nothing, so there
are three zones everywhere (Redshift Serverless asks for three, EKS and Managed Airflow for two); what costs
by the zone (NAT, endpoints, nodes) stays in one outside production.

An adopted network is used as it is: its subnets, its ways in and out and its name servers are the client's, so the
zone of the platform's own names (`gateway_name.py`) is made in networks of ours only. Leaves out flow logs, which the
security layer starts, since their bucket lies there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.addresses import cut
from infra.aws.endpoints import build_endpoints
from infra.aws.firewall import inspect_subnet
from infra.aws.gateway_name import own_zone
from infra.aws.groups import closed_group, database_acl, workload_egress
from infra.aws.hub import ANYWHERE, Hub
from infra.aws.provider import cloud
from infra.aws.subnets import nat, route_table, subnet, vpc
from infra.aws.zones import zones_of
from infra.scope import Scope

OFFERED = True


@dataclass(frozen=True, kw_only=True)
class HubAndSpoke(contract.Network):
    """The contract's network, and what only the security layer asks of it; empty where there is none."""

    hub: pulumi.Output[str]
    """The hub network's id."""
    firewall: pulumi.Output[str]
    """The firewall's ARN."""


FOR_INTERNAL_BALANCERS = {"kubernetes.io/role/internal-elb": "1"}


class Network(pulumi.ComponentResource):
    """The spoke, its subnets and groups; `ready` is what must be there before anything can call out."""

    def __init__(self, scope: Scope, organization: contract.Organization) -> None:
        super().__init__("landfall:aws:Network", "network", None, scope.component())
        self._scope = scope
        self.zones = zones_of(cloud(scope).region)
        self.addresses = cut(scope.intent.network.cidr, len(self.zones))
        self.ready: list[pulumi.Resource] = []
        self.ways_out: list[aws.ec2.NatGateway] = []
        self.hub: pulumi.Output[str] | None = None
        self.firewall: pulumi.Input[str] = ""
        self.names: pulumi.Output[dict[str, str]] = pulumi.Output.from_input({})
        self.private: list[pulumi.Input[str]] = []
        self.database: list[pulumi.Input[str]] = []
        adopt = scope.intent.network.adopt
        self.id: pulumi.Input[str]
        if adopt.network:
            self._adopt(adopt.network, adopt.subnets)
        else:
            self._build(organization)
        self.register_outputs({})

    def _adopt(self, network: str, subnets: list[str]) -> None:
        self.id = network
        self.private, self.database = list(subnets), list(subnets)
        self.workloads = closed_group(self._scope, self, "workloads", network)
        workload_egress(self._scope, self, self.workloads, self._scope.intent.network.cidr, None)

    def _build(self, organization: contract.Organization) -> None:
        scope, addresses = self._scope, self.addresses
        spoke = vpc(scope, self, "platform", addresses.spoke)
        self.id = spoke.id
        tables = [
            route_table(scope, self, f"private-{i}", spoke.id) for i, _ in enumerate(self.zones, 1)
        ]
        self.private = self._subnets("private", addresses.private, tables, FOR_INTERNAL_BALANCERS)
        inner = route_table(scope, self, "database", spoke.id)
        self.database = self._subnets("database", addresses.database, [inner] * len(self.zones), {})
        database_acl(scope, self, spoke.id, self.database, addresses.spoke)
        if scope.intent.environment == "prod":
            self._by_hub(spoke, tables)
        elif scope.intent.network.egress != "none":
            self._by_itself(spoke, tables)
        self._groups(organization, spoke, [*tables, inner])
        self.names = own_zone(scope, self, [one for one in (spoke.id, self.hub) if one is not None])

    def _subnets(
        self,
        name: str,
        ranges: Sequence[str],
        tables: Sequence[aws.ec2.RouteTable],
        tags: dict[str, str],
    ) -> list[pulumi.Input[str]]:
        return [
            subnet(
                self._scope, self, f"{name}-{i}", self.id, ranges[i - 1], zone, tables[i - 1], **tags
            ).id
            for i, zone in enumerate(self.zones, 1)
        ]  # fmt: skip

    def _by_hub(self, spoke: aws.ec2.Vpc, tables: Sequence[aws.ec2.RouteTable]) -> None:
        """Through the transit gateway: the internet, or only the client's networks."""
        scope, network = self._scope, self._scope.intent.network
        hub = Hub(scope, self, self.addresses)
        inner = route_table(scope, self, "attachment", spoke.id)
        entries = self._subnets(
            "attachment", self.addresses.attachment, [inner] * len(self.zones), {}
        )
        attachment = hub.attach("spoke", spoke.id, entries)
        hub.connect(attachment)
        self.hub = hub.network.id if hub.network else None
        self.firewall = hub.firewall.arn if hub.firewall else ""
        targets = network.avoid if network.egress == "none" else [ANYWHERE]
        for i, table in enumerate(tables, 1):
            for j, target in enumerate(targets, 1):
                self._route(
                    f"private-{i}-{j}", table, target,
                    transit_gateway_id=hub.gateway.id, after=[attachment],
                )  # fmt: skip
        self.ready += hub.ready
        self.ways_out = hub.ways_out

    def _by_itself(self, spoke: aws.ec2.Vpc, tables: Sequence[aws.ec2.RouteTable]) -> None:
        """One NAT in the first zone, behind the firewall where there is an allow-list."""
        scope, addresses, zone = self._scope, self.addresses, self.zones[0]
        gateway = aws.ec2.InternetGateway("platform", vpc_id=spoke.id, opts=scope.child(self))
        public = route_table(scope, self, "public", spoke.id)
        self._route("internet", public, ANYWHERE, gateway_id=gateway.id)
        lies = subnet(scope, self, "public-1", spoke.id, addresses.public[0], zone, public)
        way = nat(scope, self, "platform", lies, gateway)
        self.ways_out = [way]
        out: dict[str, Any] = {"nat_gateway_id": way.id}
        if scope.intent.network.egress == "allow-list":
            watched = route_table(scope, self, "firewall", spoke.id)
            self._route("firewall-nat", watched, ANYWHERE, **out)
            where = subnet(
                scope, self, "firewall-1", spoke.id, addresses.firewall[0], zone, watched
            )
            firewall, endpoint = inspect_subnet(scope, self, spoke.id, where.id, addresses.spoke)
            self.firewall = firewall.arn
            out = {"vpc_endpoint_id": endpoint}
            for i, back in enumerate(addresses.private, 1):  # answers pass the firewall, too
                self._route(f"public-back-{i}", public, back, **out)
        for i, table in enumerate(tables, 1):
            self._route(f"private-{i}-1", table, ANYWHERE, **out)

    def _groups(
        self,
        organization: contract.Organization,
        spoke: aws.ec2.Vpc,
        tables: Sequence[aws.ec2.RouteTable],
    ) -> None:
        scope = self._scope
        inner = closed_group(scope, self, "endpoints", spoke.id)
        aws.vpc.SecurityGroupIngressRule(
            "endpoints-from-network",
            security_group_id=inner.id,
            description="HTTPS from inside the network",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            cidr_ipv4=self.addresses.spoke,
            opts=scope.child(self),
        )
        every = scope.intent.environment == "prod"
        storage = build_endpoints(
            scope, self, organization,
            vpc=spoke.id,
            subnets=self.private if every else self.private[:1],
            tables=[table.id for table in tables],
            group=inner.id,
        )  # fmt: skip
        self.ready.append(storage)
        self.workloads = closed_group(scope, self, "workloads", spoke.id)
        workload_egress(scope, self, self.workloads, self.addresses.spoke, storage.prefix_list_id)

    def _route(
        self,
        name: str,
        table: aws.ec2.RouteTable,
        to: str,
        *,
        after: Sequence[pulumi.Resource] = (),
        **through: Any,
    ) -> None:
        self.ready.append(
            aws.ec2.Route(
                name,
                route_table_id=table.id,
                destination_cidr_block=to,
                opts=self._scope.child(self, depends_on=list(after)),
                **through,
            )
        )


def build_network(scope: Scope, organization: contract.Organization) -> HubAndSpoke:
    """Build or adopt the network. Its id is known once routes and endpoints are there, so what is placed in
    it finds its way out."""
    made = Network(scope, organization)
    adopted = bool(scope.intent.network.adopt.network)
    ready = pulumi.Output.all(*(one.urn for one in made.ready))
    subnets = pulumi.Output.all(pulumi.Output.all(*made.private), ready).apply(lambda got: got[0])
    empty = pulumi.Output.from_input("")
    own = scope.intent.network.cidr if adopted else made.addresses.spoke
    return HubAndSpoke(
        id=pulumi.Output.all(made.id, ready).apply(lambda got: got[0]),
        subnets=subnets,
        cluster_subnet=subnets.apply(lambda ids: ids[0]),
        database_subnets=pulumi.Output.all(*made.database).apply(list),
        endpoint_subnet=empty,
        pods_range=pulumi.Output.from_input(own),
        # Nothing tells whether the client's network meets our range: EKS then picks one that does not.
        services_range=empty if adopted else pulumi.Output.from_input(made.addresses.services),
        workload_group=made.workloads.id,
        zones=pulumi.Output.from_input([] if adopted else list(made.zones)),
        cidr=pulumi.Output.from_input(own),
        private_zones=made.names,
        egress_addresses=pulumi.Output.all(
            *scope.intent.network.adopt.egress_addresses, *(way.public_ip for way in made.ways_out)
        ).apply(list),
        hub=empty if made.hub is None else made.hub,
        firewall=pulumi.Output.from_input(made.firewall),
    )
