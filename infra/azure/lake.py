"""The lake: one ADLS Gen2 account with its zones; its Iceberg catalog runs on the cluster, hence with layer `ml`.

OneLake's tables can be read as Iceberg from outside but not written, and Spark and PyIceberg must write, so a
REST catalog on the platform's own cluster (`infra/kubernetes/catalog.py`) holds them. It keeps the tables of a
warehouse in one container, so the zones that hold tables are folders of `tables`; the others have a container
each. Fabric reads the same tables through OneLake shortcuts. A hierarchical account keeps no versions of a
file: soft delete and Iceberg's own snapshots take their place. Leaves out the events (`infra/azure/events.py`)
and locking the landing zone's retention for good, which Azure lets only a person do (`az storage container
immutability-policy lock`).
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import storage

from infra.access import Access, Verb, access
from infra.azure.accounts import build_account
from infra.azure.endpoints import build_endpoint
from infra.azure.groups import group
from infra.azure.roles import grant, role_id
from infra.azure.watch import watch
from infra.contract import ZONES, Foundation, Lake, Text
from infra.kubernetes import catalog_names
from infra.kubernetes.catalog_names import NAMESPACES, WAREHOUSE
from infra.scope import Scope

OFFERED = True
TABLES = "tables"
"""The container whose folders are the zones that hold tables, one a namespace of the catalog."""
_SOFT_DELETE_DAYS = {"dev": 7, "staging": 7, "prod": 30}
_COOL_AFTER_DAYS = 90
_READ, _WRITE = "Storage Blob Data Reader", "Storage Blob Data Contributor"
ROLES: dict[Verb, tuple[str, str]] = {
    "read": (_READ, "reads"),
    "add": (_WRITE, "writes"),  # Azure has no role that adds and does not delete
    "put": (_WRITE, "writes"),
    "write": (_WRITE, "writes"),
}
"""Verb → role, and how the grant is called."""


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
        service = self._service()
        adopted = scope.intent.network.adopt.buckets
        own = [zone for zone in ZONES if zone not in NAMESPACES and zone not in adopted]
        self._containers = {name: self._container(name) for name in (*own, TABLES)}
        self._lock()
        self._lifecycle(service)
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

    def _service(self) -> storage.BlobServiceProperties:
        days = _SOFT_DELETE_DAYS[self._scope.intent.environment]
        kept = storage.DeleteRetentionPolicyArgs(enabled=True, days=days)
        return storage.BlobServiceProperties(
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

    def _lifecycle(self, service: storage.BlobServiceProperties) -> None:
        days = {str(zone): kept for zone, kept in self._scope.intent.lake.retention_days.items()}
        storage.ManagementPolicy(
            "lake-lifecycle",
            storage.ManagementPolicyArgs(
                account_name=self._account.name,
                resource_group_name=self._group,
                management_policy_name="default",
                policy=storage.ManagementPolicySchemaArgs(
                    rules=[
                        _ages(
                            zone,
                            self._scope.name("container", zone),
                            self._prefix(zone),
                            days[zone],
                        )
                        for zone in ZONES
                        if zone in self._containers or zone in NAMESPACES
                    ]
                ),
            ),
            # Rules by the last access want its tracking.
            self._scope.child(self, depends_on=[service, *self._containers.values()]),
        )

    def _prefix(self, zone: str) -> str:
        """Where a zone's files lie, as lifecycle rules name it."""
        if zone in NAMESPACES:
            return f"{self._scope.name('container', TABLES)}/{zone}/"
        return f"{self._scope.name('container', zone)}/"

    def _grants(self) -> None:
        """One grant of a role to a workload on a container, as Azure takes no second: its folders all in one."""
        folders: dict[tuple[str, str, str], list[str]] = {}
        for one in access(self._scope.intent, managed_reads_lake=False):
            container, folder = place(one)
            if container in self._containers:
                role, _ = ROLES[one.verb]
                folders.setdefault((one.workload, role, container), []).append(folder)
        for (workload, role, container), below in folders.items():
            does = "reads" if role == _READ else "writes"
            only = [] if "" in below else below
            self._grant(f"{workload}-{does}-{container}", role, workload, container, *only)

    def _grant(self, name: str, role: str, workload: str, container: str, *folders: str) -> None:
        """Let a workload into a container, or only below some of its folders."""
        grant(
            self._scope,
            self,
            name,
            role_id(self._foundation.organization, role),
            self._foundation.identity.principals[workload],
            self._containers[container].id,
            condition=only_below(*folders) if folders else None,
        )

    def _contract(self) -> Lake:
        scope = self._scope
        adopted = {str(zone): one for zone, one in scope.intent.network.adopt.buckets.items()}
        account = self._account.name
        buckets: dict[str, Text] = {}
        tables = self._containers[TABLES].name
        for zone in ZONES:
            if zone in self._containers:
                buckets[zone] = pulumi.Output.concat(account, "/", self._containers[zone].name)
            elif zone in NAMESPACES:
                buckets[zone] = pulumi.Output.concat(account, "/", tables, "/", zone)
            else:
                buckets[zone] = pulumi.Output.from_input(adopted[zone])
        zones = {zone: bucket.apply(_uri) for zone, bucket in buckets.items()}
        return Lake(
            zones=zones,
            buckets=buckets,
            catalog=pulumi.Output.from_input(WAREHOUSE),
            catalog_properties=pulumi.Output.all(
                **catalog_names.pyiceberg(scope),
                **{"adls.account-name": account, "adls.account-host": _host(account)},
            ),
            catalog_spark=pulumi.Output.from_input(
                {
                    **catalog_names.spark(scope),
                    "io-impl": "org.apache.iceberg.azure.adlsv2.ADLSFileIO",
                }
            ),
            storage_options=pulumi.Output.all(account_name=account),
        )


