"""The audit trail: CloudTrail into a locked bucket that its writers cannot delete from, and who may write there.

What the lock does not hold is kept by `proof.py`, which says what remains. Management events of all regions; in production also every read and write of the lake's objects. Leaves out the
organization's own trail, which a landing zone may keep besides. Controls: CIS AWS 3.1 to 3.7, NIST AU-9 to AU-12.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.aws.buckets import AUDIT, Keep, bucket, name_of
from infra.aws.policies import EVERYONE, Statement, allow, deny, services
from infra.aws.provider import cloud
from infra.scope import Scope

YEARS_OF_PROOF = {"hipaa": 6, "pci-dss": 1, "soc2": 1, "iso-27001": 1, "gdpr": 1, "cis": 1}
"""How long a standard wants its proof: 45 CFR 164.316(b)(2) for HIPAA, PCI DSS 10.5.1; else a year of audit."""


def proof_days(scope: Scope) -> int:
    """Days that audit logs are locked for: what the standards ask, a year in production, else a month."""
    asked = [YEARS_OF_PROOF[standard] for standard in scope.intent.compliance]
    if scope.intent.environment == "prod":
        return 365 * max([*asked, 1])
    return 30


def build_trail(
    scope: Scope,
    parent: pulumi.Resource,
    account: pulumi.Input[str],
    key: pulumi.Input[str],
    logs_to: pulumi.Input[str],
) -> pulumi.Output[str]:
    """The trail and its bucket; returns the bucket's name, the client's where it is adopted.

    CloudTrail looks at the bucket's policy when the trail is made, and refuses a bucket that does not let it in yet.
    """
    trail = scope.name("trail", "audit")
    region = cloud(scope).region
    arn = pulumi.Output.concat("arn:aws:cloudtrail:", region, ":", account, ":trail/", trail)
    adopted = scope.intent.network.adopt.log_bucket
    if adopted:
        name = pulumi.Output.from_input(adopted)
    else:
        days = proof_days(scope)
        name = bucket(
            scope, parent, AUDIT, account,
            key=key,
            keep=Keep(objects=days * 2, former=days, locked=days),
            statements=[*writers(name_of(scope, AUDIT), arn), keep_proof(name_of(scope, AUDIT))],
            logs_to=logs_to,
        ).id  # fmt: skip
    aws.cloudtrail.Trail(
        "audit",
        name=trail,
        s3_bucket_name=name,
        kms_key_id=key,
        is_multi_region_trail=True,
        include_global_service_events=True,
        enable_log_file_validation=True,
        enable_logging=True,
        advanced_event_selectors=_selectors(scope),
        opts=scope.stateful(parent),
    )
    return name


def writers(name: str, trail: pulumi.Input[str]) -> list[Statement]:
    """CloudTrail writes, for this trail only; it reads nothing back."""
    by, when = services("cloudtrail.amazonaws.com"), {"StringEquals": {"aws:SourceArn": trail}}
    return [
        allow("TrailFindsBucket", ["s3:GetBucketAcl"], f"arn:aws:s3:::{name}", to=by, when=when),
        allow("TrailWrites", ["s3:PutObject"], f"arn:aws:s3:::{name}/AWSLogs/*", to=by, when=when),
    ]


def keep_proof(name: str) -> Statement:
    """Nobody in the account deletes logs or opens their bucket: the boundary that its writers stop at."""
    return deny(
        "KeepProof",
        ["s3:DeleteObject*", "s3:DeleteBucket", "s3:PutBucketVersioning", "s3:BypassGovernanceRetention"],
        [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        to=EVERYONE,
    )  # fmt: skip


def _selectors(scope: Scope) -> list[aws.cloudtrail.TrailAdvancedEventSelectorArgs]:
    ct = aws.cloudtrail
    field = ct.TrailAdvancedEventSelectorFieldSelectorArgs
    management = ct.TrailAdvancedEventSelectorArgs(
        name="Management", field_selectors=[field(field="eventCategory", equals=["Management"])]
    )
    if scope.intent.environment != "prod":
        return [management]
    # The client's own buckets, which are zones of the lake, have names of their own.
    adopted = sorted(scope.intent.network.adopt.buckets.values())
    prefix = f"arn:aws:s3:::{scope.intent.client.slug}-{scope.intent.environment}-"
    objects = ct.TrailAdvancedEventSelectorArgs(
        name="Objects of the lake",
        field_selectors=[
            field(field="eventCategory", equals=["Data"]),
            field(field="resources.type", equals=["AWS::S3::Object"]),
            # Without the trail's own files, which would otherwise be events of theirs.
            field(
                field="resources.ARN",
                starts_withs=[prefix, *(f"arn:aws:s3:::{name}/" for name in adopted)],
                not_starts_withs=[f"arn:aws:s3:::{name_of(scope, AUDIT)}/"],
            ),
        ],
    )
    return [management, objects]
