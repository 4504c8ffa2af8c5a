"""Plans of Snowflake on each cloud, recorded once a session: they are read, never changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pulumi
import pytest

from infra.plan.model import Plan
from infra.scope import Scope
from infra.snowflake.bi import build_bi
from infra.snowflake.warehouse import build_warehouse
from landfall.intent import Intent
from tests.infra.kubernetes import hand

ACCOUNT = {"organization": "ACMEORG", "account": "DATA_DEV", "edition": "enterprise"}


def wanted(cloud: str, **changes: Any) -> Intent:
    """An intent whose warehouse is Snowflake."""
    account = {**ACCOUNT, **({"edition": "business-critical"} if cloud == "azure" else {})}
    warehouse = {"engine": "snowflake", "size": "small", "snowflake": account}
    return hand.intent(cloud, **{"warehouse": warehouse, **changes})


def build(scope: Scope, layers: Mapping[str, Any]) -> None:
    foundation, lake = layers["foundation"], layers["data"].lake
    warehouse = build_warehouse(scope, foundation, lake)
    bi = build_bi(scope, foundation, warehouse)
    pulumi.export("engine", warehouse.engine)
    pulumi.export("settings", warehouse.settings)
    pulumi.export("marts", warehouse.marts)
    pulumi.export("connections", bi.connections)


@cache
def _plan(cloud: str, known: bool) -> Plan:
    return hand.planned(wanted(cloud), build, known=known)


@pytest.fixture(scope="session")
def plan() -> Callable[..., Plan]:
    """`plan(cloud, known=True)`."""

    def of(cloud: str, known: bool = True) -> Plan:
        return _plan(cloud, known)

    return of
