"""Dated prices with their sources, read from `infra/plan/prices/`: one reader, three files.

`gpu.csv`: machines with GPUs, on demand and spot. `machines.csv`: other machines. `services.csv`: everything
else. A stack's region decides between the price of the United States and Europe; elsewhere the dearer of the
two is taken and the range widened. `rates.csv`: what a unit of a currency is in US dollars.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from landfall.intent.regions import continent_of, country_of

if TYPE_CHECKING:
    from landfall.intent import Intent

FOLDER = Path(__file__).resolve().parents[1] / "prices"


@dataclass(frozen=True)
class Price:
    """One rate. `low` and `high` are factors for a range of the rate itself."""

    sku: str
    what: str
    unit: str
    usd: float
    as_of: str
    source: str
    note: str = ""
    low: float = 1.0
    high: float = 1.0


@dataclass(frozen=True)
class Prices:
    """The prices of one cloud, in one part of the world."""

    cloud: str
    place: str
    """`us`, `eu` or `other`."""

    @classmethod
    def of(cls, intent: Intent) -> Prices:
        """The prices at the intent's region."""
        provider = intent.cloud.provider
        continent = continent_of(country_of(provider, getattr(intent.cloud, "region", "")))
        place = {"north-america": "us", "europe": "eu"}.get(continent, "other")
        return cls(provider, place)

    def get(self, sku: str) -> Price | None:
        """The price of `sku` of this cloud (or, with a dot-less cloud before a colon, of another)."""
        cloud, _, name = sku.rpartition(":")
        row = _table().get((cloud or self.cloud, name))
        if row is None:
            return None
        us, eu, price = row
        if self.place == "us":
            return replace(price, usd=us) if us is not None else _other(price, eu)
        if self.place == "eu":
            return replace(price, usd=eu) if eu is not None else _other(price, us)
        return _other(price, max((p for p in (us, eu) if p is not None), default=None))


def _other(price: Price, usd: float | None) -> Price | None:
    """A price of another part of the world, for want of one: the range is widened."""
    if usd is None:
        return None
    return replace(price, usd=usd, low=0.9, high=1.3, note="; ".join(
        part for part in (price.note, "price of another region") if part))  # fmt: skip


Row = tuple[float | None, float | None, Price]


@cache
def _table() -> dict[tuple[str, str], Row]:
    found: dict[tuple[str, str], Row] = {}
    for row in _rows("gpu.csv"):
        for kind in ("ondemand", "spot"):
            price = Price(
                f"{row['instance_type']}.{kind}", row["instance_type"], "node-hour", 0,
                row["ondemand_date"] or "2026", row["source"], row["notes"] or "",
            )  # fmt: skip
            us, eu = _number(row[f"us_{kind}_usd_h"]), _number(row[f"eu_{kind}_usd_h"])
            if us is not None or eu is not None:
                found[row["cloud"], price.sku] = (us, eu, price)
    for row in (*_rows("machines.csv"), *_rows("services.csv")):
        price = Price(
            row["sku"], row["what"], row["unit"], 0, row["as_of"], row["source"], row["note"]
        )
        found[row["cloud"], row["sku"]] = (_number(row["us_usd"]), _number(row["eu_usd"]), price)
    return found


@cache
def usd_per(currency: str) -> tuple[float | None, str]:
    """What one unit of a currency is in US dollars, and where and when that was said."""
    if currency == "USD":
        return 1.0, "by definition"
    for row in _rows("rates.csv"):
        if row["currency"] == currency:
            return float(row["usd"]), f"{row['source']}, {row['as_of']}"
    return None, ""


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _number(text: str) -> float | None:
    return float(text) if text else None
