"""The same intent on three clouds: what is one cloud's own is translated and told, the rest stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.contract import NotOffered
from infra.layers import part
from infra.plan.compare import on_cloud
from infra.plan.cost.prices import usd_per
from infra.plan.parity import CLOUDS, PARTS, parity
from landfall.cli import build_app
from landfall.errors import LandfallError
from tests.infra.samples import sample


def test_region_and_engine_are_translated_and_told() -> None:
    there, told = on_cloud(sample("harbor-gcp-dev"), "aws")
    assert (there.cloud.provider, there.warehouse.engine) == ("aws", "redshift")
    assert any(one.startswith("warehouse bigquery → redshift: ") for one in told)
    assert any(
        one.startswith("region europe-west1 → eu-west-1: aws has none in BE") for one in told
    )


def test_a_budget_is_told_in_dollars_on_aws_and_stays_elsewhere() -> None:
    own = sample("harbor-gcp-dev").budget
    there, told = on_cloud(sample("harbor-gcp-dev"), "aws")
    assert own is not None
    assert there.budget is not None
    rate, _ = usd_per(own.currency)
    assert own.currency == "EUR"
    assert rate is not None
    assert there.budget == own.model_copy(
        update={"amount": round(own.amount * rate, 2), "currency": "USD"}
    )
    assert any(one.startswith(f"budget {own.amount:g} EUR → ") for one in told)
    assert on_cloud(sample("harbor-gcp-dev"), "azure")[0].budget == own


def test_on_its_own_cloud_nothing_is_translated() -> None:
    assert on_cloud(sample("northwind-aws-dev"), "aws")[1] == []


def test_managed_airflow_becomes_airflow_on_the_cluster_on_azure() -> None:
    there, told = on_cloud(sample("meridian-gcp-prod-foundation"), "azure")
    assert there.orchestration.airflow == "cluster"
    assert any("Airflow" in one for one in told)
    assert there.layout.build == ["foundation", "data", "ml"]


def test_a_residency_that_a_cloud_cannot_keep_is_refused() -> None:
    norway = sample("fjord-azure-dev").model_dump(mode="json", exclude_none=True)
    norway["residency"] = {"countries": ["NO"]}
    from landfall.intent import parse_intent

    with pytest.raises(LandfallError, match="inside the residency"):
        on_cloud(parse_intent(norway, "test"), "gcp")


def test_every_part_says_of_each_cloud_whether_it_is_offered_and_why_not() -> None:
    rows = {row["part"]: row for row in parity(sample("fjord-azure-prod-foundation"))}
    assert rows["orchestration"]["azure"]["offered"] is False
    assert rows["orchestration"]["azure"]["reason"]
    assert rows["orchestration"]["azure"]["instead"]
    assert rows["lake"]["gcp"]["offered"] is True
    assert rows["warehouse on redshift"]["gcp"]["offered"] is False


def test_a_region_in_the_same_country_is_taken_first() -> None:
    there, told = on_cloud(sample("fjord-azure-prod-foundation"), "aws")
    assert getattr(there.cloud, "region", "") == "eu-north-1"
    assert "region swedencentral → eu-north-1: the same country (SE)" in told


def test_a_gpu_that_a_cloud_lacks_becomes_the_nearest_and_says_why() -> None:
    there, told = on_cloud(sample("meridian-gcp-prod-foundation"), "azure")
    assert there.ml is not None
    assert there.ml.training_gpu is not None
    assert there.ml.training_gpu.accelerator == "A10"
    assert "training GPU 1 × L4 → 1 × A10: azure has no machine with 1 × L4" in told


def test_what_is_adopted_by_id_is_named_and_created_instead() -> None:
    _, told = on_cloud(sample("meridian-gcp-prod-foundation"), "gcp")
    assert told == ["log_bucket: adopted by id, created instead, as an id belongs to one cloud"]


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("name", PARTS)
def test_each_part_of_a_cloud_says_whether_it_is_offered(cloud: str, name: str) -> None:
    told = part(cloud, name).OFFERED
    assert told is True or isinstance(told, NotOffered)


def test_the_command_shows_categories_budget_and_translations_for_a_person() -> None:
    done = CliRunner().invoke(build_app(), ["compare", "harbor-gcp-dev"])
    assert done.exit_code == 0
    lines = {line.split("  ")[0].strip(): line.split() for line in done.stdout.splitlines() if line}
    assert lines["region"] == ["region", "europe-west1", "eu-west-1", "belgiumcentral"]
    assert all(share.endswith("%") for share in lines["share of the budget"][-3:])
    assert "what is translated for aws" in done.stdout
    assert "warehouse on redshift on gcp: " in done.stdout


def test_the_command_lays_three_plans_side_by_side() -> None:
    done = CliRunner().invoke(build_app(), ["compare", "harbor-gcp-dev", "--output", "json"])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert set(told["clouds"]) == {"gcp", "aws", "azure"}
    for one in told["clouds"].values():
        assert one["resources"] > 100
        cost = one["cost"]
        assert 0 < cost["low"] < cost["expected"] < cost["high"]
        assert sum(cost["by_category"].values()) == pytest.approx(cost["expected"], abs=0.1)
        assert cost["budget"]["share_expected"] > 0


def test_an_azure_stack_without_a_cluster_is_told_that_its_catalogs_address_leads_nowhere() -> None:
    def row(stack: str) -> dict[str, Any]:
        (found,) = [one for one in parity(sample(stack)) if one["part"] == "iceberg catalog"]
        return found

    lone = row("fjord-azure-prod-data")
    assert lone["azure"]["offered"] is False
    assert "its address answers to nobody" in lone["azure"]["reason"]
    assert "layer ml" in lone["azure"]["instead"]
    assert lone["gcp"]["offered"] is True
    for stack in ("fjord-azure-dev", "fjord-azure-prod-ml"):
        assert row(stack)["azure"] == {"offered": True, "how": "on the cluster, with the layer ml"}
