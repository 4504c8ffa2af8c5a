"""The log archive: the audit trail's files in an account of their own, for new clients and for those who have logs."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from infra.plan.model import Plan, Resource
from infra.plan.policies import judge
from infra.plan.risk import risks_against
from tests.infra.aws.conftest import PROD, named, plan_of
from tests.infra.samples import changed, plan_changed, sample
from tests.infra.samples import plan_of as recorded

TODAY = datetime.date(2026, 11, 29)
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"


def statements(one: Resource) -> dict[str, dict[str, Any]]:
    return {s["Sid"]: s for s in json.loads(one.inputs["policy"])["Statement"]}


def apart(plan: Plan) -> str:
    """The URN of the provider that works in the archive's account."""
    return named_provider(plan, "log-archive").urn


def named_provider(plan: Plan, name: str) -> Resource:
    (found,) = [one for one in plan.of_type("pulumi:providers:aws") if one.name == name]
    return found


def platform_alone() -> dict[str, Any]:
    """The production sample's cloud before it names an archive."""
    told = sample(PROD).cloud.model_dump(exclude_defaults=True)
    return {key: value for key, value in told.items() if key != "log_archive_email"}


@pytest.fixture(scope="module")
def before() -> Plan:
    """A created account whose audit logs lie in it."""
    return plan_of(changed(PROD, layout={}, cloud=platform_alone()), PROD)


def test_the_archive_is_an_account_of_its_own_in_a_unit_of_its_own_under_the_same_policies(
    prod: Plan,
) -> None:
    accounts = {one.name: one for one in prod.of_type("aws:organizations/account:Account")}
    assert set(accounts) == {"account", "log-archive"}
    assert accounts["log-archive"].inputs["email"] == "aws-data-prod-logs@northwind.example"
    units = {
        one.name: one
        for one in prod.of_type("aws:organizations/organizationalUnit:OrganizationalUnit")
    }
    assert {one.inputs["parentId"] for one in units.values()} == {"ou-ab12-cdefgh34"}
    assert units["security"].urn in accounts["log-archive"].property_deps["parentId"]
    attached = {
        one.urn
        for one in prod.of_type("aws:organizations/policyAttachment:PolicyAttachment")
        if units["security"].urn in one.property_deps["targetId"]
    }
    assert len(attached) == 5
    assert attached <= set(accounts["log-archive"].deps)  # guarded before it is there


def test_it_is_entered_from_the_organizations_management_account_and_by_nothing_else(
    prod: Plan,
) -> None:
    inside = named_provider(prod, "log-archive")
    (role,) = json.loads(inside.inputs["assumeRoles"])
    (number,) = json.loads(inside.inputs["allowedAccountIds"])
    assert role["roleArn"] == f"arn:aws:iam::{number}:role/OrganizationAccountAccessRole"
    assert number != json.loads(named_provider(prod, "account").inputs["allowedAccountIds"])[0]
    assert not [
        one
        for one in prod.of_type("aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy")
        if one.provider == inside.urn
    ]


def test_bucket_key_and_access_logs_lie_there_and_the_trail_in_the_platforms_account(
    prod: Plan,
) -> None:
    trail = named(prod, "cloudtrail/trail:Trail", "audit")
    bucket = named(prod, "s3/bucket:Bucket", "log-archive")
    key = named(prod, "kms/key:Key", "log-archive")
    logged = named(prod, "s3/bucket:Bucket", "archive-access-logs")
    assert trail.provider == named_provider(prod, "account").urn
    assert {bucket.provider, key.provider, logged.provider} == {apart(prod)}
    assert bucket.urn in trail.property_deps["s3BucketName"]
    assert key.urn in trail.property_deps["kmsKeyId"]
    # CloudTrail takes a key of the bucket's region only.
    regions = {one.inputs["region"] for one in prod.of_type("pulumi:providers:aws")}
    assert regions == {"us-east-1"}
    assert "audit" not in {one.name for one in prod.of_type("aws:s3/bucket:Bucket")}


