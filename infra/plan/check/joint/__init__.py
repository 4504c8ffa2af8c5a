"""Conditions between values: of one resource, and of two.

A condition is a function of a resource (and the plan) that yields what is wrong; each cloud's JOINT names the types it
looks at. Leaves out what one value alone breaks (`infra/plan/values/`) and address ranges (`infra/plan/check/ranges.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from infra.plan.check.finding import Finding, finding
from infra.plan.check.joint import aws, azure, gcp, snowflake
from infra.plan.model import Plan

JOINT = {**aws.JOINT, **gcp.JOINT, **azure.JOINT, **snowflake.JOINT}


def check_joint(plan: Plan) -> Iterator[Finding]:
    """Findings of every condition on the plan's resources."""
    for one in plan.resources:
        for condition in JOINT.get(one.type, ()):
            for wrong in condition(one, plan):
                yield finding(wrong.rule, one, wrong.path, wrong.value, wrong.allowed, wrong.origin)
