"""Dashboards: read-only access to the marts, and what is typed into each tool.

Who may become the role `bi` reads the marts through a token that ends within the hour. QuickSight enters the
network by a connection of its own; the other tools by a gateway inside. Leaves out subscribing to QuickSight and
whatever is drawn in the tools. Sources: https://docs.aws.amazon.com/quicksight/latest/user/vpc-creating-a-connection.html,
https://docs.aws.amazon.com/redshift/latest/mgmt/options-for-providing-iam-credentials.html.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.groups import closed_group
from infra.aws.policies import allow, services, trust
from infra.aws.provider import cloud
from infra.aws.roles import boundary, grant, role
from infra.aws.warehouse import PORT
from infra.scope import Scope

OFFERED = True
TOOLS = {
    "quicksight": "New dataset, Redshift, manual connect: host {host}, port {port}, database {dbname}, "
    "schema {marts}, by the VPC connection with role {role} and security group {group}",
    "looker": "Connection, Amazon Redshift: host {host}, port {port}, database {dbname}, schema {marts}, "
    "user and password from `aws redshift-serverless get-credentials --workgroup-name {workgroup}` as {identity}, SSL on",
    "tableau": "Amazon Redshift: server {host}, port {port}, database {dbname}, authentication by IAM role "
    "{identity}, require SSL; schema {marts}",
    "power-bi": "Amazon Redshift by the on-premises data gateway inside the network: server {host}:{port}, "
    "database {dbname}, schema {marts}, identity {identity}",
}


class Bi(pulumi.ComponentResource):
    """QuickSight's way into the network."""

    def __init__(self, scope: Scope, foundation: contract.Foundation) -> None:
        super().__init__("landfall:aws:Bi", "bi", None, scope.component())
        account, network = foundation.organization.tenancy, foundation.network
        self.role = role(
            scope, self, "quicksight-network",
            trust=[trust(services("quicksight.amazonaws.com"))],
            limit=boundary(scope, foundation.organization, foundation.security),
            what="QuickSight's network interfaces",
        )  # fmt: skip
        self.group = closed_group(scope, self, "quicksight", network.id)
        where = pulumi.Output.concat("arn:aws:ec2:", cloud(scope).region, ":", account, ":")
        interfaces = [pulumi.Output.concat(where, "network-interface/*")]
        grant(
            scope, self, "quicksight-network", self.role.name,
            allow(
                "Interfaces",
                ["ec2:CreateNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute",
                 "ec2:DeleteNetworkInterface"],
                [*interfaces, pulumi.Output.concat(where, "security-group/", self.group.id)],
            ),
            allow("Subnets", ["ec2:CreateNetworkInterface"], pulumi.Output.concat(where, "subnet/*")),
            allow(
                "Look",
                ["ec2:DescribeSubnets", "ec2:DescribeSecurityGroups", "ec2:DescribeNetworkInterfaces"],
                "*",
            ),
        )  # fmt: skip
        aws.vpc.SecurityGroupEgressRule(
            "quicksight-to-warehouse",
            security_group_id=self.group.id,
            referenced_security_group_id=network.workload_group,
            description="The warehouse, which is a workload",
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            opts=scope.child(self),
        )
        aws.vpc.SecurityGroupIngressRule(
            "workloads-from-quicksight",
            security_group_id=network.workload_group,
            referenced_security_group_id=self.group.id,
            description="QuickSight reads the warehouse",
            ip_protocol="tcp",
            from_port=PORT,
            to_port=PORT,
            opts=scope.child(self),
        )
        # Interfaces of QuickSight receive answers only where a rule lets them in.
        aws.vpc.SecurityGroupIngressRule(
            "quicksight-answers",
            security_group_id=self.group.id,
            referenced_security_group_id=network.workload_group,
            description="Answers of the warehouse",
            ip_protocol="tcp",
            from_port=0,
            to_port=65535,
            opts=scope.child(self),
        )
        self.register_outputs({})


def build_bi(
    scope: Scope, foundation: contract.Foundation, warehouse: contract.Warehouse
) -> contract.Bi:
    """Build the way in; `connections` is what is typed into each tool, with no secret in it."""
    made = Bi(scope, foundation)
    identity = foundation.identity.workloads["bi"]
    told = pulumi.Output.all(
        warehouse.settings, warehouse.marts, identity, made.role.arn, made.group.id
    )
    return contract.Bi(identity=identity, connections=told.apply(_typed))


def _typed(got: list) -> dict[str, str]:
    settings, marts, identity, role_arn, group = got
    values = {
        **settings, "marts": marts, "identity": identity, "role": role_arn, "group": group,
        "workgroup": settings["serverless_work_group"],
    }  # fmt: skip
    return {tool: text.format(**values) for tool, text in TOOLS.items()}
