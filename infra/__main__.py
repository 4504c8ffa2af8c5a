"""What `pulumi up` runs: load the stack's intent, check it, build its layers.

This version has no cloud layers: it refuses before anything is registered, so that no one mistakes an
empty stack for a platform.
"""

from __future__ import annotations

from landfall.errors import LandfallError
from landfall.intent import Intent, parse_intent


def load_intent() -> Intent:
    """The intent of the stack that Pulumi has selected; raises UsageError where it is not valid."""
    import pulumi

    raw = pulumi.Config("landfall").require_object("intent")
    return parse_intent(raw, f"landfall:intent of stack {pulumi.get_stack()}")


def build(intent: Intent) -> None:
    """Build the intent's layers; raises LandfallError, as this version has none."""
    if intent.cloud.provider == "local":
        raise LandfallError(
            "This stack is the laptop's: Pulumi has nothing to build for it.",
            fix="Run it: landfall run --all",
        )
    raise LandfallError(
        f"This version of Landfall builds nothing on {intent.cloud.provider} yet.",
        so="Nothing was created.",
        fix="The intent is valid; keep it. Run the chain on a laptop meanwhile: make demo",
    )


if __name__ == "__main__":
    import pulumi

    try:
        build(load_intent())
    except LandfallError as error:
        raise pulumi.RunError(str(error)) from None
