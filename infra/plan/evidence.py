"""Evidence for an auditor: control → policy → the resources it was held against → the result.

Says of each control that the policies serve whether the plan meets it. Leaves out controls that no plan can
show (training, contracts, incident drills) and standards that we map to none of our catalogues.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from infra.plan.model import Plan
from infra.plan.policies import POLICIES, Policy, Violation, applies

Result = Literal["met", "not met", "waived", "nothing to show"]

CATALOGUES = {
    "cis": {"gcp": "cis-gcp-3.0", "aws": "cis-aws-3.0", "azure": "cis-azure-2.1"},
    "iso-27001": "iso-27001-2022",
}
"""The intent's word → the catalogue that the policies name; NIST 800-53 is always told."""


@dataclass(frozen=True)
class Row:
    """One control and one policy that serves it."""

    standard: str
    control: str
    policy: str
    title: str
    severity: str
    resources: tuple[str, ...]
    """Logical names of what was looked at; empty for rules over the whole plan."""
    result: Result
    findings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: keys as the fields."""
        return {**vars(self), "resources": list(self.resources), "findings": list(self.findings)}


def evidence(plan: Plan, violations: list[Violation], asked: list[str]) -> dict[str, Any]:
    """The evidence of a plan for the intent's standards (`asked`), JSON-ready.

    `controls`: the rows, by standard and control. `unmapped`: the standards asked for that have no catalogue of ours,
    for which the NIST 800-53 rows are the basis to map from.
    """
    wanted = ["nist-800-53-r5", *(name for name in map(_catalogue(plan.cloud), asked) if name)]
    rows = [
        row
        for policy in POLICIES.values()
        for standard in dict.fromkeys(wanted)
        for row in _rows(policy, standard, plan, violations)
    ]
    rows.sort(key=lambda row: (row.standard, _order(row.control), row.policy))
    return {
        "stack": plan.stack,
        "cloud": plan.cloud,
        "controls": [row.as_dict() for row in rows],
        "unmapped": [one for one in asked if _catalogue(plan.cloud)(one) is None],
    }


def _catalogue(cloud: str) -> Any:
    def name(asked: str) -> str | None:
        found = CATALOGUES.get(asked)
        return found.get(cloud) if isinstance(found, dict) else found

    return name


def _rows(policy: Policy, standard: str, plan: Plan, violations: list[Violation]) -> list[Row]:
    mine = [one for one in violations if one.policy == policy.id]
    seen = tuple(sorted({one.name for one in plan.resources if one.type in policy.types}))
    return [
        Row(
            standard, control, policy.id, policy.title, policy.severity, seen,
            _result(policy, plan, mine),
            tuple(f"{one.resource or 'the plan'}: {one.message}" for one in mine),
        )
        for control in policy.controls.get(standard, ())
    ]  # fmt: skip


def _result(policy: Policy, plan: Plan, mine: list[Violation]) -> Result:
    if any(not one.waived for one in mine):
        return "not met"
    if mine:
        return "waived"
    return "met" if applies(policy, plan) else "nothing to show"


def _order(control: str) -> list[Any]:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in control.split(".")]
