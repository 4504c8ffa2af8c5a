"""Evidence for an auditor: control → policy → the resources it was held against → the result.

Says of each control that the policies serve whether the plan meets it. Leaves out controls that no plan can
show (training, contracts, incident drills) and standards that we map to none of our catalogues.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from infra.plan.model import Plan
from infra.plan.policies import POLICIES, Policy, Violation, applies

if TYPE_CHECKING:
    from landfall.intent import Intent

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


def evidence(plan: Plan, violations: list[Violation], intent: Intent) -> dict[str, Any]:
    """The evidence of a plan for the standards that the intent names, JSON-ready.

    `controls`: the rows, by standard and control. `unmapped`: the standards asked for that have no catalogue of ours,
    for which the NIST 800-53 rows are the basis to map from.
    """
    asked = list(intent.compliance)
    wanted = ["nist-800-53-r5", *(name for name in map(_catalogue(plan.cloud), asked) if name)]
    rows = [
        row
        for policy in POLICIES.values()
        if _concerns(policy, plan.cloud)
        for standard in dict.fromkeys(wanted)
        for row in _rows(policy, standard, plan, violations, intent)
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


_OF_A_CLOUD = {"gcp": "gcp", "aws": "aws", "azure-native": "azure", "azuread": "azure"}


def _concerns(policy: Policy, cloud: str) -> bool:
    """Whether a policy is about this cloud, or about none in particular."""
    named = {
        _OF_A_CLOUD.get(type_.removeprefix("pulumi:providers:").partition(":")[0])
        for type_ in policy.types
    }
    return not policy.types or cloud in named or None in named


def _rows(
    policy: Policy, standard: str, plan: Plan, violations: list[Violation], intent: Intent
) -> list[Row]:
    mine = [one for one in violations if one.policy == policy.id]
    seen = tuple(sorted({one.name for one in plan.resources if one.type in policy.types}))
    return [
        Row(
            standard, control, policy.id, policy.title, policy.severity, seen,
            _result(policy, plan, mine, intent),
            tuple(f"{one.resource or 'the plan'}: {one.message}" for one in mine),
        )
        for control in policy.controls.get(standard, ())
    ]  # fmt: skip


def _result(policy: Policy, plan: Plan, mine: list[Violation], intent: Intent) -> Result:
    if any(not one.waived for one in mine):
        return "not met"
    if mine:
        return "waived"
    if policy.layer and policy.layer not in intent.layout.build:
        return "nothing to show"
    return "met" if policy.forbids or applies(policy, plan) else "nothing to show"


def _order(control: str) -> list[Any]:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in control.split(".")]
