"""What a month's training costs, and when somebody has to say yes to it."""

from __future__ import annotations

import pytest

from infra.plan.cost.prices import Prices
from infra.plan.cost.training import training_spend
from landfall.intent import parse_intent
from landfall.project import find_project


def spend(stack: str, **ml) -> dict:
    project = find_project()
    raw = project.read_stack(stack)
    raw = {**raw, "ml": {**raw["ml"], **ml}} if ml else raw
    return training_spend(parse_intent(raw, stack))


def test_no_gpu_costs_nothing_and_asks_nobody():
    told = spend("demo-local-dev")
    assert (told["gpu_hours"], told["cost"], told["approval"]["needed"]) == (0.0, 0.0, False)


def test_hours_and_prices_are_the_intents_and_the_tables():
    stack = "meridian-gcp-prod-foundation"
    told = spend(stack)
    intent = parse_intent(find_project().read_stack(stack), stack)
    prices = Prices.of(intent)
    spot, dear = prices.get("g2-standard-8.spot"), prices.get("g2-standard-8.ondemand")
    assert spot is not None
    assert dear is not None
    assert (told["node_hours"], told["gpu_hours"]) == (60, 60)
    assert told["cost"] == pytest.approx(60 * spot.usd, abs=0.01)
    assert told["high"] == pytest.approx(90 * dear.usd, abs=0.01)
    assert told["cost"] < told["high"]
    assert "spot" in told["rests_on"]


def test_many_hours_need_a_yes_of_the_approvers():
    pool = {"accelerator": "L4", "count": 1, "max_nodes": 9, "node_hours_month": 4000}
    told = spend("meridian-gcp-prod-foundation", training_gpu=pool)
    assert told["approval"]["needed"] is True
    (reason,) = told["approval"]["reasons"]
    assert "more than 5% of the month's budget" in reason
    assert told["approval"]["approvers"]


def test_few_hours_need_none():
    pool = {"accelerator": "L4", "count": 1, "max_nodes": 1, "node_hours_month": 1}
    assert spend("meridian-gcp-prod-foundation", training_gpu=pool)["approval"]["needed"] is False
