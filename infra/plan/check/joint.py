"""Conditions between values: of one resource, and of two.

A condition is a function of a resource (and the plan) that yields what is wrong; JOINT names the types it looks at.
Leaves out what one value alone breaks (`infra/plan/values/`) and address ranges (`infra/plan/check/ranges.py`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from infra.plan.check import aws_data, places
from infra.plan.check.finding import Finding, at_path, finding, one_of, open_value
from infra.plan.model import Plan, Resource


class Wrong(NamedTuple):
    """A broken condition: where, what stands there, what is allowed, who says so."""

    path: str
    value: Any
    allowed: str
    origin: str
    rule: str = "joint"


Condition = Callable[[Resource, Plan], Iterator[Wrong]]


def check_joint(plan: Plan) -> Iterator[Finding]:
    """Findings of every condition on the plan's resources."""
    for one in plan.resources:
        for condition in JOINT.get(one.type, ()):
            for wrong in condition(one, plan):
                yield finding(wrong.rule, one, wrong.path, wrong.value, wrong.allowed, wrong.origin)


def _at(one: Resource, path: str) -> Any:
    """The single known value at a path, None where there is none."""
    return next((value for _, value in at_path(one.inputs, path)), None)


def _ordered(low: str, high: str, origin: str) -> Condition:
    """`low` may not exceed `high`; both are paths to numbers of the same resource."""

    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        least, most = _at(one, low), _at(one, high)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            yield Wrong(low, least, f"at most {high}, which is {most}", origin)

    return condition


# ---- AWS


def region_of(one: Resource, plan: Plan) -> str:
    """The AWS region that a resource is made in: its own, else its provider's; empty where not said."""
    own = one.inputs.get("region")
    if isinstance(own, str) and not open_value(own):
        return own
    provider = next((p for p in plan.resources if p.urn == one.provider), None)
    region = provider.inputs.get("region") if provider else ""
    return region if isinstance(region, str) and not open_value(region) else ""


def _aws_machines(path: str, table: str = aws_data.MACHINES, beside: str = "") -> Condition:
    def condition(one: Resource, plan: Plan) -> Iterator[Wrong]:
        region = region_of(one, plan)
        known = aws_data.machine_types(region, table)
        for place, value in at_path(one.inputs, path):
            if value not in known and value != beside:
                where = f" of {region}" if region else ""
                allowed = f"a machine type{where}, {one_of(sorted(known), value)}"
                yield Wrong(place, value, allowed, aws_data.origin(), "place")

    return condition


def _aws_zone(path: str) -> Condition:
    def condition(one: Resource, plan: Plan) -> Iterator[Wrong]:
        zones, region = aws_data.zones(), region_of(one, plan)
        known = zones.get(region) or frozenset().union(*zones.values())
        for place, value in at_path(one.inputs, path):
            if value not in known:
                yield Wrong(place, value, one_of(sorted(known), value), aws_data.origin(), "place")

    return condition


def _node_image(one: Resource, _: Plan) -> Iterator[Wrong]:
    image = _at(one, "amiType")
    if not isinstance(image, str) or image == "CUSTOM":
        return
    for place, machine in at_path(one.inputs, "instanceTypes[]"):
        family = str(machine).partition(".")[0]
        # Graviton's letter stands after the generation: m7g, c6gd, t4g, g5g, i8ge; a1 is the first one.
        arm = re.fullmatch(r"a1|[a-z]+\d+g[a-z]*", family) is not None
        if arm != ("ARM" in image):
            wanted = "an Arm" if "ARM" in image else "an x86"
            origin = "https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html"
            yield Wrong(place, machine, f"{wanted} machine, as amiType is {image}", origin)


