"""Looks at a stack after it was applied: that it is whole (verify), and that the cloud is still as applied (drift)."""

from __future__ import annotations

import json
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
    from landfall.project import Project

_DRIFTED = 7
"""`pulumi refresh --preview-only --expect-no-changes` exits so where the cloud differs from the state."""

_CHARTS = "urn:pulumi:**kubernetes:helm.sh/v3:Release::**"
"""Helm's releases. It keeps their records in Secrets, between passwords and keys, and whoever looks at night reads
none. `--exclude` with wildcards: the CLI from 3.188 on."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    told: str
    must: bool = True
    """Whether the stack is not whole where it is not ok; else somebody has something to do."""


def verify(project: Project, engine: Engine, stack: str, intent: Intent) -> list[Check]:
    """The checks of an applied stack, in order; raises LandfallError where the CLI cannot be asked."""
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
    if "data" in intent.layout.build or "platform" in (outputs or {}):
        checks += _platform(project, outputs, stack)
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


def _platform(project: Project, outputs: Any, stack: str) -> list[Check]:
    """That the Platform is whole and, where it is committed for Jenkins' data jobs, that they have this one."""
    from landfall.platform_file import parse_platform, shared_file

    try:
        platform = parse_platform(outputs, stack)
    except LandfallError as error:
        return [Check("platform", False, error.what)]
    whole = Check("platform", True, "pipelines, warehouse and models can read it")
    file = shared_file(project, stack)
    if not file.is_file():
        return [whole]
    try:
        same = parse_platform(json.loads(file.read_text(encoding="utf-8")), stack) == platform
    except (LandfallError, ValueError):
        same = False
    told = (
        "Jenkins' data jobs run on what was applied"
        if same
        else f"{file.name} is not what was applied: landfall platform show {stack} --share, and commit it"
    )
    return [whole, Check("shared platform", same, told, must=False)]


def drift(engine: Engine, stack: str) -> list[dict[str, Any]]:
    """What the cloud has otherwise than the state, worst first: keys `op`, `type`, `name`, `urn`, `properties`,
    `holds_data`. Changes nothing, not even the state. Charts are left out (`_CHARTS`), their objects anyway."""
    look = ("--preview-only", "--expect-no-changes", "--json", "--exclude", _CHARTS)
    done = engine.run("refresh", *look, stack=stack)
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
