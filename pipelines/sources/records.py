"""A delimited or JSON Lines text as records, each with its own characters kept as they are.

The text of a record is never rewritten, so a malformed line survives to the contract, which names it.
Leaves out encodings: the caller decodes in a way that can be undone.
"""

from __future__ import annotations

import csv
import io
import json
from collections import deque
from collections.abc import Iterator
from typing import Any, TextIO

from landfall.errors import LandfallError

MAX_LINES = 200
"""Lines that one quoted record may hold; beyond it a quote was left open, and the line is taken alone."""


class _Lines:
    """Physical lines for csv.reader that can be given back when a record turns out to be none."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._stream.readline()
        if not line:
            raise StopIteration
        if len(self.taken) >= MAX_LINES:
            self._again.appendleft(line)
            raise csv.Error("a quote is left open")
        self.taken.append(line)
        return line

    def give_back(self) -> str:
        """Keep the first line taken, return the others to the front of the stream."""
        first, *rest = self.taken
        self._again.extendleft(reversed(rest))
        self.taken = []
        return first


def delimited(stream: TextIO, delimiter: str) -> Iterator[tuple[str, list[str]]]:
    """Each record's text (line ends included) and fields; `stream` must not translate line ends."""
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.taken = []
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            if not lines.taken:
                return
            first = lines.give_back()
            yield first, _leniently(first, delimiter)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        yield lines.taken[0] if len(lines.taken) == 1 else "".join(lines.taken), fields


def _leniently(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def json_lines(stream: TextIO, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line and the object it holds; an empty one where it holds none."""
    for number, line in enumerate(stream):
        if number == 0 and line.lstrip("\ufeff \t").startswith("["):
            raise LandfallError(
                f"{where} is one JSON array; JSON files are read as one object a line.",
                fix="Write one object a line, or one file a month with {month} in the source's path.",
            )
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        yield line, value if isinstance(value, dict) else {}
