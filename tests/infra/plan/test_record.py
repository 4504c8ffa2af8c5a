"""A recording is what the engine would be asked to register, whole, and leaves nothing behind."""

from __future__ import annotations

import os
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp
import pytest

from infra.plan.load import dump, parse
from infra.plan.model import SECRET, UNKNOWN, Plan, Resource
from infra.plan.record import record
from landfall.errors import LandfallError
from tests.infra.plan import programs


def one(plan: Plan, name: str) -> Resource:
    return next(r for r in plan.resources if r.name == name)


def test_a_urn_carries_the_types_of_every_parent_but_the_stack():
    plan = record(programs.deep, "dev", "gcp")
    inner = "urn:pulumi:dev::landfall::landfall:gcp:Outer$landfall:gcp:Inner"
    assert one(plan, "inner").urn == f"{inner}::inner"
    assert one(plan, "bucket").urn == f"{inner}$gcp:storage/bucket:Bucket::bucket"
    assert one(plan, "bucket").parent == f"{inner}::inner"
    assert one(plan, "outer").parent == ""


def test_secrets_are_masked_wherever_they_stand():
    for known in (True, False):
        plan = record(programs.secretive, "dev", "aws", known=known)
        function, provider = one(plan, "function").inputs, one(plan, "aws").inputs
        assert "hunter2" not in repr(asdict(plan))
        assert function["environment"] == {"variables": {"PASSWORD": SECRET, "PLAIN": "open"}} or (
            function["environment"] == SECRET
        )
        assert function["description"] == SECRET
        assert SECRET in (function["layers"], *function["layers"])
        assert provider["secretKey"] == SECRET
        assert provider["region"] == "eu-west-1"
        assert plan.outputs["password"] == SECRET


def test_known_values_are_made_up_and_unknown_ones_are_left_open():
    known = record(programs.linked, "dev", "gcp")
    open_ = record(programs.linked, "dev", "gcp", known=False)
    topic = "projects/acme-data-dev/topics/objects"
    assert one(known, "subscription-0").inputs["topic"] == topic
    assert one(open_, "subscription-0").inputs["topic"] == UNKNOWN
    assert one(known, "subscription-0").inputs["filter"] == "x = objects"
    assert known.outputs == {"topic": topic}
    assert open_.outputs == {"topic": UNKNOWN}


def test_dependencies_are_told_by_property():
    plan = record(programs.linked, "dev", "gcp")
    urn = one(plan, "topic").urn
    assert one(plan, "subscription-0").deps == (urn,)
    assert one(plan, "subscription-0").property_deps == {"filter": (urn,), "topic": (urn,)}


def test_an_apply_never_sees_none():
    seen: list[Any] = []

    def program() -> None:
        account = gcp.serviceaccount.Account("one", account_id="acme-dev-one", project="acme")
        role = aws.iam.Role("role", name="acme", assume_role_policy="{}")
        bucket = aws.s3.Bucket("bucket", bucket="acme-dev-landing")
        pulumi.Output.all(
            account.email, account.member, account.name, role.arn, role.id, bucket.arn, bucket.id
        ).apply(seen.extend)

    record(program, "dev", "gcp")
    assert seen == [
        "acme-dev-one@acme.iam.gserviceaccount.com",
        "serviceAccount:acme-dev-one@acme.iam.gserviceaccount.com",
        "projects/acme/serviceAccounts/acme-dev-one@acme.iam.gserviceaccount.com",
        "arn:aws:iam::123456789012:role/acme",
        "acme",
        "arn:aws:s3:::acme-dev-landing",
        "acme-dev-landing",
    ]


def test_a_resource_registered_twice_is_refused_with_both_places():
    def program() -> None:
        programs.bucket()
        programs.bucket()

    with pytest.raises(LandfallError, match=r"programs.py:\d+ and at tests/infra/plan/programs.py"):
        record(program, "dev", "gcp")


def test_a_question_to_the_cloud_is_refused():
    def invoke() -> None:
        pulumi.export("zones", gcp.compute.get_zones_output(region="europe-west4").names)

    def read() -> None:
        gcp.storage.Bucket.get("there", "acme-dev-landing")

    with pytest.raises(LandfallError, match="asks the cloud"):
        record(invoke, "dev", "gcp")
    with pytest.raises(LandfallError, match="from the cloud"):
        record(read, "dev", "gcp")


def test_a_stack_that_nobody_knows_is_refused_and_a_known_one_is_read():
    def program() -> None:
        there = pulumi.StackReference("organization/landfall/base")
        pulumi.export("got", there.get_output("vpc"))

    with pytest.raises(LandfallError, match="organization/landfall/base"):
        record(program, "dev", "gcp")
    plan = record(program, "dev", "gcp", references=lambda _: {"vpc": "vpc-1"})
    assert plan.outputs == {"got": "vpc-1"}


