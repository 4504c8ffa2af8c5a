"""Snowflake by fakesnow, taught the two statements by which Landfall shows silver, and to ask who comes.

Runs in `.venv-stand-ins`, alone: `snowflake_server.py CATALOG KEY ACCOUNT`. Lets in only who signs with the private
key in the file KEY, to ACCOUNT alone. fakesnow knows no Iceberg: a table over a metadata file is the Parquet copy
that the test leaves beside that file (`<file>.parquet`); one that follows a catalog is `CATALOG/<name>.parquet`,
read again at each refresh. Leaves out roles and grants, external volumes, and entry by a workload's identity.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

import jwt
import uvicorn
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.server import login_request, routes
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

LOGIN = "/session/v1/login-request"
PINNED = re.compile(
    r"create or replace iceberg table (\S+) metadata_file_path = '([^']+)'$", re.IGNORECASE
)
FOLLOWED = re.compile(
    r"create iceberg table if not exists (\S+) catalog_table_name = '([^']+)'$", re.IGNORECASE
)
REFRESH = re.compile(r"alter iceberg table (\S+) refresh$", re.IGNORECASE)


def teach(catalog: Path) -> None:
    """Make fakesnow's cursors answer the statements on Iceberg tables; everything else stays theirs."""
    plain = FakeSnowflakeCursor.execute
    followed: dict[str, Path] = {}

    def execute(self: Any, command: str, *args: Any, **kwargs: Any) -> Any:
        if found := PINNED.match(command.strip()):
            _load(self, found[1], Path("/") / f"{found[2]}.parquet")
        elif found := FOLLOWED.match(command.strip()):
            followed[found[1]] = catalog / f"{found[2]}.parquet"
        elif found := REFRESH.match(command.strip()):
            _load(self, found[1], followed[found[1]])
        else:
            return plain(self, command, *args, **kwargs)
        return plain(self, "select 'done' as status", *args, **kwargs)

    FakeSnowflakeCursor.execute = execute


def _load(cursor: Any, table: str, file: Path) -> None:
    connection = cursor._duck_conn
    connection.execute(f"create schema if not exists {table.rpartition('.')[0]}")
    connection.execute(f"create or replace table {table} as select * from read_parquet('{file}')")


def guarded(key: Path, account: str) -> Starlette:
    """fakesnow's application with a login that asks for the key's signature."""
    public: Any = load_pem_private_key(key.read_bytes(), None).public_key()

    async def login(request: Request) -> JSONResponse:
        body = await request.body()
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        data = json.loads(body)["data"]
        if data["ACCOUNT_NAME"] != account:
            return JSONResponse({}, 404)
        try:
            jwt.decode(data["TOKEN"], public, ["RS256"], leeway=60)
        except (KeyError, jwt.InvalidTokenError):
            told = {"data": None, "code": "390144", "message": "JWT token is invalid."}
            return JSONResponse({**told, "success": False})
        return await login_request(request)

    rest = [route for route in routes if route.path != LOGIN]
    return Starlette(routes=[Route(LOGIN, login, methods=["POST"]), *rest])


if __name__ == "__main__":
    teach(Path(sys.argv[1]))
    app = guarded(Path(sys.argv[2]), sys.argv[3])
    uvicorn.run(app, host="127.0.0.1", port=0, log_level="info")
