"""Every policy does what its examples say, names real types and inputs, and serves known controls."""

from __future__ import annotations

import datetime
import re
from functools import cache

import pytest

from infra.plan.model import Plan
from infra.plan.policies import POLICIES, Policy, judge
from infra.plan.policies.base import resource
from infra.plan.policies.keys import ELSEWHERE, KEYS
from infra.plan.policies.network import LIMITED, PRIVATE
from infra.plan.policies.operations import DELETION
from infra.plan.policies.storage import STATEFUL
from infra.plan.sdk import has_input, is_type
from landfall.intent import parse_intent

TODAY = datetime.date(2026, 11, 24)
STANDARDS = {"cis-aws-3.0", "cis-gcp-3.0", "cis-azure-2.1", "nist-800-53-r5", "iso-27001-2022"}
# Their outcome rests on the intent, so their tests stand below.
BY_INTENT = {"egress-as-asked", "budget-set", "images-reachable", "inside-residency"}
ALL = sorted(POLICIES.values(), key=lambda policy: policy.id)

BASE = {
    "client": {"name": "Acme", "slug": "acme"},
    "environment": "dev",
    "cloud": {"provider": "aws", "region": "eu-west-1", "account": "123456789012"},
    "contacts": {"technical": "a@b.example", "security": "a@b.example", "billing": "a@b.example"},
    "budget": {"amount": 100, "currency": "USD"},
    "warehouse": {"engine": "redshift"},
}


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.id)
def test_each_example_passes_or_fails_as_it_says(policy: Policy) -> None:
    for example in policy.examples:
        faults = list(policy.check(Plan("example", "", example.resources), None))
        assert bool(faults) != example.passes, (example, faults)


@pytest.mark.parametrize("policy", ALL, ids=lambda policy: policy.id)
def test_each_policy_has_a_failing_example_a_reason_and_controls(policy: Policy) -> None:
    assert policy.id in BY_INTENT or any(not example.passes for example in policy.examples)
    assert len(policy.rationale) > 40
    assert set(policy.controls) <= STANDARDS
    assert policy.controls["nist-800-53-r5"]
    for control in policy.controls["iso-27001-2022"]:
        assert re.fullmatch(r"A\.[5-8]\.\d{1,2}", control)


@pytest.mark.parametrize("type_", sorted({*STATEFUL, *(t for policy in ALL for t in policy.types)}))
def test_each_type_that_a_policy_names_exists(type_: str) -> None:
    assert is_type(type_)


@cache
def paths() -> list[tuple[str, str]]:
    named = [(type_, path) for type_, text in KEYS.items() for path in text.split("|")]
    named += [(way.type, path) for way in ELSEWHERE.values() for path in (way.by, way.key) if path]
    named += [(type_, path) for type_, rules in PRIVATE.items() for path, _ in rules]
    named += [
        (type_, path) for type_, (says, _, ranges) in LIMITED.items() for path in (says, ranges)
    ]
    return named + [(type_, path) for type_, (path, _) in DELETION.items()]


@pytest.mark.parametrize(("type_", "path"), paths())
def test_each_input_that_a_policy_reads_exists(type_: str, path: str) -> None:
    assert has_input(type_, path), f"{type_} has no input {path}"


def judged(raw: dict[str, object], *resources: object) -> list[tuple[str, str]]:
    plan = Plan("acme-dev", "aws", resources)  # pyright: ignore[reportArgumentType]
    found = judge(plan, parse_intent({**BASE, **raw}, "test"), TODAY)
    return [(one.policy, one.message) for one in found if not one.waived]


NAT = resource("aws:ec2/natGateway:NatGateway", "out", provider="urn:p")


def test_a_way_out_is_a_breach_only_where_the_intent_wants_none() -> None:
    assert "egress-as-asked" not in dict(judged({}, NAT))
    assert "egress-as-asked" in dict(judged({"network": {"egress": "none"}}, NAT))


def test_a_foundation_without_a_budget_is_a_breach_and_another_layer_is_not() -> None:
    assert "budget-set" in dict(judged({}, NAT))
    assert "budget-set" not in dict(
        judged({}, NAT, resource("aws:budgets/budget:Budget", provider="urn:p"))
    )
    elsewhere = {"build": ["data"], "elsewhere": {"foundation": "o/landfall/acme-dev-foundation"}}
    assert "budget-set" not in dict(judged({"layout": elsewhere}, NAT))


@pytest.mark.parametrize(
    ("region", "breach"), [("eu-west-1", False), ("us-east-1", True), ("us-east-1a", False)]
)
def test_a_region_outside_the_residency_is_a_breach(region: str, breach: bool) -> None:
    one = resource("aws:s3/bucket:Bucket", "b", region=region, provider="urn:p")
    found = dict(judged({"residency": {"areas": ["eu"]}}, one))
    assert ("inside-residency" in found) == breach


WAIVER = {
    "policy": "no-public-workers", "resource": "dmz", "owner": "soc@acme.example",
    "reason": "The scanner stands there until the migration.", "expires": "2026-11-24",
}  # fmt: skip
PUBLIC = resource("aws:ec2/subnet:Subnet", "dmz", mapPublicIpOnLaunch=True, provider="urn:p")


def test_a_waiver_excuses_one_resource_until_its_last_day() -> None:
    assert "no-public-workers" in dict(judged({}, PUBLIC))
    assert "no-public-workers" not in dict(judged({"waivers": [WAIVER]}, PUBLIC))
    late = {**WAIVER, "expires": "2026-11-23"}
    assert (
        "its waiver expired on 2026-11-23"
        in dict(judged({"waivers": [late]}, PUBLIC))["no-public-workers"]
    )
    other = {**WAIVER, "resource": "other"}
    assert "no-public-workers" in dict(judged({"waivers": [other]}, PUBLIC))


def test_a_plan_of_somebody_elses_making_is_judged_without_an_intent() -> None:
    bare = Plan("x", "", (resource("aws:ec2/subnet:Subnet", "dmz", mapPublicIpOnLaunch=True),))
    assert "no-public-workers" in {one.policy for one in judge(bare, None, TODAY)}


@pytest.mark.parametrize("written", ["2026-11-24", TODAY, "2026-11-24 00:00:00 +0000 UTC"])
def test_the_last_day_is_read_as_yaml_and_as_pulumi_write_it(written: object) -> None:
    raw = {**BASE, "waivers": [{**WAIVER, "expires": written}]}
    assert parse_intent(raw, "test").waivers[0].expires == TODAY
