"""Policies on what can be reached: no public addresses, no open doors, private control planes, flow logs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from infra.plan.model import UNKNOWN, Plan, Resource
from infra.plan.policies.base import Fault, on, over, resource
from infra.plan.query import at, every, refers
from landfall.intent import Intent
from landfall.intent.network import PUBLIC_RANGES, too_open

GKE = "gcp:container/cluster:Cluster"
EKS = "aws:eks/cluster:Cluster"
AKS = "azure-native:containerservice:ManagedCluster"

# Type → (path that says whether there is a public address, its value where there is none, the ranges that may reach it).
LIMITED = {
    EKS: ("vpcConfig.endpointPublicAccess", False, "vpcConfig.publicAccessCidrs"),
    AKS: (
        "apiServerAccessProfile.enablePrivateCluster",
        True,
        "apiServerAccessProfile.authorizedIPRanges",
    ),
}
# Type → (path, value it must have): what keeps a service off the internet.
PRIVATE: dict[str, tuple[tuple[str, Any], ...]] = {
    GKE: (
        ("privateClusterConfig.enablePrivateNodes", True),
        ("privateClusterConfig.enablePrivateEndpoint", True),
    ),
    EKS: (("vpcConfig.endpointPrivateAccess", True),),
    AKS: (("apiServerAccessProfile.disableRunCommand", True),),
    "gcp:sql/databaseInstance:DatabaseInstance": (("settings.ipConfiguration.ipv4Enabled", False),),
    "gcp:composer/environment:Environment": (("config.enablePrivateEnvironment", True),),
    "aws:rds/instance:Instance": (("publiclyAccessible", False),),
    "aws:redshiftserverless/workgroup:Workgroup": (
        ("publiclyAccessible", False),
        ("enhancedVpcRouting", True),
    ),
    "aws:mwaa/environment:Environment": (("webserverAccessMode", "PRIVATE_ONLY"),),
    "azure-native:keyvault:Vault": (("properties.publicNetworkAccess", "Disabled"),),
    "azure-native:containerregistry:Registry": (("publicNetworkAccess", "Disabled"),),
    "azure-native:synapse:Workspace": (("publicNetworkAccess", "Disabled"),),
    "azure-native:dbforpostgresql:Server": (("network.publicNetworkAccess", "Disabled"),),
    "azure-native:servicebus:Namespace": (("publicNetworkAccess", "Disabled"),),
}


@on(
    *PRIVATE,
    id="services-private",
    title="Clusters, databases, warehouses and registries have no public address, or a cluster's lets in listed ranges alone",
    rationale="What the internet cannot reach it cannot attack, whatever the next vulnerability is.",
    controls={
        "cis-gcp-3.0": ("6.5", "6.6"), "cis-aws-3.0": ("2.3.3",), "cis-azure-2.1": ("3.7",),
        "nist-800-53-r5": ("SC-7", "AC-4"), "iso-27001-2022": ("A.8.20", "A.8.22"),
    },
    passing=[
        resource("aws:rds/instance:Instance", publiclyAccessible=False),
        resource(EKS, vpcConfig={"endpointPublicAccess": False, "endpointPrivateAccess": True}),
        resource(EKS, vpcConfig={
            "endpointPublicAccess": True, "endpointPrivateAccess": True, "publicAccessCidrs": ["203.0.113.7/32"]}),
        resource(AKS, apiServerAccessProfile={"enablePrivateCluster": True, "disableRunCommand": True}),
        resource(AKS, apiServerAccessProfile={
            "authorizedIPRanges": ["203.0.113.7/32"], "disableRunCommand": True}),
    ],
    failing=[
        resource("aws:rds/instance:Instance", publiclyAccessible=True),
        resource(EKS, vpcConfig={"endpointPublicAccess": True, "endpointPrivateAccess": True}),
        resource(EKS, vpcConfig={"endpointPrivateAccess": True}),
        resource(EKS, vpcConfig={
            "endpointPublicAccess": True, "endpointPrivateAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}),
        resource(AKS, apiServerAccessProfile={"disableRunCommand": True}),
        resource(AKS, apiServerAccessProfile={"authorizedIPRanges": ["0.0.0.0/0"], "disableRunCommand": True}),
    ],
)  # fmt: skip
def _private(one: Resource) -> Iterable[str]:
    for path, wanted in PRIVATE[one.type]:
        found = at(one.inputs, path)
        # PostgreSQL in a delegated subnet has no public endpoint at all.
        if path == "network.publicNetworkAccess" and at(
            one.inputs, "network.delegatedSubnetResourceId"
        ):
            continue
        if found != wanted:
            yield f"{path} must be {wanted!r} (found: {found!r})"
    if one.type in LIMITED:
        path, hidden, ranges = LIMITED[one.type]
        if at(one.inputs, path) is not hidden:
            yield from _limited(ranges, at(one.inputs, ranges))


def _limited(path: str, ranges: Any) -> Iterator[str]:
    """A cluster's API may be reached from few and narrow public ranges (`network.api_from`), never from anywhere."""
    if not isinstance(ranges, list) or not 0 < len(ranges) <= PUBLIC_RANGES:
        yield f"{path} must list 1 to {PUBLIC_RANGES} ranges, as network.api_from does (found: {ranges!r})"
        return
    for text in ranges:
        if text != UNKNOWN and (fault := too_open(text)):
            yield f"{path}: {text} {fault}"


