"""The lake: a bucket a zone, who may do what there, and the Iceberg catalog over them.

The landing zone ages by its objects; the others hold Iceberg tables, whose files only Iceberg may delete:
there the lifecycle ends what a table has already let go. Leaves out the events of the landing zone
(`infra/gcp/events.py`) and the tables themselves, which the pipelines make.
"""

from __future__ import annotations

from typing import get_args

import pulumi
from pulumi_gcp import storage

from infra import contract
from infra.access import Access, Verb, access
from infra.gcp.buckets import bucket, cools, deletes, gives_up_uploads
from infra.gcp.catalog import build_catalog
from infra.scope import Scope
from landfall.intent.data import Zone

CREATE, READ, WRITE = (
    "roles/storage.objectCreator",
    "roles/storage.objectViewer",
    "roles/storage.objectUser",
)
ROLES: dict[Verb, tuple[str, str]] = {
    "read": (READ, "reads"),
    "add": (CREATE, "appends"),
    "put": (WRITE, "writes"),  # Google asks for the right to delete from whoever replaces
    "write": (WRITE, "writes"),
}
"""Verb → role, and how the grant is called."""
OFFERED = True


def build_lake(scope: Scope, foundation: contract.Foundation) -> contract.Lake:
    """The zones and the catalog."""
    return Lake(scope, foundation).outputs


class Lake(pulumi.ComponentResource):
    """`outputs` is the contract."""

    def __init__(self, scope: Scope, foundation: contract.Foundation) -> None:
        super().__init__("landfall:gcp:Lake", "lake", None, scope.component())
        self.scope = scope
        key = foundation.security.keys["data"]
        logs = self._access_logs(key)
        zones = {zone: self._zone(zone, key, logs) for zone in get_args(Zone)}
        for grant in access(scope.intent, managed_reads_lake=False):
            self._allow(grant, zones[grant.zone], foundation.identity.principals[grant.workload])
        uris = {zone: pulumi.Output.concat("gs://", one.name) for zone, one in zones.items()}
        catalog = build_catalog(scope, self, foundation, uris)
        project = foundation.organization.tenancy
        self.outputs = contract.Lake(
            zones=uris,
            buckets={zone: one.name for zone, one in zones.items()},
            catalog=pulumi.Output.from_input(catalog.name),
            catalog_properties=catalog.pyiceberg,
            catalog_spark=catalog.spark,
            # gcsfs: credentials are the environment's own.
            storage_options=pulumi.Output.all(project=project).apply(
                lambda known: {"project": str(known["project"]), "token": "google_default"}
            ),
        )
        self.register_outputs({"zones": uris, "catalog": catalog.name})

    def _access_logs(self, key: pulumi.Input[str]) -> pulumi.Output[str]:
        """Who asked for what, hour by hour, written by Google's own log delivery."""
        made = bucket(
            self.scope,
            self,
            "access-logs",
            key,
            lifecycle=[cools("COLDLINE", age=30), deletes(age=400), gives_up_uploads()],
        )
        # https://cloud.google.com/storage/docs/access-logs#delivery
        storage.BucketIAMMember(
            "access-logs-delivery",
            bucket=made.name,
            role=CREATE,
            member="group:cloud-storage-analytics@google.com",
            opts=self.scope.child(self),
        )
        return made.name

    def _zone(self, zone: Zone, key: pulumi.Input[str], logs: pulumi.Input[str]) -> storage.Bucket:
        lake = self.scope.intent.lake
        days = lake.retention_days[zone]
        if zone == "landing":
            lifecycle = [deletes(age=days), *_cooling(days), gives_up_uploads()]
        else:
            lifecycle = [
                # A version that was overwritten or deleted: no table points at it any more.
                deletes(days_since_noncurrent_time=days, with_state="ARCHIVED"),
                *_cooling(days, noncurrent=True),
                gives_up_uploads(),
            ]
        return bucket(
            self.scope,
            self,
            zone,
            key,
            lifecycle=lifecycle,
            logs=logs,
            locked_days=days if zone == "landing" and lake.lock else 0,
            adopted=self.scope.intent.network.adopt.buckets.get(zone, ""),
        )

    def _allow(self, grant: Access, zone: storage.Bucket, member: pulumi.Input[str]) -> None:
        condition = None
        role, does = ROLES[grant.verb]
        if grant.folder:
            condition = storage.BucketIAMMemberConditionArgs(
                title=f"only-{grant.folder}",
                description=f"Only objects below {grant.folder}/",
                expression=pulumi.Output.concat(
                    "resource.name.startsWith('projects/_/buckets/",
                    zone.name,
                    f"/objects/{grant.folder}/')",
                ),
            )
        folder = f"-{grant.folder}" if grant.folder else ""
        storage.BucketIAMMember(
            f"{grant.workload}-{does}-{grant.zone}{folder}",
            bucket=zone.name,
            role=role,
            member=member,
            condition=condition,
            opts=self.scope.child(self),
        )


def _cooling(days: int, noncurrent: bool = False) -> list[storage.BucketLifecycleRuleArgs]:
    """Colder classes on the way, where an object stays long enough to pay for it.

    Google charges Nearline for 30 days at least and Coldline for 90:
    https://cloud.google.com/storage/docs/storage-classes.
    """
    found = []
    for storage_class, after, least in (("NEARLINE", 30, 30), ("COLDLINE", 120, 90)):
        if days < after + least:
            continue
        if noncurrent:
            rule = cools(storage_class, days_since_noncurrent_time=after, with_state="ARCHIVED")
        else:
            rule = cools(storage_class, age=after)
        found.append(rule)
    return found