def test_the_two_trails_write_and_nobody_of_the_platforms_account_reads_or_deletes(
    prod: Plan,
) -> None:
    (archive,) = json.loads(named_provider(prod, "log-archive").inputs["allowedAccountIds"])
    (platform,) = json.loads(named_provider(prod, "account").inputs["allowedAccountIds"])
    trails = [
        f"arn:aws:cloudtrail:us-east-1:{account}:trail/northwind-prod-audit"
        for account in (platform, archive)
    ]
    by_sid = statements(named(prod, "s3/bucketPolicy:BucketPolicy", "log-archive"))
    allowed = {sid: one for sid, one in by_sid.items() if one["Effect"] == "Allow"}
    assert {sid: one["Action"] for sid, one in allowed.items()} == {
        "TrailFindsBucket": ["s3:GetBucketAcl"],
        "TrailWrites": ["s3:PutObject"],
    }
    for one in allowed.values():
        assert one["Principal"] == {"Service": ["cloudtrail.amazonaws.com"]}
        assert one["Condition"] == {"StringEquals": {"aws:SourceArn": trails}}
    others = by_sid["OwnAccountOnly"]
    assert others["Action"] == ["s3:*"]
    assert others["Condition"]["StringNotEquals"] == {"aws:PrincipalAccount": archive}
    written = by_sid["OnlyTrailsWrite"]
    assert (written["Effect"], written["Action"]) == ("Deny", ["s3:PutObject"])
    assert by_sid["KeepProof"]["Effect"] == "Deny"


def test_under_the_key_cloudtrail_writes_and_the_archive_alone_reads(prod: Plan) -> None:
    (archive,) = json.loads(named_provider(prod, "log-archive").inputs["allowedAccountIds"])
    by_sid = statements(named(prod, "kms/key:Key", "log-archive"))
    assert {one["Effect"] for one in by_sid.values()} == {"Allow"}
    people = {
        action
        for one in by_sid.values()
        if one["Principal"] == {"AWS": f"arn:aws:iam::{archive}:root"}
        for action in one["Action"]
    }
    assert "kms:Decrypt" in people
    assert not {one for one in people if one.startswith(("kms:Encrypt", "kms:GenerateDataKey"))}
    service = {sid: one for sid, one in by_sid.items() if "Service" in one["Principal"]}
    assert {sid: one["Action"] for sid, one in service.items()} == {
        "TrailsEncrypt": ["kms:GenerateDataKey*"],
        "TrailsLook": ["kms:Decrypt", "kms:DescribeKey"],
    }
    for one in service.values():
        assert len(one["Condition"]["StringEquals"]["aws:SourceArn"]) == 2
    context = service["TrailsEncrypt"]["Condition"]["StringLike"]
    assert all(
        arn.startswith("arn:aws:cloudtrail:*:")
        for arn in context["kms:EncryptionContext:aws:cloudtrail:arn"]
    )


def test_it_is_kept_as_the_platforms_own_would_be(prod: Plan, before: Plan) -> None:
    kinds = (
        "s3/bucket:Bucket", "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        "s3/bucketOwnershipControls:BucketOwnershipControls",
        "s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "s3/bucketVersioning:BucketVersioning",
    )  # fmt: skip
    for kind in kinds:
        ours, theirs = (
            {**named(plan, kind, name).inputs, "bucket": ""}
            for plan, name in ((prod, "log-archive"), (before, "audit"))
        )
        assert ours == theirs, kind
    assert named(prod, "s3/bucket:Bucket", "log-archive").protect
    assert named(prod, "s3/bucket:Bucket", "log-archive").retain


def test_who_enters_the_archive_is_recorded_there(prod: Plan) -> None:
    trail = named(prod, "cloudtrail/trail:Trail", "log-archive")
    assert trail.provider == apart(prod)
    assert trail.inputs["isMultiRegionTrail"] is True
    categories = [
        field["equals"]
        for selector in trail.inputs["advancedEventSelectors"]
        for field in selector["fieldSelectors"]
    ]
    assert categories == [["Management"]]


