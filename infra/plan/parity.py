"""What each cloud offers for an intent, from the same contract: a gap is told with its reason, never hidden.

Each module of `infra/<cloud>/` says itself whether it is offered (`OFFERED`); the intent adds what depends on
it: the Iceberg catalog, the warehouse's engine, the GPUs, Airflow. Leaves out prices (`infra/plan/compare.py` lays them side by side).
"""

from __future__ import annotations

from typing import Any

from infra.contract import NotOffered
from infra.layers import part
from landfall.intent import Intent
from landfall.intent.accelerators import ACCELERATORS
from landfall.intent.machines import machine
from landfall.intent.rules.services import ENGINES

CLOUDS = ("gcp", "aws", "azure")
PARTS = (
    "organization", "network", "security", "identity", "budget", "lake", "events", "spark",
    "warehouse", "orchestration", "cluster", "database", "bi",
)  # fmt: skip


def parity(intent: Intent) -> list[dict[str, Any]]:
    """One row a part: `part`, and for each cloud `offered`, `how` (or `reason` and `instead`)."""
    rows = [{"part": name, **{cloud: _offered(cloud, name) for cloud in CLOUDS}} for name in PARTS]
    rows.append(
        {
            "part": "warehouse on snowflake",
            **{c: _offered("snowflake", "warehouse") for c in CLOUDS},
        }
    )
    rows.append({"part": "iceberg catalog", **{c: _catalog(c, intent) for c in CLOUDS}})
    for engine in sorted({e for cloud in CLOUDS for e in ENGINES[cloud]} - {"snowflake"}):
        rows.append({"part": f"warehouse on {engine}", **{c: _engine(c, engine) for c in CLOUDS}})
    if intent.ml is not None:
        for use in ("training", "serving"):
            pool = getattr(intent.ml, f"{use}_gpu")
            if pool is not None:
                name = f"{use} on {pool.count} × {pool.accelerator}"
                row = {c: _gpu(c, pool.accelerator, pool.count) for c in CLOUDS}
                rows.append({"part": name, **row})
    return rows


def _offered(package: str, name: str) -> dict[str, Any]:
    module = part(package, name)
    told = module.OFFERED
    if isinstance(told, NotOffered):
        return {"offered": False, "reason": told.reason, "instead": told.instead}
    return {"offered": True, "how": (module.__doc__ or "").strip().split("\n")[0]}


def _catalog(cloud: str, intent: Intent) -> dict[str, Any]:
    """The cloud's own, or one on the cluster: then only where this intent has a cluster."""
    from infra.kubernetes.clouds import CLOUDS as ON_CLUSTER

    if ON_CLUSTER[cloud].catalog is None:
        return {"offered": True, "how": "the cloud's own"}
    layout = intent.layout
    if "ml" in layout.build or "ml" in layout.elsewhere:
        return {"offered": True, "how": "on the cluster, with the layer ml"}
    return {
        "offered": False,
        "reason": "it runs on the cluster, which this stack neither builds nor reads, so until one stands its address "
        "answers to nobody and no table can be read or written",
        "instead": "the layer ml, in this stack or in one of its own",
    }


def _engine(cloud: str, engine: str) -> dict[str, Any]:
    if engine in ENGINES[cloud]:
        return {"offered": True, "how": engine}
    return {
        "offered": False,
        "reason": f"{engine} is another cloud's own service",
        "instead": " or ".join(ENGINES[cloud]),
    }


def _gpu(cloud: str, accelerator: str, count: int) -> dict[str, Any]:
    found = machine(cloud, accelerator, count)
    if found is not None:
        return {"offered": True, "how": found.type}
    return {
        "offered": False,
        "reason": f"no machine carries {count} × {accelerator}",
        "instead": ", ".join(ACCELERATORS[cloud]),
    }
