"""BigQuery by bqemulator, taught external tables over Iceberg, and a token service to sign in at.

Runs in `.venv-stand-ins`, alone. bqemulator knows no Iceberg: such a table is the Parquet copy that the test leaves
beside the metadata file (`<file>.parquet`). Its spatial extension comes from a package, as nothing may be
downloaded. Leaves out rights, quotas and bytes billed: every token is good for everything.
"""

from __future__ import annotations

import asyncio
import re
from importlib import resources
from typing import Any

import duckdb
from bqemulator import server
from bqemulator.api.routes import jobs
from bqemulator.config import LogLevel, Settings
from bqemulator.storage.engine import DuckDBEngine
from bqemulator.storage.sql_identifiers import quoted_table_ref

EXTERNAL = re.compile(
    r"create or replace external table `([^`]+)`\.`([^`]+)`\.`([^`]+)` with connection `[^`]+` "
    r"options \(format = 'ICEBERG', uris = \['(?:file://)?([^']+)'\]\)$"
)


def load_spatial(engine: DuckDBEngine) -> None:
    """The extension as its package brings it."""
    folder = resources.files("duckdb_extension_spatial") / "extensions" / f"v{duckdb.__version__}"
    engine.execute(f"load '{folder / 'spatial.duckdb_extension'}'")


def teach() -> None:
    """Make the emulator answer `create external table`; every other statement stays its own."""
    plain_query, plain_app = jobs.execute_query_job, server.create_app

    async def execute_query_job(
        project: str, job: str, sql: str, parameters: Any, context: Any, **more: Any
    ) -> Any:
        if found := EXTERNAL.match(sql.strip()):
            table = quoted_table_ref(*found.groups()[:3])
            reader = f"read_parquet('{found[4]}.parquet')"
            async with context.engine.write_lock():
                context.engine.execute(f"create or replace table {table} as select * from {reader}")
            sql = "select 'done' as status"
        return await plain_query(project, job, sql, parameters, context, **more)

    def create_app(context: Any) -> Any:
        app = plain_app(context)

        @app.post("/token")
        async def token() -> dict[str, Any]:
            return {"access_token": "none", "token_type": "Bearer", "expires_in": 3600}

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
    print(emulator.rest_url, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    teach()
    asyncio.run(serve())
