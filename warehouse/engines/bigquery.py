"""BigQuery: silver as external tables over one Iceberg snapshot each, through the lake's connection.

Everything runs as the Platform's `transform` account, whom the caller impersonates. Staging and features lie in
the dataset `gold`. Source: https://cloud.google.com/bigquery/docs/iceberg-external-tables.
"""

from __future__ import annotations

from typing import Any

from landfall.platform import Platform
from warehouse.engines import Site

THREADS = 4


def site(platform: Platform) -> Site:
    """The site of BigQuery on a Platform; raises KeyError for a setting that is missing."""
    it = platform.warehouse.settings
    project, location = it["project"], it["location"]
    profile: dict[str, Any] = {
        "type": "bigquery", "method": "oauth", "project": project, "dataset": it["dataset"],
        "location": location, "threads": THREADS, "job_execution_timeout_seconds": 3600,
    }  # fmt: skip
    account = it.get("impersonate_service_account", "")
    if account:
        profile["impersonate_service_account"] = account
    limit = int(it.get("maximum_bytes_billed") or 0)
    if limit:
        profile["maximum_bytes_billed"] = limit
    connection: dict[str, Any] = {
        "project": project, "location": location, "impersonate": account,
        "maximum_bytes_billed": limit,
    }  # fmt: skip

    def quoted(schema: str, name: str) -> str:
        return f"`{project}`.`{schema}`.`{name}`"

    def expose(name: str, metadata: str) -> list[str]:
        return [
            f"create or replace external table {quoted(it['silver'], name)} "
            f"with connection `{it['connection']}` "
            f"options (format = 'ICEBERG', uris = ['{metadata}'])"
        ]

    gold = it["dataset"]
    schemas = {"silver": it["silver"], "staging": gold, "marts": it["marts"], "features": gold}
    return Site(profile, schemas, connection, expose, quoted=quoted)
