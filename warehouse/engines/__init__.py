"""What differs between the clouds' warehouses, as pure functions of the Platform: one file an engine.

Each gives a `Site`: dbt's profile, the schemas of the project's layers, how the worker connects besides dbt, and
the statements that show a snapshot of silver. No passwords: identities sign in, and where one needs a key, the
profile names the environment variable that the worker is given. Leaves out Synapse and Fabric, which this
version refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from landfall.errors import LandfallError
from landfall.platform import Platform

KEY = "DBT_ENV_SECRET_LANDFALL_KEY"
"""The worker's variable that holds a private key, where an engine has no other way in; so called, dbt keeps it
out of its logs."""
LAYERS = ("silver", "staging", "marts", "features")
BUILT = ("bigquery", "snowflake", "redshift")


@dataclass(frozen=True)
class Site:
    """One engine on one Platform."""

    profile: dict[str, Any]
    """dbt's output."""
    schemas: dict[str, str]
    """Layer → schema or dataset."""
    connection: dict[str, Any]
    """What the engine's own client is opened with, for statements and rows."""
    expose: Callable[[str, str], list[str]]
    """Name and metadata file of a silver table → statements that show it."""
    secret: str = ""
    """The name in the Platform's secret store whose value goes into KEY; empty where none is needed."""
    quoted: Callable[[str, str], str] = field(default=lambda schema, name: f"{schema}.{name}")
    """Schema and table as the engine's SQL names them."""


def site_of(platform: Platform) -> Site:
    """The engine's site; raises LandfallError for an engine that this version does not build on."""
    engine = platform.warehouse.engine
    if engine == "bigquery":
        from warehouse.engines.bigquery import site
    elif engine == "snowflake":
        from warehouse.engines.snowflake import site
    elif engine == "redshift":
        from warehouse.engines.redshift import site
    else:
        raise LandfallError(
            f"The warehouse engine '{engine}' has no adapter in this version.",
            so="Its stack can be planned and applied; marts and features cannot be built on it.",
            fix=f"Set warehouse.engine in the intent to one of: duckdb, {', '.join(BUILT)}.",
        )
    try:
        return site(platform)
    except KeyError as error:
        raise LandfallError(
            f"The Platform of '{platform.stack}' does not tell {engine}'s setting {error}.",
            fix=f"Apply the stack with this version of Landfall: pulumi up --stack {platform.stack}",
        ) from None
