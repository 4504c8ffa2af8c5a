"""What the intent marks as retiring: no longer protected, so that the release after this one may remove it.

The marks that an applied release carries are among its outputs (`release.retiring`); `infra/release/phases.py`
lets nothing that holds data go which the release before had not marked. What is marked stays retained: the engine
lets go of it, and whoever owns the data deletes it by hand.
"""

from __future__ import annotations

import datetime

from infra.plan.policies.storage import STATEFUL
from landfall.intent import Intent

ALL = "*"


def marked(intent: Intent, today: datetime.date) -> list[str]:
    """The names whose mark holds on that day, sorted."""
    return sorted({one.resource for one in intent.retiring if one.until >= today})


def covers(names: list[str], name: str) -> bool:
    """Whether the marks cover the resource of that logical name."""
    return ALL in names or name in names


def lift_protection(names: list[str]) -> None:
    """Register that the stack's resources of these names are built unprotected."""
    import pulumi

    def unprotect(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        if args.type_ not in STATEFUL or not covers(names, args.name):
            return None
        options = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=False))
        return pulumi.ResourceTransformationResult(args.props, options)

    if names:
        pulumi.runtime.register_stack_transformation(unprotect)  # pyright: ignore[reportArgumentType]
