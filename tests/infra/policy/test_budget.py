"""A budget smaller than the plan is refused by the plan and, by the policy pack, by `pulumi up` itself."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from infra.plan.report import assess
from infra.plan.stacks import plan_intent
from infra.policy.budget import over
from landfall.intent import Budget, parse_intent
from tests.infra.samples import PROJECT

FIXTURES = Path(__file__).parents[1] / "plan" / "intents"
TOO_SMALL = sorted(FIXTURES.glob("*.error.budget-smaller-than-the-plan.yaml"))


@pytest.mark.parametrize("path", TOO_SMALL, ids=lambda p: p.name.partition(".")[0])
def test_a_budget_smaller_than_the_plan_is_refused_with_what_costs_most(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    intent = parse_intent(yaml.safe_load(text), path.name)
    plan = plan_intent(PROJECT, intent, "small")
    assert assess(plan, intent, datetime.date(2026, 11, 24)).refused
    told = over(plan, intent)
    assert text.splitlines()[0].removeprefix("# expect: ") in told
    assert "Dearest: " in told
    # The engine tells the pack neither the line of code nor what a preview does not know yet.
    bare = tuple(
        replace(one, source="")
        for one in plan_intent(PROJECT, intent, "small", known=False).resources
    )
    assert over(replace(plan, resources=bare), intent)
    assert intent.budget is not None
    enough = Budget(amount=50_000, currency=intent.budget.currency)
    assert not over(plan, intent.model_copy(update={"budget": enough}))


def test_there_is_a_fixture_for_every_cloud() -> None:
    assert [one.name.partition(".")[0] for one in TOO_SMALL] == ["aws", "azure", "gcp"]


def test_without_an_intent_there_is_no_budget_to_hold_to() -> None:
    intent = parse_intent(yaml.safe_load(TOO_SMALL[0].read_text(encoding="utf-8")), "x")
    assert not over(plan_intent(PROJECT, intent, "small"), None)
