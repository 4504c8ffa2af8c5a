"""The policy on whose key encrypts: on the resource itself, or by another resource that refers to it.

KEYS says where each provider's wire format names the key, ELSEWHERE which other resource may set it instead. Leaves out
disks of machines and caches, whose data lie elsewhere too, tables of BigQuery, which take their dataset's key, and whether
a key is the client's: any key that is named counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from infra.plan.model import UNKNOWN, Plan, Resource
from infra.plan.policies.base import Fault, over, resource
from infra.plan.query import at, companions, refers

GCS = "gcp:storage/bucket:Bucket"
S3 = "aws:s3/bucket:Bucket"
S3_OLD = "aws:s3/bucketV2:BucketV2"
S3_CRYPT = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
_S3_LOGGING = "aws:s3/bucketLogging:BucketLogging"
AZURE = "azure-native:storage:StorageAccount"
_SCOPE = "azure-native:storage:EncryptionScope"
_CONTAINER = "azure-native:storage:BlobContainer"
_SQL = "azure-native:sql:Server"
_SQL_KEY = "azure-native:sql:EncryptionProtector"
_VOLUME = "aws:ebs/volume:Volume"
_EBS_KEY = "aws:ebs/defaultKmsKey:DefaultKmsKey"
_RDS = "aws:rds/instance:Instance"

# Type → where its customer-managed key stands. `|` separates places of which one is enough.
KEYS: dict[str, str] = {
    GCS: "encryption.defaultKmsKeyName",
    "gcp:bigquery/dataset:Dataset": "defaultEncryptionConfiguration.kmsKeyName",
    "gcp:pubsub/topic:Topic": "kmsKeyName",
    "gcp:artifactregistry/repository:Repository": "kmsKeyName",
    "gcp:sql/databaseInstance:DatabaseInstance": "encryptionKeyName",
    "gcp:container/cluster:Cluster": "databaseEncryption.keyName",
    "gcp:composer/environment:Environment": "config.encryptionConfig.kmsKeyName",
    "gcp:dataproc/cluster:Cluster": "clusterConfig.encryptionConfig.kmsKeyName",
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": "cmekSettings.kmsKeyName",
    "gcp:compute/disk:Disk": "diskEncryptionKey.kmsKeySelfLink",
    "gcp:spanner/database:Database": "encryptionConfig.kmsKeyName",
    "gcp:bigtable/instance:Instance": "clusters.kmsKeyName",
    "gcp:alloydb/cluster:Cluster": "encryptionConfig.kmsKeyName",
    "gcp:filestore/instance:Instance": "kmsKeyName",
    "gcp:secretmanager/secret:Secret": "replication.userManaged.replicas.customerManagedEncryption.kmsKeyName"
    "|replication.auto.customerManagedEncryption.kmsKeyName",
    "gcp:secretmanager/regionalSecret:RegionalSecret": "customerManagedEncryption.kmsKeyName",
    S3: "serverSideEncryptionConfiguration.rule.applyServerSideEncryptionByDefault.kmsMasterKeyId",
    S3_OLD: "serverSideEncryptionConfigurations.rules.applyServerSideEncryptionByDefaults.kmsMasterKeyId",
    S3_CRYPT: "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId",
    _RDS: "kmsKeyId",
    "aws:rds/cluster:Cluster": "kmsKeyId",
    "aws:docdb/cluster:Cluster": "kmsKeyId",
    "aws:dynamodb/table:Table": "serverSideEncryption.kmsKeyArn",
    "aws:redshift/cluster:Cluster": "kmsKeyId",
    "aws:redshiftserverless/namespace:Namespace": "kmsKeyId",
    "aws:opensearch/domain:Domain": "encryptAtRest.kmsKeyId",
    "aws:efs/fileSystem:FileSystem": "kmsKeyId",
    _VOLUME: "kmsKeyId",
    "aws:backup/vault:Vault": "kmsKeyArn",
    "aws:kinesis/stream:Stream": "kmsKeyId",
    "aws:msk/cluster:Cluster": "encryptionInfo.encryptionAtRestKmsKeyArn",
    "aws:sqs/queue:Queue": "kmsMasterKeyId",
    "aws:sns/topic:Topic": "kmsMasterKeyId",
    "aws:ecr/repository:Repository": "encryptionConfigurations.kmsKey",
    "aws:eks/cluster:Cluster": "encryptionConfig.provider.keyArn",
    "aws:mwaa/environment:Environment": "kmsKey",
    "aws:secretsmanager/secret:Secret": "kmsKeyId",
    "aws:cloudwatch/logGroup:LogGroup": "kmsKeyId",
    "aws:cloudtrail/trail:Trail": "kmsKeyId",
    AZURE: "encryption.keyVaultProperties.keyName",
    "azure-native:dbforpostgresql:Server": "dataEncryption.primaryKeyURI",
    "azure-native:containerregistry:Registry": "encryption.keyVaultProperties.keyIdentifier",
    "azure-native:containerservice:ManagedCluster": "diskEncryptionSetID",
    "azure-native:compute:Disk": "encryption.diskEncryptionSetId",
    "azure-native:synapse:Workspace": "encryption.cmk.key.keyVaultUrl",
    "azure-native:servicebus:Namespace": "encryption.keyVaultProperties.keyName",
    "azure-native:eventhub:Namespace": "encryption.keyVaultProperties.keyName",
    "azure-native:cosmosdb:DatabaseAccount": "keyVaultKeyUri",
    "azure-native:datafactory:Factory": "encryption.keyName",
    _SQL: "keyId",
}


class Elsewhere(NamedTuple):
    """A type of resource that sets another's encryption."""

    type: str
    by: str
    """Its input that refers to the other; empty: it holds for all of the other's type."""
    key: str
    """Its input that names the key."""


