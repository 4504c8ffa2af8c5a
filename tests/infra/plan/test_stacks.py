"""Every sample stack is recorded and checked without a single finding, known and unknown."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.plan.check import check
from infra.plan.model import UNKNOWN, Plan
from infra.plan.policies import judge
from infra.plan.stacks import plan_stack
from landfall.errors import LandfallError
from landfall.project import find_project
from tests.infra.plan.made import resource
from tests.infra.samples import plan_changed, plan_of, sample

PROJECT = find_project(Path(__file__).parent)
STACKS = [name for name in PROJECT.stacks() if "-local-" not in name]


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("stack", STACKS)
def test_a_sample_stack_gives_no_alarm(stack: str, known: bool):
    plan = plan_stack(PROJECT, stack, known=known)
    assert len(plan.resources) > 20
    assert [one.as_dict() for one in check(plan)] == []
    assert (UNKNOWN in repr(plan.resources)) is not known


def beyond(known: Any, shown: Any, where: str) -> Iterator[str]:
    """Where what is known says something else than what was shown before it was."""
    if shown == UNKNOWN or known == shown:
        return
    if isinstance(known, dict) and isinstance(shown, dict) and known.keys() == shown.keys():
        for key in known:
            yield from beyond(known[key], shown[key], f"{where}.{key}")
    elif isinstance(known, list) and isinstance(shown, list) and len(known) == len(shown):
        for one, other in zip(known, shown, strict=True):
            yield from beyond(one, other, f"{where}[]")
    else:
        yield f"{where}: {known} after {shown}"


@pytest.mark.parametrize("stack", STACKS)
def test_an_apply_asks_for_nothing_that_its_preview_did_not_show(stack: str):
    """The engine refuses to apply a saved preview otherwise: another resource, input or dependency."""
    shown = {one.urn: one for one in plan_stack(PROJECT, stack, known=False).resources}
    known = {one.urn: one for one in plan_of(stack).resources}
    assert shown.keys() == known.keys()
    for urn, one in known.items():
        assert list(beyond(asdict(one), asdict(shown[urn]), one.name)) == []


@pytest.mark.parametrize("stack", PROJECT.stacks())
def test_the_engine_makes_no_provider_of_its_own_in_any_sample(stack: str):
    config = yaml.safe_load(PROJECT.stack_file(stack).read_text(encoding="utf-8"))["config"]
    assert config["pulumi:disable-default-providers"] == ["*"]


@pytest.mark.parametrize("stack", STACKS)
def test_what_names_no_provider_is_a_breach_before_the_engine_refuses_it(stack: str):
    plan, intent = plan_of(stack), sample(stack)
    stray = resource("aws:kms/key:Key", {"enableKeyRotation": True}, "stray")

    def breaches(one: Plan) -> list[str]:
        found = judge(one, intent, datetime.date(2026, 11, 27))
        return [v.resource for v in found if v.policy == "explicit-provider"]

    assert breaches(plan) == []
    more = Plan(plan.stack, plan.cloud, (*plan.resources, stray))
    assert breaches(more) == ["stray"]
    [violation] = [
        v
        for v in judge(more, intent, datetime.date(2026, 11, 27))
        if v.policy == "explicit-provider"
    ]
    assert violation.severity == "mandatory"


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("client.slug", {"client": {"name": "Another", "slug": "another"}}),
        ("environment", {"environment": "staging"}),
    ],
)
def test_layers_that_differ_on_whose_platform_it_is_are_refused_before_anything_is_planned(
    field: str, changed: dict[str, object]
):
    with pytest.raises(LandfallError, match=field) as refused:
        plan_changed("meridian-gcp-prod-ml", **changed)
    assert "meridian-gcp-prod-foundation" in str(refused.value)
