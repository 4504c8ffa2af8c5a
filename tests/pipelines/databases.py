"""A PostgreSQL and a MariaDB of the tests' own: on loopback, a free port, a temporary folder.

Both refuse to run as root, so where the tests do, the servers run as the system's own user for them.
Where a server is not installed the tests are skipped with a line that says what is not proven.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PASSWORD = "p@ss 'w\"rd; %s"
"""Of the reader: signs that a careless address or statement would trip over."""
_START_SECONDS = 60


class Server(NamedTuple):
    """A running database and how its administrator runs statements on it."""

    engine: str
    port: int
    run: Callable[..., None]


def program(name: str, what: str) -> str:
    """The path of a server's program; skips, and says why, where it is missing."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", *map(str, places)])
    found = shutil.which(name, path=path)
    if not found:
        pytest.skip(f"NOT PROVEN HERE: reading from {what}, as `{name}` is not installed")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _user(name: str) -> str | None:
    """The user to run a server as; None means as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name).pw_name
    except KeyError:
        pytest.skip(f"NOT PROVEN HERE: a database that refuses root, as there is no user '{name}'")


@contextmanager
def _folder(user: str | None) -> Iterator[Path]:
    # Not pytest's: its folders are closed to other users.
    with tempfile.TemporaryDirectory(prefix="landfall-db-") as name:
        if user:
            shutil.chown(name, user)
        yield Path(name)


def _made(command: list[str], user: str | None, folder: Path) -> None:
    done = subprocess.run(command, user=user, cwd=folder, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _running(
    command: list[str], user: str | None, folder: Path, connect: Callable[[], Any]
) -> Iterator[Any]:
    """The server until the end of the block; gives an administrator's connection."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, user=user, cwd=folder, stdout=log, stderr=log, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"})  # fmt: skip
        try:
            connection = _connected(process, connect, folder)
            yield connection
            connection.close()
        finally:
            process.terminate()
            process.wait(60)


def _connected(process: subprocess.Popen[bytes], connect: Callable[[], Any], folder: Path) -> Any:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            return connect()
        except Exception:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"it did not start: {(folder / 'server.log').read_text()[-2000:]}")
            time.sleep(0.1)


@contextmanager
def postgresql() -> Iterator[Server]:
    """PostgreSQL with the database `shop` and its user `reader`, who may only read."""
    import psycopg

    initdb, server = program("initdb", "PostgreSQL"), program("postgres", "PostgreSQL")
    user, port = _user("postgres"), free_port()
    with _folder(user) as folder:
        data = str(folder / "data")
        _made([initdb, "-D", data, "-U", "admin", "-A", "trust", "-E", "UTF8"], user, folder)
        rules = folder / "data" / "pg_hba.conf"
        rules.write_text(
            "host all admin 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        command = [server, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", "", "-c", "fsync=off"]  # fmt: skip

        def connect() -> Any:
            address = f"host=127.0.0.1 port={port} user=admin dbname=postgres"
            return psycopg.connect(address, autocommit=True)

        with _running(command, user, folder, connect) as first:
            first.execute(
                psycopg.sql.SQL("CREATE USER reader PASSWORD {}").format(
                    psycopg.sql.Literal(PASSWORD)
                )
            )
            first.execute("CREATE DATABASE shop")
            address = f"host=127.0.0.1 port={port} user=admin dbname=shop"
            with psycopg.connect(address, autocommit=True) as admin:
                admin.execute(
                    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader"
                )
                # Another clock in the server than ours and than UTC.
                admin.execute("ALTER DATABASE shop SET timezone = 'Asia/Tokyo'")
                yield Server("postgresql", port, admin.execute)


@contextmanager
def mariadb() -> Iterator[Server]:
    """MariaDB with the database `shop` and its user `reader`, who may only read."""
    import pymysql

    install = program("mariadb-install-db", "MariaDB")
    server = program("mariadbd", "MariaDB")
    user, port = _user("mysql"), free_port()
    with _folder(user) as folder:
        data = f"--datadir={folder / 'data'}"
        _made(
            [install, "--no-defaults", data, "--auth-root-authentication-method=normal"],
            user,
            folder,
        )
        command = [
            server, "--no-defaults", data, f"--port={port}", "--bind-address=127.0.0.1",
            f"--socket={folder / 's'}", f"--pid-file={folder / 'pid'}", "--skip-name-resolve",
            "--default-time-zone=+09:00", "--innodb-flush-log-at-trx-commit=0",
        ]  # fmt: skip

        def connect() -> Any:
            with socket.socket(socket.AF_UNIX) as probe:  # the driver leaves a refused one open
                probe.connect(str(folder / "s"))
            return pymysql.connect(
                unix_socket=str(folder / "s"), user="root", autocommit=True, charset="utf8mb4"
            )

        with _running(command, user, folder, connect) as admin:

            def run(statement: str, values: Any = None) -> None:
                with admin.cursor() as cursor:
                    cursor.execute(statement, values)

            run("CREATE DATABASE shop CHARACTER SET utf8mb4")
            run("CREATE USER reader@'127.0.0.1' IDENTIFIED BY %s", (PASSWORD,))
            run("GRANT SELECT ON shop.* TO reader@'127.0.0.1'")
            run("USE shop")
            yield Server("mariadb", port, run)
