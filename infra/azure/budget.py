"""The month's budget with its alarms and, where the intent asks for it, the stop that sends GPU pools to zero.

The stop is a Logic App (`stop_gpu_pools.json`) that looks every hour whether the budget is spent and, if so,
stops each pool labelled `landfall.io/gpu`; `az aks nodepool start` brings one back. It looks for itself
because an alarm could only call it by an address that holds a key. Azure reckons costs 8 to 24 hours
late, so the stop bounds a runaway, not the last euro. Leaves out what is not a GPU pool.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pulumi
from pulumi_azure_native import authorization, consumption, logic, managedidentity, monitor

from infra.azure.groups import GROUPS, group, group_id, group_name
from infra.azure.organization import MANAGED_GROUPS
from infra.azure.provider import region_of
from infra.azure.roles import define_role, grant, role_id
from infra.contract import Budget, Identity, Organization, Text
from infra.scope import Scope
from landfall.errors import LandfallError
from landfall.intent.governance import Budget as Wanted

OFFERED = True
STOP = Path(__file__).with_name("stop_gpu_pools.json")
_MOST_NOTICES = 5
"""Azure takes five thresholds a budget."""
_STOP_ACTIONS = (
    "Microsoft.ContainerService/managedClusters/read",
    "Microsoft.ContainerService/managedClusters/agentPools/read",
    "Microsoft.ContainerService/managedClusters/agentPools/write",
)
"""All that the stop may do in the group of the cluster; scaling a pool is writing it."""
_JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"
"""Whoever writes a pool must be let into the nodes' subnet, where the pool is already."""


class AzureBudget(pulumi.ComponentResource):
    """Budget, action group, stop."""

    def __init__(self, scope: Scope, organization: Organization) -> None:
        super().__init__("landfall:azure:Budget", "budget", {}, scope.component())
        self._scope = scope
        self._organization = organization
        self._group = group(scope, organization, "platform")
        self._subscription = organization.tenancy.apply(lambda known: f"/subscriptions/{known}")
        wanted = scope.intent.budget
        if wanted is None:
            raise LandfallError("The intent has no budget.", so="Nothing is built without one.")
        topic = self._topic()
        budget = self._budget(wanted, topic)
        self.result = Budget(
            id=budget.id,
            topic=topic.id,
            stop=self._stop(budget) if wanted.hard_stop else pulumi.Output.from_input(""),
        )
        self.register_outputs({"id": budget.id, "topic": topic.id, "stop": self.result.stop})

    def _topic(self) -> monitor.ActionGroup:
        scope = self._scope
        contacts = scope.intent.contacts
        who = {"billing": contacts.billing, "technical": contacts.technical} if contacts else {}
        return monitor.ActionGroup(
            "spending",
            monitor.ActionGroupInitArgs(
                action_group_name=scope.name("action-group", "spending"),
                resource_group_name=self._group,
                location="global",
                group_short_name="spending",
                enabled=True,
                email_receivers=[
                    monitor.MicrosoftCommonEmailReceiverArgs(
                        name=role, email_address=email, use_common_alert_schema=True
                    )
                    for role, email in who.items()
                ],
                tags=scope.labels,
            ),
            scope.child(self),
        )

    def _budget(self, wanted: Wanted, topic: monitor.ActionGroup) -> consumption.Budget:
        scope = self._scope
        return consumption.Budget(
            "month",
            consumption.BudgetArgs(
                budget_name=self._budget_name(),
                scope=self._subscription,
                category="Cost",
                amount=wanted.amount,
                time_grain="Monthly",
                time_period=consumption.BudgetTimePeriodArgs(start_date=_this_month()),
                # Only what this platform costs, also where the subscription holds more than it.
                filter=consumption.BudgetFilterArgs(
                    dimensions=consumption.BudgetComparisonExpressionArgs(
                        name="ResourceGroupName",
                        operator="In",
                        values=[group_name(scope, one) for one in (*GROUPS, *MANAGED_GROUPS)],
                    )
                ),
                notifications=_notices(wanted, topic, scope),
            ),
            # Azure takes the month in which the budget is made, and no other, as its beginning.
            scope.child(self, ignore_changes=["timePeriod"]),
        )

    def _budget_name(self) -> str:
        return self._scope.name("budget", "month")

    def _stop(self, budget: consumption.Budget) -> Text:
        scope, organization = self._scope, self._organization
        identity = managedidentity.UserAssignedIdentity(
            "stop",
            resource_name_=scope.name("identity", "stop"),
            resource_group_name=self._group,
            location=region_of(scope),
            tags=scope.labels,
            opts=scope.child(self),
        )
        clusters = group_id(scope, organization, "ml")
        adopted = scope.intent.network.adopt.network
        network = (
            pulumi.Output.from_input(adopted)
            if adopted
            else group_id(scope, organization, "network")
        )
        may = authorization.PermissionArgs(actions=list(_STOP_ACTIONS))
        why = "Stops GPU pools when the budget is spent."
        stops = define_role(scope, self, "stop", why, self._subscription, may, clusters)
        grant(scope, self, "stop-pools", stops.id, identity.principal_id, clusters)
        may = authorization.PermissionArgs(actions=[_JOIN])
        why = "Lets the pools that are stopped stay in their subnet."
        joins = define_role(scope, self, "stop-join", why, self._subscription, may, network)
        grant(scope, self, "stop-join", joins.id, identity.principal_id, network)
        grant(
            scope,
            self,
            "stop-reads-costs",
            role_id(organization, "Cost Management Reader"),
            identity.principal_id,
            self._subscription,
        )
        given = {"budget": self._budget_path(), "clusters": clusters, "identity": identity.id}
        workflow = logic.Workflow(
            "stop-gpu-pools",
            logic.WorkflowArgs(
                workflow_name=scope.name("workflow", "stop-gpu-pools"),
                resource_group_name=self._group,
                location=region_of(scope),
                state="Enabled",
                identity=logic.ManagedServiceIdentityArgs(
                    type="UserAssigned", user_assigned_identities=[identity.id]
                ),
                definition=json.loads(STOP.read_text(encoding="utf-8")),
                parameters={
                    name: logic.WorkflowParameterArgs(type="String", value=value)
                    for name, value in given.items()
                },
                tags=scope.labels,
            ),
            scope.child(self, depends_on=[budget]),
        )
        return workflow.id

    def _budget_path(self) -> Text:
        name = self._budget_name()
        return self._subscription.apply(
            lambda known: f"{known}/providers/Microsoft.Consumption/budgets/{name}"
        )


def _this_month() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-01T00:00:00Z")


def _notices(
    wanted: Wanted, topic: monitor.ActionGroup, scope: Scope
) -> dict[str, consumption.NotificationArgs]:
    """A notice at each share of the amount and, where there is room, at the forecast of all of it."""
    shares = [(f"actual-{round(share * 100)}", share, "Actual") for share in wanted.alerts]
    if len(shares) < _MOST_NOTICES:
        shares.append(("forecast-100", 1.0, "Forecasted"))
    contacts = scope.intent.contacts
    return {
        name: consumption.NotificationArgs(
            enabled=True,
            operator="GreaterThanOrEqualTo",
            threshold=round(share * 100, 2),
            threshold_type=kind,
            contact_emails=[contacts.billing] if contacts else [],
            contact_groups=[topic.id],
        )
        for name, share, kind in shares
    }


def build_budget(
    scope: Scope,
    organization: Organization,
    identity: Identity,  # noqa: ARG001 (the signature of all clouds)
) -> Budget:
    """The budget over what the platform costs."""
    return AzureBudget(scope, organization).result