ELSEWHERE: dict[str, Elsewhere] = {
    S3: Elsewhere(S3_CRYPT, "bucket", KEYS[S3_CRYPT]),
    S3_OLD: Elsewhere(S3_CRYPT, "bucket", KEYS[S3_CRYPT]),
    _SQL: Elsewhere(_SQL_KEY, "serverName", "serverKeyName"),
    _VOLUME: Elsewhere(_EBS_KEY, "", "keyArn"),
}


def keyed(value: Any, path: str) -> bool:
    """Whether a key stands at the path; in a list on the way, in each of its members. What is not known yet may be one."""
    if isinstance(value, str) and UNKNOWN in value:
        return True
    if isinstance(value, list):
        return bool(value) and all(keyed(one, path) for one in value)
    if not path:
        return bool(value)
    head, _, rest = path.partition(".")
    return isinstance(value, dict) and keyed(value.get(head), rest)


def own_key(one: Resource) -> bool:
    """Whether the resource itself names a key."""
    return any(keyed(dict(one.inputs), place) for place in KEYS[one.type].split("|"))


def _crypt(bucket: str, **rule: str) -> Resource:
    rules = [{"applyServerSideEncryptionByDefault": rule}]
    return resource(S3_CRYPT, "crypt", refers={"bucket": f"{S3}::{bucket}"}, rules=rules)


_KMS = {"kmsMasterKeyId": "k", "sseAlgorithm": "aws:kms"}
_AES = {"sseAlgorithm": "AES256"}
_VAULT = {"source": "Microsoft.KeyVault", "keyVaultProperties": {"keyUri": "k"}}


def _scoped(deny: bool, **scope: Any) -> tuple[Resource, ...]:
    lies = {"accountName": f"{AZURE}::lake"}
    return (
        resource(AZURE, "lake"),
        resource(_SCOPE, "scope", refers=lies, encryptionScopeName="own", **scope),
        resource(
            _CONTAINER, "gold", refers=lies, defaultEncryptionScope="own", denyEncryptionScopeOverride=deny
        ),
    )  # fmt: skip


