"""Looks at a stack after it was applied: that it is whole (verify), and that the cloud is still as applied (drift)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.plan.change import in_preview
from infra.plan.policies.storage import STATEFUL
from infra.release.engine import Engine
from infra.release.state import read_state
from infra.release.words import failure
from landfall.errors import LandfallError

if TYPE_CHECKING:
    from landfall.intent import Intent

_DRIFTED = 7
"""`pulumi refresh --preview-only --expect-no-changes` exits so where the cloud differs from the state."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    told: str


def verify(engine: Engine, stack: str, intent: Intent) -> list[Check]:
    """The checks of an applied stack, in order; raises LandfallError where the CLI cannot be asked."""
    from landfall.platform_file import parse_platform

    state = read_state(engine, stack)
    checks = [
        Check(
            "nothing pending",
            not state.pending,
            "; ".join(f"{one.name} ({one.doing})" for one in state.pending) or "no operation hangs",
        )
    ]
    told = engine.run("stack", "output", "--json", stack=stack)
    outputs = told.json() if told.code == 0 else None
    missing = [layer for layer in (*intent.layout.build, "release") if layer not in (outputs or {})]
    checks.append(
        Check(
            "outputs",
            not missing,
            f"missing: {', '.join(missing)}" if missing else "every layer is exported",
        )
    )
    if "data" in intent.layout.build:
        try:
            parse_platform(outputs, stack)
            checks.append(Check("platform", True, "pipelines, warehouse and models can read it"))
        except LandfallError as error:
            checks.append(Check("platform", False, error.what))
    again = engine.run("preview", "--json", "--expect-no-changes", stack=stack)
    changes = in_preview(again.json()) if isinstance(again.json(), dict) else []
    names = ", ".join(f"{one.op} {one.resource.name}" for one in changes[:5])
    checks.append(
        Check(
            "a second up would change nothing",
            again.code == 0,
            names or ("no change" if again.code == 0 else failure(again, stack, "preview").what),
        )
    )
    return checks


def drift(engine: Engine, stack: str) -> list[dict[str, Any]]:
    """What the cloud has otherwise than the state, worst first: keys `op`, `type`, `name`, `urn`, `properties`,
    `holds_data`. Changes nothing, not even the state."""
    done = engine.run("refresh", "--preview-only", "--expect-no-changes", "--json", stack=stack)
    document = done.json()
    if done.code not in (0, _DRIFTED) or not isinstance(document, dict):
        raise failure(done, stack, "look for drift")
    found = [
        {
            "op": "gone" if change.op == "delete" else "changed",
            "type": change.resource.type,
            "name": change.resource.name,
            "urn": change.resource.urn,
            "properties": list(change.properties),
            "holds_data": change.resource.type in STATEFUL,
        }
        for change in in_preview(document)
    ]
    if done.code == _DRIFTED and not found:
        raise LandfallError(
            f"The CLI says that {stack} has drifted and not how.",
            fix=f"Look by hand: pulumi refresh --preview-only --stack {stack}",
        )
    return sorted(found, key=lambda one: (one["op"] != "gone", not one["holds_data"], one["urn"]))
