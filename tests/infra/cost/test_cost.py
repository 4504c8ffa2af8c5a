"""A plan is priced from dated tables; what has no price is told and never counted as zero."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Mapping
from typing import Any

import pytest

from infra.plan.cost import FREE, PRICERS, Cost, estimate
from infra.plan.cost.prices import FOLDER, Price, Prices, _rows
from infra.plan.model import Plan, Resource
from infra.plan.policies.base import resource
from infra.plan.sdk import has_input, is_type
from landfall.intent import parse_intent
from tests.infra.policies.test_policies import BASE
from tests.infra.samples import plan_of, sample, sample_stacks

US = {**BASE, "cloud": {"provider": "aws", "region": "us-east-1", "account": "123456789012"}}
AZURE = {
    "provider": "azure", "region": "westeurope", "subscription": "00000000-0000-0000-0000-000000000001",
    "tenant": "00000000-0000-0000-0000-000000000002",
}  # fmt: skip
ON_AZURE = {**BASE, "cloud": AZURE, "warehouse": {"engine": "fabric"}}
READ = re.compile(
    r'(?:at|every)\((?:dict\(one\.inputs\)|one\.inputs|inputs), "([^"]+)"|\binputs\.get\("([^"]+)"'
)
UNSOURCED = {
    "postgres.Standard_B2s",
    "defender.cloudposture",
}
"""Parts of the samples for which no figure with a source was found: they are told, and never counted as zero."""


NOT_OF_AN_SDK = {"landfall:gcp:Spark", "kubernetes:gateway.networking.k8s.io/v1:Gateway"}
"""A component of ours, and a custom resource of a cluster."""


def priced(raw: Mapping[str, object], *resources: Resource) -> Cost:
    plan = Plan("acme-dev", "aws", resources)
    return estimate(plan, parse_intent(raw, "test"))


@pytest.mark.parametrize("type_", sorted((FREE | set(PRICERS)) - NOT_OF_AN_SDK))
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
    assert by_what["NAT gateway, data processed"].expected == pytest.approx(10 * 0.045, abs=0.01)
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
    cost = priced(US, resource("aws:mwaa/environment:Environment", environmentClass="mw1.nowhere"))
    assert cost.unpriced == {"aws:mwaa/environment:Environment": 1}
    assert (cost.expected, cost.high, cost.lines) == (0, 0, ())


def test_what_costs_nothing_by_itself_is_counted_as_free() -> None:
    cost = priced(US, resource("aws:ec2/vpc:Vpc"), resource("aws:iam/role:Role"))
    assert (cost.free, cost.unpriced, cost.lines) == (2, {}, ())


GPU: dict[str, Any] = {
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
    # With no spot capacity, half as many hours again cost what on-demand is dearer by.
    assert standby.high == pytest.approx(150 * (0.8048 - 0.3816), abs=0.01)
    assert spot.high + standby.high == pytest.approx(150 * 0.8048, abs=0.01)
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
    raw = {**ON_AZURE, "budget": {"amount": 10, "currency": "XTS"}}
    cost = priced(raw, resource("azure-native:network:NatGateway"))
    assert not cost.over_budget
    assert cost.budget is not None
    assert "no exchange rate for XTS" in cost.budget["told"]


def test_a_budget_in_another_currency_is_turned_into_dollars_at_a_dated_rate() -> None:
    raw = {**ON_AZURE, "budget": {"amount": 300, "currency": "NOK"}}
    cost = priced(raw, resource("azure-native:network:NatGateway"))
    assert cost.budget is not None
    assert cost.budget["amount_usd"] == pytest.approx(300 * 0.10834, abs=0.01)
    assert cost.over_budget  # 33.30 against 32.50
    assert "2026-10-30" in cost.budget["told"]


def test_a_reservation_serves_first_and_the_kinds_behind_it_cost_nothing() -> None:
    raw = copy.deepcopy(GPU)
    raw["ml"]["training_gpu"]["capacity"] = ["reservation", "spot", "on-demand"]
    cost = priced(
        raw, pool("training-reservation", "ON_DEMAND"), pool("training-spot", "SPOT"),
        pool("training-on-demand", "ON_DEMAND"),
    )  # fmt: skip
    assert cost.low == cost.expected == cost.high == pytest.approx(730 * 2 * 0.8048, abs=0.1)


def test_spot_without_a_price_is_taken_at_the_price_on_demand_and_says_so() -> None:
    raw = {**copy.deepcopy(GPU), "cloud": AZURE, "warehouse": {"engine": "fabric"}}
    raw["ml"]["training_gpu"]["accelerator"] = "T4"
    spot = resource(
        "azure-native:containerservice:AgentPool", "gpu-training-spot", vmSize="Standard_NC4as_T4_v3",
        scaleSetPriority="Spot", maxCount=2,
    )  # fmt: skip
    [line] = priced(raw, spot).lines
    assert line.expected == pytest.approx(100 * 0.658, abs=0.01)
    assert "no spot price is known" in line.note


def test_a_gpu_pool_without_a_price_is_unpriced_and_never_zero() -> None:
    raw = copy.deepcopy(GPU)
    node = dict(pool("training-spot", "SPOT").inputs) | {"instanceTypes": ["p6-b200.48xlarge"]}
    known = priced(raw, resource("aws:eks/nodeGroup:NodeGroup", "training-spot", **node))
    assert known.expected == pytest.approx(100 * 22.1118, abs=0.1)
    raw |= {"cloud": AZURE, "warehouse": {"engine": "fabric"}}
    raw["ml"]["training_gpu"]["accelerator"] = "T4"
    nothing = resource(
        "azure-native:containerservice:AgentPool", "gpu-training", vmSize="Standard_ND128isr_NDR_GB200_v6", maxCount=1
    )  # fmt: skip
    cost = priced(raw, nothing)
    assert cost.unpriced == {"azure-native:containerservice:AgentPool": 1}
    assert cost.missing == {"Standard_ND128isr_NDR_GB200_v6.ondemand": ["gpu-training"]}


def test_a_resource_that_lacks_the_price_of_a_part_is_listed_beside_its_lines() -> None:
    cost = priced(US, resource("aws:rds/instance:Instance", "db", instanceClass="db.odd", allocatedStorage=100))  # fmt: skip
    assert cost.expected == pytest.approx(11.5, abs=0.01)
    assert cost.unpriced == {"aws:rds/instance:Instance": 1}
    assert cost.missing == {"rds.db.odd": ["db"]}


def test_the_total_of_a_tiny_plan_by_hand_on_aws() -> None:
    cost = priced(
        US,
        resource("aws:eks/cluster:Cluster", "cluster"),
        resource("aws:eks/nodeGroup:NodeGroup", "system", instanceTypes=["m7i.large"],
                 scalingConfig={"minSize": 2, "maxSize": 2}),
        resource("aws:rds/instance:Instance", "db", instanceClass="db.t4g.small", allocatedStorage=20),
        resource("aws:kms/key:Key", "data"),
    )  # fmt: skip
    # EKS 73.00; two nodes 2 x 730 x 0.1008 = 147.168, their two disks of 20 GB 3.20; the database 23.36 and 2.30; a key 1.00.
    assert cost.expected == pytest.approx(73.00 + 147.17 + 3.20 + 23.36 + 2.30 + 1.00, abs=0.02)
    assert cost.low == cost.high == cost.expected


def test_the_total_of_a_tiny_plan_by_hand_on_google_cloud() -> None:
    google = {
        "provider": "gcp",
        "region": "europe-west4",
        "project": "acme-dev",
        "billing_account": "000000-AAAAAA-BBBBBB",
    }
    raw = {**BASE, "cloud": google, "warehouse": {"engine": "bigquery"}}
    cost = priced(
        raw,
        resource("gcp:container/cluster:Cluster", "cluster"),
        resource("gcp:container/nodePool:NodePool", "system",
                 nodeConfig={"machineType": "e2-standard-4", "diskSizeGb": 100},
                 autoscaling={"totalMinNodeCount": 1, "totalMaxNodeCount": 1}),
        resource("gcp:dns/managedZone:ManagedZone", "zone"),
        resource("gcp:secretmanager/secret:Secret", "secret"),
    )  # fmt: skip
    # GKE 73.00; a node 730 x 0.14754408 = 107.71, its disk 100 x 0.10 = 10.00; a zone 0.20; a secret 0.06.
    assert cost.expected == pytest.approx(73.00 + 107.71 + 10.00 + 0.20 + 0.06, abs=0.02)
    assert cost.low == pytest.approx(
        cost.expected - 0.1 * 10.00, abs=0.02
    )  # the disk's price is America's
    assert cost.high == pytest.approx(cost.expected + 0.3 * 10.00, abs=0.02)


def known(place: str, region: str, sku: str) -> Price:
    price = Prices("gcp", place, region).get(sku)
    assert price is not None
    return price


def test_a_region_next_door_widens_the_range_less_than_another_continent() -> None:
    sku = "n2-standard-8.ondemand"
    there = known("eu", "europe-west4", sku)
    near = known("eu", "europe-west1", sku)
    far = known("other", "asia-east1", sku)
    assert (there.low, there.high) == (1.0, 1.0)
    assert (near.low, near.high) == (0.85, 1.2)
    assert (far.low, far.high) == (0.9, 1.3)


@pytest.mark.parametrize("stack", sample_stacks("gcp", "aws", "azure"))
def test_every_resource_of_a_sample_is_priced_free_or_told(stack: str) -> None:
    plan, intent = plan_of(stack), sample(stack)
    cost = estimate(plan, intent)
    assert 0 < cost.low <= cost.expected <= cost.high
    for line in cost.lines:
        assert line.low <= line.expected <= line.high, line
        assert line.source, line
        assert line.as_of, line
    with_lines = {(line.type, line.resource) for line in cost.lines}
    unpriced = sum(cost.unpriced.values())
    assert len(plan.resources) <= cost.free + unpriced + len(with_lines)
    assert unpriced <= len(plan.resources) * 0.08
    assert set(cost.missing) <= UNSOURCED | set(cost.unpriced)


@pytest.mark.parametrize("type_", sorted(set(PRICERS) - NOT_OF_AN_SDK))
def test_a_pricer_reads_inputs_that_the_type_has(type_: str) -> None:
    source = inspect.getsource(PRICERS[type_])
    for pair in READ.findall(source):
        path = "".join(pair)
        assert has_input(type_, path), path


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
    assert known("eu", "", "gke.cluster.hour").usd == 0.10
    assert Prices("gcp", "eu").get("nothing") is None


def test_what_google_charges_for_hardware_keys_and_rules_by_domain_name() -> None:
    google = {
        "provider": "gcp", "region": "europe-west4", "project": "acme-dev", "billing_account": "000000-AAAAAA-BBBBBB",
    }  # fmt: skip
    cost = priced(
        {**BASE, "cloud": google, "warehouse": {"engine": "bigquery"}},
        resource("gcp:kms/cryptoKey:CryptoKey", "key", versionTemplate={"protectionLevel": "HSM"}),
        resource("gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule", "rule",
                 match={"destFqdns": ["example.com"]}),
    )  # fmt: skip
    assert not cost.missing
    by_unit = {line.unit: line for line in cost.lines}
    assert (by_unit["version-month"].rate, by_unit["version-month"].expected) == (1.0, 1.0)
    assert by_unit["GB"].rate == 0.018
    assert cost.elsewhere == 0


def test_a_feature_of_guardduty_costs_where_it_is_on_and_is_told_where_it_is_not_known() -> None:
    kind = "aws:guardduty/detectorFeature:DetectorFeature"
    cost = priced(
        US,
        resource(kind, "databases", name="RDS_LOGIN_EVENTS", status="ENABLED"),
        resource(kind, "off", name="RUNTIME_MONITORING", status="DISABLED"),
        resource(kind, "new", name="SOMETHING_NEW", status="ENABLED"),
    )
    assert [(line.resource, line.expected) for line in cost.lines] == [("databases", 2.0)]
    assert cost.missing == {"guardduty.something_new": ["new"]}
    assert cost.free == 1


def test_a_database_whose_price_is_known_in_europe_alone_has_a_wide_range_in_america() -> None:
    one = resource("aws:rds/instance:Instance", "db", instanceClass="db.m6g.large", multiAz=True)
    [line] = [line for line in priced(US, one).lines if "m6g" in line.what]
    assert line.expected == pytest.approx(2 * 730 * 0.176)
    assert (line.low, line.high) == (
        pytest.approx(0.9 * line.expected, abs=0.01),
        pytest.approx(1.3 * line.expected, abs=0.01),
    )
    assert "eu-west-1, another region" in line.note


def test_the_load_balancer_of_the_gateway_is_priced_by_the_hour_and_by_what_it_carries() -> None:
    one = resource("kubernetes:gateway.networking.k8s.io/v1:Gateway", "gateway")
    azure = {**BASE, "cloud": AZURE, "warehouse": {"engine": "fabric"}}
    rates = {
        name: [(line.unit, line.rate) for line in priced(raw, one).lines]
        for name, raw in (("aws", US), ("azure", azure))
    }
    assert dict(rates["aws"]) == {"hour": 0.0225, "LCU-hour": 0.006}
    assert dict(rates["azure"]) == {"hour": 0.025, "GB": 0.005}
