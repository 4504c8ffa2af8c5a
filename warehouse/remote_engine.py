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
from warehouse.base_engine import DbtEngine
from warehouse.engines import KEY, Site, site_of

if TYPE_CHECKING:
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


class RemoteEngine(DbtEngine):
    """See `warehouse.engine.Engine`. Starts its worker on first use."""

    def __init__(self, platform: Platform, project: Project) -> None:
        self._platform = platform
        self._site = site_of(platform)
        folder = project.home / "dbt" / platform.stack
        settings = {
            "engine": platform.warehouse.engine,
            "connection": self._site.connection,
            "profiles_dir": str(folder),
        }
        super().__init__(project, folder, settings, ENVIRONMENT)

    def expose(self, tables: Mapping[str, Table | str]) -> None:
        """Show each table as the engine does: at exactly that snapshot, where the engine can pin one."""
        statements: list[str] = []
        for name, table in tables.items():
            metadata = table if isinstance(table, str) else table.metadata_location
            self._exposed[name] = metadata
            statements += self._site.expose(name, metadata)
        self._ask({"op": "expose", "tables": statements})

    def table(self, layer: str, name: str) -> str:
        """A built table, as the engine's SQL names it."""
        return self._site.quoted(self._site.schemas[layer], name)

    def _start(self) -> None:
        self.worker.close()
        write_profile(self._folder, self._site.profile)
        self.worker.start(variables(self._site, self._platform))
        self._clear_exports()


def variables(site: Site, platform: Platform) -> dict[str, str]:
    """What dbt's process is told by its environment: who it is, the layers' schemas, a key where one is needed."""
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
