"""The DuckDB adapter: dbt-duckdb in a warm worker that owns the database file.

The file holds nothing that silver does not: one that is damaged is set aside and built anew. This
process never opens it, as DuckDB lets one process write; rows come back as a Parquet file in the home.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landfall.errors import LandfallError
from landfall.platform import Platform
from landfall.project import Project
from warehouse.client import Worker, WorkerFailure, scratch_file
from warehouse.copies import copy_table

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.table import Table

Json = dict[str, Any]
SHOWN = 5
"""Failed nodes that an error spells out."""
LOCK_WAIT = 20.0
"""Seconds to wait for the database file: a worker whose parent was killed ends within one of them."""


class DuckDBEngine:
    """See `warehouse.engine.Engine`. Starts its worker on first use."""

    def __init__(self, platform: Platform, project: Project) -> None:
        self._project = project
        self._database = Path(platform.warehouse.settings["path"])
        self._folder = self._database.parent / "dbt"
        self._exposed: dict[str, str] = {}
        settings = {
            "engine": "duckdb",
            "database": str(self._database),
            "lock_wait": LOCK_WAIT,
            "project_dir": str(project.dbt_dir),
            "profiles_dir": str(project.dbt_dir),
            "target_path": str(self._folder / "target"),
            "log_path": str(self._folder / "logs"),
        }
        self.worker = Worker(project, settings, self._folder)

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

    def models(self) -> dict[str, str]:
        """The dbt models whose sources are all exposed: name → file in the dbt project."""
        return self._ask({"op": "models", "sources": sorted(self._exposed)})

    def build(self, select: list[str] | None = None, variables: Json | None = None) -> Json:
        """Run `dbt build`; see `warehouse.engine.Engine.build`."""
        return self._ask(
            {
                "op": "build",
                "select": select,
                "sources": sorted(self._exposed),
                "vars": variables or {},
            }
        )

    def compile(self) -> dict[str, str]:
        """Each model and test as DuckDB is sent it."""
        return self._ask({"op": "compile", "sources": sorted(self._exposed) or None})

    def table(self, layer: str, name: str) -> str:
        """A built table: its layer is its schema."""
        return f"{layer}.{name}"

    def arrow(self, sql: str) -> pa.Table:
        """A query's rows, through a Parquet file that is removed again."""
        import pyarrow.parquet as pq

        path = scratch_file(self._folder / "export", ".parquet")
        try:
            self._ask({"op": "export", "sql": sql, "path": str(path)})
            return pq.read_table(path, memory_map=False)
        finally:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """End the worker."""
        self.worker.close()

    def _ask(self, request: Json) -> Any:
        try:
            if self.worker.pid is None:
                self._start()
            return self.worker.ask(request)
        except WorkerFailure as failure:
            if failure.kind == "damaged":
                return self._ask_anew(request)
            raise as_error(failure, self._project, self.worker.log) from None

    def _start(self) -> None:
        self.worker.close()
        begun = self.worker.start({"LANDFALL_DUCKDB_PATH": str(self._database)})
        if begun["rebuilt"]:
            self._say_rebuilt(begun["rebuilt"])
        for left in (self._folder / "export").glob("*.parquet"):  # By a run that was killed.
            left.unlink()
        if self._exposed:
            self.worker.ask({"op": "expose", "tables": self._exposed})

    def _ask_anew(self, request: Json) -> Any:
        """The same request on a new database file, as the old one turned out damaged amid it."""
        self.worker.close()
        self._database.replace(self._database.with_name(self._database.name + ".damaged"))
        self._say_rebuilt("a block of it cannot be read")
        try:
            self._start()
            return self.worker.ask(request)
        except WorkerFailure as failure:
            raise as_error(failure, self._project, self.worker.log) from None

    def _say_rebuilt(self, why: str) -> None:
        print(
            f"{self._database} was damaged ({why}); it is set aside as {self._database.name}.damaged "
            "and built anew from silver, nothing is lost.",
            file=sys.stderr,
        )


def as_error(failure: WorkerFailure, project: Project, log: Path) -> LandfallError:
    """What failed in the worker, as an error that names the models and tests."""
    texts = (failure.what, *(one["message"] for one in failure.failures))
    if any("no space left" in text.lower() for text in texts):
        return LandfallError(
            "The disk is full: the warehouse could not be built.",
            so="Nothing was published.",
            fix="Free some space and run the same command again.",
        )
    if not failure.failures:
        return LandfallError(
            f"The warehouse could not be built: {failure.what}.",
            so="Nothing was published.",
            fix=f"Mend the dbt project in {project.dbt_dir}. The worker's log: {log}",
        )
    told = [_told(one) for one in failure.failures[:SHOWN]]
    more = len(failure.failures) - SHOWN
    if more > 0:
        told.append(f"and {more} more")
    first = failure.failures[0]
    look = f" The failing rows: run the query in {first['compiled']}." if first["compiled"] else ""
    return LandfallError(
        f"The warehouse did not pass: {'; '.join(told)}.",
        so="Nothing was published; readers still see the features as they were.",
        fix=f"Mend the data or {project.dbt_dir / first['file']}.{look}",
    )


def _told(failure: Json) -> str:
    if failure["status"] == "fail":
        return f"test {failure['name']} found {failure['rows']} faulty rows ({failure['file']})"
    return f"{failure['type']} {failure['name']} failed ({failure['file']}): {failure['message']}"
