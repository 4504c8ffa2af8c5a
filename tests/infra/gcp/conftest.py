"""Plans of Google Cloud's own layers, all in one stack, without what runs inside the cluster."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from infra import layers
from infra.gcp.cluster import build_cluster
from infra.gcp.database import build_database
from infra.plan.model import Plan, Resource
from infra.plan.record import record
from landfall.intent import Intent, parse_intent
from tests.infra.samples import PROJECT

DEV, PROD = "harbor-gcp-dev", "meridian-gcp-prod-foundation"
ADOPTS = "kestrel-gcp-staging"


def intent_of(stack: str, **changed: Any) -> Intent:
    """A sample's intent in one stack, with top-level keys replaced."""
    raw = copy.deepcopy(PROJECT.read_stack(stack))
    raw.pop("layout", None)
    return parse_intent({**raw, **changed}, stack)


def build(intent: Intent, stack: str) -> None:
    scope = layers.part("gcp", "provider").open_scope(intent, stack)
    foundation, scope = layers._foundation(scope, "gcp")
    data = layers.build_data(scope, "gcp", foundation)
    build_cluster(scope, foundation, data)
    build_database(scope, foundation)


def plan_of(intent: Intent, stack: str = "test", *, known: bool = True) -> Plan:
    """What building that intent would register."""
    return record(lambda: build(intent, stack), stack, "gcp", known=known)


@cache
def _sample(stack: str) -> Plan:
    return plan_of(intent_of(stack), stack)


@pytest.fixture
def dev() -> Plan:
    """The development sample: an adopted project, everything small."""
    return _sample(DEV)


@pytest.fixture
def prod() -> Plan:
    """The production sample, its layers in one: a created project, everything strict."""
    return _sample(PROD)


@pytest.fixture
def adopts() -> Plan:
    """The sample that uses the client's own network, key and bucket, and stops at the budget."""
    return _sample(ADOPTS)


@pytest.fixture(params=[DEV, PROD, ADOPTS])
def plan(request: pytest.FixtureRequest) -> Plan:
    """Each of them."""
    return _sample(request.param)


Planner = Callable[..., Plan]


@pytest.fixture
def planned() -> Planner:
    """`planned(stack, key=…)`: a sample with top-level keys of its intent replaced."""
    return lambda stack, **changed: plan_of(intent_of(stack, **changed))


def named(plan: Plan, kind: str) -> dict[str, Resource]:
    """The resources of a type (`storage/bucket:Bucket`) by logical name."""
    return {one.name: one for one in plan.of_type(f"gcp:{kind}")}


def one(plan: Plan, kind: str) -> Resource:
    """The only resource of a type."""
    (found,) = plan.of_type(f"gcp:{kind}")
    return found
