"""A plan is read from whatever holds one; what holds none is told with what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.plan.load import dump, load, parse
from landfall.errors import UsageError

PREVIEW: dict[str, Any] = {
    "config": {},
    "steps": [
        {"op": "create", "newState": {"urn": "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "type": "pulumi:pulumi:Stack"}},
        {
            "op": "create",
            "newState": {
                "urn": "urn:pulumi:dev::p::gcp:storage/bucket:Bucket::lake",
                "custom": True,
                "type": "gcp:storage/bucket:Bucket",
                "inputs": {"__defaults": [], "location": "EU"},
                "parent": "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev",
                "protect": True,
                "provider": "urn:pulumi:dev::p::pulumi:providers:gcp::g::0123",
                "dependencies": ["urn:a"],
                "propertyDependencies": {"location": [], "name": ["urn:a"]},
                "sourcePosition": "project:///x/site-packages/pulumi_gcp/bucket.py#9",
                "stackTrace": [{"sourcePosition": "project:///infra/__main__.py#5"}, {}],
            },
        },
        {"op": "delete", "oldState": {"urn": "urn:pulumi:dev::p::gcp:pubsub/topic:Topic::gone", "type": "gcp:pubsub/topic:Topic"}},
    ],
}  # fmt: skip


def test_a_list_of_type_name_and_inputs_is_a_plan():
    plan = parse([{"type": "aws:s3/bucket:Bucket", "name": "b", "inputs": {"bucket": "x"}}])
    assert plan.cloud == "aws"
    assert plan.resources[0].urn == "urn:pulumi:plan::landfall::aws:s3/bucket:Bucket::b"
    assert plan.resources[0].inputs == {"bucket": "x"}


def test_a_preview_of_the_cli_is_a_plan_of_what_will_be():
    plan = parse(PREVIEW)
    (lake,) = plan.resources
    assert (plan.stack, plan.cloud) == ("dev", "gcp")
    assert lake.inputs == {"location": "EU"}
    assert lake.parent == ""
    assert lake.provider == "urn:pulumi:dev::p::pulumi:providers:gcp::g"
    assert lake.deps == ("urn:a",)
    assert lake.property_deps == {"name": ("urn:a",)}
    assert lake.protect
    assert lake.source == "infra/__main__.py:5"


def test_an_exported_state_is_a_plan():
    rows = [step["newState"] for step in PREVIEW["steps"] if "newState" in step]
    assert dump(parse({"version": 3, "deployment": {"resources": rows}})) == dump(parse(PREVIEW))


def test_what_was_written_is_read_back(tmp_path: Path):
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(dump(parse(PREVIEW))), encoding="utf-8")
    assert dump(load(file)) == dump(parse(PREVIEW))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (5, "holds no plan"),
        ({}, "holds no plan"),
        ({"resources": 5}, "holds no plan"),
        ([5], "Resource 1 of .* is no object"),
        ([{"name": "a"}], "names no type"),
        ([{"type": "a:b:C"}], "neither a name nor a urn"),
        ([{"type": "a:b:C", "name": "d", "inputs": []}, {"type": 5, "name": "d"}], "names no type"),
        ([{"type": "a:b:C", "name": "d", "inputs": [1]}], "'inputs' of .* is no object"),
        ([{"type": "a:b:C", "name": "d"}] * 2, "twice"),
        ({"resources": [], "outputs": [1]}, "'outputs'"),
    ],
)
def test_what_holds_no_plan_is_told(content: Any, told: str):
    with pytest.raises(UsageError, match=told):
        parse(content)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path):
    for name, bytes_ in (("bad.json", b"{"), ("binary.json", b"\xff\xfe"), ("deep.json", b"[" * 100_000), ("events.json", b"{}\n{}\n")):  # fmt: skip
        (tmp_path / name).write_bytes(bytes_)
        with pytest.raises(UsageError, match="is not JSON"):
            load(tmp_path / name)
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "none.json")
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path)
