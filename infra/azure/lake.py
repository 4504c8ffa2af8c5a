"""The lake: one ADLS Gen2 account with a container a zone, and the address of its Iceberg catalog.

The catalog is a REST catalog on the platform's own cluster: OneLake's tables can be read as Iceberg from
outside but not written, and Spark and PyIceberg must write. Fabric reads the same tables through OneLake
shortcuts. A hierarchical account keeps no versions of a file: soft delete and Iceberg's own snapshots take
their place. Leaves out the events (`infra/azure/events.py`) and locking the landing zone's retention for
good, which Azure lets only a person do (`az storage container immutability-policy lock`).
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import storage

from infra.azure.accounts import build_account
from infra.azure.endpoints import build_endpoint, inside_zone
from infra.azure.groups import group
from infra.azure.roles import grant, role_id
from infra.azure.watch import watch
from infra.contract import ZONES, Foundation, Lake, Text
from infra.scope import Scope

OFFERED = True
CATALOG = "lake"
CATALOG_PORT = 8443
_SOFT_DELETE_DAYS = {"dev": 7, "staging": 7, "prod": 30}
_COOL_AFTER_DAYS = 90
_READ, _WRITE = "Storage Blob Data Reader", "Storage Blob Data Contributor"
GRANTS: dict[str, dict[str, str]] = {
    "ingest": {"landing": _WRITE, "bronze": _WRITE, "silver": _WRITE, "quarantine": _WRITE},
    "transform": {"silver": _READ, "gold": _WRITE},
    "train": {"gold": _READ, "artifacts": _WRITE},
    "serve": {"artifacts": _READ},
    "orchestrate": {"artifacts": _READ},
}
"""Workload → zone → role; `bi` reads marts only, in the warehouse."""
FOLDERS = {"serve": ("gold", "predictions"), "ingest": ("artifacts", "spark")}
"""Workload → zone and the one folder there that it may write besides: predictions, and Spark's jars and logs."""


