"""Security groups that begin closed, what workloads may call, and the databases' network ACL.

Leaves out the groups of single services: each is beside its service.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.scope import Scope

_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


def closed_group(
    scope: Scope, parent: pulumi.Resource, name: str, network: pulumi.Input[str]
) -> aws.ec2.SecurityGroup:
    """A group without a rule; its rules are resources of their own, so none is lost on an update."""
    return aws.ec2.SecurityGroup(
        name,
        description=f"Landfall {name}",  # fixed for life
        vpc_id=network,
        revoke_rules_on_delete=True,
        tags={"Name": scope.name("network", name)},
        opts=scope.child(parent),
    )


def workload_egress(
    scope: Scope,
    parent: pulumi.Resource,
    group: aws.ec2.SecurityGroup,
    own: str,
    storage: pulumi.Input[str] | None,
) -> None:
    """What workloads may call: each other, the own network, S3, HTTPS outside where there is a way out,
    and the client's databases on the ports that the sources name."""
    child = scope.child(parent)
    aws.vpc.SecurityGroupIngressRule(
        "workloads-from-workloads",
        security_group_id=group.id,
        referenced_security_group_id=group.id,
        description="Workloads among themselves",
        ip_protocol="-1",
        opts=child,
    )
    _out("network", group, own, "The own network", scope, parent)
    if storage is not None:
        aws.vpc.SecurityGroupEgressRule(
            "workloads-to-storage",
            security_group_id=group.id,
            prefix_list_id=storage,
            description="S3 by its gateway endpoint",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=child,
        )
    network = scope.intent.network
    if network.egress != "none" or storage is None:
        # Where to, NAT and firewall decide; in an adopted network, the client's routes.
        _out("internet", group, "0.0.0.0/0", "HTTPS", scope, parent, 443)
    ports = {source.port for source in scope.intent.sources if source.kind == "jdbc"}
    for port in sorted(ports):
        for i, target in enumerate(network.avoid or _PRIVATE, 1):
            name = f"source-{port}-{i}"
            _out(name, group, target, "A source in the networks of the client", scope, parent, port)


def _out(
    name: str,
    group: aws.ec2.SecurityGroup,
    to: str,
    why: str,
    scope: Scope,
    parent: pulumi.Resource,
    port: int | None = None,
) -> None:
    aws.vpc.SecurityGroupEgressRule(
        f"workloads-to-{name}",
        security_group_id=group.id,
        cidr_ipv4=to,
        description=why,
        ip_protocol="-1" if port is None else "tcp",
        from_port=port,
        to_port=port,
        opts=scope.child(parent),
    )


def database_acl(
    scope: Scope,
    parent: pulumi.Resource,
    network: pulumi.Input[str],
    subnets: Sequence[pulumi.Input[str]],
    own: str,
) -> None:
    """PostgreSQL from the own network and the answers; whatever a group might let in by mistake stays out."""
    args = {"protocol": "tcp", "action": "allow", "cidr_block": own, "rule_no": 100}
    aws.ec2.NetworkAcl(
        "database",
        vpc_id=network,
        subnet_ids=list(subnets),
        ingress=[aws.ec2.NetworkAclIngressArgs(from_port=5432, to_port=5432, **args)],
        egress=[aws.ec2.NetworkAclEgressArgs(from_port=1024, to_port=65535, **args)],
        tags={"Name": scope.name("network", "database")},
        opts=scope.child(parent),
    )
