"""What a policy is, and running them over a Plan.

A policy is a plain function with an id, a severity, the reason for it, the controls it serves, and examples
that pass and fail, which are its tests. Leaves out the policies themselves (the modules beside this one)
and waivers (`infra/plan/policies/waivers.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from infra.plan.model import Plan, Resource

if TYPE_CHECKING:
    from landfall.intent import Intent

Severity = Literal["mandatory", "advisory"]


class Fault(NamedTuple):
    """What a policy found: the resource (None: the plan lacks something) and what is wrong, in words."""

    resource: Resource | None
    message: str


class Example(NamedTuple):
    """Resources that a policy passes or fails, written as small as they can be."""

    resources: tuple[Resource, ...]
    passes: bool


@dataclass(frozen=True)
class Policy:
    """One rule. `check` yields a Fault for each breach."""

    id: str
    severity: Severity
    title: str
    rationale: str
    controls: Mapping[str, tuple[str, ...]]
    """Standard (`cis-aws-3.0`, `cis-gcp-3.0`, `cis-azure-2.1`, `nist-800-53-r5`, `iso-27001-2022`) to
    the controls it serves."""
    types: tuple[str, ...]
    """The resource types it looks at; a plan with none of them has nothing to show for it."""
    check: Callable[[Plan, Intent | None], Iterator[Fault]]
    by_resource: Callable[[Resource], Iterable[str]] | None = None
    """The same rule over one resource, where one is enough: that is what `pulumi up` is served."""
    examples: tuple[Example, ...] = ()
    layer: str = ""
    """The layer that must hold what the rule asks for; a stack without it has nothing to show."""

    @property
    def forbids(self) -> bool:
        """Whether a resource of its types is a breach in itself, so that having none is keeping to it."""
        return self.by_resource is not None and not any(one.passes for one in self.examples)


@dataclass(frozen=True)
class Violation:
    """A fault of a policy, as a plan reports it."""

    policy: str
    severity: Severity
    message: str
    urn: str
    resource: str
    source: str
    controls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    waived: str = ""
    """Why, by whom and until when, where a waiver covers it."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: keys as the fields."""
        return {**vars(self), "controls": {k: list(v) for k, v in self.controls.items()}}


POLICIES: dict[str, Policy] = {}


def resource(type_: str, name: str = "one", /, **inputs: Any) -> Resource:
    """A resource of an example; `protect`, `retain`, `provider` and `deps` go to the resource itself."""
    own = {key: inputs.pop(key) for key in ("protect", "retain", "provider") if key in inputs}
    deps = inputs.pop("refers", {})
    return Resource(
        urn=f"urn:pulumi:example::landfall::{type_}::{name}", type=type_, name=name, inputs=inputs,
        property_deps={key: (f"urn:pulumi:example::landfall::{to}",) for key, to in deps.items()},
        **own,
    )  # fmt: skip


def on(
    *types: str,
    id: str,  # noqa: A002 (the word people use)
    severity: Severity = "mandatory",
    title: str,
    rationale: str,
    controls: Mapping[str, tuple[str, ...]],
    passing: Iterable[Resource],
    failing: Iterable[Resource],
) -> Callable[[Callable[[Resource], Iterable[str]]], None]:
    """Register a policy that one resource alone decides; the function yields a message a breach."""
    shown = [Example((r,), True) for r in passing] + [Example((r,), False) for r in failing]

    def register(function: Callable[[Resource], Iterable[str]]) -> None:
        def check(plan: Plan, _: Intent | None) -> Iterator[Fault]:
            for one in plan.of_type(*types):
                for message in function(one):
                    yield Fault(one, message)

        _add(Policy(id, severity, title, rationale, controls, types, check, function, tuple(shown)))

    return register


def over(
    *types: str,
    id: str,  # noqa: A002
    severity: Severity = "mandatory",
    title: str,
    rationale: str,
    controls: Mapping[str, tuple[str, ...]],
    passing: Iterable[tuple[Resource, ...]] = (),
    failing: Iterable[tuple[Resource, ...]] = (),
    layer: str = "",
) -> Callable[[Callable[[Plan, Intent | None], Iterator[Fault]]], None]:
    """Register a policy that needs the whole plan (and perhaps the intent, None where nobody knows it)."""
    shown = [Example(tuple(r), True) for r in passing] + [Example(tuple(r), False) for r in failing]

    def register(function: Callable[[Plan, Intent | None], Iterator[Fault]]) -> None:
        _add(
            Policy(
                id, severity, title, rationale, controls, types, function, None, tuple(shown), layer
            )
        )

    return register


def _add(policy: Policy) -> None:
    if policy.id in POLICIES:
        raise ValueError(f"two policies are called {policy.id}")
    POLICIES[policy.id] = policy


def applies(policy: Policy, plan: Plan) -> bool:
    """Whether the plan holds anything that the policy looks at."""
    return not policy.types or any(one.type in policy.types for one in plan.resources)
