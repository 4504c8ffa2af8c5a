"""S3 buckets, made one way: private, encrypted, versioned, TLS only, their former versions let go in time.

Leaves out who may read and write: that stands beside each bucket's use. The three buckets of logs are told
apart by what S3 allows there: CloudTrail's is locked; Config and flow logs refuse a locked one; S3's own
access logs refuse a customer's key (https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pulumi
import pulumi_aws as aws

from infra.aws.policies import Statement, document, encrypted_transport, own_account_only
from infra.scope import Scope

AUDIT, RECORDS, ACCESS_LOGS = "audit", "records", "access-logs"
LOG_ARCHIVE, ARCHIVE_ACCESS_LOGS = "log-archive", "archive-access-logs"


Options = Callable[..., pulumi.ResourceOptions]
"""Options of what stands beside a bucket, as `Scope.child` makes them."""


@dataclass(frozen=True)
class Keep:
    """How long a bucket keeps things, in days; 0 is for ever."""

    objects: int = 0
    """Current objects are let go after so long."""
    former: int = 90
    """Former versions, and deleted objects, after so long."""
    locked: int = 0
    """Nobody, root included, deletes an object before so long."""


@dataclass(frozen=True)
class Held:
    """A bucket that stands: both are known once its policy is there, so that whoever writes to it is let in."""

    id: pulumi.Output[str]
    arn: pulumi.Output[str]


def name_of(scope: Scope, purpose: str) -> str:
    """The bucket's name, which every stack of the client derives alike."""
    return scope.name("bucket", purpose)


def bucket(
    scope: Scope,
    parent: pulumi.Resource,
    purpose: str,
    account: pulumi.Input[str],
    *,
    key: pulumi.Input[str] | None,
    keep: Keep,
    statements: Sequence[Statement] = (),
    logs_to: pulumi.Input[str] | None,
) -> Held:
    """A bucket with everything around it. `key` None is S3's own key, for access logs only; `logs_to` is the bucket
    of access logs, known once S3 may write there, and None for that bucket itself."""
    name = name_of(scope, purpose)
    # A locked bucket outlives its stack, and stays as guarded as it was.
    beside = partial(scope.child, parent, retain_on_delete=keep.locked > 0)
    made = aws.s3.Bucket(
        purpose,
        bucket=name,
        force_destroy=False,
        object_lock_enabled=keep.locked > 0,
        opts=scope.stateful(parent),
    )
    _closed(purpose, made, beside)
    versions = aws.s3.BucketVersioning(
        purpose,
        bucket=made.id,
        versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(
            status="Enabled"
        ),
        opts=beside(),
    )
    _encrypted(purpose, made, key, beside())
    _kept(scope, parent, purpose, made, keep, versions, beside)
    if logs_to is not None:
        aws.s3.BucketLogging(
            purpose,
            bucket=made.id,
            target_bucket=logs_to,
            target_prefix=f"{purpose}/",
            opts=beside(),
        )
    policy = aws.s3.BucketPolicy(
        purpose,
        bucket=made.id,
        policy=document(*encrypted_transport(name), own_account_only(name, account), *statements),
        # A policy that keeps proof refuses a change of versioning to everybody, so that comes first.
        opts=beside(depends_on=[versions]),
    )
    ready = pulumi.Output.all(made.id, made.arn, policy.id)
    return Held(ready.apply(lambda got: got[0]), ready.apply(lambda got: got[1]))


def adopted_bucket(
    scope: Scope,
    parent: pulumi.Resource,
    purpose: str,
    name: str,
    key: pulumi.Input[str],
) -> Held:
    """The client's own bucket, taken under protection. Its public access is blocked, as the account's is; its
    encryption is imported and stays what it is, since who writes there may not use another key. Everything
    else (policy, lifecycle, notifications) is the client's and not touched."""
    made = aws.s3.Bucket(
        purpose,
        bucket=name,
        opts=scope.stateful(
            parent,
            import_=name,
            ignore_changes=[
                "corsRules", "forceDestroy", "grants", "lifecycleRules", "loggings", "objectLockEnabled",
                "policy", "replicationConfiguration", "requestPayer",
                "serverSideEncryptionConfiguration", "tags", "tagsAll", "versioning", "website",
            ],
        ),
    )  # fmt: skip
    _blocked(purpose, made, scope.child(parent))
    _encrypted(purpose, made, key, scope.child(parent, import_=name, ignore_changes=["rules"]))
    return Held(made.id, made.arn)


def _closed(purpose: str, made: aws.s3.Bucket, beside: Options) -> None:
    _blocked(purpose, made, beside())
    aws.s3.BucketOwnershipControls(
        purpose,
        bucket=made.id,
        rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
        opts=beside(),
    )


def _blocked(purpose: str, made: aws.s3.Bucket, options: pulumi.ResourceOptions) -> None:
    aws.s3.BucketPublicAccessBlock(
        purpose,
        bucket=made.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=options,
    )


def _encrypted(
    purpose: str,
    made: aws.s3.Bucket,
    key: pulumi.Input[str] | None,
    options: pulumi.ResourceOptions,
) -> None:
    s3 = aws.s3
    default = s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
        sse_algorithm="aws:kms" if key is not None else "AES256", kms_master_key_id=key
    )
    s3.BucketServerSideEncryptionConfiguration(
        purpose,
        bucket=made.id,
        rules=[
            s3.BucketServerSideEncryptionConfigurationRuleArgs(
                apply_server_side_encryption_by_default=default,
                bucket_key_enabled=key is not None,  # one call of the key for many objects
            )
        ],
        opts=options,
    )


def _kept(
    scope: Scope,
    parent: pulumi.Resource,
    purpose: str,
    made: aws.s3.Bucket,
    keep: Keep,
    versions: aws.s3.BucketVersioning,
    beside: Options,
) -> None:
    s3 = aws.s3
    former = s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
        noncurrent_days=keep.former
    )
    expiry = (
        s3.BucketLifecycleConfigurationRuleExpirationArgs(days=keep.objects)
        if keep.objects
        else s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True)
    )
    s3.BucketLifecycleConfiguration(
        purpose,
        bucket=made.id,
        rules=[
            s3.BucketLifecycleConfigurationRuleArgs(
                id="keep",
                status="Enabled",
                filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                expiration=expiry,
                noncurrent_version_expiration=former,
                abort_incomplete_multipart_upload=(
                    s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                        days_after_initiation=7
                    )
                ),
            )
        ],
        opts=beside(depends_on=[versions]),
    )
    if keep.locked:
        s3.BucketObjectLockConfiguration(
            purpose,
            bucket=made.id,
            rule=s3.BucketObjectLockConfigurationRuleArgs(
                default_retention=s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(
                    mode="COMPLIANCE", days=keep.locked
                )
            ),
            # A lock grows by the console or not at all; a plan never shortens it.
            opts=scope.stateful(parent, depends_on=[versions]),
        )
