"""The errors a person reads: what is wrong, what follows from it, and what to type.

Every error that Landfall raises on purpose is one of these; the command line prints it without a
traceback and exits with its `exit_code`. Anything else that escapes is a bug of ours.
"""

from __future__ import annotations

from typing import Any


class LandfallError(Exception):
    """Something failed. `what` is wrong, `so` follows from it, `fix` says what to do or type."""

    exit_code = 1

    def __init__(self, what: str, *, so: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.so = so
        self.fix = fix

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.so, self.fix) if part)

    def as_dict(self) -> dict[str, Any]:
        """The error for `--output json`: keys `error`, `what`, `so`, `fix`."""
        return {"error": type(self).__name__, "what": self.what, "so": self.so, "fix": self.fix}


class UsageError(LandfallError):
    """The command, the intent or a contract is written wrongly; nothing was started."""

    exit_code = 2


class Refused(LandfallError):
    """A policy, a gate or a lock said no; nothing was changed."""

    exit_code = 3


class BatchFault(LandfallError):
    """A whole batch cannot be published (volume, freshness, columns, encoding); readers see nothing of it."""


class MissingTool(LandfallError):
    """Something this machine needs is not there (Java, a jar, a package)."""
