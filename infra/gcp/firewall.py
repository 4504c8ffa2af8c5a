"""Who may talk to whom: one firewall policy over the platform's networks, closed unless a rule opens it.

Rules are data (`rules`), ordered by number; the last two deny the rest and log it. GKE writes rules of its
own for its nodes; Google evaluates those first. Leaves out what moves inside the cluster: network policies
of `infra/kubernetes/`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute

from infra.gcp.private_access import RESTRICTED_RANGE
from infra.scope import Scope
from landfall.intent import Intent

ANYWHERE = "0.0.0.0/0"
HEALTH_CHECKS = ("35.191.0.0/16", "130.211.0.0/22")
"""https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges"""
METADATA = "169.254.169.254/32"


@dataclass(frozen=True)
class Rule:
    """One rule; `ports` empty means every port, `protocol` `all` every protocol."""

    name: str
    priority: int
    direction: str
    action: str
    ranges: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    protocol: str = "tcp"
    ports: tuple[str, ...] = ()
    logged: bool = False


def rules(intent: Intent) -> list[Rule]:
    """The rules of an intent, in the order of their priority."""
    own = intent.network.cidr
    client = tuple(intent.network.avoid)
    found = [
        Rule("inside", 100, "INGRESS", "allow", (own,), protocol="all"),
        Rule("health-checks", 110, "INGRESS", "allow", HEALTH_CHECKS),
        Rule("to-inside", 200, "EGRESS", "allow", (own,), protocol="all"),
        Rule("to-google", 210, "EGRESS", "allow", (RESTRICTED_RANGE,), ports=("443",)),
        Rule("to-metadata", 220, "EGRESS", "allow", (METADATA,), protocol="all"),
    ]
    if client:
        ports = {"443", *(str(one.port) for one in intent.sources if one.kind == "jdbc")}
        # People of the client reach the gateway, by its one port.
        found.append(Rule("client", 120, "INGRESS", "allow", client, ports=("443",)))
        found.append(
            Rule("to-client", 230, "EGRESS", "allow", client, ports=tuple(sorted(ports, key=int)))
        )
    found += _to_internet(intent)
    found.append(
        Rule("deny-in", 65000, "INGRESS", "deny", (ANYWHERE,), protocol="all", logged=True)
    )
    found.append(
        Rule("deny-out", 65001, "EGRESS", "deny", (ANYWHERE,), protocol="all", logged=True)
    )
    return sorted(found, key=lambda one: one.priority)


def _to_internet(intent: Intent) -> list[Rule]:
    network = intent.network
    if network.egress == "nat":
        return [Rule("to-internet", 300, "EGRESS", "allow", (ANYWHERE,), ports=("443",))]
    if network.egress == "allow-list":
        return [
            Rule(
                "to-listed", 300, "EGRESS", "allow",
                domains=tuple(network.egress_domains), ports=("443",), logged=True,
            )
        ]  # fmt: skip
    return []


def protect(scope: Scope, parent: pulumi.Resource, networks: dict[str, compute.Network]) -> None:
    """Make the policy, its rules, and attach it to every network."""
    policy = compute.NetworkFirewallPolicy(
        "firewall",
        name=scope.name("firewall-policy", "platform"),
        description="Closed unless a rule opens it",
        opts=scope.child(parent),
    )
    # A policy takes one change at a time, and is attached when it is whole.
    before: list[pulumi.Resource] = []
    for rule in rules(scope.intent):
        made = compute.NetworkFirewallPolicyRule(
            f"firewall-{rule.name}",
            firewall_policy=policy.name,
            rule_name=rule.name,
            priority=rule.priority,
            direction=rule.direction,
            action=rule.action,
            enable_logging=rule.logged,
            match=_match(rule),
            opts=scope.child(parent, depends_on=before),
        )
        before = [made]
    for purpose, network in networks.items():
        compute.NetworkFirewallPolicyAssociation(
            f"firewall-{purpose}",
            name=scope.name("firewall-policy", f"on-{purpose}"),
            firewall_policy=policy.name,
            attachment_target=network.id,
            opts=scope.child(parent, depends_on=before),
        )


def _match(rule: Rule) -> compute.NetworkFirewallPolicyRuleMatchArgs:
    inward = rule.direction == "INGRESS"
    ranges = list(rule.ranges) or None
    return compute.NetworkFirewallPolicyRuleMatchArgs(
        src_ip_ranges=ranges if inward else None,
        dest_ip_ranges=None if inward else ranges,
        dest_fqdns=list(rule.domains) or None,
        layer4_configs=[
            compute.NetworkFirewallPolicyRuleMatchLayer4ConfigArgs(
                ip_protocol=rule.protocol, ports=list(rule.ports) or None
            )
        ],
    )
