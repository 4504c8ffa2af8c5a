"""What a stack needs of its account: quotas, machines that are sold there, services, secrets, permissions, and from where
it can be applied. A function of a plan.

Each need comes with the default of an account that never asked, where a source says it, and with the exact text that asks
for more. Leaves out what the account has: `infra/plan/quotas/live.py` looks, where there are credentials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.plan.model import Plan
from infra.plan.quotas import aws, azure, gcp, reach, secrets, snowflake
from infra.plan.quotas.base import Need

if TYPE_CHECKING:
    from landfall.intent import Intent

__all__ = ["Need", "quotas"]

_CLOUDS = {"gcp": gcp.needs, "aws": aws.needs, "azure": azure.needs}


def quotas(plan: Plan, intent: Intent) -> list[Need]:
    """Every need of the plan, in the order quota, machine, service, permission, reach, secret."""
    return [
        *_CLOUDS[intent.cloud.provider](plan, intent),
        *snowflake.needs(plan, intent),
        *reach.needs(plan, intent),
        *secrets.needs(plan, intent),
    ]
