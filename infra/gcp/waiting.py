"""Values that wait: what uses them is made only once other resources are there."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi


def after(
    value: pulumi.Input[str], resources: Sequence[pulumi.CustomResource]
) -> pulumi.Output[str]:
    """`value`, to be had once every one of `resources` is made, such as a key after its grants."""
    waiting = [one.id for one in resources]
    return pulumi.Output.all(value, *waiting).apply(lambda values: str(values[0]))
