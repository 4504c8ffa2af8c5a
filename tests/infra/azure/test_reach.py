"""Who reaches the cluster's API, and what the budget's stop is let into."""

from __future__ import annotations

from typing import Any

from infra.plan.model import Plan
from tests.infra.azure.conftest import DEV, Planner, intent_of

CLUSTER = "azure-native:containerservice:ManagedCluster"


def api(plan: Plan) -> dict[str, Any]:
    (cluster,) = plan.of_type(CLUSTER)
    return {**cluster.inputs["apiServerAccessProfile"], "network": cluster.inputs["publicNetworkAccess"]}  # fmt: skip


def test_a_listed_range_and_the_nodes_own_address_reach_the_api(planned: Planner) -> None:
    network = intent_of(DEV).network.model_dump(exclude_defaults=True)
    plan = planned(DEV, network={**network, "api_from": ["203.0.113.7/32"]})
    given = api(plan)
    assert given["network"] == "Enabled"
    assert "enablePrivateCluster" not in given
    first, own = given["authorizedIPRanges"]
    assert first == "203.0.113.7/32"
    assert own.endswith("/32")
    assert given["disableRunCommand"] is True


def test_the_guardrail_against_public_clusters_makes_way_for_one_that_was_asked_for(planned: Planner) -> None:  # fmt: skip
    def assigned(plan: Plan) -> set[str]:
        return {one.name for one in plan.of_type("azure-native:authorization:PolicyAssignment")}

    network = intent_of(DEV).network.model_dump(exclude_defaults=True)
    public = assigned(planned(DEV, network={**network, "api_from": ["203.0.113.7/32"]}))
    private = assigned(planned(DEV, network=network))
    assert len(private - public) == 1
    assert "private-clusters" in (private - public).pop()


def test_the_stop_may_join_the_nodes_subnet_and_nothing_else_in_the_network(prod: Plan) -> None:
    (role,) = [
        one
        for one in prod.of_type("azure-native:authorization:RoleDefinition")
        if one.name == "stop-join-role"
    ]
    assert role.inputs["permissions"][0]["actions"] == [
        "Microsoft.Network/virtualNetworks/subnets/join/action"
    ]
    assert role.inputs["assignableScopes"][0].endswith("/resourceGroups/fjord-prod-network")
