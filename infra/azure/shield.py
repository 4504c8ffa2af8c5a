"""The network security groups: nothing comes in and nothing goes out but what is listed.

Leaves out which names may be reached (`infra/azure/egress.py`); a security group knows addresses only.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import network

from infra.azure.addresses import Addresses
from infra.azure.provider import region_of
from infra.contract import Text
from infra.scope import Scope
from landfall.intent.data import JdbcSource

LAST = 4096


def _rule(
    name: str,
    priority: int,
    direction: str,
    source: str,
    destination: str,
    ports: list[str],
    *,
    access: str = "Allow",
    protocol: str = "Tcp",
) -> network.SecurityRuleArgs:
    return network.SecurityRuleArgs(
        name=name,
        priority=priority,
        direction=direction,
        access=access,
        protocol=protocol,
        source_address_prefix=source,
        source_port_range="*",
        destination_address_prefix=destination,
        destination_port_ranges=ports if len(ports) > 1 else None,
        destination_port_range=ports[0] if len(ports) == 1 else None,
    )


def _nothing_else(direction: str) -> network.SecurityRuleArgs:
    return _rule(
        f"no-other-{direction.lower()}",
        LAST,
        direction,
        "*",
        "*",
        ["*"],
        access="Deny",
        protocol="*",
    )


def _workloads(scope: Scope, addresses: Addresses) -> list[network.SecurityRuleArgs]:
    """Nodes and the ingress: among themselves and from the load balancer's probe; out by https and time."""
    rules = [
        _rule("from-platform", 100, "Inbound", addresses.spoke, "*", ["*"], protocol="*"),
        # The overlay hides pods behind their node only when they leave the cluster's subnets.
        _rule("from-pods", 110, "Inbound", addresses.pods, "*", ["*"], protocol="*"),
        _rule("from-probe", 120, "Inbound", "AzureLoadBalancer", "*", ["*"], protocol="*"),
        _rule("to-network", 100, "Outbound", "*", "VirtualNetwork", ["*"], protocol="*"),
    ]
    if scope.intent.network.egress == "none":
        return rules
    rules.append(_rule("to-https", 110, "Outbound", "*", "Internet", ["443"]))
    rules.append(_rule("to-time", 120, "Outbound", "*", "Internet", ["123"], protocol="Udp"))
    ports = sorted({s.port for s in scope.intent.sources if isinstance(s, JdbcSource)})
    if ports:
        rules.append(_rule("to-sources", 130, "Outbound", "*", "Internet", [str(p) for p in ports]))
    return rules


def build_shield(
    scope: Scope, parent: pulumi.Resource, group: Text, addresses: Addresses
) -> dict[str, network.NetworkSecurityGroup]:
    """One security group a kind of subnet: `workloads`, `endpoints`, `databases`."""
    spoke = addresses.spoke
    rules = {
        "workloads": _workloads(scope, addresses),
        "endpoints": [_rule("from-platform", 100, "Inbound", spoke, "*", ["443", "1433"])],
        "databases": [
            _rule("from-platform", 100, "Inbound", spoke, "*", ["5432", "6432"]),
            # The server's own standby and backups: Azure refuses a flexible server without them.
            _rule("to-standby", 100, "Outbound", addresses.databases, addresses.databases, ["5432", "6432"]),
            _rule("to-storage", 110, "Outbound", addresses.databases, "Storage", ["443"]),
            _rule("to-entra", 120, "Outbound", addresses.databases, "AzureActiveDirectory", ["443"]),
        ],
    }  # fmt: skip
    return {
        name: network.NetworkSecurityGroup(
            f"shield-{name}",
            network.NetworkSecurityGroupInitArgs(
                network_security_group_name=scope.name("security-group", name),
                resource_group_name=group,
                location=region_of(scope),
                security_rules=[*listed, _nothing_else("Inbound"), _nothing_else("Outbound")],
                tags=scope.labels,
            ),
            scope.child(parent),
        )
        for name, listed in rules.items()
    }
