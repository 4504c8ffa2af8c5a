"""A cloud's warehouse on the worker's side: statements and rows by the engine's own client.

Runs in dbt's own environment, so it imports nothing of Landfall. dbt builds; this shows it silver before, and
fetches rows after, as dbt has no way to hand out a table. Opened on first use.
"""

from __future__ import annotations

import base64
import os
from typing import Any

KEY = "LANDFALL_WAREHOUSE_KEY"


class Remote:
    """One engine's connection. `rebuilt` is always empty: a cloud's warehouse is not a file that breaks."""

    rebuilt = ""

    def __init__(self, engine: str, connection: dict[str, Any]) -> None:
        self._kind = {"bigquery": _BigQuery, "snowflake": _Snowflake, "redshift": _Redshift}[engine]
        self._connection = connection
        self._opened: Any = None

    def _open(self) -> Any:
        if self._opened is None:
            self._opened = self._kind(self._connection)
        return self._opened

    def expose(self, statements: list[str]) -> None:
        """Run the statements that show silver."""
        for sql in statements:
            self._open().run(sql)

    def export(self, sql: str, path: str) -> int:
        """Write a query's rows to a Parquet file, column names in lower case; gives the number of rows."""
        import pyarrow.parquet as pq

        rows = self._open().rows(sql)
        rows = rows.rename_columns([name.lower() for name in rows.column_names])
        pq.write_table(rows, path)
        return rows.num_rows


class _BigQuery:
    def __init__(self, connection: dict[str, Any]) -> None:
        import google.auth
        from google.auth import impersonated_credentials
        from google.cloud import bigquery  # pyright: ignore[reportAttributeAccessIssue]

        scopes = ["https://www.googleapis.com/auth/cloud-platform"]
        credentials, _ = google.auth.default(scopes=scopes)  # pyright: ignore[reportUnknownVariableType]
        if connection["impersonate"]:
            credentials = impersonated_credentials.Credentials(
                credentials, connection["impersonate"], scopes
            )
        self._client: Any = bigquery.Client(
            connection["project"], credentials, location=connection["location"]
        )

    def run(self, sql: str) -> None:
        self._client.query(sql).result()

    def rows(self, sql: str) -> Any:
        return self._client.query(sql).to_arrow()


class _Snowflake:
    def __init__(self, connection: dict[str, Any]) -> None:
        import snowflake.connector  # pyright: ignore[reportMissingImports]

        self._connection: Any = snowflake.connector.connect(**connection, **_key())

    def run(self, sql: str) -> None:
        self._connection.cursor().execute(sql)

    def rows(self, sql: str) -> Any:
        return self._connection.cursor().execute(sql).fetch_arrow_all(force_return_table=True)


def _key() -> dict[str, bytes]:
    """The private key as the client takes it (DER), where one is given (PEM)."""
    pem = os.environ.get(KEY, "")
    body = [line for line in pem.splitlines() if line and not line.startswith("-----")]
    return {"private_key": base64.b64decode("".join(body))} if body else {}


class _Redshift:
    def __init__(self, connection: dict[str, Any]) -> None:
        import redshift_connector  # pyright: ignore[reportMissingImports]

        self._connection: Any = redshift_connector.connect(**connection)
        self._connection.autocommit = True

    def run(self, sql: str) -> None:
        self._connection.cursor().execute(sql)

    def rows(self, sql: str) -> Any:
        import pyarrow as pa

        cursor = self._connection.cursor()
        cursor.execute(sql)
        names = [column[0] for column in cursor.description]
        columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(names)
        return pa.table([pa.array(column) for column in columns], names=names)
