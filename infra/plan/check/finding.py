"""One thing that a check found, with all that a person needs to mend it. Leaves out how it is printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from infra.plan.model import SECRET, UNKNOWN, Plan, Resource

Severity = Literal["error", "warn"]
_LONGEST = 24
"""Allowed values shown; the nearest ones where there are more."""


@dataclass(frozen=True)
class Finding:
    """A wrong value. `error`: the cloud or its provider refuses it; `warn`: look at it."""

    rule: str
    """What found it: type, key, required, value, format, name, iam, grant, place, joint, manifest."""
    severity: Severity
    urn: str
    type: str
    name: str
    path: str
    """Where in the inputs, as `rules[0].expiration.days`."""
    value: str
    allowed: str
    origin: str
    """Where what is allowed was read from."""
    line: str
    """`file:line` of the code that made the resource."""

    def as_dict(self) -> dict[str, str]:
        """The finding for JSON."""
        return {
            "rule": self.rule, "severity": self.severity, "urn": self.urn, "type": self.type,
            "name": self.name, "property": self.path, "value": self.value, "allowed": self.allowed,
            "origin": self.origin, "source": self.line,
        }  # fmt: skip


Check = Callable[[Plan], Iterable[Finding]]
"""Looks at a whole plan, since some mistakes lie between two resources."""


def finding(
    rule: str,
    one: Resource,
    path: str,
    value: Any,
    allowed: str,
    origin: str,
    severity: Severity = "error",
) -> Finding:
    """A Finding about one resource."""
    return Finding(
        rule, severity, one.urn, one.type, one.name, path, _shown(value), allowed, origin, one.source
    )  # fmt: skip


def one_of(values: Iterable[Any], value: Any = None) -> str:
    """A list of allowed values for people; of a long one those nearest to what was written."""
    texts = [str(one) for one in values]
    if len(texts) <= _LONGEST:
        return "one of " + ", ".join(texts)
    from difflib import get_close_matches

    near = get_close_matches(str(value), texts, 5, 0.5) or sorted(texts)[:5]
    return f"one of {len(texts)}, such as {', '.join(near)}"


def open_value(value: Any) -> bool:
    """Whether nobody can say yet what the value will be (unknown, or masked)."""
    return isinstance(value, str) and (UNKNOWN in value or SECRET in value)


def at_path(value: Any, path: str, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every value at a path such as `rules[].status` or `tags.*`, with its exact place; known ones only."""
    key, _, rest = path.partition(".")
    if not key:
        if value is not None and not open_value(value):
            yield where, value
        return
    key, many = (key[:-2], True) if key.endswith("[]") else (key, False)
    if not isinstance(value, dict):
        return
    keys = list(value) if key == "*" else [key] if key in value else []
    for name in keys:
        inner, place = value[name], f"{where}.{name}" if where else name
        if many and isinstance(inner, list):
            for i, member in enumerate(inner):
                yield from at_path(member, rest, f"{place}[{i}]")
        else:
            yield from at_path(inner, rest, place)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= 200 else text[:197] + "..."
