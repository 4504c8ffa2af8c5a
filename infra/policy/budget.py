"""The budget as a policy of the whole stack: `pulumi up` registers nothing where what it is asked for costs more.

The same estimate as `landfall plan`'s, over the resources that the engine was told of. Leaves out a client's other
layers, which this run does not see: each stack is held to the whole budget here, their sum by `landfall plan` and by
Jenkins' release. There is no waiver: whoever accepts the cost raises the budget.
"""

from __future__ import annotations

from infra.plan.cost import estimate
from infra.plan.model import Plan
from landfall.intent import Intent

RATIONALE = "Nothing is built that is expected to cost more than what the client set aside for it."
SHOWN = 3


def over(plan: Plan, intent: Intent | None) -> str:
    """What is wrong, with the dearest parts; empty where the budget holds or there is none to compare with."""
    if intent is None:
        return ""
    cost = estimate(plan, intent)
    if not cost.over_budget or cost.budget is None:
        return ""
    dearest = list(cost.by_category().items())[:SHOWN]
    return (
        f"{cost.expected:,.0f} USD a month expected, the budget is {cost.budget['amount']:,.0f} "
        f"{cost.budget['currency']} ({cost.budget['amount_usd']:,.0f} USD). Dearest: "
        + ", ".join(f"{what} {usd:,.0f}" for what, usd in dearest)
        + ". Raise budget.amount, or ask for less; `landfall plan` lists every line."
    )
