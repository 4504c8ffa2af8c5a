"""The zone of the platform's own names: in every network of ours, and in none of the client's."""

from __future__ import annotations

import pytest

from infra.plan.model import Plan
from tests.infra.aws.conftest import DEV, intent_of, named, plan_of


@pytest.mark.parametrize(
    ("environment", "egress", "networks"),
    [("dev", "nat", ["platform"]), ("prod", "nat", ["platform", "hub"]), ("prod", "none", ["platform"])],
)  # fmt: skip
def test_the_platforms_own_zone_answers_in_each_network_of_ours(
    environment: str, egress: str, networks: list[str]
) -> None:
    plan = plan_of(
        intent_of(
            DEV,
            environment=environment,
            network={"cidr": "10.192.0.0/16", "avoid": ["10.0.0.0/9"], "egress": egress},
        )
    )
    (zone,) = plan.of_type("aws:route53/zone:Zone")
    assert zone.inputs["name"] == f"northwind-{environment}.internal"
    assert set(zone.property_deps["vpcs"]) == {
        named(plan, "ec2/vpc:Vpc", network).urn for network in networks
    }
    assert {one["vpcRegion"] for one in zone.inputs["vpcs"]} == {"us-east-1"}
    # Route 53 answers only where both are on.
    for one in plan.of_type("aws:ec2/vpc:Vpc"):
        assert one.inputs["enableDnsSupport"]
        assert one.inputs["enableDnsHostnames"]


def test_in_an_adopted_network_the_clients_name_servers_answer(adopt: Plan) -> None:
    assert not adopt.of_type("aws:route53/zone:Zone")
