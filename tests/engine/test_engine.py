"""The real engine runs every sample stack with stand-in providers, and registers what the plan recorded."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from infra.plan.change import in_preview
from infra.plan.model import SECRET, Plan, Resource
from infra.plan.stacks import plan_intent, read_stack
from infra.release.engine import Done
from infra.release.words import not_needed
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


(_FIRST,) = re.findall(
    r"^pulumi up (--exclude '[^']+')$", (ROOT / "docs/apply.md").read_text(encoding="utf-8"), re.MULTILINE
)  # fmt: skip
# Applied in two halves, as docs/apply.md has a first apply typed: all but what runs on the cluster, then the rest.
HALVED = ("harbor-gcp-dev", "northwind-aws-dev")


@dataclass(frozen=True)
class Life:
    """One sample on the engine: what was recorded of it, and what the engine's first preview would do."""

    name: str
    plan: Plan
    preview: dict[str, Any]
    half: list[dict[str, Any]]
    """The state after the first half of its first apply, where it was applied in two."""

    @property
    def copy(self) -> str:
        """The stack that is left in its stead, so that those that read it still find it."""
        return f"{self.name}-leaving"


@pytest.fixture(scope="module", params=STACKS)
def life(
    request: pytest.FixtureRequest, cli: Cli, tmp_path_factory: pytest.TempPathFactory
) -> Life:
    """A sample, previewed and applied; but for those in halves, no more than its preview is let happen."""
    name: str = request.param
    bound = str(tmp_path_factory.mktemp("bound") / "plan.json")
    cli.run("stack", "init", f"organization/landfall/{name}")
    plan = plan_intent(PROJECT, read_stack(PROJECT, name), name)
    cli.cloud.adopt(plan)
    shown = cli.run("preview", "--stack", name, "--json", "--save-plan", bound)
    preview = json.loads(shown.stdout)
    half: list[dict[str, Any]] = []
    if name in HALVED:
        cli.run("up", "--stack", name, "--yes", "--skip-preview", *shlex.split(_FIRST))
        half = cli.state(name)
    words = ("up", "--stack", name, "--yes", "--skip-preview", "--json")
    if name in HALVED:
        cli.run(*words)
    else:
        done = cli.run(*words, "--plan", bound, expect=None)
        told = Done(done.returncode, done.stdout, done.stderr, pid=0, seconds=0)
        assert done.returncode == 0 or not_needed(told, preview), done.stdout[-3000:]
    return Life(name, plan, preview, half)


def _reference(one: dict[str, Any]) -> bool:
    """A stack that is read, and the engine's own provider for reading it."""
    return one["type"] in ("pulumi:pulumi:StackReference", "pulumi:providers:pulumi")


def test_a_preview_would_make_what_the_plan_recorded(life: Life) -> None:
    """Also where what a cloud answers is not known yet."""
    steps = [
        one
        for one in life.preview["steps"]
        if not one["urn"].split("::")[2].startswith("pulumi:pulumi:Stack")
        and not _reference(one.get("newState") or one)
    ]
    ops = {one["urn"]: one["op"] for one in steps if one["op"] != "update"}
    assert set(ops.values()) <= {"create", "import"}
    # What is adopted may be put as the intent wants it, too.
    adopted = {urn for urn, op in ops.items() if op == "import"}
    assert {one["urn"] for one in steps if one["op"] == "update"} <= adopted
    assert {one["urn"] for one in steps} == {one.urn for one in life.plan.resources}


def test_a_first_apply_makes_the_registry_before_the_charts_that_draw_from_it(life: Life) -> None:
    if life.name not in HALVED:
        pytest.skip("applied in one go, to spare time")
    made = {one["urn"] for one in life.half if one.get("custom")}
    asked = {one.urn for one in life.plan.resources if one.custom}
    on_cluster = {urn for urn in asked if "$kubernetes:" in urn}
    assert any("Repository" in urn for urn in made)
    assert {
        one.urn for one in life.plan.resources if one.type.startswith("kubernetes:")
    } <= on_cluster
    assert made == asked - on_cluster


