"""The same intent on three clouds: what is one cloud's own is translated and told, the rest stays."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from infra.plan.compare import on_cloud
from infra.plan.parity import parity
from landfall.cli import build_app
from landfall.errors import LandfallError
from tests.infra.samples import sample


def test_region_and_engine_are_translated_and_told() -> None:
    there, told = on_cloud(sample("harbor-gcp-dev"), "aws")
    assert (there.cloud.provider, there.warehouse.engine) == ("aws", "redshift")
    assert "warehouse bigquery → redshift" in told
    assert there.budget == sample("harbor-gcp-dev").budget


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


def test_the_command_lays_three_plans_side_by_side() -> None:
    done = CliRunner().invoke(build_app(), ["compare", "harbor-gcp-dev", "--output", "json"])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert set(told["clouds"]) == {"gcp", "aws", "azure"}
    assert all(one["resources"] > 100 for one in told["clouds"].values())
