"""Conditions between values: of one resource, and of two.

A condition is a function of a resource (and the plan) that yields what is wrong; each module's JOINT names the types it
looks at. Leaves out what one value alone breaks (`infra/plan/values/`) and address ranges (`infra/plan/check/ranges.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from infra.plan.check.finding import Finding, finding
from infra.plan.check.joint import (
    aws,
    aws_events,
    aws_lake,
    azure,
    between,
    gcp,
    gcp_network,
    keys,
    snowflake,
)
from infra.plan.check.joint.base import Condition
from infra.plan.model import Plan

_MODULES = (aws, aws_events, aws_lake, gcp, gcp_network, azure, snowflake, keys, between)
_EVERY: dict[str, Condition] = {"gcp": keys.google_key_near, "aws": keys.aws_key_near}
"""A cloud's provider → the condition on all of its resources."""
JOINT: dict[str, tuple[Condition, ...]] = {}
for _module in _MODULES:
    for _type, _conditions in _module.JOINT.items():
        JOINT[_type] = (*JOINT.get(_type, ()), *_conditions)


def check_joint(plan: Plan) -> Iterator[Finding]:
    """Findings of every condition on the plan's resources."""
    for one in plan.resources:
        wide = _EVERY.get(one.type.partition(":")[0])
        for condition in (*JOINT.get(one.type, ()), *((wide,) if wide else ())):
            for wrong in condition(one, plan):
                yield finding(wrong.rule, one, wrong.path, wrong.value, wrong.allowed, wrong.origin)
