"""The month's budget, whom it tells, and the stop that the intent may ask for.

Thresholds write to the billing contact and to a topic. Leaves out the stop's own machinery
(`infra/gcp/stop.py`) and budgets of other projects on the same billing account.
"""

from __future__ import annotations

import pulumi
from pulumi_gcp import billing, pubsub

from infra import contract
from infra.gcp.agents import SPENDING_USES, STOP_USES, key_user
from infra.gcp.alerts import channel
from infra.gcp.keys import ask_for_agents, key, ring
from infra.gcp.stop import stop_gpus
from infra.gcp.tenancy import cloud
from infra.scope import Scope
from landfall.errors import LandfallError
from landfall.intent.governance import Budget as Wanted

NANOS = 1_000_000_000
OFFERED = True


def build_budget(
    scope: Scope,
    organization: contract.Organization,
    identity: contract.Identity,
) -> contract.Budget:
    """The budget over this project, and the stop where the intent asks for it."""
    return Budget(scope, organization, identity).outputs


class Budget(pulumi.ComponentResource):
    """`outputs` is the contract."""

    def __init__(
        self, scope: Scope, organization: contract.Organization, identity: contract.Identity
    ) -> None:
        super().__init__("landfall:gcp:Budget", "budget", None, scope.component())
        wanted, contacts = scope.intent.budget, scope.intent.contacts
        if wanted is None or contacts is None:
            raise LandfallError("A stack on Google Cloud needs a budget and contacts.")
        self.scope = scope
        self.organization = organization
        spending_key = self._key(wanted.hard_stop)
        topic = pubsub.Topic(
            "spending",
            name=scope.name("topic", "spending"),
            message_storage_policy=pubsub.TopicMessageStoragePolicyArgs(
                allowed_persistence_regions=[cloud(scope.intent).region]
            ),
            kms_key_name=spending_key,
            labels=scope.labels,
            opts=scope.child(self),
        )
        # Google's billing publishes as this account, the same for every customer:
        # https://cloud.google.com/billing/docs/how-to/budgets-programmatic-notifications
        publishes = pubsub.TopicIAMMember(
            "spending-publish",
            topic=topic.id,
            role="roles/pubsub.publisher",
            member="serviceAccount:billing-budget-alert@system.gserviceaccount.com",
            opts=scope.child(self),
        )
        to = channel(scope, self, "billing", contacts.billing)
        budget = billing.Budget(
            "month",
            billing_account=cloud(scope.intent).billing_account or "",
            display_name=scope.name("budget", "month"),
            budget_filter=billing.BudgetBudgetFilterArgs(
                projects=[pulumi.Output.concat("projects/", organization.number)],
                calendar_period="MONTH",
                credit_types_treatment="INCLUDE_ALL_CREDITS",
            ),
            amount=billing.BudgetAmountArgs(specified_amount=_money(wanted)),
            threshold_rules=_thresholds(wanted),
            all_updates_rule=billing.BudgetAllUpdatesRuleArgs(
                pubsub_topic=topic.id,
                schema_version="1.0",
                monitoring_notification_channels=[to],
                disable_default_iam_recipients=False,
            ),
            opts=scope.child(self, depends_on=[publishes]),
        )
        stop = pulumi.Output.from_input("")
        if wanted.hard_stop:
            stop = stop_gpus(scope, self, organization, topic, spending_key, identity)
        self.outputs = contract.Budget(id=budget.id, topic=topic.id, stop=stop)
        self.register_outputs({"id": budget.id})

    def _key(self, hard_stop: bool) -> pulumi.Output[str]:
        """A key of its own: the budget is built beside security, not on it."""
        used = {*SPENDING_USES, *(STOP_USES if hard_stop else ())}
        made = ask_for_agents(self.scope, self, self.organization, used)
        home, number = self.organization.tenancy, self.organization.number
        return key(
            self.scope,
            self,
            "spending",
            ring(self.scope, self, "budget", self.organization.tenancy),
            [(one, key_user(self.scope, one, home, number)) for one in sorted(used)],
            list(made.values()),
        )


def _money(wanted: Wanted) -> billing.BudgetAmountSpecifiedAmountArgs:
    """The amount as Google writes it: whole units, and billionths of one."""
    units = int(wanted.amount)
    nanos = round((wanted.amount - units) * NANOS)
    return billing.BudgetAmountSpecifiedAmountArgs(
        currency_code=wanted.currency, units=str(units), nanos=nanos or None
    )


def _thresholds(wanted: Wanted) -> list[billing.BudgetThresholdRuleArgs]:
    """One a share, on what was spent; and the whole amount on what Google forecasts."""
    spent = [
        billing.BudgetThresholdRuleArgs(threshold_percent=share, spend_basis="CURRENT_SPEND")
        for share in wanted.alerts
    ]
    forecast = billing.BudgetThresholdRuleArgs(
        threshold_percent=1.0, spend_basis="FORECASTED_SPEND"
    )
    return [*spent, forecast]
