"""dbt's sources say what the data contracts say."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from landfall.project import find_project
from pipelines.contract import Contract
from warehouse.sources import source_path, stale_sources, write_source

CONTRACT = Contract.model_validate(
    {
        "dataset": "orders",
        "description": "Orders of a shop.",
        "owner": "shop@example.com",
        "kind": "reference",
        "key": ["id"],
        "columns": [
            {"name": "id", "type": "long", "description": "Number of the order."},
            {"name": "weight", "type": "double", "unit": "kg", "description": "Weight."},
            {"name": "email", "type": "string", "description": "Buyer.", "personal": "contact"},
        ],
    }
)


def test_the_sources_in_the_project_agree_with_the_contracts() -> None:
    project = find_project(Path(__file__))
    assert stale_sources(project.contracts_dir, project.dbt_dir) == []


@pytest.fixture
def table(tmp_path: Path) -> dict[str, object]:
    content = yaml.safe_load(write_source(tmp_path, CONTRACT).read_text())
    (source,) = content["sources"]
    assert source["name"] == "silver"
    return source["tables"][0]


def test_a_source_carries_owner_grain_and_units(table: dict[str, object]) -> None:
    assert table["config"] == {"meta": {"owner": "shop@example.com", "grain": "id"}}
    columns = {column["name"]: column for column in table["columns"]}  # pyright: ignore[reportGeneralTypeIssues]
    assert columns["weight"]["description"] == "Weight. Unit: kg."


def test_a_source_tags_personal_columns(table: dict[str, object]) -> None:
    tagged = {c["name"]: c.get("config") for c in table["columns"]}  # pyright: ignore[reportGeneralTypeIssues]
    assert tagged == {"id": None, "weight": None, "email": {"meta": {"personal": "contact"}}}


def test_a_source_that_was_edited_by_hand_is_stale(tmp_path: Path) -> None:
    contracts = tmp_path / "contracts"
    contracts.mkdir()
    (contracts / "orders.yml").write_text(yaml.safe_dump(CONTRACT.model_dump(mode="json")))
    assert stale_sources(contracts, tmp_path) == ["orders"]
    write_source(tmp_path, CONTRACT)
    assert stale_sources(contracts, tmp_path) == []
    with source_path(tmp_path, "orders").open("a") as file:
        file.write("# mine\n")
    assert stale_sources(contracts, tmp_path) == ["orders"]
