"""Databases as sources, against a real PostgreSQL and a real MariaDB; of SQL Server, the SQL it is sent.

The servers' clocks stand at Tokyo's, so that a month cut by the server's day instead of UTC's shows.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from landfall.errors import LandfallError, UsageError
from landfall.intent.data import JdbcSource
from landfall.month import Month
from landfall.storage import Store
from pipelines.context import Context
from pipelines.land import land_month, landed
from pipelines.sources import describe
from pipelines.sources.engines import CONNECT_SECONDS, engine_of
from pipelines.sources.jdbc import Table
from tests.pipelines import databases
from tests.pipelines.projects import Json, small_project

FEBRUARY, MARCH, APRIL = Month(2024, 2), Month(2024, 3), Month(2024, 4)
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[databases.Server]:
    with databases.postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def mariadb() -> Iterator[databases.Server]:
    with databases.mariadb() as server:
        yield server


@dataclass
class Db:
    """A server and a table name of the test's own."""

    server: databases.Server
    table: str

    def create(self, columns: str) -> None:
        self.server.run(f"CREATE TABLE {self.table} ({columns})")

    def insert(self, *rows: str) -> None:
        self.server.run(f"INSERT INTO {self.table} VALUES {', '.join(rows)}")

    def source(self, **changes: Any) -> JdbcSource:
        plain = {
            "kind": "jdbc", "dataset": "orders", "engine": self.server.engine, "host": "127.0.0.1",
            "port": self.server.port, "database": "shop", "table": self.table, "watermark": "at",
            "user": "reader", "password_secret": "env:SHOP_PASSWORD",
        }  # fmt: skip
        return JdbcSource.model_validate(plain | changes)

    def read(self, month: Month = MARCH, zone: str = "UTC", **changes: Any) -> list[list[str]]:
        """A month's rows as landed, without their header."""
        found = Table(self.source(**changes), zone).read(month)
        return parsed(found.content)[1:] if found else []


@pytest.fixture(params=["postgresql", "mariadb"])
def db(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Db:
    monkeypatch.setenv("SHOP_PASSWORD", databases.PASSWORD)
    return Db(request.getfixturevalue(request.param), f"orders_{next(_NUMBERS)}")


def parsed(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode())))


BOUNDARIES = (
    "(1, '2024-02-29 23:59:59.999999', 'before')",
    "(2, '2024-03-01 00:00:00', 'first')",
    "(3, '2024-03-31 23:59:59.999999', 'last')",
    "(4, '2024-04-01 00:00:00', 'after')",
    "(5, NULL, 'never')",
)


def clock(db: Db) -> str:
    """The type of a clock's reading, to the microsecond."""
    return "timestamp" if db.server.engine == "postgresql" else "datetime(6)"


def test_a_month_holds_its_first_moment_and_not_the_next_months(db: Db) -> None:
    db.create(f"id int, at {clock(db)}, name varchar(20)")
    db.insert(*BOUNDARIES)
    assert [row[2] for row in db.read(FEBRUARY)] == ["before"]
    assert db.read(MARCH) == [
        ["2", "2024-03-01T00:00:00", "first"],
        ["3", "2024-03-31T23:59:59.999999", "last"],
    ]
    assert [row[2] for row in db.read(APRIL)] == ["after"]
    assert db.read(Month(2024, 5)) == []
    assert Table(db.source(), "UTC").months() == [FEBRUARY, MARCH, APRIL]


def test_a_clocks_reading_is_cut_by_the_contracts_zone(db: Db) -> None:
    db.create(f"id int, at {clock(db)}, name varchar(20)")
    # New York is five hours behind UTC in winter, four after the 10th of March 2024.
    db.insert(
        "(1, '2024-02-29 18:59:59', 'before')",
        "(2, '2024-02-29 19:00:00', 'first')",
        "(3, '2024-03-31 19:59:59', 'last')",
        "(4, '2024-03-31 20:00:00', 'after')",
    )
    assert [row[2] for row in db.read(MARCH, "America/New_York")] == ["first", "last"]


