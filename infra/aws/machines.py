"""Machines without GPUs for the cluster: the current generation, and the one before where a region lacks it.

As of 2026-10-20 (cfn-lint 1.58.0, instance types by region; a test compares). Leaves out machines with GPUs:
`landfall/intent/machines.py` has those.
"""

from __future__ import annotations

AS_OF = "2026-10-20"
WITHOUT_M7I = frozenset({"ca-west-1", "me-south-1"})
PLAIN = {"system": "xlarge", "system-small": "large", "cpu": "2xlarge"}
"""Pool → size: 2 vCPU and 8 GiB (large), 4 and 16 (xlarge), 8 and 32 (2xlarge)."""


def plain(region: str, pool: str) -> str:
    """The machine of a pool in a region; raises KeyError where there is no such pool."""
    family = "m6i" if region in WITHOUT_M7I else "m7i"
    return f"{family}.{PLAIN[pool]}"
