"""Conditions between values of Snowflake resources. Leaves out those of one value alone (`infra/plan/values/`)."""

from __future__ import annotations

from collections.abc import Iterator

from infra.plan.check.finding import at_path
from infra.plan.check.joint.base import (
    Condition,
    Wrong,
    absent,
    at,
    excludes,
    given,
    needs,
    ordered,
)
from infra.plan.model import Plan, Resource


def _stage_cloud(one: Resource, _: Plan) -> Iterator[Wrong]:
    provider = str(at(one, "storageProvider") or "").upper()
    schemes = {"S3": "s3://", "S3GOV": "s3gov://", "S3CHINA": "s3china://", "GCS": "gcs://", "AZURE": "azure://"}  # fmt: skip
    wanted = schemes.get(provider)
    origin = "https://docs.snowflake.com/en/sql-reference/sql/create-storage-integration"
    for path in ("storageAllowedLocations[]", "storageBlockedLocations[]"):
        for place, value in at_path(one.inputs, path):
            if wanted and value != "*" and not str(value).startswith(wanted):
                yield Wrong(place, value, f"{wanted}…, as storageProvider is {provider}", origin)


_TASK = "https://docs.snowflake.com/en/sql-reference/sql/create-task"


def _schedule(one: Resource, _: Plan) -> Iterator[Wrong]:
    """A task runs by a schedule, after others, or when it is called: not by two of these."""
    ways = [w for w in ("schedule.minutes", "schedule.seconds", "schedule.usingCron") if given(one, w)]  # fmt: skip
    if len(ways) > 1:
        yield Wrong(ways[1], at(one, ways[1]), f"none beside {ways[0]}", _TASK)


def _quota(one: Resource, _: Plan) -> Iterator[Wrong]:
    """Triggers are shares of a quota."""
    for path in ("notifyTriggers", "suspendTrigger", "suspendImmediateTrigger"):
        if given(one, path) and absent(one, "creditQuota"):
            yield Wrong(path, at(one, path), "only together with creditQuota", _MONITOR)


def _multi_cluster(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://docs.snowflake.com/en/sql-reference/sql/create-warehouse"
    scale = "queryAccelerationMaxScaleFactor"
    if given(one, scale) and str(at(one, "enableQueryAcceleration")).lower() == "false":
        yield Wrong(scale, at(one, scale), "none unless enableQueryAcceleration is true", origin)
    small = str(at(one, "warehouseSize") or "").upper().replace("-", "")
    if str(at(one, "warehouseType") or "").upper() == "SNOWPARK-OPTIMIZED" and small in ("XSMALL", "SMALL") and absent(one, "resourceConstraint"):  # fmt: skip
        yield Wrong("warehouseSize", at(one, "warehouseSize"), "at least MEDIUM for SNOWPARK-OPTIMIZED", origin)  # fmt: skip


_MONITOR = "https://docs.snowflake.com/en/sql-reference/sql/create-resource-monitor"
JOINT: dict[str, tuple[Condition, ...]] = {
    "snowflake:index/warehouse:Warehouse": (
        _multi_cluster,
        ordered(
            "minClusterCount",
            "maxClusterCount",
            "https://docs.snowflake.com/en/sql-reference/sql/create-warehouse",
        ),
    ),
    "snowflake:index/resourceMonitor:ResourceMonitor": (
        _quota,
        needs("frequency", "startTimestamp", _MONITOR),
        needs("startTimestamp", "frequency", _MONITOR),
        ordered("suspendTrigger", "suspendImmediateTrigger", _MONITOR),
    ),
    "snowflake:index/storageIntegration:StorageIntegration": (_stage_cloud,),
    "snowflake:index/task:Task": (
        _schedule,
        excludes("schedule", "afters", _TASK),
        excludes("warehouse", "userTaskManagedInitialWarehouseSize", _TASK),
    ),
    "snowflake:index/stage:Stage": (
        excludes(
            "storageIntegration",
            "credentials",
            "https://docs.snowflake.com/en/sql-reference/sql/create-stage",
        ),
    ),
}
