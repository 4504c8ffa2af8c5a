"""The real engine runs every sample stack with stand-in providers, and registers what the plan recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.plan.model import SECRET, Resource
from infra.plan.stacks import plan_intent, read_stack
from landfall.project import find_project
from tests.engine.conftest import ROOT, Cli

PROJECT = find_project(ROOT)
STACKS = [
    stack
    for stack in PROJECT.stacks()
    if (PROJECT.read_stack(stack).get("cloud") or {}).get("provider") != "local"  # pyright: ignore[reportAttributeAccessIssue]
]
# Layers that others read come first.
STACKS.sort(key=lambda name: (not name.endswith("-foundation"), name.endswith("-ml"), name))
_SIGNATURE = "4dabf18193072939515e22adb298388d"
# What the engine writes into inputs by itself.
_ENGINE = {"__internal", "version", "pluginDownloadURL", "__defaults"}


def plain(value: Any) -> Any:
    """A state's value as a plan writes it."""
    if isinstance(value, dict):
        if "ciphertext" in value or (_SIGNATURE in value and "value" in value):
            return SECRET
        return {
            key: plain(inner)
            for key, inner in sorted(value.items())
            if key not in _ENGINE and key not in (_SIGNATURE, "hash")
        }
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def registered(one: dict[str, Any]) -> dict[str, Any]:
    """What the engine holds of a resource, in the plan's words."""
    parent = one.get("parent", "")
    edges = one.get("propertyDependencies") or {}
    return {
        "type": one["type"],
        "inputs": plain(one.get("inputs") or {}),
        "parent": "" if "::pulumi:pulumi:Stack::" in parent else parent,
        "provider": str(one.get("provider", "")).rpartition("::")[0],
        "property_deps": {k: sorted(v) for k, v in sorted(edges.items()) if v},
        "protect": bool(one.get("protect")),
        "retain": bool(one.get("retainOnDelete")),
    }


def recorded(one: Resource) -> dict[str, Any]:
    return {
        "type": one.type,
        "inputs": plain(dict(one.inputs)),
        "parent": one.parent,
        "provider": one.provider,
        "property_deps": {k: sorted(v) for k, v in one.property_deps.items()},
        "protect": one.protect,
        "retain": one.retain,
    }


@pytest.fixture(scope="module", params=STACKS)
def stack(request: pytest.FixtureRequest, cli: Cli) -> str:
    name: str = request.param
    cli.run("stack", "init", f"organization/landfall/{name}")
    cli.cloud.adopt(plan_intent(PROJECT, read_stack(PROJECT, name), name))
    cli.run("preview", "--stack", name, "--json")
    cli.run("up", "--stack", name, "--yes", "--skip-preview")
    return name


def test_the_engine_registers_what_the_plan_recorded(cli: Cli, stack: str) -> None:
    plan = plan_intent(PROJECT, read_stack(PROJECT, stack), stack)
    held = {one["urn"]: registered(one) for one in cli.state(stack) if not _reference(one)}
    planned = {one.urn: recorded(one) for one in plan.resources}
    assert set(held) == set(planned)
    for urn, one in planned.items():
        assert held[urn] == one, urn


def _reference(one: dict[str, Any]) -> bool:
    """A stack that is read, and the engine's own provider for reading it."""
    return one["type"] in ("pulumi:pulumi:StackReference", "pulumi:providers:pulumi")


def test_a_second_up_changes_nothing(cli: Cli, stack: str) -> None:
    cli.run("preview", "--stack", stack, "--expect-no-changes")


def test_a_change_made_by_hand_is_found_by_refresh(cli: Cli, stack: str) -> None:
    cli.run("refresh", "--stack", stack, "--preview-only", "--expect-no-changes")
    held = next(
        one
        for one in sorted(cli.cloud.live.values(), key=lambda one: one.urn)
        if one.urn.startswith(f"urn:pulumi:{stack}::") and isinstance(one.inputs.get("name"), str)
    )
    name = held.inputs["name"]
    held.inputs["name"] = held.state["name"] = "renamed-by-hand"
    told = cli.run("refresh", "--stack", stack, "--preview-only", "--expect-no-changes", expect=7)
    held.inputs["name"] = held.state["name"] = name
    assert held.urn.rpartition("::")[2] in told.stdout


def test_destroying_what_is_protected_is_refused_and_leaves_nothing_once_unprotected(
    cli: Cli, stack: str
) -> None:
    protected = [one["urn"] for one in cli.state(stack) if one.get("protect")]
    if protected:
        refused = cli.run("destroy", "--stack", stack, "--yes", "--skip-preview", expect=None)
        assert refused.returncode != 0
        assert "protect" in refused.stdout + refused.stderr
        assert {one["urn"] for one in cli.state(stack)} >= set(protected)


def test_the_outputs_are_those_of_the_plan(cli: Cli, stack: str) -> None:
    plan = plan_intent(PROJECT, read_stack(PROJECT, stack), stack)
    told = json.loads(cli.run("stack", "output", "--stack", stack, "--json").stdout)
    assert set(told) == set(plan.outputs)


def test_nothing_is_left_after_all_is_unprotected_and_destroyed(cli: Cli, stack: str) -> None:
    """On a copy of the stack's state, so that stacks that read it still find it."""
    copy = f"{stack}-leaving"
    told = cli.run("stack", "export", "--stack", stack).stdout
    cli.run("stack", "init", f"organization/landfall/{copy}")
    state = cli.folder / "state.json"
    state.write_text(
        told.replace(f"urn:pulumi:{stack}::", f"urn:pulumi:{copy}::"), encoding="utf-8"
    )
    cli.run("stack", "import", "--stack", copy, "--file", str(state))
    cli.run("state", "unprotect", "--all", "--yes", "--stack", copy)
    cli.run("destroy", "--stack", copy, "--yes", "--skip-preview")
    assert cli.state(copy) == []
