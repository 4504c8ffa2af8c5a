"""Evidence says met, not met, waived or nothing to show, and never more than the plan shows."""

from __future__ import annotations

import datetime
from typing import Any

from infra.plan.evidence import evidence
from infra.plan.model import Plan
from infra.plan.policies import judge
from infra.plan.policies.base import resource
from landfall.intent import parse_intent
from tests.infra.policies.test_policies import BASE, WAIVER

SUBNET = "aws:ec2/subnet:Subnet"


def told(raw: dict[str, Any], *resources: Any) -> dict[str, Any]:
    plan, intent = Plan("acme-dev", "aws", resources), parse_intent({**BASE, **raw}, "test")
    return evidence(plan, judge(plan, intent, datetime.date(2026, 11, 24)), intent)


def results(value: dict[str, Any]) -> dict[str, str]:
    return {row["policy"]: row["result"] for row in value["controls"]}


def test_a_control_is_met_broken_waived_or_has_nothing_to_show() -> None:
    good = resource(SUBNET, "dmz", mapPublicIpOnLaunch=False, provider="urn:p")
    bad = resource(SUBNET, "dmz", mapPublicIpOnLaunch=True, provider="urn:p")
    assert results(told({}, good))["no-public-workers"] == "met"
    assert results(told({}, bad))["no-public-workers"] == "not met"
    assert results(told({"waivers": [WAIVER]}, bad))["no-public-workers"] == "waived"
    assert results(told({}, good))["keys-rotate"] == "nothing to show"


def test_what_is_forbidden_outright_is_met_by_having_none() -> None:
    assert results(told({}))["no-long-lived-keys"] == "met"


def test_policies_of_other_clouds_are_left_out() -> None:
    assert "azure-no-almighty-roles" not in results(told({}))
    assert "gcp-no-basic-roles" not in results(told({}))


def test_a_layer_of_another_stack_is_nothing_to_show() -> None:
    elsewhere = {"build": ["data"], "elsewhere": {"foundation": "o/landfall/acme-dev-foundation"}}
    assert results(told({"layout": elsewhere}))["audit-trail"] == "nothing to show"
    assert results(told({}))["audit-trail"] == "not met"


def test_the_rows_of_a_finding_name_it_and_standards_without_a_catalogue_are_told() -> None:
    bad = resource(SUBNET, "dmz", mapPublicIpOnLaunch=True, provider="urn:p")
    value = told({"compliance": ["cis", "soc2"]}, bad)
    [row] = [
        r
        for r in value["controls"]
        if r["policy"] == "no-public-workers" and r["control"] == "SC-7"
    ]
    assert row["findings"] == ["dmz: mapPublicIpOnLaunch gives it a public address"]
    assert value["unmapped"] == ["soc2"]
    assert {row["standard"] for row in value["controls"]} == {"nist-800-53-r5", "cis-aws-3.0"}
