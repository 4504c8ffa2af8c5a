"""Azure's built-in roles by name, and how one is granted: under a name that never changes.

As of 2026-11-24. Ids: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles. Leaves out
Synapse's and Fabric's own roles, which lie in their data planes and are no resources of Azure.
"""

from __future__ import annotations

import asyncio
import datetime
import uuid

import pulumi
from pulumi_azure_native import authorization

from infra.contract import Organization, Text
from infra.scope import Scope

AS_OF = "2026-11-24"
SETTLES = datetime.timedelta(minutes=3)
"""How long a new grant takes until every service knows it, where a service asks once and then gives up: Azure says
some minutes (https://learn.microsoft.com/azure/role-based-access-control/troubleshooting)."""
ROLES: dict[str, str] = {
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Delegator": "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Queue Data Message Sender": "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
    "Key Vault Crypto Service Encryption User": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "Network Contributor": "4d97b98b-1d4f-4787-a291-c67834d212e7",
    "Azure Kubernetes Service RBAC Cluster Admin": "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
    "Azure Kubernetes Service Cluster User Role": "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Cost Management Reader": "72fafb9e-0641-4937-9268-a91bfd8191a3",
}


def role_id(organization: Organization, role: str) -> Text:
    """The id of a built-in role as the subscription names it; raises KeyError for one that is not listed."""
    guid = ROLES[role]
    return organization.tenancy.apply(
        lambda tenancy: (
            f"/subscriptions/{tenancy}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
        )
    )


def own_role_id(scope: Scope, organization: Organization, name: str) -> Text:
    """The id of a role of our own, which `infra/azure/identity.py` defines."""
    guid = stable_guid(scope, "role", name)
    return organization.tenancy.apply(
        lambda tenancy: (
            f"/subscriptions/{tenancy}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
        )
    )


def define_role(
    scope: Scope,
    parent: pulumi.Resource,
    name: str,
    does: str,
    subscription: pulumi.Input[str],
    permission: authorization.PermissionArgs,
    within: pulumi.Input[str] | None = None,
) -> authorization.RoleDefinition:
    """A role of our own in the subscription (`/subscriptions/…`), to be granted there or only `within`."""
    return authorization.RoleDefinition(
        f"{name}-role",
        authorization.RoleDefinitionArgs(
            role_definition_id=stable_guid(scope, "role", name),
            role_name=scope.name("role", name),
            description=does,
            role_type="CustomRole",
            scope=subscription,
            assignable_scopes=[subscription if within is None else within],
            permissions=[permission],
        ),
        scope.child(parent),
    )


def stable_guid(scope: Scope, kind: str, name: str) -> str:
    """A GUID that stays the same for ever: made of client, environment, tenancy and the logical name."""
    names = scope.names
    text = f"landfall/{names.client}/{names.environment}/{names.salt}/{kind}/{name}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))


def grant(
    scope: Scope,
    parent: pulumi.Resource,
    name: str,
    role: pulumi.Input[str],
    principal: pulumi.Input[str],
    over: pulumi.Input[str],
    *,
    condition: pulumi.Input[str] | None = None,
    depends_on: list[pulumi.Resource] | None = None,
) -> authorization.RoleAssignment:
    """Let a managed identity (`principal`: its object id) do what `role` (an id) says within `over`."""
    return authorization.RoleAssignment(
        name,
        authorization.RoleAssignmentArgs(
            role_assignment_name=stable_guid(scope, "grant", name),
            role_definition_id=role,
            principal_id=principal,
            # Said outright, or Entra may not know a fresh identity yet when the grant is made.
            principal_type="ServicePrincipal",
            scope=over,
            condition=condition,
            condition_version="2.0" if condition is not None else None,
        ),
        # The name stays, so the old one must go first.
        scope.child(parent, delete_before_replace=True, depends_on=depends_on),
    )


def in_force(made: authorization.RoleAssignment, value: pulumi.Input[str]) -> Text:
    """The value, once the grant is in force: an apply that has just made it waits, any other goes on at once."""
    return pulumi.Output.all(value, made.created_on, made.urn).apply(
        lambda known: _after(known[0], known[1])
    )


async def _after(value: str, created_on: object) -> str:
    await asyncio.sleep(_remaining(created_on, datetime.datetime.now(datetime.UTC)))
    return value


def _remaining(created_on: object, now: datetime.datetime) -> float:
    """Seconds until a grant of that moment is in force; none where the moment is not known."""
    try:
        made = datetime.datetime.fromisoformat(str(created_on))
    except ValueError:
        return 0.0
    passed = now - (made if made.tzinfo else made.replace(tzinfo=datetime.UTC))
    return max(0.0, min(SETTLES - passed, SETTLES).total_seconds())
