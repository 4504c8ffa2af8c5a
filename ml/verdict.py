"""A month's verdict as it counts: the gate's, held where the canary then failed.

The two results stay as they were found; whoever acts on a verdict or shows it, reads it here.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

Json = dict[str, Any]


def winner_of(verdict: Json) -> Json | None:
    """The candidate that won; None where none did."""
    found = verdict.get("candidates") or []
    return next((one for one in found if one["name"] == verdict["winner"]), None)


def heeded(gate: Json, canary: Json | None) -> Json:
    """The gate's verdict, held where the month's canary failed with the same winner."""
    if gate["decision"] != "PROMOTE" or not canary or canary.get("passed") is not False:
        return gate
    winner = winner_of(gate)
    if winner is None or winner["version"] != canary["version"]:
        return gate
    from ml.gate import Check  # with numpy, for the rare month that needs it

    name = gate["winner"]
    reasons = [
        asdict(Check("canary", name, False, f"The canary failed: {one}."))
        for one in canary["reasons"]
    ]
    candidates = [
        {**one, "outcome": "HOLD" if one["name"] == name else one["outcome"]}
        for one in gate["candidates"]
    ]
    return {
        **gate,
        "decision": "HOLD",
        "reasons": [*gate["reasons"], *reasons],
        "candidates": candidates,
    }
