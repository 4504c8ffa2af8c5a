"""The dated tables of regions and GPUs are whole and agree with the sources that are installed."""

from __future__ import annotations

import json
from pathlib import Path

import botocore
import pytest

from landfall.intent.accelerators import ACCELERATORS
from landfall.intent.regions import AREAS, COUNTRIES, EU, REGIONS, continent_of, country_of


def test_the_aws_regions_are_those_of_botocores_public_partition() -> None:
    path = Path(botocore.__file__).parent / "data" / "endpoints.json"
    partitions = json.loads(path.read_text(encoding="utf-8"))["partitions"]
    public = next(p for p in partitions if p["partition"] == "aws")
    assert set(REGIONS["aws"]) == set(public["regions"]), "mend landfall/intent/regions.py"


@pytest.mark.parametrize("provider", ["aws", "gcp", "azure"])
def test_every_region_has_a_country_and_every_country_one_continent(provider: str) -> None:
    assert len(REGIONS[provider]) > 30
    for region, country in REGIONS[provider].items():
        assert region == region.lower()
        assert len(country) == 2
        assert continent_of(country) in AREAS


def test_continents_do_not_overlap_and_the_union_has_27_members() -> None:
    continents = [AREAS[a] for a in AREAS if a not in ("eu", "eea")]
    assert sum(len(c) for c in continents) == len(frozenset().union(*continents)) == len(COUNTRIES)
    assert len(EU) == 27
    assert len(AREAS["eea"]) == 30


def test_regions_a_client_would_know_lie_where_they_should() -> None:
    assert country_of("gcp", "europe-west4") == "NL"
    assert country_of("aws", "eu-central-2") == "CH"
    assert country_of("azure", "uksouth") == "GB"
    assert "GB" not in EU


def test_each_cloud_rents_a_gpu_for_small_and_for_large_models() -> None:
    for rented in ACCELERATORS.values():
        assert {"T4", "A100-80GB", "H100"} <= set(rented)
        assert all(rented.values())
