"""One engine with the demo's January on it, built once: what the behaviour suite acts on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from landfall.intent import intent_of
from landfall.month import Month
from landfall.project import Project
from pipelines.context import Context
from tests.warehouse.lakes import ROOT, add_month
from tests.warehouse.stand_ins.sites import DEMO, SITES, Site, Way
from warehouse.build import build_month, silver_tables
from warehouse.duckdb_engine import DuckDBEngine
from warehouse.remote import plain
from warehouse.remote_engine import RemoteEngine

JANUARY = Month(2013, 1)
MODELS = sorted((ROOT / "warehouse" / "dbt" / "models").glob("*/*.sql"))


@dataclass
class Stage:
    """An engine that has built January, what it told, and what its tables held then."""

    name: str
    site: Site
    ctx: Context
    told: dict[str, Any]
    tables: dict[str, pa.Table]

    @property
    def engine(self) -> DuckDBEngine | RemoteEngine:
        """The engine of the Context, with its worker."""
        assert isinstance(self.ctx.engine, DuckDBEngine | RemoteEngine)
        return self.ctx.engine

    def build(self) -> dict[str, Any]:
        """January again, over what silver holds now."""
        self.site.show(silver_tables(self.ctx))
        return build_month(self.ctx, JANUARY)

    def rows(self, layer: str, name: str) -> pa.Table:
        """All rows of one table, as `alike` gives them."""
        return alike(self.engine.arrow(f"select * from {self.engine.table(layer, name)}"))


def alike(rows: pa.Table) -> pa.Table:
    """The rows in an order and in types that are the same whoever made them."""
    rows = plain(rows.replace_schema_metadata(None))
    return rows.sort_by([(name, "ascending") for name in rows.column_names]).combine_chunks()


@contextmanager
def entered(way: Way, home: Path) -> Iterator[Context]:
    """The demo's Context on that Platform, with the variables set as a person would set them."""
    project = Project(root=ROOT, home=home)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in way.variables.items():
            patch.setenv(name, value)
        with Context(project, DEMO, intent_of(project, DEMO), way.platform) as ctx:
            yield ctx


@contextmanager
def stage(name: str, home: Path) -> Iterator[Stage]:
    """An engine by name, until the end of the block."""
    with SITES[name](home) as site, entered(site.way, home) as ctx:
        add_month(ctx, JANUARY, every=20)
        made = Stage(name, site, ctx, {}, {})
        made.told = made.build()
        made.tables = {
            model.stem: made.rows(model.parent.name, model.stem)
            for model in MODELS
            if model.parent.name != "staging"
        }
        yield made