def test_what_the_platform_hands_on_is_the_archives_bucket() -> None:
    plan = recorded(PROD)
    bucket = named(plan, "s3/bucket:Bucket", "log-archive").inputs["bucket"]
    assert plan.outputs["foundation"]["security"]["log_bucket"] == bucket


def test_a_layer_inside_the_account_neither_builds_nor_removes_any_of_it() -> None:
    for stack in ("northwind-aws-prod-data", "northwind-aws-prod-ml"):
        assert sample(stack).cloud.model_dump()["log_archive_email"] is None
        plan = recorded(stack)
        assert [one.name for one in plan.of_type("pulumi:providers:aws")] == ["aws"]
        assert not plan.of_type(
            "aws:organizations/account:Account",
            "aws:organizations/organizationalUnit:OrganizationalUnit",
            "aws:cloudtrail/trail:Trail",
        )


def test_a_trail_that_stays_at_home_though_an_archive_is_named_breaks_the_policy(
    before: Plan,
) -> None:
    found = judge(before, changed(PROD, layout={}), TODAY)
    (broken,) = [one for one in found if one.policy == "audit-trail"]
    assert "log_archive_email" in broken.message


def test_naming_an_archive_later_leaves_the_old_bucket_where_it_is_with_all_that_guards_it(
    prod: Plan, before: Plan
) -> None:
    after = {one.urn for one in prod.resources}
    gone = [one for one in before.resources if one.urn not in after]
    assert {one.name for one in gone} == {"audit"}
    assert all(one.retain for one in gone)
    guards = {one.type.rpartition(":")[2] for one in gone}
    assert {"Bucket", "BucketPolicy", "BucketPublicAccessBlock", "BucketVersioning"} <= guards
    risks = risks_against(prod, before)
    assert not [one for one in risks if one.op == "replace"]
    told = {(one.severity, one.kind, one.type): one.reason for one in risks}
    assert "retained" in told["high", "data-deleted", "aws:s3/bucket:Bucket"]
    assert "retained" in told["high", "data-deleted", LOCK]
    moved = told["medium", "audit-moved", "aws:cloudtrail/trail:Trail"]
    for plan, name in ((before, "audit"), (prod, "log-archive")):
        assert named(plan, "s3/bucket:Bucket", name).inputs["bucket"] in moved


def test_the_old_bucket_is_let_go_of_only_once_a_release_has_lifted_its_protection() -> None:
    """The mark lifts it from the bucket and its lock, and from nothing else of that name."""
    mark = {
        "resource": "audit",
        "reason": "The archive takes over.",
        "until": "2999-12-31",
        "owner": "soc@northwind.example",
    }
    plan = plan_changed(PROD, cloud=platform_alone(), retiring=[mark])
    named_audit = [one for one in plan.resources if one.name == "audit"]
    assert {one.type for one in named_audit if one.protect} == {"aws:cloudtrail/trail:Trail"}
    assert named(plan, "s3/bucket:Bucket", "audit").retain


def test_the_old_bucket_and_its_logs_stay_guarded_from_whoever_deploys(
    prod: Plan, before: Plan
) -> None:
    old = named(before, "s3/bucket:Bucket", "audit").inputs["bucket"]
    for one in (
        named(prod, "iam/rolePolicy:RolePolicy", "jenkins-deploy-keeps-proof"),
        named(prod, "iam/policy:Policy", "boundary"),
    ):
        assert old in one.inputs["policy"], one.name
    assert old in named(prod, "organizations/policy:Policy", "watched").inputs["content"]
    # Its files stay readable: the key that they were written under is the platform's still.
    assert named(prod, "kms/key:Key", "logs").urn == named(before, "kms/key:Key", "logs").urn
