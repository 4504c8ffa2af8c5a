"""Conditions between values of Google resources. Leaves out those of one value alone (`infra/plan/values/`), networks
and sinks (`gcp_network.py`) and keys (`keys.py`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from infra.plan.check import places
from infra.plan.check.finding import at_path, open_value
from infra.plan.check.formats import google_seconds
from infra.plan.check.joint.base import (
    Condition,
    Wrong,
    absent,
    at,
    excludes,
    given,
    is_open,
    needs,
    ordered,
)
from infra.plan.model import Plan, Resource
from infra.plan.query import at as at_key


def _gpu_machine(one: Resource, _: Plan) -> Iterator[Wrong]:
    machine = at(one, "nodeConfig.machineType")
    if is_open(one, "nodeConfig.machineType"):
        return
    for _place, gpu in at_path(one.inputs, "nodeConfig.guestAccelerators[].type"):
        families = places.GPU_FAMILIES.get(gpu)
        if families and not str(machine or "e2-medium").startswith(families):
            allowed = f"one of the machines {', '.join(families)}-…, which carry {gpu}"
            origin = f"https://cloud.google.com/compute/docs/gpus, as of {places.AS_OF}"
            yield Wrong("nodeConfig.machineType", machine or "e2-medium (the default)", allowed, origin, "place")  # fmt: skip
            return


def _gpu_count(machine: str, gpus: str) -> Condition:
    """A machine that is made with its GPUs has a fixed number of them; others take 1, 2, 4 or 8."""

    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        kind, origin = (
            at(one, machine),
            f"https://cloud.google.com/compute/docs/gpus, as of {places.AS_OF}",
        )
        for place, gpu in at_path(one.inputs, gpus):
            count, fixed = gpu.get("count"), places.gpus_of(str(kind or ""))
            if not isinstance(count, int):
                continue
            if fixed and count != fixed:
                yield Wrong(f"{place}.count", count, f"{fixed}, as {kind} has them", origin)
            elif not fixed and count not in (0, 1, 2, 4, 8, 16):
                yield Wrong(f"{place}.count", count, "1, 2, 4 or 8", origin)

    return condition


def _zones_of_region(one: Resource, _: Plan) -> Iterator[Wrong]:
    location = str(at(one, "location") or "")
    region = location if location in places.REGIONS["gcp"] else location.rpartition("-")[0]
    for place, zone in at_path(one.inputs, "nodeLocations[]"):
        if location and zone in places.google_zones() and not zone.startswith(f"{region}-"):
            origin = "https://cloud.google.com/kubernetes-engine/docs/concepts/regional-clusters"
            yield Wrong(place, zone, f"a zone of {region}", origin, "place")


def _rotation(one: Resource, _: Plan) -> Iterator[Wrong]:
    purpose = at(one, "purpose")
    if at(one, "rotationPeriod") and purpose and purpose != "ENCRYPT_DECRYPT":
        origin = "https://cloud.google.com/kms/docs/key-rotation"
        yield Wrong("rotationPeriod", at(one, "rotationPeriod"), f"none: keys to {purpose} are not rotated by the service", origin)  # fmt: skip


def _subject(one: Resource, _: Plan) -> Iterator[Wrong]:
    mapping = one.inputs.get("attributeMapping")
    origin = "https://cloud.google.com/iam/docs/workload-identity-federation#mapping"
    aws_own = one.inputs.get("aws") is not None
    if isinstance(mapping, dict):
        for key in mapping:
            if not re.fullmatch(r"google\.(subject|groups)|attribute\.[a-z0-9_]{1,100}", key):
                yield Wrong("attributeMapping", key, "google.subject, google.groups or attribute.<name>", origin)  # fmt: skip
    if (
        not aws_own
        and not open_value(mapping)
        and (not isinstance(mapping, dict) or "google.subject" not in mapping)
    ):
        yield Wrong("attributeMapping", mapping, "a mapping with google.subject", origin)


def _google_lifecycle(one: Resource, _: Plan) -> Iterator[Wrong]:
    kept = at(one, "retentionPolicy.retentionPeriod")
    kept_days = float(kept) / 86400 if str(kept).isdigit() else 0.0
    origin = "https://cloud.google.com/storage/docs/lifecycle"
    gone = [
        (place, rule["condition"]["age"])
        for place, rule in at_path(one.inputs, "lifecycleRules[]")
        if isinstance(rule.get("condition"), dict)
        and at_key(rule, "action.type") == "Delete"
        and set(rule["condition"]) == {"age"}
        and isinstance(rule["condition"]["age"], int)
    ]
    for place, days in gone:
        if days < kept_days:
            yield Wrong(f"{place}.condition.age", days, f"at least {kept_days:g}, the days of retentionPolicy", origin)  # fmt: skip
    for place, rule in at_path(one.inputs, "lifecycleRules[]"):
        days = at_key(rule, "condition.age")
        moves = at_key(rule, "action.type") == "SetStorageClass"
        if moves and not at_key(rule, "action.storageClass"):
            yield Wrong(f"{place}.action", rule["action"], "a storageClass, as type is SetStorageClass", origin)  # fmt: skip
        if moves and isinstance(days, int) and any(days >= end for _, end in gone):
            yield Wrong(f"{place}.condition.age", days, f"less than {min(e for _, e in gone)}, when the object is deleted", origin)  # fmt: skip


# ---- BigQuery

_TABLES = "https://cloud.google.com/bigquery/docs/reference/rest/v2/tables"
_CLUSTERS = "https://cloud.google.com/bigquery/docs/creating-clustered-tables"
_PARTITIONS = "https://cloud.google.com/bigquery/docs/partitioned-tables"


def _clusterings(one: Resource, _: Plan) -> Iterator[Wrong]:
    named = one.inputs.get("clusterings")
    if isinstance(named, list) and len(named) > 4:
        yield Wrong("clusterings", named, "at most four columns", _CLUSTERS)
    columns = _columns(one)
    for place, name in at_path(one.inputs, "clusterings[]"):
        if columns and "." not in str(name) and str(name).lower() not in columns:
            yield Wrong(place, name, f"a column of schema, {', '.join(columns)}", _CLUSTERS)


def _partition(one: Resource, _: Plan) -> Iterator[Wrong]:
    columns = _columns(one)
    for path, kinds in (
        ("timePartitioning.field", ("DATE", "TIMESTAMP", "DATETIME")),
        ("rangePartitioning.field", ("INTEGER", "INT64")),
    ):
        field = str(at(one, path) or "").lower()
        if not field or not columns:
            continue
        if field not in columns:
            yield Wrong(path, at(one, path), f"a column of schema, {', '.join(columns)}", _PARTITIONS)  # fmt: skip
        elif columns[field] not in kinds:
            yield Wrong(path, at(one, path), f"a column of type {' or '.join(kinds)}, it is {columns[field]}", _PARTITIONS)  # fmt: skip
        elif path.startswith("time") and columns[field] == "DATE" and at(one, "timePartitioning.type") == "HOUR":  # fmt: skip
            yield Wrong("timePartitioning.type", "HOUR", "DAY, MONTH or YEAR for a column of dates", _PARTITIONS)  # fmt: skip


def _columns(one: Resource) -> dict[str, str]:
    """Name in small letters → type of the table's columns; empty where there is no schema that can be read."""
    try:
        fields = json.loads(str(at(one, "schema") or "[]"))
    except ValueError:
        return {}
    named = fields if isinstance(fields, list) else []
    return {str(f["name"]).lower(): str(f.get("type")).upper() for f in named if isinstance(f, dict) and "name" in f}  # fmt: skip