def test_a_moment_in_time_is_cut_and_told_in_utc_whatever_the_servers_clock(db: Db) -> None:
    instant = "timestamptz" if db.server.engine == "postgresql" else "timestamp(6) NULL"
    db.create(f"id int, at {instant}, name varchar(20)")
    if db.server.engine == "postgresql":
        rows = [row.replace("', '", "+00', '", 1) for row in BOUNDARIES]
        db.insert(*rows)
    else:
        db.server.run("SET time_zone = '+00:00'")
        db.insert(*BOUNDARIES)
        db.server.run("SET time_zone = '+09:00'")
    assert db.read(MARCH, "America/New_York") == [
        ["2", "2024-03-01T00:00:00Z", "first"],
        ["3", "2024-03-31T23:59:59.999999Z", "last"],
    ]
    assert Table(db.source(), "America/New_York").months() == [FEBRUARY, MARCH, APRIL]


def test_a_date_is_no_moment_and_is_not_moved_by_a_zone(db: Db) -> None:
    db.create("id int, at date, name varchar(20)")
    db.insert("(1, '2024-02-29', 'b')", "(2, '2024-03-01', 'f')", "(3, '2024-03-31', 'l')")
    assert [row[:2] for row in db.read(MARCH, "Asia/Tokyo")] == [
        ["2", "2024-03-01"],
        ["3", "2024-03-31"],
    ]


def test_values_of_every_type_are_written_as_a_contract_reads_them(db: Db) -> None:
    number, raw = ("numeric(38,10)", "bytea") if db.server.engine == "postgresql" else ("decimal(38,10)", "varbinary(9)")  # fmt: skip
    db.create(f"at {clock(db)}, n {number}, yes boolean, t text, raw {raw}, big bigint, f double precision")  # fmt: skip
    literal = "'\\xc0ff'" if db.server.engine == "postgresql" else "x'c0ff'"
    db.insert(
        f"('2024-03-02', 0.0000000012, true, 'é, \"q\"\nnext', {literal}, -9223372036854775808, 0.1)",
        "('2024-03-03', NULL, NULL, '', NULL, NULL, NULL)",
    )
    yes = "true" if db.server.engine == "postgresql" else "1"  # MariaDB has no booleans of its own
    assert db.read() == [
        ["2024-03-02T00:00:00", "0.0000000012", yes, 'é, "q"\nnext', "c0ff", "-9223372036854775808", "0.1"],
        ["2024-03-03T00:00:00", "", "", "", "", "", ""],
    ]  # fmt: skip


def test_the_same_rows_in_another_order_have_the_same_bytes(db: Db) -> None:
    rows = [f"({n % 3}, '2024-03-{1 + n % 2:02d}', 'n{n % 5}')" for n in range(30)]
    contents = []
    for order in (rows, rows[::-1]):
        table = Db(db.server, f"orders_{next(_NUMBERS)}")
        table.create(f"id int, at {clock(db)}, name varchar(20)")
        table.insert(*order)
        found = Table(table.source(), "UTC").read(MARCH)
        assert found is not None
        assert found.rows == 30
        contents.append(found.content)
    assert contents[0] == contents[1]


def test_names_that_need_quotes_are_quoted(db: Db) -> None:
    quote = '"' if db.server.engine == "postgresql" else "`"
    name = f"Or{quote * 2}der %s"
    table = Db(db.server, f"{quote}{name}{quote}")
    table.create(f"{quote}select{quote} int, at {clock(db)}")
    table.insert("(1, '2024-03-02')")
    assert table.read(table=f"Or{quote}der %s") == [["1", "2024-03-02T00:00:00"]]


def project(db: Db, folder: Path) -> Context:
    columns = [
        {"name": "id", "type": "int", "description": "number"},
        {"name": "at", "type": "timestamp", "description": "when"},
        {"name": "name", "type": "string", "description": "who"},
    ]
    contract: Json = {"columns": columns}
    return small_project(folder, [db.source().model_dump(mode="json")], orders=contract)


