"""The order of the layers, the same on every cloud; what another stack built comes by StackReference.

A cloud is a package of modules with the same names and signatures, so this file never asks which one it
builds on; only the warehouse may lie elsewhere (Snowflake). Leaves out what each layer holds.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from infra.contract import Data, Foundation, Ml, read_layer
from infra.scope import Scope
from landfall.intent import Intent


@dataclass(frozen=True)
class Layers:
    """What a stack knows of the layers, built here or read."""

    foundation: Foundation
    data: Data | None = None
    ml: Ml | None = None


def part(package: str, module: str) -> ModuleType:
    """`infra/<package>/<module>.py`, imported when it is needed: a plan loads one cloud's SDK only."""
    return importlib.import_module(f"infra.{package}.{module}")


def build_layers(intent: Intent, stack: str) -> Layers:
    """Build what the intent's layout names, in order, and read the rest; returns all that is known."""
    cloud = intent.cloud.provider
    scope: Scope = part(cloud, "provider").open_scope(intent, stack)
    foundation, scope = _foundation(scope, cloud)
    data = _reach(scope, Data, lambda: build_data(scope, cloud, foundation))
    ml = None
    if data is not None:
        ml = _reach(scope, Ml, lambda: build_ml(scope, cloud, foundation, data))
    return Layers(foundation, data, ml)


def _reach(scope: Scope, kind: Any, build: Any) -> Any:
    layout = scope.intent.layout
    if kind.NAME in layout.build:
        return build()
    if kind.NAME in layout.elsewhere:
        return read_layer(kind, layout.elsewhere[kind.NAME])
    return None


def _foundation(scope: Scope, cloud: str) -> tuple[Foundation, Scope]:
    """The landing zone, and the scope inside its project, account or subscription."""
    layout = scope.intent.layout
    provider = part(cloud, "provider")
    if "foundation" not in layout.build:
        foundation = read_layer(Foundation, layout.elsewhere["foundation"])
        return foundation, provider.enter(scope, foundation.organization)
    organization = part(cloud, "organization").build_organization(scope)
    scope = provider.enter(scope, organization)
    network = part(cloud, "network").build_network(scope, organization)
    security = part(cloud, "security").build_security(scope, organization, network)
    identity = part(cloud, "identity").build_identity(scope, organization, security)
    budget = part(cloud, "budget").build_budget(scope, organization, identity)
    return Foundation(organization, network, security, identity, budget), scope


def build_data(scope: Scope, cloud: str, foundation: Foundation) -> Data:
    """Lake, events, Spark, warehouse, dashboards and, where asked for, managed Airflow."""
    lake = part(cloud, "lake").build_lake(scope, foundation)
    events = part(cloud, "events").build_events(scope, foundation, lake)
    spark = part(cloud, "spark").build_spark(scope, foundation, lake)
    engine = "snowflake" if scope.intent.warehouse.engine == "snowflake" else cloud
    warehouse = part(engine, "warehouse").build_warehouse(scope, foundation, lake)
    bi = part(engine, "bi").build_bi(scope, foundation, warehouse)
    orchestration = None
    if scope.intent.orchestration.airflow == "managed":
        orchestration = part(cloud, "orchestration").build_orchestration(scope, foundation, lake)
    return Data(lake, events, spark, warehouse, bi, orchestration)


def build_ml(scope: Scope, cloud: str, foundation: Foundation, data: Data) -> Ml:
    """The cluster with its GPU pools, the database behind MLflow, and what runs on the cluster."""
    cluster = part(cloud, "cluster").build_cluster(scope, foundation, data)
    database = part(cloud, "database").build_database(scope, foundation)
    services = part("kubernetes", "services").build_services(
        scope, foundation, data, cluster, database
    )
    return Ml(cluster, database, services)
