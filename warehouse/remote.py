"""A cloud's warehouse on the worker's side: statements and rows by the engine's own client.

Runs in dbt's own environment, so it imports nothing of Landfall. dbt builds; this shows it silver before, and
fetches rows after, as dbt has no way to hand out a table. Opened on first use. Every engine's rows come in the
same types (`plain`), whatever its client makes of them.
"""

from __future__ import annotations

import base64
import os
from functools import cache
from typing import Any

KEY = "DBT_ENV_SECRET_LANDFALL_KEY"
PATIENCE = 30
"""Seconds for which entry is tried where a client would by itself try for ten minutes."""


class NotEntered(Exception):
    """The engine was not reached, or let us not in."""


class Remote:
    """One engine's connection. `rebuilt` is always empty: a cloud's warehouse is not a file that breaks."""

    rebuilt = ""

    def __init__(self, engine: str, connection: dict[str, Any]) -> None:
        self._kind = {"bigquery": _BigQuery, "snowflake": _Snowflake, "redshift": _Redshift}[engine]
        self._connection = connection
        self._opened: Any = None

    def _open(self) -> Any:
        if self._opened is None:
            try:
                self._opened = self._kind(self._connection)
            except Exception as error:  # each client has errors of its own, without a common parent
                raise NotEntered(str(error).strip() or type(error).__name__) from error
        return self._opened

    def expose(self, statements: list[str]) -> None:
        """Run the statements that show silver. Signs in even for none: who may not is told before dbt begins."""
        engine = self._open()
        for sql in statements:
            engine.run(sql)

    def export(self, sql: str, path: str) -> int:
        """Write a query's rows to a Parquet file; gives the number of rows."""
        import pyarrow.parquet as pq

        rows = plain(self._open().rows(sql))
        pq.write_table(rows, path)
        return rows.num_rows


def plain(rows: Any) -> Any:
    """An Arrow table with names in lower case and few types, the same whatever the rows of a month are.

    Integers, also as decimals without a fraction: int64. Other decimals and floats: float64. Moments:
    microseconds in UTC, without a zone.
    """
    import pyarrow as pa

    def kind(old: Any) -> Any:
        if pa.types.is_integer(old) or (pa.types.is_decimal(old) and old.scale == 0):
            return pa.int64()
        if pa.types.is_floating(old) or pa.types.is_decimal(old):
            return pa.float64()
        return pa.timestamp("us") if pa.types.is_timestamp(old) else old

    fields = [pa.field(field.name.lower(), kind(field.type)) for field in rows.schema]
    # Arrow takes a zone off by keeping the moment in UTC.
    return rows.rename_columns([field.name for field in fields]).cast(pa.schema(fields))


class _BigQuery:
    def __init__(self, connection: dict[str, Any]) -> None:
        import google.auth
        from google.auth import impersonated_credentials
        from google.auth.transport.requests import Request
        from google.cloud import bigquery  # pyright: ignore[reportAttributeAccessIssue]

        scopes = ["https://www.googleapis.com/auth/cloud-platform"]
        credentials, _ = google.auth.default(scopes=scopes)  # pyright: ignore[reportUnknownVariableType]
        if connection["impersonate"]:
            credentials = impersonated_credentials.Credentials(
                credentials, connection["impersonate"], scopes
            )
        # Else it would sign in at the first query, and a refusal would look like one of that query.
        credentials.refresh(Request())
        self._limit, self._retry = connection["maximum_bytes_billed"], bigquery.DEFAULT_RETRY
        self._query_config = bigquery.QueryJobConfig
        self._client: Any = bigquery.Client(
            connection["project"], credentials, location=connection["location"]
        )
        self._knock()

    def _knock(self) -> None:
        """A query that is only checked, not run: is the project there, and may we ask in it. Costs nothing."""
        checked = self._query_config(dry_run=True, use_query_cache=False)
        patience = self._retry.with_timeout(PATIENCE)
        self._client.query("select 1", job_config=checked, retry=patience, timeout=PATIENCE)

    def _query(self, sql: str) -> Any:
        limit = {"maximum_bytes_billed": self._limit} if self._limit else {}
        return self._client.query(sql, job_config=self._query_config(**limit))

    def run(self, sql: str) -> None:
        self._query(sql).result()

    def rows(self, sql: str) -> Any:
        # Not by the Storage API: the role of `transform` may not open read sessions.
        return self._query(sql).to_arrow(create_bqstorage_client=False)


class _Snowflake:
    def __init__(self, connection: dict[str, Any]) -> None:
        import snowflake.connector  # pyright: ignore[reportMissingImports]

        self._connection: Any = snowflake.connector.connect(**connection, **_key())

    def run(self, sql: str) -> None:
        self._connection.cursor().execute(sql)

    def rows(self, sql: str) -> Any:
        cursor = self._connection.cursor().execute(sql)
        return cursor.fetch_arrow_all(force_return_table=True, force_microsecond_precision=True)


def _key() -> dict[str, bytes]:
    """The private key as the client takes it (DER), where one is given (PEM)."""
    pem = os.environ.get(KEY, "")
    body = [line for line in pem.splitlines() if line and not line.startswith("-----")]
    return {"private_key": base64.b64decode("".join(body))} if body else {}


def _parse_models_once() -> None:
    """Let AWS's sessions share what they read of their own files.

    The client makes a session for each connection, and dbt a connection for each node: a tenth of a second each.
    """
    from botocore import session

    session.create_loader = cache(session.create_loader)


class _Redshift:
    def __init__(self, connection: dict[str, Any]) -> None:
        import redshift_connector  # pyright: ignore[reportMissingImports]

        _parse_models_once()
        self._connection: Any = redshift_connector.connect(**connection)
        self._connection.autocommit = True

    def run(self, sql: str) -> None:
        self._connection.cursor().execute(sql)

    def rows(self, sql: str) -> Any:
        """The client gives Python's objects; a column's type is told by its number in the protocol."""
        import pyarrow as pa
        from redshift_connector.utils.oids import (  # pyright: ignore[reportMissingImports]
            RedshiftOID as Kind,
        )

        kinds = {
            Kind.BIGINT: pa.int64(), Kind.INTEGER: pa.int64(), Kind.SMALLINT: pa.int64(),
            Kind.FLOAT: pa.float64(), Kind.REAL: pa.float64(), Kind.NUMERIC: pa.float64(),
            Kind.BOOLEAN: pa.bool_(), Kind.DATE: pa.date32(), Kind.TIMESTAMP: pa.timestamp("us"),
            Kind.TIMESTAMPTZ: pa.timestamp("us", "UTC"),
        }  # fmt: skip
        cursor = self._connection.cursor()
        cursor.execute(sql)
        fields = [pa.field(one[0], kinds.get(one[1], pa.string())) for one in cursor.description]
        columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(fields)
        arrays = [
            pa.array([float(v) if v is not None else None for v in values], field.type)
            if pa.types.is_floating(field.type)
            else pa.array(values, field.type)
            for values, field in zip(columns, fields, strict=True)
        ]
        return pa.table(arrays, schema=pa.schema(fields))