def test_a_recording_inside_a_recording_keeps_both_apart():
    inside: list[Plan] = []

    def program() -> None:
        programs.bucket()
        there = pulumi.StackReference("organization/landfall/base")
        pulumi.export("got", there.get_output("topic"))

    def references(_: str) -> Any:
        inside.append(record(programs.linked, "base", "gcp"))
        return inside[-1].outputs

    plan = record(program, "dev", "gcp", references=references)
    assert [r.name for r in plan.resources] == ["landing"]
    assert [r.name for r in inside[0].resources] == ["subscription-0", "topic"]
    assert plan.outputs == {"got": "projects/acme-data-dev/topics/objects"}


def test_nothing_leaks_from_one_recording_to_the_next():
    def first() -> None:
        pulumi.runtime.register_stack_transformation(
            lambda args: pulumi.ResourceTransformationResult(
                {**args.props, "location": "leaked"}, args.opts
            )
        )
        programs.bucket()

    record(first, "one", "gcp", config={"landfall:leak": "yes"})
    seen: list[str | None] = []

    def second() -> None:
        seen.append(pulumi.Config("landfall").get("leak"))
        programs.bucket()

    plan = record(second, "two", "gcp")
    assert seen == [None]
    assert plan.resources[0].inputs["location"] == "europe-west4"
    assert plan.resources[0].urn.startswith("urn:pulumi:two::")


def test_an_error_in_the_program_or_in_an_apply_comes_out():
    def plainly() -> None:
        raise KeyError("here")

    def applied() -> None:
        topic = gcp.pubsub.Topic("topic")
        pulumi.export("it", topic.name.apply(lambda _: 1 / 0))

    def resource() -> None:
        topic = gcp.pubsub.Topic("topic")
        gcp.pubsub.Subscription("s", topic=topic.name.apply(lambda _: [][1]))

    with pytest.raises(KeyError, match="here"):
        record(plainly, "dev", "gcp")
    with pytest.raises(ZeroDivisionError):
        record(applied, "dev", "gcp")
    with pytest.raises(IndexError):
        record(resource, "dev", "gcp")


def test_an_output_in_a_text_raises_and_the_environment_is_as_before():
    def program() -> None:
        topic = gcp.pubsub.Topic("topic")
        gcp.pubsub.Subscription("s", topic=f"projects/x/{topic.name}")

    before = os.environ.get("PULUMI_ERROR_OUTPUT_STRING")
    with pytest.raises(Exception, match="__str__ on an Output"):
        record(program, "dev", "gcp")
    assert os.environ.get("PULUMI_ERROR_OUTPUT_STRING") == before


def test_the_same_program_gives_the_same_plan_however_threads_run(monkeypatch: pytest.MonkeyPatch):
    import time

    from infra.plan.outputs import Outputs

    calm = record(lambda: programs.linked(12), "dev", "gcp")
    plain = Outputs.of

    def late(self: Outputs, *args: Any) -> Any:
        time.sleep(random.random() / 100)
        return plain(self, *args)

    monkeypatch.setattr(Outputs, "of", late)
    assert record(lambda: programs.linked(12), "dev", "gcp") == calm
    assert [r.urn for r in calm.resources] == sorted(r.urn for r in calm.resources)


def test_the_source_is_our_line_for_providers_too():
    lines = Path(programs.__file__).read_text(encoding="utf-8").splitlines()
    plan = record(programs.provided, "dev", "gcp")
    for name, text in (("gcp", "gcp.Provider("), ("landing", '"landing", location=')):
        file, _, line = one(plan, name).source.partition(":")
        assert file == "tests/infra/plan/programs.py"
        near = "\n".join(lines[int(line) - 2 : int(line) + 2])
        assert text in near


def test_a_provider_is_named_by_its_urn_and_a_default_one_by_nothing():
    assert one(record(programs.provided, "dev", "gcp"), "landing").provider.endswith(
        "::pulumi:providers:gcp::gcp"
    )
    assert one(record(programs.bucket, "dev", "gcp"), "landing").provider == ""


def test_a_plan_goes_through_json_and_back():
    for program in (programs.deep, programs.secretive, programs.linked, programs.provided):
        plan = record(program, "dev", "gcp")
        again = parse(dump(plan))
        assert dump(again) == dump(plan)


def test_aliases_are_recorded_as_the_slow_way_would():
    import pulumi_azure_native as azure

    from infra.plan import aliases

    def program() -> None:
        azure.storage.StorageAccount(
            "lake",
            resource_group_name="acme",
            kind="StorageV2",
            sku={"name": "Standard_ZRS"},
            opts=pulumi.ResourceOptions(
                aliases=[pulumi.Alias(name="old"), "urn:pulumi:a::b::c::d"]
            ),
        )

    quick = one(record(program, "dev", "azure"), "lake").aliases
    assert len(quick) > 20
    assert "urn:pulumi:a::b::c::d" in quick
    assert any("name=old" in alias for alias in quick)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aliases, "_only_type", lambda _: None)
        assert one(record(program, "dev", "azure"), "lake").aliases == quick


def test_outside_a_recording_pulumi_builds_its_alias_urns_as_ever():
    import contextvars

    from pulumi import resource

    from infra.plan.aliases import _recording

    record(programs.bucket, "dev", "gcp")
    context = contextvars.copy_context()
    assert context[_recording] is False if _recording in context else True
    assert resource.collapse_alias_to_urn.__name__ == "no_urn"
