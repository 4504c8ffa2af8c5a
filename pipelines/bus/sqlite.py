"""The local bus: a durable queue in one SQLite file, for any number of processes on this machine.

Every call is one short transaction on a connection of its own, so a process killed at any moment
leaves whole messages; what it had received comes back when its lease ends. A home on a network disk
is not covered.
"""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from landfall.platform import EventTopic
from pipelines.bus.base import LEASE, MAX_DELIVERIES, Closing, Message

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    visible_at REAL NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 0,
    receipt TEXT,
    dead INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS waiting ON messages (queue, dead, visible_at);
"""
_BUSY_SECONDS = 30
_POLL_SECONDS = 0.2


class SqliteBus(Closing):
    """The queue `events.queue` in the file `events.settings['path']`."""

    def __init__(self, events: EventTopic) -> None:
        self._path = Path(events.settings["path"])
        self._queue = events.queue
        self._lease = float(events.settings.get("lease_seconds", LEASE))

    def publish(self, subject: str, body: dict[str, Any]) -> str:
        identity = uuid.uuid4().hex
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO messages (id, queue, subject, body, visible_at) VALUES (?, ?, ?, ?, ?)",
                (identity, self._queue, subject, json.dumps(body), time.time()),
            )
        return identity

    def receive(self, limit: int = 10, wait_seconds: float = 0) -> list[Message]:
        deadline = time.monotonic() + wait_seconds
        while True:
            found = self._take(limit) if self._path.exists() else []
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            time.sleep(min(_POLL_SECONDS, left))

    def _take(self, limit: int) -> list[Message]:
        now = time.time()
        if not self._waiting(now):
            return []  # looking takes no write lock, so listeners that wait disturb nobody
        with self._transaction() as connection:
            connection.execute(
                "UPDATE messages SET dead = 1 WHERE queue = ? AND dead = 0 AND visible_at <= ?"
                " AND deliveries >= ?",
                (self._queue, now, MAX_DELIVERIES),
            )
            numbers = connection.execute(
                "SELECT number FROM messages WHERE queue = ? AND dead = 0 AND visible_at <= ?"
                " ORDER BY number LIMIT ?",
                (self._queue, now, limit),
            ).fetchall()
            rows = []
            for (number,) in numbers:
                rows += connection.execute(
                    "UPDATE messages SET deliveries = deliveries + 1, visible_at = ?, receipt = ?"
                    " WHERE number = ? RETURNING id, subject, body, deliveries, receipt",
                    (now + self._lease, uuid.uuid4().hex, number),
                ).fetchall()
        return [_message(row) for row in rows]

    def _waiting(self, now: float) -> bool:
        with self._connection() as connection:
            found = connection.execute(
                "SELECT 1 FROM messages WHERE queue = ? AND dead = 0 AND visible_at <= ? LIMIT 1",
                (self._queue, now),
            ).fetchone()
        return found is not None

    def extend(self, message: Message, seconds: float) -> Message:
        self._change("visible_at = ?", message, time.time() + seconds)
        return message

    def ack(self, message: Message) -> None:
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM messages WHERE id = ? AND receipt = ?", (message.id, message.receipt)
            )

    def nack(self, message: Message, delay: float = 0) -> None:
        self._change(
            "visible_at = ?, receipt = NULL, dead = (deliveries >= ?)",
            message,
            time.time() + delay,
            MAX_DELIVERIES,
        )

    def _change(self, what: str, message: Message, *values: object) -> None:
        with self._transaction() as connection:
            connection.execute(
                f"UPDATE messages SET {what} WHERE id = ? AND receipt = ? AND dead = 0",
                (*values, message.id, message.receipt),
            )

    def dead_letters(self, limit: int = 10) -> list[Message]:
        if not self._path.exists():
            return []
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT id, subject, body, deliveries, '' FROM messages"
                " WHERE queue = ? AND dead = 1 ORDER BY number LIMIT ?",
                (self._queue, limit),
            ).fetchall()
        return [_message(row) for row in rows]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_SCHEMA)
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def _message(row: tuple[str, str, str, int, str]) -> Message:
    identity, subject, body, deliveries, receipt = row
    return Message(identity, subject, json.loads(body), deliveries, receipt)
