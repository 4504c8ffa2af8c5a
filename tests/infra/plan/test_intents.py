"""Intents whose names must be cut to fit a cloud: what is cut never meets what another intent's is cut to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from infra.plan.model import Plan
from infra.plan.stacks import plan_intent
from landfall.intent import Intent, parse_intent
from tests.infra.samples import PROJECT

INTENTS = Path(__file__).parents[2] / "landfall" / "intents"
# Both are cut to the same 18 letters in a storage account's 24.
ALIKE = ("northwind-health-eu1", "northwind-health-eu2")
GLOBAL = (
    "storageAccountName", "accountName", "vaultName", "registryName", "serverName", "namespaceName",
    "bucket", "projectId",
)  # fmt: skip


def intent_of(cloud: str, slug: str) -> Intent:
    raw = yaml.safe_load((INTENTS / f"{cloud}.good.yaml").read_text(encoding="utf-8"))
    return parse_intent({**raw, "client": {"name": slug, "slug": slug}}, slug)


def names(plan: Plan) -> Iterator[str]:
    for one in plan.resources:
        for key in GLOBAL:
            held = one.inputs.get(key)
            if isinstance(held, str) and held.startswith("north"):
                yield held
        if one.type == "gcp:storage/bucket:Bucket":
            yield one.inputs["name"]


@pytest.mark.parametrize("cloud", ["gcp", "aws", "azure"])
def test_clients_that_are_alike_when_cut_share_no_name_in_the_world(cloud: str) -> None:
    first, second = (
        set(names(plan_intent(PROJECT, intent_of(cloud, slug), slug))) for slug in ALIKE
    )
    assert len(first) == len(second) > 3
    assert not first & second
