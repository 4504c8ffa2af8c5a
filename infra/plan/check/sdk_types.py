"""Types and keys against the provider SDKs' own annotations, at any depth.

Finds an unknown key, a wrong primitive, a nested block where a value belongs, a required input that is missing,
and, for azure-native, a value outside its enumeration. Leaves out resources of types that no installed SDK has
(`unknown type`), and Kubernetes manifests (`infra/plan/check/manifests.py`).
"""

from __future__ import annotations

import enum
import inspect
import json
import typing
from collections.abc import Awaitable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from infra.plan import sdk
from infra.plan.check.finding import Finding, finding, one_of, open_value
from infra.plan.model import Plan, Resource

_ENGINE_KEYS = frozenset({"__internal", "__defaults", "version", "pluginDownloadURL"})
"""What the engine adds to inputs in its own files."""


class Shape(NamedTuple):
    """What an annotation allows, Pulumi's wrappers taken off."""

    primitives: tuple[type, ...] = ()
    values: tuple[Any, ...] = ()
    """The enumeration's values, where there is one."""
    member: Any = None
    """Annotation of a list's members."""
    entry: Any = None
    """Annotation of a map's values."""
    fields: tuple[type, ...] = ()
    """The SDK's input classes of a block; several where the block has several kinds."""
    anything: bool = False


def check_types(plan: Plan) -> Iterator[Finding]:
    """Findings of every resource in the plan."""
    for one in plan.resources:
        if one.custom and not one.type.startswith("kubernetes:"):
            yield from _resource(one)


def _resource(one: Resource) -> Iterator[Finding]:
    package = one.type.removeprefix("pulumi:providers:").partition(":")[0]
    if package not in sdk.PACKAGES:
        return
    if not sdk.is_type(one.type):
        origin = f"{sdk.PACKAGES[package]}, as installed"
        yield finding("type", one, "", one.type, "a resource type of the provider", origin)
        return
    arguments = sdk.arguments_of(one.type)
    if arguments is None:
        return
    inputs = {key: value for key, value in one.inputs.items() if key not in _ENGINE_KEYS}
    if one.type.startswith("pulumi:providers:"):
        inputs = {key: _decoded(value) for key, value in inputs.items()}
    strict = package == "azure-native"
    yield from _block(one, inputs, arguments, "", strict)


def _block(
    one: Resource, value: Mapping[str, Any], kind: type, path: str, strict: bool
) -> Iterator[Finding]:
    known = _wire(kind)
    origin = f"{kind.__module__.split('.')[0]}'s {kind.__name__}"
    for key, inner in value.items():
        place = f"{path}.{key}" if path else key
        if key not in known:
            yield finding("key", one, place, inner, one_of(sorted(known), key), origin)
        elif inner is not None:
            yield from _value(one, inner, _shape(known[key]), place, origin, strict)
    for key in sorted(_required(kind) - set(value)):
        place = f"{path}.{key}" if path else key
        yield finding("required", one, place, None, "a value: it is required", origin)


def _value(
    one: Resource, value: Any, shape: Shape, path: str, origin: str, strict: bool
) -> Iterator[Finding]:
    if shape.anything or open_value(value):
        return
    if isinstance(value, dict):
        if shape.fields:
            # Of several kinds of block the one is meant that the value fits best.
            kinds = (list(_block(one, value, kind, path, strict)) for kind in shape.fields)
            yield from min(kinds, key=len)
        elif shape.entry is not None:
            inner = _shape(shape.entry)
            for key, member in value.items():
                if member is not None:
                    yield from _value(one, member, inner, f"{path}.{key}", origin, strict)
        else:
            yield finding("type", one, path, value, _expected(shape), origin)
    elif isinstance(value, list):
        if shape.member is None:
            yield finding("type", one, path, value, _expected(shape), origin)
            return
        inner = _shape(shape.member)
        for i, member in enumerate(value):
            yield from _value(one, member, inner, f"{path}[{i}]", origin, strict)
    else:
        yield from _primitive(one, value, shape, path, origin, strict)


