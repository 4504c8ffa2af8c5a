"""How Snowflake reads the lake: a storage integration for COPY INTO, an external volume for Iceberg, a catalog.

Read only, and only silver and gold. What each cloud asks for stands in one table: on AWS a role that
trusts Snowflake's user by an external id, on GCP grants to Snowflake's service account, on Azure a consent
that only a person of the tenant can give (the address is an output, with the role to assign after it).
Leaves out Snowflake's own stages, and Iceberg tables themselves: they can be made only once the catalog
holds them, so the transform role may create them and the silver schema names volume and catalog.
Sources: docs.snowflake.com, "Configure a Snowflake storage integration" and "… external volume" for S3,
GCS and Azure, "Configure a catalog integration for AWS Glue", as of 2026-11-24.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import pulumi
import pulumi_snowflake as snowflake

from infra.contract import Foundation, Lake
from infra.scope import Scope

ZONES = ("silver", "gold")
"""What Snowflake may read."""
Text = pulumi.Output[str]


@dataclass
class Storage:
    """What the warehouse is told of the lake."""

    integration: Text
    volume: Text
    catalog: Text
    steps: dict[str, Text] = field(default_factory=dict)
    """What a person still has to do, by name; empty where nothing."""


@dataclass
class Site:
    """Everything that a cloud's part is given: `cloud` builds in the cloud, `warehouse` in Snowflake."""

    parent: pulumi.Resource
    cloud: Scope
    warehouse: Scope
    foundation: Foundation
    lake: Lake

    def name(self, kind: str, purpose: str = "lake") -> str:
        return self.warehouse.names.name(f"snowflake.{kind}", purpose)

    def locations(self, form: str) -> list[Text]:
        """The zones as Snowflake writes them; `form` takes a bucket's id."""
        return [self.lake.buckets[z].apply(lambda b: form.format(*b.split("/", 1))) for z in ZONES]

    def volume(self, form: str, **more: object) -> snowflake.ExternalVolume:
        """The read-only external volume over the zones."""
        places = [
            snowflake.ExternalVolumeStorageLocationArgs(
                storage_location_name=zone, storage_base_url=url, **more  # pyright: ignore[reportArgumentType]
            )
            for zone, url in zip(ZONES, self.locations(form), strict=True)
        ]  # fmt: skip
        return snowflake.ExternalVolume(
            "lake",
            name=self.name("volume"),
            storage_locations=places,
            allow_writes="false",
            comment="The lake, read only",
            opts=self.warehouse.stateful(self.parent),
        )


def open_storage(site: Site) -> Storage:
    """Build what the stack's cloud asks for."""
    return _CLOUDS[site.cloud.intent.cloud.provider](site)


def stage_url(scope: Scope, lake: Lake, zone: str) -> Text:
    """A zone as a stage's URL."""
    form = _URL[scope.intent.cloud.provider]
    return lake.buckets[zone].apply(lambda bucket: form.format(*bucket.split("/", 1)))


def _object_store(site: Site) -> Text:
    """Tables by their metadata files, where the lake's catalog is none that Snowflake speaks to."""
    made = snowflake.CatalogIntegrationObjectStorage(
        "lake",
        name=site.name("integration", "lake-catalog"),
        enabled=True,
        table_format="ICEBERG",
        comment="Iceberg tables by their metadata files",
        opts=site.warehouse.child(site.parent),
    )
    return made.name


def _aws(site: Site) -> Storage:
    """Three principals of Snowflake (integration, volume, catalog) may take one role, by external id."""
    import pulumi_aws as aws

    from infra.aws.roles import boundary

    role_name = site.cloud.name("role", "snowflake-lake")
    account = site.foundation.organization.tenancy
    arn = pulumi.Output.concat("arn:aws:iam::", account, ":role/", role_name)
    shared = external_id(site.cloud)
    integration = snowflake.StorageIntegrationAws(
        "lake",
        name=site.name("integration"),
        enabled=True,
        storage_provider="S3",
        storage_aws_role_arn=arn,
        storage_aws_external_id=shared,
        storage_allowed_locations=site.locations(_URL["aws"]),
        opts=site.warehouse.stateful(site.parent),
    )
    volume = site.volume(
        _URL["aws"], storage_provider="S3", storage_aws_role_arn=arn, storage_aws_external_id=shared
    )
    glue = snowflake.CatalogIntegrationAwsGlue(
        "lake",
        name=site.name("integration", "lake-catalog"),
        enabled=True,
        glue_aws_role_arn=arn,
        glue_catalog_id=account,
        glue_region=_region(site.cloud),
        catalog_namespace="silver",
        opts=site.warehouse.child(site.parent),
    )
    trusted = [
        (integration.describe_outputs[0].iam_user_arn, shared),
        (glue.describe_outputs[0].glue_aws_iam_user_arn,
         glue.describe_outputs[0].glue_aws_external_id),
    ]  # fmt: skip
    role = aws.iam.Role(
        "snowflake-lake",
        name=role_name,
        description="Snowflake reads the silver and gold zones and their catalog",
        assume_role_policy=pulumi.Output.json_dumps(
            {"Version": "2012-10-17", "Statement": [_trust(user, id_) for user, id_ in trusted]}
        ),
        max_session_duration=3600,
        # Jenkins may make no role above the boundary (infra/aws/jenkins.py).
        permissions_boundary=boundary(
            site.cloud, site.foundation.organization, site.foundation.security
        ),
        opts=site.cloud.child(site.parent),
    )
    aws.iam.RolePolicy(
        "snowflake-lake",
        name="read-lake",
        role=role.id,
        policy=pulumi.Output.json_dumps(_aws_policy(site)),
        opts=site.cloud.child(role),
    )
    return Storage(integration.name, volume.name, glue.name)


