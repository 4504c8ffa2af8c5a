"""One Spark session and one lake for all tests of the ingestion; each test has datasets of its own."""

from __future__ import annotations

import gzip
import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from landfall.intent import parse_intent
from landfall.local import local_platform
from landfall.month import Month
from landfall.platform import Platform
from landfall.project import Project, find_project
from landfall.storage import Store
from pipelines.context import Context
from pipelines.ingest import ingest_month

MARCH = Month(2013, 3)
_NUMBERS = itertools.count(1)

ORDERS: dict[str, Any] = {
    "description": "Orders of a shop",
    "owner": "shop@example.com",
    "kind": "events",
    "key": ["at", "id"],
    "time": "at",
    "max_quarantined": 1.0,
    "columns": [
        {"name": "id", "type": "int", "nullable": False, "description": "number"},
        {"name": "at", "type": "timestamp", "description": "when"},
        {"name": "price", "type": "double", "range": [0, 1000], "description": "paid"},
        {"name": "size", "type": "string", "allowed": ["S", "M"], "description": "size"},
        {"name": "code", "type": "string", "pattern": "[A-Z]{2}", "description": "code"},
    ],
}
HEADER = "id,at,price,size,code"


@dataclass
class Shop:
    """A dataset in the shared lake: land files of it, ingest months, look at its tables."""

    home: Path
    platform: Platform
    spark: Any
    dataset: str
    contract: dict[str, Any]
    others: list[Shop] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return Store(self.platform.storage.landing)

    def context(self) -> Context:
        """A fresh Context, as the next run of the command line would have."""
        project = Project(root=self.home / "project", home=self.home)
        project.contracts_dir.mkdir(parents=True, exist_ok=True)
        shops = [self, *self.others]
        for shop in shops:
            text = yaml.safe_dump({"dataset": shop.dataset, **shop.contract})
            (project.contracts_dir / f"{shop.dataset}.yml").write_text(text)
        sources = [{"dataset": shop.dataset, "path": "x-{month}.csv"} for shop in shops]
        raw = {
            "client": {"name": "Shop", "slug": "shop"},
            "environment": "dev",
            "cloud": {"provider": "local"},
            "sources": [{"kind": "file", **source} for source in sources],
        }
        ctx = Context(project, "shop", parse_intent(raw, "the test"), self.platform)
        if self.spark is not None:
            ctx.__dict__["spark"] = self.spark
        return ctx

    def land(
        self, content: str | bytes, month: object = MARCH, version: int = 1, **manifest: Any
    ) -> None:
        """Put a file and its manifest into the landing zone, as `land` would."""
        data = content.encode() if isinstance(content, str) else content
        name = manifest.pop("file", f"{self.dataset}.csv")
        if name.endswith(".gz") and not data.startswith(b"\x1f\x8b"):
            data = gzip.compress(data)
        folder = f"{self.dataset}/{month}/v{version:04d}"
        self.store.write(f"{folder}/{name}", data)
        told = {
            "dataset": self.dataset, "month": str(month), "version": version, "file": name,
            "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "format": "csv",
            "encoding": "utf-8", "delimiter": ",", "arrived_at": "2013-04-01T05:00:00+02:00",
            "source": "a test",
        }  # fmt: skip
        self.store.write_json(f"{folder}/manifest.json", told | manifest)

    def ingest(self, month: Month = MARCH) -> dict[str, Any]:
        """Run the step; gives its result."""
        return ingest_month(self.context(), month)

    def counts(self, month: Month = MARCH) -> tuple[int, ...]:
        """Run the step; gives received, silver, duplicates, quarantined, corrected."""
        return tuple(self.ingest(month)["counts"][self.dataset].values())

    def rows(self, zone: str, *columns: str) -> list[tuple[Any, ...]]:
        """Rows of the zone's table on main, sorted; empty where there is no table or no row."""
        catalog = self.context().catalog
        if not catalog.table_exists(f"{zone}.{self.dataset}"):
            return []
        found = (
            catalog.load_table(f"{zone}.{self.dataset}").scan(selected_fields=columns).to_arrow()
        )
        return sorted((tuple(row[c] for c in columns) for row in found.to_pylist()), key=repr)


@pytest.fixture(scope="session")
def lake_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Blanks and signs in the path: homes lie where users put them.
    return tmp_path_factory.mktemp("home of a lake, née")


@pytest.fixture(scope="session")
def lake_platform(lake_home: Path) -> Platform:
    raw = {"client": {"name": "Shop", "slug": "shop"}, "environment": "dev",
           "cloud": {"provider": "local"}}  # fmt: skip
    return local_platform(parse_intent(raw, "the test"), "shop", lake_home)


@pytest.fixture(scope="session")
def lake_spark(lake_platform: Platform) -> Iterator[Any]:
    from pipelines.catalog import open_catalog
    from pipelines.jars import fetch_jars
    from pipelines.spark import open_spark

    open_catalog(lake_platform).close()
    cache = find_project().cache_dir
    fetch_jars(lake_platform.spark.packages, cache)
    session = open_spark(lake_platform, cache)
    yield session
    session.stop()


@pytest.fixture
def shop(lake_home: Path, lake_platform: Platform, lake_spark: Any) -> Shop:
    """A dataset of orders whose name no other test has."""
    return Shop(lake_home, lake_platform, lake_spark, f"orders_{next(_NUMBERS)}", dict(ORDERS))


@pytest.fixture
def second_shop(shop: Shop) -> Shop:
    """Another dataset, ingested together with the first."""
    second = Shop(shop.home, shop.platform, shop.spark, f"returns_{next(_NUMBERS)}", dict(ORDERS))
    shop.others.append(second)
    return second
