"""Dashboards on Snowflake: a role that reads the marts, compute and a brake of its own, a service user.

Long dashboards cannot starve dbt, nor the other way round. Where they come from outside of the platform's network,
`warehouse.snowflake.dashboards_from` says whence. Leaves out Looker's, Power BI's, QuickSight's
and Tableau's own setup: the connection is what one types into them.
"""

from __future__ import annotations

import json

import pulumi
import pulumi_snowflake as snowflake

from infra.contract import Bi, Foundation, Warehouse
from infra.scope import Scope
from infra.snowflake import access
from infra.snowflake.login import ADMINISTRATOR
from infra.snowflake.provider import account_of, open_provider
from infra.snowflake.warehouse import compute, monitor, use

OFFERED = True
TOOLS = ("looker", "quicksight", "power-bi", "tableau")


def build_bi(scope: Scope, foundation: Foundation, warehouse: Warehouse) -> Bi:
    """Read-only access to the marts; raises LandfallError without a Snowflake account."""
    inside = open_provider(scope, "snowflake-bi")
    braked = open_provider(scope, "snowflake-bi-brakes", ADMINISTRATOR)
    return _Bi(scope, inside, braked, foundation, warehouse).contract


class _Bi(pulumi.ComponentResource):
    """Role, warehouse, monitor and user of the dashboards."""

    def __init__(
        self,
        scope: Scope,
        inside: Scope,
        braked: Scope,
        foundation: Foundation,
        warehouse: Warehouse,
    ) -> None:
        super().__init__(
            "landfall:snowflake:Bi", "bi", opts=pulumi.ResourceOptions(providers=[inside.provider])
        )
        account = account_of(scope)
        read = warehouse.settings.apply(lambda known: known["marts_read_role"])
        role = access.functional_role(inside, self, "bi", [])
        snowflake.GrantAccountRole(
            "bi-reads-marts", role_name=read, parent_role_name=role.name, opts=inside.child(role)
        )
        brake = monitor(braked, self, "bi", account.edition)
        own = compute(braked, self, "bi", "xsmall", brake)
        use(braked, role, "bi", own)
        user = access.service_user(
            inside,
            self,
            foundation,
            "bi",
            role,
            own,
            warehouse.marts,
            self._policy(inside, warehouse),
        )
        host = f"{account.organization}-{account.account}".lower().replace("_", "-")
        typed = pulumi.Output.all(
            server=f"{host}.snowflakecomputing.com",
            database=warehouse.settings.apply(lambda known: known["database"]),
            schema=warehouse.settings.apply(lambda known: known["schema"]),
            warehouse=own.name, role=role.name, user=user.name,
        ).apply(lambda known: json.dumps(known, sort_keys=True))  # fmt: skip
        self.contract = Bi(
            identity=user.name,
            connections=typed.apply(lambda text: dict.fromkeys(TOOLS, text)),
        )
        self.register_outputs({})

    def _policy(self, inside: Scope, warehouse: Warehouse) -> pulumi.Input[str]:
        """Who lets the dashboards in: the platform's policy, or one of their own that lets in their ranges besides."""
        ranges = account_of(inside).dashboards_from
        if not ranges:
            return warehouse.settings.apply(lambda known: known["network_policy"])
        rule = snowflake.NetworkRule(
            "dashboards",
            name=inside.names.name("snowflake.policy", "dashboards-rule"),
            database=warehouse.settings.apply(lambda known: known["database"]),
            schema=warehouse.settings.apply(lambda known: known["schema_gold"]),
            mode="INGRESS",
            type="IPV4",
            value_lists=ranges,
            opts=inside.child(self),
        )
        return snowflake.NetworkPolicy(
            "dashboards",
            name=inside.names.name("snowflake.policy", "dashboards"),
            allowed_network_rule_lists=[
                warehouse.settings.apply(lambda known: known["network_rule"]),
                rule.fully_qualified_name,
            ],
            comment="Landfall: dashboards, from their ranges and from the platform's network",
            opts=inside.child(self),
        ).fully_qualified_name
