"""Keys, secrets, the audit trail and threat detection.

The activity log goes to an account that nobody can empty before its time, in a resource group of its own;
operational logs go to Log Analytics. Azure makes the account's immutability policy unlocked: within its
period nothing can be deleted, but the period could be shortened until a person locks it, once, with
`az storage account update --immutability-state Locked`. Leaves out Log Analytics under our own key, which
wants a dedicated cluster of 100 GB a day.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import (
    managedidentity,
    monitor,
    network,
    operationalinsights,
    security,
    storage,
)

from infra.azure.accounts import build_account
from infra.azure.endpoints import build_endpoint
from infra.azure.groups import group
from infra.azure.organization import WATCHER_GROUP
from infra.azure.provider import region_of
from infra.azure.roles import grant, in_force, role_id
from infra.azure.vault import VaultParts, build_vault
from infra.azure.watch import watch
from infra.contract import Network, Organization, Security, Text
from infra.scope import Scope
from landfall.errors import UsageError

OFFERED = True
EVIDENCE_DAYS = {"dev": 90, "staging": 90, "prod": 365}
"""How long the audit trail cannot be deleted: PCI DSS 10.5.1 asks for a year."""
LOG_DAYS = {"dev": 30, "staging": 30, "prod": 90}
FLOW_DAYS = {"dev": 30, "staging": 30, "prod": 90}
ACTIVITY = ("Administrative", "Security", "Policy", "Alert")
_PLANS = {
    "always": {"Arm": "PerSubscription", "KeyVaults": "PerKeyVault", "StorageAccounts": "DefenderForStorageV2"},
    "prod": {"Containers": None, "OpenSourceRelationalDatabases": None, "CloudPosture": None},
}  # fmt: skip
"""Defender's plans and their sub-plans: https://learn.microsoft.com/azure/defender-for-cloud/
defender-for-cloud-introduction; names as in https://learn.microsoft.com/rest/api/defenderforcloud/pricings.
Development takes those that cost a few euros a month."""


class AzureSecurity(pulumi.ComponentResource):
    """The vault, the audit trail, Log Analytics, Defender."""

    def __init__(self, scope: Scope, organization: Organization, net: Network) -> None:
        super().__init__("landfall:azure:Security", "security", {}, scope.component())
        self._scope = scope
        self._organization = organization
        parts = build_vault(scope, self, group(scope, organization, "security"), organization)
        workspace = self._workspace()
        archive = self._archive(parts)
        build_endpoint(scope, self, "vault", "vault", parts.vault.id, organization, net)
        watch(scope, self, "vault", parts.vault.id, workspace.id, archive=archive)
        self._activity(workspace, archive)
        if scope.intent.network.flow_logs:
            self._flow_logs(parts, net, workspace)
        self._defender()
        self.result = Security(
            keys=parts.keys,
            log_bucket=archive,
            secret_store=parts.vault.properties.apply(lambda made: made.vault_uri or ""),
            log_workspace=workspace.id,
            encryption_identity=parts.encryption,
        )
        self.register_outputs({"secretStore": self.result.secret_store, "logBucket": archive})

    def _workspace(self) -> operationalinsights.Workspace:
        scope = self._scope
        return operationalinsights.Workspace(
            "log-workspace",
            operationalinsights.WorkspaceArgs(
                workspace_name=scope.name("log-workspace", "platform"),
                resource_group_name=group(scope, self._organization, "security"),
                location=region_of(scope),
                sku=operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
                retention_in_days=LOG_DAYS[scope.intent.environment],
                features=operationalinsights.WorkspaceFeaturesArgs(
                    disable_local_auth=True,
                    enable_log_access_using_only_resource_permissions=True,
                ),
                # Azure's own services deliver over its backbone whatever this says; agents do not.
                public_network_access_for_ingestion="Disabled",
                # People ask it through Entra, from the portal.
                public_network_access_for_query="Enabled",
                tags=scope.labels,
            ),
            scope.stateful(self),
        )

    def _archive(self, parts: VaultParts) -> Text:
        """The account that the audit trail goes to, by its resource id."""
        scope = self._scope
        adopted = scope.intent.network.adopt.log_bucket
        if adopted:
            if not adopted.startswith("/subscriptions/"):
                raise UsageError(
                    f"network.adopt.log_bucket is '{adopted}', which is no resource id.",
                    so="Azure sends logs to a storage account by its id.",
                    fix="Give it as /subscriptions/…/providers/Microsoft.Storage/storageAccounts/NAME.",
                )
            return pulumi.Output.from_input(adopted)
        account = build_account(
            scope,
            self,
            "audit",
            group(scope, self._organization, "audit"),
            parts.keys["logs"],
            parts.encryption,
            immutable_days=EVIDENCE_DAYS[scope.intent.environment],
        )
        return account.id

    def _activity(self, workspace: operationalinsights.Workspace, archive: Text) -> None:
        monitor.SubscriptionDiagnosticSetting(
            "activity-log",
            monitor.SubscriptionDiagnosticSettingArgs(
                name=f"landfall-{self._scope.intent.client.slug}-{self._scope.intent.environment}",
                workspace_id=workspace.id,
                storage_account_id=archive,
                logs=[
                    monitor.SubscriptionLogSettingsArgs(category=one, enabled=True)
                    for one in ACTIVITY
                ],
            ),
            self._scope.child(self),
        )

    def _flow_logs(
        self, parts: VaultParts, net: Network, workspace: operationalinsights.Workspace
    ) -> None:
        """Who talked to whom; in an account of their own, because they are rewritten in place."""
        scope = self._scope
        days = FLOW_DAYS[scope.intent.environment]
        audit = group(scope, self._organization, "audit")
        account = build_account(
            scope,
            self,
            "flowlogs",
            audit,
            parts.keys["logs"],
            parts.encryption,
        )
        _forget(scope, self, "flowlogs", audit, account.name, days)
        watched = {"spoke": net.id}
        if not scope.intent.network.adopt.network:
            hub = scope.name("network", "hub")  # beside the spoke, and made when it is
            watched["hub"] = net.id.apply(lambda spoke: f"{spoke.rpartition('/')[0]}/{hub}")
        writer = self._flow_writer(audit, account.id)
        for name, target in watched.items():
            self._flow_log(name, target, account.id, writer, workspace)

    def _flow_writer(self, audit: Text, account: Text) -> Text:
        """The id of the identity that writes flow logs: the account takes no keys."""
        scope = self._scope
        writer = managedidentity.UserAssignedIdentity(
            "flowlogs-identity",
            resource_name_=scope.name("identity", "flowlogs"),
            resource_group_name=audit,
            location=region_of(scope),
            tags=scope.labels,
            opts=scope.child(self),
        )
        role = role_id(self._organization, "Storage Blob Data Contributor")
        may = grant(scope, self, "flowlogs-writes", role, writer.principal_id, account)
        return in_force(may, writer.id)

    def _flow_log(
        self,
        name: str,
        target: Text,
        account: Text,
        writer: Text,
        workspace: operationalinsights.Workspace,
    ) -> None:
        scope = self._scope
        network.FlowLog(
            f"flow-log-{name}",
            network.FlowLogArgs(
                flow_log_name=scope.name("flow-log", name),
                # Azure makes the watcher by itself with a region's first virtual network.
                network_watcher_name=f"NetworkWatcher_{region_of(scope)}",
                resource_group_name=WATCHER_GROUP,
                location=region_of(scope),
                target_resource_id=target,
                storage_id=account,
                enabled=True,
                format=network.FlowLogFormatParametersArgs(type="JSON", version=2),
                # The account's own rule forgets; Azure would write a second one into it.
                retention_policy=network.RetentionPolicyParametersArgs(enabled=False, days=0),
                identity=network.ManagedServiceIdentityArgs(
                    type=network.ResourceIdentityType.USER_ASSIGNED,
                    user_assigned_identities=[writer],
                ),
                flow_analytics_configuration=_analytics(scope, workspace),
                tags=scope.labels,
            ),
            scope.child(self),
        )

    def _defender(self) -> None:
        scope = self._scope
        subscription = self._organization.tenancy.apply(lambda tenancy: f"subscriptions/{tenancy}")
        plans = dict(_PLANS["always"])
        if scope.intent.environment == "prod":
            plans.update(_PLANS["prod"])
        before: list[pulumi.Resource] = []
        for plan, sub_plan in plans.items():
            made = security.Pricing(
                f"defender-{plan.lower()}",
                security.PricingArgs(
                    scope_id=subscription,
                    pricing_name=plan,
                    pricing_tier="Standard",
                    sub_plan=sub_plan,
                ),
                # A subscription's setting is never absent, and it takes one change at a time.
                scope.child(self, retain_on_delete=True, depends_on=before),
            )
            before = [made]
        contacts = scope.intent.contacts
        if contacts:
            security.SecurityContact(
                "defender-contact",
                security.SecurityContactArgs(
                    security_contact_name="default",
                    emails=contacts.security,
                    is_enabled=True,
                    notifications_sources=[
                        security.NotificationsSourceAlertArgs(
                            source_type="Alert", minimal_severity="Medium"
                        )
                    ],
                    notifications_by_role=security.SecurityContactPropertiesNotificationsByRoleArgs(
                        state="On", roles=["Owner"]
                    ),
                ),
                scope.child(self),
            )


def _analytics(
    scope: Scope, workspace: operationalinsights.Workspace
) -> network.TrafficAnalyticsPropertiesArgs | None:
    """Traffic analytics cost by the gigabyte: production only."""
    if scope.intent.environment != "prod":
        return None
    return network.TrafficAnalyticsPropertiesArgs(
        network_watcher_flow_analytics_configuration=network.TrafficAnalyticsConfigurationPropertiesArgs(
            enabled=True,
            traffic_analytics_interval=60,
            workspace_id=workspace.customer_id,
            workspace_region=region_of(scope),
            workspace_resource_id=workspace.id,
        )
    )


def _forget(
    scope: Scope, parent: pulumi.Resource, name: str, where: Text, account: Text, days: int
) -> None:
    """Delete an account's blobs after so many days."""
    base = storage.ManagementPolicyBaseBlobArgs(
        delete=storage.DateAfterModificationArgs(days_after_modification_greater_than=days)
    )
    storage.ManagementPolicy(
        f"{name}-lifecycle",
        storage.ManagementPolicyArgs(
            account_name=account,
            resource_group_name=where,
            management_policy_name="default",
            policy=storage.ManagementPolicySchemaArgs(
                rules=[
                    storage.ManagementPolicyRuleArgs(
                        name="forget",
                        type="Lifecycle",
                        enabled=True,
                        definition=storage.ManagementPolicyDefinitionArgs(
                            filters=storage.ManagementPolicyFilterArgs(
                                blob_types=["blockBlob", "appendBlob"]
                            ),
                            actions=storage.ManagementPolicyActionArgs(base_blob=base),
                        ),
                    )
                ]
            ),
        ),
        scope.child(parent),
    )


def build_security(scope: Scope, organization: Organization, network: Network) -> Security:
    """The vault and its keys, the audit trail, flow logs and Defender."""
    return AzureSecurity(scope, organization, network).result
