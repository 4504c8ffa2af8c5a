"""Conditions between values of Snowflake resources. Leaves out those of one value alone (`infra/plan/values/`)."""

from __future__ import annotations

import re
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


def _lag(one: Resource, _: Plan) -> Iterator[Wrong]:
    text = str(at(one, "targetLag.maximumDuration") or "")
    found = re.fullmatch(r"(\d+) seconds?", text.lower())
    if found and int(found[1]) < 60:
        yield Wrong("targetLag.maximumDuration", text, "at least 60 seconds", "https://docs.snowflake.com/en/sql-reference/sql/create-dynamic-table")  # fmt: skip


def _rule_kind(one: Resource, _: Plan) -> Iterator[Wrong]:
    """Which directions a rule of a type can have."""
    kinds = {"IPV4": ("INGRESS", "POSTGRES_INGRESS"), "HOST_PORT": ("EGRESS",), "PRIVATE_HOST_PORT": ("EGRESS",), "AWSVPCEID": ("INGRESS", "INTERNAL_STAGE"), "AZURELINKID": ("INGRESS",)}  # fmt: skip
    kind, mode = str(at(one, "type") or "").upper(), str(at(one, "mode") or "").upper()
    if mode and kind in kinds and mode not in kinds[kind]:
        yield Wrong("mode", mode, f"{' or '.join(kinds[kind])}, as type is {kind}", "https://docs.snowflake.com/en/sql-reference/sql/create-network-rule")  # fmt: skip


_READ_ONLY = {"DYNAMIC TABLES": ("INSERT", "UPDATE", "DELETE", "TRUNCATE"), "VIEWS": ("INSERT", "UPDATE", "DELETE", "TRUNCATE")}  # fmt: skip


def _writes(one: Resource, _: Plan) -> Iterator[Wrong]:
    for scope in ("future", "all"):
        kind = str(at(one, f"onSchemaObject.{scope}.objectTypePlural") or "").upper()
        for place, name in at_path(one.inputs, "privileges[]"):
            if str(name).upper() in _READ_ONLY.get(kind, ()):
                yield Wrong(place, name, f"no privilege to write: {kind} are read", "https://docs.snowflake.com/en/user-guide/security-access-control-privileges")  # fmt: skip


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
    "snowflake:index/dynamicTable:DynamicTable": (_lag,),
    "snowflake:index/networkRule:NetworkRule": (_rule_kind,),
    "snowflake:index/grantPrivilegesToAccountRole:GrantPrivilegesToAccountRole": (_writes,),
}
