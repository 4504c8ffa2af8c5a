"""The key vault: one key a domain, turned over by itself, and the secrets; reached privately only.

Leaves out the private endpoint and the logs (`infra/azure/security.py`). An adopted key stays where it
is: its owner must let the encryption identity use it (Key Vault Crypto Service Encryption User), and Synapse's
workspaces, which use it as themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import keyvault, managedidentity

from infra.azure.groups import group_id
from infra.azure.provider import cloud_of, region_of
from infra.azure.roles import grant, in_force, role_id
from infra.contract import KEY_DOMAINS, Organization, Text
from infra.scope import Scope
from landfall.errors import UsageError

TURN = "P90D"
"""How old a key grows before the next version takes over; CIS Azure 8.1 and NIST SP 800-57."""
EXPIRE = "P2Y"
"""When a version ends that nobody turned over; long after TURN, so that data in backups stays readable."""
_KEEP_DELETED_DAYS = 90


@dataclass(frozen=True)
class VaultParts:
    """The vault, who may use its keys, and the keys."""

    vault: keyvault.Vault
    encryption: Text
    """The id of the identity that encrypts, once it may use the keys."""
    keys: dict[str, Text]


def build_vault(
    scope: Scope, parent: pulumi.Resource, group: Text, organization: Organization
) -> VaultParts:
    """The vault with a key for each of KEY_DOMAINS and the identity that encrypts with them."""
    cloud = cloud_of(scope.intent)
    strict = scope.intent.environment == "prod"
    vault = keyvault.Vault(
        "vault",
        keyvault.VaultArgs(
            vault_name=scope.name("key-vault", "platform"),
            resource_group_name=group,
            location=cloud.region,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=tenant_of(scope),
                # Premium keeps the keys in hardware (FIPS 140-3 level 3).
                sku=keyvault.SkuArgs(
                    family="A",
                    name=keyvault.SkuName.PREMIUM if strict else keyvault.SkuName.STANDARD,
                ),
                enable_rbac_authorization=True,
                enable_purge_protection=True,
                enable_soft_delete=True,
                soft_delete_retention_in_days=_KEEP_DELETED_DAYS,
                enabled_for_deployment=False,
                enabled_for_template_deployment=False,
                enabled_for_disk_encryption=False,
                public_network_access="Disabled",
                # Storage, disks and registries fetch the keys as trusted services.
                network_acls=keyvault.NetworkRuleSetArgs(
                    default_action="Deny", bypass="AzureServices"
                ),
            ),
            tags=scope.labels,
        ),
        scope.stateful(parent),
    )
    encryption = managedidentity.UserAssignedIdentity(
        "encryption",
        resource_name_=scope.name("identity", "encryption"),
        resource_group_name=group,
        location=region_of(scope),
        tags=scope.labels,
        opts=scope.stateful(parent),
    )
    may_encrypt = grant(
        scope,
        parent,
        "encryption-uses-keys",
        role_id(organization, "Key Vault Crypto Service Encryption User"),
        encryption.principal_id,
        vault.id,
    )
    adopted = scope.intent.network.adopt.key
    keys = {
        domain: pulumi.Output.from_input(adopted)
        if adopted and domain == "data"
        else _uri(domain, _key(scope, parent, group, vault, domain, strict))
        for domain in KEY_DOMAINS
    }
    return VaultParts(vault, in_force(may_encrypt, encryption.id), keys)


def key_id(scope: Scope, organization: Organization, domain: str) -> Text:
    """The resource id of a domain's key in the platform's vault, to grant its use by."""
    return pulumi.Output.concat(
        group_id(scope, organization, "security"),
        f"/providers/Microsoft.KeyVault/vaults/{scope.name('key-vault', 'platform')}",
        f"/keys/{scope.name('key', domain)}",
    )


def _uri(domain: str, key: keyvault.Key) -> Text:
    """A key's URI: without version, so that users follow it; but disks demand one to begin with."""
    return key.key_uri_with_version if domain == "cluster" else key.key_uri


def tenant_of(scope: Scope) -> str:
    """The Entra tenant; raises UsageError where the intent names none, since the vault must be told."""
    tenant = cloud_of(scope.intent).tenant
    if tenant is None:
        raise UsageError(
            "cloud.tenant is not given.",
            so="The key vault, the database and the cluster must be told which tenant they trust.",
            fix="Add cloud.tenant to the intent (az account show --query tenantId).",
        )
    return tenant


def _key(
    scope: Scope,
    parent: pulumi.Resource,
    group: Text,
    vault: keyvault.Vault,
    domain: str,
    in_hardware: bool,
) -> keyvault.Key:
    rotate = keyvault.LifetimeActionArgs(
        action=keyvault.ActionArgs(type=keyvault.KeyRotationPolicyActionType.ROTATE),
        trigger=keyvault.TriggerArgs(time_after_create=TURN),
    )
    return keyvault.Key(
        f"key-{domain}",
        keyvault.KeyArgs(
            key_name=scope.name("key", domain),
            vault_name=vault.name,
            resource_group_name=group,
            properties=keyvault.KeyPropertiesArgs(
                kty="RSA-HSM" if in_hardware else "RSA",
                key_size=3072,
                key_ops=["wrapKey", "unwrapKey"],
                attributes=keyvault.KeyAttributesArgs(enabled=True, exportable=False),
                rotation_policy=keyvault.RotationPolicyArgs(
                    attributes=keyvault.KeyRotationPolicyAttributesArgs(expiry_time=EXPIRE),
                    lifetime_actions=[rotate],
                ),
            ),
            tags=scope.labels,
        ),
        scope.stateful(parent),
    )
