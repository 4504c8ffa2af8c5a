"""Looking into a Plan's resources: a value at a path, who refers to whom.

Plans of other people's making may hold no dependencies; then a reference is recognised by its value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.plan.model import Plan, Resource

_NAMES = (
    "bucket",
    "name",
    "arn",
    "id",
    "accountName",
    "serverName",
    "workspaceName",
    "namespaceName",
)
"""Inputs by which another resource may call one."""


def at(value: Any, path: str) -> Any:
    """The value at a dotted path, None where the path ends early; a list on the way is looked through
    from its first element, as providers write a block that may stand once."""
    for key in path.split("."):
        if isinstance(value, list):
            value = value[0] if value else None
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def every(value: Any, path: str) -> list[Any]:
    """All values at a dotted path, through every element of the lists on the way."""
    found = [value]
    for key in path.split("."):
        inside: list[Any] = []
        for one in found:
            members = one if isinstance(one, list) else [one]
            inside += [m[key] for m in members if isinstance(m, dict) and m.get(key) is not None]
        found = inside
    flat: list[Any] = []
    for one in found:
        flat += one if isinstance(one, list) else [one]
    return flat


def refers(one: Resource, key: str, target: Resource) -> bool:
    """Whether input `key` of one is made from the target (or, without dependencies, bears its name)."""
    if target.urn in one.property_deps.get(key, ()):
        return True
    value = one.inputs.get(key)
    names = {target.inputs.get(k) for k in _NAMES} | {target.name}
    return not one.property_deps.get(key) and value is not None and value in names - {None}


def companions(plan: Plan, type_: str, key: str, target: Resource) -> Iterator[Resource]:
    """Resources of a type whose input `key` refers to the target, as a bucket's policy to its bucket."""
    return (one for one in plan.of_type(type_) if refers(one, key, target))


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text inside a value with its dotted path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from strings(inner, f"{path}[{i}]")
