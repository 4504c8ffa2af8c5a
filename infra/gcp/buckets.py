"""One bucket as Landfall makes every bucket: private, encrypted with a customer's key, versioned, logged.

Leaves out who may read and write it: grants stand with the part that owns the bucket.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_gcp import storage

from infra.gcp.provider import LABELS_OF_ADOPTED
from infra.gcp.tenancy import cloud, strict
from infra.scope import Scope

DAY = 86_400
SOFT_DELETE_DAYS = 7
"""Google's own default and the least that undoes a mistake over a weekend; production keeps two weeks."""


def bucket(
    scope: Scope,
    parent: pulumi.Resource,
    purpose: str,
    key: pulumi.Input[str],
    *,
    lifecycle: Sequence[storage.BucketLifecycleRuleArgs] = (),
    logs: pulumi.Input[str] | None = None,
    locked_days: int = 0,
    adopted: str = "",
) -> storage.Bucket:
    """A bucket; `locked_days` keep every object at least so long, for good; `adopted` is the client's own.

    A bucket has either a retention policy or versions (https://cloud.google.com/storage/docs/bucket-lock):
    where objects cannot be replaced, versions would never come to be.
    """
    if adopted:
        return _adopt(scope, parent, purpose, adopted)
    return storage.Bucket(
        purpose,
        name=scope.name("bucket", purpose),
        location=cloud(scope.intent).region,
        storage_class="STANDARD",
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        force_destroy=False,
        encryption=storage.BucketEncryptionArgs(default_kms_key_name=key),
        versioning=storage.BucketVersioningArgs(enabled=not locked_days),
        retention_policy=storage.BucketRetentionPolicyArgs(
            is_locked=True, retention_period=str(locked_days * DAY)
        )
        if locked_days
        else None,
        soft_delete_policy=storage.BucketSoftDeletePolicyArgs(
            retention_duration_seconds=SOFT_DELETE_DAYS * DAY * (2 if strict(scope.intent) else 1)
        ),
        logging=storage.BucketLoggingArgs(log_bucket=logs, log_object_prefix=purpose)
        if logs is not None
        else None,
        lifecycle_rules=list(lifecycle),
        labels=scope.labels,
        opts=scope.stateful(parent),
    )


def _adopt(scope: Scope, parent: pulumi.Resource, purpose: str, name: str) -> storage.Bucket:
    """The client's bucket: imported as it is; its settings stay the client's, but it must be private.

    Pulumi refuses to import a bucket that differs in what is not ignored, so one that is open, or has ACLs,
    is not adopted before its owner closes it.
    """
    return storage.Bucket(
        purpose,
        name=name,
        location=cloud(scope.intent).region,
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        opts=scope.stateful(
            parent,
            import_=name,
            ignore_changes=[
                "location", "storageClass", *LABELS_OF_ADOPTED, "versioning", "encryption", "lifecycleRules",
                "retentionPolicy", "softDeletePolicy", "logging", "autoclass", "cors", "rpo",
                "defaultEventBasedHold", "forceDestroy", "hierarchicalNamespace", "requesterPays", "website", "project",
                "enableObjectRetention", "customPlacementConfig", "ipFilter", "deletionPolicy",
            ],
        ),
    )  # fmt: skip


def deletes(**condition: int | str) -> storage.BucketLifecycleRuleArgs:
    """Delete what meets the condition, in the arguments of BucketLifecycleRuleConditionArgs."""
    return _rule("Delete", None, condition)


def cools(storage_class: str, **condition: int | str) -> storage.BucketLifecycleRuleArgs:
    """Move what meets the condition to a colder class."""
    return _rule("SetStorageClass", storage_class, condition)


def gives_up_uploads(days: int = 7) -> storage.BucketLifecycleRuleArgs:
    """Drop the parts of uploads that nobody finished."""
    return _rule("AbortIncompleteMultipartUpload", None, {"age": days})


def _rule(
    kind: str, storage_class: str | None, condition: dict[str, int | str]
) -> storage.BucketLifecycleRuleArgs:
    given: dict[str, object] = dict(condition)
    return storage.BucketLifecycleRuleArgs(
        action=storage.BucketLifecycleRuleActionArgs(type=kind, storage_class=storage_class),
        condition=storage.BucketLifecycleRuleConditionArgs(**given),  # pyright: ignore[reportArgumentType]
    )
