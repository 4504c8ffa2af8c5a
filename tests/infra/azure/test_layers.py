"""What the intent asks for is what Azure's layers build."""

from __future__ import annotations

import re

import pytest

from infra.azure import orchestration
from infra.azure.gpu_pool import LABEL, TAINT
from infra.azure.roles import ROLES
from infra.contract import NotOffered
from infra.plan.model import UNKNOWN, Plan
from landfall.errors import LandfallError
from tests.infra.azure.conftest import DEV, PROD, Planner, intent_of, plan_of


def names(plan: Plan, kind: str) -> set[str]:
    return {one.name for one in plan.of_type(f"azure-native:{kind}")}


def test_another_client_gets_the_same_urns(dev: Plan) -> None:
    other = plan_of(intent_of(DEV, client={"name": "Someone Else", "slug": "someone"}), DEV)
    assert {one.urn for one in other.resources} == {one.urn for one in dev.resources}


def test_grants_keep_their_names_and_another_client_gets_others(dev: Plan) -> None:
    kind = "azure-native:authorization:RoleAssignment"

    def ids(plan: Plan) -> set[str]:
        return {one.inputs["roleAssignmentName"] for one in plan.of_type(kind)}

    again = plan_of(intent_of(DEV), "another-stack")
    other = plan_of(intent_of(DEV, client={"name": "Someone Else", "slug": "someone"}))
    assert ids(again) == ids(dev)
    assert not ids(other) & ids(dev)


def test_a_preview_without_answers_builds_the_same_resources(dev: Plan) -> None:
    unknown = plan_of(intent_of(DEV), DEV, known=False)
    assert [one.urn for one in unknown.resources] == [one.urn for one in dev.resources]
    (cluster,) = unknown.of_type("azure-native:containerservice:ManagedCluster")
    assert cluster.inputs["diskEncryptionSetID"] == UNKNOWN


def test_an_adopted_subscription_is_not_created_and_its_policies_hang_on_it(dev: Plan) -> None:
    assert not dev.of_type(
        "azure-native:subscription:Alias", "azure-native:management:ManagementGroup"
    )
    for one in dev.of_type("azure-native:authorization:PolicyAssignment"):
        assert one.inputs["scope"].startswith("/subscriptions/66666666")


def test_a_created_subscription_lies_in_a_management_group_that_carries_the_policies(
    prod: Plan,
) -> None:
    assert len(prod.of_type("azure-native:subscription:Alias")) == 1
    for one in prod.of_type("azure-native:authorization:PolicyAssignment"):
        assert (
            one.inputs["scope"]
            == "/providers/Microsoft.Management/managementGroups/fjord-prod-platform"
        )
        assert len(one.inputs["policyAssignmentName"]) <= 24


def test_everything_lies_in_the_region_or_nowhere(prod: Plan) -> None:
    places = {one.inputs["location"] for one in prod.resources if "location" in one.inputs}
    assert places == {"swedencentral", "global"}


def test_the_residency_becomes_the_allowed_locations(prod: Plan) -> None:
    (regions,) = [
        one for one in prod.of_type("azure-native:authorization:PolicyAssignment")
        if one.name == "policy-regions"
    ]  # fmt: skip
    allowed = regions.inputs["parameters"]["listOfAllowedLocations"]["value"]
    assert "swedencentral" in allowed
    assert "eastus" not in allowed


def test_standards_bring_azures_own_initiatives(prod: Plan, dev: Plan) -> None:
    assert {"policy-cis", "policy-iso-27001"} <= names(prod, "authorization:PolicyAssignment")
    assert "policy-cis" not in names(dev, "authorization:PolicyAssignment")


def test_nat_is_one_gateway_and_no_firewall(dev: Plan) -> None:
    assert names(dev, "network:NatGateway") == {"nat"}
    assert not dev.of_type("azure-native:network:AzureFirewall")