def test_a_late_change_lands_as_a_new_version_and_nothing_new_as_none(
    db: Db, tmp_path: Path
) -> None:
    db.create(f"id int, at {clock(db)}, name varchar(20)")
    db.insert("(1, '2024-03-02', 'a')", "(2, '2024-03-03', 'b')")
    ctx = project(db, tmp_path)
    assert land_month(ctx, MARCH)["orders"]["status"] == "new"
    assert land_month(ctx, MARCH)["orders"]["status"] == "unchanged"
    db.server.run(f"UPDATE {db.table} SET name = 'c' WHERE id = 2")
    db.insert("(3, '2024-03-01', 'late')", "(4, '2024-04-01', 'not mine')")
    told = land_month(ctx, MARCH)["orders"]
    assert (told["status"], told["version"], told["rows"]) == ("new", 2, 3)
    store = Store(ctx.platform.storage.landing)
    first, second = landed(store, "orders", "2024-03")
    read = [store.read(f"orders/2024-03/v{m['version']:04d}/{m['file']}") for m in (first, second)]
    assert [row[2] for row in parsed(read[0])[1:]] == ["a", "b"]
    assert [row[2] for row in parsed(read[1])[1:]] == ["late", "a", "c"]


def test_neither_manifest_nor_event_holds_user_or_password(db: Db, tmp_path: Path) -> None:
    db.create(f"id int, at {clock(db)}, name varchar(20)")
    db.insert("(1, '2024-03-02', 'a')")
    ctx = project(db, tmp_path)
    land_month(ctx, MARCH)
    written = b"".join(p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file())
    assert b'w"rd' not in written
    assert b"reader" not in written
    assert not {"user", "password_secret"} & set(describe(db.source()))


def failure(db: Db, **changes: Any) -> LandfallError:
    with pytest.raises(LandfallError) as caught:
        db.read(**changes)
    assert 'w"rd' not in str(caught.value)
    return caught.value