def _primitive(
    one: Resource, value: Any, shape: Shape, path: str, origin: str, strict: bool
) -> Iterator[Finding]:
    if not any(_fits(value, kind) for kind in shape.primitives):
        # The providers that are bridged from Terraform turn "4" into 4 and true into "true".
        bent = not strict and any(_bends(value, kind) for kind in shape.primitives)
        severity = "warn" if bent else "error"
        yield finding("type", one, path, value, _expected(shape), origin, severity)
    elif shape.values and str(value).lower() not in {str(v).lower() for v in shape.values}:
        # Resource Manager compares values in any case, and the SDK's enumerations mix up cases now and then.
        # The bridged SDKs take any text beside their enumerations, which lag behind (EC2's tenancy `host`).
        severity = "error" if strict else "warn"
        yield finding("value", one, path, value, one_of(shape.values, value), origin, severity)


def _fits(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _bends(value: Any, kind: type) -> bool:
    if kind is bool:
        return value in ("true", "false")
    if kind in (int, float):
        try:
            number = float(value)
        except (TypeError, ValueError):
            return False
        return kind is float or number.is_integer()
    return not isinstance(value, dict | list)


def _expected(shape: Shape) -> str:
    words = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
    parts = [words.get(kind, kind.__name__) for kind in shape.primitives]
    if shape.member is not None:
        parts.append("a list")
    if shape.fields:
        parts.append(f"a block ({', '.join(sorted(_wire(shape.fields[0]))[:12])})")
    elif shape.entry is not None:
        parts.append("a map")
    return " or ".join(parts) or "another type"


def _decoded(value: Any) -> Any:
    """Providers get their lists and flags as JSON in a text."""
    if isinstance(value, str) and value[:1] in '[{"tf0123456789':
        try:
            decoded = json.loads(value)
        except ValueError:
            return value
        return decoded if isinstance(decoded, list | dict | bool) else value
    return value


@cache
def _wire(kind: type) -> dict[str, Any]:
    from pulumi import _types

    return dict(_types.input_type_types(kind))


@cache
def _required(kind: type) -> frozenset[str]:
    """Wire names of the inputs that the class cannot be made without."""
    from pulumi import _types

    names = {python: wire for python, wire, _ in _types._py_properties(kind)}
    parameters = inspect.signature(kind.__init__).parameters.values()
    return frozenset(
        names[one.name] for one in parameters if one.default is one.empty and one.name in names
    )


def _shape(annotated: Any) -> Shape:
    try:
        return _cached(annotated)
    except TypeError:  # an annotation that cannot be hashed
        return _made(annotated)


@cache
def _cached(annotated: Any) -> Shape:
    return _made(annotated)


def _made(annotated: Any) -> Shape:
    primitives: list[type] = []
    values: list[Any] = []
    fields: list[type] = []
    found: dict[str, Any] = {}
    for part in _alternatives(annotated):
        if part is Any or part is object:
            return Shape(anything=True)
        origin = typing.get_origin(part)
        if origin is typing.Literal:
            values += typing.get_args(part)
            primitives.append(str)
        elif origin is not None and issubclass(origin, Mapping):
            found.setdefault("entry", typing.get_args(part)[1])
        elif origin is not None:
            found.setdefault("member", typing.get_args(part)[0])
        elif isinstance(part, type) and issubclass(part, enum.Enum):
            values += [member.value for member in part]
            primitives.append(type(next(iter(part)).value))
        elif part in (str, int, float, bool):
            primitives.append(part)
        elif isinstance(part, type) and _is_block(part):
            fields.append(part)
        else:
            return Shape(anything=True)  # assets, archives, resources
    return Shape(tuple(dict.fromkeys(primitives)), tuple(values), fields=tuple(fields), **found)


def _alternatives(annotated: Any) -> Iterator[Any]:
    """The members of a union, without None, awaitables, Outputs and the dictionary twins of input classes."""
    import types

    from pulumi import Output

    origin = typing.get_origin(annotated)
    if origin in (typing.Union, types.UnionType):
        for part in typing.get_args(annotated):
            yield from _alternatives(part)
    elif (
        annotated is type(None)
        or annotated is Output
        or origin in (Awaitable, Output)
        or (isinstance(annotated, type) and typing.is_typeddict(annotated))
    ):
        return
    else:
        yield annotated


def _is_block(part: type) -> bool:
    from pulumi import _types

    return _types.is_input_type(part)
