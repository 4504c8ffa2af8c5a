"""Policies: what a Plan must keep to before a cent is spent, and what `pulumi up` is held to.

`judge` runs them all over a plan and applies the intent's waivers. Each module beside this one registers
its policies by being imported; none reads a file or asks a cloud.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from infra.plan.model import Plan
from infra.plan.policies import cluster, identity, images, keys, network, operations, storage  # noqa: F401 (registers)
from infra.plan.policies.base import POLICIES, Fault, Policy, Violation, applies
from infra.plan.policies.waivers import cover, for_retiring

if TYPE_CHECKING:
    from landfall.intent import Intent

__all__ = ["POLICIES", "Fault", "Policy", "Violation", "applies", "judge"]


def judge(plan: Plan, intent: Intent | None, today: datetime.date) -> list[Violation]:
    """Every breach, mandatory ones first; those that a waiver of the intent covers say so.

    `today` decides whether a waiver still holds. An expired waiver covers nothing and is named.
    """
    found = [
        _violation(policy, fault)
        for policy in POLICIES.values()
        for fault in policy.check(plan, intent)
    ]
    waivers = [*intent.waivers, *for_retiring(intent, plan)] if intent is not None else []
    covered = [cover(one, waivers, today) for one in found]
    return sorted(covered, key=lambda one: (one.severity != "mandatory", one.policy, one.urn))


def _violation(policy: Policy, fault: Fault) -> Violation:
    one = fault.resource
    return Violation(
        policy=policy.id,
        severity=policy.severity,
        message=fault.message,
        urn=one.urn if one else "",
        resource=one.name if one else "",
        source=one.source if one else "",
        controls=policy.controls,
    )
