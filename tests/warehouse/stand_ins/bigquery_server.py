"""BigQuery by bqemulator, taught external tables over Iceberg, with a token service and a gate that asks for its tokens.

Runs in `.venv-stand-ins`, alone: `bigquery_server.py KEY PROJECT`. Tokens are for whoever signs with the private key
in the file KEY, and open PROJECT alone. bqemulator knows no Iceberg: such a table is the Parquet copy that the test
leaves beside the metadata file (`<file>.parquet`). Its spatial extension comes from a package, as nothing may be
downloaded. Leaves out what a token's account may do, impersonation, connections, quotas and bytes billed.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import sys
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import duckdb
import jwt
from bqemulator import server
from bqemulator.api.routes import jobs
from bqemulator.config import LogLevel, Settings
from bqemulator.domain.errors import InvalidQueryError
from bqemulator.storage.engine import DuckDBEngine
from bqemulator.storage.sql_identifiers import quoted_table_ref
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import Request, Response
from fastapi.responses import JSONResponse

EXTERNAL = re.compile(
    r"create or replace external table `([^`]+)`\.`([^`]+)`\.`([^`]+)` with connection `[^`]+` "
    r"options \(format = 'ICEBERG', uris = \['(?:file://)?([^']+)'\]\)$"
)
TOKEN = secrets.token_urlsafe(16)


def load_spatial(engine: DuckDBEngine) -> None:
    """The extension as its package brings it."""
    folder = resources.files("duckdb_extension_spatial") / "extensions" / f"v{duckdb.__version__}"
    engine.execute(f"load '{folder / 'spatial.duckdb_extension'}'")


async def show(found: re.Match[str], context: Any) -> None:
    """The Parquet copy as the table; what is not there is the statement's fault, not the server's."""
    table = quoted_table_ref(*found.groups()[:3])
    async with context.engine.write_lock():
        try:
            context.engine.execute(
                f"create or replace table {table} as select * from read_parquet('{found[4]}.parquet')"
            )
        except duckdb.Error as error:
            raise InvalidQueryError(str(error)) from None


def add_gate(app: Any, key: Path, project: str) -> None:
    """`/token` for who signs with the key; everything of BigQuery for who brings the token, in one project."""
    public: Any = load_pem_private_key(key.read_bytes(), None).public_key()

    @app.post("/token")
    async def token(request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        try:
            jwt.decode(
                form["assertion"][0], public, ["RS256"], options={"verify_aud": False}, leeway=60
            )
        except (KeyError, jwt.InvalidTokenError):
            told = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
            return JSONResponse(told, 400)
        return JSONResponse({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})

    @app.middleware("http")
    async def gate(request: Request, go_on: Any) -> Response:
        path = request.url.path
        if path.startswith("/bigquery/"):
            if request.headers.get("Authorization") != f"Bearer {TOKEN}":
                return refused(401, "Request had invalid authentication credentials.")
            if f"/projects/{project}/" not in f"{path}/":
                return refused(403, "Access Denied: bigquery.jobs.create in that project")
        return await go_on(request)


def refused(code: int, text: str) -> Response:
    """An error as Google's services word it."""
    status = {"code": code, "message": text, "errors": [{"reason": "accessDenied"}]}
    return JSONResponse({"error": status}, code)


def teach(key: Path, project: str) -> None:
    """Make the emulator answer `create external table` and ask who comes; all else stays its own."""
    plain_query, plain_app = jobs.execute_query_job, server.create_app

    async def execute_query_job(
        project: str, job: str, sql: str, parameters: Any, context: Any, **more: Any
    ) -> Any:
        if found := EXTERNAL.match(sql.strip()):
            await show(found, context)
            sql = "select 'done' as status"
        return await plain_query(project, job, sql, parameters, context, **more)

    def create_app(context: Any) -> Any:
        app = plain_app(context)
        add_gate(app, key, project)
        return app

    jobs.execute_query_job = execute_query_job
    server.create_app = create_app
    DuckDBEngine._load_spatial = load_spatial
    DuckDBEngine._register_builtin_udfs = lambda _self: None


async def serve() -> None:
    """Until the process is ended."""
    settings = Settings(
        rest_port=0, grpc_port=0, enable_format_extensions=False, log_level=LogLevel.WARNING
    )
    emulator = server.EmulatorServer(settings)
    await emulator.start()
    print(f"serving at {emulator.rest_url} .", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    teach(Path(sys.argv[1]), sys.argv[2])
    asyncio.run(serve())
