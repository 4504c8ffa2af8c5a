"""The Iceberg catalog: BigLake's REST catalog over the zones that hold tables.

One catalog, a namespace a zone, each with its own bucket; readers use their own rights on the bucket
(no vended credentials). Source: https://cloud.google.com/biglake/docs/blms-rest-catalog. Tried here only as
a plan: the service has no emulator. Leaves out BigQuery's side, which reads tables as
`project.catalog.namespace.table`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import biglake, projects

from infra import contract
from infra.scope import Scope

NAME = "lake"
"""As Spark and PyIceberg call it."""
URI = "https://biglake.googleapis.com/iceberg/v1/restcatalog"
NAMESPACES = ("bronze", "silver", "quarantine", "gold")
_ROLES = {
    "ingest": "roles/biglake.editor",
    "transform": "roles/biglake.editor",
    "train": "roles/biglake.viewer",
}


@dataclass(frozen=True)
class Catalog:
    """Its name, and how the two engines open it."""

    name: str
    pyiceberg: contract.Table
    spark: contract.Table


def build_catalog(
    scope: Scope,
    parent: pulumi.Resource,
    foundation: contract.Foundation,
    uris: dict[str, pulumi.Output[str]],
) -> Catalog:
    """The catalog, its namespaces and who may change tables."""
    made = biglake.IcebergCatalog(
        "catalog",
        name=scope.name("catalog", NAME),
        catalog_type="CATALOG_TYPE_BIGLAKE",
        credential_mode="CREDENTIAL_MODE_END_USER",
        description="Iceberg tables of the lake",
        default_location=uris["bronze"],
        restricted_locations_config=biglake.IcebergCatalogRestrictedLocationsConfigArgs(
            restricted_locations=[uris[zone] for zone in NAMESPACES]
        ),
        opts=scope.stateful(parent),
    )
    for zone in NAMESPACES:
        biglake.IcebergNamespace(
            f"namespace-{zone}",
            catalog=made.name,
            namespace_id=zone,
            properties={"location": pulumi.Output.concat(uris[zone], "/tables")},
            opts=scope.stateful(parent),
        )
    _grant(scope, parent, foundation)
    project = foundation.organization.tenancy
    warehouse = pulumi.Output.concat("bl://projects/", project, "/catalogs/", made.name)
    return Catalog(NAME, _pyiceberg(warehouse, project), _spark(warehouse, project))


def _grant(scope: Scope, parent: pulumi.Resource, foundation: contract.Foundation) -> None:
    """On the project: it holds this catalog only, and each call is charged to it."""
    roles = list(_ROLES.items())
    roles += [(workload, "roles/serviceusage.serviceUsageConsumer") for workload in _ROLES]
    for workload, role in roles:
        projects.IAMMember(
            f"{workload}-{role.rpartition('.')[2].lower()}",
            project=foundation.organization.tenancy,
            role=role,
            member=foundation.identity.principals[workload],
            opts=scope.child(parent),
        )


def _pyiceberg(warehouse: pulumi.Output[str], project: pulumi.Output[str]) -> contract.Table:
    return pulumi.Output.all(warehouse=warehouse, project=project).apply(
        lambda known: {
            "type": "rest",
            "uri": URI,
            "warehouse": str(known["warehouse"]),
            "header.x-goog-user-project": str(known["project"]),
            "auth.type": "google",
            "gcs.project-id": str(known["project"]),
        }
    )


def _spark(warehouse: pulumi.Output[str], project: pulumi.Output[str]) -> contract.Table:
    return pulumi.Output.all(warehouse=warehouse, project=project).apply(
        lambda known: {
            "type": "rest",
            "uri": URI,
            "warehouse": str(known["warehouse"]),
            "header.x-goog-user-project": str(known["project"]),
            "rest.auth.type": "org.apache.iceberg.gcp.auth.GoogleAuthManager",
            "io-impl": "org.apache.iceberg.gcp.gcs.GCSFileIO",
            "gcs.project-id": str(known["project"]),
            "rest-metrics-reporting-enabled": "false",
        }
    )
