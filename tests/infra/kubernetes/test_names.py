"""The platform's names lead to the gateway: by a fixed address, or by a record of the load balancer's own name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infra.kubernetes.clouds import CLOUDS as WORDS
from infra.plan import outputs
from infra.plan.model import UNKNOWN, Plan
from landfall.errors import UsageError
from tests.infra.kubernetes import hand
from tests.infra.kubernetes.conftest import build
from tests.infra.kubernetes.hand import CLOUDS, one

Plans = Callable[..., Plan]
GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway"
RECORD = "aws:route53/record:Record"
ADOPT = {
    "network": "vpc-0a1b2c3d4e5f67890",
    "subnets": [f"subnet-{i}a1b2c3d4e5f67890" for i in range(3)],
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_cloud_gives_the_gateway_an_address_or_names_its_load_balancer(
    plan: Plans, cloud: str
) -> None:
    words, wanted = WORDS[cloud], hand.full(cloud)
    addressed: list[bool] = []
    hand.planned(wanted, lambda scope, _: addressed.append(bool(words.gateway(scope))))
    assert addressed == [words.name_gateway is None]


def test_on_aws_a_record_leads_every_name_to_the_load_balancer_that_the_cluster_tells(
    plan: Plans,
) -> None:
    gateway, (record,) = one(plan("aws"), GATEWAY, "gateway"), plan("aws").of_type(RECORD)
    assert record.inputs == {
        "zoneId": "own-zone",
        "name": "*.acme-prod.internal",
        "type": "CNAME",
        "ttl": 60,
        "records": ["gateway.elb.example"],
    }
    assert gateway.urn in record.property_deps["records"]
    assert record.provider.endswith("::cloud")  # the cluster's own knows nothing of Route 53


def test_it_is_told_once_the_gateway_has_been_waited_for(plan: Plans) -> None:
    waits = one(plan("aws"), GATEWAY, "gateway").inputs["metadata"]["annotations"]
    assert waits == {"pulumi.com/waitFor": "jsonpath={.status.addresses[0].value}"}
    (record,) = plan("aws", known=False).of_type(RECORD)
    assert record.inputs["records"] == [UNKNOWN]


def test_an_apply_of_all_but_what_runs_on_the_cluster_leaves_the_record_out_with_the_gateway(
    plan: Plans, monkeypatch: pytest.MonkeyPatch
) -> None:
    (record,) = plan("aws").of_type(RECORD)
    assert "$kubernetes:" in record.urn  # as docs/apply.md excludes
    # The engine then answers for the Gateway with its inputs.
    monkeypatch.setitem(outputs._TOLD, GATEWAY, {"status": None})
    (left_out,) = hand.planned(hand.intent("aws"), build).of_type(RECORD)
    assert left_out.inputs["records"] == [""]


@pytest.mark.parametrize("cloud", ["gcp", "azure"])
def test_where_the_address_is_fixed_nothing_waits_for_it(plan: Plans, cloud: str) -> None:
    assert not plan(cloud).of_type(RECORD)
    assert "annotations" not in one(plan(cloud), GATEWAY, "gateway").inputs["metadata"]


def test_in_an_adopted_network_the_clients_dns_leads_there_and_nothing_waits() -> None:
    cidr = {"cidr": "10.192.0.0/16", "adopt": ADOPT}
    plan = hand.planned(hand.intent("aws", network=cidr), build)
    assert not plan.of_type(RECORD)
    assert "annotations" not in one(plan, GATEWAY, "gateway").inputs["metadata"]


def test_a_foundation_without_the_zone_is_named_as_what_to_apply_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forms = hand.special

    def without(wanted: hand.Intent) -> dict[str, object]:
        return {key: value for key, value in forms(wanted).items() if key != "private_zones"}

    monkeypatch.setattr(hand, "special", without)
    with pytest.raises(UsageError, match=r"no private zone acme-dev\.internal"):
        hand.planned(hand.intent("aws"), build)
