"""Azure as the bus: a Storage Queue, which is topic and queue in one.

`queue` and `dead_letter` are queue names; settings: `account_url`, or `connection` with the reference
(`env:NAME`) of a connection string. Storage Queues count deliveries but move nothing, so what failed
too often is moved here: written to the dead-letter queue first, then deleted. Without a connection
string the identity is Azure's default one. Makes no queues: the stack does.
"""

from __future__ import annotations

import time
from typing import Any

from landfall.errors import MissingTool
from landfall.platform import EventTopic
from pipelines.bus.base import LEASE, MAX_DELIVERIES, Closing, Message
from pipelines.bus.envelope import pack, unpack
from pipelines.secret import read_secret

_MOST = 32
_POLL_SECONDS = 1.0


class AzureQueueBus(Closing):
    """A Storage Queue and, beside it, one for dead letters."""

    def __init__(self, events: EventTopic) -> None:
        self._queue = _client(events, events.queue)
        self._dead = _client(events, events.dead_letter)
        self._lease = int(float(events.settings.get("lease_seconds", LEASE)))

    def publish(self, subject: str, body: dict[str, Any]) -> str:
        return self._queue.send_message(pack(subject, body), time_to_live=-1).id

    def receive(self, limit: int = 10, wait_seconds: float = 0) -> list[Message]:
        deadline = time.monotonic() + wait_seconds
        while True:
            found = self._take(limit)
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            time.sleep(min(_POLL_SECONDS, left))

    def _take(self, limit: int) -> list[Message]:
        told = self._queue.receive_messages(
            messages_per_page=min(_MOST, limit), max_messages=limit, visibility_timeout=self._lease
        )
        found = []
        for message in map(_message, told):
            if message.deliveries > MAX_DELIVERIES:
                self._bury(message)
            else:
                found.append(message)
        return found

    def extend(self, message: Message, seconds: float) -> Message:
        from azure.core.exceptions import HttpResponseError

        try:
            told = self._queue.update_message(
                message.id, message.receipt, visibility_timeout=int(seconds)
            )
        except HttpResponseError as error:
            _only_lost(error)
            return message
        return message._replace(receipt=told.pop_receipt)

    def ack(self, message: Message) -> None:
        from azure.core.exceptions import HttpResponseError

        try:
            self._queue.delete_message(message.id, message.receipt)
        except HttpResponseError as error:
            _only_lost(error)

    def nack(self, message: Message, delay: float = 0) -> None:
        if message.deliveries >= MAX_DELIVERIES:
            self._bury(message)
        else:
            self.extend(message, delay)

    def _bury(self, message: Message) -> None:
        self._dead.send_message(pack(message.subject, message.body), time_to_live=-1)
        self.ack(message)

    def dead_letters(self, limit: int = 10) -> list[Message]:
        told = self._dead.peek_messages(max_messages=min(_MOST, limit))
        return [_message(one) for one in told]

    def close(self) -> None:
        self._queue.close()
        self._dead.close()


def _client(events: EventTopic, queue: str) -> Any:
    try:
        from azure.storage.queue import QueueClient
    except ImportError:
        raise MissingTool(
            "Azure's Storage Queue client for Python is not installed.",
            fix="Install the project's group `buses`: uv pip install --group buses",
        ) from None
    reference = events.settings.get("connection")
    if reference:
        return QueueClient.from_connection_string(read_secret(reference, "the bus"), queue)
    from azure.identity import DefaultAzureCredential

    return QueueClient(events.settings["account_url"], queue, credential=DefaultAzureCredential())


def _only_lost(error: Any) -> None:
    """Pass over a lease that had run out or a message that is gone; raise everything else."""
    if error.status_code not in (400, 404) or error.error_code not in (
        "PopReceiptMismatch",
        "MessageNotFound",
    ):
        raise error


def _message(told: Any) -> Message:
    subject, body = unpack(told.content)
    return Message(told.id, subject, body, told.dequeue_count or 1, told.pop_receipt or "")
