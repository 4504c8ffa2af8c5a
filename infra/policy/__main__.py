"""The policies of `landfall plan` as a pack for `pulumi preview` and `pulumi up --policy-pack infra/policy`.

The rules are the very functions of `infra/plan/policies`, and the budget; here they are only handed to the
engine. Runs in an environment of its own (`.venv-policy`, made by `ci/setup.sh policy`), since pulumi-policy
wants an older protobuf than the rest. Leaves out `retainOnDelete`, which the engine does not tell a pack; the
plan checks it. `pulumi up --skip-preview` judges the whole stack only after it stands: do not use it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ResourceValidationPolicy,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from infra.plan.model import UNKNOWN, Plan, Resource
from infra.plan.policies import POLICIES, Policy
from infra.plan.policies.base import Violation
from infra.plan.policies.waivers import cover
from infra.policy import budget
from landfall.errors import LandfallError
from landfall.intent import Intent, parse_intent
from landfall.project import find_project

_LEVEL = {"mandatory": EnforcementLevel.MANDATORY, "advisory": EnforcementLevel.ADVISORY}


def _stack_of(urn: str) -> str:
    return urn.split("::")[0].rpartition(":")[2]


def _intent(stack: str) -> Intent | None:
    """The stack's intent; None where its file is not here or not valid, which the program itself tells."""
    try:
        return parse_intent(find_project().read_stack(stack), stack)
    except LandfallError:
        return None


def _plain(value: Any) -> Any:
    """The properties as a plan holds them; what a preview does not know yet is marked, not left out."""
    if isinstance(value, Mapping):
        return {key: _at(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_at(value, i) for i in range(len(value))]
    # The protocol knows one kind of number.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _at(held: Any, key: Any) -> Any:
    try:
        return _plain(held[key])
    except UnknownValueError:
        return UNKNOWN


_INPUTS: dict[str, Any] = {}
"""URN → inputs, as each resource was announced: at the end of a preview the engine shows the stack by its
outputs, which a provider that is itself not known yet leaves empty."""


def _collect(args: Any, _: Any) -> None:
    _INPUTS[args.urn] = _plain(args.props)


def _resource(args: Any) -> Resource:
    provider = getattr(args, "provider", None)
    edges = getattr(args, "property_dependencies", None) or {}
    parent = getattr(args, "parent", None)
    protect = bool(args.opts.protect)
    return Resource(
        urn=args.urn,
        type=args.resource_type,
        name=args.name,
        inputs=_INPUTS[args.urn] if args.urn in _INPUTS else _plain(args.props),
        parent=parent.urn if parent is not None else "",
        provider=provider.urn if provider is not None else "",
        property_deps={key: tuple(one.urn for one in ones) for key, ones in edges.items()},
        protect=protect,
        retain=protect,
        custom=provider is not None or args.resource_type.startswith("pulumi:providers:"),
    )


def _waived(policy: Policy, message: str, name: str, intent: Intent | None) -> bool:
    found = Violation(policy.id, policy.severity, message, "", name, "")
    waivers = intent.waivers if intent is not None else []
    return bool(cover(found, waivers, datetime.date.today()).waived)


def _by_resource(policy: Policy) -> ResourceValidationPolicy:
    def validate(args: Any, report: Any) -> None:
        if args.resource_type not in policy.types or policy.by_resource is None:
            return
        for message in policy.by_resource(_resource(args)):
            if not _waived(policy, message, args.name, _intent(_stack_of(args.urn))):
                report(f"{args.name}: {message}")

    return ResourceValidationPolicy(policy.id, policy.rationale, validate, _LEVEL[policy.severity])


def _whole(args: Any) -> tuple[Plan, Intent | None]:
    """The stack as a plan, and its intent; a plan without resources where the engine has none."""
    held = [_resource(one) for one in args.resources if one.resource_type != "pulumi:pulumi:Stack"]
    stack = _stack_of(held[0].urn) if held else ""
    intent = _intent(stack) if held else None
    return Plan(stack, intent.cloud.provider if intent else "", tuple(held)), intent


def _over_stack(policy: Policy) -> StackValidationPolicy:
    def validate(args: Any, report: Any) -> None:
        plan, intent = _whole(args)
        if not plan.resources:
            return
        for fault in policy.check(plan, intent):
            one = fault.resource
            name = one.name if one else ""
            if not _waived(policy, fault.message, name, intent):
                report(f"{name or 'the stack'}: {fault.message}", one.urn if one else None)

    return StackValidationPolicy(policy.id, policy.rationale, validate, _LEVEL[policy.severity])


def _budget() -> StackValidationPolicy:
    def validate(args: Any, report: Any) -> None:
        told = budget.over(*_whole(args))
        if told:
            report(f"the stack: {told}")

    return StackValidationPolicy("budget", budget.RATIONALE, validate, EnforcementLevel.MANDATORY)


PolicyPack(
    name="landfall",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        ResourceValidationPolicy(
            "inputs", "Keeps what the rules over the whole stack look at.", _collect
        ),
        *(
            _by_resource(policy) if policy.by_resource is not None else _over_stack(policy)
            for policy in POLICIES.values()
        ),
        _budget(),
    ],
)
