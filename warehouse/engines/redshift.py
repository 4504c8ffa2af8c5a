"""Redshift Serverless: silver through the external schema that the stack made over the Glue catalog.

Nothing is to be shown: an external schema reads the table's current snapshot, so a build sees whatever silver
holds while it runs. Signs in by IAM: this process must run as the `transform` role, which the settings name
but nobody can become from here (dbt's own `role` means a database role). Source:
https://docs.aws.amazon.com/redshift/latest/dg/querying-iceberg.html.
"""

from __future__ import annotations

from typing import Any

from landfall.platform import Platform
from warehouse.engines import Site

THREADS = 4
LAKE = "lake_silver"
"""As infra/aws/warehouse_sql.py calls it."""


def site(platform: Platform) -> Site:
    """The site of Redshift on a Platform; raises KeyError for a setting that is missing."""
    it = platform.warehouse.settings
    shared: dict[str, Any] = {
        "host": it["host"], "port": int(it["port"]), "region": it["region"],
        "serverless_work_group": it["serverless_work_group"], "is_serverless": True,
    }  # fmt: skip
    profile: dict[str, Any] = {
        "type": "redshift", "method": it["method"], "dbname": it["dbname"], "schema": it["schema"],
        "ra3_node": it["ra3_node"] == "true", "sslmode": "require", "threads": THREADS, **shared,
    }  # fmt: skip
    connection = {"database": it["dbname"], "iam": True, "ssl": True, **shared}
    schemas = {"silver": LAKE, "staging": "staging", "marts": it["schema"], "features": "features"}
    return Site(profile, schemas, connection, lambda _name, _metadata: [])
