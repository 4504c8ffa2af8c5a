"""Plans of Azure's own layers: the whole foundation, data and ml but for what runs inside the cluster."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra.azure.bi import build_bi
from infra.azure.budget import build_budget
from infra.azure.cluster import build_cluster
from infra.azure.database import build_database
from infra.azure.events import build_events
from infra.azure.identity import build_identity
from infra.azure.lake import build_lake
from infra.azure.network import build_network
from infra.azure.organization import build_organization
from infra.azure.provider import enter, open_scope
from infra.azure.security import build_security
from infra.azure.spark import build_spark
from infra.azure.warehouse import build_warehouse
from infra.contract import Data, Foundation
from infra.plan.model import Plan
from infra.plan.record import record
from landfall.intent import Intent, parse_intent
from landfall.project import find_project

Change = dict[str, Any]
DEV, PROD = "fjord-azure-dev", "fjord-azure-prod-foundation"
PROJECT = find_project(Path(__file__))


def intent_of(stack: str, **changed: Any) -> Intent:
    """A sample's intent, with top-level keys replaced."""
    raw = copy.deepcopy(PROJECT.read_stack(stack))
    raw.pop("layout", None)
    return parse_intent({**raw, **changed}, stack)


def build(intent: Intent, stack: str) -> None:
    """Every layer of Azure in one stack."""
    scope = open_scope(intent, stack)
    organization = build_organization(scope)
    scope = enter(scope, organization)
    network = build_network(scope, organization)
    security = build_security(scope, organization, network)
    identity = build_identity(scope, organization, security)
    budget = build_budget(scope, organization, identity)
    foundation = Foundation(organization, network, security, identity, budget)
    lake = build_lake(scope, foundation)
    events = build_events(scope, foundation, lake)
    spark = build_spark(scope, foundation, lake)
    warehouse = build_warehouse(scope, foundation, lake)
    bi = build_bi(scope, foundation, warehouse)
    data = Data(lake, events, spark, warehouse, bi)
    build_cluster(scope, foundation, data)
    build_database(scope, foundation)


def plan_of(intent: Intent, stack: str = "test", *, known: bool = True) -> Plan:
    """What building that intent would register."""
    return record(lambda: build(intent, stack), stack, "azure", known=known)


@cache
def _sample(stack: str) -> Plan:
    return plan_of(intent_of(stack), stack)


@pytest.fixture
def dev() -> Plan:
    """The development sample."""
    return _sample(DEV)


@pytest.fixture
def prod() -> Plan:
    """The production sample, all layers in one."""
    return _sample(PROD)


@pytest.fixture(params=[DEV, PROD])
def plan(request: pytest.FixtureRequest) -> Plan:
    """Either sample."""
    return _sample(request.param)


Planner = Callable[..., Plan]


@pytest.fixture
def planned() -> Planner:
    """`planned(stack, key=…)`: a sample with top-level keys of its intent replaced."""
    return lambda stack, **changed: plan_of(intent_of(stack, **changed))
