"""Recording without the cost of azure-native's version aliases (some ten to fifty a resource).

The resource constructor turns every alias into a URN through four Outputs, each a task on the event loop; those
URNs serve only engines that do not take alias specifications. The recorder takes them, so while it records
the URNs are not built, and an alias that says no more than a type (all of the SDK's own) becomes its
specification at once. What is recorded stays the same (`tests/infra/plan/test_record.py`). Source:
`pulumi/resource.py` and `pulumi/runtime/resource.py`, 3.272. Leaves out every other kind of alias: Pulumi's own
code handles those.
"""

from __future__ import annotations

import importlib
from contextvars import ContextVar
from functools import cache
from typing import Any

_recording: ContextVar[bool] = ContextVar("landfall-recording", default=False)


def cheap_aliases() -> None:
    """From here on, in this context, resources are constructed without alias URNs.

    Pulumi's two functions are replaced once and for all; outside a recording the replacements call them.
    """
    _replace()
    _recording.set(True)


@cache
def _replace() -> None:
    resource: Any = importlib.import_module("pulumi.resource")  # neither name is public
    runtime: Any = importlib.import_module("pulumi.runtime.resource")
    collapse, prepare = resource.collapse_alias_to_urn, runtime.prepare_aliases

    def no_urn(alias: Any, name: str, type_: str, parent: Any) -> Any:
        return "" if _recording.get() else collapse(alias, name, type_, parent)

    async def specifications(one: Any, options: Any, takes_specifications: bool) -> list[Any]:
        if options is None or not (takes_specifications and _recording.get()):
            return await prepare(one, options, takes_specifications)
        slow = [alias for alias in options.aliases or () if _only_type(alias) is None]
        quick = [
            _specification(kind) for alias in options.aliases or () if (kind := _only_type(alias))
        ]
        if not slow:
            return quick
        rest = options._copy()
        rest.aliases = slow
        return [*quick, *await prepare(one, rest, takes_specifications)]

    resource.collapse_alias_to_urn = no_urn
    runtime.prepare_aliases = specifications


def _only_type(alias: Any) -> str | None:
    """The type of an alias that gives nothing else."""
    from pulumi import Alias

    if not isinstance(alias, Alias) or not isinstance(alias.type_, str):
        return None
    rest = (alias.name, alias.parent, alias.stack, alias.project)
    return alias.type_ if all(part is ... for part in rest) else None


@cache
def _specification(type_: str) -> Any:
    from pulumi.runtime.proto import alias_pb2

    return alias_pb2.Alias(spec=alias_pb2.Alias.Spec(type=type_, parentUrn=""))
