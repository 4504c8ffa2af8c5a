"""What AWS resources cost. Rates by sku in `infra/plan/prices/`; free types are named at the end."""

from __future__ import annotations

from collections.abc import Iterable

from infra.plan.cost.base import FREE, HOURS, Line, Pricing, gpu_lines, node_range, prices
from infra.plan.cost.usage import Range, zone_share
from infra.plan.model import Resource
from infra.plan.query import at, every
from landfall.intent.machines import MACHINES

_GPU = {machine.type for machine in MACHINES["aws"]}


@prices("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
def _bucket(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "storage", "s3.standard", p.usage.lake_gb.times(zone_share(one.name)))


@prices("aws:kms/key:Key")
def _key(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "security", "kms.key", 1)


@prices("aws:ec2/natGateway:NatGateway")
def _nat(one: Resource, p: Pricing) -> Iterable[Line]:
    gateways = max(1, len(p.plan.of_type("aws:ec2/natGateway:NatGateway")))
    yield from p.line(one, "network", "nat.hour", HOURS)
    yield from p.line(one, "network", "nat.gb", p.usage.egress_gb.times(1 / gateways))


@prices("aws:route53/zone:Zone")
def _zone(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "network", "dns.zone", 1)


@prices("aws:ec2/vpcEndpoint:VpcEndpoint")
def _endpoint(one: Resource, p: Pricing) -> Iterable[Line]:
    if one.inputs.get("vpcEndpointType") == "Interface":
        zones = max(1, len(every(dict(one.inputs), "subnetIds")))
        yield from p.line(one, "network", "vpce.hour", HOURS * zones, note=f"{zones} zones")


@prices("aws:ec2transitgateway/vpcAttachment:VpcAttachment")
def _attachment(one: Resource, p: Pricing) -> Iterable[Line]:
    attachments = max(1, len(p.plan.of_type(one.type)))
    yield from p.line(one, "network", "tgw.attachment.hour", HOURS)
    yield from p.line(one, "network", "tgw.gb", p.usage.egress_gb.times(1 / attachments))


@prices("aws:ec2/eip:Eip")
def _address(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "network", "ipv4.hour", HOURS)


@prices("aws:networkfirewall/firewall:Firewall")
def _firewall(one: Resource, p: Pricing) -> Iterable[Line]:
    zones = max(1, len(every(dict(one.inputs), "subnetMappings")))
    yield from p.line(
        one, "network", "firewall.endpoint.hour", HOURS * zones, note=f"{zones} zones"
    )
    yield from p.line(one, "network", "firewall.gb", p.usage.egress_gb)


@prices("aws:cloudwatch/logGroup:LogGroup")
def _logs(one: Resource, p: Pricing) -> Iterable[Line]:
    groups = max(1, len(p.plan.of_type("aws:cloudwatch/logGroup:LogGroup")))
    yield from p.line(one, "logs", "cloudwatch.ingest.gb", p.usage.log_gb.times(1 / groups))


@prices("aws:secretsmanager/secret:Secret")
def _secret(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "security", "secret.month", 1)


@prices("aws:eks/cluster:Cluster")
def _cluster(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "cluster", "eks.cluster.hour", HOURS)


@prices("aws:eks/nodeGroup:NodeGroup")
def _nodes(one: Resource, p: Pricing) -> Iterable[Line]:
    types = every(dict(one.inputs), "instanceTypes") or [None]
    least = at(one.inputs, "scalingConfig.minSize") or 0
    most = at(one.inputs, "scalingConfig.maxSize") or least
    if types[0] in _GPU:
        kind = {"SPOT": "spot", "CAPACITY_BLOCK": "reservation"}.get(
            str(one.inputs.get("capacityType")), "on-demand"
        )
        if "reservation" in one.name:
            kind = "reservation"
        yield from gpu_lines(one, p, types[0], kind, most)
        return
    nodes = node_range(least, most, p.usage)
    note = f"{least} to {most} nodes"
    yield from p.line(one, "cluster", f"{types[0]}.ondemand", nodes.times(HOURS), note=note)
    yield from p.line(one, "cluster", "ebs.gp3.gb", nodes.times(_disk_gb(one, p)), note=note)


def _disk_gb(one: Resource, p: Pricing) -> float:
    """The disk of a node, from the launch template of the group's own name; 20 GB as EKS gives without one."""
    for template in p.plan.of_type("aws:ec2/launchTemplate:LaunchTemplate"):
        if template.name == one.name:
            sizes = every(dict(template.inputs), "blockDeviceMappings.ebs.volumeSize")
            return float(sum(sizes)) or 20.0
    return 20.0


@prices("aws:rds/instance:Instance")
def _database(one: Resource, p: Pricing) -> Iterable[Line]:
    copies = 2 if one.inputs.get("multiAz") else 1
    kind = str(one.inputs.get("instanceClass", ""))
    yield from p.line(
        one, "database", f"rds.{kind}", HOURS * copies, note="two zones" if copies > 1 else ""
    )
    size = one.inputs.get("allocatedStorage") or 20
    yield from p.line(one, "database", "rds.gp3.gb", float(size) * copies)


@prices("aws:redshiftserverless/workgroup:Workgroup")
def _workgroup(one: Resource, p: Pricing) -> Iterable[Line]:
    base = one.inputs.get("baseCapacity") or 128
    yield from p.line(
        one, "warehouse", "redshift.rpu.hour", p.usage.warehouse_hours.times(float(base)), note=f"{base} RPU"
    )  # fmt: skip


@prices("aws:redshiftserverless/namespace:Namespace")
def _namespace(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(
        one, "warehouse", "redshift.storage.gb", p.usage.lake_gb.times(zone_share("gold"))
    )


@prices("aws:emrserverless/application:Application")
def _spark(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "spark", "emr.vcpu.hour", p.usage.spark_vcpu_hours)
    yield from p.line(
        one, "spark", "emr.gb.hour", p.usage.spark_vcpu_hours.times(4), note="4 GB a vCPU"
    )


@prices("aws:mwaa/environment:Environment")
def _airflow(one: Resource, p: Pricing) -> Iterable[Line]:
    kind = str(one.inputs.get("environmentClass", "mw1.small"))
    yield from p.line(one, "orchestration", f"{kind}.hour", HOURS, note="with its first worker")
    least = float(one.inputs.get("minWorkers") or 1) - 1
    most = float(one.inputs.get("maxWorkers") or 1) - 1
    workers = Range(least, least + (most - least) * 0.1, most).times(HOURS)
    if most > 0:
        yield from p.line(one, "orchestration", f"{kind}.worker.hour", workers)


@prices("aws:ecr/repository:Repository")
def _images(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "storage", "ecr.gb", Range(2, 10, 50))


@prices("aws:guardduty/detector:Detector")
def _threats(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "security", "guardduty.gb", p.usage.log_gb)


@prices("aws:guardduty/detectorFeature:DetectorFeature")
def _feature(one: Resource, p: Pricing) -> Iterable[Line]:
    """A further feature of GuardDuty, by what it looks at: one that is off costs nothing."""
    if one.inputs.get("status") != "ENABLED":
        return
    amounts = {
        "S3_DATA_EVENTS": p.usage.requests_million, "EKS_AUDIT_LOGS": Range(0.5, 5, 50),
        "RUNTIME_MONITORING": Range(4, 16, 80), "EBS_MALWARE_PROTECTION": Range(0, 20, 500),
        "RDS_LOGIN_EVENTS": Range(2, 2, 8), "LAMBDA_NETWORK_LOGS": Range(0.1, 1, 10),
    }  # fmt: skip
    name = str(one.inputs.get("name"))
    if name in amounts:
        yield from p.line(one, "security", f"guardduty.{name.lower()}", amounts[name])
    else:
        p.unknown(one, f"guardduty.{name.lower()}")


@prices("aws:securityhub/account:Account")
def _hub(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "security", "securityhub.check", Range(2000, 8000, 20000))


@prices("aws:inspector2/enabler:Enabler")
def _inspector(one: Resource, p: Pricing) -> Iterable[Line]:
    scanned = every(dict(one.inputs), "resourceTypes")
    if "ECR" in scanned:
        yield from p.line(one, "security", "inspector.image", Range(5, 20, 100))
    if "EC2" in scanned:
        yield from p.line(one, "security", "inspector.instance", Range(2, 5, 30))


@prices("aws:cloudtrail/trail:Trail")
def _trail(one: Resource, p: Pricing) -> Iterable[Line]:
    """The first copy of management events is free; data events are not."""
    if "Data" in every(dict(one.inputs), "advancedEventSelectors.fieldSelectors.equals"):
        yield from p.line(one, "security", "trail.data.million", p.usage.requests_million)


@prices("aws:lambda/function:Function")
def _function(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "budget", "lambda.million", Range(0.0001, 0.001, 0.01))


@prices("aws:cfg/recorder:Recorder")
def _recorder(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "security", "config.item", Range(500, 2000, 10000))


@prices("aws:sqs/queue:Queue")
def _queue(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "events", "sqs.million", Range(0.01, 0.1, 1))


@prices("aws:sns/topic:Topic")
def _topic(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "events", "sns.million", Range(0.01, 0.1, 1))


FREE.update(
    f"aws:{kind}"
    for kind in (
        "ec2/vpc:Vpc", "ec2/subnet:Subnet", "ec2/routeTable:RouteTable", "ec2/route:Route",
        "ec2/routeTableAssociation:RouteTableAssociation", "ec2/securityGroup:SecurityGroup",
        "ec2/internetGateway:InternetGateway", "ec2/launchTemplate:LaunchTemplate",
        "ec2/defaultSecurityGroup:DefaultSecurityGroup", "ec2/flowLog:FlowLog",
        "ec2transitgateway/transitGateway:TransitGateway", "ec2/defaultNetworkAcl:DefaultNetworkAcl",
        "iam/role:Role", "iam/policy:Policy", "iam/rolePolicy:RolePolicy", "iam/instanceProfile:InstanceProfile",
        "iam/rolePolicyAttachment:RolePolicyAttachment", "iam/openIdConnectProvider:OpenIdConnectProvider",
        "kms/alias:Alias", "accessanalyzer/analyzer:Analyzer", "cfg/deliveryChannel:DeliveryChannel",
        "cfg/recorderStatus:RecorderStatus", "cloudwatch/eventRule:EventRule", "cloudwatch/eventTarget:EventTarget",
        "ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions", "ec2transitgateway/route:Route",
        "ec2transitgateway/routeTable:RouteTable", "eks/accessEntry:AccessEntry", "eks/addon:Addon",
        "ec2transitgateway/routeTableAssociation:RouteTableAssociation",
        "eks/accessPolicyAssociation:AccessPolicyAssociation", "glue/catalogDatabase:CatalogDatabase",
        "glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings",
        "lakeformation/dataLakeSettings:DataLakeSettings", "lakeformation/permissions:Permissions",
        "lakeformation/resource:Resource", "networkfirewall/firewallPolicy:FirewallPolicy",
        "networkfirewall/loggingConfiguration:LoggingConfiguration", "networkfirewall/ruleGroup:RuleGroup",
        "organizations/account:Account", "organizations/organizationalUnit:OrganizationalUnit",
        "organizations/policy:Policy", "organizations/policyAttachment:PolicyAttachment",
        "securityhub/standardsSubscription:StandardsSubscription", "sns/topicSubscription:TopicSubscription",
        "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "s3/bucketLogging:BucketLogging",
        "s3/bucketNotification:BucketNotification", "s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        "s3/bucketOwnershipControls:BucketOwnershipControls", "s3/bucketPolicy:BucketPolicy",
        "s3/bucketObjectv2:BucketObjectv2",
        "s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "s3/bucketVersioning:BucketVersioning",
        "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "s3/accountPublicAccessBlock:AccountPublicAccessBlock", "sns/topicPolicy:TopicPolicy",
        "sqs/queuePolicy:QueuePolicy", "sqs/redriveAllowPolicy:RedriveAllowPolicy",
        "ec2/defaultRouteTable:DefaultRouteTable", "ec2/networkAcl:NetworkAcl",
        "ebs/encryptionByDefault:EncryptionByDefault", "ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess",
        "ec2/imageBlockPublicAccess:ImageBlockPublicAccess", "iam/accountPasswordPolicy:AccountPasswordPolicy",
        "ec2/instanceMetadataDefaults:InstanceMetadataDefaults", "ecr/lifecyclePolicy:LifecyclePolicy",
        "eks/podIdentityAssociation:PodIdentityAssociation", "rds/parameterGroup:ParameterGroup",
        "rds/subnetGroup:SubnetGroup", "redshiftdata/statement:Statement", "route53/record:Record", "redshiftserverless/usageLimit:UsageLimit",
        "vpc/securityGroupEgressRule:SecurityGroupEgressRule", "vpc/securityGroupIngressRule:SecurityGroupIngressRule", "budgets/budget:Budget", "lambda/permission:Permission",
    )
)  # fmt: skip
