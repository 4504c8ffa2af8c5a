"""The images of the cluster's charts come through the client's allow-list, or the plan is refused with what to add."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from infra.kubernetes.charts import CHARTS
from infra.kubernetes.registries import HOSTS, hosts, lets_out
from infra.plan.model import Plan
from infra.plan.policies import POLICIES
from infra.plan.policies.base import resource
from infra.plan.policies.images import RELEASE, registries
from landfall.intent import Intent, parse_intent
from tests.infra.samples import PROJECT, plan_of

POLICY = POLICIES["images-reachable"]
STRICT = [
    "meridian-gcp-prod-foundation",
    "fjord-azure-prod-foundation",
    "northwind-aws-prod-foundation",
]
ALL_CHARTS = Plan("s", "", tuple(resource(RELEASE, name) for name in CHARTS))


def intent_of(stack: str, **network: Any) -> Intent:
    raw: dict[str, Any] = copy.deepcopy(PROJECT.read_stack(stack))
    raw["network"] = {**raw["network"], **network}
    if network.get("egress", "allow-list") != "allow-list":
        del raw["network"]["egress_domains"]
    return parse_intent(raw, stack)


def told(stack: str, **network: Any) -> str:
    return " ".join(
        fault.message for fault in POLICY.check(ALL_CHARTS, intent_of(stack, **network))
    )


def test_every_registry_of_a_chart_has_its_hosts_in_the_table() -> None:
    assert registries(ALL_CHARTS) == set(HOSTS)
    assert registries(Plan("s", "", ())) == set()


@pytest.mark.parametrize("stack", STRICT)
def test_a_sample_with_an_allow_list_lets_out_what_every_chart_needs(stack: str) -> None:
    assert not told(stack)


@pytest.mark.parametrize("stack", STRICT)
def test_a_list_of_packages_alone_is_refused_with_what_to_add(stack: str) -> None:
    said = told(stack, egress_domains=["pypi.org"])
    assert "add to network.egress_domains" in said
    for host in ("registry-1.docker.io", "layers.nvcr.io", "pkg-containers.githubusercontent.com"):
        assert host in said
    assert ("*.pkg.dev" in said) == ("gcp" not in stack)


def test_only_the_charts_of_the_plan_count() -> None:
    one = Plan("s", "", (resource(RELEASE, "cert-manager"),))
    faults = POLICY.check(one, intent_of(STRICT[0], egress_domains=["pypi.org"]))
    (said,) = (fault.message for fault in faults)
    assert "quay.io" in said
    assert "docker" not in said


def test_without_a_way_out_there_is_no_image_and_with_nat_nothing_to_list() -> None:
    assert "lets nothing out" in told(STRICT[0], egress="none")
    assert not told(STRICT[0], egress="nat")


def test_an_adopted_networks_ways_out_are_the_clients() -> None:
    subnets = [f"subnet-0a1b2c3d4e5f6789{i}" for i in range(3)]
    adopt = {"network": "vpc-0a1b2c3d4e5f67890", "subnets": subnets}
    assert not told("northwind-aws-prod-foundation", egress_domains=["pypi.org"], adopt=adopt)


@pytest.mark.parametrize(
    ("allowed", "host", "through"),
    [
        ("*.quay.io", "cdn01.quay.io", True),
        ("*.quay.io", "quay.io", False),
        ("quay.io", "cdn.quay.io", False),
        ("*.pkg.dev", "*.pkg.dev", True),
        ("*.io", "evilquay.io", True),
        ("*.quay.io", "evilquay.io", False),
    ],
)
def test_a_wildcard_covers_what_lies_below_it(allowed: str, host: str, through: bool) -> None:
    assert lets_out([allowed], host) is through


def test_hosts_are_named_once_and_those_inside_a_cloud_not_at_all() -> None:
    assert hosts(["registry.k8s.io", "registry.k8s.io"], "gcp") == ["registry.k8s.io"]
    assert hosts(["registry.k8s.io"], "aws") == ["*.pkg.dev", "registry.k8s.io"]


def test_on_aws_the_endpoint_of_s3_lets_the_layers_of_public_images_through() -> None:
    plan = plan_of("northwind-aws-prod-foundation")
    policies = [
        str(one.inputs.get("policy")) for one in plan.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
    ]
    assert any(
        "prod-registry-k8s-io-us-east-1" in one and "docker-images-prod" in one for one in policies
    )
