"""What `pulumi up` runs: load the stack's intent, check it, build its layers, export the Platform."""

from __future__ import annotations

import datetime

from infra.export import export_layers
from infra.layers import build_layers
from infra.retire import lift_protection, marked
from landfall.errors import LandfallError
from landfall.intent import Intent, parse_intent
from landfall.project import find_project


def load_intent() -> Intent:
    """The intent of the stack that Pulumi has selected; raises UsageError where it is not valid."""
    import pulumi

    raw = find_project().whole_intent(pulumi.Config("landfall").require_object("intent"))
    return parse_intent(raw, f"landfall:intent of stack {pulumi.get_stack()}")


def build(intent: Intent, stack: str) -> None:
    """Build the intent's layers and export what they give; raises LandfallError on the laptop's stack."""
    if intent.cloud.provider == "local":
        raise LandfallError(
            "This stack is the laptop's: Pulumi has nothing to build for it.",
            fix="Run it: landfall run --all",
        )
    retiring = marked(intent, datetime.date.today())
    lift_protection(retiring)
    export_layers(intent, stack, build_layers(intent, stack), retiring)


if __name__ == "__main__":
    import pulumi

    try:
        build(load_intent(), pulumi.get_stack())
    except LandfallError as error:
        raise pulumi.RunError(str(error)) from None
