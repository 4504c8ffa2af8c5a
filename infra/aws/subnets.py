"""Networks, subnets, route tables and NAT, each made one way: named, in its zone, and closed by default.

Leaves out where they lie and who may talk to whom.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.scope import Scope


def vpc(scope: Scope, parent: pulumi.Resource, name: str, cidr: str) -> aws.ec2.Vpc:
    """A network whose default security group and default route table let nothing through (CIS AWS 5.4)."""
    made = aws.ec2.Vpc(
        name,
        cidr_block=cidr,
        enable_dns_support=True,
        enable_dns_hostnames=True,
        tags={"Name": scope.name("network", name)},
        opts=scope.child(parent),
    )
    aws.ec2.DefaultSecurityGroup(
        name, vpc_id=made.id, ingress=[], egress=[], opts=scope.child(parent)
    )
    aws.ec2.DefaultRouteTable(
        name,
        default_route_table_id=made.default_route_table_id,
        routes=[],
        opts=scope.child(parent),
    )
    return made


def route_table(
    scope: Scope, parent: pulumi.Resource, name: str, network: pulumi.Input[str]
) -> aws.ec2.RouteTable:
    """A route table; its routes are resources of their own, since others add to it."""
    return aws.ec2.RouteTable(
        name,
        vpc_id=network,
        tags={"Name": scope.name("network", name)},
        opts=scope.child(parent),
    )


def subnet(
    scope: Scope,
    parent: pulumi.Resource,
    name: str,
    network: pulumi.Input[str],
    cidr: str,
    zone: str,
    table: aws.ec2.RouteTable,
    **tags: str,
) -> aws.ec2.Subnet:
    """A subnet in a zone (by id), with its route table; nothing in it is given a public address."""
    made = aws.ec2.Subnet(
        name,
        vpc_id=network,
        cidr_block=cidr,
        availability_zone_id=zone,
        map_public_ip_on_launch=False,
        tags={"Name": scope.name("network", name), **tags},
        opts=scope.child(parent),
    )
    aws.ec2.RouteTableAssociation(
        name, subnet_id=made.id, route_table_id=table.id, opts=scope.child(parent)
    )
    return made


def nat(
    scope: Scope,
    parent: pulumi.Resource,
    name: str,
    lies: aws.ec2.Subnet,
    gateway: aws.ec2.InternetGateway,
) -> aws.ec2.NatGateway:
    """A NAT gateway with a fixed address, which the client may tell partners to admit."""
    address = aws.ec2.Eip(
        name,
        domain="vpc",
        tags={"Name": scope.name("network", f"nat-{name}")},
        opts=scope.child(parent, depends_on=[gateway]),
    )
    return aws.ec2.NatGateway(
        name,
        subnet_id=lies.id,
        allocation_id=address.id,
        connectivity_type="public",
        tags={"Name": scope.name("network", f"nat-{name}")},
        opts=scope.child(parent),
    )
