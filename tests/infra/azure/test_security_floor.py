"""What must hold of everything that is built on Azure, and what must not exist at all."""

from __future__ import annotations

import json

from infra.azure.identity import _GRANTED
from infra.azure.roles import ROLES
from infra.plan.model import SECRET, Plan, Resource

DATA = (
    "azure-native:storage:StorageAccount",
    "azure-native:storage:BlobContainer",
    "azure-native:keyvault:Vault",
    "azure-native:keyvault:Key",
    "azure-native:keyvault:Secret",
    "azure-native:operationalinsights:Workspace",
    "azure-native:dbforpostgresql:Server",
    "azure-native:dbforpostgresql:Database",
    "azure-native:synapse:Workspace",
    "azure-native:synapse:SqlPool",
    "azure-native:containerregistry:Registry",
    "azure-native:compute:DiskEncryptionSet",
)
PUBLIC_OFF = (
    "azure-native:storage:StorageAccount",
    "azure-native:containerregistry:Registry",
    "azure-native:containerservice:ManagedCluster",
    "azure-native:synapse:Workspace",
)


def grants(plan: Plan) -> list[Resource]:
    return plan.of_type("azure-native:authorization:RoleAssignment")


def test_every_resource_runs_on_an_explicit_provider(plan: Plan) -> None:
    assert not [one.urn for one in plan.resources if one.custom and not one.provider
                and not one.type.startswith("pulumi:providers:")]  # fmt: skip


def test_what_holds_data_keys_or_proof_is_protected_and_kept(plan: Plan) -> None:
    kept = plan.of_type(*DATA)
    assert {one.type for one in kept} >= set(DATA) - {"azure-native:synapse:SqlPool"}
    assert not [one.urn for one in kept if not (one.protect and one.retain)]


def test_nothing_is_reached_from_the_internet(plan: Plan) -> None:
    for one in plan.of_type(*PUBLIC_OFF):
        assert one.inputs["publicNetworkAccess"] == "Disabled", one.urn
    for vault in plan.of_type("azure-native:keyvault:Vault"):
        assert vault.inputs["properties"]["publicNetworkAccess"] == "Disabled"
    for server in plan.of_type("azure-native:dbforpostgresql:Server"):
        assert server.inputs["network"]["publicNetworkAccess"] == "Disabled"


def test_public_addresses_belong_to_the_way_out_alone(plan: Plan) -> None:
    names = {one.name for one in plan.of_type("azure-native:network:PublicIPAddress")}
    assert names <= {"nat-address", "firewall-address"}
    pools = plan.of_type("azure-native:containerservice:AgentPool")
    assert pools
    assert not [pool.name for pool in pools if pool.inputs["enableNodePublicIP"]]


def test_storage_knows_no_keys_no_anonymous_and_encrypts_twice_with_our_key(plan: Plan) -> None:
    for account in plan.of_type("azure-native:storage:StorageAccount"):
        given = account.inputs
        assert given["allowSharedKeyAccess"] is False
        assert given["allowBlobPublicAccess"] is False
        assert given["minimumTlsVersion"] == "TLS1_2"
        assert given["networkRuleSet"]["defaultAction"] == "Deny"
        assert given["encryption"]["requireInfrastructureEncryption"] is True
        assert given["encryption"]["keySource"] == "Microsoft.Keyvault"
        assert given["encryption"]["keyVaultProperties"]["keyName"]
        assert "keyVersion" not in given["encryption"]["keyVaultProperties"]  # it follows the key


def test_every_security_group_ends_by_denying_both_ways(plan: Plan) -> None:
    for shield in plan.of_type("azure-native:network:NetworkSecurityGroup"):
        last = [rule for rule in shield.inputs["securityRules"] if rule["priority"] == 4096]
        assert {(rule["direction"], rule["access"]) for rule in last} == {
            ("Inbound", "Deny"), ("Outbound", "Deny"),
        }  # fmt: skip
        opened = [
            rule for rule in shield.inputs["securityRules"]
            if (rule["direction"], rule["access"]) == ("Inbound", "Allow")
        ]  # fmt: skip
        assert not [rule for rule in opened if rule["sourceAddressPrefix"] in ("*", "Internet")]


def test_every_subnet_but_the_firewalls_has_a_security_group_and_no_default_way_out(
    plan: Plan,
) -> None:
    for subnet in plan.of_type("azure-native:network:Subnet"):
        assert subnet.inputs["defaultOutboundAccess"] is False
        assert subnet.name == "firewall-subnet" or "networkSecurityGroup" in subnet.inputs


def test_keys_turn_by_themselves_and_cannot_leave(plan: Plan) -> None:
    keys = plan.of_type("azure-native:keyvault:Key")
    assert {one.name for one in keys} == {"key-data", "key-logs", "key-secrets", "key-cluster"}
    for key in keys:
        policy = key.inputs["properties"]["rotationPolicy"]
        assert policy["lifetimeActions"][0]["trigger"]["timeAfterCreate"] == "P90D"
        assert key.inputs["properties"]["attributes"]["exportable"] is False