ANYWHERE = {"0.0.0.0/0", "::/0", "*", "Internet", "Any"}
FIREWALL = "gcp:compute/firewall:Firewall"
SG = "aws:ec2/securityGroup:SecurityGroup"
SG_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
SG_OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
NSG = "azure-native:network:NetworkSecurityGroup"
NSG_RULE = "azure-native:network:SecurityRule"
GCP_RULE = "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule"
SNOWFLAKE_RULE = "snowflake:index/networkRule:NetworkRule"
SNOWFLAKE_POLICY = "snowflake:index/networkPolicy:NetworkPolicy"


@on(
    FIREWALL, GCP_RULE, SG, SG_RULE, SG_OLD_RULE, NSG, NSG_RULE, SNOWFLAKE_RULE, SNOWFLAKE_POLICY,
    id="no-open-ingress",
    title="No rule lets the whole internet in",
    rationale="A door open to everybody is found within minutes.",
    controls={
        "cis-aws-3.0": ("5.2", "5.3"), "cis-gcp-3.0": ("3.6", "3.7"), "cis-azure-2.1": ("6.1", "6.2"),
        "nist-800-53-r5": ("SC-7",), "iso-27001-2022": ("A.8.20",),
    },
    passing=[
        resource(FIREWALL, direction="INGRESS", sourceRanges=["10.0.0.0/8"], allows=[{"protocol": "tcp"}]),
        resource(FIREWALL, direction="INGRESS", sourceRanges=["0.0.0.0/0"], denies=[{"protocol": "all"}]),
        resource(NSG, securityRules=[{"access": "Deny", "direction": "Inbound", "sourceAddressPrefix": "*"}]),
        resource(SNOWFLAKE_RULE, mode="EGRESS", type="IPV4", valueLists=["0.0.0.0/0"]),
    ],
    failing=[
        resource(FIREWALL, direction="INGRESS", sourceRanges=["0.0.0.0/0"], allows=[{"protocol": "tcp"}]),
        resource(SG, ingress=[{"cidrBlocks": ["0.0.0.0/0"], "fromPort": 22}]),
        resource(SG_RULE, cidrIpv4="0.0.0.0/0", ipProtocol="tcp"),
        resource(NSG, securityRules=[
            {"access": "Allow", "direction": "Inbound", "sourceAddressPrefix": "Internet"}]),
        resource(SNOWFLAKE_RULE, mode="INGRESS", type="IPV4", valueLists=["0.0.0.0/0"]),
        resource(SNOWFLAKE_POLICY, allowedIpLists=["0.0.0.0/0"]),
    ],
)  # fmt: skip
def _no_open_ingress(one: Resource) -> Iterable[str]:
    for source in open_sources(one):
        if source in ANYWHERE:
            yield f"lets {source} in"


