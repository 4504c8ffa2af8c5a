"""Managed Spark: an autoscaling Synapse pool that runs `pipelines/` and sleeps when nobody asks.

The workspace lets nothing out, so jars are not fetched from Maven: CI lays them below `spark/jars` of the
artifacts zone, checked against `pipelines/jars.lock`. Synapse's Spark is 3.5 on Scala 2.12, hence jars of its
own. Who may submit is Synapse's own role, granted once the pool is there:
`az synapse role assignment create --workspace-name NAME --role "Synapse Compute Operator" --assignee CLIENT_ID`.
Leaves out notebooks and pipelines of Synapse.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import synapse

from infra.azure.endpoints import build_endpoint
from infra.azure.groups import group
from infra.azure.provider import region_of
from infra.azure.roles import grant, role_id
from infra.azure.synapse import build_workspace
from infra.azure.watch import watch
from infra.contract import Foundation, Lake, Spark
from infra.scope import Scope

OFFERED = True
VERSION = "3.5"
"""https://learn.microsoft.com/azure/synapse-analytics/spark/apache-spark-version-support"""
ICEBERG = "1.10.0"
PACKAGES = (
    f"org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:{ICEBERG}",
    f"org.apache.iceberg:iceberg-azure-bundle:{ICEBERG}",
)
_NODES = {"dev": ("Small", 3, 5), "staging": ("Small", 3, 6), "prod": ("Medium", 3, 12)}
"""Size of a node (4, 8 vCores), the least (Azure's is three) and the most; none runs while the pool sleeps."""
_SLEEP_MINUTES = 15


class AzureSpark(pulumi.ComponentResource):
    """A workspace of its own and one pool."""

    def __init__(self, scope: Scope, foundation: Foundation, lake: Lake) -> None:
        super().__init__("landfall:azure:Spark", "spark", {}, scope.component())
        organization, net = foundation.organization, foundation.network
        workspace, active = build_workspace(scope, self, "spark", foundation, lake)
        build_endpoint(scope, self, "spark-dev", "Dev", workspace.id, organization, net)
        for workload in ("ingest", "orchestrate"):
            # The pool's address is read over Azure's own interface; submitting is Synapse's own role.
            grant(
                scope,
                self,
                f"{workload}-sees-spark",
                role_id(organization, "Reader"),
                foundation.identity.principals[workload],
                workspace.id,
            )
        size, least, most = _NODES[scope.intent.environment]
        pool = synapse.BigDataPool(
            "pool",
            synapse.BigDataPoolArgs(
                big_data_pool_name="pipelines",
                workspace_name=workspace.name,
                resource_group_name=group(scope, organization, "data"),
                location=region_of(scope),
                spark_version=VERSION,
                node_size=size,
                node_size_family="MemoryOptimized",
                auto_scale=synapse.AutoScalePropertiesArgs(
                    enabled=True, min_node_count=least, max_node_count=most
                ),
                auto_pause=synapse.AutoPausePropertiesArgs(
                    enabled=True, delay_in_minutes=_SLEEP_MINUTES
                ),
                dynamic_executor_allocation=synapse.DynamicExecutorAllocationArgs(
                    enabled=True, min_executors=1, max_executors=most - 1
                ),
                session_level_packages_enabled=False,
                default_spark_log_folder="/spark/logs",
                spark_events_folder="/spark/events",
                tags=scope.labels,
            ),
            scope.child(self, depends_on=[active]),
        )
        watch(
            scope,
            self,
            "spark-pool",
            pool.id,
            foundation.security.log_workspace,
            categories=("BigDataPoolAppsEnded",),
        )
        staging = pulumi.Output.concat(lake.zones["artifacts"], "/spark")
        self.result = Spark(
            kind=pulumi.Output.from_input("synapse-spark"),
            master=pulumi.Output.concat(
                "https://", workspace.name, ".dev.azuresynapse.net/livyApi/versions/2019-11-01-preview",
                "/sparkPools/", pool.name,
            ),
            packages=pulumi.Output.from_input(list(PACKAGES)),
            conf=staging.apply(_conf),
            staging=staging,
        )  # fmt: skip
        self.register_outputs({"master": self.result.master, "staging": staging})


def _conf(staging: str) -> dict[str, str]:
    jars = [f"{artifact}-{version}.jar" for _, artifact, version in map(_split, PACKAGES)]
    return {
        "spark.jars": ",".join(f"{staging}/jars/{jar}" for jar in jars),
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.session.timeZone": "UTC",
    }


def _split(coordinate: str) -> tuple[str, str, str]:
    group_, artifact, version = coordinate.split(":")
    return group_, artifact, version


def build_spark(scope: Scope, foundation: Foundation, lake: Lake) -> Spark:
    """The pool that `pipelines/` is submitted to."""
    return AzureSpark(scope, foundation, lake).result
