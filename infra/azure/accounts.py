"""How every storage account is made: private, our key, encrypted twice, no shared keys.

Leaves out what lies in it.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import storage

from infra.azure.provider import region_of
from infra.azure.zones import spans_zones
from infra.contract import Text
from infra.scope import Scope


def build_account(
    scope: Scope,
    parent: pulumi.Resource,
    name: str,
    group: pulumi.Input[str],
    key: Text,
    encryption_identity: Text,
    *,
    hierarchical: bool = False,
    immutable_days: int | None = None,
    depends_on: list[pulumi.Resource] | None = None,
) -> storage.StorageAccount:
    """A storage account; `hierarchical` as ADLS Gen2 wants it, `immutable_days` for evidence.

    `key` is a key's URI without version, so that a rotated key is followed.
    """
    uri, key_name = key_parts(key)
    worm = None
    if immutable_days is not None:
        worm = storage.ImmutableStorageAccountArgs(
            enabled=True,
            immutability_policy=storage.AccountImmutabilityPolicyPropertiesArgs(
                immutability_period_since_creation_in_days=immutable_days,
                allow_protected_append_writes=True,  # Azure Monitor appends to the hour's blob
                # Azure makes a policy unlocked only; locking it is an act of a person, once:
                # az storage account update --name … --immutability-state Locked
                state="Unlocked",
            ),
        )
    return storage.StorageAccount(
        name,
        storage.StorageAccountArgs(
            account_name=scope.name("storage-account", name),
            resource_group_name=group,
            location=region_of(scope),
            kind="StorageV2",
            sku=storage.SkuArgs(name="Standard_ZRS" if spans_zones(scope) else "Standard_LRS"),
            access_tier=storage.AccessTier.HOT,
            is_hns_enabled=hierarchical,
            allow_blob_public_access=False,
            allow_shared_key_access=False,
            allow_cross_tenant_replication=False,
            allowed_copy_scope="AAD",
            default_to_o_auth_authentication=True,
            enable_https_traffic_only=True,
            is_local_user_enabled=False,
            is_sftp_enabled=False,
            minimum_tls_version="TLS1_2",
            public_network_access="Disabled",
            network_rule_set=storage.NetworkRuleSetArgs(
                # Event Grid, Azure Monitor and Network Watcher write as trusted services.
                default_action=storage.DefaultAction.DENY,
                bypass="AzureServices",
            ),
            identity=storage.IdentityArgs(
                type="UserAssigned", user_assigned_identities=[encryption_identity]
            ),
            encryption=storage.EncryptionArgs(
                key_source="Microsoft.Keyvault",
                encryption_identity=storage.EncryptionIdentityArgs(
                    encryption_user_assigned_identity=encryption_identity
                ),
                key_vault_properties=storage.KeyVaultPropertiesArgs(
                    key_name=key_name, key_vault_uri=uri
                ),
                require_infrastructure_encryption=True,
                # Queues share our key only if the account says so when it is made.
                services=storage.EncryptionServicesArgs(
                    blob=storage.EncryptionServiceArgs(enabled=True, key_type="Account"),
                    file=storage.EncryptionServiceArgs(enabled=True, key_type="Account"),
                    queue=storage.EncryptionServiceArgs(enabled=True, key_type="Account"),
                    table=storage.EncryptionServiceArgs(enabled=True, key_type="Account"),
                ),
            ),
            immutable_storage_with_versioning=worm,
            tags=scope.labels,
        ),
        scope.stateful(
            parent,
            depends_on=depends_on,
            ignore_changes=["immutableStorageWithVersioning.immutabilityPolicy.state"]
            if worm
            else None,
        ),
    )


def key_parts(key: Text) -> tuple[Text, Text]:
    """The vault's URI and the key's name, of `https://VAULT.vault.azure.net/keys/NAME`."""
    split = key.apply(lambda uri: uri.partition("/keys/"))
    return split.apply(lambda parts: parts[0]), split.apply(lambda parts: parts[2].split("/")[0])