def test_an_allow_list_is_a_firewall_that_knows_names_and_the_sources_ports(prod: Plan) -> None:
    assert not prod.of_type("azure-native:network:NatGateway")
    (group,) = prod.of_type("azure-native:network:FirewallPolicyRuleCollectionGroup")
    rules = {
        rule["name"]: rule
        for collection in group.inputs["ruleCollections"]
        for rule in collection["rules"]
    }
    allowed = intent_of(PROD).network.egress_domains
    assert {"pypi.org", "ghcr.io"} <= set(allowed)
    assert rules["allow-list"]["targetFqdns"] == allowed
    assert rules["source-outages"]["destinationFqdns"] == ["outages.fjord.example"]
    assert rules["source-outages"]["destinationPorts"] == ["5432"]
    (table,) = prod.of_type("azure-native:network:RouteTable")
    assert table.inputs["routes"][0]["nextHopType"] == "VirtualAppliance"
    (firewall,) = prod.of_type("azure-native:network:AzureFirewall")
    assert firewall.inputs["zones"] == ["1", "2", "3"]


def test_no_egress_leaves_no_way_and_the_cluster_draws_on_the_registry(planned: Planner) -> None:
    plan = planned(DEV, network={"cidr": "172.20.0.0/16", "egress": "none"})
    assert not plan.of_type(
        "azure-native:network:NatGateway", "azure-native:network:AzureFirewall", "azure-native:network:PublicIPAddress"
    )  # fmt: skip
    (table,) = plan.of_type("azure-native:network:RouteTable")
    assert table.inputs["routes"][0]["nextHopType"] == "None"
    (cluster,) = plan.of_type("azure-native:containerservice:ManagedCluster")
    assert cluster.inputs["networkProfile"]["outboundType"] == "none"
    assert cluster.inputs["bootstrapProfile"]["artifactSource"] == "Cache"
    assert names(plan, "containerregistry:CacheRule") == {"aks-images"}
    rules = [
        rule for one in plan.of_type("azure-native:network:NetworkSecurityGroup")
        for rule in one.inputs["securityRules"]
    ]  # fmt: skip
    assert not [rule for rule in rules if rule.get("destinationAddressPrefix") == "Internet"]


def test_an_adopted_network_is_used_and_never_built(planned: Planner) -> None:
    start = "/subscriptions/66666666-7777-8888-9999-000000000000/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub"
    adopt = {
        "network": start,
        "subnets": [f"{start}/subnets/{one}" for one in ("nodes", "ends", "db")],
    }
    plan = planned(DEV, network={"cidr": "172.20.0.0/16", "adopt": adopt})
    assert not plan.of_type(
        "azure-native:network:VirtualNetwork", "azure-native:network:Subnet", "azure-native:network:NatGateway",
        "azure-native:network:NetworkSecurityGroup", "azure-native:privatedns:PrivateRecordSet",
    )  # fmt: skip
    (pool,) = [
        p for p in plan.of_type("azure-native:containerservice:AgentPool") if p.name == "pool-cpu"
    ]
    assert pool.inputs["vnetSubnetID"].endswith("/subnets/nodes")
    endpoints = plan.of_type("azure-native:network:PrivateEndpoint")
    assert {one.inputs["subnet"]["id"].rpartition("/")[2] for one in endpoints} == {"ends"}


