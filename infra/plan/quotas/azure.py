"""What a stack needs of an Azure subscription: cores by family, addresses, Synapse and Fabric, GPU machines, providers, roles.

Families as `az vm list-usage` names them: skypilot's fetcher of Azure's catalog (`fetch_azure.py`, 2026) for GPUs, Azure's
own list for the rest. A family that no source names is not guessed: the need then says how to look it up. Spot machines
of all families share one quota. Leaves out use so far (`live.py` asks).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from infra.plan.model import Plan, Resource
from infra.plan.query import at, every
from infra.plan.quotas.base import Need, asker, words
from infra.plan.quotas.permissions import as_of, wanted
from landfall.intent.gpu_regions import AS_OF, AZURE_MACHINE_REGIONS, SOURCES
from landfall.intent.machines import MACHINES

if TYPE_CHECKING:
    from landfall.intent import Intent

_FETCHER = "skypilot-org/skypilot sky/catalog/data_fetchers/fetch_azure.py; 0 in subscriptions that never asked"
FAMILIES = {
    "Standard_NC4as_T4_v3": "standardNCASv3_T4Family", "Standard_NC64as_T4_v3": "standardNCASv3_T4Family",
    "Standard_NV36ads_A10_v5": "StandardNVADSA10v5Family", "Standard_NV72ads_A10_v5": "StandardNVADSA10v5Family",
    "Standard_ND96asr_v4": "StandardNDASv4_A100Family", "Standard_ND96amsr_A100_v4": "standardNDAMSv4_A100Family",
    "Standard_NC24ads_A100_v4": "StandardNCADSA100v4Family", "Standard_NC48ads_A100_v4": "StandardNCADSA100v4Family",
    "Standard_NC96ads_A100_v4": "StandardNCADSA100v4Family", "Standard_NC40ads_H100_v5": "StandardNCadsH100v5Family",
    "Standard_NC80adis_H100_v5": "StandardNCadsH100v5Family", "Standard_ND96isr_H100_v5": "standardNDSH100v5Family",
    "Standard_D2as_v5": "standardDASv5Family", "Standard_D4as_v5": "standardDASv5Family",
    "Standard_D8as_v5": "standardDASv5Family",
}  # fmt: skip
_CORES = {"Standard_D2as_v5": 2, "Standard_D4as_v5": 4, "Standard_D8as_v5": 8}
_GPUS = {one.type: one for one in MACHINES["azure"]}
_PROVIDERS = {
    "privatedns": "Microsoft.Network", "network": "Microsoft.Network", "containerservice": "Microsoft.ContainerService",
    "containerregistry": "Microsoft.ContainerRegistry", "dbforpostgresql": "Microsoft.DBforPostgreSQL",
    "eventgrid": "Microsoft.EventGrid", "keyvault": "Microsoft.KeyVault", "managedidentity": "Microsoft.ManagedIdentity",
    "operationalinsights": "Microsoft.OperationalInsights", "monitor": "Microsoft.Insights", "storage": "Microsoft.Storage",
    "synapse": "Microsoft.Synapse", "fabric": "Microsoft.Fabric", "security": "Microsoft.Security", "logic": "Microsoft.Logic",
    "consumption": "Microsoft.Consumption", "compute": "Microsoft.Compute",
}  # fmt: skip


SPARK_NODES = {"Small": 4, "Medium": 8, "Large": 16, "XLarge": 32, "XXLarge": 64, "XXXLarge": 80}
"""vCores of a node: https://learn.microsoft.com/azure/synapse-analytics/spark/apache-spark-pool-configurations, 2026-11."""
_SPARK = "Apache Spark (vCore) per workspace"
_DTU = "https://learn.microsoft.com/azure/synapse-analytics/sql-data-warehouse/sql-data-warehouse-service-capacity-limits, 2026-11"
_DTU_OF_CDWU = 9
FABRIC = "CapacityQuota"
"""As `Microsoft.Fabric/locations/REGION/usages` (2023-11-01) calls the capacity units of a subscription in a region."""


def needs(plan: Plan, intent: Intent) -> Iterator[Need]:
    """All needs of the plan, quotas first."""
    yield from _cores(plan, intent)
    yield from _network(plan, intent)
    yield from _spark(plan, intent)
    yield from _warehouse(plan, intent)
    yield from _fabric(plan, intent)
    yield from _sold(plan, intent)
    yield from _providers(plan, intent)
    yield from _permissions(plan, intent)


def subscription_of(intent: Intent) -> str:
    """The subscription that quotas belong to; a placeholder where the plan creates it."""
    return str(getattr(intent.cloud, "subscription", None) or "SUBSCRIPTION_ID")


def _quota(
    intent: Intent, provider: str, name: str, amount: float, unit: str, default: float | None, source: str,
    why: tuple[str, ...], *, kind: str = "",
) -> Need:  # fmt: skip
    region = str(getattr(intent.cloud, "region", ""))
    scope = f"/subscriptions/{subscription_of(intent)}/providers/{provider}/locations/{region}"
    asked = f" --resource-type {kind}" if kind else ""
    return Need(
        "quota", name, name, region, amount, unit, default, source, why,
        show=f"az quota show --resource-name {name} --scope {scope}",
        request=f"az quota update --resource-name {name} --scope {scope} --limit-object value={amount:g}{asked}",
        text=words(intent.client.name, intent.environment, name, amount, unit, region, why), service=provider,
    )  # fmt: skip


