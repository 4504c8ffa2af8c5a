"""A release: what a build would apply to one stack, all that a person needs to say yes, and the digest of it.

Made by `make` from the recorded plan, the engine's preview and its state; kept as `release.json` in a folder, with the
plan and the masked preview beside it. Leaves out saying yes (`approval.py`) and applying (`apply.py`).
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from infra.plan.change import Change, in_preview
from infra.plan.cost import Cost, estimate
from infra.plan.cost.layers import with_layers
from infra.plan.report import Assessment, assess
from infra.plan.risk import grade
from infra.release.approval import Due, due
from infra.release.digest import sources_digest, steps_digest
from infra.release.engine import Engine
from infra.release.masking import Masker
from infra.release.phases import unmarked
from infra.release.state import State, read_state
from infra.release.words import failure
from landfall import __version__
from landfall.errors import UsageError

if TYPE_CHECKING:
    from landfall.intent import Intent
    from landfall.project import Project

Kind = Literal["plan", "up", "destroy"]
"""`plan` is a pull request's: made with no credentials, never applied."""
FILE = "release.json"


class Release(BaseModel):
    """What one build would do to one stack. JSON as `landfall stack preview --output json` prints it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stack: str
    kind: Kind
    client: str
    environment: str
    cloud: str
    version: str
    """Of the blueprint."""
    commit: str
    made: str
    digest: str
    """Of the steps and the sources; what an approval is bound to."""
    sources: str
    changes: dict[str, int]
    """Operation → number of resources; resources that stay as they are are not counted."""
    steps: list[dict[str, Any]]
    """Each change: `op`, `type`, `name`, `properties`."""
    risks: list[dict[str, Any]]
    cost: dict[str, Any]
    """US dollars a month: `before`, `after`, `delta`, `low`, `high`, `budget`, `unpriced`."""
    violations: list[dict[str, Any]]
    approval: Due
    refused: list[str]
    """Why it may not be applied, approved or not."""


@dataclass(frozen=True)
class Looked:
    """What the engine said of a stack at one moment."""

    preview: dict[str, Any]
    state: State
    digest: str


def look(
    engine: Engine, stack: str, kind: Kind, sources: str, save_plan: Path | None = None
) -> Looked:
    """Ask the engine what it would do; raises LandfallError where it refuses. `save_plan`: bind an apply to it."""
    state = read_state(engine, stack)
    arguments = ["destroy", "--preview-only"] if kind == "destroy" else ["preview"]
    if save_plan is not None and kind == "up":
        arguments += ["--save-plan", str(save_plan)]
    done = engine.run(*arguments, "--json", stack=stack)
    preview = done.json()
    if done.code != 0 or not isinstance(preview, dict):
        raise failure(done, stack, "preview")
    return Looked(preview, state, steps_digest(preview, stack, kind, sources))


def make(
    project: Project,
    engine: Engine,
    stack: str,
    intent: Intent,
    today: datetime.date,
    *,
    kind: Kind = "up",
    commit: str = "",
) -> tuple[Release, Looked, Assessment]:
    """The release of a stack as its files say now."""
    from infra.plan.stacks import plan_intent

    sources = sources_digest(project, stack)
    looked = look(engine, stack, kind, sources)
    plan = plan_intent(project, intent, stack)
    assessed = of_all_layers(assess(plan, intent, today, looked.preview), project, intent, stack)
    changes = in_preview(looked.preview)
    before = estimate(looked.state.plan, intent)
    release = compose(
        stack, intent, kind, assessed, changes, cost_of(before, assessed.cost if kind == "up" else None),
        digest=looked.digest, sources=sources, commit=commit, first=not looked.state.plan.resources,
        refused=_refused(changes, looked.state) + (judged(assessed) if kind == "up" else []),
    )  # fmt: skip
    return release, looked, assessed


def of_all_layers(assessed: Assessment, project: Project, intent: Intent, stack: str) -> Assessment:
    """The same assessment, its cost held to the budget together with the client's other layers."""
    if assessed.cost is None:
        return assessed
    return replace(assessed, cost=with_layers(assessed.cost, project, intent, stack))


