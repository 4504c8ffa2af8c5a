"""Where the platform lives: a subscription, adopted or created below a management group, and its guardrails.

Policies hang at the management group where we made it, else at the adopted subscription. Leaves out the
hierarchy above, which is the client's, and custom policy definitions: the built-in ones suffice.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import authorization, features, management, resources, subscription

from infra.azure.groups import GROUPS, group_name
from infra.azure.policies import Guardrail, guardrails
from infra.azure.provider import cloud_of, inside
from infra.contract import Organization, Text
from infra.scope import Scope

OFFERED = True
MANAGED_GROUPS = ("cluster-nodes", "spark-managed", "warehouse-managed")
"""Groups that AKS and Synapse make for themselves, under names that we choose."""
WATCHER_GROUP = "NetworkWatcherRG"
"""Where Azure puts a region's network watcher with its first virtual network."""
STATEFUL_GROUPS = ("security", "audit", "data")
LOCKED_GROUPS = ("security", "audit")
"""In production nothing in them can be deleted before the lock is. Not `data`: there a lock would also
hinder every replaced grant and pool; what holds data there is protected by itself."""


class AzureOrganization(pulumi.ComponentResource):
    """The subscription, its resource groups and the policies above them."""

    def __init__(self, scope: Scope) -> None:
        super().__init__("landfall:azure:Organization", "organization", {}, scope.component())
        self._scope = scope
        self._cloud = cloud_of(scope.intent)
        self.tenancy, guarded = self._subscription()
        within = inside(scope, "organization-subscription", self.tenancy, self)
        groups = self._groups(within)
        self._host_encryption(within)
        names = [self._assign(within, one, guarded) for one in guardrails(scope.intent)]
        home = group_name(scope, "platform")
        self.result = Organization(
            tenancy=self.tenancy,
            number=self.tenancy,
            # The home is there when all groups are: whoever takes a group's name from it waits for them.
            home=pulumi.Output.all(*(one.name for one in groups)).apply(lambda _: home),
            guardrails=pulumi.Output.all(*names),
        )
        self.register_outputs({"tenancy": self.tenancy, "home": self.result.home})

    def _subscription(self) -> tuple[Text, Text]:
        """The subscription's id, and the scope at which policies are assigned."""
        cloud, scope = self._cloud, self._scope
        if cloud.subscription:
            tenancy = pulumi.Output.from_input(cloud.subscription)
            return tenancy, tenancy.apply(lambda known: f"/subscriptions/{known}")
        above = f"/providers/Microsoft.Management/managementGroups/{cloud.management_group}"
        group = management.ManagementGroup(
            "management-group",
            management.ManagementGroupArgs(
                group_id=scope.name("management-group", "platform"),
                display_name=f"{scope.intent.client.name}: {scope.intent.environment}",
                details=management.CreateManagementGroupDetailsArgs(
                    parent=management.CreateParentGroupInfoArgs(id=above)
                ),
            ),
            scope.stateful(self),
        )
        name = scope.name("subscription", "platform")
        alias = subscription.Alias(
            "subscription",
            subscription.AliasArgs(
                alias_name=name,
                properties=subscription.PutAliasRequestPropertiesArgs(
                    display_name=name,
                    billing_scope=cloud.billing_scope,
                    workload="Production",
                    additional_properties=subscription.PutAliasRequestAdditionalPropertiesArgs(
                        management_group_id=group.id,
                        subscription_tenant_id=cloud.tenant,
                        tags=scope.labels,
                    ),
                ),
            ),
            scope.stateful(self),
        )
        return alias.properties.apply(lambda made: made.subscription_id), group.id

    def _groups(self, scope: Scope) -> list[resources.ResourceGroup]:
        made = [
            resources.ResourceGroup(
                f"group-{one}",
                resources.ResourceGroupArgs(
                    resource_group_name=group_name(scope, one),
                    location=self._cloud.region,
                    tags=scope.labels,
                ),
                scope.stateful(self) if one in STATEFUL_GROUPS else scope.child(self),
            )
            for one in GROUPS
        ]
        for one, group in zip(GROUPS, made, strict=True):
            if one in LOCKED_GROUPS and scope.intent.environment == "prod":
                authorization.ManagementLockByScope(
                    f"lock-{one}",
                    authorization.ManagementLockByScopeArgs(
                        scope=group.id,
                        lock_name="keep",
                        level="CanNotDelete",
                        notes="Holds keys or proof; lift the lock only to retire the platform.",
                    ),
                    scope.child(self),
                )
        return made

    def _host_encryption(self, scope: Scope) -> None:
        """Ask for encryption at host, which a subscription must register before a pool may use it.

        https://learn.microsoft.com/azure/aks/enable-host-encryption
        """
        features.SubscriptionFeatureRegistration(
            "host-encryption",
            features.SubscriptionFeatureRegistrationArgs(
                provider_namespace="Microsoft.Compute", feature_name="EncryptionAtHost"
            ),
            scope.child(self, retain_on_delete=True),  # others in the subscription may use it
        )

    def _group_id(self, name: str) -> Text:
        return self.tenancy.apply(lambda known: f"/subscriptions/{known}/resourceGroups/{name}")

    def _assign(self, scope: Scope, one: Guardrail, guarded: Text) -> Text:
        identity = authorization.IdentityArgs(
            type=authorization.ResourceIdentityType.SYSTEM_ASSIGNED
        )
        spared = []
        if one.spares_managed_groups:
            names = [*(group_name(scope, managed) for managed in MANAGED_GROUPS), WATCHER_GROUP]
            spared = [self._group_id(name) for name in names]
        made = authorization.PolicyAssignment(
            f"policy-{one.name}",
            authorization.PolicyAssignmentArgs(
                policy_assignment_name=scope.name("policy-assignment", one.name),
                scope=guarded,
                display_name=one.title,
                policy_definition_id=one.definition,
                parameters={
                    key: authorization.ParameterValuesValueArgs(value=value)
                    for key, value in one.parameters.items()
                },
                not_scopes=spared,
                identity=identity if one.identity else None,
                location=self._cloud.region if one.identity else None,
            ),
            scope.child(self),
        )
        return made.name


def build_organization(scope: Scope) -> Organization:
    """Adopt or create the subscription, make its resource groups, assign the guardrails."""
    return AzureOrganization(scope).result
