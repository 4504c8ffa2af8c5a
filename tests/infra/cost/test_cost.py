"""A plan is priced from dated tables; what has no price is told and never counted as zero."""

from __future__ import annotations

import pytest

from infra.plan.cost import FREE, PRICERS, estimate
from infra.plan.cost.prices import FOLDER, Prices, _rows
from infra.plan.model import Plan
from infra.plan.policies.base import resource
from infra.plan.sdk import is_type
from landfall.intent import parse_intent
from tests.infra.policies.test_policies import BASE

US = {**BASE, "cloud": {"provider": "aws", "region": "us-east-1", "account": "123456789012"}}


def priced(raw: dict[str, object], *resources: object):
    plan = Plan("acme-dev", "aws", resources)  # pyright: ignore[reportArgumentType]
    return estimate(plan, parse_intent(raw, "test"))


@pytest.mark.parametrize("type_", sorted((FREE | set(PRICERS)) - {"landfall:gcp:Spark"}))
def test_each_type_that_is_priced_or_free_exists(type_: str) -> None:
    assert is_type(type_)


def test_no_type_is_both_priced_and_free() -> None:
    assert not FREE & set(PRICERS)


@pytest.mark.parametrize("name", ["gpu.csv", "services.csv", "machines.csv", "rates.csv"])
def test_each_price_has_a_date_and_a_source(name: str) -> None:
    assert (FOLDER / name).exists()
    for row in _rows(name):
        assert row["source"], row
        assert row.get("as_of") or row.get("ondemand_date") or row.get("spot_kind"), row


def test_a_nat_gateway_costs_its_hours_and_its_bytes() -> None:
    cost = priced(US, resource("aws:ec2/natGateway:NatGateway", "out"))
    by_what = {line.what: line for line in cost.lines}
    assert by_what["NAT gateway"].expected == pytest.approx(730 * 0.045, abs=0.01)
    # xsmall in dev: a twentieth of the 200 GB that a small warehouse in production sends out.
    assert by_what["data through the NAT gateway"].expected == pytest.approx(10 * 0.045, abs=0.01)
    assert cost.unpriced == {}


def test_another_part_of_the_world_widens_the_range() -> None:
    cost = priced(BASE, resource("aws:ec2/natGateway:NatGateway", "out"))
    hours = next(line for line in cost.lines if line.unit == "hour")
    assert (hours.low, hours.high) == (
        pytest.approx(hours.expected * 0.9, abs=0.01),
        pytest.approx(hours.expected * 1.3, abs=0.01),
    )
    assert "another region" in hours.note


def test_what_has_no_price_is_listed_and_adds_nothing() -> None:
    cost = priced(US, resource("aws:rds/instance:Instance", "db", instanceClass="db.nowhere"))
    assert cost.unpriced == {"aws:rds/instance:Instance": 1}
    assert cost.expected == 0


def test_what_costs_nothing_by_itself_is_counted_as_free() -> None:
    cost = priced(US, resource("aws:ec2/vpc:Vpc"), resource("aws:iam/role:Role"))
    assert (cost.free, cost.unpriced, cost.lines) == (2, {}, ())


GPU = {
    **US,
    "ml": {
        "problem": {"name": "late", "kind": "binary", "table": "features_x", "time": "t", "key": ["k"],
                    "target": "late", "metric": "pr_auc"},
        "training_gpu": {"accelerator": "L4", "count": 1, "max_nodes": 2, "capacity": ["spot", "on-demand"],
                         "node_hours_month": 100},
    },
}  # fmt: skip


def pool(name: str, capacity: str):
    return resource(
        "aws:eks/nodeGroup:NodeGroup", name, instanceTypes=["g6.xlarge"], capacityType=capacity,
        scalingConfig={"minSize": 0, "maxSize": 2},
    )  # fmt: skip


def test_gpu_hours_are_expected_on_the_first_capacity_and_stand_by_on_the_next() -> None:
    cost = priced(GPU, pool("training-spot", "SPOT"), pool("training-on-demand", "ON_DEMAND"))
    spot, standby = sorted(cost.lines, key=lambda line: -line.expected)
    assert spot.expected == pytest.approx(100 * 0.3816, abs=0.01)
    assert standby.expected == 0
    assert standby.high == pytest.approx(100 * 0.8048, abs=0.01)
    risks = {one["capacity"]: one["risk"] for one in cost.gpu["pools"]}
    assert "taken away" in risks["spot"]


def test_a_reservation_is_paid_for_every_hour() -> None:
    wanted = {
        **GPU,
        "ml": {
            **GPU["ml"],
            "training_gpu": {**GPU["ml"]["training_gpu"], "capacity": ["reservation"]},
        },
    }
    [line] = priced(wanted, pool("training-reservation", "ON_DEMAND")).lines
    assert line.expected == pytest.approx(730 * 2 * 0.8048, abs=0.1)


def test_a_cost_above_the_budget_is_over_it() -> None:
    raw = {**US, "budget": {"amount": 10, "currency": "USD"}}
    assert priced(raw, resource("aws:ec2/natGateway:NatGateway")).over_budget
    assert not priced(
        US | {"budget": {"amount": 100, "currency": "USD"}},
        resource("aws:ec2/natGateway:NatGateway"),
    ).over_budget


def test_a_budget_in_a_currency_without_a_rate_is_not_compared_and_says_so() -> None:
    raw = {**US, "budget": {"amount": 10, "currency": "NOK"}}
    cost = priced(raw, resource("aws:ec2/natGateway:NatGateway"))
    assert not cost.over_budget
    assert "no exchange rate for NOK" in cost.budget["told"]


def test_low_expected_and_high_are_in_order() -> None:
    cost = priced(
        US,
        resource("aws:ec2/natGateway:NatGateway"),
        resource(
            "aws:ec2/vpcEndpoint:VpcEndpoint", vpcEndpointType="Interface", subnetIds=["a", "b"]
        ),
    )
    for line in cost.lines:
        assert line.low <= line.expected <= line.high


def test_a_price_is_the_regions_own_where_one_is_known() -> None:
    assert Prices("gcp", "eu").get("gke.cluster.hour").usd == 0.10
    assert Prices("gcp", "eu").get("nothing") is None
