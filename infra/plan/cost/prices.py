"""Dated prices with their sources, read from `infra/plan/prices/`: one reader, three files.

`gpu.csv`: machines with GPUs, on demand and spot. `machines.csv`: other machines. `services.csv`: everything
else. A stack's region decides between the price of the United States and Europe; elsewhere the dearer of the
two is taken. Away from the region that a price was read in, its range is widened. `rates.csv`: what a unit of a currency is in US dollars.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

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


REFERENCE = {
    ("gcp", "us"): "us-central1", ("gcp", "eu"): "europe-west4", ("aws", "us"): "us-east-1", ("aws", "eu"): "eu-west-1",
    ("azure", "us"): "eastus", ("azure", "eu"): "westeurope",
}  # fmt: skip
"""The regions whose prices stand in the two columns, where a row does not name its own."""
_NEAR = (0.85, 1.2)
"""What a price may be in another region of the same continent, as a share of the reference region's: westeurope and
norwayeast, us-central1 and us-west2 differ by up to a fifth."""
_FAR = (0.9, 1.3)
"""The same on another continent."""


class Row(NamedTuple):
    """A price with its two columns and the regions that they were read in."""

    usd: dict[str, float]
    """`us` and `eu`, those that are known."""
    regions: dict[str, str]
    price: Price


@dataclass(frozen=True)
class Prices:
    """The prices of one cloud, in one part of the world."""

    cloud: str
    place: str
    """`us`, `eu` or `other`."""
    region: str = ""

    @classmethod
    def of(cls, intent: Intent) -> Prices:
        """The prices at the intent's region."""
        provider = intent.cloud.provider
        region = getattr(intent.cloud, "region", "")
        continent = continent_of(country_of(provider, region))
        place = {"north-america": "us", "europe": "eu"}.get(continent, "other")
        return cls(provider, place, region)

    def get(self, sku: str) -> Price | None:
        """The price of `sku` of this cloud (or of the cloud before a colon), None where none is known.

        In another region than the price was read in, the range widens and the note says so.
        """
        cloud, _, name = sku.rpartition(":")
        row = _table().get((cloud or self.cloud, name))
        if row is None:
            return None
        if self.place not in row.usd:
            place = max(row.usd, key=lambda one: row.usd[one])
            return _elsewhere(row, place, _FAR)
        read_in = row.regions.get(self.place, "")
        if (
            self.region
            and read_in
            and self.region != read_in
            and row.usd.get("us") != row.usd.get("eu")
        ):
            return _elsewhere(row, self.place, _NEAR)
        return replace(row.price, usd=row.usd[self.place])


def _elsewhere(row: Row, place: str, share: tuple[float, float]) -> Price:
    where = row.regions.get(place) or {"us": "the United States", "eu": "Europe"}[place]
    note = "; ".join(part for part in (row.price.note, f"price of {where}, another region") if part)
    return replace(row.price, usd=row.usd[place], low=share[0], high=share[1], note=note)


@cache
def _table() -> dict[tuple[str, str], Row]:
    found: dict[tuple[str, str], Row] = {}
    for row in _rows("gpu.csv"):
        regions = {"us": row["us_region"], "eu": row["eu_region"]}
        for kind in ("ondemand", "spot"):
            price = Price(
                f"{row['instance_type']}.{kind}", row["instance_type"], "node-hour", 0,
                row["ondemand_date"], row["source"], row["notes"],
            )  # fmt: skip
            usd = _known(row[f"us_{kind}_usd_h"], row[f"eu_{kind}_usd_h"])
            if usd:
                found[row["cloud"], price.sku] = Row(usd, regions, price)
    for row in (*_rows("machines.csv"), *_rows("services.csv")):
        price = Price(
            row["sku"], row["what"], row["unit"], 0, row["as_of"], row["source"], row["note"]
        )
        regions = {place: REFERENCE.get((row["cloud"], place), "") for place in ("us", "eu")}
        usd = _known(row["us_usd"], row["eu_usd"])
        found[row["cloud"], row["sku"]] = Row(usd, regions, price)
    return found


def _known(us: str, eu: str) -> dict[str, float]:
    return {place: float(text) for place, text in (("us", us), ("eu", eu)) if text}


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
