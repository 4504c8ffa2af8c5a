"""The DuckDB adapter: dbt-duckdb in a warm worker that owns the database file.

The file holds nothing that silver does not: one that is damaged is set aside and built anew. This
process never opens it, as DuckDB lets one process write; rows come back as a Parquet file in the home.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landfall.platform import Platform
from landfall.project import Project
from warehouse.base_engine import DbtEngine
from warehouse.client import WorkerFailure
from warehouse.copies import copy_table

if TYPE_CHECKING:
    from pyiceberg.table import Table

Json = dict[str, Any]
LOCK_WAIT = 20.0
"""Seconds to wait for the database file: a worker whose parent was killed ends within one of them."""


class DuckDBEngine(DbtEngine):
    """See `warehouse.engine.Engine`. Starts its worker on first use."""

    def __init__(self, platform: Platform, project: Project) -> None:
        self._database = Path(platform.warehouse.settings["path"])
        settings = {
            "engine": "duckdb",
            "database": str(self._database),
            "lock_wait": LOCK_WAIT,
            "profiles_dir": str(project.dbt_dir),
        }
        super().__init__(project, self._database.parent / "dbt", settings)

    def expose(self, tables: Mapping[str, Table | str]) -> None:
        """Make `silver.<name>` a view of exactly that snapshot of each table.

        A table in a bucket is copied to the home first: DuckDB would need that cloud's extension and keys.
        """
        for name, table in tables.items():
            if isinstance(table, str) or table.metadata_location.startswith(("file:", "/")):
                self._exposed[name] = table if isinstance(table, str) else table.metadata_location
            else:
                self._exposed[name] = str(copy_table(table, self._folder / "silver", name))
        self._ask({"op": "expose", "tables": self._exposed})

    def table(self, layer: str, name: str) -> str:
        """A built table: its layer is its schema."""
        return f"{layer}.{name}"

    def _answer(self, request: Json) -> Any:
        try:
            return super()._answer(request)
        except WorkerFailure as failure:
            if failure.kind != "damaged":
                raise
        return self._answer_anew(request)

    def _start(self) -> None:
        self.worker.close()
        begun = self.worker.start({"LANDFALL_DUCKDB_PATH": str(self._database)})
        if begun["rebuilt"]:
            self._say_rebuilt(begun["rebuilt"])
        self._clear_exports()
        if self._exposed:
            self.worker.ask({"op": "expose", "tables": self._exposed})

    def _answer_anew(self, request: Json) -> Any:
        """The same request on a new database file, as the old one turned out damaged amid it."""
        self.worker.close()
        self._database.replace(self._database.with_name(self._database.name + ".damaged"))
        self._say_rebuilt("a block of it cannot be read")
        self._start()
        return self.worker.ask(request)

    def _say_rebuilt(self, why: str) -> None:
        print(
            f"{self._database} was damaged ({why}); it is set aside as {self._database.name}.damaged "
            "and built anew from silver, nothing is lost.",
            file=sys.stderr,
        )