def _moment(one: Resource, _: Plan) -> Iterator[Wrong]:
    """BigQuery counts in milliseconds: what was meant in seconds lies in January 1970."""
    ends = at(one, "expirationTime")
    if isinstance(ends, int | float) and 0 < ends < 1_500_000_000_000:
        yield Wrong("expirationTime", ends, "milliseconds since 1970, in the future", _TABLES)


# ---- Cloud SQL

_SQL = "https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1/instances"


def _sql_tier(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/sql/docs/postgres/create-instance#machine-types"
    tier, version = str(at(one, "settings.tier") or ""), str(at(one, "databaseVersion") or "")
    edition = at(one, "settings.edition")
    mysql_only = re.match(r"db-n1-", tier)
    if mysql_only and version and not version.startswith("MYSQL"):
        yield Wrong("settings.tier", tier, f"db-custom-<vCPU>-<MiB> or db-perf-optimized-N-<vCPU> for {version}", origin)  # fmt: skip
    plus = re.match(r"db-(perf-optimized|memory-optimized|c4a-highmem)", tier)
    if plus and edition == "ENTERPRISE":
        yield Wrong("settings.tier", tier, "db-custom-… or db-g1-small in the edition ENTERPRISE", origin)  # fmt: skip
    if edition == "ENTERPRISE_PLUS" and tier and not plus:
        yield Wrong("settings.tier", tier, "db-perf-optimized-N-… in the edition ENTERPRISE_PLUS", origin)  # fmt: skip
    custom = re.fullmatch(r"db-custom-(\d+)-(\d+)", tier)
    if custom:
        cores, memory = int(custom[1]), int(custom[2])
        if cores > 96 or (cores > 1 and cores % 2) or not cores:
            yield Wrong("settings.tier", tier, "1 vCPU or an even number up to 96", origin)
        elif memory % 256 or memory < 3840 or not 0.9 * 1024 * cores <= memory <= 6.5 * 1024 * cores:  # fmt: skip
            yield Wrong("settings.tier", tier, f"whole 256 MiB, at least 3840, 0.9 to 6.5 GiB a vCPU ({max(3840, 922 * cores)} to {6656 * cores})", origin)  # fmt: skip


def _sql_backups(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/sql/docs/postgres/backup-recovery/pitr"
    stem = "settings.backupConfiguration"
    days = at(one, f"{stem}.transactionLogRetentionDays")
    edition = at(one, "settings.edition")
    if isinstance(days, int) and days > 7 and edition != "ENTERPRISE_PLUS" and not is_open(one, "settings.edition"):  # fmt: skip
        yield Wrong(f"{stem}.transactionLogRetentionDays", days, "at most 7, unless settings.edition is ENTERPRISE_PLUS", origin)  # fmt: skip
    version, enabled = str(at(one, "databaseVersion") or ""), at(one, f"{stem}.enabled")
    recovery, binary = f"{stem}.pointInTimeRecoveryEnabled", f"{stem}.binaryLogEnabled"
    for path in (recovery, binary):
        if at(one, path) is True and enabled is not True and not is_open(one, f"{stem}.enabled"):
            yield Wrong(path, True, f"only together with {stem}.enabled", origin)
    if at(one, recovery) is True and version.startswith("MYSQL"):
        yield Wrong(recovery, True, "binaryLogEnabled instead: MySQL recovers by its binary log", origin)  # fmt: skip
    if at(one, binary) is True and version and not version.startswith("MYSQL"):
        yield Wrong(binary, True, f"pointInTimeRecoveryEnabled instead for {version}", origin)
    highly = at(one, "settings.availabilityType") == "REGIONAL"
    if highly and version and enabled is not True and not is_open(one, f"{stem}.enabled"):
        yield Wrong("settings.availabilityType", "REGIONAL", f"only together with {stem}.enabled", "https://cloud.google.com/sql/docs/postgres/high-availability")  # fmt: skip


def _sql_network(one: Resource, _: Plan) -> Iterator[Wrong]:
    stem = "settings.ipConfiguration"
    public = at(one, f"{stem}.ipv4Enabled")
    if public is False and all(absent(one, f"{stem}.{way}") for way in ("privateNetwork", "pscConfig", "pscConfigs")):  # fmt: skip  # fmt: skip
        yield Wrong(f"{stem}.ipv4Enabled", False, "true, or privateNetwork or pscConfigs besides", "https://cloud.google.com/sql/docs/postgres/configure-ip")  # fmt: skip


# ---- Composer, Cloud Run, Functions

_COMPOSER = (
    "https://cloud.google.com/composer/docs/concepts/versioning/composer-versioning-overview"
)
_RUN = "https://cloud.google.com/run/docs/configuring/services"


def _composer(one: Resource, _: Plan) -> Iterator[Wrong]:
    version = str(at(one, "config.softwareConfig.imageVersion") or "")
    if version.startswith("composer-1-") or version.startswith("composer-1."):
        yield Wrong("config.softwareConfig.imageVersion", version, "composer-2… or composer-3…: the first generation is not made any more", _COMPOSER)  # fmt: skip
    first_only = ("config.nodeCount", "config.nodeConfig.machineType", "config.nodeConfig.diskSizeGb", "config.nodeConfig.zone", "config.nodeConfig.oauthScopes", "config.softwareConfig.pythonVersion", "config.databaseConfig.machineType", "config.webServerConfig.machineType")  # fmt: skip
    for path in first_only:
        if given(one, path):
            yield Wrong(path, at(one, path), "none: it belongs to Composer 1, which is not made any more", _COMPOSER)  # fmt: skip
    third = version.startswith("composer-3")
    for path in ("config.privateEnvironmentConfig", "config.nodeConfig.ipAllocationPolicy", "config.nodeConfig.enableIpMasqAgent", "config.masterAuthorizedNetworksConfig"):  # fmt: skip
        if third and given(one, path):
            yield Wrong(path, at(one, path), "none in Composer 3", _COMPOSER)
    second = version.startswith("composer-2")
    for path in ("config.enablePrivateEnvironment", "config.enablePrivateBuildsOnly", "config.workloadsConfig.dagProcessor", "config.nodeConfig.composerNetworkAttachment", "config.nodeConfig.composerInternalIpv4CidrBlock"):  # fmt: skip
        if second and given(one, path):
            yield Wrong(path, at(one, path), "none before Composer 3", _COMPOSER)


def _cores(value: Any) -> float | None:
    text = str(value)
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    return int(text[:-1]) / 1000 if re.fullmatch(r"\d+m", text) else None


def _mebibytes(value: Any) -> float | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(Ki|Mi|Gi|k|M|G)", str(value))
    scale = {"Ki": 1 / 1024, "Mi": 1, "Gi": 1024, "k": 1e3 / 2**20, "M": 1e6 / 2**20, "G": 1e9 / 2**20}  # fmt: skip
    return float(found[1]) * scale[found[2]] if found else None


def _run_limits(stem: str) -> Condition:
    """CPU and memory that Cloud Run sells together, below `stem`."""
    origin = "https://cloud.google.com/run/docs/configuring/services/cpu"

    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        gpu = given(one, f"{stem}.nodeSelector.accelerator")
        for place, limits in at_path(one.inputs, f"{stem}.containers[].resources.limits"):
            cores, memory = _cores(limits.get("cpu")), _mebibytes(limits.get("memory"))
            if cores is not None and not (0.08 <= cores < 1 or cores in (1, 2, 4, 6, 8)):
                yield Wrong(f"{place}.cpu", limits["cpu"], "0.08 to 1, or 1, 2, 4, 6, 8", origin)
            least = 2048 if cores in (4,) else 4096 if cores in (6, 8) else 128
            most = 512 if cores and cores < 0.5 else 1024 if cores and cores < 1 else 4096 if cores == 1 else 8192 if cores == 2 else 16384 if cores == 4 else 24576 if cores == 6 else 32768  # fmt: skip
            if memory is not None and cores is not None and not least <= memory <= most:
                yield Wrong(f"{place}.memory", limits["memory"], f"{least} to {most} MiB for {limits['cpu']} CPU", origin)  # fmt: skip
            if gpu and cores is not None and cores < 4:
                yield Wrong(f"{place}.cpu", limits["cpu"], "at least 4 beside a GPU", "https://cloud.google.com/run/docs/configuring/services/gpu")  # fmt: skip

    return condition


def _run(one: Resource, _: Plan) -> Iterator[Wrong]:
    count = at(one, "template.maxInstanceRequestConcurrency")
    for place, limits in at_path(one.inputs, "template.containers[].resources.limits"):
        cores = _cores(limits.get("cpu"))
        if cores is not None and cores < 1 and (count is None or count != 1) and not is_open(one, "template.maxInstanceRequestConcurrency"):  # fmt: skip
            yield Wrong(f"{place}.cpu", limits["cpu"], "at least 1, unless template.maxInstanceRequestConcurrency is 1", "https://cloud.google.com/run/docs/configuring/services/cpu")  # fmt: skip
    if isinstance(count, int) and not 1 <= count <= 1000:
        yield Wrong("template.maxInstanceRequestConcurrency", count, "1 to 1000", _RUN)
    ports = [place for place, _ in at_path(one.inputs, "template.containers[].ports")]
    if len(ports) > 1:
        yield Wrong(ports[1], "", "none: one container takes the requests", _RUN)


def _function(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/functions/quotas"
    wait = at(one, "serviceConfig.timeoutSeconds")
    if isinstance(wait, int) and wait > (540 if given(one, "eventTrigger") else 3600):
        yield Wrong("serviceConfig.timeoutSeconds", wait, "at most 540 for an event, 3600 for a request", origin)  # fmt: skip
    count, cores = at(one, "serviceConfig.maxInstanceRequestConcurrency"), _cores(at(one, "serviceConfig.availableCpu"))  # fmt: skip
    if isinstance(count, int) and count > 1 and cores is not None and cores < 1:
        yield Wrong("serviceConfig.maxInstanceRequestConcurrency", count, "1, as serviceConfig.availableCpu is below 1", origin)  # fmt: skip


# ---- machines, caches, queues

_VM = "https://cloud.google.com/compute/docs/reference/rest/v1/instances"


def _spot(one: Resource, _: Plan) -> Iterator[Wrong]:
    """A preemptible machine is not restarted nor moved; nor is one with a GPU moved."""
    spot = at(one, "scheduling.provisioningModel") == "SPOT"
    preemptible = at(one, "scheduling.preemptible") is True
    if spot and not preemptible and not is_open(one, "scheduling.preemptible"):
        yield Wrong("scheduling.preemptible", at(one, "scheduling.preemptible"), "true, as provisioningModel is SPOT", _VM)  # fmt: skip
    if (spot or preemptible) and at(one, "scheduling.automaticRestart") is not False and not is_open(one, "scheduling.automaticRestart"):  # fmt: skip
        yield Wrong("scheduling.automaticRestart", at(one, "scheduling.automaticRestart"), "false on a preemptible machine", _VM)  # fmt: skip
    stays = at(one, "scheduling.onHostMaintenance")
    gpu = given(one, "guestAccelerators") or re.match(r"(a2|a3|a4|g2|g4)-", str(at(one, "machineType")))  # fmt: skip
    if (spot or preemptible or gpu) and stays == "MIGRATE":
        yield Wrong("scheduling.onHostMaintenance", stays, "TERMINATE on a preemptible machine or with a GPU", _VM)  # fmt: skip


def _slower(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/load-balancing/docs/health-check-concepts"
    wait, between = at(one, "timeoutSec"), at(one, "checkIntervalSec")
    if isinstance(wait, int) and wait > (between if isinstance(between, int) else 5):
        yield Wrong("timeoutSec", wait, f"at most checkIntervalSec, {between or 5}", origin)


def _redis(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/memorystore/docs/redis/redis-tiers"
    tier, copies = at(one, "tier") or "BASIC", at(one, "replicaCount")
    if tier == "BASIC" and isinstance(copies, int) and copies > 0 and not is_open(one, "tier"):
        yield Wrong("replicaCount", copies, "0 in the tier BASIC", origin)
    reads, size = at(one, "readReplicasMode"), at(one, "memorySizeGb")
    if reads == "READ_REPLICAS_DISABLED" and isinstance(copies, int) and copies > 1:
        yield Wrong("replicaCount", copies, "at most 1 where readReplicasMode is READ_REPLICAS_DISABLED", origin)  # fmt: skip
    if reads == "READ_REPLICAS_ENABLED" and isinstance(size, int) and size < 5:
        yield Wrong("memorySizeGb", size, "at least 5 with read replicas", origin)


def _workers(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/dataproc/docs/reference/rest/v1/ClusterConfig"
    count, masters = at(one, "clusterConfig.workerConfig.numInstances"), at(one, "clusterConfig.masterConfig.numInstances")  # fmt: skip
    if count == 1:
        yield Wrong("clusterConfig.workerConfig.numInstances", count, "at least 2 (or 0 with dataproc:dataproc.allow.zero.workers)", origin)  # fmt: skip
    if isinstance(masters, int) and masters not in (1, 3):
        yield Wrong("clusterConfig.masterConfig.numInstances", masters, "1, or 3 for high availability", origin)  # fmt: skip


def _retention(one: Resource, _: Plan) -> Iterator[Wrong]:
    """A subscription that expires does so after what it keeps."""
    origin = "https://cloud.google.com/pubsub/docs/subscription-properties"
    least, most = google_seconds(at(one, "retryPolicy.minimumBackoff")), google_seconds(at(one, "retryPolicy.maximumBackoff"))  # fmt: skip
    if least is not None and most is not None and least > most:
        yield Wrong("retryPolicy.minimumBackoff", at(one, "retryPolicy.minimumBackoff"), f"at most maximumBackoff, {most:g}s", origin)  # fmt: skip
    ends = google_seconds(at(one, "expirationPolicy.ttl"))
    kept = google_seconds(at(one, "messageRetentionDuration") or "604800s")
    if ends is not None and kept is not None and ends < max(kept, 86400):
        yield Wrong("expirationPolicy.ttl", at(one, "expirationPolicy.ttl"), f"at least a day and messageRetentionDuration, {kept:g}s", origin)  # fmt: skip
    ways = [path for path in ("pushConfig", "bigqueryConfig", "cloudStorageConfig") if given(one, path)]  # fmt: skip
    if len(ways) > 1:
        yield Wrong(ways[1], "", f"none beside {ways[0]}", origin)


def _storage_class(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/storage/docs/autoclass"
    for place, kind in at_path(one.inputs, "lifecycleRules[].action.type"):
        if at(one, "autoclass.enabled") is True and kind == "SetStorageClass":
            yield Wrong(place, kind, "no SetStorageClass where autoclass is enabled", origin)


def _pool_size(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters.nodePools"  # fmt: skip
    if at(one, "nodeConfig.spot") is True and at(one, "nodeConfig.preemptible") is True:
        yield Wrong("nodeConfig.preemptible", True, "false beside spot", origin)
    local, total = ("autoscaling.minNodeCount", "autoscaling.maxNodeCount"), ("autoscaling.totalMinNodeCount", "autoscaling.totalMaxNodeCount")  # fmt: skip
    if any(given(one, p) for p in local) and any(given(one, p) for p in total):
        yield Wrong(total[1], at(one, total[1]), "none beside the counts a zone", origin)
    wider = "upgradeSettings"
    if at(one, f"{wider}.maxSurge") == 0 and at(one, f"{wider}.maxUnavailable") == 0:
        yield Wrong(f"{wider}.maxUnavailable", 0, "at least 1, as maxSurge is 0", origin)


def _cluster_kind(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/kubernetes-engine/docs/resources/autopilot-standard-feature-comparison"
    for path in ("removeDefaultNodePool", "nodePools", "initialNodeCount", "clusterAutoscaling.enabled"):  # fmt: skip
        if at(one, "enableAutopilot") is True and given(one, path):
            yield Wrong(path, at(one, path), "none on Autopilot", origin)
    if at(one, "removeDefaultNodePool") is True and absent(one, "initialNodeCount") and absent(one, "nodePools"):  # fmt: skip
        yield Wrong("removeDefaultNodePool", True, "only together with initialNodeCount, at least 1", "the provider")  # fmt: skip


def _whole_minutes(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies"
    for path in ("conditionThreshold", "conditionAbsent"):
        for place, value in at_path(one.inputs, f"conditions[].{path}.duration"):
            seconds = google_seconds(value)
            if seconds is not None and seconds % 60:
                yield Wrong(place, value, "whole minutes, written as 120s", origin)


def _durations(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/dataproc/docs/concepts/configuring-clusters/scheduled-deletion"  # fmt: skip
    for path, least in (("idleDeleteTtl", 300), ("autoDeleteTtl", 600)):
        value = at(one, f"clusterConfig.lifecycleConfig.{path}")
        seconds = google_seconds(value)
        if value is not None and (seconds is None or not least <= seconds <= 1209600):
            yield Wrong(f"clusterConfig.lifecycleConfig.{path}", value, f"{least}s to 1209600s", origin)  # fmt: skip


def _cools(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/dataproc/docs/reference/rest/v1/projects.regions.autoscalingPolicies"
    for path, least in (("cooldownPeriod", 120), ("yarnConfig.gracefulDecommissionTimeout", 0)):
        value = at(one, f"basicAlgorithm.{path}")
        seconds = google_seconds(value)
        if value is not None and (seconds is None or not least <= seconds <= 86400):
            yield Wrong(f"basicAlgorithm.{path}", value, f"{least}s to 86400s", origin)
    for path in (
        "scaleUpFactor",
        "scaleDownFactor",
        "scaleUpMinWorkerFraction",
        "scaleDownMinWorkerFraction",
    ):
        value = at(one, f"basicAlgorithm.yarnConfig.{path}")
        if isinstance(value, int | float) and not 0 <= value <= 1:
            yield Wrong(f"basicAlgorithm.yarnConfig.{path}", value, "0 to 1", origin)


def _edition(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/bigquery/docs/editions-intro"
    slots = at(one, "slotCapacity")
    if at(one, "edition") == "STANDARD" and isinstance(slots, int) and slots > 0:
        yield Wrong("slotCapacity", slots, "0 in the edition STANDARD, with autoscale.maxSlots", origin)  # fmt: skip


def _public_issuer(one: Resource, _: Plan) -> Iterator[Wrong]:
    """An issuer that signs for everybody is held to one's own by a condition."""
    origin = "https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines"  # fmt: skip
    shared = ("token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io")
    issuer = str(at(one, "oidc.issuerUri") or "")
    if issuer.removeprefix("https://").rstrip("/") in shared and absent(one, "attributeCondition"):
        yield Wrong("attributeCondition", at(one, "attributeCondition"), f"a condition on who it is: {issuer} signs for everybody", origin)  # fmt: skip


def _share_size(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://cloud.google.com/filestore/docs/service-tiers"
    least = {"BASIC_HDD": 1024, "STANDARD": 1024, "BASIC_SSD": 2560, "PREMIUM": 2560, "HIGH_SCALE_SSD": 10240, "ZONAL": 1024, "ENTERPRISE": 1024, "REGIONAL": 1024}  # fmt: skip
    size, tier = at(one, "fileShares.capacityGb"), str(at(one, "tier"))
    if isinstance(size, int) and size < least.get(tier, 0):
        yield Wrong("fileShares.capacityGb", size, f"at least {least[tier]} in the tier {tier}", origin)  # fmt: skip


JOINT: dict[str, tuple[Condition, ...]] = {
    "gcp:container/nodePool:NodePool": (
        _pool_size,
        _gpu_machine,
        _gpu_count("nodeConfig.machineType", "nodeConfig.guestAccelerators[]"),
        _zones_of_region,
        ordered("autoscaling.minNodeCount", "autoscaling.maxNodeCount", "GKE"),
        ordered("autoscaling.totalMinNodeCount", "autoscaling.totalMaxNodeCount", "GKE"),
    ),
    "gcp:container/cluster:Cluster": (
        _cluster_kind,
        _zones_of_region,
    ),
    "gcp:kms/cryptoKey:CryptoKey": (_rotation,),
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": (
        _public_issuer,
        _subject,
    ),
    "gcp:storage/bucket:Bucket": (
        _storage_class,
        _google_lifecycle,
    ),
    "gcp:bigquery/table:Table": (
        _clusterings,
        _partition,
        _moment,
        excludes("timePartitioning", "rangePartitioning", _TABLES),
        excludes("view", "materializedView", _TABLES),
    ),
    "gcp:sql/databaseInstance:DatabaseInstance": (
        _sql_tier,
        _sql_backups,
        _sql_network,
    ),
    "gcp:composer/environment:Environment": (
        _composer,
        ordered(
            "config.workloadsConfig.worker.minCount",
            "config.workloadsConfig.worker.maxCount",
            _COMPOSER,
        ),
    ),
    "gcp:cloudrunv2/service:Service": (
        _run,
        _run_limits("template"),
        excludes("template.vpcAccess.connector", "template.vpcAccess.networkInterfaces", _RUN),
        ordered("template.scaling.minInstanceCount", "template.scaling.maxInstanceCount", _RUN),
    ),
    "gcp:cloudrunv2/job:Job": (
        _run_limits("template.template"),
        excludes(
            "template.template.vpcAccess.connector",
            "template.template.vpcAccess.networkInterfaces",
            _RUN,
        ),
        ordered("template.parallelism", "template.taskCount", _RUN),
    ),
    "gcp:cloudfunctionsv2/function:Function": (
        _function,
        ordered("serviceConfig.minInstanceCount", "serviceConfig.maxInstanceCount", _RUN),
    ),
    "gcp:compute/instance:Instance": (_spot, _gpu_count("machineType", "guestAccelerators[]")),
    "gcp:compute/instanceTemplate:InstanceTemplate": (
        _spot,
        _gpu_count("machineType", "guestAccelerators[]"),
    ),
    "gcp:compute/healthCheck:HealthCheck": (_slower,),
    "gcp:compute/regionHealthCheck:RegionHealthCheck": (_slower,),
    "gcp:compute/firewall:Firewall": (
        excludes("allows", "denies", "https://cloud.google.com/firewall/docs/firewalls"),
        excludes(
            "sourceTags",
            "sourceServiceAccounts",
            "https://cloud.google.com/firewall/docs/firewalls",
        ),
        excludes(
            "targetTags",
            "targetServiceAccounts",
            "https://cloud.google.com/firewall/docs/firewalls",
        ),
    ),
    "gcp:redis/instance:Instance": (_redis,),
    "gcp:dataproc/cluster:Cluster": (
        _durations,
        _workers,
    ),
    "gcp:dataproc/autoscalingPolicy:AutoscalingPolicy": (
        _cools,
        ordered(
            "secondaryWorkerConfig.minInstances",
            "secondaryWorkerConfig.maxInstances",
            "https://cloud.google.com/dataproc/docs/concepts/configuring-clusters/autoscaling",
        ),
        ordered(
            "workerConfig.minInstances",
            "workerConfig.maxInstances",
            "https://cloud.google.com/dataproc/docs/concepts/configuring-clusters/autoscaling",
        ),
    ),
    "gcp:pubsub/subscription:Subscription": (_retention,),
    "gcp:secretmanager/secret:Secret": (
        excludes(
            "replication.auto",
            "replication.userManaged",
            "https://cloud.google.com/secret-manager/docs/choosing-replication",
        ),
        excludes(
            "ttl", "expireTime", "https://cloud.google.com/secret-manager/docs/secret-expiration"
        ),
        needs("rotation", "topics", "https://cloud.google.com/secret-manager/docs/secret-rotation"),
    ),
    "gcp:vpcaccess/connector:Connector": (
        ordered(
            "minInstances",
            "maxInstances",
            "https://cloud.google.com/vpc/docs/configure-serverless-vpc-access",
        ),
        excludes(
            "ipCidrRange",
            "subnet",
            "https://cloud.google.com/vpc/docs/configure-serverless-vpc-access",
        ),
        excludes(
            "minInstances",
            "minThroughput",
            "https://cloud.google.com/vpc/docs/configure-serverless-vpc-access",
        ),
    ),
    "gcp:monitoring/alertPolicy:AlertPolicy": (_whole_minutes,),
    "gcp:bigquery/reservation:Reservation": (_edition,),
    "gcp:filestore/instance:Instance": (_share_size,),
}
