"""The Intent's layout: which layers this stack builds, and which other stacks built the rest.

Leaves out the order of the layers and what each holds: `infra/layers.py` knows them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from landfall.intent.base import Part, form

Layer = Literal["foundation", "data", "ml"]

StackName = Annotated[
    str,
    form(
        r"^[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}$",
        "must be a stack's full name, as organization/project/stack",
        "organization/landfall/meridian-gcp-prod-foundation",
    ),
]


class Layout(Part):
    """One stack may hold all layers (the default), or each layer its own: by rate of change and blast radius."""

    build: list[Layer] = Field(default=["foundation", "data", "ml"], min_length=1)
    """What this stack builds."""
    elsewhere: dict[Layer, StackName] = {}
    """Where a layer that is needed but not built here was built; read by a StackReference."""