def test_grants_are_listed_roles_under_stable_names_to_identities_only(plan: Plan) -> None:
    known = set(ROLES.values())
    names = [one.inputs["roleAssignmentName"] for one in grants(plan)]
    assert len(names) == len(set(names)) > 20
    for one in grants(plan):
        assert one.inputs["principalType"] == "ServicePrincipal"
        guid = one.inputs["roleDefinitionId"].rpartition("/")[2]
        own = ("stop-pools", "stop-join", "jenkins-builds", "jenkins-looks-into-cluster", "cluster-uses-reserved-training")  # fmt: skip
        assert guid in known or one.name in own


def test_nobody_is_owner_or_contributor(plan: Plan) -> None:
    owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c"
    for one in grants(plan):
        guid = one.inputs["roleDefinitionId"].rpartition("/")[2]
        assert guid not in (owner, contributor)


def test_jenkins_hands_out_listed_roles_only_and_deletes_nothing_that_holds_data(
    prod: Plan,
) -> None:
    by_name = {one.name: one for one in grants(prod)}
    condition = by_name["jenkins-grants"].inputs["condition"]
    assert ROLES["Role Based Access Control Administrator"] not in condition
    assert all(ROLES[name] in condition for name in _GRANTED)
    role = next(
        one
        for one in prod.of_type("azure-native:authorization:RoleDefinition")
        if one.name == "deploy-role"
    )
    allowed = role.inputs["permissions"][0]
    assert "*" not in allowed["actions"]
    assert "Microsoft.Storage/storageAccounts/delete" in allowed["notActions"]
    assert "Microsoft.Authorization/locks/delete" in allowed["notActions"]


def test_jenkins_comes_in_by_exact_subjects_one_credential_each(prod: Plan) -> None:
    trusts = {
        one.name: one.inputs
        for one in prod.of_type("azure-native:managedidentity:FederatedIdentityCredential")
        if one.name.startswith("jenkins")
    }
    deploys = {n: t["subject"] for n, t in trusts.items() if n.startswith("jenkins-deploy-")}
    assert deploys == {
        "jenkins-deploy-trust-infra": "landfall:fjord/infra/main",
        "jenkins-deploy-trust-destroy": "landfall:fjord/destroy",
        "jenkins-deploy-trust-upgrade": "landfall:fjord/upgrade",
    }
    assert trusts["jenkins-preview-trust-nightly"]["audiences"] == ["landfall-preview"]
    assert trusts["jenkins-deploy-trust-infra"]["audiences"] == ["landfall-deploy"]


def test_jenkins_data_jobs_become_the_workloads_of_their_steps_and_no_other(prod: Plan) -> None:
    found: dict[str, set[str]] = {}
    for one in prod.of_type("azure-native:managedidentity:FederatedIdentityCredential"):
        if one.inputs["audiences"] == ["landfall-data"]:
            assert one.inputs["issuer"] == "https://jenkins.fjord.example/oidc"
            found.setdefault(one.inputs["resourceName"], set()).add(one.inputs["subject"])
    both = {"landfall:fjord/ml", "landfall:fjord/pipelines/main"}
    workloads = {name.rpartition("-")[2]: subjects for name, subjects in found.items()}
    assert workloads == {
        "ingest": both,
        "transform": both,
        "train": {*both, "landfall:fjord/rollback"},
    }


def test_without_jenkins_nobody_federates_from_outside(dev: Plan) -> None:
    trusts = dev.of_type("azure-native:managedidentity:FederatedIdentityCredential")
    assert all(one.inputs["subject"].startswith("system:serviceaccount:") for one in trusts)


def test_no_password_stands_in_a_plan(plan: Plan) -> None:
    server = plan.of_type("azure-native:dbforpostgresql:Server")[0]
    assert server.inputs["administratorLoginPassword"] == SECRET
    for secret in plan.of_type("azure-native:keyvault:Secret"):
        assert secret.inputs["properties"]["value"] == SECRET
    text = json.dumps([dict(one.inputs) for one in plan.resources])
    assert "password-result" not in text
    assert "sqlAdministratorLoginPassword" not in text


def test_the_cluster_is_private_and_takes_entra_only(plan: Plan) -> None:
    (cluster,) = plan.of_type("azure-native:containerservice:ManagedCluster")
    given = cluster.inputs
    assert given["apiServerAccessProfile"]["enablePrivateCluster"] is True
    assert given["apiServerAccessProfile"]["enablePrivateClusterPublicFQDN"] is False
    assert given["disableLocalAccounts"] is True
    assert given["aadProfile"]["enableAzureRBAC"] is True
    assert given["networkProfile"]["networkPolicy"] == "cilium"
    assert "diskEncryptionSetID" in given


def test_the_audit_trail_lies_apart_and_cannot_be_emptied(plan: Plan) -> None:
    (audit,) = [
        one for one in plan.of_type("azure-native:storage:StorageAccount") if one.name == "audit"
    ]
    policy = audit.inputs["immutableStorageWithVersioning"]["immutabilityPolicy"]
    assert policy["immutabilityPeriodSinceCreationInDays"] >= 90
    assert policy["state"] == "Unlocked"  # Azure takes no other to begin with
    assert "immutableStorageWithVersioning.immutabilityPolicy.state" in audit.ignore_changes
    assert audit.inputs["resourceGroupName"].endswith("-audit")
    # The one grant there lets flow logs be written into their own account.
    holders = {one.inputs["scope"] for one in grants(plan) if one.name != "flowlogs-writes"}
    assert not [scope for scope in holders if "-audit" in scope]
