"""The warehouse's thin adapter interface, and the one place that picks the engine.

Pipelines know only `Engine`. Another engine is another file in `engines/` and, where its SQL differs, another
variant in `dbt/macros/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from landfall.platform import Platform
from landfall.project import Project

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.table import Table

Json = dict[str, Any]


class Engine(Protocol):
    """What the flow asks of a warehouse."""

    def expose(self, tables: Mapping[str, Table | str]) -> None:
        """Show each Iceberg table (or metadata file) as `silver.<name>`, at exactly that snapshot."""
        ...

    def models(self) -> dict[str, str]:
        """The dbt models whose sources are all exposed: name → file in the dbt project."""
        ...

    def build(self, select: list[str] | None = None, variables: Json | None = None) -> Json:
        """Run `dbt build` on the selection, by default on every model of `models()`, with its tests.

        Gives `models` and `tests` (counts), `warnings` and `seconds` (node → seconds). Raises
        LandfallError that names each model or test that failed.
        """
        ...

    def compile(self) -> dict[str, str]:
        """The SQL of each model and test as this engine is sent it: of what the exposed sources allow, or of all
        where none is exposed."""
        ...

    def table(self, layer: str, name: str) -> str:
        """A table that dbt built in `staging`, `marts` or `features`, as the engine's SQL names it."""
        ...

    def arrow(self, sql: str) -> pa.Table:
        """A query's rows. Moments without a zone are UTC."""
        ...


@contextmanager
def open_engine(platform: Platform, project: Project) -> Iterator[Engine]:
    """The platform's engine; what it started ends with the context.

    Raises LandfallError for an engine that this version does not build on.
    """
    if platform.warehouse.engine == "duckdb":
        from warehouse.duckdb_engine import DuckDBEngine as Opened
    else:
        from warehouse.remote_engine import RemoteEngine as Opened

    engine = Opened(platform, project)
    try:
        yield engine
    finally:
        engine.close()
