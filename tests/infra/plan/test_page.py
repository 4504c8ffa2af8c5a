"""docs/plan.md shows what the commands print."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.docs.pages import ROOT, fences
from tests.infra.plan.made import AFTERWARDS, MISTAKES, held_out
from tests.infra.plan.test_commands import landfall

PAGE = ROOT / "docs" / "plan.md"


def test_the_example_of_check_is_what_it_prints(tmp_path: Path):
    blocks = fences(PAGE)
    example = next(one.text for one in blocks if one.kind == "json")
    shown = next(one.text for one in blocks if one.text.startswith("plan on aws"))
    file = tmp_path / "plan.json"
    file.write_text(example, encoding="utf-8")
    assert landfall("check", file, "--output", "text").stdout == shown


def test_the_example_of_plan_has_the_lines_that_it_prints():
    shown = next(one.text for one in fences(PAGE) if one.text.startswith("meridian"))
    printed = landfall("plan", "meridian-gcp-prod-data").stdout
    for line in shown.splitlines():
        start = line.partition(":")[0] + ":" if line else ""
        assert start in printed


def test_the_numbers_of_mistakes_are_those_of_the_lists():
    text = PAGE.read_text(encoding="utf-8")
    kinds = Counter(one["id"].partition("-")[0] for one in MISTAKES)
    told = (
        f"{len(MISTAKES)} realistic mistakes ({kinds['aws']} AWS, {kinds['gcp']} Google Cloud, "
        f"{kinds['azure']} Azure, {kinds['kubernetes']} Kubernetes, {kinds['snowflake']} Snowflake), "
        f"{sum(bool(one['source']) for one in MISTAKES)} of them"
    )
    held = sum(map(held_out, MISTAKES))
    assert told in text
    assert f"the {held} that were held out" in text
    assert f"the {len(MISTAKES) - held} that could be looked at" in text
    assert f"{len(AFTERWARDS)} more" in text
