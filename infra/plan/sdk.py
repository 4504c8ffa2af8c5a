"""What the installed provider SDKs know: which types exist, which inputs each takes.

Read from the SDKs' own registries and annotations; a type's class is imported when it is asked for.
"""

from __future__ import annotations

import importlib
import re
import typing
from functools import cache
from pathlib import Path
from typing import Any

from infra.plan.sparing import spare_imports

PACKAGES = {
    "gcp": "pulumi_gcp", "aws": "pulumi_aws", "azure-native": "pulumi_azure_native",
    "kubernetes": "pulumi_kubernetes", "snowflake": "pulumi_snowflake", "random": "pulumi_random",
    "azuread": "pulumi_azuread",
}  # fmt: skip


@cache
def _classes(package: str) -> dict[str, str]:
    """Type token → `module:Class`, from the registry that the SDK gives to Pulumi when imported."""
    spare_imports()
    module = importlib.import_module(PACKAGES[package])
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for fqn, body in re.findall(r'"fqn": "([^"]+)",\s*"classes": \{(.*?)\}', source, re.S):
        for token, name in re.findall(r'"([^"]+)": "([^"]+)"', body):
            found[token] = f"{fqn}:{name}"
    return found


@cache
def class_of(type_: str) -> type | None:
    """The SDK's class of a type, None where no installed SDK has it."""
    package = type_.removeprefix("pulumi:providers:").partition(":")[0]
    if type_.startswith("pulumi:providers:"):
        return getattr(importlib.import_module(PACKAGES[package]), "Provider", None)
    if package not in PACKAGES:
        return None
    place = _classes(package).get(type_)
    if place is None:
        return None
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name, None)


def is_type(type_: str) -> bool:
    """Whether an installed SDK has this resource type."""
    return class_of(type_) is not None


@cache
def arguments_of(type_: str) -> type | None:
    """The SDK's class of a type's inputs (`…Args`), None where no installed SDK has the type."""
    kind = class_of(type_)
    if kind is None:
        return None
    module = importlib.import_module(kind.__module__)
    name = kind.__name__
    # A block of that name may exist too; then the resource's own arguments are the InitArgs.
    return getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args", None)


@cache
def inputs_of(type_: str) -> dict[str, Any]:
    """Wire name → annotated type of every input; empty for types of no installed SDK."""
    arguments = arguments_of(type_)
    return _wire(arguments) if arguments is not None else {}


@cache
def _wire(kind: type) -> dict[str, Any]:
    from pulumi import _types

    return dict(_types.input_type_types(kind))


def has_input(type_: str, path: str) -> bool:
    """Whether a dotted path of wire names leads to an input of the type (lists are looked through)."""
    inside = inputs_of(type_)
    for key in path.split("."):
        if key not in inside:
            return False
        inside = _members(inside[key])
    return True


def _members(annotated: Any) -> dict[str, Any]:
    """The wire names inside an annotated type, through Input, Optional and Sequence; empty for plain values."""
    from pulumi import _types

    for part in _parts(annotated):
        if isinstance(part, type) and _types.is_input_type(part):
            return _wire(part)
    return {}


def _parts(annotated: Any) -> typing.Iterator[Any]:
    yield annotated
    for inner in typing.get_args(annotated):
        yield from _parts(inner)
