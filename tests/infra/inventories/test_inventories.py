"""A change of what a sample stack holds is seen as a diff of its inventory."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.plan.inventory import inventory
from tests.infra.samples import CLOUDS, plan_of, sample_stacks

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("stack", sample_stacks(*CLOUDS))
def test_the_inventory_is_the_reviewed_one(stack: str) -> None:
    golden = FOLDER / f"{stack}.txt"
    assert golden.exists(), "no inventory yet; type: make goldens"
    assert inventory(plan_of(stack)) == golden.read_text(encoding="utf-8"), (
        "the plan holds other things than before; where that is wanted, type: make goldens"
    )


def test_no_inventory_is_of_a_stack_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(sample_stacks(*CLOUDS))