def test_adopted_zones_key_and_log_bucket_are_not_built_again(planned: Planner) -> None:
    account = "66666666-7777-8888-9999-000000000000/resourceGroups/r/providers/Microsoft.Storage"
    audit = f"/subscriptions/{account}/storageAccounts/orgaudit"
    adopt = {
        "key": "https://acme-kv.vault.azure.net/keys/lake",
        "buckets": {"landing": "acmedrop/incoming"},
        "log_bucket": audit,
    }
    plan = planned(DEV, network={"cidr": "172.20.0.0/16", "adopt": adopt})
    assert "landing" not in names(plan, "storage:BlobContainer")
    assert "key-data" not in names(plan, "keyvault:Key")
    assert "audit" not in names(plan, "storage:StorageAccount")
    assert not plan.of_type("azure-native:eventgrid:SystemTopic")
    (lake,) = [
        one for one in plan.of_type("azure-native:storage:StorageAccount") if one.name == "lake"
    ]
    assert lake.inputs["encryption"]["keyVaultProperties"] == {
        "keyName": "lake", "keyVaultUri": "https://acme-kv.vault.azure.net",
    }  # fmt: skip
    (trail,) = plan.of_type("azure-native:monitor:SubscriptionDiagnosticSetting")
    assert trail.inputs["storageAccountId"] == audit


def test_retention_and_lock_follow_the_intent(prod: Plan, dev: Plan) -> None:
    (lock,) = prod.of_type("azure-native:storage:BlobContainerImmutabilityPolicy")
    assert lock.inputs["immutabilityPeriodSinceCreationInDays"] == 1095
    assert not dev.of_type("azure-native:storage:BlobContainerImmutabilityPolicy")
    (policy,) = [
        p
        for p in prod.of_type("azure-native:storage:ManagementPolicy")
        if p.name == "lake-lifecycle"
    ]
    gone = {
        rule["name"]: rule["definition"]["actions"]["baseBlob"].get("delete")
        for rule in policy.inputs["policy"]["rules"]
    }
    # What a table or a model points at is never deleted for its age.
    assert {name for name, after in gone.items() if after} == {"fjord-prod-landing"}
    assert gone["fjord-prod-landing"] == {"daysAfterModificationGreaterThan": 1095}
    places = {
        rule["name"]: rule["definition"]["filters"]["prefixMatch"]
        for rule in policy.inputs["policy"]["rules"]
    }
    assert places["fjord-prod-landing"] == ["fjord-prod-landing/"]
    assert places["fjord-prod-quarantine"] == ["fjord-prod-tables/quarantine/"]


def test_workloads_reach_the_zones_they_work_on_and_no_others(prod: Plan) -> None:
    reached: dict[str, set[str]] = {}
    for one in prod.of_type("azure-native:authorization:RoleAssignment"):
        if one.parent.endswith("::lake"):
            who, _, zone = one.name.partition("-")
            reached.setdefault(who, set()).add(zone)
    assert reached == {
        "ingest": {"writes-landing", "writes-tables", "reads-artifacts", "writes-artifacts"},
        "transform": {"reads-tables", "writes-tables", "writes-artifacts"},
        "train": {"reads-tables", "writes-artifacts"},
        "serve": {"reads-artifacts", "writes-artifacts"},
        "orchestrate": {"reads-artifacts", "writes-artifacts"},
    }  # fmt: skip


def test_in_the_container_of_the_tables_each_keeps_to_the_folders_of_its_zones(prod: Plan) -> None:
    below = {
        one.name: set(re.findall(r"StringLike '([^']+)/\*'", one.inputs.get("condition", "")))
        for one in prod.of_type("azure-native:authorization:RoleAssignment")
        if one.inputs["scope"].endswith("/containers/fjord-prod-tables")
    }
    assert below == {
        "ingest-writes-tables": {"bronze", "silver", "quarantine"},
        "transform-reads-tables": {"silver"},
        "transform-writes-tables": {"gold"},
        "train-reads-tables": {"gold"},
        "warehouse-reads-silver": {"silver"},
        "catalog-writes-tables": set(),
    }


def test_azure_takes_each_grant_as_it_knows_one_role_of_an_identity_in_a_place(plan: Plan) -> None:
    given = [
        # A plan knows an identity by the resource that it is; ids are known after the apply only.
        (one.property_deps["principalId"], one.inputs["roleDefinitionId"], one.inputs["scope"])
        for one in plan.of_type("azure-native:authorization:RoleAssignment")
    ]
    assert len(set(given)) == len(given)


