"""Check a plan's types and values, with no cloud: everything that the clouds would refuse at apply."""

from __future__ import annotations

from infra.plan.check.finding import Finding
from infra.plan.model import Plan


def check(plan: Plan) -> list[Finding]:
    """What is wrong with the plan's resources, in order of their URNs."""
    from infra.plan.check.iam_documents import check_documents
    from infra.plan.check.joint import check_joint
    from infra.plan.check.manifests import check_manifests
    from infra.plan.check.ranges import check_ranges
    from infra.plan.check.sdk_types import check_types
    from infra.plan.check.values import check_values

    checks = (
        check_types, check_values, check_documents, check_joint, check_ranges, check_manifests,
    )  # fmt: skip
    found = {one for part in checks for one in part(plan)}
    return sorted(found, key=lambda one: (one.urn, one.path, one.rule, one.allowed))
