"""Two-phase changes: what holds data goes only where the release before has marked it.

A pure function of a preview's changes and of the outputs of what is deployed. See `infra/retire.py` for the mark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.plan.change import Change
from infra.plan.policies.storage import STATEFUL
from infra.retire import covers


def unmarked(changes: Sequence[Change], outputs: Mapping[str, Any]) -> list[str]:
    """A sentence for each removal or replacement of what holds data that the deployed release had not marked."""
    names = [str(one) for one in (outputs.get("release") or {}).get("retiring") or []]
    found = []
    for change in changes:
        one = change.before or change.resource
        if change.op not in ("delete", "replace") or one.type not in STATEFUL:
            continue
        if not covers(names, one.name):
            verb = "removed" if change.op == "delete" else "replaced"
            found.append(
                f"'{one.name}' ({one.type}) holds data and would be {verb}, and the release before did not mark it: "
                "put it under `retiring` in the intent, apply that, and do this in the release after"
            )
    return found