def test_the_catalog_signs_for_files_as_the_account_of_its_server_and_no_other(prod: Plan) -> None:
    (one,) = [
        trust
        for trust in prod.of_type("azure-native:managedidentity:FederatedIdentityCredential")
        if trust.name == "account-catalog"
    ]
    assert one.inputs["subject"] == "system:serviceaccount:catalog:catalog"
    (signs,) = [
        grant
        for grant in prod.of_type("azure-native:authorization:RoleAssignment")
        if grant.name == "catalog-signs-for-files"
    ]
    assert signs.inputs["roleDefinitionId"].endswith(ROLES["Storage Blob Delegator"])
    assert "/storageAccounts/" in signs.inputs["scope"]
    assert "/containers/" not in signs.inputs["scope"]


def test_the_catalogs_database_may_make_the_extensions_that_it_asks_for(plan: Plan) -> None:
    assert names(plan, "dbforpostgresql:Database") == {"mlflow", "catalog"}
    (one,) = [
        setting
        for setting in plan.of_type("azure-native:dbforpostgresql:Configuration")
        if setting.inputs["configurationName"] == "azure.extensions"
    ]
    assert one.inputs["value"] == "BTREE_GIN,BTREE_GIST,PG_TRGM,PGCRYPTO,UUID-OSSP"


def test_a_landed_file_reaches_the_queue_without_a_key(plan: Plan) -> None:
    (told,) = plan.of_type("azure-native:eventgrid:SystemTopicEventSubscription")
    assert told.inputs["deliveryWithResourceIdentity"]["identity"]["type"] == "UserAssigned"
    assert told.inputs["deadLetterWithResourceIdentity"]["deadLetterDestination"][
        "blobContainerName"
    ]
    assert told.inputs["filter"]["subjectBeginsWith"].endswith("-landing/")


def test_each_engine_is_planned_as_itself(dev: Plan, prod: Plan) -> None:
    assert dev.of_type("azure-native:fabric:FabricCapacity")
    assert not dev.of_type("azure-native:synapse:SqlPool")
    (pool,) = prod.of_type("azure-native:synapse:SqlPool")
    assert pool.inputs["sku"]["name"] == "DW200c"
    assert not prod.of_type("azure-native:fabric:FabricCapacity")


def test_workspaces_let_no_data_out(plan: Plan) -> None:
    for workspace in plan.of_type("azure-native:synapse:Workspace"):
        assert workspace.inputs["managedVirtualNetworkSettings"]["preventDataExfiltration"] is True
        assert workspace.inputs["azureADOnlyAuthentication"] is True


def test_gpu_pools_follow_the_order_of_capacity_and_start_from_zero(prod: Plan) -> None:
    pools = {
        one.inputs["agentPoolName"]: one.inputs
        for one in prod.of_type("azure-native:containerservice:AgentPool")
        if one.name.startswith("gpu-")
    }
    assert set(pools) == {"trainres", "trainspot", "trainod", "servespot", "serveod"}
    for given in pools.values():
        assert (given["minCount"], given["count"]) == (0, 0)
        assert TAINT in given["nodeTaints"]
        assert LABEL in given["nodeLabels"]
        assert given["gpuProfile"] == {"driver": "Install"}
        assert given["enableEncryptionAtHost"] is True
    assert pools["trainspot"]["scaleSetPriority"] == "Spot"
    assert pools["trainspot"]["scaleSetEvictionPolicy"] == "Delete"
    assert pools["trainspot"]["spotMaxPrice"] == -1
    assert pools["trainres"]["vmSize"] == "Standard_NC24ads_A100_v4"
    assert "capacityReservationGroupID" in pools["trainres"]
    (held,) = prod.of_type("azure-native:compute:CapacityReservation")
    assert held.inputs["sku"] == {"capacity": 2, "name": "Standard_NC24ads_A100_v4"}


