"""What both sides of the Iceberg catalog on the cluster go by: its server, and whoever is told how to call it.

The server is `infra/kubernetes/catalog.py`. Callers sign in by a token that the cluster makes for their service
account (docs/decisions/0011). Leaves out the clouds that have a catalog of their own.
"""

from __future__ import annotations

from infra.kubernetes.domain import address
from infra.scope import Scope

SPACE = "catalog"
"""The namespace, the service account, the release's namesake, and the name before the domain."""
SUBJECT = f"system:serviceaccount:{SPACE}:{SPACE}"
"""The server, as the cluster's tokens name it."""
DATABASE = "catalog"
"""On the platform's PostgreSQL, its own."""
KEY = "catalog-key"
"""Purpose of the secret with which the server encrypts its own secrets."""
WAREHOUSE = "lake"
"""As the server calls its one warehouse, and Spark and PyIceberg the catalog."""
NAMESPACES = ("bronze", "silver", "gold", "quarantine")
"""The zones that hold tables."""
AUDIENCE = "landfall-catalog"
"""Of the tokens by which callers sign in: no other service of the platform takes them, and this one no others."""
TRUST = "catalog-trust"
"""The secret beside the callers' pods whose `ca.crt` signs the gateway's certificate."""
FOLDER = "/var/run/secrets/landfall/catalog"
"""Where a caller's pod finds `token` and `ca.crt` (pipelines/pods.py mounts them)."""
DELEGATION = "X-Iceberg-Access-Delegation"
OWN_RIGHTS = "client-managed"
"""Value of that header by which Lakekeeper hands out no key to the files: the caller has rights of its own."""
SIGN_IN = "pipelines.token_file.TokenFile"


def pyiceberg(scope: Scope) -> dict[str, str]:
    """PyIceberg's properties: it reads the token anew for each call, and files by the caller's own identity."""
    return {
        "type": "rest",
        "uri": f"{address(scope, SPACE)}/catalog",
        "warehouse": WAREHOUSE,
        "auth.type": "custom",
        "auth.impl": SIGN_IN,
        "auth.file": f"{FOLDER}/token",
        "auth.audience": AUDIENCE,
        "ssl.cabundle": f"{FOLDER}/ca.crt",
        f"header.{DELEGATION}": OWN_RIGHTS,
    }


def spark(scope: Scope) -> dict[str, str]:
    """Spark's keys: whoever starts the session adds the `token`; files by keys that the catalog hands out a table.

    A managed service has no identity that reaches the lake, hence the keys; and the server knows no renewal of
    tokens, so none is asked for.
    """
    return {
        "type": "rest",
        "uri": f"{address(scope, SPACE)}/catalog",
        "warehouse": WAREHOUSE,
        "rest.auth.type": "oauth2",
        "token-refresh-enabled": "false",
        f"header.{DELEGATION}": "vended-credentials",
        "rest-metrics-reporting-enabled": "false",
    }
