"""Conditions between values of AWS resources. Leaves out those of one value alone (`infra/plan/values/`), queues and
events (`aws_events.py`), the lake's services (`aws_lake.py`) and keys (`keys.py`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from infra.plan.check import aws_data
from infra.plan.check.finding import at_path, one_of, open_value
from infra.plan.check.joint.base import (
    Condition,
    Wrong,
    absent,
    at,
    excludes,
    given,
    is_open,
    needs,
    only_with,
    ordered,
    when,
)
from infra.plan.model import Plan, Resource
from infra.plan.query import at as at_key


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
    image = at(one, "amiType")
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
    micro = at(one, "environmentClass") == "mw1.micro"
    for key in ("schedulers", "minWebservers", "maxWebservers", "minWorkers", "maxWorkers"):
        value = at(one, key)
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
        steps = rule.get("transitions")
        for i, step in enumerate(steps if isinstance(steps, list) else []):
            days, kind = at_key(step, "days"), at_key(step, "storageClass")
            where = f"{place}.transitions[{i}].days"
            if not isinstance(days, int):
                continue
            if kind in ("STANDARD_IA", "ONEZONE_IA") and days < 30:
                yield Wrong(where, days, f"at least 30 for {kind}", origin)
            if days <= last:
                yield Wrong(where, days, f"more than the transition before, {last}", origin)
            last = max(last, days)
        gone = at_key(rule, "expiration.days")
        if isinstance(gone, int) and gone <= last:
            yield Wrong(f"{place}.expiration.days", gone, f"more than {last}, the last transition", origin)  # fmt: skip


def _ports(low: str, high: str) -> Condition:
    return ordered(low, high, "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html")  # fmt: skip


# ---- types that others use

_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
_RDS = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html"
_ALARM = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
_SCALING = (
    "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html"
)
_DYNAMO = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html"
_EKS = "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html"
_CACHE = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"
_GLUE = "https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html"
_REDSHIFT = "https://docs.aws.amazon.com/redshift/latest/APIReference/API_CreateCluster.html"
_EFS = "https://docs.aws.amazon.com/efs/latest/ug/API_CreateFileSystem.html"
_KINESIS = "https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _health_check(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"
    wait, between = at(one, "healthCheck.timeout"), at(one, "healthCheck.interval")
    if isinstance(wait, int) and wait >= (between if isinstance(between, int) else 30):
        yield Wrong("healthCheck.timeout", wait, f"less than interval, which is {between or 30}", origin)  # fmt: skip
    if at(one, "healthCheck.protocol") == "TCP" and at(one, "healthCheck.matcher"):
        yield Wrong("healthCheck.matcher", at(one, "healthCheck.matcher"), "none where healthCheck.protocol is TCP", origin)  # fmt: skip


def _table_keys(one: Resource, _: Plan) -> Iterator[Wrong]:
    """Every attribute is a key of the table or of an index, and every key an attribute."""
    if "attributes" not in one.inputs or open_value(json.dumps(one.inputs, default=str)):
        return  # a name that nobody knows yet may be the very one
    named = [name for _, name in at_path(one.inputs, "attributes[].name")]
    paths = ("hashKey", "rangeKey", "localSecondaryIndexes[].rangeKey")
    indexes = ("globalSecondaryIndexes[].hashKey", "globalSecondaryIndexes[].rangeKey")
    schema = "globalSecondaryIndexes[].keySchemas[].attributeName"
    keys = {key for path in (*paths, *indexes, schema) for _, key in at_path(one.inputs, path)}
    for name in named:
        if name not in keys:
            yield Wrong("attributes", name, f"only keys of the table and its indexes ({', '.join(sorted(keys))})", _DYNAMO)  # fmt: skip
    for key in sorted(keys - set(named)):
        yield Wrong("attributes", named, f"the key {key} too", _DYNAMO)


def _table_billing(one: Resource, _: Plan) -> Iterator[Wrong]:
    asked = at(one, "billingMode") == "PAY_PER_REQUEST"
    for path in ("readCapacity", "writeCapacity"):
        if asked and at(one, path):
            yield Wrong(path, at(one, path), "none where billingMode is PAY_PER_REQUEST", _DYNAMO)
        if not asked and absent(one, path) and not is_open(one, "billingMode"):
            yield Wrong("billingMode", at(one, "billingMode"), f"PAY_PER_REQUEST, or {path} besides", _DYNAMO)  # fmt: skip


def _windows(backup: str, maintenance: str) -> Condition:
    """A daily and a weekly window, HH:MM-HH:MM and ddd:HH:MM-ddd:HH:MM, at least half an hour each and apart."""

    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        daily = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", str(at(one, backup)))
        weekly = re.fullmatch(
            r"([a-z]{3}):(\d\d):(\d\d)-([a-z]{3}):(\d\d):(\d\d)", str(at(one, maintenance)).lower()
        )
        if weekly and weekly[1] in _DAYS and weekly[4] in _DAYS:
            start, end = _minutes(weekly[2], weekly[3], weekly[1]), _minutes(weekly[5], weekly[6], weekly[4])  # fmt: skip
            length = (end - start) % (7 * 1440)
            if length < 30:
                yield Wrong(maintenance, at(one, maintenance), "at least 30 minutes", _RDS)
            if daily and _meet(_minutes(daily[1], daily[2]), _minutes(daily[3], daily[4]), start, length):  # fmt: skip
                yield Wrong(maintenance, at(one, maintenance), f"apart from {backup}, which is {at(one, backup)}", _RDS)  # fmt: skip

    return condition


def _minutes(hour: str, minute: str, day: str = "mon") -> int:
    return _DAYS.index(day) * 1440 + int(hour) * 60 + int(minute)


def _meet(begin: int, end: int, start: int, length: int) -> bool:
    lasts = (end - begin) % 1440
    return any(
        (start - begin - day * 1440) % (7 * 1440) < lasts
        or (begin + day * 1440 - start) % (7 * 1440) < length
        for day in range(7)
    )


def _key_without_encryption(key: str, switch: str, origin: str) -> Condition:
    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        if given(one, key) and at(one, switch) is False:
            yield Wrong(switch, False, f"true, as {key} is given", origin)

    return condition


def _administrator(one: Resource, _: Plan) -> Iterator[Wrong]:
    name, engine = at(one, "username"), str(at(one, "engine") or "")
    taken = {"postgres": ("admin", "rdsadmin"), "mysql": ("rdsadmin",), "mariadb": ("rdsadmin",)}
    if isinstance(name, str) and name.lower() in taken.get(engine, ()):
        yield Wrong("username", name, f"another name: {engine} reserves it", _RDS)


def _volume(size: str, kind: str, iops: str, throughput: str) -> Condition:
    origin = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html"

    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        type_, rate, speed, gib = at(one, kind), at(one, iops), at(one, throughput), at(one, size)
        if type_ in ("gp2", "st1", "sc1", "standard") and rate:
            yield Wrong(iops, rate, f"none where {kind} is {type_}", origin)
        if type_ in ("io1", "io2") and absent(one, iops):
            yield Wrong(kind, type_, f"only together with {iops}", origin)
        if speed and type_ not in ("gp3", None):
            yield Wrong(throughput, speed, f"none unless {kind} is gp3", origin)
        most = {"io1": 50, "io2": 1000, "gp3": 500}.get(str(type_))
        if most and isinstance(rate, int) and isinstance(gib, int) and rate > max(most * gib, 3000 if type_ == "gp3" else 0):  # fmt: skip
            yield Wrong(iops, rate, f"at most {most} a GiB, {most * gib}", origin)

    return condition


def _alarm(one: Resource, _: Plan) -> Iterator[Wrong]:
    period, counted = at(one, "period"), at(one, "evaluationPeriods")
    if isinstance(period, int) and period not in (10, 20, 30) and period % 60:
        yield Wrong("period", period, "10, 20, 30 or whole minutes", _ALARM)
    if isinstance(period, int) and isinstance(counted, int):
        longest = 604800 if period >= 3600 else 86400
        if period * counted > longest:
            yield Wrong("evaluationPeriods", counted, f"at most {longest} seconds of period together", _ALARM)  # fmt: skip


def _endpoints(one: Resource, _: Plan) -> Iterator[Wrong]:
    if at(one, "vpcConfig.endpointPublicAccess") is False and at(one, "vpcConfig.endpointPrivateAccess") is False:  # fmt: skip
        yield Wrong("vpcConfig.endpointPrivateAccess", False, "true, where endpointPublicAccess is false", _EKS)  # fmt: skip


def _scaled(one: Resource, _: Plan) -> Iterator[Wrong]:
    """An update of a node group is bounded by a number or by a share."""
    if given(one, "updateConfig.maxUnavailable") and given(one, "updateConfig.maxUnavailablePercentage"):  # fmt: skip
        yield Wrong("updateConfig.maxUnavailable", at(one, "updateConfig.maxUnavailable"), "none beside maxUnavailablePercentage", _EKS)  # fmt: skip
    if given(one, "launchTemplate") and given(one, "diskSize"):
        yield Wrong("diskSize", at(one, "diskSize"), "none: the launch template says it", _EKS)


def _cache_failover(one: Resource, _: Plan) -> Iterator[Wrong]:
    nodes = at(one, "numCacheClusters")
    if at(one, "automaticFailoverEnabled") is True and isinstance(nodes, int) and nodes < 2:
        yield Wrong("numCacheClusters", nodes, "at least 2, as automaticFailoverEnabled is true", _CACHE)  # fmt: skip
    if at(one, "multiAzEnabled") is True and absent(one, "automaticFailoverEnabled"):
        yield Wrong("multiAzEnabled", True, "only together with automaticFailoverEnabled", _CACHE)
    if given(one, "authToken") and absent(one, "transitEncryptionEnabled"):
        yield Wrong("transitEncryptionEnabled", at(one, "transitEncryptionEnabled"), "true, as authToken is given", _CACHE)  # fmt: skip


def _nodes(one: Resource, _: Plan) -> Iterator[Wrong]:
    kind, count = at(one, "clusterType"), at(one, "numberOfNodes")
    if kind == "single-node" and isinstance(count, int) and count > 1:
        yield Wrong("numberOfNodes", count, "1, as clusterType is single-node", _REDSHIFT)
    if kind == "multi-node" and (count is None or count == 1) and not is_open(one, "numberOfNodes"):  # fmt: skip
        yield Wrong("numberOfNodes", count, "at least 2, as clusterType is multi-node", _REDSHIFT)


def _image(one: Resource, _: Plan) -> Iterator[Wrong]:
    """A function is an image, or code with a handler and a runtime."""
    image = at(one, "packageType") == "Image"
    for path in ("handler", "runtime"):
        if image and given(one, path):
            yield Wrong(path, at(one, path), "none where packageType is Image", _LAMBDA)
        if not image and absent(one, path) and (given(one, "s3Bucket") or given(one, "code")):
            yield Wrong("packageType", at(one, "packageType"), f"Image, or {path} besides", _LAMBDA)


def _glue_capacity(one: Resource, _: Plan) -> Iterator[Wrong]:
    name, units = at(one, "command.name"), at(one, "maxCapacity")
    if name == "pythonshell" and units is not None and units not in (0.0625, 1):
        yield Wrong("maxCapacity", units, "0.0625 or 1 for a Python shell", _GLUE)
    if name == "pythonshell" and given(one, "workerType"):
        yield Wrong("workerType", at(one, "workerType"), "none for a Python shell", _GLUE)


def _old_versions(one: Resource, _: Plan) -> Iterator[Wrong]:
    """Old versions are deleted after their last move, and move to infrequent access after 30 days."""
    origin = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"
    for place, rule in at_path(one.inputs, "rules[]"):
        moves = at_path(rule, "noncurrentVersionTransitions[].noncurrentDays")
        last = max((days for _, days in moves if isinstance(days, int)), default=None)
        gone = at_key(rule, "noncurrentVersionExpiration.noncurrentDays")
        if last is not None and isinstance(gone, int) and gone <= last:
            yield Wrong(f"{place}.noncurrentVersionExpiration.noncurrentDays", gone, f"more than {last}, the last transition", origin)  # fmt: skip


def _brokers(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = "https://docs.aws.amazon.com/msk/1.0/apireference/clusters.html"
    count, subnets = at(one, "numberOfBrokerNodes"), at(one, "brokerNodeGroupInfo.clientSubnets")
    if isinstance(count, int) and isinstance(subnets, list) and subnets and count % len(subnets):
        yield Wrong("numberOfBrokerNodes", count, f"a multiple of the {len(subnets)} client subnets", origin)  # fmt: skip


def _password(path: str) -> Condition:
    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        text = at(one, path)
        if isinstance(text, str) and re.search(r"[/@\" ]", text):
            yield Wrong(path, "(not shown)", 'none of / @ " and space', _RDS)

    return condition


JOINT: dict[str, tuple[Condition, ...]] = {
    "aws:eks/nodeGroup:NodeGroup": (
        _scaled,
        _node_image,
        _aws_machines("instanceTypes[]"),
        ordered("scalingConfig.minSize", "scalingConfig.desiredSize", "EKS"),
        ordered("scalingConfig.desiredSize", "scalingConfig.maxSize", "EKS"),
    ),
    "aws:ec2/instance:Instance": (_aws_machines("instanceType"), _aws_zone("availabilityZone")),
    "aws:ec2/launchTemplate:LaunchTemplate": (_aws_machines("instanceType"),),
    "aws:rds/instance:Instance": (
        _password("password"),
        _windows("backupWindow", "maintenanceWindow"),
        _administrator,
        _key_without_encryption("kmsKeyId", "storageEncrypted", _RDS),
        _volume("allocatedStorage", "storageType", "iops", "storageThroughput"),
        excludes("multiAz", "availabilityZone", _RDS),
        needs("performanceInsightsKmsKeyId", "performanceInsightsEnabled", _RDS),
        needs("performanceInsightsRetentionPeriod", "performanceInsightsEnabled", _RDS),
        needs("monitoringInterval", "monitoringRoleArn", _RDS),
        excludes("manageMasterUserPassword", "password", _RDS),
        _aws_machines("instanceClass", aws_data.DATABASES),
        _aws_zone("availabilityZone"),
        ordered("allocatedStorage", "maxAllocatedStorage", "RDS"),
    ),
    "aws:rds/clusterInstance:ClusterInstance": (
        _aws_machines("instanceClass", aws_data.DATABASES, beside="db.serverless"),
    ),
    "aws:rds/cluster:Cluster": (
        _password("masterPassword"),
        _windows("preferredBackupWindow", "preferredMaintenanceWindow"),
        _key_without_encryption("kmsKeyId", "storageEncrypted", _RDS),
        excludes("manageMasterUserPassword", "masterPassword", _RDS),
        ordered(
            "serverlessv2ScalingConfiguration.minCapacity",
            "serverlessv2ScalingConfiguration.maxCapacity",
            "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ServerlessV2ScalingConfiguration.html",
        ),
    ),
    "aws:ec2/subnet:Subnet": (_aws_zone("availabilityZone"),),
    "aws:mwaa/environment:Environment": (
        _micro_airflow,
        ordered("minWorkers", "maxWorkers", "MWAA"),
        ordered("minWebservers", "maxWebservers", "MWAA"),
    ),
    "aws:backup/plan:Plan": (_backup,),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        _old_versions,
        _s3_lifecycle,
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (_ports("fromPort", "toPort"),),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": (_ports("fromPort", "toPort"),),
    "aws:redshiftserverless/workgroup:Workgroup": (
        ordered("baseCapacity", "maxCapacity", "Redshift Serverless"),
    ),
    "aws:docdb/cluster:Cluster": (
        _windows("preferredBackupWindow", "preferredMaintenanceWindow"),
        _key_without_encryption("kmsKeyId", "storageEncrypted", _RDS),
    ),
    "aws:neptune/cluster:Cluster": (
        _windows("preferredBackupWindow", "preferredMaintenanceWindow"),
        _key_without_encryption("kmsKeyArn", "storageEncrypted", _RDS),
    ),
    "aws:ebs/volume:Volume": (
        _volume("size", "type", "iops", "throughput"),
        _aws_zone("availabilityZone"),
        _key_without_encryption("kmsKeyId", "encrypted", f"{_EC2}/API_CreateVolume.html"),
    ),
    "aws:lb/targetGroup:TargetGroup": (_health_check,),
    "aws:alb/targetGroup:TargetGroup": (_health_check,),
    "aws:dynamodb/table:Table": (
        _table_keys,
        _table_billing,
        needs("streamViewType", "streamEnabled", _DYNAMO),
        when("streamEnabled", True, "streamViewType", _DYNAMO),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        _alarm,
        ordered("datapointsToAlarm", "evaluationPeriods", _ALARM),
        excludes("statistic", "extendedStatistic", _ALARM),
        excludes("metricName", "metricQueries", _ALARM),
    ),
    "aws:autoscaling/group:Group": (
        ordered("minSize", "maxSize", _SCALING),
        ordered("minSize", "desiredCapacity", _SCALING),
        ordered("desiredCapacity", "maxSize", _SCALING),
        excludes("launchConfiguration", "launchTemplate", _SCALING),
        excludes("availabilityZones", "vpcZoneIdentifiers", _SCALING),
    ),
    "aws:appautoscaling/target:Target": (
        ordered(
            "minCapacity",
            "maxCapacity",
            "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html",
        ),
    ),
    "aws:lambda/function:Function": (
        _image,
        excludes("s3Bucket", "imageUri", _LAMBDA),
        needs("s3Key", "s3Bucket", _LAMBDA),
    ),
    "aws:eks/cluster:Cluster": (_endpoints,),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        _cache_failover,
        _windows("snapshotWindow", "maintenanceWindow"),
        excludes("numCacheClusters", "numNodeGroups", _CACHE),
    ),
    "aws:redshift/cluster:Cluster": (
        _password("masterPassword"),
        _nodes,
        _key_without_encryption("kmsKeyId", "encrypted", _REDSHIFT),
        excludes("manageMasterPassword", "masterPassword", _REDSHIFT),
    ),
    "aws:glue/job:Job": (
        _glue_capacity,
        excludes("maxCapacity", "workerType", _GLUE),
        excludes("maxCapacity", "numberOfWorkers", _GLUE),
        needs("numberOfWorkers", "workerType", _GLUE),
        needs("workerType", "numberOfWorkers", _GLUE),
    ),
    "aws:efs/fileSystem:FileSystem": (
        only_with("provisionedThroughputInMibps", "throughputMode", ("provisioned",), _EFS),
        when("throughputMode", "provisioned", "provisionedThroughputInMibps", _EFS),
        _key_without_encryption("kmsKeyId", "encrypted", _EFS),
    ),
    "aws:kinesis/stream:Stream": (
        only_with("kmsKeyId", "encryptionType", ("KMS",), _KINESIS),
        when("encryptionType", "KMS", "kmsKeyId", _KINESIS),
        only_with("shardCount", "streamModeDetails.streamMode", ("PROVISIONED", None), _KINESIS),
    ),
    "aws:batch/computeEnvironment:ComputeEnvironment": (
        ordered(
            "computeResources.minVcpus",
            "computeResources.maxVcpus",
            "https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html",
        ),
        ordered(
            "computeResources.desiredVcpus",
            "computeResources.maxVcpus",
            "https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html",
        ),
    ),
    "aws:msk/cluster:Cluster": (_brokers,),
}