def test_the_engine_registers_what_the_plan_recorded(cli: Cli, life: Life) -> None:
    held = {one["urn"]: registered(one) for one in cli.state(life.name) if not _reference(one)}
    planned = {one.urn: recorded(one) for one in life.plan.resources}
    assert set(held) == set(planned)
    wrong = [urn for urn in planned if held[urn] != planned[urn]]
    told = [
        f"{urn}: {key} is {held[urn][key]!r}, recorded {planned[urn][key]!r}"
        for urn in wrong
        for key in planned[urn]
        if held[urn][key] != planned[urn][key]
    ]
    assert not told, "\n".join(told)


def test_the_outputs_are_those_of_the_plan(cli: Cli, life: Life) -> None:
    told = json.loads(cli.run("stack", "output", "--stack", life.name, "--json").stdout)
    assert plain(told) == plain(life.plan.outputs)


def test_a_second_up_changes_nothing(cli: Cli, life: Life) -> None:
    cli.run("up", "--stack", life.name, "--yes", "--skip-preview", "--expect-no-changes")


def test_a_change_made_by_hand_is_found_by_refresh_and_nothing_else_is(
    cli: Cli, life: Life
) -> None:
    look = ("refresh", "--stack", life.name, "--preview-only", "--expect-no-changes", "--json")
    cli.run(*look)
    held = next(
        one
        for one in sorted(cli.cloud.live.values(), key=lambda one: one.urn)
        if one.urn.startswith(f"urn:pulumi:{life.name}::")
        and isinstance(one.inputs.get("name"), str)
    )
    name = held.inputs["name"]
    held.inputs["name"] = held.state["name"] = "renamed-by-hand"
    told = json.loads(cli.run(*look, expect=7).stdout)
    held.inputs["name"] = held.state["name"] = name
    assert [(one.resource.urn, list(one.properties)) for one in in_preview(told)] == [
        (held.urn, ["name"])
    ]


def test_what_is_protected_is_not_destroyed(cli: Cli, life: Life) -> None:
    """Asked for one by one where nothing rests on it: the engine takes half a minute to refuse a whole large stack."""
    _copied(cli, life)
    before = cli.state(life.copy)
    used = {urn for one in before for urn in _rests_on(one)}
    protected = [one["urn"] for one in before if one.get("protect")]
    bare = [urn for urn in protected if urn not in used]
    asked = ["--target", bare[0]] if bare else []
    assert protected, "every sample holds something that no slip may destroy"
    told = cli.run("destroy", "--stack", life.copy, "--yes", "--skip-preview", *asked, expect=None)
    assert told.returncode != 0
    assert "protected" in told.stdout + told.stderr
    left = {one["urn"] for one in cli.state(life.copy)}
    assert left >= set(protected)
    if bare:
        assert left == {one["urn"] for one in before}


def _rests_on(one: dict[str, Any]) -> Iterator[str]:
    yield one.get("parent", "")
    yield str(one.get("provider", "")).rpartition("::")[0]
    yield from one.get("dependencies") or ()


def _copied(cli: Cli, life: Life) -> None:
    told = cli.run("stack", "export", "--stack", life.name).stdout
    cli.run("stack", "init", f"organization/landfall/{life.copy}")
    state = cli.folder / "state.json"
    text = told.replace(f"urn:pulumi:{life.name}::", f"urn:pulumi:{life.copy}::")
    state.write_text(text, encoding="utf-8")
    cli.run("stack", "import", "--stack", life.copy, "--file", str(state))


def test_unprotected_and_destroyed_it_leaves_what_is_retained_and_nothing_else(
    cli: Cli, life: Life
) -> None:
    cli.run("state", "unprotect", "--all", "--yes", "--stack", life.copy)
    cli.run("destroy", "--stack", life.copy, "--yes", "--skip-preview")
    assert cli.state(life.copy) == []
    left = {
        one.urn
        for one in cli.cloud.live.values()
        if one.urn.startswith(f"urn:pulumi:{life.name}::")
    }
    kept = {
        one.urn
        for one in life.plan.resources
        if one.retain and one.custom and not one.type.startswith("pulumi:")
    }
    assert left == kept
