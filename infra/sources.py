"""What the clients' own databases ask of a cloud: a place for each password. Leaves out the way to them."""

from __future__ import annotations

from landfall.intent import Intent
from landfall.intent.data import JdbcSource


def stored_passwords(intent: Intent) -> list[JdbcSource]:
    """The first source of each password that lies in the platform's secret store: sources may share one."""
    found: dict[str, JdbcSource] = {}
    for source in intent.sources:
        if source.kind == "jdbc" and not source.password_secret.startswith("env:"):
            found.setdefault(source.password_secret, source)
    return list(found.values())
