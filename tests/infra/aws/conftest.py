"""Plans of AWS's own layers: the whole foundation, data and ml but for what runs inside the cluster."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra.aws.bi import build_bi
from infra.aws.budget import build_budget
from infra.aws.cluster import build_cluster
from infra.aws.database import build_database
from infra.aws.events import build_events
from infra.aws.identity import build_identity
from infra.aws.lake import build_lake
from infra.aws.network import build_network
from infra.aws.orchestration import build_orchestration
from infra.aws.organization import build_organization
from infra.aws.provider import enter, open_scope
from infra.aws.security import build_security
from infra.aws.spark import build_spark
from infra.aws.warehouse import build_warehouse
from infra.contract import Data, Foundation
from infra.plan.model import Plan, Resource
from infra.plan.record import record
from landfall.intent import Intent, parse_intent
from landfall.project import find_project

DEV, PROD, ADOPT = "northwind-aws-dev", "northwind-aws-prod-foundation", "northwind-aws-adopt"
PROJECT = find_project(Path(__file__))


def intent_of(stack: str, **changed: Any) -> Intent:
    """A sample's intent, all layers in one stack, with top-level keys replaced."""
    raw = copy.deepcopy(PROJECT.read_stack(stack))
    raw.pop("layout", None)
    return parse_intent({**raw, **changed}, stack)


def build(intent: Intent, stack: str) -> None:
    """Every layer of AWS in one stack; the warehouse is Redshift whatever the intent says."""
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
    if intent.orchestration.airflow == "managed":
        build_orchestration(scope, foundation, lake)
    build_cluster(scope, foundation, data)
    build_database(scope, foundation)


def plan_of(intent: Intent, stack: str = "test", *, known: bool = True) -> Plan:
    """What building that intent would register."""
    return record(lambda: build(intent, stack), stack, "aws", known=known)


@cache
def _sample(stack: str) -> Plan:
    return plan_of(intent_of(stack), stack)


@pytest.fixture
def dev() -> Plan:
    """The development sample: one adopted account, small."""
    return _sample(DEV)


@pytest.fixture
def prod() -> Plan:
    """The production sample: a created account, hub and spoke, GPUs."""
    return _sample(PROD)


@pytest.fixture
def adopt() -> Plan:
    """The sample that uses what exists."""
    return _sample(ADOPT)


@pytest.fixture(params=[DEV, PROD, ADOPT])
def any_sample(request: pytest.FixtureRequest) -> Plan:
    """Each of the three in turn."""
    return _sample(request.param)


def named(plan: Plan, kind: str, name: str) -> Resource:
    """The one resource of a type (without `aws:`) and logical name."""
    (found,) = [one for one in plan.of_type(f"aws:{kind}") if one.name == name]
    return found
