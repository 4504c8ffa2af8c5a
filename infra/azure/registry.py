"""The container registry: Premium, private, our key, no admin user.

Leaves out what is pushed: CI builds and signs the images.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import containerregistry, managedidentity

from infra.azure.accounts import key_parts
from infra.azure.endpoints import build_endpoint
from infra.azure.provider import region_of
from infra.azure.roles import grant, in_force, role_id
from infra.azure.vault import key_id
from infra.azure.zones import spans_zones
from infra.contract import Foundation, Text
from infra.scope import Scope

_KEEP_UNTAGGED_DAYS = 30


CACHE = "aks-managed-repository"
"""Where a cluster without a way out looks for AKS's own images:
https://learn.microsoft.com/azure/aks/network-isolated"""


def build_registry(
    scope: Scope, parent: pulumi.Resource, group: Text, foundation: Foundation
) -> tuple[containerregistry.Registry, list[pulumi.Resource]]:
    """The registry, and what must exist before a cluster without a way out may draw on it."""
    reader, reader_id = _key_reader(scope, parent, group, foundation)
    vault, key = key_parts(foundation.security.keys["cluster"])
    registry = containerregistry.Registry(
        "registry",
        containerregistry.RegistryArgs(
            registry_name=scope.name("registry", "images"),
            resource_group_name=group,
            location=region_of(scope),
            sku=containerregistry.SkuArgs(name="Premium"),  # private endpoints and own keys want it
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            public_network_access="Disabled",
            network_rule_bypass_options="None",
            zone_redundancy="Enabled" if spans_zones(scope) else "Disabled",
            identity=containerregistry.IdentityPropertiesArgs(
                type=containerregistry.ResourceIdentityType.USER_ASSIGNED,
                user_assigned_identities=reader_id.apply(
                    lambda one: {one: containerregistry.UserIdentityPropertiesArgs()}
                ),
            ),
            encryption=containerregistry.EncryptionPropertyArgs(
                status="enabled",
                key_vault_properties=containerregistry.KeyVaultPropertiesArgs(
                    # Without version: the registry follows the key.
                    key_identifier=pulumi.Output.concat(vault, "/keys/", key),
                    identity=reader.client_id,
                ),
            ),
            policies=containerregistry.PoliciesArgs(
                retention_policy=containerregistry.RetentionPolicyArgs(
                    status="enabled", days=_KEEP_UNTAGGED_DAYS
                ),
            ),
            tags=scope.labels,
        ),
        scope.stateful(parent),
    )
    endpoint = build_endpoint(
        scope, parent, "registry", "registry", registry.id, foundation.organization, foundation.network
    )  # fmt: skip
    if scope.intent.network.egress != "none":
        return registry, []
    cache = containerregistry.CacheRule(
        "aks-images",
        containerregistry.CacheRuleArgs(
            cache_rule_name="aks-images",
            registry_name=registry.name,
            resource_group_name=group,
            source_repository="mcr.microsoft.com/*",
            target_repository=f"{CACHE}/*",
        ),
        scope.child(parent),
    )
    return registry, [endpoint, cache]


def _key_reader(
    scope: Scope, parent: pulumi.Resource, group: Text, foundation: Foundation
) -> tuple[managedidentity.UserAssignedIdentity, Text]:
    """An identity of the registry's own and its id, once it may use the cluster's key: it must be named by client id."""
    reader = managedidentity.UserAssignedIdentity(
        "registry-identity",
        resource_name_=scope.name("identity", "registry"),
        resource_group_name=group,
        location=region_of(scope),
        tags=scope.labels,
        opts=scope.stateful(parent),
    )
    key = key_id(scope, foundation.organization, "cluster")
    role = role_id(foundation.organization, "Key Vault Crypto Service Encryption User")
    may = grant(scope, parent, "registry-uses-key", role, reader.principal_id, key)
    return reader, in_force(may, reader.id)
