"""Conditions between values of Azure resources. Leaves out those of one value alone (`infra/plan/values/`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from infra.plan.check.finding import at_path
from infra.plan.check.formats import iso_seconds
from infra.plan.check.joint.base import (
    Condition,
    Wrong,
    absent,
    at,
    excludes,
    given,
    is_open,
    only_with,
    ordered,
)
from infra.plan.model import Plan, Resource


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
    name, tier = str(at(one, "sku.name") or ""), at(one, "sku.tier")
    tiers = {"B": "Burstable", "D": "GeneralPurpose", "E": "MemoryOptimized"}
    wanted = tiers.get(name.removeprefix("Standard_")[:1])
    origin = "https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-compute"
    if wanted and tier and tier != wanted:
        yield Wrong("sku.tier", tier, f"{wanted}, as sku.name is {name}", origin)
    if wanted == "Burstable" and at(one, "highAvailability.mode") in ("ZoneRedundant", "SameZone"):
        yield Wrong("highAvailability.mode", at(one, "highAvailability.mode"), "Disabled in the Burstable tier", origin)  # fmt: skip


# ---- types that others use

_LEARN = "https://learn.microsoft.com/azure"


def _own_subnet(name: str) -> Condition:
    """Some services ask for a subnet of one name."""

    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        for place, value in at_path(one.inputs, "ipConfigurations[].subnet.id"):
            if str(value).rpartition("/")[2].lower() != name.lower():
                yield Wrong(place, value, f"a subnet called {name}", f"{_LEARN}/virtual-network/virtual-network-for-azure-services")  # fmt: skip

    return condition


def _app_size(one: Resource, _: Plan) -> Iterator[Wrong]:
    """In the consumption plan a container has twice as many GiB as cores."""
    profile = "workloadProfileName"
    if at(one, profile) not in (None, "Consumption") or is_open(one, profile):
        return
    containers = [c for _, c in at_path(one.inputs, "template.containers[].resources")]
    cores = [c.get("cpu") for c in containers]
    memory = [re.fullmatch(r"([\d.]+)Gi", str(c.get("memory"))) for c in containers]
    numbers = [float(c) for c in cores if re.fullmatch(r"[\d.]+", str(c))]
    if not containers or len(numbers) < len(cores) or None in memory:
        return
    total, gib = sum(numbers), sum(float(found[1]) for found in memory if found)
    origin = f"{_LEARN}/container-apps/containers#allocations"
    place = "template.containers[0].resources"
    if total % 0.25 or not 0.25 <= total <= 4:
        yield Wrong(f"{place}.cpu", total, "0.25 to 4 in quarters, all containers together", origin)
    elif gib != total * 2:
        yield Wrong(f"{place}.memory", f"{gib:g}Gi", f"{total * 2:g}Gi for {total:g} cores, all containers together", origin)  # fmt: skip


def _inflated(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = f"{_LEARN}/event-hubs/event-hubs-auto-inflate"
    most, now = at(one, "maximumThroughputUnits"), at(one, "sku.capacity")
    grows, tier = at(one, "isAutoInflateEnabled"), at(one, "sku.name")
    if grows is True and tier in ("Basic", "Premium"):
        yield Wrong("isAutoInflateEnabled", True, "false: only Standard inflates", origin)
    if grows is True and isinstance(most, int) and not max(now or 1, 1) <= most <= 40:
        yield Wrong("maximumThroughputUnits", most, f"{max(now or 1, 1)} to 40", origin)
    if absent(one, "isAutoInflateEnabled") and most:
        yield Wrong(
            "maximumThroughputUnits", most, "none unless isAutoInflateEnabled is true", origin
        )


def _partitions(one: Resource, plan: Plan) -> Iterator[Wrong]:
    origin = f"{_LEARN}/event-hubs/event-hubs-quotas"
    above = [r for r in plan.resources if r.type == "azure-native:eventhub:Namespace" and at(r, "namespaceName") == at(one, "namespaceName")]  # fmt: skip
    tier = at(above[0], "sku.name") if above else None
    count, days = at(one, "partitionCount"), at(one, "messageRetentionInDays")
    most = {"Basic": 32, "Standard": 32, "Premium": 100}.get(str(tier), 1024)
    if isinstance(count, int) and not 1 <= count <= most:
        yield Wrong("partitionCount", count, f"1 to {most} in the tier {tier or 'Dedicated'}", origin)  # fmt: skip
    kept = {"Basic": 1, "Standard": 7, "Premium": 90}.get(str(tier), 90)
    if isinstance(days, int) and not 1 <= days <= kept:
        yield Wrong("messageRetentionInDays", days, f"1 to {kept} in the tier {tier or 'Dedicated'}", origin)  # fmt: skip
    if tier == "Basic" and given(one, "captureDescription.enabled"):
        yield Wrong("captureDescription.enabled", True, "false in the tier Basic", origin)


def _replicas(one: Resource, _: Plan) -> Iterator[Wrong]:
    places = [value for _, value in at_path(one.inputs, "locations[].failoverPriority")]
    if places and sorted(places) != list(range(len(places))):
        yield Wrong("locations", places, "failoverPriority 0 for the one that is written, then 1, 2, …", f"{_LEARN}/cosmos-db/high-availability")  # fmt: skip


def _cache(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = f"{_LEARN}/azure-cache-for-redis/cache-overview#service-tiers"
    tier, family, size = at(one, "sku.name"), at(one, "sku.family"), at(one, "sku.capacity")
    wanted = {"Basic": "C", "Standard": "C", "Premium": "P"}.get(str(tier))
    if wanted and family and family != wanted:
        yield Wrong("sku.family", family, f"{wanted}, as sku.name is {tier}", origin)
    low, high = (1, 5) if wanted == "P" else (0, 6)
    if wanted and isinstance(size, int) and not low <= size <= high:
        yield Wrong("sku.capacity", size, f"{low} to {high} in the family {wanted}", origin)
    for path in ("shardCount", "subnetId", "replicasPerMaster", "replicasPerPrimary", "zones"):
        if wanted == "C" and given(one, path) and not (path == "zones" and tier == "Standard"):
            yield Wrong(path, at(one, path), "none below Premium", origin)


def _static(one: Resource, _: Plan) -> Iterator[Wrong]:
    way = at(one, "publicIPAllocationMethod")
    if at(one, "sku.name") == "Standard" and way == "Dynamic":
        yield Wrong("publicIPAllocationMethod", way, "Static, as sku.name is Standard", f"{_LEARN}/virtual-network/ip-services/public-ip-addresses")  # fmt: skip


def _account(one: Resource, _: Plan) -> Iterator[Wrong]:
    """What a storage account of a kind can be."""
    origin = f"{_LEARN}/storage/common/storage-account-overview"
    kind, sku = at(one, "kind"), str(at(one, "sku.name") or "")
    if kind in ("BlockBlobStorage", "FileStorage") and sku and not sku.startswith("Premium"):
        yield Wrong("sku.name", sku, f"Premium_…, as kind is {kind}", origin)
    if kind == "BlobStorage" and sku.startswith("Premium"):
        yield Wrong("sku.name", sku, "Standard_…, as kind is BlobStorage", origin)
    if sku.startswith("Premium") and at(one, "accessTier") in ("Hot", "Cool", "Cold"):
        yield Wrong("accessTier", at(one, "accessTier"), f"none or Premium, as sku.name is {sku}", origin)  # fmt: skip
    if (
        at(one, "enableNfsV3") is True
        and at(one, "isHnsEnabled") is not True
        and not is_open(one, "isHnsEnabled")
    ):
        yield Wrong("enableNfsV3", True, "only together with isHnsEnabled", f"{_LEARN}/storage/blobs/network-file-system-protocol-support")  # fmt: skip
    if (
        at(one, "isSftpEnabled") is True
        and at(one, "isHnsEnabled") is not True
        and not is_open(one, "isHnsEnabled")
    ):
        yield Wrong("isSftpEnabled", True, "only together with isHnsEnabled", f"{_LEARN}/storage/blobs/secure-file-transfer-protocol-support")  # fmt: skip


def _versions(one: Resource, plan: Plan) -> Iterator[Wrong]:
    """Blobs of a hierarchical account have no versions and no restore to a point in time."""
    account = next((r for r in plan.resources if r.type == "azure-native:storage:StorageAccount" and at(r, "accountName") == at(one, "accountName") and at(one, "accountName")), None)  # fmt: skip
    if account is not None and at(account, "isHnsEnabled") is True:
        for path in ("isVersioningEnabled", "restorePolicy.enabled"):
            if at(one, path) is True:
                yield Wrong(path, True, "false: the account is hierarchical (isHnsEnabled)", f"{_LEARN}/storage/blobs/storage-feature-support-in-storage-accounts")  # fmt: skip
    if at(one, "restorePolicy.enabled") is True:
        for path in ("isVersioningEnabled", "changeFeed.enabled", "deleteRetentionPolicy.enabled"):
            if at(one, path) is False or absent(one, path):
                yield Wrong("restorePolicy.enabled", True, f"only together with {path}", f"{_LEARN}/storage/blobs/point-in-time-restore-overview")  # fmt: skip
        undo, kept = at(one, "restorePolicy.days"), at(one, "deleteRetentionPolicy.days")
        if isinstance(undo, int) and isinstance(kept, int) and undo >= kept:
            yield Wrong("restorePolicy.days", undo, f"less than deleteRetentionPolicy.days, {kept}", f"{_LEARN}/storage/blobs/point-in-time-restore-overview")  # fmt: skip


def _vault(one: Resource, _: Plan) -> Iterator[Wrong]:
    if at(one, "properties.enablePurgeProtection") is False:
        yield Wrong("properties.enablePurgeProtection", False, "true, or nothing: it cannot be set to false", f"{_LEARN}/key-vault/general/soft-delete-overview")  # fmt: skip
    if at(one, "properties.enableSoftDelete") is False:
        yield Wrong("properties.enableSoftDelete", False, "true: it cannot be turned off", f"{_LEARN}/key-vault/general/soft-delete-change")  # fmt: skip


def _cluster_network(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = f"{_LEARN}/aks/concepts-network-cni-overview"
    stem = "networkProfile"
    plugin, mode = at(one, f"{stem}.networkPlugin"), at(one, f"{stem}.networkPluginMode")
    policy, plane = at(one, f"{stem}.networkPolicy"), at(one, f"{stem}.networkDataplane")
    if mode == "overlay" and plugin not in ("azure", None):
        yield Wrong(f"{stem}.networkPluginMode", mode, "none unless networkPlugin is azure", origin)
    if policy == "cilium" and plane != "cilium" and not is_open(one, f"{stem}.networkDataplane"):
        yield Wrong(f"{stem}.networkPolicy", policy, "cilium only where networkDataplane is cilium", origin)  # fmt: skip
    if policy == "azure" and plugin == "kubenet":
        yield Wrong(f"{stem}.networkPolicy", policy, "calico or none where networkPlugin is kubenet", origin)  # fmt: skip
    plain = all(absent(one, f"{stem}.{key}") for key in ("networkPluginMode", "networkDataplane"))
    if plugin == "azure" and plain and given(one, f"{stem}.podCidr"):
        yield Wrong(f"{stem}.podCidr", at(one, f"{stem}.podCidr"), "none unless networkPluginMode is overlay", origin)  # fmt: skip


def _search_size(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = f"{_LEARN}/search/search-limits-quotas-capacity"
    sku, copies, parts = at(one, "sku.name"), at(one, "replicaCount"), at(one, "partitionCount")
    most = {"free": (1, 1), "basic": (3, 3)}.get(str(sku), (12, 12))
    if isinstance(copies, int) and copies > most[0]:
        yield Wrong("replicaCount", copies, f"at most {most[0]} in {sku}", origin)
    if isinstance(parts, int) and parts > most[1]:
        yield Wrong("partitionCount", parts, f"at most {most[1]} in {sku}", origin)
    if isinstance(copies, int) and isinstance(parts, int) and copies * parts > 36:
        yield Wrong("replicaCount", copies, "at most 36 search units, replicas times partitions", origin)  # fmt: skip
    if at(one, "hostingMode") in ("highDensity", "HighDensity") and sku != "standard3":
        yield Wrong("hostingMode", at(one, "hostingMode"), "default unless sku.name is standard3", origin)  # fmt: skip


def _metric_window(one: Resource, _: Plan) -> Iterator[Wrong]:
    origin = f"{_LEARN}/azure-monitor/alerts/alerts-create-metric-alert-rule"
    often, looks = iso_seconds(at(one, "evaluationFrequency")), iso_seconds(at(one, "windowSize"))
    if often is not None and looks is not None and often > looks:
        yield Wrong("evaluationFrequency", at(one, "evaluationFrequency"), f"at most windowSize, {at(one, 'windowSize')}", origin)  # fmt: skip


def _rule_priority(one: Resource, _: Plan) -> Iterator[Wrong]:
    """In a security group no two rules of a direction have one priority."""
    rules = [rule for _, rule in at_path(one.inputs, "securityRules[]") if isinstance(rule, dict)]
    seen: set[tuple[Any, Any]] = set()
    for i, rule in enumerate(rules):
        mine = (rule.get("direction"), rule.get("priority"))
        if isinstance(mine[1], int) and mine in seen:
            yield Wrong(f"securityRules[{i}].priority", mine[1], f"a priority of its own among {mine[0]} rules", f"{_LEARN}/virtual-network/network-security-groups-overview")  # fmt: skip
        seen.add(mine)


def _bus_tier(one: Resource, plan: Plan) -> Iterator[Wrong]:
    above = [r for r in plan.resources if r.type == "azure-native:servicebus:Namespace" and at(r, "namespaceName") == at(one, "namespaceName")]  # fmt: skip
    if above and at(above[0], "sku.name") == "Basic":
        yield Wrong("namespaceName", at(one, "namespaceName"), "a namespace above Basic, which has no topics", f"{_LEARN}/service-bus-messaging/service-bus-premium-messaging")  # fmt: skip


def _bus(one: Resource, _: Plan) -> Iterator[Wrong]:
    tier, size = at(one, "sku.name"), at(one, "sku.capacity")
    if tier == "Premium" and size is not None and size not in (1, 2, 4, 8, 16):
        yield Wrong("sku.capacity", size, "1, 2, 4, 8 or 16", f"{_LEARN}/service-bus-messaging/service-bus-premium-messaging")  # fmt: skip


def _serverless(one: Resource, _: Plan) -> Iterator[Wrong]:
    serverless = "EnableServerless" in [name for _, name in at_path(one.inputs, "capabilities[].name")]  # fmt: skip
    places = one.inputs.get("locations")
    if serverless and isinstance(places, list) and len(places) > 1:
        yield Wrong("locations", len(places), "one region: the account is serverless", f"{_LEARN}/cosmos-db/serverless")  # fmt: skip


def _registry(one: Resource, _: Plan) -> Iterator[Wrong]:
    """What only the tier Premium has."""
    tier = at(one, "sku.name")
    private = at(one, "publicNetworkAccess") == "Disabled"
    for path in ("publicNetworkAccess", "encryption", "zoneRedundancy", "networkRuleSet", "dataEndpointEnabled"):  # fmt: skip
        asked = private if path == "publicNetworkAccess" else given(one, path) and at(one, path) != "Disabled"  # fmt: skip
        if asked and tier in ("Basic", "Standard"):
            yield Wrong(path, at(one, path), f"only in Premium, sku.name is {tier}", f"{_LEARN}/container-registry/container-registry-skus")  # fmt: skip


JOINT: dict[str, tuple[Condition, ...]] = {
    "azure-native:storage:ManagementPolicy": (_azure_lifecycle,),
    "azure-native:containerservice:AgentPool": (
        only_with("spotMaxPrice", "scaleSetPriority", ("Spot",), f"{_LEARN}/aks/spot-node-pool"),
        only_with(
            "scaleSetEvictionPolicy", "scaleSetPriority", ("Spot",), f"{_LEARN}/aks/spot-node-pool"
        ),
        _agent_pool,
    ),
    "azure-native:containerservice:ManagedCluster": (
        _cluster_network,
        _agent_pools,
    ),
    "azure-native:dbforpostgresql:Server": (_postgres_tier,),
    "azure-native:synapse:BigDataPool": (
        ordered("autoScale.minNodeCount", "autoScale.maxNodeCount", "Synapse"),
    ),
    "azure-native:app:ContainerApp": (
        _app_size,
        ordered(
            "template.scale.minReplicas",
            "template.scale.maxReplicas",
            f"{_LEARN}/container-apps/scale-app",
        ),
    ),
    "azure-native:app:Job": (_app_size,),
    "azure-native:eventhub:Namespace": (_inflated,),
    "azure-native:eventhub:EventHub": (_partitions,),
    "azure-native:cosmosdb:DatabaseAccount": (
        _serverless,
        _replicas,
    ),
    "azure-native:cosmosdb:SqlResourceSqlDatabase": (
        excludes(
            "options.throughput",
            "options.autoscaleSettings",
            f"{_LEARN}/cosmos-db/provision-throughput-autoscale",
        ),
    ),
    "azure-native:cosmosdb:SqlResourceSqlContainer": (
        excludes(
            "options.throughput",
            "options.autoscaleSettings",
            f"{_LEARN}/cosmos-db/provision-throughput-autoscale",
        ),
    ),
    "azure-native:cosmosdb:MongoDBResourceMongoDBDatabase": (
        excludes(
            "options.throughput",
            "options.autoscaleSettings",
            f"{_LEARN}/cosmos-db/provision-throughput-autoscale",
        ),
    ),
    "azure-native:cosmosdb:MongoDBResourceMongoDBCollection": (
        excludes(
            "options.throughput",
            "options.autoscaleSettings",
            f"{_LEARN}/cosmos-db/provision-throughput-autoscale",
        ),
    ),
    "azure-native:redis:Redis": (_cache,),
    "azure-native:network:PublicIPAddress": (_static,),
    "azure-native:storage:StorageAccount": (_account,),
    "azure-native:storage:BlobServiceProperties": (_versions,),
    "azure-native:keyvault:Vault": (_vault,),
    "azure-native:compute:VirtualMachine": (
        only_with(
            "evictionPolicy", "priority", ("Spot", "Low"), f"{_LEARN}/virtual-machines/spot-vms"
        ),
        only_with(
            "billingProfile", "priority", ("Spot", "Low"), f"{_LEARN}/virtual-machines/spot-vms"
        ),
    ),
    "azure-native:search:Service": (_search_size,),
    "azure-native:monitor:MetricAlert": (_metric_window,),
    "azure-native:network:NetworkSecurityGroup": (_rule_priority,),
    "azure-native:servicebus:Topic": (_bus_tier,),
    "azure-native:servicebus:Namespace": (_bus,),
    "azure-native:network:BastionHost": (_own_subnet("AzureBastionSubnet"),),
    "azure-native:network:AzureFirewall": (_own_subnet("AzureFirewallSubnet"),),
    "azure-native:network:VirtualNetworkGateway": (_own_subnet("GatewaySubnet"),),
    "azure-native:containerregistry:Registry": (_registry,),
}
