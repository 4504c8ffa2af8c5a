"""Faults of the machine below us, told as errors a person can act on.

Knows the disk, SQLite files and Java's words for them; anything else is left alone as a bug of ours.
"""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from landfall.errors import LandfallError

_FULL = ("no space left on device", "database or disk is full", "disk quota exceeded")
_CORRUPT = (
    "file is not a database",
    "database disk image is malformed",
    "sqlite_notadb",
    "sqlite_corrupt",
)


def translate(error: BaseException) -> LandfallError | None:
    """The error of ours that tells what `error` means, or None where it is not a fault we know."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, LandfallError):
            return seen
        text = str(seen).lower()
        if getattr(seen, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or any(
            t in text for t in _FULL
        ):
            return LandfallError(
                "The disk is full.",
                so="Nothing was lost: what was published stays, and what was under way was not published.",
                fix="Free some space and run the same command again.",
            )
        if "disk i/o error" in text:
            return LandfallError(
                "A database file of the home could not be written (disk I/O error).",
                so="The disk is full or failing; what was published stays.",
                fix="See how much space is left with `df`, and run the same command again.",
            )
        if any(t in text for t in _CORRUPT):
            return LandfallError(
                f"A database file of the home is damaged ({_first_line(seen)}).",
                fix="Run `landfall doctor`: it names the file and the way to recover it.",
            )
        if isinstance(seen, MemoryError) or "java.lang.outofmemoryerror" in text:
            return LandfallError(
                "The memory is used up.",
                fix="Close other programs, or run on a machine with more than 4 GB.",
            )
        if isinstance(seen, PermissionError):
            return LandfallError(
                f"No permission: {seen.filename or seen}.", fix="Check who owns the folder."
            )
        seen = seen.__cause__ or seen.__context__
    return None


def sqlite_damage(path: Path) -> str | None:
    """What is wrong with a SQLite file, or None where it is sound (or not there yet)."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        try:
            found = connection.execute("pragma quick_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found == "ok" else str(found)


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