def test_a_wrong_password_is_told_with_the_variable_it_lies_in(
    db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", 'not it, w"rd')
    told = failure(db)
    assert "no connection to" in told.what
    assert "as reader" in told.what
    assert "env:SHOP_PASSWORD" in told.fix


def test_a_password_that_is_not_set_is_told_before_anything_is_opened(
    db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOP_PASSWORD")
    assert "SHOP_PASSWORD is not set" in failure(db, host="203.0.113.1").what


def test_a_secret_of_another_form_is_refused(db: Db) -> None:
    with pytest.raises(UsageError, match="environment"):
        db.read(password_secret="vault:shop/reader")


def test_a_server_that_does_not_answer_is_told_with_its_address(db: Db) -> None:
    port = databases.free_port()
    told = failure(db, port=port)
    assert f"127.0.0.1:{port}/shop" in told.what
    assert "Check that the server answers there" in told.fix


def test_a_server_that_accepts_and_says_nothing_is_given_up(
    db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setattr("pipelines.sources.engines.CONNECT_SECONDS", 2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        failure(db, port=silent.getsockname()[1])
        assert time.monotonic() - began < CONNECT_SECONDS


def test_a_host_that_has_no_address_is_told(db: Db) -> None:
    assert "no-such-host.invalid" in failure(db, host="no-such-host.invalid").what


def test_a_missing_table_is_told_with_who_asked(db: Db) -> None:
    told = failure(db, table="no_such_table")
    assert "no_such_table" in told.what
    assert "reader may read it" in told.fix


def test_a_missing_watermark_column_names_the_columns_there_are(db: Db) -> None:
    db.create(f"id int, changed {clock(db)}")
    told = failure(db)
    assert "has no column 'at'" in told.what
    assert told.so == "It has: id, changed."
    assert "`watermark`" in told.fix


def test_a_table_that_the_user_may_not_read_is_told(db: Db) -> None:
    db.create(f"id int, at {clock(db)}")
    if db.server.engine == "postgresql":
        db.server.run(f"REVOKE SELECT ON {db.table} FROM reader")
        changes = {}
    else:
        db.server.run("CREATE DATABASE IF NOT EXISTS other")
        db.server.run("CREATE TABLE IF NOT EXISTS other.kept (id int, at datetime)")
        changes = {"table": "other.kept"}
    assert "refused the query" in failure(db, **changes).what


def test_the_connection_cannot_write_even_where_the_user_may(db: Db) -> None:
    db.create("id int")
    reader = "reader" if db.server.engine == "postgresql" else "reader@'127.0.0.1'"
    db.server.run(f"GRANT INSERT ON {db.table} TO {reader}")
    connection = engine_of(db.source()).connect(db.source(), os.environ["SHOP_PASSWORD"])
    with closing(connection), closing(connection.cursor()) as cursor:
        with pytest.raises(engine_of(db.source()).fails(), match=r"(?i)read.only transaction"):
            cursor.execute(f"INSERT INTO {db.table} VALUES (1)")
        connection.rollback()


SQL_SERVER = JdbcSource.model_validate(
    {
        "kind": "jdbc", "dataset": "orders", "engine": "sqlserver", "host": "127.0.0.1", "port": 1433,
        "database": "shop", "table": "dbo.or]ders", "watermark": "at", "user": "reader",
        "password_secret": "env:SHOP_PASSWORD",
    }
)  # fmt: skip


class Recorded:
    """A cursor that answers as SQL Server does and keeps what it was sent."""

    def __init__(self, kind: int, rows: list[tuple[Any, ...]]) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.description = [("id", 38), ("at", kind)]
        self._rows = rows

    def execute(self, sql: str, values: Any = None) -> None:
        self.sent.append((sql, values))

    def fetchall(self) -> list[tuple[Any, ...]]:
        return []

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._rows)

    def cursor(self) -> Recorded:
        return self

    def close(self) -> None:
        pass


@pytest.fixture
def sent_to_sql_server(monkeypatch: pytest.MonkeyPatch) -> Any:
    pytds = pytest.importorskip("pytds")
    monkeypatch.setenv("SHOP_PASSWORD", databases.PASSWORD)

    def read(kind: int, zone: str = "UTC", rows: list[tuple[Any, ...]] | None = None) -> Any:
        told = Recorded(kind, rows or [])
        monkeypatch.setattr(pytds, "connect", lambda **how: told)
        return Table(SQL_SERVER, zone).read(MARCH), told.sent

    return read


DATETIME2, DATETIMEOFFSET = 42, 43
"""TDS data types (MS-TDS 2.2.5.4)."""


def test_sql_server_is_sent_bracketed_names_and_bounds_as_parameters(
    sent_to_sql_server: Any,
) -> None:
    from datetime import datetime

    _, sent = sent_to_sql_server(DATETIME2)
    assert sent == [
        ("SELECT * FROM [dbo].[or]]ders] WHERE 1 = 0", None),
        (
            "SELECT * FROM [dbo].[or]]ders] WHERE [at] >= %s AND [at] < %s",
            (datetime(2024, 3, 1), datetime(2024, 4, 1)),
        ),
    ]
    months = engine_of(SQL_SERVER).months_sql(SQL_SERVER.table, "at")
    assert months == (
        "SELECT DISTINCT YEAR([at]), MONTH([at]) FROM [dbo].[or]]ders] WHERE [at] IS NOT NULL"
    )


def test_sql_servers_moments_with_an_offset_are_told_in_utc(sent_to_sql_server: Any) -> None:
    from datetime import datetime, timedelta, timezone

    tokyo = timezone(timedelta(hours=9))
    rows = [(1, datetime(2024, 3, 1, 9, tzinfo=tokyo))]
    found, sent = sent_to_sql_server(DATETIMEOFFSET, "America/New_York", rows)
    assert parsed(found.content) == [["id", "at"], ["1", "2024-03-01T00:00:00Z"]]
    assert sent[1][1] == (datetime(2024, 3, 1), datetime(2024, 4, 1))


def test_sql_server_itself() -> None:
    pytest.skip(
        "NOT PROVEN HERE: reading from a running SQL Server, which has no package to install"
    )
