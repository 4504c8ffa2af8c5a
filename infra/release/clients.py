"""Who runs what: the cloud stacks by client, with what is applied, since when, whether it drifted, what it costs.

Tells what the registers of builds know (`infra/release/registers.py`), not what is there. Leaves out what was applied by
hand, past Landfall: the register never heard of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.release.registers import Known
from infra.release.touched import of_client
from landfall import __version__
from landfall.intent import intent_of
from landfall.project import Project


@dataclass(frozen=True)
class Row:
    """One stack. Times are ISO 8601 in UTC, costs US dollars a month; None where the register does not know."""

    client: str
    name: str
    stack: str
    environment: str
    cloud: str
    layers: tuple[str, ...]
    version: str | None
    current: bool
    """Whether the applied version is this checkout's."""
    applied: str | None
    cost: float | None
    drifted: bool | None
    looked: str | None
    """When drift was last looked for."""
    jenkins: bool
    """Whether the intent names a Jenkins; without one it is previewed and applied by hand."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: keys as the fields."""
        return {**vars(self), "layers": list(self.layers)}


def rows(project: Project, builds: Known, client: str | None = None) -> list[Row]:
    """Every cloud stack of `stacks/` (of one client, where named), by client, then environment, then stack."""
    found = []
    own = project.stacks() if client is None else of_client(project, project.stacks(), client)
    for stack in own:
        intent = intent_of(project, stack)
        if intent.cloud.provider == "local":
            continue
        applied, drift = builds.noted("applied", stack) or {}, builds.noted("drift", stack) or {}
        found.append(
            Row(
                intent.client.slug, intent.client.name, stack, intent.environment, intent.cloud.provider,
                tuple(intent.layout.build), applied.get("version"), applied.get("version") == __version__,
                applied.get("at"), applied.get("cost"), drift.get("drifted"), drift.get("at"),
                intent.jenkins is not None,
            )
        )  # fmt: skip
    rank = {"dev": 0, "staging": 1, "prod": 2}
    return sorted(found, key=lambda one: (one.client, rank[one.environment], one.stack))
