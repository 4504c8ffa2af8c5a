"""The promotion record: what became champion, when, by whom and why, in a chain that shows tampering.

One JSON line an entry; each holds the hash of the one before, so a changed, removed or inserted line
breaks the chain. The file is replaced as a whole, so a kill leaves the old or the new record. What a
chain cannot show by itself, entries cut off at its end, shows against a head kept elsewhere
(`verify(head)`; promotion keeps it as a tag in MLflow). It is evidence, not a signature: who can write
the whole zone can write a new chain.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, Literal

from landfall.errors import LandfallError, UsageError
from landfall.platform import Platform
from landfall.storage import Store

Action = Literal["promote", "rollback", "hold", "reject"]
Entry = dict[str, Any]
GENESIS = "0" * 64


class Record:
    """The record of one problem, in the artifacts zone at `record/<problem>.jsonl`."""

    def __init__(self, platform: Platform, problem: str) -> None:
        self.problem = problem
        self.path = f"record/{problem}.jsonl"
        self._store = Store(platform.storage.artifacts, platform.storage.options)

    def entries(self) -> list[Entry]:
        """Every entry, oldest first; raises LandfallError where the chain does not hold."""
        entries, faults = self._read()
        if faults:
            raise LandfallError(
                f"The promotion record {self._store.url(self.path)} does not hold: {faults[0]}",
                so="Nothing is promoted, rolled back or served on its word.",
                fix="See every fault with `landfall model history`, then restore the file from a backup.",
            )
        return entries

    def verify(self, head: str | None = None) -> list[str]:
        """Every fault of the chain, as sentences; empty where it holds. `head` is the last hash known."""
        entries, faults = self._read()
        if head and all(entry.get("hash") != head for entry in entries):
            faults.append(f"the entry {head[:12]}, which was written, is no longer there")
        return faults

    def append(self, action: Action, who: str, why: str, facts: Entry) -> Entry:
        """Add an entry and return it, on disk before this returns."""
        entries = self.entries()
        entry = {
            **facts,
            "seq": len(entries) + 1,
            "prev": entries[-1]["hash"] if entries else GENESIS,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "problem": self.problem,
            "action": action,
            "who": who,
            "why": why,
        }
        entry["hash"] = digest(entry)
        lines = [*entries, json.loads(json.dumps(entry))]
        self._store.write(self.path, "".join(f"{_line(e)}\n" for e in lines).encode())
        return entry

    def champion(self, before: str | None = None) -> int | None:
        """The version in force now, or as of the months before `before` (YYYY-MM); None if there was none."""
        stack = champions(self.entries(), before)
        return stack[-1] if stack else None

    def text(self) -> str:
        """The file as it is; empty where there is none."""
        if not self._store.exists(self.path):
            return ""
        return self._store.read(self.path).decode("utf-8", errors="replace")

    def _read(self) -> tuple[list[Entry], list[str]]:
        return parse_chain(self.text())


def champions(entries: list[Entry], before: str | None = None) -> list[int]:
    """The champions in force, one on the other: a promotion adds one, a rollback takes off down to its
    version. With `before`, only entries of months before it count."""
    stack: list[int] = []
    for entry in entries:
        if before is not None and entry["month"] >= before:
            continue
        if entry["action"] == "promote" and (not stack or stack[-1] != entry["version"]):
            stack.append(entry["version"])
        elif entry["action"] == "rollback":
            while stack and stack[-1] != entry["version"]:
                stack.pop()
            if not stack:
                stack.append(entry["version"])
    return stack


def rollback_target(entries: list[Entry], to: int | None) -> int:
    """The version a rollback leads to; raises UsageError where nothing, or not that, came before."""
    earlier = champions(entries)[:-1]
    if not earlier:
        raise UsageError(
            "There is no earlier champion to roll back to.",
            fix="See what was promoted: landfall model history",
        )
    if to is None:
        return earlier[-1]
    if to not in earlier:
        raise UsageError(
            f"Version {to} is no earlier champion; those are {', '.join(map(str, earlier))}.",
            fix=f"Roll back to one of them, or promote it: landfall model promote {to} --why …",
        )
    return to


def digest(entry: Entry) -> str:
    """SHA-256 (hex) over the entry's sorted JSON without its own hash."""
    return hashlib.sha256(
        _line({k: v for k, v in entry.items() if k != "hash"}).encode()
    ).hexdigest()


def parse_chain(text: str) -> tuple[list[Entry], list[str]]:
    """The entries of a record's text, and what is wrong with it."""
    faults: list[str] = []
    entries: list[Entry] = []
    previous = GENESIS
    if text and not text.endswith("\n"):
        faults.append("its last line is torn")
    for number, line in enumerate(text.splitlines(), 1):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            faults.append(f"line {number} is no entry")
            continue
        if entry.get("hash") != digest(entry):
            faults.append(f"entry {number} was changed after it was written")
        if entry.get("prev") != previous or entry.get("seq") != number:
            faults.append(f"entry {number} does not follow the one before it")
        previous = entry.get("hash", "")
        entries.append(entry)
    return entries, faults


def _line(entry: Entry) -> str:
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), default=str)
