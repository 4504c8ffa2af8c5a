"""The Iceberg catalog: Glue databases, one a namespace of the pipelines, and Lake Formation's say over them.

Lake Formation is switched on where the intent names a Jenkins: its deploy role administers it, with the roles of
those who apply by hand (`cloud.administrators`, or the entry role of an account that is created) and nobody else,
so grants stand in the plan. Without a Jenkins IAM alone decides. Lake Formation binds whoever comes through it:
Redshift, Athena, people. It is no second wall around the platform's own workloads, which read and write objects
by their roles' own rights to S3, zone by zone, as Iceberg does everywhere: for them IAM decides in the end. Leaves
out columns and rows: the warehouse masks those.
Source: https://docs.aws.amazon.com/lake-formation/latest/dg/upgrade-glue-lake-formation.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra import contract
from infra.aws.buckets import Held
from infra.aws.policies import Value, allow, from_account, services, trust
from infra.aws.provider import appliers, cloud
from infra.aws.roles import boundary, grant, role
from infra.scope import Scope

NAMESPACES = ("bronze", "silver", "quarantine", "gold")
"""The databases' names: the pipelines' own namespaces, so they carry no client. One account, one lake."""
_READS = ("glue:GetDatabase*", "glue:GetTable*", "glue:GetPartition*", "glue:BatchGetPartition")
_WRITES = (
    "glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable",
    "glue:BatchCreatePartition", "glue:BatchDeletePartition", "glue:UpdatePartition",
)  # fmt: skip
# Workload → (what it reads, what it writes).
USES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ingest": (("bronze", "silver", "quarantine"), ("bronze", "silver", "quarantine")),
    "transform": (("silver", "gold"), ("gold",)),
    "train": (("gold",), ()),
    "orchestrate": (NAMESPACES, ()),
}


def build_catalog(
    scope: Scope,
    parent: pulumi.Resource,
    foundation: contract.Foundation,
    buckets: Mapping[str, Held],
) -> dict[str, aws.glue.CatalogDatabase]:
    """The databases by namespace, with IAM's and Lake Formation's grants."""
    settings = _settings(scope, parent, foundation) if scope.intent.jenkins else []
    account = foundation.organization.tenancy
    aws.glue.DataCatalogEncryptionSettings(
        "catalog",
        data_catalog_encryption_settings=_encryption(foundation.security.keys["data"]),
        opts=scope.child(parent),
    )
    made = {
        name: aws.glue.CatalogDatabase(
            name,
            name=name,
            description=f"Iceberg tables of the zone {name}",
            location_uri=pulumi.Output.concat("s3://", buckets[name].id, "/tables"),
            # The provider otherwise grants everything to everyone whom IAM lets in.
            create_table_default_permissions=_open(scope),
            opts=scope.stateful(parent, depends_on=settings),
        )
        for name in NAMESPACES
    }
    for workload, (reads, writes) in USES.items():
        _by_iam(
            scope, parent, workload, foundation.identity.resources[workload], account, reads, writes
        )
    if settings:
        places = _register(scope, parent, foundation, buckets, settings)
        for workload, (reads, writes) in USES.items():
            principal = foundation.identity.workloads[workload]
            _by_lake_formation(scope, parent, workload, principal, made, reads, writes, places)
    return made


def _encryption(
    key: pulumi.Input[str],
) -> aws.glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsArgs:
    glue = aws.glue
    return glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsArgs(
        encryption_at_rest=glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsEncryptionAtRestArgs(
            catalog_encryption_mode="SSE-KMS", sse_aws_kms_key_id=key
        ),
        connection_password_encryption=glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsConnectionPasswordEncryptionArgs(
            return_connection_password_encrypted=True, aws_kms_key_id=key
        ),
    )


def _open(
    scope: Scope,
) -> list[aws.glue.CatalogDatabaseCreateTableDefaultPermissionArgs] | None:
    """No default where Lake Formation decides; Snowflake's role is known to IAM only, so there IAM does."""
    if scope.intent.jenkins is None or scope.intent.warehouse.engine == "snowflake":
        return None
    return []


def _settings(
    scope: Scope, parent: pulumi.Resource, foundation: contract.Foundation
) -> list[pulumi.Resource]:
    lf = aws.lakeformation
    shut = scope.intent.warehouse.engine != "snowflake"
    by_iam = lf.DataLakeSettingsCreateDatabaseDefaultPermissionArgs(
        principal="IAM_ALLOWED_PRINCIPALS", permissions=["ALL"]
    )
    table_by_iam = lf.DataLakeSettingsCreateTableDefaultPermissionArgs(
        principal="IAM_ALLOWED_PRINCIPALS", permissions=["ALL"]
    )
    return [
        lf.DataLakeSettings(
            "catalog",
            admins=[
                foundation.identity.jenkins_deploy,
                *appliers(scope, foundation.organization),
            ],
            create_database_default_permissions=[] if shut else [by_iam],
            create_table_default_permissions=[] if shut else [table_by_iam],
            allow_full_table_external_data_access=False,
            opts=scope.child(parent),
        )
    ]


