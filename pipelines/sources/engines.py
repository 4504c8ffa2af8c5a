"""The databases that Landfall reads: how each is connected to, quoted, and what its types mean.

Connections are read-only in use, time out after ten seconds, and are encrypted unless the server is on
this machine. Leaves out certificates of one's own: SQL Server's must be signed by a public authority.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from landfall.errors import MissingTool
from landfall.intent.data import JdbcSource

CONNECT_SECONDS = 10
QUERY_SECONDS = 3600
"""A query that says nothing for so long is given up, where the driver can tell (MySQL and MariaDB)."""


@dataclass(frozen=True)
class Engine:
    """One kind of database."""

    name: str
    quotes: tuple[str, str]
    connect: Callable[[JdbcSource, str], Any]
    """A DB-API connection with `%s` parameters, its session in UTC, from a source and its password."""
    fails: Callable[[], type[Exception]]
    """The driver's own base error."""
    instants: frozenset[int]
    """Type codes of columns that hold a moment in time rather than a clock's reading."""
    dates: frozenset[int]
    """Type codes of dates."""

    def quote(self, identifier: str) -> str:
        """A column's or table's name for SQL text; parts are split at '.'."""
        opening, closing = self.quotes
        parts = (opening + p.replace(closing, closing * 2) + closing for p in identifier.split("."))
        return ".".join(parts)

    def columns_sql(self, table: str) -> str:
        """A query of no rows that tells the table's columns."""
        return f"SELECT * FROM {self.quote(table)} WHERE 1 = 0"

    def slice_sql(self, table: str, column: str, what: str = "*") -> str:
        """The rows from one moment (included) to another (excluded); both are parameters."""
        # Where there are parameters, and only there, the drivers read %% as %.
        name, of = (self.quote(one).replace("%", "%%") for one in (column, table))
        return f"SELECT {what} FROM {of} WHERE {name} >= %s AND {name} < %s"

    def months_sql(self, table: str, column: str) -> str:
        """The distinct years and months of the column, as numbers, by the session's clock."""
        name = self.quote(column)
        year, month = f"EXTRACT(YEAR FROM {name})", f"EXTRACT(MONTH FROM {name})"
        if self.name == "sqlserver":
            year, month = f"YEAR({name})", f"MONTH({name})"
        return f"SELECT DISTINCT {year}, {month} FROM {self.quote(table)} WHERE {name} IS NOT NULL"


def engine_of(source: JdbcSource) -> Engine:
    """The engine of a source."""
    return _ENGINES[source.engine]


def _on_this_machine(host: str) -> bool:
    if host == "localhost" or host.startswith("/"):
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def _missing(driver: str, engine: str) -> MissingTool:
    return MissingTool(
        f"The Python driver for {engine}, {driver}, is not installed.",
        fix="Install the project's group `sources`: uv pip install --group sources",
    )


def _postgresql(source: JdbcSource, password: str) -> Any:
    try:
        import psycopg
    except ImportError:
        raise _missing("psycopg", "PostgreSQL") from None
    connection = psycopg.connect(
        host=source.host, port=source.port, dbname=source.database, user=source.user,
        password=password, connect_timeout=CONNECT_SECONDS, application_name="landfall",
        options="-c TimeZone=UTC",
        sslmode="prefer" if _on_this_machine(source.host) else "require",
    )  # fmt: skip
    connection.read_only = True
    return connection


def _mysql(source: JdbcSource, password: str) -> Any:
    try:
        import pymysql
        from pymysql.cursors import SSCursor
    except ImportError:
        raise _missing("PyMySQL", "MySQL and MariaDB") from None
    encrypted = None
    if not _on_this_machine(source.host):
        # As PostgreSQL's `require`: encrypted, the server's name unproven, since these servers sign
        # their own certificates.
        encrypted = ssl.create_default_context()
        encrypted.check_hostname = False
        encrypted.verify_mode = ssl.CERT_NONE
    connection: Any = pymysql.connect(
        host=source.host, port=source.port, database=source.database, user=source.user,
        password=password, connect_timeout=CONNECT_SECONDS, read_timeout=CONNECT_SECONDS,
        charset="utf8mb4", ssl=encrypted, init_command="SET time_zone = '+00:00'",
        cursorclass=SSCursor,
    )  # fmt: skip
    # `connect_timeout` ends with the TCP handshake; a server that accepts and says nothing is given up
    # by the time to read, which a long query may then exceed.
    connection._read_timeout = QUERY_SECONDS
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
    return connection


def _sqlserver(source: JdbcSource, password: str) -> Any:
    try:
        import certifi
        import pytds
    except ImportError:
        raise _missing("python-tds", "SQL Server") from None
    return pytds.connect(
        dsn=source.host, port=source.port, database=source.database, user=source.user,
        password=password, login_timeout=CONNECT_SECONDS, appname="landfall", readonly=True,
        cafile=None if _on_this_machine(source.host) else certifi.where(),
    )  # fmt: skip


def _postgresql_error() -> type[Exception]:
    import psycopg

    return psycopg.Error


def _mysql_error() -> type[Exception]:
    import pymysql

    return pymysql.Error


def _sqlserver_error() -> type[Exception]:
    import pytds

    return pytds.Error


# Type codes: PostgreSQL's pg_type OIDs (timestamptz, date), MySQL's protocol field types (TIMESTAMP,
# DATE), TDS data types (DATETIMEOFFSETNTYPE, DATENTYPE; MS-TDS 2.2.5.4).
_MYSQL = Engine("mysql", ("`", "`"), _mysql, _mysql_error, frozenset({7}), frozenset({10}))
_ENGINES = {
    "postgresql": Engine(
        "postgresql", ('"', '"'), _postgresql, _postgresql_error,
        frozenset({1184}), frozenset({1082}),
    ),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "sqlserver": Engine(
        "sqlserver", ("[", "]"), _sqlserver, _sqlserver_error, frozenset({43}), frozenset({40})
    ),
}  # fmt: skip
