"""What the engine's state of a stack says: its resources, its outputs, and what a crash left pending.

Read by `pulumi stack export`, whose secrets stay encrypted; nothing of it is written to a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.plan.load import parse
from infra.plan.model import Plan
from infra.release.engine import Engine
from infra.release.words import failure
from landfall.errors import LandfallError

_STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Pending:
    """An operation that was under way when an apply was killed."""

    urn: str
    type: str
    name: str
    doing: str
    way_out: str

    def as_dict(self) -> dict[str, str]:
        """JSON-ready: keys as the fields."""
        return dict(vars(self))


@dataclass(frozen=True)
class State:
    """A stack as the engine knows it. Empty where nothing was ever applied."""

    plan: Plan
    outputs: dict[str, Any]
    pending: tuple[Pending, ...]


def read_state(engine: Engine, stack: str) -> State:
    """The stack's state; raises LandfallError where the CLI gives none."""
    done = engine.run("stack", "export", stack=stack)
    content = done.json()
    if done.code != 0 or not isinstance(content, dict):
        raise failure(done, stack, "reading of the state")
    return parse_state(content, stack)


def parse_state(content: dict[str, Any], stack: str) -> State:
    """The state in the JSON of `pulumi stack export`; raises LandfallError where it is none."""
    deployment = content.get("deployment")
    if not isinstance(deployment, dict):
        raise LandfallError(f"The state of {stack} holds no deployment.", fix="pulumi stack export")
    rows = deployment.get("resources") or []
    outputs = next((row.get("outputs") or {} for row in rows if row.get("type") == _STACK), {})
    pending = [_pending(one, stack) for one in deployment.get("pending_operations") or []]
    return State(parse(content, f"the state of {stack}"), outputs, tuple(pending))


def _pending(one: dict[str, Any], stack: str) -> Pending:
    resource = one.get("resource") or {}
    urn, doing = str(resource.get("urn", "")), str(one.get("type", ""))
    way = f"landfall stack recover {stack}"
    if doing == "creating":
        way = (
            f"look whether it exists in the cloud; if not: {way} --none-exist; if so, a person imports it: pulumi "
            f"refresh --stack {stack}"
        )
    return Pending(urn, str(resource.get("type", "")), urn.rpartition("::")[2], doing, way)
