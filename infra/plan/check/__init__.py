"""Check a plan's types and values, with no cloud: everything that the clouds would refuse at apply."""

from __future__ import annotations

from dataclasses import replace

from infra.plan.check.finding import Finding
from infra.plan.model import Plan
from infra.plan.uncollected import uncollected


def check(plan: Plan) -> list[Finding]:
    """What is wrong with the plan's resources, in order of their URNs."""
    with uncollected():
        return _check(plan)


def _check(plan: Plan) -> list[Finding]:
    from infra.plan.check.cloudformation import check_cloudformation
    from infra.plan.check.discovery import check_discovery
    from infra.plan.check.iam_documents import check_documents
    from infra.plan.check.joint import check_joint
    from infra.plan.check.manifests import check_manifests
    from infra.plan.check.ranges import check_ranges
    from infra.plan.check.sdk_types import check_types
    from infra.plan.check.values import check_values

    typed = list(check_types(plan))
    # What has a wrong type is told as that; conditions between values look at the rest.
    untyped = {one.urn for one in typed if one.rule == "type" and one.severity == "error"}
    sound = replace(plan, resources=tuple(r for r in plan.resources if r.urn not in untyped))
    found = {
        *typed, *check_values(sound), *check_documents(sound), *check_joint(sound),
        *check_ranges(sound), *check_manifests(plan), *check_cloudformation(sound),
        *check_discovery(sound),
    }  # fmt: skip
    return sorted(found, key=lambda one: (one.urn, one.path, one.rule, one.allowed))
