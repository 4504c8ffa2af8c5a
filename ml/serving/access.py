"""The access log: one JSON line a request on stderr, written by a thread so that a slow pipe delays nobody.

Holds no payload: neither inputs nor predictions. Lines that a blocked pipe leaves no room for are
dropped, and their number is told in a line of its own.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import deque
from typing import Any, TextIO

_FLUSH_SECONDS = 0.2
_MAX_LINES = 100_000


class AccessLog:
    """Lines go in from any thread, and out every fifth of a second."""

    def __init__(self, stream: TextIO | None = None, max_lines: int = _MAX_LINES) -> None:
        self._stream = stream or sys.stderr
        self._lines: deque[str] = deque()
        self._max = max_lines
        self._dropped = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
        self._thread.start()

    def line(self, text: str) -> None:
        """Queue one line of JSON (without its newline)."""
        if len(self._lines) < self._max:
            self._lines.append(text)
        else:
            self._dropped += 1

    def event(self, event: str, **facts: Any) -> None:
        """Log something that is not a request: `event` and its facts."""
        self.line(json.dumps({"event": event, **facts}, default=str))

    def close(self) -> None:
        """Write what is left; waits at most two seconds for a blocked pipe."""
        self._stop.set()
        self._thread.join(2)

    def _run(self) -> None:
        while not self._stop.wait(_FLUSH_SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        dropped, self._dropped = self._dropped, 0
        if dropped:
            lines.append(json.dumps({"event": "log_lines_dropped", "lines": dropped}))
        if lines:
            try:
                self._stream.write("\n".join(lines) + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # nobody reads stderr any more
                self._lines.clear()
