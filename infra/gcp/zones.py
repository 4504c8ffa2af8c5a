"""The zones of a region.

As of 2026-11-24. Source: https://cloud.google.com/compute/docs/regions-zones. Three zones each, `a`, `b` and
`c`, but for those listed. Leaves out zones for AI only and which machine a zone sells (GPUs:
`landfall/intent/gpu_regions.py`).
"""

from __future__ import annotations

from landfall.intent import Intent

AS_OF = "2026-11-24"
_OTHERS = {"europe-west1": "bcd", "us-east1": "bcd", "us-central1": "abcf"}


def zones(region: str) -> tuple[str, ...]:
    """Every zone of a region, as `europe-west4-a`."""
    return tuple(f"{region}-{letter}" for letter in _OTHERS.get(region, "abc"))


def used_zones(intent: Intent) -> tuple[str, ...]:
    """The zones that nodes are spread over: three in production, one elsewhere."""
    region = "" if intent.cloud.provider == "local" else intent.cloud.region
    return zones(region)[: 3 if intent.environment == "prod" else 1]
