"""The plan of a foundation alone, of a sample's intent with another Jenkins: what identities are granted."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from infra import layers
from infra.plan.model import Plan
from infra.plan.record import record
from landfall.intent import parse_intent
from tests.infra.samples import PROJECT

ISSUER = "https://jenkins.example.com/oidc"


def foundation_of(stack: str, **jenkins: Any) -> Plan:
    """What the foundation would register where the intent's Jenkins is so."""
    return _planned(stack, tuple(sorted(jenkins.items())))


@cache
def _planned(stack: str, jenkins: tuple[tuple[str, Any], ...]) -> Plan:
    raw: dict[str, Any] = copy.deepcopy(PROJECT.read_stack(stack))
    raw.pop("layout", None)
    raw["jenkins"] = {"issuer": ISSUER, "approvers": ["a@example.com"], **dict(jenkins)}
    intent = parse_intent(raw, stack)
    cloud = intent.cloud.provider

    def build() -> None:
        scope = layers.part(cloud, "provider").open_scope(intent, stack)
        layers._foundation(scope, cloud)

    return record(build, stack, cloud)
