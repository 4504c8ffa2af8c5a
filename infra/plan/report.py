"""Everything that is known of a plan before money is spent, in one place: the sections that `landfall plan` prints.

Each section is a pure function of the plan, the intent and, for risks, a plan before; a new section is one field and one
line in `assess`. Leaves out how a person sees them (`landfall/cli/plan.py`, `infra/plan/html.py`).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.plan.check import check
from infra.plan.check.finding import Finding
from infra.plan.cost import Cost, estimate
from infra.plan.load import dump
from infra.plan.model import Plan
from infra.plan.parity import parity
from infra.plan.policies import Violation, judge
from infra.plan.quotas import Need, quotas
from infra.plan.risk import Risk, risks_against

if TYPE_CHECKING:
    from landfall.intent import Intent


@dataclass(frozen=True)
class Assessment:
    """A plan and what was found of it. A section is None where it was not asked for."""

    plan: Plan
    findings: list[Finding]
    violations: list[Violation]
    cost: Cost | None = None
    risks: list[Risk] | None = None
    """Against the plan before; None where there is none."""
    parity: list[dict[str, Any]] | None = None
    needs: list[Need] | None = None
    """What the account must have: quotas, machines, services, permissions."""

    @property
    def wrong(self) -> list[Finding]:
        """Findings that a cloud would refuse."""
        return [one for one in self.findings if one.severity == "error"]

    @property
    def broken(self) -> list[Violation]:
        """Mandatory policies that are broken and not waived."""
        return [one for one in self.violations if one.severity == "mandatory" and not one.waived]

    @property
    def refused(self) -> bool:
        """Whether a mandatory policy or the budget forbids to apply the plan."""
        return bool(self.broken) or (self.cost is not None and self.cost.over_budget)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: the plan's keys and one key a section."""
        return {
            **dump(self.plan),
            "findings": [one.as_dict() for one in self.findings],
            "violations": [one.as_dict() for one in self.violations],
            "cost": self.cost.as_dict() if self.cost else None,
            "quotas": None if self.needs is None else [one.as_dict() for one in self.needs],
            "risks": None if self.risks is None else [one.as_dict() for one in self.risks],
            "parity": self.parity,
            "refused": self.refused,
        }


def assess(
    plan: Plan,
    intent: Intent | None,
    today: datetime.date,
    before: Plan | Mapping[str, Any] | None = None,
) -> Assessment:
    """All sections. Without an intent (a plan of someone else's) those that need one are left out;
    `before` is what risks are graded against: a plan, or a `pulumi preview --json` document."""
    return Assessment(
        plan=plan,
        findings=check(plan),
        violations=judge(plan, intent, today),
        cost=estimate(plan, intent) if intent is not None else None,
        risks=risks_against(plan, before) if before is not None else None,
        parity=parity(intent) if intent is not None else None,
        needs=quotas(plan, intent) if intent is not None else None,
    )