def _micro_airflow(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://docs.aws.amazon.com/mwaa/latest/userguide/environment-class.html"
    micro = _at(one, "environmentClass") == "mw1.micro"
    for key in ("schedulers", "minWebservers", "maxWebservers", "minWorkers", "maxWorkers"):
        value = _at(one, key)
        if micro and isinstance(value, int) and value != 1:
            yield Wrong(key, value, "1, as environmentClass is mw1.micro", origin)
        if not micro and key not in ("minWorkers", "maxWorkers") and value == 1:
            yield Wrong(key, value, "at least 2, unless environmentClass is mw1.micro", origin)


def _backup(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html"
    for place, cycle in at_path(one.inputs, "rules[].lifecycle"):
        cold, gone = cycle.get("coldStorageAfter"), cycle.get("deleteAfter")
        if isinstance(cold, int) and isinstance(gone, int) and cold and gone < cold + 90:
            yield Wrong(f"{place}.deleteAfter", gone, f"at least {cold + 90}: 90 days cold", origin)


def _s3_lifecycle(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"
    for place, rule in at_path(one.inputs, "rules[]"):
        last = -1
        for i, step in enumerate(rule.get("transitions") or []):
            days, kind = step.get("days"), step.get("storageClass")
            where = f"{place}.transitions[{i}].days"
            if not isinstance(days, int):
                continue
            if kind in ("STANDARD_IA", "ONEZONE_IA") and days < 30:
                yield Wrong(where, days, f"at least 30 for {kind}", origin)
            if days <= last:
                yield Wrong(where, days, f"more than the transition before, {last}", origin)
            last = max(last, days)
        gone = (rule.get("expiration") or {}).get("days")
        if isinstance(gone, int) and gone <= last:
            yield Wrong(f"{place}.expiration.days", gone, f"more than {last}, the last transition", origin)  # fmt: skip


def _fifo(one: Resource, _: Plan) -> Iterator[Wrong]:
    name = _at(one, "name")
    fifo = _at(one, "fifoQueue") is True or _at(one, "fifoTopic") is True
    if isinstance(name, str) and name.endswith(".fifo") != fifo:
        allowed = "a name that ends in .fifo" if fifo else "a name without .fifo"
        origin = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"
        yield Wrong("name", name, allowed, origin)


def _ports(low: str, high: str) -> Condition:
    return _ordered(low, high, "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html")  # fmt: skip


# ---- Google Cloud


def _gpu_machine(one: Resource, _: Plan) -> Iterator[Wrong]:
    machine = _at(one, "nodeConfig.machineType")
    for _place, gpu in at_path(one.inputs, "nodeConfig.guestAccelerators[].type"):
        families = places.GPU_FAMILIES.get(gpu)
        if families and not str(machine or "e2-medium").startswith(families):
            allowed = f"one of the machines {', '.join(families)}-…, which carry {gpu}"
            origin = f"https://cloud.google.com/compute/docs/gpus, as of {places.AS_OF}"
            yield Wrong("nodeConfig.machineType", machine or "e2-medium (the default)", allowed, origin, "place")  # fmt: skip
            return


def _zones_of_region(one: Resource, _: Plan) -> Iterator[Wrong]:
    location = str(_at(one, "location") or "")
    region = location if location in places.REGIONS["gcp"] else location.rpartition("-")[0]
    for place, zone in at_path(one.inputs, "nodeLocations[]"):
        if location and zone in places.google_zones() and not zone.startswith(f"{region}-"):
            origin = "https://cloud.google.com/kubernetes-engine/docs/concepts/regional-clusters"
            yield Wrong(place, zone, f"a zone of {region}", origin, "place")


def _rotation(one: Resource, _: Plan) -> Iterator[Wrong]:
    purpose = _at(one, "purpose")
    if _at(one, "rotationPeriod") and purpose and purpose != "ENCRYPT_DECRYPT":
        origin = "https://cloud.google.com/kms/docs/key-rotation"
        yield Wrong("rotationPeriod", _at(one, "rotationPeriod"), f"none: keys to {purpose} are not rotated by the service", origin)  # fmt: skip


def _subject(one: Resource, _: Plan) -> Iterator[Wrong]:
    mapping = one.inputs.get("attributeMapping")
    origin = "https://cloud.google.com/iam/docs/workload-identity-federation#mapping"
    aws_own = one.inputs.get("aws") is not None
    if isinstance(mapping, dict):
        for key in mapping:
            if not re.fullmatch(r"google\.(subject|groups)|attribute\.[a-z0-9_]{1,100}", key):
                yield Wrong("attributeMapping", key, "google.subject, google.groups or attribute.<name>", origin)  # fmt: skip
    if not aws_own and (not isinstance(mapping, dict) or "google.subject" not in mapping):
        yield Wrong("attributeMapping", mapping, "a mapping with google.subject", origin)


def _google_lifecycle(one: Resource, _: Plan) -> Iterator[Wrong]:
    kept = _at(one, "retentionPolicy.retentionPeriod")
    kept_days = float(kept) / 86400 if str(kept).isdigit() else 0.0
    origin = "https://cloud.google.com/storage/docs/lifecycle"
    gone = [
        (place, rule["condition"]["age"])
        for place, rule in at_path(one.inputs, "lifecycleRules[]")
        if isinstance(rule.get("condition"), dict)
        and rule.get("action", {}).get("type") == "Delete"
        and set(rule["condition"]) == {"age"}
        and isinstance(rule["condition"]["age"], int)
    ]
    for place, days in gone:
        if days < kept_days:
            yield Wrong(f"{place}.condition.age", days, f"at least {kept_days:g}, the days of retentionPolicy", origin)  # fmt: skip
    for place, rule in at_path(one.inputs, "lifecycleRules[]"):
        days = (rule.get("condition") or {}).get("age")
        moves = (rule.get("action") or {}).get("type") == "SetStorageClass"
        if moves and not (rule.get("action") or {}).get("storageClass"):
            yield Wrong(f"{place}.action", rule["action"], "a storageClass, as type is SetStorageClass", origin)  # fmt: skip
        if moves and isinstance(days, int) and any(days >= end for _, end in gone):
            yield Wrong(f"{place}.condition.age", days, f"less than {min(e for _, e in gone)}, when the object is deleted", origin)  # fmt: skip


def _records(one: Resource, _: Plan) -> Iterator[Wrong]:
    version = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}.get(_at(one, "type"))
    for place, value in at_path(one.inputs, "rrdatas[]"):
        if version is None:
            return
        try:
            version(str(value))
        except ValueError:
            allowed = f"an address, as type is {_at(one, 'type')}"
            yield Wrong(place, value, allowed, "https://cloud.google.com/dns/docs/records-overview")


# ---- Azure


def _azure_lifecycle(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://learn.microsoft.com/azure/storage/blobs/lifecycle-management-policy-structure"
    key = "daysAfterModificationGreaterThan"
    steps = ("tierToCool", "tierToCold", "tierToArchive", "delete")
    for place, actions in at_path(one.inputs, "policy.rules[].definition.actions.baseBlob"):
        given = [(s, actions[s].get(key)) for s in steps if isinstance(actions.get(s), dict)]
        known = [(step, days) for step, days in given if isinstance(days, int | float)]
        for (step, days), (later, then) in pairwise(known):
            if days >= then:
                yield Wrong(f"{place}.{step}.{key}", days, f"less than {then}, the days of {later}", origin)  # fmt: skip


def _pool(inputs: Any, path: str) -> Iterator[Wrong]:
    origin = "https://learn.microsoft.com/azure/aks/spot-node-pool"
    dot = f"{path}." if path else ""
    if inputs.get("mode") == "System" and inputs.get("scaleSetPriority") == "Spot":
        yield Wrong(f"{dot}mode", "System", "User: a spot pool cannot be a system pool", origin)
    scaling = "https://learn.microsoft.com/azure/aks/cluster-autoscaler"
    least, most, count = (inputs.get(key) for key in ("minCount", "maxCount", "count"))
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield Wrong(f"{dot}minCount", least, f"at most maxCount, which is {most}", scaling)
    if inputs.get("mode") == "System" and count == 0:
        yield Wrong(f"{dot}count", 0, "at least 1 in a system pool", scaling)
    fixed = inputs.get("enableAutoScaling") in (None, False)
    if fixed and (isinstance(least, int) or isinstance(most, int)):
        yield Wrong(f"{dot}minCount", least, "none, unless enableAutoScaling is true", scaling)


def _agent_pool(one: Resource, _: Plan) -> Iterator[Wrong]:
    yield from _pool(one.inputs, "")


def _agent_pools(one: Resource, _: Plan) -> Iterator[Wrong]:
    for place, pool in at_path(one.inputs, "agentPoolProfiles[]"):
        yield from _pool(pool, place)


def _postgres_tier(one: Resource, _: Plan) -> Iterator[Wrong]:
    name, tier = str(_at(one, "sku.name") or ""), _at(one, "sku.tier")
    tiers = {"B": "Burstable", "D": "GeneralPurpose", "E": "MemoryOptimized"}
    wanted = tiers.get(name.removeprefix("Standard_")[:1])
    origin = "https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-compute"
    if wanted and tier and tier != wanted:
        yield Wrong("sku.tier", tier, f"{wanted}, as sku.name is {name}", origin)
    if wanted == "Burstable" and _at(one, "highAvailability.mode") in ("ZoneRedundant", "SameZone"):
        yield Wrong("highAvailability.mode", _at(one, "highAvailability.mode"), "Disabled in the Burstable tier", origin)  # fmt: skip


# ---- Snowflake


def _stage_cloud(one: Resource, _: Plan) -> Iterator[Wrong]:
    provider = str(_at(one, "storageProvider") or "").upper()
    schemes = {"S3": "s3://", "S3GOV": "s3gov://", "S3CHINA": "s3china://", "GCS": "gcs://", "AZURE": "azure://"}  # fmt: skip
    wanted = schemes.get(provider)
    origin = "https://docs.snowflake.com/en/sql-reference/sql/create-storage-integration"
    for path in ("storageAllowedLocations[]", "storageBlockedLocations[]"):
        for place, value in at_path(one.inputs, path):
            if wanted and value != "*" and not str(value).startswith(wanted):
                yield Wrong(place, value, f"{wanted}…, as storageProvider is {provider}", origin)


_MONITOR = "https://docs.snowflake.com/en/sql-reference/sql/create-resource-monitor"
JOINT: dict[str, tuple[Condition, ...]] = {
    "aws:eks/nodeGroup:NodeGroup": (
        _node_image,
        _aws_machines("instanceTypes[]"),
        _ordered("scalingConfig.minSize", "scalingConfig.desiredSize", "EKS"),
        _ordered("scalingConfig.desiredSize", "scalingConfig.maxSize", "EKS"),
    ),
    "aws:ec2/instance:Instance": (_aws_machines("instanceType"), _aws_zone("availabilityZone")),
    "aws:ec2/launchTemplate:LaunchTemplate": (_aws_machines("instanceType"),),
    "aws:rds/instance:Instance": (
        _aws_machines("instanceClass", aws_data.DATABASES),
        _aws_zone("availabilityZone"),
        _ordered("allocatedStorage", "maxAllocatedStorage", "RDS"),
    ),
    "aws:rds/clusterInstance:ClusterInstance": (
        _aws_machines("instanceClass", aws_data.DATABASES, beside="db.serverless"),
    ),
    "aws:rds/cluster:Cluster": (
        _ordered(
            "serverlessv2ScalingConfiguration.minCapacity",
            "serverlessv2ScalingConfiguration.maxCapacity",
            "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ServerlessV2ScalingConfiguration.html",
        ),
    ),
    "aws:ec2/subnet:Subnet": (_aws_zone("availabilityZone"),),
    "aws:mwaa/environment:Environment": (
        _micro_airflow,
        _ordered("minWorkers", "maxWorkers", "MWAA"),
        _ordered("minWebservers", "maxWebservers", "MWAA"),
    ),
    "aws:backup/plan:Plan": (_backup,),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (_s3_lifecycle,),
    "aws:sqs/queue:Queue": (_fifo,),
    "aws:sns/topic:Topic": (_fifo,),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (_ports("fromPort", "toPort"),),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": (_ports("fromPort", "toPort"),),
    "aws:redshiftserverless/workgroup:Workgroup": (
        _ordered("baseCapacity", "maxCapacity", "Redshift Serverless"),
    ),
    "gcp:container/nodePool:NodePool": (
        _gpu_machine,
        _zones_of_region,
        _ordered("autoscaling.minNodeCount", "autoscaling.maxNodeCount", "GKE"),
        _ordered("autoscaling.totalMinNodeCount", "autoscaling.totalMaxNodeCount", "GKE"),
    ),
    "gcp:container/cluster:Cluster": (_zones_of_region,),
    "gcp:kms/cryptoKey:CryptoKey": (_rotation,),
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": (_subject,),
    "gcp:dns/recordSet:RecordSet": (_records,),
    "gcp:storage/bucket:Bucket": (_google_lifecycle,),
    "azure-native:storage:ManagementPolicy": (_azure_lifecycle,),
    "azure-native:containerservice:AgentPool": (_agent_pool,),
    "azure-native:containerservice:ManagedCluster": (_agent_pools,),
    "azure-native:dbforpostgresql:Server": (_postgres_tier,),
    "azure-native:synapse:BigDataPool": (
        _ordered("autoScale.minNodeCount", "autoScale.maxNodeCount", "Synapse"),
    ),
    "snowflake:index/warehouse:Warehouse": (
        _ordered(
            "minClusterCount",
            "maxClusterCount",
            "https://docs.snowflake.com/en/sql-reference/sql/create-warehouse",
        ),
    ),
    "snowflake:index/resourceMonitor:ResourceMonitor": (
        _ordered("suspendTrigger", "suspendImmediateTrigger", _MONITOR),
    ),
    "snowflake:index/storageIntegration:StorageIntegration": (_stage_cloud,),
}
