"""The warehouse: a Synapse dedicated SQL pool, or a Fabric capacity as the forward choice.

Synapse's has a workspace of its own, administered by `transform` alone, so that who builds the marts is nobody
in the Spark workspace. A Fabric capacity is all that Azure's interface makes of Fabric: workspace, warehouse
and the OneLake shortcuts to silver are made in Fabric, and the address that Fabric then gives is
put into the vault under the name in `settings`. Leaves out schemas and grants on tables, which dbt makes.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import fabric, synapse

from infra.azure.endpoints import build_endpoint
from infra.azure.groups import group
from infra.azure.lake import only_below
from infra.azure.provider import region_of
from infra.azure.roles import grant, role_id
from infra.azure.synapse import build_workspace, principal
from infra.azure.vault import tenant_of
from infra.azure.zones import spans_zones
from infra.contract import Foundation, Lake, Text, Warehouse
from infra.scope import Scope
from landfall.errors import LandfallError

OFFERED = True
MARTS = "marts"
_POOL = "warehouse"
_SYNAPSE_SIZES = {"xsmall": "DW100c", "small": "DW200c", "medium": "DW500c", "large": "DW1000c"}
"""https://learn.microsoft.com/azure/synapse-analytics/sql-data-warehouse/memory-concurrency-limits"""
_FABRIC_SIZES = {"xsmall": "F2", "small": "F4", "medium": "F16", "large": "F64"}
"""https://learn.microsoft.com/fabric/enterprise/licenses#capacity"""
FABRIC_SERVER = "fabric-sql-endpoint"


class AzureWarehouse(pulumi.ComponentResource):
    """The engine that the intent names."""

    def __init__(self, scope: Scope, foundation: Foundation, lake: Lake) -> None:
        super().__init__("landfall:azure:Warehouse", "warehouse", {}, scope.component())
        self._scope = scope
        self._foundation = foundation
        engine = scope.intent.warehouse.engine
        if engine == "synapse":
            settings = self._synapse(lake)
        elif engine == "fabric":
            settings = self._fabric()
        else:
            raise LandfallError(f"Azure has no warehouse '{engine}'.")
        self.result = Warehouse(
            engine=pulumi.Output.from_input(engine),
            settings=pulumi.Output.all(
                schema=MARTS,
                authentication="ActiveDirectoryMsi",
                client_id=foundation.identity.workloads["transform"],
                **settings,
            ),
            marts=pulumi.Output.from_input(MARTS),
        )
        self.register_outputs({"engine": engine, "settings": self.result.settings})

    def _synapse(self, lake: Lake) -> dict[str, pulumi.Input[str]]:
        scope, foundation = self._scope, self._foundation
        data = group(scope, foundation.organization, "data")
        workspace, active = build_workspace(scope, self, "warehouse", foundation, lake)
        build_endpoint(
            scope, self, "warehouse-sql", "Sql", workspace.id, foundation.organization, foundation.network
        )  # fmt: skip
        admin = synapse.WorkspaceSqlAadAdmin(
            "owner",
            synapse.WorkspaceSqlAadAdminArgs(
                workspace_name=workspace.name,
                resource_group_name=data,
                administrator_type="ActiveDirectory",
                login=scope.name("identity", "transform"),
                # The engine knows an application by its client id, people and groups by their object id.
                sid=foundation.identity.workloads["transform"],
                tenant_id=tenant_of(scope),
            ),
            scope.child(self, depends_on=[active]),
        )
        pool = synapse.SqlPool(
            "pool",
            synapse.SqlPoolArgs(
                sql_pool_name=_POOL,
                workspace_name=workspace.name,
                resource_group_name=data,
                location=region_of(scope),
                sku=synapse.SkuArgs(name=_SYNAPSE_SIZES[scope.intent.warehouse.size]),
                create_mode="Default",
                collation="SQL_Latin1_General_CP1_CI_AS",
                storage_account_type="GRS" if spans_zones(scope) else "LRS",
                tags=scope.labels,
            ),
            scope.stateful(self, depends_on=[admin]),
        )
        synapse.SqlPoolTransparentDataEncryption(
            "pool-encryption",
            synapse.SqlPoolTransparentDataEncryptionArgs(
                sql_pool_name=pool.name,
                workspace_name=workspace.name,
                resource_group_name=data,
                transparent_data_encryption_name="current",
                status="Enabled",
            ),
            scope.child(self),
        )
        # COPY INTO reads silver as the workspace itself.
        grant(
            scope,
            self,
            "warehouse-reads-silver",
            role_id(foundation.organization, "Storage Blob Data Reader"),
            workspace.identity.apply(principal),
            self._tables(lake),
            condition=only_below("silver"),
        )
        return {
            "server": pulumi.Output.concat(workspace.name, ".sql.azuresynapse.net"),
            "database": pool.name,
        }

    def _tables(self, lake: Lake) -> Text:
        """The resource id of the container in which silver is a folder."""
        parts = pulumi.Output.all(
            self._foundation.organization.tenancy,
            group(self._scope, self._foundation.organization, "data"),
            lake.buckets["silver"],
        )
        return parts.apply(
            lambda known: (
                f"/subscriptions/{known[0]}/resourceGroups/{known[1]}/providers/Microsoft.Storage"
                "/storageAccounts/{}/blobServices/default/containers/{}".format(
                    *known[2].split("/")
                )
            )
        )

    def _fabric(self) -> dict[str, pulumi.Input[str]]:
        scope = self._scope
        capacity = fabric.FabricCapacity(
            "capacity",
            fabric.FabricCapacityArgs(
                capacity_name=scope.name("fabric-capacity", "warehouse"),
                resource_group_name=group(scope, self._foundation.organization, "data"),
                location=region_of(scope),
                sku=fabric.RpSkuArgs(
                    name=_FABRIC_SIZES[scope.intent.warehouse.size], tier="Fabric"
                ),
                administration=fabric.CapacityAdministrationArgs(
                    members=[self._foundation.identity.principals["transform"]]
                ),
                tags=scope.labels,
            ),
            scope.child(self),
        )
        return {
            "capacity": capacity.name,
            "workspace": f"{scope.intent.client.slug}-{scope.intent.environment}",
            "database": _POOL,
            "server_secret": FABRIC_SERVER,
        }


def build_warehouse(scope: Scope, foundation: Foundation, lake: Lake) -> Warehouse:
    """Where dbt builds: `synapse` or `fabric`, as the intent says."""
    return AzureWarehouse(scope, foundation, lake).result