def pools(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and settings of every pool of nodes: the cluster's own and those beside it."""
    for cluster in plan.of_type("azure-native:containerservice:ManagedCluster"):
        for one in every(dict(cluster.inputs), "agentPoolProfiles"):
            yield f"{cluster.name} {one.get('name')}", dict(one)
    for pool in plan.of_type("azure-native:containerservice:AgentPool"):
        yield pool.name, dict(pool.inputs)


def _cores(plan: Plan, intent: Intent) -> Iterator[Need]:
    amounts: dict[str, float] = defaultdict(float)
    why: dict[str, list[str]] = defaultdict(list)
    for name, pool in pools(plan):
        kind = str(pool.get("vmSize"))
        most = float(pool.get("maxCount") or pool.get("count") or 1)
        cores = most * (_GPUS[kind].vcpu if kind in _GPUS else _CORES[kind])
        family = FAMILIES.get(kind, f"the family of {kind}")
        if pool.get("scaleSetPriority") == "Spot":
            family = "lowPriorityCores"
        for quota in (family,) if family == "lowPriorityCores" else (family, "cores"):
            amounts[quota] += cores
            why[quota].append(f"pool {name} ({most:g} × {kind})")
    gpu = {FAMILIES.get(one) for one in _GPUS}
    for name, amount in sorted(amounts.items()):
        known = not name.startswith("the family of ")
        bought = "lowPriority" if name == "lowPriorityCores" else "dedicated"
        default, source = (0.0, _FETCHER) if name in gpu or not known else (None, "")
        need = _quota(intent, "Microsoft.Compute", name, amount, "vCPU", default, source, tuple(why[name]), kind=bought)  # fmt: skip
        if known:
            yield need
            continue
        size, region = name.removeprefix("the family of "), need.scope
        yield Need(
            "quota", name, name, region, amount, "vCPU", default, source, need.why, text=need.text, service=need.service,
            show=f"az vm list-skus --size {size} --location {region} --query '[].family'",
        )  # fmt: skip


def _network(plan: Plan, intent: Intent) -> Iterator[Need]:
    for type_, name in (
        ("PublicIPAddress", "PublicIPAddresses"),
        ("VirtualNetwork", "VirtualNetworks"),
    ):
        found = [one for one in plan.of_type(f"azure-native:network:{type_}") if not one.import_id]
        if found:
            names = tuple(one.name for one in found)
            yield _quota(intent, "Microsoft.Network", name, len(found), "", None, "", names)


def _by_workspace(plan: Plan, type_: str) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = defaultdict(list)
    for one in plan.of_type(f"azure-native:synapse:{type_}"):
        found[str(one.inputs.get("workspaceName"))].append(one)
    return found


def _case(
    intent: Intent, name: str, code: str, amount: float, unit: str, default: float | None, source: str,
    why: tuple[str, ...], kind: str,
) -> Need:  # fmt: skip
    """A quota that no command raises: only a support case does, under the name that the portal lists."""
    region = str(getattr(intent.cloud, "region", ""))
    said = words(intent.client.name, intent.environment, name, amount, unit, region, why)
    return Need(
        "quota", name, code, region, amount, unit, default, source, why, service="Microsoft.Synapse",
        text=f"{said} (Portal: Help + support, issue type “Service and subscription limits (quotas)”, quota type "
        f"“Azure Synapse Analytics”, {kind}.)",
    )  # fmt: skip


def _spark(plan: Plan, intent: Intent) -> Iterator[Need]:
    """The vCores of all pools of the workspace with the most: the limit counts a workspace's pools together."""
    amounts: dict[str, float] = {}
    why: dict[str, tuple[str, ...]] = {}
    for workspace, pools_ in _by_workspace(plan, "BigDataPool").items():
        told: list[str] = []
        amounts[workspace] = 0.0
        for pool in pools_:
            size = str(pool.inputs.get("nodeSize"))
            most = float(at(pool.inputs, "autoScale.maxNodeCount") or pool.inputs.get("nodeCount") or 3)  # fmt: skip
            amounts[workspace] += most * SPARK_NODES[size]
            told.append(f"Spark pool {pool.name} ({most:g} × {size})")
        why[workspace] = tuple(told)
    if amounts:
        most = max(amounts, key=lambda one: amounts[one])
        # What a workspace begins with depends on the kind of subscription; no page gives the numbers.
        yield _case(intent, _SPARK, "spark-vcores-per-workspace", amounts[most], "vCore", None, "", why[most], f"“{_SPARK}”")  # fmt: skip


def _warehouse(plan: Plan, intent: Intent) -> Iterator[Need]:
    """DTUs of a server, which dedicated pools count to even while they are paused."""
    units = {
        workspace: [(one, float(str(at(one.inputs, "sku.name")).strip("DWc"))) for one in found]
        for workspace, found in _by_workspace(plan, "SqlPool").items()
    }
    if units:
        most = max(units.values(), key=lambda found: sum(number for _, number in found))
        amount = _DTU_OF_CDWU * sum(number for _, number in most)
        why = tuple(f"dedicated SQL pool {one.name} ({at(one.inputs, 'sku.name')})" for one, _ in most)  # fmt: skip
        name = "Database Transaction Units per server"
        yield _case(intent, name, "dtu-per-server", amount, "DTU", 54_000, _DTU, why, "“SQL pool (DTU) per server”")  # fmt: skip


def _fabric(plan: Plan, intent: Intent) -> Iterator[Need]:
    """Capacity units of all Fabric capacities, counted by region; a capacity F16 is 16 of them."""
    found = plan.of_type("azure-native:fabric:FabricCapacity")
    if found:
        amount = sum(float(str(at(one.inputs, "sku.name"))[1:]) for one in found)
        why = tuple(f"Fabric capacity {one.name} ({at(one.inputs, 'sku.name')})" for one in found)
        need = _quota(intent, "Microsoft.Fabric", FABRIC, amount, "CU", None, "", why)
        yield replace(
            need, show=f"az rest --method get --url {usages_url(intent, 'Microsoft.Fabric')}"
        )


def usages_url(intent: Intent, provider: str) -> str:
    """Where a provider tells limits and use of a region, as `az rest` takes it."""
    region = str(getattr(intent.cloud, "region", ""))
    return (
        f"https://management.azure.com/subscriptions/{subscription_of(intent)}/providers/{provider}"
        f"/locations/{region}/usages?api-version=2023-11-01"
    )


def _sold(plan: Plan, intent: Intent) -> Iterator[Need]:
    region = str(getattr(intent.cloud, "region", ""))
    seen: dict[str, list[str]] = defaultdict(list)
    for name, pool in pools(plan):
        seen[str(pool.get("vmSize"))].append(name)
    for kind, names in sorted(seen.items()):
        gpu = _GPUS.get(kind)
        told = ""
        if gpu is not None:
            there = region in AZURE_MACHINE_REGIONS.get(kind, ())
            told = f"{'sold' if there else 'not sold'} in {region} by the dated table"
        yield Need(
            "machine", kind, kind, region, source=f"{SOURCES['azure']}, {AS_OF['azure']}" if gpu else "", why=tuple(names),
            show=f"az vm list-skus --size {kind} --location {region} --resource-type virtualMachines", said=told,
        )  # fmt: skip


def _providers(plan: Plan, intent: Intent) -> Iterator[Need]:
    modules = {one.type.split(":")[1] for one in plan.resources if one.type.startswith("azure-native:")}  # fmt: skip
    subscription = subscription_of(intent)
    namespaces = {_PROVIDERS[one] for one in modules if one in _PROVIDERS}
    clusters = plan.of_type("azure-native:containerservice:ManagedCluster")
    if any(at(one.inputs, "addonProfiles.azurepolicy.enabled") for one in clusters):
        # https://learn.microsoft.com/azure/governance/policy/concepts/policy-for-kubernetes
        namespaces.add("Microsoft.PolicyInsights")
    for name in sorted(namespaces):
        yield Need(
            "service", name, name, "global", why=("resource provider",),
            show=f"az provider show --namespace {name} --subscription {subscription} --query registrationState",
            request=f"az provider register --namespace {name} --subscription {subscription}",
        )  # fmt: skip
    for one in plan.of_type("azure-native:features:SubscriptionFeatureRegistration"):
        # The plan asks for it too, but Azure answers before it is there, and a cluster's pools want it.
        name, feature = one.inputs["providerNamespace"], one.inputs["featureName"]
        it = f"--namespace {name} --name {feature} --subscription {subscription}"
        yield Need(
            "service", f"{name}/{feature}", f"{name}/{feature}", "global", why=("feature",),
            show=f"az feature show {it} --query properties.state",
            request=f"az feature register {it} && az provider register --namespace {name} --subscription {subscription}",
        )  # fmt: skip


_ROLES = {
    "Microsoft.Authorization/policyAssignments": "Resource Policy Contributor",
    "Microsoft.Authorization/roleAssignments": "User Access Administrator",
    "Microsoft.Authorization/roleDefinitions": "User Access Administrator",
    "Microsoft.Authorization/locks": "User Access Administrator",
}
"""Actions that Contributor leaves out, and the role that has them."""


def _permissions(plan: Plan, intent: Intent) -> Iterator[Need]:
    subscription = subscription_of(intent)
    by_role: dict[str, list[str]] = {"Contributor": []}
    for action in wanted(one for one in plan.resources if one.type.startswith("azure-native:")):
        role = _ROLES.get(action.rpartition("/")[0], "Contributor")
        by_role.setdefault(role, []).append(action)
    for role, actions in by_role.items():
        yield Need(
            "permission", role, role, "global", why=("who applies the first time",), permissions=tuple(actions),
            source=f"permissions.yaml of {as_of()}",
            request=f"az role assignment create --assignee {asker(intent)} --role '{role}' "
            f"--scope /subscriptions/{subscription}",
        )  # fmt: skip
