"""The committed reference pages are those that the models give today."""

from __future__ import annotations

from pathlib import Path

import pytest

from landfall.intent.reference import intent_schema, pages, write_docs
from landfall.project import find_project


@pytest.mark.parametrize("name", ["docs/intent.md", "docs/intent.schema.json", "docs/contracts.md"])
def test_a_generated_page_is_up_to_date(name: str) -> None:
    path = find_project(Path(__file__)).root / name
    assert path.is_file(), f"{name} is not there; run: make docs"
    assert path.read_text(encoding="utf-8") == pages()[name], (
        f"{name} is out of date; run: make docs"
    )


def test_writing_the_pages_twice_changes_nothing_the_second_time(tmp_path: Path) -> None:
    assert {p.relative_to(tmp_path).as_posix() for p in write_docs(tmp_path)} == set(pages())
    assert write_docs(tmp_path) == []


def test_the_schema_names_every_part_of_the_intent_and_forbids_others() -> None:
    schema = intent_schema()
    assert schema["additionalProperties"] is False
    assert {"client", "environment", "cloud"} <= set(schema["required"])
    assert set(schema["$defs"]["Aws"]["properties"]) >= {"provider", "region", "account"}


def test_every_field_of_the_page_says_what_it_is() -> None:
    rows = [line for line in pages()["docs/intent.md"].splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    assert not [row for row in rows if "any value" in row]
