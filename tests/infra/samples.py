"""The sample stacks and their plans, recorded once a session: they are read, never changed."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from infra.plan.model import Plan
from infra.plan.stacks import plan_intent, plan_stack
from landfall.intent import Intent, parse_intent
from landfall.project import find_project

PROJECT = find_project(Path(__file__))
CLOUDS = ("gcp", "aws", "azure")


@cache
def sample(stack: str) -> Intent:
    """A sample's intent."""
    return parse_intent(PROJECT.read_stack(stack), stack)


def sample_stacks(*clouds: str) -> list[str]:
    """The samples that lie on one of these clouds."""
    return [one for one in PROJECT.stacks() if sample(one).cloud.provider in clouds]


@cache
def plan_of(stack: str, known: bool = True) -> Plan:
    """What `pulumi up` of a sample would register."""
    return plan_stack(PROJECT, stack, known=known)


def changed(stack: str, **parts: Any) -> Intent:
    """A sample's intent with top-level keys replaced."""
    return parse_intent({**copy.deepcopy(PROJECT.read_stack(stack)), **parts}, stack)


def plan_changed(stack: str, **parts: Any) -> Plan:
    """The plan of that, under the sample's own name."""
    return plan_intent(PROJECT, changed(stack, **parts), stack)
