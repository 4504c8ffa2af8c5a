"""Which permissions whoever applies a stack needs: a function of the plan's types, by a dated table.

`permissions.yaml` says what to create, read, change and delete a resource of a type takes. Leaves out what a
service does on the applier's behalf (it says so when it cannot), data inside of resources, and whether an account grants
it (`granted.py` asks).
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable
from functools import cache
from typing import Any

import yaml

from infra.plan.model import Resource
from landfall.fast_yaml import FastLoader

ELSEWHERE = "elsewhere"


@cache
def _table() -> dict[str, Any]:
    file = importlib.resources.files("infra.plan.quotas") / "permissions.yaml"
    return yaml.load(file.read_text(encoding="utf-8"), FastLoader)


def as_of() -> str:
    """The day on which the table was reviewed."""
    return str(_table()["as_of"])


def of_type(type_: str) -> tuple[str, ...] | None:
    """The permissions for a resource type; empty where they are asked for above the account, None where nobody has written them down."""
    cloud, _, rest = type_.partition(":")
    known = _table().get({"azure-native": "azure"}.get(cloud, cloud), {}).get(rest)
    if known is None or known == ELSEWHERE:
        return None if known is None else ()
    if cloud == "azure-native":
        return tuple(f"{known}/{verb}" for verb in ("read", "write"))
    prefix, _, verbs = str(known).partition(": ")
    dot = ":" if cloud == "aws" else "."
    return tuple(f"{prefix}{dot}{verb}" for verb in verbs.split())


def wanted(resources: Iterable[Resource]) -> tuple[str, ...]:
    """Every permission that these resources need, once, sorted. What is adopted needs them too."""
    types = {one.type for one in resources if one.custom}
    return tuple(sorted({name for type_ in types for name in of_type(type_) or ()}))


def unlisted(resources: Iterable[Resource], cloud: str) -> tuple[str, ...]:
    """Types of a provider that the table does not know."""
    types = {one.type for one in resources if one.custom and one.type.startswith(f"{cloud}:")}
    return tuple(sorted(type_ for type_ in types if of_type(type_) is None))
