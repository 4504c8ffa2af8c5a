"""Snowflake: silver as Iceberg tables over the lake's external volume, which the silver schema names.

On Glue a table follows the catalog and is refreshed before each build; elsewhere it is pinned to one metadata
file. Signs in by the workload's identity, or on Google by a key pair whose private half a person put into the
secret store. Sources: docs.snowflake.com, "CREATE ICEBERG TABLE" (AWS Glue as catalog; Iceberg files in object
storage) and "Workload identity federation", as of 2026-11.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlparse

from landfall.platform import Platform
from warehouse.engines import KEY, Site

THREADS = 4
PRIVATE_KEY = "snowflake-private-key"
"""The secret's name: an unencrypted PKCS#8 key in PEM."""
_PROVIDERS = {"s3": "AWS", "abfss": "AZURE", "gs": "GCP"}
_WAY = ("account", "user", "role", "warehouse", "database", "schema")
_ADDRESS = {"host": str, "port": int, "protocol": str}
"""Where the account answers at another address than its name gives, as behind a private endpoint."""


def site(platform: Platform) -> Site:
    """The site of Snowflake on a Platform; raises KeyError for a setting that is missing."""
    it = platform.warehouse.settings
    way: dict[str, Any] = {key: it[key] for key in _WAY}
    # An account's address has hyphens where its name has underscores; dbt's adapter writes it so too.
    way["account"] = it["account"].replace("_", "-")
    way |= {key: kind(it[key]) for key, kind in _ADDRESS.items() if it.get(key)}
    profile: dict[str, Any] = {"type": "snowflake", "threads": THREADS, **way}
    secret = ""
    if it["authenticator"] == "snowflake_jwt":
        secret = PRIVATE_KEY
        profile["private_key"] = f"{{{{ env_var('{KEY}') }}}}"
    else:
        federated = {
            "authenticator": it["authenticator"],
            "workload_identity_provider": _PROVIDERS[urlparse(platform.storage.silver).scheme],
        }
        profile |= federated
        way |= federated
    silver = f"{it['database']}.{it['schema_silver']}"
    glue = platform.catalog.properties.get("type") == "glue"

    def expose(name: str, metadata: str) -> list[str]:
        table = f"{silver}.{name}"
        if glue:
            return [
                f"create iceberg table if not exists {table} catalog_table_name = '{name}'",
                f"alter iceberg table {table} refresh",
            ]
        path = urlparse(metadata).path.lstrip("/")
        return [f"create or replace iceberg table {table} metadata_file_path = '{path}'"]

    gold, database = it["schema_gold"], it["database"]
    return Site(
        profile,
        {"silver": it["schema_silver"], "staging": gold, "marts": it["schema_marts"],
         "features": it["schema_features"]},
        way,
        expose,
        secret,
        quoted=lambda schema, name: f"{database}.{schema}.{name}",
    )  # fmt: skip
