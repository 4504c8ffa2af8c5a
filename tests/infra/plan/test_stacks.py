"""Every sample stack is recorded and checked without a single finding, known and unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.plan.check import check
from infra.plan.model import UNKNOWN
from infra.plan.stacks import plan_stack
from landfall.project import find_project

PROJECT = find_project(Path(__file__).parent)
STACKS = [name for name in PROJECT.stacks() if "-local-" not in name]


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("stack", STACKS)
def test_a_sample_stack_gives_no_alarm(stack: str, known: bool):
    plan = plan_stack(PROJECT, stack, known=known)
    assert len(plan.resources) > 20
    assert [one.as_dict() for one in check(plan)] == []
    assert (UNKNOWN in repr(plan.resources)) is not known
