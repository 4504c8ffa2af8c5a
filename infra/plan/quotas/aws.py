"""What a stack needs of an AWS account: service quotas by code, GPU machines in the region, permissions.

Quotas of EC2 machines count vCPUs by family and by way of buying. Defaults: Service Quotas, as
moto 5.2.5 lists them for the VPC (`moto/servicequotas/resources/default_quotas/vpc.py`) and as the services' own pages
say for the rest. Leaves out how much of a quota is used already (`live.py` asks).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.plan.model import Plan, Resource
from infra.plan.query import at, every
from infra.plan.quotas.base import Need, words
from infra.plan.quotas.permissions import as_of, wanted
from landfall.intent.gpu_regions import AS_OF, AWS_MACHINE_REGIONS, SOURCES
from landfall.intent.machines import MACHINES

if TYPE_CHECKING:
    from landfall.intent import Intent

_VPC = "moto 5.2.5, default quotas of the VPC"
_ACCOUNTS = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"
_EC2 = "https://docs.aws.amazon.com/general/latest/gr/ec2-service.html"
# Family of machine types → (name, code on demand, name on spot, code on spot). Which family counts where is listed,
# never guessed from a first letter.
_STANDARD = (
    "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", "L-1216C47A",
    "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", "L-34B43A08",
)  # fmt: skip
_G = (
    "Running On-Demand G and VT instances", "L-DB2E81BA", "All G and VT Spot Instance Requests", "L-3819A6DF",
)  # fmt: skip
_P = ("Running On-Demand P instances", "L-417A185B", "All P Spot Instance Requests", "L-7212CCBC")
FAMILIES = {
    "m6i": _STANDARD, "m7i": _STANDARD, "g4dn": _G, "g5": _G, "g6": _G, "g6e": _G, "p4d": _P, "p4de": _P, "p5": _P,
    "p5en": _P, "p6-b200": _P,
}  # fmt: skip
_VCPU = {"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16}
# Type → (service, code, name, default, source).
_COUNTED = {
    "aws:ec2/eip:Eip": ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5, _EC2),
    "aws:ec2/vpc:Vpc": ("vpc", "L-F678F1CE", "VPCs per Region", 5, _VPC),
    "aws:ec2/internetGateway:InternetGateway": ("vpc", "L-A4707A72", "Internet gateways per Region", 5, _VPC),
    "aws:s3/bucket:Bucket": ("s3", "L-DC2B2D3D", "Buckets", 10_000, "https://aws.amazon.com/about-aws/whats-new/2024/11/"),
    "aws:eks/cluster:Cluster": ("eks", "L-1194D53C", "Clusters", None, ""),
}  # fmt: skip
_SERVICES = {
    "cfg": "config", "ec2transitgateway": "ec2", "vpc": "ec2", "ebs": "ec2", "networkfirewall": "network-firewall",
    "redshiftserverless": "redshift-serverless", "redshiftdata": "redshift-data", "emrserverless": "emr-serverless",
    "mwaa": "airflow", "accessanalyzer": "access-analyzer", "cloudwatch": "logs",
}  # fmt: skip


def needs(plan: Plan, intent: Intent) -> Iterator[Need]:
    """All needs of the plan, quotas first."""
    yield from _machines(plan, intent)
    yield from _counted(plan, intent)
    yield from _endpoints(plan, intent)
    yield from _spark(plan, intent)
    yield from _sold(plan, intent)
    yield from _permissions(plan)


def _quota(
    intent: Intent, service: str, code: str, name: str, amount: float, unit: str, default: float | None, source: str,
    why: tuple[str, ...], region: str = "",
) -> Need:  # fmt: skip
    region = region or str(getattr(intent.cloud, "region", ""))
    what = f"--service-code {service} --quota-code {code}"
    return Need(
        "quota", name, code, region, amount, unit, default, source, why,
        show=f"aws service-quotas get-service-quota {what} --region {region}",
        request=f"aws service-quotas request-service-quota-increase {what} --desired-value {amount:g} --region {region}",
        text=words(intent.client.name, intent.environment, name, amount, unit, region, why), service=service,
    )  # fmt: skip


def vcpus(kind: str) -> int:
    """vCPUs of a machine type; raises KeyError for one that no table holds."""
    for one in MACHINES["aws"]:
        if one.type == kind:
            return one.vcpu
    return _VCPU[kind.partition(".")[2]]


def _machines(plan: Plan, intent: Intent) -> Iterator[Need]:
    amounts: dict[tuple[str, str], float] = defaultdict(float)
    why: dict[tuple[str, str], list[str]] = defaultdict(list)
    for group in plan.of_type("aws:eks/nodeGroup:NodeGroup"):
        kind = str((every(dict(group.inputs), "instanceTypes") or ["m7i.large"])[0])
        if group.inputs.get("capacityType") == "CAPACITY_BLOCK":
            continue  # a block is bought beforehand and counts to no quota
        family = FAMILIES[kind.partition(".")[0]]
        spot = group.inputs.get("capacityType") == "SPOT"
        key = (family[2], family[3]) if spot else (family[0], family[1])
        most = float(at(group.inputs, "scalingConfig.maxSize") or 1)
        amounts[key] += most * vcpus(kind)
        why[key].append(f"node group {group.name} ({most:g} × {kind})")
    for (name, code), amount in sorted(amounts.items()):
        default = 5.0 if code in (_STANDARD[1], _STANDARD[3]) else 0.0
        yield _quota(
            intent, "ec2", code, name, amount, "vCPU", default, _EC2,
            tuple(why[name, code]),
        )  # fmt: skip


def _counted(plan: Plan, intent: Intent) -> Iterator[Need]:
    for type_, (service, code, name, default, source) in _COUNTED.items():
        found = [one for one in plan.of_type(type_) if not one.import_id]
        if found:
            yield _quota(
                intent, service, code, name, len(found), "", default, source, _names(found)
            )
    accounts = plan.of_type("aws:organizations/account:Account")
    if accounts:
        # Of the whole organization, asked for from its management account, and only where the service lies.
        yield _quota(
            intent, "organizations", "L-E619E033", "Default maximum number of accounts", len(accounts), "", 10,
            _ACCOUNTS, _names(accounts), "us-east-1",
        )  # fmt: skip
    gateways = plan.of_type("aws:ec2/natGateway:NatGateway")
    if gateways:
        name = "NAT gateways per Availability Zone"
        yield _quota(intent, "vpc", "L-FE5A380F", name, 1, "", 5, _VPC, _names(gateways))


def _endpoints(plan: Plan, intent: Intent) -> Iterator[Need]:
    by_vpc: dict[str, list[Resource]] = defaultdict(list)
    for one in plan.of_type("aws:ec2/vpcEndpoint:VpcEndpoint"):
        if one.inputs.get("vpcEndpointType") == "Interface":
            by_vpc[str(one.inputs.get("vpcId"))].append(one)
    if by_vpc:
        most = max(by_vpc.values(), key=len)
        name = "Interface VPC endpoints per VPC"
        yield _quota(intent, "vpc", "L-29B6F2EB", name, len(most), "", 50, _VPC, _names(most))


def _spark(plan: Plan, intent: Intent) -> Iterator[Need]:
    for one in plan.of_type("aws:emrserverless/application:Application"):
        cpu = str(at(one.inputs, "maximumCapacity.cpu") or "").partition(" ")[0]
        if cpu:
            yield _quota(
                intent, "emr-serverless", "L-D05C8A75", "Max concurrent vCPUs per account", float(cpu), "vCPU", 16,
                "https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/endpoints-quotas.html", (one.name,),
            )  # fmt: skip


def _sold(plan: Plan, intent: Intent) -> Iterator[Need]:
    region = str(getattr(intent.cloud, "region", ""))
    kinds: dict[str, list[str]] = defaultdict(list)
    for group in plan.of_type("aws:eks/nodeGroup:NodeGroup"):
        for kind in every(dict(group.inputs), "instanceTypes"):
            kinds[str(kind)].append(group.name)
    for kind, groups in sorted(kinds.items()):
        gpu = next((one.accelerator for one in MACHINES["aws"] if one.type == kind), "")
        yield Need(
            "machine", kind, kind, region, source=f"{SOURCES['aws']}, {AS_OF['aws']}" if gpu else "", why=tuple(groups),
            show=f"aws ec2 describe-instance-type-offerings --location-type availability-zone --filters Name=instance-type,Values={kind} --region {region}",
            said="" if not gpu else f"sold in {region} by the dated table" if region in AWS_MACHINE_REGIONS.get(kind, ()) else f"not sold in {region} by the dated table",
        )  # fmt: skip


def _permissions(plan: Plan) -> Iterator[Need]:
    services = {one.type.split(":")[1].partition("/")[0] for one in plan.resources if one.type.startswith("aws:")}  # fmt: skip
    prefixes = sorted({_SERVICES.get(one, one) for one in services} | {"sts", "iam", "kms"})
    actions = wanted(one for one in plan.resources if one.type.startswith("aws:"))
    yield Need(
        "permission", f"an identity for {len(prefixes)} services", ",".join(prefixes), "global", why=("every resource of the plan",),
        show="aws sts get-caller-identity", permissions=actions, source=f"permissions.yaml of {as_of()}",
        text=f"The identity that runs `pulumi up` the first time creates and tags resources of these services: {', '.join(prefixes)}. "
        f"Those are {len(actions)} actions, which --output json lists. Afterwards the deploy role of the identity layer is enough, "
        "where the intent has Jenkins.",
    )  # fmt: skip


def _names(found: list[Resource]) -> tuple[str, ...]:
    return tuple(one.name for one in found)
