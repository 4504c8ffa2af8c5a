"""Waivers: a breach that somebody has accepted, for a reason and until a day.

They stand in the intent (`waivers`), so that they are reviewed like every other answer. A waiver names the
policy and the resource by its logical name; it never covers a whole plan.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from infra.plan.policies.base import Violation

if TYPE_CHECKING:
    from infra.plan.model import Plan
    from landfall.intent import Intent
    from landfall.intent.governance import Waiver


def cover(violation: Violation, waivers: Sequence[Waiver], today: datetime.date) -> Violation:
    """The violation, marked as waived where a waiver covers it on that day."""
    for waiver in waivers:
        if (waiver.policy, waiver.resource) != (violation.policy, violation.resource):
            continue
        said = f"{waiver.reason} ({waiver.owner}, until {waiver.expires})"
        if waiver.expires >= today:
            return replace(violation, waived=said)
        return replace(
            violation, message=f"{violation.message}; its waiver expired on {waiver.expires}"
        )
    return violation


def for_retiring(intent: Intent, plan: Plan) -> list[Waiver]:
    """The waivers that the intent's marks amount to: what is retiring is unprotected on purpose (`infra/retire.py`)."""
    from infra.retire import covers
    from landfall.intent.governance import Waiver

    return [
        Waiver(
            policy="stateful-protected", resource=name, reason=f"retiring: {mark.reason}",
            owner=mark.owner, expires=mark.until,
        )
        for mark in intent.retiring
        for name in sorted({one.name for one in plan.resources})
        if covers([mark.resource], name)
    ]  # fmt: skip