def place(one: Access) -> tuple[str, str]:
    """The container that an access is to, and the folder there; an empty text for all of it."""
    if one.zone not in NAMESPACES:
        return one.zone, one.folder
    return TABLES, "/".join([one.zone, one.folder]).rstrip("/")


def _uri(bucket: str) -> str:
    account, container, *folder = bucket.split("/")
    return "/".join([f"abfss://{container}@{account}.dfs.core.windows.net", *folder])


def _host(account: Text) -> Text:
    return account.apply(lambda name: f"{name}.dfs.core.windows.net")


def _ages(zone: str, name: str, prefix: str, days: int) -> storage.ManagementPolicyRuleArgs:
    """Cool what nobody read for a while. Only landed files go after their days: the others belong to tables and
    models, which point at them however old they are."""
    unread = storage.DateAfterModificationArgs
    cool = unread(days_after_last_access_time_greater_than=_COOL_AFTER_DAYS)
    landing = zone == "landing"
    return storage.ManagementPolicyRuleArgs(
        name=name,
        type="Lifecycle",
        enabled=True,
        definition=storage.ManagementPolicyDefinitionArgs(
            filters=storage.ManagementPolicyFilterArgs(
                blob_types=["blockBlob"], prefix_match=[prefix]
            ),
            actions=storage.ManagementPolicyActionArgs(
                base_blob=storage.ManagementPolicyBaseBlobArgs(
                    tier_to_cool=cool if not landing or days > _COOL_AFTER_DAYS else None,
                    delete=unread(days_after_modification_greater_than=days) if landing else None,
                )
            ),
        ),
    )


def only_below(*folders: str) -> str:
    """The condition under which blobs may be read, written and deleted: only below some folders. Names may be listed.

    https://learn.microsoft.com/azure/storage/blobs/storage-auth-abac-examples
    """
    blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
    actions = " AND ".join(
        f"!(ActionMatches{{'{blobs}/{action}'}}{more})"
        for action, more in (
            ("read", " AND NOT SubOperationMatches{'Blob.List'}"),
            ("write", ""), ("add/action", ""), ("delete", ""), ("move/action", ""),
        )
    )  # fmt: skip
    below = " OR ".join(f"@Resource[{blobs}:path] StringLike '{folder}/*'" for folder in folders)
    return f"(({actions}) OR ({below}))"


def build_lake(scope: Scope, foundation: Foundation) -> Lake:
    """The six zones, adopted ones left as they are, and the catalog's address."""
    return AzureLake(scope, foundation).result
