"""The range is cut so that everything fits, nothing overlaps, and the cut never moves."""

from __future__ import annotations

import ipaddress

import pytest

from infra.gcp.addresses import Ranges, carve
from infra.plan.model import Plan
from landfall.intent.rules.room import GCP_NODES, gcp_block
from tests.infra.gcp.conftest import named

CIDRS = [f"10.{16 * i}.0.0/{prefix}" for i, prefix in enumerate(range(12, 21)) if prefix > 11]


def parts(ranges: Ranges) -> dict[str, ipaddress.IPv4Network]:
    return {
        name: value
        for name, value in vars(ranges).items()
        if isinstance(value, ipaddress.IPv4Network)
    }


@pytest.mark.parametrize("cidr", CIDRS)
def test_every_part_lies_inside_and_apart_from_the_others(cidr: str) -> None:
    whole = ipaddress.IPv4Network(cidr)
    found = list(parts(carve(cidr)).values())
    assert len(found) == 7
    for i, part in enumerate(found):
        assert part.subnet_of(whole)
        assert not any(part.overlaps(other) for other in found[i + 1 :])


@pytest.mark.parametrize("cidr", CIDRS)
def test_no_part_is_too_small_for_what_google_asks(cidr: str) -> None:
    ranges = carve(cidr)
    assert ranges.proxies.prefixlen <= 26
    assert ranges.services.prefixlen <= 24
    assert ranges.workloads.prefixlen <= 24
    nodes = ranges.pods.num_addresses // _addresses(ranges.pods_per_node)
    assert nodes >= 32
    assert ranges.nodes.num_addresses > nodes or ranges.nodes.num_addresses >= 512


def _addresses(pods: int) -> int:
    """GKE's rule: the power of two that is at least twice as many."""
    return 1 << (2 * pods - 1).bit_length()


def test_the_cut_is_the_same_for_ever() -> None:
    """A running network keeps its subnets: whoever changes this replaces every client's."""
    assert {name: str(part) for name, part in parts(carve("10.64.0.0/16")).items()} == {
        "pods": "10.64.0.0/17",
        "nodes": "10.64.128.0/19",
        "workloads": "10.64.160.0/19",
        "services": "10.64.192.0/19",
        "hub": "10.64.224.0/22",
        "proxies": "10.64.232.0/23",
        "spare": "10.64.240.0/20",
    }


def test_the_intents_rule_counts_the_nodes_that_the_cluster_may_grow_to(
    dev: Plan, prod: Plan
) -> None:
    for environment, plan in (("dev", dev), ("staging", dev), ("prod", prod)):
        pools = named(plan, "container/nodePool:NodePool")
        most = sum(
            pools[one].inputs["autoscaling"]["totalMaxNodeCount"]
            + pools[one].inputs["upgradeSettings"]["maxSurge"]
            for one in ("system", "cpu")
        )
        assert most == GCP_NODES[environment]


@pytest.mark.parametrize("cidr", CIDRS)
def test_the_intents_rule_knows_how_many_nodes_a_range_carries(cidr: str) -> None:
    ranges = carve(cidr)
    carried = ranges.pods.num_addresses // _addresses(ranges.pods_per_node)
    assert 2 ** (gcp_block(ranges.pods.prefixlen) - ranges.pods.prefixlen) == carried
