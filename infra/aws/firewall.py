"""The allow-list: a network firewall that lets out only the intent's domains, by TLS name and HTTP host.

Attached to the transit gateway where there is one (production), else standing in the platform's own network.
Strict order: what no rule passes is dropped. Leaves out decrypting TLS, and protocols other than HTTP(S).
Sources: https://docs.aws.amazon.com/network-firewall/latest/developerguide/stateful-rule-groups-domain-names.html,
…/tgw-firewall-considerations.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.aws.provider import cloud
from infra.aws.zones import zones_of
from infra.scope import Scope


def inspect_gateway(
    scope: Scope, parent: pulumi.Resource, gateway: pulumi.Input[str], sources: str
) -> tuple[aws.networkfirewall.Firewall, pulumi.Output[str]]:
    """A firewall attached to the transit gateway, in every zone, and its attachment's id."""
    zones = [
        aws.networkfirewall.FirewallAvailabilityZoneMappingArgs(availability_zone_id=zone)
        for zone in zones_of(cloud(scope).region)
    ]
    firewall = aws.networkfirewall.Firewall(
        "firewall",
        name=scope.name("firewall", "egress"),
        firewall_policy_arn=_policy(scope, parent, sources),
        transit_gateway_id=gateway,
        availability_zone_mappings=zones,
        availability_zone_change_protection=True,
        delete_protection=True,
        opts=scope.child(parent),
    )
    return firewall, firewall.firewall_statuses.apply(_attachment)


def inspect_subnet(
    scope: Scope,
    parent: pulumi.Resource,
    vpc: pulumi.Input[str],
    subnet: pulumi.Input[str],
    sources: str,
) -> tuple[aws.networkfirewall.Firewall, pulumi.Output[str]]:
    """A firewall with one endpoint in a subnet of the network, and the endpoint's id."""
    firewall = aws.networkfirewall.Firewall(
        "firewall",
        name=scope.name("firewall", "egress"),
        firewall_policy_arn=_policy(scope, parent, sources),
        vpc_id=vpc,
        subnet_mappings=[aws.networkfirewall.FirewallSubnetMappingArgs(subnet_id=subnet)],
        opts=scope.child(parent),
    )
    return firewall, firewall.firewall_statuses.apply(_endpoint)


def _attachment(told: Any) -> str:
    """The transit gateway attachment of a firewall's status, which has one."""
    return told[0].transit_gateway_attachment_sync_states[0].attachment_id


def _endpoint(told: Any) -> str:
    """The endpoint of a firewall that stands in one subnet."""
    return told[0].sync_states[0].attachments[0].endpoint_id


def targets(domains: Sequence[str]) -> list[str]:
    """Domains as the firewall writes them: `*.example.com` is `.example.com`."""
    return [domain.removeprefix("*") for domain in domains]


def _policy(scope: Scope, parent: pulumi.Resource, sources: str) -> pulumi.Output[str]:
    nf = aws.networkfirewall
    rules = nf.RuleGroup(
        "allow-list",
        name=scope.name("firewall", "allow-list"),
        type="STATEFUL",
        capacity=200,  # fixed for life: a domain takes two (TLS and HTTP)
        rule_group=nf.RuleGroupRuleGroupArgs(
            rule_variables=nf.RuleGroupRuleGroupRuleVariablesArgs(
                ip_sets=[
                    nf.RuleGroupRuleGroupRuleVariablesIpSetArgs(
                        key="HOME_NET",
                        ip_set=nf.RuleGroupRuleGroupRuleVariablesIpSetIpSetArgs(
                            definitions=[sources]
                        ),
                    )
                ]
            ),
            rules_source=nf.RuleGroupRuleGroupRulesSourceArgs(
                rules_source_list=nf.RuleGroupRuleGroupRulesSourceRulesSourceListArgs(
                    generated_rules_type="ALLOWLIST",
                    target_types=["TLS_SNI", "HTTP_HOST"],
                    targets=targets(scope.intent.network.egress_domains),
                )
            ),
            stateful_rule_options=nf.RuleGroupRuleGroupStatefulRuleOptionsArgs(
                rule_order="STRICT_ORDER"
            ),
        ),
        opts=scope.child(parent),
    )
    policy = nf.FirewallPolicy(
        "allow-list",
        name=scope.name("firewall", "policy"),
        firewall_policy=nf.FirewallPolicyFirewallPolicyArgs(
            stateless_default_actions=["aws:forward_to_sfe"],
            stateless_fragment_default_actions=["aws:forward_to_sfe"],
            stateful_default_actions=["aws:drop_established", "aws:alert_established"],
            stateful_engine_options=nf.FirewallPolicyFirewallPolicyStatefulEngineOptionsArgs(
                rule_order="STRICT_ORDER"
            ),
            stateful_rule_group_references=[
                nf.FirewallPolicyFirewallPolicyStatefulRuleGroupReferenceArgs(
                    priority=1, resource_arn=rules.arn
                )
            ],
        ),
        opts=scope.child(parent),
    )
    return policy.arn
