"""Secrets by reference: an intent names where a secret lies, and only its user reads it.

Reads this process's environment. Leaves out the clouds' secret stores, whose names are resolved where
the flow is deployed: there the same variables are set from them.
"""

from __future__ import annotations

from landfall.errors import LandfallError, UsageError
from landfall.project import environment

_ENV = "env:"


def read_secret(reference: str, whose: str) -> str:
    """The secret behind `env:NAME`; raises UsageError for another form, LandfallError where unset."""
    if not reference.startswith(_ENV):
        raise UsageError(
            f"{whose}: a secret is read from the environment here, not from '{reference[:40]}'.",
            fix="Write env:NAME in the stack's file and set NAME where Landfall runs.",
        )
    name = reference.removeprefix(_ENV)
    value = environment(name)
    if not value:
        raise LandfallError(
            f"{whose}: the environment variable {name} is not set.",
            fix=f"Set it where Landfall runs: export {name}=…",
        )
    return value
