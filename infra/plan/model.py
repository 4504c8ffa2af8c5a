"""The Plan: what the engine would be asked to register, as plain data.

Every check, policy, price and picture is a function of it. Leaves out how it is recorded
(`infra/plan/record.py`) and how a saved one is read (`infra/plan/load.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SECRET = "[secret]"
"""Stands in a plan for every secret value."""
UNKNOWN = "[known after apply]"
"""Stands in a plan for a value that only the cloud can give, where unknowns are asked for."""


@dataclass(frozen=True)
class Resource:
    """One resource as registered. `inputs` in the provider's wire names, secrets masked."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    parent: str = ""
    """URN of the parent."""
    provider: str = ""
    """URN of the explicit provider; empty for components and for what runs on a default provider."""
    deps: tuple[str, ...] = ()
    property_deps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    retain: bool = False
    custom: bool = True
    aliases: tuple[str, ...] = ()
    """Former names or URNs that the engine takes for this resource."""
    import_id: str = ""
    ignore_changes: tuple[str, ...] = ()
    delete_before_replace: bool = False
    source: str = ""
    """`file:line` of our code that made it."""


@dataclass(frozen=True)
class Plan:
    """A stack's resources, sorted by URN, and its outputs."""

    stack: str
    cloud: str
    resources: tuple[Resource, ...]
    outputs: Mapping[str, Any] = field(default_factory=dict)

    def of_type(self, *types: str) -> list[Resource]:
        """The resources of these types."""
        return [one for one in self.resources if one.type in types]