def _register(
    scope: Scope,
    parent: pulumi.Resource,
    foundation: contract.Foundation,
    buckets: Mapping[str, Held],
    settings: list[pulumi.Resource],
) -> dict[str, aws.lakeformation.Resource]:
    """The zones as Lake Formation's locations; it reaches them by a role of its own."""
    account = foundation.organization.tenancy
    acts = role(
        scope, parent, "lake-formation",
        trust=[trust(services("lakeformation.amazonaws.com"), when=from_account(account))],
        limit=boundary(scope, foundation.organization, foundation.security),
        what="Lends the lake's objects to whom Lake Formation lets in",
    )  # fmt: skip
    objects = [pulumi.Output.concat(buckets[one].arn, "/*") for one in NAMESPACES]
    grant(
        scope, parent, "lake-formation-lends", acts.name,
        allow("Objects", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], objects),
        allow("List", ["s3:ListBucket"], [buckets[one].arn for one in NAMESPACES]),
        allow("Key", ["kms:Decrypt", "kms:GenerateDataKey*"], foundation.security.keys["data"]),
    )  # fmt: skip
    return {
        name: aws.lakeformation.Resource(
            name,
            arn=buckets[name].arn,
            role_arn=acts.arn,
            opts=scope.child(parent, depends_on=settings),
        )
        for name in NAMESPACES
    }


def _by_iam(
    scope: Scope,
    parent: pulumi.Resource,
    workload: str,
    to: pulumi.Input[str],
    account: Value,
    reads: Sequence[str],
    writes: Sequence[str],
) -> None:
    base = pulumi.Output.concat("arn:aws:glue:", cloud(scope).region, ":", account, ":")

    def arns(names: Sequence[str]) -> list[Value]:
        # Spark asks for `default` whatever the job is; it holds nothing.
        found: list[Value] = [pulumi.Output.concat(base, "catalog")]
        for name in (*names, "default"):
            found.append(pulumi.Output.concat(base, f"database/{name}"))
            found.append(pulumi.Output.concat(base, f"table/{name}/*"))
        return found

    homes: list[Value] = [pulumi.Output.concat(base, f"database/{name}") for name in NAMESPACES]
    statements = [
        # Whoever opens the catalog sees that its four namespaces are there.
        allow("See", ["glue:GetDatabase"], [pulumi.Output.concat(base, "catalog"), *homes]),
        allow("Read", _READS, arns(reads)),
        allow("Data", ["lakeformation:GetDataAccess"], "*"),
    ]
    if writes:
        statements.append(allow("Write", _WRITES, arns(writes)))
    grant(scope, parent, f"{workload}-catalog", to, *statements)


def _by_lake_formation(
    scope: Scope,
    parent: pulumi.Resource,
    workload: str,
    principal: pulumi.Input[str],
    databases: Mapping[str, aws.glue.CatalogDatabase],
    reads: Sequence[str],
    writes: Sequence[str],
    places: Mapping[str, aws.lakeformation.Resource],
) -> None:
    lf = aws.lakeformation
    for name in NAMESPACES:
        if name not in reads:
            lf.Permissions(
                f"{workload}-{name}",
                principal=principal,
                permissions=["DESCRIBE"],
                database=lf.PermissionsDatabaseArgs(name=databases[name].name),
                opts=scope.child(parent),
            )
    for name in reads:
        wide = name in writes
        lf.Permissions(
            f"{workload}-{name}",
            principal=principal,
            permissions=["ALTER", "CREATE_TABLE", "DESCRIBE"] if wide else ["DESCRIBE"],
            database=lf.PermissionsDatabaseArgs(name=databases[name].name),
            opts=scope.child(parent),
        )
        lf.Permissions(
            f"{workload}-{name}-tables",
            principal=principal,
            permissions=(
                ["ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"] if wide
                else ["DESCRIBE"] if workload == "orchestrate" else ["DESCRIBE", "SELECT"]
            ),
            table=lf.PermissionsTableArgs(database_name=databases[name].name, wildcard=True),
            opts=scope.child(parent),
        )  # fmt: skip
        if wide:
            lf.Permissions(
                f"{workload}-{name}-location",
                principal=principal,
                permissions=["DATA_LOCATION_ACCESS"],
                # Nobody is granted a place that is not registered.
                data_location=lf.PermissionsDataLocationArgs(arn=places[name].arn),
                opts=scope.child(parent, depends_on=[places[name]]),
            )
