"""The audit trail: CloudTrail into a locked bucket that its writers cannot delete from, and who may write there.

Where the bucket lies says `security.py`: in the platform's account, in a log archive of our making (`log_archive.py`), or
with the client. What the lock does not hold is kept by `proof.py`, which says what remains. Management events of all
regions; in production also every read and write of the lake's objects. Leaves out the organization's own trail, which a
landing zone may keep besides. Controls: CIS AWS 3.1 to 3.7, NIST AU-9 to AU-12.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def trail_arn(scope: Scope, account: pulumi.Input[str]) -> pulumi.Output[str]:
    """The ARN of an account's trail, known before it is made: its name is the same in every account of ours."""
    region = cloud(scope).region
    return pulumi.Output.concat(
        "arn:aws:cloudtrail:", region, ":", account, ":trail/", scope.name("trail", AUDIT)
    )


def audit_bucket(
    scope: Scope,
    parent: pulumi.Resource,
    purpose: str,
    account: pulumi.Input[str],
    key: pulumi.Input[str],
    trails: Sequence[pulumi.Input[str]],
    logs_to: pulumi.Input[str],
    *besides: Statement,
) -> pulumi.Output[str]:
    """The locked bucket that these trails, given by ARN, write to; its name is known once they may.

    CloudTrail looks at the bucket's policy when a trail is made, and refuses a bucket that does not let it in yet.
    """
    days, name = proof_days(scope), name_of(scope, purpose)
    return bucket(
        scope, parent, purpose, account,
        key=key,
        keep=Keep(objects=days * 2, former=days, locked=days),
        statements=[*writers(name, trails), keep_proof(name), *besides],
        logs_to=logs_to,
    ).id  # fmt: skip


def build_trail(
    scope: Scope,
    parent: pulumi.Resource,
    logical: str,
    bucket_name: pulumi.Input[str],
    key: pulumi.Input[str],
    selectors: Sequence[aws.cloudtrail.TrailAdvancedEventSelectorArgs],
) -> None:
    """The account's trail."""
    aws.cloudtrail.Trail(
        logical,
        name=scope.name("trail", AUDIT),
        s3_bucket_name=bucket_name,
        kms_key_id=key,
        is_multi_region_trail=True,
        include_global_service_events=True,
        enable_log_file_validation=True,
        enable_logging=True,
        advanced_event_selectors=list(selectors),
        opts=scope.stateful(parent),
    )


def writers(name: str, trails: Sequence[pulumi.Input[str]]) -> list[Statement]:
    """CloudTrail writes, for these trails only; it reads nothing back."""
    mine = trails[0] if len(trails) == 1 else list(trails)
    by, when = services("cloudtrail.amazonaws.com"), {"StringEquals": {"aws:SourceArn": mine}}
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


def management_events() -> aws.cloudtrail.TrailAdvancedEventSelectorArgs:
    """Who administered what; no reading and writing of data."""
    ct = aws.cloudtrail
    category = ct.TrailAdvancedEventSelectorFieldSelectorArgs(
        field="eventCategory", equals=["Management"]
    )
    return ct.TrailAdvancedEventSelectorArgs(name="Management", field_selectors=[category])


def platform_events(scope: Scope) -> list[aws.cloudtrail.TrailAdvancedEventSelectorArgs]:
    """What the platform's trail records."""
    if scope.intent.environment != "prod":
        return [management_events()]
    ct = aws.cloudtrail
    field = ct.TrailAdvancedEventSelectorFieldSelectorArgs
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
    return [management_events(), objects]
