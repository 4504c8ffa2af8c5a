"""What a condition between values is, and the shapes that many of them have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from infra.plan.check.finding import at_path, open_value
from infra.plan.model import Plan, Resource


class Wrong(NamedTuple):
    """A broken condition: where, what stands there, what is allowed, who says so."""

    path: str
    value: Any
    allowed: str
    origin: str
    rule: str = "joint"


Condition = Callable[[Resource, Plan], Iterator[Wrong]]


def at(one: Resource, path: str) -> Any:
    """The single known value at a path, None where there is none."""
    return next((value for _, value in at_path(one.inputs, path)), None)


_NOTHING = (None, False, "", [], {})


def given(one: Resource, path: str) -> bool:
    """Whether something known stands at a path; an empty list and False are nothing."""
    found = _reached(one, path)
    return found not in _NOTHING and not open_value(found)


def absent(one: Resource, path: str) -> bool:
    """Whether certainly nothing stands at a path: nor anything that nobody knows yet, there or above."""
    return _reached(one, path) in _NOTHING


def is_open(one: Resource, path: str) -> bool:
    """Whether nobody knows yet what stands at a path, or above it."""
    return open_value(_reached(one, path))


def _reached(one: Resource, path: str) -> Any:
    """What stands at a path, or the unknown value on the way to it."""
    found: Any = one.inputs
    for key in path.split("."):
        if open_value(found):
            return found
        found = found.get(key) if isinstance(found, dict) else None
    return found


def ordered(low: str, high: str, origin: str) -> Condition:
    """`low` may not exceed `high`; both are paths to numbers of the same resource."""

    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        least, most = at(one, low), at(one, high)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            yield Wrong(low, least, f"at most {high}, which is {most}", origin)

    return condition


def excludes(path: str, other: str, origin: str) -> Condition:
    """Of two properties at most one may be given."""

    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        if given(one, path) and given(one, other):
            yield Wrong(path, at(one, path), f"none beside {other}: one of the two", origin)

    return condition


def needs(path: str, other: str, origin: str) -> Condition:
    """Where the first is given, the second has to be."""

    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        if given(one, path) and absent(one, other):
            yield Wrong(path, at(one, path), f"only together with {other}", origin)

    return condition


def only_with(path: str, other: str, values: tuple[Any, ...], origin: str) -> Condition:
    """The first may be given only where the second is one of the values; unknown ones are let pass."""

    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        beside = at(one, other)
        if given(one, path) and beside not in values and not is_open(one, other):
            wanted = " or ".join(str(value) for value in values)
            yield Wrong(path, at(one, path), f"only where {other} is {wanted} (it is {beside})", origin)  # fmt: skip

    return condition


def when(path: str, value: Any, other: str, origin: str) -> Condition:
    """Where the first has that value, the second has to be given."""

    def condition(one: Resource, _: Plan) -> Iterator[Wrong]:
        if at(one, path) == value and absent(one, other):
            yield Wrong(path, value, f"only together with {other}", origin)

    return condition