def compose(
    stack: str, intent: Intent, kind: Kind, assessed: Assessment, changes: list[Change], cost: dict[str, Any], *,
    digest: str, sources: str, commit: str, first: bool, refused: list[str],
) -> Release:  # fmt: skip
    """A release from its parts; `first`: nothing of the stack exists yet."""
    risks = grade(changes)
    return Release(
        stack=stack,
        kind=kind,
        client=intent.client.slug,
        environment=intent.environment,
        cloud=intent.cloud.provider,
        version=__version__,
        commit=commit,
        made=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        digest=digest,
        sources=sources,
        changes=dict(sorted(Counter(change.op for change in changes).items())),
        steps=[_told(change) for change in changes],
        risks=[risk.as_dict() for risk in risks],
        cost=cost,
        violations=[one.as_dict() for one in assessed.violations] if kind != "destroy" else [],
        approval=due(intent, kind, risks, cost, first=first),
        refused=refused,
    )


def _told(change: Change) -> dict[str, Any]:
    one = change.resource
    properties = list(change.reasons or change.properties)
    return {"op": change.op, "type": one.type, "name": one.name, "properties": properties}


def cost_of(before: Cost | None, after: Cost | None) -> dict[str, Any]:
    """The month's cost before and after, as a release tells it; None where there is nothing."""
    now, was = (one.expected if one else 0.0 for one in (after, before))
    return {
        "currency": "USD",
        "before": round(was, 2),
        "after": round(now, 2),
        "delta": round(now - was, 2),
        "low": round(after.low, 2) if after else 0.0,
        "high": round(after.high, 2) if after else 0.0,
        "budget": after.budget if after else None,
        "unpriced": {
            "before": sum(before.unpriced.values()) if before else 0,
            "after": sum(after.unpriced.values()) if after else 0,
        },
    }


def _refused(changes: list[Change], state: State) -> list[str]:
    found = unmarked(changes, state.outputs)
    found += [
        f"{one.name} is pending ({one.doing}): an apply runs now, or was killed and left it; if killed: {one.way_out}"
        for one in state.pending
    ]
    return found


def judged(assessed: Assessment) -> list[str]:
    """Why the plan itself may not be applied: policies, values, budget."""
    found = [f"policy {one.policy}: {one.message}" for one in assessed.broken]
    found += [
        f"{one.type} '{one.name}' {one.path}: {one.value} would be refused by the cloud; allowed: {one.allowed}"
        for one in assessed.wrong
    ]
    cost = assessed.cost
    if cost is not None and cost.over_budget:
        budget = cost.budget or {}
        together = budget.get("together")
        of = f" of {len(budget['layers'])} layers together" if together else ""
        expected = together["expected"] if together else cost.expected
        found.append(
            f"over budget: {expected:,.0f} USD a month expected{of}, the budget is "
            f"{budget.get('amount_usd', 0):,.0f} USD"
        )
    return found


def write(
    release: Release, looked: Looked | None, assessed: Assessment, folder: Path, masker: Masker
) -> None:
    """Write the release's folder: `release.json`, `plan.json`, `preview.json` where the engine looked, `comment.md`."""
    from infra.release.comment import comment

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "approval.json").unlink(missing_ok=True)  # of an earlier release in this folder
        files = {FILE: release.model_dump(mode="json"), "plan.json": assessed.as_dict()}
        if looked is not None:
            files["preview.json"] = masker.value(looked.preview)
        for name, value in files.items():
            text = json.dumps(value, indent=1, sort_keys=True, default=str)
            (folder / name).write_text(text + "\n", encoding="utf-8")
        (folder / "comment.md").write_text(comment([release]), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}.",
            fix="Name another folder: --release DIR",
        ) from None


def read(folder: Path) -> Release:
    """The release in a folder; raises UsageError where there is none, or one that was tampered with."""
    file = folder / FILE
    try:
        return Release.model_validate_json(file.read_text(encoding="utf-8"))
    except OSError:
        raise UsageError(
            f"{folder} holds no release.",
            fix=f"Make one: landfall stack preview STACK --release {folder}",
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UsageError(
            f"{file} is not a release as this version writes it: {where}: {first['msg']}.",
            fix="Preview again with this version.",
        ) from None
