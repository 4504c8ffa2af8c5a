"""The dated tables of AWS against the packages that carry the same facts."""

from __future__ import annotations

import json
from importlib import resources
from ipaddress import IPv4Network

import pytest

from infra.aws.addresses import cut
from infra.aws.machines import PLAIN, plain
from infra.aws.zones import ZONES, zones_of
from landfall.intent.gpu_regions import AWS_MACHINE_REGIONS, GPU_REGIONS
from landfall.intent.machines import MACHINES
from landfall.intent.regions import REGIONS


def instance_types() -> dict[str, set[str]]:
    """Region → instance types, as cfn-lint's own file has them."""
    path = (
        resources.files("cfnlint.data.schemas")
        / "extensions/aws_ec2_instance/instancetype_enum.json"
    )
    table = json.loads(path.read_text(encoding="utf-8"))
    return {region: set(held["enum"]) for region, held in table.items() if region in REGIONS["aws"]}


def test_every_region_that_sells_a_gpu_machine_is_in_the_table_and_no_other() -> None:
    sold = instance_types()
    for machine in MACHINES["aws"]:
        there = {region for region, types in sold.items() if machine.type in types}
        assert AWS_MACHINE_REGIONS[machine.type] == there, machine.type


def test_a_gpu_is_sold_where_one_of_its_machines_is() -> None:
    assert "ap-northeast-2" in GPU_REGIONS["aws"]["H100"]
    assert "ap-northeast-2" not in AWS_MACHINE_REGIONS["p5.4xlarge"]


def test_machines_without_gpus_are_sold_in_every_region() -> None:
    sold = instance_types()
    for region in REGIONS["aws"]:
        for size in PLAIN:
            assert plain(region, size) in sold[region], (region, size)


def test_zones_are_real_ones_of_their_region() -> None:
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

    assert set(ZONES) == set(REGIONS["aws"])
    for region, zones in ZONES.items():
        known = {zone.zone_id for zone in RegionsAndZonesBackend.zones[region]}
        assert set(zones) <= known, region
        assert 2 <= len(zones_of(region)) <= 3


@pytest.mark.parametrize("cidr", ["10.0.0.0/12", "10.96.0.0/14", "10.64.0.0/16", "172.16.32.0/20"])
def test_a_range_is_cut_into_parts_that_do_not_meet_and_that_a_vpc_takes(cidr: str) -> None:
    parts = cut(cidr, 3)
    small = [*parts.private, *parts.database, *parts.attachment, *parts.public, *parts.firewall]
    within = {parts.spoke: small, parts.hub: [*parts.hub_public, *parts.hub_attachment]}
    whole = IPv4Network(cidr)
    for outer, inner in within.items():
        assert 16 <= IPv4Network(outer).prefixlen <= 28
        assert IPv4Network(outer).subnet_of(whole)
        for one in inner:
            assert IPv4Network(one).subnet_of(IPv4Network(outer))
            assert IPv4Network(one).prefixlen <= 28
        for i, one in enumerate(inner):
            assert not any(
                IPv4Network(one).overlaps(IPv4Network(other)) for other in inner[i + 1 :]
            )
    services = IPv4Network(parts.services)
    assert services.subnet_of(whole)
    assert 12 <= services.prefixlen <= 24  # what EKS takes
    assert not services.overlaps(IPv4Network(parts.spoke))
    assert not services.overlaps(IPv4Network(parts.hub))