@over(
    *KEYS,
    id="customer-managed-keys",
    title="Whatever keeps data is encrypted by a key that the client controls",
    rationale="Who holds the key can end access at once, and sees every use of it in the audit log.",
    controls={
        "cis-gcp-3.0": ("7.3",), "cis-azure-2.1": ("3.12",), "cis-aws-3.0": ("2.3.1", "3.5"),
        "nist-800-53-r5": ("SC-28", "SC-12"), "iso-27001-2022": ("A.8.24",),
    },
    passing=[
        (resource(GCS, encryption={"defaultKmsKeyName": "k"}),),
        (resource(S3, "lake"), _crypt("lake", **_KMS)),
        (resource(S3, serverSideEncryptionConfiguration={"rule": {"applyServerSideEncryptionByDefault": _KMS}}),),
        # S3 delivers its own access logs to no bucket under a customer's key.
        (resource(S3, "logs"), _crypt("logs", **_AES), resource(_S3_LOGGING, refers={"targetBucket": f"{S3}::logs"})),
        (resource(_RDS, replicateSourceDb="main"),),
        (resource(_VOLUME), resource(_EBS_KEY, keyArn="k")),
        (resource(_SQL, "db"), resource(_SQL_KEY, refers={"serverName": f"{_SQL}::db"}, serverKeyName="v_k_1", serverKeyType="AzureKeyVault")),
        _scoped(True, **_VAULT),
    ],
    failing=[
        (resource(GCS),),
        (resource(S3, "lake"),),
        (resource(S3, "lake"), _crypt("lake", **_AES)),
        (resource(S3, "access-logs"), _crypt("access-logs", **_AES)),
        (_crypt("elsewhere", **_AES),),
        (resource(_RDS, replicateSourceDb="arn:aws:rds:eu-west-1:1:db:main"),),
        (resource(_VOLUME),),
        (resource(_SQL, "db"), resource(_SQL_KEY, refers={"serverName": f"{_SQL}::db"}, serverKeyName="ServiceManaged", serverKeyType="ServiceManaged")),
        _scoped(False, **_VAULT),
        _scoped(True, source="Microsoft.Storage"),
        (resource("gcp:secretmanager/secret:Secret", replication={"userManaged": {"replicas": [
            {"customerManagedEncryption": {"kmsKeyName": "k"}}, {"location": "europe-west4"}]}}),),
    ],
)  # fmt: skip
def _customer_keys(plan: Plan, _: object) -> Iterator[Fault]:
    for one in plan.of_type(*KEYS):
        if own_key(one) or _exempt(plan, one):
            continue
        places = KEYS[one.type].split("|")
        if one.type in ELSEWHERE:
            yield from _by_another(plan, one, places[0])
        elif one.type == AZURE:
            if not _by_scopes(plan, one):
                yield Fault(one, f"{places[0]} must name a customer-managed key, or every container an encryption scope that does")  # fmt: skip
        elif one.type == S3_CRYPT:
            # One for a bucket of this plan is told of there.
            if not any(refers(one, "bucket", bucket) for bucket in plan.of_type(S3, S3_OLD)):
                yield Fault(one, f"{places[0]} must name a customer-managed key")
        else:
            yield Fault(one, f"{places[0]} must name a customer-managed key")


def _by_another(plan: Plan, one: Resource, place: str) -> Iterator[Fault]:
    way = ELSEWHERE[one.type]
    found = list(companions(plan, way.type, way.by, one) if way.by else plan.of_type(way.type))
    for other in found:
        managed = str(other.inputs.get("serverKeyType", "")) == "ServiceManaged"
        if managed or not keyed(dict(other.inputs), way.key):
            yield Fault(other, f"{way.key} must name a customer-managed key")
    if not found:
        kind = way.type.rpartition(":")[2]
        yield Fault(one, f"{place} must name a customer-managed key, or a {kind} must set one")


def _exempt(plan: Plan, one: Resource) -> bool:
    """Where the cloud takes no key of the client's, or takes that of what this is a copy of."""
    if one.type == _RDS:  # a replica in the source's region has the source's key
        source = one.inputs.get("replicateSourceDb")
        return bool(source) and not str(source).startswith("arn:")
    buckets = [one] if one.type in (S3, S3_OLD) else []
    if one.type == S3_CRYPT:
        buckets = [b for b in plan.of_type(S3, S3_OLD) if refers(one, "bucket", b)]
    return any(any(True for _ in companions(plan, _S3_LOGGING, "targetBucket", b)) for b in buckets)


def _by_scopes(plan: Plan, account: Resource) -> bool:
    """Whether every container of a storage account is held to a scope with a key of the client's."""
    scopes = {
        str(one.inputs.get("encryptionScopeName"))
        for one in companions(plan, _SCOPE, "accountName", account)
        if at(one.inputs, "keyVaultProperties.keyUri")
    }
    held = list(companions(plan, _CONTAINER, "accountName", account))
    return bool(held) and all(
        one.inputs.get("defaultEncryptionScope") in scopes
        and one.inputs.get("denyEncryptionScopeOverride") is True
        for one in held
    )
