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


_SIZES = ("XSMALL", "SMALL", "MEDIUM", "LARGE", "XLARGE", "XXLARGE", "XXXLARGE", "X4LARGE", "X5LARGE", "X6LARGE")  # fmt: skip
_SAME = {"2XLARGE": "XXLARGE", "X2LARGE": "XXLARGE", "3XLARGE": "XXXLARGE", "X3LARGE": "XXXLARGE", "4XLARGE": "X4LARGE", "5XLARGE": "X5LARGE", "6XLARGE": "X6LARGE"}  # fmt: skip
_MEMORY = {"MEMORY_1X": "XSMALL", "MEMORY_16X": "MEDIUM", "MEMORY_64X": "LARGE"}
"""Memory of a warehouse for Snowpark → the smallest size that has it."""


def _memory(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://docs.snowflake.com/en/user-guide/warehouses-snowpark-optimized"
    asked = str(at(one, "resourceConstraint") or "").upper()
    size = str(at(one, "warehouseSize") or "XSMALL").upper().replace("-", "")
    size, least = _SAME.get(size, size), _MEMORY.get(asked.removesuffix("_X86"))
    snowpark = str(at(one, "warehouseType") or "STANDARD").upper() == "SNOWPARK-OPTIMIZED"
    if least and size in _SIZES and _SIZES.index(size) < _SIZES.index(least):
        yield Wrong("warehouseSize", at(one, "warehouseSize"), f"at least {least}, as resourceConstraint is {asked}", origin)  # fmt: skip
    if (asked.startswith("MEMORY") and not snowpark) or (
        asked.startswith("STANDARD_GEN") and snowpark
    ):
        wanted = "SNOWPARK-OPTIMIZED" if asked.startswith("MEMORY") else "STANDARD"
        yield Wrong("resourceConstraint", asked, f"only where warehouseType is {wanted}", origin)


def _one_database(child: str, parents: tuple[str, ...]) -> Condition:
    """Two names that lie in the same database."""

    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        home = _database(at(one, child))
        for path in parents:
            other = _database(at(one, path))
            if home and other and home != other:
                yield Wrong(path, at(one, path), f"a role of the same database, {home}", "https://docs.snowflake.com/en/sql-reference/sql/grant-database-role")  # fmt: skip

    return condition


def _database(name: object) -> str:
    """The first part of a qualified name as Snowflake reads it; empty where there is none."""
    found = re.match(r'(?:"((?:[^"]|"")+)"|([A-Za-z_]\w*))\.', str(name or ""))
    return (found[1] or found[2].upper()) if found else ""


_OF_SCHEMA = r"SELECT|INSERT|UPDATE|DELETE|TRUNCATE|REFERENCES|ADD SEARCH OPTIMIZATION|CREATE (TABLE|(MATERIALIZED )?VIEW|STAGE|FUNCTION|PROCEDURE|SEQUENCE|PIPE|STREAM|TASK|DYNAMIC TABLE|EXTERNAL TABLE|ICEBERG TABLE|FILE FORMAT|SECRET)"
_OF_ACCOUNT = r"CREATE (DATABASE|WAREHOUSE|ROLE|USER|INTEGRATION|SHARE|ACCOUNT|EXTERNAL VOLUME|NETWORK POLICY|COMPUTE POOL)|MANAGE GRANTS|EXECUTE (MANAGED )?TASK|IMPORT SHARE|ATTACH POLICY|MONITOR USAGE|RESOLVE ALL"
_NOT_ON: tuple[tuple[str, str, str], ...] = (
    ("onAccount", "", rf"USAGE|OPERATE|OWNERSHIP|CREATE (SCHEMA|DATABASE ROLE)|IMPORTED PRIVILEGES|{_OF_SCHEMA}"),
    ("onAccountObject", "DATABASE", rf"OPERATE|{_OF_SCHEMA}|{_OF_ACCOUNT}"),
    ("onAccountObject", "WAREHOUSE", rf"CREATE .*|IMPORTED PRIVILEGES|{_OF_SCHEMA}|{_OF_ACCOUNT}"),
    ("onAccountObject", "INTEGRATION", rf"OPERATE|MODIFY|MONITOR|CREATE .*|{_OF_SCHEMA}|{_OF_ACCOUNT}"),
    ("onAccountObject", "RESOURCE MONITOR", rf"USAGE|OPERATE|CREATE .*|{_OF_SCHEMA}|{_OF_ACCOUNT}"),
    ("onSchema", "", rf"OPERATE|CREATE (SCHEMA|DATABASE ROLE)|SELECT|INSERT|UPDATE|DELETE|TRUNCATE|REFERENCES|{_OF_ACCOUNT}"),
    ("onSchemaObject", "", rf"CREATE .*|{_OF_ACCOUNT}"),
)  # fmt: skip
"""Part of a grant, kind of object there, the privileges that it has not."""


def _has_not(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://docs.snowflake.com/en/user-guide/security-access-control-privileges"
    for part, kind, never in _NOT_ON:
        there = str(at(one, f"{part}.objectType") or "").upper() if kind else kind
        if not given(one, part) or there != kind:
            continue
        for place, name in at_path(one.inputs, "privileges[]"):
            if re.fullmatch(never, str(name).upper()):
                what = kind.lower() or {"onAccount": "account", "onSchema": "schema"}.get(part, "object in a schema")  # fmt: skip
                yield Wrong(place, name, f"a privilege of {what}: {name} is none there", origin)


_GRANT = "https://docs.snowflake.com/en/sql-reference/sql/grant-database-role"
_POOL = "https://docs.snowflake.com/en/sql-reference/sql/create-compute-pool"
_MONITOR = "https://docs.snowflake.com/en/sql-reference/sql/create-resource-monitor"
JOINT: dict[str, tuple[Condition, ...]] = {
    "snowflake:index/warehouse:Warehouse": (
        _multi_cluster,
        _memory,
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
    "snowflake:index/grantPrivilegesToAccountRole:GrantPrivilegesToAccountRole": (
        _writes,
        _has_not,
    ),
    "snowflake:index/grantDatabaseRole:GrantDatabaseRole": (
        _one_database("databaseRoleName", ("parentDatabaseRoleName",)),
        excludes("parentRoleName", "parentDatabaseRoleName", _GRANT),
        excludes("parentRoleName", "shareName", _GRANT),
    ),
    "snowflake:index/grantPrivilegesToDatabaseRole:GrantPrivilegesToDatabaseRole": (
        _writes,
        _has_not,
        _one_database("databaseRoleName", ("onSchema.schemaName", "onSchemaObject.objectName")),
    ),
    "snowflake:index/computePool:ComputePool": (ordered("minNodes", "maxNodes", _POOL),),
}
