"""The cost of a client whose layers are split over stacks: what the other stacks cost, and the budget that they share.

Two stacks belong together where one names the other under `layout.elsewhere`, also by way of a third. The sum holds what
is priced; what is not is counted beside it. Leaves out stacks that are not in `stacks/`: they are named as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from infra.plan.cost import Cost, estimate
from infra.plan.stacks import plan_intent, read_stack
from landfall.errors import LandfallError, UsageError
from landfall.intent import Intent, intent_of
from landfall.project import Project


def siblings(project: Project, stack: str) -> list[str]:
    """The stacks that build the other layers of this one's client, sorted; none where one stack builds all."""
    links = {name: _elsewhere(project, name) for name in project.stacks()}
    found, seen = [stack], {stack}
    for one in found:
        near = links.get(one, set()) | {name for name, named in links.items() if one in named}
        found += sorted(near - seen)
        seen |= near
    return sorted(seen - {stack})


def _elsewhere(project: Project, stack: str) -> set[str]:
    """The stacks that this one reads; none where its file is not a valid intent, which its own plan tells."""
    try:
        intent = intent_of(project, stack)
    except UsageError:
        return set()
    return {name.rpartition("/")[2] for name in intent.layout.elsewhere.values()}


def with_layers(cost: Cost, project: Project, intent: Intent, stack: str) -> Cost:
    """The same cost, its budget compared with the sum over all layers.

    `budget["layers"]` maps each stack to what it builds, its US dollars a month and its resources without a price;
    `budget["together"]` holds the sum and its share. A layer that cannot be planned is in `budget["unplanned"]` with the
    reason, and the sum lacks it. A stack that has no sibling, or no budget that can be compared, comes back as it was.
    """
    if cost.budget is None or "amount_usd" not in cost.budget:
        return cost
    costs: dict[str, tuple[Intent, Cost]] = {stack: (intent, cost)}
    unplanned: dict[str, str] = {}
    for other in siblings(project, stack):
        if other not in project.stacks():
            unplanned[other] = "not in stacks/"
            continue
        try:
            there = read_stack(project, other)
            costs[other] = there, estimate(plan_intent(project, there, other), there)
        except LandfallError as error:
            unplanned[other] = str(error).partition("\n")[0]
    if len(costs) + len(unplanned) == 1:
        return cost
    return replace(cost, budget=_shared(cost.budget, costs, unplanned))


def _shared(
    budget: Mapping[str, Any], costs: Mapping[str, tuple[Intent, Cost]], unplanned: dict[str, str]
) -> dict[str, Any]:
    amount = float(budget["amount_usd"])
    layers = {
        name: {
            "builds": list(intent.layout.build), "low": round(cost.low, 2), "expected": round(cost.expected, 2),
            "high": round(cost.high, 2), "unpriced": sum(cost.unpriced.values()),
            "share_expected": round(cost.expected / amount, 3),
        }
        for name, (intent, cost) in sorted(costs.items())
    }  # fmt: skip
    expected = sum(cost.expected for _, cost in costs.values())
    high = sum(cost.high for _, cost in costs.values())
    return {
        **budget,
        "layers": layers,
        "unplanned": unplanned,
        "together": {
            "low": round(sum(cost.low for _, cost in costs.values()), 2), "expected": round(expected, 2),
            "high": round(high, 2), "unpriced": sum(one["unpriced"] for one in layers.values()),
            "share_expected": round(expected / amount, 3), "share_high": round(high / amount, 3),
        },
        "over": expected > amount,
    }  # fmt: skip
