"""What Azure resources cost. Rates by sku in `infra/plan/prices/`; free types are named at the end."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from infra.plan.cost.base import FREE, HOURS, Line, Pricing, gpu_lines, node_range, prices
from infra.plan.cost.usage import Range, zone_share
from infra.plan.model import Resource
from infra.plan.query import at, every
from landfall.intent.machines import MACHINES

_GPU = {machine.type for machine in MACHINES["azure"]}


@prices("azure-native:storage:StorageAccount")
def _storage(one: Resource, p: Pricing) -> Iterable[Line]:
    lake = at(dict(one.inputs), "isHnsEnabled") is True
    stored = p.usage.lake_gb if lake else p.usage.log_gb.times(12)
    redundancy = str(at(dict(one.inputs), "sku.name") or "Standard_LRS").rpartition("_")[2].lower()
    yield from p.line(one, "storage", f"blob.hot.{redundancy}.gb", stored)


@prices("azure-native:network:NatGateway")
def _nat(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "network", "nat.hour", HOURS)
    yield from p.line(one, "network", "nat.gb", p.usage.egress_gb)


@prices("azure-native:network:AzureFirewall")
def _firewall(one: Resource, p: Pricing) -> Iterable[Line]:
    tier = str(at(dict(one.inputs), "sku.tier") or "Standard").lower()
    yield from p.line(one, "network", f"firewall.{tier}.hour", HOURS)
    yield from p.line(one, "network", f"firewall.{tier}.gb", p.usage.egress_gb)


@prices("azure-native:network:PrivateEndpoint")
def _endpoint(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "network", "private.endpoint.hour", HOURS)


@prices("azure-native:privatedns:PrivateZone")
def _zone(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "network", "dns.private.zone", 1)


@prices("azure-native:network:PublicIPAddress")
def _address(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "network", "public.ip.hour", HOURS)


@prices("azure-native:keyvault:Vault")
def _vault(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "security", "vault.10k", p.usage.requests_million.times(10))


@prices("azure-native:operationalinsights:Workspace")
def _logs(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "logs", "logs.gb", p.usage.log_gb)


@prices("azure-native:containerservice:ManagedCluster")
def _cluster(one: Resource, p: Pricing) -> Iterable[Line]:
    inputs = dict(one.inputs)
    if at(inputs, "sku.tier") in ("Standard", "Premium"):
        yield from p.line(one, "cluster", "aks.standard.hour", HOURS)
    for pool in every(inputs, "agentPoolProfiles"):
        yield from _pool(one, pool, p)


@prices("azure-native:containerservice:AgentPool")
def _agents(one: Resource, p: Pricing) -> Iterable[Line]:
    kind = str(one.inputs.get("vmSize"))
    if kind in _GPU:
        capacity = "spot" if one.inputs.get("scaleSetPriority") == "Spot" else "on-demand"
        if one.inputs.get("capacityReservationGroupID"):
            capacity = "reservation"
        yield from gpu_lines(one, p, kind, capacity, int(one.inputs.get("maxCount") or 1))
        return
    yield from _pool(one, dict(one.inputs), p)


def _pool(one: Resource, pool: dict[str, Any], p: Pricing) -> Iterable[Line]:
    least = float(pool.get("minCount") or pool.get("count") or 0)
    nodes = node_range(least, float(pool.get("maxCount") or least), p.usage)
    note = f"{nodes.low:g} to {nodes.high:g} nodes"
    yield from p.line(
        one, "cluster", f"{pool.get('vmSize')}.ondemand", nodes.times(HOURS), note=note
    )
    if pool.get("osDiskType") != "Ephemeral":
        disks = nodes.times(max(1.0, float(pool.get("osDiskSizeGB") or 128) / 128))
        yield from p.line(one, "cluster", "disk.p10", disks, note=note)


@prices("azure-native:dbforpostgresql:Server")
def _database(one: Resource, p: Pricing) -> Iterable[Line]:
    inputs = dict(one.inputs)
    copies = 2 if at(inputs, "highAvailability.mode") in ("ZoneRedundant", "SameZone") else 1
    sku = str(at(inputs, "sku.name"))
    general = re.fullmatch(r"Standard_D(\d+)ads_v5", sku)
    note = "two zones" if copies > 1 else ""
    if general:
        hours = HOURS * copies * int(general[1])
        yield from p.line(one, "database", "postgres.gp.vcore.hour", hours, note=note)
    else:
        yield from p.line(one, "database", f"postgres.{sku}", HOURS * copies, note=note)
    stored = float(at(inputs, "storage.storageSizeGB") or 32) * copies
    yield from p.line(one, "database", "postgres.gb", stored)


@prices("azure-native:containerregistry:Registry")
def _images(one: Resource, p: Pricing) -> Iterable[Line]:
    tier = str(at(dict(one.inputs), "sku.name") or "Basic").lower()
    yield from p.line(one, "storage", f"acr.{tier}.day", HOURS / 24)


@prices("azure-native:synapse:BigDataPool")
def _spark(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "spark", "synapse.spark.vcore.hour", p.usage.spark_vcpu_hours)


@prices("azure-native:synapse:SqlPool")
def _pool_sql(one: Resource, p: Pricing) -> Iterable[Line]:
    sku = str(at(dict(one.inputs), "sku.name") or "DW100c")
    units = float(sku.removeprefix("DW").removesuffix("c")) / 100
    yield from p.line(
        one,
        "warehouse",
        "synapse.dw100.hour",
        p.usage.warehouse_hours.times(units),
        note=f"{sku}, paused when idle",
    )
    stored = p.usage.lake_gb.times(zone_share("gold") / 1000)
    yield from p.line(one, "warehouse", "synapse.storage.tb", stored)


@prices("azure-native:fabric:FabricCapacity")
def _fabric(one: Resource, p: Pricing) -> Iterable[Line]:
    sku = str(at(dict(one.inputs), "sku.name") or "F2")
    units = float(sku.removeprefix("F"))
    hours = Range(p.usage.warehouse_hours.low, HOURS, HOURS).times(units)
    yield from p.line(
        one, "warehouse", "fabric.cu.hour", hours, note=f"{sku}; low: paused when idle"
    )


@prices("azure-native:servicebus:Namespace")
def _bus(one: Resource, p: Pricing) -> Iterable[Line]:
    tier = str(at(dict(one.inputs), "sku.name") or "Standard").lower()
    yield from p.line(one, "events", f"servicebus.{tier}.hour", HOURS)


@prices("azure-native:eventgrid:SystemTopic")
def _events(one: Resource, p: Pricing) -> Iterable[Line]:
    yield from p.line(one, "events", "eventgrid.million", Range(0.01, 0.1, 1))


@prices("azure-native:logic:Workflow")
def _workflow(one: Resource, p: Pricing) -> Iterable[Line]:
    """The stop of the budget: a few runs in a bad month, of some tens of actions each."""
    yield from p.line(one, "budget", "logic.action", Range(0, 50, 500))


@prices("azure-native:network:FlowLog")
def _flows(one: Resource, p: Pricing) -> Iterable[Line]:
    logs = max(1, len(p.plan.of_type(one.type)))
    yield from p.line(one, "logs", "flowlog.gb", p.usage.log_gb.times(1 / logs))


@prices("azure-native:security:Pricing")
def _defender(one: Resource, p: Pricing) -> Iterable[Line]:
    """Defender for Cloud, by what it watches: the plan's accounts, vaults, servers and the cores of its pools."""
    if one.inputs.get("pricingTier") != "Standard":
        return
    name = str(one.inputs.get("pricingName")).lower()
    watched = {
        "storageaccounts": "azure-native:storage:StorageAccount", "keyvaults": "azure-native:keyvault:Vault",
        "opensourcerelationaldatabases": "azure-native:dbforpostgresql:Server",
    }  # fmt: skip
    amount: Range | float = 1.0
    if name in watched:
        amount = float(max(1, len(p.plan.of_type(watched[name]))))
    elif name == "containers":
        amount = Range(4, 16, 80)
    yield from p.line(one, "security", f"defender.{name}", amount)


