"""Each check finds what it is for, tells all that a person needs, and stays quiet where nobody can know."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from infra.plan import sdk
from infra.plan.check import formats, sources, values
from infra.plan.check.finding import at_path
from infra.plan.model import SECRET, UNKNOWN, Plan
from tests.infra.plan.made import AFTERWARDS, FOURTH, MISTAKES, THIRD, found, mistaken, resource

LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
RULE: dict[str, Any] = {"id": "age", "status": "Enabled", "expiration": {"days": 30}}


def test_a_finding_names_resource_property_value_allowed_origin_and_our_line():
    (one,) = found("aws:sqs/queue:Queue", {"delaySeconds": 1000})
    assert one.as_dict() == {
        "rule": "value",
        "severity": "error",
        "urn": "urn:pulumi:dev::landfall::aws:sqs/queue:Queue::it",
        "type": "aws:sqs/queue:Queue",
        "name": "it",
        "property": "delaySeconds",
        "value": "1000",
        "allowed": "0 to 900",
        "origin": "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
        "source": "here.py:1",
    }


def test_an_unknown_key_is_found_at_any_depth():
    rule = {**RULE, "expiration": {"days": 30, "dayz": 3}}
    (one,) = found(LIFECYCLE, {"bucket": "acme", "rules": [RULE, rule]})
    assert (one.rule, one.path) == ("key", "rules[1].expiration.dayz")
    assert "days" in one.allowed


def test_a_missing_nested_field_is_found():
    (one,) = found(LIFECYCLE, {"bucket": "acme", "rules": [{"id": "age"}]})
    assert (one.rule, one.path) == ("required", "rules[0].status")


@pytest.mark.parametrize(
    ("value", "severity"),
    [("thirty", "error"), ([30], "error"), ({"a": 1}, "error"), ("30", "warn")],
)
def test_a_wrong_primitive_is_an_error_unless_the_provider_bends_it(value: Any, severity: str):
    findings = found(LIFECYCLE, {"bucket": "acme", "rules": [{**RULE, "expiration": {"days": value}}]})  # fmt: skip
    assert {(one.path, one.severity) for one in findings if one.rule == "type"} == {
        ("rules[0].expiration.days", severity)
    }


def test_a_block_of_several_kinds_is_read_as_the_kind_it_is():
    filters = {
        "advancedFilters": [{"operatorType": "StringIn", "key": "data.api", "values": ["PutBlob"]}],
        "includedEventTypes": ["Microsoft.Storage.BlobCreated"],
    }
    type_ = "azure-native:eventgrid:SystemTopicEventSubscription"
    names = {"resourceGroupName": "a", "systemTopicName": "b", "eventSubscriptionName": "one"}
    assert found(type_, {**names, "filter": filters}) == []
    filters["advancedFilters"][0]["valuez"] = []
    assert [one.path for one in found(type_, {**names, "filter": filters})] == [
        "filter.advancedFilters[0].valuez"
    ]


def test_a_type_that_the_provider_does_not_have_is_found():
    (one,) = found("aws:s3/bukket:Bukket", {})
    assert (one.rule, one.value) == ("type", "aws:s3/bukket:Bukket")


def test_a_provider_of_another_maker_is_left_alone():
    assert found("datadog:index/monitor:Monitor", {"anything": 1}) == []


@pytest.mark.parametrize("open_", [UNKNOWN, SECRET])
def test_what_nobody_knows_yet_is_never_blamed(open_: str):
    """Every leaf of every sound resource left open: a preview must not cry wolf."""
    for mistake in MISTAKES:
        opened = _opened(mistake["good"], open_)
        if "apiVersion" in mistake["good"]:
            opened |= {key: mistake["good"][key] for key in ("apiVersion", "kind")}
        assert found(mistake["type"], opened) == [], mistake["id"]


@pytest.mark.parametrize(
    "mistake", [*MISTAKES, *AFTERWARDS, *THIRD, *FOURTH], ids=lambda one: one["id"]
)
def test_one_part_that_nobody_knows_yet_is_no_fault_of_the_others(mistake: dict[str, Any]):
    """Each part of a sound resource by itself left open, be it a value, a block or a list."""
    for path in _parts(mistake["good"]):
        if path[-1] not in ("apiVersion", "kind"):
            assert mistaken(mistake, _with_open(mistake["good"], path)) == [], path


def _parts(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()  # fmt: skip
    for key, inner in members:
        yield (*above, key)
        yield from _parts(inner, (*above, key))


def _with_open(good: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    inputs = copy.deepcopy(good)
    at: Any = inputs
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = UNKNOWN
    return inputs


def _opened(value: Any, open_: str) -> Any:
    if isinstance(value, dict):
        return {key: _opened(inner, open_) for key, inner in value.items()}
    if isinstance(value, list):
        return [_opened(inner, open_) for inner in value]
    return open_


def test_every_path_of_the_tables_leads_to_an_input_and_every_reference_to_a_limit():
    for type_, paths in values.rules().items():
        assert sdk.is_type(type_), type_
        for path, rule in paths.items():
            assert sdk.has_input(type_, path.split(".*")[0].replace("[]", "")), (type_, path)
            for part in rule if isinstance(rule, list) else [rule]:
                if isinstance(part, str):
                    limit = sources.limit(part)
                    said = (limit.values, limit.pattern, limit.least, limit.most)
                    assert any(x is not None and x != () for x in said), part
                else:
                    values.allows(part, "")  # knows its words
                    assert "form" in part or part.get("of"), (type_, path)


def test_paths_go_through_lists_and_maps():
    inputs = {"a": [{"b": 1}, {"b": UNKNOWN}, {"c": 2}], "m": {"x": {"y": 3}, "z": {"y": 4}}}
    assert list(at_path(inputs, "a[].b")) == [("a[0].b", 1)]
    assert list(at_path(inputs, "m.*.y")) == [("m.x.y", 3), ("m.z.y", 4)]
    assert list(at_path(inputs, "none.at.all")) == []


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        ("network", ["10.0.0.0/8", "2001:db8::/32"], ["10.0.0.1/8", "10.0.0.0/40", "ten", ""]),
        ("cron", ["0 3 * * 1-5", "*/5 * * * *", "every 5 minutes"], ["0 3 * *", "60 3 * * *", "0 0 3 1 * *"]),
        ("aws-schedule", ["rate(1 day)", "rate(2 days)", "cron(0 3 ? * MON *)", "cron(0 3 L * ? *)"],
         ["rate(1 days)", "rate(0 days)", "cron(0 3 * * * *)", "cron(0 25 ? * MON *)", "0 3 * * *"]),
        ("role-arn", ["arn:aws:iam::123456789012:role/a/b"], ["a", "arn:aws:iam::1:role/a", "arn:aws:iam::123456789012:user/a"]),
        ("azure-ports", ["*", "80", "80-443"], ["80,443", "443-80", "70000", ""]),
        ("azure-prefix", ["*", "VirtualNetwork", "10.0.0.0/8", "AzureCloud.norwayeast"], ["10.0.0.0/40", "not a tag"]),
        ("google-member", ["user:a@b.example", "principalSet://iam.googleapis.com/x", "serviceAccount:p.svc.id.goog[ns/sa]"],
         ["a@b.example", "serviceAccount:lake", "roles/owner", "user:x"]),
        ("google-role", ["roles/owner", "roles/storage.objectViewer", "roles/compute.instanceAdmin.v1", "projects/p/roles/own"],
         ["owner", "roles/Storage.objectViewer", "roles/storage", "storage.objectViewer"]),
        ("google-machine", ["n1-standard-4", "e2-medium", "n2-custom-4-8192", "c3-standard-4-lssd", "a3-highgpu-8g"],
         ["n1-standard-3", "n9-standard-4", "a3-highgpu-3g", "standard-4"]),
        ("azure-machine", ["Standard_D4s_v5", "Standard_NC24ads_A100_v4", "Standard_E96-24ds_v5", "Standard_B2ms"],
         ["D4s_v5", "Standard_NC24ads_A100v4", "Standard_Q4", "Standard_D4s-v5"]),
        ("google-zone", ["europe-west1-b", "us-central1-f"], ["europe-west1-a", "us-central1", "mars-1-a"]),
        ("azure-region", ["norwayeast", "Norway East", "global"], ["norway-east", "oslo"]),
        ("bucket-location", ["EU", "eur4", "europe-west4", "EUROPE-WEST4"], ["us-c", "europe"]),
        ("google-labels", [{"a-b": "c_1"}, {}], [{"A": "b"}, {"a": "B"}, {"1a": "b"}]),
        ("role-definition", ["/providers/Microsoft.Authorization/roleDefinitions/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"],
         ["Reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"]),
        ("time-zone", ["Europe/Oslo", "UTC"], ["CEST+2", "Oslo"]),
    ],
)  # fmt: skip
def test_a_form_tells_good_from_bad(form: str, good: list[Any], bad: list[Any]):
    check = formats.FORMS[form][0]
    assert [value for value in good if check(value) is not None] == []
    assert [value for value in bad if check(value) is None] == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT5M", 300),
        ("P1DT12H", 129600),
        ("P2Y", 63072000),
        ("5m", None),
        ("PT", None),
        ("P", None),
    ],
)
def test_a_duration_is_read_as_iso_8601_says(text: str, seconds: float | None):
    assert formats.iso_seconds(text) == seconds


def test_a_machine_is_looked_up_in_the_region_of_the_resources_provider():
    provider = resource("pulumi:providers:aws", {"region": "ap-east-2"}, "aws")
    group = copy.deepcopy(next(m["good"] for m in MISTAKES if m["id"] == "aws-machine-misspelt"))
    group["instanceTypes"] = ["p5.48xlarge"]
    type_ = "aws:eks/nodeGroup:NodeGroup"
    here = resource(type_, group, provider=provider.urn)
    from infra.plan.check import check

    (one,) = check(Plan("dev", "aws", (here, provider)))
    assert (one.rule, one.path) == ("place", "instanceTypes[0]")
    assert "of ap-east-2" in one.allowed
    assert found(type_, group) == []


def test_a_document_that_is_no_json_is_told_and_not_fatal():
    for text in ("{", "[]", "null", '"x"', '{"Statement": 5}'):
        assert found("aws:iam/policy:Policy", {"name": "a", "policy": text}), text


def test_strange_inputs_never_break_the_checks():
    strange: list[Any] = [None, 0, "", [], {}, [None], [[]], {"": None}, "\x00", 1e308, True]
    for mistake in MISTAKES:
        for key in mistake["good"]:
            for value in strange:
                found(mistake["type"], {**mistake["good"], key: value})
