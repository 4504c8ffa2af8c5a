"""A client whose layers are split over stacks shares one budget, and each stack's plan says so."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.plan.cost import estimate
from infra.plan.cost.layers import siblings, with_layers
from infra.plan.report import assess
from infra.release.release import judged, of_all_layers
from landfall.cli import build_app
from tests.infra.samples import PROJECT, plan_of, sample

PROD = [f"northwind-aws-prod-{layer}" for layer in ("data", "foundation", "ml")]


@pytest.mark.parametrize("stack", PROD)
def test_each_layer_knows_the_others(stack: str) -> None:
    assert siblings(PROJECT, stack) == [one for one in PROD if one != stack]


def test_a_stack_of_all_layers_has_no_sibling_and_its_budget_stays() -> None:
    stack = "northwind-aws-dev"
    assert siblings(PROJECT, stack) == []
    cost = estimate(plan_of(stack), sample(stack))
    assert with_layers(cost, PROJECT, sample(stack), stack) is cost


def test_the_sum_over_layers_is_what_the_stacks_cost_one_by_one() -> None:
    stack = PROD[0]
    alone = {one: estimate(plan_of(one), sample(one)) for one in PROD}
    budget = with_layers(alone[stack], PROJECT, sample(stack), stack).budget
    assert budget is not None
    assert list(budget["layers"]) == PROD
    total = sum(cost.expected for cost in alone.values())
    assert budget["together"]["expected"] == pytest.approx(total, abs=0.02)
    assert budget["together"]["share_expected"] == pytest.approx(
        total / budget["amount_usd"], abs=0.001
    )
    assert budget["share_expected"] < budget["together"]["share_expected"]
    assert not budget["over"]
    assert budget["unplanned"] == {}


def test_layers_that_only_together_exceed_the_budget_are_over_it() -> None:
    stack = PROD[0]
    cost = estimate(plan_of(stack), sample(stack))
    assert cost.budget is not None
    small = replace(cost, budget={**cost.budget, "amount_usd": cost.expected + 1})
    assert not small.over_budget
    assert with_layers(small, PROJECT, sample(stack), stack).over_budget


def test_the_command_names_the_layers_and_the_types_without_a_price() -> None:
    done = CliRunner().invoke(build_app(), ["plan", "meridian-gcp-prod-data"])
    assert done.exit_code == 0, done.output
    for layer in ("data", "foundation", "ml"):
        assert f"meridian-gcp-prod-{layer} ({layer})" in done.stdout
    assert "no price: 4 gcp:biglake/icebergNamespace:IcebergNamespace" in done.stdout
    assert "all: --output json, cost.missing" in done.stdout
    assert "together, without" in done.stdout


def test_the_page_shows_the_sum_of_the_layers(tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    done = CliRunner().invoke(build_app(), ["plan", PROD[0], "--html", str(page)])
    assert done.exit_code == 0, done.output
    text = page.read_text(encoding="utf-8")
    assert "All layers together" in text
    assert all(one in text for one in PROD)


def test_a_release_of_one_layer_is_refused_where_all_layers_exceed_the_budget() -> None:
    stack = PROD[0]
    assessed = assess(plan_of(stack), sample(stack), datetime.date(2026, 11, 27))
    assert assessed.cost is not None
    assert assessed.cost.budget is not None
    budget = {**assessed.cost.budget, "amount_usd": assessed.cost.expected + 1}
    tight = replace(assessed, cost=replace(assessed.cost, budget=budget))
    assert not [reason for reason in judged(tight) if "budget" in reason]
    (reason,) = judged(of_all_layers(tight, PROJECT, sample(stack), stack))
    assert reason.startswith("over budget: ")
    assert "of 3 layers together" in reason
