"""One managed identity a workload, and two by which Jenkins comes in without a key: one reads, one applies.

Jenkins presents OIDC tokens whose subject names the job and whose audience names the role (`infra/jenkins.py`);
Entra compares both letter by letter, so there is one credential a job. Its data jobs become the workloads whose steps
they run, and nothing else. Leaves out what workloads may do: grants stand beside the resource that they open.
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import authorization, managedidentity

from infra.azure.groups import group, group_id
from infra.azure.jenkins_state import open_state
from infra.azure.provider import region_of
from infra.azure.roles import ROLES, define_role, grant, role_id, stable_guid
from infra.contract import WORKLOADS, Identity, Organization, Security, Text
from infra.jenkins import ACTS, AUDIENCES, Role, subjects, workers
from infra.kubernetes.pools import gpu_pools
from infra.scope import Scope
from landfall.intent.governance import Jenkins

OFFERED = True
AUDIENCE = "api://AzureADTokenExchange"
"""Of the cluster's own tokens; Jenkins' have theirs (`infra/jenkins.py`)."""
_GRANTED = (
    "Storage Blob Data Reader",
    "Storage Blob Data Contributor",
    "Storage Blob Delegator",
    "Storage Queue Data Contributor",
    "Storage Queue Data Message Sender",
    "Key Vault Crypto Service Encryption User",
    "Key Vault Secrets User",
    "AcrPull",
    "AcrPush",
    "Managed Identity Operator",
    "Network Contributor",
    "Cost Management Reader",
)
"""The roles that the deploy identity may hand out, besides RESERVED, so that it cannot make itself an owner."""
RESERVED = "draw-on-reservation"
_DRAW = (
    "Microsoft.Compute/capacityReservationGroups/read",
    "Microsoft.Compute/capacityReservationGroups/deploy/action",
    "Microsoft.Compute/capacityReservationGroups/capacityReservations/read",
    "Microsoft.Compute/capacityReservationGroups/capacityReservations/deploy/action",
)
"""What a cluster needs to place nodes on reserved machines, in place of Contributor, which AKS's page names:
https://learn.microsoft.com/azure/virtual-machines/capacity-reservation-group-share"""
_BUILT = (
    "Microsoft.Authorization/locks/read",
    "Microsoft.Authorization/locks/write",
    "Microsoft.Authorization/policyAssignments/*",
    "Microsoft.Authorization/roleDefinitions/read",
    "Microsoft.Compute/capacityReservationGroups/*",
    "Microsoft.Compute/diskEncryptionSets/*",
    "Microsoft.Consumption/budgets/*",
    "Microsoft.ContainerRegistry/registries/*",
    "Microsoft.ContainerService/managedClusters/*",
    "Microsoft.DBforPostgreSQL/flexibleServers/*",
    "Microsoft.EventGrid/systemTopics/*",
    "Microsoft.Fabric/capacities/*",
    "Microsoft.Features/providers/features/*",
    "Microsoft.Features/subscriptionFeatureRegistrations/*",
    "Microsoft.Insights/actionGroups/*",
    "Microsoft.Insights/diagnosticSettings/*",
    "Microsoft.KeyVault/vaults/*",
    "Microsoft.Logic/workflows/*",
    "Microsoft.ManagedIdentity/userAssignedIdentities/*",
    "Microsoft.Network/azureFirewalls/*",
    "Microsoft.Network/firewallPolicies/*",
    "Microsoft.Network/natGateways/*",
    "Microsoft.Network/networkSecurityGroups/*",
    "Microsoft.Network/networkWatchers/*",
    "Microsoft.Network/privateDnsZones/*",
    "Microsoft.Network/privateEndpoints/*",
    "Microsoft.Network/publicIPAddresses/*",
    "Microsoft.Network/routeTables/*",
    "Microsoft.Network/virtualNetworks/*",
    "Microsoft.OperationalInsights/workspaces/*",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/*",
    "Microsoft.Security/pricings/*",
    "Microsoft.Security/securityContacts/*",
    "Microsoft.Storage/storageAccounts/*",
    "Microsoft.Synapse/workspaces/*",
)
"""What a stack is made of. Roles of the subscription itself, other providers and the tenant stay shut."""
_NEVER = (
    "Microsoft.Authorization/locks/delete",
    "Microsoft.KeyVault/vaults/delete",
    "Microsoft.KeyVault/vaults/accessPolicies/write",
    "Microsoft.OperationalInsights/workspaces/delete",
    "Microsoft.Resources/subscriptions/resourceGroups/delete",
    "Microsoft.Storage/storageAccounts/delete",
    "Microsoft.Storage/storageAccounts/listKeys/action",
    "Microsoft.Storage/storageAccounts/regenerateKey/action",
    "Microsoft.Storage/storageAccounts/blobServices/containers/delete",
    "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/delete",
)
"""What holds data, keys or proof is never deleted by a build; who retires a platform does it in person."""
_SEEN = ("Microsoft.ContainerService/managedClusters/*/read",)
_UNSEEN = ("Microsoft.ContainerService/managedClusters/secrets/read",)
"""All that lies in a cluster, kinds that charts bring too, which AKS' own reader does not see, and no Secret:
https://learn.microsoft.com/azure/aks/entra-id-authorization (2026-11)."""
LOOKS = (
    "Looks into the clusters of the Landfall stack to preview and to find drift; sees no Secret."
)
DEPLOYS = "Builds the Landfall stack; cannot delete what holds data, keys or proof."


class AzureIdentity(pulumi.ComponentResource):
    """Managed identities of the workloads and of Jenkins."""

    def __init__(self, scope: Scope, organization: Organization) -> None:
        super().__init__("landfall:azure:Identity", "identity", {}, scope.component())
        self._scope = scope
        self._organization = organization
        self._group = group(scope, organization, "platform")
        made = {one: self._identity(one) for one in WORKLOADS}
        self._subscription = organization.tenancy.apply(lambda known: f"/subscriptions/{known}")
        if any(pool.capacity == "reservation" for pool in gpu_pools(scope.intent)):
            self._role(RESERVED, "Places nodes on reserved machines.", _DRAW, ())
        preview = deploy = pulumi.Output.from_input("")
        if scope.intent.jenkins:
            preview, deploy = self._jenkins(scope.intent.jenkins)
            for workload in ACTS:
                trusted = workers(scope.intent, workload)
                self._trust("data", trusted, made[workload], scope.intent.jenkins, f"{workload}-")
        self.result = Identity(
            workloads={one: identity.client_id for one, identity in made.items()},
            principals={one: identity.principal_id for one, identity in made.items()},
            resources={one: identity.id for one, identity in made.items()},
            jenkins_preview=preview,
            jenkins_deploy=deploy,
        )
        self.register_outputs({"jenkinsPreview": preview, "jenkinsDeploy": deploy})

    def _identity(self, name: str) -> managedidentity.UserAssignedIdentity:
        scope = self._scope
        return managedidentity.UserAssignedIdentity(
            name,
            resource_name_=scope.name("identity", name),
            resource_group_name=self._group,
            location=region_of(scope),
            tags=scope.labels,
            opts=scope.child(self),
        )

    def _jenkins(self, jenkins: Jenkins) -> tuple[Text, Text]:
        """Client ids of the identity that plans and of the one that applies."""
        scope, organization = self._scope, self._organization
        subscription = self._subscription
        clusters = group_id(scope, organization, "ml")
        preview = self._identity("jenkins-preview")
        self._trust("preview", subjects(scope.intent, "preview"), preview, jenkins)
        self._grant("jenkins-reads", "Reader", preview, subscription)
        self._grant(
            "jenkins-enters-cluster",
            "Azure Kubernetes Service Cluster User Role",
            preview,
            clusters,
        )
        looks = self._role("look-into-cluster", LOOKS, data=_SEEN, never_data=_UNSEEN)
        grant(scope, self, "jenkins-looks-into-cluster", looks, preview.principal_id, clusters)

        deploy = self._identity("jenkins-deploy")
        self._trust("deploy", subjects(scope.intent, "deploy"), deploy, jenkins)
        self._grant("jenkins-sees", "Reader", deploy, subscription)
        builds = self._role("deploy", DEPLOYS, _BUILT, _NEVER)
        grant(scope, self, "jenkins-builds", builds, deploy.principal_id, subscription)
        grant(
            scope,
            self,
            "jenkins-grants",
            role_id(organization, "Role Based Access Control Administrator"),
            deploy.principal_id,
            subscription,
            condition=_only_listed_roles(stable_guid(scope, "role", RESERVED)),
        )
        self._grant(
            "jenkins-runs-cluster", "Azure Kubernetes Service RBAC Cluster Admin", deploy, clusters
        )
        known: dict[Role, Text] = {"preview": preview.principal_id, "deploy": deploy.principal_id}
        open_state(
            scope, self, organization, known, lambda name, does, data: self._role(name, does, data=data)
        )  # fmt: skip
        return preview.client_id, deploy.client_id

    def _grant(
        self, name: str, role: str, identity: managedidentity.UserAssignedIdentity, over: Text
    ) -> None:
        grant(
            self._scope, self, name, role_id(self._organization, role), identity.principal_id, over
        )

    def _trust(
        self,
        role: Role,
        trusted: dict[str, str],
        identity: managedidentity.UserAssignedIdentity,
        jenkins: Jenkins,
        who: str = "",
    ) -> None:
        """Let these jobs' tokens, with the role's audience, become the identity; `who` begins its credentials' names."""
        before: list[pulumi.Resource] = []
        for job, subject in trusted.items():
            made = managedidentity.FederatedIdentityCredential(
                f"jenkins-{role}-{who}trust-{job}",
                federated_identity_credential_resource_name=f"jenkins-{job}",
                resource_name_=identity.name,
                resource_group_name=self._group,
                issuer=jenkins.issuer,
                subject=subject,
                audiences=[AUDIENCES[role]],
                # Entra takes one credential of an identity at a time.
                opts=self._scope.child(self, depends_on=list(before)),
            )
            before = [made]

    def _role(
        self,
        name: str,
        does: str,
        actions: tuple[str, ...] = (),
        never: tuple[str, ...] = (),
        data: tuple[str, ...] = (),
        never_data: tuple[str, ...] = (),
    ) -> Text:
        """A role of our own, by its id; `never` is taken out of `actions`, `never_data` out of `data`."""
        permission = authorization.PermissionArgs(
            actions=list(actions),
            not_actions=list(never),
            data_actions=list(data) or None,
            not_data_actions=list(never_data) or None,
        )
        return define_role(self._scope, self, name, does, self._subscription, permission).id


def _only_listed_roles(besides: str) -> str:
    """The condition under which grants may be written and taken back: only roles of `_GRANTED`, only to
    service principals (https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples)."""
    guids = ", ".join([*(ROLES[name] for name in _GRANTED), besides])
    parts = []
    for action, attribute in (("write", "Request"), ("delete", "Resource")):
        prefix = f"@{attribute}[Microsoft.Authorization/roleAssignments"
        parts.append(
            f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}})) OR "
            f"({prefix}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{guids}}} AND "
            f"{prefix}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}}))"
        )
    return " AND ".join(parts)


def build_identity(
    scope: Scope,
    organization: Organization,
    security: Security,  # noqa: ARG001 (the signature of all clouds)
) -> Identity:
    """The identities."""
    return AzureIdentity(scope, organization).result
