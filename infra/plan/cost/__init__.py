"""What a plan costs a month: low, expected and high, from dated prices, before a cent is spent.

Every resource ends in exactly one of three lists: priced (a line with its quantity and rate), free of charge by itself,
or unpriced, which is told and never counted as zero. Use that no plan can know (bytes, hours) comes from
`usage.py`, whose assumptions are part of the answer. Leaves out discounts, taxes and support.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.plan.cost import aws, azure, gcp, kubernetes, snowflake  # noqa: F401 (registers)
from infra.plan.cost.base import FREE, PRICERS, Line, Pricing, is_free
from infra.plan.cost.prices import Prices
from infra.plan.cost.usage import usage_of
from infra.plan.model import Plan

if TYPE_CHECKING:
    from landfall.intent import Intent

__all__ = ["FREE", "PRICERS", "Cost", "Line", "estimate"]


@dataclass(frozen=True)
class Cost:
    """The month's estimate in US dollars, and how it stands to the budget."""

    lines: tuple[Line, ...]
    unpriced: dict[str, int]
    """Type → number of resources that no price is known for, wholly or for a part of what they cost."""
    missing: dict[str, list[str]]
    """What has no price → the resources that it is missing for: a sku of the table, or a whole type."""
    free: int
    """Resources that cost nothing by themselves."""
    assumptions: dict[str, str]
    gpu: dict[str, Any]
    budget: dict[str, Any] | None

    @property
    def low(self) -> float:
        return sum(line.low for line in self.lines)

    @property
    def expected(self) -> float:
        return sum(line.expected for line in self.lines)

    @property
    def high(self) -> float:
        return sum(line.high for line in self.lines)

    def by_category(self) -> dict[str, float]:
        """Category → expected US dollars a month, dearest first."""
        total: dict[str, float] = defaultdict(float)
        for line in self.lines:
            total[line.category] += line.expected
        return dict(sorted(total.items(), key=lambda item: -item[1]))

    @property
    def elsewhere(self) -> int:
        """How many lines stand at the price of another region, with their range widened for it."""
        return sum(line.note.endswith("another region") for line in self.lines)

    @property
    def over_budget(self) -> bool:
        """Whether the expected cost exceeds the intent's budget: this plan's, or that of all layers where it is known."""
        return bool(self.budget and self.budget["over"])

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "currency": "USD",
            "low": round(self.low, 2),
            "expected": round(self.expected, 2),
            "high": round(self.high, 2),
            "by_category": {k: round(v, 2) for k, v in self.by_category().items()},
            "lines": [line.as_dict() for line in self.lines],
            "unpriced": self.unpriced,
            "missing": self.missing,
            "free_resources": self.free,
            "lines_from_another_region": self.elsewhere,
            "assumptions": self.assumptions,
            "gpu": self.gpu,
            "budget": self.budget,
        }


def estimate(plan: Plan, intent: Intent) -> Cost:
    """The month's cost of a plan; raises nothing for what it cannot price: it is listed instead."""
    pricing = Pricing(plan, intent, Prices.of(intent), usage_of(intent))
    lines: list[Line] = []
    unpriced: Counter[str] = Counter()
    missing: dict[str, list[str]] = defaultdict(list)
    free = 0
    for one in plan.resources:
        price = PRICERS.get(one.type)
        found = list(price(one, pricing)) if price is not None else []
        lines += found
        lacks = pricing.missing.get(one.urn, [])
        if price is None and not is_free(one):
            lacks = [one.type]
        if lacks:
            unpriced[one.type] += 1
            for sku in lacks:
                missing[sku].append(one.name)
        elif not found:
            free += 1
    lines.sort(key=lambda line: (-line.expected, line.resource, line.what))
    return Cost(
        tuple(lines), dict(sorted(unpriced.items())), dict(sorted(missing.items())), free, pricing.usage.told(),
        pricing.gpu(lines), _against_budget(lines, intent),
    )  # fmt: skip


def _against_budget(lines: list[Line], intent: Intent) -> dict[str, Any] | None:
    if intent.budget is None:
        return None
    from infra.plan.cost.prices import usd_per

    rate, source = usd_per(intent.budget.currency)
    expected = sum(line.expected for line in lines)
    if rate is None:
        return {
            "amount": intent.budget.amount, "currency": intent.budget.currency, "over": False,
            "told": f"no exchange rate for {intent.budget.currency}: not compared",
        }  # fmt: skip
    amount = intent.budget.amount * rate
    return {
        "amount": intent.budget.amount,
        "currency": intent.budget.currency,
        "amount_usd": round(amount, 2),
        "share_expected": round(expected / amount, 3),
        "share_high": round(sum(line.high for line in lines) / amount, 3),
        "over": expected > amount,
        "told": f"1 {intent.budget.currency} = {rate} USD ({source})" + _part_of(intent),
    }


def _part_of(intent: Intent) -> str:
    """A stack that builds some of the layers is held to the whole budget, and this says so."""
    if len(intent.layout.build) == 3:
        return ""
    return f"; this stack builds {' and '.join(intent.layout.build)} alone, the budget is for all layers"
