"""The engine's locks: who holds a stack, and whether that is a build of ours which has ended.

A lock is recovered only where each of its owners is proven to be a finished build of ours, by the register of builds
(`infra/release/builds.py`): user, host, process and time must be those of a build that the register knows, and the
build must have ended. In doubt the lock stays. Source of the words: shared fixtures of the CLI, 3.260.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from infra.release.builds import Build, Builds
from landfall.errors import Refused

_HEAD = "the stack is currently locked by"
_OWNER = re.compile(
    r"^\s*(?P<url>\S+): created by (?P<user>[^@\s]+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<at>\S+)\s*$",
    re.M,
)
_APART = timedelta(minutes=10)
"""How long after a build's start its lock may have been made, and how far two clocks may differ."""


@dataclass(frozen=True)
class Lock:
    """One lock of a stack, as the CLI tells of it."""

    user: str
    host: str
    pid: int
    at: datetime

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (pid {self.pid}) since {self.at:%Y-%m-%d %H:%M:%S} UTC"


def locks_in(text: str) -> list[Lock]:
    """The locks that a refusal of the CLI names; empty where it was refused for something else."""
    if _HEAD not in text:
        return []
    return [
        Lock(m["user"], m["host"], int(m["pid"]), _time(m["at"])) for m in _OWNER.finditer(text)
    ]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def applying(stack: str, builds: Builds) -> Refused | None:
    """Why to wait, where a build of ours that has not ended, as far as is known, works on the stack."""
    live = next((one for one in builds.of(stack) if builds.ended(one) is None), None)
    return _busy(stack, live.url or f"{live.user}@{live.host} (pid {live.pid})") if live else None


def _busy(stack: str, who: object) -> Refused:
    return Refused(
        f"{stack} is being applied by {who}.",
        so="One apply at a time; nothing was done, and its lock was left alone.",
        fix=f"Wait until it has ended and run this again. If it was killed: landfall stack pending {stack}",
    )


def recoverable(stack: str, locks: list[Lock], builds: Builds) -> list[Build]:
    """The finished builds of ours that hold these locks; raises Refused where one is anyone else's or still runs."""
    found = []
    for lock in locks:
        build = _owner(stack, lock, builds)
        if build is None:
            raise Refused(
                f"{stack} is locked by {lock}, which is no build that this register knows.",
                so="Somebody may be applying it right now, so the lock was left alone.",
                fix=f"Ask them. Only when it is certain that nothing runs: pulumi cancel {stack}",
            )
        proof = builds.ended(build)
        if proof is None:
            raise _busy(stack, build.url or lock)
        found.append(build)
    return found


def _owner(stack: str, lock: Lock, builds: Builds) -> Build | None:
    return next(
        (
            one
            for one in builds.of(stack)
            if (one.user, one.host, one.pid) == (lock.user, lock.host, lock.pid)
            and abs(lock.at - one.started) <= _APART
        ),
        None,
    )
