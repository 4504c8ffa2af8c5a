"""What databases ask of a cloud: a place for each source's password, and the ports that the flow's pods go out by."""

from __future__ import annotations

from landfall.intent import Intent
from landfall.intent.data import JdbcSource

REDSHIFT = 5439
"""A workgroup's port, as Redshift gives it where none is asked for."""


def stored_passwords(intent: Intent) -> list[JdbcSource]:
    """The first source of each password that lies in the platform's secret store: sources may share one."""
    found: dict[str, JdbcSource] = {}
    for source in intent.sources:
        if source.kind == "jdbc" and not source.password_secret.startswith("env:"):
            found.setdefault(source.password_secret, source)
    return list(found.values())


def ports(intent: Intent) -> list[int]:
    """The ports of sources and warehouse that are not HTTPS, in order."""
    found = {source.port for source in intent.sources if source.kind == "jdbc"}
    if intent.warehouse.engine == "redshift":
        found.add(REDSHIFT)
    return sorted(found)
