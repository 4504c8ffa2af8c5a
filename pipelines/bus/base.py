"""What every bus offers. Bodies are JSON objects; subjects are short words such as `landed`."""

from __future__ import annotations

from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

MAX_DELIVERIES = 5
"""A message that was handed out so often without being acknowledged becomes a dead letter."""
LEASE = 60.0
"""Seconds that a received message stays hidden from others, unless told otherwise."""


class Message(NamedTuple):
    """One delivery of a message."""

    id: str
    subject: str
    body: dict[str, Any]
    deliveries: int
    """How often it has been handed out, this time included."""
    receipt: str
    """Names this delivery to the bus."""


class Bus(Protocol):
    """A queue behind a topic. `with open_bus(platform) as bus: …`; safe with several processes."""

    def publish(self, subject: str, body: dict[str, Any]) -> str:
        """Store a message durably; gives its id."""
        ...

    def receive(self, limit: int = 10, wait_seconds: float = 0) -> list[Message]:
        """At most `limit` messages, waiting for the first one at most so long; empty where none came.

        Each is hidden from others for the bus's lease (60 s unless its settings say otherwise).
        """
        ...

    def extend(self, message: Message, seconds: float) -> Message:
        """Keep a received message hidden for `seconds` from now; gives it with its new receipt."""
        ...

    def ack(self, message: Message) -> None:
        """It is done: never hand it out again. Nothing happens where the lease had run out."""
        ...

    def nack(self, message: Message, delay: float = 0) -> None:
        """It failed: hand it out again after `delay` seconds; after the fifth delivery it is dead."""
        ...

    def dead_letters(self, limit: int = 10) -> list[Message]:
        """Messages that were given up, for a person to look at; they stay where they are."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Closing:
    """`with` for a bus."""

    def close(self) -> None:
        """Let go of connections; buses that hold none need nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