class AzureLake(pulumi.ComponentResource):
    """The account, its containers, lifecycle and access."""

    def __init__(self, scope: Scope, foundation: Foundation) -> None:
        super().__init__("landfall:azure:Lake", "lake", {}, scope.component())
        self._scope = scope
        self._foundation = foundation
        self._group = group(scope, foundation.organization, "data")
        security = foundation.security
        self._account = build_account(
            scope,
            self,
            "lake",
            self._group,
            security.keys["data"],
            security.encryption_identity,
            hierarchical=True,
        )
        self._service()
        adopted = scope.intent.network.adopt.buckets
        self._containers = {zone: self._container(zone) for zone in ZONES if zone not in adopted}
        self._lock()
        self._lifecycle()
        for sub in ("blob", "dfs"):
            build_endpoint(
                scope, self, f"lake-{sub}", sub, self._account.id, foundation.organization, foundation.network
            )  # fmt: skip
        watch(
            scope,
            self,
            "lake",
            pulumi.Output.concat(self._account.id, "/blobServices/default"),
            security.log_workspace,
            categories=("StorageRead", "StorageWrite", "StorageDelete"),
        )
        self._grants()
        self.result = self._contract()
        self.register_outputs({"account": self._account.name, "zones": self.result.zones})

    def _service(self) -> None:
        days = _SOFT_DELETE_DAYS[self._scope.intent.environment]
        kept = storage.DeleteRetentionPolicyArgs(enabled=True, days=days)
        storage.BlobServiceProperties(
            "lake-service",
            storage.BlobServicePropertiesArgs(
                account_name=self._account.name,
                blob_services_name="default",
                resource_group_name=self._group,
                delete_retention_policy=kept,
                container_delete_retention_policy=kept,
                last_access_time_tracking_policy=storage.LastAccessTimeTrackingPolicyArgs(
                    enable=True, name="AccessTimeTracking", tracking_granularity_in_days=1
                ),
            ),
            self._scope.child(self),
        )

    def _container(self, zone: str) -> storage.BlobContainer:
        return storage.BlobContainer(
            zone,
            storage.BlobContainerArgs(
                container_name=self._scope.name("container", zone),
                account_name=self._account.name,
                resource_group_name=self._group,
                public_access=storage.PublicAccess.NONE,
            ),
            self._scope.stateful(self),
        )

    def _lock(self) -> None:
        lake = self._scope.intent.lake
        landing = self._containers.get("landing")
        if not lake.lock or landing is None:
            return
        storage.BlobContainerImmutabilityPolicy(
            "landing-lock",
            storage.BlobContainerImmutabilityPolicyArgs(
                account_name=self._account.name,
                container_name=landing.name,
                immutability_policy_name="default",
                resource_group_name=self._group,
                immutability_period_since_creation_in_days=lake.retention_days["landing"],
                allow_protected_append_writes=False,
            ),
            self._scope.stateful(self),
        )

    def _lifecycle(self) -> None:
        days = {str(zone): kept for zone, kept in self._scope.intent.lake.retention_days.items()}
        storage.ManagementPolicy(
            "lake-lifecycle",
            storage.ManagementPolicyArgs(
                account_name=self._account.name,
                resource_group_name=self._group,
                management_policy_name="default",
                policy=storage.ManagementPolicySchemaArgs(
                    rules=[
                        _forget(self._scope.name("container", zone), days[zone])
                        for zone in self._containers
                    ]
                ),
            ),
            self._scope.child(self, depends_on=list(self._containers.values())),
        )

    def _grants(self) -> None:
        scope, principals = self._scope, self._foundation.identity.principals
        organization = self._foundation.organization
        for workload, zones in GRANTS.items():
            for zone, role in zones.items():
                if zone in self._containers:
                    grant(
                        scope,
                        self,
                        f"{workload}-{'reads' if role == _READ else 'writes'}-{zone}",
                        role_id(organization, role),
                        principals[workload],
                        self._containers[zone].id,
                    )
        for workload, (zone, folder) in FOLDERS.items():
            if zone in self._containers:
                grant(
                    scope,
                    self,
                    f"{workload}-writes-{folder}",
                    role_id(organization, _WRITE),
                    principals[workload],
                    self._containers[zone].id,
                    condition=_only_below(folder),
                )

    def _contract(self) -> Lake:
        scope = self._scope
        adopted = {str(zone): one for zone, one in scope.intent.network.adopt.buckets.items()}
        account = self._account.name
        buckets: dict[str, Text] = {}
        for zone in ZONES:
            if zone in self._containers:
                buckets[zone] = pulumi.Output.concat(account, "/", self._containers[zone].name)
            else:
                buckets[zone] = pulumi.Output.from_input(adopted[zone])
        zones = {zone: bucket.apply(_uri) for zone, bucket in buckets.items()}
        address = f"https://catalog.{inside_zone(scope)}:{CATALOG_PORT}/catalog"
        return Lake(
            zones=zones,
            buckets=buckets,
            catalog=pulumi.Output.from_input(CATALOG),
            catalog_properties=pulumi.Output.all(
                type="rest",
                uri=address,
                warehouse=CATALOG,
                **{"adls.account-name": account, "adls.account-host": _host(account)},
            ),
            catalog_spark=pulumi.Output.all(
                type="rest",
                uri=address,
                warehouse=CATALOG,
                **{"io-impl": "org.apache.iceberg.azure.adlsv2.ADLSFileIO"},
            ),
            storage_options=pulumi.Output.all(account_name=account),
        )


def _uri(bucket: str) -> str:
    account, _, container = bucket.partition("/")
    return f"abfss://{container}@{account}.dfs.core.windows.net"


def _host(account: Text) -> Text:
    return account.apply(lambda name: f"{name}.dfs.core.windows.net")


def _forget(container: str, days: int) -> storage.ManagementPolicyRuleArgs:
    """Cool what nobody read for a while, delete what nobody read for the zone's days."""
    unread = storage.DateAfterModificationArgs
    cool = unread(days_after_last_access_time_greater_than=_COOL_AFTER_DAYS)
    return storage.ManagementPolicyRuleArgs(
        name=container,
        type="Lifecycle",
        enabled=True,
        definition=storage.ManagementPolicyDefinitionArgs(
            filters=storage.ManagementPolicyFilterArgs(
                blob_types=["blockBlob"], prefix_match=[f"{container}/"]
            ),
            actions=storage.ManagementPolicyActionArgs(
                base_blob=storage.ManagementPolicyBaseBlobArgs(
                    tier_to_cool=cool if days > _COOL_AFTER_DAYS else None,
                    delete=unread(days_after_last_access_time_greater_than=days),
                )
            ),
        ),
    )


def _only_below(folder: str) -> str:
    """The condition under which blobs may be read, written and deleted: only below one folder.

    https://learn.microsoft.com/azure/storage/blobs/storage-auth-abac-examples
    """
    blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
    actions = " AND ".join(
        f"!(ActionMatches{{'{blobs}/{action}'}})"
        for action in ("read", "write", "add/action", "delete", "move/action")
    )
    return f"(({actions}) OR (@Resource[{blobs}:path] StringLike '{folder}/*'))"


def build_lake(scope: Scope, foundation: Foundation) -> Lake:
    """The six zones, adopted ones left as they are, and the catalog's address."""
    return AzureLake(scope, foundation).result
