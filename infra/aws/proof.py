"""What nobody but a person undoes: the buckets of logs, the key that they are written under, the trail.

The locked bucket keeps each object for its days against everybody, the account's root included (S3's compliance
mode), and its policy refuses deletions to everybody. What a lock does not hold (the bucket's policy, lifecycle and
key, the trail itself) is refused to the role that deploys, to every role below the boundary, and in an account that
is created, by a control policy, to everybody but the organization's own entry role. Where the intent names a log archive
(`cloud.log_archive_email`, `log_archive.py`), bucket and key of the trail lie in an account of its own besides; a
client's own archive is named as `network.adopt.log_bucket`. Without either, an administrator of an adopted account can
still end the key, after thirty days in which it can be had back. The buckets of records and of S3's own access logs
have no lock, which their writers refuse.
"""

from __future__ import annotations

import pulumi

from infra.aws.buckets import (
    ACCESS_LOGS,
    ARCHIVE_ACCESS_LOGS,
    AUDIT,
    LOG_ARCHIVE,
    RECORDS,
    name_of,
)
from infra.aws.policies import Statement, deny
from infra.aws.provider import cloud
from infra.scope import Scope

OPENS = (
    "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:PutBucketPolicy", "s3:PutLifecycleConfiguration",
    "s3:PutEncryptionConfiguration", "s3:PutBucketVersioning", "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketAcl", "s3:PutBucketOwnershipControls", "s3:PutBucketPublicAccessBlock",
)  # fmt: skip
"""What opens, empties or ends a bucket."""
ENDS = ("kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:PutKeyPolicy")
"""What makes everything under a key unreadable, or readable to others."""
BLINDS = (
    "cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
)  # fmt: skip


def log_buckets(scope: Scope) -> list[str]:
    """The ARNs of the buckets that hold proof; the trail's is the client's where it is adopted. With a log archive the
    platform's own stays among them: it may hold what the trail wrote before there was an archive."""
    audit = scope.intent.network.adopt.log_bucket or name_of(scope, AUDIT)
    archive = (LOG_ARCHIVE, ARCHIVE_ACCESS_LOGS) if cloud(scope).log_archive_email else ()
    others = [name_of(scope, purpose) for purpose in (RECORDS, ACCESS_LOGS, *archive)]
    return [f"arn:aws:s3:::{name}" for name in (audit, *others)]


def no_undoing(scope: Scope, key: pulumi.Input[str]) -> list[Statement]:
    """Refused to the role that deploys; `key` is the logs' own. Such a change a person applies."""
    buckets = log_buckets(scope)
    return [
        deny("NoOpenProof", OPENS, buckets),
        deny("NoLostProof", ["s3:DeleteObject*", "s3:PutObject*", "s3:BypassGovernanceRetention"],
             [f"{arn}/*" for arn in buckets]),
        deny("NoLostKey", ENDS, key),
        deny("NoBlindTrail", BLINDS, "*"),
    ]  # fmt: skip


def no_writing(scope: Scope) -> Statement:
    """Refused to every role below the boundary: AWS's own services write there, as themselves."""
    objects = [f"{arn}/*" for arn in log_buckets(scope)]
    return deny("NoForgedProof", ["s3:DeleteObject*", "s3:PutObject*"], objects)