def open_sources(one: Resource) -> list[Any]:
    """The ranges and tags that a firewall's rule, a cluster's API or Snowflake's network policy lets in."""
    inputs = one.inputs
    if one.type in LIMITED:
        return every(inputs, LIMITED[one.type][2])
    if one.type == SNOWFLAKE_POLICY:
        return every(inputs, "allowedIpLists")
    if one.type == SNOWFLAKE_RULE:
        # A rule without a mode is one for who comes in; an outward one says where Snowflake's own code may call.
        return every(inputs, "valueLists") if inputs.get("mode") != "EGRESS" else []
    if one.type == FIREWALL:
        inward = inputs.get("direction", "INGRESS") == "INGRESS" and inputs.get("allows")
        return list(inputs.get("sourceRanges", [])) if inward else []
    if one.type == GCP_RULE:
        inward = inputs.get("direction") == "INGRESS" and inputs.get("action") == "allow"
        return every(inputs, "match.srcIpRanges") if inward else []
    if one.type == SG:
        return every(inputs, "ingress.cidrBlocks") + every(inputs, "ingress.ipv6CidrBlocks")
    if one.type == SG_RULE:
        return [inputs.get("cidrIpv4"), inputs.get("cidrIpv6")]
    if one.type == SG_OLD_RULE:
        return every(inputs, "cidrBlocks") if inputs.get("type") == "ingress" else []
    rules = inputs.get("securityRules", []) if one.type == NSG else [inputs]
    return [
        source
        for rule in rules
        if rule.get("access") == "Allow" and rule.get("direction") == "Inbound"
        for source in [rule.get("sourceAddressPrefix"), *rule.get("sourceAddressPrefixes", [])]
    ]


@on(
    "gcp:compute/instance:Instance", "aws:ec2/subnet:Subnet", "aws:ec2/instance:Instance",
    "azure-native:network:NetworkInterface", "aws:ec2/launchTemplate:LaunchTemplate",
    id="no-public-workers",
    title="Workers get no public address",
    rationale="Workers go out through NAT and are reached by nobody.",
    controls={
        "cis-gcp-3.0": ("4.9",), "nist-800-53-r5": ("SC-7",), "iso-27001-2022": ("A.8.20",),
    },
    passing=[resource("aws:ec2/subnet:Subnet", mapPublicIpOnLaunch=False)],
    failing=[
        resource("aws:ec2/subnet:Subnet", mapPublicIpOnLaunch=True),
        resource("gcp:compute/instance:Instance", networkInterfaces=[{"accessConfigs": [{}]}]),
    ],
)  # fmt: skip
def _no_public_workers(one: Resource) -> Iterable[str]:
    inputs = one.inputs
    public = {
        "mapPublicIpOnLaunch": inputs.get("mapPublicIpOnLaunch"),
        "associatePublicIpAddress": inputs.get("associatePublicIpAddress"),
        "networkInterfaces.accessConfigs": bool(every(inputs, "networkInterfaces.accessConfigs")),
        "networkInterfaces.associatePublicIpAddress": any(
            flag in (True, "true")
            for flag in every(inputs, "networkInterfaces.associatePublicIpAddress")
        ),
        "ipConfigurations.publicIPAddress": bool(every(inputs, "ipConfigurations.publicIPAddress")),
    }
    for path, given in public.items():
        if given:
            yield f"{path} gives it a public address"


