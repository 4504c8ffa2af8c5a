"""docs/faults.md: each row names a test that is there, and quotes words that the product says."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.faults.shop import ROOT

PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| Fault", "| ---"))
]


@cache
def product() -> str:
    """All of the product's Python, with the seams of strings that lines break closed."""
    folders = ("landfall", "pipelines", "warehouse", "ml")
    texts = [
        path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    return re.sub(r'"\s*\n\s*f?"', "", "\n".join(texts))


def test_the_page_has_rows() -> None:
    assert len(ROWS) > 30


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_names_tests_that_are_there(row: list[str]) -> None:
    assert len(row) == 5
    named = NAMED.findall(row[4])
    assert named
    for file, test in named:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {test}\(", text, re.MULTILINE), f"{file} has no {test}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_quotes_what_the_product_says(row: list[str]) -> None:
    quoted = re.findall(r'"([^"]+)"', row[2])
    assert quoted or row[2].startswith("none")
    for message in quoted:
        for piece in message.split("…"):
            assert piece.strip(" .:()'") in product(), piece
