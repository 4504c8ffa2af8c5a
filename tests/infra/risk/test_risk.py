"""What a change puts at risk is told, with the reason and the safe way; a harmless one is not.

`previews/` holds what Pulumi 3.260 printed for a small stack with a protected bucket and a topic.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from infra.plan.change import REPLACES, between, documented_replaces, in_preview
from infra.plan.model import SECRET, UNKNOWN, Plan, Resource
from infra.plan.policies.base import resource
from infra.plan.risk import grade, risks_against, worst
from infra.plan.sdk import has_input, is_type
from landfall.errors import UsageError

PREVIEWS = Path(__file__).with_name("previews")
BUCKET = "gcp:storage/bucket:Bucket"
TOPIC = "gcp:pubsub/topic:Topic"


def plan(*resources: Resource) -> Plan:
    return Plan("acme-dev", "gcp", resources)


def bucket(name: str = "lake", /, **inputs: Any) -> Resource:
    return resource(BUCKET, name, **{"location": "EU", "protect": True, "retain": True, **inputs})


def told(before: Plan, after: Plan) -> set[tuple[str, str]]:
    return {(risk.severity, risk.kind) for risk in risks_against(after, before)}


def test_the_same_plan_puts_nothing_at_risk() -> None:
    assert told(plan(bucket()), plan(bucket())) == set()
    assert worst([]) == "none"


def test_a_label_is_an_update_and_no_risk() -> None:
    before, after = plan(bucket()), plan(bucket(labels={"a": "b"}))
    assert [(c.op, c.properties) for c in between(before, after)] == [("update", ("labels",))]
    assert told(before, after) == set()


def test_removing_and_replacing_what_holds_data_is_the_highest_risk() -> None:
    assert told(plan(bucket()), plan()) == {("high", "data-deleted")}
    assert told(plan(bucket()), plan(bucket(location="US"))) == {("high", "data-replaced")}
    risk = risks_against(plan(bucket(location="US")), plan(bucket()))[0]
    assert "location" in risk.reason
    assert "later" in risk.safe_way


def test_removing_what_holds_nothing_is_a_low_risk() -> None:
    assert told(plan(resource(TOPIC, "t")), plan()) == {("low", "deleted")}
    (kept,) = risks_against(plan(), plan(resource(TOPIC, "t", retain=True)))
    assert "stays in the cloud" in kept.reason


def test_an_audit_trail_that_goes_elsewhere_is_told_with_where_its_logs_stay() -> None:
    def sink(to: str) -> Plan:
        return plan(resource("gcp:logging/projectSink:ProjectSink", "audit", destination=to))

    (risk,) = risks_against(sink("storage.googleapis.com/new"), sink("storage.googleapis.com/old"))
    assert (risk.severity, risk.kind) == ("medium", "audit-moved")
    assert risk.reason.endswith("so far stays in storage.googleapis.com/old")
    assert told(sink("storage.googleapis.com/old"), sink(UNKNOWN)) == set()


def test_a_rename_without_an_alias_is_told_and_with_one_it_is_none() -> None:
    before, after = plan(bucket("lake", name="x")), plan(bucket("lakes", name="x"))
    assert ("high", "renamed-without-alias") in told(before, after)
    old = before.resources[0].urn
    by_urn = dataclasses.replace(after.resources[0], aliases=(old,))
    by_name = dataclasses.replace(after.resources[0], aliases=("name=lake",))
    assert told(before, plan(by_urn)) == set()
    assert told(before, plan(by_name)) == set()


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ({}, {"protect": False}, "protection-lost"),
        ({"versioning": {"enabled": True}}, {}, "protection-lost"),
        ({"encryption": {"defaultKmsKeyName": "k"}}, {}, "encryption-lost"),
        ({"retentionPolicy": {"retentionPeriod": "100"}}, {"retentionPolicy": {"retentionPeriod": "10"}},
         "retention-shortened"),
        ({"retentionPolicy": {"isLocked": True}}, {"retentionPolicy": {}}, "retention-shortened"),
        ({"provider": "urn::p"}, {"provider": "urn::q"}, "provider-changed"),
    ],
)  # fmt: skip
def test_what_a_bucket_can_lose_in_place(
    before: dict[str, Any], after: dict[str, Any], kind: str
) -> None:
    assert ("high", kind) in told(plan(bucket(**before)), plan(bucket(**after)))
    assert ("high", kind) not in told(plan(bucket(**after)), plan(bucket(**before))) or (
        kind == "provider-changed"
    )


def document(*actions: str) -> Resource:
    said = {"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "arn:x"}]}
    return resource("aws:iam/policy:Policy", "p", policy=json.dumps(said))


def test_a_wider_document_is_told_with_what_it_adds_and_a_narrower_one_is_not() -> None:
    narrow, wide = plan(document("s3:GetObject")), plan(document("s3:GetObject", "s3:PutObject"))
    risk = risks_against(wide, narrow)[0]
    assert (risk.severity, risk.kind) == ("medium", "identity-widened")
    assert "s3:PutObject to arn:x" in risk.reason
    assert told(wide, narrow) == set()
    assert ("high", "identity-widened") in told(narrow, plan(document("*")))


def test_a_grant_to_everybody_and_a_basic_role_are_high_and_a_plain_grant_is_low() -> None:
    def grant(role: str, member: str) -> Plan:
        return plan(resource("gcp:projects/iAMMember:IAMMember", "g", role=role, member=member))

    assert told(plan(), grant("roles/storage.objectViewer", "serviceAccount:a@b")) == {
        ("low", "identity-widened")
    }
    assert told(plan(), grant("roles/owner", "serviceAccount:a@b")) == {
        ("high", "identity-widened")
    }
    assert told(plan(), grant("roles/x", "allUsers")) == {("high", "identity-widened")}


def test_a_door_opened_to_the_internet_is_high_and_to_a_range_medium() -> None:
    def group(*ranges: str) -> Plan:
        return plan(
            resource(
                "aws:ec2/securityGroup:SecurityGroup", "g", ingress=[{"cidrBlocks": list(ranges)}]
            )
        )

    assert told(group("10.0.0.0/8"), group("10.0.0.0/8", "0.0.0.0/0")) == {
        ("high", "network-widened")
    }
    assert told(group("10.0.0.0/8"), group("10.0.0.0/8", "172.16.0.0/12")) == {
        ("medium", "network-widened")
    }
    assert told(group("10.0.0.0/8", "0.0.0.0/0"), group("10.0.0.0/8")) == set()


def test_a_cluster_or_snowflake_that_lets_more_in_is_told() -> None:
    def cluster(*ranges: str) -> Plan:
        access = {"endpointPublicAccess": bool(ranges), "publicAccessCidrs": list(ranges)}
        return plan(resource("aws:eks/cluster:Cluster", "c", vpcConfig=access))

    assert told(cluster(), cluster("203.0.113.7/32")) == {("medium", "network-widened")}
    assert told(cluster("203.0.113.7/32"), cluster("0.0.0.0/0")) == {("high", "network-widened")}
    assert told(cluster("203.0.113.7/32"), cluster()) == set()

    def rule(mode: str, *ranges: str) -> Plan:
        kind = "snowflake:index/networkRule:NetworkRule"
        return plan(resource(kind, "r", mode=mode, type="IPV4", valueLists=list(ranges)))

    assert told(
        rule("INGRESS", "203.0.113.7"), rule("INGRESS", "203.0.113.7", "203.0.113.8/29")
    ) == {("medium", "network-widened")}
    assert (
        told(rule("EGRESS", "203.0.113.7"), rule("EGRESS", "203.0.113.7", "203.0.113.8")) == set()
    )


def test_a_database_made_public_is_high() -> None:
    def database(public: bool) -> Plan:
        return plan(
            resource("aws:rds/instance:Instance", "d", publiclyAccessible=public, protect=True)
        )

    assert told(database(False), database(True)) == {("high", "network-widened")}


def test_a_provider_pointed_elsewhere_is_high() -> None:
    def provider(project: str) -> Plan:
        return plan(resource("pulumi:providers:gcp", "main", project=project))

    assert ("high", "provider-changed") in told(provider("a"), provider("b"))


def test_what_is_not_known_yet_and_secrets_count_as_unchanged() -> None:
    assert between(plan(bucket(name="x")), plan(bucket(name=UNKNOWN))) == []
    assert between(plan(bucket(x=SECRET)), plan(bucket(x=SECRET))) == []


def test_ignored_changes_are_no_changes() -> None:
    after = dataclasses.replace(bucket(location="US"), ignore_changes=("location",))
    assert between(plan(bucket()), plan(after)) == []


@pytest.mark.parametrize(
    ("name", "ops", "kinds"),
    [
        ("nochange", set(), set()),
        ("create", {"create"}, set()),
        ("update", {"update"}, set()),
        ("replace-protected", {"replace"}, {("high", "data-replaced")}),
        ("delete", {"delete"}, {("low", "deleted")}),
    ],
)
def test_what_the_real_preview_prints_is_read(
    name: str, ops: set[str], kinds: set[tuple[str, str]]
) -> None:
    preview = json.loads((PREVIEWS / f"preview-{name}.json").read_text(encoding="utf-8"))
    changes = in_preview(preview)
    assert {change.op for change in changes} == ops
    assert {(risk.severity, risk.kind) for risk in grade(changes)} == kinds


@pytest.mark.parametrize("lost", ["protect", "retainOnDelete"])
def test_a_step_that_only_lifts_protection_is_a_change_though_the_engine_calls_it_the_same(
    lost: str,
) -> None:
    urn = f"urn:pulumi:s::landfall::{BUCKET}::b"
    kept = {"urn": urn, "type": BUCKET, "protect": True, "retainOnDelete": True}
    step = {"op": "same", "urn": urn, "oldState": kept}
    (change,) = in_preview({"steps": [{**step, "newState": {**kept, lost: False}}]})
    assert change.op == "update"
    assert {risk.kind for risk in grade([change])} == {"protection-lost"}
    assert in_preview({"steps": [{**step, "newState": kept}]}) == []


def test_a_file_that_is_no_preview_is_refused() -> None:
    with pytest.raises(UsageError, match="no 'steps'"):
        in_preview({"resources": []})


@pytest.mark.parametrize("type_", sorted(REPLACES))
def test_the_table_of_replacements_names_real_types_and_inputs(type_: str) -> None:
    assert is_type(type_)
    for name in REPLACES[type_]:
        assert has_input(type_, name), name


def test_what_the_sdk_documents_as_replacing_is_found() -> None:
    assert "kmsKeyId" in documented_replaces("aws:ebs/volume:Volume") or documented_replaces(
        "gcp:compute/instance:Instance"
    )
