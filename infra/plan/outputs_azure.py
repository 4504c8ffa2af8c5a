"""Ids and addresses in the form that Azure gives them, for outputs that a plan makes up.

The namespaces are those of the resource types that `infra/azure/` builds; another falls back on its
module's name. Source: https://learn.microsoft.com/azure/azure-resource-manager/management/azure-services-resource-providers.
"""

from __future__ import annotations

from infra.plan.model import Resource

SUBSCRIPTION = "66666666-7777-8888-9999-000000000000"
TENANT = "11111111-2222-3333-4444-555555555555"
_NAMESPACES = {
    "authorization": "Microsoft.Authorization",
    "compute": "Microsoft.Compute",
    "consumption": "Microsoft.Consumption",
    "containerregistry": "Microsoft.ContainerRegistry",
    "containerservice": "Microsoft.ContainerService",
    "dbforpostgresql": "Microsoft.DBforPostgreSQL",
    "eventgrid": "Microsoft.EventGrid",
    "fabric": "Microsoft.Fabric",
    "keyvault": "Microsoft.KeyVault",
    "logic": "Microsoft.Logic",
    "managedidentity": "Microsoft.ManagedIdentity",
    "management": "Microsoft.Management",
    "monitor": "Microsoft.Insights",
    "network": "Microsoft.Network",
    "operationalinsights": "Microsoft.OperationalInsights",
    "privatedns": "Microsoft.Network",
    "security": "Microsoft.Security",
    "storage": "Microsoft.Storage",
    "synapse": "Microsoft.Synapse",
}
_PATHS = {
    "ActionGroup": "actionGroups",
    "AgentPool": "managedClusters/{resourceName}/agentPools",
    "BlobContainer": "storageAccounts/{accountName}/blobServices/default/containers",
    "FabricCapacity": "capacities",
    "FirewallPolicy": "firewallPolicies",
    "Key": "vaults/{vaultName}/keys",
    "PrivateZone": "privateDnsZones",
    "PublicIPAddress": "publicIPAddresses",
    "Queue": "storageAccounts/{accountName}/queueServices/default/queues",
    "Registry": "registries",
    "Server": "flexibleServers",
    "SqlPool": "workspaces/{workspaceName}/sqlPools",
    "BigDataPool": "workspaces/{workspaceName}/bigDataPools",
    "Subnet": "virtualNetworks/{virtualNetworkName}/subnets",
    "UserAssignedIdentity": "userAssignedIdentities",
}
"""Types whose path is not `<type>s`, with the inputs that name what they lie in."""


def azure_id(one: Resource, name: str) -> str:
    """The resource id of a resource whose own name is `name`."""
    _, module, kind = one.type.split(":")
    module = module.split("/")[0]
    subscription = f"/subscriptions/{SUBSCRIPTION}"
    if kind == "ResourceGroup":
        return f"{subscription}/resourceGroups/{name}"
    if kind == "ManagementGroup":
        return f"/providers/Microsoft.Management/managementGroups/{one.inputs.get('groupId', name)}"
    provider = _NAMESPACES.get(module, f"Microsoft.{module.capitalize()}")
    scope = one.inputs.get("scope")
    group = one.inputs.get("resourceGroupName")
    if isinstance(scope, str):
        start = scope
        guid = one.inputs.get(f"{kind[0].lower()}{kind[1:]}Name") or one.inputs.get(
            "roleDefinitionId"
        )
        name = str(guid or name)
    else:
        start = f"{subscription}/resourceGroups/{group}" if group else subscription
    path = _PATHS.get(kind, f"{kind[0].lower()}{kind[1:]}s")
    inner = path.format_map({**dict.fromkeys(_INSIDE, "parent"), **_texts(one)})
    return f"{start}/providers/{provider}/{inner}/{name}"


_INSIDE = ("accountName", "resourceName", "vaultName", "virtualNetworkName", "workspaceName")


def _texts(one: Resource) -> dict[str, str]:
    return {key: one.inputs[key] for key in _INSIDE if isinstance(one.inputs.get(key), str)}


def azure_text(one: Resource, name: str, own: str) -> str | None:
    """A computed text that programs take apart; None where any text will do."""
    lowered = name.lower()
    if lowered in ("tenantid", "principalid", "clientid", "customerid"):
        return TENANT
    if lowered == "subscriptionid":
        return SUBSCRIPTION
    if lowered == "vaulturi":
        return f"https://{own}.vault.azure.net/"
    if lowered in ("keyuri", "keyuriwithversion"):
        uri = f"https://{one.inputs.get('vaultName')}.vault.azure.net/keys/{own}"
        return uri if lowered == "keyuri" else f"{uri}/{'0' * 32}"
    if lowered == "loginserver":
        return f"{own}.azurecr.io"
    if lowered == "fullyqualifieddomainname":
        return f"{own}.postgres.database.azure.com"
    return None
