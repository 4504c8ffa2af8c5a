"""What a price is made of: a line, the registry of pricers by resource type, and what is free by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra.plan.cost.prices import Price, Prices
from infra.plan.cost.usage import Range, Usage
from infra.plan.model import Plan, Resource

if TYPE_CHECKING:
    from landfall.intent import Intent

HOURS = 730.0
"""Hours a month, as the clouds' own calculators count."""


@dataclass(frozen=True)
class Line:
    """One resource's cost of one kind: quantities and US dollars a month."""

    category: str
    resource: str
    type: str
    what: str
    unit: str
    quantity: Range
    rate: float
    low: float
    expected: float
    high: float
    source: str
    as_of: str
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: keys as the fields, the quantity as its three values."""
        return {**vars(self), "quantity": list(self.quantity)}


@dataclass
class Pricing:
    """What a pricer may ask: the plan around the resource, prices, use."""

    plan: Plan
    intent: Intent
    prices: Prices
    usage: Usage
    missing: dict[str, list[str]] = field(default_factory=dict)
    _gpu: list[dict[str, Any]] = field(default_factory=list)

    def line(
        self,
        one: Resource,
        category: str,
        sku: str,
        quantity: Range | float,
        *,
        what: str = "",
        note: str = "",
    ) -> Iterable[Line]:
        """A line at the price of `sku`; no line, and the resource counted as unpriced, where no price is known."""
        price = self.prices.get(sku)
        if price is None:
            self.missing.setdefault(one.urn, []).append(sku)
            return []
        amount = quantity if isinstance(quantity, Range) else Range(quantity, quantity, quantity)
        return [self._line(one, category, price, amount, what or price.what, note)]

    def _line(
        self, one: Resource, category: str, price: Price, amount: Range, what: str, note: str
    ) -> Line:
        return Line(
            category, one.name, one.type, what, price.unit, amount, price.usd,
            round(amount.low * price.usd * price.low, 2), round(amount.expected * price.usd, 2),
            round(amount.high * price.usd * price.high, 2), price.source, price.as_of,
            "; ".join(part for part in (note, price.note) if part),
        )  # fmt: skip

    def note_gpu(self, pool: dict[str, Any]) -> None:
        """Keep what is told of a GPU pool besides its lines."""
        self._gpu.append(pool)

    def gpu(self, lines: list[Line]) -> dict[str, Any]:
        """GPU hours, their cost, and what spot capacity risks."""
        mine = [line for line in lines if line.category == "gpu"]
        return {
            "pools": self._gpu,
            "expected": round(sum(line.expected for line in mine), 2),
            "high": round(sum(line.high for line in mine), 2),
        }


Pricer = Callable[[Resource, Pricing], Iterable[Line]]
PRICERS: dict[str, Pricer] = {}


def prices(*types: str) -> Callable[[Pricer], Pricer]:
    """Register a pricer for these types."""

    def register(function: Pricer) -> Pricer:
        for type_ in types:
            if type_ in PRICERS:
                raise ValueError(f"two pricers for {type_}")
            PRICERS[type_] = function
        return function

    return register


FREE: set[str] = set()
"""Types that cost nothing by themselves, named one by one in the clouds' modules."""
_FREE_KINDS = re.compile(
    r"^(landfall:|pulumi:|random:|kubernetes:(?!core/v1:(Service|PersistentVolumeClaim)$)|snowflake:index/"
    r"(?!warehouse:|database:))"
)


def is_free(one: Resource) -> bool:
    """Whether a resource costs nothing by itself: components, providers, objects inside a priced cluster."""
    return (not one.custom) or one.type in FREE or bool(_FREE_KINDS.match(one.type))


def gpu_lines(
    one: Resource, pricing: Pricing, machine_type: str, kind: str, nodes: int, use: str
) -> Iterable[Line]:
    """The cost of a GPU pool by the intent's node-hours: low at spot, high at on-demand for every hour.

    `kind` is the pool's capacity (`reservation`, `spot`, `on-demand`). Hours are expected on the first kind in the
    intent's order; the others stand by at zero and take over where the first has none.
    """
    ml = pricing.intent.ml
    pool = getattr(ml, f"{use}_gpu") if ml is not None else None
    if pool is None:
        return []
    first = kind == pool.capacity[0]
    if kind == "reservation":  # a reservation is paid for whether it is used or not
        hours = Range(HOURS * nodes, HOURS * nodes, HOURS * nodes)
    else:
        wanted = pool.node_hours_month
        hours = Range(
            0 if not first else wanted * 0.5,
            wanted if first else 0,
            wanted if not first else wanted * 1.5,
        )
        hours = Range(hours.low, hours.expected, min(hours.high, HOURS * nodes))
    sku = f"{machine_type}.{'spot' if kind == 'spot' else 'ondemand'}"
    on_demand, spot = (
        pricing.prices.get(f"{machine_type}.ondemand"),
        pricing.prices.get(f"{machine_type}.spot"),
    )
    pricing.note_gpu({
        "pool": one.name, "use": use, "machine": machine_type, "capacity": kind, "node_hours": hours.expected,
        "spot_usd_h": spot.usd if spot else None, "on_demand_usd_h": on_demand.usd if on_demand else None,
        "risk": "may be taken away with little notice; runs resume from their last checkpoint"
        if kind == "spot" else "none",
    })  # fmt: skip
    note = "stands by: hours only where the kinds before it have no capacity" if not first else ""
    return pricing.line(one, "gpu", sku, hours, what=f"{machine_type} ({kind})", note=note)
