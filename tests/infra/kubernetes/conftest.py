"""Plans of what runs on the cluster, recorded once a session: they are read, never changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest

from infra.kubernetes.services import build_services
from infra.plan.model import Plan
from infra.scope import Scope
from tests.infra.kubernetes import hand


def build(scope: Scope, layers: Mapping[str, Any]) -> None:
    build_services(
        scope, layers["foundation"], layers["data"], layers["cluster"], layers["database"]
    )


@cache
def _plan(cloud: str, size: str, known: bool) -> Plan:
    wanted = {"small": hand.intent, "full": hand.full}[size](cloud)
    return hand.planned(wanted, build, known=known)


@pytest.fixture(scope="session")
def plan() -> Callable[..., Plan]:
    """`plan(cloud, size="full", known=True)`; sizes: small (dev, no GPU), full (prod, everything)."""

    def of(cloud: str, size: str = "full", known: bool = True) -> Plan:
        return _plan(cloud, size, known)

    return of