def test_a_stop_may_scale_pools_in_the_clusters_group_and_do_nothing_else(prod: Plan) -> None:
    (role,) = [
        r
        for r in prod.of_type("azure-native:authorization:RoleDefinition")
        if r.name == "stop-role"
    ]
    actions = role.inputs["permissions"][0]["actions"]
    assert all(
        action.startswith("Microsoft.ContainerService/managedClusters/") for action in actions
    )
    assert role.inputs["assignableScopes"][0].endswith("/resourceGroups/fjord-prod-ml")
    (flow,) = prod.of_type("azure-native:logic:Workflow")
    assert "landfall.io/gpu" in str(flow.inputs["definition"])
    assert flow.inputs["parameters"]["clusters"]["value"].endswith("/resourceGroups/fjord-prod-ml")


def test_without_a_hard_stop_there_is_none(planned: Planner) -> None:
    plan = planned(DEV, budget={"amount": 30000, "currency": "NOK"})
    assert not plan.of_type("azure-native:logic:Workflow")


def test_the_budget_counts_what_the_platform_costs_and_tells_at_each_share(prod: Plan) -> None:
    (budget,) = prod.of_type("azure-native:consumption:Budget")
    assert "fjord-prod-cluster-nodes" in budget.inputs["filter"]["dimensions"]["values"]
    told = budget.inputs["notifications"]
    assert set(told) == {"actual-50", "actual-80", "actual-100", "actual-120", "forecast-100"}
    assert all(one["contactGroups"] for one in told.values())
    assert "timePeriod" in budget.ignore_changes


def test_production_spans_zones_and_development_is_small(prod: Plan, dev: Plan) -> None:
    (server,) = prod.of_type("azure-native:dbforpostgresql:Server")
    assert server.inputs["highAvailability"]["mode"] == "ZoneRedundant"
    (small,) = dev.of_type("azure-native:dbforpostgresql:Server")
    assert small.inputs["sku"]["tier"] == "Burstable"
    assert {
        one.inputs["sku"]["name"] for one in prod.of_type("azure-native:storage:StorageAccount")
    } == {"Standard_ZRS"}
    assert {
        one.inputs["sku"]["name"] for one in dev.of_type("azure-native:storage:StorageAccount")
    } == {"Standard_LRS"}
    assert names(prod, "authorization:ManagementLockByScope") == {"lock-security", "lock-audit"}
    assert not dev.of_type("azure-native:authorization:ManagementLockByScope")


def test_managed_airflow_is_not_offered_and_says_what_is() -> None:
    assert isinstance(orchestration.OFFERED, NotOffered)
    with pytest.raises(LandfallError, match="Airflow 3 by Helm"):
        orchestration.build_orchestration(None, None, None)  # pyright: ignore[reportArgumentType]


def test_resources_are_as_many_as_told(prod: Plan, dev: Plan) -> None:
    assert len(prod.resources) < 270
    assert len(dev.resources) < 200


def test_the_clusters_name_leads_to_the_address_that_its_gateway_takes(prod: Plan) -> None:
    from infra.azure.provider import open_scope
    from infra.kubernetes.clouds import CLOUDS
    from infra.plan.record import record

    found: dict[str, str] = {}

    def ask() -> None:
        found.update(CLOUDS["azure"].gateway(open_scope(intent_of(PROD), "test")))

    record(ask, "test", "azure")
    (name,) = prod.of_type("azure-native:privatedns:PrivateRecordSet")
    prefix = "service.beta.kubernetes.io/azure-load-balancer"
    assert found[f"{prefix}-ipv4"] == name.inputs["aRecords"][0]["ipv4Address"]
    subnets = {one.inputs["subnetName"] for one in prod.of_type("azure-native:network:Subnet")}
    assert found[f"{prefix}-internal-subnet"] in subnets
