"""The adapter of a cloud's warehouse: dbt with that engine's own adapter, in the worker's process.

Holds nothing of an engine: what differs is in `warehouse/engines/`. dbt and the engine's client live in an
environment of their own (`.venv-dbt-clouds`). Leaves out moving data: the engine reads the lake itself, and
only a month's features come back, for gold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landfall.platform import Platform
from landfall.project import Project, environment
from landfall.storage import Store
from pipelines.secret import read_secret
from warehouse.client import Worker, WorkerFailure, scratch_file
from warehouse.duckdb_engine import as_error
from warehouse.engines import KEY, site_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.table import Table

Json = dict[str, Any]
ENVIRONMENT = ".venv-dbt-clouds"
IDENTITY = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
    "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION", "AWS_DEFAULT_REGION",
    "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ENDPOINT_URL",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_EC2_METADATA_DISABLED",
    "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "BIGQUERY_EMULATOR_HOST",
    "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST",
    "IDENTITY_ENDPOINT", "IDENTITY_HEADER",
    "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
)  # fmt: skip
"""Variables by which the clouds' clients know who they are and where to; the worker is given these and no others."""


class RemoteEngine:
    """See `warehouse.engine.Engine`. Starts its worker on first use."""

    def __init__(self, platform: Platform, project: Project) -> None:
        self._platform = platform
        self._project = project
        self._site = site_of(platform)
        self._folder = project.home / "dbt" / platform.stack
        self._exposed: dict[str, str] = {}
        settings = {
            "engine": platform.warehouse.engine,
            "connection": self._site.connection,
            "project_dir": str(project.dbt_dir),
            "profiles_dir": str(self._folder),
            "target_path": str(self._folder / "target"),
            "log_path": str(self._folder / "logs"),
        }
        self.worker = Worker(project, settings, self._folder, ENVIRONMENT)

    def expose(self, tables: Mapping[str, Table | str]) -> None:
        """Show each table as the engine does: at exactly that snapshot, where the engine can pin one."""
        statements: list[str] = []
        for name, table in tables.items():
            metadata = table if isinstance(table, str) else table.metadata_location
            self._exposed[name] = metadata
            statements += self._site.expose(name, metadata)
        self._ask({"op": "expose", "tables": statements})

    def models(self) -> dict[str, str]:
        """The dbt models whose sources are all exposed: name → file in the dbt project."""
        return self._ask({"op": "models", "sources": sorted(self._exposed)})

    def build(self, select: list[str] | None = None, variables: Json | None = None) -> Json:
        """Run `dbt build`; see `warehouse.engine.Engine.build`."""
        sources = sorted(self._exposed)
        return self._ask(
            {"op": "build", "select": select, "sources": sources, "vars": variables or {}}
        )

    def compile(self) -> dict[str, str]:
        """Each model and test as this engine is sent it; asks the engine nothing."""
        sources = sorted(self._exposed) or None
        return self._ask({"op": "compile", "sources": sources})

    def table(self, layer: str, name: str) -> str:
        """A built table, as the engine's SQL names it."""
        return self._site.quoted(self._site.schemas[layer], name)

    def arrow(self, sql: str) -> pa.Table:
        """A query's rows, through a Parquet file that is removed again."""
        import pyarrow.parquet as pq

        path = scratch_file(self._folder / "export", ".parquet")
        try:
            self._ask({"op": "export", "sql": sql, "path": str(path)})
            return pq.read_table(path, memory_map=False)
        finally:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """End the worker."""
        self.worker.close()

    def _ask(self, request: Json) -> Any:
        try:
            if self.worker.pid is None:
                self._start()
            return self.worker.ask(request)
        except WorkerFailure as failure:
            raise as_error(failure, self._project, self.worker.log) from None

    def _start(self) -> None:
        self.worker.close()
        write_profile(self._folder, self._site.profile)
        self.worker.start(variables(self._platform))


def variables(platform: Platform) -> dict[str, str]:
    """What dbt's process is told by its environment: who it is, the layers' schemas, a key where one is needed."""
    site = site_of(platform)
    told = {f"LANDFALL_SCHEMA_{layer.upper()}": name for layer, name in site.schemas.items()}
    told |= {name: value for name in IDENTITY if (value := environment(name))}
    if site.secret:
        told[KEY] = read_secret(site.secret, "the warehouse", platform)
    return told


def write_profile(folder: Path, profile: Json) -> None:
    """dbt's profile in `folder`; JSON is YAML, and a profile holds no secret."""
    target = profile["type"]
    content = {"landfall": {"target": target, "outputs": {target: profile}}}
    Store(folder.as_uri()).write("profiles.yml", json.dumps(content, indent=1).encode())
