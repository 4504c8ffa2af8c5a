"""docs/cost.md against the commands and tables that it tells of."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from infra.plan.cost import estimate
from infra.plan.cost.prices import FOLDER, _rows
from landfall.cli import build_app
from tests.docs.pages import ROOT, fences
from tests.infra.cost.test_cost import UNSOURCED
from tests.infra.samples import plan_of, sample

PAGE = ROOT / "docs" / "cost.md"


def test_the_shown_estimate_is_what_the_command_prints() -> None:
    [shown] = [one.text for one in fences(PAGE) if one.kind == "text"]
    done = CliRunner().invoke(build_app(), ["plan", "northwind-aws-dev"])
    assert done.exit_code == 0
    assert shown in done.stdout


def test_the_keys_that_the_page_names_are_in_the_json() -> None:
    cost = estimate(plan_of("northwind-aws-dev"), sample("northwind-aws-dev")).as_dict()
    assert {"missing", "assumptions", "gpu", "budget", "lines", "unpriced"} <= set(cost)
    assert {"source", "as_of", "rate", "quantity", "note"} <= set(cost["lines"][0])


@pytest.mark.parametrize(
    ("file", "column"),
    [("gpu.csv", "ondemand_date"), ("machines.csv", "as_of"), ("services.csv", "as_of"), ("rates.csv", "as_of")],
)  # fmt: skip
def test_the_dates_of_each_table_are_within_those_that_the_page_says(
    file: str, column: str
) -> None:
    [row] = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{file}`")]  # fmt: skip
    told = re.findall(r"\d{4}-\d{2}-\d{2}", row)
    dates = sorted(
        date for one in _rows(file) for date in re.findall(r"^\d{4}-\d{2}-\d{2}", one[column])
    )
    assert (dates[0], dates[-1]) == (told[0], told[-1] if file != "services.csv" else told[1])


def test_each_price_that_was_not_found_is_named() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = {
        "postgres.Standard_B2s": "Standard_B2s", "defender.cloudposture": "Defender CSPM",
    }  # fmt: skip
    assert set(named) == UNSOURCED
    for words in named.values():
        assert words in text


def test_no_table_has_a_file_more_than_the_page_tells_of() -> None:
    assert {one.name for one in FOLDER.iterdir()} == {
        "gpu.csv", "machines.csv", "services.csv", "rates.csv",
    }  # fmt: skip
