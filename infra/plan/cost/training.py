"""What a month's training costs in GPU node-hours, and whether somebody has to say yes to it before.

The hours are the intent's (`ml.training_gpu.node_hours_month`), the prices those of the plan's table. Leaves out what
runs on the CPU pool, which stands anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.plan.cost.base import gpu_rate
from infra.plan.cost.prices import Prices, usd_per
from landfall.intent.machines import machine

if TYPE_CHECKING:
    from landfall.intent import Intent

UNASKED = 0.05
"""The share of the month's budget that a training, or a release by its rise, may cost without asking a person."""


def training_spend(intent: Intent) -> dict[str, Any]:
    """`gpu_hours` (GPUs times hours), `node_hours`, `cost`, `high` (`currency` USD; None where no price is known),
    `rests_on`, and `approval`: `needed`, `reasons`, `approvers`."""
    pool = intent.ml.training_gpu if intent.ml else None
    approvers = sorted(intent.jenkins.approvers) if intent.jenkins else []
    told: dict[str, Any] = {
        "gpu_hours": 0.0, "node_hours": 0.0, "cost": 0.0, "high": 0.0, "currency": "USD",
        "rests_on": "the intent asks for no GPU to train with",
        "approval": {"needed": False, "reasons": [], "approvers": approvers},
    }  # fmt: skip
    if pool is None or intent.cloud.provider == "local":
        return told
    sold = machine(intent.cloud.provider, pool.accelerator, pool.count)
    first = next((kind for kind in pool.capacity if kind != "reservation"), "on-demand")
    prices = Prices.of(intent)
    sku = sold.type if sold else ""
    usual, highest = gpu_rate(prices, sku, first)[0], gpu_rate(prices, sku, "on-demand")[0]
    hours = pool.node_hours_month
    cost = None if usual is None else round(hours * usual.usd, 2)
    high = None if highest is None else round(1.5 * hours * highest.usd, 2)
    return {
        **told,
        "gpu_hours": hours * pool.count,
        "node_hours": hours,
        "cost": cost,
        "high": high,
        "rests_on": f"ml.training_gpu.node_hours_month, on {first} capacity; high: half as long again, on demand",
        "approval": {**told["approval"], **_due(intent, cost, high)},
    }


def _due(intent: Intent, cost: float | None, high: float | None) -> dict[str, Any]:
    if high is None:
        return {"needed": True, "reasons": ["no price is known for the machine"]}
    rate = usd_per(intent.budget.currency)[0] if intent.budget else None
    if intent.budget is None or rate is None:
        return {"needed": True, "reasons": ["there is no budget to hold it against"]}
    bound = UNASKED * intent.budget.amount * rate
    if high <= bound:
        return {"needed": False, "reasons": []}
    reason = f"up to {high:,.0f} USD ({cost or 0:,.0f} expected), more than {UNASKED:.0%} of the month's budget ({bound:,.0f} USD)"
    return {"needed": True, "reasons": [reason]}
