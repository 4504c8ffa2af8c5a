"""One flow at a time in a home: a lock that the operating system lets go when its owner dies.

Guards against a second process on the same machine; a home on a network disk is not covered.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from landfall.errors import Refused


@contextmanager
def only_one(home: Path, what: str, wait: float = 0) -> Iterator[None]:
    """Hold the home's lock, waiting at most `wait` seconds; raises Refused that names the owner."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "lock"
    with path.open("a+", encoding="utf-8") as stream:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise _refusal(path, home) from None
                time.sleep(0.2)
        stream.truncate(0)
        json.dump(_owner(what), stream)
        stream.flush()
        try:
            yield
        finally:
            stream.truncate(0)


def _owner(what: str) -> dict[str, object]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return {
        "what": what,
        "who": f"{user}@{socket.gethostname()}",
        "pid": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _refusal(path: Path, home: Path) -> Refused:
    try:
        owner = json.loads(path.read_text(encoding="utf-8"))
        by = f"'{owner['what']}' (pid {owner['pid']}, {owner['who']}, since {owner['since']})"
    except (OSError, ValueError, KeyError):
        by = "another process"
    return Refused(
        f"{home} is in use by {by}.",
        so="Two flows at once would publish over each other, so this one did not start.",
        fix="Wait until it has ended and run the same command again, or set LANDFALL_HOME to another folder.",
    )
