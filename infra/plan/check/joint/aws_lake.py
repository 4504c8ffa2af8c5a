"""Conditions between values of AWS' services around the lake: Lake Formation, EMR Serverless, S3's archive, Athena, EKS access."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.plan.check.finding import at_path
from infra.plan.check.joint.base import Condition, Wrong, at, excludes, given
from infra.plan.model import Plan, Resource

_NOT_ON = {
    "dataLocation": ("ALL", "SELECT", "ALTER", "DROP", "DELETE", "INSERT", "DESCRIBE", "CREATE_DATABASE", "CREATE_TABLE", "ASSOCIATE"),
    "database": ("SELECT", "DELETE", "INSERT", "CREATE_DATABASE", "DATA_LOCATION_ACCESS", "ASSOCIATE"),
    "table": ("CREATE_DATABASE", "CREATE_TABLE", "DATA_LOCATION_ACCESS", "ASSOCIATE"),
    "tableWithColumns": ("CREATE_DATABASE", "CREATE_TABLE", "DATA_LOCATION_ACCESS", "ASSOCIATE", "INSERT", "DELETE", "DROP", "ALTER"),
    "catalogResource": ("SELECT", "DELETE", "INSERT", "CREATE_TABLE", "DATA_LOCATION_ACCESS", "ASSOCIATE"),
}  # fmt: skip
"""What a permission is about → the permissions that it has not."""


def _permitted(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html"
    for about, never in _NOT_ON.items():
        if not given(one, about):
            continue
        for path in ("permissions[]", "permissionsWithGrantOptions[]"):
            for place, name in at_path(one.inputs, path):
                if name in never:
                    wanted = (
                        "DATA_LOCATION_ACCESS" if about == "dataLocation" else "another permission"
                    )
                    yield Wrong(place, name, f"{wanted}: {about} has no {name}", origin)
    if isinstance(has := at(one, "permissions"), list) and "ALL" not in has:
        for place, name in at_path(one.inputs, "permissionsWithGrantOptions[]"):
            if name not in has:
                yield Wrong(place, name, f"one of permissions, {', '.join(map(str, has))}", origin)


_WORKERS = {1: (2, 8, 1), 2: (4, 16, 1), 4: (8, 30, 1), 8: (16, 60, 4), 16: (32, 120, 8)}
"""vCPU of an EMR Serverless worker → least and most GB of memory, and the step between."""


def _worker(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/app-behavior.html"
    path = "initialCapacities[].initialCapacityConfig.workerConfiguration"
    for place, worker in at_path(one.inputs, path):
        cpu, memory = _size(worker.get("cpu"), "vcpu"), _size(worker.get("memory"), "gb")
        if cpu is not None and cpu not in _WORKERS:
            yield Wrong(f"{place}.cpu", worker["cpu"], "1, 2, 4, 8 or 16 vCPU", origin)
        elif cpu is not None and memory is not None:
            least, most, step = _WORKERS[int(cpu)]
            if not least <= memory <= most or memory % step:
                allowed = f"{least} to {most} GB for {cpu:g} vCPU" + (f", in steps of {step}" if step > 1 else "")  # fmt: skip
                yield Wrong(f"{place}.memory", worker["memory"], allowed, origin)
        disk = _size(worker.get("disk"), "gb")
        most = 2000 if str(worker.get("diskType") or "").lower() == "shuffle_optimized" else 200
        if disk is not None and not 20 <= disk <= most:
            yield Wrong(f"{place}.disk", worker["disk"], f"20 to {most} GB", origin)
    for key, unit in (("cpu", "vcpu"), ("memory", "gb")):
        held = _size(at(one, f"maximumCapacity.{key}"), unit)
        wanted = _wanted(one, key, unit)
        if held is not None and wanted is not None and wanted > held:
            yield Wrong(f"maximumCapacity.{key}", at(one, f"maximumCapacity.{key}"), f"at least the {wanted:g} of initialCapacities", origin)  # fmt: skip


def _wanted(one: Resource, key: str, unit: str) -> float | None:
    """What all workers that are kept ready take together; None where a size is not known."""
    total = 0.0
    for _, config in at_path(one.inputs, "initialCapacities[].initialCapacityConfig"):
        size = _size((config.get("workerConfiguration") or {}).get(key), unit)
        if size is None or not isinstance(config.get("workerCount"), int):
            return None
        total += size * config["workerCount"]
    return total


def _size(text: object, unit: str) -> float | None:
    found = re.fullmatch(rf"(\d+(?:\.\d+)?)\s*{unit}", str(text or "").lower())
    return float(found[1]) if found else None


_LEAST = {"ARCHIVE_ACCESS": 90, "DEEP_ARCHIVE_ACCESS": 180}


def _archived(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_Tiering.html"
    days: dict[str, int] = {}
    for place, tier in at_path(one.inputs, "tierings[]"):
        kind, after = str(tier.get("accessTier")), tier.get("days")
        if not isinstance(after, int):
            continue
        days[kind] = after
        if not _LEAST.get(kind, 0) <= after <= 730:
            yield Wrong(f"{place}.days", after, f"{_LEAST.get(kind, 90)} to 730 for {kind}", origin)
        elif kind == "DEEP_ARCHIVE_ACCESS" and after <= days.get("ARCHIVE_ACCESS", 0):
            yield Wrong(f"{place}.days", after, f"more than {days['ARCHIVE_ACCESS']}, those of ARCHIVE_ACCESS", origin)  # fmt: skip


def _groups(one: Resource, _: Plan) -> Iterator[Wrong]:
    """Kubernetes groups of an access entry are one's own, and of people."""
    origin = "https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html"
    kind = at(one, "type")
    for place, name in at_path(one.inputs, "kubernetesGroups[]"):
        if re.match(r"(system|eks|aws|amazon|iam):", str(name)):
            yield Wrong(place, name, "a group of one's own: not system:, eks:, aws:, amazon: or iam: (system:masters is the policy AmazonEKSClusterAdminPolicy)", origin)  # fmt: skip
        elif kind not in (None, "STANDARD"):
            yield Wrong(place, name, f"none where type is {kind}", origin)


JOINT: dict[str, tuple[Condition, ...]] = {
    "aws:lakeformation/permissions:Permissions": (
        _permitted,
        *(
            excludes(other, about, "one permission is about one thing")
            for about in ("database", "table", "tableWithColumns", "dataLocation", "catalogResource")
            for other in ("lfTag", "lfTagPolicy")
        ),
    ),
    "aws:emrserverless/application:Application": (_worker,),
    "aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration": (_archived,),
    "aws:eks/accessEntry:AccessEntry": (_groups,),
    "aws:redshiftserverless/workgroup:Workgroup": (
        excludes("pricePerformanceTarget.enabled", "baseCapacity", "https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_CreateWorkgroup.html"),
    ),
}  # fmt: skip