SUBNET = "gcp:compute/subnetwork:Subnetwork"
VPC = "aws:ec2/vpc:Vpc"
FLOW = "aws:ec2/flowLog:FlowLog"
VNET = "azure-native:network:VirtualNetwork"
VNET_FLOW = "azure-native:network:FlowLog"
# Subnets of these purposes carry no traffic of their own and take no flow logs.
_NO_LOGS = {"REGIONAL_MANAGED_PROXY", "PRIVATE_SERVICE_CONNECT", "GLOBAL_MANAGED_PROXY"}


@over(
    SUBNET, VPC, VNET,
    id="flow-logs",
    title="The network records who talked to whom",
    rationale="Without flow logs nobody can say afterwards what an intruder reached.",
    controls={
        "cis-aws-3.0": ("3.7",), "cis-gcp-3.0": ("3.8",), "cis-azure-2.1": ("5.1.6",),
        "nist-800-53-r5": ("AU-12", "SI-4"), "iso-27001-2022": ("A.8.15", "A.8.16"),
    },
    passing=[
        (resource(SUBNET, logConfig={"aggregationInterval": "INTERVAL_5_SEC"}),),
        (resource(VPC, "v"), resource(FLOW, refers={"vpcId": f"{VPC}::v"})),
    ],
    failing=[(resource(SUBNET),), (resource(VPC, "v"),), (resource(VNET, "v"),)],
)  # fmt: skip
def _flow_logs(plan: Plan, intent: Intent | None) -> Iterator[Fault]:
    if intent is not None and not intent.network.flow_logs:
        return  # the client's own answer, which `controls` then counts as not met
    for subnet in plan.of_type(SUBNET):
        if subnet.inputs.get("purpose") not in _NO_LOGS and not subnet.inputs.get("logConfig"):
            yield Fault(subnet, "logConfig is missing")
    for kind, log, key in ((VPC, FLOW, "vpcId"), (VNET, VNET_FLOW, "targetResourceId")):
        for network in plan.of_type(kind):
            if not any(refers(one, key, network) for one in plan.of_type(log)):
                yield Fault(network, "has no flow log")


_WAYS_OUT = (
    "gcp:compute/routerNat:RouterNat", "aws:ec2/natGateway:NatGateway",
    "azure-native:network:NatGateway", "aws:ec2/internetGateway:InternetGateway",
)  # fmt: skip


@over(
    *_WAYS_OUT,
    id="egress-as-asked",
    title="Where the intent wants no way out, none is built",
    rationale="Data leave through the ways out that nobody watches.",
    controls={"nist-800-53-r5": ("SC-7", "AC-4"), "iso-27001-2022": ("A.8.12", "A.8.22")},
)
def _egress(plan: Plan, intent: Intent | None) -> Iterator[Fault]:
    if intent is not None and intent.network.egress == "none":
        for one in plan.of_type(*_WAYS_OUT):
            yield Fault(one, "is a way to the internet, and network.egress is 'none'")


@over(
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", VPC,
    id="default-group-closed",
    title="A VPC's default security group lets nothing through",
    rationale="What is started without a group of its own lands in the default one.",
    controls={"cis-aws-3.0": ("5.4",), "nist-800-53-r5": ("SC-7",), "iso-27001-2022": ("A.8.20",)},
    passing=[
        (
            resource(VPC, "v"),
            resource("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", refers={"vpcId": f"{VPC}::v"}),
        )
    ],
    failing=[(resource(VPC, "v"),)],
)  # fmt: skip
def _default_group(plan: Plan, _: object) -> Iterator[Fault]:
    groups = plan.of_type("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    for network in plan.of_type(VPC):
        mine = [one for one in groups if refers(one, "vpcId", network)]
        if not mine:
            yield Fault(network, "its default security group is not taken over and emptied")
    for group in groups:
        if group.inputs.get("ingress") or group.inputs.get("egress"):
            yield Fault(group, "must hold no rules")
