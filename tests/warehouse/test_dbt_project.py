"""Every model is documented as it is, and no model is written for one engine alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.context import Context
from tests.warehouse.conftest import JANUARY
from tests.warehouse.lakes import ROOT
from warehouse.build import build_month

DBT = ROOT / "warehouse" / "dbt"
MODELS = sorted(DBT.glob("models/*/*.sql"))
DIALECT = re.compile(
    r"::|\bqualify\b|\basof\b|\biceberg_scan\b|\bread_\w+\(|\bexclude\b|\bgroup by all\b|\blist_\w+\(|\bmake_date\b|\bat time zone\b",
    re.IGNORECASE,
)


def described(model: Path) -> dict[str, Any]:
    (entry,) = yaml.safe_load(model.with_suffix(".yml").read_text())["models"]
    return entry


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_each_model_has_a_description_a_grain_and_an_owner(model: Path) -> None:
    entry = described(model)
    assert entry["name"] == model.stem
    assert entry["description"]
    assert entry["config"]["meta"].keys() >= {"grain", "owner"}
    assert all(column["description"] for column in entry["columns"])


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_no_model_is_written_in_one_engines_dialect(model: Path) -> None:
    code = re.sub(r"--.*", "", model.read_text())
    assert not DIALECT.search(code)


def test_singular_tests_are_named_for_the_fact_they_assert() -> None:
    names = [path.stem for path in DBT.glob("tests/*.sql")]
    assert names
    assert all(name.startswith("assert_") for name in names)


def test_each_model_has_exactly_the_columns_it_documents(demo: Context) -> None:
    build_month(demo, JANUARY)
    for model in MODELS:
        rows = demo.engine.arrow(f"select * from {model.parent.name}.{model.stem} limit 0")
        documented = [column["name"] for column in described(model)["columns"]]
        assert sorted(rows.column_names) == sorted(documented), model.stem
