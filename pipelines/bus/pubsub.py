"""Google Cloud as the bus: a Pub/Sub topic and a subscription to it.

`topic`, `queue` and `dead_letter` are full names (`projects/P/topics/T`, `projects/P/subscriptions/S`);
setting `emulator` names a stand-in's host:port. The subscription's dead-letter policy moves what
failed too often. Credentials are the application's default ones. Makes no topics: the stack does.
"""

from __future__ import annotations

import time
from typing import Any

from landfall.errors import MissingTool
from landfall.platform import EventTopic
from pipelines.bus.base import LEASE, Closing, Message
from pipelines.bus.envelope import pack, unpack

_CALL_SECONDS = 30
_SHORTEST_WAIT = 2.0
"""A pull that asks for less may come back empty although there are messages."""
_LONGEST_WAIT = 20.0
_MAX_LEASE = 600


class PubSubBus(Closing):
    """A Pub/Sub topic and one subscription."""

    def __init__(self, events: EventTopic) -> None:
        try:
            # The generated clients: no threads and no batching, which a few events a month do not need.
            from google import pubsub_v1
        except ImportError:
            raise MissingTool(
                "Google's Pub/Sub client for Python is not installed.",
                fix="Install the project's group `buses`: uv pip install --group buses",
            ) from None
        self._events = events
        self._message = pubsub_v1.PubsubMessage
        self._lease = int(float(events.settings.get("lease_seconds", LEASE)))
        emulator = events.settings.get("emulator")
        if emulator:
            self._publisher, self._subscriber = _emulated(emulator)
        else:
            self._publisher = pubsub_v1.PublisherClient()
            self._subscriber = pubsub_v1.SubscriberClient()

    def publish(self, subject: str, body: dict[str, Any]) -> str:
        told = self._publisher.publish(
            topic=self._events.topic,
            messages=[self._message(data=pack(subject, body).encode())],
            timeout=_CALL_SECONDS,
        )
        return told.message_ids[0]

    def receive(self, limit: int = 10, wait_seconds: float = 0) -> list[Message]:
        found = self._pull(self._events.queue, limit, wait_seconds)
        return [self.extend(message, self._lease) for message in found]

    def _pull(self, subscription: str, limit: int, wait_seconds: float) -> list[Message]:
        from google.api_core.exceptions import DeadlineExceeded

        deadline = time.monotonic() + max(wait_seconds, _SHORTEST_WAIT)
        while (left := deadline - time.monotonic()) > 0:
            try:
                told = self._subscriber.pull(
                    subscription=subscription,
                    max_messages=limit,
                    timeout=min(left, _LONGEST_WAIT),
                    retry=None,
                )
            except DeadlineExceeded:
                continue
            if told.received_messages:
                return [_message(one) for one in told.received_messages]
            time.sleep(min(0.2, max(0.0, deadline - time.monotonic())))
        return []

    def extend(self, message: Message, seconds: float) -> Message:
        self._modify(self._events.queue, message, seconds)
        return message

    def _modify(self, subscription: str, message: Message, seconds: float) -> None:
        self._subscriber.modify_ack_deadline(
            subscription=subscription,
            ack_ids=[message.receipt],
            ack_deadline_seconds=min(_MAX_LEASE, int(seconds)),
            timeout=_CALL_SECONDS,
        )

    def ack(self, message: Message) -> None:
        self._subscriber.acknowledge(
            subscription=self._events.queue, ack_ids=[message.receipt], timeout=_CALL_SECONDS
        )

    def nack(self, message: Message, delay: float = 0) -> None:
        self._modify(self._events.queue, message, delay)

    def dead_letters(self, limit: int = 10) -> list[Message]:
        # Pub/Sub has no way to look without taking, so each is taken and given back.
        found = self._pull(self._events.dead_letter, limit, 0)
        for message in found:
            self._modify(self._events.dead_letter, message, 0)
        return found

    def close(self) -> None:
        self._publisher.transport.close()
        self._subscriber.transport.close()


def _emulated(address: str) -> tuple[Any, Any]:
    import grpc
    from google import pubsub_v1
    from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
    from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

    def channel() -> Any:
        return grpc.insecure_channel(address)

    publisher = pubsub_v1.PublisherClient(transport=PublisherGrpcTransport(channel=channel()))
    subscriber = pubsub_v1.SubscriberClient(transport=SubscriberGrpcTransport(channel=channel()))
    return publisher, subscriber


def _message(told: Any) -> Message:
    subject, body = unpack(told.message.data.decode("utf-8", errors="replace"))
    # Pub/Sub counts deliveries only where the subscription has a dead-letter policy.
    deliveries = max(1, told.delivery_attempt)
    return Message(told.message.message_id, subject, body, deliveries, told.ack_id)
