"""The cut of the platform's range."""

from __future__ import annotations

import ipaddress
from itertools import combinations

import pytest

from infra.azure.addresses import carve, check_room
from infra.azure.cluster_config import SIZES
from landfall.errors import UsageError
from landfall.intent.rules.room import AZURE_NODES

RANGES = ["10.0.0.0/12", "10.64.0.0/14", "172.20.0.0/16", "10.9.0.0/18", "192.168.16.0/20"]
APART = ("hub", "spoke", "pods", "services")
IN_SPOKE = ("nodes", "endpoints", "databases", "gateways", "ingress")


@pytest.mark.parametrize("cidr", RANGES)
def test_the_parts_lie_in_the_range_and_never_meet(cidr: str) -> None:
    cut = carve(cidr)
    parts = [ipaddress.IPv4Network(getattr(cut, name)) for name in APART]
    assert all(part.subnet_of(ipaddress.IPv4Network(cidr)) for part in parts)
    assert not any(a.overlaps(b) for a, b in combinations(parts, 2))


@pytest.mark.parametrize("cidr", RANGES)
def test_the_subnets_lie_in_the_spoke_and_never_meet(cidr: str) -> None:
    cut = carve(cidr)
    subnets = [ipaddress.IPv4Network(getattr(cut, name)) for name in IN_SPOKE]
    assert all(one.subnet_of(ipaddress.IPv4Network(cut.spoke)) for one in subnets)
    assert not any(a.overlaps(b) for a, b in combinations(subnets, 2))


@pytest.mark.parametrize("cidr", RANGES)
def test_each_part_has_the_size_that_azure_demands(cidr: str) -> None:
    cut = carve(cidr)
    assert ipaddress.IPv4Network(cut.firewall).prefixlen == 26
    assert ipaddress.IPv4Network(cut.databases).prefixlen <= 28
    assert ipaddress.IPv4Network(cut.services).prefixlen > 12
    assert ipaddress.IPv4Address(cut.dns_service) in ipaddress.IPv4Network(cut.services)
    assert ipaddress.IPv4Address(cut.ingress_address) in ipaddress.IPv4Network(cut.ingress)


def test_a_slash_16_has_room_for_128_nodes_and_not_one_more() -> None:
    cut = carve("10.64.0.0/16")
    check_room(cut, 128)
    with pytest.raises(UsageError, match="room for 128"):
        check_room(cut, 129)


def test_the_intents_rule_counts_the_nodes_that_the_cluster_may_grow_to() -> None:
    counted = {
        env: sum(most for _, _, most in sizes.values()) + len(sizes) for env, sizes in SIZES.items()
    }
    assert counted == AZURE_NODES