def external_id(scope: Scope) -> str:
    """What Snowflake must show to take the role: stable, and nobody else's. It is no secret."""
    text = "\0".join((scope.stack, scope.intent.client.slug, "snowflake"))
    return f"landfall-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def _trust(user: pulumi.Input[str], id_: pulumi.Input[str]) -> dict[str, object]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": user},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": id_}},
    }


def _aws_policy(site: Site) -> dict[str, object]:
    buckets = [pulumi.Output.concat("arn:aws:s3:::", site.lake.buckets[zone]) for zone in ZONES]
    catalog = [
        pulumi.Output.concat(
            "arn:aws:glue:", _region(site.cloud), ":", site.foundation.organization.tenancy, ":", kind
        )
        for kind in ("catalog", "database/*", "table/*/*")
    ]  # fmt: skip

    def allow(actions: list[str], resources: list[Text]) -> dict[str, object]:
        return {"Effect": "Allow", "Action": actions, "Resource": resources}

    return {
        "Version": "2012-10-17",
        "Statement": [
            allow(["s3:ListBucket", "s3:GetBucketLocation"], buckets),
            allow(
                ["s3:GetObject", "s3:GetObjectVersion"],
                [pulumi.Output.concat(bucket, "/*") for bucket in buckets],
            ),
            allow(["kms:Decrypt"], [site.foundation.security.keys["data"]]),
            allow(["glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables"], catalog),
        ],
    }  # fmt: skip


def _gcp(site: Site) -> Storage:
    """Snowflake's two service accounts may list and read the zones."""
    import pulumi_gcp as gcp

    integration = snowflake.StorageIntegrationGcs(
        "lake",
        name=site.name("integration"),
        enabled=True,
        storage_allowed_locations=site.locations(_URL["gcp"]),
        opts=site.warehouse.stateful(site.parent),
    )
    volume = site.volume(_URL["gcp"], storage_provider="GCS")
    place = volume.describe_outputs[0].storage_locations[0]  # pyright: ignore[reportOptionalSubscript]
    accounts = {
        "integration": integration.describe_outputs[0].service_account,
        "volume": place.gcs_storage_locations[0].storage_gcp_service_account,  # pyright: ignore[reportOptionalSubscript]
    }
    for who, account in accounts.items():
        for zone in ZONES:
            for short, role in (
                ("objects", "roles/storage.objectViewer"),
                ("bucket", "roles/storage.legacyBucketReader"),
            ):
                gcp.storage.BucketIAMMember(
                    f"snowflake-{who}-{short}-{zone}",
                    bucket=site.lake.buckets[zone],
                    role=role,
                    member=pulumi.Output.concat("serviceAccount:", account),
                    opts=site.cloud.child(site.parent),
                )
    return Storage(integration.name, volume.name, _object_store(site))


def _azure(site: Site) -> Storage:
    """Snowflake's application needs a consent; what to type then is an output.

    The lake has no public address, so Snowflake comes by private endpoints of its own, which its edition
    business-critical has: it makes them when asked, and a person of the tenant approves them.
    Source: docs.snowflake.com/en/user-guide/data-load-azure-private, as of 2026-11-30.
    """
    tenant = getattr(site.cloud.intent.cloud, "tenant", None) or "common"
    integration = snowflake.StorageIntegrationAzure(
        "lake",
        name=site.name("integration"),
        enabled=True,
        azure_tenant_id=tenant,
        storage_allowed_locations=site.locations(_URL["azure"]),
        use_privatelink_endpoint="true",
        opts=site.warehouse.stateful(site.parent),
    )
    volume = site.volume(
        _URL["azure"],
        storage_provider="AZURE",
        azure_tenant_id=tenant,
        use_privatelink_endpoint="true",
    )
    place = volume.describe_outputs[0].storage_locations[0]  # pyright: ignore[reportOptionalSubscript]
    of_volume = place.azure_storage_locations[0]  # pyright: ignore[reportOptionalSubscript]
    described = integration.describe_outputs[0]
    return Storage(
        integration.name,
        volume.name,
        _object_store(site),
        {
            "consent_integration": described.consent_url.apply(str),
            "consent_volume": of_volume.azure_consent_url.apply(str),
            "link": site.lake.buckets["silver"].apply(
                lambda bucket: (
                    "SELECT SYSTEM$PROVISION_PRIVATELINK_ENDPOINT('STORAGE_ACCOUNT_ID', "
                    f"'{bucket.partition('/')[0]}.blob.core.windows.net', 'blob'); then approve it: "
                    "az network private-endpoint-connection approve"
                )
            ),
            "assign": pulumi.Output.concat(
                "az role assignment create --role 'Storage Blob Data Reader' --scope STORAGE_ACCOUNT_ID"
                " --assignee OBJECT_ID of ",
                described.multi_tenant_app_name, " and of ", of_volume.azure_multi_tenant_app_name,
            ),
        },
    )  # fmt: skip


def _region(scope: Scope) -> str:
    return getattr(scope.intent.cloud, "region", "")


_URL = {
    "aws": "s3://{0}/",
    "gcp": "gcs://{0}/",
    "azure": "azure://{0}.blob.core.windows.net/{1}/",
}
_CLOUDS: dict[str, Callable[[Site], Storage]] = {"aws": _aws, "gcp": _gcp, "azure": _azure}
