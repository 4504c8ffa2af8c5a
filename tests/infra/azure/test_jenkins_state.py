"""Jenkins' identities and the state: one reads, and notes what builds find; one writes; both open its secrets."""

from __future__ import annotations

from typing import Any

from infra.azure.roles import ROLES
from infra.plan.model import Plan, Resource
from tests.infra.azure.conftest import DEV
from tests.infra.foundation import foundation_of

STATE = {
    "state": "azblob://state?storage_account=acmestate",
    "state_key": "azurekeyvault://acme-state.vault.azure.net/keys/state",
    "state_group": "acme-pulumi",
}
GROUP = "/resourceGroups/acme-pulumi/providers"


def grants(**jenkins: Any) -> dict[str, Resource]:
    plan = foundation_of(DEV, **jenkins)
    kind = "azure-native:authorization:RoleAssignment"
    return {one.name: one for one in plan.of_type(kind) if GROUP in one.inputs["scope"]}


def role(plan: Plan, name: str) -> dict[str, Any]:
    kind = "azure-native:authorization:RoleDefinition"
    (found,) = [one for one in plan.of_type(kind) if one.name == name]
    return found.inputs


def test_one_reads_the_state_and_the_other_writes_it() -> None:
    found = grants(**STATE)
    container = (
        f"{GROUP}/Microsoft.Storage/storageAccounts/acmestate/blobServices/default/containers/state"
    )
    roles = {
        name: next(n for n, guid in ROLES.items() if one.inputs["roleDefinitionId"].endswith(guid))
        for name, one in found.items()
        if one.inputs["scope"].endswith(container)
    }
    assert roles == {
        "jenkins-preview-reads-state": "Storage Blob Data Reader",
        "jenkins-preview-notes-builds": "Storage Blob Data Contributor",
        "jenkins-deploy-writes-state": "Storage Blob Data Contributor",
    }


def test_what_the_reader_writes_is_no_part_of_the_state() -> None:
    condition = grants(**STATE)["jenkins-preview-notes-builds"].inputs["condition"]
    blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
    for verb in ("write", "add/action", "delete", "move/action"):
        assert f"!(ActionMatches{{'{blobs}/{verb}'}})" in condition
    assert condition.endswith(f"OR (@Resource[{blobs}:path] StringLike 'landfall/builds/*'))")
    assert condition.count("(") == condition.count(")")


def test_both_open_secrets_by_a_role_that_does_nothing_else() -> None:
    found = grants(**STATE)
    key = f"{GROUP}/Microsoft.KeyVault/vaults/acme-state/keys/state"
    opens = {name for name, one in found.items() if one.inputs["scope"].endswith(key)}
    assert opens == {"jenkins-preview-opens-state", "jenkins-deploy-opens-state"}
    (may,) = role(foundation_of(DEV, **STATE), "open-state-role")["permissions"]
    assert may["actions"] == []
    assert set(may["dataActions"]) == {
        "Microsoft.KeyVault/vaults/keys/decrypt/action",
        "Microsoft.KeyVault/vaults/keys/read",
    }


def test_where_the_intent_does_not_say_the_group_the_owner_of_the_account_grants() -> None:
    assert not grants(**{**STATE, "state_group": None})
    assert not grants(state="gs://acme-state", state_group="acme-pulumi")


def test_jenkins_looks_into_the_cluster_and_sees_no_secret() -> None:
    """In `infra/azure/identity.py`: AKS' own reader sees no kind that a chart brings."""
    plan = foundation_of(DEV)
    (may,) = role(plan, "look-into-cluster-role")["permissions"]
    assert may["dataActions"] == ["Microsoft.ContainerService/managedClusters/*/read"]
    assert may["notDataActions"] == ["Microsoft.ContainerService/managedClusters/secrets/read"]
    assert may["actions"] == []
    kind = "azure-native:authorization:RoleAssignment"
    (given,) = [one for one in plan.of_type(kind) if one.name == "jenkins-looks-into-cluster"]
    assert "/resourceGroups/" in given.inputs["scope"]
