"""Conditions between two resources of a plan: a record and its zone, a database and its parameters, a copied bucket.

A reference is a dependency, or the other's name. Leaves out address ranges (`infra/plan/check/ranges.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.plan.check.finding import at_path
from infra.plan.check.joint.base import Condition, Wrong, at
from infra.plan.model import Plan, Resource
from infra.plan.query import companions, refers


def _in_zone(one: Resource, plan: Plan) -> Iterator[Wrong]:
    name = at(one, "name")
    for zone in plan.of_type("gcp:dns/managedZone:ManagedZone"):
        inside = str(at(zone, "dnsName") or "")
        linked = inside and isinstance(name, str) and refers(one, "managedZone", zone)
        if linked and not f".{name.lower()}".endswith(f".{inside.lower()}"):
            yield Wrong("name", name, f"a name inside the zone {inside}", "https://cloud.google.com/dns/docs/records")  # fmt: skip


_VERSIONED = {"postgres": 1, "aurora-postgresql": 1, "mysql": 2, "mariadb": 2}
"""Engine → how many parts of its version a family of parameters is named by."""


def _family(key: str, table: str) -> Condition:
    """A database's parameters are of its engine and version."""

    def condition(one: Resource, plan: Plan) -> Iterator[Wrong]:
        engine, version = str(at(one, "engine") or ""), str(at(one, "engineVersion") or "")
        parts = version.split(".")[: _VERSIONED.get(engine, 0)]
        if not parts or len(parts) < _VERSIONED[engine] or not all(p.isdigit() for p in parts):
            return
        wanted = f"{engine}{'.'.join(parts)}"
        for group in plan.of_type(table):
            family = at(group, "family")
            if isinstance(family, str) and family != wanted and refers(one, key, group):
                origin = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html"
                yield Wrong(key, at(one, key), f"a group of the family {wanted}; {group.name} is of {family}", origin)  # fmt: skip

    return condition


def _copied(one: Resource, plan: Plan) -> Iterator[Wrong]:
    """A bucket that is copied, or copied to, keeps versions."""
    status = at(one, "versioningConfiguration.status")
    if status in (None, "Enabled"):
        return
    origin = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-requirements.html"
    bucket = at(one, "bucket")
    for other in plan.of_type("aws:s3/bucketReplicationConfig:BucketReplicationConfig"):
        same = set(one.property_deps.get("bucket", ())) & set(other.property_deps.get("bucket", ()))
        ends = [str(arn).rpartition(":")[2] for _, arn in at_path(other.inputs, "rules[].destination.bucket")]  # fmt: skip
        if same or (isinstance(bucket, str) and bucket in (at(other, "bucket"), *ends)):
            yield Wrong("versioningConfiguration.status", status, f"Enabled, as {other.name} copies the bucket", origin)  # fmt: skip


def _locked(one: Resource, plan: Plan) -> Iterator[Wrong]:
    """A bucket whose objects are locked keeps versions."""
    status = at(one, "versioningConfiguration.status")
    if status in (None, "Enabled"):
        return
    for lock in companions(plan, "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "bucket", one):  # fmt: skip
        yield Wrong("versioningConfiguration.status", status, f"Enabled, as {lock.name} locks its objects", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html")  # fmt: skip


def _listened(one: Resource, _: Plan) -> Iterator[Wrong]:
    """A subscription in order needs a queue in order."""
    queue = re.fullmatch(r"arn:aws[\w-]*:sqs:[^:]+:\d+:(.+)", str(at(one, "endpoint") or ""))
    topic = re.fullmatch(r"arn:aws[\w-]*:sns:[^:]+:\d+:(.+)", str(at(one, "topic") or ""))
    if queue and topic and queue[1].endswith(".fifo") and not topic[1].endswith(".fifo"):
        yield Wrong("endpoint", at(one, "endpoint"), "a standard queue, as the topic is one", "https://docs.aws.amazon.com/sns/latest/dg/fifo-topic-message-delivery.html")  # fmt: skip


JOINT: dict[str, tuple[Condition, ...]] = {
    "gcp:dns/recordSet:RecordSet": (_in_zone,),
    "aws:rds/instance:Instance": (_family("parameterGroupName", "aws:rds/parameterGroup:ParameterGroup"),),
    "aws:rds/cluster:Cluster": (
        _family("dbClusterParameterGroupName", "aws:rds/clusterParameterGroup:ClusterParameterGroup"),
    ),
    "aws:s3/bucketVersioning:BucketVersioning": (_copied, _locked),
    "aws:sns/topicSubscription:TopicSubscription": (_listened,),
}  # fmt: skip
