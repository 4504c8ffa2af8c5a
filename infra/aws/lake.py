"""The lake: six buckets, the Iceberg catalog in Glue, and who reads and writes which zone.

Objects of the landing zone are let go after their days. Those of the other zones belong to Iceberg tables, which
a lifecycle by age would break: there the days are for former versions, which nobody reads any more. An adopted
bucket is taken under protection and otherwise left as the client keeps it. Leaves out tables: pipelines
and dbt make them.
"""

from __future__ import annotations

import pulumi

from infra import contract
from infra.access import Access, Verb, access
from infra.aws.buckets import ACCESS_LOGS, Held, Keep, adopted_bucket, bucket, name_of
from infra.aws.catalog import NAMESPACES, build_catalog
from infra.aws.policies import Statement, allow
from infra.aws.provider import cloud
from infra.aws.roles import grant
from infra.contract import ZONES
from infra.scope import Scope

OFFERED = True
CATALOG = "lake"
"""What Spark and PyIceberg call it, as on the laptop."""
READ = ("s3:GetObject", "s3:GetObjectVersion")
WRITE = (
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
)
LIST = ("s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads")
_PUT = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
ACTIONS: dict[Verb, tuple[str, ...]] = {
    "read": READ,
    "add": _PUT,  # a former version of what it replaces stays
    "put": READ + _PUT,
    "write": READ + WRITE,
}
"""Verb → actions on objects."""


class Lake(pulumi.ComponentResource):
    """Buckets and catalog."""

    def __init__(self, scope: Scope, foundation: contract.Foundation) -> None:
        super().__init__("landfall:aws:Lake", "lake", None, scope.component())
        self._scope = scope
        self._key = foundation.security.keys["data"]
        self.buckets = {zone: self._zone(zone, foundation) for zone in ZONES}
        granted = access(scope.intent, managed_reads_lake=True)
        for workload in dict.fromkeys(one.workload for one in granted):
            mine = [one for one in granted if one.workload == workload]
            self._grant(workload, mine, foundation.identity.resources[workload])
        self.catalog = build_catalog(scope, self, foundation, self.buckets)
        self.register_outputs({})

    def _zone(self, zone: str, foundation: contract.Foundation) -> Held:
        scope, lake = self._scope, self._scope.intent.lake
        adopted = scope.intent.network.adopt.buckets.get(zone)  # pyright: ignore[reportArgumentType, reportCallIssue]
        if adopted:
            return adopted_bucket(scope, self, zone, adopted, self._key)
        days = lake.retention_days[zone]  # pyright: ignore[reportArgumentType]
        landing = zone == "landing"
        return bucket(
            scope, self, zone, foundation.organization.tenancy,
            key=self._key,
            keep=Keep(
                objects=days if landing else 0,
                former=30 if landing else days,
                locked=days if landing and lake.lock else 0,
            ),
            # The security layer is done once it may be written to.
            logs_to=foundation.security.log_workspace.apply(lambda _: name_of(scope, ACCESS_LOGS)),
        )  # fmt: skip

    def _grant(self, workload: str, granted: list[Access], to: pulumi.Input[str]) -> None:
        arns = [self.buckets[zone].arn for zone in dict.fromkeys(one.zone for one in granted)]
        statements: list[Statement] = [
            allow("List", LIST, arns),
            allow(
                "Key",
                # Encrypt is the catalog's: https://docs.aws.amazon.com/glue/latest/dg/set-up-encryption.html
                ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:DescribeKey"],
                self._key,
            ),
        ]
        for one in granted:
            name = f"{one.zone.capitalize()}{one.folder.capitalize()}"
            within = f"{one.folder}/*" if one.folder else "*"
            objects = pulumi.Output.concat(self.buckets[one.zone].arn, "/", within)
            statements.append(allow(name, ACTIONS[one.verb], objects))
        grant(self._scope, self, f"{workload}-lake", to, *statements)


def build_lake(scope: Scope, foundation: contract.Foundation) -> contract.Lake:
    """Build the buckets and the catalog; the storage and catalog properties need no secret, only a role."""
    made, region = Lake(scope, foundation), cloud(scope).region
    uris = {zone: pulumi.Output.concat("s3://", one.id) for zone, one in made.buckets.items()}
    tables = uris["silver"]
    properties = {"type": "glue", "glue.region": region, "s3.region": region, "warehouse": tables}
    spark = {
        "catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        "client.region": region,
        "warehouse": tables,
    }
    return contract.Lake(
        zones=uris,
        buckets={zone: one.id for zone, one in made.buckets.items()},
        # Known once the namespaces are there, so nothing makes a table before its home.
        catalog=pulumi.Output.all(*(made.catalog[one].id for one in NAMESPACES)).apply(
            lambda _: CATALOG
        ),
        catalog_properties=pulumi.Output.from_input(properties),
        catalog_spark=pulumi.Output.from_input(spark),
        storage_options=pulumi.Output.from_input({"client_kwargs.region_name": region}),
    )