FREE.update(
    f"azure-native:{kind}"
    for kind in (
        "resources:ResourceGroup", "resources:Deployment", "network:VirtualNetwork", "network:Subnet", "network:RouteTable",
        "network:NetworkSecurityGroup", "network:SecurityRule", "authorization:RoleAssignment",
        "authorization:RoleDefinition", "authorization:PolicyAssignment", "storage:BlobContainer",
        "managedidentity:UserAssignedIdentity", "managedidentity:FederatedIdentityCredential",
        "keyvault:Key", "keyvault:Secret", "consumption:Budget", "monitor:ActionGroup",
        "authorization:ManagementLockByScope", "compute:CapacityReservation", "compute:CapacityReservationGroup",
        "compute:DiskEncryptionSet", "containerservice:MaintenanceConfiguration",
        "dbforpostgresql:AdministratorsMicrosoftEntra", "dbforpostgresql:Configuration", "dbforpostgresql:Database",
        "eventgrid:SystemTopicEventSubscription", "features:SubscriptionFeatureRegistration",
        "management:ManagementGroup", "monitor:DiagnosticSetting", "monitor:SubscriptionDiagnosticSetting",
        "network:FirewallPolicy", "network:FirewallPolicyRuleCollectionGroup", "network:PrivateDnsZoneGroup",
        "network:VirtualNetworkPeering", "privatedns:PrivateRecordSet", "privatedns:VirtualNetworkLink",
        "security:SecurityContact", "storage:BlobContainerImmutabilityPolicy", "storage:BlobServiceProperties",
        "storage:ManagementPolicy", "storage:Queue", "subscription:Alias", "synapse:SqlPoolTransparentDataEncryption",
        "synapse:Workspace", "synapse:WorkspaceSqlAadAdmin",
    )
)  # fmt: skip
