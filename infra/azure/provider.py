"""Where Azure's providers are made, and only here: which subscription a stack acts on, and as what tenant.

Credentials come from where `pulumi up` runs (`az login`, or Jenkins' federated token); none is in the
intent. azure-native has no default tags, so each resource names `scope.labels` itself. Leaves out making
the subscription (`infra/azure/organization.py`).
"""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure
import pulumi_random as random

from infra.contract import Organization, Text
from infra.scope import Scope
from landfall.errors import LandfallError
from landfall.intent import Intent
from landfall.intent.cloud import Azure
from landfall.labels import labels
from landfall.naming import Names


def cloud_of(intent: Intent) -> Azure:
    """The intent's cloud part; raises LandfallError where it is another cloud's."""
    if not isinstance(intent.cloud, Azure):
        raise LandfallError(f"The intent's cloud is {intent.cloud.provider}, not azure.")
    return intent.cloud


def region_of(scope: Scope) -> str:
    """Where the stack lies."""
    return cloud_of(scope.intent).region


def open_scope(intent: Intent, stack: str) -> Scope:
    """The stack's scope, pinned to the adopted subscription, or to none where one is yet to be created."""
    cloud = cloud_of(intent)
    provider = azure.Provider(
        "azure",
        azure.ProviderArgs(
            subscription_id=cloud.subscription, tenant_id=cloud.tenant, location=cloud.region
        ),
    )
    # Names that must be unique in the world carry what never changes: a created subscription has no id yet.
    salt = cloud.subscription or f"{cloud.management_group}{cloud.billing_scope}"
    names = Names(intent.client.slug, intent.environment, salt)
    return Scope(intent, stack, names, labels(intent, stack), provider)


def enter(scope: Scope, organization: Organization) -> Scope:
    """The scope inside the stack's subscription."""
    return inside(scope, "azure-subscription", organization.tenancy)


def inside(scope: Scope, name: str, tenancy: Text, parent: pulumi.Resource | None = None) -> Scope:
    """The scope with a provider of that name, pinned to a created subscription; as it is in an adopted one."""
    cloud = cloud_of(scope.intent)
    if cloud.subscription:
        return scope
    return scope.entering(
        azure.Provider(
            name,
            azure.ProviderArgs(
                subscription_id=tenancy, tenant_id=cloud.tenant, location=cloud.region
            ),
            pulumi.ResourceOptions(parent=parent),
        )
    )


def random_provider() -> pulumi.ProviderResource:
    """The provider of random passwords; it talks to no cloud."""
    return random.Provider("random")
