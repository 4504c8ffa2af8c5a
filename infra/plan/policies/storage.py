"""Policies on what holds data: private, encrypted, versioned, protected, kept.

Tables by resource type say where each provider's wire format keeps the answer. Leaves out whose key encrypts (`keys.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infra.plan.model import Plan, Resource
from infra.plan.policies.base import Fault, on, over, resource
from infra.plan.policies.keys import AZURE, GCS, S3, S3_CRYPT, S3_OLD
from infra.plan.query import at, companions

S3_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
S3_VERSIONS = "aws:s3/bucketVersioning:BucketVersioning"

_FOUR = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@on(
    GCS, AZURE,
    id="storage-private",
    title="Buckets and storage accounts cannot be made public",
    rationale="A public bucket is the commonest way in which data leak; the switch above the grants holds "
    "even where somebody grants too much.",
    controls={
        "cis-gcp-3.0": ("5.1", "5.2"), "cis-azure-2.1": ("3.17",),
        "nist-800-53-r5": ("AC-3", "SC-7"), "iso-27001-2022": ("A.5.15", "A.8.12"),
    },
    passing=[
        resource(GCS, publicAccessPrevention="enforced", uniformBucketLevelAccess=True),
        resource(AZURE, allowBlobPublicAccess=False, publicNetworkAccess="Disabled"),
    ],
    failing=[
        resource(GCS, uniformBucketLevelAccess=True),
        resource(AZURE, allowBlobPublicAccess=True, publicNetworkAccess="Disabled"),
        resource(AZURE, allowBlobPublicAccess=False),
    ],
)  # fmt: skip
def _private(one: Resource) -> Iterable[str]:
    if one.type == GCS:
        if one.inputs.get("publicAccessPrevention") != "enforced":
            yield "publicAccessPrevention must be 'enforced'"
        if one.inputs.get("uniformBucketLevelAccess") is not True:
            yield "uniformBucketLevelAccess must be true: object ACLs escape every review"
        return
    if one.inputs.get("allowBlobPublicAccess") is not False:
        yield "allowBlobPublicAccess must be false"
    closed = one.inputs.get("publicNetworkAccess") == "Disabled"
    if not closed and at(one.inputs, "networkRuleSet.defaultAction") != "Deny":
        yield "publicNetworkAccess must be 'Disabled', or networkRuleSet.defaultAction 'Deny'"


@over(
    S3, S3_OLD,
    id="s3-public-access-blocked",
    title="Every S3 bucket has all four public access blocks",
    rationale="The account's own block can be lifted by one click; the bucket's stays.",
    controls={
        "cis-aws-3.0": ("2.1.4",), "nist-800-53-r5": ("AC-3", "SC-7"),
        "iso-27001-2022": ("A.5.15", "A.8.12"),
    },
    passing=[
        (
            resource(S3, "lake"),
            resource(S3_BLOCK, refers={"bucket": f"{S3}::lake"}, **dict.fromkeys(_FOUR, True)),
        )
    ],
    failing=[
        (resource(S3, "lake"),),
        (
            resource(S3, "lake"),
            resource(S3_BLOCK, refers={"bucket": f"{S3}::lake"}, blockPublicAcls=True),
        ),
    ],
)  # fmt: skip
def _s3_blocked(plan: Plan, _: object) -> Iterator[Fault]:
    for bucket in plan.of_type(S3, S3_OLD):
        blocks = list(companions(plan, S3_BLOCK, "bucket", bucket))
        if not blocks:
            yield Fault(bucket, "has no BucketPublicAccessBlock")
        for block in blocks:
            missing = [key for key in _FOUR if block.inputs.get(key) is not True]
            if missing:
                yield Fault(block, f"{', '.join(missing)} must be true")


@over(
    S3, S3_OLD,
    id="s3-encrypted",
    title="Every S3 bucket names its encryption",
    rationale="Without a configuration of its own, a bucket falls back to keys that Amazon owns.",
    controls={"nist-800-53-r5": ("SC-28",), "iso-27001-2022": ("A.8.24",)},
    passing=[(resource(S3, "lake"), resource(S3_CRYPT, refers={"bucket": f"{S3}::lake"})),
             (resource(S3, serverSideEncryptionConfiguration={"rule": {}}),)],
    failing=[(resource(S3, "lake"),)],
)  # fmt: skip
def _s3_encrypted(plan: Plan, _: object) -> Iterator[Fault]:
    for bucket in plan.of_type(S3, S3_OLD):
        if any(key.startswith("serverSideEncryptionConfiguration") for key in bucket.inputs):
            continue  # the older way, on the bucket itself
        if not list(companions(plan, S3_CRYPT, "bucket", bucket)):
            yield Fault(bucket, "has no BucketServerSideEncryptionConfiguration")


@over(
    GCS, S3, S3_OLD,
    id="storage-versioned",
    severity="advisory",
    title="Buckets keep former versions of objects",
    rationale="A deleted or overwritten object can be brought back; Iceberg's own snapshots do not help "
    "against somebody who deletes files.",
    controls={"nist-800-53-r5": ("CP-9", "SI-12"), "iso-27001-2022": ("A.8.13",)},
    passing=[(resource(GCS, versioning={"enabled": True}),)],
    failing=[(resource(GCS),), (resource(S3, "lake"),)],
)  # fmt: skip
def _versioned(plan: Plan, _: object) -> Iterator[Fault]:
    for bucket in plan.of_type(GCS):
        # A locked retention policy and versioning exclude each other in Cloud Storage.
        if not at(bucket.inputs, "versioning.enabled") and not bucket.inputs.get("retentionPolicy"):
            yield Fault(bucket, "versioning.enabled must be true (or a retentionPolicy must hold)")
    for bucket in plan.of_type(S3, S3_OLD):
        states = [
            at(one.inputs, "versioningConfiguration.status")
            for one in companions(plan, S3_VERSIONS, "bucket", bucket)
        ]
        if states != ["Enabled"]:
            yield Fault(bucket, "has no BucketVersioning that is Enabled")


STATEFUL = (
    GCS, S3, S3_OLD, AZURE, "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    "gcp:bigquery/dataset:Dataset", "gcp:kms/cryptoKey:CryptoKey", "gcp:kms/keyRing:KeyRing",
    "gcp:sql/databaseInstance:DatabaseInstance", "gcp:artifactregistry/repository:Repository",
    "aws:kms/key:Key", "aws:rds/instance:Instance", "aws:rds/cluster:Cluster",
    "aws:redshiftserverless/namespace:Namespace", "aws:glue/catalogDatabase:CatalogDatabase",
    "aws:ecr/repository:Repository", "aws:dynamodb/table:Table",
    "azure-native:storage:BlobContainer", "azure-native:keyvault:Vault", "azure-native:keyvault:Key",
    "azure-native:dbforpostgresql:Server", "azure-native:synapse:SqlPool",
    "azure-native:containerregistry:Registry",
    "snowflake:index/database:Database", "snowflake:index/schema:Schema",
)  # fmt: skip
"""Types that hold data, keys or proof: what `protect` and `retainOnDelete` are for."""


@on(
    *STATEFUL,
    id="stateful-protected",
    title="What holds data is protected from deletion and kept when the stack goes",
    rationale="An upgrade that replaces a bucket destroys it; protection turns that into an error before "
    "anything happens.",
    controls={"nist-800-53-r5": ("CP-9", "CM-3"), "iso-27001-2022": ("A.8.13", "A.8.32")},
    passing=[resource(GCS, protect=True, retain=True)],
    failing=[resource(GCS, retain=True), resource(GCS, protect=True)],
)  # fmt: skip
def _protected(one: Resource) -> Iterable[str]:
    if not one.protect:
        yield "must be protected (ResourceOptions.protect)"
    if not one.retain:
        yield "must be kept when the stack goes (ResourceOptions.retain_on_delete)"
