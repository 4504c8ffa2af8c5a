"""What nobody can read off a plan: how much data, how many hours. Assumed, told, and wide.

A profile by environment and warehouse size; low and high are two fifths and two and a half times the
expected. A client who knows better changes the intent's sizes; the assumptions are printed with the estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from landfall.intent import Intent


class Range(NamedTuple):
    """Low, expected and high."""

    low: float
    expected: float
    high: float

    def times(self, factor: float) -> Range:
        """Each value times a factor."""
        return Range(self.low * factor, self.expected * factor, self.high * factor)


def about(value: float) -> Range:
    """A guess: from two fifths of the value to two and a half times it."""
    return Range(value * 0.4, value, value * 2.5)


@dataclass(frozen=True)
class Usage:
    """Use a month."""

    lake_gb: Range
    """Stored in all zones together."""
    scanned_tb: Range
    """Read by warehouse queries."""
    warehouse_hours: Range
    """Hours in which the warehouse computes."""
    spark_vcpu_hours: Range
    log_gb: Range
    """Logs written: audit, flow, operation."""
    egress_gb: Range
    """Through NAT or firewall."""
    requests_million: Range
    """Calls of storage, keys, queues."""
    nodes_extra: float
    """Share of the way from a pool's least to its most nodes that is expected."""

    def told(self) -> dict[str, str]:
        """Each assumption in words."""

        def words(r: Range, unit: str) -> str:
            return f"{r.low:g} to {r.high:g} {unit}, expected {r.expected:g}"

        return {
            "lake": words(self.lake_gb, "GB stored"),
            "scanned": words(self.scanned_tb, "TB a month"),
            "warehouse": words(self.warehouse_hours, "hours a month"),
            "spark": words(self.spark_vcpu_hours, "vCPU-hours a month"),
            "logs": words(self.log_gb, "GB a month"),
            "egress": words(self.egress_gb, "GB a month"),
            "requests": words(self.requests_million, "million a month"),
            "pools": f"{self.nodes_extra:.0%} of the way from least to most nodes",
        }


_SIZE = {"xsmall": 0.25, "small": 1.0, "medium": 4.0, "large": 16.0}
_ZONE_SHARE = {
    "landing": 0.25, "bronze": 0.25, "silver": 0.25, "gold": 0.15, "quarantine": 0.02, "artifacts": 0.08,
}  # fmt: skip


def usage_of(intent: Intent) -> Usage:
    """The use assumed of a stack, by its environment and warehouse size."""
    size = (
        _SIZE[intent.warehouse.size] * {"dev": 0.2, "staging": 0.5, "prod": 1.0}[intent.environment]
    )
    return Usage(
        lake_gb=about(4000 * size),
        scanned_tb=about(8 * size),
        warehouse_hours=about(120 * min(1.0, 0.5 + size / 4)),
        spark_vcpu_hours=about(1500 * size),
        log_gb=about(60 * size + 10),
        egress_gb=about(200 * size),
        requests_million=about(20 * size),
        nodes_extra=0.3 if intent.environment == "prod" else 0.1,
    )


def zone_share(zone: str) -> float:
    """The share of the lake that a zone holds; 1 % for buckets that are no zone."""
    return _ZONE_SHARE.get(zone, 0.01)
