"""Under which names and ports what runs on the cluster answers, inside the network.

Both sides read it: the gateway that answers, and a cloud's DNS and whoever is told an address. Leaves out
the gateway itself (`infra/kubernetes/gateway.py`).
"""

from __future__ import annotations

from infra.scope import Scope

SERVING, TOOLS = ("serving", 443), ("tools", 8443)
"""The gateway's listeners: for predictions, and for everything else."""


def domain(scope: Scope) -> str:
    """Under which every address of the platform lies; `.internal` is never delegated (ICANN, 2024)."""
    return f"{scope.intent.client.slug}-{scope.intent.environment}.internal"


def address(scope: Scope, service: str) -> str:
    """The address of a service, as `https://mlflow.acme-dev.internal:8443`."""
    port = "" if service == SERVING[0] else f":{TOOLS[1]}"
    return f"https://{service}.{domain(scope)}{port}"
