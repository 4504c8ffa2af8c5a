"""How every Synapse workspace is made: in a managed network that lets no data out, our key, Entra only.

Synapse's own roles lie in its data plane and are no resources of Azure: who may submit or query is granted
once, by the person who made the workspace (its first administrator). So is the approval of the workspace's
private endpoint to the lake (`az network private-endpoint-connection approve`). Leaves out pools.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import synapse

from infra.azure.accounts import key_parts
from infra.azure.groups import group, group_id, group_name
from infra.azure.provider import region_of
from infra.azure.roles import grant, in_force, role_id
from infra.azure.vault import key_id, tenant_of
from infra.azure.watch import watch
from infra.contract import Foundation, Lake, Text
from infra.scope import Scope

KEY_NAME = "platform"


def build_workspace(
    scope: Scope, parent: pulumi.Resource, name: str, foundation: Foundation, lake: Lake
) -> tuple[synapse.Workspace, synapse.Key]:
    """A workspace whose default storage is the artifacts zone, and its key in force, for which pools and
    administrators wait; `name` is `spark` or `warehouse`.

    The workspace uses the key as itself: an identity of ours cannot, behind the vault's firewall
    (https://learn.microsoft.com/azure/synapse-analytics/security/workspaces-encryption). So it is made first, and
    activated once it may use the key.
    """
    security = foundation.security
    account = lake.storage_options.apply(lambda options: options["account_name"])
    account_id = pulumi.Output.concat(
        group_id(scope, foundation.organization, "data"),
        "/providers/Microsoft.Storage/storageAccounts/",
        account,
    )
    vault, key = key_parts(security.keys["data"])
    key_url = pulumi.Output.concat(vault, "/keys/", key)
    workspace = synapse.Workspace(
        f"{name}-workspace",
        synapse.WorkspaceArgs(
            workspace_name=scope.name("synapse", name),
            resource_group_name=group(scope, foundation.organization, "data"),
            managed_resource_group_name=group_name(scope, f"{name}-managed"),
            location=region_of(scope),
            azure_ad_only_authentication=True,
            public_network_access="Disabled",
            trusted_service_bypass_enabled=False,
            managed_virtual_network="default",
            managed_virtual_network_settings=synapse.ManagedVirtualNetworkSettingsArgs(
                prevent_data_exfiltration=True,
                linked_access_check_on_target_resource=True,
                allowed_aad_tenant_ids_for_linking=[tenant_of(scope)],
            ),
            default_data_lake_storage=synapse.DataLakeStorageAccountDetailsArgs(
                account_url=account.apply(lambda one: f"https://{one}.dfs.core.windows.net"),
                filesystem=lake.buckets["artifacts"].apply(lambda one: one.partition("/")[2]),
                resource_id=account_id,
                create_managed_private_endpoint=True,
            ),
            identity=synapse.ManagedIdentityArgs(type=synapse.ResourceIdentityType.SYSTEM_ASSIGNED),
            encryption=synapse.EncryptionDetailsArgs(
                cmk=synapse.CustomerManagedKeyDetailsArgs(
                    key=synapse.WorkspaceKeyDetailsArgs(name=KEY_NAME, key_vault_url=key_url),
                    kek_identity=synapse.KekIdentityPropertiesArgs(
                        use_system_assigned_identity=True
                    ),
                )
            ),
            tags=scope.labels,
        ),
        scope.stateful(parent),
    )
    active = _activate(scope, parent, name, foundation, workspace, key_url)
    artifacts = lake.buckets["artifacts"].apply(lambda one: one.partition("/")[2])
    grant(
        scope,
        parent,
        f"{name}-workspace-uses-artifacts",
        role_id(foundation.organization, "Storage Blob Data Contributor"),
        workspace.identity.apply(principal),
        pulumi.Output.concat(account_id, "/blobServices/default/containers/", artifacts),
    )
    watch(
        scope,
        parent,
        f"{name}-workspace",
        workspace.id,
        security.log_workspace,
        categories=("SynapseRbacOperations", "SQLSecurityAuditEvents")
        if name == "warehouse"
        else ("SynapseRbacOperations",),
    )
    return workspace, active


def _activate(
    scope: Scope,
    parent: pulumi.Resource,
    name: str,
    foundation: Foundation,
    workspace: synapse.Workspace,
    key_url: Text,
) -> synapse.Key:
    """The workspace's key, once the workspace may use it: of an adopted key its owner must let it."""
    organization = foundation.organization
    own = workspace.identity.apply(principal)
    if not scope.intent.network.adopt.key:
        key = key_id(scope, organization, "data")
        role = role_id(organization, "Key Vault Crypto Service Encryption User")
        key_url = in_force(grant(scope, parent, f"{name}-workspace-uses-key", role, own, key), key_url)  # fmt: skip
    return synapse.Key(
        f"{name}-workspace-key",
        synapse.KeyArgs(
            key_name=KEY_NAME,
            key_vault_url=key_url,
            is_active_cmk=True,
            workspace_name=workspace.name,
            resource_group_name=group(scope, organization, "data"),
        ),
        scope.child(parent, retain_on_delete=True),
    )


def principal(identity: synapse.outputs.ManagedIdentityResponse | None) -> str:
    """The object id of a workspace's own identity."""
    return identity.principal_id if identity else ""
