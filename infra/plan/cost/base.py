"""What a price is made of: a line, the registry of pricers by resource type, and what is free by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
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
            self.unknown(one, sku)
            return []
        amount = quantity if isinstance(quantity, Range) else Range(quantity, quantity, quantity)
        return [self.priced(one, category, price, amount, what=what or price.what, note=note)]

    def unknown(self, one: Resource, sku: str) -> None:
        """Say that no price is known for a part of what the resource costs."""
        self.missing.setdefault(one.urn, []).append(sku)

    def priced(
        self, one: Resource, category: str, price: Price, amount: Range, *, what: str, note: str
    ) -> Line:
        """A line at a price in hand."""
        return Line(
            category, one.name, one.type, what, price.unit, amount, round(price.usd, 6),
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
_INSIDE = ("landfall:", "pulumi:", "random:", "kubernetes:")
"""What costs nothing whatever its type: components, providers, passwords, objects inside a priced cluster."""
_BILLED = {
    "kubernetes:core/v1:Service", "kubernetes:core/v1:PersistentVolumeClaim", "kubernetes:networking.k8s.io/v1:Ingress",
    "kubernetes:gateway.networking.k8s.io/v1:Gateway",
}  # fmt: skip
"""Objects of a cluster for which the cloud makes something that it bills: load balancers and disks."""


def is_free(one: Resource) -> bool:
    """Whether a resource costs nothing by itself. What the charts of a cluster ask for is not seen."""
    if not one.custom or one.type in FREE:
        return True
    return one.type.startswith(_INSIDE) and one.type not in _BILLED


def use_of(one: Resource) -> str:
    """Whether a GPU pool trains or serves, by its own name."""
    return "serving" if "serving" in one.name else "training"


def node_range(least: float, most: float, usage: Usage) -> Range:
    """Nodes of a pool that scales by load: its least, what is expected, its most."""
    return Range(least, least + (most - least) * usage.nodes_extra, most)


def gpu_lines(
    one: Resource, pricing: Pricing, machine_type: str, kind: str, nodes: int
) -> Iterable[Line]:
    """The cost of a GPU pool by the intent's node-hours; `kind` is its capacity (`reservation`, `spot`, `on-demand`).

    A reservation is paid for every hour, used or not, and serves first. What it does not cover is expected on the next
    kind of the intent's order (low: half of the hours, high: half as many again); the kinds after that stand by at zero,
    and their high is what the hours would cost more there. Where no spot price is known, on-demand's stands for it.
    """
    ml = pricing.intent.ml
    use = use_of(one)
    pool = getattr(ml, f"{use}_gpu") if ml is not None else None
    if pool is None:
        return []
    rates = {
        k: gpu_rate(pricing.prices, machine_type, k) for k in ("reservation", "spot", "on-demand")
    }
    price, note = rates[kind]
    reserved = HOURS * pool.max_nodes if "reservation" in pool.capacity else 0.0
    first = next((k for k in pool.capacity if k != "reservation"), "")
    wanted = pool.node_hours_month
    hours = Range(*(max(0.0, wanted * f - reserved) for f in (0.5, 1.0, 1.5)))
    if kind == "reservation":
        hours = Range(HOURS * nodes, HOURS * nodes, HOURS * nodes)
    elif kind != first:
        hours = Range(0.0, 0.0, hours.high)
        note = "stands by: what its hours cost more than the kind before it, which has no capacity then"
        before = rates[first][0] if first else None
        if price is not None and before is not None:
            price = replace(price, usd=max(0.0, price.usd - before.usd))
    spot, on_demand = pricing.prices.get(f"{machine_type}.spot"), rates["on-demand"][0]
    pricing.note_gpu({
        "pool": one.name, "use": use, "machine": machine_type, "capacity": kind, "node_hours": hours.expected,
        "spot_usd_h": spot.usd if spot else None, "on_demand_usd_h": on_demand.usd if on_demand else None,
        "risk": "may be taken away with little notice; runs resume from their last checkpoint"
        if kind == "spot" else "none",
    })  # fmt: skip
    if price is None:
        pricing.unknown(one, f"{machine_type}.ondemand")
        return []
    return [pricing.priced(one, "gpu", price, hours, what=f"{machine_type} ({kind})", note=note)]


def gpu_rate(prices_: Prices, machine_type: str, kind: str) -> tuple[Price | None, str]:
    """An hour's price of a capacity's kind, and what to note of it; on-demand's where no spot price is known."""
    on_demand = prices_.get(f"{machine_type}.ondemand")
    if kind != "spot":
        return on_demand, "paid whether used or not" if kind == "reservation" else ""
    spot = prices_.get(f"{machine_type}.spot")
    if spot is not None:
        return spot, ""
    return on_demand, "no spot price is known: on-demand's"
