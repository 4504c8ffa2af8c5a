"""An upgrade campaign: this checkout's version planned for every applied stack, mildest first, up to the first surprise.

Each stack's plan is held against the plan that was last applied to it. Nothing is applied here: the order is what the
`upgrade` pipeline then goes through, stack by stack, each with its own preview, approval and proof.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from infra.plan.change import Change, between
from infra.plan.load import parse
from infra.plan.policies.storage import STATEFUL
from infra.plan.report import assess
from infra.plan.risk import ORDER, Risk, grade, worst
from infra.release.clients import Row, rows
from infra.release.registers import Known
from infra.release.release import of_all_layers
from landfall import __version__
from landfall.errors import LandfallError
from landfall.intent import intent_of
from landfall.project import Project

Verdict = Literal["go", "ask", "surprise"]
_RANK = {"dev": 0, "staging": 1, "prod": 2}


@dataclass(frozen=True)
class Step:
    """One stack's part of the campaign."""

    stack: str
    client: str
    environment: str
    come_from: str
    verdict: Verdict
    risk: str
    changes: dict[str, int]
    delta: float
    """US dollars a month."""
    reasons: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: keys as the fields."""
        return {**vars(self), "reasons": list(self.reasons)}


@dataclass(frozen=True)
class Campaign:
    """The stacks in the order in which they are upgraded; those from the first surprise on wait."""

    version: str
    steps: tuple[Step, ...]
    unknown: tuple[str, ...]
    """Stacks that the register has no applied plan of: they are no part of it."""
    by_hand: tuple[str, ...] = ()
    """Stacks whose intents name no Jenkins: a person applies them."""

    @property
    def stopped_at(self) -> str | None:
        """The first stack with a surprise."""
        return next((one.stack for one in self.steps if one.verdict == "surprise"), None)

    @property
    def ready(self) -> list[str]:
        """The stacks before it that Jenkins applies."""
        names = [one.stack for one in self.steps]
        before = names if self.stopped_at is None else names[: names.index(self.stopped_at)]
        return [stack for stack in before if stack not in self.by_hand]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "version": self.version,
            "ready": self.ready,
            "stopped_at": self.stopped_at,
            "steps": [one.as_dict() for one in self.steps],
            "unknown": list(self.unknown),
            "by_hand": list(self.by_hand),
        }


def campaign(
    project: Project, builds: Known, today: datetime.date, client: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Campaign:  # fmt: skip
    """Plan this version for every applied stack (of one client, where named), mildest first.

    Within one risk, development comes before production and a layer before those that rest on it.
    """
    chosen = rows(project, builds, client)
    steps, unknown = [], []
    for row in chosen:
        before = builds.noted("plan", row.stack)
        if before is None:
            unknown.append(row.stack)
            continue
        tell(f"planning {row.stack} with {__version__}")
        steps.append(_step(project, row, before, today))
    order = {row.stack: _depth(row) for row in chosen}
    steps.sort(
        key=lambda one: (
            one.verdict == "surprise", _severity(one.risk), _RANK[one.environment], order[one.stack], one.stack,
        )
    )  # fmt: skip
    by_hand = {row.stack for row in chosen if not row.jenkins}
    return Campaign(
        __version__, tuple(steps), tuple(unknown),
        tuple(one.stack for one in steps if one.stack in by_hand),
    )  # fmt: skip


def _step(project: Project, row: Row, before: dict[str, Any], today: datetime.date) -> Step:
    from infra.plan.cost import estimate
    from infra.plan.stacks import plan_intent

    made = (row.stack, row.client, row.environment, row.version or "unknown")
    try:
        intent = intent_of(project, row.stack)
        plan = plan_intent(project, intent, row.stack)
    except LandfallError as error:
        return Step(*made, "surprise", "high", {}, 0.0, (f"it cannot be planned: {error.what}",))
    was = parse(before, f"the applied plan of {row.stack}")
    changes = between(was, plan)
    risks = grade(changes)
    assessed = of_all_layers(assess(plan, intent, today), project, intent, row.stack)
    reasons = _surprises(changes, risks)
    reasons += [f"policy {one.policy}: {one.message}" for one in assessed.broken]
    reasons += [f"{one.type} '{one.name}' {one.path} would be refused" for one in assessed.wrong]
    cost = assessed.cost
    if cost is not None and cost.over_budget:
        reasons.append("over budget")
    verdict: Verdict = "surprise" if reasons else "ask" if worst(risks) == "medium" else "go"
    if not reasons:
        reasons = [f"{one.severity}: '{one.resource}' {one.reason}" for one in risks[:5]]
    delta = (cost.expected if cost else 0.0) - estimate(was, intent).expected
    counted = dict(sorted(Counter(change.op for change in changes).items()))
    return Step(*made, verdict, worst(risks), counted, round(delta, 2), tuple(reasons))


def _surprises(changes: list[Change], risks: list[Risk]) -> list[str]:
    """What no upgrade may do without a person having planned for it."""
    lost = [
        f"'{change.resource.name}' ({change.resource.type}) holds data and would be {change.op}d"
        for change in changes
        if change.op in ("delete", "replace") and change.resource.type in STATEFUL
    ]
    graver = [f"high: '{one.resource}' {one.reason}" for one in risks if one.severity == "high"]
    return lost or graver


def _severity(word: str) -> int:
    """`none` before low before high."""
    return -1 if word == "none" else len(ORDER) - ORDER.index(word)  # pyright: ignore[reportArgumentType]


def _depth(row: Row) -> int:
    return min(("foundation", "data", "ml").index(layer) for layer in row.layers)
